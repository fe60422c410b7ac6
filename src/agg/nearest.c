/*
 * nearest.c
 *	  The nearest centre of a row.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "agg/nearest.h"

/* Squared distances between these bounds have lost nothing to overflow or underflow. */
#define SQUARE_MIN	1e-280
#define SQUARE_MAX	1e300

/* columns of a gridded row that stand on the stack */
#define STACK_COLUMNS	128

/* a zero vector has no direction: cosine distance 1 to all */
#define NO_DIRECTION	2.0

static UsQuantiser *
quantisers(const UsAssigner *a)
{
	return (UsQuantiser *) a->data;
}

static float *
packed_floats(const UsAssigner *a)
{
	return (float *) (quantisers(a) + a->d);
}

/* ---- preparing ---- */

static int
padded(int k)
{
	return (k + US_HALF_LANES - 1) / US_HALF_LANES * US_HALF_LANES;
}

Size
us_assigner_size(const UsCentroidSet *c)
{
	Size		size = offsetof(UsAssigner, data);

	if (c->gridded)
		size += sizeof(UsQuantiser) * c->d + sizeof(float) * us_packed_floats(c->k, c->d);
	else
		size += sizeof(double) * padded(c->k) * c->d;
	return MAXALIGN(size);
}

/* Float4 coordinates of the centres of a gridded set. */
static void
fill_gridded(UsAssigner *a, const UsCentroidSet *c)
{
	const UsGrid *grid = us_centroid_grid(c);
	Size		n = (Size) c->k * c->d;
	float	   *coordinate = palloc(sizeof(float) * n);

	a->scale = us_grids_scale(grid, c->d);
	for (int j = 0; j < c->d; j++)
		quantisers(a)[j] = us_quantiser(grid[j], a->scale);
	for (Size i = 0; i < n; i++)
		coordinate[i] = us_grid_coordinate(c->value[i], a->scale);
	us_pack_centers(coordinate, c->k, c->d, packed_floats(a));
	pfree(coordinate);
}

/* Blocks of US_HALF_LANES centres, structure of arrays, filled up with infinity. */
static void
fill_plain(UsAssigner *a, const UsCentroidSet *c)
{
	for (int i = 0; i < padded(c->k); i++)
	{
		double	   *out = a->data + (Size) (i / US_HALF_LANES) * US_HALF_LANES * c->d +
			i % US_HALF_LANES;

		for (int j = 0; j < c->d; j++)
			out[j * US_HALF_LANES] = i < c->k ? us_centroid_center(c, i)[j] : INFINITY;
	}
}

void
us_assigner_fill(UsAssigner *a, const UsCentroidSet *c)
{
	memset(a, 0, offsetof(UsAssigner, data));
	a->k = c->k;
	a->d = c->d;
	a->metric = c->metric;
	a->gridded = c->gridded;
	a->fingerprint = c->fingerprint;
	if (c->gridded)
		fill_gridded(a, c);
	else
		fill_plain(a, c);
}

/* ---- costs in float8 ---- */

static bool
is_squared(const UsAssigner *a)
{
	return a->metric == US_METRIC_EUCLIDEAN || a->metric == US_METRIC_COSINE;
}

/* A lane is a centre; each sums its columns in order. */
US_INLINE int
nearest_lanes(const double *x, int d, const double *packed, int k, UsMetric metric, double *cost)
{
	double		best = INFINITY;
	int			nearest = 0;

	for (int i = 0; i < k; i += US_HALF_LANES, packed += (Size) d * US_HALF_LANES)
	{
		UsDoubleLanes sum = {0};

		for (int j = 0; j < d; j++)
		{
			UsDoubleLanes diff;

			memcpy(&diff, packed + j * US_HALF_LANES, sizeof(diff));
			diff -= x[j];
			if (metric == US_METRIC_EUCLIDEAN)
				sum += diff * diff;
			else
			{
				diff = (UsDoubleLanes) ((UsLongLanes) diff & INT64CONST(0x7fffffffffffffff));
				if (metric == US_METRIC_MANHATTAN)
					sum += diff;
				else
				{
					UsLongLanes less = sum < diff;

					sum = (UsDoubleLanes) ((less & (UsLongLanes) diff) | (~less & (UsLongLanes) sum));
				}
			}
		}
		for (int lane = 0; lane < US_HALF_LANES; lane++)
		{
			bool		less = sum[lane] < best;

			/* no branch: it would be mispredicted for every second row */
			best = less ? sum[lane] : best;
			nearest = less ? i + lane : nearest;
		}
	}
	*cost = best;
	return nearest;
}

