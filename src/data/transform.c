/*
 * transform.c
 *	  Grammar of the argument "transform": from jsonb to a plain struct.
 *
 * A value of the object is a step ("log1p"), an array of steps (["log1p",
 * {"impute": "mean"}]), applied in that order, or an object whose keys are steps,
 * applied in canonical order.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "data/json.h"
#include "data/params_json.h"
#include "data/transform.h"
#include "infra/closest.h"
#include "infra/compat.h"

#define US_MAX_BREAKS	100000

static const char *const scale_choices[] = {"block", "none", NULL};
static const char *const output_choices[] = {"uniform", "normal", NULL};
static const char *const unit_choices[] = {"second", "minute", "hour", "day", "week", "month", "year", NULL};

#define MIN_COUNT \
	{"min_count", US_PARAM_INT, "1", 1, 1e9, NULL, \
	"Rows that a level needs to have a place of its own."}
#define SCALE \
	{"scale", US_PARAM_CHOICE, "\"block\"", 0, 0, scale_choices, \
	"block: total variance of the columns is 1; none: as they are."}

static const UsParamSpec no_options[] = {{NULL}};

static const UsParamSpec age_options[] = {
	{"as_of", US_PARAM_TEXT, NULL, 0, 0, NULL,
	"Instant from which ages count back; without it the latest value at training."},
	{"unit", US_PARAM_CHOICE, "\"day\"", 0, 0, unit_choices,
	"Unit of the age; a month is 30.4375 days, a year 365.25."},
	{NULL}
};

static const UsParamSpec cyclic_options[] = {
	{"parts", US_PARAM_NAMES, "[\"hour\",\"dow\",\"month\"]", 0, 0, NULL,
	"Any of hour, dow, day, doy, month."},
	SCALE,
	{NULL}
};

static const UsParamSpec onehot_options[] = {
	MIN_COUNT,
	{"max_categories", US_PARAM_INT, "50", 1, 10000, NULL,
	"The most frequent levels have a column, the rest goes into (other)."},
	SCALE,
	{NULL}
};

static const UsParamSpec multihot_options[] = {
	MIN_COUNT,
	{"max_tags", US_PARAM_INT, "50", 1, 10000, NULL,
	"The most frequent tags have a column, the rest goes into (other)."},
	SCALE,
	{NULL}
};

static const UsParamSpec ordinal_options[] = {
	{"order", US_PARAM_NAMES, NULL, 0, 0, NULL,
	"The levels from low to high; without it they are ordered by their bytes."},
	{NULL}
};

static const UsParamSpec frequency_options[] = {
	{"max_categories", US_PARAM_INT, "10000", 1, 1000000, NULL,
	"The most frequent levels are kept, the rest counts as one."},
	{NULL}
};

static const UsParamSpec target_options[] = {
	{"smoothing", US_PARAM_NUMBER, "10", 0, 1e9, NULL,
	"Weight of the overall mean, in rows."},
	{"folds", US_PARAM_INT, "5", 2, 100, NULL,
	"Training rows take their value from the other folds."},
	MIN_COUNT,
	{"max_categories", US_PARAM_INT, "10000", 1, 1000000, NULL,
	"The most frequent levels are kept, the rest counts as one."},
	{NULL}
};

static const UsParamSpec native_options[] = {
	MIN_COUNT,
	{"max_categories", US_PARAM_INT, "254", 1, 254, NULL,
	"The most frequent levels are kept, the rest counts as one."},
	{NULL}
};

static const UsParamSpec clip_options[] = {
	{"lo", US_PARAM_NUMBER, NULL, -INFINITY, INFINITY, NULL, "Smallest value."},
	{"hi", US_PARAM_NUMBER, NULL, -INFINITY, INFINITY, NULL, "Largest value."},
	{"lo_quantile", US_PARAM_NUMBER, NULL, 0, 1, NULL, "Probability of the smallest value."},
	{"hi_quantile", US_PARAM_NUMBER, NULL, 0, 1, NULL, "Probability of the largest value."},
	{NULL}
};

static const UsParamSpec log1p_options[] = {
	{"signed", US_PARAM_BOOL, "false", 0, 0, NULL,
	"sign(x) log1p(|x|), for values on both sides of 0."},
	{NULL}
};

static const UsParamSpec quantile_options[] = {
	{"output", US_PARAM_CHOICE, "\"uniform\"", 0, 0, output_choices, "Distribution of the result."},
	{"n", US_PARAM_INT, "1000", 2, US_MAX_BREAKS, NULL, "Number of breaks, at most the number of rows."},
	{NULL}
};

/* In the order of UsStepType. */
static const struct
{
	const char *name;
	const UsParamSpec *options;
}			steps[] = {
	{"impute", NULL},
	{"age", age_options},
	{"cyclic", cyclic_options},
	{"onehot", onehot_options},
	{"ordinal", ordinal_options},
	{"frequency", frequency_options},
	{"target", target_options},
	{"native", native_options},
	{"multihot", multihot_options},
	{"clip", clip_options},
	{"log1p", log1p_options},
	{"power", no_options},
	{"quantile", quantile_options},
	{"standard", no_options},
	{"minmax", no_options},
	{"robust", no_options},
	{"none", no_options},
	{"weight", NULL},
};

