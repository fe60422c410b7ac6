/*
 * tree_split.c
 *	  The best split of a node by the sums of its rows in each bin of a column.
 *
 * Missing values go to the side where they gain more.  Levels of a category are ordered
 * by their mean, so that the best of all subsets is a prefix of that order (W. D. Fisher, "On
 * Grouping for Maximum Homogeneity", JASA 53 (1958), for two classes and squared loss); with more than
 * two classes the orders by the share of each class are tried, which is a heuristic.
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bitutils.h"

#include "learn/tree_split.h"
#include "math/simd.h"

/* Classes whose shares order the levels of a category. */
#define MAX_ORDERS	8

/* a gain below this share of the scores is a matter of rounding */
#define ROUNDING	1e-10

double
us_split_weight(const UsSplitRule *rule, const int64 *sum)
{
	int64		n = 0;

	if (us_split_of_values(rule))
		return (double) sum[1] * rule->unit_h;
	for (int k = 0; k < rule->nstats; k++)
		n += sum[k];
	return (double) n * rule->unit_g;
}

double
us_split_score(const UsSplitRule *rule, const int64 *sum, double lambda)
{
	double		score = 0;
	double		n = 0;

	if (rule->kind == US_SPLIT_GRADIENT)
	{
		double		g = (double) sum[0] * rule->unit_g;
		double		h = (double) sum[1] * rule->unit_h + lambda;

		return h > 0 ? g * g / h : 0;
	}
	for (int k = 0; k < rule->nstats; k++)
	{
		double		w = (double) sum[k];

		n += w;
		if (rule->kind == US_SPLIT_GINI)
			score += w * w;
		else if (w > 0)
			score += w * log(w);
	}
	if (n == 0)
		return 0;
	return rule->unit_g * (rule->kind == US_SPLIT_GINI ? score / n : score - n * log(n));
}

double
us_split_value(const UsSplitRule *rule, const int64 *sum)
{
	double		h = (double) sum[1] * rule->unit_h + rule->lambda;

	if (rule->kind == US_SPLIT_ABSOLUTE)
		return -(double) sum[0] * rule->unit_g;
	return h > 0 ? -(double) sum[0] * rule->unit_g / h : 0;
}

/* One search over one column. */
typedef struct Search
{
	const UsSplitRule *rule;
	const UsTreeColumn *column;
	const UsSplitNode *node;
	const int64 *missing;		/* sums of rows without a value */
	bool		any_missing;
	int			number;
	int			monotone;
	double		lambda;
	double		base;			/* score of the node with this lambda */
	UsSplit    *best;
} Search;

static inline double
bounded(double x, const UsSplitNode *node)
{
	return fmin(fmax(x, node->low), node->high);
}

/* What a group gains whose value is not free: 2 G v + (H + lambda) v^2, negated. */
static double
score_at(const UsSplitRule *rule, const int64 *sum, double lambda, double v)
{
	double		g = (double) sum[0] * rule->unit_g;
	double		h = (double) sum[1] * rule->unit_h + lambda;

	return -(2 * g * v + h * v * v);
}

/* left against the rest; flags of the node, set for a category.  Whether it is the best so far. */
static bool
try(Search *s, const int64 *left, int bin, uint8 flags)
{
	const UsSplitRule *rule = s->rule;
	int64		room[64];
	int64	   *right = rule->nstats <= lengthof(room) ? room : palloc(rule->nstats * sizeof(int64));
	double		gain;
	double		rounding = 0;
	double		lv = 0;
	double		rv = 0;

	for (int k = 0; k < rule->nstats; k++)
		right[k] = s->node->total[k] - left[k];
	gain = -1;
	if (us_split_weight(rule, left) >= rule->min_weight &&
		us_split_weight(rule, right) >= rule->min_weight)
	{
		if (rule->monotone == NULL)
			gain = us_split_score(rule, left, s->lambda) + us_split_score(rule, right, s->lambda);
		else
		{
			lv = bounded(us_split_value(rule, left), s->node);
			rv = bounded(us_split_value(rule, right), s->node);
			if ((s->monotone > 0 && lv > rv) || (s->monotone < 0 && lv < rv))
				gain = -INFINITY;
			else
				gain = score_at(rule, left, s->lambda, lv) + score_at(rule, right, s->lambda, rv);
		}
		rounding = fabs(gain) * ROUNDING;
		gain -= s->base;
	}
	if (right != room)
		pfree(right);
	if (!(gain > s->best->gain) || gain < rule->min_gain || gain <= rounding)
		return false;
	s->best->gain = gain;
	s->best->column = s->number;
	s->best->bin = (uint8) bin;
	s->best->flags = flags;
	s->best->left_value = lv;
	s->best->right_value = rv;
	return true;
}

