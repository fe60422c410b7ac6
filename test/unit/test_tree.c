/*
 * test_tree.c
 *	  Splits and pruning against brute force.
 */
#include "postgres.h"

#include <math.h>

#include "learn/tree_grow.h"
#include "learn/tree_objective.h"
#include "learn/tree_prune.h"
#include "math/random.h"
#include "unit.h"

#define BINS	7

/* Score of a set of bins (bit BINS: missing) by the definition, with long double. */
static double
score_of(const UsSplitRule *rule, int64 hist[][3], unsigned set)
{
	long double sum[3] = {0};
	long double n = 0;
	long double score = 0;

	for (int b = 0; b <= BINS; b++)
		for (int k = 0; k < rule->nstats && ((set >> b) & 1); k++)
			sum[k] += hist[b][k];
	if (rule->kind == US_SPLIT_GRADIENT)
	{
		long double g = sum[0] * rule->unit_g;
		long double h = sum[1] * rule->unit_h;

		if (h < rule->min_weight)
			return -INFINITY;
		return (double) (g * g / (h + rule->lambda));
	}
	for (int k = 0; k < rule->nstats; k++)
		n += sum[k];
	if (n * rule->unit_g < rule->min_weight)
		return -INFINITY;
	for (int k = 0; k < rule->nstats; k++)
		score += rule->kind == US_SPLIT_GINI ? sum[k] * sum[k] / n : sum[k] > 0 ? sum[k] * logl(sum[k] / n) : 0;
	return (double) (score * rule->unit_g);
}

static unsigned
set_of(const UsSplit *s, bool native)
{
	unsigned	set = (s->flags & US_NODE_MISSING_LEFT) ? 1u << BINS : 0;

	for (int b = 0; b < BINS; b++)
		if (native ? (s->set.bit[0] >> b) & 1 : b <= s->bin)
			set |= 1u << b;
	return set;
}

/* A split has the largest gain of all that are allowed, and says so. */
static void
check_split(UsSplitKind kind, int nstats, bool native, bool missing, uint64 seed)
{
	UsSplitRule rule = {.kind = kind, .nstats = nstats, .unit_g = 0.25, .unit_h = 0.5, .min_weight = 3};
	double		threshold[] = {1, 2, 3, 4, 5, 6};
	UsTreeColumn column = {.native = native, .nbins = BINS, .threshold = threshold};
	int64		hist[BINS + 1][3] = {{0}};
	int64		flat[(BINS + 1) * 3];
	int64		total[3] = {0};
	UsSplit		best = {0};
	UsSplitNode node = {.total = total, .low = -INFINITY, .high = INFINITY};
	UsRandom	random;
	double		base;
	double		most = 0;

	if (kind == US_SPLIT_GRADIENT)
		rule.lambda = native ? 0 : 1.5;
	us_random_init(&random, seed, 0);
	for (int b = 0; b < BINS + (missing ? 1 : 0); b++)
		for (int k = 0; k < nstats; k++)
		{
			hist[b][k] = b == 3 ? 0 : us_random_below(&random, 40);
			if (kind == US_SPLIT_GRADIENT && k == 0)
				hist[b][k] -= b == 3 ? 0 : 20;
		}
	for (int b = 0; b <= BINS; b++)
		for (int k = 0; k < nstats; k++)
		{
			flat[b * nstats + k] = hist[b][k];
			total[k] += hist[b][k];
		}
	node.score = us_split_score(&rule, total, rule.lambda);
	base = score_of(&rule, hist, (1u << (BINS + 1)) - 1);
	us_split_column(&rule, &column, 0, &node, flat, NULL, &best);
	for (unsigned set = 1; set < (1u << (BINS + 1)) - 1; set++)
	{
		double		gain;
		bool		prefix = false;

		for (int b = 0; b < BINS; b++)
			prefix |= (set & ((1u << BINS) - 1)) == (1u << (b + 1)) - 1;
		if (!native && !prefix)
			continue;
		if (!missing && ((set >> BINS) & 1))
			continue;
		gain = score_of(&rule, hist, set) + score_of(&rule, hist, ~set & ((1u << (BINS + 1)) - 1)) - base;
		most = fmax(most, gain);
	}
	UNIT_CHECK(fabs(node.score - base) <= 1e-9 * fabs(base));
	UNIT_CHECK(fabs(best.gain - most) <= 1e-9 * (fabs(base) + 1));
	if (best.gain > 0)
	{
		unsigned	set = set_of(&best, native);

		if (!missing)
			set &= (1u << BINS) - 1;
		UNIT_CHECK(fabs(score_of(&rule, hist, set) + score_of(&rule, hist, ~set & ((1u << (BINS + 1)) - 1)) -
						base - best.gain) <= 1e-9 * (fabs(base) + 1));
	}
}

