/*
 * label.c
 *	  Labels of the rows of a frame by a model that was just fitted.
 */
#include "postgres.h"

#include "verbs/label.h"

struct UsLabelSource
{
	const UsAlgorithm *algorithm;
	const void *model;
	const UsEncoder *encoder;
	double	   *x;				/* [width][US_CHUNK_ROWS] */
	UsScore    *score;			/* [US_CHUNK_ROWS] */
};

UsLabelSource *
us_label_source(const UsAlgorithm *algorithm, const void *model, const UsEncoder *encoder)
{
	UsLabelSource *s = palloc(sizeof(UsLabelSource));

	s->algorithm = algorithm;
	s->model = model;
	s->encoder = encoder;
	s->x = MemoryContextAllocHuge(CurrentMemoryContext,
								  (Size) Max(us_encoder_width(encoder), 1) * US_CHUNK_ROWS * sizeof(double));
	s->score = palloc(US_CHUNK_ROWS * sizeof(UsScore));
	return s;
}

void
us_label_chunk(void *source, const UsChunk *chunk, int32 *label)
{
	UsLabelSource *s = source;

	us_encoder_apply_chunk(s->encoder, chunk, s->x, US_CHUNK_ROWS);
	s->algorithm->score_block(s->model, s->x, US_CHUNK_ROWS, chunk->nrows, s->score);
	for (int r = 0; r < chunk->nrows; r++)
		label[r] = s->score[r].label;
}
