/*
 * test_recommend.c
 *	  Which number of clusters the figures speak for.
 */
#include "postgres.h"

#include <math.h>

#include "learn/recommend.h"
#include "unit.h"

#define N 4

/* k = 1 .. 4; silhouettes without k = 1 */
static void
start(UsFigures *f, double two, double three, double four)
{
	static double good[N][N] = {{1}, {0.9, 0.8}, {0.9, 0.8, 0.7}, {0.9, 0.8, 0.7, 0.6}};

	for (int i = 0; i < N; i++)
	{
		us_figures_init(&f[i], i + 1);
		f[i].jaccard = good[i];
	}
	f[1].silhouette = two;
	f[2].silhouette = three;
	f[3].silhouette = four;
}

UNIT_TEST(recommends_what_the_criterion_prefers)
{
	UsFigures	f[N];
	UsEvidence	e = {f, N, US_CRITERION_SILHOUETTE, 10, 2.5, {NAN, NAN, 0, 0}};
	char	   *reason[N];

	start(f, 0.3, 0.5, 0.5);
	UNIT_EQUAL_INT(us_recommend(&e, reason), 2);
	UNIT_CHECK(strstr(reason[2], "largest silhouette (0.5000); rows without clusters would not gain") == reason[2]);
	UNIT_CHECK(strstr(reason[2], "(least Jaccard similarity 0.70)") != NULL);
	UNIT_CHECK(reason[0] == NULL && reason[1] == NULL && reason[3] == NULL);
	f[3].calinski_harabasz = 20;
	f[2].calinski_harabasz = 10;
	f[2].davies_bouldin = 1;
	f[1].davies_bouldin = 2;
	UNIT_EQUAL_INT(us_recommend(&e, reason), 2);
	UNIT_CHECK(strstr(reason[2], "; so say davies_bouldin; otherwise calinski_harabasz k = 4") != NULL);
	UNIT_EQUAL_STRING(reason[3], "preferred by calinski_harabasz");
}

UNIT_TEST(recommends_one_cluster_where_there_is_no_structure)
{
	UsFigures	f[N];
	UsEvidence	e = {f, N, US_CRITERION_SILHOUETTE, 2.4, 2.5, {NAN, NAN, 0, 0}};
	char	   *reason[N];

	start(f, 0.3, 0.5, 0.4);
	UNIT_EQUAL_INT(us_recommend(&e, reason), 0);
	UNIT_CHECK(strstr(reason[0], "no sign of clusters") == reason[0]);
	UNIT_CHECK(strstr(reason[0], "k = 3 has the largest silhouette (0.5000)") != NULL);
	e.figures = f + 1;
	e.n = N - 1;
	UNIT_EQUAL_INT(us_recommend(&e, reason), -1);
	UNIT_CHECK(strstr(reason[1], "k = 1 is not among the candidates") != NULL);
	/* not tested */
	e.structure = NAN;
	UNIT_EQUAL_INT(us_recommend(&e, reason), 1);
	UNIT_CHECK(strstr(reason[1], "rows without") == NULL);
	/* a criterion that knows k = 1 itself */
	e.figures = f;
	e.n = N;
	e.structure = 2.4;
	e.criterion = US_CRITERION_BIC;
	f[0].bic = 3;
	f[1].bic = 2;
	f[2].bic = 4;
	UNIT_EQUAL_INT(us_recommend(&e, reason), 1);
	UNIT_CHECK(strstr(reason[1], "smallest bic (2.0000); not defined for k = 4; otherwise silhouette k = 3; but rows") == reason[1]);
	UNIT_CHECK(strstr(reason[1], "but rows without clusters would gain as much") != NULL);
	f[1].bic = 3;
	UNIT_EQUAL_INT(us_recommend(&e, reason), 0);
}

UNIT_TEST(recommendation_passes_over_unstable_clusters)
{
	UsFigures	f[N];
	UsEvidence	e = {f, N, US_CRITERION_SILHOUETTE, 10, 2.5, {NAN, NAN, 0, 0}};
	char	   *reason[N];
	double		bad[N] = {0.95, 0.59, NAN, 0.9};

	start(f, 0.3, 0.4, 0.5);
	f[3].jaccard = bad;
	UNIT_CLOSE(us_least_jaccard(&f[3]), 0.59, 1e-15);
	UNIT_EQUAL_INT(us_recommend(&e, reason), 2);
	UNIT_CHECK(strstr(reason[2], "k = 4 (0.5000) has one with a Jaccard similarity of 0.59 only") != NULL);
	UNIT_CHECK(strstr(reason[3], "preferred by silhouette; a cluster returns in bootstrap samples with a Jaccard similarity of 0.59 only") == reason[3]);
	/* all of them */
	f[1].jaccard = f[2].jaccard = bad;
	UNIT_EQUAL_INT(us_recommend(&e, reason), 3);
	UNIT_CHECK(strstr(reason[3], "but a cluster returns in bootstrap samples with a Jaccard similarity of 0.59 only") != NULL);
	UNIT_CHECK(isnan(us_least_jaccard(&f[0])));
}

UNIT_TEST(recommends_nothing_without_a_figure)
{
	UsFigures	f[N];
	UsEvidence	e = {f, N, US_CRITERION_SILHOUETTE, 10, 2.5, {NAN, NAN, 0, 0}};
	char	   *reason[N];

	start(f, NAN, NAN, NAN);
	UNIT_EQUAL_INT(us_recommend(&e, reason), -1);
	for (int i = 0; i < N; i++)
		UNIT_CHECK(reason[i] == NULL);
	e.n = 1;
	UNIT_EQUAL_INT(us_recommend(&e, reason), 0);
	UNIT_EQUAL_STRING(reason[0], "no other number of clusters is possible");
}

UNIT_TEST(criteria_prefer_the_smaller_k_of_equals)
{
	UsFigures	f[3];
	bool		allowed[3] = {true, false, true};
	UsCriterion c;

	for (int i = 0; i < 3; i++)
	{
		us_figures_init(&f[i], i + 2);
		f[i].davies_bouldin = 0.5;
		f[i].inertia = i == 0 ? 10 : 3 - i;
		f[i].gap = i;
		f[i].gap_se = 1.5 - i;
	}
	UNIT_EQUAL_INT(us_criterion_best(US_CRITERION_DAVIES_BOULDIN, f, 3, NULL), 0);
	f[1].davies_bouldin = 0.4;
	f[2].davies_bouldin = 0.45;
	UNIT_EQUAL_INT(us_criterion_best(US_CRITERION_DAVIES_BOULDIN, f, 3, NULL), 1);
	UNIT_EQUAL_INT(us_criterion_best(US_CRITERION_DAVIES_BOULDIN, f, 3, allowed), 2);
	UNIT_EQUAL_INT(us_criterion_best(US_CRITERION_ELBOW, f, 3, NULL), 1);
	/* 0 < 1 - 0.5, 1 < 2 + 0.5 */
	UNIT_EQUAL_INT(us_criterion_best(US_CRITERION_GAP, f, 3, NULL), 2);
	UNIT_EQUAL_INT(us_criterion_best(US_CRITERION_AIC, f, 3, NULL), -1);
	for (int i = 0; i < US_CRITERIA; i++)
		UNIT_CHECK(us_criterion_find(us_criterion_name((UsCriterion) i), &c) && c == (UsCriterion) i);
	UNIT_CHECK(!us_criterion_find("sillhouette", &c));
}
