/*
 * test_linkage.c
 *	  Hierarchical clustering against scipy 1.10.1 (linkage, leaves_list, inconsistent,
 *	  cophenet; silhouettes of scikit-learn 1.2.1) on a small matrix, and against
 *	  the plain algorithm on random points.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "math/kernels.h"
#include "math/random.h"
#include "stat/linkage_tree.h"
#include "unit.h"

#define N		12

static const double point[N][2] = {
	{1.0, 1.0}, {1.51, 2.013}, {2.04, 1.026}, {1.09, 2.539}, {8.16, 8.052}, {8.75, 9.065},
	{9.36, 8.078}, {7.99, 8.591}, {1.6400000000000001, 9.104}, {2.81, 8.117}, {2.5, 8.63}, {6.21, 5.393}
};

typedef struct Reference
{
	UsLinkage	linkage;
	int			pair[N - 1][2];
	double		height[N - 1];
	int			leaf[N];
	double		inconsistency[N - 1];
	double		cophenetic;
	double		silhouette[4];	/* k = 2..5 */
} Reference;

static const Reference reference[] = {
	{US_LINKAGE_WARD,
	{{4, 7}, {9, 10}, {1, 3}, {0, 2}, {5, 12}, {6, 16}, {8, 13}, {14, 15}, {11, 17}, {18, 20}, {19, 21}},
	{0.5651734247113887, 0.5993905237822833, 0.6731092036215225, 1.040324949234613, 1.159550056415562, 1.4309132282101051,
	1.4440015004608997, 1.81304660723325, 4.877685885745411, 11.289572714087395, 18.250596967405386},
	{1, 3, 0, 2, 8, 9, 10, 11, 6, 5, 4, 7},
	{0, 0, 0, 0, 0.707106781187, 0.707106781187, 0.707106781187, 1.09570549619, 0.707106781187, 1.08441717046, 0.945306140127},
	0.9100771453846936,
	{0.6045151836630315, 0.7407441824983599, 0.7061316591023413, 0.564528085172166}},
	{US_LINKAGE_COMPLETE,
	{{4, 7}, {9, 10}, {1, 3}, {0, 2}, {5, 6}, {12, 16}, {8, 13}, {14, 15}, {11, 17}, {18, 20}, {19, 21}},
	{0.5651734247113887, 0.5993905237822833, 0.6731092036215225, 1.040324949234613, 1.1602883262361987, 1.4628974673571615,
	1.530708659412364, 1.7865242791521194, 4.4648834251299325, 7.787880070982089, 11.185111756258852},
	{1, 3, 0, 2, 8, 9, 10, 11, 4, 7, 5, 6},
	{0, 0, 0, 0, 0, 0.876024057898, 0.707106781187, 1.09256260892, 0.707106781187, 1.02005713544, 0.896246092274},
	0.9164314517814472,
	{0.6045151836630315, 0.7407441824983599, 0.7061316591023413, 0.564528085172166}},
	{US_LINKAGE_AVERAGE,
	{{4, 7}, {9, 10}, {1, 3}, {5, 12}, {0, 2}, {8, 13}, {6, 15}, {14, 16}, {11, 18}, {17, 20}, {19, 21}},
	{0.5651734247113887, 0.5993905237822833, 0.6731092036215225, 1.0339954045472195, 1.040324949234613, 1.2563421095948464,
	1.27448914240369, 1.3956475578989207, 3.8903307009603587, 6.032295426374749, 8.368165388547542},
	{1, 3, 0, 2, 8, 9, 10, 11, 6, 5, 4, 7},
	{0, 0, 0, 0.707106781187, 0, 0.707106781187, 0.707106781187, 0.994468355887, 0.707106781187, 0.963956013026, 0.874282605077},
	0.9173304102049096,
	{0.6045151836630315, 0.7407441824983599, 0.7061316591023413, 0.564528085172166}},
	{US_LINKAGE_SINGLE,
	{{4, 7}, {9, 10}, {1, 3}, {5, 12}, {8, 13}, {0, 2}, {14, 17}, {6, 15}, {11, 19}, {16, 20}, {18, 21}},
	{0.5651734247113887, 0.5993905237822833, 0.6731092036215225, 0.8956986100245997, 0.9819755597773289, 1.040324949234613,
	1.1202986209042658, 1.1602883262361987, 3.2973900284922317, 4.356624381330114, 5.789162288276258},
	{1, 3, 0, 2, 8, 9, 10, 11, 6, 5, 4, 7},
	{0, 0, 0, 0.707106781187, 0.707106781187, 0, 0.736853461604, 0.707106781187, 0.707106781187, 0.856366396502, 0.850321981904},
	0.9154661463411838,
	{0.6045151836630315, 0.7407441824983599, 0.7061316591023413, 0.5392944573192752}},
	{US_LINKAGE_WEIGHTED,
	{{4, 7}, {9, 10}, {1, 3}, {5, 12}, {0, 2}, {6, 15}, {8, 13}, {14, 16}, {11, 17}, {18, 20}, {19, 21}},
	{0.5651734247113887, 0.5993905237822833, 0.6731092036215225, 1.0339954045472195, 1.040324949234613, 1.2459389383618173,
	1.2563421095948464, 1.3956475578989207, 4.05541908003563, 6.017945620433316, 7.641129927027867},
	{1, 3, 0, 2, 8, 9, 10, 11, 6, 5, 4, 7},
	{0, 0, 0, 0.707106781187, 0, 0.707106781187, 0.707106781187, 0.994468355887, 0.707106781187, 0.936631777488, 0.809399866628},
	0.9142236589774748,
	{0.6045151836630315, 0.7407441824983599, 0.7061316591023413, 0.564528085172166}},
	{US_LINKAGE_CENTROID,
	{{4, 7}, {9, 10}, {1, 3}, {5, 12}, {0, 2}, {6, 15}, {8, 13}, {14, 16}, {11, 17}, {18, 20}, {19, 21}},
	{0.5651734247113887, 0.5993905237822833, 0.6731092036215225, 1.004199805815556, 1.040324949234613, 1.1683357584378058,
	1.2505419825019861, 1.2820175505818943, 3.856149277452832, 5.829910280994419, 7.90274030400215},
	{1, 3, 0, 2, 8, 9, 10, 11, 6, 5, 4, 7},
	{0, 0, 0, 0.707106781187, 0, 0.707106781187, 0.707106781187, 0.924758486275, 0.707106781187, 0.950995085763, 0.855684191961},
	0.9170524928523041,
	{0.6045151836630315, 0.7407441824983599, 0.7061316591023413, 0.564528085172166}},
	{US_LINKAGE_MEDIAN,
	{{4, 7}, {9, 10}, {1, 3}, {5, 12}, {0, 2}, {6, 15}, {8, 13}, {14, 16}, {11, 17}, {18, 20}, {19, 21}},
	{0.5651734247113887, 0.5993905237822833, 0.6731092036215225, 1.004199805815556, 1.040324949234613, 1.1297295306842248,
	1.2505419825019861, 1.2820175505818943, 4.01473765682454, 5.708517273078119, 7.062695705598735},
	{1, 3, 0, 2, 8, 9, 10, 11, 6, 5, 4, 7},
	{0, 0, 0, 0.707106781187, 0, 0.707106781187, 0.707106781187, 0.924758486275, 0.707106781187, 0.911247943821, 0.786638683276},
	0.9114228165980146,
	{0.6045151836630315, 0.7407441824983599, 0.7061316591023413, 0.564528085172166}},
};

