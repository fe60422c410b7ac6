/*
 * tree_shap_background.c
 *	  Interventional Shapley values of a tree: a row against each row of a background sample.
 *
 * For a pair of rows x and b only the columns matter in which they part ways.  A leaf that is reached with u columns
 * taken from x and v from b, each of them needed, adds value * (u - 1)! v! / (u + v)! to each column of x and
 * takes value * u! (v - 1)! / (u + v)! from each of b: those are the shares of the orders in which the u are known and the
 * v are not when the column becomes known.  (S. Lundberg et al., Nature Machine Intelligence 2 (2020), supplement, algorithm 3.)
 */
#include "postgres.h"

#include "miscadmin.h"

#include "learn/tree_shap.h"

enum
{
	OPEN,						/* x and b went the same way so far */
	FROM_ROW,
	FROM_BACKGROUND
};

/* A pair of rows in a tree. */
typedef struct Pair
{
	UsTreeShap *s;
	const UsTreeNode *tree;
	const uint8 *x;
	const uint8 *b;
	const double *factor;
	int			only;
	double		weight;			/* of the background row */
	double	   *phi;
} Pair;

/* Sums over leaves of what they add to columns from x, and take from columns from b. */
typedef struct Shares
{
	double		x;
	double		b;
} Shares;

void
us_shap_background_prepare(UsTreeShap *s)
{
	s->side = palloc0(Max(s->forest->width, 1));
	s->inverse = palloc(sizeof(double) * (s->depth + 3));
	for (int i = 1; i < s->depth + 3; i++)
		s->inverse[i] = 1.0 / i;
}

/* The leaves below a node; m = u! v! / (u + v)!.  As deep as the tree. */
static Shares
descend(Pair *p, const UsTreeNode *node, int u, int v, double m)
{
	UsTreeShap *s = p->s;
	const UsForest *f = s->forest;
	bool		left_x;
	bool		left_b;
	Shares		x;
	Shares		b;

	for (;;)
	{
		if (node->left == 0)
		{
			double		value = us_shap_leaf(f, node, p->factor, p->only) * p->weight * m;

			return (Shares) {u > 0 ? value * s->inverse[u] : 0, v > 0 ? value * s->inverse[v] : 0};
		}
		left_x = us_node_left(node, f->set, p->x[node->column], US_TREE_MISSING);
		left_b = us_node_left(node, f->set, p->b[node->column], US_TREE_MISSING);
		if (left_x != left_b && s->side[node->column] == OPEN)
			break;
		node = p->tree + node->left + ((s->side[node->column] == FROM_BACKGROUND ? left_b : left_x) ? 0 : 1);
	}
	m *= s->inverse[u + v + 1];
	s->side[node->column] = FROM_ROW;
	x = descend(p, p->tree + node->left + (left_x ? 0 : 1), u + 1, v, m * (u + 1));
	s->side[node->column] = FROM_BACKGROUND;
	b = descend(p, p->tree + node->left + (left_b ? 0 : 1), u, v + 1, m * (v + 1));
	s->side[node->column] = OPEN;
	p->phi[node->column] += x.x - b.b;
	return (Shares) {x.x + b.x, x.b + b.b};
}

void
us_shap_background(UsTreeShap *s, int t, const uint8 *bin, const double *factor, int only, double *phi)
{
	Pair		p = {
		.s = s,
		.tree = s->forest->node + s->forest->root[t],
		.x = bin,
		.factor = factor,
		.only = only,
		.weight = 1.0 / s->n_background,
		.phi = phi
	};

	check_stack_depth();
	for (int i = 0; i < s->n_background; i++)
	{
		if (i % 64 == 0)
			CHECK_FOR_INTERRUPTS();
		p.b = s->background + (Size) i * s->forest->width;
		(void) descend(&p, p.tree, 0, 0, 1);
	}
}