const char *
us_step_name(UsStepType type)
{
	return steps[type].name;
}

/* ---- messages ---- */

typedef struct Place
{
	const char *feature;
	const char *step;
} Place;

static void
place_context(void *arg)
{
	Place	   *place = arg;

	if (place->step)
		errcontext("step \"%s\" in the transform of \"%s\"", place->step, place->feature);
	else
		errcontext("transform of \"%s\"", place->feature);
}

pg_noreturn static void
unknown_step(const char *feature, const char *name)
{
	StringInfoData buf;
	UsClosest	closest;

	initStringInfo(&buf);
	us_closest_init(&closest, name);
	for (int i = 0; i < lengthof(steps); i++)
	{
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "", steps[i].name);
		us_closest_offer(&closest, steps[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown step \"%s\" in the transform of \"%s\"", name, feature),
			 errhint("Steps are %s.%s", buf.data, us_closest_hint(&closest))));
}

/* ---- one step ---- */

/* "median" and so on, or {"constant": 0}. */
static void
read_impute(const JsonbValue *v, UsStepSpec *step)
{
	static const struct
	{
		const char *name;
		UsImpute	impute;
	}			choices[] = {
		{"median", US_IMPUTE_MEDIAN},
		{"mean", US_IMPUTE_MEAN},
		{"indicator", US_IMPUTE_INDICATOR},
		{"most_frequent", US_IMPUTE_MOST_FREQUENT},
		{"level", US_IMPUTE_LEVEL},
		{"keep", US_IMPUTE_KEEP},
	};

	if (v->type == jbvString)
	{
		char	   *name = us_json_string(v);

		for (int i = 0; i < lengthof(choices); i++)
			if (strcmp(name, choices[i].name) == 0)
			{
				step->impute = choices[i].impute;
				return;
			}
	}
	else if (us_json_is_object(v))
	{
		int			n;
		UsJsonMember *member = us_json_members(v, &n);

		if (n == 1 && strcmp(member[0].key, "constant") == 0)
		{
			JsonbValue *constant = &member[0].value;

			step->impute = US_IMPUTE_CONSTANT;
			if (constant->type == jbvString)
			{
				step->is_text = true;
				step->text = us_json_string(constant);
				return;
			}
			if (constant->type == jbvNumeric)
			{
				step->number = us_json_number(constant);
				if (isfinite(step->number))
					return;
			}
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for step \"impute\": %s", us_json_sample(v)),
			 errhint("\"impute\" is one of \"median\", \"mean\", \"indicator\", \"most_frequent\", "
					 "\"level\", \"keep\", or {\"constant\": value}.")));
}

