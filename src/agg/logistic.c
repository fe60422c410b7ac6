/*
 * logistic.c
 *	  Rows and states of userseg.logistic_state.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "agg/logistic.h"
#include "math/hash.h"
#include "math/logistic_lanes.h"

/* predictors beyond are taken as that */
#define MOST_ETA	300.0

uint64
us_logistic_fingerprint(const double *beta, int m)
{
	uint64		hash = us_hash_bytes(beta, sizeof(double) * m, 0);

	return hash != 0 ? hash : 1;
}

UsCrossRow *
us_logistic_row_make(const double *beta, int m, const double *x, int d, double y)
{
	UsCrossRow *row;
	double	   *more;
	double		eta = beta[0];
	double		gradient;

	us_cross_check(x, d, 1);
	if (m != d + 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("beta has %d numbers, x has %d", m, d),
				 errhint("beta has one number more than x: the intercept comes first.")));
	if (!(y >= 0 && y <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("y is %g, outside of 0 to 1", y)));
	row = us_cross_row_new(US_CROSS_LOGISTIC, m, m + 2);
	row->fingerprint = us_logistic_fingerprint(beta, m);
	more = row->value + m;
	for (int j = 0; j < d; j++)
		eta += beta[j + 1] * x[j];
	if (isnan(eta))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("beta has a number that is not finite")));
	eta = eta > MOST_ETA ? MOST_ETA : eta;
	eta = eta < -MOST_ETA ? -MOST_ETA : eta;
	us_logistic_row(eta, y, 1, &more[m], &gradient, &row->factor);
	more[m + 1] = 1;
	row->value[0] = 1;
	more[0] = gradient;
	for (int j = 0; j < d; j++)
	{
		row->value[j + 1] = x[j];
		more[j + 1] = x[j] * gradient;
	}
	return row;
}

void
us_logistic_solve(const UsCrossState *s, const double *beta, double *b, double *inverse)
{
	int			m = s->m;
	UsCrossSums sums = {0};
	UsLeastSquares *l;

	sums.p = m - 1;
	sums.intercept = true;
	sums.n = s->rows;
	sums.weight = us_cross_more(s, m + 1).hi;
	sums.a = (UsDd *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsDd) * (m + 1) * (m + 1));
	for (int i = 0; i < m; i++)
	{
		for (int j = i; j < m; j++)
			sums.a[(Size) i * (m + 1) + j] = sums.a[(Size) j * (m + 1) + i] = us_cross_product(s, i, j);
		sums.a[(Size) i * (m + 1) + m] = sums.a[(Size) m * (m + 1) + i] = us_cross_more(s, i);
	}
	sums.a[(Size) m * (m + 1) + m] = us_dd(0);
	l = us_least_squares(&sums, NULL, NULL);
	for (int i = 0; i < m; i++)
		b[i] = l->dropped[i] ? NAN : beta[i] + us_dd_round(l->b[i]);
	if (inverse != NULL)
		for (Size i = 0; i < (Size) m * m; i++)
			inverse[i] = l->dropped[i / m] || l->dropped[i % m] ? NAN : l->inverse[i];
}
