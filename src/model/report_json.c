/*
 * report_json.c
 *	  A report tree as jsonb.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "infra/compat.h"
#include "model/report_json.h"

/*
 * Through the shortest text, not through float8_numeric(), which keeps only 15
 * digits.
 */
static Numeric
number_to_numeric(double x)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(x, text);
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* A leaf as a value; false for an object or array. */
static bool
leaf(const UsReport *node, JsonbValue *value)
{
	switch (node->type)
	{
		case US_REPORT_BOOL:
			value->type = jbvBool;
			value->val.boolean = node->boolean;
			return true;
		case US_REPORT_INT:
			value->type = jbvNumeric;
			value->val.numeric = int64_to_numeric(node->integer);
			return true;
		case US_REPORT_NUMBER:
			value->type = isfinite(node->number) ? jbvNumeric : jbvNull;
			if (value->type == jbvNumeric)
				value->val.numeric = number_to_numeric(node->number);
			return true;
		case US_REPORT_TEXT:
			value->type = jbvString;
			value->val.string.val = node->text;
			value->val.string.len = strlen(node->text);
			return true;
		case US_REPORT_ARRAY:
		case US_REPORT_OBJECT:
			return false;
		default:
			value->type = jbvNull;
			return true;
	}
}

static JsonbValue *
push(JsonbParseState **state, const UsReport *node, JsonbIteratorToken leaf_token)
{
	bool		object = node->type == US_REPORT_OBJECT;
	JsonbValue	value;

	check_stack_depth();
	if (leaf(node, &value))
		return pushJsonbValue(state, leaf_token, &value);

	pushJsonbValue(state, object ? WJB_BEGIN_OBJECT : WJB_BEGIN_ARRAY, NULL);
	for (const UsReport *child = node->first; child; child = child->next)
	{
		if (object)
		{
			value.type = jbvString;
			value.val.string.val = child->name;
			value.val.string.len = strlen(child->name);
			pushJsonbValue(state, WJB_KEY, &value);
		}
		push(state, child, object ? WJB_VALUE : WJB_ELEM);
	}
	return pushJsonbValue(state, object ? WJB_END_OBJECT : WJB_END_ARRAY, NULL);
}

Jsonb *
us_report_to_jsonb(const UsReport *report)
{
	JsonbParseState *state = NULL;
	JsonbValue	value;

	if (leaf(report, &value))
		return JsonbValueToJsonb(&value);
	return JsonbValueToJsonb(push(&state, report, WJB_ELEM));
}
