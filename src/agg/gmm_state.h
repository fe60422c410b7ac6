/*
 * gmm_state.h
 *	  userseg.gmm_point, one row with its responsibilities under a mixture, and userseg.gmm_state, the
 *	  sums of such rows: what gmm_step builds.
 *
 * The scalar function that makes points holds the mixture; the aggregate takes the points alone
 * (one argument is what distributes cheaply).  A state is one flat varlena of fixed size,
 * changed in place while an aggregate runs.
 */
#ifndef US_GMM_STATE_H
#define US_GMM_STATE_H

#include "agg/gmm_sums.h"

#define US_GMM_POINT_NAME		"userseg.gmm_point"
#define US_GMM_POINT_VERSION	1
#define US_GMM_STATE_NAME		"userseg.gmm_state"
#define US_GMM_STATE_VERSION	1

/* Rows that one state can count. */
#define US_GMM_MAX_ROWS	(INT64CONST(1) << 48)

/* What a point and a state know of their mixture. */
typedef struct UsGmmShape
{
	uint8		version;
	uint8		covariance;		/* UsCovariance */
	bool		gridded;
	uint8		unused;			/* 0 */
	int32		k;
	int32		d;
	int32		weight_exponent;
	uint64		fingerprint;	/* of the mixture */
} UsGmmShape;

typedef struct UsGmmPoint
{
	int32		vl_len_;
	int32		unused;			/* 0 */
	UsGmmShape	shape;
	double		weight;			/* > 0; gridded: a multiple of 2^-40, at least 0 and at most 1 */
	double		density;		/* log density of the mixture */
	double		value[FLEXIBLE_ARRAY_MEMBER];	/* r[k]: responsibilities times weight, y[d] */
} UsGmmPoint;

typedef struct UsGmmState
{
	int32		vl_len_;
	int32		pending;		/* rows whose products are still in lanes */
	UsGmmShape	shape;
	UsGmmSums	sums;

	/*
	 * While points are added, sums in lanes follow (math/gmm_row.h).  They are not in states that
	 * are final, merged or read.
	 */
} UsGmmState;

StaticAssertDecl(offsetof(UsGmmPoint, value) == 48, "header of userseg.gmm_point has padding");
StaticAssertDecl(offsetof(UsGmmState, sums) == 32, "header of userseg.gmm_state has padding");

/* A mixture ready to judge single rows. */
typedef struct UsGmmJudge
{
	const UsMixture *mixture;
	UsGmmRow   *row;
	double	   *y;				/* [d]: the row judged last, units of the grid */
} UsGmmJudge;

/* Room for judging rows by m, which must live as long; in the current memory context. */
extern UsGmmJudge *us_gmm_judge(const UsMixture *m);

/*
 * Judge x[d]: rounded to the grid if round.  Log densities of the components times their weights are in
 * row->r.  22023 for NaN or infinity.  Returns us_mixture_place.
 */
extern int	us_gmm_judge_densities(UsGmmJudge *j, const double *x, bool round);

/* From these the responsibilities times weight w, and the log density of the mixture, returned. */
extern double us_gmm_judge_responsibilities(UsGmmJudge *j, double w);

/*
 * The point of a row x[d] of weight w in the current memory context; NULL for weight 0.  22023:
 * NaN or infinity in x, a weight that is negative, NaN or infinite.  22003: for a plain
 * mixture, a value 2^17 times as far out as its components reach.
 */
extern UsGmmPoint *us_gmm_point_make(UsGmmJudge *j, const double *x, double w);

/*
 * An empty state for points of this shape, 54000 if it were larger than 1 GB.  One that is begun
 * has lanes, with which points are added faster.
 */
extern UsGmmState *us_gmm_state_new(const UsGmmShape *shape);
extern UsGmmState *us_gmm_state_begin(const UsGmmShape *shape);

/*
 * Add a point, or another state; s is changed.  22023 if they are of another mixture; 22003
 * when a sum is out of range.
 */
extern void us_gmm_state_add(UsGmmState *s, const UsGmmPoint *p);
extern void us_gmm_state_merge(UsGmmState *s, const UsGmmState *other);

/* Has the state lanes?  Then the values below are those of its canonical copy only. */
extern bool us_gmm_state_is_open(const UsGmmState *s);

/* A copy in canonical form, without lanes: equal bytes for equal sums. */
extern UsGmmState *us_gmm_state_sealed(const UsGmmState *s);

/* Weight of component i in the user's units: the sum of the responsibilities. */
extern double us_gmm_state_weight(const UsGmmState *s, int i);

/* 22023 unless the state is of rows judged by m. */
extern void us_gmm_state_check(const UsGmmState *s, const UsMixture *m);

/* Payloads, and the values of payloads; 22P03 if they are not valid. */
extern void us_gmm_point_write(const UsGmmPoint *p, UsWriter *w);
extern UsGmmPoint *us_gmm_point_read(UsReader *r);
extern void us_gmm_state_write(const UsGmmState *s, UsWriter *w);
extern UsGmmState *us_gmm_state_read(UsReader *r);

#endif
