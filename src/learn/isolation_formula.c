/*
 * isolation_formula.c
 *	  Isolation forests as formulas: the mean path length of a row.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/isolation_tree.h"

/* The condition of going left; bounds are exclusive there. */
static UsCondition *
condition_of(const UsIsolationForest *f, const UsIsolationNode *node, const UsEncoder *encoder)
{
	UsCondition *c = (UsCondition *) palloc(sizeof(UsCondition));
	bool		missing = (node->flags & US_ISOLATION_MISSING_LEFT) != 0;
	uint64		bits[US_ISOLATION_LEVELS / 64];

	if ((node->flags & US_ISOLATION_SET) == 0)
	{
		us_encoder_condition(encoder, node->column, nextafter(node->u.threshold, -INFINITY), missing, c);
		return c;
	}
	if (us_encoder_levels(encoder, node->column) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid stored model: a set of levels for column %d, which has none", node->column + 1)));
	for (int i = 0; i < US_ISOLATION_LEVELS / 64; i++)
	{
		const UsIsolationSet *set = &f->set[node->u.set];

		bits[i] = (set->left[i] & set->known[i]) | (missing ? ~set->known[i] : 0);
	}
	us_encoder_condition_set(encoder, node->column, bits, US_ISOLATION_LEVELS, missing, c);
	return c;
}

/* Tree t: children come behind their parents. */
static UsFormula *
tree_formula(const UsIsolationForest *f, int t, const UsEncoder *encoder)
{
	const UsIsolationNode *node = f->node + f->root[t];
	const double *length = f->length + f->root[t];
	int			n = f->root[t + 1] - f->root[t];
	UsFormula **at = (UsFormula **) palloc(sizeof(UsFormula *) * n);
	UsFormula  *root;

	for (int i = n - 1; i >= 0; i--)
	{
		if (i % 64 == 0)
			CHECK_FOR_INTERRUPTS();
		if (node[i].left == 0)
		{
			at[i] = us_formula_constant(length[i]);
			continue;
		}
		at[i] = us_formula_two(US_F_BRANCH, at[node[i].left], at[node[i].left + 1]);
		at[i]->condition = condition_of(f, &node[i], encoder);
	}
	root = at[0];
	pfree(at);
	return root;
}

UsFormula *
us_isolation_formula(const UsIsolationForest *f, const UsFormulaRequest *request)
{
	int64		nodes = f->root[f->n_trees];
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * f->n_trees);

	us_formula_check(request, nodes, psprintf("%d trees of %lld nodes", f->n_trees, (long long) nodes));
	for (int t = 0; t < f->n_trees; t++)
		term[t] = tree_formula(f, t, request->encoder);
	return us_formula_two(US_F_DIV, us_formula_sum(f->n_trees, term), us_formula_constant(f->n_trees));
}
