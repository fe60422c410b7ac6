/*
 * tree_shap_path.c
 *	  Path dependent Shapley values of a tree, in time proportional to leaves times depth.
 *
 * On the way to a leaf each column i that is split has the product z[i] of the shares of its splits and a mark o[i], 1 where the row
 * takes this way at all of them, else 0.  When the columns of a set are known the leaf counts
 * with the product of o[i] for these and z[i] for the others.  The multilinear extension of that game is, on the
 * diagonal t, the product of f[i](t) = z[i] + t (o[i] - z[i]), and the Shapley value of column i is
 *
 *		value of the leaf * (o[i] - z[i]) * integral over t from 0 to 1 of the product of f[j](t) for j other than i
 *
 * (G. Owen, "Multilinear extensions of games", Management Science 18 (1972)).  The integrand is a polynomial of a degree below the number of
 * columns on the path, so a Gauss-Legendre rule of half as many points gives it exactly, and without
 * cancellation: all f are positive.  Only the product P of all f at each point is carried down, and the sum G of
 * P times value carried up; a column gets its share of G on the way up from each of its splits, less what the split of the same
 * column above will get for the same leaves (as in P. Yu et al., "Linear TreeShap", NeurIPS 2022, with polynomials at Chebyshev points).
 *
 * A side that the row does not take and that has no training rows is in no sum and is left out.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/tree_shap.h"
#include "math/gauss_legendre.h"
#include "math/simd.h"

/* points that are worked on together */
#define LANES	4

typedef double Lanes __attribute__((vector_size(8 * LANES)));

/* a share below this is none: its inverse would be too large */
#define LEAST_SHARE	1e-150

/* A split on the way to the node at hand.  Level 0 stands for "not split yet". */
typedef struct UsShapLevel
{
	int32		node;			/* where it leads */
	uint16		column;
	uint16		before;			/* level of the split of the same column above, or 0 */
	int			child;			/* that is looked at next: 0, 1, 2 */
	double		z;
	double		o;
} UsShapLevel;

void
us_shap_path_prepare(UsTreeShap *s)
{
	const UsForest *f = s->forest;
	int			most = 0;
	int			vectors;
	Size		bytes;

	for (int t = 0; t < f->n_trees; t++)
		most = Max(most, s->points[t]);
	vectors = Max((most + LANES - 1) / LANES, 1);
	s->rule_of = palloc0(sizeof(double *) * (most + 1));
	for (int t = 0; t < f->n_trees; t++)
	{
		int			n = s->points[t];
		int			room = (n + LANES - 1) / LANES * LANES;
		double	   *rule;

		if (n == 0 || s->rule_of[n] != NULL)
			continue;
		/* points, then weights; those that fill up the vectors weigh nothing */
		rule = (double *) TYPEALIGN(64, palloc0(sizeof(double) * 2 * room + 64));
		us_gauss_legendre(n, rule, rule + room);
		for (int i = n; i < room; i++)
			rule[i] = 0.5;
		s->rule_of[n] = rule;
	}
	s->level = palloc0(sizeof(UsShapLevel) * (s->depth + 2));
	s->level[0].z = s->level[0].o = 1;
	bytes = sizeof(Lanes) * 4 * vectors * (Size) (s->depth + 2);
	s->vectors = (double *) TYPEALIGN(64, palloc0(bytes + 64));
	s->last = palloc0(sizeof(uint16) * Max(f->width, 1));
}

/* By address: a vector as an argument depends on the processor. */
US_INLINE double
total(const Lanes *v)
{
	return ((*v)[0] + (*v)[1]) + ((*v)[2] + (*v)[3]);
}

/* The vectors of a level: 1 / f, (o - z) / f, P, G. */
#define INVERSE(d)	(vectors + ((Size) (d) * 4 + 0) * nv)
#define RATIO(d)	(vectors + ((Size) (d) * 4 + 1) * nv)
#define PRODUCT(d)	(vectors + ((Size) (d) * 4 + 2) * nv)
#define GATHERED(d)	(vectors + ((Size) (d) * 4 + 3) * nv)

