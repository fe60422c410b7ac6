/*
 * naive_bayes_model.h
 *	  A trained naive Bayes model: made from sums, scored, explained, stored.
 */
#ifndef US_NAIVE_BAYES_MODEL_H
#define US_NAIVE_BAYES_MODEL_H

#include "agg/naive_bayes.h"
#include "learn/algorithm.h"

/* levels of a column that says nothing */
#define US_NB_IGNORED	(-1)

/* no column is worth less in a class: squares of far away values would be infinite */
#define US_NB_LEAST_LOG	(-1e100)

typedef struct UsNbModel
{
	int			width;
	int			classes;
	int32	   *levels;			/* [width]: 0 numbers, > 0 categories, US_NB_IGNORED */
	Size	   *at;				/* [width] where the values of a column begin */
	double	   *log_prior;		/* [classes] */
	double	   *value;			/* numbers: [classes] mean, variance; categories: [classes][levels] log probability, 0 for a
								 * level that the training did not see */
	double	   *scale;			/* numbers, at the places of the mean and the variance: -log(2 pi v) / 2 and 1 / (2 v) */
} UsNbModel;

/* What is known of the rows, and how it becomes a model. */
typedef struct UsNbSums
{
	int			columns;
	int			classes;
	const int32 *levels;
	int			per_class;
	const UsExactSum *sum;		/* [classes][per_class], as in a UsNbState */
} UsNbSums;

typedef struct UsNbRule
{
	double		alpha;			/* > 0: added to the weight of each level that rows have */
	double		smoothing;		/* > 0: this share of a variance is added to the variance of each class: */
	bool		largest;		/* of the largest one of all columns, as scikit-learn does; else of the column's own */
	const double *prior;		/* [classes] > 0, adding up to 1; NULL: shares of the classes */
} UsNbRule;

/* Weight of the values of a column, their mean and variance (0 without any). */
typedef struct UsNbMoments
{
	double		weight;
	double		mean;
	double		variance;
} UsNbMoments;

/* From the weight of all rows of a class and the US_NB_NUMBER_SUMS of a column. */
extern UsNbMoments us_nb_moments(const UsExactSum *all, const UsExactSum *cell);

/*
 * The model, in the current memory context.  Every class has rows.  A class without a value in a column of numbers
 * takes the distribution of all rows; a column whose values are all equal is ignored.
 */
extern UsNbModel *us_nb_model_make(const UsNbSums *sums, const UsNbRule *rule);

/* Functions of the vtable. */
extern void us_nb_score(const void *model, const double *x, UsScore *score);
extern int	us_nb_label(const void *model, const double *x);
extern void us_nb_label_block(const void *model, const double *x, int stride, int nrows, int32 *label);
extern void us_nb_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out);
extern void us_nb_proba(const void *model, const double *x, double *p);
extern void us_nb_explain(const void *model, const double *x, const UsScore *score, double *c);
extern double us_nb_base(const void *model, const double *x, const UsScore *score);
extern UsFormula *us_nb_formula(const void *model, const UsFormulaRequest *request);
extern UsReport *us_nb_describe(const void *model);
extern void us_nb_write(const void *model, UsWriter *w);
extern void *us_nb_read(UsReader *r, int width, int *n_labels);

#endif
