/*
 * hierarchical_mixture.c
 *	  To which branch of a tree by Ward's method a row belongs.
 *
 * doc/internals.md has measured how many components and how wide they are best.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/hierarchical_mixture.h"
#include "math/exp_lanes.h"

/*
 * Variances are widened by this part of the mean one: a component is only a part of what it stands for, and a row beside a
 * very dense one must not fall to a wide one far away.
 */
#define WIDER			0.5

/* far is a row whose mean square over the columns is more than so many variances of each component */
#define FAR				9.0

/* so that nothing overflows, whatever is read */
#define LEAST_VARIANCE	1e-200
#define MOST_VARIANCE	1e200

/* ---- making ---- */

/* Weights and means of the clusters cluster[] of the points. */
static void
find_means(const UsHierarchyPoints *p, const int32 *cluster, int n, double *weight, double *mean)
{
	memset(weight, 0, sizeof(double) * n);
	memset(mean, 0, sizeof(double) * n * p->dim);
	for (int i = 0; i < p->n; i++)
		weight[cluster[i] - 1] += p->weight[i];
	for (int i = 0; i < p->n; i++)
	{
		int			c = cluster[i] - 1;
		double		share = p->weight[i] / weight[c];

		for (int j = 0; j < p->dim; j++)
			mean[(Size) c * p->dim + j] += share * p->x[(Size) i * p->dim + j];
	}
}

static double
limited(double variance)
{
	return variance < LEAST_VARIANCE ? LEAST_VARIANCE : (variance < MOST_VARIANCE ? variance : MOST_VARIANCE);
}

/* Precisions and offsets of the components. */
static void
find_widths(UsTreeMixture *t, const UsHierarchyPoints *p, const int32 *cluster, const double *weight)
{
	double	   *variance = t->precision;
	double		total = 0;
	double		mean = 0;

	memset(variance, 0, sizeof(double) * t->n);
	for (int i = 0; i < p->n; i++)
	{
		int			c = cluster[i] - 1;
		double		square = 0;

		for (int j = 0; j < p->dim; j++)
		{
			double		d = p->x[(Size) i * p->dim + j] - t->mean[(Size) c * p->dim + j];

			square += d * d;
		}
		variance[c] += ((p->within ? p->within[i] : 0) / p->weight[i] + square) * (p->weight[i] / weight[c]) / p->dim;
	}
	for (int i = 0; i < t->n; i++)
		total += weight[i];
	for (int i = 0; i < t->n; i++)
		mean += limited(variance[i]) * (weight[i] / total);
	for (int i = 0; i < t->n; i++)
	{
		double		v = limited(limited(variance[i]) + WIDER * mean);

		t->precision[i] = 1 / (2 * v);
		t->offset[i] = log(weight[i] / total) - log(v) * p->dim / 2;
	}
}

/* The forks of components lo .. hi - 1, at least two, from t->fork[at] on; rank[i] is that of the border before component i.  Returns the next free one. */
static int
make_forks(UsTreeMixture *t, const int32 *rank, int lo, int hi, int at)
{
	UsFork	   *f = &t->fork[at];
	int			next = at + 1;

	check_stack_depth();
	f->lo = lo;
	f->hi = hi;
	f->middle = lo + 1;
	for (int i = lo + 2; i < hi; i++)
		if (rank[i] < rank[f->middle])
			f->middle = i;
	f->rank = rank[f->middle];
	f->left = f->right = -1;
	if (f->middle - lo > 1)
	{
		f->left = next;
		next = make_forks(t, rank, lo, f->middle, next);
	}
	if (hi - f->middle > 1)
	{
		f->right = next;
		next = make_forks(t, rank, f->middle, hi, next);
	}
	return next;
}

