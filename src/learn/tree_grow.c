/*
 * tree_grow.c
 *	  Growing one tree in one process.
 *
 * A node is a range of items.  Its sums by bin are made for some columns together, as many as stay
 * in the first cache; small nodes look only at the bins that they have.  A split moves the
 * items of the right child behind those of the left.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "learn/tree_absolute.h"
#include "math/random.h"

/* A node of fewer items knows its bins by looking at them. */
#define FEW_ITEMS	160

/* rows that are fetched before their turn */
#define AHEAD		16

/* sums by bin of columns that are looked at together: they stay in the first cache */
#define HIST_BYTES	32768

/* A node whose split is known but not made. */
typedef struct Pending
{
	int64		begin;			/* its items */
	int64		end;
	int32		node;
	int			depth;
	uint64		seed;
	double		low;			/* bounds of its values */
	double		high;
	UsSplit		split;
} Pending;

typedef struct Grower
{
	const UsGrowPlan *plan;
	const UsSplitRule *rule;
	UsTreeItem *item;
	UsTreeItem *spare;			/* [n] */
	int			group;			/* columns whose sums are made together */
	int64	   *hist;			/* [group][US_TREE_BINS + 1][nstats], zero between nodes */
	int64	   *total;			/* [nstats] */
	UsAbsolute *absolute;		/* ABSOLUTE: instead of hist */
	int		   *order;			/* [width] columns, drawn from the front */
	int64		leaves;

	UsGrownTree tree;
	int32		node_room;
	int32		stat_room;
	int			set_room;
	int			place_room;

	Pending    *pending;
	int			npending;
	int			pending_room;
} Grower;

int64
us_grow_most_nodes(const UsGrowPlan *plan, int64 n, double weight)
{
	int64		leaves = Min(n, plan->max_leaves);

	if (weight / plan->rule->min_weight < leaves)
		leaves = (int64) (weight / plan->rule->min_weight) + 1;

	if (plan->max_depth < 30)
		leaves = Min(leaves, INT64CONST(1) << plan->max_depth);
	return 2 * Max(leaves, 1) - 1;
}

static int
columns_together(const UsGrowPlan *plan)
{
	Size		each = (US_TREE_BINS + 1) * plan->rule->nstats * sizeof(int64);

	return (int) Max(Min(HIST_BYTES / each, plan->try), 1);
}

Size
us_grow_bytes(const UsGrowPlan *plan, int64 n, double weight)
{
	int64		nodes = us_grow_most_nodes(plan, n, weight);

	return (Size) n * 2 * sizeof(UsTreeItem) +
		(plan->rule->kind == US_SPLIT_ABSOLUTE ? us_absolute_bytes(n) : 0) +
		(Size) columns_together(plan) * (US_TREE_BINS + 1) * plan->rule->nstats * sizeof(int64) +
		(Size) nodes * (2 * sizeof(UsTreeNode) + sizeof(Pending) / 2 + (plan->keep_stats ? sizeof(double) : 0)) +
		(us_split_of_values(plan->rule) ? 0 : (Size) nodes * plan->rule->nstats * sizeof(float));
}

/* ---- sums ---- */

static void
sum_items(const Grower *g, int64 begin, int64 end, int64 *total)
{
	const UsTreeItem *item = g->item;

	if (g->absolute)
	{
		us_absolute_node(g->absolute, item + begin, end - begin, total);
		return;
	}
	memset(total, 0, g->rule->nstats * sizeof(int64));
	if (g->rule->kind == US_SPLIT_GRADIENT)
	{
		for (int64 i = begin; i < end; i++)
		{
			total[0] += item[i].a;
			total[1] += item[i].b;
		}
		return;
	}
	for (int64 i = begin; i < end; i++)
		total[item[i].b] += item[i].a;
}

/* Bins of a row. */
static inline const uint8 *
bins_of(const Grower *g, uint32 row)
{
	return g->plan->rows->row_bin + (Size) row * g->plan->rows->width;
}

/* The sums by bin of column number k of those that are looked at together. */
static inline int64 *
hist_of(const Grower *g, int k)
{
	return g->hist + (Size) k * (US_TREE_BINS + 1) * g->rule->nstats;
}

/* Sums of the columns c[m] over the items of a node; a row is fetched before its turn. */
static void
fill_hist(const Grower *g, const int *c, int m, int64 begin, int64 end)
{
	const UsTreeItem *item = g->item;
	int			nstats = g->rule->nstats;
	bool		gradient = g->rule->kind == US_SPLIT_GRADIENT;

	for (int64 i = begin; i < end; i++)
	{
		const uint8 *bin = bins_of(g, item[i].row);

		if (i + AHEAD < end)
			__builtin_prefetch(bins_of(g, item[i + AHEAD].row) + c[0]);
		for (int k = 0; k < m; k++)
		{
			int64	   *h = hist_of(g, k) + (Size) bin[c[k]] * nstats;

			if (gradient)
			{
				h[0] += item[i].a;
				h[1] += item[i].b;
			}
			else
				h[item[i].b] += item[i].a;
		}
	}
}

