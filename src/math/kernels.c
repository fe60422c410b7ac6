/*
 * kernels.c
 *	  Distances to centres for blocks of rows.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "math/kernels.h"

/* blocks whose sums of q^2, 2 * 2^46 a block and lane, are exact in float8 */
#define FLUSH_BLOCKS 32

void *
us_block_alloc(Size bytes)
{
	return (void *) TYPEALIGN(US_BLOCK_ALIGN,
							  MemoryContextAllocHuge(CurrentMemoryContext, bytes + US_BLOCK_ALIGN));
}

UsQuantiser
us_quantiser(UsGrid grid, int scale)
{
	UsQuantiser z;
	int			up = -grid.exponent;
	int			more = up > 1000 ? up - 1000 : 0;

	z.offset = grid.offset;
	z.up = ldexp(1.0, up - more);
	z.up_more = ldexp(1.0, more);
	z.down = ldexp(1.0, grid.exponent - scale);
	z.back = (float) ldexp(1.0, scale - grid.exponent);
	return z;
}

US_CLONES void
us_store_column(const UsQuantiser *z, double *value, int nrows,
				float *x, int width, int j, int64 *squares)
{
	int			nblocks = (nrows + US_LANES - 1) / US_LANES;
	int64		total = 0;
	UsDoubleLanes sum = {0};
	UsDoubleLanes most = US_SPLAT_DOUBLE(US_GRID_MAX_Q);

	for (int i = nrows; i < nblocks * US_LANES; i++)
		value[i] = z->offset;
	for (int b = 0; b < nblocks; b++)
	{
		float	   *out = x + ((Size) b * width + j) * US_LANES;

		for (int half = 0; half < 2; half++)
		{
			UsDoubleLanes q;
			UsHalfFloatLanes f;

			memcpy(&q, value + b * US_LANES + half * US_HALF_LANES, sizeof(q));
			q = (q - z->offset) * z->up * z->up_more;
			q = US_SELECT_DOUBLE(q > most, most, US_SELECT_DOUBLE(q < -most, -most, q));
			q = (q + US_ROUNDER) - US_ROUNDER;
			sum += q * q;
			f = __builtin_convertvector(q * z->down, UsHalfFloatLanes);
			memcpy(out + half * US_HALF_LANES, &f, sizeof(f));
		}
		if (squares != NULL && ((b + 1) % FLUSH_BLOCKS == 0 || b + 1 == nblocks))
		{
			for (int i = 0; i < US_HALF_LANES; i++)
				total += (int64) sum[i];
			sum = (UsDoubleLanes) {0};
		}
	}
	if (squares != NULL)
		*squares = total;
}

/* coordinates compared for one block from which on interrupts are looked for at each block */
#define HEAVY_BLOCK (1 << 16)

/* blocks between two looks otherwise */
#define LIGHT_BLOCKS 1024

/* Take center i into the running minimum. */
#define TAKE(sum, i) \
	do { \
		UsIntLanes	less = (sum) < best; \
		best = US_SELECT_FLOAT(less, (sum), best); \
		nearest = US_SELECT_INT(less, US_SPLAT_INT(i), nearest); \
	} while (0)

/*
 * Four centres at a time, so that a coordinate is loaded once for four
 * distances and the additions of one need not wait for each other.
 */
US_CLONES void
us_nearest_blocks(const float *x, int nblocks, int width,
				  const float *center, int k, uint16 *label, float *distance)
{
	bool		heavy = (Size) k * width >= HEAVY_BLOCK / US_LANES;

	for (int b = 0; b < nblocks; b++, x += (Size) width * US_LANES)
	{
		UsFloatLanes best = US_SPLAT_FLOAT(__builtin_inff());
		UsIntLanes	nearest = {0};
		int			i = 0;

		if (heavy)
			CHECK_FOR_INTERRUPTS();
		for (; i + 4 <= k; i += 4)
		{
			const float *c0 = center + (Size) i * width;
			const float *c1 = c0 + width;
			const float *c2 = c1 + width;
			const float *c3 = c2 + width;
			UsFloatLanes s0 = {0};
			UsFloatLanes s1 = {0};
			UsFloatLanes s2 = {0};
			UsFloatLanes s3 = {0};

			for (int j = 0; j < width; j++)
			{
				UsFloatLanes v = *(const UsFloatLanes *) (x + j * US_LANES);
				UsFloatLanes d;

				d = v - c0[j];
				s0 += d * d;
				d = v - c1[j];
				s1 += d * d;
				d = v - c2[j];
				s2 += d * d;
				d = v - c3[j];
				s3 += d * d;
			}
			TAKE(s0, i);
			TAKE(s1, i + 1);
			TAKE(s2, i + 2);
			TAKE(s3, i + 3);
		}
		for (; i < k; i++)
		{
			const float *c = center + (Size) i * width;
			UsFloatLanes s = {0};

			for (int j = 0; j < width; j++)
			{
				UsFloatLanes d = *(const UsFloatLanes *) (x + j * US_LANES) - c[j];

				s += d * d;
			}
			TAKE(s, i);
		}
		*(UsLabelLanes *) (label + b * US_LANES) = __builtin_convertvector(nearest, UsLabelLanes);
		if (distance != NULL)
			*(UsFloatLanes *) (distance + b * US_LANES) = best;
	}
}

