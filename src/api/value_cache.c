/*
 * value_cache.c
 *	  Large arguments of SQL functions, and what is made of them, kept from row to row.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"

#include "api/value_cache.h"
#include "infra/compat.h"

typedef struct Cached
{
	bool		is_const;
	MemoryContext context;		/* of all below */
	char	   *raw;			/* the argument as it came, or NULL */
	Size		raw_size;
	void	   *made;
} Cached;

bool
us_arg_is_const(FmgrInfo *flinfo, int n)
{
	List	   *args;

	if (flinfo->fn_expr == NULL || !IsA(flinfo->fn_expr, FuncExpr))
		return false;
	args = ((FuncExpr *) flinfo->fn_expr)->args;
	return n < list_length(args) && IsA(list_nth(args, n), Const);
}

bool
us_is_comparable(const struct varlena *raw)
{
	return !VARATT_IS_EXTERNAL(raw) || VARATT_IS_EXTERNAL_ONDISK(raw);
}

static void
fill(Cached *c, struct varlena *raw, UsValuePrepare prepare)
{
	MemoryContext old;

	c->made = NULL;				/* empty, if an error comes */
	c->raw_size = 0;
	MemoryContextReset(c->context);
	old = MemoryContextSwitchTo(c->context);
	c->made = prepare(PG_DETOAST_DATUM_COPY(PointerGetDatum(raw)));
	if (us_is_comparable(raw))
	{
		c->raw = (char *) palloc(VARSIZE_ANY(raw));
		memcpy(c->raw, raw, VARSIZE_ANY(raw));
		c->raw_size = VARSIZE_ANY(raw);
	}
	MemoryContextSwitchTo(old);
}

void *
us_cached_value(FunctionCallInfo fcinfo, int n, UsValuePrepare prepare)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	struct varlena *raw = (struct varlena *) PG_GETARG_POINTER(n);
	Cached	   *c = (Cached *) flinfo->fn_extra;

	if (c == NULL)
	{
		c = (Cached *) MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Cached));
		c->context = AllocSetContextCreate(flinfo->fn_mcxt, "userseg argument", ALLOCSET_DEFAULT_SIZES);
		c->is_const = us_arg_is_const(flinfo, n);
		flinfo->fn_extra = c;
	}
	if (c->made != NULL &&
		(c->is_const || (c->raw_size > 0 && c->raw_size == VARSIZE_ANY(raw) &&
						 memcmp(c->raw, raw, c->raw_size) == 0)))
		return c->made;
	fill(c, raw, prepare);
	return c->made;
}
