/*
 * linear_model.h
 *	  What linear, logistic, glm and svm have in common once they are trained: a linear predictor (one for each
 *	  class of more than two), the inference on its coefficients, figures of the fit.
 */
#ifndef US_LINEAR_MODEL_H
#define US_LINEAR_MODEL_H

#include "learn/algorithm.h"

/* How the predictor becomes a prediction; stored. */
typedef enum UsLink
{
	US_LINK_IDENTITY = 1,
	US_LINK_LOG = 2,
	US_LINK_LOGIT = 3,			/* two classes */
	US_LINK_SOFTMAX = 4			/* one predictor a class */
} UsLink;

/* A figure of the fit, under a name of the list in linear_model.c. */
typedef struct UsFigure
{
	const char *name;
	double		value;			/* NaN: none */
} UsFigure;

typedef struct UsLinearModel
{
	UsLink		link;
	int			classes;		/* 0: regression */
	int			outputs;		/* linear predictors: 1, or classes */
	int			width;
	double	   *intercept;		/* [outputs], for encoded columns */
	double	   *coef;			/* [outputs][width], for encoded columns; 0 where left out */
	double	   *centre;			/* [width]: means of the encoded columns, from which reasons are counted */
	UsCoefficient *term;		/* [outputs][width + 1], the intercept first, in units of the source */
	double		df;				/* of the t distribution; infinite: normal */
	bool		has_intercept;
	const char *errors;			/* how standard errors were found, or NULL: there are none */
	int			n_figures;
	UsFigure   *figure;
} UsLinearModel;

/* An empty model in the current memory context; coefficients 0, terms of status US_TERM_FITTED. */
extern UsLinearModel *us_linear_model_create(UsLink link, int classes, const UsEncoder *encoder);

/* Add a figure; NaN is kept as "none". */
extern void us_linear_model_figure(UsLinearModel *m, const char *name, double value);

/* The figures of the fit into details. */
extern void us_linear_model_figures(const UsLinearModel *m, UsReport *details);

/*
 * The terms of output o in units of the source, from b[1 + width] (intercept, then coefficients, for
 * encoded columns relative to centre) with covariance v[1 + width][1 + width], or NULL: no errors.
 * Writes intercept and coef too.  dropped[1 + width]: no coefficient, as a combination of others;
 * origin is the y that the intercept is relative to.
 */
extern void us_linear_model_terms(UsLinearModel *m, int o, const UsEncoder *encoder, const double *b,
								  const double *v, const bool *dropped, const double *centre,
								  double origin);

/*
 * A warning about columns that were left out as combinations of others, or NULL: reference levels of
 * categories are no surprise.
 */
extern char *us_linear_alias_warning(const UsEncoder *encoder, const bool *dropped);

/* The columns in which a direction[width] goes far, as a list of quoted names for a warning. */
extern char *us_linear_moving_columns(const UsEncoder *encoder, const double *direction);

/* The runs of columns and their reference levels for the order of elimination: last[width], run[width]. */
extern void us_linear_references(const UsEncoder *encoder, bool *last, int *run);

/* Predictor o of a row; and of the first n rows of a block, the same bits. */
extern double us_linear_predictor(const UsLinearModel *m, int o, const double *x);
extern void us_linear_predictors(const UsLinearModel *m, int o, const double *x, int stride, int n, double *out);

/* Predictor o as a formula. */
extern UsFormula *us_linear_predictor_formula(const UsLinearModel *m, int o, const UsFormulaRequest *request);

/* The answer of classes to their scores: n = 1, the log odds of the second of two, or one score a class. */
extern UsFormula *us_formula_classes(int n, UsFormula *const *score, const UsFormulaRequest *request);

/* Entries of the vtable. */
extern void us_linear_score(const void *model, const double *x, UsScore *score);
extern int	us_linear_label(const void *model, const double *x);
extern void us_linear_label_block(const void *model, const double *x, int stride, int nrows, int32 *label);
extern void us_linear_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out);
extern void us_linear_proba(const void *model, const double *x, double *p);
extern void us_linear_explain(const void *model, const double *x, const UsScore *score, double *c);
extern UsFormula *us_linear_formula(const void *model, const UsFormulaRequest *request);
extern double us_linear_base(const void *model, const double *x, const UsScore *score);
extern UsReport *us_linear_describe(const void *model);
extern void us_linear_write(const void *model, UsWriter *w);
extern void *us_linear_read(UsReader *r, int width, int *n_labels);
extern const UsCoefficient *us_linear_coefficients(const void *model, int *outputs, int *terms, double *df);

#endif
