/*
 * catalog_rfm.h
 *	  Stored RFM rules and score breaks.
 */
#ifndef US_CATALOG_RFM_H
#define US_CATALOG_RFM_H

#include "agg/rfm_segment.h"

/* Breaks of recency, frequency and monetary value under one name. */
typedef struct UsRfmScale
{
	int			n[3];
	const double *breaks[3];
} UsRfmScale;

/* The segments in force under the active snapshot; in the current memory context. */
extern void us_catalog_rfm_segments(UsRfmSegments *segments);

/*
 * A scale under the active snapshot; in the current memory context.  Raises 42704, with
 * the closest name that the role may use, and 42501 for one of another owner.
 */
extern void us_catalog_rfm_scale(const char *name, UsRfmScale *scale);

/*
 * Store a scale, or replace the one of this name.  Raises 42602 for a malformed name and
 * 42501 for a name of another owner, 25006 and 25000 where nothing can be written.
 */
extern void us_catalog_save_rfm_scale(const char *name, const UsRfmScale *scale);

/* Drop a scale; raises as us_catalog_rfm_scale(), 25006 and 25000. */
extern void us_catalog_drop_rfm_scale(const char *name);

#endif
