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

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "data/frame_build.h"
#include "infra/progress.h"
#include "math/exact_sum.h"
#include "model/answer.h"
#include "verbs/distil.h"

#define BLOCK_ROWS	512

typedef struct Copy
{
	const UsDistilling *d;
	UsFrame    *from;
	UsFrameBuilder *builder;
	int			n;				/* columns that are copied; the target follows */
	int		   *origin;			/* [n] in from */
	UsKind		kind;			/* of the target */
	double		least;			/* probability of a class that gets a row */
	double	   *row;			/* [width] for the teacher */
	double	   *p;				/* [n_classes] */
	const char **item;			/* tags of a row */
	int		   *len;
	int			room;
	UsExactSum	mass;			/* of the rows */
} Copy;

static bool
wanted(const UsColumn *column, const UsTrainArgs *args)
{
	if (column->role != US_ROLE_FEATURE)
		return false;
	for (int i = 0; i < args->n_features; i++)
		if (strcmp(args->features[i], column->name) == 0)
			return true;
	return args->n_features < 0;
}

/* Classes keep their order, and their names, if the target is of the kind that the names tell. */
static UsKind
target_kind(const UsDistilling *d)
{
	double		before = -INFINITY;

	if (d->n_classes == 2 && strcmp(d->class_name[0], "false") == 0 && strcmp(d->class_name[1], "true") == 0)
		return US_KIND_BOOLEAN;
	for (int k = 0; k < d->n_classes; k++)
	{
		char	   *end;
		double		x = strtod(d->class_name[k], &end);
		char		name[DOUBLE_SHORTEST_DECIMAL_LEN];

		if (*end != '\0' || end == d->class_name[k] || !(x > before) || isinf(x))
			return US_KIND_CATEGORY;
		double_to_shortest_decimal_buf(x, name);
		if (strcmp(name, d->class_name[k]) != 0)
			return US_KIND_CATEGORY;
		before = x;
	}
	return US_KIND_NUMBER;
}

/* Categories, and classes that are some, have the codes that they have in the source, and the class indices. */
static void
intern_categories(Copy *c)
{
	UsFrame    *to = c->builder->frame;
	int			len;

	for (int j = 0; j < c->n; j++)
	{
		const UsDictionary *dictionary = c->from->column[c->origin[j]].dictionary;

		if (to->column[j].kind != US_KIND_CATEGORY)
			continue;
		for (int code = 0; code < us_dictionary_size(dictionary); code++)
		{
			const char *bytes = us_dictionary_get(dictionary, code, &len);

			(void) us_dictionary_intern(to->column[j].dictionary, bytes, len);
			if (code % 1024 == 0)
				CHECK_FOR_INTERRUPTS();
		}
	}
	for (int k = 0; c->kind == US_KIND_CATEGORY && k < c->d->n_classes; k++)
		(void) us_dictionary_intern(to->column[c->n].dictionary, c->d->class_name[k], (int) strlen(c->d->class_name[k]));
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

	switch (column->kind)
	{
		case US_KIND_CATEGORY:
			if (v->code[r] < 0)
				us_frame_put_null(c->builder, j);
			else
				us_frame_put_code(c->builder, j, v->code[r]);
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
			if (isnan(v->number[r]))
				us_frame_put_null(c->builder, j);
			else
				us_frame_put_number(c->builder, j, v->number[r]);
			break;
	}
}

/* The row with class k, or, of numbers, with the value, as its target. */
static void
put_row(Copy *c, const UsChunk *chunk, int r, int k, double value)
{
	UsFrameBuilder *b = c->builder;
	double		weight = chunk->weight ? chunk->weight[r] : 1;

	b->key[b->row] = chunk->key[r];
	if (b->weight)
		b->weight[b->row] = c->d->classes ? weight * value : weight;
	for (int j = 0; j < c->n; j++)
		put_value(c, j, chunk, r);
	if (!c->d->classes)
		us_frame_put_number(b, c->n, value);
	else if (c->kind == US_KIND_CATEGORY)
		us_frame_put_code(b, c->n, k);
	else
		us_frame_put_number(b, c->n, c->kind == US_KIND_BOOLEAN ? k : strtod(c->d->class_name[k], NULL));
	us_frame_end_row(b);
}

