/*
 * shuffle.h
 *	  A matrix whose rows stand in random order: that of the hash of (seed, row key).
 */
#ifndef US_SHUFFLE_H
#define US_SHUFFLE_H

#include "data/matrix.h"

/*
 * As us_matrix_encode with store, but row i of the matrix is the i-th by (hash of seed and key,
 * weight, coordinates): any slice of it is a random sample without replacement, and the
 * matrix is the same for any order of the source.  Works in what is left of budget: rows wait for
 * their place in memory or, where that does not hold them, in the file of the team.  Raises
 * 53200 when less than us_shuffle_bytes is left.
 */
extern void us_matrix_shuffle(const UsMatrix *matrix, UsTeam *team, const UsSpace *space,
							  UsFrame *frame, const UsEncoder *encoder, uint64 seed,
							  UsBudget *budget, int128 *squares,
							  UsMatrixVisit visit, void *context);

/* Bytes of memory that it needs at least. */
extern Size us_shuffle_bytes(const UsMatrix *matrix);

#endif
