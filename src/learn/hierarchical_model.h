/*
 * hierarchical_model.h
 *	  A trained hierarchical model: the points it was built on, their tree, a cut.
 */
#ifndef US_HIERARCHICAL_MODEL_H
#define US_HIERARCHICAL_MODEL_H

#include "learn/algorithm.h"
#include "learn/prototype_cells.h"
#include "learn/prototype_index.h"
#include "stat/linkage_tree.h"

/*
 * What is clustered: rows of the source, or prototypes of many of them.  Coordinates are encoded
 * values times 2^-exponent, which puts the largest between 1/2 and 1.  For cosine distances they
 * are unit vectors with one more coordinate, which is 1 for a row that has no direction and
 * 0 for others: such rows are at distance 0 of each other and 1 of all others.
 */
typedef struct UsHierarchyPoints
{
	int			n;
	int			width;			/* encoded columns */
	int			dim;			/* coordinates */
	bool		exact;			/* one point a row, or a distinct row */
	UsMetric	metric;
	int			exponent;
	double		own;			/* weight of a row where points stand for several; 0: the weight of the point */
	double	   *x;				/* [n][dim] */
	double	   *weight;			/* [n] */
	double	   *within;			/* [n] sum of squares around the point, in units of x; NULL: 0 */
	UsCells    *cells;			/* which point a row belongs to; NULL: the nearest */
	int64		least_rows;		/* rows behind the point that has fewest; only when it was just made */
} UsHierarchyPoints;

typedef struct UsTreeMixture UsTreeMixture;

typedef struct UsHierarchicalModel
{
	UsLinkage	linkage;
	UsHierarchyPoints points;
	int			k;				/* segments */
	int			branches;		/* clusters of the finest cut that can be made */
	int			silhouette_rows;	/* points on which the silhouette is computed */
	UsMerge    *merge;			/* [n - 1], heights in encoded units */
	int			components;		/* of the mixture that rows are judged by; 0: there is none, points judge */

	/* made from these */
	UsTree	   *tree;
	int32	   *label;			/* [n] segment of each point, 1 .. k */
	int32	   *branch;			/* [n] branch of each point, 1 .. branches */
	int32	   *branch_label;	/* [branches] segment of each branch */
	int32	   *other;			/* [n][US_OTHER_POINTS] for each point the nearest ones of other segments, -1: no more, */
	bool	   *other_known;	/* [n] once they are found; only with cells */
	double	   *center;			/* [k][width], encoded units */
	double	   *weight;			/* [k] */
	UsPrototypeIndex *index;	/* without cells or mixture */
	UsTreeMixture *mixture;	/* hierarchical_mixture.h; or NULL */
	double		down;			/* 2^-exponent */
	double	   *p;				/* [dim] scratch */
} UsHierarchicalModel;

/* points of other segments among which the runner-up of a row is */
#define US_OTHER_POINTS	8

/* Components for the mixture of a model: some dozens, of several points each; at least its segments. */
extern int	us_hierarchical_components(const UsHierarchicalModel *m);

/* Fill in what is made from the other fields, in the current memory context. */
extern void us_hierarchical_prepare(UsHierarchicalModel *m);

/*
 * The weights of the points, times 2^-*exponent where products of two of them might vanish otherwise (then
 * a copy, in the current context); the exponent is even.
 */
extern const double *us_hierarchy_weights(const UsHierarchyPoints *points, int *exponent);

/* The points that silhouettes and the cophenetic correlation are computed on: at most so many, by their hash. */
extern UsTreePoints us_hierarchy_sample(const UsHierarchyPoints *points, int most);

/*
 * Sum of squares around the means of the clusters of the cuts into lo .. hi, in encoded units (of unit
 * vectors for cosine distances): out[hi - lo + 1].
 */
extern void us_hierarchy_inertia(const UsHierarchyPoints *points, const UsTree *tree, int lo, int hi,
								 double *out);

/*
 * A row v[width] as the direction v[width + 1] of cosine distances.  Coordinates are rounded to 2^-46, so
 * that parallel rows are equal.
 */
extern void us_hierarchy_direction(double *v, int width);

/* What is told of the present cut. */
extern void us_hierarchical_report_cut(const UsHierarchicalModel *m, double silhouette, UsReport *r);

/* branch[nrows]: the branches 1 .. branches of the rows of a block. */
extern void us_hierarchical_branch_block(const void *model, const double *x, int stride, int nrows, int32 *branch);

/* Functions of the vtable: scoring in hierarchical_score.c, the rest in hierarchical_model.c. */
extern void us_hierarchical_score(const void *model, const double *x, UsScore *score);
extern int	us_hierarchical_label(const void *model, const double *x);
extern void us_hierarchical_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out);
extern void us_hierarchical_label_block(const void *model, const double *x, int stride, int nrows, int32 *label);
extern void us_hierarchical_proba(const void *model, const double *x, double *p);
extern void us_hierarchical_explain(const void *model, const double *x, const UsScore *score, double *c);
extern void us_hierarchical_center(const void *model, int label, double *c);
extern UsReport *us_hierarchical_describe(const void *model);
extern void us_hierarchical_write(const void *model, UsWriter *w);
extern void *us_hierarchical_read(UsReader *r, int width, int *n_labels);
extern const UsAlgorithmTree us_hierarchical_tree;

/* hierarchical_path.c */
extern const struct UsPathway us_hierarchical_pathway;

#endif
