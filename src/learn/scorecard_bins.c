/*
 * scorecard_bins.c
 *	  The bins of a scorecard: cells are counted in one pass, then joined to the best bins.
 *
 * Numbers are cut into cells of about equal weight, categories have one a level; the levels stand in the order of their
 * shares of bads, in which the best partition is one into neighbours (W. D. Fisher, On Grouping for Maximum
 * Homogeneity, 1958; L. Breiman and others, Classification and Regression Trees, 1984, theorem 4.5).
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "agg/weight_units.h"
#include "infra/progress.h"
#include "learn/gram_pass.h"
#include "learn/scorecard_bins.h"
#include "learn/tree_data.h"

/* One column while it is binned. */
typedef struct Cells
{
	UsTreeColumn *cut;			/* numbers: cells by thresholds */
	int			levels;			/* categories */
	int			n;				/* cells; cell n holds missing values */
	int128	   *units;			/* [n + 1][2]: weights of goods and bads */
} Cells;

typedef struct Counting
{
	const UsFitInput *input;
	int			width;
	int			bad;
	int			exponent;		/* weights are counted in units of 2^exponent */
	Cells	   *cells;			/* [width] */
} Counting;

/* A level of a category that training rows have, or several with the same share of bads. */
typedef struct Level
{
	int			level;
	double		good;
	double		bad;
} Level;

static int
cell_of(const Cells *c, double x)
{
	if (c->levels > 0)
		return x >= 0 && x < c->levels ? (int) x : c->n;
	return us_tree_bin(c->cut, x, (uint8) c->n);
}

static void
count_rows(Counting *w)
{
	const UsFitInput *input = w->input;
	UsFrame    *frame = input->frame;
	double	   *x = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) w->width * US_CHUNK_ROWS);
	double	   *y = (double *) palloc(sizeof(double) * US_CHUNK_ROWS);
	double	   *room = (double *) palloc(sizeof(double) * US_CHUNK_ROWS);
	int128	   *unit = (int128 *) palloc(sizeof(int128) * US_CHUNK_ROWS);

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *weight;

		us_progress("count cells", i, frame->nchunks);
		us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
		us_target_chunk(input->target, chunk, y);
		weight = us_target_weights(input->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows; r++)
			unit[r] = us_weight_units(ldexp(weight ? weight[r] : 1, -w->exponent));
		for (int j = 0; j < w->width; j++)
		{
			Cells	   *c = &w->cells[j];
			const double *v = x + (Size) j * US_CHUNK_ROWS;

			CHECK_FOR_INTERRUPTS();
			for (int r = 0; r < chunk->nrows; r++)
				c->units[2 * cell_of(c, v[r]) + ((int) y[r] == w->bad)] += unit[r];
		}
	}
	pfree(x);
	pfree(y);
	pfree(room);
	pfree(unit);
}

static double
weight_of(const Counting *w, const Cells *c, int cell, int class)
{
	return ldexp(us_weight_value(c->units[2 * cell + class]), w->exponent);
}

/* Compare shares of bads by their odds. */
static int
compare_levels(const void *a, const void *b)
{
	const Level *x = (const Level *) a;
	const Level *y = (const Level *) b;
	double		left = x->bad * y->good;
	double		right = y->bad * x->good;

	if (left != right)
		return left < right ? -1 : 1;
	return x->level - y->level;
}

/*
 * Levels with rows in the order of their shares of bads, as cells: of[level] is the cell, -1 for a level without rows.
 * Equal shares are one cell; too many cells are joined to groups of about equal weight.
 */
static int
order_levels(const Counting *w, const Cells *c, double *good, double *bad, int *of)
{
	Level	   *level = (Level *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Level) * (Size) c->levels);
	double		all = 0;
	double		before = 0;
	int			seen = 0;
	int			distinct = 0;
	int			n = 0;

	for (int l = 0; l < c->levels; l++)
	{
		Level		one = {l, weight_of(w, c, l, 0), weight_of(w, c, l, 1)};

		of[l] = -1;
		if (one.good + one.bad > 0)
			level[seen++] = one;
		all += one.good + one.bad;
	}
	qsort(level, seen, sizeof(Level), compare_levels);
	for (int i = 0; i < seen; i++)
		distinct += i == 0 || level[i].bad * level[i - 1].good != level[i - 1].bad * level[i].good;
	for (int i = 0; i < seen; i++)
	{
		bool		same = i > 0 && level[i].bad * level[i - 1].good == level[i - 1].bad * level[i].good;
		bool		full = distinct <= US_WOE_MAX_CELLS || before >= all * n / US_WOE_MAX_CELLS;

		if (n == 0 || (!same && full))
		{
			good[n] = bad[n] = 0;
			n++;
		}
		good[n - 1] += level[i].good;
		bad[n - 1] += level[i].bad;
		of[level[i].level] = n - 1;
		before += level[i].good + level[i].bad;
	}
	pfree(level);
	return n;
}

