/*
 * linkage_tree.c
 *	  The tree of a hierarchical clustering: order of the leaves and cuts.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "stat/linkage_tree.h"

bool
us_tree_valid(const UsMerge *merge, int n)
{
	bool	   *used = (bool *) palloc0(sizeof(bool) * (2 * (Size) n));
	bool		valid = true;

	for (int i = 0; i < n - 1 && valid; i++)
	{
		const UsMerge *m = &merge[i];

		valid = m->a >= 0 && m->a < m->b && m->b < n + i && !used[m->a] && !used[m->b] &&
			isfinite(m->height) && m->height >= 0;
		if (valid)
			used[m->a] = used[m->b] = true;
	}
	pfree(used);
	return valid;
}

/* ---- the tree ---- */

typedef struct Undo
{
	double		top;
	int32		at;
} Undo;

static inline int
compare_undo(const Undo *a, const Undo *b)
{
	if (a->top != b->top)
		return a->top > b->top ? -1 : 1;
	return a->at > b->at ? -1 : (a->at < b->at ? 1 : 0);
}

#define ST_SORT sort_undo
#define ST_ELEMENT_TYPE Undo
#define ST_COMPARE(a, b) compare_undo(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

Size
us_tree_bytes(int n)
{
	return sizeof(UsTree) + n * (3 * sizeof(int32) + sizeof(double)) +
		n * (2 * sizeof(int32) + sizeof(Undo));		/* while it is made */
}

/* Leaves of each cluster, and the place of its leftmost leaf, from the top down. */
static void
place_leaves(UsTree *t, int32 *parts)
{
	int			n = t->n;
	int32	   *count = (int32 *) palloc(sizeof(int32) * (2 * (Size) n));
	int32	   *first = (int32 *) palloc(sizeof(int32) * (2 * (Size) n));

	for (int i = 0; i < n; i++)
		count[i] = 1;
	for (int i = 0; i < n - 1; i++)
		count[n + i] = count[t->merge[i].a] + count[t->merge[i].b];
	first[2 * n - 2] = 0;
	for (int i = n - 2; i >= 0; i--)
	{
		first[t->merge[i].a] = first[n + i];
		first[t->merge[i].b] = first[n + i] + count[t->merge[i].a];
		parts[i] = first[t->merge[i].b];
	}
	for (int i = 0; i < n; i++)
		t->order[first[i]] = i;
	pfree(count);
	pfree(first);
}

UsTree *
us_tree_make(const UsMerge *merge, int n)
{
	UsTree	   *t = (UsTree *) palloc0(sizeof(UsTree));
	int32	   *parts = (int32 *) palloc(sizeof(int32) * n);
	Undo	   *undo = (Undo *) palloc(sizeof(Undo) * n);

	t->n = n;
	t->merge = merge;
	t->order = (int32 *) palloc0(sizeof(int32) * n);
	t->rank = (int32 *) palloc0(sizeof(int32) * n);
	t->undo = (int32 *) palloc0(sizeof(int32) * n);
	t->top = (double *) palloc0(sizeof(double) * n);
	if (n > 1)
		place_leaves(t, parts);
	for (int i = 0; i < n - 1; i++)
	{
		double		top = merge[i].height;

		if (merge[i].a >= n)
			top = fmax(top, t->top[merge[i].a - n]);
		if (merge[i].b >= n)
			top = fmax(top, t->top[merge[i].b - n]);
		t->top[i] = top;
		undo[i].top = top;
		undo[i].at = i;
	}
	sort_undo(undo, n - 1);
	for (int i = 0; i < n - 1; i++)
	{
		t->undo[i] = undo[i].at;
		t->rank[parts[undo[i].at]] = i;
	}
	pfree(parts);
	pfree(undo);
	return t;
}

void
us_tree_cut(const UsTree *t, int k, int32 *label)
{
	int			current = 1;

	for (int i = 0; i < t->n; i++)
	{
		current += i > 0 && t->rank[i] < k - 1;
		label[t->order[i]] = current;
	}
}

int
us_tree_clusters_at(const UsTree *t, double height)
{
	int			k = 1;

	while (k < t->n && t->top[t->undo[k - 1]] > height)
		k++;
	return k;
}

void
us_tree_interval(const UsTree *t, int k, double *low, double *high)
{
	*low = k < t->n ? t->top[t->undo[k - 1]] : 0;
	*high = k > 1 ? t->top[t->undo[k - 2]] : INFINITY;
}

/* ---- inconsistency ---- */

/* Heights of a merge and those up to depth levels below it: first their sum, then squares around mean. */
static void
collect(const UsMerge *merge, int n, int at, int depth, double mean, int *count, double *sum)
{
	double		d = merge[at].height - mean;

	*sum += isnan(mean) ? merge[at].height : d * d;
	(*count)++;
	if (depth <= 1)
		return;
	if (merge[at].a >= n)
		collect(merge, n, merge[at].a - n, depth - 1, mean, count, sum);
	if (merge[at].b >= n)
		collect(merge, n, merge[at].b - n, depth - 1, mean, count, sum);
}

void
us_tree_inconsistency(const UsMerge *merge, int n, int depth, double *out)
{
	for (int i = 0; i < n - 1; i++)
	{
		int			count = 0;
		double		sum = 0;
		double		squares = 0;
		double		mean;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		collect(merge, n, i, depth, NAN, &count, &sum);
		mean = sum / count;
		count = 0;
		collect(merge, n, i, depth, mean, &count, &squares);
		out[i] = squares > 0 && count > 1 ? (merge[i].height - mean) / sqrt(squares / (count - 1)) : 0;
	}
}
