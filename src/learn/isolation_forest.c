/*
 * isolation_forest.c
 *	  Anomalies by isolation (F. T. Liu, K. M. Ting and Z.-H. Zhou, "Isolation Forest", ICDM 2008):
 *	  segments 1, normal, and 2, anomaly.
 *
 * Each tree has the rows of the smallest ranks, a function of seed, tree and row key, so that the forest
 * does not depend on the order of the rows.  With weights the ranks are those of weighted
 * sampling without replacement (P. S. Efraimidis and P. G. Spirakis, Information Processing Letters
 * 97 (2006)).
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/algorithm.h"
#include "learn/isolation_tree.h"
#include "math/exact_sum.h"
#include "math/hash.h"
#include "stat/normal.h"

#define SAMPLE_SALT	UINT64CONST(0x69736f6c617465)

/* Scores are counted, and thresholds lie, in steps of this; exact in binary. */
#define STEPS		65536

/* rows that are scored at a time */
#define TILE		64

#define FORMAT		1

static const char *const label_names[] = {"normal", "anomaly", NULL};

static const UsParamSpec specs[] = {
	{"n_trees", US_PARAM_INT, "100", 1, 10000, NULL,
	"number of trees"},
	{"sample_size", US_PARAM_INT, "256", 2, 1000000, NULL,
	"rows that each tree is grown on"},
	{"contamination", US_PARAM_NUMBER, "0.01", 0, 0.5, NULL,
	"share of the training rows that are called anomalies, but at least one"},
	{"threshold", US_PARAM_NUMBER, NULL, 0, 1, NULL,
	"least score of an anomaly, instead of contamination; 0.5 is that of the average row in a random tree"},
	{NULL}
};

typedef struct Model
{
	UsIsolationForest *forest;
	double		threshold;		/* anomalies have at least this score */
	double		mean;			/* of the scores of the training rows */
	double		sd;
	int64		rows;			/* training rows */
	int64		anomalies;		/* of them */

	double	   *row;			/* [TILE][width] scratch */
} Model;

/* ---- samples ---- */

/* Where a row of a tree's sample is, and its rank. */
typedef struct Ranked
{
	double		rank;
	int			slot;
} Ranked;

typedef struct Sampler
{
	int			width;
	int			sample;
	int			n_trees;
	uint64		seed;
	double		most_weight;
	int		   *n;				/* [n_trees] rows so far */
	Ranked	   *heap;			/* [n_trees][sample], the largest rank first */
	double	   *x;				/* [n_trees][sample][width], by slot */
	double	   *candidate;		/* [width] */
} Sampler;

static inline uint64
tree_seed(const Sampler *s, int t)
{
	return us_mix64(s->seed ^ SAMPLE_SALT, t);
}

/* Does row a of a tree stand behind row b?  Of equal ranks the contents decide. */
static bool
behind(const Sampler *s, const double *x, const Ranked *a, const Ranked *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	return memcmp(x + (Size) a->slot * s->width, x + (Size) b->slot * s->width, sizeof(double) * s->width) > 0;
}