/* The same with missing values on either side. */
static bool
try_both(Search *s, const int64 *left, int bin, uint8 flags)
{
	int64		room[64];
	int64	   *with;
	bool		better;

	if (!s->any_missing)
	{
		/* new missing values go with the most */
		double		weight = us_split_weight(s->rule, left);

		if (2 * weight > us_split_weight(s->rule, s->node->total))
			flags |= US_NODE_MISSING_LEFT;
		return try(s, left, bin, flags);
	}
	better = try(s, left, bin, flags);
	with = s->rule->nstats <= lengthof(room) ? room : palloc(s->rule->nstats * sizeof(int64));
	for (int k = 0; k < s->rule->nstats; k++)
		with[k] = left[k] + s->missing[k];
	better |= try(s, with, bin, flags | US_NODE_MISSING_LEFT);
	if (with != room)
		pfree(with);
	return better;
}

static inline bool
is_present(const uint64 *present, int bin)
{
	return present == NULL || ((present[bin >> 6] >> (bin & 63)) & 1);
}

/* The first bin from b on that has rows, or n. */
static inline int
next_present(const uint64 *present, int b, int n)
{
	uint64		word;

	if (present == NULL || b >= n)
		return b;
	word = present[b >> 6] & (~UINT64CONST(0) << (b & 63));
	while (word == 0)
	{
		b = (b | 63) + 1;
		if (b >= n)
			return n;
		word = present[b >> 6];
	}
	return Min((b & ~63) + pg_rightmost_one_pos64(word), n);
}

/* us_split_score of two sums, in units of the first. */
US_INLINE double
score_two(UsSplitKind kind, double a, double b, double ratio, double lambda)
{
	if (kind == US_SPLIT_GRADIENT)
	{
		double		h = b * ratio + lambda;

		return h > 0 ? a * a / h : 0;
	}
	return a + b > 0 ? (a * a + b * b) / (a + b) : 0;
}

/* scan_number for two sums and values without bounds: most trees. */
US_INLINE void
scan_two(Search *s, const int64 *hist, const uint64 *present, UsSplitKind kind)
{
	const UsSplitRule *rule = s->rule;
	bool		gradient = kind == US_SPLIT_GRADIENT;
	/* hessians in units of gradients squared by gradients: one division less */
	double		unit = gradient ? rule->unit_g * rule->unit_g : rule->unit_g;
	double		ratio = rule->unit_h;
	double		weight_unit = gradient ? rule->unit_h : rule->unit_g;
	double		t0 = (double) s->node->total[0];
	double		t1 = (double) s->node->total[1];
	double		total = (gradient ? t1 : t0 + t1) * weight_unit;
	double		base = s->base / unit;
	double		best = s->best->gain / unit;
	double		least = fmax(best, rule->min_gain / unit);
	int64		l0 = 0;
	int64		l1 = 0;
	int			nbins = s->column->nbins;
	int			last = nbins - 1;
	int			found = -1;
	int			found_side = 0;

	for (int b = next_present(present, 0, nbins); b < nbins; b = next_present(present, b + 1, nbins))
	{
		l0 += hist[2 * b];
		l1 += hist[2 * b + 1];
		if ((hist[2 * b] | hist[2 * b + 1]) == 0 || (b == last && !s->any_missing))
			continue;
		for (int side = 0; side <= (int) s->any_missing; side++)
		{
			double		a0 = (double) (l0 + (side ? s->missing[0] : 0));
			double		a1 = (double) (l1 + (side ? s->missing[1] : 0));
			double		weight = (gradient ? a1 : a0 + a1) * weight_unit;
			double		score;
			double		gain;

			if (weight < rule->min_weight || total - weight < rule->min_weight)
				continue;
			score = score_two(kind, a0, a1, ratio, s->lambda) +
				score_two(kind, t0 - a0, t1 - a1, ratio, s->lambda);
			gain = score - base;
			if (gain > best && gain >= least && gain > score * ROUNDING)
			{
				best = gain;
				found = b;
				found_side = side;
				if (!s->any_missing && 2 * weight > total)
					found_side = 1;
			}
		}
	}
	if (found < 0)
		return;
	s->best->gain = best * unit;
	s->best->column = s->number;
	s->best->bin = (uint8) found;
	s->best->flags = found_side ? US_NODE_MISSING_LEFT : 0;
}

static void
scan_number(Search *s, const int64 *hist, const uint64 *present)
{
	int			nstats = s->rule->nstats;
	int64	   *left;
	int			last = s->column->nbins - 1;

	if (nstats == 2 && s->rule->monotone == NULL && s->rule->kind != US_SPLIT_ENTROPY)
	{
		if (s->rule->kind == US_SPLIT_GRADIENT)
			scan_two(s, hist, present, US_SPLIT_GRADIENT);
		else
			scan_two(s, hist, present, US_SPLIT_GINI);
		return;
	}
	left = palloc0(nstats * sizeof(int64));
	for (int b = 0; b < s->column->nbins; b++)
	{
		const int64 *h = hist + (Size) b * nstats;
		int64		any = 0;

		if (!is_present(present, b))
			continue;
		for (int k = 0; k < nstats; k++)
		{
			left[k] += h[k];
			any |= h[k];
		}
		/* all values left: only missing ones can go right */
		if (any != 0 && (b < last || s->any_missing))
			(void) try_both(s, left, b, 0);
	}
	pfree(left);
}

