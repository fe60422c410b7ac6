/*
 * eliminate.c
 *	  Elimination of a symmetric positive semidefinite matrix in about 32 digits.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "math/eliminate.h"
#include "math/simd.h"

#define POWER_STEPS		2000
#define POWER_DIGITS	1e-13

static int
stride_of(int n)
{
	return (n + US_HALF_LANES - 1) / US_HALF_LANES * US_HALF_LANES;
}

Size
us_eliminate_bytes(int n)
{
	return (Size) n * stride_of(n) * sizeof(double) * 4 + (Size) n * sizeof(UsDd) * 4;
}

/* Memory for rows of n numbers in whole vectors, aligned, zeroed. */
static double *
rows_alloc(int rows, int n)
{
	char	   *p = (char *) MemoryContextAllocExtended(CurrentMemoryContext,
														 (Size) Max(rows, 1) * stride_of(n) * sizeof(double) + US_BLOCK_ALIGN,
														 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	return (double *) TYPEALIGN(US_BLOCK_ALIGN, p);
}

/* row[j] -= f * by[j] for lanes from .. to - 1, in double-double. */
US_CLONES static void
subtract_row(double *hi, double *lo, const double *by_hi, const double *by_lo, UsDd f, int from, int to)
{
	double		t = 134217729.0 * f.hi;
	double		fh = t - (t - f.hi);
	double		fl = f.hi - fh;

	for (int j = from; j < to; j += US_HALF_LANES)
	{
		UsDoubleLanes b = *(const UsDoubleLanes *) (by_hi + j);
		UsDoubleLanes c = *(const UsDoubleLanes *) (by_lo + j);
		UsDoubleLanes split = 134217729.0 * b;
		UsDoubleLanes bh = split - (split - b);
		UsDoubleLanes bl = b - bh;
		UsDoubleLanes p = f.hi * b;
		UsDoubleLanes e = ((fh * bh - p) + fh * bl + fl * bh) + fl * bl;
		UsDoubleLanes a = *(const UsDoubleLanes *) (hi + j);
		UsDoubleLanes s;
		UsDoubleLanes v;
		UsDoubleLanes rest;

		e += f.hi * c + f.lo * b;
		/* a + lo - (p + e) */
		s = a - p;
		v = s - a;
		rest = (a - (s - v)) - (p + v);
		rest += *(const UsDoubleLanes *) (lo + j) - e;
		*(UsDoubleLanes *) (hi + j) = s + rest;
		*(UsDoubleLanes *) (lo + j) = rest - ((s + rest) - s);
	}
}

UsElimination *
us_eliminate(UsDd *a, int n, double tolerance)
{
	UsElimination *e = (UsElimination *) palloc0(sizeof(UsElimination));
	int			stride = stride_of(n);
	double	   *hi = rows_alloc(n, n);
	double	   *lo = rows_alloc(n, n);
	double	   *square = (double *) palloc(sizeof(double) * Max(n, 1));

	e->n = n;
	e->stride = stride;
	e->dropped = (bool *) palloc0(sizeof(bool) * Max(n, 1));
	e->d = (double *) palloc0(sizeof(double) * Max(n, 1));
	e->pivot = (UsDd *) palloc0(sizeof(UsDd) * Max(n, 1));
	e->inverse_hi = rows_alloc(n, n);
	e->inverse_lo = rows_alloc(n, n);
	for (int i = 0; i < n; i++)
	{
		square[i] = a[(Size) i * n + i].hi;
		for (int j = 0; j < n; j++)
		{
			hi[(Size) i * stride + j] = a[(Size) i * n + j].hi;
			lo[(Size) i * stride + j] = a[(Size) i * n + j].lo;
		}
		e->inverse_hi[(Size) i * stride + i] = 1;
	}
	for (int k = 0; k < n; k++)
	{
		const double *row_hi = hi + (Size) k * stride;
		const double *row_lo = lo + (Size) k * stride;
		UsDd		pivot = {row_hi[k], row_lo[k]};

		if (!(pivot.hi > tolerance * tolerance * square[k]))
		{
			e->dropped[k] = true;
			memset(e->inverse_hi + (Size) k * stride, 0, sizeof(double) * stride);
			memset(e->inverse_lo + (Size) k * stride, 0, sizeof(double) * stride);
			continue;
		}
		e->rank++;
		e->pivot[k] = pivot;
		e->d[k] = us_dd_round(pivot);
		for (int i = k + 1; i < n; i++)
		{
			UsDd		f = {row_hi[i], row_lo[i]};

			if (f.hi == 0)
				continue;
			f = us_dd_div(f, pivot);
			subtract_row(hi + (Size) i * stride, lo + (Size) i * stride, row_hi, row_lo, f,
						 i / US_HALF_LANES * US_HALF_LANES, stride);
			subtract_row(e->inverse_hi + (Size) i * stride, e->inverse_lo + (Size) i * stride,
						 e->inverse_hi + (Size) k * stride, e->inverse_lo + (Size) k * stride, f,
						 0, stride_of(k + 1));
		}
		CHECK_FOR_INTERRUPTS();
	}
	pfree(square);
	return e;
}

static UsDd
inverse_at(const UsElimination *e, int i, int j)
{
	UsDd		r = {e->inverse_hi[(Size) i * e->stride + j], e->inverse_lo[(Size) i * e->stride + j]};

	return r;
}

void
us_eliminate_solve(const UsElimination *e, const UsDd *b, UsDd *x)
{
	int			n = e->n;
	UsDd	   *z = (UsDd *) palloc(sizeof(UsDd) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		z[i] = us_dd(0);
		if (e->dropped[i])
			continue;
		for (int j = 0; j <= i; j++)
			z[i] = us_dd_add(z[i], us_dd_mul(inverse_at(e, i, j), b[j]));
		z[i] = us_dd_div(z[i], e->pivot[i]);
	}
	for (int j = 0; j < n; j++)
	{
		x[j] = us_dd(0);
		if (e->dropped[j])
			continue;
		for (int i = j; i < n; i++)
			x[j] = us_dd_add(x[j], us_dd_mul(inverse_at(e, i, j), z[i]));
	}
	pfree(z);
}

/* row += f * by, in double. */
US_CLONES static void
add_row(double *row, const double *by, double f, int to)
{
	for (int j = 0; j < to; j += US_HALF_LANES)
		*(UsDoubleLanes *) (row + j) += f * *(const UsDoubleLanes *) (by + j);
}

void
us_eliminate_inverse(const UsElimination *e, double *inverse)
{
	int			n = e->n;
	double	   *row = rows_alloc(1, n);

	for (int i = 0; i < n; i++)
	{
		memset(row, 0, sizeof(double) * e->stride);
		for (int k = i; k < n; k++)
			if (!e->dropped[k] && e->inverse_hi[(Size) k * e->stride + i] != 0)
				add_row(row, e->inverse_hi + (Size) k * e->stride,
						e->inverse_hi[(Size) k * e->stride + i] / e->d[k], stride_of(i + 1));
		for (int j = 0; j <= i; j++)
			inverse[(Size) i * n + j] = inverse[(Size) j * n + i] =
				e->dropped[i] || e->dropped[j] ? 0 : row[j];
		CHECK_FOR_INTERRUPTS();
	}
}

double
us_eliminate_logdet(const UsElimination *e)
{
	double		sum = 0;

	for (int i = 0; i < e->n; i++)
		if (!e->dropped[i])
			sum += log(e->d[i]);
	return sum;
}

/* ---- condition ---- */

/* The largest eigenvalue of m scaled by scale on both sides. */
static double
largest_eigenvalue(int n, const double *m, const double *scale)
{
	double	   *x = (double *) palloc(sizeof(double) * n);
	double	   *y = (double *) palloc(sizeof(double) * n);
	double		value = 0;

	for (int i = 0; i < n; i++)
		x[i] = scale[i] > 0 ? 1 + 0.3 * cos(1.7 * i) : 0;	/* no symmetry of the data has it */
	for (int step = 0; step < POWER_STEPS; step++)
	{
		double		xx = 0;
		double		xy = 0;
		double		yy = 0;
		double		before = value;

		for (int i = 0; i < n; i++)
		{
			double		sum = 0;

			for (int j = 0; j < n; j++)
				sum += m[(Size) i * n + j] * scale[j] * x[j];
			y[i] = sum * scale[i];
			xx += x[i] * x[i];
			xy += x[i] * y[i];
			yy += y[i] * y[i];
		}
		CHECK_FOR_INTERRUPTS();
		if (!(yy > 0))
			break;
		value = xy / xx;
		for (int i = 0; i < n; i++)
			x[i] = y[i] / sqrt(yy);
		if (fabs(value - before) <= POWER_DIGITS * value)
			break;
	}
	pfree(x);
	pfree(y);
	return value;
}

double
us_condition(int n, const double *c, const double *ci)
{
	double	   *scale = (double *) palloc(sizeof(double) * Max(n, 1));
	double		largest;
	double		smallest;

	for (int i = 0; i < n; i++)
		scale[i] = ci[(Size) i * n + i] > 0 ? 1 / sqrt(c[(Size) i * n + i]) : 0;
	largest = largest_eigenvalue(n, c, scale);
	for (int i = 0; i < n; i++)
		scale[i] = ci[(Size) i * n + i] > 0 ? sqrt(c[(Size) i * n + i]) : 0;
	smallest = largest_eigenvalue(n, ci, scale);
	pfree(scale);
	return sqrt(largest * smallest);
}