/* Restore the heap after its entry i came down, or up. */
static void
sift(const Sampler *s, const double *x, Ranked *heap, int n, int i)
{
	Ranked		moved = heap[i];

	while (i > 0 && behind(s, x, &moved, &heap[(i - 1) / 2]))
	{
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	for (;;)
	{
		int			c = 2 * i + 1;

		if (c >= n)
			break;
		if (c + 1 < n && behind(s, x, &heap[c + 1], &heap[c]))
			c++;
		if (!behind(s, x, &heap[c], &moved))
			break;
		heap[i] = heap[c];
		i = c;
	}
	heap[i] = moved;
}

/* A row for tree t, in candidate. */
static void
offer(Sampler *s, int t, double rank)
{
	Ranked	   *heap = s->heap + (Size) t * s->sample;
	double	   *x = s->x + (Size) t * s->sample * s->width;
	int			slot;

	if (s->n[t] < s->sample)
	{
		slot = s->n[t]++;
		memcpy(x + (Size) slot * s->width, s->candidate, sizeof(double) * s->width);
		heap[slot] = (Ranked) {rank, slot};
		sift(s, x, heap, s->n[t], slot);
		return;
	}
	slot = heap[0].slot;
	if (rank > heap[0].rank ||
		(rank == heap[0].rank &&
		 memcmp(s->candidate, x + (Size) slot * s->width, sizeof(double) * s->width) >= 0))
		return;
	memcpy(x + (Size) slot * s->width, s->candidate, sizeof(double) * s->width);
	heap[0].rank = rank;
	sift(s, x, heap, s->n[t], 0);
}

/* Hashes above this have ranks above the largest that tree t has. */
static uint64
hash_limit(const Sampler *s, int t)
{
	double		share;

	if (s->n[t] < s->sample)
		return PG_UINT64_MAX;
	/* a little above, for rounding */
	share = -expm1(-s->heap[(Size) t * s->sample].rank * s->most_weight) * (1 + 1e-9) + 1e-15;
	return share < 1 ? (uint64) (share * 18446744073709551616.0) : PG_UINT64_MAX;
}

/* The rows of a chunk, encoded as x[width][US_CHUNK_ROWS]. */
static void
sample_chunk(Sampler *s, const UsChunk *chunk, const double *x, int *row)
{
	for (int t = 0; t < s->n_trees; t++)
	{
		uint64		seed = tree_seed(s, t);
		int			n = us_hash_select(seed, chunk->key, chunk->nrows, hash_limit(s, t), row);

		for (int i = 0; i < n; i++)
		{
			int			r = row[i];
			double		u = us_uniform(seed, chunk->key[r]);

			for (int c = 0; c < s->width; c++)
				s->candidate[c] = x[(Size) c * US_CHUNK_ROWS + r];
			offer(s, t, -log1p(-u) / (chunk->weight ? chunk->weight[r] : 1));
		}
	}
}

static double
largest_weight(UsFrame *frame)
{
	double		most = frame->weighted ? 0 : 1;

	for (int i = 0; frame->weighted && i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < chunk->nrows; r++)
			most = fmax(most, chunk->weight[r]);
	}
	return most;
}

/* The forest of the samples of all rows; x[width][US_CHUNK_ROWS] and arena are room. */
static UsIsolationForest *
grow(const UsFitInput *input, double *x, UsArena *arena)
{
	UsFrame    *frame = input->frame;
	Sampler		s = {.width = us_encoder_width(input->encoder), .seed = input->seed};
	int		   *row = palloc(sizeof(int) * US_CHUNK_ROWS);
	int		   *levels = palloc(sizeof(int) * s.width);
	Size		rows;
	UsIsolationForest *f;

	s.n_trees = (int) us_params_get(input->params, "n_trees")->integer;
	s.sample = (int) Min(us_params_get(input->params, "sample_size")->integer, frame->nrows);
	s.most_weight = largest_weight(frame);
	rows = (Size) s.n_trees * s.sample;
	s.n = us_arena_array(arena, s.n_trees, sizeof(int));
	memset(s.n, 0, sizeof(int) * s.n_trees);
	s.heap = us_arena_array(arena, rows, sizeof(Ranked));
	s.x = us_arena_array(arena, rows * s.width, sizeof(double));
	s.candidate = palloc(sizeof(double) * s.width);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("draw samples", i, frame->nchunks);
		us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
		sample_chunk(&s, chunk, x, row);
	}
	for (int c = 0; c < s.width; c++)
		levels[c] = us_encoder_levels(input->encoder, c);
	us_progress("grow trees", 0, s.n_trees);
	us_budget_take(input->budget, us_isolation_bytes(s.n_trees, s.sample), "growing isolation trees");
	f = us_isolation_grow(s.x, s.n, s.n_trees, s.sample, s.width, levels, input->seed);
	pfree(row);
	pfree(levels);
	return f;
}

/* ---- scores of the training rows ---- */

