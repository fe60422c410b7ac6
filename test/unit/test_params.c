/*
 * test_params.c
 *	  Parameters of an algorithm from jsonb.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "data/params_json.h"
#include "model/report_json.h"
#include "unit.h"

static const char *const methods[] = {"fast", "exact", NULL};

static const UsParamSpec spec[] = {
	{"k", US_PARAM_COUNT, "\"auto\"", 1, 100, NULL, "Number of clusters."},
	{"tol", US_PARAM_NUMBER, "1e-4", 0, INFINITY, NULL, "When to stop."},
	{"max_iter", US_PARAM_INT, "300", 1, 10000, NULL, "When to give up."},
	{"method", US_PARAM_CHOICE, "\"fast\"", 0, 0, methods, "How."},
	{"init", US_PARAM_CHOICE_OR_POINTS, NULL, 0, 0, methods, "Where to start."},
	{"columns", US_PARAM_NAMES, "[\"a\"]", 0, 0, NULL, "Which."},
	{"label", US_PARAM_TEXT, NULL, 0, 0, NULL, "What to call it."},
	{"verbose", US_PARAM_BOOL, "true", 0, 0, NULL, "An own default for a common name."},
	{NULL}
};

static UsParams *
parse(const char *text)
{
	return us_params_parse(spec, us_common_params,
						   DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text))));
}

static const char *
json(UsReport *report)
{
	Jsonb	   *jb = us_report_to_jsonb(report);

	return JsonbToCString(NULL, &jb->root, VARSIZE(jb));
}

UNIT_TEST(parameters_have_defaults)
{
	UsParams   *p = us_params_parse(spec, us_common_params, NULL);

	UNIT_EQUAL_INT(p->n, 8);
	UNIT_CHECK(us_params_get(p, "k")->is_auto && !us_params_get(p, "k")->given);
	UNIT_CLOSE(us_params_get(p, "tol")->number, 1e-4, 0);
	UNIT_EQUAL_INT(us_params_get(p, "max_iter")->integer, 300);
	UNIT_EQUAL_STRING(us_params_get(p, "method")->text, "fast");
	UNIT_CHECK(us_params_get(p, "init")->is_null && us_params_get(p, "label")->is_null);
	UNIT_EQUAL_INT(us_params_get(p, "columns")->n_names, 1);
	UNIT_CHECK(us_params_get(p, "verbose")->boolean);
}

UNIT_TEST(parameters_are_read)
{
	UsParams   *p = parse("{\"k\": [2, 5], \"tol\": 0, \"max_iter\": 7.0, \"method\": \"exact\", \"init\": [[1, 2.5], [3, -4e2]],"
						  " \"columns\": [\"x\", \"y\"], \"label\": \"ö\", \"verbose\": false}");
	const UsParam *init = us_params_get(p, "init");

	UNIT_CHECK(us_params_get(p, "k")->is_range && us_params_get(p, "k")->lo == 2 && us_params_get(p, "k")->hi == 5);
	UNIT_CLOSE(us_params_get(p, "tol")->number, 0, 0);
	UNIT_EQUAL_INT(us_params_get(p, "max_iter")->integer, 7);
	UNIT_EQUAL_STRING(us_params_get(p, "method")->text, "exact");
	UNIT_EQUAL_INT(init->n_points, 2);
	UNIT_EQUAL_INT(init->dim, 2);
	UNIT_CLOSE(init->points[3], -400, 0);
	UNIT_EQUAL_STRING(us_params_get(p, "columns")->names[1], "y");
	UNIT_EQUAL_STRING(us_params_get(p, "label")->text, "ö");
	UNIT_CHECK(!us_params_get(p, "verbose")->boolean && us_params_get(p, "verbose")->given);

	p = parse("{\"k\": 3, \"init\": \"fast\", \"tol\": null}");
	UNIT_EQUAL_INT(us_params_get(p, "k")->integer, 3);
	UNIT_EQUAL_INT(us_params_get(p, "k")->hi, 3);
	UNIT_EQUAL_STRING(us_params_get(p, "init")->text, "fast");
	UNIT_CHECK(!us_params_get(p, "tol")->given);
}

UNIT_TEST(parameters_are_refused)
{
	static const struct
	{
		const char *text;
		const char *message;
	}			wrong[] = {
		{"[]", "parameters must be a JSON object, not array"},
		{"7", "parameters must be a JSON object, not number"},
		{"{\"kk\": 1}", "unknown parameter \"kk\""},
		{"{\"k\": 0}", "invalid value for parameter \"k\": 0"},
		{"{\"k\": 2.5}", "invalid value for parameter \"k\": 2.5"},
		{"{\"k\": 101}", "invalid value for parameter \"k\": 101"},
		{"{\"k\": \"all\"}", "invalid value for parameter \"k\": \"all\""},
		{"{\"k\": [5, 2]}", "invalid value for parameter \"k\": [5, 2]"},
		{"{\"k\": [1, 2, 3]}", "invalid value for parameter \"k\": [1, 2, 3]"},
		{"{\"k\": true}", "invalid value for parameter \"k\": true"},
		{"{\"tol\": -1}", "invalid value for parameter \"tol\": -1"},
		{"{\"tol\": 1e999}", "invalid value for parameter \"tol\": 1000"},
		{"{\"tol\": \"1\"}", "invalid value for parameter \"tol\": \"1\""},
		{"{\"max_iter\": 1e300}", "invalid value for parameter \"max_iter\""},
		{"{\"method\": \"slow\"}", "invalid value for parameter \"method\": \"slow\""},
		{"{\"init\": []}", "invalid value for parameter \"init\": []"},
		{"{\"init\": [[]]}", "invalid value for parameter \"init\": [[]]"},
		{"{\"init\": [[1], [1, 2]]}", "invalid value for parameter \"init\""},
		{"{\"init\": [[1], [\"x\"]]}", "invalid value for parameter \"init\""},
		{"{\"init\": [1, 2]}", "invalid value for parameter \"init\": [1, 2]"},
		{"{\"columns\": [1]}", "invalid value for parameter \"columns\": [1]"},
		{"{\"columns\": \"a\"}", "invalid value for parameter \"columns\": \"a\""},
		{"{\"label\": {}}", "invalid value for parameter \"label\": {}"},
		{"{\"verbose\": 1}", "invalid value for parameter \"verbose\": 1"},
	};

	for (volatile int i = 0; i < lengthof(wrong); i++)
		UNIT_ERROR(parse(wrong[i].text), ERRCODE_INVALID_PARAMETER_VALUE, wrong[i].message);
	UNIT_ERROR(us_params_get(parse("{}"), "nothing"), ERRCODE_INTERNAL_ERROR, "no parameter \"nothing\"");
}

UNIT_TEST(parameters_describe_themselves)
{
	UNIT_EQUAL_STRING(json(us_params_report(parse("{\"k\": [2, 5], \"init\": [[1, 2]]}"))),
					  "{\"k\": [2, 5], \"tol\": 0.0001, \"init\": [[1, 2]], \"label\": null, \"method\": \"fast\","
					  " \"columns\": [\"a\"], \"verbose\": true, \"max_iter\": 300}");
	UNIT_EQUAL_STRING(json(us_params_describe(&spec[6], us_common_params)),
					  "[{\"help\": \"What to call it.\", \"name\": \"label\", \"type\": \"text\", \"default\": null},"
					  " {\"help\": \"An own default for a common name.\", \"name\": \"verbose\", \"type\": \"boolean\", \"default\": true}]");
	UNIT_EQUAL_STRING(json(us_params_describe(&spec[8], us_common_params)),
					  "[{\"help\": \"Tell each phase and iteration with a NOTICE.\", \"name\": \"verbose\", \"type\": \"boolean\", \"default\": false}]");
}

static UsParams *
classifier(const char *text)
{
	return us_params_parse(NULL, us_classifier_params,
						   DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text))));
}

UNIT_TEST(classes_as_parameters)
{
	const UsParam *w = us_params_get(classifier("{\"class_weight\": {\"yes\": 2.5, \"no\": 1}}"), "class_weight");

	UNIT_EQUAL_STRING(us_params_get(classifier("{\"positive\": \"yes\"}"), "positive")->text, "yes");
	UNIT_EQUAL_STRING(us_params_get(classifier("{\"positive\": true}"), "positive")->text, "true");
	UNIT_EQUAL_STRING(us_params_get(classifier("{\"positive\": 1}"), "positive")->text, "1");
	UNIT_EQUAL_STRING(us_params_get(classifier("{\"positive\": -0.50}"), "positive")->text, "-0.5");
	UNIT_CHECK(us_params_get(classifier("{}"), "positive")->is_null && us_params_get(classifier("{}"), "refit")->boolean);
	UNIT_ERROR(classifier("{\"positive\": [1]}"), ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for parameter \"positive\": [1]");
	/* members in the order of jsonb: the shorter name first */
	UNIT_EQUAL_INT(w->n_names, 2);
	UNIT_EQUAL_STRING(w->names[0], "no");
	UNIT_CLOSE(w->weights[1], 2.5, 0);
	UNIT_EQUAL_STRING(us_params_get(classifier("{\"class_weight\": \"balanced\"}"), "class_weight")->text, "balanced");
	UNIT_ERROR(classifier("{\"class_weight\": {\"a\": -1}}"), ERRCODE_INVALID_PARAMETER_VALUE, "\"class_weight\": {\"a\": -1}");
	UNIT_ERROR(classifier("{\"class_weight\": {\"a\": \"1\"}}"), ERRCODE_INVALID_PARAMETER_VALUE, "\"class_weight\"");
	UNIT_ERROR(classifier("{\"class_weight\": {\"a\": 1e999}}"), ERRCODE_INVALID_PARAMETER_VALUE, "\"class_weight\"");
	UNIT_ERROR(classifier("{\"class_weight\": \"even\"}"), ERRCODE_INVALID_PARAMETER_VALUE, "\"class_weight\": \"even\"");
	UNIT_EQUAL_STRING(json(us_params_report(classifier("{\"class_weight\": {\"b\": 2}, \"positive\": 3}"))),
					  "{\"task\": null, \"refit\": true, \"verbose\": false, \"positive\": \"3\", \"class_weight\": {\"b\": 2}}");
}

