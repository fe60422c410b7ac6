/*
 * tree_learner.c
 *	  What the algorithms that learn trees have in common.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/tree_learner.h"
#include "math/exact_sum.h"
#include "math/softmax.h"

/*
 * Weights and targets become integers up to this: a row that is drawn US_TREE_MOST_DRAWN times still has
 * 32 bits, and sums of 2^31 rows have 64.
 */
#define LARGEST_STAT	((double) ((1 << 30) / US_TREE_MOST_DRAWN))

const UsParam *
us_tree_param(const UsFitInput *input, const char *name)
{
	return us_params_get(input->params, name);
}

/* ---- statistics ---- */

/* Largest weight, sums for the mean of the target, its range. */
typedef struct Extent
{
	double		weight;
	bool		whole;			/* all weights are whole numbers */
	UsExactSum	sum;
	UsExactSum	mass;
	double		low;
	double		high;
} Extent;

static void
measure(const UsFitInput *input, Extent *e, double *y, double *room)
{
	UsFrame    *frame = input->frame;

	e->whole = true;
	e->low = INFINITY;
	e->high = -INFINITY;
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *w;

		CHECK_FOR_INTERRUPTS();
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows; r++)
		{
			double		weight = w ? w[r] : 1;

			e->weight = fmax(e->weight, weight);
			e->whole &= weight == rint(weight);
			e->low = fmin(e->low, y[r]);
			e->high = fmax(e->high, y[r]);
			us_exact_add(&e->sum, weight * y[r]);
			us_exact_add(&e->mass, weight);
		}
	}
}

void
us_tree_stats_fill(const UsFitInput *input, UsTreeStats *stats)
{
	UsFrame    *frame = input->frame;
	bool		classes = input->task == US_TASK_CLASSIFICATION;
	double	   *y = palloc(US_CHUNK_ROWS * sizeof(double));
	double	   *room = palloc(US_CHUNK_ROWS * sizeof(double));
	Extent	   *e = palloc0(sizeof(Extent));
	double		reach;
	int64		n = 0;

	us_progress("read the target", 0, 0);
	measure(input, e, y, room);
	stats->n_classes = classes ? input->target->n_classes : 0;
	/* whole weights count as they are */
	stats->unit_h = e->whole && e->weight <= 1024 ? 1 : e->weight / LARGEST_STAT;
	stats->centre = us_exact_round(&e->sum) / us_exact_round(&e->mass);
	reach = fmax(e->high - stats->centre, stats->centre - e->low);
	stats->unit = classes ? stats->unit_h :
		(reach > 0 ? reach * (stats->absolute ? 1 : e->weight) / LARGEST_STAT : 1);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *w;

		CHECK_FOR_INTERRUPTS();
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows; r++, n++)
		{
			double		weight = w ? w[r] : 1;
			int32		h = (int32) fmax(rint(weight / stats->unit_h), 1);

			stats->item[n].row = (uint32) n;
			stats->item[n].a = classes ? h : (int32) rint((stats->absolute ? 1 : -weight) * (y[r] - stats->centre) / stats->unit);
			stats->item[n].b = classes ? (int32) y[r] : h;
			stats->key[n] = chunk->key[r];
		}
	}
	stats->n = n;
	stats->weight = us_exact_round(&e->mass);
	pfree(e);
	pfree(room);
	pfree(y);
}

const char *const us_tree_criteria[] = {"gini", "entropy", "absolute_error", NULL};

bool
us_tree_absolute(const UsFitInput *input)
{
	if (strcmp(us_tree_param(input, "criterion")->text, "absolute_error") != 0)
		return false;
	if (input->task == US_TASK_CLASSIFICATION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("criterion \"absolute_error\" is for regressions, and the target has %d classes",
						input->target->n_classes),
				 errhint("Use \"gini\" or \"entropy\".")));
	return true;
}

UsSplitRule
us_tree_average_rule(const UsFitInput *input, const UsTreeStats *stats, double min_weight, double min_gain)
{
	UsSplitRule rule = {0};
	bool		entropy = strcmp(us_tree_param(input, "criterion")->text, "entropy") == 0;

	rule.kind = stats->n_classes > 0 ? (entropy ? US_SPLIT_ENTROPY : US_SPLIT_GINI) :
		stats->absolute ? US_SPLIT_ABSOLUTE : US_SPLIT_GRADIENT;
	rule.nstats = stats->n_classes == 0 ? 2 : stats->n_classes;
	rule.unit_g = stats->unit;
	rule.unit_h = stats->unit_h;
	rule.min_weight = fmax(min_weight * us_target_row(input->target), stats->unit_h / 2);
	rule.min_gain = min_gain;
	return rule;
}

/* ---- the model ---- */

/* bins and sums of the rows that are scored at a time: they share the cache with a tree */
#define BLOCK_BYTES	((Size) 256 * 1024)

