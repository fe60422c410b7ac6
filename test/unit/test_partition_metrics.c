/*
 * test_partition_metrics.c
 *	  Agreement of labelings against scikit-learn 1.2.1 (adjusted_rand_score, mutual_info_score,
 *	  normalized_mutual_info_score, homogeneity_completeness_v_measure).
 */
#include "postgres.h"

#include <math.h>

#include "stat/partition_metrics.h"
#include "unit.h"

/* All figures of two labelings at once. */
static void
check(const UsContingency *t, double ari, double mutual, double nmi, double h, double c, double v)
{
	UsMutualInfo m = us_mutual_info(t);
	double		got_h;
	double		got_c;
	double		got_v;

	us_v_measure(&m, &got_h, &got_c, &got_v);
	UNIT_CLOSE(us_adjusted_rand(t), ari, 1e-14);
	UNIT_CLOSE(m.mutual, mutual, 1e-14);
	UNIT_CLOSE(us_normalized_mutual_info(&m), nmi, 1e-14);
	UNIT_CLOSE(got_h, h, 1e-14);
	UNIT_CLOSE(got_c, c, 1e-14);
	UNIT_CLOSE(got_v, v, 1e-14);
}

UNIT_TEST(agreement_equals_scikit_learn)
{
	static const int32 a[12] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
	static const int32 b[12] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 1};
	int32		p[100];
	int32		q[100];

	check(us_contingency_make(a, 3, b, 3, NULL, 12), 0.7372013651877133, 0.8901112788605313,
		  0.8180535942155688, 0.8102142020818354, 0.8260461717889859, 0.8180535942155688);
	/* numbers without rows change nothing */
	check(us_contingency_make(a, 9, b, 5, NULL, 12), 0.7372013651877133, 0.8901112788605313,
		  0.8180535942155688, 0.8102142020818354, 0.8260461717889859, 0.8180535942155688);
	for (int i = 0; i < 100; i++)
	{
		p[i] = i % 3;
		q[i] = i % 4;
	}
	check(us_contingency_make(p, 3, q, 4, NULL, 60), -0.04240282685512368, 0, 0, 0, 0, 0);
	for (int i = 0; i < 100; i++)
	{
		p[i] = i * i % 7;
		q[i] = i * i * i % 5;
	}
	check(us_contingency_make(p, 7, q, 5, NULL, 100), -0.03254405061370282, 0.00288706882015205,
		  0.0019468743024627477, 0.0021284595666302463, 0.001793836716438269,
		  0.001946874302462748);
}

UNIT_TEST(agreement_at_the_edges)
{
	static const int32 one[5] = {0, 0, 0, 0, 0};
	static const int32 each[5] = {0, 1, 2, 3, 4};
	static const int32 left[4] = {0, 0, 1, 1};
	static const int32 right[4] = {0, 1, 0, 1};
	static const int32 none[2] = {-1, 0};
	UsMutualInfo m;
	double		h;
	double		c;
	double		v;

	check(us_contingency_make(one, 1, each, 5, NULL, 5), 0, 0, 0, 1, 0, 0);
	check(us_contingency_make(each, 5, one, 1, NULL, 5), 0, 0, 0, 0, 1, 0);
	check(us_contingency_make(one, 1, one, 1, NULL, 5), 1, 0, 1, 1, 1, 1);
	check(us_contingency_make(each, 5, each, 5, NULL, 5), 1, 1.6094379124341005, 1, 1, 1, 1);
	check(us_contingency_make(one, 1, one, 1, NULL, 1), 1, 0, 1, 1, 1, 1);
	check(us_contingency_make(left, 2, right, 2, NULL, 4), -0.5, 0, 0, 0, 0, 0);
	/* no rows; rows that do not count */
	m = us_mutual_info(us_contingency_make(one, 1, one, 1, NULL, 0));
	UNIT_CHECK(isnan(m.mutual) && isnan(us_normalized_mutual_info(&m)));
	us_v_measure(&m, &h, &c, &v);
	UNIT_CHECK(isnan(h) && isnan(c) && isnan(v));
	UNIT_CHECK(isnan(us_adjusted_rand(us_contingency_make(none, 1, one, 1, NULL, 1))));
	UNIT_EQUAL_INT(us_contingency_make(none, 1, one, 1, NULL, 2)->n, 1);
}

UNIT_TEST(rows_count_more_than_once)
{
	static const int32 a[7] = {0, 0, 1, 1, 2, 2, 0};
	static const int32 b[7] = {0, 1, 1, 2, 0, 2, 2};
	static const int64 count[7] = {50, 3, 40, 7, 1, 99, 0};
	UsContingency *t = us_contingency_make(a, 3, b, 3, count, 7);
	double		jaccard[4];

	UNIT_EQUAL_INT(t->n, 200);
	UNIT_EQUAL_INT(t->ncells, 6);
	check(t, 0.8517000672191524, 0.8308759565060038, 0.8089370515843872, 0.7998265074770082,
		  0.8182575371063262, 0.8089370515843872);
	us_cluster_jaccard(us_contingency_make(a, 4, b, 3, count, 7), jaccard);
	UNIT_CLOSE(jaccard[0], 50.0 / 54, 1e-15);
	UNIT_CLOSE(jaccard[1], 40.0 / 50, 1e-15);
	UNIT_CLOSE(jaccard[2], 99.0 / 107, 1e-15);
	UNIT_CLOSE(jaccard[3], 0, 0);
}

/* Counts whose squares are beyond 64 bits, and whose products are beyond 128. */
UNIT_TEST(very_many_rows)
{
	static const int32 a[4] = {0, 0, 1, 1};
	static const int32 b[4] = {0, 1, 0, 1};
	static const int64 few[4] = {40, 10, 20, 30};
	int64		many[4];

	for (int i = 0; i < 4; i++)
		many[i] = few[i] * (INT64CONST(1) << 53);
	/* pairs of the same row vanish against the rest */
	UNIT_CLOSE(us_adjusted_rand(us_contingency_make(a, 2, b, 2, many, 4)), 4.0 / 25, 1e-12);
	UNIT_CLOSE(us_mutual_info(us_contingency_make(a, 2, b, 2, many, 4)).mutual,
			   us_mutual_info(us_contingency_make(a, 2, b, 2, few, 4)).mutual, 1e-15);
}
