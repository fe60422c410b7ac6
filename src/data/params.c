/*
 * params.c
 *	  Parameters of an algorithm: from jsonb to struct, by the one list that is
 *	  the specification.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "data/json.h"
#include "data/params_json.h"
#include "infra/closest.h"
#include "infra/compat.h"

/* largest integer that float8 holds exactly: JSON numbers pass through float8 */
#define MAX_EXACT	9007199254740992.0

/* ---- messages ---- */

static const char *
type_name(const UsParamSpec *spec)
{
	switch (spec->type)
	{
		case US_PARAM_INT:
			return "integer";
		case US_PARAM_NUMBER:
			return "number";
		case US_PARAM_BOOL:
			return "boolean";
		case US_PARAM_CHOICE:
			return "choice";
		case US_PARAM_COUNT:
			return "count";
		case US_PARAM_CHOICE_OR_POINTS:
			return "choice or points";
		case US_PARAM_NAMES:
			return "names";
		case US_PARAM_TEXT:
			return "text";
		case US_PARAM_LABEL:
			return "class";
		case US_PARAM_CHOICE_OR_WEIGHTS:
			return "choice or weights";
		case US_PARAM_INTS:
			return "integers";
	}
	return "";
}

/* "from 1 to 100", "of at least 1", or nothing. */
static const char *
range_text(const UsParamSpec *spec)
{
	bool		has_min = isfinite(spec->min);
	bool		has_max = isfinite(spec->max);

	if (has_min && has_max)
		return psprintf(" from %.17g to %.17g", spec->min, spec->max);
	if (has_min)
		return psprintf(" of at least %.17g", spec->min);
	if (has_max)
		return psprintf(" of at most %.17g", spec->max);
	return "";
}

static const char *
choices_text(const UsParamSpec *spec)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; spec->choices && spec->choices[i]; i++)
		appendStringInfo(&buf, "%s\"%s\"", i > 0 ? ", " : "", spec->choices[i]);
	return buf.data;
}

/* What a value of this parameter looks like. */
static const char *
valid_text(const UsParamSpec *spec)
{
	switch (spec->type)
	{
		case US_PARAM_INT:
			return psprintf("an integer%s", range_text(spec));
		case US_PARAM_NUMBER:
			return psprintf("a number%s", range_text(spec));
		case US_PARAM_BOOL:
			return "true or false";
		case US_PARAM_CHOICE:
			return psprintf("one of %s", choices_text(spec));
		case US_PARAM_COUNT:
			return psprintf("an integer%s, \"auto\", or a range [lo, hi] of such integers",
							range_text(spec));
		case US_PARAM_CHOICE_OR_POINTS:
			return psprintf("one of %s, or an array of equally long arrays of numbers",
							choices_text(spec));
		case US_PARAM_NAMES:
			return "an array of strings";
		case US_PARAM_TEXT:
			return "a string";
		case US_PARAM_LABEL:
			return "a string, number or boolean";
		case US_PARAM_CHOICE_OR_WEIGHTS:
			return psprintf("one of %s, or an object of numbers from 1e-12 to 1e12 by class", choices_text(spec));
		case US_PARAM_INTS:
			return psprintf("an array of integers%s", range_text(spec));
	}
	return "";
}

pg_noreturn static void
bad_value(const UsParamSpec *spec, const JsonbValue *v)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for parameter \"%s\": %s", spec->name, us_json_sample(v)),
			 errhint("\"%s\" is %s.", spec->name, valid_text(spec))));
}

/* ---- the two lists as one ---- */

static const UsParamSpec *
find_spec(const UsParamSpec *spec, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(spec[i].name, name) == 0)
			return &spec[i];
	return NULL;
}

/* spec followed by those of common that it does not hide; *n of them. */
static UsParamSpec *
join_specs(const UsParamSpec *spec, const UsParamSpec *common, int *n)
{
	const UsParamSpec *list[2] = {spec, common};
	UsParamSpec *joined;
	int			size = 0;

	for (int l = 0; l < 2; l++)
		for (const UsParamSpec *s = list[l]; s && s->name; s++)
			size++;
	joined = palloc0(sizeof(UsParamSpec) * (size + 1));
	*n = 0;
	for (int l = 0; l < 2; l++)
		for (const UsParamSpec *s = list[l]; s && s->name; s++)
			if (find_spec(joined, *n, s->name) == NULL)
				joined[(*n)++] = *s;
	return joined;
}

/* ---- values ---- */