static void
read_weight(const JsonbValue *v, UsStepSpec *step)
{
	if (v->type == jbvNumeric)
	{
		step->number = us_json_number(v);
		if (step->number >= 1e-6 && step->number <= 1e6)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for step \"weight\": %s", us_json_sample(v)),
			 errhint("\"weight\" is a number from 1e-6 to 1e6; leave a feature out with \"features\".")));
}

static double
unit_seconds(const char *unit)
{
	static const double seconds[] = {1, 60, 3600, 86400, 604800, 30.4375 * 86400, 365.25 * 86400};

	for (int i = 0; unit_choices[i]; i++)
		if (strcmp(unit, unit_choices[i]) == 0)
			return seconds[i];
	elog(ERROR, "unknown unit \"%s\"", unit);
}

static void
copy_names(const UsParam *p, UsStepSpec *step)
{
	step->n_names = p->n_names;
	step->names = p->names;
	for (int i = 0; i < p->n_names; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(p->names[i], p->names[j]) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("\"%s\" is named twice", p->names[i]),
						 errhint("Name each one once.")));
}

static void
read_clip(const UsParams *params, UsStepSpec *step)
{
	const UsParam *lo = us_params_get(params, "lo");
	const UsParam *hi = us_params_get(params, "hi");
	const UsParam *lo_quantile = us_params_get(params, "lo_quantile");
	const UsParam *hi_quantile = us_params_get(params, "hi_quantile");

	if ((lo->given && lo_quantile->given) || (hi->given && hi_quantile->given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"clip\" has two bounds on one side"),
				 errhint("Give \"lo\" or \"lo_quantile\", \"hi\" or \"hi_quantile\".")));
	if (!lo->given && !lo_quantile->given && !hi->given && !hi_quantile->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"clip\" has no bound"),
				 errhint("For example {\"clip\": {\"lo\": 0, \"hi_quantile\": 0.99}}.")));
	step->lo = lo->given ? lo->number : -INFINITY;
	step->hi = hi->given ? hi->number : INFINITY;
	step->lo_quantile = lo_quantile->given ? lo_quantile->number : NAN;
	step->hi_quantile = hi_quantile->given ? hi_quantile->number : NAN;
	if (step->lo >= step->hi || step->lo_quantile >= step->hi_quantile)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the lower bound of \"clip\" is not below the upper one"),
				 isnan(step->lo_quantile) || isnan(step->hi_quantile) ?
				 errdetail("\"lo\" is %g, \"hi\" is %g.", step->lo, step->hi) :
				 errdetail("\"lo_quantile\" is %g, \"hi_quantile\" is %g.", step->lo_quantile, step->hi_quantile),
				 errhint("Exchange them, or leave one out.")));
}

/* The options as parsed, into the struct. */
static void
read_options(const UsParams *params, UsStepSpec *step)
{
	for (int i = 0; i < params->n; i++)
	{
		const char *name = params->spec[i].name;
		const UsParam *p = &params->value[i];

		if (p->is_null)
			continue;
		if (strcmp(name, "min_count") == 0)
			step->min_count = (int) p->integer;
		else if (strcmp(name, "max_categories") == 0 || strcmp(name, "max_tags") == 0)
			step->max_levels = (int) p->integer;
		else if (strcmp(name, "scale") == 0)
			step->unscaled = strcmp(p->text, "none") == 0;
		else if (strcmp(name, "order") == 0 || strcmp(name, "parts") == 0)
			copy_names(p, step);
		else if (strcmp(name, "smoothing") == 0)
			step->smoothing = p->number;
		else if (strcmp(name, "folds") == 0)
			step->folds = (int) p->integer;
		else if (strcmp(name, "signed") == 0)
			step->signed_log = p->boolean;
		else if (strcmp(name, "output") == 0)
			step->normal = strcmp(p->text, "normal") == 0;
		else if (strcmp(name, "n") == 0)
			step->n = (int) p->integer;
		else if (strcmp(name, "as_of") == 0)
			step->text = pstrdup(p->text);
		else if (strcmp(name, "unit") == 0)
			step->number = unit_seconds(p->text);
	}
	if (step->type == US_STEP_CLIP)
		read_clip(params, step);
}