static void
run(UsLinkage linkage, UsMetric metric, UsLinkageStorage storage, int n, int width,
	const double *x, const double *weight, UsMerge *merge)
{
	UsLinkageInput in = {linkage, metric, storage, n, width, x, weight};
	void	   *memory = us_block_alloc(us_linkage_bytes(linkage, storage, n, width));

	us_linkage(&in, memory, merge);
}

UNIT_TEST(linkage_equals_scipy)
{
	for (int i = 0; i < lengthof(reference); i++)
	{
		const Reference *r = &reference[i];

		for (int s = US_LINKAGE_NO_MATRIX; s <= US_LINKAGE_FLOAT4; s++)
		{
			UsMerge		merge[N - 1];

			if (!us_linkage_can(r->linkage, (UsLinkageStorage) s))
				continue;
			run(r->linkage, US_METRIC_EUCLIDEAN, (UsLinkageStorage) s, N, 2, &point[0][0], NULL, merge);
			UNIT_CHECK(us_tree_valid(merge, N));
			for (int k = 0; k < N - 1; k++)
			{
				UNIT_EQUAL_INT(merge[k].a, r->pair[k][0]);
				UNIT_EQUAL_INT(merge[k].b, r->pair[k][1]);
				UNIT_CLOSE(merge[k].height, r->height[k], s == US_LINKAGE_FLOAT4 ? 1e-6 : 1e-14);
			}
			UNIT_CLOSE(merge[N - 2].size, N, 0);
		}
	}
}

