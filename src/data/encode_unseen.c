/*
 * encode_unseen.c
 *	  Rows of a frame with a category or tag that the training did not see.
 */
#include "postgres.h"

#include "infra/progress.h"
#include "data/encode_part.h"

/* For each code of the column whether the training did not see it; NULL: it saw all of them. */
static bool *
unseen_codes(const UsPart *part)
{
	const UsDictionary *dictionary = part->frame_column->dictionary;
	int			size = us_dictionary_size(dictionary);
	bool	   *unseen = (bool *) palloc0(Max(size, 1));
	bool		any = false;

	for (int code = 0; code < size; code++)
	{
		int			len;
		const char *text = us_dictionary_get(dictionary, code, &len);

		if ((code & 0xffff) == 0)
			us_progress("unseen categories", code, size);
		unseen[code] = part->slot[code] == US_LEVEL_OTHER &&
			!us_levels_saw(part->levels, text, len);
		any = any || unseen[code];
	}
	if (any)
		return unseen;
	pfree(unseen);
	return NULL;
}

/* Rows of the chunk that have one of these codes. */
static int64
count_chunk(const UsChunkColumn *c, int nrows, UsKind kind, const bool *unseen)
{
	int64		n = 0;

	for (int r = 0; r < nrows; r++)
	{
		if (kind == US_KIND_CATEGORY)
			n += c->code[r] >= 0 && unseen[c->code[r]];
		else
			for (int t = c->tag_start[r]; t < c->tag_start[r + 1]; t++)
				if (unseen[c->tag_code[t]])
				{
					n++;
					break;
				}
	}
	return n;
}

void
us_encoder_unseen(const UsEncoder *encoder, UsFrame *frame, int64 *rows)
{
	bool	  **unseen = (bool **) palloc0(sizeof(bool *) * Max(encoder->nfeatures, 1));
	const UsPart **part = (const UsPart **) palloc0(sizeof(UsPart *) * Max(encoder->nfeatures, 1));
	bool		any = false;

	memset(rows, 0, sizeof(int64) * encoder->nfeatures);
	for (int p = 0; p < encoder->nparts; p++)
	{
		int			f = encoder->part[p].feature;

		if (encoder->part[p].levels == NULL || part[f] != NULL)
			continue;
		part[f] = &encoder->part[p];
		unseen[f] = unseen_codes(part[f]);
		any = any || unseen[f] != NULL;
	}
	for (int i = 0; i < frame->nchunks && any; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("unseen categories", i, frame->nchunks);
		for (int f = 0; f < encoder->nfeatures; f++)
			if (unseen[f] != NULL)
				rows[f] += count_chunk(&chunk->column[part[f]->column], chunk->nrows,
									   encoder->feature[f].kind, unseen[f]);
	}
}
