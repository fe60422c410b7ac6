/*
 * svm_plan.h
 *	  Parameters of support vector machines, and by which method they are trained.
 */
#ifndef US_SVM_PLAN_H
#define US_SVM_PLAN_H

#include "learn/svm_descent.h"
#include "learn/svm_kernel.h"

typedef enum UsSvmMethod
{
	US_SVM_BY_DESCENT,			/* linear, coordinate by coordinate */
	US_SVM_BY_NEWTON,			/* linear */
	US_SVM_BY_LANDMARKS,		/* an approximated kernel, by Newton's method */
	US_SVM_BY_PAIRS				/* an exact kernel */
} UsSvmMethod;

typedef struct UsSvmPlan
{
	UsSvmProblem problem;		/* but for rows, y, fold, spread */
	UsSvmKernel kernel;
	UsSvmMethod method;
	int			components;		/* landmarks */
	bool		calibrate;
	int			folds;
} UsSvmPlan;

extern const UsParamSpec us_svm_params[];

/* Decision functions of a target. */
extern int	us_svm_outputs(const UsTarget *t);

/* Read the parameters, choose the method by rows, columns and what is left of the budget; tell details, warn. */
extern void us_svm_plan(const UsFitInput *input, UsFitResult *result, UsReport *details, UsSvmPlan *plan);

/* Bytes that a training takes; useful: with what it would like to have. */
extern Size us_svm_plan_bytes(const UsSvmPlan *plan, int64 n, int width, int outputs, bool useful);

/* us_svm_plan_bytes by parameters alone: the entry of the vtable. */
extern uint64 us_svm_memory(const UsParams *params, int64 nrows, int width);

#endif
