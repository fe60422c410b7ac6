/*
 * kmeans_seed.c
 *	  First centres for k-means: k-means++, k-means||, random rows.
 *
 * All three draw rows by their place in UsPoints, which does not depend on the
 * order of the source.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/kmeans_seed.h"

/* rounds and oversampling of k-means||: five rounds of 2k rows, as its authors advise */
#define PARALLEL_ROUNDS 5
#define PARALLEL_OVERSAMPLING 2.0

/* coordinates that k-means++ may compare before it takes fewer candidates */
#define MOST_WORK 1e10

int
us_seed_draw(const UsPoints *p, const float *distance, double total, UsRandom *random)
{
	double		target = us_random_double(random) * total;
	double		sum = 0;
	int			last = 0;

	for (int i = 0; i < p->n; i++)
	{
		double		part = distance[i] * p->mass[i];

		if (part <= 0)
			continue;
		sum += part;
		last = i;
		if (sum >= target)
			break;
	}
	return last;
}

/* A row drawn with probability proportional to its mass. */
static int
draw_by_mass(const UsPoints *p, UsRandom *random)
{
	double		target = us_random_double(random) * p->total_mass;
	double		sum = 0;

	for (int i = 0; i < p->n; i++)
	{
		sum += p->mass[i];
		if (sum >= target)
			return i;
	}
	return p->n - 1;
}

/*
 * k-means++ with several candidates for each centre, of which the one that leaves
 * the least potential is taken: D. Arthur and S. Vassilvitskii, "k-means++: the
 * advantages of careful seeding", SODA 2007, with the greedy variant of their
 * experiments; 2 + ln k candidates, fewer where there are very many centres.
 *
 * s->first holds the squared distance to the nearest centre so far.
 */
static void
plus_plus(const UsPoints *p, UsScratch *s, int k, UsRandom *random, float *center)
{
	double		affordable = MOST_WORK / ((double) k * p->n * p->width);
	int			candidates = (int) Max(Min(2 + floor(log(k)), affordable), 1);
	double		potential;

	us_points_get(p, draw_by_mass(p, random), center);
	us_distance_blocks(p->x, p->nblocks, p->width, center, s->first);
	potential = us_sum_least(s->first, NULL, p->mass, p->nblocks, NULL);
	s->work += (double) p->n * p->width;

	for (int i = 1; i < k; i++)
	{
		float	   *c = center + (Size) i * p->width;
		double		best = INFINITY;
		int			chosen = 0;

		CHECK_FOR_INTERRUPTS();
		for (int t = 0; t < candidates; t++)
		{
			int			row = us_seed_draw(p, s->first, potential, random);
			double		left;

			us_points_get(p, row, c);
			us_distance_blocks(p->x, p->nblocks, p->width, c, s->second);
			left = us_sum_least(s->first, s->second, p->mass, p->nblocks, NULL);
			if (left < best)
			{
				best = left;
				chosen = row;
			}
		}
		us_points_get(p, chosen, c);
		us_distance_blocks(p->x, p->nblocks, p->width, c, s->second);
		potential = us_sum_least(s->first, s->second, p->mass, p->nblocks, s->first);
		s->work += (double) p->n * p->width * (candidates + 1);
	}
}

/* The points of rows[n], weighted by the mass of the points nearest to them. */
static UsPoints *
weighted_candidates(UsArena *arena, const UsPoints *p, UsScratch *s, const int *rows, int n)
{
	UsPoints   *c = us_points_create(arena, n, p->width, p->grid, p->scale, p->back, true,
									   false);
	float	   *center = (float *) us_arena_array(arena, (Size) n * p->width, sizeof(float));

	for (int i = 0; i < n; i++)
	{
		us_points_get(p, rows[i], center + (Size) i * p->width);
		us_points_set(c, i, center + (Size) i * p->width);
		c->hash[i] = p->hash[rows[i]];
	}
	us_nearest_blocks(p->x, p->nblocks, p->width, center, n, s->next, NULL);
	s->work += (double) p->n * p->width * n;
	for (int i = 0; i < p->n; i++)
		c->weight[s->next[i]] += p->weight ? p->weight[i] : 1;
	us_points_complete(c);
	return c;
}

