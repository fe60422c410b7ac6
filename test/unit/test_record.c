/*
 * test_record.c
 *	  Rows and JSON objects to the values of an encoder.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "data/frame_build.h"
#include "data/record.h"
#include "unit.h"
#include "unit_encode.h"

#define MB ((Size) 1024 * 1024)

typedef struct Attribute
{
	const char *name;
	Oid			type;
} Attribute;

static TupleDesc
row_type(const Attribute *attribute, int n)
{
	TupleDesc	tupdesc = CreateTemplateTupleDesc(n);

	for (int i = 0; i < n; i++)
		TupleDescInitEntry(tupdesc, i + 1, attribute[i].name, attribute[i].type, -1, 0);
	return tupdesc;
}

/* age integer, spend numeric, country text; constant float8 is dropped. */
static UsEncoder *
customers(void)
{
	static const UsColumn column[] = {
		{.name = "age", .type_name = "integer", .kind = US_KIND_NUMBER},
		{.name = "country", .type_name = "text", .kind = US_KIND_CATEGORY},
		{.name = "spend", .type_name = "numeric", .kind = US_KIND_NUMBER},
		{.name = "same", .type_name = "double precision", .kind = US_KIND_NUMBER},
	};
	static const char *const country[] = {"FR", "DE", "FR", "IT"};
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrameBuilder *b = us_frame_begin(column, 4, false, false, budget);

	for (int i = 0; i < 4; i++)
	{
		us_frame_put_number(b, 0, 20 + i);
		us_frame_put_category(b, 1, country[i], 2);
		us_frame_put_number(b, 2, 1.5 * i);
		us_frame_put_number(b, 3, 7);
		us_frame_end_row(b);
	}
	return us_encoder_learn(us_frame_finish(b, NULL), NULL, US_NULL_IMPUTE, 1, budget);
}

