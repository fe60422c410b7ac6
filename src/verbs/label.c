/*
 * label.c
 *	  Labels of the rows of a frame by a model that was just fitted.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "verbs/label.h"

struct UsLabelSource
{
	const UsAlgorithm *algorithm;
	const void *model;
	const UsEncoder *encoder;
	const uint16 *fitted;		/* as the fit left them, or NULL */
	double	   *x;				/* [width][US_CHUNK_ROWS] */
	int32	   *label;			/* of all chunks when kept, else of one */
	bool	   *known;			/* [nchunks] when kept, else NULL */
	const int32 *branch_label;	/* label is of branches, and these are their labels; or NULL */
	int32	   *mapped;			/* then: the labels of a chunk */
};

UsLabelSource *
us_label_source(const UsAlgorithm *algorithm, const void *model, const UsEncoder *encoder,
				const UsFrame *frame, const uint16 *fitted, UsBudget *budget)
{
	UsLabelSource *s = palloc0(sizeof(UsLabelSource));
	Size		all = (Size) Max(frame->nchunks, 1) * US_CHUNK_ROWS * sizeof(int32);

	s->algorithm = algorithm;
	s->model = model;
	s->encoder = encoder;
	s->fitted = fitted;
	if (fitted)
	{
		s->label = palloc(US_CHUNK_ROWS * sizeof(int32));
		return s;
	}
	s->x = MemoryContextAllocHuge(CurrentMemoryContext,
								  (Size) Max(us_encoder_width(encoder), 1) * US_CHUNK_ROWS * sizeof(double));
	if (budget && us_budget_try(budget, all))
	{
		s->label = MemoryContextAllocHuge(CurrentMemoryContext, all);
		s->known = palloc0(Max(frame->nchunks, 1) * sizeof(bool));
	}
	else
		s->label = palloc(US_CHUNK_ROWS * sizeof(int32));
	return s;
}

UsLabelSource *
us_branch_source(const UsAlgorithm *algorithm, const void *model, const UsEncoder *encoder,
				 const UsFrame *frame, const uint16 *fitted, UsBudget *budget)
{
	UsLabelSource *s = us_label_source(algorithm, model, encoder, frame, fitted, budget);

	s->branch_label = algorithm->tree->branch_labels(model);
	s->mapped = palloc(US_CHUNK_ROWS * sizeof(int32));
	return s;
}

/* The labels or branches of chunk i that the fit left. */
static const int32 *
fitted_chunk(UsLabelSource *s, int i, int nrows)
{
	const uint16 *fitted = s->fitted + (Size) i * US_CHUNK_ROWS;

	for (int r = 0; r < nrows; r++)
		s->label[r] = (int32) fitted[r] + 1;
	return s->label;
}

const int32 *
us_branch_chunk(void *source, int i, const UsChunk *chunk)
{
	UsLabelSource *s = source;
	int32	   *branch = s->known ? s->label + (Size) i * US_CHUNK_ROWS : s->label;

	if (s->fitted)
		return fitted_chunk(s, i, chunk->nrows);
	if (s->known && s->known[i])
		return branch;
	us_encoder_apply_chunk(s->encoder, chunk, s->x, US_CHUNK_ROWS);
	s->algorithm->tree->branch_block(s->model, s->x, US_CHUNK_ROWS, chunk->nrows, branch);
	if (s->known)
		s->known[i] = true;
	return branch;
}

const int32 *
us_label_chunk(void *source, int i, const UsChunk *chunk)
{
	UsLabelSource *s = source;
	int32	   *label = s->known ? s->label + (Size) i * US_CHUNK_ROWS : s->label;

	if (s->branch_label)
	{
		const int32 *branch = us_branch_chunk(source, i, chunk);

		for (int r = 0; r < chunk->nrows; r++)
			s->mapped[r] = s->branch_label[branch[r] - 1];
		return s->mapped;
	}
	if (s->fitted)
		return fitted_chunk(s, i, chunk->nrows);
	if (s->known && s->known[i])
		return label;
	us_encoder_apply_chunk(s->encoder, chunk, s->x, US_CHUNK_ROWS);
	s->algorithm->label_block(s->model, s->x, US_CHUNK_ROWS, chunk->nrows, label);
	if (s->known)
		s->known[i] = true;
	return label;
}
