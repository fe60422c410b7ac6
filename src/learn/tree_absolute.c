/*
 * tree_absolute.c
 *	  Splits that minimise the absolute error around the medians of both sides.
 *
 * The targets of a node are ranked.  A binary indexed tree over the ranks (P. M. Fenwick, "A New Data Structure for
 * Cumulative Frequency Tables", Software: Practice and Experience 24 (1994)) has weights and weighted targets of the left
 * side; items come in bin after bin, and its median and error, and those of the rest, are found by a descent.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/tree_absolute.h"

/* a gain below this share of the error is a matter of rounding */
#define ROUNDING	1e-10

/* Weight and weighted target. */
typedef struct Mass
{
	int64		weight;
	int128		sum;
} Mass;

typedef struct Ranked
{
	int32		y;
	int32		item;
} Ranked;

struct UsAbsolute
{
	const UsGrowPlan *plan;
	const UsTreeItem *item;
	int64		n;
	int			ranks;			/* distinct targets */
	int			top;			/* largest power of two up to that */
	Ranked	   *sorted;			/* [n] by target */
	int32	   *rank;			/* [n] from 1, by item */
	int32	   *target;			/* [ranks + 1] by rank */
	int32	   *order;			/* [n] items by bin */
	Mass	   *all;			/* [ranks + 1] the tree of all items, */
	Mass	   *left;			/* of those on the left */
	Mass		total;
	double		error;			/* of the node */
};

#define ST_SORT sort_ranked
#define ST_ELEMENT_TYPE Ranked
#define ST_COMPARE(a, b) ((a)->y != (b)->y ? ((a)->y < (b)->y ? -1 : 1) : ((a)->item > (b)->item) - ((a)->item < (b)->item))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

Size
us_absolute_bytes(int64 n)
{
	return (Size) (n + 1) * (sizeof(Ranked) + 3 * sizeof(int32) + 2 * sizeof(Mass));
}

UsAbsolute *
us_absolute_create(const UsGrowPlan *plan, int64 n)
{
	UsAbsolute *a = palloc0(sizeof(UsAbsolute));
	MemoryContext c = CurrentMemoryContext;

	a->plan = plan;
	a->sorted = MemoryContextAllocHuge(c, sizeof(Ranked) * (n + 1));
	a->rank = MemoryContextAllocHuge(c, sizeof(int32) * (n + 1));
	a->target = MemoryContextAllocHuge(c, sizeof(int32) * (n + 1));
	a->order = MemoryContextAllocHuge(c, sizeof(int32) * (n + 1));
	a->all = MemoryContextAllocHuge(c, sizeof(Mass) * (n + 1));
	a->left = MemoryContextAllocHuge(c, sizeof(Mass) * (n + 1));
	return a;
}

void
us_absolute_free(UsAbsolute *a)
{
	pfree(a->sorted);
	pfree(a->rank);
	pfree(a->target);
	pfree(a->order);
	pfree(a->all);
	pfree(a->left);
	pfree(a);
}

static inline void
add_mass(const UsAbsolute *a, Mass *tree, int64 i)
{
	const UsTreeItem *it = &a->item[i];

	for (int r = a->rank[i]; r <= a->ranks; r += r & -r)
	{
		tree[r].weight += it->b;
		tree[r].sum += (int128) it->b * it->a;
	}
}

/*
 * The error around the median of the left side, or of the rest (all less left), of that total; *median is a target.
 */
static double
error_of(const UsAbsolute *a, bool rest, const Mass *total, int32 *median)
{
	Mass		below = {0};
	int			at = 0;
	int32		m;

	/* the largest rank with less than half of the weight up to it */
	for (int step = a->top; step > 0; step >>= 1)
	{
		int			next = at + step;
		int64		weight;
		int128		sum;

		if (next > a->ranks)
			continue;
		weight = rest ? a->all[next].weight - a->left[next].weight : a->left[next].weight;
		sum = rest ? a->all[next].sum - a->left[next].sum : a->left[next].sum;
		if (2 * (below.weight + weight) < total->weight)
		{
			at = next;
			below.weight += weight;
			below.sum += sum;
		}
	}
	m = a->target[at + 1];
	if (median)
		*median = m;
	return (double) (total->sum - 2 * below.sum + (int128) m * (2 * below.weight - total->weight));
}

