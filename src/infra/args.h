/*
 * args.h
 *	  Reading the arguments of SQL-callable functions.
 *
 * The macros are for functions in api/ (they use its fcinfo).  Every argument is
 * named, so that the message of an error says which one it is.
 */
#ifndef US_ARGS_H
#define US_ARGS_H

#include "fmgr.h"
#include "utils/array.h"

/* Raise 22004 if argument n is NULL; for functions that are not STRICT. */
extern void us_arg_require(FunctionCallInfo fcinfo, int n, const char *name);

/* Argument n, of type text or name, as a palloc'd C string; NULL for SQL NULL. */
extern char *us_arg_cstring_or_null(FunctionCallInfo fcinfo, int n);

/* The same, raising 22004 for SQL NULL. */
extern char *us_arg_cstring(FunctionCallInfo fcinfo, int n, const char *name);

/*
 * Elements of a text[] as palloc'd C strings, *count of them.  Raises 22004 for a
 * NULL element and 2202E for more than one dimension.
 */
extern char **us_array_cstrings(ArrayType *array, const char *name, int *count);

/*
 * Elements of a float8[], *count of them, without a copy: the pointer is into the
 * array.  Raises 22004 for a NULL element and 2202E for more than one dimension;
 * NaN and infinity are the caller's to judge.
 */
extern const float8 *us_array_float8(ArrayType *array, const char *name, int *count);

#define US_ARG_REQUIRE(n, name)			us_arg_require(fcinfo, (n), (name))
#define US_ARG_CSTRING(n, name)			us_arg_cstring(fcinfo, (n), (name))
#define US_ARG_CSTRING_OR_NULL(n)		us_arg_cstring_or_null(fcinfo, (n))
#define US_ARG_BOOL_OR(n, value)		(PG_ARGISNULL(n) ? (value) : PG_GETARG_BOOL(n))
#define US_ARG_INT32_OR(n, value)		(PG_ARGISNULL(n) ? (value) : PG_GETARG_INT32(n))
#define US_ARG_INT64_OR(n, value)		(PG_ARGISNULL(n) ? (value) : PG_GETARG_INT64(n))
#define US_ARG_FLOAT8_OR(n, value)		(PG_ARGISNULL(n) ? (value) : PG_GETARG_FLOAT8(n))

#endif
