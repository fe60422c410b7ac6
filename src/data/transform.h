/*
 * transform.h
 *	  What the user asks of the preprocessing: the argument "transform", checked
 *	  and as a plain struct.
 *
 * {"spend": ["log1p", "standard"], "country": {"onehot": {"min_count": 20}},
 *  "age": {"impute": "median"}, "*": "none"}
 *
 * The steps are listed once, in transform.c: their names, the kinds of columns that
 * they fit and their options.
 */
#ifndef US_TRANSFORM_H
#define US_TRANSFORM_H

#include "data/frame.h"
#include "utils/jsonb.h"

/* In canonical order: the steps of an object are applied so. */
typedef enum UsStepType
{
	US_STEP_IMPUTE,
	US_STEP_AGE,
	US_STEP_CYCLIC,
	US_STEP_ONEHOT,
	US_STEP_ORDINAL,
	US_STEP_FREQUENCY,
	US_STEP_TARGET,
	US_STEP_NATIVE,
	US_STEP_MULTIHOT,
	US_STEP_CLIP,
	US_STEP_LOG1P,
	US_STEP_POWER,
	US_STEP_QUANTILE,
	US_STEP_STANDARD,
	US_STEP_MINMAX,
	US_STEP_ROBUST,
	US_STEP_NONE,
	US_STEP_WEIGHT
} UsStepType;

typedef enum UsImpute
{
	US_IMPUTE_MEDIAN,
	US_IMPUTE_MEAN,
	US_IMPUTE_INDICATOR,		/* median, and a 0/1 column "x=missing" */
	US_IMPUTE_CONSTANT,
	US_IMPUTE_MOST_FREQUENT,	/* categories */
	US_IMPUTE_LEVEL,			/* categories: NULL is a level of its own */
	US_IMPUTE_KEEP				/* NULL stays missing: for algorithms that handle it */
} UsImpute;

/* One step with its options; what is filled follows the type. */
typedef struct UsStepSpec
{
	UsStepType	type;
	UsImpute	impute;			/* IMPUTE */
	double		number;			/* IMPUTE constant; WEIGHT; AGE: seconds of the unit */
	char	   *text;			/* IMPUTE constant of a category; AGE: as_of, or NULL */
	bool		is_text;		/* IMPUTE constant: text is filled, not number */
	double		lo;				/* CLIP: infinite when open */
	double		hi;
	double		lo_quantile;	/* CLIP: probability, or NaN; then lo is learned */
	double		hi_quantile;
	bool		signed_log;		/* LOG1P: sign(x) log1p(|x|) */
	int			n;				/* QUANTILE: number of breaks */
	bool		normal;			/* QUANTILE: to the normal distribution */
	int			min_count;		/* ONEHOT, MULTIHOT, ORDINAL, FREQUENCY, TARGET, NATIVE */
	int			max_levels;		/* the same */
	bool		unscaled;		/* ONEHOT, MULTIHOT, CYCLIC: the block is left as it is */
	double		smoothing;		/* TARGET */
	int			folds;			/* TARGET */
	int			n_names;		/* ORDINAL: the order; CYCLIC: the parts */
	char	  **names;
} UsStepSpec;

typedef struct UsTransformEntry
{
	char	   *feature;		/* a column, "*", or "*number" and so on */
	int			nsteps;
	UsStepSpec *step;			/* in the order of application */
} UsTransformEntry;

typedef struct UsTransform
{
	int			n;
	UsTransformEntry *entry;
	bool		native;			/* missing values and categories may reach the algorithm as they are */
} UsTransform;

/*
 * Check the grammar and make the struct, in the current memory context; NULL or '{}'
 * gives no entries.  Raises 22023 for an unknown step, option or value, listing
 * the valid ones.  Whether the columns exist and the steps fit is seen when an
 * encoder is learned.
 */
extern UsTransform *us_transform_parse(Jsonb *jb);

/*
 * For an algorithm that handles missing values and categories itself: unless the user has
 * an entry for "*" or the kind, numbers are left as they are, NULL stays missing, and a
 * category is one column of level numbers.
 */
extern void us_transform_native(UsTransform *transform);

/* A step of that type without options. */
extern void us_step_defaults(UsStepType type, UsStepSpec *step);

/* Name of a step, as in the grammar. */
extern const char *us_step_name(UsStepType type);

#endif
