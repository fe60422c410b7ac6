/*
 * cross_state.h
 *	  userseg.gram and userseg.logistic_state: sums of products of columns over rows, mergeable.
 *
 * A row is a vector of m numbers, a factor, and some more numbers: the state has the sums of
 * factor * v_i * v_j of all pairs, and the sums of the others.  All sums are exact (windows of the
 * chunks of math/exact_sum.h, the same for all, which grow with the values), but that factor * v_i is
 * rounded once a row where the factor is not 1.  So states of the same rows are equal, whatever the
 * order and grouping of the rows.
 *
 * A state is one flat varlena, changed in place while an aggregate runs; one that leaves an aggregate is
 * sealed: equal bytes for equal sums.
 */
#ifndef US_CROSS_STATE_H
#define US_CROSS_STATE_H

#include "infra/buffer.h"
#include "stat/least_squares.h"

#define US_CROSS_STATE_VERSION	1

/* columns of x */
#define US_CROSS_MAX_D		1500

/* The numbers are stored in data: they never change. */
typedef enum UsCrossKind
{
	US_CROSS_GRAM = 1,			/* v = 1, x, y; more: weight, log weight */
	US_CROSS_LOGISTIC = 2		/* v = 1, x; factor: weight * p (1 - p); more: gradient, log likelihood, weight */
} UsCrossKind;

/* One row, as the one-argument aggregates take it: userseg.gram_row, userseg.logistic_row. */
typedef struct UsCrossRow
{
	int32		vl_len_;
	uint8		version;
	uint8		kind;
	bool		weighted;		/* the factor is a weight that was given */
	bool		intercept;		/* v begins with that of the intercept */
	int32		m;
	int32		more;
	uint64		fingerprint;	/* of the coefficients, 0 for US_CROSS_GRAM */
	double		factor;
	double		value[FLEXIBLE_ARRAY_MEMBER];	/* [m], then [more] */
} UsCrossRow;

StaticAssertDecl(offsetof(UsCrossRow, value) == 32, "header of a row of products has padding");

typedef struct UsCrossState
{
	int32		vl_len_;
	uint8		version;
	uint8		kind;
	bool		weighted;
	bool		intercept;
	int32		m;
	int32		more;
	int32		low;			/* first chunk of the window */
	int32		chunks;			/* its length, with one chunk above the largest value */
	uint64		fingerprint;
	int64		rows;
	int64		pending;		/* rows since the last carry */
	int64		data[FLEXIBLE_ARRAY_MEMBER];	/* [m (m + 1) / 2 + more][chunks] */
} UsCrossState;

StaticAssertDecl(offsetof(UsCrossState, data) == 48, "header of a state of products has padding");

/* The name of the type of a kind of state, or of row. */
extern const char *us_cross_state_name(UsCrossKind kind);
extern const char *us_cross_row_name(UsCrossKind kind);

/* A row in the current memory context, its numbers to be filled in. */
extern UsCrossRow *us_cross_row_new(UsCrossKind kind, int m, int more);

/* Check x[d] and weight of a user's row: 22023 for no columns or too many, NaN, infinity, a negative weight. */
extern void us_cross_check(const double *x, int d, double weight);

/*
 * Add a row: s (NULL: none yet) is changed in place and returned, or a larger copy of it.  22023 if the row
 * does not fit the ones before, 22003 for a product beyond the range of double.
 */
extern UsCrossState *us_cross_add(UsCrossState *s, const UsCrossRow *row);

/* Add another state; the same errors, and 22003 if they count too many rows. */
extern UsCrossState *us_cross_merge(UsCrossState *s, const UsCrossState *other);

/* A copy for storage, canonical. */
extern UsCrossState *us_cross_seal(const UsCrossState *s);

/* The sum of products i and j, and sum k of the others, to 106 bits. */
extern UsDd us_cross_product(const UsCrossState *s, int i, int j);
extern UsDd us_cross_more(const UsCrossState *s, int k);

/* What a gram says, for least squares; centre[p + 1] was taken from its columns before (NULL: zeros). */
extern UsCrossSums *us_cross_sums(const UsCrossState *s, const double *centre);

/* Payloads; read raises 22P03 if one is not valid, or of another kind. */
extern void us_cross_write(const UsCrossState *s, UsWriter *w);
extern UsCrossState *us_cross_read(UsReader *r, UsCrossKind kind);
extern void us_cross_row_write(const UsCrossRow *row, UsWriter *w);
extern UsCrossRow *us_cross_row_read(UsReader *r, UsCrossKind kind);

#endif