/* Leaf order, inconsistency, cophenetic correlation, silhouettes. */
UNIT_TEST(trees_equal_scipy)
{
	UsTreePoints points = {N, 2, US_METRIC_EUCLIDEAN, &point[0][0], NULL, NULL, NULL};

	for (int i = 0; i < lengthof(reference); i++)
	{
		const Reference *r = &reference[i];
		UsMerge		merge[N - 1];
		double		inconsistency[N - 1];
		double		silhouette[4];
		UsTree	   *t;

		run(r->linkage, US_METRIC_EUCLIDEAN, us_linkage_can(r->linkage, US_LINKAGE_FLOAT8) ?
			US_LINKAGE_FLOAT8 : US_LINKAGE_NO_MATRIX, N, 2, &point[0][0], NULL, merge);
		t = us_tree_make(merge, N);
		us_tree_inconsistency(merge, N, 2, inconsistency);
		us_tree_silhouettes(t, &points, 2, 5, silhouette);
		for (int k = 0; k < N; k++)
			UNIT_EQUAL_INT(t->order[k], r->leaf[k]);
		for (int k = 0; k < N - 1; k++)
			UNIT_CLOSE(inconsistency[k], r->inconsistency[k], 1e-11);
		for (int k = 0; k < 4; k++)
			UNIT_CLOSE(silhouette[k], r->silhouette[k], 1e-13);
		UNIT_CLOSE(us_tree_cophenetic(t, &points), r->cophenetic, 1e-13);
	}
}

/* Sums of scipy's heights and its cophenetic correlations for the other metrics. */
UNIT_TEST(linkage_metrics_equal_scipy)
{
	static const struct
	{
		UsMetric	metric;
		UsLinkage	linkage;
		double		sum;
		double		cophenetic;
	}			want[] = {
		{US_METRIC_COSINE, US_LINKAGE_COMPLETE, 0.5687504219653762, 0.7462089250145706},
		{US_METRIC_COSINE, US_LINKAGE_AVERAGE, 0.2348258430775297, 0.7484678399440124},
		{US_METRIC_COSINE, US_LINKAGE_SINGLE, 0.07556292427790223, 0.6910405294481841},
		{US_METRIC_COSINE, US_LINKAGE_WEIGHTED, 0.3403789496042674, 0.7479911938904509},
		{US_METRIC_MANHATTAN, US_LINKAGE_COMPLETE, 42.416999999999994, 0.8674813567350493},
		{US_METRIC_MANHATTAN, US_LINKAGE_AVERAGE, 33.30105, 0.8702902494987598},
		{US_METRIC_MANHATTAN, US_LINKAGE_SINGLE, 25.993999999999996, 0.8570025331053175},
		{US_METRIC_MANHATTAN, US_LINKAGE_WEIGHTED, 32.74428125, 0.857703561344431},
	};
	double		unit[N][2];

	for (int i = 0; i < N; i++)
		us_unit_vector(point[i], 2, unit[i]);
	for (int i = 0; i < lengthof(want); i++)
	{
		const double *x = want[i].metric == US_METRIC_COSINE ? &unit[0][0] : &point[0][0];
		UsTreePoints points = {N, 2, want[i].metric, x, NULL, NULL, NULL};
		UsMerge		merge[N - 1];
		double		sum = 0;

		run(want[i].linkage, want[i].metric, us_linkage_can(want[i].linkage, US_LINKAGE_FLOAT8) ?
			US_LINKAGE_FLOAT8 : US_LINKAGE_NO_MATRIX, N, 2, x, NULL, merge);
		for (int k = 0; k < N - 1; k++)
			sum += merge[k].height;
		UNIT_CLOSE(sum, want[i].sum, 1e-13);
		UNIT_CLOSE(us_tree_cophenetic(us_tree_make(merge, N), &points), want[i].cophenetic, 1e-12);
	}
}

