/*
 * frame_value.h
 *	  One row of a frame as the values that an encoder takes.
 */
#ifndef US_FRAME_VALUE_H
#define US_FRAME_VALUE_H

#include "data/encode.h"

typedef struct UsFrameReader UsFrameReader;

/*
 * A reader of the features of encoder out of frame, matched by name.  NULL, and
 * *missing names the first, when the frame has no column of that name and kind.
 */
extern UsFrameReader *us_frame_reader(const UsFrame *frame, const UsEncoder *encoder,
									  const char **missing);

/* The values of a row of a chunk, in the order of the features; valid until the next call. */
extern const UsValue *us_frame_reader_row(UsFrameReader *reader, const UsChunk *chunk, int row);

#endif
