/*
 * kmeans_search.c
 *	  Search for a good partition: restarts, and moves of single centres.
 *
 * Lloyd's algorithm ends in the local optimum next to its start, which for more
 * than a few clusters is rarely the best.  So each of some starts is improved by
 * moves: one centre is taken away and put to another place, Lloyd's algorithm
 * settles the rest, and the result is kept if the inertia fell.  This is a merge of
 * one cluster with its neighbours and a split of another in one step.  Optima that
 * no single move leaves are met by improving every start on its own: ten starts
 * with fifty moves each do better than one with a thousand.
 *
 * P. Fränti, "Efficiency of random swap clustering", Journal of Big Data 5 (2018);
 * the place is drawn by distance and the centre to take away is the one whose loss
 * costs least, as in S. Lattanzi and C. Sohler, "A better k-means++ algorithm via
 * local search", ICML 2019.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/kmeans_search.h"

/* a gain below this share of the inertia is rounding, not a better partition */
#define LEAST_GAIN 1e-12

/* iterations after which a move that is still worse by this factor is given up */
#define TRIAL_ITERATIONS 4
#define TRIAL_FACTOR 1.02

typedef struct Search
{
	const UsPoints *p;
	const UsSearchPlan *plan;
	int			k;
	UsScratch  *s;
	UsSearchSpace *space;
	UsRandom	random;
	double		limit;			/* of s->work */
	UsSearchResult *result;
} Search;

static bool
is_better(const UsPartition *a, const UsPartition *b)
{
	return a->inertia < b->inertia * (1 - LEAST_GAIN);
}

static void
swap(UsPartition **a, UsPartition **b)
{
	UsPartition *t = *a;

	*a = *b;
	*b = t;
}

static void
lloyd(Search *search, int max_iter)
{
	search->result->iterations += us_partition_lloyd(search->space->trial, search->p, search->s,
													 max_iter, search->plan->tolerance);
}

/*
 * For the current partition and a new centre c: the centre whose removal together with
 * the arrival of c costs least.  first and second of the scratch hold the distances
 * to the nearest two centres, third gets those to c.
 */
static int
cheapest_to_remove(Search *search, const float *c)
{
	const UsPoints *p = search->p;
	UsScratch  *s = search->s;
	const uint16 *label = s->label;
	int			k = search->k;
	int			cheapest = 0;

	us_distance_blocks(p->x, p->nblocks, p->width, c, s->third);
	s->work += (double) p->n * p->width;
	memset(search->space->loss, 0, sizeof(double) * k);
	for (int i = 0; i < p->n; i++)
		search->space->loss[label[i]] += p->mass[i] *
			(Min(s->third[i], s->second[i]) - Min(s->third[i], s->first[i]));
	for (int i = 1; i < k; i++)
		if (search->space->loss[i] < search->space->loss[cheapest])
			cheapest = i;
	return cheapest;
}

/* Distances of the current partition: s->first, s->second; returns the sum of mass * first. */
static double
measure(Search *search)
{
	const UsPoints *p = search->p;
	UsScratch  *s = search->s;

	us_two_nearest_blocks(p->x, p->nblocks, p->width, search->space->current->center,
						  search->k, s->label, s->first, s->second);
	s->work += (double) p->n * p->width * search->k;
	return us_sum_least(s->first, NULL, p->mass, p->nblocks, NULL);
}

/* Move one centre of the current partition; true if it became better. */
static bool
move_center(Search *search, double potential)
{
	const UsPoints *p = search->p;
	UsPartition *trial = search->space->trial;
	UsPartition *current = search->space->current;
	int			gone;

	us_points_get(p, us_seed_draw(p, search->s->first, potential, &search->random),
				  search->space->place);
	gone = cheapest_to_remove(search, search->space->place);
	memcpy(trial->center, current->center, sizeof(float) * trial->k * p->width);
	memcpy(trial->center + (Size) gone * p->width, search->space->place, sizeof(float) * p->width);

	search->result->moves++;
	lloyd(search, TRIAL_ITERATIONS);
	if (trial->inertia > current->inertia * TRIAL_FACTOR)
		return false;
	if (!trial->fixed)
		lloyd(search, search->plan->max_iter);
	if (!is_better(trial, current))
		return false;
	search->result->gains++;
	swap(&search->space->current, &search->space->trial);
	return true;
}