/* Do all items of the node have the same bin as the first? */
static bool
is_constant(const Grower *g, const int64 *hist, int c, int64 begin)
{
	const int64 *h = hist + (Size) bins_of(g, g->item[begin].row)[c] * g->rule->nstats;

	if (g->rule->kind == US_SPLIT_GRADIENT)
		return h[1] == g->total[1];
	return memcmp(h, g->total, sizeof(int64) * g->rule->nstats) == 0;
}

/* Try column c by its sums, which are zeroed; false when it is constant in the node. */
static bool
try_column(Grower *g, int c, int64 *hist, const UsSplitNode *node, int64 begin, int64 end, UsSplit *split)
{
	const UsTreeColumn *column = &g->plan->column[c];
	Size		bin_bytes = g->rule->nstats * sizeof(int64);
	bool		constant = is_constant(g, hist, c, begin);

	if (constant)
		memset((char *) hist + bin_bytes * bins_of(g, g->item[begin].row)[c], 0, bin_bytes);
	else if (end - begin < FEW_ITEMS)
	{
		uint64		present[4] = {0};

		for (int64 i = begin; i < end; i++)
		{
			uint8		b = bins_of(g, g->item[i].row)[c];

			present[b >> 6] |= UINT64CONST(1) << (b & 63);
		}
		us_split_column(g->rule, column, c, node, hist, present, split);
		for (int64 i = begin; i < end; i++)
			memset((char *) hist + bin_bytes * bins_of(g, g->item[i].row)[c], 0, bin_bytes);
	}
	else
	{
		us_split_column(g->rule, column, c, node, hist, NULL, split);
		memset(hist, 0, bin_bytes * (column->nbins + 1));
	}
	return !constant;
}

/* The best split of a node, of the columns drawn for it; constant ones are not counted. */
static void
find_split(Grower *g, const Pending *p, UsSplit *split)
{
	int			width = g->plan->rows->width;
	UsSplitNode node = {
		.total = g->total,
		.score = g->absolute ? 0 : us_split_score(g->rule, g->total, g->rule->lambda),
		.low = p->low,
		.high = p->high
	};
	UsRandom	random;
	bool		draw = g->plan->try < width;
	int			tried = 0;

	memset(split, 0, sizeof(UsSplit));
	for (int c = 0; c < width; c++)
		g->order[c] = c;
	if (draw)
		us_random_init(&random, p->seed, 0);
	for (int k = 0; k < width && tried < g->plan->try;)
	{
		int			m = Min(Min(g->plan->try - tried, width - k), g->group);

		for (int i = k; draw && i < k + m; i++)
		{
			int			j = i + (int) us_random_below(&random, width - i);
			int			c = g->order[j];

			g->order[j] = g->order[i];
			g->order[i] = c;
		}
		if (!g->absolute)
			fill_hist(g, g->order + k, m, p->begin, p->end);
		for (int i = 0; i < m; i++)
			tried += g->absolute ? us_absolute_column(g->absolute, g->order[k + i], split) :
				try_column(g, g->order[k + i], hist_of(g, i), &node, p->begin, p->end, split);
		k += m;
	}
}

/* ---- the tree ---- */

static int32
add_nodes(Grower *g, int n)
{
	int32		first = g->tree.n;

	if (first + n > g->node_room)
	{
		g->node_room = Max(g->node_room * 2, 64);
		g->tree.node = g->tree.node ? repalloc_huge(g->tree.node, sizeof(UsTreeNode) * (Size) g->node_room) :
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeNode) * (Size) g->node_room);
	}
	if (g->plan->keep_stats && (g->tree.stat == NULL || first + n > g->stat_room))
	{
		Size		bytes = sizeof(int64) * g->rule->nstats * (Size) g->node_room;

		g->tree.stat = g->tree.stat ? repalloc_huge(g->tree.stat, bytes) :
			MemoryContextAllocHuge(CurrentMemoryContext, bytes);
		bytes = sizeof(double) * (Size) g->node_room;
		g->tree.gain = g->tree.gain ? repalloc_huge(g->tree.gain, bytes) :
			MemoryContextAllocHuge(CurrentMemoryContext, bytes);
		g->stat_room = g->node_room;
	}
	memset(g->tree.node + first, 0, sizeof(UsTreeNode) * n);
	g->tree.n += n;
	return first;
}