/* ---- the plain algorithm ---- */

/* Merge the nearest pair of all, n - 1 times, on a full matrix by the formulas of Lance and Williams. */
static void
plain(UsLinkage linkage, UsMetric metric, int n, int width, const double *x, const double *weight,
	  double *height)
{
	double	   *d = (double *) palloc(sizeof(double) * n * n);
	double	   *w = (double *) palloc(sizeof(double) * n);
	bool		squared = us_linkage_is_geometric(linkage);

	for (int i = 0; i < n; i++)
	{
		w[i] = weight ? weight[i] : 1;
		for (int j = 0; j < n; j++)
		{
			double		wj = weight ? weight[j] : 1;
			double		v = us_distance(metric, x + i * width, x + j * width, width);

			d[i * n + j] = squared ? v * v * (linkage == US_LINKAGE_WARD ? 2 * w[i] * wj / (w[i] + wj) : 1) : v;
		}
	}
	for (int k = 0; k < n - 1; k++)
	{
		int			a = -1;
		int			b = -1;

		for (int i = 0; i < n; i++)
			for (int j = i + 1; j < n; j++)
				if (w[i] > 0 && w[j] > 0 && (a < 0 || d[i * n + j] < d[a * n + b]))
				{
					a = i;
					b = j;
				}
		height[k] = squared ? sqrt(d[a * n + b]) : d[a * n + b];
		for (int i = 0; i < n; i++)
		{
			double		u = d[a * n + i];
			double		v = d[b * n + i];
			double		uv = d[a * n + b];
			double		s = w[a] + w[b];
			double		r = 0;

			switch (linkage)
			{
				case US_LINKAGE_WARD:
					r = ((w[i] + w[a]) * u + (w[i] + w[b]) * v - w[i] * uv) / (w[i] + s);
					break;
				case US_LINKAGE_COMPLETE:
					r = fmax(u, v);
					break;
				case US_LINKAGE_AVERAGE:
					r = (w[a] * u + w[b] * v) / s;
					break;
				case US_LINKAGE_SINGLE:
					r = fmin(u, v);
					break;
				case US_LINKAGE_WEIGHTED:
					r = (u + v) / 2;
					break;
				case US_LINKAGE_CENTROID:
					r = (w[a] * u + w[b] * v - w[a] * w[b] * uv / s) / s;
					break;
				case US_LINKAGE_MEDIAN:
					r = u / 2 + v / 2 - uv / 4;
					break;
			}
			if (i != a && i != b)
				d[i * n + b] = d[b * n + i] = r;
		}
		w[b] += w[a];
		w[a] = 0;
	}
	pfree(d);
	pfree(w);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : (x > y ? 1 : 0);
}

