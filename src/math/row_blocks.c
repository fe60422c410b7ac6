/*
 * row_blocks.c
 *	  Distances of rows of doubles that stand in blocks.
 */
#include "postgres.h"

#include "math/row_blocks.h"

US_CLONES void
us_near_blocks(const double *x, int n, int width, const double *p, bool manhattan, double *near)
{
	int			blocks = us_half_blocks(n);

	if (manhattan)
		for (int b = 0; b < blocks; b++)
			us_near_lanes(x + (Size) b * width * US_HALF_LANES, p, width, true,
						  (UsDoubleLanes *) (near + b * US_HALF_LANES));
	else
		for (int b = 0; b < blocks; b++)
			us_near_lanes(x + (Size) b * width * US_HALF_LANES, p, width, false,
						  (UsDoubleLanes *) (near + b * US_HALF_LANES));
}