static bool
number_in_range(const UsParamSpec *spec, double x)
{
	return isfinite(x) && x >= spec->min && x <= spec->max;
}

static bool
read_int(const UsParamSpec *spec, const JsonbValue *v, int64 *value)
{
	double		x;

	if (v->type != jbvNumeric)
		return false;
	x = us_json_number(v);
	if (!number_in_range(spec, x) || rint(x) != x || fabs(x) > MAX_EXACT)
		return false;
	*value = (int64) x;
	return true;
}

static bool
read_choice(const UsParamSpec *spec, const JsonbValue *v, UsParam *p)
{
	char	   *s;

	if (v->type != jbvString)
		return false;
	s = us_json_string(v);
	for (int i = 0; spec->choices && spec->choices[i]; i++)
		if (strcmp(spec->choices[i], s) == 0)
		{
			p->text = spec->choices[i];
			return true;
		}
	return false;
}

static bool
read_count(const UsParamSpec *spec, const JsonbValue *v, UsParam *p)
{
	UsJsonMember *bound;
	int			n;

	if (v->type == jbvString)
	{
		p->is_auto = strcmp(us_json_string(v), "auto") == 0;
		return p->is_auto;
	}
	if (!us_json_is_array(v))
	{
		if (!read_int(spec, v, &p->integer))
			return false;
		p->number = (double) p->integer;
		p->lo = p->hi = p->integer;
		return true;
	}
	bound = us_json_members(v, &n);
	p->is_range = true;
	return n == 2 && read_int(spec, &bound[0].value, &p->lo) &&
		read_int(spec, &bound[1].value, &p->hi) && p->lo <= p->hi;
}

/* [[1, 2], [3, 4]] → points, row-major. */
static bool
read_points(const JsonbValue *v, UsParam *p)
{
	UsJsonMember *row;
	int			n;

	row = us_json_members(v, &n);
	if (n == 0)
		return false;
	for (int i = 0; i < n; i++)
	{
		UsJsonMember *item;
		int			dim;

		if (!us_json_is_array(&row[i].value))
			return false;
		item = us_json_members(&row[i].value, &dim);
		if (i == 0)
		{
			if (dim == 0)
				return false;
			p->n_points = n;
			p->dim = dim;
			if ((Size) n * dim > MaxAllocSize / sizeof(double))
				return false;
			p->points = palloc(sizeof(double) * n * dim);
		}
		if (dim != p->dim)
			return false;
		for (int j = 0; j < dim; j++)
		{
			double		x;

			if (item[j].value.type != jbvNumeric)
				return false;
			x = us_json_number(&item[j].value);
			if (!isfinite(x))
				return false;
			p->points[(Size) i * dim + j] = x;
		}
		pfree(item);
	}
	return true;
}

static bool
read_names(const JsonbValue *v, UsParam *p)
{
	UsJsonMember *item;

	if (!us_json_is_array(v))
		return false;
	item = us_json_members(v, &p->n_names);
	p->names = palloc(sizeof(char *) * Max(p->n_names, 1));
	for (int i = 0; i < p->n_names; i++)
	{
		if (item[i].value.type != jbvString)
			return false;
		p->names[i] = us_json_string(&item[i].value);
	}
	return true;
}

/* [64, 32], or 64 */
static bool
read_ints(const UsParamSpec *spec, const JsonbValue *v, UsParam *p)
{
	UsJsonMember *item;

	if (!us_json_is_array(v))
	{
		p->n_ints = 1;
		p->ints = palloc(sizeof(int64));
		return read_int(spec, v, p->ints);
	}
	item = us_json_members(v, &p->n_ints);
	p->ints = palloc(sizeof(int64) * Max(p->n_ints, 1));
	for (int i = 0; i < p->n_ints; i++)
		if (!read_int(spec, &item[i].value, &p->ints[i]))
			return false;
	return true;
}

/* A class, as its name. */
static bool
read_label(const JsonbValue *v, UsParam *p)
{
	if (v->type == jbvString)
		p->text = us_json_string(v);
	else if (v->type == jbvBool)
		p->text = v->val.boolean ? "true" : "false";
	else if (v->type == jbvNumeric)
		p->text = double_to_shortest_decimal(us_json_number(v));
	return p->text != NULL;
}

