/*
 * pairwise.h
 *	  Distances of all pairs of rows of a small source.
 */
#ifndef US_PAIRWISE_H
#define US_PAIRWISE_H

#include "math/distance.h"

/* Most rows: of 5000 there are 12.5 million pairs. */
#define US_PAIRWISE_MAX_ROWS	5000

typedef struct UsPairwise
{
	UsMetric	metric;
	int			n;
	int			width;
	double	   *x;				/* [n][width], in the order of the ids */
	char	  **id;				/* [n], as text */
} UsPairwise;

/*
 * Read the source, once, as the caller; features (NULL: all columns but the id, which then
 * have to be numbers) are numbers, booleans and arrays of numbers, taken as they are.  Rows are
 * ordered by the id: by its type's default order, texts by their bytes.  In the
 * current memory context.
 *
 * Raises 22023 for an unknown metric, NaN and infinity, arrays of unequal length; 42703,
 * 42804 for columns that are missing or no numbers; 22004 for NULL; 23505 for an id in two
 * rows; 54000 for more rows than US_PAIRWISE_MAX_ROWS; 53200 over userseg.max_memory.
 */
extern UsPairwise *us_pairwise_read(const char *source, const char *id, char **features,
									int n_features, const char *metric);

#endif
