/*
 * explain.h
 *	  What a model's answers depend on beyond userseg.importance by exchange: contributions, interactions, single curves.
 */
#ifndef US_EXPLAIN_H
#define US_EXPLAIN_H

#include "verbs/importance.h"

/*
 * Importance by "gain" (what the splits of a feature gained in training, together) or "splits" (how many there are); no rows are
 * read.  Raises 42809 where the algorithm has no splits.  The largest first; intervals are NaN, n is 0.
 */
extern UsImportanceLine *us_importance_trained(const char *model, bool gain, int *n);

/*
 * Mean absolute contribution of a feature to the predictor that the algorithm explains (UsAlgorithm.explain), over at most
 * US_CONTRIBUTION_ROWS rows of the evaluation, chosen by their keys; the mean over the classes where there are
 * more than two.  S. Lundberg, S.-I. Lee, "A unified approach to interpreting model predictions", NIPS 2017.  42809 where the
 * algorithm explains nothing.
 */
extern UsImportanceLine *us_importance_contributions(const UsEvaluationArgs *args, int64 seed, int *n);

#define US_CONTRIBUTION_ROWS	2000

typedef struct UsInteractionArgs
{
	UsEvaluationArgs rows;
	int			n_features;		/* -1: all */
	char	  **features;		/* pairs are made of these */
	int			most_rows;		/* 2 .. US_INTERACTION_ROWS */
	bool		log_odds;		/* of classifiers: of probabilities */
	int64		seed;
} UsInteractionArgs;

typedef struct UsInteractionLine
{
	const char *a;
	const char *b;
	double		strength;		/* H, 0 where neither feature matters */
	double		effect;			/* root mean square of the part of the answer that is not a sum, in its unit */
	int64		n;
} UsInteractionLine;

#define US_INTERACTION_ROWS	1000

/*
 * H of J. Friedman, B. Popescu, "Predictive learning via rule ensembles", Annals of Applied Statistics 2 (2008), equation 44: with F the
 * partial dependence on the rows themselves, each of mean 0, H^2 = sum (F_ab - F_a - F_b)^2 / sum F_ab^2; for
 * several classes both sums are over the classes too.  The strongest pair first.  Raises 42703 for a feature that the model has
 * not, 22023 for fewer than two features or for log odds of a regression.
 */
extern UsInteractionLine *us_interaction(const UsInteractionArgs *args, int *n);

/* A point of a curve. */
typedef struct UsCurveLine
{
	const char *id;				/* NULL: none */
	const char *value;
	double		x;
	const char *class;
	double		prediction;
} UsCurveLine;

typedef struct UsCurveArgs
{
	UsEvaluationArgs rows;		/* named */
	const char *feature;
	int			points;
	int			most_rows;
	bool		centred;
	int64		seed;
} UsCurveArgs;

#define US_CURVE_ROWS	10000

typedef void (*UsCurveFunction) (const UsCurveLine *line, void *context);

/*
 * Individual conditional expectation (A. Goldstein, A. Kapelner, J. Bleich, E. Pitkin, "Peeking inside the black box", Journal of Computational and
 * Graphical Statistics 24 (2015)): the answer for each row with one feature set to each of the values of
 * us_partial_dependence; centred: less that of the first value.  Shows the points of the curves by id, value, class.
 */
extern void us_curves(const UsCurveArgs *args, UsCurveFunction show, void *context);

#endif
