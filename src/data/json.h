/*
 * json.h
 *	  Reading jsonb arguments: members, elements, numbers, type names.
 */
#ifndef US_JSON_H
#define US_JSON_H

#include "utils/jsonb.h"

typedef struct UsJsonMember
{
	char	   *key;			/* palloc'd; NULL in an array */
	JsonbValue	value;
} UsJsonMember;

/* The value at the root of a jsonb: an object, an array, or a scalar. */
extern JsonbValue us_json_root(Jsonb *jb);

/* Whether a value is an object, an array. */
extern bool us_json_is_object(const JsonbValue *v);
extern bool us_json_is_array(const JsonbValue *v);

/* The members of an object in jsonb's order, or the elements of an array; palloc'd, *n of them. */
extern UsJsonMember *us_json_members(const JsonbValue *v, int *n);

/* A string as a palloc'd C string. */
extern char *us_json_string(const JsonbValue *v);

/* A number as float8; numbers beyond its range become infinite. */
extern double us_json_number(const JsonbValue *v);

/* "number", "string", "boolean", "null", "array" or "object". */
extern const char *us_json_type(const JsonbValue *v);

/* The JSON text of a value, cut to about 60 bytes, for messages. */
extern char *us_json_sample(const JsonbValue *v);

#endif
