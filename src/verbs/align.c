/*
 * align.c
 *	  Segments that stay themselves when a model is trained again.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/assignment.h"
#include "math/hash.h"
#include "verbs/align.h"
#include "verbs/label.h"

/* Whether the encoder of the earlier version finds its columns; *missing names the first that it does not. */
static bool
columns_there(const UsFrame *frame, const UsEncoder *encoder, const char **missing)
{
	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
	{
		const UsFeature *feature = us_encoder_feature(encoder, i);
		bool		found = feature->width == 0;

		for (int c = 0; c < frame->ncolumns && !found; c++)
			found = frame->column[c].role == US_ROLE_FEATURE
				&& frame->column[c].kind == feature->kind
				&& frame->column[c].zoned == feature->zoned
				&& strcmp(frame->column[c].name, feature->name) == 0;
		if (!found)
		{
			*missing = feature->name;
			return false;
		}
	}
	return true;
}

/* rows[new][old] of the sample; returns how many rows were sampled. */
static int64
count_overlap(UsFrame *frame, const UsModel *earlier, UsLabelChunk labels, void *context,
			  uint64 seed, double *rows)
{
	const UsArtifact *artifact = earlier->artifact;
	UsLabelSource *before = us_label_source(artifact->algorithm, artifact->model,
											us_encoder_bind(artifact->encoder, frame),
											frame, NULL, NULL);
	double		share = (double) US_ALIGN_SAMPLE / Max(frame->nrows, 1);
	uint64		limit = share < 1 ? (uint64) (share * 18446744073709551615.0) : PG_UINT64_MAX;
	int		   *row = palloc(US_CHUNK_ROWS * sizeof(int));
	int			sampled;
	int64		n = 0;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const int32 *label = labels(context, i, chunk);
		const int32 *old = us_label_chunk(before, i, chunk);

		CHECK_FOR_INTERRUPTS();
		sampled = us_hash_select(seed, chunk->key, chunk->nrows, limit, row);
		for (int j = 0; j < sampled; j++)
		{
			int			r = row[j];

			if (label[r] < 1)
				continue;
			n++;
			if (old[r] >= 1)
				rows[(Size) (label[r] - 1) * earlier->n_labels + old[r] - 1]++;
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
	double	   *rows;
	int		   *match;
	int64		n;
	double		kept = 0;

	memset(segment_ids, 0, n_labels * sizeof(int));
	*note = NULL;
	if (!columns_there(frame, earlier->artifact->encoder, &missing))
	{
		*note = psprintf("segments were numbered anew: version %d of the model uses column \"%s\", which this training does not",
						 earlier->info.version, missing);
		return NAN;
	}
	rows = palloc0((Size) n_labels * earlier->n_labels * sizeof(double));
	match = palloc(n_labels * sizeof(int));
	n = count_overlap(frame, earlier, labels, context, seed, rows);
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
