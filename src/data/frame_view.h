/*
 * frame_view.h
 *	  Some of the rows of a Frame as a Frame of their own.
 *
 * The parts of a hold-out, the folds of a cross-validation: encoders and learners
 * take them as any other frame.  Nothing is stored: the chunks of a view are put
 * together from those of its parent when they are read.
 */
#ifndef US_FRAME_VIEW_H
#define US_FRAME_VIEW_H

#include "data/frame.h"

/* Marks keep[chunk->nrows] of chunk i of the parent, the same at every call. */
typedef void (*UsRowChoice) (void *context, int i, const UsChunk *chunk, bool *keep);

/*
 * A view of the rows of parent that choose keeps, in the order of the parent, in the current
 * memory context.  Reads the parent once: rows and NULLs are counted.  It shares columns
 * and dictionaries with its parent, which must live as long; so must context.  Codes may
 * stand in the dictionary that no row of the view has.  All chunks but the last are full;
 * us_frame_chunk() gives one that is valid until the next call for the same view.
 *
 * The memory of one chunk is taken from budget (53200) until us_frame_free().
 */
extern UsFrame *us_frame_view(UsFrame *parent, UsRowChoice choose, void *context, UsBudget *budget);

#endif
