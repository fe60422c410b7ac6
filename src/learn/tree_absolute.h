/*
 * tree_absolute.h
 *	  Splits that minimise the absolute error around the medians of both sides.
 *
 * Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984, section 8.11 (least absolute
 * deviation). Targets and weights of items are integers on a grid, so that nothing depends on the order of rows.
 */
#ifndef US_TREE_ABSOLUTE_H
#define US_TREE_ABSOLUTE_H

#include "learn/tree_grow.h"

typedef struct UsAbsolute UsAbsolute;

/* Scratch for nodes of up to n items; its bytes. */
extern UsAbsolute *us_absolute_create(const UsGrowPlan *plan, int64 n);
extern Size us_absolute_bytes(int64 n);
extern void us_absolute_free(UsAbsolute *a);

/*
 * Look at a node of n items: total[0] is minus its weighted median (the lower one), total[1] its weight.  Columns can
 * be tried until the next node.
 */
extern void us_absolute_node(UsAbsolute *a, const UsTreeItem *item, int64 n, int64 *total);

/* Try column c on the node; false when it is constant there.  *best is replaced by a better split. */
extern bool us_absolute_column(UsAbsolute *a, int c, UsSplit *best);

#endif
