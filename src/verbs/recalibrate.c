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

#include "miscadmin.h"

#include "math/hash.h"
#include "model/report_json.h"
#include "stat/losses.h"
#include "utils/timestamp.h"
#include "verbs/evaluate.h"

#define HALF_SALT	UINT64CONST(0x63616c6962)
#define LEAST_ROWS	20
#define BINS		10

typedef struct Method
{
	const char *name;
	UsCalibratorKind kind;
} Method;

/* Rows that a function is fitted on. */
typedef struct Rows
{
	int			k;				/* classes */
	int64		n;
	double	  **p;				/* [k][n]; of two classes only p[1] */
	int32	   *actual;			/* [n] */
	double	   *weight;			/* [n] or NULL */
	uint8	   *mark;			/* [n] to work with */
} Rows;

static const Method *
find_method(const char *name)
{
	static const Method method[] = {
		{"platt", US_CALIBRATE_PLATT},
		{"isotonic", US_CALIBRATE_ISOTONIC},
		{"temperature", US_CALIBRATE_TEMPERATURE}
	};

	for (int i = 0; i < lengthof(method); i++)
		if (strcmp(method[i].name, name) == 0)
			return &method[i];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no calibration \"%s\"", name),
			 errhint("Methods are \"platt\" and \"temperature\" (few rows) and \"isotonic\" (thousands of rows).")));
}

/* Room for the rows of the answers. */
static Rows
make_rows(const UsAnswers *a)
{
	Rows		r = {.k = a->n_classes};
	int64		n = Max(a->n, 1);

	r.p = us_arena_array(a->arena, r.k, sizeof(double *));
	for (int c = r.k == 2 ? 1 : 0; c < r.k; c++)
		r.p[c] = us_arena_array(a->arena, n, sizeof(double));
	r.actual = us_arena_array(a->arena, n, sizeof(int32));
	r.weight = a->weight ? us_arena_array(a->arena, n, sizeof(double)) : NULL;
	r.mark = us_arena_array(a->arena, n, sizeof(uint8));
	return r;
}

static void
add_row(Rows *r, const UsAnswers *a, int64 i)
{
	for (int c = r->k == 2 ? 1 : 0; c < r->k; c++)
		r->p[c][r->n] = a->proba[c][i];
	r->actual[r->n] = a->actual[i];
	if (r->weight)
		r->weight[r->n] = a->weight[i];
	r->n++;
}

/* The function of the rows; else the class of which, or of the others, they have none. */
static int
fit(const Method *m, const Rows *r, UsCalibrator *c)
{
	if (m->kind == US_CALIBRATE_TEMPERATURE)
		return us_temperature_fit((const double *const *) r->p, r->k, r->actual, r->weight, r->n, c) ? -1 : 0;
	if (r->k > 2)
		return us_calibrate_each_fit(m->kind, (const double *const *) r->p, r->k, r->actual, r->weight, r->n, c);
	for (int64 i = 0; i < r->n; i++)
		r->mark[i] = r->actual[i] == 1;
	if (m->kind == US_CALIBRATE_PLATT ? us_platt_fit(r->p[1], r->mark, r->weight, r->n, c) :
		us_isotonic_fit(r->p[1], r->mark, r->weight, r->n, c))
		return -1;
	return 1;
}

/*
 * Log loss, Brier score and ECE: of two classes that of the positive one, of more that of the probability of the class
 * that is answered.
 */