void
us_absolute_node(UsAbsolute *a, const UsTreeItem *item, int64 n, int64 *total)
{
	int32		median;

	a->item = item;
	a->n = n;
	for (int64 i = 0; i < n; i++)
		a->sorted[i] = (Ranked) {item[i].a, (int32) i};
	sort_ranked(a->sorted, n);
	a->ranks = 0;
	for (int64 i = 0; i < n; i++)
	{
		if (i == 0 || a->sorted[i].y != a->sorted[i - 1].y)
			a->target[++a->ranks] = a->sorted[i].y;
		a->rank[a->sorted[i].item] = a->ranks;
	}
	for (a->top = 1; 2 * a->top <= a->ranks;)
		a->top *= 2;
	memset(a->all, 0, sizeof(Mass) * (a->ranks + 1));
	memset(a->left, 0, sizeof(Mass) * (a->ranks + 1));
	memset(&a->total, 0, sizeof(Mass));
	for (int64 i = 0; i < n; i++)
	{
		add_mass(a, a->all, i);
		a->total.weight += item[i].b;
		a->total.sum += (int128) item[i].b * item[i].a;
	}
	/* nothing is on the left: the rest is all */
	a->error = error_of(a, true, &a->total, &median);
	total[0] = -(int64) median;
	total[1] = a->total.weight;
}

/* One search over a column. */
typedef struct Search
{
	UsAbsolute *a;
	const UsTreeColumn *column;
	int			number;
	int			start[US_TREE_BINS + 2];	/* of each bin in order[]; the last is that of missing values */
	Mass		on_left;
	UsSplit    *best;
} Search;

static inline uint8
bin_of(const UsAbsolute *a, int64 i, int c)
{
	return a->plan->rows->row_bin[(Size) a->item[i].row * a->plan->rows->width + c];
}

/* Sort the items by bin; false: they all have the same. */
static bool
sort_bins(Search *s)
{
	UsAbsolute *a = s->a;
	int			bins = s->column->nbins + 1;
	int			at[US_TREE_BINS + 1];
	int			filled = 0;

	memset(s->start, 0, sizeof(s->start));
	for (int64 i = 0; i < a->n; i++)
		s->start[bin_of(a, i, s->number) + 1]++;
	for (int b = 0; b < bins; b++)
	{
		filled += s->start[b + 1] > 0;
		s->start[b + 1] += s->start[b];
		at[b] = s->start[b];
	}
	for (int64 i = 0; i < a->n; i++)
		a->order[at[bin_of(a, i, s->number)]++] = (int32) i;
	return filled > 1;
}

/* The rows of a bin go to the left. */
static void
take_bin(Search *s, int bin)
{
	UsAbsolute *a = s->a;

	for (int i = s->start[bin]; i < s->start[bin + 1]; i++)
	{
		const UsTreeItem *it = &a->item[a->order[i]];

		add_mass(a, a->left, a->order[i]);
		s->on_left.weight += it->b;
		s->on_left.sum += (int128) it->b * it->a;
	}
}

static void
begin_left(Search *s)
{
	memset(s->a->left, 0, sizeof(Mass) * (s->a->ranks + 1));
	memset(&s->on_left, 0, sizeof(Mass));
}

/* Judge the sides as they are; whether it is the best split so far. */
static bool
judge(Search *s, int bin, uint8 flags)
{
	UsAbsolute *a = s->a;
	const UsSplitRule *rule = a->plan->rule;
	Mass		rest = {a->total.weight - s->on_left.weight, a->total.sum - s->on_left.sum};
	double		gain;

	if (s->on_left.weight == 0 || rest.weight == 0 || s->on_left.weight * rule->unit_h < rule->min_weight ||
		rest.weight * rule->unit_h < rule->min_weight)
		return false;
	gain = a->error - error_of(a, false, &s->on_left, NULL) - error_of(a, true, &rest, NULL);
	if (gain <= a->error * ROUNDING)
		return false;
	gain *= rule->unit_g * rule->unit_h;
	if (!(gain > s->best->gain) || gain < rule->min_gain)
		return false;
	s->best->gain = gain;
	s->best->column = s->number;
	s->best->bin = (uint8) bin;
	s->best->flags = flags;
	return true;
}

