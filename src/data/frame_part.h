/*
 * frame_part.h
 *	  Rows of a Frame that other processes write.
 *
 * A part is one chunk, or the beginning of one, in memory that the process that writes and the
 * process that has the frame both see.  The writer has a builder of its own, whose open chunk stands in
 * such memory; a full one is given away as a whole, with the strings that its dictionaries have entered since the last one.
 * In the frame codes are translated: where a full chunk comes from shows nowhere else.
 *
 * Frames with columns of tags or vectors cannot be written this way.
 */
#ifndef US_FRAME_PART_H
#define US_FRAME_PART_H

#include "data/frame_build.h"

typedef struct UsFramePart UsFramePart;

/* What a writer sums up of full chunks. */
typedef struct UsPartTotals
{
	uint64		sum_low;		/* of the checksum */
	uint64		sum_high;
	int64		n_null[FLEXIBLE_ARRAY_MEMBER];	/* [ncolumns] */
} UsPartTotals;

/* Can rows of these columns be handed over? */
extern bool us_frame_has_parts(const UsFrame *frame);

/* Bytes of a part of the frame, a multiple of 64; parts are aligned so. */
extern Size us_frame_part_bytes(const UsFrame *frame);

/* ---- the process that writes ---- */

/*
 * Gives a part away, if it is not NULL, and another one to be written, when there is one; NULL when no more rows are wanted,
 * or more is false.
 */
typedef UsFramePart *(*UsPartExchange) (void *arg, UsFramePart *full, bool more);

/*
 * A builder whose rows go to parts, with the arguments of us_frame_begin().  A dictionary larger than
 * dictionary_limit begins anew with the next part.
 */
extern UsFrameBuilder *us_frame_begin_parts(const UsColumn *column, int ncolumns, bool weighted, bool keyed, UsBudget *budget,
											Size dictionary_limit, UsPartExchange exchange, void *arg);

/* No more rows are wanted: no row may be put any more. */
extern bool us_frame_parts_ended(const UsFrameBuilder *builder);

/* Give the open part away if its strings could fill the room for them; to be called between rows. */
extern void us_frame_check_part(UsFrameBuilder *builder);

/*
 * Give the open part away as it is; more: rows will follow.  Raises 53200 for strings that have no room in it.
 */
extern void us_frame_hand_over(UsFrameBuilder *builder, bool more);

/* The totals of all full parts that were given away. */
extern void us_frame_part_totals(const UsFrameBuilder *builder, UsPartTotals *totals);

/* ---- the process that has the frame ---- */

/* Codes of the frame for those of one writer. */
typedef struct UsPartCodes UsPartCodes;

/* No codes as yet; the memory is taken from the budget of the builder, in the current memory context. */
extern UsPartCodes *us_part_codes_create(UsFrameBuilder *builder);

/* Give their memory back to the budget. */
extern void us_part_codes_free(UsPartCodes *codes);

/*
 * The rows of a part into the frame; what stands in the part is used up.  A dictionary that has become larger than limit[j]
 * (0: none) takes no more strings: the caller gives the column up.
 */
extern void us_frame_add_part(UsFrameBuilder *builder, UsPartCodes *codes, const Size *limit, UsFramePart *part);

/* What a writer summed up. */
extern void us_frame_add_totals(UsFrameBuilder *builder, const UsPartTotals *totals);

#endif