/* The options from the value beside the name; an array is the one option that takes names. */
static UsParams *
parse_options(UsStepType type, const JsonbValue *v)
{
	const UsParamSpec *options = steps[type].options;
	UsJsonMember *member;
	UsJsonMember names;
	int			n;

	if (v == NULL || v->type == jbvNull || (v->type == jbvBool && v->val.boolean))
		return us_params_from_members(options, NULL, NULL, 0);
	if (us_json_is_object(v))
	{
		member = us_json_members(v, &n);
		return us_params_from_members(options, NULL, member, n);
	}
	if (us_json_is_array(v) && (type == US_STEP_CYCLIC || type == US_STEP_ORDINAL))
	{
		names.key = pstrdup(type == US_STEP_CYCLIC ? "parts" : "order");
		names.value = *v;
		return us_params_from_members(options, NULL, &names, 1);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for step \"%s\": %s", steps[type].name, us_json_sample(v)),
			 errhint("The value of a step is an object of its options.")));
}

void
us_step_defaults(UsStepType type, UsStepSpec *step)
{
	memset(step, 0, sizeof(UsStepSpec));
	step->type = type;
	read_options(us_params_from_members(steps[type].options, NULL, NULL, 0), step);
}

/* One step; v is the value beside its name, or NULL if the name stands alone. */
static void
read_step(Place *place, const char *name, const JsonbValue *v, UsStepSpec *step)
{
	int			type = 0;

	while (type < lengthof(steps) && strcmp(steps[type].name, name) != 0)
		type++;
	if (type == lengthof(steps))
		unknown_step(place->feature, name);
	memset(step, 0, sizeof(UsStepSpec));
	step->type = (UsStepType) type;
	place->step = steps[type].name;
	if (steps[type].options)
		read_options(parse_options(step->type, v), step);
	else if (v == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step \"%s\" needs a value", name),
				 errhint("For example %s.", type == US_STEP_IMPUTE ?
						 "{\"impute\": \"median\"}" : "{\"weight\": 2}")));
	else if (step->type == US_STEP_IMPUTE)
		read_impute(v, step);
	else
		read_weight(v, step);
	place->step = NULL;
}

/* ---- one feature ---- */

pg_noreturn static void
bad_entry(const char *feature, const JsonbValue *v)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid transform of \"%s\": %s", feature, us_json_sample(v)),
			 errhint("Write a step (\"log1p\"), an array of steps ([\"log1p\", {\"impute\": \"mean\"}]), "
					 "or an object of steps with their options ({\"onehot\": {\"min_count\": 20}}).")));
}

static int
compare_steps(const void *a, const void *b)
{
	return (int) ((const UsStepSpec *) a)->type - (int) ((const UsStepSpec *) b)->type;
}

/* Steps of one kind that may stand only once. */
static void
check_repeats(const UsTransformEntry *entry)
{
	for (int i = 0; i < entry->nsteps; i++)
		for (int j = 0; j < i; j++)
			if (entry->step[i].type == entry->step[j].type)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("step \"%s\" stands twice in the transform of \"%s\"",
								us_step_name(entry->step[i].type), entry->feature),
						 errhint("Keep one of them: a step has all of its options in one place.")));
}

