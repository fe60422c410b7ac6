/*
 * kmeans_points.c
 *	  Rows in memory, partitions of them, and Lloyd's algorithm on them.
 *
 * S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information
 * Theory 28 (1982).  Since the sums of the clusters are exact integers, an iteration
 * only moves the rows that change their label.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/kmeans_points.h"

UsPoints *
us_points_create(UsArena *arena, int n, int width, const UsGrid *grid,
				 int scale, const float *back, bool weighted, bool repeated)
{
	UsPoints   *p = (UsPoints *) us_arena_alloc(arena, offsetof(UsPoints, squares) +
												sizeof(int128) * (width + 1));

	p->n = n;
	p->nblocks = (n + US_LANES - 1) / US_LANES;
	p->width = width;
	p->x = (float *) us_arena_array(arena, (Size) p->nblocks * US_LANES * width, sizeof(float));
	p->weight = weighted ? (int64 *) us_arena_array(arena, n, sizeof(int64)) : NULL;
	p->rows = repeated ? (int64 *) us_arena_array(arena, n, sizeof(int64)) : NULL;
	p->mass = (float *) us_arena_array(arena, (Size) p->nblocks * US_LANES, sizeof(float));
	p->hash = (uint64 *) us_arena_array(arena, n, sizeof(uint64));
	p->grid = grid;
	p->scale = scale;
	p->back = back;
	return p;
}

static inline float *
row_at(const UsPoints *p, int i)
{
	return p->x + (Size) (i / US_LANES) * p->width * US_LANES + i % US_LANES;
}

void
us_points_get(const UsPoints *p, int i, float *x)
{
	const float *row = row_at(p, i);

	for (int j = 0; j < p->width; j++)
		x[j] = row[j * US_LANES];
}

void
us_points_set(UsPoints *p, int i, const float *x)
{
	float	   *row = row_at(p, i);

	for (int j = 0; j < p->width; j++)
		row[j * US_LANES] = x[j];
}

void
us_points_complete(UsPoints *p)
{
	for (int j = 0; j < p->width; j++)
		p->squares[j] = 0;
	p->total_mass = 0;
	for (int i = 0; i < p->n; i++)
	{
		const float *row = row_at(p, i);
		int64		w = p->weight ? p->weight[i] : 1;

		for (int j = 0; j < p->width; j++)
		{
			int64		q = (int32) (row[j * US_LANES] * p->back[j]);

			p->squares[j] += (int128) (q * q) * w;
		}
		p->mass[i] = (float) w;
		p->total_mass += p->mass[i];
	}
}

double
us_points_rows(const UsPoints *p)
{
	double		rows = p->n;

	if (p->rows == NULL)
		return rows;
	rows = 0;
	for (int i = 0; i < p->n; i++)
		rows += (double) p->rows[i];
	return rows;
}

UsScratch *
us_scratch_create(UsArena *arena, const UsPoints *p)
{
	UsScratch  *s = (UsScratch *) us_arena_alloc(arena, sizeof(UsScratch));
	Size		rows = (Size) p->nblocks * US_LANES;

	s->next = (uint16 *) us_arena_array(arena, rows, sizeof(uint16));
	s->label = (uint16 *) us_arena_array(arena, rows, sizeof(uint16));
	s->changed = (uint16 *) us_arena_array(arena, US_POINTS_CHUNK, sizeof(uint16));
	s->first = (float *) us_arena_array(arena, rows, sizeof(float));
	s->second = (float *) us_arena_array(arena, rows, sizeof(float));
	s->third = (float *) us_arena_array(arena, rows, sizeof(float));
	s->mean = (double *) us_arena_array(arena, p->width, sizeof(double));
	s->work = 0;
	return s;
}

Size
us_scratch_bytes(int n, int width)
{
	return (3 * sizeof(float) + 2 * sizeof(uint16)) * (Size) n + sizeof(double) * width +
		sizeof(uint16) * US_POINTS_CHUNK;
}

UsPartition *
us_partition_create(UsArena *arena, const UsPoints *p, int k)
{
	UsPartition *a = (UsPartition *) us_arena_alloc(arena, sizeof(UsPartition));

	a->k = k;
	a->label = (uint16 *) us_arena_array(arena, (Size) p->nblocks * US_LANES, sizeof(uint16));
	a->center = (float *) us_arena_array(arena, (Size) k * p->width, sizeof(float));
	a->sums = us_sums_at(us_arena_alloc(arena, us_sums_bytes(k, p->width)), k, p->width);
	a->inertia = 0;
	a->fixed = false;
	return a;
}

void
us_partition_set_k(UsPartition *a, int k)
{
	a->k = k;
	a->sums = us_sums_at(a->sums.sum, k, a->sums.width);
}

void
us_centers_from_sums(const UsSums *sums, const UsGrid *grid, int scale,
					 double *mean, float *center)
{
	for (int i = 0; i < sums->k; i++)
	{
		if (sums->weight[i] == 0)
			continue;
		us_sums_mean(sums, i, grid, mean);
		for (int j = 0; j < sums->width; j++)
			center[(Size) i * sums->width + j] = us_grid_coordinate(mean[j], scale);
	}
}

void
us_points_sums(const UsPoints *p, const uint16 *label, UsSums *sums)
{
	us_sums_clear(sums);
	for (int at = 0; at < p->n; at += US_POINTS_CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		us_sums_blocks(sums, p->x + (Size) at * p->width, Min(US_POINTS_CHUNK, p->n - at),
					   p->back, p->weight ? p->weight + at : NULL, label + at);
	}
}

void
us_partition_assign(UsPartition *a, const UsPoints *p, UsScratch *s)
{
	us_sums_clear(&a->sums);
	for (int at = 0; at < p->n; at += US_POINTS_CHUNK)
	{
		int			nrows = Min(US_POINTS_CHUNK, p->n - at);
		const float *x = p->x + (Size) at * p->width;

		CHECK_FOR_INTERRUPTS();
		us_nearest_blocks(x, (nrows + US_LANES - 1) / US_LANES, p->width,
						  a->center, a->k, a->label + at, NULL);
		us_sums_blocks(&a->sums, x, nrows, p->back, p->weight ? p->weight + at : NULL,
					   a->label + at);
	}
	a->inertia = us_sums_inertia(&a->sums, p->squares, p->grid);
	s->work += (double) p->n * p->width * a->k;
}

/* New labels for the centres of the partition; returns how many rows changed. */
static int
assign_changes(UsPartition *a, const UsPoints *p, UsScratch *s)
{
	int			moved = 0;

	for (int at = 0; at < p->n; at += US_POINTS_CHUNK)
	{
		int			nrows = Min(US_POINTS_CHUNK, p->n - at);
		int			nblocks = (nrows + US_LANES - 1) / US_LANES;
		const float *x = p->x + (Size) at * p->width;
		int			n;

		CHECK_FOR_INTERRUPTS();
		us_nearest_blocks(x, nblocks, p->width, a->center, a->k, s->next, NULL);
		n = us_changed_rows(a->label + at, s->next, nrows, s->changed);
		if (n == 0)
			continue;
		us_sums_move(&a->sums, x, p->back, p->weight ? p->weight + at : NULL,
					 a->label + at, s->next, s->changed, n);
		memcpy(a->label + at, s->next, sizeof(uint16) * nblocks * US_LANES);
		moved += n;
	}
	s->work += (double) p->n * p->width * a->k;
	return moved;
}