/* {"yes": 5, "no": 1} */
static bool
read_weights(const JsonbValue *v, UsParam *p)
{
	UsJsonMember *member = us_json_members(v, &p->n_names);

	p->names = palloc(sizeof(char *) * Max(p->n_names, 1));
	p->weights = palloc(sizeof(double) * Max(p->n_names, 1));
	for (int i = 0; i < p->n_names; i++)
	{
		if (member[i].value.type != jbvNumeric)
			return false;
		p->names[i] = member[i].key;
		p->weights[i] = us_json_number(&member[i].value);
		if (!(p->weights[i] >= 1e-12 && p->weights[i] <= 1e12))
			return false;
	}
	return true;
}

/* Fill p from v; false if v does not fit. */
static bool
read_value(const UsParamSpec *spec, const JsonbValue *v, UsParam *p)
{
	switch (spec->type)
	{
		case US_PARAM_INT:
			if (!read_int(spec, v, &p->integer))
				return false;
			p->number = (double) p->integer;
			return true;
		case US_PARAM_NUMBER:
			if (v->type != jbvNumeric)
				return false;
			p->number = us_json_number(v);
			return number_in_range(spec, p->number);
		case US_PARAM_BOOL:
			if (v->type != jbvBool)
				return false;
			p->boolean = v->val.boolean;
			return true;
		case US_PARAM_CHOICE:
			return read_choice(spec, v, p);
		case US_PARAM_COUNT:
			return read_count(spec, v, p);
		case US_PARAM_CHOICE_OR_POINTS:
			if (us_json_is_array(v))
				return read_points(v, p);
			return read_choice(spec, v, p);
		case US_PARAM_NAMES:
			return read_names(v, p);
		case US_PARAM_TEXT:
			if (v->type != jbvString)
				return false;
			p->text = us_json_string(v);
			return true;
		case US_PARAM_LABEL:
			return read_label(v, p);
		case US_PARAM_CHOICE_OR_WEIGHTS:
			if (us_json_is_object(v))
				return read_weights(v, p);
			return read_choice(spec, v, p);
		case US_PARAM_INTS:
			return read_ints(spec, v, p);
	}
	return false;
}

/* The default as a value, through the same reader. */
static void
read_default(const UsParamSpec *spec, UsParam *p)
{
	Jsonb	   *jb;
	JsonbValue	v;

	if (spec->default_value == NULL)
	{
		p->is_null = true;
		return;
	}
	jb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(spec->default_value)));
	v = us_json_root(jb);
	if (!read_value(spec, &v, p))
		elog(ERROR, "default of parameter \"%s\" does not fit its specification", spec->name);
}

pg_noreturn static void
unknown_name(const UsParamSpec *spec, int n, const char *name)
{
	StringInfoData buf;
	UsClosest	closest;

	initStringInfo(&buf);
	us_closest_init(&closest, name);
	for (int i = 0; i < n; i++)
	{
		appendStringInfo(&buf, "%s\"%s\": %s", i > 0 ? "; " : "",
						 spec[i].name, valid_text(&spec[i]));
		us_closest_offer(&closest, spec[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown parameter \"%s\"", name),
			 n == 0 ? errdetail("There are no parameters.") :
			 errdetail("Valid parameters are %s.", buf.data),
			 closest.best ? errhint("Perhaps you meant \"%s\".", closest.best) : 0));
}

UsParams *
us_params_from_members(const UsParamSpec *spec, const UsParamSpec *common,
					   const UsJsonMember *member, int n)
{
	UsParams   *params = palloc0(sizeof(UsParams));
	UsParamSpec *joined = join_specs(spec, common, &params->n);

	params->spec = joined;
	params->value = palloc0(sizeof(UsParam) * Max(params->n, 1));
	for (int i = 0; i < n; i++)
	{
		const UsParamSpec *s = find_spec(joined, params->n, member[i].key);
		UsParam    *p;

		if (s == NULL)
			unknown_name(joined, params->n, member[i].key);
		if (member[i].value.type == jbvNull)
			continue;
		p = &params->value[s - joined];
		if (!read_value(s, &member[i].value, p))
			bad_value(s, &member[i].value);
		p->given = true;
	}
	for (int i = 0; i < params->n; i++)
		if (!params->value[i].given)
			read_default(&joined[i], &params->value[i]);
	return params;
}

UsParams *
us_params_parse(const UsParamSpec *spec, const UsParamSpec *common, Jsonb *jb)
{
	JsonbValue	root;
	UsJsonMember *member;
	int			n;

	if (jb == NULL)
		return us_params_from_members(spec, common, NULL, 0);
	root = us_json_root(jb);
	if (!us_json_is_object(&root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameters must be a JSON object, not %s", us_json_type(&root)),
				 errhint("Write them as {\"name\": value}.")));
	member = us_json_members(&root, &n);
	return us_params_from_members(spec, common, member, n);
}

