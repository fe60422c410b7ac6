/*
 * distil_rows.c
 *	  Rows to learn the answers of a teacher from.
 *
 * A row stands once for each class, weighted by its probability (G. Hinton, O. Vinyals and J. Dean, Distilling the
 * Knowledge in a Neural Network, 2015: soft targets): the minimum of a log loss, the leaves of a tree, weights of
 * evidence are then those of the probabilities, and what is trained is an ordinary classifier.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "data/frame_build.h"
#include "infra/progress.h"
#include "model/answer.h"
#include "verbs/distil.h"

#define BLOCK_ROWS	512

typedef struct Copy
{
	UsFrame    *from;
	const UsArtifact *teacher;
	UsFrameBuilder *builder;
	int			n;				/* columns that are copied */
	int		   *origin;			/* [n] in from */
	UsKind		kind;			/* of the target */
	bool		classes;
	const char **item;			/* tags of a row */
	int		   *len;
	int			room;
} Copy;

static bool
wanted(const UsColumn *column, int n_features, char **features)
{
	if (column->role != US_ROLE_FEATURE)
		return false;
	for (int i = 0; features && i < n_features; i++)
		if (strcmp(features[i], column->name) == 0)
			return true;
	return features == NULL;
}

/* Classes keep their order if the target is of the kind that their names tell. */
static UsKind
target_kind(const UsArtifact *a)
{
	double		before = -INFINITY;

	if (a->n_labels == 2 && strcmp(a->class_names[0], "false") == 0 && strcmp(a->class_names[1], "true") == 0)
		return US_KIND_BOOLEAN;
	for (int k = 0; k < a->n_labels; k++)
	{
		char	   *end;
		double		x = strtod(a->class_names[k], &end);

		if (*end != '\0' || end == a->class_names[k] || !(x > before))
			return US_KIND_CATEGORY;
		before = x;
	}
	return US_KIND_NUMBER;
}

static void
put_tags(Copy *c, int j, const UsDictionary *dictionary, const UsChunkColumn *v, int r)
{
	int			n = v->tag_start[r + 1] - v->tag_start[r];

	if (n > c->room)
	{
		c->room = 2 * n;
		c->item = palloc(sizeof(char *) * c->room);
		c->len = palloc(sizeof(int) * c->room);
	}
	for (int i = 0; i < n; i++)
		c->item[i] = us_dictionary_get(dictionary, v->tag_code[v->tag_start[r] + i], &c->len[i]);
	us_frame_put_tags(c->builder, j, n, c->item, c->len);
}

static void
put_value(Copy *c, int j, const UsChunk *chunk, int r)
{
	const UsColumn *column = &c->from->column[c->origin[j]];
	const UsChunkColumn *v = &chunk->column[c->origin[j]];
	const char *bytes;
	int			len;

	switch (column->kind)
	{
		case US_KIND_CATEGORY:
			if (v->code[r] < 0)
				us_frame_put_null(c->builder, j);
			else
			{
				bytes = us_dictionary_get(column->dictionary, v->code[r], &len);
				(void) us_frame_put_category(c->builder, j, bytes, len);
			}
			break;
		case US_KIND_TAGS:
			if (v->tag_null[r])
				us_frame_put_null(c->builder, j);
			else
				put_tags(c, j, column->dictionary, v, r);
			break;
		case US_KIND_VECTOR:
			if (column->dim == 0 || isnan(v->vector[(Size) r * column->dim]))
				us_frame_put_null(c->builder, j);
			else
				us_frame_put_vector(c->builder, j, column->dim, v->vector + (Size) r * column->dim);
			break;
		default:
			us_frame_put_number(c->builder, j, v->number[r]);
			break;
	}
}

/* The row with class k, or, of numbers, with the value, as its target. */
static void
put_row(Copy *c, const UsChunk *chunk, int r, int k, double value)
{
	UsFrameBuilder *b = c->builder;
	const char *name = c->classes ? c->teacher->class_names[k] : NULL;

	b->key[b->row] = chunk->key[r];
	if (c->classes)
		b->weight[b->row] = value;
	for (int j = 0; j < c->n; j++)
		put_value(c, j, chunk, r);
	if (!c->classes)
		us_frame_put_number(b, c->n, value);
	else if (c->kind == US_KIND_CATEGORY)
		(void) us_frame_put_category(b, c->n, name, (int) strlen(name));
	else
		us_frame_put_number(b, c->n, c->kind == US_KIND_BOOLEAN ? k : strtod(name, NULL));
	us_frame_end_row(b);
}

static void
copy_chunk(Copy *c, const UsChunk *chunk, const double *x, int width)
{
	double	   *row = palloc(sizeof(double) * Max(width, 1));
	double	   *p = palloc(sizeof(double) * Max(c->teacher->n_labels, 1));
	UsScore		score[BLOCK_ROWS];

	for (int r = 0; r < chunk->nrows; r++)
	{
		if (r % BLOCK_ROWS == 0 && !c->classes)
			us_answer_block(c->teacher, x + r, US_CHUNK_ROWS, Min(BLOCK_ROWS, chunk->nrows - r), score);
		if (r % 16 == 0)
			CHECK_FOR_INTERRUPTS();
		if (!c->classes)
		{
			put_row(c, chunk, r, 0, score[r % BLOCK_ROWS].value);
			continue;
		}
		for (int j = 0; j < width; j++)
			row[j] = x[(Size) j * US_CHUNK_ROWS + r];
		us_answer_proba(c->teacher, row, p);
		for (int k = 0; k < c->teacher->n_labels; k++)
			if (p[k] > US_DISTIL_LEAST)
				put_row(c, chunk, r, k, p[k]);
	}
	pfree(row);
	pfree(p);
}

UsFrame *
us_distil_rows(UsFrame *frame, const UsArtifact *teacher, const UsEncoder *encoder, const char *target,
			   bool classes, int n_features, char **features, UsBudget *budget)
{
	Copy		c = {.from = frame, .teacher = teacher, .classes = classes};
	UsColumn   *column = palloc0(sizeof(UsColumn) * (frame->ncolumns + 1));
	int			width = us_encoder_width(encoder);
	Size		bytes = sizeof(double) * (Size) Max(width, 1) * US_CHUNK_ROWS;
	double	   *x;
	UsFrame    *made;

	c.origin = palloc(sizeof(int) * frame->ncolumns);
	for (int j = 0; j < frame->ncolumns; j++)
		if (wanted(&frame->column[j], n_features, features))
		{
			column[c.n] = frame->column[j];
			c.origin[c.n++] = j;
		}
	c.kind = classes ? target_kind(teacher) : US_KIND_NUMBER;
	column[c.n] = (UsColumn) {
		.name = pstrdup(target), .role = US_ROLE_TARGET, .kind = c.kind,
		.type_name = c.kind == US_KIND_CATEGORY ? "text" : c.kind == US_KIND_BOOLEAN ? "boolean" : "double precision"
	};
	us_budget_take(budget, bytes, "answers of the teacher");
	x = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	c.builder = us_frame_begin(column, c.n + 1, classes, true, budget);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("ask the teacher", i, frame->nchunks);
		us_encoder_apply_chunk(encoder, chunk, x, US_CHUNK_ROWS);
		copy_chunk(&c, chunk, x, width);
	}
	made = us_frame_finish(c.builder, NULL);
	made->by_id = frame->by_id;
	pfree(x);
	us_budget_release(budget, bytes);
	return made;
}
