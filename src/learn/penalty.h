/*
 * penalty.h
 *	  The parameters of a penalty on the coefficients, as linear, logistic and glm have them.
 */
#ifndef US_PENALTY_H
#define US_PENALTY_H

#include "data/params.h"

typedef struct UsPenalty
{
	bool		on;
	bool		choose;			/* lambda is to be chosen */
	double		lambda;
	double		mix;			/* share of the absolute values: 0 ridge, 1 lasso */
} UsPenalty;

extern const char *const us_penalty_names[];

/* Their places in a list of specifications; default_path is the length of the path as JSON. */
#define US_PENALTY_SPECS(default_path, choices, loss) \
	{"penalty", US_PARAM_CHOICE, "\"none\"", 0, 0, us_penalty_names, \
	"what keeps the coefficients of the encoded columns small"}, \
	{"lambda", US_PARAM_NUMBER, NULL, 0, 1e100, NULL, \
	"strength of the penalty, beside the mean loss of a row (" loss "); default: chosen from a path"}, \
	{"mix", US_PARAM_NUMBER, "0.5", 0, 1, NULL, \
	"share of the absolute values in the penalty \"elastic_net\""}, \
	{"choose", US_PARAM_CHOICE, "\"cv\"", 0, 0, choices, \
	"what chooses lambda: the loss in cross-validation, or a criterion on all rows"}, \
	{"folds", US_PARAM_INT, "5", 2, 50, NULL, \
	"of the cross-validation that chooses lambda"}, \
	{"n_lambda", US_PARAM_INT, default_path, 2, 1000, NULL, \
	"length of the path"}, \
	{"intercept", US_PARAM_BOOL, "true", 0, 0, NULL, \
	"false: the predictor of a row of zeros is 0"}

/* What they say; 22023 for a lambda without a penalty. */
extern UsPenalty us_penalty_read(const UsParams *params);

/* The integer of parameter workers, -1 where it is not given. */
extern int	us_workers_read(const UsParams *params);

#endif
