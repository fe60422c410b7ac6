/*
 * align.c
 *	  Segments that stay themselves when a model is trained again.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "data/frame_value.h"
#include "math/assignment.h"
#include "math/random.h"
#include "verbs/align.h"

/* rows[new][old] of the sample; returns how many rows were sampled. */
static int64
count_overlap(UsFrame *frame, const UsModel *earlier, UsFrameReader *reader,
			  UsLabelChunk labels, void *context, uint64 seed, double *rows)
{
	const UsArtifact *artifact = earlier->artifact;
	double		share = (double) US_ALIGN_SAMPLE / Max(frame->nrows, 1);
	uint64		limit = share < 1 ? (uint64) (share * 18446744073709551615.0) : PG_UINT64_MAX;
	double	   *x = palloc(Max(us_encoder_width(artifact->encoder), 1) * sizeof(double));
	int32	   *label = palloc(US_CHUNK_ROWS * sizeof(int32));
	int64		n = 0;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		CHECK_FOR_INTERRUPTS();
		labels(context, chunk, label);
		for (int r = 0; r < chunk->nrows; r++)
		{
			UsRowNotes	notes = {0};
			int			old;

			if (us_mix64(seed, chunk->key[r]) > limit || label[r] < 1)
				continue;
			us_encoder_apply_row(artifact->encoder, us_frame_reader_row(reader, chunk, r),
								 x, &notes);
			old = artifact->algorithm->label(artifact->model, x);
			n++;
			if (old >= 1)
				rows[(Size) (label[r] - 1) * earlier->n_labels + old - 1]++;
		}
	}
	return n;
}

double
us_align_segments(UsFrame *frame, const UsModel *earlier, int n_labels,
				  UsLabelChunk labels, void *context, uint64 seed,
				  int *segment_ids, char **note)
{
	const char *missing = NULL;
	UsFrameReader *reader = us_frame_reader(frame, earlier->artifact->encoder, &missing);
	double	   *rows;
	int		   *match;
	int64		n;
	double		kept = 0;

	memset(segment_ids, 0, n_labels * sizeof(int));
	*note = NULL;
	if (reader == NULL)
	{
		*note = psprintf("segments were numbered anew: version %d of the model uses column \"%s\", which this training does not",
						 earlier->info.version, missing);
		return NAN;
	}
	rows = palloc0((Size) n_labels * earlier->n_labels * sizeof(double));
	match = palloc(n_labels * sizeof(int));
	n = count_overlap(frame, earlier, reader, labels, context, seed, rows);
	us_assignment(rows, n_labels, earlier->n_labels, match);
	for (int k = 0; k < n_labels; k++)
	{
		double		both = match[k] < 0 ? 0 : rows[(Size) k * earlier->n_labels + match[k]];

		if (both > 0)
			segment_ids[k] = earlier->label_id[match[k]];
		kept += both;
	}
	pfree(rows);
	pfree(match);
	return n > 0 ? kept / n : NAN;
}
