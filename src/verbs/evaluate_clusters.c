/*
 * evaluate_clusters.c
 *	  How good the segments of a stored model are on the rows of a source.
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/figures.h"
#include "learn/labelled.h"
#include "stat/proportion.h"
#include "verbs/evaluate.h"
#include "verbs/label.h"

/* Rows that are compared with each other; more are a sample by their keys. */
#define MOST_ROWS	10000

typedef struct Work
{
	UsEvaluation v;
	UsLabelSource *labels;
	int			k;
	UsEvaluateLine *line;
	int			n;
} Work;

/* A UsLabelsOfChunk. */
static void
labels_of_chunk(void *context, int i, const UsMatrixChunk *chunk, uint16 *label)
{
	Work	   *w = context;
	const int32 *found = us_label_chunk(w->labels, i, us_frame_chunk(w->v.frame, i));

	for (int r = 0; r < chunk->nrows; r++)
		label[r] = found[r] > 0 ? found[r] - 1 : w->k;	/* rows without a segment are a group of their own */
}

static void
put(Work *w, const char *metric, double value, int64 n)
{
	w->line[w->n++] = (UsEvaluateLine) {.metric = metric, .value = isfinite(value) ? value : NAN,
		.low = NAN, .high = NAN, .n = n};
}

/* Segments without a centre: how many rows each has, with the exact interval of its share. */
static void
measure_shares(Work *w)
{
	const UsModel *model = w->v.each[0].model;
	int64	   *count = palloc0(sizeof(int64) * w->k);
	int64		n = w->v.frame->nrows;

	w->line = palloc0(sizeof(UsEvaluateLine) * Max(w->k, 1));
	for (int i = 0; i < w->v.frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(w->v.frame, i);
		const int32 *label = us_label_chunk(w->labels, i, chunk);

		us_progress("label rows", i, w->v.frame->nchunks);
		for (int r = 0; r < chunk->nrows; r++)
			if (label[r] > 0)
				count[label[r] - 1]++;
	}
	for (int k = 0; k < w->k; k++)
	{
		UsEvaluateLine *line = &w->line[w->n];

		put(w, "share", (double) count[k] / n, n);
		line->sliced = true;
		line->slice = model->label_name[k];
		us_clopper_pearson(count[k], n, 0.95, &line->low, &line->high);
		line->interval = "exact binomial";
	}
}

UsEvaluateLine *
us_evaluate_clusters(const UsEvaluationArgs *args, int *n)
{
	Work	   *w = palloc0(sizeof(Work));
	UsArena    *arena;
	const UsArtifact *a;
	UsEncoder  *bound;
	UsSpace    *space;
	UsLabelled	rows;
	UsFigures	f;
	UsSums		sums;
	UsMeasure	measure = {0};
	int			capacity;

	if (args->by)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("clusters are not evaluated by slices"),
				 errhint("Evaluate a query that has only the rows of one.")));
	us_evaluation_open_clusters(args, &w->v);
	a = w->v.each[0].model->artifact;
	w->k = a->n_labels;
	arena = us_arena_create(CurrentMemoryContext, w->v.budget);
	bound = us_encoder_bind(a->encoder, w->v.frame);
	w->labels = us_label_source(a->algorithm, a->model, bound, w->v.frame, NULL, w->v.budget);
	if (a->algorithm->center == NULL)
	{
		measure_shares(w);
		us_evaluation_close(&w->v);
		*n = w->n;
		return w->line;
	}
	space = us_space_create(bound, w->v.frame, false);
	capacity = (int) Min(MOST_ROWS, w->v.frame->nrows);
	us_budget_take(w->v.budget, us_labelled_bytes(space, capacity), "rows for silhouettes");
	us_budget_release(w->v.budget, us_labelled_bytes(space, capacity));
	rows = us_labelled_read(space, w->v.frame, bound, labels_of_chunk, w, capacity,
							w->v.each[0].recipe.seed, arena, w->v.budget);
	measure.rows = us_points_rows(rows.points);
	measure.weight_unit = 1;
	us_figures_init(&f, w->k + 1);
	sums = us_sums_at(us_arena_alloc(arena, us_sums_bytes(w->k + 1, rows.points->width)), w->k + 1, rows.points->width);
	us_points_sums(rows.points, rows.label, &sums);
	us_figures_measure(&f, rows.points, rows.label, &sums, &measure);
	us_progress("silhouettes", 0, 0);
	w->line = palloc0(sizeof(UsEvaluateLine) * 8);
	put(w, "silhouette", us_figures_silhouette(US_METRIC_EUCLIDEAN, rows.points, rows.label, w->k + 1, rows.points->n),
		(int64) measure.rows);
	put(w, "davies_bouldin", f.davies_bouldin, (int64) measure.rows);
	put(w, "calinski_harabasz", f.calinski_harabasz, (int64) measure.rows);
	put(w, "inertia", f.inertia, (int64) measure.rows);
	put(w, "inertia_per_row", f.inertia / measure.rows, (int64) measure.rows);
	if (!rows.complete)
		ereport(NOTICE,
				(errmsg("figures are those of a sample of %d distinct rows of " INT64_FORMAT, rows.points->n,
						w->v.frame->nrows)));
	us_arena_reset(arena);
	us_evaluation_close(&w->v);
	*n = w->n;
	return w->line;
}
