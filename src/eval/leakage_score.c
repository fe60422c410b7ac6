/*
 * leakage_score.c
 *	  How well one column alone predicts a target.
 *
 * The rows are in two folds by their key; in each bin of the column the mean of the target over the rows
 * of one fold, drawn towards the mean of all as one row more would, predicts that of the other.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "eval/leakage_score.h"
#include "math/hash.h"

#define BINS		64
#define FOLD_SALT	UINT64CONST(0x74776f)

/* rows that a class, or both folds, need */
#define LEAST_ROWS	10

/* A row on its way through a sort. */
typedef struct Entry
{
	double		x;
	int			row;
} Entry;

/* By value, NaN last; equal ones by nothing: they share what is computed. */
static inline int
compare_entries(const Entry *a, const Entry *b)
{
	if (isnan(a->x) || isnan(b->x))
		return isnan(a->x) - isnan(b->x);
	return (a->x > b->x) - (a->x < b->x);
}

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE Entry
#define ST_COMPARE(a, b) compare_entries(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

struct UsLeakScorer
{
	const UsTarget *target;
	const double *y;
	int			n;
	int		   *fold;			/* [n] 0, 1 */
	int		   *order;			/* [n] rows by x, NULL last */
	int		   *bin;			/* [n] */
	double	   *p;				/* [n] predicted */
	double	   *score;			/* [2][n] predicted, by fold and bin */
	double	   *sum;			/* [2][n] of the target by fold and bin */
	double	   *count;
	Entry	   *entry;			/* [2 n] */
	UsArena    *arena;
	double	   *y_rank;			/* [n] midranks of y, for numbers; NULL until asked for */
};

UsLeakScorer *
us_leak_scorer(const UsTarget *target, const double *y, const uint64 *key, int n, UsArena *arena)
{
	UsLeakScorer *s = palloc0(sizeof(UsLeakScorer));

	s->target = target;
	s->arena = arena;
	s->y = y;
	s->n = n;
	s->fold = us_arena_array(arena, n, sizeof(int));
	s->order = us_arena_array(arena, n, sizeof(int));
	s->bin = us_arena_array(arena, n, sizeof(int));
	s->p = us_arena_array(arena, n, sizeof(double));
	s->score = us_arena_array(arena, n, 2 * sizeof(double));
	s->sum = us_arena_array(arena, n, 2 * sizeof(double));
	s->count = us_arena_array(arena, n, 2 * sizeof(double));
	s->entry = us_arena_array(arena, n, 2 * sizeof(Entry));
	for (int i = 0; i < n; i++)
		s->fold[i] = (int) (us_mix64(FOLD_SALT, key[i]) & 1);
	return s;
}

static void
sort_rows(UsLeakScorer *s, const double *x)
{
	for (int i = 0; i < s->n; i++)
		s->entry[i] = (Entry) {x[i], i};
	sort_entries(s->entry, s->n);
	for (int i = 0; i < s->n; i++)
		s->order[i] = s->entry[i].row;
}

static inline bool
same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* A bin for each row: each value of its own, or BINS parts of their order; equal values share one.  Their number. */
static int
make_bins(UsLeakScorer *s, const double *x, bool ordered)
{
	int			bin = -1;
	int			begun = 0;		/* rows before the bin */

	for (int i = 0; i < s->n; i++)
	{
		bool		new_value = i == 0 || !same(x[s->order[i]], x[s->order[i - 1]]);

		if (i == 0 || (new_value && (!ordered || isnan(x[s->order[i]]) ||
									 (int64) (i - begun) * BINS >= s->n)))
		{
			bin++;
			begun = i;
		}
		s->bin[s->order[i]] = bin;
	}
	return bin + 1;
}

/* The target of row i: the number, or whether it is of the class. */
static inline double
outcome(const UsLeakScorer *s, int i, int class)
{
	return class < 0 ? s->y[i] : s->y[i] == class;
}

/* Predict each row from its bin in the other fold; false when a fold is too small. */
static bool
predict(UsLeakScorer *s, int nbins, int class)
{
	double		sum[2] = {0, 0};
	double		count[2] = {0, 0};

	memset(s->sum, 0, 2 * nbins * sizeof(double));
	memset(s->count, 0, 2 * nbins * sizeof(double));
	for (int i = 0; i < s->n; i++)
	{
		int			f = s->fold[i];

		s->sum[f * nbins + s->bin[i]] += outcome(s, i, class);
		s->count[f * nbins + s->bin[i]]++;
		sum[f] += outcome(s, i, class);
		count[f]++;
	}
	if (count[0] < LEAST_ROWS || count[1] < LEAST_ROWS)
		return false;
	for (int i = 0; i < s->n; i++)
	{
		int			f = 1 - s->fold[i];
		int			b = f * nbins + s->bin[i];

		s->p[i] = (s->sum[b] + sum[f] / count[f]) / (s->count[b] + 1);
	}
	return true;
}

/* AUC from the sum of the midranks of the positive rows; NaN when there are too few of either. */
static double
auc_of(double ranks, double positives, double negatives)
{
	if (positives < LEAST_ROWS || negatives < LEAST_ROWS)
		return NAN;
	return (ranks - positives * (positives + 1) / 2) / (positives * negatives);
}