/* The leaf behind a split of column with z and o, below level d. */
US_INLINE double
visit_leaf(const Lanes *t, Lanes *vectors, int d, int before, double z, double o, double value, int nv)
{
	Lanes		sum = {0};

	for (int v = 0; v < nv; v++)
	{
		Lanes		p = PRODUCT(d)[v] * INVERSE(before)[v] * value;
		Lanes		f = z + t[v] * (o - z);

		GATHERED(d)[v] += p * f;
		sum += p * ((o - z) - RATIO(before)[v] * f);
	}
	return total(&sum);
}

/* Go down a split to level d + 1. */
US_INLINE void
descend(const Lanes *t, Lanes *vectors, int d, int before, double z, double o, int nv)
{
	for (int v = 0; v < nv; v++)
	{
		Lanes		f = z + t[v] * (o - z);
		Lanes		inverse = 1.0 / f;

		INVERSE(d + 1)[v] = inverse;
		RATIO(d + 1)[v] = (o - z) * inverse;
		PRODUCT(d + 1)[v] = PRODUCT(d)[v] * INVERSE(before)[v] * f;
		GATHERED(d + 1)[v] = (Lanes) {0};
	}
}

/* Come back from level d: what its column gets. */
US_INLINE double
ascend(Lanes *vectors, int d, int before, int nv)
{
	Lanes		sum = {0};

	for (int v = 0; v < nv; v++)
	{
		Lanes		g = GATHERED(d)[v];

		sum += (RATIO(d)[v] - RATIO(before)[v]) * g;
		GATHERED(d - 1)[v] += g;
	}
	return total(&sum);
}

/* A tree whose root is split; nv is the number of vectors. */
US_INLINE void
walk(UsTreeShap *s, const UsTreeNode *tree, const double *rule, const uint8 *bin, const double *factor, int only,
	 double *phi, int nv)
{
	const UsForest *forest = s->forest;
	const Lanes *t = (const Lanes *) rule;
	Lanes	   *vectors = (Lanes *) s->vectors;
	UsShapLevel *level = s->level;
	int			d = 1;
	uint32		steps = 0;

	for (int v = 0; v < nv; v++)
	{
		INVERSE(0)[v] = (Lanes) {1, 1, 1, 1};
		RATIO(0)[v] = (Lanes) {0};
		PRODUCT(1)[v] = ((const Lanes *) rule)[nv + v];
		GATHERED(1)[v] = (Lanes) {0};
	}
	level[1].node = 0;
	level[1].child = 0;
	for (;;)
	{
		UsShapLevel *here = &level[d];
		const UsTreeNode *node = &tree[here->node];
		const UsTreeNode *to;
		int			before;
		double		z;
		double		o;

		if (here->child == 2)
		{
			if (d == 1)
				break;
			phi[here->column] += ascend(vectors, d, here->before, nv);
			s->last[here->column] = here->before;
			d--;
			continue;
		}
		if (++steps % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		to = tree + node->left + here->child;
		before = s->last[node->column];
		z = level[before].z * us_shap_share(tree + node->left, here->child);
		o = us_node_left(node, forest->set, bin[node->column], US_TREE_MISSING) == (here->child == 0) ? level[before].o : 0;
		here->child++;
		if (z < LEAST_SHARE)
		{
			if (o == 0)
				continue;
			z = 0;
		}
		if (to->left == 0)
		{
			phi[node->column] += visit_leaf(t, vectors, d, before, z, o, us_shap_leaf(forest, to, factor, only), nv);
			continue;
		}
		descend(t, vectors, d, before, z, o, nv);
		d++;
		level[d] = (UsShapLevel) {.node = (int32) (to - tree), .column = node->column, .before = (uint16) before, .z = z, .o = o};
		s->last[node->column] = (uint16) d;
	}
}

/* Trees of up to 8, 16 and 24 columns on a path are worked on in registers. */
US_CLONES void
us_shap_path(UsTreeShap *s, int t, const uint8 *bin, const double *factor, int only, double *phi)
{
	const UsTreeNode *tree = s->forest->node + s->forest->root[t];
	const double *rule = s->rule_of[s->points[t]];
	int			nv = (s->points[t] + LANES - 1) / LANES;

	switch (nv)
	{
		case 1:
			walk(s, tree, rule, bin, factor, only, phi, 1);
			break;
		case 2:
			walk(s, tree, rule, bin, factor, only, phi, 2);
			break;
		case 3:
			walk(s, tree, rule, bin, factor, only, phi, 3);
			break;
		default:
			walk(s, tree, rule, bin, factor, only, phi, nv);
			break;
	}
}
