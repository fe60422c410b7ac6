/*
 * tree_objective.h
 *	  What boosting minimises.
 */
#ifndef US_TREE_OBJECTIVE_H
#define US_TREE_OBJECTIVE_H

typedef enum UsObjectiveKind
{
	US_OBJECTIVE_LOGISTIC,		/* y is 0 or 1, the score a logit */
	US_OBJECTIVE_MULTINOMIAL,	/* y is the class, one score a class */
	US_OBJECTIVE_SQUARED,
	US_OBJECTIVE_ABSOLUTE,
	US_OBJECTIVE_HUBER,			/* parameter: where the loss becomes linear */
	US_OBJECTIVE_QUANTILE,		/* parameter: the probability */
	US_OBJECTIVE_POISSON,		/* log link */
	US_OBJECTIVE_TWEEDIE		/* log link; parameter: variance power, 1 < p < 2 */
} UsObjectiveKind;

typedef struct UsObjective
{
	UsObjectiveKind kind;
	double		parameter;
	int			n_scores;		/* classes of MULTINOMIAL, else 1 */
} UsObjective;

/*
 * Gradients and hessians of the loss of n rows with regard to score number k: y[n], weight[n] or NULL,
 * score[n][n_scores]; gh[n][2].  Losses: minus log-likelihood, half the square, the absolute value, Huber's
 * (Ann. Math. Stat. 35, 1964), the check function; Tweedie's as in Dunn and Smyth, Generalized
 * Linear Models With Examples in R, 2018, section 12.2, constants left out.  The hessian of absolute
 * value, Huber and check function is taken as 1, of multinomial as 2 p (1 - p) (Friedman, Ann. Stat. 29,
 * 2001, has the same factor (K - 1) / K in the step).
 */
extern void us_objective_gradients(const UsObjective *o, const float *y, const float *weight,
								   const double *score, int n, int k, float *gh);

/* The loss of one row with score[n_scores]. */
extern double us_objective_loss(const UsObjective *o, double y, const double *score);

/* Whether leaf values are quantiles of the residuals, and at which probability. */
extern bool us_objective_quantile(const UsObjective *o, double *probability);

/*
 * The quantile of x[n] with weights w[n] (NULL: 1): the
 * least value up to which a share of the weight lies, or the middle of it and the next where
 * the share is met exactly.  n > 0.
 */
extern double us_objective_quantile_of(const double *x, const double *w, int64 n, double probability);

/* A score as a prediction: probability, mean, or itself. */
extern double us_objective_mean(const UsObjective *o, double score);

/* Names, as parameters have them. */
extern const char *const us_objective_names[];

#endif