/* Scores of n rows of a block x[width][stride]. */
static void
score_rows(const Model *m, const double *x, int stride, int n, double *score)
{
	int			width = m->forest->width;

	for (int from = 0; from < n; from += TILE)
	{
		int			rows = Min(TILE, n - from);

		for (int c = 0; c < width; c++)
			for (int r = 0; r < rows; r++)
				m->row[(Size) r * width + c] = x[(Size) c * stride + from + r];
		us_isolation_length_block(m->forest, m->row, rows, score + from);
		for (int r = 0; r < rows; r++)
			score[from + r] = us_isolation_score(m->forest, score[from + r]);
	}
}

static inline int
step_of(double score)
{
	return Min((int) (score * STEPS), STEPS - 1);
}

/*
 * The step from which on the share of rows comes nearest to the wanted one, but at least one row; the one above
 * all rows where equal scores would make most of them anomalies.
 */
static int
threshold_step(const int64 *count, int64 n, double share)
{
	int64		above = 0;
	int64		best_distance = PG_INT64_MAX;
	int64		best_above = 0;
	int			best = STEPS - 1;

	for (int b = STEPS - 1; b >= 0; b--)
	{
		int64		distance;

		if (count[b] == 0)
			continue;
		above += count[b];
		distance = (int64) fabs(above - share * n);
		if (distance >= best_distance)
			break;
		best_distance = distance;
		best_above = above;
		best = b;
	}
	return 2 * best_above > n ? best + 1 : best;
}

/* Score the training rows: threshold, mean and spread; and their labels, if there is room. */
static void
judge(const UsFitInput *input, Model *m, double *x, UsFitResult *result)
{
	UsFrame    *frame = input->frame;
	const UsParam *threshold = us_params_get(input->params, "threshold");
	int64	   *count = palloc0(sizeof(int64) * STEPS);
	double	   *score = palloc(sizeof(double) * US_CHUNK_ROWS);
	UsExactSum *sum = palloc0(sizeof(UsExactSum) * 3);
	Size		bytes = sizeof(uint16) * US_CHUNK_ROWS * (Size) frame->nchunks;
	uint16	   *step = NULL;
	double		weight;
	int			at;

	if (us_budget_try(input->budget, bytes))
		step = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("score rows", i, frame->nchunks);
		us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
		score_rows(m, x, US_CHUNK_ROWS, chunk->nrows, score);
		for (int r = 0; r < chunk->nrows; r++)
		{
			double		w = chunk->weight ? chunk->weight[r] : 1;

			us_exact_add(&sum[0], w);
			us_exact_add(&sum[1], w * score[r]);
			us_exact_add(&sum[2], w * score[r] * score[r]);
			count[step_of(score[r])]++;
			if (step)
				step[(Size) i * US_CHUNK_ROWS + r] = (uint16) step_of(score[r]);
		}
	}
	weight = us_exact_round(&sum[0]);
	m->mean = us_exact_round(&sum[1]) / weight;
	m->sd = sqrt(fmax(us_exact_round(&sum[2]) / weight - m->mean * m->mean, 0));
	at = threshold->is_null ? threshold_step(count, frame->nrows, us_params_get(input->params, "contamination")->number) :
		(int) fmin(ceil(threshold->number * STEPS), STEPS - 1);
	m->threshold = (double) at / STEPS;
	m->rows = frame->nrows;
	for (int b = at; b < STEPS; b++)
		m->anomalies += count[b];
	for (Size i = 0; step && i < (Size) frame->nchunks * US_CHUNK_ROWS; i++)
		step[i] = step[i] >= at;
	result->labels = step;
	pfree(count);
	pfree(score);
	pfree(sum);
}

static UsReport *
isolation_describe(const void *model)
{
	const Model *m = model;
	UsReport   *r = us_report_object();

	us_report_int(r, "trees", m->forest->n_trees);
	us_report_int(r, "nodes", m->forest->root[m->forest->n_trees]);
	us_report_int(r, "sample_size", m->forest->sample);
	us_report_number(r, "threshold", m->threshold);
	us_report_number(r, "mean_score", m->mean);
	us_report_number(r, "sd_score", m->sd);
	us_report_int(r, "anomalies", m->anomalies);
	us_report_number(r, "anomaly_share", (double) m->anomalies / m->rows);
	return r;
}

