/*
 * importance_model.c
 *	  userseg.importance by what the model itself says: gains and numbers of splits, contributions to answers.
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "stat/losses.h"
#include "stat/normal.h"
#include "verbs/explain.h"

#define LEVEL		0.95

static void
no_method(const UsModel *m, const char *method)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("model \"%s\" version %d has no importance by %s", m->info.model, m->info.version, method),
			 errdetail("Its algorithm is \"%s\".", m->artifact->algorithm->name),
			 errhint("Method \"permutation\" is for every model.")));
}

/* Importances of the encoded columns as those of the features that have columns. */
static UsImportanceLine *
by_feature(const UsEncoder *encoder, const double *column, const char *metric, int *n)
{
	int			nfeatures = us_encoder_nfeatures(encoder);
	UsImportanceLine *line = palloc0(sizeof(UsImportanceLine) * Max(nfeatures, 1));

	*n = 0;
	for (int i = 0; i < nfeatures; i++)
	{
		const UsFeature *f = us_encoder_feature(encoder, i);
		UsImportanceLine *l = &line[*n];

		if (f->width == 0)
			continue;
		l->feature = f->name;
		l->metric = metric;
		l->low = l->high = NAN;
		for (int j = f->first; column && j < f->first + f->width; j++)
			l->importance += column[j];
		(*n)++;
	}
	return line;
}

UsImportanceLine *
us_importance_trained(const char *model, bool gain, int *n)
{
	const UsModel *m = us_model_open(model, US_PRIVILEGE_USAGE);
	const UsAlgorithm *a = m->artifact->algorithm;
	const UsEncoder *encoder = m->artifact->encoder;
	double	   *column = palloc(sizeof(double) * Max(us_encoder_width(encoder), 1));
	UsImportanceLine *line;

	if (a->importance == NULL ||
		!a->importance(m->artifact->model, gain ? US_IMPORTANCE_GAIN : US_IMPORTANCE_SPLITS, column))
		no_method(m, gain ? "gain" : "splits");
	line = by_feature(encoder, column, gain ? "gain" : "splits", n);
	us_importance_finish(line, *n);
	pfree(column);
	return line;
}

/* ---- contributions ---- */

typedef struct Work
{
	const UsArtifact *artifact;
	UsArena    *arena;
	UsFrame    *frame;
	int			width;
	int			outputs;		/* classes whose contributions are not those of another one with the sign turned; or 1 */
	double	   *x;				/* [width][US_CHUNK_ROWS] */
	double	   *row;			/* [width] */
	double	   *c;				/* [width] */
	double	  **size;			/* [nfeatures][nrows] NULL: no columns */
	double	   *weight;			/* [nrows] or NULL */
} Work;

/* The absolute contributions of the features of a row, the mean over the outputs. */
static void
add_row(Work *w, int64 at)
{
	const UsArtifact *a = w->artifact;

	for (int k = 0; k < w->outputs; k++)
	{
		UsScore		score = {.label = a->n_labels > 0 ? k + 1 : 0};

		a->algorithm->explain(a->model, w->row, &score, w->c);
		for (int i = 0; i < us_encoder_nfeatures(a->encoder); i++)
		{
			const UsFeature *f = us_encoder_feature(a->encoder, i);
			double		sum = 0;

			for (int j = f->first; j < f->first + f->width; j++)
				sum += w->c[j];
			if (w->size[i])
				w->size[i][at] += fabs(sum) / w->outputs;
		}
	}
}

static void
add_rows(Work *w)
{
	UsEncoder  *bound = us_encoder_bind(w->artifact->encoder, w->frame);
	int64		at = 0;

	for (int i = 0; i < w->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(w->frame, i);

		us_encoder_apply_chunk(bound, chunk, w->x, US_CHUNK_ROWS);
		for (int r = 0; r < chunk->nrows; r++, at++)
		{
			us_progress("contributions", at, w->frame->nrows);
			for (int j = 0; j < w->width; j++)
				w->row[j] = w->x[(Size) j * US_CHUNK_ROWS + r];
			if (w->weight)
				w->weight[at] = chunk->weight[r];
			add_row(w, at);
		}
	}
}

static void
prepare(Work *w)
{
	const UsEncoder *encoder = w->artifact->encoder;
	int			nfeatures = us_encoder_nfeatures(encoder);

	w->width = us_encoder_width(encoder);
	w->outputs = w->artifact->n_labels > 2 ? w->artifact->n_labels : 1;
	w->x = us_arena_array(w->arena, (Size) Max(w->width, 1) * US_CHUNK_ROWS, sizeof(double));
	w->row = us_arena_array(w->arena, Max(w->width, 1), sizeof(double));
	w->c = us_arena_array(w->arena, Max(w->width, 1), sizeof(double));
	w->size = us_arena_array(w->arena, Max(nfeatures, 1), sizeof(double *));
	for (int i = 0; i < nfeatures; i++)
		if (us_encoder_feature(encoder, i)->width > 0)
			w->size[i] = us_arena_array(w->arena, w->frame->nrows, sizeof(double));
	if (w->frame->weighted)
		w->weight = us_arena_array(w->arena, w->frame->nrows, sizeof(double));
}

UsImportanceLine *
us_importance_contributions(const UsEvaluationArgs *args, int64 seed, int *n)
{
	Work	   *w = palloc0(sizeof(Work));
	UsEvaluation v;
	UsImportanceLine *line;
	double		z = us_normal_quantile(1 - (1 - LEVEL) / 2);
	int			at = 0;

	us_evaluation_open(args, &v);
	w->artifact = v.each[0].model->artifact;
	if (w->artifact->algorithm->explain == NULL)
		no_method(v.each[0].model, "contributions");
	w->arena = us_arena_create(CurrentMemoryContext, v.budget);
	w->frame = us_evaluation_sample(&v, v.frame, US_CONTRIBUTION_ROWS, (uint64) seed);
	prepare(w);
	add_rows(w);
	line = by_feature(w->artifact->encoder, NULL, "contribution", n);
	for (int i = 0; i < us_encoder_nfeatures(w->artifact->encoder); i++)
		if (w->size[i])
		{
			UsMean		mean = us_weighted_mean(w->size[i], w->weight, w->frame->nrows);

			line[at].importance = mean.mean;
			line[at].low = mean.mean - z * mean.error;
			line[at].high = mean.mean + z * mean.error;
			line[at++].n = mean.n;
		}
	us_importance_finish(line, *n);
	if (w->frame != v.frame)
		us_frame_free(w->frame);
	us_arena_reset(w->arena);
	us_evaluation_close(&v);
	return line;
}
