/*
 * glm_fit.h
 *	  Fitting a linear predictor: Newton's method, for elastic nets with coordinate descent inside; L-BFGS for
 *	  many columns.
 */
#ifndef US_GLM_FIT_H
#define US_GLM_FIT_H

#include "learn/glm_pass.h"
#include "stat/least_squares.h"

/* What is to be minimised: the mean loss, weighted, plus a penalty as in linear_path.h. */
typedef struct UsGlmProblem
{
	const UsFitInput *input;
	UsFamily	family;
	double		power;			/* Tweedie */
	bool		intercept;
	bool		penalised;
	double		lambda;			/* 0: no penalty */
	double		mix;
	int			max_iter;
	double		tolerance;		/* of the log likelihood that a step may still gain */
	int			workers;		/* -1: by the work */
	int			nfolds;
	double	   *centre;			/* [width] */
	double		largest_weight;
	double		start;			/* predictor of a model without columns */
	double		mean;			/* mean of y */
	int			offset;			/* encoded column whose coefficient is given; -1: none */
	double		offset_coef;
	const bool *last;			/* order of elimination (least_squares.h) */
	const int  *run;
} UsGlmProblem;

typedef struct UsGlmFit
{
	int			width;
	int			m;
	UsDesign   *design;
	Size		bytes;			/* taken from the budget for the algebra */
	bool		newton;			/* few enough coefficients for the information; else L-BFGS, without inference */
	bool		fine;			/* the information is summed up in full from the beginning */
	double	   *beta;			/* [m], relative to the centres */
	bool	   *dropped;		/* [m]: by the last step */
	bool	   *aliased;		/* [m]: by the first step over all rows; they stay so */
	bool		alias_known;
	int			left_out;		/* fold, or -1 */
	int			sql_passes;

	/* of the last pass */
	double		objective;		/* summed up, without the penalty */
	double		weight;
	double	   *gradient;		/* [m] */
	UsDd	   *information;	/* [m + 1][m + 1]: with the gradient as last column */
	double		most_information;
	double		seen_information;	/* the largest of a row, whether summed up or not */
	double		margin;
	double		most_eta;
	double		inflation;		/* of the last step: the largest root of a variance inflation factor */
	double		deviance;
	double		pearson;
	double		constant;
	double		start;			/* intercept of the model without columns */

	/* of the whole */
	bool		converged;
	int			iterations;
	bool		separated;		/* no finite maximum of the likelihood */
	double	   *direction;		/* [m] in which it runs away then */
	int			rank;
	UsLeastSquares *solution;	/* of the last information: inverse, condition; NULL without Newton */
} UsGlmFit;

/* Whether coefficient k of beta is that of the offset, which is given. */
static inline bool
us_glm_is_given(const UsGlmProblem *problem, int k)
{
	return problem->offset >= 0 && k == problem->intercept + problem->offset;
}

/* Find the model without columns, which is where beta stands then. */
extern void us_glm_begin(const UsGlmProblem *problem, UsGlmFit *fit);

/* Rows ready for passes, beta that of a model without columns; memory from the budget (53200). */
extern UsGlmFit *us_glm_open(const UsGlmProblem *problem);

/* beta of the model without columns, where fits begin: exactly that where no row is left out. */
extern void us_glm_restart(const UsGlmProblem *problem, UsGlmFit *fit);

/* Minimise from fit->beta; for a warm start it is called again with another lambda. */
extern void us_glm_minimise(const UsGlmProblem *problem, UsGlmFit *fit);

/*
 * Sums at fit->beta over the rows of design, into fit: with the information, fine or coarse; with deviance
 * and the like; only, if not -1, over the rows of that fold.
 */
extern void us_glm_evaluate(const UsGlmProblem *problem, UsGlmFit *fit, UsDesign *design, bool information,
							bool fine, bool statistics, int only);

/* The pass that finds deviance and information at the minimum, and the covariance with them. */
extern void us_glm_finish(const UsGlmProblem *problem, UsGlmFit *fit);

/* The objective of beta on the rows of a fold alone, per weight; sets weight. */
extern double us_glm_fold_loss(const UsGlmProblem *problem, UsGlmFit *fit, int fold);

/* The smallest lambda for which all columns are 0, from the gradient there; restarts. */
extern double us_glm_lambda_max(const UsGlmProblem *problem, UsGlmFit *fit);

/* The deviance of the model with an intercept and the offset alone; the fit stays as it is. */
extern double us_glm_null_deviance(const UsGlmProblem *problem, UsGlmFit *fit);

/* Give rows and workers back; beta and the solution stay. */
extern void us_glm_close(const UsGlmProblem *problem, UsGlmFit *fit);

#endif