const UsParam *
us_params_find(const UsParams *params, const char *name)
{
	const UsParamSpec *s = find_spec(params->spec, params->n, name);

	return s == NULL ? NULL : &params->value[s - params->spec];
}

const UsParam *
us_params_get(const UsParams *params, const char *name)
{
	const UsParam *p = us_params_find(params, name);

	if (p == NULL)
		elog(ERROR, "no parameter \"%s\" in the specification", name);
	return p;
}

/* ---- reports ---- */

/* Put the value of a parameter into parent, under name. */
static void
report_value(UsReport *parent, const char *name, const UsParamSpec *spec, const UsParam *p)
{
	UsReport   *array;

	if (p->is_null)
	{
		us_report_null(parent, name);
		return;
	}
	switch (spec->type)
	{
		case US_PARAM_INT:
			us_report_int(parent, name, p->integer);
			break;
		case US_PARAM_NUMBER:
			us_report_number(parent, name, p->number);
			break;
		case US_PARAM_BOOL:
			us_report_bool(parent, name, p->boolean);
			break;
		case US_PARAM_CHOICE:
		case US_PARAM_TEXT:
		case US_PARAM_LABEL:
			us_report_text(parent, name, p->text);
			break;
		case US_PARAM_CHOICE_OR_WEIGHTS:
			if (p->text != NULL)
				us_report_text(parent, name, p->text);
			else
			{
				UsReport   *object = us_report_add_object(parent, name);

				for (int i = 0; i < p->n_names; i++)
					us_report_number(object, p->names[i], p->weights[i]);
			}
			break;
		case US_PARAM_COUNT:
			if (p->is_auto)
				us_report_text(parent, name, "auto");
			else if (!p->is_range)
				us_report_int(parent, name, p->integer);
			else
			{
				array = us_report_add_array(parent, name);
				us_report_int(array, NULL, p->lo);
				us_report_int(array, NULL, p->hi);
			}
			break;
		case US_PARAM_INTS:
			array = us_report_add_array(parent, name);
			for (int i = 0; i < p->n_ints; i++)
				us_report_int(array, NULL, p->ints[i]);
			break;
		case US_PARAM_CHOICE_OR_POINTS:
			if (p->text != NULL)
			{
				us_report_text(parent, name, p->text);
				break;
			}
			array = us_report_add_array(parent, name);
			for (int i = 0; i < p->n_points; i++)
			{
				UsReport   *row = us_report_add_array(array, NULL);

				for (int j = 0; j < p->dim; j++)
					us_report_number(row, NULL, p->points[(Size) i * p->dim + j]);
			}
			break;
		case US_PARAM_NAMES:
			array = us_report_add_array(parent, name);
			for (int i = 0; i < p->n_names; i++)
				us_report_text(array, NULL, p->names[i]);
			break;
	}
}

static bool
has_range(const UsParamSpec *spec)
{
	return spec->type == US_PARAM_INT || spec->type == US_PARAM_NUMBER ||
		spec->type == US_PARAM_COUNT;
}

UsReport *
us_params_describe(const UsParamSpec *spec, const UsParamSpec *common)
{
	UsReport   *list = us_report_array();
	int			n;
	UsParamSpec *joined = join_specs(spec, common, &n);

	for (int i = 0; i < n; i++)
	{
		UsReport   *item = us_report_add_object(list, NULL);
		UsParam		p = {0};

		us_report_text(item, "name", joined[i].name);
		us_report_text(item, "type", type_name(&joined[i]));
		read_default(&joined[i], &p);
		report_value(item, "default", &joined[i], &p);
		if (has_range(&joined[i]))
		{
			us_report_number(item, "min", joined[i].min);
			us_report_number(item, "max", joined[i].max);
		}
		if (joined[i].choices)
		{
			UsReport   *array = us_report_add_array(item, "choices");

			for (int c = 0; joined[i].choices[c]; c++)
				us_report_text(array, NULL, joined[i].choices[c]);
		}
		us_report_text(item, "help", joined[i].help);
	}
	return list;
}

UsReport *
us_params_report(const UsParams *params)
{
	UsReport   *object = us_report_object();

	for (int i = 0; i < params->n; i++)
		report_value(object, params->spec[i].name, &params->spec[i], &params->value[i]);
	return object;
}