/* The row once for each class that is not as good as impossible; with its segment. */
static void
put_classes(Copy *c, const UsChunk *chunk, int r)
{
	int			n = c->d->n_classes;
	int			best = 0;

	if (c->d->artifact->task == US_TASK_CLUSTERING)
	{
		int			label = us_answer_label(c->d->artifact, c->row);

		if (label > 0)
			put_row(c, chunk, r, label - 1, 1);
		return;
	}
	us_answer_proba(c->d->artifact, c->row, c->p);
	for (int k = 1; k < n; k++)
		if (c->p[k] > c->p[best])
			best = k;
	for (int k = 0; k < n; k++)
		if (c->p[k] > c->least || (k == best && c->p[k] > 0))
			put_row(c, chunk, r, k, c->p[k]);
}

static void
copy_chunk(Copy *c, const UsChunk *chunk, const double *x, int width)
{
	UsScore		score[BLOCK_ROWS];

	for (int r = 0; r < chunk->nrows; r++)
	{
		us_exact_add(&c->mass, chunk->weight ? chunk->weight[r] : 1);
		if (r % 16 == 0)
			CHECK_FOR_INTERRUPTS();
		if (c->d->classes)
		{
			for (int j = 0; j < width; j++)
				c->row[j] = x[(Size) j * US_CHUNK_ROWS + r];
			put_classes(c, chunk, r);
			continue;
		}
		if (r % BLOCK_ROWS == 0)
			us_answer_block(c->d->artifact, x + r, US_CHUNK_ROWS, Min(BLOCK_ROWS, chunk->nrows - r), score);
		put_row(c, chunk, r, 0, score[r % BLOCK_ROWS].value);
	}
}

/* A builder of frames with the columns of the student and the target. */
static void
begin(Copy *c)
{
	const UsDistilling *d = c->d;
	UsColumn   *column = palloc0(sizeof(UsColumn) * (c->from->ncolumns + 1));

	c->origin = palloc(sizeof(int) * c->from->ncolumns);
	for (int j = 0; j < c->from->ncolumns; j++)
		if (wanted(&c->from->column[j], &d->train))
		{
			column[c->n] = c->from->column[j];
			c->origin[c->n++] = j;
		}
	c->kind = d->classes ? target_kind(d) : US_KIND_NUMBER;
	column[c->n] = (UsColumn) {
		.name = pstrdup(d->train.target), .role = US_ROLE_TARGET, .kind = c->kind,
		.type_name = c->kind == US_KIND_CATEGORY ? "text" : c->kind == US_KIND_BOOLEAN ? "boolean" : "double precision"
	};
	c->builder = us_frame_begin(column, c->n + 1, d->classes || c->from->weighted, true, d->prepared.budget);
	intern_categories(c);
}

UsFrame *
us_distil_rows(UsDistilling *d)
{
	Copy		c = {.d = d, .from = d->frame};
	UsBudget   *budget = d->prepared.budget;
	int			width = us_encoder_width(d->encoder);
	Size		bytes = sizeof(double) * (Size) Max(width, 1) * US_CHUNK_ROWS;
	double	   *x;
	UsFrame    *made;

	us_budget_take(budget, bytes, "answers of the teacher");
	x = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	c.least = d->n_classes > 2 ? US_DISTIL_LEAST_OF_MANY : US_DISTIL_LEAST;
	c.row = palloc(sizeof(double) * Max(width, 1));
	c.p = palloc(sizeof(double) * Max(d->n_classes, 1));
	begin(&c);
	for (int i = 0; i < d->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(d->frame, i);

		us_progress("ask the teacher", i, d->frame->nchunks);
		us_encoder_apply_chunk(d->encoder, chunk, x, US_CHUNK_ROWS);
		copy_chunk(&c, chunk, x, width);
	}
	made = us_frame_finish(c.builder, NULL);
	made->by_id = d->frame->by_id;
	made->row_weight = d->classes ? us_exact_round(&c.mass) / (double) d->frame->nrows : 0;
	pfree(x);
	us_budget_release(budget, bytes);
	return made;
}
