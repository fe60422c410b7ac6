/*
 * kmeans_sample.h
 *	  The distinct rows that k-means searches on: all of them, or a sample that does
 *	  not depend on the order of the source.
 */
#ifndef US_KMEANS_SAMPLE_H
#define US_KMEANS_SAMPLE_H

#include "data/matrix.h"
#include "learn/kmeans_points.h"

typedef struct UsSampler UsSampler;

/*
 * A sampler of up to capacity distinct rows.  A row is known by its key and its
 * coordinates; those with the smallest hash of (seed, key) are kept, with the
 * number and weight of all their equals in the source.  So without ids, when
 * equal rows share a key, the sample is of distinct rows, each with its true weight.
 */
extern UsSampler *us_sampler_create(const UsSpace *space, int capacity, uint64 seed,
									UsArena *arena);

/*
 * Before the first chunk: rows far from the mean come in more often.  The hash of a row at the
 * squared distance d of the offsets, in kernel coordinates, is divided by 1 + d / mean_square, where
 * mean_square > 0 is about the mean of d: priority sampling (N. Duffield, C. Lund, M. Thorup,
 * "Priority sampling for estimation of arbitrary subset sums", Journal of the ACM 54, 2007)
 * with the sensitivities of O. Bachem, M. Lucic, A. Krause, "Scalable k-means clustering via
 * lightweight coresets", KDD 2018: half of a row's chance is the same for all, half is
 * its share of the squared distances.  Weights of points are still counts of equal rows.
 */
extern void us_sampler_prefer_far(UsSampler *sampler, double mean_square);

/* Bytes that a sampler takes. */
extern Size us_sampler_bytes(const UsSpace *space, int capacity);

/* Take in the rows of a chunk: a UsMatrixVisit whose context is the sampler. */
extern void us_sampler_visit(void *context, const UsMatrixChunk *chunk, const uint64 *key);

/*
 * The points, in order of their hash; rows with equal coordinates are one point.
 * *complete tells whether all rows of the source are in them.
 */
extern UsPoints *us_sampler_points(UsSampler *sampler, UsArena *arena, bool *complete);

/*
 * Distinct rows that a search for up to max_k clusters works on: asked, or if that is 0, 16384 or 50 for each
 * cluster, but not more values than 4194304 as long as there are 10 rows for each
 * cluster; at most nrows, at least max_k.  It does not depend on the memory, and so neither does the result.
 */
extern int64 us_sample_rows(int64 asked, int64 nrows, int width, int max_k);

/* no budget makes a sample smaller than this */
#define US_LEAST_SAMPLE_ROWS	1024

#endif
