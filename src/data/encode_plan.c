/*
 * encode_plan.c
 *	  Which parts encode a feature: its own entry in the transform, else that of its
 *	  kind ("*number"), else "*", else the defaults of the kind.
 *
 * Defaults: numbers, booleans, durations and ages are imputed with the median and
 * standardised; categories are one-hot, tags multi-hot, vectors as they are, all
 * scaled to unit block variance.  An entry changes what it names: the median stays
 * where it has no "impute", the standardisation where it has neither a scaling step nor
 * "none".
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "data/encode_part.h"
#include "data/kind.h"
#include "data/names.h"
#include "infra/closest.h"
#include "infra/compat.h"

#define KIND(k)		(1 << (k))
#define NUMBERS		(KIND(US_KIND_NUMBER) | KIND(US_KIND_BOOLEAN) | KIND(US_KIND_DURATION))
#define TIMES		KIND(US_KIND_TIME)
#define CATEGORIES	KIND(US_KIND_CATEGORY)
#define ALL_KINDS	(-1)

/* kinds that a step fits, in the order of UsStepType */
static const int step_kinds[] = {
	ALL_KINDS,					/* impute */
	TIMES, TIMES,				/* age, cyclic */
	CATEGORIES, CATEGORIES, CATEGORIES, CATEGORIES, CATEGORIES, /* onehot, ordinal, frequency, target, native */
	KIND(US_KIND_TAGS),			/* multihot */
	NUMBERS | TIMES | CATEGORIES,	/* clip */
	NUMBERS | TIMES | CATEGORIES,	/* log1p */
	NUMBERS | TIMES | CATEGORIES,	/* power */
	NUMBERS | TIMES | CATEGORIES,	/* quantile */
	NUMBERS | TIMES | CATEGORIES | KIND(US_KIND_VECTOR),	/* standard */
	NUMBERS | TIMES | CATEGORIES,	/* minmax */
	NUMBERS | TIMES | CATEGORIES,	/* robust */
	ALL_KINDS,					/* none */
	ALL_KINDS					/* weight */
};

/* ---- does an entry fit a kind? ---- */

static bool
is_chain_step(UsStepType type)
{
	return type >= US_STEP_CLIP && type <= US_STEP_ROBUST;
}

static const UsStepSpec *
find_step(const UsTransformEntry *entry, UsStepType type)
{
	for (int i = 0; entry && i < entry->nsteps; i++)
		if (entry->step[i].type == type)
			return &entry->step[i];
	return NULL;
}

/* The step that makes one number of a category, or NULL. */
static const UsStepSpec *
value_step(const UsTransformEntry *entry)
{
	for (UsStepType type = US_STEP_ORDINAL; type <= US_STEP_NATIVE; type++)
		if (find_step(entry, type))
			return find_step(entry, type);
	return NULL;
}

static bool
impute_fits(UsKind kind, const UsStepSpec *step)
{
	switch (kind)
	{
		case US_KIND_CATEGORY:
			return step->impute == US_IMPUTE_LEVEL || step->impute == US_IMPUTE_MOST_FREQUENT ||
				(step->impute == US_IMPUTE_CONSTANT && step->is_text);
		case US_KIND_TAGS:
			return step->impute == US_IMPUTE_INDICATOR;
		case US_KIND_VECTOR:
			return step->impute == US_IMPUTE_INDICATOR || step->impute == US_IMPUTE_MEAN;
		default:
			return step->impute == US_IMPUTE_MEDIAN || step->impute == US_IMPUTE_MEAN ||
				step->impute == US_IMPUTE_INDICATOR || step->impute == US_IMPUTE_KEEP ||
				(step->impute == US_IMPUTE_CONSTANT && !step->is_text);
	}
}