static void
read_entry(UsTransformEntry *entry, const JsonbValue *v)
{
	Place		place = {entry->feature, NULL};
	ErrorContextCallback callback = {error_context_stack, place_context, &place};
	int			n;
	UsJsonMember *member;

	error_context_stack = &callback;
	if (v->type == jbvString)
	{
		entry->nsteps = 1;
		entry->step = palloc(sizeof(UsStepSpec));
		read_step(&place, us_json_string(v), NULL, entry->step);
	}
	else if (us_json_is_object(v) || us_json_is_array(v))
	{
		member = us_json_members(v, &n);
		entry->nsteps = n;
		entry->step = palloc(sizeof(UsStepSpec) * Max(n, 1));
		for (int i = 0; i < n; i++)
		{
			JsonbValue *item = &member[i].value;

			if (member[i].key)
				read_step(&place, member[i].key, item, &entry->step[i]);
			else if (item->type == jbvString)
				read_step(&place, us_json_string(item), NULL, &entry->step[i]);
			else if (us_json_is_object(item) &&
					 JsonContainerSize(item->val.binary.data) == 1)
			{
				int			one;
				UsJsonMember *inner = us_json_members(item, &one);

				read_step(&place, inner->key, &inner->value, &entry->step[i]);
			}
			else
				bad_entry(entry->feature, v);
		}
		if (us_json_is_object(v))
			qsort(entry->step, n, sizeof(UsStepSpec), compare_steps);
	}
	else
		bad_entry(entry->feature, v);
	check_repeats(entry);
	error_context_stack = callback.previous;
}

UsTransform *
us_transform_parse(Jsonb *jb)
{
	UsTransform *transform = palloc0(sizeof(UsTransform));
	JsonbValue	root;
	UsJsonMember *member;

	if (jb == NULL)
		return transform;
	root = us_json_root(jb);
	if (!us_json_is_object(&root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("transform must be a JSON object, not %s", us_json_type(&root)),
				 errhint("Write it as {\"feature\": [\"step\", ...]}.")));
	member = us_json_members(&root, &transform->n);
	transform->entry = palloc0(sizeof(UsTransformEntry) * Max(transform->n, 1));
	for (int i = 0; i < transform->n; i++)
	{
		transform->entry[i].feature = member[i].key;
		read_entry(&transform->entry[i], &member[i].value);
	}
	return transform;
}

void
us_transform_native(UsTransform *transform)
{
	/* the kinds, in the order of UsKind */
	static const struct
	{
		const char *feature;
		UsStepType	step;
		bool		keep;
	}			defaults[] = {
		{"*number", US_STEP_NONE, true},
		{"*boolean", US_STEP_NONE, true},
		{"*category", US_STEP_NATIVE, false},
		{"*tags", US_STEP_NONE, false},
		{"*vector", US_STEP_NONE, false},
		{"*time", US_STEP_NONE, true},
		{"*duration", US_STEP_NONE, true},
	};
	int			n = transform->n;

	transform->native = true;
	for (int i = 0; i < n; i++)
		if (strcmp(transform->entry[i].feature, "*") == 0)
			return;
	transform->entry = transform->entry ?
		repalloc(transform->entry, sizeof(UsTransformEntry) * (n + lengthof(defaults))) :
		palloc(sizeof(UsTransformEntry) * lengthof(defaults));
	for (int i = 0; i < lengthof(defaults); i++)
	{
		UsTransformEntry *entry = &transform->entry[transform->n++];

		/* an entry of the user for the kind comes first, and so counts */
		entry->feature = pstrdup(defaults[i].feature);
		entry->nsteps = 0;
		entry->step = palloc(sizeof(UsStepSpec) * 2);
		us_step_defaults(defaults[i].step, &entry->step[entry->nsteps++]);
		if (defaults[i].keep)
		{
			memset(&entry->step[entry->nsteps], 0, sizeof(UsStepSpec));
			entry->step[entry->nsteps].type = US_STEP_IMPUTE;
			entry->step[entry->nsteps++].impute = US_IMPUTE_KEEP;
		}
	}
}
