/*
 * svm_descent.h
 *	  Linear support vector machines by dual coordinate descent.
 */
#ifndef US_SVM_DESCENT_H
#define US_SVM_DESCENT_H

#include "learn/svm_rows.h"

typedef enum UsSvmIntercept
{
	US_SVM_FREE,				/* not penalised */
	US_SVM_PENALISED,			/* as one more weight, of a column of ones */
	US_SVM_ABSENT
} UsSvmIntercept;

/*
 * Minimise w'w / 2 (+ b b / 2 where the intercept is penalised) + sum of cost_i loss_i, cost_i = C weight_i, where
 * loss_i is max(0, 1 - y_i f_i) of classes y = +-1, max(0, |y_i - f_i| - epsilon) of numbers, or its square.
 */
typedef struct UsSvmProblem
{
	const UsSvmRows *rows;
	const double *y;			/* [n]: +-1, or number */
	const uint8 *fold;			/* [n]: rows of left_out take no part; or NULL */
	int			left_out;
	bool		regression;
	bool		squared;
	double		C;
	double		epsilon;
	UsSvmIntercept intercept;
	double		tolerance;		/* of the duality gap, beside the objective */
	int64		max_iter;		/* passes over the rows */
	uint64		seed;
	double		spread;			/* of y: the unit of b and of violations */
} UsSvmProblem;

typedef struct UsSvmSolution
{
	double	   *alpha;			/* [n]: from where to start, >= 0, or signed of numbers; and where it ended */
	double	   *w;				/* [stride] */
	double		b;
	double		objective;		/* of (w, b) */
	double		gap;			/* the minimum is no lower than objective - gap */
	int64		passes;
	bool		converged;
	int64		support;		/* rows with alpha other than 0 */
} UsSvmSolution;

/* Bytes that us_svm_descend takes beside the rows. */
extern Size us_svm_descent_bytes(int64 n, int width);

/* A solution with room for alpha[n] and w[stride], all 0. */
extern UsSvmSolution *us_svm_solution_create(int n, int stride, UsArena *arena);

/*
 * The minimum, to the tolerance or the last pass allowed.  Hsieh, Chang, Lin, Keerthi, Sundararajan, "A dual
 * coordinate descent method for large-scale linear SVM", ICML 2008, algorithms 1 and 3; Ho, Lin, "Large-scale
 * linear support vector regression", JMLR 13 (2012), algorithm 4.
 *
 * They penalise the intercept.  A free one is found by proximal steps: the penalty is (b - b_k)^2 rho / 2
 * around the intercept b_k before (Rockafellar, "Monotone operators and the proximal point algorithm",
 * SIAM J. Control 14, 1976), which vanishes at the end.
 */
extern void us_svm_descend(const UsSvmProblem *p, UsSvmSolution *s, UsBudget *budget);

/* What the rows of left_out get: f[i] for them. */
extern void us_svm_values(const UsSvmProblem *p, const UsSvmSolution *s, double *f);

#endif
