/*
 * sums.c
 *	  Exact sums of the clusters of a partition, and what follows from them.
 */
#include "postgres.h"

#include "math/sums.h"

/* blocks whose sums of q, each <= 2^23 in size, fit an int32 lane */
#define FLUSH_BLOCKS 128

/* int32 lanes kept on the stack: sums, and counts */
#define MAX_SUM_LANES 512
#define MAX_COUNT_LANES 128

Size
us_sums_bytes(int k, int width)
{
	return sizeof(int128) * k * width + 2 * sizeof(int64) * k;
}

UsSums
us_sums_at(void *memory, int k, int width)
{
	UsSums		s;

	s.k = k;
	s.width = width;
	s.sum = (int128 *) memory;
	s.weight = (int64 *) (s.sum + (Size) k * width);
	s.rows = s.weight + k;
	return s;
}

void
us_sums_clear(UsSums *s)
{
	memset(s->sum, 0, us_sums_bytes(s->k, s->width));
}

void
us_sums_copy(UsSums *to, const UsSums *from)
{
	Assert(to->k == from->k && to->width == from->width);
	memcpy(to->sum, from->sum, us_sums_bytes(to->k, to->width));
}

void
us_sums_add(UsSums *to, const UsSums *from)
{
	Assert(to->k == from->k && to->width == from->width);
	for (Size i = 0; i < (Size) to->k * to->width; i++)
		to->sum[i] += from->sum[i];
	for (int i = 0; i < to->k; i++)
	{
		to->weight[i] += from->weight[i];
		to->rows[i] += from->rows[i];
	}
}

/*
 * Few clusters and columns: add whole blocks under the mask of each label, in lanes
 * of int32 that are emptied in time.
 */
US_CLONES static void
sum_by_mask(UsSums *s, const float *x, int nblocks, const float *back, const uint16 *label)
{
	UsIntLanes	lanes[MAX_SUM_LANES];
	UsIntLanes	counts[MAX_COUNT_LANES];
	int			k = s->k;
	int			width = s->width;

	memset(lanes, 0, sizeof(UsIntLanes) * k * width);
	memset(counts, 0, sizeof(UsIntLanes) * k);
	for (int b = 0; b < nblocks; b++, x += (Size) width * US_LANES)
	{
		UsIntLanes	l = __builtin_convertvector(*(const UsLabelLanes *) (label + b * US_LANES),
												UsIntLanes);

		for (int i = 0; i < k; i++)
			counts[i] -= l == i;
		for (int j = 0; j < width; j++)
		{
			UsFloatLanes v = *(const UsFloatLanes *) (x + j * US_LANES) * back[j];
			UsIntLanes	q = __builtin_convertvector(v, UsIntLanes);

			for (int i = 0; i < k; i++)
				lanes[i * width + j] += q & (l == i);
		}
		if ((b + 1) % FLUSH_BLOCKS != 0 && b + 1 != nblocks)
			continue;
		for (int i = 0; i < k * width; i++)
		{
			int64		total = 0;

			for (int lane = 0; lane < US_LANES; lane++)
				total += lanes[i][lane];
			s->sum[i] += total;
			lanes[i] = (UsIntLanes) {0};
		}
		for (int i = 0; i < k; i++)
		{
			int64		total = 0;

			for (int lane = 0; lane < US_LANES; lane++)
				total += counts[i][lane];
			s->weight[i] += total;
			s->rows[i] += total;
			counts[i] = (UsIntLanes) {0};
		}
	}
}

void
us_sums_blocks(UsSums *s, const float *x, int nrows, const float *back,
			   const int64 *weight, const uint16 *label)
{
	int			width = s->width;
	int			r = 0;

	if (weight == NULL && s->k <= MAX_COUNT_LANES && s->k * width <= MAX_SUM_LANES)
	{
		int			nblocks = nrows / US_LANES;

		sum_by_mask(s, x, nblocks, back, label);
		r = nblocks * US_LANES;
	}
	for (; r < nrows; r++)
	{
		const float *row = x + (Size) (r / US_LANES) * width * US_LANES + r % US_LANES;
		int128	   *sum = s->sum + (Size) label[r] * width;
		int64		w = weight == NULL ? 1 : weight[r];

		for (int j = 0; j < width; j++)
			sum[j] += (int128) w * (int32) (row[j * US_LANES] * back[j]);
		s->weight[label[r]] += w;
		s->rows[label[r]]++;
	}
}

void
us_sums_move(UsSums *s, const float *x, const float *back, const int64 *weight,
			 const uint16 *before, const uint16 *after,
			 const uint16 *changed, int n)
{
	int			width = s->width;

	for (int i = 0; i < n; i++)
	{
		int			r = changed[i];
		const float *row = x + (Size) (r / US_LANES) * width * US_LANES + r % US_LANES;
		int128	   *from = s->sum + (Size) before[r] * width;
		int128	   *to = s->sum + (Size) after[r] * width;
		int64		w = weight == NULL ? 1 : weight[r];

		for (int j = 0; j < width; j++)
		{
			int128		q = (int128) w * (int32) (row[j * US_LANES] * back[j]);

			from[j] -= q;
			to[j] += q;
		}
		s->weight[before[r]] -= w;
		s->rows[before[r]]--;
		s->weight[after[r]] += w;
		s->rows[after[r]]++;
	}
}

void
us_sums_mean(const UsSums *s, int i, const UsGrid *grid, double *c)
{
	Assert(s->weight[i] > 0);
	for (int j = 0; j < s->width; j++)
		c[j] = us_grid_relative(grid[j], (double) s->sum[(Size) i * s->width + j] /
								(double) s->weight[i]);
}

/*
 * S^2/n for n > 0 as a whole number and a fraction in [0, 1): with S = m n + r it is
 * m^2 n + 2 m r + r^2/n.
 */
static inline int128
square_over(int128 s, int64 n, double *fraction)
{
	int128		m,
				r;

	if (n < ((int64) 1 << 31) && s < ((int64) 1 << 62) && s > -((int64) 1 << 62))
	{
		/* the usual case, with divisions of 64 bits */
		int64		small_r = (int64) s % n;

		m = (int64) s / n;
		*fraction = (double) (small_r * small_r % n) / (double) n;
		return m * m * n + 2 * m * small_r + small_r * small_r / n;
	}
	m = s / n;
	r = s % n;
	*fraction = (double) (r * r % n) / (double) n;
	return m * m * n + 2 * m * r + r * r / n;
}

double
us_sums_inertia(const UsSums *s, const int128 *squares, const UsGrid *grid)
{
	double		inertia = 0;

	for (int j = 0; j < s->width; j++)
	{
		int128		whole = squares[j];
		double		fraction = 0;

		for (int i = 0; i < s->k; i++)
		{
			double		part;

			if (s->weight[i] == 0)
				continue;
			whole -= square_over(s->sum[(Size) i * s->width + j], s->weight[i], &part);
			fraction += part;
		}
		inertia += ldexp(Max((double) whole - fraction, 0.0), 2 * grid[j].exponent);
	}
	return inertia;
}

double
us_sums_between(const UsSums *s, const double *center, const UsGrid *grid)
{
	double		between = 0;

	for (int i = 0; i < s->k; i++)
	{
		double		square = 0;

		if (s->weight[i] == 0)
			continue;
		for (int j = 0; j < s->width; j++)
		{
			double		mean = us_grid_relative(grid[j], (double) s->sum[(Size) i * s->width + j] /
												(double) s->weight[i]);
			double		d = mean - center[(Size) i * s->width + j];

			square += d * d;
		}
		between += (double) s->weight[i] * square;
	}
	return between;
}
