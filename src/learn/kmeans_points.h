/*
 * kmeans_points.h
 *	  The rows that k-means searches on, in memory, and partitions of them.
 *
 * UsPoints holds distinct rows in an order that follows from the seed, their keys
 * and values, not from the table; so whatever is computed from them one after the
 * other, in float8, is the same for any order of the source.  It is the whole
 * source when that is small, else a sample of it.
 */
#ifndef US_KMEANS_POINTS_H
#define US_KMEANS_POINTS_H

#include "infra/arena.h"
#include "math/random.h"
#include "math/sums.h"

typedef struct UsPoints
{
	int			n;				/* distinct rows */
	int			nblocks;
	int			width;
	float	   *x;				/* blocks of kernel coordinates */
	int64	   *weight;			/* [n]: integer weight; of equal rows, their sum; NULL = 1 */
	int64	   *rows;			/* [n]: the number of equal rows; NULL = 1 */
	float	   *mass;			/* [nblocks * US_LANES]: weight in float4, 0 in missing rows */
	uint64	   *hash;			/* [n]: random bits of the row, ascending */
	double		total_mass;		/* sum of mass */

	const UsGrid *grid;
	int			scale;
	const float *back;
	int128		squares[FLEXIBLE_ARRAY_MEMBER]; /* [width]: sum of weight * q^2 */
} UsPoints;

typedef struct UsPartition
{
	int			k;
	uint16	   *label;			/* [nblocks * US_LANES], 0-based */
	float	   *center;			/* [k][width], kernel coordinates */
	UsSums		sums;
	double		inertia;		/* around the means, integer weights, units of the columns */
	bool		fixed;			/* no row changes its label any more */
} UsPartition;

/* What the work on points needs beside them. */
typedef struct UsScratch
{
	uint16	   *next;			/* [nblocks * US_LANES], free for any use, as is third */
	uint16	   *label;			/* the same, of the caller: Lloyd's algorithm leaves it alone, and first and second */
	uint16	   *changed;		/* [US_POINTS_CHUNK] */
	float	   *first;			/* [nblocks * US_LANES], distances */
	float	   *second;
	float	   *third;
	double	   *mean;			/* [width] */
	double		work;			/* coordinates compared so far: the measure of effort */
} UsScratch;

/* rows handled between two checks for interrupts; numbers of rows in it are uint16 */
#define US_POINTS_CHUNK 4096

/* Points of n rows, not filled but for sizes; grids and back are kept as pointers. */
extern UsPoints *us_points_create(UsArena *arena, int n, int width, const UsGrid *grid,
								  int scale, const float *back, bool weighted, bool repeated);

/* Row i into x[width]; and from it. */
extern void us_points_get(const UsPoints *p, int i, float *x);
extern void us_points_set(UsPoints *p, int i, const float *x);

/* After all rows are set: mass, squares, totals. */
extern void us_points_complete(UsPoints *p);

/* Rows of the source that the points stand for. */
extern double us_points_rows(const UsPoints *p);

/* Scratch space for all work on p; and its bytes. */
extern UsScratch *us_scratch_create(UsArena *arena, const UsPoints *p);
extern Size us_scratch_bytes(int n, int width);

/* A partition of the points with room for k clusters; and its use for fewer of them. */
extern UsPartition *us_partition_create(UsArena *arena, const UsPoints *p, int k);
extern void us_partition_set_k(UsPartition *a, int k);

/* Labels, sums and inertia (around the means) for the centres that stand in the partition. */
extern void us_partition_assign(UsPartition *a, const UsPoints *p, UsScratch *s);

/* The sums of the partition of the points by label[n] < sums->k. */
extern void us_points_sums(const UsPoints *p, const uint16 *label, UsSums *sums);

/*
 * Lloyd's algorithm from the centres that stand in the partition, until no row
 * changes its label (fixed is set), the inertia does not fall by more than tolerance
 * times itself (for tolerance 0: not at all, which rounding can bring about), or after
 * max_iter iterations.  An empty cluster takes the row that is farthest from its
 * centre.  Returns the iterations; sets labels, sums, centres and inertia.
 */
extern int	us_partition_lloyd(UsPartition *a, const UsPoints *p, UsScratch *s,
							   int max_iter, double tolerance);

/* Centres of the means of all clusters of sums; those of empty ones are left. */
extern void us_centers_from_sums(const UsSums *sums, const UsGrid *grid, int scale,
								 double *mean, float *center);

#endif
