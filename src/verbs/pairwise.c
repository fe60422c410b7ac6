/*
 * pairwise.c
 *	  Reading the rows whose distances userseg.pairwise tells.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "data/key.h"
#include "data/source.h"
#include "infra/arena.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "verbs/pairwise.h"

/* rows for which there is room at first */
#define FIRST_ROWS	64

/* A row as it was read. */
typedef struct PairRow
{
	Datum		id;
	double	   *x;				/* [width] */
} PairRow;

typedef struct Reader
{
	UsSourceInfo *info;
	MemoryContext context;		/* of what is kept */
	MemoryContext row_context;
	UsBudget   *budget;
	UsKeyReader id_reader;
	bool		id_byval;
	int16		id_len;
	FmgrInfo	compare;		/* of ids; fn_oid 0: by text */
	Oid			collation;
	int		   *dim;			/* [nused]: numbers of each column, 0 before the first row */
	int			width;
	int			n;
	int			room;
	PairRow    *row;
} Reader;

pg_noreturn static void
refuse(const Reader *r, const UsSourceColumn *column, Datum id, int code, const char *what)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("column \"%s\" contains %s", column->name, what),
			 errdetail("It is in the row with id %s.",
					   us_row_key_show(&((Reader *) r)->id_reader, id)),
			 errhint("Leave such rows out, or replace the value.")));
}

static void
check_number(const Reader *r, const UsSourceColumn *column, Datum id, double x)
{
	if (!isfinite(x))
		refuse(r, column, id, ERRCODE_INVALID_PARAMETER_VALUE,
			   isnan(x) ? "NaN" : "an infinite value");
}

/* The numbers of an array into to[]; returns how many.  A first call only counts: to is NULL. */
static int
read_array(const Reader *r, UsSourceColumn *column, Datum id, Datum value, double *to)
{
	UsItems		items;

	switch (us_type_items(&column->type, value, &items))
	{
		case US_ITEMS_OK:
			break;
		case US_ITEMS_NULL:
			refuse(r, column, id, ERRCODE_NULL_VALUE_NOT_ALLOWED, "an array with a NULL element");
		case US_ITEMS_DIMENSIONS:
			refuse(r, column, id, ERRCODE_INVALID_PARAMETER_VALUE,
				   "an array of more than one dimension");
		case US_ITEMS_OVERFLOW:
			refuse(r, column, id, ERRCODE_INVALID_PARAMETER_VALUE, "an infinite value");
	}
	for (int i = 0; to != NULL && i < items.n; i++)
	{
		check_number(r, column, id, items.number[i]);
		to[i] = items.number[i];
	}
	return items.n;
}

/* Lengths of the arrays, known from the first row. */
static void
measure(Reader *r, const TupleTableSlot *slot, Datum id)
{
	int64		width = 0;

	for (int i = 0; i < r->info->nused; i++)
	{
		UsSourceColumn *column = &r->info->column[r->info->used[i]];

		r->dim[i] = column->type.kind != US_KIND_VECTOR ? 1 :
			read_array(r, column, id, slot->tts_values[r->info->used[i]], NULL);
		width += r->dim[i];
	}
	if (width == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the rows of the source have no numbers"),
				 errdetail("Every array of the row with id %s is empty.",
						   us_row_key_show(&r->id_reader, id))));
	r->width = (int) width;
}

static void
make_room(Reader *r)
{
	if (r->n == US_PAIRWISE_MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the source has more than %d rows", US_PAIRWISE_MAX_ROWS),
				 errdetail("All pairs of so many rows are more than %d million.",
						   US_PAIRWISE_MAX_ROWS / 1000 * US_PAIRWISE_MAX_ROWS / 2000),
				 errhint("Take a part of the rows, or join two sets with userseg.distance.")));
	if (r->n < r->room)
		return;
	r->room = Max(r->room * 2, FIRST_ROWS);
	r->row = (PairRow *) (r->row ? repalloc(r->row, sizeof(PairRow) * r->room) :
						  MemoryContextAlloc(r->context, sizeof(PairRow) * r->room));
}

/* UsRowFunction: one row of the source. */
static bool
take_row(TupleTableSlot *slot, void *arg)
{
	Reader	   *r = (Reader *) arg;
	MemoryContext old = MemoryContextSwitchTo(r->row_context);
	Datum		id;
	double	   *x;
	int			at = 0;

	slot_getallattrs(slot);
	us_progress("read the source", r->n, 0);
	make_room(r);
	id = slot->tts_values[r->info->id];
	if (slot->tts_isnull[r->info->id])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("id in column \"%s\" is NULL", r->info->column[r->info->id].name),
				 errdetail("It is in row %d of the source.", r->n + 1)));
	for (int i = 0; i < r->info->nused; i++)
		if (slot->tts_isnull[r->info->used[i]])
			refuse(r, &r->info->column[r->info->used[i]], id, ERRCODE_NULL_VALUE_NOT_ALLOWED, "NULL");
	if (r->n == 0)
		measure(r, slot, id);
	/* the row, and its place in the order of the ids */
	us_budget_take(r->budget, 2 * sizeof(double) * r->width, "comparing the rows");
	x = (double *) MemoryContextAllocHuge(r->context, sizeof(double) * r->width);
	for (int i = 0; i < r->info->nused; i++)
	{
		UsSourceColumn *column = &r->info->column[r->info->used[i]];
		Datum		value = slot->tts_values[r->info->used[i]];

		if (column->type.kind == US_KIND_VECTOR)
		{
			int			n = read_array(r, column, id, value, NULL);

			if (n != r->dim[i])
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("column \"%s\" has arrays of %d and of %d numbers", column->name,
								r->dim[i], n),
						 errdetail("It is in the row with id %s.",
								   us_row_key_show(&r->id_reader, id))));
			(void) read_array(r, column, id, value, x + at);
		}
		else
		{
			x[at] = us_type_number(column->type.reading, value, NULL);
			check_number(r, column, id, x[at]);
		}
		at += r->dim[i];
	}
	MemoryContextSwitchTo(r->context);
	r->row[r->n].id = datumCopy(id, r->id_byval, r->id_len);
	r->row[r->n].x = x;
	r->n++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(r->row_context);
	return true;
}

