/*
 * tree_condition.h
 *	  The condition of a node of a tree, in units of the source.
 */
#ifndef US_TREE_CONDITION_H
#define US_TREE_CONDITION_H

#include "data/encode_condition.h"
#include "learn/tree.h"

/*
 * Which rows go to the left child of a node that is no leaf; exact, NULL included.  Raises 22P03 when the trees do
 * not fit the encoder.
 */
extern void us_tree_condition(const UsEncoder *encoder, const UsForest *f, const UsTreeNode *node,
							  UsCondition *condition);

#endif