UsTreeMixture *
us_tree_mixture(const UsHierarchyPoints *p, const UsTree *tree, int n, int branches)
{
	UsTreeMixture *t = (UsTreeMixture *) palloc0(sizeof(UsTreeMixture));
	int32	   *component = (int32 *) palloc(sizeof(int32) * p->n);
	int32	   *branch = (int32 *) palloc(sizeof(int32) * p->n);
	int32	   *rank = (int32 *) palloc0(sizeof(int32) * n);
	double	   *weight = (double *) palloc(sizeof(double) * branches);
	Size		row = sizeof(double) * p->dim;

	t->n = n;
	t->dim = p->dim;
	t->mean = (double *) palloc_extended(row * n, MCXT_ALLOC_HUGE);
	t->branch_mean = (double *) palloc_extended(row * branches, MCXT_ALLOC_HUGE);
	t->precision = (double *) palloc(sizeof(double) * n);
	t->offset = (double *) palloc(sizeof(double) * n);
	t->fork = (UsFork *) palloc(sizeof(UsFork) * n);
	t->first = (int *) palloc(sizeof(int) * (n + 1));
	t->block = (double *) us_block_alloc(row * US_HALF_LANES);
	t->square = (double *) us_block_alloc(sizeof(double) * n * US_HALF_LANES);
	t->density = (double *) us_block_alloc(sizeof(double) * n * US_HALF_LANES);
	t->sum = (double *) palloc(sizeof(double) * (n + 1));
	t->closest = (double *) us_block_alloc(sizeof(UsDoubleLanes));
	memset(t->block, 0, row * US_HALF_LANES);

	us_tree_cut(tree, branches, branch);
	find_means(p, branch, branches, weight, t->branch_mean);
	us_tree_cut(tree, n, component);
	find_means(p, component, n, weight, t->mean);
	find_widths(t, p, component, weight);
	t->first[0] = 0;
	t->first[n] = branches;
	for (int i = 1; i < p->n; i++)
	{
		int			c = component[tree->order[i]] - 1;

		if (c == component[tree->order[i - 1]] - 1)
			continue;
		rank[c] = tree->rank[i];
		t->first[c] = branch[tree->order[i]] - 1;
	}
	if (n > 1)
		(void) make_forks(t, rank, 0, n, 0);
	pfree(component);
	pfree(branch);
	pfree(rank);
	pfree(weight);
	return t;
}

/* ---- judging ---- */

US_CLONES void
us_tree_mixture_look(UsTreeMixture *t)
{
	UsDoubleLanes most = US_SPLAT_DOUBLE(-INFINITY);
	UsDoubleLanes closest = most;

	for (int i = 0; i < t->n; i++)
	{
		const double *mean = t->mean + (Size) i * t->dim;
		UsDoubleLanes square = {0};
		UsDoubleLanes density;

		for (int j = 0; j < t->dim; j++)
		{
			UsDoubleLanes d = *(const UsDoubleLanes *) (t->block + j * US_HALF_LANES) - mean[j];

			square += d * d;
		}
		density = -square * t->precision[i];
		closest = US_SELECT_DOUBLE(density > closest, density, closest);
		density += t->offset[i];
		most = US_SELECT_DOUBLE(density > most, density, most);
		*(UsDoubleLanes *) (t->square + i * US_HALF_LANES) = square;
		*(UsDoubleLanes *) (t->density + i * US_HALF_LANES) = density;
	}
	*(UsDoubleLanes *) t->closest = closest;
	for (int i = 0; i < t->n; i++)
	{
		UsDoubleLanes density = *(const UsDoubleLanes *) (t->density + i * US_HALF_LANES) - most;

		us_exp_lanes(&density);
		*(UsDoubleLanes *) (t->density + i * US_HALF_LANES) = density;
	}
}

static void
sum_up(UsTreeMixture *t, int lane)
{
	double		sum = 0;

	for (int i = 0; i < t->n; i++)
	{
		t->sum[i] = sum;
		sum += t->density[i * US_HALF_LANES + lane];
	}
	t->sum[t->n] = sum;
}

/* Does the left side take the row? */
static inline bool
goes_left(const UsTreeMixture *t, const UsFork *f)
{
	return t->sum[f->middle] - t->sum[f->lo] >= t->sum[f->hi] - t->sum[f->middle];
}

/*
 * From a fork (-1: component lo) down to the component that is more probable at each step; forks from rank
 * on are not looked at: then it is one of the components of the segment, *lo .. *hi - 1.
 */
static int
descend(const UsTreeMixture *t, int at, int32 rank, int *lo, int *hi)
{
	while (at >= 0 && t->fork[at].rank < rank)
	{
		const UsFork *f = &t->fork[at];
		bool		left = goes_left(t, f);

		*lo = left ? f->lo : f->middle;
		*hi = left ? f->middle : f->hi;
		at = left ? f->left : f->right;
	}
	return at;
}

static double
square_from(const UsTreeMixture *t, int lane, const double *mean)
{
	double		sum = 0;

	for (int j = 0; j < t->dim; j++)
	{
		double		d = t->block[j * US_HALF_LANES + lane] - mean[j];

		sum += d * d;
	}
	return sum;
}

static inline bool
is_far(const UsTreeMixture *t, int lane)
{
	return t->closest[lane] < -FAR / 2 * t->dim;
}

