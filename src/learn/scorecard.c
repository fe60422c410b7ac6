/*
 * scorecard.c
 *	  Scorecards: parameters, the course of a training, details.
 *
 * Columns are cut into the bins that say most under a trend (scorecard_bins.c); a logistic regression on the weights of
 * evidence gives each of them its part (scorecard_regression.c), and both together points (scorecard_model.c).
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/scorecard_bins.h"
#include "learn/scorecard_regression.h"

static const char *const trends[] = {"auto", "rising", "falling", "none", NULL};
static const char *const references[] = {"most", "mean", NULL};

static const UsParamSpec specs[] = {
	{"max_bins", US_PARAM_INT, "6", 2, US_WOE_MAX_BINS, NULL,
	"most bins of a feature, beside the one of missing values"},
	{"min_share", US_PARAM_NUMBER, "0.05", 0, 0.5, NULL,
	"least share of the rows in a bin"},
	{"trend", US_PARAM_CHOICE, "\"auto\"", 0, 0, trends,
	"how the share of the positive class goes from bin to bin of a number; auto is rising or falling, whatever says more"},
	{"cells", US_PARAM_INT, "50", 2, US_WOE_MAX_CELLS, NULL,
	"cells of about equal numbers of rows that a number is cut into, of which its bins are made"},
	{"smoothing", US_PARAM_NUMBER, "0.5", 1e-6, 1e6, NULL,
	"rows added to both classes of all bins of a feature where one bin has only one class"},
	{"min_iv", US_PARAM_NUMBER, "0.02", 0, 1e6, NULL,
	"features with less information value are left out"},
	{"lambda", US_PARAM_NUMBER, "0", 0, 1e6, NULL,
	"ridge penalty of the regression, beside the mean loss of a row"},
	{"base_score", US_PARAM_NUMBER, "600", -1e6, 1e6, NULL,
	"points of a row with odds base_odds"},
	{"base_odds", US_PARAM_NUMBER, "50", 1e-6, 1e6, NULL,
	"odds of the other class against the positive one at base_score"},
	{"points_to_double", US_PARAM_NUMBER, "20", 1e-3, 1e6, NULL,
	"points that double these odds"},
	{"reasons", US_PARAM_CHOICE, "\"most\"", 0, 0, references,
	"reasons are points below the most that a feature gives, or against the mean of the training"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* columns told in details */
#define TOLD_COLUMNS	200

static double
number(const UsFitInput *input, const char *name)
{
	return us_params_get(input->params, name)->number;
}

static void
check_target(const UsTarget *t)
{
	if (t->n_classes != 2 || t->positive < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a scorecard tells two classes apart, and target \"%s\" has %d", t->name, t->n_classes),
				 errhint("Group the classes into two in the source, or use another classifier.")));
}

static UsTrend
read_trend(const UsFitInput *input)
{
	const char *text = us_params_get(input->params, "trend")->text;
	int			i = 0;

	while (strcmp(trends[i], text) != 0)
		i++;
	return (UsTrend) i;
}

/* Columns that say too little are left out; 22023 if all do. */
static void
leave_out(UsScorecard *m, const UsEncoder *encoder, double min_iv)
{
	int			best = 0;
	int			left = 0;

	for (int j = 0; j < m->width; j++)
	{
		UsCardColumn *c = &m->column[j];

		if (c->iv > m->column[best].iv)
			best = j;
		c->status = c->iv < min_iv || !(c->iv > 0) ? US_CARD_WEAK : US_CARD_USED;
		left += c->status == US_CARD_USED;
	}
	if (left == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no feature has an information value of %g or more", min_iv),
				 errdetail("The largest one is %g, of \"%s\".", m->column[best].iv, us_encoder_column(encoder, best)->name),
				 errhint("Lower \"min_iv\", or give features that tell the classes apart.")));
}

