/*
 * svm_newton.h
 *	  Linear support vector machines by Newton's method on augmented Lagrangians.
 */
#ifndef US_SVM_NEWTON_H
#define US_SVM_NEWTON_H

#include "learn/svm_descent.h"
#include "learn/svm_features.h"

/* Bytes that us_svm_newton takes for n rows of p values. */
extern Size us_svm_newton_bytes(int64 n, int p);

/*
 * The minimum of the problem in the features x, to the tolerance, the last pass allowed or what rounding allows.
 * s: w is [rank] padded; alpha and the rest as of us_svm_descend.  warm: start from w, b and alpha, else from 0
 * (b of numbers).  held_out[n], if not NULL, gets the decision values of rows of left_out.
 *
 * Squared losses: the objective is piecewise quadratic, Newton's method with an exact line search ends after a few
 * steps (S. Keerthi, D. DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs",
 * JMLR 6, 2005; O. Chapelle, Neural Computation 19, 2007).  Others: the losses are replaced by their envelopes around
 * multipliers a_i, max over b_i of b_i (y_i - f_i) - epsilon |b_i| - (b_i - a_i)^2 / (2 sigma cost_i), which are such
 * functions; the b_i of their minimum become the a_i of the next round (Rockafellar's method of multipliers;
 * Y. Yan, Q. Li, "An efficient augmented Lagrangian method for support vector machine", Optimization
 * Methods and Software 35, 2020), and sigma grows.
 *
 * Each step costs two passes over the rows, of which only those count for the Hessian that lie between their bounds,
 * and a factorisation of rank + 1.  A cold start goes through samples of the rows, the smallest first.
 */
extern void us_svm_newton(const UsSvmProblem *p, const UsSvmFeatures *x, UsSvmSolution *s, bool warm,
						  double *held_out, UsBudget *budget);

#endif
