/*
 * align.h
 *	  Segments that stay themselves when a model is trained again.
 */
#ifndef US_ALIGN_H
#define US_ALIGN_H

#include "data/encode.h"
#include "eval/profile.h"
#include "infra/report.h"
#include "model/cache.h"

/* rows (about) on which memberships are compared */
#define US_ALIGN_SAMPLE 65536

/*
 * Give the n_labels clusters of a new version the durable numbers of the segments
 * of an earlier one: the matching with the largest number of rows (of a sample by
 * hash of the row key) that keep their segment.  segment_ids[n_labels] gets 0 where a cluster
 * has no row in common with its match: a fresh number then.  Returns the share of
 * the sampled rows that keep their segment, NaN when the earlier version cannot be
 * applied to the columns of frame (note says why).
 */
extern double us_align_segments(UsFrame *frame, const UsModel *earlier, int n_labels,
								UsLabelChunk labels, void *context, uint64 seed,
								int *segment_ids, char **note);

#endif
