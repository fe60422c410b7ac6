/*
 * label.h
 *	  Labels of the rows of a frame by a model that was just fitted.
 */
#ifndef US_LABEL_H
#define US_LABEL_H

#include "eval/profile.h"
#include "learn/algorithm.h"

typedef struct UsLabelSource UsLabelSource;

/*
 * A source of labels of the rows of frame for us_label_chunk, in the current memory
 * context.  fitted is what the fit knows of them (UsFitResult.labels), or NULL: then they are
 * computed, and kept for the next pass when the budget (NULL: none) has room.
 */
extern UsLabelSource *us_label_source(const UsAlgorithm *algorithm, const void *model,
									  const UsEncoder *encoder, const UsFrame *frame,
									  const uint16 *fitted, UsBudget *budget);

/*
 * A source for both functions below, for an algorithm with a tree: fitted are branches, and labels
 * follow from branches.
 */
extern UsLabelSource *us_branch_source(const UsAlgorithm *algorithm, const void *model,
									   const UsEncoder *encoder, const UsFrame *frame,
									   const uint16 *fitted, UsBudget *budget);

/* The branches of a chunk (an UsLabelChunk). */
extern const int32 *us_branch_chunk(void *source, int i, const UsChunk *chunk);

/* The labels of a chunk (an UsLabelChunk). */
extern const int32 *us_label_chunk(void *source, int i, const UsChunk *chunk);

#endif
