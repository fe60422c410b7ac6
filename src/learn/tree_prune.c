/*
 * tree_prune.c
 *	  Cost-complexity pruning.
 *
 * The gain of a node is its impurity less that of its children, so that the cost of a
 * subtree follows from the gains in it.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/tree_prune.h"
#include "math/exact_sum.h"
#include "math/hash.h"

#define FOLD_SALT		UINT64CONST(0x7072756e65)

/* candidates, at most: thinned out evenly */
#define MAX_CANDIDATES	512

/* An inner node and what its subtree gains for each leaf more, when it was pushed. */
typedef struct Link
{
	double		ratio;
	int32		node;
} Link;

/* A subtree: gain of the splits in it, and its leaves. */
typedef struct Subtree
{
	double		gain;
	int32		leaves;
	int32		parent;
	bool		open;			/* an inner node that is not cut yet */
} Subtree;

static inline bool
before(const Link *a, const Link *b)
{
	return a->ratio < b->ratio || (a->ratio == b->ratio && a->node < b->node);
}

/* A binary heap, the weakest link at the top (Williams, Algorithm 232, CACM 1964). */
static void
push(Link *heap, int64 *n, Link link)
{
	int64		i = (*n)++;

	while (i > 0 && before(&link, &heap[(i - 1) / 2]))
	{
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = link;
}

static Link
pop(Link *heap, int64 *n)
{
	Link		top = heap[0];
	Link		last = heap[--(*n)];
	int64		i = 0;

	for (;;)
	{
		int64		c = 2 * i + 1;

		if (c >= *n)
			break;
		if (c + 1 < *n && before(&heap[c + 1], &heap[c]))
			c++;
		if (!before(&heap[c], &last))
			break;
		heap[i] = heap[c];
		i = c;
	}
	heap[i] = last;
	return top;
}

static inline double
ratio_of(const Subtree *s)
{
	return s->gain / (s->leaves - 1);
}

/* All open nodes of the subtree are cut at this penalty. */
static void
close_subtree(const UsGrownTree *tree, Subtree *sub, int32 i, double alpha, double *link, int32 *stack)
{
	int			n = 0;

	stack[n++] = i;
	while (n > 0)
	{
		int32		at = stack[--n];

		if (!sub[at].open)
			continue;
		sub[at].open = false;
		link[at] = alpha;
		stack[n++] = tree->node[at].left;
		stack[n++] = tree->node[at].left + 1;
	}
}

void
us_prune_links(const UsGrownTree *tree, double weight, double *alpha)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "weakest links", ALLOCSET_DEFAULT_SIZES);
	Subtree    *sub = MemoryContextAllocExtended(context, sizeof(Subtree) * (Size) tree->n,
												 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int32	   *stack = MemoryContextAllocHuge(context, sizeof(int32) * ((Size) tree->n + 2));
	int64		room = 2 * (int64) tree->n + 2;
	Link	   *heap = MemoryContextAllocHuge(context, sizeof(Link) * (Size) room);
	int64		n = 0;
	double		at = 0;

	sub[0].parent = -1;
	for (int32 i = 0; i < tree->n; i++)
	{
		alpha[i] = 0;
		sub[i].open = tree->node[i].left != 0;
		if (sub[i].open)
			sub[tree->node[i].left].parent = sub[tree->node[i].left + 1].parent = i;
	}
	for (int32 i = tree->n - 1; i >= 0; i--)	/* children stand behind their parents */
	{
		const UsTreeNode *node = &tree->node[i];

		sub[i].gain = sub[i].open ? tree->gain[i] + sub[node->left].gain + sub[node->left + 1].gain : 0;
		sub[i].leaves = sub[i].open ? sub[node->left].leaves + sub[node->left + 1].leaves : 1;
		if (sub[i].open)
			push(heap, &n, (Link) {ratio_of(&sub[i]), i});
	}
	while (n > 0)
	{
		Link		weakest = pop(heap, &n);
		Subtree    *s = &sub[weakest.node];
		double		gain = s->gain;
		int32		leaves = s->leaves - 1;

		if (!s->open || weakest.ratio != ratio_of(s))
			continue;			/* cut already, or pushed again since */
		CHECK_FOR_INTERRUPTS();
		at = fmax(at, weakest.ratio);
		close_subtree(tree, sub, weakest.node, at / weight, alpha, stack);
		for (int32 i = weakest.node; i >= 0; i = sub[i].parent)
		{
			sub[i].gain -= gain;
			sub[i].leaves -= leaves;
			if (!sub[i].open)
				continue;
			if (n == room)
			{
				room *= 2;
				heap = repalloc_huge(heap, sizeof(Link) * (Size) room);
			}
			push(heap, &n, (Link) {ratio_of(&sub[i]), i});
		}
	}
	MemoryContextDelete(context);
}

