/*
 * recalibrate.c
 *	  userseg.recalibrate: a version whose probabilities go through a function fitted on
 *	  rows whose class is known.
 *
 * What it does to log loss, Brier score and ECE is measured by halves: rows of one half (by a hash of their
 * keys) go through the function fitted on the other.
 */
#include "postgres.h"

#include <math.h>

#include "math/hash.h"
#include "model/report_json.h"
#include "stat/losses.h"
#include "utils/timestamp.h"
#include "verbs/evaluate.h"

#define HALF_SALT	UINT64CONST(0x63616c6962)
#define LEAST_ROWS	20
#define BINS		10

typedef bool (*Fit) (const double *p, const uint8 *positive, const double *weight, int64 n, UsCalibrator *c);

static Fit
find_method(const char *method)
{
	if (strcmp(method, "platt") == 0)
		return us_platt_fit;
	if (strcmp(method, "isotonic") == 0)
		return us_isotonic_fit;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no calibration \"%s\"", method),
			 errhint("Methods are \"platt\" (few rows) and \"isotonic\" (thousands of rows).")));
}

static void
measure(const UsAnswers *a, const double *p, const uint8 *positive, double *work, double *log_loss,
		double *brier, double *ece)
{
	UsReliabilityBin bin[BINS];
	UsReliability r;

	for (int64 i = 0; i < a->n; i++)
		work[i] = us_log_loss(positive[i] ? p[i] : 1 - p[i]);
	*log_loss = us_weighted_mean(work, a->weight, a->n).mean;
	us_reliability(p, positive, a->weight, a->n, BINS, bin, &r);
	*brier = r.brier;
	*ece = r.ece;
}

/* q[n]: each row through the function of the other half; false when a half has one class only. */
static bool
by_halves(const UsAnswers *a, const uint8 *positive, Fit fit, uint64 seed, double *q)
{
	double	   *p = us_arena_array(a->arena, a->n, sizeof(double));
	double	   *w = us_arena_array(a->arena, a->n, sizeof(double));
	uint8	   *y = us_arena_array(a->arena, a->n, sizeof(uint8));

	for (int half = 0; half < 2; half++)
	{
		UsCalibrator c;
		int64		m = 0;

		for (int64 i = 0; i < a->n; i++)
		{
			if ((int) (us_mix64(seed ^ HALF_SALT, a->key[i]) & 1) == half)
				continue;
			p[m] = a->proba[1][i];
			w[m] = a->weight ? a->weight[i] : 1;
			y[m++] = positive[i];
		}
		if (!fit(p, y, w, m, &c))
			return false;
		for (int64 i = 0; i < a->n; i++)
			if ((int) (us_mix64(seed ^ HALF_SALT, a->key[i]) & 1) == half)
				q[i] = us_calibrate(&c, a->proba[1][i]);
	}
	return true;
}

static void
add_metric(UsReport *list, const char *name, double value, int64 n)
{
	UsReport   *o = us_report_add_object(list, NULL);

	us_report_text(o, "metric", name);
	us_report_number(o, "value", value);
	us_report_null(o, "ci_low");
	us_report_null(o, "ci_high");
	us_report_int(o, "n", n);
}

