/*
 * test_microaggregation.c
 *	  Points put together until each stands for several rows.
 */
#include "postgres.h"

#include "learn/microaggregation.h"
#include "math/random.h"
#include "unit.h"

UNIT_TEST(neighbours_are_put_together)
{
	const double x[] = {0, 10, 0.1, 10.1, 0.2, 10.2, 5};
	int32		group[7];

	/* six rows: three and three */
	UNIT_EQUAL_INT(us_microaggregate(x, NULL, 6, 1, 3, group), 2);
	UNIT_CHECK(group[0] == group[2] && group[0] == group[4] && group[0] != group[1]);
	UNIT_CHECK(group[1] == group[3] && group[1] == group[5]);
	/* as many rows as a group needs, and one more: one group */
	UNIT_EQUAL_INT(us_microaggregate(x, NULL, 6, 1, 6, group), 1);
	UNIT_EQUAL_INT(us_microaggregate(x, NULL, 7, 1, 6, group), 1);
	UNIT_EQUAL_INT(us_microaggregate(x, NULL, 7, 1, 1, group), 7);
}

UNIT_TEST(points_of_many_rows_stay_alone)
{
	const double x[] = {0, 1, 2, 3, 100};
	const int64 rows[] = {9, 1, 1, 2, 1};
	const int64 few[] = {9, 9, 1, 1, 1};
	int32		group[5];

	UNIT_EQUAL_INT(us_microaggregate(x, rows, 5, 1, 5, group), 2);
	UNIT_CHECK(group[1] != group[0] && group[1] == group[2] && group[1] == group[3] && group[1] == group[4]);
	/* what is left over joins the nearest group */
	UNIT_EQUAL_INT(us_microaggregate(x, few, 5, 1, 5, group), 2);
	UNIT_CHECK(group[0] != group[1] && group[2] == group[1] && group[3] == group[1] && group[4] == group[1]);
}

UNIT_TEST(every_group_has_its_rows)
{
	enum { n = 3000, width = 3 };
	double	   *x = (double *) palloc(sizeof(double) * n * width);
	int64	   *rows = (int64 *) palloc(sizeof(int64) * n);
	int32	   *group = (int32 *) palloc(sizeof(int32) * n);

	for (int i = 0; i < n * width; i++)
		x[i] = us_uniform(7, i);
	for (int i = 0; i < n; i++)
		rows[i] = 1 + (int) (us_uniform(8, i) * 8);
	for (int least = 2; least <= 1000; least = least * 3 + 1)
		for (int counted = 0; counted < 2; counted++)
		{
			int			ngroups = us_microaggregate(x, counted ? rows : NULL, n, width, least, group);
			int64	   *sum = (int64 *) palloc0(sizeof(int64) * ngroups);
			int			wrong = 0;

			for (int i = 0; i < n; i++)
				sum[group[i]] += counted ? rows[i] : 1;
			for (int g = 0; g < ngroups; g++)
				wrong += sum[g] < least;
			UNIT_EQUAL_INT(wrong, 0);
			/* without counts groups are no larger than they must be */
			UNIT_CHECK(counted || ngroups == n / least);
		}
}