static void
measure(const Rows *r, UsBudget *budget, double *log_loss, double *brier, double *ece)
{
	Size		bytes = Max(r->n, 1) * 3 * sizeof(double);
	double	   *loss;
	double	   *square;
	double	   *top;
	double	   *p = palloc(sizeof(double) * r->k);
	UsReliabilityBin bin[BINS];
	UsReliability reliability;

	us_budget_take(budget, bytes, "losses");
	loss = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	square = loss + r->n;
	top = square + r->n;
	for (int64 i = 0; i < r->n; i++)
	{
		int			best = 0;

		square[i] = 0;
		for (int c = 0; c < r->k; c++)
		{
			p[c] = r->p[c] ? r->p[c][i] : 1 - r->p[1][i];
			if (r->k > 2 || c == 1)
				square[i] += (p[c] - (c == r->actual[i])) * (p[c] - (c == r->actual[i]));
			best = p[c] > p[best] ? c : best;
		}
		loss[i] = r->k > 2 ? us_log_loss_classes(p, r->k, r->actual[i]) : us_log_loss(p[r->actual[i]]);
		top[i] = r->k > 2 ? p[best] : p[1];
		r->mark[i] = r->k > 2 ? best == r->actual[i] : r->actual[i] == 1;
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	*log_loss = us_weighted_mean(loss, r->weight, r->n).mean;
	*brier = us_weighted_mean(square, r->weight, r->n).mean;
	us_reliability(top, r->mark, r->weight, r->n, BINS, bin, &reliability);
	*ece = reliability.ece;
	pfree(loss);
	pfree(p);
	us_budget_release(budget, bytes);
}

static bool
in_half(const UsAnswers *a, uint64 seed, int64 i, int half)
{
	return (int) (us_mix64(seed ^ HALF_SALT, a->key[i]) & 1) == half;
}

/* Rows of all answers, each through the function of the other half: -1, or a class of which a half has no row. */
static int
by_halves(const UsAnswers *a, const Method *m, uint64 seed, Rows *all)
{
	double	   *p = palloc(sizeof(double) * a->n_classes);
	Rows		other = make_rows(a);
	int			missing = -1;

	all->n = a->n;
	for (int half = 0; half < 2 && missing < 0; half++)
	{
		UsCalibrator c;

		other.n = 0;
		for (int64 i = 0; i < a->n; i++)
			if (!in_half(a, seed, i, half))
				add_row(&other, a, i);
		missing = fit(m, &other, &c);
		for (int64 i = 0; missing < 0 && i < a->n; i++)
		{
			if (i % 1024 == 0)
				CHECK_FOR_INTERRUPTS();
			if (!in_half(a, seed, i, half))
				continue;
			for (int k = 0; k < a->n_classes; k++)
				p[k] = a->proba[k] ? a->proba[k][i] : 1 - a->proba[1][i];
			us_calibrate_classes(&c, p, a->n_classes, 1);
			for (int k = 0; k < a->n_classes; k++)
				if (all->p[k])
					all->p[k][i] = p[k];
			all->actual[i] = a->actual[i];
			if (all->weight)
				all->weight[i] = a->weight[i];
		}
	}
	return missing;
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

static void
check_model(const UsEvaluation *v)
{
	const UsModel *m = v->each[0].model;

	us_evaluation_require_classes(v, "recalibrate()");
	if (m->artifact->calibrator)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" version %d is calibrated already", m->info.model, m->info.version),
				 errhint("Name the version it was made from: '%s@%d'.", m->info.model,
						 Max(v->each[0].lineage->parent, 1))));
}

static void
too_few(const UsEvaluation *v, int64 n, int missing)
{
	const UsArtifact *artifact = v->each[0].model->artifact;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(INT64_FORMAT " rows are too few to calibrate", n),
			 artifact->n_labels > 2 && missing >= 0 ?
			 errdetail("Rows of class \"%s\", and of others, are needed in either half of them.",
					   artifact->class_names[missing]) :
			 errdetail("At least %d rows are needed, of both classes in either half of them.", LEAST_ROWS),
			 errhint("Give more rows that the model was not trained on%s.",
					 artifact->n_labels > 2 ? ", or use method \"temperature\"" : "")));
}

/* Rows that surely fit: their answers, those of half of them, and the calibrated ones. */
static int64
fitting_rows(const UsEvaluation *v)
{
	double		row = 3 * sizeof(double) * (v->each[0].model->artifact->n_labels + 3) + us_calibrator_memory(1);

	return (int64) (us_budget_left(v->budget) * 0.8 / row);
}

void
us_recalibrate(const UsEvaluationArgs *args, const char *method, const char *alias, UsRecalibrateResult *result)
{
	TimestampTz started = GetCurrentTimestamp();
	const Method *m = find_method(method);
	UsReference reference = us_reference_parse(args->model);
	UsEvaluation v;
	UsAnswers  *a;
	Rows		rows;
	Rows		calibrated;
	UsCalibrator calibrator;
	Size		bytes;
	int			missing = -1;

	us_catalog_begin_model(reference.name, "userseg.recalibrate()");
	if (alias)
		us_reference_check_name(alias, "alias");
	us_evaluation_open(args, &v);
	check_model(&v);
	a = us_evaluation_answers(&v, 0, v.frame, fitting_rows(&v));
	rows = (Rows) {a->n_classes, a->n, a->proba, a->actual, a->weight, us_arena_array(a->arena, Max(a->n, 1), 1)};
	bytes = us_calibrator_memory(a->n) + a->n;
	us_budget_take(v.budget, bytes, "calibration");
	if (a->n < LEAST_ROWS)
		too_few(&v, a->n, -1);
	calibrated = make_rows(a);
	missing = by_halves(a, m, v.each[0].recipe.seed, &calibrated);
	if (missing < 0)
		missing = fit(m, &rows, &calibrator);
	if (missing >= 0)
		too_few(&v, a->n, missing);
	us_budget_release(v.budget, bytes);
	measure(&rows, v.budget, &result->log_loss[0], &result->brier[0], &result->ece[0]);
	measure(&calibrated, v.budget, &result->log_loss[1], &result->brier[1], &result->ece[1]);
	result->n = a->n;
	result->model = pstrdup(v.each[0].model->info.model);
	result->parent = v.each[0].model->info.version;
	result->version = store(&v.each[0], args, method, alias, &calibrator, result, started);
	us_answers_free(a);
	us_evaluation_close(&v);
}