static int
compare_rows(const void *a, const void *b, void *arg)
{
	Reader	   *r = (Reader *) arg;
	Datum		x = ((const PairRow *) a)->id;
	Datum		y = ((const PairRow *) b)->id;

	if (OidIsValid(r->compare.fn_oid))
		return DatumGetInt32(FunctionCall2Coll(&r->compare, r->collation, x, y));
	return strcmp(us_row_key_show(&r->id_reader, x), us_row_key_show(&r->id_reader, y));
}

/* How ids are compared and kept. */
static void
prepare_id(Reader *r, const UsSource *source)
{
	Form_pg_attribute attribute = TupleDescAttr(us_source_tupdesc(source), r->info->id);
	TypeCacheEntry *type = lookup_type_cache(attribute->atttypid, TYPECACHE_CMP_PROC_FINFO);

	us_key_reader_init(&r->id_reader, attribute->atttypid);
	r->id_byval = attribute->attbyval;
	r->id_len = attribute->attlen;
	if (OidIsValid(type->cmp_proc_finfo.fn_oid))
		fmgr_info_copy(&r->compare, &type->cmp_proc_finfo, CurrentMemoryContext);
	r->collation = OidIsValid(attribute->attcollation) ? C_COLLATION_OID : InvalidOid;
}

static void
check_columns(const UsSourceInfo *info)
{
	for (int i = 0; i < info->nused; i++)
	{
		const UsSourceColumn *column = &info->column[info->used[i]];

		if (column->type.kind != US_KIND_NUMBER && column->type.kind != US_KIND_BOOLEAN &&
			column->type.kind != US_KIND_VECTOR)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" is of type %s, distances need numbers", column->name,
							column->type_name),
					 errhint("Name the columns to be compared: features => '{...}'.")));
	}
}

/* Rows in order, without repeated ids. */
static UsPairwise *
finish(Reader *r, UsMetric metric)
{
	UsPairwise *p = (UsPairwise *) palloc0(sizeof(UsPairwise));
	const char *name = r->info->column[r->info->id].name;

	qsort_arg(r->row, r->n, sizeof(PairRow), compare_rows, r);
	p->metric = metric;
	p->n = r->n;
	p->width = r->width;
	p->x = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(double) * Max(r->n, 1) * Max(r->width, 1));
	p->id = (char **) palloc(sizeof(char *) * Max(r->n, 1));
	for (int i = 0; i < r->n; i++)
	{
		p->id[i] = us_row_key_show(&r->id_reader, r->row[i].id);
		if (i > 0 && compare_rows(&r->row[i - 1], &r->row[i], r) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNIQUE_VIOLATION),
					 errmsg("id \"%s\" has the same value in more than one row of the source", name),
					 errdetail("Key (%s)=(%s) is duplicated.", name, p->id[i])));
		memcpy(p->x + (Size) i * p->width, r->row[i].x, sizeof(double) * p->width);
		pfree(r->row[i].x);
	}
	return p;
}

UsPairwise *
us_pairwise_read(const char *source_text, const char *id, char **features, int n_features,
				 const char *metric_name)
{
	UsSource   *source;
	UsSourceSpec spec = {.id = id, .null_policy = US_NULL_ERROR};
	Reader		r = {0};
	UsMetric	metric;

	if (!us_metric_find(metric_name, &metric))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no metric \"%s\"", metric_name),
				 errhint("Metrics are \"euclidean\", \"sqeuclidean\", \"cosine\", \"manhattan\" and \"chebyshev\".")));
	source = us_source_open(source_text);
	spec.all_features = features == NULL;
	spec.features = features;
	spec.n_features = n_features;
	r.info = us_source_columns(source, &spec);
	check_columns(r.info);
	r.context = CurrentMemoryContext;
	r.row_context = AllocSetContextCreate(CurrentMemoryContext, "userseg pairwise row",
										  ALLOCSET_DEFAULT_SIZES);
	r.budget = us_budget_create((Size) us_max_memory_kb * 1024);
	r.dim = (int *) palloc0(sizeof(int) * Max(r.info->nused, 1));
	prepare_id(&r, source);
	us_source_each(source, take_row, &r);
	MemoryContextDelete(r.row_context);
	return finish(&r, metric);
}
