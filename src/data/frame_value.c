/*
 * frame_value.c
 *	  One row of a frame as the values that an encoder takes.
 */
#include "postgres.h"

#include <math.h>

#include "data/frame_value.h"

struct UsFrameReader
{
	const UsFrame *frame;
	int			n;
	int		   *column;			/* [n] of the frame */
	UsValue    *value;			/* [n] */
	int		   *room;			/* [n] tags for which item[] has room */
};

UsFrameReader *
us_frame_reader(const UsFrame *frame, const UsEncoder *encoder, const char **missing)
{
	UsFrameReader *reader = palloc0(sizeof(UsFrameReader));

	reader->frame = frame;
	reader->n = us_encoder_nfeatures(encoder);
	reader->column = palloc(Max(reader->n, 1) * sizeof(int));
	reader->value = palloc0(Max(reader->n, 1) * sizeof(UsValue));
	reader->room = palloc0(Max(reader->n, 1) * sizeof(int));
	for (int i = 0; i < reader->n; i++)
	{
		const UsFeature *feature = us_encoder_feature(encoder, i);

		reader->column[i] = -1;
		for (int c = 0; c < frame->ncolumns; c++)
			if (frame->column[c].kind == feature->kind
				&& strcmp(frame->column[c].name, feature->name) == 0)
				reader->column[i] = c;
		if (reader->column[i] < 0)
		{
			*missing = feature->name;
			return NULL;
		}
	}
	return reader;
}

/* The tags of a row; item arrays are kept and grow. */
static void
read_tags(UsFrameReader *reader, int i, const UsColumn *column, const UsChunkColumn *c, int row)
{
	UsValue    *v = &reader->value[i];
	int			n = c->tag_start[row + 1] - c->tag_start[row];

	v->isnull = c->tag_null[row];
	v->n = n;
	if (n > reader->room[i])
	{
		reader->room[i] = n * 2;
		v->item = palloc(reader->room[i] * sizeof(char *));
		v->item_len = palloc(reader->room[i] * sizeof(int));
	}
	for (int t = 0; t < n; t++)
		((const char **) v->item)[t] =
			us_dictionary_get(column->dictionary, c->tag_code[c->tag_start[row] + t],
							  &((int *) v->item_len)[t]);
}

const UsValue *
us_frame_reader_row(UsFrameReader *reader, const UsChunk *chunk, int row)
{
	for (int i = 0; i < reader->n; i++)
	{
		const UsColumn *column = &reader->frame->column[reader->column[i]];
		const UsChunkColumn *c = &chunk->column[reader->column[i]];
		UsValue    *v = &reader->value[i];

		switch (column->kind)
		{
			case US_KIND_NUMBER:
			case US_KIND_BOOLEAN:
			case US_KIND_TIME:
			case US_KIND_DURATION:
				v->number = c->number[row];
				v->isnull = isnan(v->number);
				break;
			case US_KIND_CATEGORY:
				v->isnull = c->code[row] < 0;
				if (!v->isnull)
					v->text = us_dictionary_get(column->dictionary, c->code[row], &v->len);
				break;
			case US_KIND_TAGS:
				read_tags(reader, i, column, c, row);
				break;
			case US_KIND_VECTOR:
				v->vector = c->vector + (Size) row * column->dim;
				v->n = column->dim;
				v->isnull = column->dim == 0 || isnan(v->vector[0]);
				break;
		}
	}
	return reader->value;
}
