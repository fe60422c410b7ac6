/*
 * profile.c
 *	  Means and shares of the segments of a partition, in the units of the source.
 *
 * Each chunk is ordered by label first (a counting sort), so that the values of
 * a segment stand side by side and go through the exact sum of that segment and
 * facet as an array.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "eval/facet.h"
#include "eval/profile.h"
#include "eval/rule.h"
#include "math/exact_sum.h"

/* Sums of one facet in one segment. */
typedef struct Cell
{
	UsExactSum	sum;			/* of weight * value */
	UsExactSum	weight;			/* of the weights of rows with a value, when weighted */
	int64		n;				/* rows with a value */
} Cell;

typedef struct Pass
{
	UsProfile  *profile;
	const UsFacetSource *source;
	Cell	   *cell;			/* [nfacets][n_labels + 1]; label 0 = rows without one */
	UsExactSum *square;			/* [nfacets] of weight * (value - mean)^2 */
	UsExactSum *label_weight;	/* [n_labels + 1] */
	const int32 *label;			/* of the chunk at hand */
	int		   *order;			/* [US_CHUNK_ROWS] rows by label */
	int		   *start;			/* [n_labels + 2] */
	double	   *value;
	double	   *sorted;
	double	   *sorted_weight;
} Pass;

/* Rows of the chunk ordered by label: order[start[k] .. start[k + 1]) have label k. */
static void
order_by_label(Pass *pass, int nrows)
{
	int			k = pass->profile->n_labels + 1;

	memset(pass->start, 0, (k + 1) * sizeof(int));
	for (int r = 0; r < nrows; r++)
		pass->start[pass->label[r] + 1]++;
	for (int i = 0; i < k; i++)
		pass->start[i + 1] += pass->start[i];
	for (int r = 0; r < nrows; r++)
		pass->order[pass->start[pass->label[r]]++] = r;
	for (int i = k; i > 0; i--)
		pass->start[i] = pass->start[i - 1];
	pass->start[0] = 0;
}

/* The values (and weights) of rows that have one, of one segment; returns their number. */
static int
gather(Pass *pass, const UsChunk *chunk, int label)
{
	const int  *order = pass->order;
	const double *value = pass->value;
	double	   *sorted = pass->sorted;
	int			end = pass->start[label + 1];
	int			n = 0;

	for (int i = pass->start[label]; i < end; i++)
	{
		double		x = value[order[i]];

		sorted[n] = x;
		if (chunk->weight)
			pass->sorted_weight[n] = chunk->weight[order[i]];
		n += x == x;
	}
	return n;
}

static void
add_facet_chunk(Pass *pass, const UsFrame *frame, const UsChunk *chunk, int f)
{
	UsProfile  *profile = pass->profile;
	double	   *x = pass->sorted;
	double	   *w = pass->sorted_weight;

	us_facet_values(frame, &profile->facet[f], pass->source[f], chunk, NULL, chunk->nrows,
					pass->value);
	for (int k = 0; k <= profile->n_labels; k++)
	{
		Cell	   *cell = &pass->cell[(Size) f * (profile->n_labels + 1) + k];
		int			n = gather(pass, chunk, k);

		if (n == 0)
			continue;
		cell->n += n;
		if (chunk->weight)
		{
			us_exact_add_array(&cell->weight, w, n);
			for (int i = 0; i < n; i++)
				x[i] *= w[i];
		}
		us_exact_add_array(&cell->sum, x, n);
	}
}

static void
add_square_chunk(Pass *pass, const UsFrame *frame, const UsChunk *chunk, int f)
{
	double		mean = pass->profile->facet[f].mean;
	const double *weight = chunk->weight;
	double	   *value = pass->value;
	double	   *square = pass->sorted;
	int			n = 0;

	us_facet_values(frame, &pass->profile->facet[f], pass->source[f], chunk, NULL, chunk->nrows,
					value);
	for (int r = 0; r < chunk->nrows; r++)
	{
		double		d = value[r] - mean;

		if (!isnan(d))
			square[n++] = weight ? weight[r] * d * d : d * d;
	}
	us_exact_add_array(&pass->square[f], pass->sorted, n);
}

