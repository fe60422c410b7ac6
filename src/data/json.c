/*
 * json.c
 *	  Reading jsonb arguments.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "data/json.h"

#define SAMPLE_BYTES	60

JsonbValue
us_json_root(Jsonb *jb)
{
	JsonbValue	v;

	if (JB_ROOT_IS_SCALAR(jb))
	{
		if (!JsonbExtractScalar(&jb->root, &v))
			elog(ERROR, "scalar jsonb without a value");
		return v;
	}
	v.type = jbvBinary;
	v.val.binary.data = &jb->root;
	v.val.binary.len = VARSIZE_ANY_EXHDR(jb);
	return v;
}

bool
us_json_is_object(const JsonbValue *v)
{
	return v->type == jbvBinary && JsonContainerIsObject(v->val.binary.data);
}

bool
us_json_is_array(const JsonbValue *v)
{
	return v->type == jbvBinary && JsonContainerIsArray(v->val.binary.data);
}

UsJsonMember *
us_json_members(const JsonbValue *v, int *n)
{
	JsonbContainer *container = v->val.binary.data;
	int			size = JsonContainerSize(container);
	UsJsonMember *member = palloc0(sizeof(UsJsonMember) * Max(size, 1));
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	item;
	int			i = 0;

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			member[i].key = pnstrdup(item.val.string.val, item.val.string.len);
		else if (token == WJB_VALUE || token == WJB_ELEM)
			member[i++].value = item;
	}
	*n = i;
	return member;
}

char *
us_json_string(const JsonbValue *v)
{
	Assert(v->type == jbvString);
	return pnstrdup(v->val.string.val, v->val.string.len);
}

double
us_json_number(const JsonbValue *v)
{
	Assert(v->type == jbvNumeric);
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(v->val.numeric)));
}

const char *
us_json_type(const JsonbValue *v)
{
	switch (v->type)
	{
		case jbvNull:
			return "null";
		case jbvBool:
			return "boolean";
		case jbvNumeric:
			return "number";
		case jbvString:
			return "string";
		default:
			return us_json_is_object(v) ? "object" : "array";
	}
}

char *
us_json_sample(const JsonbValue *v)
{
	char	   *text;
	int			len;

	switch (v->type)
	{
		case jbvNull:
			return pstrdup("null");
		case jbvBool:
			return pstrdup(v->val.boolean ? "true" : "false");
		case jbvNumeric:
			text = DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(v->val.numeric)));
			break;
		case jbvString:
			text = psprintf("\"%.*s\"", v->val.string.len, v->val.string.val);
			break;
		default:
			text = JsonbToCString(NULL, v->val.binary.data, v->val.binary.len);
	}
	len = (int) strlen(text);
	if (len > SAMPLE_BYTES)
		text = psprintf("%.*s...", pg_mbcliplen(text, len, SAMPLE_BYTES), text);
	return text;
}
