/*
 * tree_rules.h
 *	  The leaves of a tree as conditions in units of the source.
 */
#ifndef US_TREE_RULES_H
#define US_TREE_RULES_H

#include "data/encode_condition.h"
#include "learn/tree.h"

/* A condition that holds for the rows of a leaf, or that does not. */
typedef struct UsRulePart
{
	UsCondition condition;
	bool		holds;
} UsRulePart;

typedef struct UsTreeRule
{
	int32		leaf;			/* number of its node in the tree */
	int			depth;			/* splits above it */
	double		weight;			/* of its training rows */
	const UsTreeNode *node;
	int			n;				/* conditions that all hold; what several splits say of a feature is one */
	UsRulePart *part;
} UsTreeRule;

/* The rules of the leaves of tree t, from left to right, in the current memory context; their number. */
extern int	us_tree_rules(const UsEncoder *encoder, const UsForest *f, int t, UsTreeRule **rules);

#endif
