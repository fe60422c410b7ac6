/*
 * test_tree_shap.c
 *	  Shapley values of trees against the definition: all subsets of columns, on random trees.
 */
#include "postgres.h"

#include <math.h>

#include "learn/tree_shap.h"
#include "unit.h"
#include "unit_forest.h"

/* ---- the definition ---- */

static double
leaf_value(const UsForest *f, int t, const UsTreeNode *leaf, const double *factor)
{
	double		sum = 0;

	if (f->n_classes == 0)
		return leaf->u.value * factor[t % f->n_scores];
	for (int k = 0; k < f->n_classes; k++)
		sum += f->place[leaf->u.place * f->n_classes + k] * factor[k];
	return sum;
}

/* What tree t says when the columns of a set are known: algorithm 1 of Lundberg et al. 2018. */
static double
expected_value(const UsForest *f, int t, const UsTreeNode *node, const uint8 *bin, unsigned set, const double *factor)
{
	const UsTreeNode *left = f->node + f->root[t] + node->left;
	double		a;
	double		b;
	double		both;

	if (node->left == 0)
		return leaf_value(f, t, node, factor);
	if ((set >> node->column) & 1)
		return expected_value(f, t, us_node_left(node, f->set, bin[node->column], US_TREE_MISSING) ? left : left + 1, bin, set, factor);
	a = expected_value(f, t, left, bin, set, factor);
	b = expected_value(f, t, left + 1, bin, set, factor);
	both = (double) left[0].cover + left[1].cover;
	return both > 0 ? (a * left[0].cover + b * left[1].cover) / both : (a + b) / 2;
}

static double
game(const UsForest *f, const uint8 *bin, const uint8 *background, int n_background, unsigned set, const double *factor)
{
	double		sum = 0;

	for (int t = 0; t < f->n_trees; t++)
	{
		for (int i = 0; i < n_background; i++)
		{
			uint8		mixed[UNIT_COLUMNS];

			for (int c = 0; c < UNIT_COLUMNS; c++)
				mixed[c] = (set >> c) & 1 ? bin[c] : background[i * UNIT_COLUMNS + c];
			sum += leaf_value(f, t, us_forest_leaf(f, t, mixed), factor) / n_background;
		}
		if (n_background == 0)
			sum += expected_value(f, t, f->node + f->root[t], bin, set, factor);
	}
	return sum;
}

/* L. Shapley, "A value for n-person games" (1953): sums over all sets without the column. */
static void
shapley(const double *value, double *phi)
{
	static const double factorial[] = {1, 1, 2, 6, 24, 120, 720};

	for (int c = 0; c < UNIT_COLUMNS; c++)
	{
		phi[c] = 0;
		for (unsigned set = 0; set < 1u << UNIT_COLUMNS; set++)
		{
			int			size = 0;

			if ((set >> c) & 1)
				continue;
			for (int j = 0; j < UNIT_COLUMNS; j++)
				size += (set >> j) & 1;
			phi[c] += factorial[size] * factorial[UNIT_COLUMNS - size - 1] / factorial[UNIT_COLUMNS] *
				(value[set | (1u << c)] - value[set]);
		}
	}
}

static double
compare(UsRandom *random, int n_trees, int depth, int n_classes, int n_scores, int n_background, bool empty)
{
	UsForest   *f = unit_forest(random, n_trees, depth, n_classes, n_scores, empty, UNIT_BINS);
	int			nsums = us_forest_sums(f);
	uint8		background[8 * UNIT_COLUMNS];
	uint8		bin[UNIT_COLUMNS];
	double		factor[4] = {0};
	double		value[1 << UNIT_COLUMNS];
	double		want[UNIT_COLUMNS];
	double		phi[UNIT_COLUMNS] = {0};
	double		sum[4];
	double		rest = 0;
	double		worst = 0;
	UsTreeShap *s;

	for (int i = 0; i < n_background; i++)
		unit_forest_row(random, f, background + i * UNIT_COLUMNS);
	unit_forest_row(random, f, bin);
	/* one sum alone, or several together */
	if (us_random_below(random, 2))
		factor[us_random_below(random, nsums)] = 0.5;
	else
		for (int k = 0; k < nsums; k++)
			factor[k] = (double) us_random_below(random, 20) / 10 - 1;
	for (unsigned set = 0; set < 1u << UNIT_COLUMNS; set++)
		value[set] = game(f, bin, background, n_background, set, factor);
	shapley(value, want);
	s = us_tree_shap_create(f, background, n_background);
	us_tree_shap(s, bin, factor, phi);
	us_forest_sum(f, bin, 1, sum);
	for (int k = 0; k < nsums; k++)
		rest += factor[k] * (sum[k] - s->expected[k]);
	for (int c = 0; c < UNIT_COLUMNS; c++)
	{
		worst = fmax(worst, fabs(phi[c] - want[c]));
		rest -= phi[c];
	}
	return fmax(worst, fabs(rest));
}

