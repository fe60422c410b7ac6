/*
 * encode_part.h
 *	  Inside the encoder: a feature is encoded by one or more parts, each of
 *	  which owns neighbouring encoded columns.
 *
 * "signup": age in days is one part, {"cyclic": [...]} another, "signup=missing" a third.
 * Each type of part is one table of functions in its own file.  Learning is a
 * sequence of passes over the frame: begin says whether the part needs another one,
 * consume takes in a chunk.
 */
#ifndef US_ENCODE_PART_H
#define US_ENCODE_PART_H

#include "data/encode.h"
#include "data/encode_form.h"
#include "data/encode_levels.h"
#include "data/encode_step.h"
#include "data/transform.h"
#include "math/exact_sum.h"

typedef struct UsPartOps UsPartOps;
typedef struct UsChainLearner UsChainLearner;

typedef struct UsPart
{
	const UsPartOps *ops;
	int			feature;
	int			first;			/* its first encoded column */
	int			width;			/* 0: dropped */
	double		weight;			/* of the feature: total variance of the part, where it is scaled */
	int			column;			/* of the frame it is bound to, or -1 */
	const UsColumn *frame_column;	/* the same */
	int			dim;			/* VECTOR: of the feature */
	bool		training;		/* the encoder as learned, for the rows it was learned on */
	UsChain		chain;			/* parts of one column */
	double		scale;			/* blocks: factor of all columns */
	UsLevels   *levels;			/* categories and tags */
	int		   *slot;			/* bound: code of the frame's dictionary → level or US_LEVEL_OTHER */
	void	   *own;			/* what only this type of part knows */
	void	   *learning;		/* while it learns */
} UsPart;

/* What a part wants of the next pass. */
typedef enum UsPass
{
	US_PASS_NONE,				/* nothing: it has learned */
	US_PASS_READ,
	US_PASS_WAIT				/* memory that others hold now */
} UsPass;

/* What parts share while they learn. */
typedef struct UsLearn
{
	UsEncoder  *encoder;
	UsFrame    *frame;
	uint64		seed;
	UsBudget   *budget;
	bool		alone;			/* nobody else holds memory: waiting is of no use */
	double		weight_unit;	/* weights in selections are integers: rint(w * weight_unit) */
	int64	   *iweight;		/* US_CHUNK_ROWS of them */
	const double *chunk_weight; /* of the chunk at hand, or NULL */
	const int64 *chunk_iweight; /* the same */
	double	   *scratch;		/* US_CHUNK_ROWS numbers each */
	double	   *scratch2;
} UsLearn;

struct UsPartOps
{
	uint8		type;			/* in the stored format */
	const char *name;			/* in reports */

	/* Learning.  sample (or NULL) sees some rows before the first pass. */
	void		(*sample) (UsPart *part, UsLearn *learn, const UsChunk *chunk, int nrows);
	UsPass		(*begin) (UsPart *part, UsLearn *learn);
	void		(*consume) (UsPart *part, UsLearn *learn, const UsChunk *chunk);

	/* Set width, and give a name and statistics to each column with us_encoder_add_column(). */
	void		(*finish) (UsPart *part, UsLearn *learn);

	/* Encode.  out and x point to the first column of the part; row gives US_FLAG_*. */
	void		(*chunk) (const UsPart *part, const UsChunk *chunk, double *out, int stride);
	uint8		(*row) (const UsPart *part, const UsValue *value, double *x);

	double		(*invert) (const UsPart *part, int j, double x);
	void		(*report) (const UsPart *part, UsReport *object);

	/* The form of its column j, but for the feature; form is zeroed. */
	void		(*form) (const UsPart *part, int j, UsForm *form);

	/* The stored form of what is special to the type; column names and widths are stored by the caller. */
	void		(*write) (const UsPart *part, UsWriter *w);
	void		(*read) (UsPart *part, UsReader *r);
};

/* Limits, of learning and of reading. */
#define US_MAX_WIDTH			1000000
#define US_MAX_FEATURE_PARTS	3
#define US_MAX_DIM				65535
#define US_NATIVE_LEVELS		255

/* Types of parts, as stored. */
#define US_PART_NUMBER		1
#define US_PART_MISSING		2
#define US_PART_ONEHOT		3
#define US_PART_LEVEL		4	/* ordinal, frequency, target */
#define US_PART_MULTIHOT	5
#define US_PART_VECTOR		6
#define US_PART_AGE			7
#define US_PART_CYCLIC		8

