/*
 * microcluster_task.h
 *	  The pass of micro-clusters over all rows: each goes to its place of the code book, whose
 *	  exact sums are kept.
 */
#ifndef US_MICROCLUSTER_TASK_H
#define US_MICROCLUSTER_TASK_H

#include "data/matrix.h"
#include "learn/microcluster_search.h"

/* Sums of the rows of each place: integers (math/grid.h), the same in any order. */
typedef struct UsMicroSums
{
	int			n;
	int			width;
	int128	   *sum;			/* [n][width], of weight * q */
	int128	   *square;			/* [n][width], of weight * q^2 */
	int64	   *weight;			/* [n] */
	int64	   *rows;			/* [n] */
} UsMicroSums;

/* Bytes of the sums of n places. */
extern Size us_micro_sums_bytes(int n, int width);
/* Sums over such memory, aligned to 16; not cleared. */
extern UsMicroSums us_micro_sums_at(void *memory, int n, int width);
/* Add others of the same sizes. */
extern void us_micro_sums_add(UsMicroSums *to, const UsMicroSums *from);

/* At the start of the team's area; places of arrays are offsets from there. */
typedef struct UsMicroArea
{
	UsMatrix	matrix;
	int			max_groups;
	int			max_n;
	int			groups;			/* of the book */
	int			n;
	Size		back_at;		/* float[width] */
	Size		group_at;		/* the book */
	Size		start_at;
	Size		place_at;
	bool		keep;			/* the place of each row is kept: */
	Size		cell_at;		/* uint16[nchunks][US_CHUNK_ROWS] */
	Size		member_at;		/* of each member, member_bytes: sums */
	Size		member_bytes;
} UsMicroArea;

/*
 * Place the arrays for a book of up to n places, and if keep is set one for the place of each row; returns the
 * bytes of the area before the matrix.
 */
extern Size us_micro_area_layout(UsMicroArea *area, const UsMatrix *matrix, int n, int members, bool keep);

/* Put a book into the area. */
extern void us_micro_area_set_book(UsMicroArea *area, const UsCodeBook *book);

/* The places of the rows, where they are kept. */
extern uint16 *us_micro_area_cells(UsMicroArea *area);

/* Sums of a member, for the book of the area. */
extern UsMicroSums us_micro_area_sums(UsMicroArea *area, int member);

/*
 * The pass over chunks: as a task over the stored matrix, with sums of each member over the chunks
 * it claimed; or chunk by chunk for the leader (a UsMatrixVisit whose context is
 * from us_micro_visit_begin), with the same sums.
 */
extern PGDLLEXPORT void us_task_microcluster(UsTeamTask *task);
extern void *us_micro_visit_begin(UsMicroArea *area);
extern void us_micro_visit(void *context, const UsMatrixChunk *chunk, const uint64 *key);

#endif
