/*
 * least_squares.h
 *	  Linear regression from sums of products: coefficients, errors, what is told about the fit.
 *
 * Columns stand relative to centres (any numbers near their means), so that sums of products of data
 * far from 0 keep their digits.  The sums are exact and the algebra has 32 digits (math/eliminate.h).
 */
#ifndef US_LEAST_SQUARES_H
#define US_LEAST_SQUARES_H

#include "math/eliminate.h"

/* sqrt(1 - R^2) of a column on those before it, up to which it counts as a combination of them */
#define US_ALIAS_TOLERANCE	1e-11

/* What is known of n rows of p columns x and one y; m = intercept + p + 1 columns, in this order. */
typedef struct UsCrossSums
{
	int			p;
	bool		intercept;
	int64		n;				/* rows */
	double		weight;			/* of all rows */
	double		log_weight;		/* sum of log weight: 0 without weights */
	UsDd	   *a;				/* [m][m], full: sums of weight * product */
	double	   *centre;			/* [p + 1] that were taken from x and y */
} UsCrossSums;

typedef struct UsLeastSquares
{
	int			p;
	bool		intercept;
	int			m;				/* intercept + p: columns of the algebra */
	int			rank;			/* of them, the intercept included */
	bool	   *dropped;		/* [m] */
	UsDd	   *b;				/* [m] for columns relative to their centres */
	double	   *inverse;		/* [m][m]: (X'WX)^-1, in the order of the columns; 0 where dropped */
	UsElimination *e;
	int		   *order;			/* [m]: column that stands at a place of e */
	double		rss;			/* weighted sum of squared residuals */
	double		tss;			/* around the mean; around 0 without intercept */
	int			df_model;
	int64		df_resid;
	double		sigma2;			/* NaN where df_resid is 0 */
	double		r2;				/* NaN where tss is 0 */
	double		adjusted_r2;
	double		f;
	double		f_p;
	double		log_likelihood; /* of normal errors; NaN where rss is 0 */
	double		aic;
	double		bic;
	double		condition;		/* of the columns, centred and scaled to length 1 */
} UsLeastSquares;

/*
 * The fit, in the current memory context.  last, if not NULL, is a set of columns [p] to be eliminated
 * after the others of a run of neighbours: run[p] numbers the runs.  They are so the first to be dropped
 * as a combination.
 */
extern UsLeastSquares *us_least_squares(const UsCrossSums *s, const bool *last, const int *run);

/* Columns 0 .. intercept + p - 1 in the order in which they are eliminated, for the same last and run; palloc'd. */
extern int *us_elimination_order(int p, bool intercept, const bool *last, const int *run);

/* Solve X'WX x = g in the order of the columns: x[m]. */
extern void us_least_squares_solve(const UsLeastSquares *l, const UsDd *g, UsDd *x);

/* Set rss, known better than from the sums, and what follows from it. */
extern void us_least_squares_set_rss(UsLeastSquares *l, const UsCrossSums *s, double rss);

/* The largest root of a variance inflation factor: digits that the sums lose, as a factor. */
extern double us_least_squares_inflation(const UsLeastSquares *l, const UsCrossSums *s);

#endif
