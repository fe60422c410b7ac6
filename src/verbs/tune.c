/*
 * tune.c
 *	  userseg.tune: parameters by trial.
 *
 * The source is read once.  The hold-out is set aside before the first trial; trials are cross-validated on the
 * other rows; the best is measured on the hold-out, which took no part in choosing it, and fitted
 * on all rows.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "infra/progress.h"
#include "model/catalog.h"
#include "model/report_json.h"
#include "verbs/holdout.h"
#include "verbs/tune.h"

#define DRAW_STREAM		UINT64CONST(0x74756e65)

/* draws of a point that was there before, until it is taken that there are no others */
#define MAX_REDRAWS		100

/* halving: rows of the first round, and what share of the trials stays */
#define HALVING_ROWS	1000
#define HALVING_FACTOR	3

static void
check_args(const UsTuneArgs *args)
{
	static const char *const searches[] = {"grid", "random", "halving"};
	bool		known = false;

	for (int i = 0; i < lengthof(searches); i++)
		known |= strcmp(args->search, searches[i]) == 0;
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no search \"%s\"", args->search),
				 errhint("Searches are \"grid\", \"random\" and \"halving\".")));
	if (args->trials < 1 || args->trials > US_MAX_TRIALS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trials is %d, outside of 1 .. %d", args->trials, US_MAX_TRIALS)));
	if (args->metric && us_metric_direction(args->metric) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("metric \"%s\" does not tell which model is better", args->metric),
				 errhint("Leave it out to choose by the metric of the task.")));
	if (args->max_seconds <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_seconds is %g, it must be above 0", args->max_seconds)));
}

/* ---- what is tried ---- */

static bool
is_grid(const UsTuneArgs *args)
{
	return strcmp(args->search, "grid") == 0;
}

static bool
known_point(const UsTuning *t, Jsonb *point)
{
	for (int i = 0; i < t->n; i++)
		if (compareJsonbContainers(&t->trial[i].point->root, &point->root) == 0)
			return true;
	return false;
}

static void
add_trial(UsTuning *t, Jsonb *point)
{
	t->trial[t->n++] = (UsTrial) {
		.point = point,
		.params = us_candidates_params(t->candidates, point),
		.mean = NAN,
		.sd = NAN
	};
}

/* All trials, their parameters checked before the first one is run. */
static void
list_trials(UsTuning *t)
{
	const UsTuneArgs *args = t->args;
	int			n = is_grid(args) ? us_candidates_grid_size(t->candidates) : args->trials;
	UsRandom	random;

	t->trial = palloc0(n * sizeof(UsTrial));
	us_random_init(&random, (uint64) args->cv.train.seed, DRAW_STREAM);
	for (int i = 0; i < n; i++)
	{
		Jsonb	   *point = is_grid(args) ? us_candidates_point(t->candidates, i) :
			us_candidates_draw(t->candidates, &random);

		for (int k = 0; !is_grid(args) && k < MAX_REDRAWS && known_point(t, point); k++)
			point = us_candidates_draw(t->candidates, &random);
		if (known_point(t, point))
			continue;
		us_progress("candidates", i, n);
		add_trial(t, point);
	}
}

/*
 * Parameters may say what is minimised.  Where trials differ in that, what is special to the loss does not compare
 * them: they are judged by the RMSE, or by another metric that all of them have.
 */
static void
check_losses(UsTuning *t)
{
	static const char *const special[] = {"pinball", "coverage", "poisson_deviance", "gamma_deviance", "tweedie_deviance", "d2"};
	UsRecipe	recipe = t->prepared.recipe;
	UsLoss		first = {0};
	bool		differ = false;

	for (int i = 0; i < t->n; i++)
	{
		UsLoss		loss;

		recipe.params = t->trial[i].params;
		loss = us_recipe_loss(&recipe);
		if (i == 0)
			first = loss;
		differ |= loss.kind != first.kind || loss.parameter != first.parameter;
	}
	if (!differ)
		return;
	if (t->metric == NULL)
		t->metric = "rmse";
	for (int i = 0; i < lengthof(special); i++)
		if (strcmp(special[i], t->metric) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("metric \"%s\" cannot compare trials that minimise different losses", t->metric),
					 errhint("Choose by \"rmse\" or \"mae\", or tune each loss on its own.")));
}

/* ---- searching ---- */

/* Is trial a better than b?  More rows count first; of equals the first one. */
static bool
better(const UsTuning *t, const UsTrial *a, const UsTrial *b)
{
	if (a->share != b->share)
		return a->share > b->share;
	if (isnan(a->mean) || isnan(b->mean))
		return isnan(b->mean) && !isnan(a->mean);
	return us_metric_direction(t->metric) > 0 ? a->mean > b->mean : a->mean < b->mean;
}

/* Stop all of the trials at share but the keep best ones. */
static void
drop_worst(UsTuning *t, double share, int keep)
{
	for (int i = 0; i < t->n; i++)
	{
		int			before = 0;

		us_progress("compare trials", i, t->n);
		if (t->trial[i].share != share || t->trial[i].status == US_TRIAL_STOPPED)
			continue;
		for (int k = 0; k < t->n; k++)
			if (k != i && (better(t, &t->trial[k], &t->trial[i]) ||
						   (k < i && !better(t, &t->trial[i], &t->trial[k]))))
				before += t->trial[k].share == share;
		if (before >= keep)
			t->trial[i].status = US_TRIAL_STOPPED;
	}
}

/*
 * Successive halving (K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification and
 * Hyperparameter Optimization", AISTATS 2016), rows as the resource: all trials on few rows, a third of them
 * on three times as many, and so on up to all.
 */
