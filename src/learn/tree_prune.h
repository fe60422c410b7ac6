/*
 * tree_prune.h
 *	  Cost-complexity pruning.
 */
#ifndef US_TREE_PRUNE_H
#define US_TREE_PRUNE_H

#include "learn/tree_learner.h"

/*
 * The weakest links of a tree that kept its sums: alpha[n], for each inner node the penalty of a
 * leaf, per unit of weight, from which on the node is a leaf of the smallest best subtree; 0 for
 * leaves.  An ancestor never has less than a descendant.  Breiman et al., Classification and Regression
 * Trees, 1984, section 3.3; cost is the impurity of the rule times weight.
 */
extern void us_prune_links(const UsGrownTree *tree, double weight, double *alpha);

/* The tree with penalty alpha, from the links of the large one; in the current memory context. */
extern UsGrownTree *us_prune_tree(const UsGrownTree *tree, const UsSplitRule *rule,
								  const double *link, double alpha);

/*
 * The penalty that predicts best by cross-validation over folds of rows (by hash of the row
 * key): squared error of the value, or of the shares of the classes.  item[stats->n] is scratch.
 * Candidates are the geometric means of neighbouring links of the whole tree; of equals the larger.
 */
extern double us_prune_choose(const UsGrowPlan *plan, const UsTreeStats *stats, UsTreeItem *item,
							  const UsGrownTree *tree, const double *link, int folds, uint64 seed);

#endif
