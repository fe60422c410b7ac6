/*
 * kmeans_choose.c
 *	  The number of clusters.
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/kmeans_choose.h"

void
us_kmeans_measure(const UsPoints *p, const UsPartition *a, const UsMeasure *measure,
				  UsFigures *figures)
{
	double		n_parameters;
	double		likelihood = us_figures_spherical(p, &a->sums, measure->rows, &n_parameters);

	us_progress("measure", a->k, 0);
	us_figures_init(figures, a->k);
	us_figures_measure(figures, p, a->label, &a->sums, measure);
	us_figures_information(figures, likelihood, n_parameters, measure->rows);
	figures->silhouette = us_figures_silhouette(US_METRIC_EUCLIDEAN, p, a->label, a->k,
												Min(p->n, measure->silhouette_rows));
}

void
us_kmeans_each_k(const UsPoints *p, int lo, int hi, const UsSearchPlan *plan, uint64 seed,
				 UsScratch *s, UsSearchSpace *space, UsKmeansVisit visit, void *context)
{
	for (int k = lo; k <= hi; k++)
	{
		UsSearchResult search;
		/* one centre and another is no good start, and whoever begins at 2 has none */
		const float *start = k > Max(lo, 2) ? space->last : NULL;

		us_progress("search", k - lo, hi - lo + 1);
		us_kmeans_search(p, k, plan, start, seed, s, space, &search);
		memcpy(space->last, space->best->center, sizeof(float) * k * p->width);
		visit(context, space->best, &search);
	}
}

/* The figures of all candidates, in a row. */
static UsFigures *
figures_of(const UsCandidate *candidate, int n)
{
	UsFigures  *f = (UsFigures *) palloc(sizeof(UsFigures) * n);

	for (int i = 0; i < n; i++)
		f[i] = candidate[i].figures;
	return f;
}

int
us_kmeans_elbow(const UsCandidate *candidate, int n)
{
	UsFigures  *f = figures_of(candidate, n);
	int			elbow = us_criterion_best(US_CRITERION_ELBOW, f, n, NULL);

	pfree(f);
	return elbow;
}

/* What a choice keeps of each k. */
typedef struct Choice
{
	const UsPoints *p;
	const UsChoicePlan *plan;
	UsArena    *arena;
	UsCandidate *candidate;
} Choice;

/* Keep what is needed of the best partition, and measure it. */
static void
keep(void *context, const UsPartition *best, const UsSearchResult *search)
{
	Choice	   *choice = (Choice *) context;
	const UsPoints *p = choice->p;
	UsCandidate *c = &choice->candidate[best->k - choice->plan->lo];
	Size		bytes = sizeof(float) * best->k * p->width;

	c->center = (float *) us_arena_alloc(choice->arena, bytes);
	memcpy(c->center, best->center, bytes);
	c->sums = us_sums_at(us_arena_alloc(choice->arena, us_sums_bytes(best->k, p->width)),
						 best->k, p->width);
	us_sums_copy(&c->sums, &best->sums);
	c->search = *search;
	us_kmeans_measure(p, best, &choice->plan->measure, &c->figures);
	us_progress_note("k = %d: inertia %.10g, silhouette %.4f, %d starts, %d moves",
					 best->k, c->figures.inertia, c->figures.silhouette, search->starts,
					 search->moves);
}

int
us_kmeans_choose(const UsPoints *p, const UsChoicePlan *plan, UsScratch *s,
				 UsSearchSpace *space, UsArena *arena, UsCandidate *candidate)
{
	Choice		choice = {p, plan, arena, candidate};
	int			n = plan->hi - plan->lo + 1;
	UsFigures  *f;
	int			best;

	us_kmeans_each_k(p, plan->lo, plan->hi, plan->search, plan->seed, s, space, keep, &choice);
	f = figures_of(candidate, n);
	best = us_criterion_best(plan->criterion, f, n, NULL);
	pfree(f);
	return Max(best, 0);
}