/* The first step that does not fit, with the reason; NULL if all do. */
static const UsStepSpec *
find_misfit(UsKind kind, const UsTransformEntry *entry, const char **reason)
{
	bool		value = kind != US_KIND_CATEGORY || value_step(entry) != NULL;
	int			nfronts = 0;

	for (int i = 0; i < entry->nsteps; i++)
	{
		const UsStepSpec *step = &entry->step[i];

		*reason = psprintf("The feature is of kind %s.", us_kind_name(kind));
		if ((step_kinds[step->type] & KIND(kind)) == 0)
			return step;
		*reason = psprintf("This way to impute is not for kind %s.", us_kind_name(kind));
		if (step->type == US_STEP_IMPUTE && !impute_fits(kind, step))
			return step;
		*reason = "The category is encoded as one column a level; \"ordinal\", \"frequency\" and \"target\" make one number of it.";
		if (is_chain_step(step->type) && !value)
			return step;
		*reason = "The category has another encoding already.";
		if (kind == US_KIND_CATEGORY && step->type >= US_STEP_ONEHOT &&
			step->type <= US_STEP_NATIVE && nfronts++ > 0)
			return step;
	}
	return NULL;
}

/* "impute, onehot, ...": the steps that fit a kind. */
static const char *
fitting_steps(UsKind kind)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < lengthof(step_kinds); i++)
		if (step_kinds[i] & KIND(kind))
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", us_step_name(i));
	return buf.data;
}

/* Steps that leave to the algorithm what only some can handle. */
static void
check_native(const UsTransform *transform, const UsColumn *column, const UsTransformEntry *entry)
{
	const UsStepSpec *step = find_step(entry, US_STEP_NATIVE);
	const UsStepSpec *impute = find_step(entry, US_STEP_IMPUTE);

	if (transform->native || (step == NULL && (impute == NULL || impute->impute != US_IMPUTE_KEEP)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("step \"%s\" of feature \"%s\" is for algorithms of trees and naive Bayes",
					step ? "native" : "impute", column->name),
			 errdetail(step ? "The algorithm cannot use the numbers of levels." :
					   "The algorithm cannot use missing values."),
			 errhint(step ? "Use \"onehot\", \"target\" or \"frequency\"." :
					 "Use {\"impute\": \"median\"} or {\"impute\": \"indicator\"}.")));
}

static void
check_fit(const UsColumn *column, const UsTransformEntry *entry)
{
	const char *reason;
	const UsStepSpec *misfit = find_misfit(column->kind, entry, &reason);

	if (misfit == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("step \"%s\" does not fit feature \"%s\"",
					us_step_name(misfit->type), column->name),
			 errdetail("%s", reason),
			 errhint("Steps for kind %s are %s.", us_kind_name(column->kind), fitting_steps(column->kind))));
}

/* ---- which entry is whose ---- */

static int
find_entry(const UsTransform *transform, const char *name)
{
	for (int i = 0; i < transform->n; i++)
		if (strcmp(transform->entry[i].feature, name) == 0)
			return i;
	return -1;
}

/* The entry for a column, or NULL; used[i] is set. */
static const UsTransformEntry *
entry_for(const UsTransform *transform, const UsColumn *column, bool *used)
{
	int			i = find_entry(transform, column->name);
	const char *reason;

	if (i >= 0)
	{
		check_fit(column, &transform->entry[i]);
		check_native(transform, column, &transform->entry[i]);
		used[i] = true;
		return &transform->entry[i];
	}
	i = find_entry(transform, psprintf("*%s", us_kind_name(column->kind)));
	if (i >= 0)
		check_fit(column, &transform->entry[i]);
	else
	{
		i = find_entry(transform, "*");
		if (i < 0 || find_misfit(column->kind, &transform->entry[i], &reason))
			return NULL;
	}
	used[i] = true;
	check_native(transform, column, &transform->entry[i]);
	return &transform->entry[i];
}

/* An entry that no feature took. */
static void
check_unused(const UsFrame *frame, const UsTransformEntry *entry)
{
	StringInfoData buf;
	UsClosest	closest;

	if (strcmp(entry->feature, "*") == 0)
	{
		if (entry->nsteps == 0)
			return;
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the steps of \"*\" fit none of the features without an own entry")));
	}
	for (UsKind kind = 0; kind <= US_KIND_DURATION; kind++)
		if (strcmp(entry->feature, psprintf("*%s", us_kind_name(kind))) == 0)
			return;				/* no such column in this source: harmless */
	initStringInfo(&buf);
	us_closest_init(&closest, entry->feature);
	for (int i = 0; i < frame->ncolumns; i++)
		if (frame->column[i].role == US_ROLE_FEATURE)
		{
			us_names_append(&buf, frame->column[i].name);
			us_closest_offer(&closest, frame->column[i].name);
		}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("transform names \"%s\", which is not a feature", entry->feature),
			 errdetail("Features are %s.", buf.data),
			 closest.best ? errhint("Perhaps you meant \"%s\".", closest.best) :
			 errhint("\"*\" stands for all features without an own entry.")));
}

