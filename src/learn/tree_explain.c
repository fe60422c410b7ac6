/*
 * tree_explain.c
 *	  What a model of trees gives as reasons, and what its training says of the columns.
 *
 * Trees that are averaged explain the prediction of a regression, or the probability of the label.  Boosted ones explain
 * their score: log odds of the label of two classes; of more, the score of the label less the mean of all (adding one number to
 * all of them changes no probability); the logarithm of the mean with a log link; else the prediction.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/tree_learner.h"
#include "learn/tree_shap.h"
#include "math/hash.h"

/* the background sample is independent of what else is drawn from the seed and the key */
#define BACKGROUND_SALT	UINT64CONST(0x6261636b67726e64)

/* ---- the background sample ---- */

/* A row that is in the sample so far. */
typedef struct Kept
{
	double		time;			/* of the race: an exponential time, the faster the larger the weight */
	uint64		key;
	uint8	   *bin;
} Kept;

/* The sample as a heap, the slowest row on top. */
typedef struct Race
{
	int			width;
	int			room;
	int			n;
	Kept	   *kept;			/* [room] */
} Race;

static int
compare_kept(const Race *race, const Kept *a, const Kept *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return memcmp(a->bin, b->bin, race->width);
}

static void
sift_down(Race *race, int i, int n)
{
	for (;;)
	{
		int			child = 2 * i + 1;
		Kept		t;

		if (child >= n)
			return;
		if (child + 1 < n && compare_kept(race, &race->kept[child + 1], &race->kept[child]) > 0)
			child++;
		if (compare_kept(race, &race->kept[child], &race->kept[i]) <= 0)
			return;
		t = race->kept[i];
		race->kept[i] = race->kept[child];
		race->kept[child] = t;
		i = child;
	}
}

/* Take a row in, in the place of the slowest when there is no room. */
static void
enter(Race *race, const Kept *row)
{
	Kept	   *to;

	if (race->n == race->room && compare_kept(race, row, &race->kept[0]) >= 0)
		return;
	to = race->n < race->room ? &race->kept[race->n++] : &race->kept[0];
	to->time = row->time;
	to->key = row->key;
	memcpy(to->bin, row->bin, race->width);
	if (race->n < race->room)
		return;
	if (to != &race->kept[0])
		for (int i = race->n / 2 - 1; i >= 0; i--)
			sift_down(race, i, race->n);
	else
		sift_down(race, 0, race->n);
}

/* Bins of row r of an encoded chunk. */
static void
bins_of(const UsTreeColumn *column, int width, const double *x, int r, uint8 *bin)
{
	for (int c = 0; c < width; c++)
		bin[c] = us_tree_bin(&column[c], x[(Size) c * US_CHUNK_ROWS + r], US_TREE_MISSING);
}

static void
run_race(const UsFitInput *input, const UsTreeColumn *column, Race *race)
{
	UsFrame    *frame = input->frame;
	double	   *x = MemoryContextAllocHuge(CurrentMemoryContext, (Size) Max(race->width, 1) * US_CHUNK_ROWS * sizeof(double));
	double	   *y = palloc(US_CHUNK_ROWS * sizeof(double));
	double	   *room = palloc(US_CHUNK_ROWS * sizeof(double));
	Kept		row = {.bin = palloc(Max(race->width, 1))};

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *w;
		bool		encoded = false;

		us_progress("choose a background sample", i, frame->nchunks);
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows; r++)
		{
			row.key = chunk->key[r];
			row.time = -log(us_uniform(input->seed ^ BACKGROUND_SALT, row.key)) / (w ? w[r] : 1);
			if (race->n == race->room && row.time > race->kept[0].time)
				continue;
			/* few chunks have a row for the sample once it is full */
			if (!encoded)
				us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
			encoded = true;
			bins_of(column, race->width, x, r, row.bin);
			enter(race, &row);
		}
	}
	pfree(row.bin);
	pfree(room);
	pfree(y);
	pfree(x);
}

