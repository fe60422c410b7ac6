/*
 * hierarchical_points.h
 *	  What hierarchical clustering works on: all rows of a source, or prototypes of them.
 */
#ifndef US_HIERARCHICAL_POINTS_H
#define US_HIERARCHICAL_POINTS_H

#include "learn/hierarchical_model.h"

/* How many points, and how their distances are kept. */
typedef struct UsHierarchyPlan
{
	UsLinkage	linkage;
	UsMetric	metric;
	int64		nrows;
	int			width;
	int			max_exact;		/* rows that are clustered one by one at most */
	int			max_prototypes; /* else */
	int			min_rows;		/* that a point stands for at least */
	bool		exact;			/* decided */
	int			n;				/* rows, or prototypes at most */
	UsLinkageStorage storage;
	bool		short_of_memory;	/* fewer points than asked for, because of the memory */
} UsHierarchyPlan;

/* Values (points times columns) of a model at most. */
#define US_HIERARCHY_VALUES		(1 << 21)

/* The parameters linkage and metric; 22023 for those that do not go together. */
extern void us_hierarchy_read_linkage(const UsParams *params, UsLinkage *linkage, UsMetric *metric);

/* The best storage for n points in so many bytes; false if there is none. */
extern bool us_hierarchy_storage(UsLinkage linkage, int n, int width, Size room, UsLinkageStorage *storage);

/* Bytes that clustering n points takes: points, tree, distances. */
extern Size us_hierarchy_bytes(UsLinkage linkage, UsLinkageStorage storage, int n, int width);

/*
 * Decide: all rows if there are at most max_exact of them and memory and model have room for them,
 * else the most prototypes up to max_prototypes that there is room for, at least least.
 */
extern void us_hierarchy_decide(UsHierarchyPlan *plan, Size room, int least);

/*
 * The points, in the order of their coordinates, then weights.  In the current context; large arrays
 * in arena.  details gets what us_prototypes_build tells.  *of_row: the point of each row of the
 * source (UsPrototypes.of_row), or NULL.
 */
extern void us_hierarchy_points(const UsHierarchyPlan *plan, const UsFitInput *input, UsArena *arena,
								UsReport *details, UsHierarchyPoints *points, uint16 **of_row);

/*
 * Fill in the points of p (n, dim and exponent are set) from x[n][dim], weight[n] and within[n] or NULL, in the order of their
 * coordinates; large arrays in arena.  Returns the number, among those given, of each.
 */
extern int32 *us_hierarchy_put_in_order(UsHierarchyPoints *p, UsArena *arena, const double *x,
										const double *weight, const double *within);

/* Different points. */
extern int	us_hierarchy_distinct(const UsHierarchyPoints *points);

#endif