/*
 * Of the branches of components lo .. hi - 1 the one with the nearest mean, among those whose label is not without; -1
 * if there is none.
 */
static int
nearest_branch(const UsTreeMixture *t, int lane, int lo, int hi, const int32 *label, int32 without, double *near)
{
	int			nearest = -1;

	for (int b = t->first[lo]; b < t->first[hi]; b++)
	{
		double		square;

		if (label != NULL && label[b] == without)
			continue;
		square = square_from(t, lane, t->branch_mean + (Size) b * t->dim);
		if (nearest < 0 || square < *near)
		{
			nearest = b;
			*near = square;
		}
	}
	return nearest;
}

int
us_tree_mixture_branch(UsTreeMixture *t, int lane, bool fine)
{
	int			lo = 0;
	int			hi = t->n;
	double		near;

	if (is_far(t, lane))
		return nearest_branch(t, lane, 0, t->n, NULL, 0, &near);
	sum_up(t, lane);
	(void) descend(t, t->n > 1 ? 0 : -1, PG_INT32_MAX, &lo, &hi);
	return fine ? nearest_branch(t, lane, lo, lo + 1, NULL, 0, &near) : t->first[lo];
}

/* The nearest of the means of components lo .. hi - 1. */
static int
nearest_component(const UsTreeMixture *t, int lane, int lo, int hi, double *near)
{
	int			nearest = lo;

	for (int i = lo + 1; i < hi; i++)
		if (t->square[i * US_HALF_LANES + lane] < t->square[nearest * US_HALF_LANES + lane])
			nearest = i;
	*near = t->square[nearest * US_HALF_LANES + lane];
	return nearest;
}

/* The decision of a fork, if it is less sure than those before: its probability, and where the other side leads to. */
static void
weigh(const UsTreeMixture *t, const UsFork *f, int lane, int k, UsTreeChoice *c)
{
	double		left = t->sum[f->middle] - t->sum[f->lo];
	double		right = t->sum[f->hi] - t->sum[f->middle];
	double		share = fmax(left, right) / (left + right);
	int			lo = left >= right ? f->middle : f->lo;
	int			hi = left >= right ? f->hi : f->middle;
	int			component;

	if (c->other >= 0 && share >= c->probability)
		return;
	(void) descend(t, left >= right ? f->right : f->left, k - 1, &lo, &hi);
	component = nearest_component(t, lane, lo, hi, &c->other_near);
	c->probability = share;
	c->other = t->first[component];
	c->b = t->mean + (Size) component * t->dim;
}

/* The decision between branches of components lo .. hi - 1 that are of several segments. */
static void
weigh_branches(const UsTreeMixture *t, int lane, int lo, int hi, const int32 *label, UsTreeChoice *c)
{
	double		near;
	int			other = nearest_branch(t, lane, lo, hi, label, label[c->branch], &near);
	double		share;

	if (other < 0)
		return;
	c->a = t->branch_mean + (Size) c->branch * t->dim;
	c->near = square_from(t, lane, c->a);
	share = near > 0 ? near / (c->near + near) : 0.5;
	if (c->other >= 0 && share >= c->probability)
		return;
	c->probability = share;
	c->other = other;
	c->other_near = near;
	c->b = t->branch_mean + (Size) other * t->dim;
}

void
us_tree_mixture_choose(UsTreeMixture *t, int lane, const int32 *label, int k, UsTreeChoice *c)
{
	int			at = t->n > 1 ? 0 : -1;
	int			lo = 0;
	int			hi = t->n;
	double		near;

	c->other = -1;
	c->probability = 1;
	c->b = NULL;
	if (is_far(t, lane))
	{
		c->branch = nearest_branch(t, lane, 0, t->n, NULL, 0, &c->near);
		c->a = t->branch_mean + (Size) c->branch * t->dim;
		weigh_branches(t, lane, 0, t->n, label, c);
		return;
	}
	sum_up(t, lane);
	while (at >= 0 && t->fork[at].rank < k - 1)
	{
		const UsFork *f = &t->fork[at];
		bool		left = goes_left(t, f);

		weigh(t, f, lane, k, c);
		lo = left ? f->lo : f->middle;
		hi = left ? f->middle : f->hi;
		at = left ? f->left : f->right;
	}
	c->a = t->mean + (Size) nearest_component(t, lane, lo, hi, &c->near) * t->dim;
	(void) descend(t, at, PG_INT32_MAX, &lo, &hi);
	c->branch = nearest_branch(t, lane, lo, lo + 1, NULL, 0, &near);
	weigh_branches(t, lane, lo, lo + 1, label, c);
}
