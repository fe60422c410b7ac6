/*
 * tree_rules.c
 *	  The leaves of a tree as conditions in units of the source.
 *
 * On the way down, the bounds that splits put on a number are intersected, and the levels that
 * they leave of a category; other conditions are kept one by one.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/tree_condition.h"
#include "learn/tree_rules.h"

/* A node on the way, and the conditions of its rows. */
typedef struct Place
{
	int32		node;
	int			depth;
	int			n;
	UsRulePart *part;
} Place;

/* Turn a condition into its opposite, where that is one of the same kind. */
static bool
negate(UsCondition *c)
{
	bool	   *holds;

	if (c->kind == US_CONDITION_NUMBER && isinf(c->low) != isinf(c->high))
	{
		double		bound = isinf(c->low) ? c->high : c->low;

		if (isinf(c->low))
		{
			c->low = bound;
			c->high = INFINITY;
		}
		else
		{
			c->high = bound;
			c->low = -INFINITY;
		}
		c->null = !c->null;
		return true;
	}
	if (c->kind != US_CONDITION_LEVELS)
		return false;
	holds = palloc(sizeof(bool) * (c->nlevels + 1));
	for (int i = 0; i <= c->nlevels; i++)
		holds[i] = !c->holds[i];
	c->holds = holds;
	c->null = !c->null;
	return true;
}

/* Narrow a condition by another one of the same thing; false: they are about different ones. */
static bool
narrow(UsRulePart *part, const UsRulePart *by)
{
	UsCondition *c = &part->condition;
	const UsCondition *other = &by->condition;

	if (!part->holds || !by->holds || c->kind != other->kind || c->feature != other->feature)
		return false;
	if (c->kind == US_CONDITION_NUMBER && c->element == other->element)
	{
		c->low = fmax(c->low, other->low);
		c->high = fmin(c->high, other->high);
	}
	else if (c->kind == US_CONDITION_LEVELS && c->nlevels == other->nlevels)
	{
		bool	   *holds = palloc(sizeof(bool) * (c->nlevels + 1));

		for (int i = 0; i <= c->nlevels; i++)
			holds[i] = c->holds[i] && other->holds[i];
		c->holds = holds;
	}
	else
		return false;
	c->null = c->null && other->null;
	return true;
}

/* The conditions of a child: those of its parent and which side of the split it is on. */
static Place
descend(const Place *at, const UsTreeNode *node, const UsCondition *split, bool left)
{
	UsRulePart	step = {*split, left};
	Place		child = {.node = node->left + !left, .depth = at->depth + 1, .n = at->n};

	if (!left && negate(&step.condition))
		step.holds = true;
	child.part = palloc(sizeof(UsRulePart) * (at->n + 1));
	if (at->n > 0)
		memcpy(child.part, at->part, sizeof(UsRulePart) * at->n);
	for (int i = 0; i < at->n; i++)
		if (narrow(&child.part[i], &step))
			return child;
	child.part[child.n++] = step;
	return child;
}

int
us_tree_rules(const UsEncoder *encoder, const UsForest *f, int t, UsTreeRule **rules)
{
	const UsTreeNode *tree = f->node + f->root[t];
	int32		nodes = f->root[t + 1] - f->root[t];
	int			room = 64;
	Place	   *stack = palloc(sizeof(Place) * room);
	int			waiting = 1;
	int			n = 0;

	*rules = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeRule) * ((Size) nodes + 1) / 2 + sizeof(UsTreeRule));
	stack[0] = (Place) {0};
	while (waiting > 0)
	{
		Place		at = stack[--waiting];
		const UsTreeNode *node = &tree[at.node];
		UsCondition split;

		CHECK_FOR_INTERRUPTS();
		if (node->left == 0)
		{
			(*rules)[n++] = (UsTreeRule) {at.node, at.depth, node->cover, node, at.n, at.part};
			continue;
		}
		us_tree_condition(encoder, f, node, &split);
		if (waiting + 2 > room)
			stack = repalloc(stack, sizeof(Place) * (room *= 2));
		stack[waiting++] = descend(&at, node, &split, false);
		stack[waiting++] = descend(&at, node, &split, true);
		if (at.part)
			pfree(at.part);
	}
	pfree(stack);
	return n;
}
