/*
 * record_json.c
 *	  From a JSON object to the values that an encoder reads.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pg_type.h"
#include "data/json.h"
#include "data/kind.h"
#include "data/names.h"
#include "data/record.h"
#include "infra/compat.h"

#define LISTED_NAMES	100

pg_noreturn static void
wrong_type(const UsFeature *feature, const JsonbValue *v, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("feature \"%s\" expects %s, the object has %s",
					feature->name, feature->type_name, us_json_sample(v)),
			 errhint("Write %s.", expected)));
}

static void
input_context(void *arg)
{
	errcontext("value of feature \"%s\"", (const char *) arg);
}

/* A time or an interval from its text, through the input function of its type. */
static double
read_by_input(const UsFeature *feature, const char *text)
{
	ErrorContextCallback callback = {error_context_stack, input_context, feature->name};
	UsReading	reading = US_READ_TIMESTAMP;
	PGFunction	input = feature->zoned ? timestamptz_in : timestamp_in;
	Datum		datum;

	if (feature->kind == US_KIND_DURATION)
	{
		reading = US_READ_INTERVAL;
		input = interval_in;
	}
	error_context_stack = &callback;
	datum = DirectFunctionCall3(input, CStringGetDatum(text),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	error_context_stack = callback.previous;
	return us_type_number(reading, datum, NULL);
}

/*
 * The length of a string as a value of the feature: to_jsonb() of a char(n) has its
 * trailing blanks, the levels do not.
 */
static int
string_length(const UsFeature *feature, const char *text)
{
	int			len = (int) strlen(text);

	if (strcmp(feature->type_name, "character") == 0 || strcmp(feature->type_name, "character[]") == 0)
		while (len > 0 && text[len - 1] == ' ')
			len--;
	return len;
}

static void
read_tags(const UsFeature *feature, const JsonbValue *v, UsValue *value)
{
	UsJsonMember *member = us_json_members(v, &value->n);
	const char **item = palloc(sizeof(char *) * Max(value->n, 1));
	int		   *len = palloc(sizeof(int) * Max(value->n, 1));
	int			n = 0;

	for (int i = 0; i < value->n; i++)
	{
		if (member[i].value.type == jbvNull)
			continue;
		if (member[i].value.type != jbvString)
			wrong_type(feature, &member[i].value, "an array of strings");
		item[n] = us_json_string(&member[i].value);
		len[n] = string_length(feature, item[n]);
		n++;
	}
	value->n = n;
	value->item = item;
	value->item_len = len;
}

static void
read_vector(const UsFeature *feature, const JsonbValue *v, UsValue *value)
{
	UsJsonMember *member = us_json_members(v, &value->n);
	double	   *vector = palloc(sizeof(double) * Max(value->n, 1));

	for (int i = 0; i < value->n; i++)
	{
		if (member[i].value.type != jbvNumeric)
			wrong_type(feature, &member[i].value, "an array of numbers");
		vector[i] = us_json_number(&member[i].value);
	}
	value->vector = vector;
}

static void
read_value(const UsFeature *feature, const JsonbValue *v, UsValue *value)
{
	value->isnull = v->type == jbvNull;
	if (value->isnull)
		return;
	switch (feature->kind)
	{
		case US_KIND_NUMBER:
			if (v->type != jbvNumeric)
				wrong_type(feature, v, "a number without quotes");
			value->number = us_json_number(v);
			break;
		case US_KIND_BOOLEAN:
			if (v->type != jbvBool)
				wrong_type(feature, v, "true or false");
			value->number = v->val.boolean ? 1 : 0;
			break;
		case US_KIND_CATEGORY:
			if (v->type != jbvString)
				wrong_type(feature, v, "a string");
			value->text = us_json_string(v);
			value->len = string_length(feature, value->text);
			break;
		case US_KIND_TAGS:
			if (!us_json_is_array(v))
				wrong_type(feature, v, "an array of strings");
			read_tags(feature, v, value);
			break;
		case US_KIND_VECTOR:
			if (!us_json_is_array(v))
				wrong_type(feature, v, "an array of numbers");
			read_vector(feature, v, value);
			break;
		case US_KIND_TIME:
			if (v->type != jbvString)
				wrong_type(feature, v, "a string such as \"2024-05-01 12:30\"");
			value->number = read_by_input(feature, us_json_string(v));
			break;
		case US_KIND_DURATION:
			if (v->type != jbvString)
				wrong_type(feature, v, "a string such as \"3 days 02:00\"");
			value->number = read_by_input(feature, us_json_string(v));
			break;
	}
}

pg_noreturn static void
report_missing(const char *missing, int nmissing, const UsJsonMember *member, int n)
{
	StringInfoData present;

	initStringInfo(&present);
	for (int i = 0; i < n && i < LISTED_NAMES; i++)
		us_names_append(&present, member[i].key);
	if (n > LISTED_NAMES)
		appendStringInfo(&present, " and %d more", n - LISTED_NAMES);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg_plural("object has no member %s", "object has no members %s",
						   nmissing, missing),
			 errhint("Write null for a value that is not known. The object has %s.",
					 n > 0 ? present.data : "no members")));
}

void
us_record_from_json(const UsEncoder *encoder, Jsonb *jb, UsValue *value)
{
	JsonbValue	root = us_json_root(jb);
	StringInfoData missing;
	int			nmissing = 0;
	UsJsonMember *member;
	int			n;

	if (!us_json_is_object(&root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must be a JSON object, not %s", us_json_type(&root)),
				 errhint("Write them as {\"feature\": value}.")));
	member = us_json_members(&root, &n);
	initStringInfo(&missing);
	for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
	{
		const UsFeature *feature = us_encoder_feature(encoder, f);
		int			i = 0;

		memset(&value[f], 0, sizeof(UsValue));
		value[f].isnull = true;
		if (feature->width == 0)
			continue;
		while (i < n && strcmp(member[i].key, feature->name) != 0)
			i++;
		if (i < n)
			read_value(feature, &member[i].value, &value[f]);
		else
		{
			us_names_append(&missing, feature->name);
			nmissing++;
		}
	}
	if (nmissing > 0)
		report_missing(missing.data, nmissing, member, n);
}
