/*
 * test_report_json.c
 *	  Report trees as jsonb.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "utils/builtins.h"

#include "model/report_json.h"
#include "unit.h"

static char *
text_of(const UsReport *report)
{
	Jsonb	   *jb = us_report_to_jsonb(report);

	return JsonbToCString(NULL, &jb->root, VARSIZE(jb));
}

UNIT_TEST(report_of_every_type)
{
	UsReport   *r = us_report_object();
	UsReport   *a;

	us_report_null(r, "a");
	us_report_bool(r, "b", true);
	us_report_int(r, "c", PG_INT64_MIN);
	us_report_number(r, "d", 0.1);
	us_report_text(r, "e", "x \"y\"\n");
	a = us_report_add_array(r, "f");
	us_report_int(a, NULL, 1);
	us_report_number(us_report_add_object(a, NULL), "g", -2.5);
	us_report_add_array(a, NULL);
	us_report_add_object(a, NULL);
	UNIT_EQUAL_STRING(text_of(r), "{\"a\": null, \"b\": true, \"c\": -9223372036854775808, \"d\": 0.1, "
					  "\"e\": \"x \\\"y\\\"\\n\", \"f\": [1, {\"g\": -2.5}, [], {}]}");
	UNIT_EQUAL_STRING(text_of(us_report_object()), "{}");
	UNIT_EQUAL_STRING(text_of(us_report_array()), "[]");
}

/* The text of a number reads back as the same number, bit for bit. */
UNIT_TEST(report_numbers_are_exact)
{
	static const double numbers[] = {
		0.1, 1.0 / 3, 123456789.123456789, 9007199254740993.0, 1e-7, 1e22, 5e-324, DBL_MIN, DBL_MAX, -DBL_MAX, M_PI};

	for (int i = 0; i < lengthof(numbers); i++)
	{
		UsReport   *a = us_report_array();
		char	   *text;

		us_report_number(a, NULL, numbers[i]);
		text = text_of(a);
		UNIT_CHECK(strtod(text + 1, NULL) == numbers[i]);
	}
}

UNIT_TEST(report_numbers_that_are_none)
{
	UsReport   *a = us_report_array();

	us_report_number(a, NULL, NAN);
	us_report_number(a, NULL, INFINITY);
	us_report_number(a, NULL, -INFINITY);
	us_report_number(a, NULL, -0.0);
	UNIT_EQUAL_STRING(text_of(a), "[null, null, null, 0]");
}