/* Where missing values go: to the side that is tried, or, when there are none, with the most. */
static uint8
missing_flag(const Search *s, bool missing_left)
{
	int			missing = s->column->nbins;

	if (s->start[missing + 1] == s->start[missing])
		missing_left = 2 * s->on_left.weight > s->a->total.weight;
	return missing_left ? US_NODE_MISSING_LEFT : 0;
}

static void
scan_numbers(Search *s, bool missing_left)
{
	int			nbins = s->column->nbins;
	bool		any_missing = s->start[nbins + 1] > s->start[nbins];
	int			next;

	begin_left(s);
	if (missing_left)
		take_bin(s, nbins);
	for (int b = 0; b < nbins; b = next)
	{
		CHECK_FOR_INTERRUPTS();
		take_bin(s, b);
		for (next = b + 1; next < nbins && s->start[next] == s->start[next + 1];)
			next++;
		if (s->start[b] == s->start[b + 1] || (next == nbins && (!any_missing || missing_left)))
			continue;
		(void) judge(s, next < nbins ? us_split_middle(s->column, b, next) : b, missing_flag(s, missing_left));
	}
}

/* A level and its median. */
typedef struct Level
{
	int32		median;
	int			bin;
} Level;

static int
compare_levels(const void *a, const void *b)
{
	const Level *x = a;
	const Level *y = b;

	if (x->median != y->median)
		return x->median < y->median ? -1 : 1;
	return x->bin - y->bin;
}

/* The levels of the node in the order of their medians; their number. */
static int
order_levels(const Search *s, Level *level)
{
	const UsAbsolute *a = s->a;
	int64		weight[US_TREE_BINS + 1] = {0};
	int64		seen[US_TREE_BINS + 1] = {0};
	int			n = 0;

	for (int64 i = 0; i < a->n; i++)
		weight[bin_of(a, i, s->number)] += a->item[i].b;
	for (int64 i = 0; i < a->n; i++)
	{
		int			item = a->sorted[i].item;
		int			b = bin_of(a, item, s->number);
		bool		before = 2 * seen[b] < weight[b];

		seen[b] += a->item[item].b;
		if (b < s->column->nbins && before && 2 * seen[b] >= weight[b])
			level[n++] = (Level) {a->sorted[i].y, b};
	}
	qsort(level, n, sizeof(Level), compare_levels);
	return n;
}

static void
scan_levels(Search *s, const Level *level, int n, bool missing_left)
{
	UsTreeSet	set = {{0}};

	begin_left(s);
	if (missing_left)
		take_bin(s, s->column->nbins);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		take_bin(s, level[i].bin);
		set.bit[level[i].bin >> 6] |= UINT64CONST(1) << (level[i].bin & 63);
		if (judge(s, 0, US_NODE_SET | missing_flag(s, missing_left)))
			s->best->set = set;
	}
}

bool
us_absolute_column(UsAbsolute *a, int c, UsSplit *best)
{
	Search		s = {.a = a, .column = &a->plan->column[c], .number = c, .best = best};
	Level		level[US_TREE_BINS];
	bool		any_missing;
	int			n = 0;

	if (!sort_bins(&s))
		return false;
	any_missing = s.start[s.column->nbins + 1] > s.start[s.column->nbins];
	if (s.column->native)
		n = order_levels(&s, level);
	for (int side = 0; side <= (int) any_missing; side++)
	{
		if (s.column->native)
			scan_levels(&s, level, n, side == 1);
		else
			scan_numbers(&s, side == 1);
	}
	return true;
}