/* What a node says, were it a leaf. */
static void
set_leaf(UsGrownTree *tree, const UsSplitRule *rule, int32 i, const int64 *stat)
{
	double		weight = 0;

	tree->node[i].left = 0;
	tree->node[i].flags = 0;
	tree->node[i].gain = 0;
	if (us_split_of_values(rule))
	{
		tree->node[i].u.value = us_split_value(rule, stat);
		return;
	}
	for (int k = 0; k < rule->nstats; k++)
		weight += (double) stat[k];
	tree->node[i].u.place = tree->n_places;
	for (int k = 0; k < rule->nstats; k++)
		tree->place[(Size) tree->n_places * rule->nstats + k] = (float) (stat[k] / weight);
	tree->n_places++;
}

UsGrownTree *
us_prune_tree(const UsGrownTree *tree, const UsSplitRule *rule, const double *link, double alpha)
{
	UsGrownTree *out = palloc0(sizeof(UsGrownTree));
	int32	   *from = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * (Size) tree->n);

	out->node = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeNode) * (Size) tree->n);
	out->set = palloc(sizeof(UsTreeSet) * (Size) Max(tree->n_sets, 1));
	if (!us_split_of_values(rule))
		out->place = MemoryContextAllocHuge(CurrentMemoryContext,
											sizeof(float) * (Size) tree->n * rule->nstats);
	out->n = 1;
	from[0] = 0;
	for (int32 i = 0; i < out->n; i++)
	{
		const UsTreeNode *node = &tree->node[from[i]];

		out->node[i] = *node;
		if (node->left == 0 || link[from[i]] <= alpha)
		{
			set_leaf(out, rule, i, tree->stat + (Size) from[i] * rule->nstats);
			continue;
		}
		if (node->flags & US_NODE_SET)
		{
			out->set[out->n_sets] = tree->set[node->u.place];
			out->node[i].u.place = out->n_sets++;
		}
		out->node[i].left = out->n;
		from[out->n] = node->left;
		from[out->n + 1] = node->left + 1;
		out->n += 2;
	}
	pfree(from);
	return out;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* Penalties between the links, ascending, from 0 on; their number. */
static int
list_candidates(const UsGrownTree *tree, const double *link, double **candidate)
{
	double	   *sorted = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) tree->n);
	int			n = 0;
	int			m = 0;
	int			step;

	for (int32 i = 0; i < tree->n; i++)
		if (tree->node[i].left != 0)
			sorted[n++] = link[i];
	qsort(sorted, n, sizeof(double), compare_doubles);
	*candidate = palloc(sizeof(double) * (MAX_CANDIDATES + 2));
	(*candidate)[m++] = 0;
	step = n / MAX_CANDIDATES + 1;
	for (int i = 0; i < n; i += step)
	{
		double		next = i + step < n ? sorted[i + step] : sorted[n - 1];

		if (sorted[i] > 0 && next > sorted[i])
			(*candidate)[m++] = sqrt(sorted[i]) * sqrt(next);
	}
	if (n > 0 && sorted[n - 1] > 0)
		(*candidate)[m++] = sorted[n - 1];
	pfree(sorted);
	return m;
}