static void
halve(UsTuning *t)
{
	int			rounds = 0;
	int			left = t->n;
	double		share;

	for (int n = t->n; n > 1 && (double) t->frame->nrows / pow(HALVING_FACTOR, rounds + 1) >= HALVING_ROWS;
		 n = (n + HALVING_FACTOR - 1) / HALVING_FACTOR)
		rounds++;
	for (int round = rounds; round >= 0; round--)
	{
		share = pow(HALVING_FACTOR, -round);
		if (!us_tune_measure(t, share) || round == 0)
			return;
		left = (left + HALVING_FACTOR - 1) / HALVING_FACTOR;
		drop_worst(t, share, left);
	}
}

static UsTrial *
find_best(UsTuning *t)
{
	UsTrial    *best = NULL;

	for (int i = 0; i < t->n; i++)
		if (!isnan(t->trial[i].mean) && (best == NULL || better(t, &t->trial[i], best)))
			best = &t->trial[i];
	if (best == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no trial has a value of \"%s\"", t->metric),
				 errhint("Choose another metric, or fewer folds.")));
	best->best = true;
	return best;
}

/* ---- the version ---- */

/* The parameters of a trial; what is no scalar as its text. */
static void
report_point(UsReport *object, Jsonb *point)
{
	JsonbValue	root = us_json_root(point);
	int			n;
	UsJsonMember *member = us_json_members(&root, &n);

	for (int i = 0; i < n; i++)
	{
		const JsonbValue *v = &member[i].value;

		if (v->type == jbvNumeric)
			us_report_number(object, member[i].key, us_json_number(v));
		else if (v->type == jbvBool)
			us_report_bool(object, member[i].key, v->val.boolean);
		else if (v->type == jbvString)
			us_report_text(object, member[i].key, us_json_string(v));
		else
			us_report_text(object, member[i].key, us_json_sample(v));
	}
}

/* The metric fold by fold. */
static void
report_values(UsReport *array, const UsTuning *t, const UsTrial *trial)
{
	const UsTrialRecord *r = &trial->record;

	for (int i = 0; i < r->n_metrics; i++)
		for (int f = 0; f < r->n_folds && strcmp(r->metric[i], t->metric) == 0; f++)
			us_report_number(array, NULL, r->value[f * r->n_metrics + i]);
}

/* The table of trials, for the details of the version. */
static UsReport *
report(const UsTuning *t)
{
	static const char *const kinds[] = {"key", "stratified", "time"};
	UsReport   *r = us_report_object();
	UsReport   *list;

	us_report_text(r, "search", t->args->search);
	us_report_text(r, "metric", t->metric);
	us_report_int(r, "folds", t->folds->n);
	us_report_text(r, "split", kinds[t->folds->kind]);
	us_report_int(r, "rows", t->frame->nrows);
	list = us_report_add_array(r, "trials");
	for (int i = 0; i < t->n; i++)
	{
		const UsTrial *trial = &t->trial[i];
		UsReport   *o = us_report_add_object(list, NULL);

		us_report_int(o, "trial", i + 1);
		report_point(us_report_add_object(o, "params"), trial->point);
		us_report_text(o, "status", us_trial_status_name(trial->status));
		us_report_number(o, "share", trial->share);
		us_report_number(o, "mean", trial->mean);
		us_report_number(o, "sd", trial->sd);
		us_report_bool(o, "best", trial->best);
		report_values(us_report_add_array(o, "values"), t, trial);
	}
	return r;
}

static void
prepare(const UsTuneArgs *args, UsTuning *t)
{
	UsSplit	   *split = palloc(sizeof(UsSplit));

	us_cross_validate_read(&args->cv, &t->prepared);
	t->candidates = us_candidates_parse(t->prepared.recipe.algorithm, args->grid, args->cv.train.params);
	list_trials(t);
	check_losses(t);
	t->frame = t->prepared.frame;
	*split = us_holdout_split(&args->cv.train, &t->prepared);
	if (split->kind != US_SPLIT_NONE)
		t->frame = us_frame_view(t->prepared.frame, us_split_training, split, t->prepared.budget);
	t->folds = us_cross_validate_folds(&args->cv, &t->prepared, t->frame);
}

void
us_tune(const UsTuneArgs *args, UsTuneResult *result)
{
	UsTuning	t = {.args = args, .metric = args->metric, .started = GetCurrentTimestamp()};
	UsTrial    *best;
	int			waiting = 0;

	check_args(args);
	us_catalog_begin_model(args->cv.train.model, "userseg.tune()");
	if (args->cv.train.alias)
		us_reference_check_name(args->cv.train.alias, "alias");
	prepare(args, &t);
	if (strcmp(args->search, "halving") == 0)
		halve(&t);
	else
		us_tune_measure(&t, 1);
	best = find_best(&t);
	for (int i = 0; i < t.n; i++)
		waiting += t.trial[i].status == US_TRIAL_WAITING;
	if (waiting > 0)
		us_train_warn(&t.prepared, "%d of %d trials were not run within %g seconds; the same call goes on with them",
					  waiting, t.n, args->max_seconds);
	if (t.frame != t.prepared.frame)
		us_frame_free(t.frame);
	t.prepared.recipe.params = best->params;
	us_train_store(&args->cv.train, &t.prepared, t.started, "train", "tuning", report(&t), &result->version);
	us_catalog_trials_put(args->cv.train.model, t.n_fresh, t.fresh);
	result->n = t.n;
	result->trial = t.trial;
	result->metric = t.metric;
}
