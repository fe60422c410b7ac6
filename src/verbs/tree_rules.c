/*
 * tree_rules.c
 *	  Rules of the segments of all coarse cuts of a tree: a segment of a cut is a range of branches, and each
 *	  further cut has only two new ones.
 */
#include "postgres.h"

#include "stat/linkage_tree.h"
#include "verbs/tree_rules.h"

/* The ranges of branches of the n leaves whose segments are label[n], for labels 1 .. k. */
static void
ranges_of(const int32 *label, const int32 *branch, int n, int k, UsRangeRule *range)
{
	for (int i = 0; i < k; i++)
	{
		range[i].lo = PG_INT32_MAX;
		range[i].hi = 0;
	}
	for (int i = 0; i < n; i++)
	{
		UsRangeRule *r = &range[label[i] - 1];

		r->lo = Min(r->lo, branch[i]);
		r->hi = Max(r->hi, branch[i]);
	}
}

static int
find_range(const UsRangeRule *range, int n, int lo, int hi)
{
	for (int i = 0; i < n; i++)
		if (range[i].lo == lo && range[i].hi == hi)
			return i;
	return -1;
}

/* The range of branches of each label of a cut. */
static UsRangeRule *
ranges_of_cut(const int32 *branch_label, int n_branches, int k)
{
	UsRangeRule *range = palloc0(Max(k, 1) * sizeof(UsRangeRule));
	int32	   *number = palloc(Max(n_branches, 1) * sizeof(int32));

	for (int b = 0; b < n_branches; b++)
		number[b] = b + 1;
	ranges_of(branch_label, number, n_branches, k, range);
	pfree(number);
	return range;
}

UsRangeRule *
us_tree_ranges(const UsAlgorithmTree *functions, const void *model, int *n)
{
	const UsTree *tree = functions->tree(model);
	int			n_branches = functions->branches(model);
	int			most = Min(US_TREE_RULES, n_branches);
	const int32 *branch_label = functions->branch_labels(model);
	int32	   *branch = palloc(tree->n * sizeof(int32));
	int32	   *label = palloc(tree->n * sizeof(int32));
	UsRangeRule part[US_TREE_RULES];
	UsRangeRule *range;

	*n = 0;
	for (int b = 0; b < n_branches; b++)
		*n = Max(*n, branch_label[b]);
	range = repalloc(ranges_of_cut(branch_label, n_branches, *n), (*n + 2 * US_TREE_RULES) * sizeof(UsRangeRule));
	us_tree_cut(tree, n_branches, branch);
	for (int k = 2; k <= most; k++)
	{
		us_tree_cut(tree, k, label);
		ranges_of(label, branch, tree->n, k, part);
		for (int i = 0; i < k; i++)
			if (find_range(range, *n, part[i].lo, part[i].hi) < 0)
				range[(*n)++] = (UsRangeRule) {part[i].lo, part[i].hi};
	}
	pfree(branch);
	pfree(label);
	return range;
}

int
us_tree_take_rules(UsProfile *profile, const UsRangeRule *rule, int n, const int32 *branch_label,
				   int n_branches)
{
	UsRangeRule *range = ranges_of_cut(branch_label, n_branches, profile->n_labels);
	int			unknown = 0;

	for (int k = 0; k < profile->n_labels; k++)
	{
		int			i = find_range(rule, n, range[k].lo, range[k].hi);

		if (i >= 0)
			profile->rule[k] = rule[i].rule;
		else
			unknown++;
	}
	return unknown;
}
