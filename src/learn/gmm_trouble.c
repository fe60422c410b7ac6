/*
 * gmm_trouble.c
 *	  Components of a mixture that have collapsed.
 */
#include "postgres.h"

#include <math.h>

#include "infra/lapack.h"
#include "learn/gmm_trouble.h"

/* variances up to so many times reg_covar, or up to this part of the usual variance, are none */
#define REG_FACTOR		2.0
#define LEAST_VARIANCE	1e-5

/* a direction that belongs to one column by more than this (squared) */
#define ONE_COLUMN		0.9

/* The smallest variance of component i along any direction, and the columns with the largest part in it. */
static void
smallest_of_matrix(const UsMixture *m, int i, UsGmmTrouble *t)
{
	int			d = m->d;
	double	   *a = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * d * d);
	double	   *z = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * d * d);
	double	   *w = (double *) palloc(sizeof(double) * d);

	for (int c = 0; c < d; c++)
		for (int r = 0; r < d; r++)
			a[r + (Size) c * d] = us_mixture_covariance_value(m, i, r, c);
	us_lapack_eigen(d, a, d, w, z, d);
	t->variance = w[0];
	t->column = 0;
	t->other = -1;
	for (int j = 1; j < d; j++)
	{
		if (fabs(z[j]) > fabs(z[t->column]))
		{
			t->other = t->column;
			t->column = j;
		}
		else if (t->other < 0 || fabs(z[j]) > fabs(z[t->other]))
			t->other = j;
	}
	t->kind = t->other < 0 || z[t->column] * z[t->column] > ONE_COLUMN ? US_GMM_FLAT_COLUMN :
		US_GMM_DEPENDENT_COLUMNS;
	if (t->kind == US_GMM_DEPENDENT_COLUMNS && t->other < t->column)
	{
		/* of two with equal parts LAPACK may give either first */
		int			column = t->column;

		t->column = t->other;
		t->other = column;
	}
	pfree(a);
	pfree(z);
	pfree(w);
}

static void
smallest_of_diagonal(const UsMixture *m, int i, UsGmmTrouble *t)
{
	t->column = 0;
	t->other = -1;
	t->variance = us_mixture_covariance_value(m, i, 0, 0);
	for (int j = 1; j < m->d && m->covariance == US_COVARIANCE_DIAG; j++)
	{
		double		v = us_mixture_covariance_value(m, i, j, j);

		if (v < t->variance)
		{
			t->variance = v;
			t->column = j;
		}
	}
	t->kind = US_GMM_FLAT_COLUMN;
}

/* Rows below which a component has no covariance of its own. */
static double
rows_needed(const UsMixture *m)
{
	switch (m->covariance)
	{
		case US_COVARIANCE_FULL:
			return m->d + 1;
		case US_COVARIANCE_TIED:
			return 0;
		default:
			return 2;
	}
}

int
us_gmm_troubles(const UsMixture *m, const double *expected_rows, double reg, double variance,
				UsGmmTrouble *trouble)
{
	bool		tied = m->covariance == US_COVARIANCE_TIED;
	double		limit = fmax(REG_FACTOR * reg, LEAST_VARIANCE * variance);
	int			n = 0;

	for (int i = 0; i < (tied ? 1 : m->k); i++)
	{
		UsGmmTrouble t = {0};

		if (tied || m->covariance == US_COVARIANCE_FULL)
			smallest_of_matrix(m, i, &t);
		else
			smallest_of_diagonal(m, i, &t);
		t.component = tied ? -1 : i;
		t.expected_rows = expected_rows[i];
		if (expected_rows[i] < rows_needed(m))
			t.kind = US_GMM_FEW_ROWS;
		else if (t.variance > limit)
			continue;
		trouble[n++] = t;
	}
	return n;
}
