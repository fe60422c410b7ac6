/*
 * facet.h
 *	  Reading the facets of a profile out of chunks of a frame.
 */
#ifndef US_FACET_H
#define US_FACET_H

#include "eval/profile.h"

/* Where a facet finds its value in the frame. */
typedef struct UsFacetSource
{
	int			column;			/* of the frame */
	int			code;			/* CATEGORY, TAGS: of the level */
} UsFacetSource;

/*
 * The facets of an encoder over a frame, without figures yet; source[] runs beside facet[].  Memory is taken from
 * budget (NULL: no limit), for as long as the profile lives; 53200 when it is not there.
 */
extern void us_facets_make(UsFrame *frame, const UsEncoder *encoder, int n_labels,
						   UsBudget *budget, UsProfile *profile, UsFacetSource **source);

/* The facets of another profile of the same encoder, the same way. */
extern void us_facets_make_like(const UsProfile *like, const UsFrame *frame,
								const UsEncoder *encoder, UsBudget *budget,
								UsProfile *profile, UsFacetSource **source);

/*
 * The value of a facet in n rows of a chunk, row[n], or its first n when row is NULL: the number,
 * or 1/0 for a level; NaN where the column is NULL.  out[n].
 */
extern void us_facet_values(const UsFrame *frame, const UsFacet *facet, UsFacetSource source,
							const UsChunk *chunk, const int *row, int n, double *out);

#endif
