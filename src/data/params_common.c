/*
 * params_common.c
 *	  Parameters that algorithms have in common.
 */
#include "postgres.h"

#include "data/params.h"

#define VERBOSE \
	{"verbose", US_PARAM_BOOL, "false", 0, 0, NULL, \
	"Tell each phase and iteration with a NOTICE."}

static const char *const tasks[] = {"classification", "regression", NULL};
static const char *const class_weights[] = {"balanced", NULL};

#define SUPERVISED \
	{"task", US_PARAM_CHOICE, NULL, 0, 0, tasks, \
	"what the target is; default by its type: a number is regressed, anything else classified"}, \
	{"refit", US_PARAM_BOOL, "true", 0, 0, NULL, \
	"after the hold-out is measured, fit again on all rows"}

const UsParamSpec us_common_params[] = {
	VERBOSE,
	{NULL}
};

const UsParamSpec us_supervised_params[] = {
	VERBOSE,
	SUPERVISED,
	{NULL}
};

const UsParamSpec us_classifier_params[] = {
	VERBOSE,
	SUPERVISED,
	{"positive", US_PARAM_LABEL, NULL, 0, 0, NULL,
	"the class whose probability predict_value gives; default: the last of two"},
	{"class_weight", US_PARAM_CHOICE_OR_WEIGHTS, NULL, 0, 0, class_weights,
	"multiplies the weights of the rows of a class in the fit; balanced: inversely to its share"},
	{NULL}
};
