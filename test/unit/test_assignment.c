/*
 * test_assignment.c
 *	  Optimal assignment against all permutations.
 */
#include "postgres.h"

#include "math/assignment.h"
#include "math/random.h"
#include "unit.h"

/* The best total over all ways to match rows i.. to columns not in used. */
static double
best_total(const double *gain, int nrows, int ncols, int i, int used)
{
	double		best;

	if (i == nrows)
		return 0;
	/* a row may stay alone only when there are too few columns */
	best = nrows > ncols ? best_total(gain, nrows, ncols, i + 1, used) : -1e300;
	for (int j = 0; j < ncols; j++)
		if (!(used & (1 << j)))
			best = Max(best, gain[i * ncols + j] + best_total(gain, nrows, ncols, i + 1, used | (1 << j)));
	return best;
}

UNIT_TEST(assignment_is_the_best_of_all)
{
	for (int trial = 0; trial < 60; trial++)
	{
		int			nrows = 1 + trial % 6;
		int			ncols = 1 + trial / 6 % 6;
		double		gain[36];
		int			match[6];
		int			used = 0;
		int			matched = 0;
		double		total = 0;

		for (int i = 0; i < nrows * ncols; i++)
			gain[i] = trial % 2 ? us_uniform(trial, i) : (double) (us_mix64(trial, i) % 4);
		us_assignment(gain, nrows, ncols, match);
		for (int i = 0; i < nrows; i++)
			if (match[i] >= 0)
			{
				UNIT_CHECK(!(used & (1 << match[i])));
				used |= 1 << match[i];
				matched++;
				total += gain[i * ncols + match[i]];
			}
		UNIT_EQUAL_INT(matched, Min(nrows, ncols));
		UNIT_CLOSE(total, best_total(gain, nrows, ncols, 0, 0), 1e-12);
	}
}