void
us_tree_model_prepare(UsTreeModel *m)
{
	UsForest   *f = m->forest;
	double		total = 0;

	us_forest_prepare(f);
	m->block = (int) Min(Max(BLOCK_BYTES / (f->width + sizeof(double) * us_forest_sums(f)), 16), US_CHUNK_ROWS);
	m->bin = palloc(m->block * (Size) Max(f->width, 1));
	m->sum = palloc(sizeof(double) * m->block * (Size) us_forest_sums(f));
	if (f->n_samples > 0)
		m->draw = palloc_extended(sizeof(double) * (Size) f->n_trees * f->n_samples, MCXT_ALLOC_HUGE);
	m->importance = palloc0(sizeof(double) * Max(f->width, 1));
	for (int32 i = 0; i < f->root[f->n_trees]; i++)
		if (f->node[i].left != 0)
			m->importance[f->node[i].column] += f->node[i].gain;
	for (int c = 0; c < f->width; c++)
		total += m->importance[c];
	for (int c = 0; c < f->width && total > 0; c++)
		m->importance[c] /= total;
}

/* Probabilities p[n_labels] from sums; p may be sum. */
static void
probabilities(const UsTreeModel *m, const double *sum, double *p)
{
	if (m->kind == US_TREES_AVERAGE)
	{
		double		total = 0;

		for (int k = 0; k < m->n_labels; k++)
			total += sum[k];
		for (int k = 0; k < m->n_labels; k++)
			p[k] = sum[k] / total;
	}
	else if (m->forest->n_scores == 1)
	{
		double		score = m->base[0] + sum[0];

		p[1] = us_objective_mean(&m->objective, score);
		p[0] = us_objective_mean(&m->objective, -score);
	}
	else
	{
		for (int k = 0; k < m->n_labels; k++)
			p[k] = m->base[k] + sum[k];
		us_softmax(p, m->n_labels);
	}
}

static void
answer(const UsTreeModel *m, double *sum, UsScore *out)
{
	double		room[2];
	double	   *p = m->n_labels == 2 ? room : sum;

	*out = (UsScore) {.value = NAN, .probability = NAN, .margin = NAN, .distance = NAN};
	if (m->n_labels == 0)
	{
		out->value = m->kind == US_TREES_AVERAGE ? m->base[0] + sum[0] / m->forest->n_trees :
			us_objective_mean(&m->objective, m->base[0] + sum[0]);
		return;
	}
	probabilities(m, sum, p);
	out->label = 1;
	for (int k = 1; k < m->n_labels; k++)
	{
		if (p[k] > p[out->label - 1])
		{
			out->runner_up = out->label;
			out->label = k + 1;
		}
		else if (out->runner_up == 0 || p[k] > p[out->runner_up - 1])
			out->runner_up = k + 1;
	}
	out->probability = p[out->label - 1];
	out->margin = out->runner_up ? out->probability - p[out->runner_up - 1] : NAN;
	if (m->n_labels == 2)
		out->value = p[1];
}

void
us_tree_model_score(const void *model, const double *x, UsScore *score)
{
	const UsTreeModel *m = model;

	us_forest_bins(m->forest, x, m->bin);
	us_forest_sum(m->forest, m->bin, 1, m->sum);
	answer(m, m->sum, score);
}

int
us_tree_model_label(const void *model, const double *x)
{
	UsScore		score;

	us_tree_model_score(model, x, &score);
	return score.label;
}

void
us_tree_model_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsTreeModel *m = model;
	int			nsums = us_forest_sums(m->forest);

	for (int from = 0; from < nrows; from += m->block)
	{
		int			n = Min(m->block, nrows - from);

		us_forest_bins_block(m->forest, x + from, stride, n, m->bin);
		us_forest_sum(m->forest, m->bin, n, m->sum);
		for (int i = 0; i < n; i++)
			answer(m, m->sum + (Size) i * nsums, &out[from + i]);
	}
}

void
us_tree_model_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	UsScore		score[256];

	for (int from = 0; from < nrows; from += lengthof(score))
	{
		int			n = Min(lengthof(score), nrows - from);

		us_tree_model_score_block(model, x + from, stride, n, score);
		for (int i = 0; i < n; i++)
			label[from + i] = score[i].label;
	}
}