static Datum
to_numeric(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

UNIT_TEST(columns_are_found_by_name)
{
	static const Attribute attribute[] = {
		{"extra", TEXTOID}, {"country", VARCHAROID}, {"spend", INT8OID}, {"age", NUMERICOID}
	};
	TupleDesc	tupdesc = row_type(attribute, 4);
	UsEncoder  *e = customers();
	UsRecordMap *map = us_record_map(e, tupdesc, CurrentMemoryContext);
	Datum		values[4];
	bool		isnull[4] = {false};
	UsValue		value[4];
	HeapTuple	tuple;

	values[0] = CStringGetTextDatum("x");
	values[1] = CStringGetTextDatum("Österreich");
	values[2] = Int64GetDatum(INT64CONST(-5));
	values[3] = to_numeric("21.25");
	tuple = heap_form_tuple(tupdesc, values, isnull);
	us_record_deform(map, tuple->t_data, value);
	UNIT_CLOSE(value[0].number, 21.25, 0);
	UNIT_EQUAL_INT(value[1].len, strlen("Österreich"));
	UNIT_CHECK(memcmp(value[1].text, "Österreich", value[1].len) == 0);
	UNIT_CLOSE(value[2].number, -5, 0);
	UNIT_CHECK(value[3].isnull);

	isnull[1] = isnull[3] = true;
	tuple = heap_form_tuple(tupdesc, values, isnull);
	us_record_deform(map, tuple->t_data, value);
	UNIT_CHECK(value[0].isnull && value[1].isnull && !value[2].isnull);
	UNIT_EQUAL_INT(us_record_natts(map), 4);
}

UNIT_TEST(numbers_of_fixed_length_are_read_in_place)
{
	static const Attribute attribute[] = {
		{"b", BOOLOID}, {"age", INT2OID}, {"c", CHAROID}, {"spend", FLOAT8OID}, {"country", NAMEOID},
		{"late", TEXTOID}
	};
	TupleDesc	tupdesc = row_type(attribute, 6);
	UsEncoder  *e = customers();
	UsRecordMap *map = us_record_map(e, tupdesc, CurrentMemoryContext);
	Datum		values[6] = {BoolGetDatum(true), Int16GetDatum(-30), CharGetDatum('c'), Float8GetDatum(2.75)};
	bool		isnull[6] = {false};
	UsValue		value[4];
	HeapTuple	tuple;
	NameData	country;

	namestrcpy(&country, "FR");
	values[4] = NameGetDatum(&country);
	values[5] = CStringGetTextDatum("long after");
	for (int null = 0; null < 2; null++)
	{
		isnull[5] = null == 1;
		tuple = heap_form_tuple(tupdesc, values, isnull);
		us_record_deform(map, tuple->t_data, value);
		UNIT_CLOSE(value[0].number, -30, 0);
		UNIT_CLOSE(value[2].number, 2.75, 0);
		UNIT_EQUAL_INT(value[1].len, 2);
		UNIT_CHECK(memcmp(value[1].text, "FR", 2) == 0);
	}
	UNIT_EQUAL_INT(us_record_natts(map), 5);
}

/* NULL at every place of a row of numbers: read in place or not, the values are the same. */
UNIT_TEST(null_at_every_place)
{
	static const Attribute attribute[] = {
		{"a", INT4OID}, {"b", INT8OID}, {"x", INT2OID}, {"c", FLOAT8OID}, {"d", BOOLOID}, {"e", FLOAT4OID},
		{"f", INT4OID}, {"g", INT4OID}, {"y", FLOAT8OID}, {"h", INT4OID}
	};
	static const UsColumn column[] = {
		{.name = "x", .type_name = "smallint", .kind = US_KIND_NUMBER},
		{.name = "y", .type_name = "double precision", .kind = US_KIND_NUMBER},
	};
	TupleDesc	tupdesc = row_type(attribute, 10);
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrameBuilder *b = us_frame_begin(column, 2, false, false, budget);
	UsRecordMap *map;
	Datum		values[10] = {
		Int32GetDatum(1), Int64GetDatum(2), Int16GetDatum(-3), Float8GetDatum(4.5), BoolGetDatum(true), Float4GetDatum(6.5f),
		Int32GetDatum(7), Int32GetDatum(8), Float8GetDatum(9.25), Int32GetDatum(10)
	};

	for (int i = 0; i < 3; i++)
	{
		us_frame_put_number(b, 0, i);
		us_frame_put_number(b, 1, i * i);
		us_frame_end_row(b);
	}
	map = us_record_map(us_encoder_learn(us_frame_finish(b, NULL), NULL, US_NULL_IMPUTE, 1, budget),
						tupdesc, CurrentMemoryContext);
	for (int null = 0; null <= 10; null++)
	{
		bool		isnull[10] = {false};
		UsValue		value[2];

		if (null < 10)
			isnull[null] = true;
		us_record_deform(map, heap_form_tuple(tupdesc, values, isnull)->t_data, value);
		UNIT_CHECK(value[0].isnull == (null == 2));
		UNIT_CHECK(value[1].isnull == (null == 8));
		if (null != 2)
			UNIT_CLOSE(value[0].number, -3, 0);
		if (null != 8)
			UNIT_CLOSE(value[1].number, 9.25, 0);
	}
}

UNIT_TEST(rows_that_do_not_fit_are_refused)
{
	static const Attribute nothing[] = {{"a", INT4OID}, {"Age", INT4OID}};
	static const Attribute nameless[] = {{"f1", INT4OID}, {"f2", INT4OID}};
	static const Attribute wrong[] = {{"age", TEXTOID}, {"country", TEXTOID}, {"spend", FLOAT8OID}};
	static const Attribute twice[] = {
		{"age", INT4OID}, {"country", TEXTOID}, {"spend", FLOAT8OID}, {"age", INT4OID}
	};
	UsEncoder  *e = customers();

	UNIT_ERROR(us_record_map(e, row_type(nothing, 2), CurrentMemoryContext), ERRCODE_UNDEFINED_COLUMN,
			   "row has no columns \"age\", \"country\", \"spend\"");
	UNIT_ERROR(us_record_map(e, row_type(nameless, 2), CurrentMemoryContext), ERRCODE_UNDEFINED_COLUMN,
			   "row has no columns \"age\"");
	UNIT_ERROR(us_record_map(e, row_type(wrong, 3), CurrentMemoryContext), ERRCODE_DATATYPE_MISMATCH,
			   "feature \"age\" expects integer, row has text");
	UNIT_ERROR(us_record_map(e, row_type(twice, 4), CurrentMemoryContext), ERRCODE_AMBIGUOUS_COLUMN,
			   "row has more than one column \"age\"");
}

static Jsonb *
json(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

UNIT_TEST(objects_give_the_same_values)
{
	UsEncoder  *e = customers();
	UsValue		value[4];

	us_record_from_json(e, json("{\"spend\": 1e2, \"age\": null, \"country\": \"IT\", \"more\": []}"), value);
	UNIT_CHECK(value[0].isnull && value[3].isnull);
	UNIT_CHECK(value[1].len == 2 && memcmp(value[1].text, "IT", 2) == 0);
	UNIT_CLOSE(value[2].number, 100, 0);
	us_record_from_json(e, json("{\"spend\": 1e999, \"age\": 3, \"country\": \"IT\"}"), value);
	UNIT_CHECK(isinf(value[2].number));

	UNIT_ERROR(us_record_from_json(e, json("{\"age\": 1}"), value), ERRCODE_UNDEFINED_COLUMN,
			   "object has no members \"country\", \"spend\"");
	UNIT_ERROR(us_record_from_json(e, json("{\"age\": \"1\", \"country\": \"x\", \"spend\": 1}"), value),
			   ERRCODE_DATATYPE_MISMATCH, "feature \"age\" expects integer, the object has \"1\"");
	UNIT_ERROR(us_record_from_json(e, json("{\"age\": 1, \"country\": 7, \"spend\": 1}"), value),
			   ERRCODE_DATATYPE_MISMATCH, "feature \"country\" expects text, the object has 7");
	UNIT_ERROR(us_record_from_json(e, json("[1, 2]"), value), ERRCODE_INVALID_PARAMETER_VALUE,
			   "features must be a JSON object, not array");
}

/* Every kind from JSON, and what is refused. */
UNIT_TEST(objects_of_every_kind)
{
	static const UsColumn column[] = {
		{.name = "vip", .type_name = "boolean", .kind = US_KIND_BOOLEAN},
		{.name = "joined", .type_name = "timestamp without time zone", .kind = US_KIND_TIME},
		{.name = "at", .type_name = "timestamp with time zone", .kind = US_KIND_TIME, .zoned = true},
		{.name = "stay", .type_name = "interval", .kind = US_KIND_DURATION},
		{.name = "tags", .type_name = "text[]", .kind = US_KIND_TAGS},
		{.name = "v", .type_name = "real[]", .kind = US_KIND_VECTOR},
	};
	static const char *const tag[] = {"a", "b"};
	static const int len[] = {1, 1};
	static const double vector[] = {1, 2, 3, 5};
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrameBuilder *b = us_frame_begin(column, 6, false, false, budget);
	UsEncoder  *e;
	UsValue		value[6];

	for (int i = 0; i < 2; i++)
	{
		for (int j = 0; j < 4; j++)
			us_frame_put_number(b, j, i);
		us_frame_put_tags(b, 4, 1, tag + i, len);
		us_frame_put_vector(b, 5, 2, vector + 2 * i);
		us_frame_end_row(b);
	}
	e = us_encoder_learn(us_frame_finish(b, NULL), NULL, US_NULL_IMPUTE, 1, budget);
	us_record_from_json(e, json("{\"vip\": true, \"joined\": \"2000-01-02\", \"at\": \"2000-01-01 00:00:30+00\","
								" \"stay\": \"1 day 00:00:01\", \"tags\": [\"b\", null, \"c\"], \"v\": [1.5, -2]}"), value);
	UNIT_CLOSE(value[0].number, 1, 0);
	UNIT_CLOSE(value[1].number, 86400, 0);
	UNIT_CLOSE(value[2].number, 30, 0);
	UNIT_CLOSE(value[3].number, 86401, 0);
	UNIT_EQUAL_INT(value[4].n, 2);
	UNIT_EQUAL_STRING(value[4].item[1], "c");
	UNIT_EQUAL_INT(value[5].n, 2);
	UNIT_CLOSE(value[5].vector[1], -2, 0);

#define OBJECT(vip, joined, stay, tags, v) \
	json("{\"vip\": " vip ", \"joined\": " joined ", \"at\": null, \"stay\": " stay ", \"tags\": " tags ", \"v\": " v "}")
	UNIT_ERROR(us_record_from_json(e, OBJECT("1", "null", "null", "null", "null"), value), ERRCODE_DATATYPE_MISMATCH,
			   "feature \"vip\" expects boolean, the object has 1");
	UNIT_ERROR(us_record_from_json(e, OBJECT("null", "\"soon\"", "null", "null", "null"), value),
			   ERRCODE_INVALID_DATETIME_FORMAT, "invalid input syntax for type timestamp: \"soon\"");
	UNIT_ERROR(us_record_from_json(e, OBJECT("null", "7", "null", "null", "null"), value), ERRCODE_DATATYPE_MISMATCH,
			   "feature \"joined\" expects timestamp without time zone, the object has 7");
	UNIT_ERROR(us_record_from_json(e, OBJECT("null", "null", "3", "null", "null"), value), ERRCODE_DATATYPE_MISMATCH,
			   "feature \"stay\" expects interval, the object has 3");
	UNIT_ERROR(us_record_from_json(e, OBJECT("null", "null", "null", "\"a\"", "null"), value), ERRCODE_DATATYPE_MISMATCH,
			   "feature \"tags\" expects text[], the object has \"a\"");
	UNIT_ERROR(us_record_from_json(e, OBJECT("null", "null", "null", "[1]", "null"), value), ERRCODE_DATATYPE_MISMATCH,
			   "feature \"tags\" expects text[], the object has 1");
	UNIT_ERROR(us_record_from_json(e, OBJECT("null", "null", "null", "null", "[1, \"2\"]"), value), ERRCODE_DATATYPE_MISMATCH,
			   "feature \"v\" expects real[], the object has \"2\"");
}
