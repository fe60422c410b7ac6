/*
 * hierarchical_mixture.h
 *	  To which branch of a tree by Ward's method a row belongs, where points stand for many rows.
 *
 * Ward's method is that of a mixture of spherical normal distributions (J. D. Banfield and A. E. Raftery,
 * "Model-based Gaussian and non-Gaussian clustering", Biometrics 49, 1993). A cut into some dozens of clusters
 * gives its components, each with the weight, mean and variance of the rows in it; the tree above them
 * joins components. A row descends from the root to the side that is more probable, so cuts
 * are nested, and the border between two segments is smooth, not the ragged one of the prototypes.  A row far
 * from all components, where only their widths would count, goes to the branch with the nearest mean.
 */
#ifndef US_HIERARCHICAL_MIXTURE_H
#define US_HIERARCHICAL_MIXTURE_H

#include "learn/hierarchical_model.h"
#include "math/simd.h"

/* Where components part: lo .. middle - 1 from middle .. hi - 1. */
typedef struct UsFork
{
	int			lo;
	int			middle;
	int			hi;
	int			left;			/* the next fork on either side, -1: a component */
	int			right;
	int32		rank;			/* of the merge that it undoes: both sides are in one segment of a cut into up to rank + 1 */
} UsFork;

struct UsTreeMixture
{
	int			n;				/* components, from left to right */
	int			dim;
	double	   *mean;			/* [n][dim] */
	double	   *precision;		/* [n] 1 / (2 variance) */
	double	   *offset;			/* [n] log of weight and norm */
	UsFork	   *fork;			/* [n - 1], the root first */
	int		   *first;			/* [n + 1] branches of each component, 0-based */
	double	   *branch_mean;	/* [branches][dim] */

	/* scratch: US_HALF_LANES rows */
	double	   *block;			/* [dim][lanes], coordinates of the rows */
	double	   *square;			/* [n][lanes] distances from the means */
	double	   *density;		/* [n][lanes], relative to the largest */
	double	   *sum;			/* [n + 1] of the components before */
	double	   *closest;		/* [lanes] exponent of the component that is closest in units of its width */
};

/* How a row is judged. */
typedef struct UsTreeChoice
{
	int			branch;			/* 0-based */
	int			other;			/* one of the runner-up, or -1 */
	double		probability;	/* of the least sure decision on the way to its segment */
	double		near;			/* squared distance from a, the nearest mean of a component, or of a branch if segments are finer, */
	double		other_near;		/* and from b, that of the runner-up */
	const double *a;
	const double *b;
} UsTreeChoice;

/* The mixture of n components, at most branches, in the current memory context. */
extern UsTreeMixture *us_tree_mixture(const UsHierarchyPoints *points, const UsTree *tree, int n, int branches);

/* Judge the rows in block: before all that follows. */
extern void us_tree_mixture_look(UsTreeMixture *mixture);

/* The branch of the row in a lane, 0-based; if fine is false only a branch of the same component. */
extern int	us_tree_mixture_branch(UsTreeMixture *mixture, int lane, bool fine);

/* The same, and what is told of it, in a cut into k segments, label[branches] of the branches. */
extern void us_tree_mixture_choose(UsTreeMixture *mixture, int lane, const int32 *label, int k, UsTreeChoice *choice);

#endif
