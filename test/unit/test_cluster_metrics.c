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

static const double point[N][2] = {
	{1, 1}, {1.5, 2}, {2, 1}, {1, 2.5}, {8, 8}, {8.5, 9}, {9, 8}, {7.5, 8.5},
	{1, 9}, {2, 8}, {1.5, 8.5}, {5, 5}
};
static const uint16 label_a[N] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
static const uint16 label_b[N] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 1};
static const uint16 label_alone[N] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3};

/* Rows of one or two columns as blocks; the points are exact in float4. */
static float *
blocks(const double *value, int n, int width)
{
	int			nblocks = (n + US_LANES - 1) / US_LANES;
	float	   *x = (float *) TYPEALIGN(US_BLOCK_ALIGN,
										palloc0(sizeof(float) * nblocks * US_LANES * width +
												US_BLOCK_ALIGN));

	for (int i = 0; i < n; i++)
		for (int j = 0; j < width; j++)
			x[((i / US_LANES) * width + j) * US_LANES + i % US_LANES] = (float) value[i * width + j];
	return x;
}

static const float ones[N] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

UNIT_TEST(silhouettes_equal_scikit_learn)
{
	float	   *x = blocks(&point[0][0], N, 2);
	double		each[N];

	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, x, N, 2, label_a, 3, ones, NULL, each, NULL),
			   0.7065404571884569, 1e-7);
	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, x, N, 2, label_b, 3, ones, NULL, NULL, NULL),
			   0.7258230798207226, 1e-7);
	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, x, N, 2, label_alone, 4, ones, NULL, NULL, NULL),
			   0.7088305455780861, 1e-7);
	/* a number without rows changes nothing */
	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, x, N, 2, label_a, 5, ones, NULL, NULL, NULL),
			   0.7065404571884569, 1e-7);
	UNIT_CLOSE(each[0], 0.8292045063691409, 1e-7);
	UNIT_CLOSE(each[11], -0.047482909594637406, 1e-7);
}

UNIT_TEST(silhouettes_of_other_metrics_equal_scikit_learn)
{
	double		unit[N][2];
	double		each[N];
	int32		neighbour[N];

	UNIT_CLOSE(us_silhouettes(US_METRIC_MANHATTAN, blocks(&point[0][0], N, 2), N, 2, label_a, 3, ones, NULL,
							  NULL, NULL), 0.6631148356346298, 1e-7);
	UNIT_CLOSE(us_silhouettes(US_METRIC_MANHATTAN, blocks(&point[0][0], N, 2), N, 2, label_alone, 4, ones, NULL,
							  each, neighbour), 0.7240469954179631, 1e-7);
	/* mean distances of the row that is alone: 7, 6.625, 7; of row 8: 7.75 and 8 */
	UNIT_CHECK(each[11] == 0 && neighbour[11] == 1 && neighbour[8] == 0 && neighbour[4] == 3);
	for (int i = 0; i < N; i++)
	{
		double		length = hypot(point[i][0], point[i][1]);

		unit[i][0] = point[i][0] / length;
		unit[i][1] = point[i][1] / length;
	}
	/* squares of small distances between rounded unit vectors */
	UNIT_CLOSE(us_silhouettes(US_METRIC_COSINE, blocks(&unit[0][0], N, 2), N, 2, label_b, 3, ones, NULL,
							  NULL, NULL), 0.3701292940014529, 1e-5);
	UNIT_CLOSE(us_silhouettes(US_METRIC_COSINE, blocks(&unit[0][0], N, 2), N, 2, label_alone, 4, ones, NULL,
							  NULL, NULL), -0.2561850924643428, 1e-5);
}

UNIT_TEST(silhouette_mass_counts_equal_rows)
{
	static const double twice[6] = {0, 0, 1, 4, 6, 6};
	static const double once[4] = {0, 1, 4, 6};
	static const uint16 twice_label[6] = {0, 0, 0, 1, 1, 1};
	static const uint16 once_label[4] = {0, 0, 1, 1};
	static const float mass[4] = {2, 1, 1, 2};
	static const int64 rows[4] = {2, 1, 1, 2};
	static const float heavy[6] = {7, 7, 7, 7, 7, 7};
	static const float heavy_mass[4] = {14, 7, 7, 14};
	double		mean = us_silhouettes(US_METRIC_EUCLIDEAN, blocks(twice, 6, 1), 6, 1, twice_label, 2, ones,
									  NULL, NULL, NULL);

	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, blocks(once, 4, 1), 4, 1, once_label, 2, mass, rows, NULL, NULL),
			   mean, 1e-14);
	/* a unit of weight common to all rows does not matter */
	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, blocks(twice, 6, 1), 6, 1, twice_label, 2, heavy, NULL, NULL, NULL),
			   mean, 1e-14);
	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, blocks(once, 4, 1), 4, 1, once_label, 2, heavy_mass, rows, NULL, NULL),
			   mean, 1e-14);
}

UNIT_TEST(silhouette_of_degenerate_partitions)
{
	static const uint16 one[N] = {0};
	static const double same[2 * N] = {0};

	UNIT_CHECK(isnan(us_silhouettes(US_METRIC_EUCLIDEAN, blocks(&point[0][0], N, 2), N, 2, one, 1, ones,
										  NULL, NULL, NULL)));
	UNIT_CHECK(isnan(us_silhouettes(US_METRIC_EUCLIDEAN, blocks(&point[0][0], N, 2), N, 2, one, 4, ones,
										  NULL, NULL, NULL)));
	/* all rows equal, three clusters */
	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, blocks(same, N, 2), N, 2, label_a, 3, ones, NULL, NULL, NULL),
			   0.0, 0);
}

/* More rows than a block, clusters of odd sizes, against a plain double loop. */
UNIT_TEST(silhouette_of_many_rows)
{
	double		value[100 * 3];
	uint16		label[100];
	float		mass[100];
	double		want = 0;

	for (int i = 0; i < 100; i++)
	{
		label[i] = (i * 7) % 3;
		mass[i] = 1;
		for (int j = 0; j < 3; j++)
			value[i * 3 + j] = label[i] * 2 + ((i * 37 + j * 11) % 19) / 8.0;
	}
	for (int i = 0; i < 100; i++)
	{
		double		sum[3] = {0};
		int			n[3] = {0};
		double		a;
		double		b = INFINITY;

		for (int r = 0; r < 100; r++)
		{
			double		d = 0;

			for (int j = 0; j < 3; j++)
				d += pow(value[i * 3 + j] - value[r * 3 + j], 2);
			sum[label[r]] += sqrt(d);
			n[label[r]] += r != i;
		}
		a = sum[label[i]] / n[label[i]];
		for (int c = 0; c < 3; c++)
			if (c != label[i])
				b = fmin(b, sum[c] / n[c]);
		want += (b - a) / fmax(a, b) / 100;
	}
	UNIT_CLOSE(us_silhouettes(US_METRIC_EUCLIDEAN, blocks(value, 100, 3), 100, 3, label, 3, mass, NULL, NULL, NULL),
			   want, 1e-7);
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