/* ---- parts ---- */

static UsPart *
add_part(UsEncoder *encoder, const UsPartOps *ops, int feature, int column, const UsFrame *frame)
{
	UsPart	   *part = &encoder->part[encoder->nparts++];

	part->ops = ops;
	part->feature = feature;
	part->column = column;
	part->frame_column = &frame->column[column];
	part->weight = encoder->feature[feature].weight;
	part->dim = frame->column[column].dim;
	part->training = true;
	part->scale = 1;
	return part;
}

/*
 * A chain for one number: the steps of the entry and the defaults around them.  NULL of a
 * category is not the chain's: only what has no number reaches it.
 */
static UsChainLearner *
plan_chain(UsEncoder *encoder, UsPart *part, const UsTransformEntry *entry)
{
	const UsFeature *feature = &encoder->feature[part->feature];
	bool		category = feature->kind == US_KIND_CATEGORY;
	int			nsteps = entry ? entry->nsteps : 0;
	UsStepSpec *spec = palloc0(sizeof(UsStepSpec) * (nsteps + 2));
	bool		native = find_step(entry, US_STEP_NATIVE) != NULL;
	bool		scaled = native || find_step(entry, US_STEP_NONE) != NULL;
	int			n = 0;

	if (native)
	{
		spec[n].type = US_STEP_IMPUTE;
		spec[n++].impute = US_IMPUTE_KEEP;
		return us_chain_learn(&part->chain, spec, n, feature->name, 1);
	}
	if (category || find_step(entry, US_STEP_IMPUTE) == NULL)
		spec[n++].type = US_STEP_IMPUTE;	/* with the median, which is 0 */
	for (int i = 0; i < nsteps; i++)
	{
		UsStepType	type = entry->step[i].type;

		if (is_chain_step(type) || (type == US_STEP_IMPUTE && !category))
			spec[n++] = entry->step[i];
		scaled |= type >= US_STEP_QUANTILE && type <= US_STEP_ROBUST;
	}
	if (!scaled)
		spec[n++].type = US_STEP_STANDARD;
	return us_chain_learn(&part->chain, spec, n, feature->name, part->weight);
}

/* The step of that type, or the defaults of the type; "none" leaves a block as it is. */
static UsStepSpec *
block_spec(const UsTransformEntry *entry, UsStepType type)
{
	UsStepSpec *spec = palloc0(sizeof(UsStepSpec));
	const UsStepSpec *step = find_step(entry, type);

	if (step)
		*spec = *step;
	else
		us_step_defaults(type, spec);
	spec->unscaled |= find_step(entry, US_STEP_NONE) != NULL;
	return spec;
}

static void
plan_category(UsEncoder *encoder, UsPart *part, const UsTransformEntry *entry)
{
	const UsStepSpec *impute = find_step(entry, US_STEP_IMPUTE);
	const UsStepSpec *value = value_step(entry);

	if (impute && impute->impute == US_IMPUTE_LEVEL)
		impute = NULL;
	if (value == NULL)
	{
		part->ops = &us_part_onehot;
		us_onehot_ask(part, block_spec(entry, US_STEP_ONEHOT), impute);
		return;
	}
	part->ops = &us_part_level;
	us_level_ask(part, value, impute, plan_chain(encoder, part, entry));
}