/* Sums over all rows, then the means. */
static void
sum_pass(Pass *pass, UsFrame *frame, UsLabelChunk labels, void *context)
{
	UsProfile  *profile = pass->profile;
	int			k1 = profile->n_labels + 1;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		CHECK_FOR_INTERRUPTS();
		pass->label = labels(context, i, chunk);
		order_by_label(pass, chunk->nrows);
		for (int k = 1; k < k1; k++)
			profile->n[k - 1] += pass->start[k + 1] - pass->start[k];
		if (chunk->weight)
			for (int r = 0; r < chunk->nrows; r++)
				us_exact_add(&pass->label_weight[pass->label[r]], chunk->weight[r]);
		for (int f = 0; f < profile->nfacets; f++)
			add_facet_chunk(pass, frame, chunk, f);
	}
	for (int k = 1; k < k1; k++)
		profile->weight[k - 1] = frame->weighted ? us_exact_round(&pass->label_weight[k])
			: (double) profile->n[k - 1];
	for (int f = 0; f < profile->nfacets; f++)
	{
		Cell	   *all = &pass->cell[(Size) f * k1];	/* label 0 becomes the total */
		UsFacet    *facet = &profile->facet[f];

		for (int k = 1; k < k1; k++)
		{
			Cell	   *cell = &pass->cell[(Size) f * k1 + k];

			if (cell->n > 0)
			{
				facet->segment_weight[k - 1] = frame->weighted ? us_exact_round(&cell->weight)
					: (double) cell->n;
				facet->segment_mean[k - 1] = us_exact_round(&cell->sum) / facet->segment_weight[k - 1];
			}
			us_exact_merge(&all->sum, &cell->sum);
			us_exact_merge(&all->weight, &cell->weight);
			all->n += cell->n;
		}
		if (all->n > 0)
			facet->mean = us_exact_round(&all->sum)
				/ (frame->weighted ? us_exact_round(&all->weight) : (double) all->n);
	}
}

static void
square_pass(Pass *pass, UsFrame *frame)
{
	UsProfile  *profile = pass->profile;

	for (int f = 0; f < profile->nfacets; f++)
	{
		UsFacet    *facet = &profile->facet[f];

		if (facet->level && !isnan(facet->mean))	/* of a share: Bernoulli */
			facet->sd = sqrt(fmax(0, facet->mean * (1 - facet->mean)));
	}
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		CHECK_FOR_INTERRUPTS();
		for (int f = 0; f < profile->nfacets; f++)
			if (!profile->facet[f].level && !isnan(profile->facet[f].mean))
				add_square_chunk(pass, frame, chunk, f);
	}
	for (int f = 0; f < profile->nfacets; f++)
	{
		UsFacet    *facet = &profile->facet[f];
		Cell	   *all = &pass->cell[(Size) f * (profile->n_labels + 1)];

		if (!facet->level && all->n > 0)
			facet->sd = sqrt(us_exact_round(&pass->square[f])
							 / (frame->weighted ? us_exact_round(&all->weight) : (double) all->n));
	}
}

