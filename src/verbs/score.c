/*
 * score.c
 *	  Scoring one row: record → vector → answer.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "data/kind.h"
#include "learn/scorecard_model.h"
#include "model/answer.h"
#include "verbs/score.h"

/* reasons in a prediction */
#define MAX_REASONS 10

/* bits of UsRowNotes.feature_flags */
#define N_FLAGS 5

struct UsScorer
{
	UsModel    *model;
	const UsEncoder *encoder;
	int			nfeatures;
	int			width;
	UsNullPolicy null_policy;
	UsRowMap	rows;
	UsValue    *value;			/* [nfeatures] */
	double	   *x;				/* [width] */
	double	   *scratch;		/* [max(width, n_labels)] */
	double	   *code;			/* the embedding; NULL until it is asked for */
	UsRowNotes	notes;
};

UsScorer *
us_scorer(UsModel *model)
{
	UsScorer   *s = model->extra;
	MemoryContext old;

	if (s)
		return s;
	old = MemoryContextSwitchTo(model->context);
	s = palloc0(sizeof(UsScorer));
	s->model = model;
	s->encoder = model->artifact->encoder;
	s->nfeatures = us_encoder_nfeatures(s->encoder);
	s->width = us_encoder_width(s->encoder);
	s->null_policy = us_encoder_null_policy(s->encoder);
	us_row_map_init(&s->rows, model->context);
	s->value = palloc0(Max(s->nfeatures, 1) * sizeof(UsValue));
	s->x = palloc(Max(s->width, 1) * sizeof(double));
	s->scratch = palloc(Max(Max(s->width, model->n_labels), 1) * sizeof(double));
	s->notes.feature_flags = palloc0(Max(s->nfeatures, 1));
	model->extra = s;
	MemoryContextSwitchTo(old);
	return s;
}

void
us_score_null_error(const UsModel *model, int feature, const char *row)
{
	const char *name = us_encoder_feature(model->artifact->encoder, feature)->name;

	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 row ? errmsg("feature \"%s\" is NULL in the row with id %s", name, row) :
			 errmsg("feature \"%s\" is NULL", name),
			 errdetail("Model \"%s\" version %d was trained with null_policy 'error'.",
					   model->info.model, model->info.version),
			 errhint("Leave such rows out, or train with null_policy 'impute'.")));
}

bool
us_scorer_values(UsScorer *s, const UsValue *value)
{
	us_encoder_apply_row(s->encoder, value, s->x, &s->notes);
	if (s->notes.first_null >= 0 && s->null_policy != US_NULL_IMPUTE)
	{
		if (s->null_policy == US_NULL_ERROR)
			us_score_null_error(s->model, s->notes.first_null, NULL);
		return false;
	}
	return true;
}

bool
us_scorer_record(UsScorer *s, HeapTupleHeader record)
{
	us_record_deform(us_row_map(&s->rows, s->encoder, record), record, s->value);
	return us_scorer_values(s, s->value);
}

bool
us_scorer_knows_args(const UsScorer *s)
{
	return s->rows.map != NULL;
}

void
us_scorer_describe_args(UsScorer *s, TupleDesc desc)
{
	s->rows.map = us_record_map(s->encoder, desc, s->rows.context);
}

bool
us_scorer_args(UsScorer *s, const NullableDatum *args)
{
	us_record_args(s->rows.map, args, s->value);
	return us_scorer_values(s, s->value);
}

bool
us_scorer_json(UsScorer *s, Jsonb *features)
{
	us_record_from_json(s->encoder, features, s->value);
	return us_scorer_values(s, s->value);
}

int
us_scorer_label(UsScorer *s)
{
	return us_answer_label(s->model->artifact, s->x);
}

double
us_scorer_value(UsScorer *s)
{
	UsScore		score;

	us_answer(s->model->artifact, s->x, s->scratch, &score);
	return score.value;
}

