/*
 * svm_kernel.h
 *	  Kernels of support vector machines.
 */
#ifndef US_SVM_KERNEL_H
#define US_SVM_KERNEL_H

#include <math.h>

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

#endif
