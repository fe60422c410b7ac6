/*
 * frame_share.h
 *	  The rows of a Frame in one piece of memory that several processes can read.
 */
#ifndef US_FRAME_SHARE_H
#define US_FRAME_SHARE_H

#include "data/frame.h"

/* Bytes that us_frame_share() writes.  Reads a frame with tags once. */
extern Size us_frame_shared_bytes(UsFrame *frame);

/* Copy the rows of a frame or view to area, aligned to 64 bytes; nothing in it depends on its address. */
extern void us_frame_share(UsFrame *frame, char *area);

/*
 * A frame that reads what us_frame_share() wrote, in the current memory context; area must live as long.  Dictionaries are
 * built anew, from budget (53200).  Rows, codes and chunks are those of the frame that was shared.
 */
extern UsFrame *us_frame_attach(const char *area, UsBudget *budget);

#endif
