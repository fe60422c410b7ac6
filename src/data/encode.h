/*
 * encode.h
 *	  Preprocessing that is learned at training, stored in the model and replayed
 *	  at scoring: from typed columns to one vector of float8.
 *
 * The same arithmetic runs on chunks (training, bulk scoring) and on single rows
 * (scoring in SQL): results are equal bit for bit.
 */
#ifndef US_ENCODE_H
#define US_ENCODE_H

#include "data/frame.h"
#include "infra/buffer.h"
#include "infra/report.h"

typedef struct UsEncoder UsEncoder;
typedef struct UsTransform UsTransform;	/* data/transform.h */

typedef enum UsNullPolicy
{
	US_NULL_IMPUTE,
	US_NULL_ERROR,
	US_NULL_SKIP
} UsNullPolicy;

/* An input column of the model. */
typedef struct UsFeature
{
	char	   *name;			/* server encoding; UTF-8 in the stored form */
	char	   *type_name;		/* at training */
	UsKind		kind;
	bool		zoned;			/* TIME */
	int			dim;			/* VECTOR */
	int			first;			/* its first encoded column */
	int			width;			/* number of encoded columns: 0 when the feature was dropped (constant) */
	double		weight;
} UsFeature;

/* An encoded column, with its statistics over the (weighted) training rows. */
typedef struct UsEncodedColumn
{
	char	   *name;			/* "spend", "country=FR", "country=(other)", "signup.age", "tags:sale", "v[3]" */
	int			feature;
	double		mean;
	double		sd;				/* population */
	double		min;
	double		max;
} UsEncodedColumn;

/* The value of one feature of one row to be scored (data/record.c fills it). */
typedef struct UsValue
{
	bool		isnull;
	double		number;			/* NUMBER, BOOLEAN, TIME, DURATION; NaN or infinite: taken as NULL and noted */
	const char *text;			/* CATEGORY: bytes in the server encoding */
	int			len;
	int			n;				/* TAGS, VECTOR: number of items */
	const char *const *item;	/* TAGS */
	const int  *item_len;
	const double *vector;		/* VECTOR */
} UsValue;

/* What happened to one row. */
typedef struct UsRowNotes
{
	int			n_imputed;		/* NULL features that were imputed */
	int			n_unseen;		/* categories or tags not seen in training */
	int			n_not_finite;	/* NaN or infinity taken as NULL */
	int			n_bad_dim;		/* vectors of another length, taken as NULL */
	int			n_clamped;		/* values without a logarithm, taken as the training minimum */
	int			first_null;		/* feature index of the first NULL, or -1 */
	uint8	   *feature_flags;	/* [nfeatures], room given by the caller, or NULL: US_FLAG_* of each */
} UsRowNotes;

/* Bits of UsRowNotes.feature_flags. */
#define US_FLAG_IMPUTED		1
#define US_FLAG_UNSEEN		2
#define US_FLAG_NOT_FINITE	4
#define US_FLAG_BAD_LENGTH	8
#define US_FLAG_CLAMPED		16

/*
 * Learn the encoder of all FEATURE columns of a frame, in the current memory
 * context, in a few passes.  transform may be NULL.  The policy is only kept:
 * rows it leaves out are not in the frame.  The seed decides the folds of
 * target encoding.  What is learned depends on the set of rows, not on their order.
 *
 * Raises 42703 for a transform of an unknown feature (listing what exists),
 * 22023 for a step that does not fit its feature, "log1p" of values <= -1, a frame without
 * rows, and when nothing is left: every feature is constant or NULL.
 */
extern UsEncoder *us_encoder_learn(UsFrame *frame, const UsTransform *transform,
								   UsNullPolicy policy, uint64 seed, UsBudget *budget);

/*
 * The encoder for the chunks of another frame, such as the rows of an evaluation: columns are
 * found by name, levels by their bytes.  It shares what it can with encoder, which must
 * live as long, and target encoding uses the value of all training rows.  Raises 42703 and
 * 42804 for a column that is missing or of another kind.
 */
extern UsEncoder *us_encoder_bind(const UsEncoder *encoder, const UsFrame *frame);

/*
 * rows[nfeatures]: rows of the frame that the encoder is bound to whose category, or one of whose
 * tags, was not seen in training; 0 for features of other kinds.
 */
extern void us_encoder_unseen(const UsEncoder *encoder, UsFrame *frame, int64 *rows);

/* What should be told about the learning: dropped columns, levels without a column, ... */
extern int	us_encoder_nwarnings(const UsEncoder *encoder);
extern const char *us_encoder_warning(const UsEncoder *encoder, int i);

/*
 * Encode the rows of a chunk of the frame that the encoder was learned on.
 * out: [width][stride], column-major.  Target-encoded features use the
 * out-of-fold value of the row (its fold follows from its key).
 */
extern void us_encoder_apply_chunk(const UsEncoder *encoder, const UsChunk *chunk,
								   double *out, int stride);

/*
 * Encode one row: value[nfeatures] in the order of us_encoder_feature, x[width].
 * notes (or NULL) is filled; its feature_flags stays the caller's pointer.
 */
extern void us_encoder_apply_row(const UsEncoder *encoder, const UsValue *value,
								 double *x, UsRowNotes *notes);

/* Whether us_encoder_apply_chunk gives some training rows other values than us_encoder_apply_row. */
extern bool us_encoder_out_of_fold(const UsEncoder *encoder);

/* What it is: policy for NULL, encoded columns, features, and each of these. */
extern UsNullPolicy us_encoder_null_policy(const UsEncoder *encoder);
extern int	us_encoder_width(const UsEncoder *encoder);
extern int	us_encoder_nfeatures(const UsEncoder *encoder);
extern const UsFeature *us_encoder_feature(const UsEncoder *encoder, int i);
extern const UsEncodedColumn *us_encoder_column(const UsEncoder *encoder, int j);

/*
 * Of an encoded column that holds levels of a category by number ("native"): how many numbers there are, the
 * last one for all levels without one of their own; 0 for other columns.  And the text of
 * one of them, NULL for the last.
 */
extern int	us_encoder_levels(const UsEncoder *encoder, int j);
extern const char *us_encoder_level_text(const UsEncoder *encoder, int j, int level);

/* The value in the units of the source for encoded column j: the inverse of its invertible steps. */
extern double us_encoder_invert(const UsEncoder *encoder, int j, double x);

/*
 * Encoded column j as (u - a) * b, where u is in the units of the source, or, where a step of its
 * encoding is no straight line, what that step gives; unit, if not NULL, gets a name for u, such as
 * "spend" or "log1p(spend)".
 */
extern void us_encoder_linear(const UsEncoder *encoder, int j, double *a, double *b, char **unit);

/* Whether column j is one of the levels of a category that has a column each, and the first of them. */
extern bool us_encoder_is_level(const UsEncoder *encoder, int j, bool *first);

/* What was learned, feature by feature, for details and userseg.feature_info. */
extern UsReport *us_encoder_report(const UsEncoder *encoder);

/* Stored form: little-endian, strings in UTF-8; read validates everything (22P03). */
extern void us_encoder_write(const UsEncoder *encoder, UsWriter *w);
extern UsEncoder *us_encoder_read(UsReader *r);

#endif
