/*
 * tree_model.c
 *	  Trees as they are stored.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/tree.h"

#define FORMAT		2

/* most of each when a stored model is read */
#define MAX_TREES	100000
#define MAX_NODES	(1 << 28)

void
us_forest_write(const UsForest *f, UsWriter *w)
{
	us_write_u8(w, FORMAT);
	us_write_u32(w, f->width);
	for (int c = 0; c < f->width; c++)
	{
		us_write_u8(w, f->column[c].native);
		us_write_u8(w, f->column[c].nbins);
		for (int b = 0; !f->column[c].native && b < f->column[c].nbins - 1; b++)
			us_write_f64(w, f->column[c].threshold[b]);
	}
	us_write_u32(w, f->n_classes);
	us_write_u32(w, f->n_scores);
	us_write_u32(w, f->n_trees);
	for (int t = 0; t < f->n_trees; t++)
		us_write_u32(w, f->root[t + 1] - f->root[t]);
	us_write_u32(w, f->n_sets);
	us_write_u32(w, f->n_places);
	for (int32 i = 0; i < f->root[f->n_trees]; i++)
	{
		const UsTreeNode *n = &f->node[i];

		us_write_i32(w, n->left);
		us_write_f32(w, n->cover);
		if (n->left == 0)
		{
			if (f->n_classes > 0)
				us_write_u32(w, n->u.place);
			else
				us_write_f64(w, n->u.value);
			continue;
		}
		us_write_u16(w, n->column);
		us_write_u8(w, n->bin);
		us_write_u8(w, n->flags);
		us_write_f32(w, n->gain);
		if (n->flags & US_NODE_SET)
			us_write_u32(w, n->u.place);
	}
	for (int64 i = 0; i < f->n_sets; i++)
		for (int b = 0; b < 4; b++)
			us_write_u64(w, f->set[i].bit[b]);
	for (int64 i = 0; i < f->n_places * f->n_classes; i++)
		us_write_f32(w, f->place[i]);
	us_write_u8(w, (uint8) f->n_samples);
	if (f->n_samples > 0)
		for (Size i = 0, n = (Size) us_tree_leaves(f->node, f->root[f->n_trees]) * f->n_samples; i < n; i++)
			us_write_f32(w, f->sample[i]);
}

static void
read_columns(UsReader *r, UsForest *f)
{
	f->column = palloc0(Max(f->width, 1) * sizeof(UsTreeColumn));
	for (int c = 0; c < f->width; c++)
	{
		UsTreeColumn *column = &f->column[c];
		uint8		native = us_read_u8(r);

		column->nbins = us_read_u8(r);
		if (native > 1 || column->nbins < 1)
			us_corrupt(r, "column %d of %d bins", c + 1, column->nbins);
		column->native = native;
		if (native)
			continue;
		column->threshold = palloc(column->nbins * sizeof(double));
		for (int b = 0; b < column->nbins - 1; b++)
		{
			column->threshold[b] = us_read_f64(r);
			if (!isfinite(column->threshold[b]) ||
				(b > 0 && column->threshold[b] <= column->threshold[b - 1]))
				us_corrupt(r, "thresholds of column %d do not ascend", c + 1);
		}
	}
}

/* Node i of a tree of n; next is the first node that no parent has claimed yet. */
static void
read_node(UsReader *r, const UsForest *f, UsTreeNode *node, int32 i, int32 n, int32 *next)
{
	node->left = us_read_i32(r);
	node->cover = us_read_f32(r);
	if (!isfinite(node->cover) || node->cover < 0)
		us_corrupt(r, "node with cover %g", node->cover);
	if (node->left == 0)
	{
		if (f->n_classes == 0)
		{
			node->u.value = us_read_f64(r);
			if (!isfinite(node->u.value))
				us_corrupt(r, "leaf without a finite value");
			return;
		}
		node->u.place = us_read_u32(r);
		if (node->u.place >= f->n_places)
			us_corrupt(r, "leaf with distribution " INT64_FORMAT " of " INT64_FORMAT, node->u.place, f->n_places);
		return;
	}
	/* children are numbered as their parents come: then there is no cycle and no second parent */
	if (node->left != *next || node->left > n - 2)
		us_corrupt(r, "node %d of %d has children at %d", i, n, node->left);
	*next += 2;
	node->column = us_read_u16(r);
	node->bin = us_read_u8(r);
	node->flags = us_read_u8(r);
	node->gain = us_read_f32(r);
	if (node->column >= f->width || node->flags > (US_NODE_MISSING_LEFT | US_NODE_SET) ||
		!isfinite(node->gain) || node->bin >= f->column[node->column].nbins ||
		((node->flags & US_NODE_SET) != 0) != f->column[node->column].native)
		us_corrupt(r, "node %d splits column %d at bin %d", i, node->column + 1, node->bin);
	if (node->flags & US_NODE_SET)
	{
		node->u.place = us_read_u32(r);
		if (node->u.place >= f->n_sets)
			us_corrupt(r, "node with set " INT64_FORMAT " of " INT64_FORMAT, node->u.place, f->n_sets);
	}
}