US_CLONES static int
nearest_squared(const double *x, int d, const double *packed, int k, double *cost)
{
	return nearest_lanes(x, d, packed, k, US_METRIC_EUCLIDEAN, cost);
}

US_CLONES static int
nearest_manhattan(const double *x, int d, const double *packed, int k, double *cost)
{
	return nearest_lanes(x, d, packed, k, US_METRIC_MANHATTAN, cost);
}

US_CLONES static int
nearest_chebyshev(const double *x, int d, const double *packed, int k, double *cost)
{
	return nearest_lanes(x, d, packed, k, US_METRIC_CHEBYSHEV, cost);
}

/* Centre i of a plain assigner, out of its block. */
static void
unpack(const UsAssigner *a, int i, double *center)
{
	const double *in = a->data + (Size) (i / US_HALF_LANES) * US_HALF_LANES * a->d +
		i % US_HALF_LANES;

	for (int j = 0; j < a->d; j++)
		center[j] = in[j * US_HALF_LANES];
}

/*
 * The nearest of the centres but "without" (-1: of all) for values whose squares
 * overflow or vanish: squared distances as mantissa and exponent.
 */
static int
nearest_scaled(const UsAssigner *a, const double *x, int without, double *cost)
{
	double	   *center = palloc(sizeof(double) * a->d);
	double		best = 0;
	int			exponent = 0;
	int			nearest = -1;

	for (int i = 0; i < a->k; i++)
	{
		double		m;
		int			e;

		if (i == without)
			continue;
		unpack(a, i, center);
		m = us_square_scaled(x, center, a->d, &e);
		if (nearest < 0 || (best > 0 && (m == 0 || e < exponent || (e == exponent && m < best))))
		{
			best = m;
			exponent = e;
			nearest = i;
		}
	}
	pfree(center);
	*cost = ldexp(best, exponent);
	return nearest;
}

static bool
equals_center(const UsAssigner *a, const double *x, int i)
{
	const double *in = a->data + (Size) (i / US_HALF_LANES) * US_HALF_LANES * a->d +
		i % US_HALF_LANES;

	for (int j = 0; j < a->d; j++)
		if (x[j] != in[j * US_HALF_LANES])
			return false;
	return true;
}

static int
nearest_plain(const UsAssigner *a, const double *x, double *cost)
{
	int			nearest;

	switch ((UsMetric) a->metric)
	{
		case US_METRIC_MANHATTAN:
			return nearest_manhattan(x, a->d, a->data, a->k, cost);
		case US_METRIC_CHEBYSHEV:
			return nearest_chebyshev(x, a->d, a->data, a->k, cost);
		default:
			nearest = nearest_squared(x, a->d, a->data, a->k, cost);
			if (unlikely(*cost > SQUARE_MAX ||
						 (*cost < SQUARE_MIN && !equals_center(a, x, nearest))))
				return nearest_scaled(a, x, -1, cost);
			return nearest;
	}
}

/* ---- one row ---- */

void
us_check_finite(const double *x, int d)
{
	const uint64 exponent = UINT64CONST(0x7ff0000000000000);
	bool		finite = true;

	for (int j = 0; j < d; j++)
	{
		uint64		bits;

		memcpy(&bits, x + j, sizeof(bits));
		finite &= (bits & exponent) != exponent;
	}
	if (likely(finite))
		return;
	for (int j = 0; j < d; j++)
	{
		if (!isfinite(x[j]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column %d of the vector is %s", j + 1,
							isnan(x[j]) ? "NaN" : "infinite"),
					 errhint("Leave such rows out, or replace the value.")));
	}
}

/* Kernel coordinates of integers on the grid. */
static void
coordinates(const UsAssigner *a, const double *q, float *out)
{
	const UsQuantiser *z = quantisers(a);

	for (int j = 0; j < a->d; j++)
		out[j] = (float) (q[j] * z[j].down);
}

