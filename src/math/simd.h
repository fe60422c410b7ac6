/*
 * simd.h
 *	  Vector types of GCC.
 *
 * A kernel is written once with the vector types below; lane i of a vector is row
 * i of a block.  Every operation is lane-wise and IEEE, nothing is reordered
 * (-ffp-contract=off forbids fused multiply-add), so the result has the same bits
 * whatever the width of the registers that the compiler maps the lanes to: 16
 * lanes are one register of AVX-512, two of AVX2, four of SSE2 or NEON, and one
 * float after the other in plain C.
 */
#ifndef US_SIMD_H
#define US_SIMD_H

#include "math/clones.h"

/* helpers of kernels: they must become part of each clone */
#define US_INLINE static inline __attribute__((always_inline))

/* rows of a block, and lanes of a vector */
#define US_LANES	16

/* alignment of blocks in bytes */
#define US_BLOCK_ALIGN	64

#define US_HALF_LANES (US_LANES / 2)

typedef float UsFloatLanes __attribute__((vector_size(4 * US_LANES)));
typedef int32 UsIntLanes __attribute__((vector_size(4 * US_LANES)));
typedef uint16 UsLabelLanes __attribute__((vector_size(2 * US_LANES)));
typedef double UsDoubleLanes __attribute__((vector_size(8 * US_HALF_LANES)));
typedef int64 UsLongLanes __attribute__((vector_size(8 * US_HALF_LANES)));
/* the same at any address of a double */
typedef double UsLooseDoubleLanes __attribute__((vector_size(8 * US_HALF_LANES), aligned(8), may_alias));
typedef float UsHalfFloatLanes __attribute__((vector_size(4 * US_HALF_LANES)));

/* All lanes equal to value. */
#define US_SPLAT_FLOAT(value)	((value) - (UsFloatLanes) {0})
#define US_SPLAT_INT(value)		((value) - (UsIntLanes) {0})
#define US_SPLAT_DOUBLE(value)	((value) - (UsDoubleLanes) {0})

/* Lane-wise mask ? a : b; mask is the result of a comparison, 0 or -1 in each lane. */
#define US_SELECT_INT(mask, a, b)	(((mask) & (a)) | (~(mask) & (b)))
#define US_SELECT_DOUBLE(mask, a, b) \
	((UsDoubleLanes) US_SELECT_INT((mask), (UsLongLanes) (a), (UsLongLanes) (b)))
#define US_SELECT_FLOAT(mask, a, b) \
	((UsFloatLanes) US_SELECT_INT((mask), (UsIntLanes) (a), (UsIntLanes) (b)))

/* Is any lane of a mask of US_HALF_LANES lanes set? */
US_INLINE bool
us_any_lane(const void *mask)
{
	int64		lane[US_HALF_LANES];

	memcpy(lane, mask, sizeof(lane));
	return ((lane[0] | lane[1]) | (lane[2] | lane[3]) | ((lane[4] | lane[5]) | (lane[6] | lane[7]))) != 0;
}

#endif
