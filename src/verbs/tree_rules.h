/*
 * tree_rules.h
 *	  Rules of the segments of all coarse cuts of a tree, found at training, taken by userseg.cut.
 */
#ifndef US_TREE_RULES_H
#define US_TREE_RULES_H

#include "eval/profile.h"
#include "learn/algorithm.h"

/* cuts into up to so many segments */
#define US_TREE_RULES	20

/*
 * The ranges of branches that are segments: first those of the present cut, in the order of their labels,
 * then those of the cuts into 2 .. US_TREE_RULES, each once; *n of them.
 */
extern UsRangeRule *us_tree_ranges(const UsAlgorithmTree *functions, const void *model, int *n);

/*
 * The rules of the segments of a cut, branch_label[n_branches], out of rule[n], into profile; returns for how
 * many segments none was found.
 */
extern int	us_tree_take_rules(UsProfile *profile, const UsRangeRule *rule, int n, const int32 *branch_label,
							   int n_branches);

#endif
