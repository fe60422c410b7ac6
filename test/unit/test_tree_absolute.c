/*
 * test_tree_absolute.c
 *	  Splits by absolute error against brute force.
 */
#include "postgres.h"

#include <math.h>

#include "learn/tree_absolute.h"
#include "math/random.h"
#include "unit.h"

#define BINS	6
#define ITEMS	40

/* The absolute error of the items whose bin is in set (bit BINS: missing) around the best of their targets. */
static double
error_of(const UsTreeItem *item, const uint8 *bin, unsigned set, double *weight)
{
	double		best = INFINITY;

	*weight = 0;
	for (int i = 0; i < ITEMS; i++)
	{
		double		e = 0;

		if (((set >> bin[i]) & 1) == 0)
			continue;
		*weight += item[i].b;
		for (int j = 0; j < ITEMS; j++)
			if ((set >> bin[j]) & 1)
				e += (double) item[j].b * fabs((double) item[j].a - item[i].a);
		best = fmin(best, e);
	}
	return best;
}

static double
gain_of(const UsTreeItem *item, const uint8 *bin, unsigned left, double least)
{
	unsigned	all = (2u << BINS) - 1;
	double		total;
	double		l;
	double		r;
	double		gain = error_of(item, bin, all, &total) - error_of(item, bin, left, &l) - error_of(item, bin, all & ~left, &r);

	return l < least || r < least || l == 0 || r == 0 ? -INFINITY : gain;
}

static void
check(bool native, bool missing, bool weighted, uint64 seed)
{
	double		threshold[] = {0.5, 1.5, 2.5, 3.5, 4.5};
	UsTreeColumn column = {.native = native, .nbins = BINS, .threshold = native ? NULL : threshold};
	UsSplitRule rule = {.kind = US_SPLIT_ABSOLUTE, .nstats = 2, .unit_g = 1, .unit_h = 1, .min_weight = 3};
	uint8		bin[ITEMS];
	UsTreeRows	rows = {.n = ITEMS, .width = 1, .row_bin = bin};
	UsGrowPlan	plan = {.column = &column, .rows = &rows, .rule = &rule, .try = 1};
	UsAbsolute *a = us_absolute_create(&plan, ITEMS);
	UsTreeItem	item[ITEMS];
	UsRandom	random;
	UsSplit		split = {0};
	int64		total[2];
	unsigned	chosen;
	double		best = 0;
	double		most = 0;

	us_random_init(&random, seed, 0);
	for (int i = 0; i < ITEMS; i++)
	{
		bin[i] = (uint8) us_random_below(&random, BINS + missing);
		item[i].row = i;
		item[i].a = (int32) us_random_below(&random, 30) - 15 + 3 * bin[i];
		item[i].b = weighted ? 1 + (int32) us_random_below(&random, 4) : 1;
	}
	us_absolute_node(a, item, ITEMS, total);
	(void) us_absolute_column(a, 0, &split);
	for (unsigned left = 1; left < (2u << BINS); left++)
	{
		bool		prefix = ((left & ((1u << BINS) - 1)) & ((left & ((1u << BINS) - 1)) + 1)) == 0;
		double		gain = gain_of(item, bin, left, rule.min_weight);

		most = fmax(most, gain);
		if (prefix)
			best = fmax(best, gain);
	}
	if (split.gain == 0)
	{
		UNIT_CHECK(best <= 0 || native);
		return;
	}
	chosen = native ? (unsigned) split.set.bit[0] : (2u << split.bin) - 1;
	if (missing && (split.flags & US_NODE_MISSING_LEFT))
		chosen |= 1u << BINS;
	UNIT_CHECK(fabs(split.gain - gain_of(item, bin, chosen, rule.min_weight)) < 1e-9);
	UNIT_CHECK(native ? split.gain <= most + 1e-9 : fabs(split.gain - best) < 1e-9);
	us_absolute_free(a);
}

UNIT_TEST(absolute_splits_are_the_best)
{
	for (uint64 seed = 1; seed <= 200; seed++)
		check(seed & 1, seed & 2, seed & 4, seed);
}

UNIT_TEST(absolute_node_has_the_lower_median)
{
	uint8		bin[] = {0, 0, 0, 0};
	UsTreeColumn column = {.native = true, .nbins = 1};
	UsSplitRule rule = {.kind = US_SPLIT_ABSOLUTE, .nstats = 2, .unit_g = 1, .unit_h = 1};
	UsTreeRows	rows = {.n = 4, .width = 1, .row_bin = bin};
	UsGrowPlan	plan = {.column = &column, .rows = &rows, .rule = &rule, .try = 1};
	UsAbsolute *a = us_absolute_create(&plan, 4);
	UsTreeItem	item[] = {{0, 9, 1}, {1, 2, 1}, {2, 4, 1}, {3, 100, 1}};
	UsSplit		split = {0};
	int64		total[2];

	us_absolute_node(a, item, 4, total);
	UNIT_CHECK(total[0] == -4 && total[1] == 4);
	UNIT_CHECK(!us_absolute_column(a, 0, &split) && split.gain == 0);
	item[3].b = 10;
	us_absolute_node(a, item, 4, total);
	UNIT_CHECK(total[0] == -100 && total[1] == 13);
}