static void
isolation_fit(const UsFitInput *input, UsFitResult *result)
{
	int			width = us_encoder_width(input->encoder);
	Model	   *m = palloc0(sizeof(Model));
	UsArena    *arena = us_arena_create(CurrentMemoryContext, input->budget);
	double	   *x;

	memset(result, 0, sizeof(UsFitResult));
	if (input->frame->nrows < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an isolation forest needs at least 2 rows, and the source has " INT64_FORMAT,
						input->frame->nrows),
				 errhint("An anomaly differs from other rows: train on more of them.")));
	x = us_arena_array(arena, (Size) width * US_CHUNK_ROWS, sizeof(double));
	m->forest = grow(input, x, arena);
	m->row = palloc(sizeof(double) * TILE * width);
	judge(input, m, x, result);
	us_arena_reset(arena);

	result->details = us_report_object();
	us_report_attach(result->details, "model", isolation_describe(m));
	result->model = m;
	result->task = US_TASK_CLUSTERING;
	result->n_labels = 2;
	result->metric = "anomaly_share";
	result->metric_value = (double) m->anomalies / m->rows;
	result->converged = true;
	result->iterations = m->forest->n_trees;
	if (m->anomalies == 0)
		us_fit_warn(result, psprintf("no row has a score of at least %g: none is an anomaly", m->threshold));
}

static uint64
isolation_memory(const UsParams *params, int64 nrows, int width)
{
	int			n_trees = (int) us_params_get(params, "n_trees")->integer;
	int64		sample = Min(us_params_get(params, "sample_size")->integer, nrows);

	return (uint64) n_trees * sample * (sizeof(Ranked) + sizeof(double) * width) +
		us_isolation_bytes(n_trees, (int) Max(sample, 1)) + (uint64) nrows * sizeof(uint16) +
		(uint64) width * US_CHUNK_ROWS * sizeof(double);
}

/* ---- scoring ---- */

/*
 * The probability of an anomaly is that of a normal distribution of the scores around the threshold
 * (after H.-P. Kriegel, P. Kroeger, E. Schubert and A. Zimek, "Interpreting and Unifying Outlier Scores",
 * SDM 2011, section 4.3): one half at the threshold.
 */
static double
anomaly_probability(const Model *m, double score)
{
	if (m->sd == 0)
		return score >= m->threshold;
	return us_normal_cdf((score - m->threshold) / m->sd);
}

static void
answer(const Model *m, double score, UsScore *out)
{
	double		p = anomaly_probability(m, score);

	out->label = score >= m->threshold ? 2 : 1;
	out->runner_up = 3 - out->label;
	out->value = score;
	out->probability = out->label == 2 ? p : 1 - p;
	out->margin = fabs(score - m->threshold);
	out->distance = NAN;
}

static double
score_of(const Model *m, const double *x)
{
	return us_isolation_score(m->forest, us_isolation_length(m->forest, x));
}

static void
isolation_score(const void *model, const double *x, UsScore *score)
{
	answer(model, score_of(model, x), score);
}

static int
isolation_label(const void *model, const double *x)
{
	const Model *m = model;

	return score_of(m, x) >= m->threshold ? 2 : 1;
}

static void
isolation_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const Model *m = model;
	double		score[TILE];

	for (int from = 0; from < nrows; from += TILE)
	{
		int			n = Min(TILE, nrows - from);

		score_rows(m, x + from, stride, n, score);
		for (int r = 0; r < n; r++)
			answer(m, score[r], &out[from + r]);
	}
}

static void
isolation_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	const Model *m = model;
	double		score[TILE];

	for (int from = 0; from < nrows; from += TILE)
	{
		int			n = Min(TILE, nrows - from);

		score_rows(m, x + from, stride, n, score);
		for (int r = 0; r < n; r++)
			label[from + r] = score[r] >= m->threshold ? 2 : 1;
	}
}

