/*
 * score_columns.c
 *	  Scoring without building the row first: the planner's part.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "infra/compat.h"
#include "verbs/score_columns.h"

/* A row taken apart. */
typedef struct Columns
{
	int			n;
	Datum		name[FUNC_MAX_ARGS];	/* text */
	List	   *values;			/* expressions */
	Expr	   *present;		/* an oid, NULL where there is no row */
} Columns;

/* Take in a column; false if there are too many. */
static bool
add_column(Columns *columns, const char *name, Node *value)
{
	if (columns->n >= FUNC_MAX_ARGS - US_COLUMNS_FIRST)
		return false;
	columns->name[columns->n++] = CStringGetTextDatum(name);
	columns->values = lappend(columns->values, value);
	return true;
}

/* A variable of the same table, and of the same place in the query, as the row. */
static Var *
sister_variable(const Var *row, AttrNumber attnum, Oid type, int32 typmod, Oid collation)
{
	Var		   *var = copyObject((Var *) row);

	var->varattno = attnum;
	var->vartype = type;
	var->vartypmod = typmod;
	var->varcollid = collation;
	if (var->varnosyn != 0)
		var->varattnosyn = attnum;
	return var;
}

static Expr *
present_constant(Oid type)
{
	return (Expr *) makeConst(OIDOID, -1, InvalidOid, sizeof(Oid), ObjectIdGetDatum(type), false, true);
}

/* Does the query have outer joins, of which a row may come out as NULL? */
static bool
has_outer_joins(const Query *query)
{
	ListCell   *lc;

	foreach(lc, query->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_JOIN && IS_OUTER_JOIN(rte->jointype))
			return true;
	}
	return false;
}

/* The row of a table: its columns, and tableoid, which is NULL only where all of it is. */
static bool
table_columns(PlannerInfo *root, const Var *row, Columns *columns)
{
	RangeTblEntry *rte;
	Relation	relation;
	TupleDesc	desc;
	bool		ok;

	if (row->varattno != InvalidAttrNumber || row->varlevelsup != 0 || us_var_is_returning(row) ||
		IS_SPECIAL_VARNO(row->varno) || root == NULL || root->parse->groupingSets != NIL)
		return false;
	rte = rt_fetch(row->varno, root->parse->rtable);
	if (rte->rtekind != RTE_RELATION ||
		(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_MATVIEW &&
		 rte->relkind != RELKIND_PARTITIONED_TABLE))
		return false;
	relation = table_open(rte->relid, NoLock);
	desc = RelationGetDescr(relation);
	ok = desc->tdtypeid == row->vartype;
	for (int i = 0; ok && i < desc->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(desc, i);

		if (a->attisdropped)
			continue;
		ok = !us_attribute_is_virtual(a) &&
			add_column(columns, NameStr(a->attname),
					   (Node *) sister_variable(row, a->attnum, a->atttypid, a->atttypmod, a->attcollation));
	}
	table_close(relation, NoLock);
	columns->present = has_outer_joins(root->parse) ?
		(Expr *) sister_variable(row, TableOidAttributeNumber, OIDOID, -1, InvalidOid) :
		present_constant(row->vartype);
	return ok;
}

/* Names of the fields of a row expression that stands for a row of a subquery or view. */
static bool
expression_columns(const RowExpr *row, Columns *columns)
{
	TupleDesc	desc = NULL;
	int			i = 0;
	ListCell   *lc;
	bool		ok = true;

	if (row->row_format != COERCE_IMPLICIT_CAST)
		return false;			/* ROW(...): there are no names */
	if (row->row_typeid != RECORDOID)
		desc = lookup_rowtype_tupdesc(row->row_typeid, -1);
	else if (list_length(row->colnames) != list_length(row->args))
		return false;
	foreach(lc, row->args)
	{
		const char *name;

		if (desc && (i >= desc->natts || TupleDescAttr(desc, i)->attisdropped))
		{
			i++;
			continue;
		}
		name = desc ? NameStr(TupleDescAttr(desc, i)->attname) : strVal(list_nth(row->colnames, i));
		i++;
		ok = ok && add_column(columns, name, lfirst(lc));
	}
	if (desc)
		ReleaseTupleDesc(desc);
	columns->present = present_constant(row->row_typeid);
	return ok;
}

/* The sister of a function f(type, record): _f(type, text[], oid, "any") in the same schema. */
static Oid
find_sister(Oid function)
{
	Oid		   *declared;
	int			n;
	Oid			types[] = {InvalidOid, TEXTARRAYOID, OIDOID, ANYOID};
	char	   *name = psprintf("_%s", get_func_name(function));

	(void) get_func_signature(function, &declared, &n);
	types[0] = declared[0];
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, PointerGetDatum(name),
						   PointerGetDatum(buildoidvector(types, lengthof(types))),
						   ObjectIdGetDatum(get_func_namespace(function)));
}

Node *
us_score_columns(PlannerInfo *root, FuncExpr *call)
{
	Columns		columns = {0};
	Node	   *row = list_length(call->args) == 2 ? lsecond(call->args) : NULL;
	ArrayType  *names;
	List	   *args;
	Oid			sister;

	/* whoever may not call the function must not call it under another name */
	if (us_function_aclcheck(call->funcid, GetUserId(), ACL_EXECUTE) != ACLCHECK_OK)
		return NULL;
	if (row == NULL ||
		!(IsA(row, Var) ? table_columns(root, (Var *) row, &columns) :
		  IsA(row, RowExpr) ? expression_columns((RowExpr *) row, &columns) : false) ||
		columns.n == 0 || !OidIsValid(sister = find_sister(call->funcid)))
		return NULL;
	names = construct_array(columns.name, columns.n, TEXTOID, -1, false, TYPALIGN_INT);
	args = list_make3(linitial(call->args),
					  makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1, PointerGetDatum(names), false, false),
					  columns.present);
	return (Node *) makeFuncExpr(sister, call->funcresulttype, list_concat(args, columns.values),
								 call->funccollid, call->inputcollid, COERCE_EXPLICIT_CALL);
}