static void
tell(const UsFitInput *input, const UsScorecard *m, const UsCardFit *fit, UsFitResult *result)
{
	static const char *const status[] = {"used", "weak", "negative", "aliased"};
	UsReport   *details = us_report_object();
	UsReport   *list;

	us_report_attach(details, "model", us_scorecard_describe(m));
	us_report_int(details, "regressions", fit->regressions);
	us_report_attach(details, "regression", fit->design);
	list = us_report_add_array(details, "columns");
	for (int j = 0; j < m->width; j++)
	{
		const UsCardColumn *c = &m->column[j];
		const char *name = us_encoder_column(input->encoder, j)->name;
		UsReport   *o;

		if (c->status == US_CARD_NEGATIVE)
			us_fit_warn(result, psprintf("column \"%s\" is left out: beside the others its coefficient is below 0", name));
		if (c->status == US_CARD_ALIASED)
			us_fit_warn(result, psprintf("column \"%s\" is left out: its weights of evidence are a combination of those of others", name));
		if (j >= TOLD_COLUMNS)
			continue;
		o = us_report_add_object(list, NULL);
		us_report_text(o, "column", name);
		us_report_text(o, "status", status[c->status]);
		us_report_number(o, "iv", c->iv);
		us_report_int(o, "bins", c->nbins);
		us_report_number(o, "coefficient", c->coef);
	}
	result->details = details;
}

static void
scorecard_fit(const UsFitInput *input, UsFitResult *result)
{
	UsScorecard *m = (UsScorecard *) palloc0(sizeof(UsScorecard));
	UsCardPlan	plan = {
		.cells = (int) number(input, "cells"),
		.max_bins = (int) number(input, "max_bins"),
		.min_share = number(input, "min_share"),
		.trend = read_trend(input),
		.smoothing = number(input, "smoothing") * us_target_row(input->target)
	};
	UsCardFit	fit;

	memset(result, 0, sizeof(UsFitResult));
	check_target(input->target);
	m->width = us_encoder_width(input->encoder);
	m->bad_class = input->target->positive;
	m->base_score = number(input, "base_score");
	m->base_odds = number(input, "base_odds");
	m->points_to_double = number(input, "points_to_double");
	m->from_mean = strcmp(us_params_get(input->params, "reasons")->text, "mean") == 0;
	m->column = (UsCardColumn *) palloc0(sizeof(UsCardColumn) * Max(m->width, 1));
	us_progress("bins", 0, 0);
	us_scorecard_bins(input, &plan, m->bad_class, m->column);
	us_scorecard_prepare(m);
	leave_out(m, input->encoder, number(input, "min_iv"));
	us_scorecard_regression(input, m, number(input, "lambda"), result, &fit);
	us_scorecard_prepare(m);
	tell(input, m, &fit, result);
	result->model = m;
	result->task = input->task;
	result->n_labels = 2;
	result->metric_value = NAN;
	result->converged = fit.converged;
	result->iterations = fit.iterations;
}

static uint64
scorecard_memory(const UsParams *params, int64 nrows, int width)
{
	uint64		cells = (uint64) us_params_get(params, "cells")->integer;

	return (uint64) width * ((cells + 1) * 2 * sizeof(int128) + sizeof(double) * (uint64) nrows);
}

const UsAlgorithm us_algorithm_scorecard = {
	.name = "scorecard",
	.task = "classification",
	.description = "Scorecard of two classes: features in bins of monotone risk, weights of evidence, logistic regression, points",
	.native = true,
	.needs_target = true,
	.params = specs,
	.fit = scorecard_fit,
	.memory = scorecard_memory,
	.score = us_scorecard_score,
	.label = us_scorecard_label,
	.label_block = us_scorecard_label_block,
	.score_block = us_scorecard_score_block,
	.proba = us_scorecard_proba,
	.explain = us_scorecard_explain,
	.base = us_scorecard_base,
	.formula = us_scorecard_formula,
	.shape = US_SHAPE_SCORECARD,
	.describe = us_scorecard_describe,
	.write = us_scorecard_write,
	.read = us_scorecard_read,
};