static int
store(const UsEvaluated *e, const UsEvaluationArgs *args, const char *method, const char *alias,
	  UsCalibrator *calibrator, const UsRecalibrateResult *result, int64 started)
{
	const UsModel *m = e->model;
	const UsVersionLineage *l = e->lineage;
	UsArtifact	artifact = *m->artifact;
	UsReport   *details = us_report_object();
	UsReport   *metrics = us_report_array();
	UsReport   *r = us_report_add_object(details, "calibration");
	UsNewVersion v = {0};

	us_report_text(r, "method", method);
	us_report_int(r, "of_version", m->info.version);
	us_report_int(r, "rows", result->n);
	us_report_text(r, "source", args->source ? args->source : l->source);
	us_report_number(r, "log_loss_before", result->log_loss[0]);
	us_report_number(r, "log_loss_after", result->log_loss[1]);
	add_metric(metrics, "log_loss", result->log_loss[1], result->n);
	add_metric(metrics, "brier", result->brier[1], result->n);
	add_metric(metrics, "ece", result->ece[1], result->n);
	artifact.calibrator = calibrator;
	v.model = m->info.model;
	v.artifact = us_artifact_write(&artifact, NULL, 0);
	v.algorithm = m->info.algorithm;
	v.task = m->info.task;
	v.n_labels = m->info.n_labels;
	v.n_rows = m->info.n_rows;
	v.n_features = m->info.n_features;
	v.metric = "log_loss";
	v.metric_value = result->log_loss[1];
	v.converged = m->info.converged;
	v.iterations = l->iterations;
	v.duration_us = GetCurrentTimestamp() - started;
	v.n_warnings = l->n_warnings;
	v.warnings = l->warnings;
	v.metrics = us_report_to_jsonb(metrics);
	v.details = us_report_to_jsonb(details);
	v.source = l->source;
	v.target = l->target;
	v.id = l->id;
	v.weight = l->weight;
	v.time_column = l->time_column;
	v.n_columns = l->n_columns;
	v.columns = l->columns;
	v.transform = l->transform;
	v.params = l->params;
	v.null_policy = l->null_policy;
	v.holdout = 0;
	v.seed = l->seed;
	v.data_checksum = l->data_checksum;
	v.parent = m->info.version;
	v.alias = alias;
	return us_catalog_add_version(&v);
}

void
us_recalibrate(const UsEvaluationArgs *args, const char *method, const char *alias, UsRecalibrateResult *result)
{
	TimestampTz started = GetCurrentTimestamp();
	Fit			fit = find_method(method);
	UsReference reference = us_reference_parse(args->model);
	UsEvaluation v;
	UsAnswers  *a;
	uint8	   *positive;
	double	   *q;
	double	   *work;
	UsCalibrator calibrator;
	Size		bytes;

	us_catalog_begin_model(reference.name);
	if (alias)
		us_reference_check_name(alias, "alias");
	us_evaluation_open(args, &v);
	us_evaluation_require_binary(&v, "recalibrate");
	if (v.each[0].model->artifact->calibrator)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" version %d is calibrated already", v.each[0].model->info.model,
						v.each[0].model->info.version),
				 errhint("Name the version it was made from: '%s@%d'.", v.each[0].model->info.model,
						 Max(v.each[0].lineage->parent, 1))));
	a = us_evaluation_answers(&v, 0, v.frame, 0);
	positive = us_arena_array(a->arena, Max(a->n, 1), sizeof(uint8));
	q = us_arena_array(a->arena, Max(a->n, 1), sizeof(double));
	work = us_arena_array(a->arena, Max(a->n, 1), sizeof(double));
	for (int64 i = 0; i < a->n; i++)
		positive[i] = a->actual[i] == 1;
	bytes = us_calibrator_memory(a->n);
	us_budget_take(v.budget, bytes, "calibration");
	if (a->n < LEAST_ROWS || !by_halves(a, positive, fit, v.each[0].recipe.seed, q) ||
		!fit(a->proba[1], positive, a->weight, a->n, &calibrator))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(INT64_FORMAT " rows are too few to calibrate", a->n),
				 errdetail("At least %d rows are needed, of both classes in either half of them.", LEAST_ROWS),
				 errhint("Give more rows that the model was not trained on.")));
	us_budget_release(v.budget, bytes);
	measure(a, a->proba[1], positive, work, &result->log_loss[0], &result->brier[0], &result->ece[0]);
	measure(a, q, positive, work, &result->log_loss[1], &result->brier[1], &result->ece[1]);
	result->n = a->n;
	result->model = pstrdup(v.each[0].model->info.model);
	result->parent = v.each[0].model->info.version;
	result->version = store(&v.each[0], args, method, alias, &calibrator, result, started);
	us_answers_free(a);
	us_evaluation_close(&v);
}
