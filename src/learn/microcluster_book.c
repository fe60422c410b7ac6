/*
 * microcluster_book.c
 *	  Places of prototypes from a sample of the rows.
 *
 * Tree-structured vector quantisation in two levels: A. Gersho and R. M. Gray, Vector
 * Quantization and Signal Compression (1992), 12.4; each level by k-means++ and a few
 * of Lloyd's iterations.  Places that no point is nearest to are left out.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/kmeans_seed.h"
#include "learn/microcluster_book.h"

/* Lloyd's iterations in each level: few, since all that matters is that prototypes are small */
#define ITERATIONS	4

/* What the groups of a level are given places by: half by their points, half by their spread. */
#define SPREAD_SHARE	0.5

int
us_code_book_groups(int n)
{
	return Max((int) rint(sqrt((double) n)), 1);
}

Size
us_code_book_bytes(int rows, int width, int n)
{
	int			k = Min(n, rows);
	Size		points = sizeof(float) * width + 2 * sizeof(int64) + sizeof(uint64) + sizeof(float);
	Size		scratch = 3 * sizeof(float) + 3 * sizeof(uint16);

	/* both levels take every point once, and up to so many clusters each */
	return (Size) rows * (points + 2 * scratch + sizeof(int)) +
		2 * (us_sums_bytes(k, width) + sizeof(float) * k * width);
}

/* k-means of the points with up to k centres that have points; a->k is their number. */
static UsPartition *
cluster(const UsPoints *p, int k, uint64 seed, uint64 stream, UsArena *arena)
{
	UsScratch  *s = us_scratch_create(arena, p);
	UsPartition *a = us_partition_create(arena, p, k);
	UsRandom	random;
	int			used = 0;

	us_random_init(&random, seed, stream);
	us_seed_centers(p, s, US_SEED_PLUS_PLUS, k, &random, a->center);
	us_partition_assign(a, p, s);
	for (int i = 0; i < ITERATIONS; i++)
	{
		us_centers_from_sums(&a->sums, p->grid, p->scale, s->mean, a->center);
		us_partition_assign(a, p, s);
	}
	for (int i = 0; i < k; i++)
	{
		if (a->sums.weight[i] == 0)
			continue;
		memmove(a->center + (Size) used * p->width, a->center + (Size) i * p->width,
				sizeof(float) * p->width);
		used++;
	}
	if (used < k)
	{
		us_partition_set_k(a, used);
		us_partition_assign(a, p, s);
	}
	return a;
}

/* The points of one group, rows[n]. */
static UsPoints *
points_of(const UsPoints *p, const int *rows, int n, UsArena *arena)
{
	UsPoints   *some = us_points_create(arena, n, p->width, p->grid, p->scale, p->back,
										p->weight != NULL, false);
	float	   *x = (float *) us_arena_array(arena, p->width, sizeof(float));

	for (int i = 0; i < n; i++)
	{
		us_points_get(p, rows[i], x);
		us_points_set(some, i, x);
		some->hash[i] = p->hash[rows[i]];
		if (p->weight != NULL)
			some->weight[i] = p->weight[rows[i]];
	}
	us_points_complete(some);
	return some;
}

/*
 * How many of n places each group gets: at least one, at most its points.  count[] and
 * spread[] are what the shares are of; what a group cannot take is shared out again.
 */
static void
share_out(const int *count, const double *spread, int groups, int n, int *places)
{
	int			left = n;

	for (int g = 0; g < groups; g++)
	{
		places[g] = 1;
		left--;
	}
	for (int round = 0; round < groups && left > 0; round++)
	{
		double		rows = 0;
		double		all = 0;
		double		share = 0;	/* of the groups so far, places not rounded */
		int			given = 0;

		for (int g = 0; g < groups; g++)
		{
			if (places[g] < count[g])
			{
				rows += count[g];
				all += spread[g];
			}
		}
		if (rows == 0)
			break;
		for (int g = 0; g < groups; g++)
		{
			double		part;
			int			more;

			if (places[g] >= count[g])
				continue;
			part = count[g] / rows;
			if (all > 0)
				part += SPREAD_SHARE * (spread[g] / all - part);
			share += left * part;
			more = Min((int) rint(share), left) - given;
			given += more;
			places[g] += more;
		}
		for (int g = 0; g < groups; g++)
		{
			given -= Max(places[g] - count[g], 0);
			places[g] = Min(places[g], count[g]);
		}
		left -= given;
	}
}

/* Inertia of each cluster of a partition around its mean, in kernel units of weight and distance. */
static void
spread_of(const UsPoints *p, const UsPartition *a, double *spread)
{
	for (int g = 0; g < a->k; g++)
		spread[g] = 0;
	for (int i = 0; i < p->n; i++)
	{
		const float *row = p->x + (Size) (i / US_LANES) * p->width * US_LANES + i % US_LANES;
		const float *c = a->center + (Size) a->label[i] * p->width;
		double		sum = 0;

		for (int j = 0; j < p->width; j++)
		{
			double		d = (double) row[j * US_LANES] - c[j];

			sum += d * d;
		}
		spread[a->label[i]] += sum * p->mass[i];
	}
}

UsCodeBook *
us_code_book_learn(const UsPoints *p, int n, uint64 seed, UsArena *arena, UsArena *work)
{
	UsCodeBook *b = (UsCodeBook *) us_arena_alloc(arena, sizeof(UsCodeBook));
	UsPartition *a = cluster(p, Min(us_code_book_groups(n), p->n), seed, 0, work);
	int			groups = a->k;
	int		   *rows = (int *) us_arena_array(work, p->n, sizeof(int));
	int		   *first = (int *) us_arena_array(work, groups + 1, sizeof(int));
	int		   *count = (int *) us_arena_array(work, groups, sizeof(int));
	int		   *places = (int *) us_arena_array(work, groups, sizeof(int));
	double	   *spread = (double *) us_arena_array(work, groups, sizeof(double));

	b->width = p->width;
	b->groups = groups;
	b->group = (float *) us_arena_array(arena, (Size) groups * p->width, sizeof(float));
	b->start = (int *) us_arena_array(arena, groups + 1, sizeof(int));
	b->place = (float *) us_arena_array(arena, (Size) n * p->width, sizeof(float));
	memcpy(b->group, a->center, sizeof(float) * groups * p->width);

	for (int i = 0; i < p->n; i++)
		count[a->label[i]]++;
	for (int g = 0; g < groups; g++)
		first[g + 1] = first[g] + count[g];
	spread_of(p, a, spread);
	share_out(count, spread, groups, n, places);
	memset(count, 0, sizeof(int) * groups);
	for (int i = 0; i < p->n; i++)
	{
		int			g = a->label[i];

		rows[first[g] + count[g]++] = i;
	}
	for (int g = 0; g < groups; g++)
	{
		UsPoints   *some = points_of(p, rows + first[g], count[g], work);
		UsPartition *fine = cluster(some, places[g], seed, g + 1, work);

		memcpy(b->place + (Size) b->start[g] * p->width, fine->center,
			   sizeof(float) * fine->k * p->width);
		b->start[g + 1] = b->start[g] + fine->k;
	}
	b->n = b->start[groups];
	return b;
}
