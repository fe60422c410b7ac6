/*
 * svm_kernel.h
 *	  Kernels of support vector machines.
 */
#ifndef US_SVM_KERNEL_H
#define US_SVM_KERNEL_H

#include <math.h>

#include "math/exp_lanes.h"

typedef enum UsSvmKernelKind
{
	US_SVM_LINEAR = 0,			/* stored */
	US_SVM_RBF = 1,				/* exp(-gamma |a - b|^2) */
	US_SVM_POLYNOMIAL = 2		/* (gamma a'b + coef0)^degree */
} UsSvmKernelKind;

typedef struct UsSvmKernel
{
	UsSvmKernelKind kind;
	double		gamma;
	double		coef0;
	int			degree;
} UsSvmKernel;

/* The kernel from a'b and the squared lengths of a and b. */
static inline double
us_svm_kernel(const UsSvmKernel *k, double product, double a2, double b2)
{
	double		base;
	double		power = 1;

	if (k->kind == US_SVM_RBF)
	{
		base = a2 + b2 - 2 * product;
		return exp(-k->gamma * (base > 0 ? base : 0));
	}
	if (k->kind == US_SVM_LINEAR)
		return product;
	base = k->gamma * product + k->coef0;
	for (int i = 0; i < k->degree; i++)
		power *= base;
	return power;
}

/*
 * Products v[n] of a with other rows, of squared lengths b2[n], become the kernels; equal to us_svm_kernel() but for the last
 * digits.  v is aligned to US_BLOCK_ALIGN and has room for a multiple of US_HALF_LANES.
 */
US_INLINE void
us_svm_kernels(const UsSvmKernel *k, double a2, const double *b2, double *v, int n)
{
	if (k->kind != US_SVM_RBF)
	{
		for (int i = 0; i < n; i++)
			v[i] = us_svm_kernel(k, v[i], a2, b2[i]);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		double		distance = a2 + b2[i] - 2 * v[i];

		v[i] = distance > 0 ? -k->gamma * distance : 0;
	}
	for (int i = n; i % US_HALF_LANES != 0; i++)
		v[i] = 0;
	for (int i = 0; i < n; i += US_HALF_LANES)
		us_exp_lanes((UsDoubleLanes *) (v + i));
}

#endif