UNIT_TEST(integers_as_parameters)
{
	static const UsParamSpec layers[] = {
		{"hidden", US_PARAM_INTS, "[64]", 1, 4096, NULL, "Units."},
		{NULL}
	};
	UsParams   *p = us_params_parse(layers, NULL, NULL);
	UsReport   *report = us_report_object();

	UNIT_EQUAL_INT(us_params_get(p, "hidden")->n_ints, 1);
	UNIT_EQUAL_INT(us_params_get(p, "hidden")->ints[0], 64);
#define HIDDEN(text) us_params_parse(layers, NULL, DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{\"hidden\": " text "}"))))
	p = HIDDEN("[32, 16]");
	UNIT_EQUAL_INT(us_params_get(p, "hidden")->n_ints, 2);
	UNIT_EQUAL_INT(us_params_get(p, "hidden")->ints[1], 16);
	us_report_attach(report, "params", us_params_report(p));
	UNIT_CHECK(strstr(json(report), "[32, 16]") != NULL);
	UNIT_EQUAL_INT(us_params_get(HIDDEN("7"), "hidden")->ints[0], 7);
	UNIT_EQUAL_INT(us_params_get(HIDDEN("[]"), "hidden")->n_ints, 0);
	UNIT_ERROR(HIDDEN("[32, 0]"), ERRCODE_INVALID_PARAMETER_VALUE, "[32, 0]");
	UNIT_ERROR(HIDDEN("[32, 1.5]"), ERRCODE_INVALID_PARAMETER_VALUE, "[32, 1.5]");
	UNIT_ERROR(HIDDEN("\"deep\""), ERRCODE_INVALID_PARAMETER_VALUE, "deep");
}