/* All linkages, metrics, storages; sizes around the blocks; with and without weights. */
UNIT_TEST(linkage_equals_the_plain_algorithm)
{
	static const int size[] = {2, 3, 8, 9, 33, 150};
	static const int widths[] = {1, 3, 8};
	UsRandom	random;

	us_random_init(&random, 7, 0);
	for (int c = 0; c < lengthof(size) * lengthof(widths) * 2; c++)
	{
		int			n = size[c % lengthof(size)];
		int			width = widths[c / lengthof(size) % lengthof(widths)];
		double	   *x = (double *) palloc(sizeof(double) * n * width);
		double	   *u = (double *) palloc(sizeof(double) * n * width);
		double	   *weight = c % 2 == 0 ? NULL : (double *) palloc(sizeof(double) * n);
		double	   *height = (double *) palloc(sizeof(double) * n);
		UsMerge    *merge = (UsMerge *) palloc(sizeof(UsMerge) * n);

		for (int i = 0; i < n * width; i++)
			x[i] = us_random_normal(&random);
		for (int i = 0; i < n; i++)
		{
			us_unit_vector(x + i * width, width, u + i * width);
			if (weight)
				weight[i] = us_random_double(&random) * 5;
		}
		for (int l = 0; l < US_LINKAGE_COUNT * 3 * 3; l++)
		{
			static const UsMetric metrics[] = {US_METRIC_EUCLIDEAN, US_METRIC_COSINE, US_METRIC_MANHATTAN};
			UsLinkage	linkage = (UsLinkage) (l % US_LINKAGE_COUNT);
			UsLinkageStorage storage = (UsLinkageStorage) (l / US_LINKAGE_COUNT % 3);
			UsMetric	metric = metrics[l / US_LINKAGE_COUNT / 3];
			double		tolerance = storage == US_LINKAGE_FLOAT4 ? 1e-5 : 1e-11;

			if (!us_linkage_can(linkage, storage) || (us_linkage_is_geometric(linkage) && metric != US_METRIC_EUCLIDEAN) ||
				(metric == US_METRIC_COSINE && width == 1))
				continue;
			run(linkage, metric, storage, n, width, metric == US_METRIC_COSINE ? u : x, weight, merge);
			plain(linkage, metric, n, width, x, weight, height);
			if (us_linkage_is_monotone(linkage))
				qsort(height, n - 1, sizeof(double), compare_doubles);
			UNIT_CHECK(us_tree_valid(merge, n));
			for (int k = 0; k < n - 1; k++)
				UNIT_CLOSE(merge[k].height, height[k], tolerance);
		}
	}
}

/* A point of weight 3 is three points at one place. */
UNIT_TEST(weights_are_equal_points)
{
	static const UsLinkage linkages[] = {US_LINKAGE_WARD, US_LINKAGE_AVERAGE, US_LINKAGE_CENTROID};
	double		x[40][2];
	double		weight[20];
	double		once[20][2];
	UsRandom	random;
	int			n = 0;

	us_random_init(&random, 11, 0);
	for (int i = 0; i < 20; i++)
	{
		once[i][0] = us_random_normal(&random);
		once[i][1] = us_random_normal(&random);
		weight[i] = 1 + i % 3;
		for (int r = 0; r < weight[i]; r++)
			memcpy(x[n++], once[i], sizeof(once[i]));
	}
	for (int l = 0; l < lengthof(linkages); l++)
		for (int s = US_LINKAGE_NO_MATRIX; s <= US_LINKAGE_FLOAT8; s++)
		{
			UsMerge		all[40];
			UsMerge		merged[20];

			if (!us_linkage_can(linkages[l], (UsLinkageStorage) s))
				continue;
			run(linkages[l], US_METRIC_EUCLIDEAN, (UsLinkageStorage) s, n, 2, &x[0][0], NULL, all);
			run(linkages[l], US_METRIC_EUCLIDEAN, (UsLinkageStorage) s, 20, 2, &once[0][0], weight, merged);
			for (int k = 0; k < n - 20; k++)
				UNIT_CLOSE(all[k].height, 0, 0);
			for (int k = 0; k < 19; k++)
				UNIT_CLOSE(merged[k].height, all[n - 20 + k].height, 1e-12);
			UNIT_CLOSE(merged[18].size, n, 0);
		}
}

