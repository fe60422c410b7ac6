/*
 * split.h
 *	  Which rows are held out of a training, to measure the model on.
 *
 * By key: each row whose uniform number by (seed, key) is below the share; with an id all rows of a
 * user are on the same side, today and when the rows are read again.  By time: the rows after
 * an instant that leaves about that share.
 */
#ifndef US_SPLIT_H
#define US_SPLIT_H

#include "data/frame_view.h"

typedef enum UsSplitKind
{
	US_SPLIT_NONE,				/* nothing is held out */
	US_SPLIT_KEY,
	US_SPLIT_TIME
} UsSplitKind;

typedef struct UsSplit
{
	UsSplitKind kind;
	double		share;
	uint64		seed;
	int			column;			/* TIME: of the frame */
	double		cutoff;			/* TIME: held out is what is later */
} UsSplit;

/* A split by key; share 0 is none. */
extern UsSplit us_split_by_key(double share, uint64 seed);

/*
 * A split by the column of role TIME.  Reads the frame a few times.  Raises 22023 when all rows have
 * the same time.
 */
extern UsSplit us_split_by_time(UsFrame *frame, double share, UsBudget *budget);

/* Column of role TIME; the values at ranks[n] (ascending, from 1) of a column of numbers without NULL. */
extern int	us_time_column(const UsFrame *frame);
extern void us_values_at_ranks(UsFrame *frame, int column, const int64 *rank, int n, double *value,
							   UsBudget *budget);

/* Whether a row of this key and time (of no interest for KEY) is held out. */
extern bool us_split_holds_out(const UsSplit *split, uint64 key, double time);

/* For us_frame_view(); context is a UsSplit. */
extern void us_split_training(void *context, int i, const UsChunk *chunk, bool *keep);
extern void us_split_holdout(void *context, int i, const UsChunk *chunk, bool *keep);

#endif