/* Nodes stand level by level: how many levels there are. */
static void
check_depth(UsReader *r, const UsTreeNode *tree, int32 n)
{
	int32		begin = 0;
	int32		end = 1;

	for (int depth = 0; end < n; depth++)
	{
		int32		next = end;

		if (depth == US_TREE_DEPTH)
			us_corrupt(r, "tree of more than %d levels", US_TREE_DEPTH);
		for (int32 i = begin; i < end; i++)
			next += tree[i].left != 0 ? 2 : 0;
		begin = end;
		end = next;
	}
}

static void
read_distributions(UsReader *r, UsForest *f)
{
	f->place = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * (Size) Max(f->n_places * f->n_classes, 1));
	for (int64 i = 0; i < f->n_places; i++)
	{
		double		sum = 0;

		for (int k = 0; k < f->n_classes; k++)
		{
			float		p = us_read_f32(r);

			if (!(p >= 0 && p <= 1))
				us_corrupt(r, "probability %g", p);
			f->place[i * f->n_classes + k] = p;
			sum += p;
		}
		if (fabs(sum - 1) > 1e-3)
			us_corrupt(r, "probabilities that sum to %g", sum);
	}
}

static void
read_samples(UsReader *r, UsForest *f)
{
	Size		n = us_tree_leaves(f->node, f->root[f->n_trees]);

	f->n_samples = us_read_u8(r);
	n *= f->n_samples;
	if (f->n_samples > US_TREE_SAMPLES || (f->n_samples > 0 && f->n_classes > 0) || n > (r->len - r->pos) / sizeof(float))
		us_corrupt(r, "%d samples of a leaf", f->n_samples);
	if (n == 0)
		return;
	f->sample = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * n);
	for (Size i = 0; i < n; i++)
	{
		f->sample[i] = us_read_f32(r);
		if (!isfinite(f->sample[i]))
			us_corrupt(r, "target %g in a leaf", f->sample[i]);
	}
}

UsForest *
us_forest_read(UsReader *r, int width)
{
	UsForest   *f = palloc0(sizeof(UsForest));
	int64		nodes = 0;
	uint8		format = us_read_u8(r);

	if (format != FORMAT)
		us_corrupt(r, "format %d of trees", format);
	f->width = us_read_u32(r);
	if (f->width != width || width > US_TREE_WIDTH)
		us_corrupt(r, "trees of %d columns for %d", f->width, width);
	read_columns(r, f);
	f->n_classes = us_read_count(r, 0, 1000);
	f->n_scores = us_read_count(r, 0, 1000);
	if ((f->n_classes > 0) == (f->n_scores > 0))
		us_corrupt(r, "trees of %d classes and %d scores", f->n_classes, f->n_scores);
	f->n_trees = us_read_count(r, sizeof(uint32), MAX_TREES);
	f->root = palloc((f->n_trees + 1) * sizeof(int32));
	for (int t = 0; t < f->n_trees; t++)
	{
		uint32		n = us_read_u32(r);

		f->root[t] = (int32) nodes;
		nodes += n;
		if (n < 1 || nodes > MAX_NODES || (Size) nodes > r->len)
			us_corrupt(r, "trees of " INT64_FORMAT " nodes", nodes);
	}
	f->root[f->n_trees] = (int32) nodes;
	f->n_sets = us_read_count(r, sizeof(UsTreeSet), MAX_NODES);
	f->n_places = us_read_count(r, sizeof(float) * f->n_classes, MAX_NODES);
	f->node = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeNode) * (Size) Max(nodes, 1));
	memset(f->node, 0, sizeof(UsTreeNode) * (Size) Max(nodes, 1));
	for (int t = 0; t < f->n_trees; t++)
	{
		int32		n = f->root[t + 1] - f->root[t];
		int32		next = 1;

		CHECK_FOR_INTERRUPTS();
		for (int32 i = 0; i < n; i++)
			read_node(r, f, &f->node[f->root[t] + i], i, n, &next);
		if (next != n)
			us_corrupt(r, "tree with %d nodes that are no children", n - next);
		check_depth(r, f->node + f->root[t], n);
	}
	f->set = palloc_extended(sizeof(UsTreeSet) * (Size) Max(f->n_sets, 1), MCXT_ALLOC_HUGE);
	for (int64 i = 0; i < f->n_sets; i++)
		for (int b = 0; b < 4; b++)
			f->set[i].bit[b] = us_read_u64(r);
	read_distributions(r, f);
	read_samples(r, f);
	return f;
}