/* All points in one place, and lattices full of ties: valid trees, the same with every storage. */
UNIT_TEST(ties_make_valid_trees)
{
	int			n = 343;
	double	   *x = (double *) palloc0(sizeof(double) * n * 3);
	UsMerge    *merge = (UsMerge *) palloc(sizeof(UsMerge) * n);

	for (int lattice = 0; lattice < 2; lattice++)
	{
		for (int i = 0; i < n && lattice; i++)
		{
			x[i * 3] = i % 7;
			x[i * 3 + 1] = i / 7 % 7;
			x[i * 3 + 2] = i / 49;
		}
		for (int l = 0; l < US_LINKAGE_COUNT * 3; l++)
		{
			UsLinkage	linkage = (UsLinkage) (l % US_LINKAGE_COUNT);
			UsLinkageStorage storage = (UsLinkageStorage) (l / US_LINKAGE_COUNT);

			if (!us_linkage_can(linkage, storage))
				continue;
			run(linkage, US_METRIC_EUCLIDEAN, storage, n, 3, x, NULL, merge);
			UNIT_CHECK(us_tree_valid(merge, n));
			UNIT_CLOSE(merge[n - 2].size, n, 0);
			UNIT_CLOSE(merge[0].height, lattice, 0);
		}
	}
}

/* ---- trees ---- */

UNIT_TEST(cuts_are_nested_and_ordered)
{
	UsMerge		merge[N - 1];
	UsTree	   *t;
	double		low;
	double		high;

	run(US_LINKAGE_WARD, US_METRIC_EUCLIDEAN, US_LINKAGE_FLOAT8, N, 2, &point[0][0], NULL, merge);
	t = us_tree_make(merge, N);
	for (int k = 1; k <= N; k++)
	{
		int32		label[N];

		us_tree_cut(t, k, label);
		UNIT_EQUAL_INT(label[t->order[0]], 1);
		UNIT_EQUAL_INT(label[t->order[N - 1]], k);
		us_tree_interval(t, k, &low, &high);
		UNIT_EQUAL_INT(us_tree_clusters_at(t, low), k);
		UNIT_CHECK(low < high);
	}
	UNIT_EQUAL_INT(us_tree_clusters_at(t, 1e300), 1);
	UNIT_EQUAL_INT(us_tree_clusters_at(t, 0), N);
	UNIT_EQUAL_INT(us_tree_clusters_at(t, -1), N);
}

/* An inversion: the merge above is lower; a cut between them keeps both. */
UNIT_TEST(inversions_are_cut_by_the_highest_merge_below)
{
	static const UsMerge merge[3] = {{0, 1, 2.0, 2}, {2, 4, 1.5, 3}, {3, 5, 1.75, 4}};
	UsTree	   *t = us_tree_make(merge, 4);
	int32		label[4];

	UNIT_EQUAL_INT(us_tree_clusters_at(t, 1.9), 4);
	UNIT_EQUAL_INT(us_tree_clusters_at(t, 2), 1);
	us_tree_cut(t, 2, label);
	UNIT_CHECK(label[0] == label[1] && label[1] == label[2] && label[3] != label[0]);
	us_tree_cut(t, 3, label);
	UNIT_CHECK(label[0] == label[1] && label[2] != label[0] && label[3] != label[2]);
}

UNIT_TEST(hostile_merges_are_no_tree)
{
	static const UsMerge good[2] = {{0, 1, 1, 2}, {2, 3, 2, 3}};
	static const struct
	{
		int			at;
		UsMerge		merge;
	}			bad[] = {
		{0, {0, 0, 1, 2}}, {0, {-1, 1, 1, 2}}, {0, {0, 3, 1, 2}}, {1, {0, 3, 2, 3}}, {1, {2, 4, 2, 3}},
		{1, {3, 2, 2, 3}}, {1, {2, 3, NAN, 3}}, {1, {2, 3, -1, 3}}, {0, {0, 1, INFINITY, 2}}, {1, {2, INT_MAX, 2, 3}},
	};

	UNIT_CHECK(us_tree_valid(good, 3));
	for (int i = 0; i < lengthof(bad); i++)
	{
		UsMerge		merge[2] = {good[0], good[1]};

		merge[bad[i].at] = bad[i].merge;
		UNIT_CHECK(!us_tree_valid(merge, 3));
	}
}