/* The best bins of a column; weights of missing values are in the last cell. */
static void
bin_column(const Counting *w, const UsCardPlan *plan, const Cells *c, UsCardColumn *column)
{
	double		good[US_TREE_BINS + 1];
	double		bad[US_TREE_BINS + 1];
	int			last[US_WOE_MAX_BINS];
	int		   *of = c->levels > 0 ? (int *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * (Size) c->levels) : NULL;
	double		value;
	UsWoeRule	rule = {plan->max_bins, 0, c->levels > 0 ? US_TREND_RISING : plan->trend, plan->smoothing};
	int			n = c->levels > 0 ? order_levels(w, c, good, bad, of) : c->n;

	rule.all_good = weight_of(w, c, c->n, 0);
	rule.all_bad = weight_of(w, c, c->n, 1);
	for (int i = 0; i < n; i++)
	{
		if (c->levels == 0)
		{
			good[i] = weight_of(w, c, i, 0);
			bad[i] = weight_of(w, c, i, 1);
		}
		rule.all_good += good[i];
		rule.all_bad += bad[i];
	}
	rule.min_weight = plan->min_share * (rule.all_good + rule.all_bad);
	column->levels = c->levels;
	column->nbins = 1;
	last[0] = n - 1;
	if (n > 0)
		column->nbins = us_woe_partition(&rule, good, bad, n, last, &value);
	column->good = (double *) palloc0(sizeof(double) * (column->nbins + 1));
	column->bad = (double *) palloc0(sizeof(double) * (column->nbins + 1));
	column->woe = (double *) palloc0(sizeof(double) * (column->nbins + 1));
	column->part = (double *) palloc0(sizeof(double) * (column->nbins + 1));
	for (int i = 0, b = 0; i < n; i++)
	{
		b += i > last[b];
		column->good[b] += good[i];
		column->bad[b] += bad[i];
	}
	column->good[column->nbins] = weight_of(w, c, c->n, 0);
	column->bad[column->nbins] = weight_of(w, c, c->n, 1);
	if (c->levels == 0)
	{
		column->bound = (double *) palloc(sizeof(double) * column->nbins);
		for (int b = 0; b < column->nbins - 1; b++)
			column->bound[b] = c->cut->threshold[last[b]];
	}
	else
	{
		column->bin = (uint8 *) palloc(c->levels);
		for (int l = 0; l < c->levels; l++)
		{
			int			b = 0;

			while (of[l] >= 0 && of[l] > last[b])
				b++;
			column->bin[l] = (uint8) (of[l] >= 0 ? b : column->nbins + 1);
		}
		pfree(of);
	}
	(void) us_woe(column->good, column->bad, column->nbins + 1, plan->smoothing, column->woe, column->part);
}

void
us_scorecard_bins(const UsFitInput *input, const UsCardPlan *plan, int bad, UsCardColumn *column)
{
	Counting	w = {.input = input, .width = us_encoder_width(input->encoder), .bad = bad};
	UsTreeColumn *cut = us_tree_columns(input, plan->cells);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, input->budget);

	(void) frexp(us_gram_largest_weight(input), &w.exponent);
	w.cells = (Cells *) palloc0(sizeof(Cells) * Max(w.width, 1));
	for (int j = 0; j < w.width; j++)
	{
		Cells	   *c = &w.cells[j];

		c->cut = &cut[j];
		c->levels = us_encoder_levels(input->encoder, j);
		c->n = c->levels > 0 ? c->levels : cut[j].nbins;
		c->units = (int128 *) us_arena_array(arena, 2 * ((Size) c->n + 1), sizeof(int128));
	}
	count_rows(&w);
	for (int j = 0; j < w.width; j++)
	{
		us_progress("best bins", j, w.width);
		bin_column(&w, plan, &w.cells[j], &column[j]);
	}
	us_arena_reset(arena);
	pfree(w.cells);
}
