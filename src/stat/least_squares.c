/*
 * least_squares.c
 *	  Linear regression from sums of products.
 */
#include "postgres.h"

#include <math.h>

#include "stat/distribution.h"
#include "stat/least_squares.h"

int *
us_elimination_order(int p, bool intercept, const bool *last, const int *run)
{
	int			m = intercept + p;
	int		   *order = (int *) palloc(sizeof(int) * Max(m, 1));
	int			n = 0;

	if (intercept)
		order[n++] = 0;
	for (int first = 0; first < p;)
	{
		int			end = first + 1;

		while (last != NULL && end < p && run[end] == run[first])
			end++;
		for (int late = 0; late <= 1; late++)
			for (int j = first; j < end; j++)
				if ((last != NULL && last[j]) == (late == 1))
					order[n++] = intercept + j;
		first = end;
	}
	Assert(n == m);
	return order;
}

static UsDd
at(const UsCrossSums *s, int i, int j)
{
	return s->a[(Size) i * (s->intercept + s->p + 1) + j];
}

/* Sum of squares of y, around its mean where there is an intercept. */
static double
total_squares(const UsCrossSums *s)
{
	int			y = s->intercept + s->p;
	UsDd		t = at(s, y, y);

	if (s->intercept && at(s, 0, 0).hi > 0)
	{
		UsDd		mean = us_dd_div(at(s, 0, y), at(s, 0, 0));

		t = us_dd_sub(t, us_dd_mul(mean, at(s, 0, y)));
	}
	return Max(us_dd_round(t), 0);
}

void
us_least_squares_solve(const UsLeastSquares *l, const UsDd *g, UsDd *x)
{
	UsDd	   *ordered = (UsDd *) palloc(sizeof(UsDd) * Max(l->m, 1));

	for (int i = 0; i < l->m; i++)
		ordered[i] = g[l->order[i]];
	us_eliminate_solve(l->e, ordered, ordered);
	for (int i = 0; i < l->m; i++)
		x[l->order[i]] = ordered[i];
	pfree(ordered);
}

/* y'y - b'X'y */
static double
residual_squares(const UsLeastSquares *l, const UsCrossSums *s)
{
	UsDd		rest = at(s, l->m, l->m);

	for (int i = 0; i < l->m; i++)
		rest = us_dd_sub(rest, us_dd_mul(l->b[i], at(s, i, l->m)));
	return Max(us_dd_round(rest), 0);
}

void
us_least_squares_set_rss(UsLeastSquares *l, const UsCrossSums *s, double rss)
{
	double		n = (double) s->n;

	l->rss = rss;
	l->df_model = l->rank - l->intercept;
	l->df_resid = s->n - l->rank;
	l->sigma2 = l->df_resid > 0 ? rss / (double) l->df_resid : NAN;
	l->r2 = l->tss > 0 ? 1 - rss / l->tss : NAN;
	l->adjusted_r2 = l->df_resid > 0 ?
		1 - (1 - l->r2) * (n - l->intercept) / (double) l->df_resid : NAN;
	l->f = l->df_model > 0 ? (l->tss - rss) / l->df_model / l->sigma2 : NAN;
	l->f_p = l->df_model > 0 && l->df_resid > 0 ?
		(isinf(l->f) ? 0 : us_f_upper(l->f, l->df_model, (double) l->df_resid)) : NAN;
	l->log_likelihood = rss > 0 ?
		-n / 2 * (log(2 * M_PI) + log(rss / n) + 1) + s->log_weight / 2 : NAN;
	l->aic = -2 * l->log_likelihood + 2.0 * l->rank;
	l->bic = -2 * l->log_likelihood + log(n) * l->rank;
}

/* Sums of products of the columns around their means: c[m][m], the intercept left alone. */
static double *
centred(const UsCrossSums *s, int m)
{
	double	   *c = (double *) palloc(sizeof(double) * Max((Size) m * m, 1));

	for (int i = 0; i < m; i++)
		for (int j = 0; j < m; j++)
		{
			UsDd		v = at(s, i, j);

			if (s->intercept && (i == 0 || j == 0))
				v = us_dd(i == j ? v.hi : 0);
			else if (s->intercept)
				v = us_dd_sub(v, us_dd_div(us_dd_mul(at(s, 0, i), at(s, 0, j)), at(s, 0, 0)));
			c[(Size) i * m + j] = us_dd_round(v);
		}
	return c;
}

/* The inverse for centred columns: that of the whole without the row of the intercept, whose own is 1/W. */
static double
condition(const UsLeastSquares *l, const UsCrossSums *s)
{
	int			m = l->m;
	double	   *c = centred(s, m);
	double	   *ci = (double *) palloc(sizeof(double) * Max((Size) m * m, 1));
	double		result;

	memcpy(ci, l->inverse, sizeof(double) * m * m);
	if (l->intercept)
		for (int j = 0; j < m; j++)
			ci[j] = ci[(Size) j * m] = j == 0 && c[0] > 0 ? 1 / c[0] : 0;
	result = us_condition(m, c, ci);
	pfree(c);
	pfree(ci);
	return result;
}

UsLeastSquares *
us_least_squares(const UsCrossSums *s, const bool *last, const int *run)
{
	UsLeastSquares *l = (UsLeastSquares *) palloc0(sizeof(UsLeastSquares));
	int			m = s->intercept + s->p;
	UsDd	   *a = (UsDd *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsDd) * Max((Size) m * m, 1));
	double	   *inverse;

	l->p = s->p;
	l->intercept = s->intercept;
	l->m = m;
	l->order = us_elimination_order(s->p, s->intercept, last, run);
	for (int i = 0; i < m; i++)
		for (int j = 0; j < m; j++)
			a[(Size) i * m + j] = at(s, l->order[i], l->order[j]);
	l->e = us_eliminate(a, m, US_ALIAS_TOLERANCE);
	pfree(a);
	l->rank = l->e->rank;

	inverse = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max((Size) m * m, 1));
	l->inverse = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max((Size) m * m, 1));
	us_eliminate_inverse(l->e, inverse);
	l->dropped = (bool *) palloc(sizeof(bool) * Max(m, 1));
	for (int i = 0; i < m; i++)
	{
		l->dropped[l->order[i]] = l->e->dropped[i];
		for (int j = 0; j < m; j++)
			l->inverse[(Size) l->order[i] * m + l->order[j]] = inverse[(Size) i * m + j];
	}
	pfree(inverse);

	l->b = (UsDd *) palloc(sizeof(UsDd) * Max(m, 1));
	for (int i = 0; i < m; i++)
		l->b[i] = at(s, i, m);
	us_least_squares_solve(l, l->b, l->b);
	l->tss = total_squares(s);
	l->condition = condition(l, s);
	us_least_squares_set_rss(l, s, residual_squares(l, s));
	return l;
}

double
us_least_squares_inflation(const UsLeastSquares *l, const UsCrossSums *s)
{
	double		worst = 1;

	for (int i = 0; i < l->m; i++)
		worst = fmax(worst, at(s, i, i).hi * l->inverse[(Size) i * l->m + i]);
	return sqrt(worst);
}