extern const UsPartOps us_part_number;
extern const UsPartOps us_part_missing;
extern const UsPartOps us_part_onehot;
extern const UsPartOps us_part_level;
extern const UsPartOps us_part_multihot;
extern const UsPartOps us_part_vector;
extern const UsPartOps us_part_age;
extern const UsPartOps us_part_cyclic;

/*
 * What is asked of a new part, before it learns; impute is NULL where NULL is a level, spec of
 * an age is NULL for the defaults.
 */
extern void us_onehot_ask(UsPart *part, const UsStepSpec *spec, const UsStepSpec *impute);
extern void us_level_ask(UsPart *part, const UsStepSpec *spec, const UsStepSpec *impute,
						 UsChainLearner *chain);
extern void us_tags_ask(UsPart *part, const UsStepSpec *spec);
extern void us_vector_ask(UsPart *part, bool standard, bool unscaled);
extern void us_age_ask(UsPart *part, const UsStepSpec *spec, bool zoned, UsChainLearner *chain);
extern void us_cyclic_ask(UsPart *part, const UsStepSpec *spec, bool zoned);

/* Whether a part of type LEVEL gives training rows the value of the other folds. */
extern bool us_level_out_of_fold(const UsPart *part);

/* LEVEL: the number of values of a native column, 0 if it is none; the text of one, NULL for the other levels. */
extern int	us_level_native(const UsPart *part);
extern const char *us_level_text(const UsPart *part, int level);

/* A flag of 0 or 1; a finite number; a scale, finite and above 0. */
extern bool us_read_bool(UsReader *r);
extern double us_read_finite(UsReader *r);
extern double us_read_scale(UsReader *r);

/* A column that is ((x or fill) - a) * b. */
typedef struct UsAffine
{
	int			feature;
	double		fill;
	double		a;
	double		b;
} UsAffine;

struct UsEncoder
{
	UsNullPolicy policy;
	int			nfeatures;
	UsFeature  *feature;
	int			nparts;
	UsPart	   *part;
	int			width;
	int			columns_room;
	UsEncodedColumn *column;
	int			nwarnings;
	char	  **warning;
	int		   *feature_part;	/* [nfeatures + 1]: its parts */
	UsAffine   *affine;			/* [width], if every column is a number by FILL and AFFINE; or NULL */
};

/* Make features and parts from the transform, ready to learn (encode_plan.c). */
extern void us_plan_encoder(UsEncoder *encoder, const UsFrame *frame, const UsTransform *transform);

/* Whether a type of part can encode a kind of feature. */
extern bool us_part_fits(uint8 type, UsKind kind);

/*
 * Take memory for a pass, to be released to the budget; false: wait.  Raises 53200 when
 * waiting is of no use.
 */
extern bool us_learn_take(UsLearn *learn, Size bytes);

/* Add the next encoded column of a part. */
extern void us_encoder_add_column(UsEncoder *encoder, const UsPart *part, const char *name,
								  double mean, double sd, double min, double max);

/* Add a warning about a feature. */
extern void us_encoder_warn(UsEncoder *encoder, const char *fmt,...) pg_attribute_printf(2, 3);

/* After learning or reading: sums up widths, finds the fast path. */
extern void us_encoder_prepare(UsEncoder *encoder);

/* ---- learning a chain (encode_chain.c) ---- */

/*
 * Start learning the steps IMPUTE, CLIP .. ROBUST in the order of spec into chain; name is
 * the feature, for messages.  Then, while begin says so, all values go through consume.
 */
extern UsChainLearner *us_chain_learn(UsChain *chain, const UsStepSpec *spec, int n,
									  const char *name, double weight);

/* About want of x[0 .. n), evenly spaced, for the sample that brackets the median. */
extern void us_chain_sample(UsChainLearner *l, const double *x, int n, int want);
extern UsPass us_chain_begin(UsChainLearner *l, UsLearn *learn);
extern void us_chain_consume(UsChainLearner *l, UsLearn *learn, const double *x, int n);

/* Statistics of the encoded column; false: constant, or no value at all. */
extern bool us_chain_finish(const UsChainLearner *l, double *mean, double *sd,
							double *min, double *max);

#endif
