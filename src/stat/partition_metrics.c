/*
 * partition_metrics.c
 *	  Agreement of two labelings, from their contingency table.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/exact_sum.h"
#include "stat/partition_metrics.h"

/* rows or cells between two looks for interrupts */
#define STRIDE 65536

#define LOOK(i) \
	do { \
		if ((i) % STRIDE == 0) \
			CHECK_FOR_INTERRUPTS(); \
	} while (0)

UsContingency *
us_contingency_make(const int32 *a, int na, const int32 *b, int nb,
					const int64 *count, int64 n)
{
	UsContingency *t = (UsContingency *) palloc0(sizeof(UsContingency));
	int64	   *table = (int64 *) MemoryContextAllocExtended(CurrentMemoryContext,
														  sizeof(int64) * na * nb,
														  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int64	   *a_total = (int64 *) palloc0(sizeof(int64) * na);
	int64	   *b_total = (int64 *) palloc0(sizeof(int64) * nb);
	UsContingencyCell *cell;

	for (int64 r = 0; r < n; r++)
	{
		int64		rows = count == NULL ? 1 : count[r];

		LOOK(r);
		Assert(a[r] < na && b[r] < nb);
		if (a[r] < 0 || b[r] < 0)
			continue;
		table[(Size) a[r] * nb + b[r]] += rows;
		a_total[a[r]] += rows;
		b_total[b[r]] += rows;
		t->n += rows;
	}
	for (Size i = 0; i < (Size) na * nb; i++)
		t->ncells += table[i] > 0;
	cell = (UsContingencyCell *) MemoryContextAllocHuge(CurrentMemoryContext,
														sizeof(UsContingencyCell) *
														Max(t->ncells, 1));
	t->cell = cell;
	for (Size i = 0; i < (Size) na * nb; i++)
	{
		if (table[i] == 0)
			continue;
		cell->a = (int32) (i / nb);
		cell->b = (int32) (i % nb);
		cell->n = table[i];
		cell++;
	}
	pfree(table);
	t->na = na;
	t->nb = nb;
	t->a = a_total;
	t->b = b_total;
	return t;
}

/* Sum of n^2 of totals. */
static int128
sum_of_squares(const int64 *total, int n)
{
	int128		sum = 0;

	for (int i = 0; i < n; i++)
	{
		LOOK(i);
		sum += (int128) total[i] * total[i];
	}
	return sum;
}

/*
 * Ordered pairs of different rows: together in both labelings, in a only, in b only,
 * in none.  Up to 2^120 each, exact.
 */
double
us_adjusted_rand(const UsContingency *t)
{
	int128		cells = 0;
	int128		both;
	int128		only_a;
	int128		only_b;
	int128		none;

	if (t->n == 0)
		return (double) NAN;
	for (int64 i = 0; i < t->ncells; i++)
	{
		LOOK(i);
		cells += (int128) t->cell[i].n * t->cell[i].n;
	}
	both = cells - t->n;
	only_a = sum_of_squares(t->a, t->na) - cells;
	only_b = sum_of_squares(t->b, t->nb) - cells;
	none = (int128) t->n * t->n - t->n - both - only_a - only_b;
	if (only_a == 0 && only_b == 0)
		return 1;
	return 2 * ((double) both * (double) none - (double) only_a * (double) only_b) /
		(((double) both + (double) only_a) * ((double) only_a + (double) none) +
		 ((double) both + (double) only_b) * ((double) only_b + (double) none));
}

/* -sum p log p with p = total / n. */
static double
entropy(const int64 *total, int count, int64 n)
{
	UsExactSum	sum = {0};

	for (int i = 0; i < count; i++)
	{
		double		p = (double) total[i] / (double) n;

		LOOK(i);
		if (total[i] > 0)
			us_exact_add(&sum, -p * log(p));
	}
	return Max(us_exact_round(&sum), 0.0);
}

UsMutualInfo
us_mutual_info(const UsContingency *t)
{
	UsMutualInfo m;
	UsExactSum	sum = {0};
	double		n = (double) t->n;

	if (t->n == 0)
	{
		m.entropy_a = m.entropy_b = m.mutual = (double) NAN;
		return m;
	}
	m.entropy_a = entropy(t->a, t->na, t->n);
	m.entropy_b = entropy(t->b, t->nb, t->n);
	for (int64 i = 0; i < t->ncells; i++)
	{
		const UsContingencyCell *c = &t->cell[i];
		double		part = (double) c->n / (double) t->a[c->a];
		double		share = (double) t->b[c->b] / n;

		LOOK(i);
		us_exact_add(&sum, (double) c->n / n * log(part / share));
	}
	m.mutual = Max(us_exact_round(&sum), 0.0);
	return m;
}

double
us_normalized_mutual_info(const UsMutualInfo *m)
{
	if (isnan(m->mutual))
		return (double) NAN;
	if (m->entropy_a == 0 && m->entropy_b == 0)
		return 1;
	return Min(m->mutual / ((m->entropy_a + m->entropy_b) / 2), 1.0);
}

void
us_v_measure(const UsMutualInfo *m, double *homogeneity, double *completeness, double *v)
{
	if (isnan(m->mutual))
	{
		*homogeneity = *completeness = *v = (double) NAN;
		return;
	}
	*homogeneity = m->entropy_a == 0 ? 1 : Min(m->mutual / m->entropy_a, 1.0);
	*completeness = m->entropy_b == 0 ? 1 : Min(m->mutual / m->entropy_b, 1.0);
	*v = *homogeneity + *completeness == 0 ? 0 :
		2 * *homogeneity * *completeness / (*homogeneity + *completeness);
}

void
us_cluster_jaccard(const UsContingency *t, double *jaccard)
{
	memset(jaccard, 0, sizeof(double) * t->na);
	for (int64 i = 0; i < t->ncells; i++)
	{
		const UsContingencyCell *c = &t->cell[i];
		double		j = (double) c->n / (double) (t->a[c->a] + t->b[c->b] - c->n);

		LOOK(i);
		jaccard[c->a] = Max(jaccard[c->a], j);
	}
}