UNIT_TEST(tree_splits_are_the_best)
{
	for (uint64 seed = 1; seed <= 200; seed++)
		for (int missing = 0; missing < 2; missing++)
		{
			check_split(US_SPLIT_GRADIENT, 2, false, missing, seed);
			check_split(US_SPLIT_GINI, 2, false, missing, seed);
			check_split(US_SPLIT_GINI, 3, false, missing, seed);
			check_split(US_SPLIT_ENTROPY, 2, false, missing, seed);
			check_split(US_SPLIT_ENTROPY, 3, false, missing, seed);
			/* two classes: the order by share has the best subset in it (Breiman et al. 1984, theorem 4.5) */
			check_split(US_SPLIT_GINI, 2, true, false, seed);
			check_split(US_SPLIT_ENTROPY, 2, true, false, seed);
		}
}

UNIT_TEST(tree_bins_hold_their_values)
{
	double		threshold[] = {-1, 0.5, 2};
	UsTreeColumn number = {.nbins = 4, .threshold = threshold};
	UsTreeColumn level = {.native = true, .nbins = 3};

	UNIT_CHECK(us_tree_bin(&number, -1, 255) == 0);
	UNIT_CHECK(us_tree_bin(&number, -0.999, 255) == 1);
	UNIT_CHECK(us_tree_bin(&number, 0.5, 255) == 1);
	UNIT_CHECK(us_tree_bin(&number, 1e300, 255) == 3);
	UNIT_CHECK(us_tree_bin(&number, NAN, 255) == 255);
	UNIT_CHECK(us_tree_bin(&level, 2, 255) == 2);
	UNIT_CHECK(us_tree_bin(&level, 3, 255) == 255);
	UNIT_CHECK(us_tree_bin(&level, -1, 7) == 7);
}

/* Rows of one column and two classes, and the tree that fits them. */
#define ROWS	400

static UsGrownTree *
grow(UsGrowPlan *plan, UsTreeRows *rows, UsTreeColumn *column, UsSplitRule *rule, UsTreeItem *item, bool backwards)
{
	uint8	   *bin = palloc(2 * ROWS);

	for (int i = 0; i < ROWS; i++)
	{
		int			r = backwards ? ROWS - 1 - i : i;

		bin[2 * r] = (uint8) (i * 37 % 50);
		bin[2 * r + 1] = (uint8) (i * 11 % 20);
		item[i].row = r;
		item[i].a = 1;
		item[i].b = (bin[2 * r] > 20) ^ (bin[2 * r + 1] > 12) ^ (i % 17 == 0);
	}
	*rows = (UsTreeRows) {.n = ROWS, .width = 2, .row_bin = bin};
	for (int c = 0; c < 2; c++)
	{
		column[c] = (UsTreeColumn) {.nbins = c == 0 ? 50 : 20};
		column[c].threshold = palloc0(50 * sizeof(double));
	}
	*rule = (UsSplitRule) {.kind = US_SPLIT_GINI, .nstats = 2, .unit_g = 1, .unit_h = 1, .min_weight = 1};
	*plan = (UsGrowPlan) {.column = column, .rows = rows, .rule = rule, .try = 2, .max_depth = 12,
	.max_leaves = PG_INT64_MAX, .keep_stats = true};
	return us_grow_tree(plan, item, ROWS, 1);
}

