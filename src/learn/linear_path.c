/*
 * linear_path.c
 *	  Penalised regression from sums of products.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/linear_path.h"

/* a ridge has no lambda that makes all coefficients 0: that of this share of a lasso stands for it */
#define LEAST_MIX	1e-3

static UsDd
at(const UsCrossSums *s, int i, int j)
{
	return s->a[(Size) i * (s->intercept + s->p + 1) + j];
}

static double
around_means(const UsCrossSums *s, int i, int j)
{
	UsDd		v = at(s, s->intercept + i, s->intercept + j);

	if (s->intercept)
		v = us_dd_sub(v, us_dd_div(us_dd_mul(at(s, 0, 1 + i), at(s, 0, 1 + j)), at(s, 0, 0)));
	return us_dd_round(v) / s->weight;
}

UsQuadratic *
us_quadratic_of(const UsCrossSums *s)
{
	UsQuadratic *q = (UsQuadratic *) palloc(sizeof(UsQuadratic));
	int			p = s->p;

	q->p = p;
	q->c = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * p * p);
	q->cy = (double *) palloc(sizeof(double) * p);
	for (int i = 0; i < p; i++)
	{
		for (int j = i; j < p; j++)
			q->c[(Size) i * p + j] = q->c[(Size) j * p + i] = around_means(s, i, j);
		q->cy[i] = around_means(s, i, p);
	}
	q->yy = around_means(s, p, p);
	return q;
}

static inline double
shrink(double x, double by)
{
	return x > by ? x - by : (x < -by ? x + by : 0);
}

/*
 * The minimum where the signs of b stay as they are, by solving its equations; b is changed only if
 * that is the minimum indeed.
 */
static void
polish(const UsQuadratic *q, double lambda, double mix, const bool *free, double *b)
{
	int			p = q->p;
	int		   *active = (int *) palloc(sizeof(int) * p);
	int			n = 0;
	UsDd	   *a;
	UsDd	   *x;
	UsElimination *e;
	bool		good = true;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "polish", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	for (int i = 0; i < p; i++)
		if (b[i] != 0)
			active[n++] = i;
	a = (UsDd *) MemoryContextAllocHuge(context, sizeof(UsDd) * Max((Size) n * n, 1));
	x = (UsDd *) palloc(sizeof(UsDd) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		double		l = free != NULL && free[active[i]] ? 0 : lambda;

		for (int j = 0; j < n; j++)
			a[(Size) i * n + j] = us_dd(q->c[(Size) active[i] * p + active[j]]);
		a[(Size) i * n + i] = us_two_sum(a[(Size) i * n + i].hi, l * (1 - mix));
		x[i] = us_two_sum(q->cy[active[i]], b[active[i]] > 0 ? -l * mix : l * mix);
	}
	e = us_eliminate(a, n, US_ALIAS_TOLERANCE);
	us_eliminate_solve(e, x, x);
	for (int i = 0; i < n; i++)
		good &= !e->dropped[i] && x[i].hi != 0 && (x[i].hi > 0) == (b[active[i]] > 0);
	for (int i = 0; i < p && good; i++)
	{
		double		g = q->cy[i];

		if (b[i] != 0)
			continue;
		for (int j = 0; j < n; j++)
			g -= q->c[(Size) i * p + active[j]] * x[j].hi;
		good = fabs(g) <= (free != NULL && free[i] ? 0 : lambda * mix) * (1 + 1e-9);
	}
	for (int i = 0; i < n && good; i++)
		b[active[i]] = us_dd_round(x[i]);
	pfree(active);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

int
us_coordinate_descent(const UsQuadratic *q, double lambda, double mix, const bool *free,
					  double tolerance, int max_sweeps, double *b)
{
	int			p = q->p;
	double	   *g = (double *) palloc(sizeof(double) * p);	/* c - Cb */
	bool		whole = true;	/* the sweep is over all columns, not only those that are not 0 */
	int			sweeps;

	for (int i = 0; i < p; i++)
	{
		g[i] = q->cy[i];
		for (int j = 0; j < p; j++)
			g[i] -= q->c[(Size) i * p + j] * b[j];
	}
	for (sweeps = 1; sweeps <= max_sweeps; sweeps++)
	{
		double		moved = 0;

		for (int i = 0; i < p; i++)
		{
			double		own = q->c[(Size) i * p + i];
			double		l = free != NULL && free[i] ? 0 : lambda;
			double		before = b[i];
			double		d;

			if ((!whole && before == 0) || !(own > 0))
				continue;
			b[i] = shrink(g[i] + own * before, l * mix) / (own + l * (1 - mix));
			d = b[i] - before;
			if (d == 0)
				continue;
			for (int j = 0; j < p; j++)
				g[j] -= q->c[(Size) i * p + j] * d;
			moved = fmax(moved, own * d * d);
		}
		if (sweeps % 64 == 0 || p > 256)
			CHECK_FOR_INTERRUPTS();
		if (moved <= tolerance * tolerance * q->yy)
		{
			if (whole)
				break;
			whole = true;
		}
		else
			whole = false;
	}
	pfree(g);
	polish(q, lambda, mix, free, b);
	return sweeps <= max_sweeps ? sweeps : -1;
}

double
us_lambda_max(const UsQuadratic *q, double mix)
{
	double		most = 0;

	for (int i = 0; i < q->p; i++)
		most = fmax(most, fabs(q->cy[i]));
	return most / fmax(mix, LEAST_MIX);
}

void
us_lambda_path(double max, double mix, double ratio, int n, double *lambda)
{
	if (mix == 0)
		ratio *= LEAST_MIX;
	for (int i = 0; i < n; i++)
		lambda[i] = max * pow(ratio, n > 1 ? (double) i / (n - 1) : 0);
}

double
us_mean_square(const UsCrossSums *s, const double *b)
{
	int			m = s->intercept + s->p;
	UsDd		sum = us_dd(0);

	/* (1, -b)' A (1, -b) with y as the last column */
	for (int i = 0; i <= m; i++)
	{
		double		bi = i < m ? -b[i] : 1;

		for (int j = 0; j <= m && bi != 0; j++)
			sum = us_dd_add(sum, us_dd_mul(at(s, i, j), us_two_product(bi, j < m ? -b[j] : 1)));
	}
	return s->weight > 0 ? fmax(us_dd_round(sum), 0) / s->weight : NAN;
}