Size
us_packed_floats(int k, int width)
{
	return (Size) (k + US_LANES - 1) / US_LANES * US_LANES * width;
}

void
us_pack_centers(const float *center, int k, int width, float *packed)
{
	int			padded = (k + US_LANES - 1) / US_LANES * US_LANES;

	for (int i = 0; i < padded; i++)
	{
		float	   *out = packed + (Size) (i / US_LANES) * US_LANES * width + i % US_LANES;

		for (int j = 0; j < width; j++)
			out[j * US_LANES] = i < k ? center[(Size) i * width + j] : __builtin_inff();
	}
}

/* Here a lane is a centre: (c-x)^2 has the same bits as (x-c)^2. */
US_CLONES int
us_nearest_row(const float *x, int width, const float *packed, int k, float *distance)
{
	float		best = __builtin_inff();
	int			nearest = 0;

	for (int i = 0; i < k; i += US_LANES, packed += (Size) width * US_LANES)
	{
		UsFloatLanes s = {0};

		for (int j = 0; j < width; j++)
		{
			UsFloatLanes d;

			memcpy(&d, packed + j * US_LANES, sizeof(d));
			d -= x[j];
			s += d * d;
		}
		for (int lane = 0; lane < US_LANES; lane++)
		{
			if (s[lane] < best)
			{
				best = s[lane];
				nearest = i + lane;
			}
		}
	}
	if (distance != NULL)
		*distance = best;
	return nearest;
}

US_CLONES void
us_two_nearest_blocks(const float *x, int nblocks, int width,
					  const float *center, int k,
					  uint16 *label, float *first, float *second)
{
	bool		heavy = (Size) k * width >= HEAVY_BLOCK / US_LANES;

	for (int b = 0; b < nblocks; b++, x += (Size) width * US_LANES)
	{
		UsFloatLanes best = US_SPLAT_FLOAT(__builtin_inff());
		UsFloatLanes next = best;
		UsIntLanes	nearest = {0};

		if (heavy)
			CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < k; i++)
		{
			const float *c = center + (Size) i * width;
			UsFloatLanes s = {0};
			UsIntLanes	closer;

			for (int j = 0; j < width; j++)
			{
				UsFloatLanes d = *(const UsFloatLanes *) (x + j * US_LANES) - c[j];

				s += d * d;
			}
			closer = s < next;
			next = US_SELECT_FLOAT(closer, s, next);
			closer = next < best;
			nearest = US_SELECT_INT(closer, US_SPLAT_INT(i), nearest);
			s = US_SELECT_FLOAT(closer, next, best);	/* the new best */
			next = US_SELECT_FLOAT(closer, best, next);
			best = s;
		}
		*(UsLabelLanes *) (label + b * US_LANES) = __builtin_convertvector(nearest, UsLabelLanes);
		*(UsFloatLanes *) (first + b * US_LANES) = best;
		*(UsFloatLanes *) (second + b * US_LANES) = next;
	}
}

US_CLONES void
us_distance_blocks(const float *x, int nblocks, int width, const float *c, float *distance)
{
	for (int b = 0; b < nblocks; b++, x += (Size) width * US_LANES)
	{
		UsFloatLanes s = {0};

		if (b % LIGHT_BLOCKS == 0)
			CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < width; j++)
		{
			UsFloatLanes d = *(const UsFloatLanes *) (x + j * US_LANES) - c[j];

			s += d * d;
		}
		*(UsFloatLanes *) (distance + b * US_LANES) = s;
	}
}

US_CLONES double
us_sum_least(const float *a, const float *b, const float *mass, int nblocks, float *least)
{
	UsDoubleLanes low = {0};
	UsDoubleLanes high = {0};
	double		total = 0;

	for (int i = 0; i < nblocks * US_LANES; i += US_LANES)
	{
		UsFloatLanes v = *(const UsFloatLanes *) (a + i);
		UsHalfFloatLanes half[2];

		if (b != NULL)
		{
			UsFloatLanes w = *(const UsFloatLanes *) (b + i);
			UsIntLanes	less = w < v;

			v = US_SELECT_FLOAT(less, w, v);
		}
		if (least != NULL)
			*(UsFloatLanes *) (least + i) = v;
		v *= *(const UsFloatLanes *) (mass + i);
		memcpy(half, &v, sizeof(half));
		low += __builtin_convertvector(half[0], UsDoubleLanes);
		high += __builtin_convertvector(half[1], UsDoubleLanes);
	}
	low += high;
	for (int i = 0; i < US_HALF_LANES; i++)
		total += low[i];
	return total;
}

US_CLONES int
us_changed_rows(const uint16 *before, const uint16 *after, int nrows, uint16 *changed)
{
	int			n = 0;

	for (int r = 0; r < nrows; r += US_LANES)
	{
		UsLabelLanes a = *(const UsLabelLanes *) (before + r);
		UsLabelLanes b = *(const UsLabelLanes *) (after + r);
		UsLabelLanes differ = a ^ b;
		uint64		any[4];

		memcpy(any, &differ, sizeof(any));
		if ((any[0] | any[1] | any[2] | any[3]) == 0)
			continue;
		for (int i = r; i < Min(r + US_LANES, nrows); i++)
		{
			changed[n] = i;
			n += before[i] != after[i];
		}
	}
	return n;
}