/* Fill the facets, which are in the profile already; no rules. */
static void
measure(UsProfile *profile, const UsFacetSource *source, UsFrame *frame,
		UsLabelChunk labels, void *context, UsBudget *budget)
{
	int			n_labels = profile->n_labels;
	UsArena    *arena;
	Pass		pass = {0};
	Size		cells;

	profile->nrows = frame->nrows;
	profile->n = palloc0(n_labels * sizeof(int64));
	profile->weight = palloc0(n_labels * sizeof(double));
	profile->rule = palloc0(n_labels * sizeof(UsSegmentRule));

	arena = us_arena_create(CurrentMemoryContext, budget);
	cells = (Size) profile->nfacets * (n_labels + 1);
	pass.profile = profile;
	pass.source = source;
	pass.cell = us_arena_array(arena, Max(cells, 1), sizeof(Cell));
	pass.square = us_arena_array(arena, Max(profile->nfacets, 1), sizeof(UsExactSum));
	pass.label_weight = us_arena_array(arena, n_labels + 1, sizeof(UsExactSum));
	pass.order = us_arena_array(arena, US_CHUNK_ROWS, sizeof(int));
	pass.start = us_arena_array(arena, n_labels + 2, sizeof(int));
	pass.value = us_arena_array(arena, US_CHUNK_ROWS, sizeof(double));
	pass.sorted = us_arena_array(arena, US_CHUNK_ROWS, sizeof(double));
	pass.sorted_weight = us_arena_array(arena, US_CHUNK_ROWS, sizeof(double));

	sum_pass(&pass, frame, labels, context);
	square_pass(&pass, frame);
	us_arena_reset(arena);
}

/* A rule for each segment. */
static void
find_rules(UsProfile *profile, const UsFacetSource *source, UsFrame *frame, const UsEncoder *encoder,
		   UsLabelChunk labels, void *context, UsBudget *budget, uint64 seed)
{
	UsRangeRule *range = palloc0(Max(profile->n_labels, 1) * sizeof(UsRangeRule));

	for (int k = 0; k < profile->n_labels; k++)
		range[k].lo = range[k].hi = k + 1;
	(void) us_rules_find(frame, encoder, profile, source, labels, context, budget, seed, range,
						 profile->n_labels, profile->n_labels);
	for (int k = 0; k < profile->n_labels; k++)
		profile->rule[k] = range[k].rule;
	pfree(range);
}

UsProfile *
us_profile_compute(UsFrame *frame, const UsEncoder *encoder, int n_labels,
				   UsLabelChunk labels, void *context, UsBudget *budget, uint64 seed)
{
	UsProfile  *profile = palloc0(sizeof(UsProfile));
	UsFacetSource *source;

	us_facets_make(frame, encoder, n_labels, budget, profile, &source);
	measure(profile, source, frame, labels, context, budget);
	find_rules(profile, source, frame, encoder, labels, context, budget, seed);
	return profile;
}

UsProfile *
us_profile_compute_like(const UsProfile *like, UsFrame *frame, const UsEncoder *encoder,
						UsLabelChunk labels, void *context, UsBudget *budget, uint64 seed)
{
	UsProfile  *profile = palloc0(sizeof(UsProfile));
	UsFacetSource *source;

	us_facets_make_like(like, frame, encoder, budget, profile, &source);
	measure(profile, source, frame, labels, context, budget);
	find_rules(profile, source, frame, encoder, labels, context, budget, seed);
	return profile;
}

UsProfile *
us_profile_compute_branches(UsFrame *frame, const UsEncoder *encoder, UsBranches *b, int n_labels,
							UsLabelChunk labels, void *context, UsBudget *budget, uint64 seed)
{
	UsProfile  *parts = palloc0(sizeof(UsProfile));
	UsFacetSource *source;
	UsProfile  *profile;
	Size		figures;

	us_facets_make(frame, encoder, b->n, NULL, parts, &source);
	figures = (Size) parts->nfacets * (sizeof(UsFacet) + 2 * sizeof(double) * b->n);
	if ((Size) parts->nfacets * (b->n + 2) * sizeof(Cell) + figures > us_budget_left(budget) / 4 * 3)
	{
		b->profile = NULL;
		b->n_ranges = 0;
		return us_profile_compute(frame, encoder, n_labels, labels, context, budget, seed);
	}
	us_budget_take(budget, figures, "description of the branches");
	measure(parts, source, frame, b->chunk, context, budget);
	profile = us_profile_join(parts, b->label, n_labels);
	b->n_ranges = us_rules_find(frame, encoder, parts, source, b->chunk, context, budget, seed,
								b->range, b->n_ranges, n_labels);
	for (int k = 0; k < n_labels; k++)
		profile->rule[k] = b->range[k].rule;
	b->profile = parts;
	return profile;
}