/* Error of what a node says about an item, squared or absolute, times its weight. */
static double
error_at(const UsTreeStats *stats, const UsSplitRule *rule, const int64 *stat, const UsTreeItem *it)
{
	double		e = 0;
	double		weight = 0;

	if (us_split_of_values(rule))
	{
		double		w = it->b * stats->unit_h;
		double		d = us_split_value(rule, stat) - us_tree_item_value(rule, it);

		return w * (rule->kind == US_SPLIT_ABSOLUTE ? fabs(d) : d * d);
	}
	for (int k = 0; k < rule->nstats; k++)
		weight += (double) stat[k];
	for (int k = 0; k < rule->nstats; k++)
	{
		double		d = stat[k] / weight - (k == it->b);

		e += d * d;
	}
	return e * it->a * stats->unit_h;
}

/* Add the errors of a held-out item under all candidates: the leaf comes nearer to the root as they grow. */
static void
add_errors(const UsGrowPlan *plan, const UsTreeStats *stats, const UsGrownTree *tree,
		   const double *link, const UsTreeItem *it, const double *candidate, int m, UsExactSum *error)
{
	int32		path[1024];
	int			depth = 0;
	int			at = -1;
	double		e = 0;
	int32		i = 0;

	for (;;)
	{
		const UsTreeNode *node = &tree->node[i];
		uint8		bin;

		path[depth] = i;
		if (node->left == 0 || depth == lengthof(path) - 1)
			break;
		bin = plan->rows->row_bin[(Size) it->row * plan->rows->width + node->column];
		i = node->left + (us_node_left(node, tree->set, bin, (uint8) plan->column[node->column].nbins) ? 0 : 1);
		depth++;
	}
	for (int c = m - 1, d = 0; c >= 0; c--)
	{
		/* the first node from the root that the penalty cuts */
		while (d < depth && link[path[d]] > candidate[c])
			d++;
		if (d != at)
		{
			at = d;
			e = error_at(stats, plan->rule, tree->stat + (Size) path[d] * plan->rule->nstats, it);
		}
		us_exact_add(&error[c], e);
	}
}

double
us_prune_choose(const UsGrowPlan *plan, const UsTreeStats *stats, UsTreeItem *item,
				const UsGrownTree *tree, const double *link, int folds, uint64 seed)
{
	double	   *candidate;
	int			m = list_candidates(tree, link, &candidate);
	UsExactSum *error = palloc0(sizeof(UsExactSum) * m);
	int			best = 0;

	for (int fold = 0; fold < folds; fold++)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pruning", ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		UsGrownTree *part;
		double	   *part_link;
		double		weight = 0;
		int64		n = 0;

		us_progress("prune", fold, folds);
		for (int64 i = 0; i < stats->n; i++)
			if (us_mix64(seed ^ FOLD_SALT, stats->key[i]) % folds != (uint64) fold)
			{
				item[n++] = stats->item[i];
				weight += (stats->n_classes ? stats->item[i].a : stats->item[i].b) * stats->unit_h;
			}
		if (n > 0 && n < stats->n)
		{
			part = us_grow_tree(plan, item, n, seed);
			part_link = MemoryContextAllocHuge(context, sizeof(double) * (Size) part->n);
			us_prune_links(part, weight, part_link);
			for (int64 i = 0; i < stats->n; i++)
			{
				if (i % 4096 == 0)
					CHECK_FOR_INTERRUPTS();
				if (us_mix64(seed ^ FOLD_SALT, stats->key[i]) % folds == (uint64) fold)
					add_errors(plan, stats, part, part_link, &stats->item[i], candidate, m, error);
			}
		}
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
	}
	for (int c = 1; c < m; c++)
		if (us_exact_round(&error[c]) <= us_exact_round(&error[best]))
			best = c;
	return candidate[best];
}
