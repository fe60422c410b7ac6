/*
 * label.h
 *	  Labels of the rows of a frame by a model that was just fitted.
 */
#ifndef US_LABEL_H
#define US_LABEL_H

#include "eval/profile.h"
#include "learn/algorithm.h"

typedef struct UsLabelSource UsLabelSource;

/* A source of labels for us_label_chunk, in the current memory context. */
extern UsLabelSource *us_label_source(const UsAlgorithm *algorithm, const void *model,
									  const UsEncoder *encoder);

/* The labels of a chunk (an UsLabelChunk). */
extern void us_label_chunk(void *source, const UsChunk *chunk, int32 *label);

#endif
