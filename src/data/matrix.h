/*
 * matrix.h
 *	  The encoded rows of a Frame as float4 blocks for the kernels.
 *
 * Each encoded value is rounded once to the grid of its column (math/grid.h); rows
 * stand in chunks of US_CHUNK_ROWS, each in blocks of US_LANES rows (math/kernels.h),
 * in the area of a team or in its temporary file, so that parallel workers
 * can read them.
 */
#ifndef US_MATRIX_H
#define US_MATRIX_H

#include "data/encode.h"
#include "infra/parallel.h"
#include "math/kernels.h"

/* The encoded columns on their grids: what turns a vector of float8 into kernel coordinates. */
typedef struct UsSpace
{
	int			width;
	bool		unit;			/* rows are brought to unit length first (cosine) */
	UsGrid	   *grid;
	int			scale;
	UsQuantiser *quantiser;
	float	   *back;			/* quantiser[].back, one after the other */
	bool		weighted;
	int			weight_exponent;	/* a weight w counts as rint(w * 2^weight_exponent); 0 without weights */
} UsSpace;

/*
 * The space of a frame and its encoder, in the current memory context.  Weights are
 * scaled so that the largest has up to 40 bits and all of them together at
 * most 62; this reads the frame once if it has weights.  Raises 22023 if a column
 * reaches farther than 1e140 from its mean.
 */
extern UsSpace *us_space_create(const UsEncoder *encoder, UsFrame *frame, bool unit);

/*
 * The space of new rows for a model that has grids already: the same offsets, steps wide enough
 * for min .. max of each encoded column too.  Raises as us_space_create.
 */
extern UsSpace *us_space_continue(const UsEncoder *encoder, UsFrame *frame, bool unit,
								  const UsGrid *grid, const double *min, const double *max);

/* Bring the rows of columns x[width][stride] to unit length. */
extern void us_unit_rows(double *x, int width, int stride, int nrows);

/* Kernel coordinates of one row x[width]; scratch[width] is overwritten. */
extern void us_space_row(const UsSpace *space, const double *x, double *scratch, float *coordinate);

/* Where the chunks are; plain data, the same in all members of the team. */
typedef struct UsMatrix
{
	int			width;
	int			nchunks;
	int64		nrows;
	bool		weighted;
	bool		spilled;		/* in the team's file, else in its area at offset */
	Size		offset;
	Size		chunk_bytes;
} UsMatrix;

typedef struct UsMatrixChunk
{
	int			nrows;
	float	   *x;				/* blocks; missing rows of the last one are 0 */
	int64	   *weight;			/* [nrows], or NULL: 1 */
} UsMatrixChunk;

/* The layout for a frame; offset and spilled are the caller's to set. */
extern UsMatrix us_matrix_layout(const UsSpace *space, const UsFrame *frame);

/*
 * Chunk i, in place or read into buffer (chunk_bytes, aligned to US_BLOCK_ALIGN), which
 * may be NULL unless the matrix is spilled.
 */
extern void us_matrix_chunk(const UsMatrix *matrix, UsTeam *team, int i, void *buffer,
							UsMatrixChunk *chunk);

/* Is told of each chunk when it has been made; key[nrows] are the row keys. */
typedef void (*UsMatrixVisit) (void *context, const UsMatrixChunk *chunk, const uint64 *key);

/*
 * Encode all rows of the frame.  store: into the matrix (leader only, outside a task); else
 * each chunk is only shown to visit and forgotten.  squares[width], if not NULL,
 * gets the sums of weight * q^2.
 */
extern void us_matrix_encode(const UsMatrix *matrix, UsTeam *team, bool store,
							 const UsSpace *space, UsFrame *frame, const UsEncoder *encoder,
							 int128 *squares, UsMatrixVisit visit, void *context);

#endif
