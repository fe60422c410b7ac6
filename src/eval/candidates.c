/*
 * candidates.c
 *	  Sets of parameters to be tried.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "eval/candidates.h"
#include "infra/compat.h"

/* What cannot differ between trials: the metrics would not be comparable, or nothing would change. */
static const char *const not_tuned[] = {"task", "positive", "refit", "verbose"};

/* digits of a random number: what is tried is what is told */
#define DIGITS	"%.4g"

pg_noreturn static void
bad_choices(const char *name, const JsonbValue *v)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid choices for parameter \"%s\": %s", name, us_json_sample(v)),
			 errhint("They are an array of values, or {\"min\": number, \"max\": larger number} with \"log\": true where the logarithm shall be uniform.")));
}

static void
read_range(UsChoices *c, const JsonbValue *v)
{
	int			n;
	UsJsonMember *member = us_json_members(v, &n);

	c->min = c->max = NAN;
	for (int i = 0; i < n; i++)
	{
		const JsonbValue *item = &member[i].value;

		if (strcmp(member[i].key, "min") == 0 && item->type == jbvNumeric)
			c->min = us_json_number(item);
		else if (strcmp(member[i].key, "max") == 0 && item->type == jbvNumeric)
			c->max = us_json_number(item);
		else if (strcmp(member[i].key, "log") == 0 && item->type == jbvBool)
			c->log = item->val.boolean;
		else
			bad_choices(c->name, v);
	}
	if (!isfinite(c->min) || !isfinite(c->max) || c->min > c->max || (c->log && c->min <= 0))
		bad_choices(c->name, v);
}

static void
read_choices(UsCandidates *candidates, UsChoices *c, const UsJsonMember *member)
{
	const UsParamSpec *spec = candidates->algorithm->params;

	c->name = member->key;
	for (int i = 0; i < lengthof(not_tuned); i++)
		if (strcmp(not_tuned[i], c->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("parameter \"%s\" cannot be tuned", c->name),
					 errhint("Give it in params.")));
	for (int i = 0; i < candidates->n_fixed; i++)
		if (strcmp(candidates->fixed[i].key, c->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("parameter \"%s\" is both in grid and in params", c->name)));
	for (; spec && spec->name; spec++)
		if (strcmp(spec->name, c->name) == 0)
			c->integer = spec->type == US_PARAM_INT || spec->type == US_PARAM_COUNT;
	if (us_json_is_array(&member->value))
	{
		c->value = us_json_members(&member->value, &c->n);
		if (c->n == 0)
			bad_choices(c->name, &member->value);
	}
	else if (us_json_is_object(&member->value))
		read_range(c, &member->value);
	else
		bad_choices(c->name, &member->value);
}

static const UsJsonMember *
object_members(Jsonb *jb, const char *what, int *n)
{
	JsonbValue	root;

	*n = 0;
	if (jb == NULL)
		return NULL;
	root = us_json_root(jb);
	if (!us_json_is_object(&root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a JSON object, not %s", what, us_json_type(&root))));
	return us_json_members(&root, n);
}

UsCandidates *
us_candidates_parse(const UsAlgorithm *algorithm, Jsonb *grid, Jsonb *fixed)
{
	UsCandidates *c = palloc0(sizeof(UsCandidates));
	const UsJsonMember *member = object_members(grid, "grid", &c->n);

	c->algorithm = algorithm;
	c->fixed = object_members(fixed, "parameters", &c->n_fixed);
	if (c->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("grid is empty"),
				 errhint("Name the parameters to be tried and their values, as in {\"lambda\": [0.1, 1, 10]}.")));
	c->choices = palloc0(c->n * sizeof(UsChoices));
	for (int i = 0; i < c->n; i++)
		read_choices(c, &c->choices[i], &member[i]);
	return c;
}

int
us_candidates_grid_size(const UsCandidates *c)
{
	int64		size = 1;

	for (int i = 0; i < c->n; i++)
	{
		if (c->choices[i].n == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("parameter \"%s\" is a range, which a grid has not", c->choices[i].name),
					 errhint("List its values, or use search \"random\" or \"halving\".")));
		size *= c->choices[i].n;
		if (size > US_MAX_TRIALS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("grid has more than %d points", US_MAX_TRIALS),
					 errhint("Use search \"random\", or fewer values.")));
	}
	return (int) size;
}

/* ---- points ---- */

static JsonbValue
number_value(double x, bool integer)
{
	JsonbValue	v = {.type = jbvNumeric};
	char	   *text = integer ? psprintf("%.0f", x) : psprintf(DIGITS, x);

	v.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
														ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return v;
}

static JsonbValue
draw(const UsChoices *c, UsRandom *random)
{
	double		u = us_random_double(random);
	double		lo = c->min;
	double		hi = c->max;
	double		x;

	if (c->n > 0)
		return c->value[us_random_below(random, (uint32) c->n)].value;
	if (c->integer && !c->log)
		return number_value(ceil(lo) + floor(u * Max(floor(hi) - ceil(lo) + 1, 1)), true);
	x = c->log ? exp(log(lo) + u * (log(hi) - log(lo))) : lo + u * (hi - lo);
	if (c->integer)
		x = rint(x);
	return number_value(Min(Max(x, lo), hi), c->integer);
}

static void
push_member(JsonbParseState **state, char *name, JsonbValue *value)
{
	JsonbValue	key = {.type = jbvString};

	key.val.string.val = name;
	key.val.string.len = (int) strlen(name);
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, value);
}

/* An object of one value for each parameter. */
static Jsonb *
make_point(const UsCandidates *c, JsonbValue *value)
{
	JsonbParseState *state = NULL;
	JsonbValue *result;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < c->n; i++)
		push_member(&state, c->choices[i].name, &value[i]);
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(result);
}

Jsonb *
us_candidates_point(const UsCandidates *c, int i)
{
	JsonbValue *value = palloc(c->n * sizeof(JsonbValue));

	for (int k = c->n - 1; k >= 0; k--)
	{
		value[k] = c->choices[k].value[i % c->choices[k].n].value;
		i /= c->choices[k].n;
	}
	return make_point(c, value);
}

Jsonb *
us_candidates_draw(const UsCandidates *c, UsRandom *random)
{
	JsonbValue *value = palloc(c->n * sizeof(JsonbValue));

	for (int k = 0; k < c->n; k++)
		value[k] = draw(&c->choices[k], random);
	return make_point(c, value);
}

Jsonb *
us_candidates_given(const UsCandidates *c, Jsonb *point)
{
	JsonbParseState *state = NULL;
	JsonbValue *result;
	int			n;
	const UsJsonMember *own = object_members(point, "parameters", &n);

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < c->n_fixed; i++)
		push_member(&state, c->fixed[i].key, unconstify(JsonbValue *, &c->fixed[i].value));
	for (int i = 0; i < n; i++)
		push_member(&state, own[i].key, unconstify(JsonbValue *, &own[i].value));
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(result);
}

UsParams *
us_candidates_params(const UsCandidates *c, Jsonb *point)
{
	int			n;
	const UsJsonMember *own = object_members(point, "parameters", &n);
	UsJsonMember *member = palloc((c->n_fixed + n) * sizeof(UsJsonMember));

	for (int i = 0; i < c->n_fixed; i++)
		member[i] = c->fixed[i];
	memcpy(member + c->n_fixed, own, n * sizeof(UsJsonMember));
	return us_params_from_members(c->algorithm->params, us_algorithm_common_params(c->algorithm),
								  member, c->n_fixed + n);
}