/* AUC of x[n], which the rows are sorted by, for a class; rows with NaN are left out. */
static double
direct_auc(const UsLeakScorer *s, const double *x, int class)
{
	double		ranks = 0;
	double		positives = 0;
	int			i = 0;

	while (i < s->n && !isnan(x[s->order[i]]))
	{
		int			end = i;
		double		tied = 0;

		while (end < s->n && x[s->order[end]] == x[s->order[i]])
			tied += s->y[s->order[end++]] == class;
		ranks += tied * (i + end + 1) / 2.0;
		positives += tied;
		i = end;
	}
	return auc_of(ranks, positives, i - positives);
}

/* AUC of what the bins predict for a class: the rows of a bin and a fold have one score. */
static double
bins_auc(UsLeakScorer *s, int nbins)
{
	double		ranks = 0;
	double		positives = 0;
	double		rows = 0;
	int			n = 0;

	memset(s->score, 0, 2 * nbins * sizeof(double));
	for (int i = 0; i < s->n; i++)
		s->score[s->fold[i] * nbins + s->bin[i]] = s->p[i];
	for (int g = 0; g < 2 * nbins; g++)
		if (s->count[g] > 0)
			s->entry[n++] = (Entry) {s->score[g], g};
	sort_entries(s->entry, n);
	for (int i = 0; i < n;)
	{
		double		tied = 0;
		double		count = 0;
		double		score = s->entry[i].x;

		for (; i < n && s->entry[i].x == score; i++)
		{
			tied += s->sum[s->entry[i].row];
			count += s->count[s->entry[i].row];
		}
		ranks += tied * (2 * rows + count + 1) / 2;
		positives += tied;
		rows += count;
	}
	return auc_of(ranks, positives, rows - positives);
}

static double
class_score(UsLeakScorer *s, const double *x, bool ordered)
{
	double		total = 0;
	double		weight = 0;
	int			nbins;

	sort_rows(s, x);
	nbins = make_bins(s, x, ordered);
	for (int k = s->target->n_classes == 2 ? 1 : 0; k < s->target->n_classes; k++)
	{
		double		by_bins = predict(s, nbins, k) ? bins_auc(s, nbins) : NAN;
		double		direct = ordered ? direct_auc(s, x, k) : NAN;

		/* what is NULL in many rows has its say by bins only */
		for (int i = 0; i < s->n && !isnan(direct); i++)
			if (isnan(x[i]))
				direct = NAN;
		direct = Max(direct, 1 - direct);
		if (!isnan(direct) && !(by_bins > direct))
			by_bins = direct;
		if (isnan(by_bins))
			continue;
		total += by_bins * s->target->class_mass[k];
		weight += s->target->class_mass[k];
	}
	return weight > 0 ? total / weight : 0;
}

/* Squared correlation of x[n] with y[n]; 0 with a NULL. */
static double
squared_correlation(const double *x, const double *y, int n)
{
	double		mx = 0;
	double		my = 0;
	double		xx = 0;
	double		yy = 0;
	double		xy = 0;
	double		r2;

	for (int i = 0; i < n; i++)
	{
		mx += x[i] / n;
		my += y[i] / n;
	}
	for (int i = 0; i < n; i++)
	{
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	r2 = xy / xx * (xy / yy);
	return isfinite(r2) ? r2 : 0;
}

/* The midranks of x[n], which the rows are sorted by; NaN for NaN. */
static void
midranks(const UsLeakScorer *s, const double *x, double *rank)
{
	for (int i = 0; i < s->n;)
	{
		int			end = i;

		while (end < s->n && same(x[s->order[end]], x[s->order[i]]))
			end++;
		for (int k = i; k < end; k++)
			rank[s->order[k]] = isnan(x[s->order[k]]) ? NAN : (i + end + 1) / 2.0;
		i = end;
	}
}

static double
number_score(UsLeakScorer *s, const double *x, bool ordered)
{
	double		mean = 0;
	double		total = 0;
	double		residual = 0;
	double		r2 = 0;
	int			nbins;

	if (s->y_rank == NULL)
	{
		s->y_rank = us_arena_array(s->arena, s->n, sizeof(double));
		sort_rows(s, s->y);
		midranks(s, s->y, s->y_rank);
	}
	sort_rows(s, x);
	nbins = make_bins(s, x, ordered);
	for (int i = 0; i < s->n; i++)
		mean += s->y[i] / s->n;
	if (predict(s, nbins, -1))
	{
		for (int i = 0; i < s->n; i++)
		{
			total += (s->y[i] - mean) * (s->y[i] - mean);
			residual += (s->y[i] - s->p[i]) * (s->y[i] - s->p[i]);
		}
		r2 = total > 0 && isfinite(total) ? 1 - residual / total : 0;
	}
	if (!ordered)
		return r2;
	r2 = Max(r2, squared_correlation(x, s->y, s->n));
	/* the order alone: a few large values of the target may hide what tells all of them */
	midranks(s, x, s->p);
	return Max(r2, squared_correlation(s->p, s->y_rank, s->n));
}

double
us_leak_score(UsLeakScorer *s, const double *x, bool ordered)
{
	return s->target->task == US_TASK_CLASSIFICATION ?
		class_score(s, x, ordered) : number_score(s, x, ordered);
}
