/*
 * svm_newton_pass.h
 *	  What Newton's method for support vector machines knows, and its passes over the rows; for svm_newton*.c.
 */
#ifndef US_SVM_NEWTON_PASS_H
#define US_SVM_NEWTON_PASS_H

#include "learn/svm_newton.h"

/* rows that are added to the Hessian together, without LAPACK and with it */
#define US_SVM_PACK			8
#define US_SVM_PACK_LARGE	256

typedef struct UsSvmNewton
{
	const UsSvmProblem *p;
	const UsSvmFeatures *x;
	UsSvmSolution *s;
	int			n;				/* rows: the first ones */
	int			size;			/* rank + 1, the intercept last */
	double		sharpness;		/* sigma */
	double		unit;			/* of y - f */
	double		mean_cost;

	/* [all rows, padded with rows without cost] */
	double	   *y;
	double	   *cost;			/* 0: takes no part */
	double	   *f;
	double	   *df;				/* of the direction */
	double	   *centre;			/* a; NULL for squared losses */
	bool		fresh;			/* f is that of w, but for rounding of its own */

	/* of a pass: indexed by the sign of the multipliers */
	double	   *side[2];		/* [stride]: sum of multiplier * values */
	double		total[2];		/* of multipliers */
	double		linear[2];		/* sum of y b - epsilon |b| */
	double		square[2];		/* sum of b^2 / (4 cost), squared losses */
	double		losses;
	double		bound;			/* no objective is lower */
	double		apart;			/* part of the gap that ends with the round */
	int			ld;				/* of pack and gram: p + 1, padded */
	int			most_packed;
	int			packed;
	double	   *pack;			/* [most_packed][ld]: rows times the root of their slope, and that */
	double	   *gram;			/* [ld][ld]: their sum of products, one triangle, then all */

	double	   *value;			/* [ld]: scratch */
	double	   *down[2];		/* [size]: side, in weights */
	double	   *gradient;		/* [size] */
	double	   *direction;		/* [size] */
	double	   *best_w;			/* [size]: weights and intercept of */
	double		best;			/* the smallest objective until now */
	double	   *hessian;		/* [size][size] */
	double	   *triangle;		/* packed, without LAPACK */
	double	   *product;		/* [rank][p], with a map */
	double		work;			/* rows visited */
} UsSvmNewton;

/* The sums of a pass at f: by multipliers and their slopes. */
extern void us_svm_newton_sums(UsSvmNewton *m);

/* out[n] = features of the rows times w + plus. */
extern void us_svm_newton_decide(UsSvmNewton *m, const double *w, double plus, double *out);

/* f += t df. */
extern void us_svm_newton_move(UsSvmNewton *m, double t);

/* First and second derivative of the losses (their envelopes) at f + t df along df. */
extern void us_svm_newton_slopes(const UsSvmNewton *m, double t, double *first, double *second);

/* out[n, padded]: the multipliers at f; out may be centre or df. */
extern void us_svm_newton_multipliers(const UsSvmNewton *m, double *out);

#endif
