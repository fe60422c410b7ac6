/*
 * tree_walk.c
 *	  Rows go down trees.
 *
 * A step does not ask whether it stands on a leaf: a leaf is its own left child, and no bin
 * goes right of it.  So many walks can go on side by side without a branch that depends on the
 * data, and their loads overlap.  A block of rows goes through one tree after the other, so
 * that the steps of a tree stay in the cache; a single row goes through many trees at a time.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "learn/tree.h"

/* walks side by side */
#define ABREAST		16

/* rows between two looks at the values of their leaves */
#define TILE		256

/* classes up to which distributions are kept by node, so that a leaf costs one miss of the cache */
#define MOST_SPREAD	4

/* levels that a walk goes down before it looks whether all have come to a leaf */
#define LEVELS		4

/* A step in 64 bits: left child (counted from the first node of all trees), column, bin up to which rows go left, what is added to bins before, a set? */
#define STEP(left, column, bin, shift, set) \
	((UsTreeStep) (uint32) (left) | (UsTreeStep) (column) << 32 | (UsTreeStep) (bin) << 48 | (UsTreeStep) (shift) << 56 | (UsTreeStep) (set) << 57)
#define STEP_LEFT(s)	((int32) (uint32) (s))
#define STEP_COLUMN(s)	((uint16) ((s) >> 32))
#define STEP_BIN(s)		((uint8) ((s) >> 48))
#define STEP_SHIFT(s)	((uint8) ((s) >> 56))	/* only where it is no set */
#define STEP_SET		(UINT64CONST(1) << 57)

void
us_tree_steps(const UsTreeNode *node, int32 n, int32 first, UsTreeStep *step)
{
	for (int32 i = 0; i < n; i++)
	{
		const UsTreeNode *at = &node[i];
		int32		left = first + (at->left == 0 ? i : at->left);

		if (at->left == 0)
			step[i] = STEP(left, 0, 255, 0, 0);
		else if (at->flags & US_NODE_SET)
			step[i] = STEP(left, at->column, 0, 0, 1);
		else
		{
			/* where missing values go left, bins count from the missing one, 255 + 1 = 0 */
			uint8		shift = (at->flags & US_NODE_MISSING_LEFT) != 0;

			step[i] = STEP(left, at->column, at->bin + shift, shift, 0);
		}
	}
}

int
us_tree_depth(const UsTreeNode *node, int32 n)
{
	int			depth = 0;

	/* nodes stand level by level */
	for (int32 begin = 0, end = 1; end < n; depth++)
	{
		int32		next = end;

		for (int32 i = begin; i < end; i++)
			next += node[i].left != 0 ? 2 : 0;
		begin = end;
		end = next;
	}
	return depth;
}

/* What the leaves say, by node: side by side with the steps, and nothing else of the nodes. */
static void
spread_leaves(UsForest *f, Size n)
{
	if (f->n_classes == 0)
		f->value = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max(n, 1));
	else if (f->n_classes <= MOST_SPREAD)
		f->spread = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * f->n_classes * Max(n, 1));
	else
		return;
	for (Size i = 0; i < n; i++)
	{
		const UsTreeNode *node = &f->node[i];

		if (f->value)
			f->value[i] = node->left == 0 ? node->u.value : 0;
		else
			for (int k = 0; k < f->n_classes; k++)
				f->spread[i * f->n_classes + k] = node->left == 0 ? f->place[node->u.place * f->n_classes + k] : 0;
	}
}

void
us_forest_prepare(UsForest *f)
{
	Size		n = (Size) f->root[f->n_trees];

	f->step = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeStep) * Max(n, 1));
	f->depth = palloc(sizeof(uint16) * Max(f->n_trees, 1));
	for (int t = 0; t < f->n_trees; t++)
	{
		int32		nodes = f->root[t + 1] - f->root[t];

		us_tree_steps(f->node + f->root[t], nodes, f->root[t], f->step + f->root[t]);
		f->depth[t] = (uint16) us_tree_depth(f->node + f->root[t], nodes);
	}
	spread_leaves(f, n);
	if (f->n_samples == 0)
		return;
	f->leaf_number = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * Max(n, 1));
	for (Size i = 0, leaves = 0; i < n; i++)
	{
		f->leaf_number[i] = (int32) leaves;
		leaves += f->node[i].left == 0;
	}
}

int32
us_tree_leaves(const UsTreeNode *node, Size n)
{
	int32		leaves = 0;

	for (Size i = 0; i < n; i++)
		leaves += node[i].left == 0;
	return leaves;
}

void
us_forest_bins(const UsForest *f, const double *x, uint8 *bin)
{
	for (int c = 0; c < f->width; c++)
		bin[c] = us_tree_bin(&f->column[c], x[c], US_TREE_MISSING);
}

void
us_forest_bins_block(const UsForest *f, const double *x, int stride, int nrows, uint8 *bin)
{
	for (int c = 0; c < f->width; c++)
		us_tree_bin_block(&f->column[c], x + (Size) c * stride, nrows, US_TREE_MISSING, bin + c, f->width);
}

/* The node after node i, both counted from the first of all trees. */
static inline int32
next_node(const UsForest *f, int32 i, const uint8 *bin, bool sets)
{
	UsTreeStep	s = f->step[i];
	uint8		b = bin[STEP_COLUMN(s)];

	if (sets && (s & STEP_SET))
		return STEP_LEFT(s) + !us_node_left(f->node + i, f->set, b, US_TREE_MISSING);
	return STEP_LEFT(s) + ((uint8) (b + STEP_SHIFT(s)) > STEP_BIN(s));
}