/* Points with masses, and some of the points only. */
UNIT_TEST(silhouettes_and_cophenetic_of_masses_and_samples)
{
	double		x[40][2];
	double		weight[20];
	double		once[20][2];
	bool		chosen[20];
	double		some[20][2];
	UsMerge		merge[40];
	UsMerge		merged[20];
	UsTreePoints all = {0, 2, US_METRIC_EUCLIDEAN, &x[0][0], NULL, NULL, NULL};
	UsTreePoints masses = {20, 2, US_METRIC_EUCLIDEAN, &once[0][0], weight, NULL, NULL};
	UsTreePoints sample = {20, 2, US_METRIC_EUCLIDEAN, &once[0][0], NULL, NULL, chosen};
	UsRandom	random;
	double		a[4];
	double		b[4];
	double		y = 0;
	double		c = 0;
	int			n = 0;
	int			m = 0;

	us_random_init(&random, 13, 0);
	for (int i = 0; i < 20; i++)
	{
		once[i][0] = us_random_normal(&random) + 3 * (i % 4);
		once[i][1] = us_random_normal(&random);
		weight[i] = 1 + i % 3;
		for (int r = 0; r < weight[i]; r++)
			memcpy(x[n++], once[i], sizeof(once[i]));
		chosen[i] = i % 3 != 0;
		if (chosen[i])
			memcpy(some[m++], once[i], sizeof(once[i]));
	}
	all.n = n;
	run(US_LINKAGE_AVERAGE, US_METRIC_EUCLIDEAN, US_LINKAGE_FLOAT8, n, 2, &x[0][0], NULL, merge);
	run(US_LINKAGE_AVERAGE, US_METRIC_EUCLIDEAN, US_LINKAGE_FLOAT8, 20, 2, &once[0][0], weight, merged);
	us_tree_silhouettes(us_tree_make(merge, n), &all, 2, 5, a);
	us_tree_silhouettes(us_tree_make(merged, 20), &masses, 2, 5, b);
	for (int k = 0; k < 4; k++)
		UNIT_CLOSE(b[k], a[k], 1e-13);

	/* single linkage of two groups of a sample: checked against the definition */
	us_tree_silhouettes(us_tree_make(merged, 20), &sample, 2, 2, a);
	{
		int32		label[20];
		double		total = 0;

		us_tree_cut(us_tree_make(merged, 20), 2, label);
		for (int i = 0; i < 20; i++)
		{
			double		sum[2] = {0};
			int			count[2] = {0};

			for (int j = 0; j < 20 && chosen[i]; j++)
				if (chosen[j] && j != i)
				{
					sum[label[j] - 1] += us_distance(US_METRIC_EUCLIDEAN, once[i], once[j], 2);
					count[label[j] - 1]++;
				}
			if (chosen[i] && count[label[i] - 1] > 0)
			{
				y = sum[label[i] - 1] / count[label[i] - 1];
				c = sum[2 - label[i]] / count[2 - label[i]];
				total += (c - y) / fmax(c, y);
			}
		}
		UNIT_CLOSE(a[0], total / m, 1e-13);
	}
}

UNIT_TEST(measures_of_degenerate_trees)
{
	static const double same[3] = {5, 5, 5};
	static const UsMerge flat[2] = {{0, 1, 0, 2}, {2, 3, 0, 3}};
	UsTreePoints points = {3, 1, US_METRIC_EUCLIDEAN, same, NULL, NULL, NULL};
	UsTreePoints one = {1, 1, US_METRIC_EUCLIDEAN, same, NULL, NULL, NULL};
	double		s[3];

	UNIT_CHECK(isnan(us_tree_cophenetic(us_tree_make(flat, 3), &points)));
	UNIT_CHECK(isnan(us_tree_cophenetic(us_tree_make(flat, 1), &one)));
	us_tree_silhouettes(us_tree_make(flat, 3), &points, 1, 3, s);
	UNIT_CHECK(isnan(s[0]));
	UNIT_CLOSE(s[1], 0, 0);
	UNIT_CLOSE(s[2], 0, 0);
	us_tree_silhouettes(us_tree_make(flat, 1), &one, 1, 1, s);
	UNIT_CHECK(isnan(s[0]));
}
