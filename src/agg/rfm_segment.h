/*
 * rfm_segment.h
 *	  The named segments of the cells (r, f, m), 1 to 5 each.
 */
#ifndef US_RFM_SEGMENT_H
#define US_RFM_SEGMENT_H

#define US_RFM_CELLS	125

/* Place of a cell in a table of all cells; r, f and m from 1 to 5. */
static inline int
us_rfm_cell(int r, int f, int m)
{
	return ((r - 1) * 5 + f - 1) * 5 + m - 1;
}

/* One rule of a user: cells in these ranges (and, unless NULL, with this built-in segment). */
typedef struct UsRfmRule
{
	int			position;
	const char *segment;
	const char *replaces;		/* NULL: any */
	int			low[3];			/* of r, f, m */
	int			high[3];
} UsRfmRule;

/* The segments in force. */
typedef struct UsRfmSegments
{
	const char *name[US_RFM_CELLS];
	const UsRfmRule *rule[US_RFM_CELLS];	/* NULL: built in */
} UsRfmSegments;

extern void us_rfm_segments_built_in(UsRfmSegments *segments);
extern void us_rfm_segments_apply(UsRfmSegments *segments, const UsRfmRule *rule);

#endif
