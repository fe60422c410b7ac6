/*
 * tree_shap.c
 *	  Shapley values of the answers of trees: what is known of a forest before, and the loop over its trees.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/tree_shap.h"

/* ---- what is known before ---- */

/* Splits on the way to the deepest leaf: nodes stand level by level. */
static int
depth_of(const UsTreeNode *tree, int32 n)
{
	int32		begin = 0;
	int32		end = 1;
	int			depth = 0;

	while (end < n)
	{
		int32		next = end;

		for (int32 i = begin; i < end; i++)
			next += tree[i].left != 0 ? 2 : 0;
		begin = end;
		end = next;
		depth++;
	}
	return depth;
}

/* Different columns that a tree splits; seen[width] is false before and after. */
static int
columns_of(const UsTreeNode *tree, int32 n, bool *seen)
{
	int			different = 0;

	for (int32 i = 0; i < n; i++)
		if (tree[i].left != 0 && !seen[tree[i].column])
		{
			seen[tree[i].column] = true;
			different++;
		}
	for (int32 i = 0; i < n; i++)
		if (tree[i].left != 0)
			seen[tree[i].column] = false;
	return different;
}

/* The shares of a tree's leaves in the training rows times what they say, added to the expected sums. */
static void
expect_tree(UsTreeShap *s, int t, double *reach)
{
	const UsForest *f = s->forest;
	const UsTreeNode *tree = f->node + f->root[t];
	int32		n = f->root[t + 1] - f->root[t];

	reach[0] = 1;
	for (int32 i = 0; i < n; i++)
	{
		const UsTreeNode *node = &tree[i];

		if (node->left != 0)
			for (int child = 0; child < 2; child++)
				reach[node->left + child] = reach[i] * us_shap_share(tree + node->left, child);
		else if (f->n_classes == 0)
			s->expected[t % f->n_scores] += reach[i] * node->u.value;
		else
			for (int k = 0; k < f->n_classes; k++)
				s->expected[k] += reach[i] * f->place[node->u.place * f->n_classes + k];
	}
}

static void
expect_paths(UsTreeShap *s)
{
	const UsForest *f = s->forest;
	double	   *reach;
	int32		most = 1;

	for (int t = 0; t < f->n_trees; t++)
		most = Max(most, f->root[t + 1] - f->root[t]);
	reach = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) most);
	for (int t = 0; t < f->n_trees; t++)
	{
		CHECK_FOR_INTERRUPTS();
		expect_tree(s, t, reach);
	}
	pfree(reach);
}

/* The mean of what the background rows get. */
static void
expect_background(UsTreeShap *s)
{
	int			nsums = us_forest_sums(s->forest);
	double	   *sum = palloc(sizeof(double) * nsums);

	for (int i = 0; i < s->n_background; i++)
	{
		us_forest_sum(s->forest, s->background + (Size) i * s->forest->width, 1, sum);
		for (int k = 0; k < nsums; k++)
			s->expected[k] += sum[k] / s->n_background;
	}
	pfree(sum);
}

UsTreeShap *
us_tree_shap_create(const UsForest *f, const uint8 *background, int n_background)
{
	UsTreeShap *s = palloc0(sizeof(UsTreeShap));
	bool	   *seen = palloc0(Max(f->width, 1));

	s->forest = f;
	s->background = background;
	s->n_background = n_background;
	s->points = palloc0(sizeof(int) * Max(f->n_trees, 1));
	s->expected = palloc0(sizeof(double) * us_forest_sums(f));
	for (int t = 0; t < f->n_trees; t++)
	{
		const UsTreeNode *tree = f->node + f->root[t];
		int32		n = f->root[t + 1] - f->root[t];
		int			depth = depth_of(tree, n);

		CHECK_FOR_INTERRUPTS();
		s->depth = Max(s->depth, depth);
		/* the integrand is of a degree below the number of columns on a path */
		s->points[t] = (Min(depth, columns_of(tree, n, seen)) + 1) / 2;
	}
	pfree(seen);
	if (n_background > 0)
	{
		expect_background(s);
		us_shap_background_prepare(s);
	}
	else
	{
		expect_paths(s);
		us_shap_path_prepare(s);
	}
	return s;
}

/* ---- a row ---- */

void
us_tree_shap(UsTreeShap *s, const uint8 *bin, const double *factor, double *phi)
{
	const UsForest *f = s->forest;
	int			only = -1;
	int			used = 0;

	/* an interrupt may have left marks */
	if (s->n_background > 0)
		memset(s->side, 0, f->width);
	else
		memset(s->last, 0, sizeof(uint16) * f->width);
	for (int k = 0; k < f->n_classes; k++)
		if (factor[k] != 0)
		{
			only = k;
			used++;
		}
	if (used != 1)
		only = -1;
	for (int t = 0; t < f->n_trees; t++)
	{
		const double *of_tree = f->n_classes > 0 ? factor : &factor[t % f->n_scores];

		CHECK_FOR_INTERRUPTS();
		if (f->node[f->root[t]].left == 0 || (f->n_classes == 0 && *of_tree == 0))
			continue;
		if (s->n_background > 0)
			us_shap_background(s, t, bin, of_tree, only, phi);
		else
			us_shap_path(s, t, bin, of_tree, only, phi);
	}
}