UNIT_TEST(tree_growth_ignores_the_order_of_rows)
{
	UsTreeItem	item[ROWS];
	UsTreeRows	rows;
	UsTreeColumn column[2];
	UsSplitRule rule;
	UsGrowPlan	plan;
	UsGrownTree *a = grow(&plan, &rows, column, &rule, item, false);
	UsGrownTree *b = grow(&plan, &rows, column, &rule, item, true);

	UNIT_CHECK(a->n == b->n && a->n > 20);
	UNIT_CHECK(memcmp(a->node, b->node, sizeof(UsTreeNode) * a->n) == 0);
	for (int32 i = 0; i < a->n; i++)
		if (a->node[i].left != 0)
			UNIT_CHECK(fabs(a->node[i].cover - a->node[a->node[i].left].cover -
							a->node[a->node[i].left + 1].cover) == 0);
}

/* Cost of the best subtree below node i under a penalty, by the definition. */
static double
best_cost(const UsGrownTree *t, int32 i, double alpha, int *leaves)
{
	double		n = (double) (t->stat[2 * i] + t->stat[2 * i + 1]);
	double		p = t->stat[2 * i] / n;
	double		alone = 2 * n * p * (1 - p) / 1.0 + alpha;
	int			l;
	int			r;
	double		below;

	*leaves = 1;
	if (t->node[i].left == 0)
		return alone;
	below = best_cost(t, t->node[i].left, alpha, &l) + best_cost(t, t->node[i].left + 1, alpha, &r);
	if (alone <= below + 1e-9)
		return alone;
	*leaves = l + r;
	return below;
}

UNIT_TEST(pruned_trees_are_the_smallest_best_subtrees)
{
	UsTreeItem	item[ROWS];
	UsTreeRows	rows;
	UsTreeColumn column[2];
	UsSplitRule rule;
	UsGrowPlan	plan;
	UsGrownTree *t = grow(&plan, &rows, column, &rule, item, false);
	double	   *link = palloc(sizeof(double) * t->n);

	us_prune_links(t, ROWS, link);
	for (double alpha = 1e-5; alpha < 1; alpha *= 1.3)
	{
		UsGrownTree *pruned = us_prune_tree(t, &rule, link, alpha);
		int			leaves;

		(void) best_cost(t, 0, alpha * ROWS, &leaves);
		UNIT_CHECK((pruned->n + 1) / 2 == leaves);
	}
}

UNIT_TEST(boosting_gradients_are_derivatives)
{
	static const double parameter[] = {0, 0, 0, 0, 0.7, 0.3, 0, 1.4};

	for (int kind = US_OBJECTIVE_LOGISTIC; kind <= US_OBJECTIVE_TWEEDIE; kind++)
	{
		UsObjective o = {.kind = kind, .parameter = parameter[kind], .n_scores = kind == US_OBJECTIVE_MULTINOMIAL ? 3 : 1};
		bool		class = kind <= US_OBJECTIVE_MULTINOMIAL;

		for (int i = 0; i < 30; i++)
		{
			double		score[3] = {i * 0.17 - 2.3, 0.4, -0.9};
			float		y = class ? (float) (i % o.n_scores == 0 ? 0 : 1) : (float) (i % 7) * 0.6f;
			float		gh[2];
			double		up;
			double		down;
			double		h = 1e-5;

			us_objective_gradients(&o, &y, NULL, score, 1, 0, gh);
			score[0] += h;
			up = us_objective_loss(&o, y, score);
			score[0] -= 2 * h;
			down = us_objective_loss(&o, y, score);
			UNIT_CHECK(fabs((up - down) / (2 * h) - gh[0]) < 1e-5 * (1 + fabs(gh[0])));
			UNIT_CHECK(gh[1] > 0);
		}
	}
}
