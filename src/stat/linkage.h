/*
 * linkage.h
 *	  Agglomerative hierarchical clustering of weighted points, exactly.
 *
 * Every point starts as a cluster of its own; n - 1 times the two nearest clusters are
 * merged.  What the distance between clusters is, is the linkage.  The result stands in the
 * form of scipy's linkage matrix: clusters 0 .. n - 1 are the points, cluster n + i
 * is made by merge i.
 *
 * Ties: of equally near pairs the one that a scan in the order of the points meets first is
 * taken, and a cluster that looks for its nearest prefers the one that found it.  So
 * the result is a function of the sequence of points; whoever brings them into an order
 * of their values has a result that does not depend on where the rows came from.
 */
#ifndef US_LINKAGE_H
#define US_LINKAGE_H

#include "math/distance.h"

/* The numbers are stored in models: they never change. */
typedef enum UsLinkage
{
	US_LINKAGE_WARD = 0,
	US_LINKAGE_COMPLETE = 1,
	US_LINKAGE_AVERAGE = 2,
	US_LINKAGE_SINGLE = 3,
	US_LINKAGE_WEIGHTED = 4,
	US_LINKAGE_CENTROID = 5,
	US_LINKAGE_MEDIAN = 6
} UsLinkage;

#define US_LINKAGE_COUNT	7

/* How distances are kept. */
typedef enum UsLinkageStorage
{
	US_LINKAGE_NO_MATRIX,		/* computed again from positions when needed: O(n width) memory */
	US_LINKAGE_FLOAT8,			/* n (n - 1) / 2 numbers */
	US_LINKAGE_FLOAT4
} UsLinkageStorage;

typedef struct UsMerge
{
	int32		a;				/* a < b: the clusters that are merged */
	int32		b;
	double		height;			/* their distance */
	double		size;			/* weight of the new cluster */
} UsMerge;

typedef struct UsLinkageInput
{
	UsLinkage	linkage;
	UsMetric	metric;			/* EUCLIDEAN, COSINE (x are unit vectors), MANHATTAN */
	UsLinkageStorage storage;
	int			n;				/* points */
	int			width;
	const double *x;			/* [n][width], finite, squares of differences too */
	const double *weight;		/* [n] > 0, or NULL: 1 each */
} UsLinkageInput;

/* The linkage of that name; false if there is none. */
extern bool us_linkage_find(const char *name, UsLinkage *linkage);
extern const char *us_linkage_name(UsLinkage linkage);

/* Distances are those of geometric centres, so only Euclidean ones have a meaning. */
extern bool us_linkage_is_geometric(UsLinkage linkage);

/* Heights never fall from merge to merge (but for centroid and median). */
extern bool us_linkage_is_monotone(UsLinkage linkage);

/* Whether a linkage can do with that storage. */
extern bool us_linkage_can(UsLinkage linkage, UsLinkageStorage storage);

/* Bytes of memory that us_linkage() needs beside its input and its result. */
extern Size us_linkage_bytes(UsLinkage linkage, UsLinkageStorage storage, int n, int width);

/*
 * Cluster: merge[n - 1].  memory: us_linkage_bytes() of it, aligned to 64 bytes.  Time
 * O(n^2 width) at most (centroid and median: in the worst case O(n^3), in practice
 * O(n^2)).  Looks for interrupts.
 *
 * Distance of clusters A and B of weights a and b, which are merged into C; d(C, K) for another K
 * of weight k (G. N. Lance and W. T. Williams, Computer Journal 9, 1967; J. H. Ward, JASA 58, 1963;
 * F. Murtagh and P. Legendre, Journal of Classification 31, 2014, "ward.D2"):
 *
 *	WARD		sqrt(((k + a) d(A,K)^2 + (k + b) d(B,K)^2 - k d(A,B)^2) / (k + a + b)), which is
 *				sqrt(2 c k / (c + k)) |mean(C) - mean(K)|; of two points of weight 1 their distance
 *	COMPLETE	max(d(A,K), d(B,K))
 *	AVERAGE		(a d(A,K) + b d(B,K)) / (a + b)			UPGMA
 *	SINGLE		min(d(A,K), d(B,K))
 *	WEIGHTED	(d(A,K) + d(B,K)) / 2					WPGMA
 *	CENTROID	|mean(C) - mean(K)|						UPGMC
 *	MEDIAN		|p(C) - p(K)|, p(C) = (p(A) + p(B)) / 2	WPGMC
 *
 * Ward, complete, average, weighted: chain of nearest neighbours (F. Murtagh, Computer Journal
 * 26, 1983; D. Muellner, arXiv:1109.2378, 2011, figure 2); with FLOAT8 and weights 1
 * the arithmetic is that of scipy.cluster.hierarchy, so that ties fall alike.  Single: minimum
 * spanning tree (R. C. Prim, 1957; Muellner figure 6).  Centroid, median: candidates for
 * nearest neighbours (Muellner figure 3).
 */
extern void us_linkage(const UsLinkageInput *input, void *memory, UsMerge *merge);

#endif