void
us_tree_model_proba(const void *model, const double *x, double *p)
{
	const UsTreeModel *m = model;

	us_forest_bins(m->forest, x, m->bin);
	us_forest_sum(m->forest, m->bin, 1, m->sum);
	probabilities(m, m->sum, p);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/*
 * Of the targets kept in the leaves of a row (N. Meinshausen, "Quantile Regression Forests", JMLR 7 (2006)), with
 * linear interpolation between neighbours.
 */
double
us_tree_model_quantile(const void *model, const double *x, double p)
{
	const UsTreeModel *m = model;
	const UsForest *f = m->forest;
	Size		n = (Size) f->n_trees * f->n_samples;
	double		at = p * (n - 1);
	Size		i = (Size) at;

	if (n == 0)
		return NAN;
	us_forest_bins(f, x, m->bin);
	us_forest_samples(f, m->bin, m->draw);
	qsort(m->draw, n, sizeof(double), compare_doubles);
	return m->base[0] + m->draw[i] + (i + 1 < n ? (at - i) * (m->draw[i + 1] - m->draw[i]) : 0);
}

const UsForest *
us_tree_model_trees(const void *model, UsTreeMeaning *meaning)
{
	const UsTreeModel *m = model;

	meaning->boosted = m->kind == US_TREES_BOOSTED;
	meaning->base = m->kind == US_TREES_AVERAGE && m->n_labels == 0 ? m->base[0] : 0;
	return m->forest;
}

UsReport *
us_tree_model_describe(const void *model)
{
	const UsTreeModel *m = model;
	const UsForest *f = m->forest;
	UsReport   *r = us_report_object();
	UsReport   *list;
	int64		leaves = 0;

	for (int32 i = 0; i < f->root[f->n_trees]; i++)
		leaves += f->node[i].left == 0;
	us_report_int(r, "trees", f->n_trees);
	us_report_int(r, "nodes", f->root[f->n_trees]);
	us_report_int(r, "leaves", leaves);
	us_report_int(r, "background_rows", m->n_background);
	list = us_report_add_array(r, "importance");
	for (int c = 0; c < f->width; c++)
		us_report_number(list, NULL, m->importance[c]);
	return r;
}

void
us_tree_model_write(const void *model, UsWriter *w)
{
	const UsTreeModel *m = model;

	us_write_u8(w, (uint8) m->kind);
	us_write_u32(w, m->n_labels);
	us_write_u8(w, (uint8) m->objective.kind);
	us_write_f64(w, m->objective.parameter);
	us_forest_write(m->forest, w);
	for (int k = 0; k < m->forest->n_scores; k++)
		us_write_f64(w, m->base[k]);
	us_write_u32(w, m->n_background);
	if (m->n_background > 0)
		us_write_bytes(w, m->background, (Size) m->n_background * m->forest->width);
}

/* Rows of bins, each in the range of its column. */
static void
read_background(UsReader *r, UsTreeModel *m)
{
	int			width = m->forest->width;
	Size		bytes;

	m->n_background = us_read_count(r, width, US_TREE_BACKGROUND);
	bytes = (Size) m->n_background * width;
	m->background = palloc_extended(Max(bytes, 1), MCXT_ALLOC_HUGE);
	memcpy(m->background, us_read_bytes(r, bytes), bytes);
	for (Size i = 0; i < bytes; i++)
		if (m->background[i] >= m->forest->column[i % width].nbins && m->background[i] != US_TREE_MISSING)
			us_corrupt(r, "background row with bin %d of column %d", m->background[i], (int) (i % width) + 1);
}

void *
us_tree_model_read(UsReader *r, int width, int *n_labels)
{
	UsTreeModel *m = palloc0(sizeof(UsTreeModel));
	uint8		kind = us_read_u8(r);
	uint8		objective;
	bool		fits;

	m->n_labels = us_read_count(r, 0, US_MAX_CLASSES);
	objective = us_read_u8(r);
	m->objective.parameter = us_read_f64(r);
	if (kind > US_TREES_BOOSTED || objective > US_OBJECTIVE_TWEEDIE || !isfinite(m->objective.parameter))
		us_corrupt(r, "trees of kind %u with objective %u", kind, objective);
	m->kind = (UsTreeModelKind) kind;
	m->objective.kind = (UsObjectiveKind) objective;
	m->forest = us_forest_read(r, width);
	m->objective.n_scores = m->forest->n_scores;
	if (kind == US_TREES_AVERAGE)
		fits = m->n_labels == 0 ? m->forest->n_scores == 1 : m->forest->n_classes == m->n_labels;
	else
		fits = m->forest->n_scores == (m->n_labels > 2 ? m->n_labels : 1);
	if (!fits || m->n_labels == 1 || (kind == US_TREES_AVERAGE && m->forest->n_trees == 0))
		us_corrupt(r, "trees of %d classes and %d scores for %d labels",
				   m->forest->n_classes, m->forest->n_scores, m->n_labels);
	m->base = palloc0(sizeof(double) * Max(m->forest->n_scores, 1));
	for (int k = 0; k < m->forest->n_scores; k++)
	{
		m->base[k] = us_read_f64(r);
		if (!isfinite(m->base[k]))
			us_corrupt(r, "base score %g", m->base[k]);
	}
	read_background(r, m);
	us_tree_model_prepare(m);
	*n_labels = m->n_labels;
	return m;
}
