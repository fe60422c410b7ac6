/*
 * linkage_work.h
 *	  What the files of stat/linkage*.c share.
 */
#ifndef US_LINKAGE_WORK_H
#define US_LINKAGE_WORK_H

#include "math/row_blocks.h"
#include "stat/linkage.h"

/* The points as blocks; x: us_half_blocks(n) * US_HALF_LANES * width numbers. */
extern void us_linkage_blocks(const double *point, int n, int width, double *x);

/*
 * A chain of nearest neighbours.  Clusters stand in places 0 .. n - 1; a merge leaves the
 * lower place free, the new cluster stands in the higher one.
 */
typedef struct UsChain
{
	int			n;				/* places at first */
	/* The lowest place that is taken. */
	int			(*first) (void *context);
	/* The nearest of x; prev (-1: none) is preferred among equals, then the lowest place. */
	int			(*nearest) (void *context, int x, int prev, double *distance);
	/* Merge x < y. */
	void		(*merge) (void *context, int x, int y, double distance);
	/* Give places new numbers if it is time: place[i] of each taken one; false: not yet. */
	bool		(*compact) (void *context, int32 *place);
	void	   *context;
	int32	   *chain;			/* [n] scratch */
	int32	   *where;			/* [n] scratch */
	int32	   *place;			/* [n] scratch */
	int32	   *point;			/* [n] scratch: a point of the cluster in each place */
} UsChain;

/* Bytes of the scratch of a chain, and its place; returns what comes after it. */
extern Size us_chain_bytes(int n);
extern char *us_chain_place(UsChain *chain, int n, char *memory);

/* Run it: n - 1 merges of points a and b that stand for their clusters, in the order of finding. */
extern void us_chain_run(UsChain *chain, UsMerge *merge);

/*
 * Sort merges by height (equal ones keep their order) and give clusters their numbers; a and b
 * are points that stand for their clusters before and scipy's numbers after.  weight as
 * in UsLinkageInput.  memory: us_finish_bytes(n).
 */
extern Size us_finish_bytes(int n);
extern void us_linkage_finish(UsMerge *merge, int n, const double *weight, bool sort, void *memory);

/* The engines. */
extern Size us_linkage_matrix_bytes(UsLinkageStorage storage, int n, int width);
extern void us_linkage_matrix(const UsLinkageInput *input, char *memory, UsMerge *merge);
extern Size us_linkage_ward_bytes(int n, int width);
extern void us_linkage_ward(const UsLinkageInput *input, char *memory, UsMerge *merge);
extern Size us_linkage_single_bytes(int n, int width);
extern void us_linkage_single(const UsLinkageInput *input, char *memory, UsMerge *merge);
extern Size us_linkage_geometric_bytes(int n, int width);
extern void us_linkage_geometric(const UsLinkageInput *input, char *memory, UsMerge *merge);

/* Round up to the alignment of blocks. */
#define US_PLACE(bytes)	TYPEALIGN(US_BLOCK_ALIGN, (bytes))

#endif
