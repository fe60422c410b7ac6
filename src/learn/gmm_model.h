/*
 * gmm_model.h
 *	  A trained mixture: scoring, explaining, storing.
 */
#ifndef US_GMM_MODEL_H
#define US_GMM_MODEL_H

#include "agg/gmm_sums.h"
#include "learn/algorithm.h"

typedef struct UsGmmModel
{
	UsMixture  *mixture;
	double		log_likelihood; /* of the training rows */
	double		total_weight;	/* of them, the user's units */
	int64		rows;
	double		effective_weight;	/* the rows that the mixture stands for: total_weight, and of a model that was
									 * continued what those before still count */
	int64		seen;			/* rows of all trainings since the first */
	int			updates;		/* times that it was continued */
	double		reg;			/* reg_covar of the training */
	int			n_troubles;		/* singular components */

	/* made from these */
	UsGmm		gmm;
	UsGmmScratch *scratch;		/* of the tile that is scored */
	UsGmmRow   *row;			/* of single rows */
	double	   *y;				/* [d] */
} UsGmmModel;

/* The model of a mixture, which is copied; in the current memory context. */
extern UsGmmModel *us_gmm_model_create(const UsMixture *mixture, double log_likelihood,
									   double total_weight, int64 rows, double reg, int n_troubles);

/* The model that continues old: the figures are those of the new rows, the rows of old count decay times. */
extern UsGmmModel *us_gmm_model_continue(const UsGmmModel *old, const UsMixture *mixture, double log_likelihood,
										 double total_weight, int64 rows, double decay, int n_troubles);

/* Functions of the vtable (learn/algorithm.h). */
extern void us_gmm_model_score(const void *model, const double *x, UsScore *score);
extern int	us_gmm_model_label(const void *model, const double *x);
extern void us_gmm_model_score_block(const void *model, const double *x, int stride, int nrows,
									 UsScore *out);
extern void us_gmm_model_label_block(const void *model, const double *x, int stride, int nrows,
									 int32 *label);
extern void us_gmm_model_proba(const void *model, const double *x, double *p);
extern void us_gmm_model_explain(const void *model, const double *x, const UsScore *score, double *c);
extern void us_gmm_model_center(const void *model, int label, double *c);
extern UsFormula *us_gmm_model_formula(const void *model, const UsFormulaRequest *request);
extern UsReport *us_gmm_model_describe(const void *model);
extern void us_gmm_model_write(const void *model, UsWriter *w);
extern void *us_gmm_model_read(UsReader *r, int width, int *n_labels);

#endif
