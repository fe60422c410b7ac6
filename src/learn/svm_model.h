/*
 * svm_model.h
 *	  A trained support vector machine: decision functions, and probabilities from them.
 */
#ifndef US_SVM_MODEL_H
#define US_SVM_MODEL_H

#include "learn/linear_model.h"
#include "learn/svm_kernel.h"

/* The probability of a class from its decision value f: 1 / (1 + exp(a f + b)). */
typedef struct UsSvmSigmoid
{
	double		a;				/* < 0 */
	double		b;
} UsSvmSigmoid;

/*
 * Decision function o is the linear predictor o; with another kernel than the linear one, its intercept and
 * the sum of coef[o][i] K(vector i, x).  Two classes have one, positive for the second; more have one
 * each, against the rest.
 */
typedef struct UsSvmModel
{
	UsLinearModel *linear;
	bool		calibrated;		/* the sigmoids were fitted; else a is -1, b is 0 */
	UsSvmSigmoid *sigmoid;		/* [outputs] */
	UsSvmKernel kernel;
	int			n;				/* support vectors; 0 with the linear kernel */
	double	   *vector;			/* [n][width] */
	double	   *square;			/* [n]: squared length */
	double	   *coef;			/* [outputs][n] */
} UsSvmModel;

/* In the current memory context, not calibrated.  classes 0: regression. */
extern UsSvmModel *us_svm_model_create(int classes, const UsEncoder *encoder);

/* Fill square of the vectors. */
extern void us_svm_model_squares(UsSvmModel *m);

extern const char *const us_svm_kernel_names[];

/* Largest degree of the polynomial kernel. */
#define US_SVM_MOST_DEGREE	20

/* Entries of the vtable. */
extern void us_svm_score(const void *model, const double *x, UsScore *score);
extern int	us_svm_label(const void *model, const double *x);
extern void us_svm_label_block(const void *model, const double *x, int stride, int nrows, int32 *label);
extern void us_svm_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out);
extern void us_svm_proba(const void *model, const double *x, double *p);
extern void us_svm_explain(const void *model, const double *x, const UsScore *score, double *c);
extern double us_svm_base(const void *model, const double *x, const UsScore *score);
extern const UsCoefficient *us_svm_coefficients(const void *model, int *outputs, int *terms, double *df);
extern UsFormula *us_svm_formula(const void *model, const UsFormulaRequest *request);
extern UsReport *us_svm_describe(const void *model);
extern void us_svm_write(const void *model, UsWriter *w);
extern void *us_svm_read(UsReader *r, int width, int *n_labels);

#endif
