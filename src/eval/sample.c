/*
 * sample.c
 *	  As many rows of a frame as there is room for, chosen by their keys.
 */
#include "postgres.h"

#include "eval/sample.h"
#include "infra/progress.h"
#include "math/hash.h"

/* parts of the hash whose rows are counted together */
#define PARTS	1024

double
us_sample_share(UsFrame *frame, uint64 seed, int64 room)
{
	int64		rows[PARTS] = {0};
	int64		taken = 0;
	double		limit = 1;
	int			parts = 0;

	if (frame->nrows <= room)
		return 1;
	/* a sample of many rows is cut finely where it is expected to end */
	if ((double) room / frame->nrows < 0.5)
		limit = 2.0 * room / frame->nrows;
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		int			row[US_CHUNK_ROWS];
		int			n;

		us_progress("choose a sample", i, frame->nchunks);
		n = us_hash_select(seed, chunk->key, chunk->nrows, us_uniform_limit(limit), row);
		for (int k = 0; k < n; k++)
		{
			double		u = us_uniform(seed, chunk->key[row[k]]);

			rows[Min((int) (u / limit * PARTS), PARTS - 1)]++;
		}
	}
	while (parts < PARTS && taken + rows[parts] <= room)
		taken += rows[parts++];
	return limit * parts / PARTS;
}