/* The node is a leaf: what it says, from the sums in g->total. */
static void
make_leaf(Grower *g, UsTreeNode *node, double low, double high)
{
	int			nstats = g->rule->nstats;
	double		weight = 0;
	float	   *place;

	if (us_split_of_values(g->rule))
	{
		node->u.value = fmin(fmax(us_split_value(g->rule, g->total), low), high);
		return;
	}
	if (g->tree.n_places == g->place_room)
	{
		g->place_room = Max(g->place_room * 2, 64);
		g->tree.place = g->tree.place ?
			repalloc_huge(g->tree.place, sizeof(float) * (Size) g->place_room * nstats) :
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * (Size) g->place_room * nstats);
	}
	node->u.place = g->tree.n_places++;
	place = g->tree.place + (Size) node->u.place * nstats;
	for (int k = 0; k < nstats; k++)
		weight += (double) g->total[k];
	for (int k = 0; k < nstats; k++)
		place[k] = (float) (weight > 0 ? g->total[k] / weight : 1.0 / nstats);
}

static void
add_pending(Grower *g, const Pending *p)
{
	if (g->npending == g->pending_room)
	{
		g->pending_room = Max(g->pending_room * 2, 64);
		g->pending = g->pending ? repalloc_huge(g->pending, sizeof(Pending) * (Size) g->pending_room) :
			palloc(sizeof(Pending) * g->pending_room);
	}
	g->pending[g->npending++] = *p;
}

/* A new node: a leaf, or one that waits for its split. */
static void
open_node(Grower *g, Pending *p)
{
	UsTreeNode *node = &g->tree.node[p->node];

	CHECK_FOR_INTERRUPTS();
	sum_items(g, p->begin, p->end, g->total);
	if (g->tree.stat)
		memcpy(g->tree.stat + (Size) p->node * g->rule->nstats, g->total,
			   sizeof(int64) * g->rule->nstats);
	node->cover = (float) us_split_weight(g->rule, g->total);
	if (p->depth < g->plan->max_depth && p->end - p->begin > 1)
		find_split(g, p, &p->split);
	else
		p->split.gain = 0;
	if (p->split.gain > 0)
		add_pending(g, p);
	else
		make_leaf(g, node, p->low, p->high);
}

/* The pending node that is next: the last one, or where leaves are limited that of the largest gain. */
static Pending
take_pending(Grower *g)
{
	int			best = g->npending - 1;
	Pending		p;

	if (g->plan->max_leaves < PG_INT64_MAX)
		for (int i = 0; i < g->npending; i++)
			if (g->pending[i].split.gain > g->pending[best].split.gain ||
				(g->pending[i].split.gain == g->pending[best].split.gain &&
				 g->pending[i].node < g->pending[best].node))
				best = i;
	p = g->pending[best];
	g->pending[best] = g->pending[--g->npending];
	return p;
}

/* Levels that the node does not have go where missing values go. */
static void
complete_set(Grower *g, const Pending *p, UsSplit *split)
{
	uint64		present[4] = {0};

	if ((split->flags & US_NODE_MISSING_LEFT) == 0)
		return;
	for (int64 i = p->begin; i < p->end; i++)
	{
		uint8		b = bins_of(g, g->item[i].row)[split->column];

		present[b >> 6] |= UINT64CONST(1) << (b & 63);
	}
	for (int b = 0; b < g->plan->column[split->column].nbins; b++)
		if (((present[b >> 6] >> (b & 63)) & 1) == 0)
			split->set.bit[b >> 6] |= UINT64CONST(1) << (b & 63);
}

static void
write_split(Grower *g, UsTreeNode *node, const UsSplit *split)
{
	node->column = (uint16) split->column;
	node->bin = split->bin;
	node->flags = split->flags;
	node->gain = (float) Min(split->gain, FLT_MAX);
	if (g->tree.gain)
		g->tree.gain[node - g->tree.node] = split->gain;
	if ((split->flags & US_NODE_SET) == 0)
		return;
	if (g->tree.n_sets == g->set_room)
	{
		g->set_room = Max(g->set_room * 2, 16);
		g->tree.set = g->tree.set ? repalloc_huge(g->tree.set, sizeof(UsTreeSet) * (Size) g->set_room) :
			palloc(sizeof(UsTreeSet) * g->set_room);
	}
	node->u.place = g->tree.n_sets;
	g->tree.set[g->tree.n_sets++] = split->set;
}