static void
isolation_proba(const void *model, const double *x, double *p)
{
	p[1] = anomaly_probability(model, score_of(model, x));
	p[0] = 1 - p[1];
}

/* Shortening of the path in units of the usual length: towards an anomaly; the other way for a normal row. */
static void
isolation_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const Model *m = model;
	double		unit = score->label == 2 ? 1 / m->forest->usual : -1 / m->forest->usual;

	us_isolation_explain(m->forest, x, c);
	for (int j = 0; j < m->forest->width; j++)
		c[j] *= unit;
}

/* The mean path of the training rows in the same units: with the contributions it is the logarithm to base 2 of the score. */
static double
isolation_base(const void *model, const double *x, const UsScore *score)
{
	const Model *m = model;
	double		mean = us_isolation_mean_length(m->forest) / m->forest->usual;

	return score->label == 2 ? -mean : mean;
}

/* The score, and the label by it; SQL has no normal distribution for probabilities. */
static UsFormula *
isolation_formula(const void *model, const UsFormulaRequest *request)
{
	const Model *m = model;
	UsFormula  *score;

	if (request->want == US_WANT_TOP || request->want == US_WANT_CLASS)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("probabilities of an isolation forest cannot be exported"),
				 errdetail("They are those of a normal distribution of scores."),
				 errhint("Export the output \"value\", which is the score, or \"label\".")));
	if (m->forest->usual > 0)
		score = us_formula_one(US_F_EXP2, us_formula_two(US_F_DIV, us_isolation_formula(m->forest, request),
														 us_formula_constant(-m->forest->usual)));
	else
		score = us_formula_constant(0.5);
	if (request->want == US_WANT_VALUE)
		return score;
	return us_formula_above(us_formula_constant(m->threshold), score, us_formula_label(1), us_formula_label(2));
}

static void
isolation_write(const void *model, UsWriter *w)
{
	const Model *m = model;

	us_write_u8(w, FORMAT);
	us_write_f64(w, m->threshold);
	us_write_f64(w, m->mean);
	us_write_f64(w, m->sd);
	us_write_i64(w, m->rows);
	us_write_i64(w, m->anomalies);
	us_isolation_write(m->forest, w);
}

static void *
isolation_read(UsReader *r, int width, int *n_labels)
{
	Model	   *m = palloc0(sizeof(Model));

	us_check_version("isolation forest", us_read_u8(r), FORMAT);
	m->threshold = us_read_f64(r);
	m->mean = us_read_f64(r);
	m->sd = us_read_f64(r);
	m->rows = us_read_i64(r);
	m->anomalies = us_read_i64(r);
	if (!(m->threshold >= 0 && m->threshold <= 1) || !(m->mean >= 0 && m->mean <= 1) || !(m->sd >= 0 && m->sd <= 1))
		us_corrupt(r, "scores of mean %g and deviation %g with threshold %g", m->mean, m->sd, m->threshold);
	if (m->rows < 2 || m->anomalies < 0 || m->anomalies > m->rows)
		us_corrupt(r, INT64_FORMAT " anomalies of " INT64_FORMAT " rows", m->anomalies, m->rows);
	m->forest = us_isolation_read(r, width);
	if (m->forest->sample < 2)
		us_corrupt(r, "trees of %d rows", m->forest->sample);
	m->row = palloc(sizeof(double) * TILE * Max(width, 1));
	*n_labels = 2;
	return m;
}

const UsAlgorithm us_algorithm_isolation_forest = {
	.name = "isolation_forest",
	.task = "clustering",
	.description = "isolation forest: rows that few random splits part from the others are anomalies",
	.native = true,
	.gives_value = true,
	.label_names = label_names,
	.params = specs,
	.fit = isolation_fit,
	.memory = isolation_memory,
	.score = isolation_score,
	.label = isolation_label,
	.label_block = isolation_label_block,
	.score_block = isolation_score_block,
	.proba = isolation_proba,
	.explain = isolation_explain,
	.base = isolation_base,
	.formula = isolation_formula,
	.describe = isolation_describe,
	.write = isolation_write,
	.read = isolation_read,
};
