/*
 * args.c
 *	  Reading the arguments of SQL-callable functions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "infra/args.h"
#include "infra/compat.h"

void
us_arg_require(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be NULL", name)));
}

char *
us_arg_cstring_or_null(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return NULL;
	if (get_fn_expr_argtype(fcinfo->flinfo, n) == NAMEOID)
		return pstrdup(NameStr(*PG_GETARG_NAME(n)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

char *
us_arg_cstring(FunctionCallInfo fcinfo, int n, const char *name)
{
	us_arg_require(fcinfo, n, name);
	return us_arg_cstring_or_null(fcinfo, n);
}

/* Raise 2202E unless the array has at most one dimension; return its length. */
static int
vector_length(ArrayType *array, const char *name)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("argument \"%s\" must have one dimension, not %d",
						name, ARR_NDIM(array))));
	return ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
}

pg_noreturn static void
null_element(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("argument \"%s\" must not contain NULL", name)));
}

char **
us_array_cstrings(ArrayType *array, const char *name, int *count)
{
	Datum	   *elems;
	bool	   *nulls;
	char	  **result;
	int			n;

	vector_length(array, name);
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elems, &nulls, &n);
	result = (char **) palloc(sizeof(char *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			null_element(name);
		result[i] = TextDatumGetCString(elems[i]);
	}
	*count = n;
	return result;
}

const float8 *
us_array_float8(ArrayType *array, const char *name, int *count)
{
	Assert(ARR_ELEMTYPE(array) == FLOAT8OID);
	*count = vector_length(array, name);
	if (array_contains_nulls(array))
		null_element(name);
	return (const float8 *) ARR_DATA_PTR(array);
}
