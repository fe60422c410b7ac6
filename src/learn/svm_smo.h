/*
 * svm_smo.h
 *	  Support vector machines with kernels, exactly, by sequential minimal optimisation.
 */
#ifndef US_SVM_SMO_H
#define US_SVM_SMO_H

#include "learn/svm_descent.h"
#include "learn/svm_kernel.h"

/* Bytes that us_svm_smo takes beside the rows, with a cache of the fewest rows and of all. */
extern Size us_svm_smo_bytes(int64 n, bool all);

/*
 * The minimum of the problem in the space of the kernel; intercept free.  s->alpha [n] is where it
 * ended, signed as y for classes too: the decision value is the sum of alpha_i K(x_i, .) + b; it starts at 0, w is not
 * used.  passes are steps / n.  f[n], if not NULL, gets the decision values of rows of left_out.
 *
 * J. Platt, "Fast training of support vector machines using sequential minimal optimization", 1999; pairs are
 * chosen as in R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order information",
 * JMLR 6 (2005), algorithm 2; rows that are sure to stay at their bound are set aside (T. Joachims, "Making
 * large-scale SVM learning practical", 1999).  Rows of the kernel matrix are kept as far as the budget goes.
 */
extern void us_svm_smo(const UsSvmProblem *p, const UsSvmKernel *kernel, UsSvmSolution *s, double *f,
					   UsBudget *budget);

#endif
