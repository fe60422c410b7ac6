/*
 * cross.c
 *	  Exact sums of products of columns.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "math/cross.h"
#include "math/kernels.h"

/* finest step that the scaling below can reach */
#define LEAST_EXPONENT	(-1000)

/* products of parts between two looks for interrupts */
#define PRODUCTS_A_LOOK	(1 << 24)

UsGrid
us_cross_grid(double offset, double reach)
{
	UsGrid		g;
	int			e = 0;

	if (reach > 0)
		(void) frexp(reach, &e);
	g.offset = offset;
	g.exponent = Max(e - US_CROSS_BITS, LEAST_EXPONENT);
	return g;
}

/* One value, or the lanes of a vector: q, cut into its parts. */
#define CUT(v, select) \
	do { \
		v *= up; \
		v = select(v > most, most, v); \
		v = select(v < -most, -most, v); \
		v = (v + US_ROUNDER) - US_ROUNDER; \
		h = (v * high_unit + US_ROUNDER) - US_ROUNDER; \
	} while (0)

#define SELECT_ONE(mask, a, b)		((mask) ? (a) : (b))
#define SELECT_LANES(mask, a, b)	US_SELECT_DOUBLE((mask), US_SPLAT_DOUBLE(a), (UsDoubleLanes) (b))

US_CLONES void
us_cross_cut(UsGrid grid, const double *x, const double *factor, int n, double *high, double *low)
{
	const double up = ldexp(1.0, -grid.exponent);
	const double most = ldexp(1.0, US_CROSS_BITS);
	const double low_unit = ldexp(1.0, US_CROSS_LOW_BITS);
	const double high_unit = 1 / low_unit;
	int			r;

	for (r = 0; r + US_HALF_LANES <= n; r += US_HALF_LANES)
	{
		UsDoubleLanes v = *(const UsLooseDoubleLanes *) (x + r) - grid.offset;
		UsDoubleLanes h;

		if (factor != NULL)
			v *= *(const UsLooseDoubleLanes *) (factor + r);
		CUT(v, SELECT_LANES);
		*(UsDoubleLanes *) (high + r) = h;
		if (low != NULL)
			*(UsDoubleLanes *) (low + r) = v - h * low_unit;
	}
	for (; r < n; r++)
	{
		double		v = x[r] - grid.offset;
		double		h;

		if (factor != NULL)
			v *= factor[r];
		CUT(v, SELECT_ONE);
		high[r] = h;
		if (low != NULL)
			low[r] = v - h * low_unit;
	}
	memset(high + n, 0, sizeof(double) * (US_CROSS_TILE - n));
	if (low != NULL)
		memset(low + n, 0, sizeof(double) * (US_CROSS_TILE - n));
}

/* Sums of products of two columns with four, over whole vectors. */
US_INLINE void
block(const double *const a[2], const double *const b[4], int rows, int64 sum[2][4])
{
	UsDoubleLanes s[2][4];

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 4; j++)
			s[i][j] = (UsDoubleLanes) {0};
	for (int r = 0; r < rows; r += US_HALF_LANES)
	{
		UsDoubleLanes x0 = *(const UsDoubleLanes *) (a[0] + r);
		UsDoubleLanes x1 = *(const UsDoubleLanes *) (a[1] + r);

#pragma GCC unroll 4
		for (int j = 0; j < 4; j++)
		{
			UsDoubleLanes y = *(const UsDoubleLanes *) (b[j] + r);

			s[0][j] += x0 * y;
			s[1][j] += x1 * y;
		}
	}
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 4; j++)
		{
			UsLongLanes whole = __builtin_convertvector(s[i][j], UsLongLanes);

			sum[i][j] = 0;
			for (int lane = 0; lane < US_HALF_LANES; lane++)
				sum[i][j] += whole[lane];
		}
}

/* Pointers to n columns from first on; the last one again where there are fewer. */
US_INLINE void
pointers(const double *column, int n, int first, int many, const double **p)
{
	for (int i = 0; i < many; i++)
		p[i] = column + (Size) Min(first + i, n - 1) * US_CROSS_TILE;
}

US_CLONES void
us_cross_triangle(const double *column, int n, int rows, int128 *sum)
{
	Size		done = 0;

	for (int i = 0; i < n; i += 2)
	{
		const double *a[2];

		pointers(column, n, i, 2, a);
		for (int j = i; j < n; j += 4)
		{
			const double *b[4];
			int64		s[2][4];

			pointers(column, n, j, 4, b);
			block(a, b, rows, s);
			for (int k = 0; k < 4 && j + k < n; k++)
			{
				sum[us_cross_at(n, i, j + k)] += s[0][k];
				if (i + 1 < n && j + k > i)
					sum[us_cross_at(n, i + 1, j + k)] += s[1][k];
			}
		}
		done += (Size) 2 * (n - i) * rows;
		if (done > PRODUCTS_A_LOOK)
		{
			CHECK_FOR_INTERRUPTS();
			done = 0;
		}
	}
}

US_CLONES void
us_cross_rectangle(const double *a, int na, const double *b, int nb, int rows, int128 *sum)
{
	for (int j = 0; j < nb; j += 2)
	{
		const double *y[2];

		pointers(b, nb, j, 2, y);
		for (int i = 0; i < na; i += 4)
		{
			const double *x[4];
			int64		s[2][4];

			pointers(a, na, i, 4, x);
			block(y, x, rows, s);
			for (int k = 0; k < 4 && i + k < na; k++)
			{
				sum[(Size) (i + k) * nb + j] += s[0][k];
				if (j + 1 < nb)
					sum[(Size) (i + k) * nb + j + 1] += s[1][k];
			}
		}
	}
}
