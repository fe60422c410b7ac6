/*
 * tree_formula.c
 *	  Trees, forests and boosting as formulas.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/tree_condition.h"
#include "learn/linear_model.h"
#include "learn/tree_learner.h"

/* What a leaf is in the formula that is built. */
typedef enum LeafKind
{
	LEAF_VALUE,					/* base + value / divisor */
	LEAF_CLASS,					/* probability of class k */
	LEAF_TOTAL,					/* of all classes: nearly 1 */
	LEAF_ODDS,					/* that of the second class less that of the first */
	LEAF_SHARE,					/* CLASS / TOTAL */
	LEAF_TOP,					/* the largest SHARE */
	LEAF_LABEL
} LeafKind;

typedef struct Build
{
	const UsTreeModel *m;
	const UsEncoder *encoder;
	LeafKind	kind;
	int			class;
	double		base;
} Build;

static UsFormula *
leaf(const Build *b, const UsTreeNode *node)
{
	int			n = b->m->forest->n_classes;
	const float *p = n > 0 ? b->m->forest->place + node->u.place * n : NULL;
	double		total = 0;
	int			best = 0;

	if (b->kind == LEAF_VALUE)
		return us_formula_constant(b->base + node->u.value);
	for (int k = 0; k < n; k++)
	{
		total += p[k];
		if (p[k] > p[best])
			best = k;
	}
	switch (b->kind)
	{
		case LEAF_CLASS:
			return us_formula_constant(p[b->class]);
		case LEAF_TOTAL:
			return us_formula_constant(total);
		case LEAF_ODDS:
			return us_formula_constant((double) p[1] - (double) p[0]);
		case LEAF_SHARE:
			return us_formula_constant(p[b->class] / total);
		case LEAF_TOP:
			return us_formula_constant(p[best] / total);
		default:
			return us_formula_label(best + 1);
	}
}

static bool
same_leaf(const UsFormula *a, const UsFormula *b)
{
	return a->kind != US_F_BRANCH && b->kind != US_F_BRANCH && a->number == b->number;
}

/* Tree t: children come behind their parents, so from the last node to the first. */
static UsFormula *
tree_formula(const Build *b, int t)
{
	const UsForest *f = b->m->forest;
	const UsTreeNode *node = f->node + f->root[t];
	int			n = f->root[t + 1] - f->root[t];
	UsFormula **at = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsFormula *) * (Size) n);
	UsFormula  *root;

	for (int i = n - 1; i >= 0; i--)
	{
		UsCondition *condition;

		if (node[i].left == 0)
		{
			at[i] = leaf(b, &node[i]);
			continue;
		}
		if (i % 64 == 0)
			CHECK_FOR_INTERRUPTS();
		if (same_leaf(at[node[i].left], at[node[i].left + 1]))
		{
			at[i] = at[node[i].left];
			continue;
		}
		condition = palloc(sizeof(UsCondition));
		us_tree_condition(b->encoder, f, &node[i], condition);
		at[i] = us_formula_two(US_F_BRANCH, at[node[i].left], at[node[i].left + 1]);
		at[i]->condition = condition;
	}
	root = at[0];
	pfree(at);
	return root;
}

/* Score k: the sum of its trees, over divisor, and base. */
static UsFormula *
forest_formula(const UsTreeModel *m, const UsFormulaRequest *request, LeafKind kind, int k, int step,
			   double base, double divisor)
{
	const UsForest *f = m->forest;
	UsFormula **term = palloc(sizeof(UsFormula *) * (f->n_trees + 1));
	Build		b = {.m = m, .encoder = request->encoder, .kind = kind, .class = k};
	int			n = 0;
	UsFormula  *mean[2];

	if (f->n_trees == 1 && step == 1)
	{
		b.base = base;
		return tree_formula(&b, 0);
	}
	for (int t = step > 1 ? k : 0; t < f->n_trees; t += step)
		term[n++] = tree_formula(&b, t);
	if (divisor == 1)
	{
		if (base != 0 || n == 0)
			term[n++] = us_formula_constant(base);
		return us_formula_sum(n, term);
	}
	mean[0] = us_formula_two(US_F_DIV, us_formula_sum(n, term), us_formula_constant(divisor));
	mean[1] = us_formula_constant(base);
	return us_formula_sum(2, mean);
}

/* Distributions in leaves that are averaged. */
static UsFormula *
average_classes(const UsTreeModel *m, const UsFormulaRequest *request)
{
	int			n = m->n_labels;
	UsFormula **sum = palloc(sizeof(UsFormula *) * n);
	UsFormula  *total;

	if (m->forest->n_trees == 1)
		return forest_formula(m, request, request->want == US_WANT_LABEL ? LEAF_LABEL :
							  request->want == US_WANT_TOP ? LEAF_TOP : LEAF_SHARE, request->class, 1, 0, 1);
	if (request->want == US_WANT_LABEL && n == 2)
	{
		UsFormula  *const rank[] = {us_formula_constant(0), forest_formula(m, request, LEAF_ODDS, 0, 1, 0, 1)};

		return us_formula_pick_label(2, rank, false);
	}
	total = request->want == US_WANT_LABEL ? NULL : forest_formula(m, request, LEAF_TOTAL, 0, 1, 0, 1);
	if (request->want == US_WANT_CLASS)
		return us_formula_two(US_F_DIV, forest_formula(m, request, LEAF_CLASS, request->class, 1, 0, 1), total);
	for (int k = 0; k < n; k++)
		sum[k] = forest_formula(m, request, LEAF_CLASS, k, 1, 0, 1);
	if (request->want == US_WANT_LABEL)
		return us_formula_pick_label(n, sum, false);
	return us_formula_two(US_F_DIV, us_formula_new(US_F_LARGEST, n, sum), total);
}

static UsFormula *
boosted(const UsTreeModel *m, const UsFormulaRequest *request)
{
	int			n = m->forest->n_scores;
	UsFormula **score = palloc(sizeof(UsFormula *) * n);

	for (int k = 0; k < n; k++)
		score[k] = forest_formula(m, request, LEAF_VALUE, k, n, m->base[k], 1);
	if (m->n_labels > 0)
		return us_formula_classes(n, score, request);
	if (m->objective.kind == US_OBJECTIVE_POISSON || m->objective.kind == US_OBJECTIVE_TWEEDIE)
		return us_formula_one(US_F_EXP, us_formula_clip(score[0], -US_ENCODED_MAX, 700));
	return score[0];
}

UsFormula *
us_tree_model_formula(const void *model, const UsFormulaRequest *request)
{
	const UsTreeModel *m = model;
	int64		nodes = m->forest->root[m->forest->n_trees];

	/* each class of a forest has its own copy of the trees */
	if (m->kind == US_TREES_AVERAGE && m->n_labels > 2 && m->forest->n_trees > 1)
		nodes *= m->n_labels;
	us_formula_check(request, nodes, psprintf("%d trees of %d nodes", m->forest->n_trees, m->forest->root[m->forest->n_trees]));
	if (m->kind == US_TREES_BOOSTED)
		return boosted(m, request);
	if (m->n_labels > 0)
		return average_classes(m, request);
	return forest_formula(m, request, LEAF_VALUE, 0, 1, m->base[0], m->forest->n_trees);
}
