/*
 * tree_condition.c
 *	  The condition of a node of a tree, in units of the source.
 */
#include "postgres.h"

#include <math.h>

#include "learn/tree_condition.h"

void
us_tree_condition(const UsEncoder *encoder, const UsForest *f, const UsTreeNode *node, UsCondition *condition)
{
	const UsTreeColumn *column = &f->column[node->column];
	bool		missing = (node->flags & US_NODE_MISSING_LEFT) != 0;
	double		bound;

	if (node->flags & US_NODE_SET)
	{
		if (us_encoder_levels(encoder, node->column) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid stored model: a set of levels for column %d, which has none", node->column + 1)));
		us_encoder_condition_set(encoder, node->column, f->set[node->u.place].bit, column->nbins, missing, condition);
		return;
	}
	/* the last bin has no threshold: everything goes left */
	bound = node->bin < column->nbins - 1 ? column->threshold[node->bin] : INFINITY;
	us_encoder_condition(encoder, node->column, bound, missing, condition);
}