double
us_scorer_quantile(UsScorer *s, double p)
{
	const UsArtifact *a = s->model->artifact;
	double		value = NAN;

	if (!(p >= 0 && p <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantile is %g, outside of 0 <= quantile <= 1", p)));
	if (a->algorithm->quantile != NULL && a->task == US_TASK_REGRESSION)
		value = a->algorithm->quantile(a->model, s->x, p);
	if (isnan(value))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d gives no quantiles", s->model->info.model, s->model->info.version),
				 errhint("Train a regression with algorithm \"random_forest\" and params {\"leaf_samples\": 1}, or one quantile with \"gradient_boosting\" and objective \"quantile\".")));
	return value;
}

const double *
us_scorer_embedding(UsScorer *s, int *n)
{
	const UsArtifact *a = s->model->artifact;

	*n = a->algorithm->embed_width(a->model);
	if (s->code == NULL)
		s->code = MemoryContextAlloc(s->model->context, sizeof(double) * *n);
	a->algorithm->embed(a->model, s->x, s->code);
	for (int i = 0; i < *n; i++)
		s->code[i] = isnan(s->code[i]) ? 0 : fmax(fmin(s->code[i], FLT_MAX), -FLT_MAX);
	return s->code;
}

double
us_scorer_points(UsScorer *s)
{
	return us_scorecard_points(s->model->artifact->model, s->x);
}

typedef struct Reason
{
	int			feature;
	double		contribution;
} Reason;

static int
compare_reasons(const void *a, const void *b)
{
	const Reason *x = a;
	const Reason *y = b;
	double		d = fabs(y->contribution) - fabs(x->contribution);

	return d > 0 ? 1 : (d < 0 ? -1 : x->feature - y->feature);
}

static void
add_rest(UsReport *report, const char *name, double contribution)
{
	UsReport   *o = us_report_add_object(report, NULL);

	us_report_text(o, "feature", name);
	us_report_number(o, "contribution", contribution);
}

/*
 * What spoke for the answer, feature by feature, the strongest first.  Where the algorithm has a
 * base the contributions add up, with it and that of all other features, to its predictor.
 */
static UsReport *
reasons(UsScorer *s, const UsScore *score)
{
	const UsArtifact *a = s->model->artifact;
	UsReport   *report = us_report_array();
	Reason	   *reason;
	double		others = 0;
	int			told = 0;

	if (a->algorithm->explain == NULL)
		return NULL;
	a->algorithm->explain(a->model, s->x, score, s->scratch);
	reason = palloc(Max(s->nfeatures, 1) * sizeof(Reason));
	for (int i = 0; i < s->nfeatures; i++)
	{
		const UsFeature *f = us_encoder_feature(s->encoder, i);

		reason[i] = (Reason) {i, 0};
		for (int j = f->first; j < f->first + f->width; j++)
			reason[i].contribution += s->scratch[j];
	}
	qsort(reason, s->nfeatures, sizeof(Reason), compare_reasons);
	for (int i = 0; i < s->nfeatures; i++)
	{
		const UsFeature *f = us_encoder_feature(s->encoder, reason[i].feature);
		const UsValue *v = &s->value[reason[i].feature];
		UsReport   *o;

		if (f->width == 0)
			continue;
		if (told++ >= MAX_REASONS)
		{
			others += reason[i].contribution;
			continue;
		}
		o = us_report_add_object(report, NULL);
		us_report_text(o, "feature", f->name);
		us_report_number(o, "contribution", reason[i].contribution);
		if (v->isnull)
			us_report_null(o, "value");
		else if (f->kind == US_KIND_NUMBER || f->kind == US_KIND_BOOLEAN || f->kind == US_KIND_DURATION)
			us_report_number(o, "value", v->number);
		else if (f->kind == US_KIND_CATEGORY)
			us_report_text(o, "value", pnstrdup(v->text, v->len));
		else if (f->kind == US_KIND_TIME)
			us_report_text(o, "value", us_instant_text(v->number));
	}
	pfree(reason);
	if (a->algorithm->base != NULL)
	{
		if (told > MAX_REASONS)
			add_rest(report, "(other features)", others);
		add_rest(report, "(base)", a->algorithm->base(a->model, s->x, score));
	}
	return report;
}