/* A level of a category in a node. */
typedef struct Level
{
	double		key;
	int			bin;
} Level;

static int
compare_levels(const void *a, const void *b)
{
	const Level *x = a;
	const Level *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->bin - y->bin;
}

/* Order the levels by their mean, or the share of class k. */
static void
order_levels(const Search *s, const int64 *hist, Level *level, int n, int k)
{
	const UsSplitRule *rule = s->rule;

	for (int i = 0; i < n; i++)
	{
		const int64 *h = hist + (Size) level[i].bin * rule->nstats;
		double		weight = us_split_weight(rule, h);

		level[i].key = (double) h[k] * rule->unit_g / (weight + rule->level_smooth);
	}
	qsort(level, n, sizeof(Level), compare_levels);
}

static inline void
add_to_set(UsTreeSet *set, int bin)
{
	set->bit[bin >> 6] |= UINT64CONST(1) << (bin & 63);
}

/* Prefixes of the order; alone: single levels instead. */
static void
scan_order(Search *s, const int64 *hist, const Level *level, int n, bool alone)
{
	int			nstats = s->rule->nstats;
	int64	   *left = palloc0(nstats * sizeof(int64));
	UsTreeSet	set = {{0}};

	for (int i = 0; i < n; i++)
	{
		const int64 *h = hist + (Size) level[i].bin * nstats;

		if (alone)
		{
			memset(left, 0, nstats * sizeof(int64));
			memset(&set, 0, sizeof(set));
		}
		for (int k = 0; k < nstats; k++)
			left[k] += h[k];
		add_to_set(&set, level[i].bin);
		if (try_both(s, left, 0, US_NODE_SET))
			s->best->set = set;
	}
	pfree(left);
}

/* What the node is worth by itself, with the lambda of the search. */
static void
set_base(Search *s)
{
	const int64 *total = s->node->total;

	s->base = s->rule->monotone == NULL ? us_split_score(s->rule, total, s->lambda) :
		score_at(s->rule, total, s->lambda, bounded(us_split_value(s->rule, total), s->node));
}

static void
scan_levels(Search *s, const int64 *hist, const uint64 *present)
{
	const UsSplitRule *rule = s->rule;
	Level	   *level = palloc(s->column->nbins * sizeof(Level));
	int			n = 0;
	int			orders = rule->kind == US_SPLIT_GRADIENT ? 1 :
		(rule->nstats == 2 ? 1 : Min(rule->nstats, MAX_ORDERS));

	for (int b = 0; b < s->column->nbins; b++)
	{
		double		weight = is_present(present, b) ?
			us_split_weight(rule, hist + (Size) b * rule->nstats) : 0;

		if (weight > 0 && weight >= rule->level_min)
			level[n++].bin = b;
	}
	if (n > US_LEVELS_ALONE && rule->kind == US_SPLIT_GRADIENT)
	{
		s->lambda += rule->level_lambda;
		set_base(s);
	}
	for (int k = 0; k < orders; k++)
	{
		order_levels(s, hist, level, n, k);
		scan_order(s, hist, level, n, n <= US_LEVELS_ALONE);
	}
	pfree(level);
}

int
us_split_middle(const UsTreeColumn *column, int bin, int next)
{
	const double *threshold = column->threshold;
	double		middle = threshold[bin] / 2 + threshold[next - 1] / 2;

	while (bin + 1 < next && fabs(threshold[bin + 1] - middle) < fabs(threshold[bin] - middle))
		bin++;
	return bin;
}

/* The bin of a split at bin that stands in the middle of the gap to the next one with rows. */
static int
middle_of_gap(const Search *s, const int64 *hist, const uint64 *present, int bin)
{
	int			nstats = s->rule->nstats;
	int			last = s->column->nbins - 1;

	for (int next = bin + 1; next <= last; next++)
	{
		int64		any = 0;

		for (int k = 0; k < nstats; k++)
			any |= hist[(Size) next * nstats + k];
		if (is_present(present, next) && any != 0)
			return us_split_middle(s->column, bin, next);
	}
	return bin;					/* only missing values go right */
}

void
us_split_column(const UsSplitRule *rule, const UsTreeColumn *column, int number,
				const UsSplitNode *node, const int64 *hist, const uint64 *present,
				UsSplit *best)
{
	Search		s = {
		.rule = rule,
		.column = column,
		.node = node,
		.missing = hist + (Size) column->nbins * rule->nstats,
		.number = number,
		.monotone = rule->monotone ? rule->monotone[number] : 0,
		.lambda = rule->lambda,
		.base = node->score,
		.best = best
	};

	if (rule->monotone != NULL)
		set_base(&s);
	if (is_present(present, column->nbins))
		for (int k = 0; k < rule->nstats; k++)
			s.any_missing |= s.missing[k] != 0;
	if (column->native)
		scan_levels(&s, hist, present);
	else
	{
		double		before = best->gain;

		scan_number(&s, hist, present);
		if (best->gain > before)
			best->bin = (uint8) middle_of_gap(&s, hist, present, best->bin);
	}
}