/*
 * B. Bahmani, B. Moseley, A. Vattani, R. Kumar, S. Vassilvitskii, "Scalable
 * k-means++", VLDB 2012: in each round every row is taken by itself with
 * probability l * its share of the potential; the rows taken, weighted by
 * those nearest to them, are reduced to k by k-means++.
 */
static void
parallel(const UsPoints *p, UsScratch *s, int k, UsRandom *random, float *center)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "k-means|| candidates",
												  ALLOCSET_DEFAULT_SIZES);
	UsArena    *arena = us_arena_create(context, NULL);
	int			max_rows = Min(p->n, US_MAX_CENTERS);
	int		   *rows = (int *) us_arena_array(arena, max_rows, sizeof(int));
	float	   *c = (float *) us_arena_array(arena, p->width, sizeof(float));
	uint64		seed = us_random_u64(random);
	int			n = 1;

	rows[0] = draw_by_mass(p, random);
	us_points_get(p, rows[0], c);
	us_distance_blocks(p->x, p->nblocks, p->width, c, s->first);
	for (int round = 0; round < PARALLEL_ROUNDS || n < k; round++)
	{
		double		potential = us_sum_least(s->first, NULL, p->mass, p->nblocks, NULL);
		int			before = n;

		if (potential <= 0)
			break;
		for (int i = 0; i < p->n && n < max_rows; i++)
			if (us_uniform(us_mix64(seed, round), p->hash[i]) <
				PARALLEL_OVERSAMPLING * k * p->mass[i] * s->first[i] / potential)
				rows[n++] = i;
		for (int i = before; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			us_points_get(p, rows[i], c);
			us_distance_blocks(p->x, p->nblocks, p->width, c, s->second);
			(void) us_sum_least(s->first, s->second, p->mass, p->nblocks, s->first);
			s->work += (double) p->n * p->width;
		}
	}
	{
		UsPoints   *candidates = weighted_candidates(arena, p, s, rows, n);
		UsScratch  *scratch = us_scratch_create(arena, candidates);

		plus_plus(candidates, scratch, k, random, center);
		s->work += scratch->work;
	}
	MemoryContextDelete(context);
}

typedef struct RaceRow
{
	double		time;
	int			row;
} RaceRow;

static int
compare_race(const void *a, const void *b)
{
	const RaceRow *x = (const RaceRow *) a;
	const RaceRow *y = (const RaceRow *) b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->row - y->row;
}

/*
 * k distinct rows at random, each drawn with probability proportional to its mass
 * among those that are left: the k smallest of exponential numbers of rate mass
 * (P. S. Efraimidis and P. G. Spirakis, "Weighted random sampling with a
 * reservoir", 2006).
 */
static void
random_rows(const UsPoints *p, int k, UsRandom *random, float *center)
{
	uint64		seed = us_random_u64(random);
	RaceRow    *race = (RaceRow *) MemoryContextAllocHuge(CurrentMemoryContext,
														  sizeof(RaceRow) * p->n);

	for (int i = 0; i < p->n; i++)
	{
		race[i].time = -log(us_uniform(seed, p->hash[i])) / p->mass[i];
		race[i].row = i;
	}
	qsort(race, p->n, sizeof(RaceRow), compare_race);
	for (int i = 0; i < k; i++)
		us_points_get(p, race[i].row, center + (Size) i * p->width);
	pfree(race);
}

void
us_seed_centers(const UsPoints *p, UsScratch *s, UsSeeding seeding,
				int k, UsRandom *random, float *center)
{
	Assert(k >= 1 && k <= p->n);
	switch (seeding)
	{
		case US_SEED_PLUS_PLUS:
			plus_plus(p, s, k, random, center);
			break;
		case US_SEED_PARALLEL:
			parallel(p, s, k, random, center);
			break;
		case US_SEED_RANDOM:
			random_rows(p, k, random, center);
			break;
	}
}