/* Age unless only cyclic parts are asked for. */
static void
plan_time(UsEncoder *encoder, int f, int column, const UsFrame *frame,
		  const UsTransformEntry *entry)
{
	const UsStepSpec *age = find_step(entry, US_STEP_AGE);
	const UsStepSpec *cyclic = find_step(entry, US_STEP_CYCLIC);
	bool		zoned = frame->column[column].zoned;
	bool		chained = false;
	UsPart	   *part;

	for (int i = 0; entry && i < entry->nsteps; i++)
		chained |= is_chain_step(entry->step[i].type);
	if (age || chained || !cyclic)
	{
		part = add_part(encoder, &us_part_age, f, column, frame);
		us_age_ask(part, age, zoned, plan_chain(encoder, part, entry));
	}
	if (cyclic)
	{
		part = add_part(encoder, &us_part_cyclic, f, column, frame);
		us_cyclic_ask(part, block_spec(entry, US_STEP_CYCLIC), zoned);
	}
}

static void
plan_feature(UsEncoder *encoder, int f, int column, const UsFrame *frame,
			 const UsTransformEntry *entry)
{
	const UsColumn *c = &frame->column[column];
	UsFeature  *feature = &encoder->feature[f];
	const UsStepSpec *weight = find_step(entry, US_STEP_WEIGHT);
	const UsStepSpec *impute = find_step(entry, US_STEP_IMPUTE);
	UsPart	   *part;

	feature->name = pstrdup(c->name);
	feature->type_name = pstrdup(c->type_name);
	feature->kind = c->kind;
	feature->zoned = c->zoned;
	feature->dim = c->dim;
	feature->weight = weight ? weight->number : 1;
	switch (c->kind)
	{
		case US_KIND_NUMBER:
		case US_KIND_BOOLEAN:
		case US_KIND_DURATION:
			part = add_part(encoder, &us_part_number, f, column, frame);
			part->learning = plan_chain(encoder, part, entry);
			break;
		case US_KIND_CATEGORY:
			plan_category(encoder, add_part(encoder, NULL, f, column, frame), entry);
			break;
		case US_KIND_TAGS:
			us_tags_ask(add_part(encoder, &us_part_multihot, f, column, frame),
						block_spec(entry, US_STEP_MULTIHOT));
			break;
		case US_KIND_VECTOR:
			us_vector_ask(add_part(encoder, &us_part_vector, f, column, frame),
						  find_step(entry, US_STEP_STANDARD) != NULL,
						  find_step(entry, US_STEP_NONE) != NULL);
			break;
		case US_KIND_TIME:
			plan_time(encoder, f, column, frame, entry);
			break;
	}
	if (impute && impute->impute == US_IMPUTE_INDICATOR)
		add_part(encoder, &us_part_missing, f, column, frame);
}

bool
us_part_fits(uint8 type, UsKind kind)
{
	switch (type)
	{
		case US_PART_NUMBER:
			return (NUMBERS & KIND(kind)) != 0;
		case US_PART_ONEHOT:
		case US_PART_LEVEL:
			return kind == US_KIND_CATEGORY;
		case US_PART_MULTIHOT:
			return kind == US_KIND_TAGS;
		case US_PART_VECTOR:
			return kind == US_KIND_VECTOR;
		case US_PART_AGE:
		case US_PART_CYCLIC:
			return kind == US_KIND_TIME;
		default:
			return true;		/* missing */
	}
}

void
us_plan_encoder(UsEncoder *encoder, const UsFrame *frame, const UsTransform *transform)
{
	static const UsTransform nothing = {0, NULL, false};
	bool	   *used;
	int			f = 0;

	if (transform == NULL)
		transform = &nothing;
	used = palloc0(sizeof(bool) * Max(transform->n, 1));
	for (int i = 0; i < frame->ncolumns; i++)
		encoder->nfeatures += frame->column[i].role == US_ROLE_FEATURE;
	encoder->feature = palloc0(sizeof(UsFeature) * Max(encoder->nfeatures, 1));
	encoder->part = palloc0(sizeof(UsPart) * Max(encoder->nfeatures * US_MAX_FEATURE_PARTS, 1));
	for (int i = 0; i < frame->ncolumns; i++)
		if (frame->column[i].role == US_ROLE_FEATURE)
			plan_feature(encoder, f++, i, frame, entry_for(transform, &frame->column[i], used));
	for (int i = 0; i < transform->n; i++)
		if (!used[i])
			check_unused(frame, &transform->entry[i]);
}
