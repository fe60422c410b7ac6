/*
 * test_tree_walk.c
 *	  Rows on their way down trees: side by side, alone, in any number, as the nodes say.
 */
#include "postgres.h"

#include "unit.h"
#include "unit_forest.h"

#define ROWS	300

/* The leaf, asked node by node. */
static int32
leaf_of(const UsForest *f, int t, const uint8 *bin)
{
	int32		i = f->root[t];

	while (f->node[i].left != 0)
		i = f->root[t] + f->node[i].left +
			(us_node_left(&f->node[i], f->set, bin[f->node[i].column], US_TREE_MISSING) ? 0 : 1);
	return i;
}

static void
sums_of(const UsForest *f, const uint8 *bin, double *sum)
{
	for (int k = 0; k < us_forest_sums(f); k++)
		sum[k] = 0;
	for (int t = 0; t < f->n_trees; t++)
	{
		const UsTreeNode *leaf = &f->node[leaf_of(f, t, bin)];

		if (f->n_classes == 0)
			sum[t % f->n_scores] += leaf->u.value;
		else
			for (int k = 0; k < f->n_classes; k++)
				sum[k] += f->place[leaf->u.place * f->n_classes + k];
	}
}

/* Forests of some trees, with leaves of values or distributions, deep, or without a split. */
static void
check_walks(UsRandom *random, int n_trees, int depth, int n_classes, int n_scores, bool native)
{
	UsForest   *f = unit_forest(random, n_trees, depth, n_classes, n_scores, false, US_TREE_BINS);
	int			nsums = us_forest_sums(f);
	uint8	   *bin = palloc(ROWS * UNIT_COLUMNS);
	double	   *expected = palloc(sizeof(double) * ROWS * nsums);
	double	   *sum = palloc(sizeof(double) * ROWS * nsums);
	const int	counts[] = {1, 2, 7, 8, 15, 16, 17, ROWS};
	int			row[ROWS];
	int32		leaf[ROWS];

	for (int32 i = 0; !native && i < f->root[n_trees]; i++)
		f->node[i].flags &= US_NODE_MISSING_LEFT;
	if (!native)
	{
		f->n_sets = 0;
		us_forest_prepare(f);
	}
	for (int i = 0; i < ROWS; i++)
	{
		unit_forest_row(random, f, bin + i * UNIT_COLUMNS);
		sums_of(f, bin + i * UNIT_COLUMNS, expected + i * nsums);
		row[i] = ROWS - 1 - i;
	}
	for (int c = 0; c < lengthof(counts); c++)
	{
		us_forest_sum(f, bin, counts[c], sum);
		UNIT_CHECK(memcmp(sum, expected, sizeof(double) * counts[c] * nsums) == 0);
	}
	for (int t = 0; t < n_trees; t++)
	{
		us_forest_leaves(f, t, bin, row, 21, leaf);
		for (int i = 0; i < 21; i++)
		{
			int32		node = leaf_of(f, t, bin + row[i] * UNIT_COLUMNS);

			UNIT_CHECK(leaf[i] == node);
			UNIT_CHECK(us_forest_leaf(f, t, bin + row[i] * UNIT_COLUMNS) == f->node + node);
		}
	}
}

UNIT_TEST(walks_end_where_the_nodes_lead)
{
	UsRandom	random;

	us_random_init(&random, 5, 0);
	for (int i = 0; i < 8; i++)
	{
		check_walks(&random, 1, 6, 0, 1, i % 2);
		check_walks(&random, 37, 6, 0, 1, i % 2);
		check_walks(&random, 36, 5, 0, 3, i % 2);
		check_walks(&random, 20, 6, 2, 0, i % 2);
		check_walks(&random, 17, 4, 6, 0, i % 2);
		check_walks(&random, 5, 0, 2, 0, i % 2);
	}
}

/* A tree that is a chain: as many levels as there may be. */
UNIT_TEST(walks_go_to_the_bottom)
{
	int32		n = 2 * US_TREE_DEPTH + 1;
	UsTreeColumn column = {.nbins = 3};
	UsForest	f = {.width = 1, .column = &column, .n_scores = 1, .n_trees = 1};
	int32		root[2] = {0, n};
	uint8		bin[20];
	double		sum[20];

	f.root = root;
	f.node = palloc0(sizeof(UsTreeNode) * n);
	for (int32 i = 0; i < n; i++)
	{
		bool		inner = i % 2 == 0 && i < n - 1;

		f.node[i] = (UsTreeNode) {.left = inner ? i + 1 : 0, .bin = 0, .flags = inner ? US_NODE_MISSING_LEFT : 0};
		if (!inner)
			f.node[i].u.value = i;
	}
	us_forest_prepare(&f);
	UNIT_CHECK(us_tree_depth(f.node, n) == US_TREE_DEPTH);
	for (int i = 0; i < 20; i++)
		bin[i] = i % 3 == 0 ? 2 : i % 3 == 1 ? 0 : US_TREE_MISSING;
	for (int rows = 1; rows <= 20; rows += 19)
	{
		us_forest_sum(&f, bin, rows, sum);
		for (int i = 0; i < rows; i++)
			UNIT_CHECK(sum[i] == (i % 3 == 0 ? n - 1 : 1));
	}
}