UNIT_TEST(tree_shap_equals_all_subsets)
{
	UsRandom	random;

	us_random_init(&random, 7, 0);
	for (int i = 0; i < 400; i++)
	{
		bool		empty = i % 3 == 0;
		int			depth = 1 + i % 7;

		UNIT_CHECK(compare(&random, 1, depth, 0, 1, 0, empty) < 1e-12);
		UNIT_CHECK(compare(&random, 1 + i % 4, depth, 2, 0, 0, empty) < 1e-12);
		UNIT_CHECK(compare(&random, 1 + i % 4, depth, 3, 0, 0, empty) < 1e-12);
		UNIT_CHECK(compare(&random, 6, depth, 0, 3, 0, empty) < 1e-11);
	}
}

UNIT_TEST(tree_shap_with_background_equals_all_subsets)
{
	UsRandom	random;

	us_random_init(&random, 8, 0);
	for (int i = 0; i < 400; i++)
	{
		int			depth = 1 + i % 7;

		UNIT_CHECK(compare(&random, 1, depth, 0, 1, 1, false) < 1e-12);
		UNIT_CHECK(compare(&random, 1 + i % 4, depth, 2, 0, 1 + i % 8, false) < 1e-12);
		UNIT_CHECK(compare(&random, 3, depth, 3, 0, 5, true) < 1e-12);
		UNIT_CHECK(compare(&random, 6, depth, 0, 3, 8, false) < 1e-11);
	}
}

/* A chain: split i sends a share to a leaf and the row on; all columns different, or every one again and again. */
static UsForest *
chain(int depth, int width, float share)
{
	UsForest   *f = palloc0(sizeof(UsForest));

	f->width = width;
	f->column = palloc0(sizeof(UsTreeColumn) * width);
	for (int c = 0; c < width; c++)
		f->column[c].nbins = 2;
	f->n_scores = f->n_trees = 1;
	f->root = palloc0(sizeof(int32) * 2);
	f->root[1] = 2 * depth + 1;
	f->node = palloc0(sizeof(UsTreeNode) * f->root[1]);
	f->node[0].cover = 1000;
	for (int i = 0; i < depth; i++)
	{
		/* children stand at 2 i + 1: a leaf, and the next split */
		UsTreeNode *node = &f->node[2 * i];

		node->left = 2 * i + 1;
		node->column = (uint16) (i % width);
		node->bin = 0;
		node[1] = (UsTreeNode) {.cover = node->cover * share, .u.value = i};
		node[2] = (UsTreeNode) {.cover = node->cover * (1 - share)};
		node[2].u.value = depth;
	}
	us_forest_prepare(f);
	return f;
}

UNIT_TEST(tree_shap_of_the_deepest_tree)
{
	for (int width = 3; width <= US_TREE_DEPTH; width += 997)
	{
		UsForest   *f = chain(US_TREE_DEPTH, width, width == 3 ? 0.01f : 0.001f);
		uint8	   *bin = palloc(width);
		uint8	   *background = palloc0(2 * (Size) width);
		double	   *phi = palloc0(sizeof(double) * width);
		double		one = 1;

		memset(bin, 1, width);
		memset(background, 1, width);
		background[width / 2] = 0;
		for (int n = 0; n <= 2; n += 2)
		{
			UsTreeShap *s = us_tree_shap_create(f, background, n);
			double		sum = 0;

			memset(phi, 0, sizeof(double) * width);
			us_tree_shap(s, bin, &one, phi);
			for (int c = 0; c < width; c++)
			{
				UNIT_CHECK(isfinite(phi[c]) && phi[c] >= 0);
				sum += phi[c];
			}
			UNIT_CLOSE(sum, US_TREE_DEPTH - s->expected[0], 1e-11);
		}
	}
}

/* One column with n - 1 others that are as good: each has a share of 1/n of what all together say. */
UNIT_TEST(tree_shap_of_equal_columns)
{
	int			n = 40;
	UsForest   *f = chain(n, n, 0.5f);
	uint8		bin[40];
	double		phi[40] = {0};
	double		one = 1;
	UsTreeShap *s;

	/* only the last leaf says something: the product of all columns, a symmetric game */
	for (int i = 0; i < n; i++)
		f->node[2 * i + 1].u.value = 0;
	f->node[2 * n].u.value = 1;
	memset(bin, 1, n);
	s = us_tree_shap_create(f, NULL, 0);
	us_tree_shap(s, bin, &one, phi);
	for (int c = 0; c < n; c++)
		UNIT_CLOSE(phi[c], (1 - pow(0.5, n)) / n, 1e-13);
}

/* Written and read again; a deeper tree, and bins out of range, are refused. */
UNIT_TEST(trees_deeper_than_the_limit_are_refused)
{
	for (volatile int depth = US_TREE_DEPTH; depth <= US_TREE_DEPTH + 1; depth++)
	{
		UsForest   *f = chain(depth, 5, 0.001f);
		UsWriter	w;
		UsReader	r;

		for (int c = 0; c < 5; c++)
			f->column[c].threshold = palloc0(sizeof(double));
		us_writer_init(&w);
		us_forest_write(f, &w);
		us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "trees");
		if (depth == US_TREE_DEPTH)
			UNIT_EQUAL_INT(us_forest_read(&r, 5)->root[1], 2 * depth + 1);
		else
			UNIT_ERROR(us_forest_read(&r, 5), ERRCODE_INVALID_BINARY_REPRESENTATION, "more than 1000 levels");
	}
}