void
us_tree_model_background(UsTreeModel *m, const UsFitInput *input)
{
	Race		race = {.width = m->forest->width};

	race.room = (int) Min(us_tree_param(input, "background")->integer, input->frame->nrows);
	if (race.room == 0)
		return;
	us_budget_take(input->budget, (Size) race.room * (race.width + sizeof(Kept)), "background sample");
	m->background = MemoryContextAllocHuge(CurrentMemoryContext, Max((Size) race.room * race.width, 1));
	race.kept = palloc(sizeof(Kept) * race.room);
	for (int i = 0; i < race.room; i++)
		race.kept[i].bin = palloc(Max(race.width, 1));
	run_race(input, m->forest->column, &race);
	/* in the order of the race, so that sums are the same: the heap, sorted */
	for (int n = race.n - 1; n > 0; n--)
	{
		Kept		slowest = race.kept[0];

		race.kept[0] = race.kept[n];
		race.kept[n] = slowest;
		sift_down(&race, 0, n);
	}
	m->n_background = race.n;
	for (int i = 0; i < race.n; i++)
	{
		memcpy(m->background + (Size) i * race.width, race.kept[i].bin, race.width);
		pfree(race.kept[i].bin);
	}
	pfree(race.kept);
	us_budget_release(input->budget, (Size) race.room * (race.width + sizeof(Kept)));
}

/* ---- reasons ---- */

/* The prepared explanation, made once, beside the model. */
static UsTreeShap *
shap_of(const UsTreeModel *model)
{
	UsTreeModel *m = unconstify(UsTreeModel *, model);
	MemoryContext old;

	if (m->shap == NULL)
	{
		old = MemoryContextSwitchTo(GetMemoryChunkContext(m));
		m->shap = us_tree_shap_create(m->forest, m->background, m->n_background);
		MemoryContextSwitchTo(old);
	}
	return m->shap;
}

/* What is explained: the sum of factor[k] times sum k of the trees.  Leaves the bins of x in m->bin. */
static void
factors(const UsTreeModel *m, const double *x, const UsScore *score, double *factor)
{
	int			n = us_forest_sums(m->forest);

	us_forest_bins(m->forest, x, m->bin);
	memset(factor, 0, sizeof(double) * n);
	if (m->kind == US_TREES_AVERAGE && m->n_labels == 0)
		factor[0] = 1.0 / m->forest->n_trees;
	else if (m->kind == US_TREES_AVERAGE)
	{
		/* as probabilities are made: distributions in single precision add up to 1 but for rounding */
		double		total = 0;

		us_forest_sum(m->forest, m->bin, 1, m->sum);
		for (int k = 0; k < n; k++)
			total += m->sum[k];
		factor[score->label - 1] = 1 / total;
	}
	else if (n == 1)
		factor[0] = m->n_labels == 2 && score->label == 1 ? -1 : 1;
	else
		for (int k = 0; k < n; k++)
			factor[k] = (k == score->label - 1) - 1.0 / n;
}

void
us_tree_model_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsTreeModel *m = model;
	double		factor[US_MAX_CLASSES];

	memset(c, 0, sizeof(double) * m->forest->width);
	factors(m, x, score, factor);
	us_tree_shap(shap_of(m), m->bin, factor, c);
}

double
us_tree_model_base(const void *model, const double *x, const UsScore *score)
{
	const UsTreeModel *m = model;
	const UsTreeShap *s = shap_of(m);
	double		factor[US_MAX_CLASSES];
	double		base = m->kind == US_TREES_AVERAGE && m->n_labels == 0 ? m->base[0] : 0;

	factors(m, x, score, factor);
	for (int k = 0; k < us_forest_sums(m->forest); k++)
		base += factor[k] * (s->expected[k] + (m->kind == US_TREES_BOOSTED ? m->base[k] : 0));
	return base;
}

/* ---- what the training says ---- */

bool
us_tree_model_importance(const void *model, UsImportanceKind kind, double *value)
{
	const UsTreeModel *m = model;
	const UsForest *f = m->forest;

	memset(value, 0, sizeof(double) * f->width);
	for (int32 i = 0; i < f->root[f->n_trees]; i++)
		if (f->node[i].left != 0)
			value[f->node[i].column] += kind == US_IMPORTANCE_GAIN ? f->node[i].gain : 1;
	return true;
}
