/*
 * tree_data.h
 *	  The training rows of trees as bins.
 */
#ifndef US_TREE_DATA_H
#define US_TREE_DATA_H

#include "learn/algorithm.h"
#include "learn/tree.h"

/* Rows on which thresholds are found. */
#define US_TREE_SAMPLE	200000

/*
 * Rows of a training as bins, in the order of the frame: column after column for what looks at few
 * columns at a time, row after row for what looks at all of them.
 */
typedef struct UsTreeRows
{
	int64		n;
	int			width;
	uint8	   *bin;			/* [width][n]; or NULL */
	uint8	   *row_bin;		/* [n][width]; or NULL */
} UsTreeRows;

/*
 * Columns for trees from the rows of the frame, in the current memory context: a column with at most
 * max_bins distinct values in the sample has one bin for each, others are cut where about
 * equal numbers of rows fall between; thresholds lie halfway between neighbouring values.
 * Native categories have a bin a level.  The sample is chosen by hash of the row key, so that the
 * result does not depend on the order of the rows.
 */
extern UsTreeColumn *us_tree_columns(const UsFitInput *input, int max_bins);

/* Fill the arrays of rows that there are. */
extern void us_tree_bin_rows(const UsFitInput *input, const UsTreeColumn *column, UsTreeRows *rows);

#endif