static void
add_warning(UsPrediction *p, int feature_flags, const char *feature)
{
	static const char *const text[N_FLAGS] = {
		"feature \"%s\" is NULL: imputed",
		"feature \"%s\" has a value that was not seen in training",
		"feature \"%s\" is NaN or infinite: taken as NULL",
		"feature \"%s\" has another length than in training: taken as NULL",
		"feature \"%s\" has no logarithm: taken as the smallest value of the training"
	};

	for (int i = 0; i < N_FLAGS; i++)
		if (feature_flags & (1 << i))
			p->warnings[p->n_warnings++] = psprintf(text[i], feature);
}

void
us_scorer_predict(UsScorer *s, UsPrediction *p)
{
	UsScore		score;

	us_answer(s->model->artifact, s->x, s->scratch, &score);
	memset(p, 0, sizeof(UsPrediction));
	if (score.label > 0)
	{
		p->label = s->model->label_name[score.label - 1];
		p->label_id = s->model->label_id[score.label - 1];
	}
	if (score.runner_up > 0)
		p->runner_up = s->model->label_name[score.runner_up - 1];
	p->value = score.value;
	p->probability = score.probability;
	p->margin = score.margin;
	p->distance = score.distance;
	p->version = s->model->info.version;
	p->reasons = reasons(s, &score);
	p->warnings = palloc((Size) Max(s->nfeatures, 1) * N_FLAGS * sizeof(char *));
	for (int i = 0; i < s->nfeatures; i++)
		add_warning(p, s->notes.feature_flags[i], us_encoder_feature(s->encoder, i)->name);
}

UsReport *
us_scorer_proba(UsScorer *s)
{
	UsReport   *report = us_report_object();

	us_answer_proba(s->model->artifact, s->x, s->scratch);
	for (int k = 0; k < s->model->n_labels; k++)
		us_report_number(report, s->model->label_name[k], s->scratch[k]);
	return report;
}

UsReport *
us_scorer_transform(UsScorer *s)
{
	UsReport   *report = us_report_object();

	for (int j = 0; j < s->width; j++)
		us_report_number(report, us_encoder_column(s->encoder, j)->name, s->x[j]);
	return report;
}

void
us_scorer_require_labels(const UsScorer *s)
{
	if (s->model->n_labels == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d gives numbers, not labels",
						s->model->info.model, s->model->info.version),
				 errhint("Use userseg.predict_value.")));
}

void
us_scorer_require_value(const UsScorer *s)
{
	if (s->model->info.task == US_TASK_CLUSTERING && !s->model->artifact->algorithm->gives_value)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d gives segments, not numbers",
						s->model->info.model, s->model->info.version),
				 errhint("Use userseg.predict, userseg.predict_id or userseg.predict_detail.")));
	if (!us_answer_has_value(s->model->artifact))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d has %d classes and none of them is the positive one",
						s->model->info.model, s->model->info.version, s->model->n_labels),
				 errhint("Use userseg.predict or userseg.predict_proba, or train with params {\"positive\": \"class\"}.")));
}

void
us_scorer_require_embedding(const UsScorer *s)
{
	if (s->model->artifact->algorithm->embed == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d of algorithm \"%s\" has no embedding",
						s->model->info.model, s->model->info.version, s->model->artifact->algorithm->name),
				 errhint("Train with algorithm \"mlp\" or \"autoencoder\".")));
}

void
us_scorer_require_points(const UsModel *model)
{
	if (model->artifact->algorithm != &us_algorithm_scorecard)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d is no scorecard", model->info.model, model->info.version),
				 errdetail("It is a model of algorithm \"%s\".", model->info.algorithm),
				 errhint("Points come from algorithm \"scorecard\".")));
}
