/*
 * unit_forest.h
 *	  Random forests, and rows of bins, for tests of what is done with trees.
 */
#ifndef UNIT_FOREST_H
#define UNIT_FOREST_H

#include "learn/tree.h"
#include "math/random.h"

#define UNIT_COLUMNS	6
#define UNIT_BINS	5

/* A split or leaf below which depth more levels may follow; nodes are added level by level, like those of a trained tree. */
static inline void
unit_tree(UsRandom *random, UsForest *f, int depth, bool empty)
{
	int32		first = f->root[f->n_trees];
	UsTreeNode *tree = f->node + first;
	int			level[256] = {0};
	int32		n = 1;

	tree[0] = (UsTreeNode) {.cover = (float) us_random_below(random, 1000) + 1};
	for (int32 i = 0; i < n; i++)
	{
		UsTreeNode *node = &tree[i];

		if (level[i] < depth && (i == 0 || us_random_below(random, 5) > 0) && n + 2 <= 127)
		{
			double		share = us_random_below(random, 999) / 1000.0;

			if (empty && us_random_below(random, 4) == 0)
				share = us_random_below(random, 2);
			node->left = n;
			node->column = (uint16) us_random_below(random, UNIT_COLUMNS);
			node->bin = (uint8) us_random_below(random, f->column[node->column].nbins);
			node->flags = us_random_below(random, 2) ? US_NODE_MISSING_LEFT : 0;
			if (f->column[node->column].native)
			{
				node->flags |= US_NODE_SET;
				f->set[f->n_sets] = (UsTreeSet) {{(uint64) us_random_below(random, 1 << UNIT_BINS)}};
				node->u.place = f->n_sets++;
			}
			for (int c = 0; c < 2; c++)
			{
				tree[n + c] = (UsTreeNode) {.cover = (float) (node->cover * (c == 0 ? share : 1 - share))};
				level[n + c] = level[i] + 1;
			}
			n += 2;
		}
		else if (f->n_classes == 0)
			node->u.value = (double) us_random_below(random, 2000) / 100 - 10;
		else
		{
			float	   *place = f->place + f->n_places * f->n_classes;
			double		sum = 0;

			node->u.place = f->n_places++;
			for (int k = 0; k < f->n_classes; k++)
				sum += place[k] = (float) us_random_below(random, 100) + 1;
			for (int k = 0; k < f->n_classes; k++)
				place[k] = (float) (place[k] / sum);
		}
	}
	f->root[++f->n_trees] = first + n;
}

static inline UsForest *
unit_forest(UsRandom *random, int n_trees, int depth, int n_classes, int n_scores, bool empty, int first_bins)
{
	UsForest   *f = palloc0(sizeof(UsForest));

	f->width = UNIT_COLUMNS;
	f->column = palloc0(sizeof(UsTreeColumn) * UNIT_COLUMNS);
	for (int c = 0; c < UNIT_COLUMNS; c++)
	{
		f->column[c].native = c % 3 == 2;
		f->column[c].nbins = c == 0 ? first_bins : UNIT_BINS;
	}
	f->n_classes = n_classes;
	f->n_scores = n_scores;
	f->root = palloc0(sizeof(int32) * (n_trees + 1));
	f->node = palloc0(sizeof(UsTreeNode) * 128 * n_trees);
	f->set = palloc0(sizeof(UsTreeSet) * 128 * n_trees);
	f->place = palloc0(sizeof(float) * 128 * n_trees * Max(n_classes, 1));
	for (int t = 0; t < n_trees; t++)
		unit_tree(random, f, depth, empty);
	us_forest_prepare(f);
	return f;
}

static inline void
unit_forest_row(UsRandom *random, const UsForest *f, uint8 *bin)
{
	for (int c = 0; c < UNIT_COLUMNS; c++)
	{
		int			b = us_random_below(random, f->column[c].nbins + 1);

		bin[c] = (uint8) (b == f->column[c].nbins ? US_TREE_MISSING : b);
	}
}

#endif