/* ABREAST walks from nodes at[] down to leaves, at most depth levels, of rows bin[], or all of the first one. */
static inline void
walk(const UsForest *f, int depth, const uint8 *const *bin, bool one_row, bool sets, int32 *at)
{
	int32		before[ABREAST];

	for (; depth > 0; depth -= LEVELS)
	{
		int			levels = Min(depth, LEVELS);

		memcpy(before, at, sizeof(before));
		for (int l = 0; l < levels; l++)
			for (int i = 0; i < ABREAST; i++)
				at[i] = next_node(f, at[i], bin[one_row ? 0 : i], sets);
		if (memcmp(before, at, sizeof(before)) == 0)
			break;
	}
}

const UsTreeNode *
us_forest_leaf(const UsForest *f, int t, const uint8 *bin)
{
	int32		i = f->root[t];
	int32		next;

	while ((next = next_node(f, i, bin, true)) != i)
		i = next;
	return f->node + i;
}

void
us_forest_samples(const UsForest *f, const uint8 *bin, double *out)
{
	for (int t = 0; t < f->n_trees; t++)
	{
		Size		leaf = f->leaf_number[us_forest_leaf(f, t, bin) - f->node];

		for (int k = 0; k < f->n_samples; k++)
			out[(Size) t * f->n_samples + k] = f->sample[leaf * f->n_samples + k];
	}
}

void
us_forest_leaves(const UsForest *f, int t, const uint8 *bin, const int *row, int n, int32 *leaf)
{
	int			depth = f->depth ? f->depth[t] : US_TREE_DEPTH;

	for (int from = 0; from < n; from += ABREAST)
	{
		int			m = Min(ABREAST, n - from);
		const uint8 *bins[ABREAST];
		int32		at[ABREAST];

		/* the last walk once more for those that are missing */
		for (int i = 0; i < ABREAST; i++)
		{
			int			r = from + Min(i, m - 1);

			bins[i] = bin + (Size) (row ? row[r] : r) * f->width;
			at[i] = f->root[t];
		}
		if (f->n_sets > 0)
			walk(f, depth, bins, false, true, at);
		else
			walk(f, depth, bins, false, false, at);
		memcpy(leaf + from, at, sizeof(int32) * m);
	}
}

/* What the leaf of tree t at a node says, to the sums of a row. */
static inline void
add_leaf(const UsForest *f, int t, int32 node, double *sum)
{
	if (f->value)
		sum[t % f->n_scores] += f->value[node];
	else if (f->n_classes > 0)
	{
		const float *p = f->spread ? f->spread + (Size) node * f->n_classes :
			f->place + f->node[node].u.place * f->n_classes;

		for (int k = 0; k < f->n_classes; k++)
			sum[k] += p[k];
	}
	else
		sum[t % f->n_scores] += f->node[node].u.value;
}

void
us_forest_add_leaf(const UsForest *f, int t, int32 leaf, double *sum)
{
	add_leaf(f, t, leaf, sum);
}

/* The sums of one row: trees go on side by side, and are added one after the other. */
static inline void
sum_row(const UsForest *f, const uint8 *bin, bool sets, double *sum)
{
	for (int t = 0; t < f->n_trees; t += ABREAST)
	{
		int			n = Min(ABREAST, f->n_trees - t);
		int			depth = 0;
		int32		at[ABREAST];

		for (int i = 0; i < ABREAST; i++)
		{
			int			tree = t + Min(i, n - 1);

			at[i] = f->root[tree];
			depth = Max(depth, f->depth[tree]);
		}
		walk(f, depth, &bin, true, sets, at);
		if (f->value && f->n_scores == 1)
		{
			/* a sum that stays in a register */
			double		total = sum[0];

			for (int i = 0; i < n; i++)
				total += f->value[at[i]];
			sum[0] = total;
		}
		else
			for (int i = 0; i < n; i++)
				add_leaf(f, t + i, at[i], sum);
	}
}

/* The sums of a block of rows: one tree after the other. */
static void
sum_block(const UsForest *f, const uint8 *bin, int nrows, double *sum)
{
	int			nsums = us_forest_sums(f);
	int32		leaf[TILE];

	for (int t = 0; t < f->n_trees; t++)
	{
		if (t % 16 == 0)
			CHECK_FOR_INTERRUPTS();
		for (int from = 0; from < nrows; from += TILE)
		{
			int			n = Min(TILE, nrows - from);
			double	   *to = sum + (Size) from * nsums;

			us_forest_leaves(f, t, bin + (Size) from * f->width, NULL, n, leaf);
			if (f->value && nsums == 1)
				for (int i = 0; i < n; i++)
					to[i] += f->value[leaf[i]];
			else if (f->spread && nsums == 2)
				for (int i = 0; i < n; i++)
				{
					to[2 * i] += f->spread[2 * (Size) leaf[i]];
					to[2 * i + 1] += f->spread[2 * (Size) leaf[i] + 1];
				}
			else
				for (int i = 0; i < n; i++)
					add_leaf(f, t, leaf[i], to + (Size) i * nsums);
		}
	}
}

void
us_forest_sum(const UsForest *f, const uint8 *bin, int nrows, double *sum)
{
	int			nsums = us_forest_sums(f);

	memset(sum, 0, sizeof(double) * nrows * nsums);
	if (nrows >= ABREAST / 2 || f->depth == NULL)
	{
		sum_block(f, bin, nrows, sum);
		return;
	}
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < nrows; i++)
	{
		if (f->n_sets > 0)
			sum_row(f, bin + (Size) i * f->width, true, sum + (Size) i * nsums);
		else
			sum_row(f, bin + (Size) i * f->width, false, sum + (Size) i * nsums);
	}
}