/* Move centres of the current partition until that brings no gain any more. */
static void
improve(Search *search)
{
	int			failures = 0;
	bool		moved = true;
	double		potential = 0;

	while (failures < search->plan->patience && search->s->work < search->limit)
	{
		CHECK_FOR_INTERRUPTS();
		if (moved)
			potential = measure(search);
		if (potential <= 0)
			break;
		moved = move_center(search, potential);
		failures = moved ? 0 : failures + 1;
	}
}

/* A start from k - 1 centres: one more, drawn by distance. */
static void
start_by_split(Search *search, const float *start)
{
	const UsPoints *p = search->p;
	UsScratch  *s = search->s;
	float	   *center = search->space->trial->center;
	int			k = search->k - 1;
	double		potential;

	memcpy(center, start, sizeof(float) * k * p->width);
	us_nearest_blocks(p->x, p->nblocks, p->width, center, k, s->next, s->first);
	potential = us_sum_least(s->first, NULL, p->mass, p->nblocks, NULL);
	us_points_get(p, us_seed_draw(p, s->first, potential, &search->random),
				  center + (Size) k * p->width);
	s->work += (double) p->n * p->width * k;
}

/* Settle and improve the start whose centres stand in the trial. */
static void
run_start(Search *search)
{
	bool		first = search->result->starts++ == 0;

	lloyd(search, search->plan->max_iter);
	swap(&search->space->current, &search->space->trial);
	if (search->plan->moves && search->k > 1)
		improve(search);
	if (first || is_better(search->space->current, search->space->best))
		swap(&search->space->best, &search->space->current);
}

UsSearchSpace *
us_search_space_create(UsArena *arena, const UsPoints *p, int max_k)
{
	UsSearchSpace *space = (UsSearchSpace *) us_arena_alloc(arena, sizeof(UsSearchSpace));

	space->best = us_partition_create(arena, p, max_k);
	space->current = us_partition_create(arena, p, max_k);
	space->trial = us_partition_create(arena, p, max_k);
	space->place = (float *) us_arena_array(arena, p->width, sizeof(float));
	space->last = (float *) us_arena_array(arena, (Size) max_k * p->width, sizeof(float));
	space->loss = (double *) us_arena_array(arena, max_k, sizeof(double));
	return space;
}

Size
us_search_space_bytes(int n, int width, int max_k)
{
	return 3 * (sizeof(uint16) * (Size) n + sizeof(float) * max_k * width +
				us_sums_bytes(max_k, width)) + (sizeof(double) + sizeof(float) * width) * max_k;
}

void
us_kmeans_search(const UsPoints *p, int k, const UsSearchPlan *plan,
				 const float *start, uint64 seed, UsScratch *s,
				 UsSearchSpace *space, UsSearchResult *result)
{
	Search		search;

	memset(result, 0, sizeof(UsSearchResult));
	search.p = p;
	search.plan = plan;
	search.k = k;
	search.s = s;
	search.space = space;
	search.limit = plan->max_work;
	if (plan->max_passes > 0)
		search.limit = Min(search.limit, plan->max_passes * p->n * p->width * k);
	search.limit += s->work;
	search.result = result;
	us_random_init(&search.random, seed, k);
	us_partition_set_k(space->best, k);
	us_partition_set_k(space->current, k);
	us_partition_set_k(space->trial, k);

	if (start != NULL)
	{
		start_by_split(&search, start);
		run_start(&search);
	}
	for (int i = 0; i < plan->starts; i++)
	{
		if (result->starts > 0 && s->work >= search.limit)
			break;
		us_seed_centers(p, s, plan->seeding, k, &search.random, space->trial->center);
		run_start(&search);
	}
}