/*
 * Put the centre of each empty cluster on the row that is farthest from its
 * nearest centre, one after the other.  Returns false when every row stands on
 * a centre.
 */
static bool
repair_empty(UsPartition *a, const UsPoints *p, UsScratch *s)
{
	for (int i = 0; i < a->k; i++)
	{
		int			farthest = 0;

		if (a->sums.weight[i] > 0)
			continue;
		us_nearest_blocks(p->x, p->nblocks, p->width, a->center, a->k, s->next, s->third);
		s->work += (double) p->n * p->width * a->k;
		for (int r = 1; r < p->n; r++)
			if (s->third[r] > s->third[farthest])
				farthest = r;
		if (s->third[farthest] == 0)
			return false;
		us_points_get(p, farthest, a->center + (Size) i * p->width);
	}
	return true;
}

static bool
any_empty(const UsSums *sums)
{
	for (int i = 0; i < sums->k; i++)
		if (sums->weight[i] == 0)
			return true;
	return false;
}

int
us_partition_lloyd(UsPartition *a, const UsPoints *p, UsScratch *s,
				   int max_iter, double tolerance)
{
	double		before = INFINITY;
	int			iterations = 0;

	us_partition_assign(a, p, s);
	a->fixed = false;
	for (;;)
	{
		us_centers_from_sums(&a->sums, p->grid, p->scale, s->mean, a->center);
		if (any_empty(&a->sums))
		{
			if (!repair_empty(a, p, s))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%d clusters cannot be told apart: distances between the rows vanish beside the largest",
								a->k),
						 errhint("Bring the columns to comparable scales, for instance with the transform \"standard\".")));
			before = INFINITY;
		}
		a->inertia = us_sums_inertia(&a->sums, p->squares, p->grid);
		if (a->fixed || iterations >= max_iter ||
			before - a->inertia <= tolerance * a->inertia)
			break;
		before = a->inertia;
		a->fixed = assign_changes(a, p, s) == 0 && !any_empty(&a->sums);
		iterations++;
	}
	return iterations;
}
