/*
 * test_cluster_metrics.c
 *	  Validity indices against scikit-learn 1.2.1 (silhouette_score, davies_bouldin_score,
 *	  calinski_harabasz_score) on a small matrix.
 */
#include "postgres.h"

#include <math.h>

#include "stat/cluster_metrics.h"
#include "unit.h"

#define N		12
#define STRIDE	16

static const double point[N][2] = {
	{1, 1}, {1.5, 2}, {2, 1}, {1, 2.5}, {8, 8}, {8.5, 9}, {9, 8}, {7.5, 8.5},
	{1, 9}, {2, 8}, {1.5, 8.5}, {5, 5}
};
static const uint16 label_a[N] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
static const uint16 label_b[N] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 1};
static const uint16 label_alone[N] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3};

static void
columns(double *x)
{
	memset(x, 0, 2 * STRIDE * sizeof(double));
	for (int i = 0; i < N; i++)
	{
		x[i] = point[i][0];
		x[STRIDE + i] = point[i][1];
	}
}

UNIT_TEST(silhouettes_equal_scikit_learn)
{
	double		x[2 * STRIDE];
	double		each[N];
	UsLabeling	l[3] = {{3, label_a, each}, {3, label_b, NULL}, {4, label_alone, NULL}};

	columns(x);
	us_silhouettes(x, STRIDE, N, 2, NULL, l, 3);
	UNIT_CLOSE(l[0].mean, 0.7065404571884569, 1e-12);
	UNIT_CLOSE(l[1].mean, 0.7258230798207226, 1e-12);
	UNIT_CLOSE(l[2].mean, 0.7088305455780861, 1e-12);
	UNIT_CLOSE(each[0], 0.8292045063691409, 1e-12);
	UNIT_CLOSE(each[11], -0.047482909594637406, 1e-12);
}

UNIT_TEST(silhouette_weight_counts_equal_rows)
{
	double		x[2 * STRIDE] = {0};
	double		once[2 * STRIDE] = {0};
	static const uint16 twice_label[6] = {0, 0, 0, 1, 1, 1};
	static const uint16 once_label[4] = {0, 0, 1, 1};
	static const double weight[4] = {2, 1, 1, 2};
	UsLabeling	a = {2, twice_label, NULL};
	UsLabeling	b = {2, once_label, NULL};

	x[0] = x[1] = 0;
	x[2] = 1;
	x[3] = 4;
	x[4] = x[5] = 6;
	once[1] = 1;
	once[2] = 4;
	once[3] = 6;
	us_silhouettes(x, STRIDE, 6, 1, NULL, &a, 1);
	us_silhouettes(once, STRIDE, 4, 1, weight, &b, 1);
	UNIT_CLOSE(a.mean, b.mean, 1e-14);
}

UNIT_TEST(silhouette_of_degenerate_partitions_is_zero)
{
	double		x[2 * STRIDE];
	static const uint16 one[N] = {0};
	UsLabeling	l = {1, one, NULL};

	columns(x);
	us_silhouettes(x, STRIDE, N, 2, NULL, &l, 1);
	UNIT_CLOSE(l.mean, 0.0, 0);
	memset(x, 0, sizeof(x));	/* all rows equal, two clusters */
	l = (UsLabeling) {3, label_a, NULL};
	us_silhouettes(x, STRIDE, N, 2, NULL, &l, 1);
	UNIT_CLOSE(l.mean, 0.0, 0);
}

/* Means, mean distances to them, and sums of squares of a labelling. */
static void
summarise(const uint16 *label, int k, double *center, double *scatter, double *within, double *total)
{
	double		n[4] = {0};
	double		mean[2] = {0};

	memset(center, 0, k * 2 * sizeof(double));
	memset(scatter, 0, k * sizeof(double));
	*within = *total = 0;
	for (int i = 0; i < N; i++)
		n[label[i]]++;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < 2; j++)
		{
			center[label[i] * 2 + j] += point[i][j] / n[label[i]];
			mean[j] += point[i][j] / N;
		}
	for (int i = 0; i < N; i++)
	{
		double		d = 0;

		for (int j = 0; j < 2; j++)
		{
			d += pow(point[i][j] - center[label[i] * 2 + j], 2);
			*total += pow(point[i][j] - mean[j], 2);
		}
		*within += d;
		scatter[label[i]] += sqrt(d) / n[label[i]];
	}
}

UNIT_TEST(davies_bouldin_and_calinski_harabasz_equal_scikit_learn)
{
	double		center[8],
				scatter[4],
				within,
				total;

	summarise(label_a, 3, center, scatter, &within, &total);
	UNIT_CLOSE(us_davies_bouldin(center, scatter, 3, 2), 0.4278187183457896, 1e-12);
	UNIT_CLOSE(us_calinski_harabasz(total, within, N, 3), 41.770448548812666, 1e-12);
	summarise(label_alone, 4, center, scatter, &within, &total);
	UNIT_CLOSE(us_davies_bouldin(center, scatter, 4, 2), 0.16810208277836974, 1e-12);
	UNIT_CLOSE(us_calinski_harabasz(total, within, N, 4), 119.5921568627451, 1e-12);
}

UNIT_TEST(indices_without_an_answer_are_nan)
{
	double		center[2] = {0};
	double		scatter[1] = {0};

	UNIT_CHECK(isnan(us_davies_bouldin(center, scatter, 1, 2)));
	UNIT_CHECK(isnan(us_calinski_harabasz(1, 0, 10, 2)));
	UNIT_CHECK(isnan(us_calinski_harabasz(1, 1, 2, 2)));
}

UNIT_TEST(elbow_is_the_bend)
{
	double		x[] = {1, 2, 3, 4, 5, 6};
	double		y[] = {100, 40, 12, 10, 8, 6};
	double		line[] = {6, 5, 4, 3, 2, 1};

	UNIT_EQUAL_INT(us_elbow(x, y, 6), 2);
	UNIT_EQUAL_INT(us_elbow(x, line, 6), -1);
	UNIT_EQUAL_INT(us_elbow(x, y, 2), -1);
}
