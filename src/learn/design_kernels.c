/*
 * design_kernels.c
 *	  The table of the kernels that passes over the rows can have.
 */
#include "postgres.h"

#include "learn/glm_pass.h"
#include "learn/gram_pass.h"
#include "learn/huber.h"
#include "learn/naive_bayes_pass.h"
#include "learn/softmax_pass.h"

const UsDesignKernel us_design_kernels[] = {
	[US_KERNEL_GRAM] = us_gram_kernel,
	[US_KERNEL_RESIDUAL] = us_residual_kernel,
	[US_KERNEL_HUBER] = us_huber_kernel,
	[US_KERNEL_GLM] = us_glm_kernel,
	[US_KERNEL_SOFTMAX] = us_softmax_kernel,
	[US_KERNEL_NAIVE_BAYES] = us_nb_kernel
};
