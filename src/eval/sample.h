/*
 * sample.h
 *	  As many rows of a frame as there is room for, chosen by their keys.
 */
#ifndef US_EVAL_SAMPLE_H
#define US_EVAL_SAMPLE_H

#include "data/frame.h"

/*
 * The rows whose us_uniform(seed, key) is below the returned share are at most room, and nearly so many; 1 where all rows
 * are.  All rows of a key are among them or none, so this is the same for any order of the rows.  Only where
 * a 1024th of the keys has more than room rows does it return 0: there is no such sample.  Reads the frame, if it has more.
 */
extern double us_sample_share(UsFrame *frame, uint64 seed, int64 room);

#endif