int
us_assigner_nearest(const UsAssigner *a, const double *x, double *value, double *cost)
{
	float		stack[STACK_COLUMNS];
	float	   *coordinate = stack;
	float		square;
	int			nearest;

	us_check_finite(x, a->d);
	if (a->metric == US_METRIC_COSINE)
	{
		if (!us_unit_vector(x, a->d, value) && !a->gridded)
		{
			if (cost != NULL)
				*cost = NO_DIRECTION;
			return 0;
		}
		x = value;
	}
	if (!a->gridded)
	{
		double		c;

		if (value != x)
			memcpy(value, x, sizeof(double) * a->d);
		nearest = nearest_plain(a, value, &c);
		if (cost != NULL)
			*cost = c;
		return nearest;
	}

	if (a->d > STACK_COLUMNS)
		coordinate = palloc(sizeof(float) * a->d);
	for (int j = 0; j < a->d; j++)
		value[j] = us_quantise(&quantisers(a)[j], x[j]);
	coordinates(a, value, coordinate);
	nearest = us_nearest_row(coordinate, a->d, packed_floats(a), a->k, &square);
	if (cost != NULL)
		*cost = ldexp(square, 2 * a->scale);
	if (coordinate != stack)
		pfree(coordinate);
	return nearest;
}

/* us_assigner_second for a gridded set: squared distance in kernel coordinates. */
static int
second_gridded(const UsAssigner *a, const double *q, int label, float *cost)
{
	const float *packed = packed_floats(a);
	float	   *x = palloc(sizeof(float) * 2 * a->d);
	float	   *center = x + a->d;
	int			second = -1;

	*cost = INFINITY;
	coordinates(a, q, x);
	for (int i = 0; i < a->k; i++)
	{
		const float *in = packed + (Size) (i / US_LANES) * US_LANES * a->d + i % US_LANES;
		float		square;

		if (i == label)
			continue;
		for (int j = 0; j < a->d; j++)
			center[j] = in[j * US_LANES];
		square = us_squared_distance(x, center, a->d);
		if (second < 0 || square < *cost)
		{
			*cost = square;
			second = i;
		}
	}
	pfree(x);
	return second;
}

static int
second_plain(const UsAssigner *a, const double *x, int label, double *cost)
{
	UsMetric	metric = is_squared(a) ? US_METRIC_SQEUCLIDEAN : (UsMetric) a->metric;
	double	   *center = palloc(sizeof(double) * a->d);
	int			second = -1;

	for (int i = 0; i < a->k; i++)
	{
		double		c;

		if (i == label)
			continue;
		unpack(a, i, center);
		c = us_distance(metric, x, center, a->d);
		if (second < 0 || c < *cost)
		{
			*cost = c;
			second = i;
		}
	}
	pfree(center);
	if (is_squared(a) && !(*cost >= SQUARE_MIN && *cost <= SQUARE_MAX))
		return nearest_scaled(a, x, label, cost);
	return second;
}

static bool
is_zero(const double *x, int d)
{
	for (int j = 0; j < d; j++)
		if (x[j] != 0)
			return false;
	return true;
}

int
us_assigner_second(const UsAssigner *a, const double *value, int label, double *cost)
{
	float		square;
	int			second;

	*cost = INFINITY;
	if (a->k == 1)
		return -1;
	if (!a->gridded && a->metric == US_METRIC_COSINE && is_zero(value, a->d))
	{
		*cost = NO_DIRECTION;
		return label == 0 ? 1 : 0;
	}
	if (!a->gridded)
		return second_plain(a, value, label, cost);
	second = second_gridded(a, value, label, &square);
	*cost = ldexp(square, 2 * a->scale);
	return second;
}

double
us_assigner_distance(const UsAssigner *a, const double *value, int label, double cost)
{
	double	   *center;
	double		distance = cost;

	if (a->metric == US_METRIC_COSINE)
		return fmin(cost / 2, 2);
	if (a->metric == US_METRIC_EUCLIDEAN)
	{
		distance = sqrt(cost);
		if (!a->gridded && !(cost >= SQUARE_MIN && cost <= SQUARE_MAX))
		{
			center = palloc(sizeof(double) * a->d);
			unpack(a, label, center);
			distance = us_distance(US_METRIC_EUCLIDEAN, value, center, a->d);
			pfree(center);
		}
	}
	return us_distance_in_range(distance);
}

double
us_silhouette(const UsAssigner *a, const double *x, int *label)
{
	double	   *value = palloc(sizeof(double) * a->d);
	double		cost;
	double		second_cost;
	double		result = 0;
	int			second;

	*label = us_assigner_nearest(a, x, value, &cost);
	second = us_assigner_second(a, value, *label, &second_cost);
	if (second >= 0)
	{
		double		nearer = us_assigner_distance(a, value, *label, cost);
		double		farther = us_assigner_distance(a, value, second, second_cost);

		if (farther > 0)
			result = 1 - nearer / farther;
	}
	pfree(value);
	return result;
}