/* Items of the left child first; returns where the right one begins. */
static int64
part_items(Grower *g, const Pending *p)
{
	const UsSplit *s = &p->split;
	int			missing = g->plan->column[s->column].nbins;
	bool		goes[US_TREE_BINS + 1];
	UsTreeItem *item = g->item;
	int64		left = p->begin;
	int64		right = 0;

	for (int b = 0; b <= US_TREE_BINS; b++)
		goes[b] = (s->flags & US_NODE_SET) ? (s->set.bit[b >> 6] >> (b & 63)) & 1 : b <= s->bin;
	goes[missing] = (s->flags & US_NODE_MISSING_LEFT) != 0;
	for (int64 i = p->begin; i < p->end; i++)
	{
		UsTreeItem	it = item[i];
		bool		l = goes[bins_of(g, it.row)[s->column]];

		if (i + AHEAD < p->end)
			__builtin_prefetch(bins_of(g, item[i + AHEAD].row) + s->column);

		item[left] = it;
		g->spare[right] = it;
		left += l;
		right += !l;
	}
	memcpy(item + left, g->spare, sizeof(UsTreeItem) * right);
	return left;
}

static void
split_node(Grower *g, Pending *p)
{
	const UsSplit *s = &p->split;
	int			monotone = g->rule->monotone ? g->rule->monotone[s->column] : 0;
	double		middle = (s->left_value + s->right_value) / 2;
	Pending		l = *p;
	Pending		r = *p;
	int32		first;
	int64		at;

	if (s->flags & US_NODE_SET)
		complete_set(g, p, &p->split);
	at = part_items(g, p);
	first = add_nodes(g, 2);
	g->tree.node[p->node].left = first;
	write_split(g, &g->tree.node[p->node], s);
	l.node = first;
	l.end = at;
	l.seed = us_hash64(p->seed);
	r.node = first + 1;
	r.begin = at;
	r.seed = us_hash64(~p->seed);
	l.depth = r.depth = p->depth + 1;
	if (monotone != 0)
	{
		*(monotone > 0 ? &l.high : &l.low) = middle;
		*(monotone > 0 ? &r.low : &r.high) = middle;
	}
	g->leaves++;
	open_node(g, &l);
	open_node(g, &r);
}

/* Children in the order of their parents, level after level. */
static void
renumber(UsGrownTree *tree, int nstats)
{
	UsTreeNode *node = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeNode) * (Size) tree->n);
	Size		stat_bytes = sizeof(int64) * nstats;
	int64	   *stat = tree->stat ?
		MemoryContextAllocHuge(CurrentMemoryContext, stat_bytes * tree->n) : NULL;
	double	   *gain = tree->gain ?
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) tree->n) : NULL;
	int32		n = 1;

	node[0] = tree->node[0];
	if (stat)
		memcpy(stat, tree->stat, stat_bytes);
	if (gain)
		gain[0] = tree->gain[0];
	for (int32 i = 0; i < n; i++)
	{
		int32		left = node[i].left;

		if (left == 0)
			continue;
		node[n] = tree->node[left];
		node[n + 1] = tree->node[left + 1];
		if (stat)
			memcpy(stat + (Size) n * nstats, tree->stat + (Size) left * nstats, 2 * stat_bytes);
		if (gain)
			memcpy(gain + n, tree->gain + left, 2 * sizeof(double));
		node[i].left = n;
		n += 2;
	}
	pfree(tree->node);
	tree->node = node;
	if (stat)
		pfree(tree->stat);
	tree->stat = stat;
	if (gain)
		pfree(tree->gain);
	tree->gain = gain;
}

UsGrownTree *
us_grow_tree(const UsGrowPlan *plan, UsTreeItem *item, int64 n, uint64 seed)
{
	Grower		g = {.plan = plan, .rule = plan->rule, .item = item};
	Pending		root = {.end = n, .seed = seed, .low = -INFINITY, .high = INFINITY};
	UsGrownTree *tree = palloc(sizeof(UsGrownTree));

	g.spare = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeItem) * (Size) Max(n, 1));
	g.group = columns_together(plan);
	g.hist = palloc0((Size) g.group * (US_TREE_BINS + 1) * plan->rule->nstats * sizeof(int64));
	g.total = palloc(plan->rule->nstats * sizeof(int64));
	g.order = palloc(Max(plan->rows->width, 1) * sizeof(int));
	if (plan->rule->kind == US_SPLIT_ABSOLUTE)
		g.absolute = us_absolute_create(plan, n);
	g.leaves = 1;
	root.node = add_nodes(&g, 1);
	open_node(&g, &root);
	while (g.npending > 0 && g.leaves < plan->max_leaves)
	{
		Pending		p = take_pending(&g);

		split_node(&g, &p);
	}
	/* what had no place for a split */
	for (int i = 0; i < g.npending; i++)
	{
		sum_items(&g, g.pending[i].begin, g.pending[i].end, g.total);
		make_leaf(&g, &g.tree.node[g.pending[i].node], g.pending[i].low, g.pending[i].high);
	}
	renumber(&g.tree, plan->rule->nstats);
	if (g.pending)
		pfree(g.pending);
	if (g.absolute)
		us_absolute_free(g.absolute);
	pfree(g.order);
	pfree(g.total);
	pfree(g.hist);
	pfree(g.spare);
	*tree = g.tree;
	return tree;
}
