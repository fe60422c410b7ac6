/*
 * kmeans_choose.c
 *	  The number of clusters.
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/kmeans_choose.h"
#include "stat/cluster_metrics.h"

/* coordinates of pairs of centres that Davies-Bouldin may compare */
#define MOST_PAIRS	1e10

/* Inertia of all points around their mean, integer weights. */
static double
total_inertia(const UsPoints *p, const UsPartition *a)
{
	UsSums		all = us_sums_at(palloc(us_sums_bytes(1, p->width)), 1, p->width);
	double		total;

	us_sums_clear(&all);
	for (int i = 0; i < a->k; i++)
	{
		all.weight[0] += a->sums.weight[i];
		for (int j = 0; j < p->width; j++)
			all.sum[j] += a->sums.sum[(Size) i * p->width + j];
	}
	total = us_sums_inertia(&all, p->squares, p->grid);
	pfree(all.sum);
	return total;
}

/* The mean silhouette of the first n points. */
static double
silhouette(const UsPoints *p, const UsPartition *a, int n)
{
	double	   *own = NULL;
	double		mean;

	if (n < 2 || a->k < 2)
		return NAN;
	if (p->weight != NULL)
	{
		own = (double *) palloc(sizeof(double) * n);
		for (int i = 0; i < n; i++)
			own[i] = (double) p->weight[i] / (p->rows ? (double) p->rows[i] : 1.0);
	}
	mean = us_silhouette_blocks(p->x, n, p->width, a->label, a->k, p->mass, own, NULL);
	if (own != NULL)
		pfree(own);
	return mean;
}

/* Davies-Bouldin of the points with their nearest centres. */
static double
davies_bouldin(const UsPoints *p, const UsPartition *a, UsScratch *s)
{
	double	   *scatter;
	double	   *weight;
	double	   *center;
	double		index;

	if ((double) a->k * a->k * p->width > MOST_PAIRS)
		return NAN;
	scatter = (double *) palloc0(sizeof(double) * a->k);
	weight = (double *) palloc0(sizeof(double) * a->k);
	center = (double *) palloc(sizeof(double) * a->k * p->width);
	us_nearest_blocks(p->x, p->nblocks, p->width, a->center, a->k, s->next, s->first);
	for (int i = 0; i < p->n; i++)
	{
		scatter[s->next[i]] += p->mass[i] * sqrt(s->first[i]);
		weight[s->next[i]] += p->mass[i];
	}
	for (int i = 0; i < a->k; i++)
		scatter[i] = weight[i] > 0 ? scatter[i] / weight[i] : NAN;
	for (Size i = 0; i < (Size) a->k * p->width; i++)
		center[i] = a->center[i];
	index = us_davies_bouldin(center, scatter, a->k, p->width);
	pfree(scatter);
	pfree(weight);
	pfree(center);
	return index;
}

void
us_kmeans_measure(const UsPoints *p, const UsPartition *a, const UsChoicePlan *plan,
				  UsScratch *s, UsCandidate *c)
{
	us_progress("measure", a->k, 0);
	c->inertia = a->inertia * plan->weight_unit;
	c->silhouette = silhouette(p, a, Min(p->n, plan->silhouette_rows));
	c->davies_bouldin = davies_bouldin(p, a, s);
	c->calinski_harabasz = us_calinski_harabasz(total_inertia(p, a), a->inertia, plan->rows, a->k);
}

int
us_kmeans_elbow(const UsCandidate *candidate, int n)
{
	double	   *x = (double *) palloc(sizeof(double) * n);
	double	   *y = (double *) palloc(sizeof(double) * n);
	int			elbow;

	for (int i = 0; i < n; i++)
	{
		x[i] = candidate[i].k;
		y[i] = candidate[i].inertia;
	}
	elbow = us_elbow(x, y, n);
	pfree(x);
	pfree(y);
	return elbow;
}

/* The criterion as a figure of which more is better. */
static double
merit(const UsCandidate *c, UsCriterion criterion)
{
	switch (criterion)
	{
		case US_CRITERION_CALINSKI_HARABASZ:
			return c->calinski_harabasz;
		case US_CRITERION_DAVIES_BOULDIN:
			return -c->davies_bouldin;
		default:
			return c->silhouette;
	}
}

static int
choose(const UsCandidate *candidate, int n, UsCriterion criterion)
{
	int			best = -1;

	if (criterion == US_CRITERION_ELBOW)
		return Max(us_kmeans_elbow(candidate, n), 0);
	for (int i = 0; i < n; i++)
	{
		double		m = merit(&candidate[i], criterion);

		if (!isnan(m) && (best < 0 || m > merit(&candidate[best], criterion)))
			best = i;
	}
	return Max(best, 0);
}

/* Keep what is needed of the best partition. */
static void
keep(UsCandidate *c, const UsPoints *p, const UsPartition *best, UsArena *arena)
{
	Size		bytes = sizeof(float) * best->k * p->width;

	c->k = best->k;
	c->center = (float *) us_arena_alloc(arena, bytes);
	memcpy(c->center, best->center, bytes);
	c->sums = us_sums_at(us_arena_alloc(arena, us_sums_bytes(best->k, p->width)),
						 best->k, p->width);
	us_sums_copy(&c->sums, &best->sums);
}

int
us_kmeans_choose(const UsPoints *p, const UsChoicePlan *plan, UsScratch *s,
				 UsSearchSpace *space, UsArena *arena, UsCandidate *candidate)
{
	const float *start = NULL;
	int			n = plan->hi - plan->lo + 1;

	for (int k = plan->lo; k <= plan->hi; k++)
	{
		UsCandidate *c = &candidate[k - plan->lo];

		us_progress("search", k - plan->lo, n);
		us_kmeans_search(p, k, plan->search, start, plan->seed, s, space, &c->search);
		keep(c, p, space->best, arena);
		start = c->center;
		us_kmeans_measure(p, space->best, plan, s, c);
		us_progress_note("k = %d: inertia %.10g, silhouette %.4f, %d starts, %d moves",
						 k, c->inertia, c->silhouette, c->search.starts, c->search.moves);
	}
	return choose(candidate, n, plan->criterion);
}
