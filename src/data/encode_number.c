/*
 * encode_number.c
 *	  Numbers, booleans and durations: one column through a chain of steps; and the
 *	  0/1 column of {"impute": "indicator"}.
 */
#include "postgres.h"

#include "data/encode_part.h"

/* ---- value ---- */

static void
number_sample(UsPart *part, UsLearn *learn, const UsChunk *chunk, int nrows)
{
	us_chain_sample(part->learning, chunk->column[part->column].number, chunk->nrows, nrows);
}

static UsPass
number_begin(UsPart *part, UsLearn *learn)
{
	return us_chain_begin(part->learning, learn);
}

static void
number_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	us_chain_consume(part->learning, learn, chunk->column[part->column].number, chunk->nrows);
}

static void
number_finish(UsPart *part, UsLearn *learn)
{
	double		mean;
	double		sd;
	double		min;
	double		max;

	part->width = us_chain_finish(part->learning, &mean, &sd, &min, &max) ? 1 : 0;
	if (part->width == 1)
		us_encoder_add_column(learn->encoder, part,
							  learn->encoder->feature[part->feature].name, mean, sd, min, max);
}

static void
number_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	us_chain_apply_array(&part->chain, chunk->column[part->column].number, out, chunk->nrows);
}

static uint8
number_row(const UsPart *part, const UsValue *value, double *x)
{
	return us_chain_apply_row(&part->chain, value->isnull ? NAN : value->number, x) ?
		US_FLAG_CLAMPED : 0;
}

static double
number_invert(const UsPart *part, int j, double x)
{
	return us_chain_invert(&part->chain, x);
}

static void
number_report(const UsPart *part, UsReport *object)
{
	us_chain_report(&part->chain, object);
}

static void
number_form(const UsPart *part, int j, UsForm *form)
{
	form->kind = US_FORM_NUMBER;
	form->chain = &part->chain;
}

static void
number_write(const UsPart *part, UsWriter *w)
{
	us_chain_write(&part->chain, w);
}

static void
number_read(UsPart *part, UsReader *r)
{
	us_chain_read(&part->chain, r);
	if (part->width != 1)
		us_corrupt(r, "number of width %d", part->width);
}

const UsPartOps us_part_number = {
	US_PART_NUMBER, "number",
	number_sample, number_begin, number_consume, number_finish,
	number_chunk, number_row, number_invert, number_report, number_form, number_write, number_read
};

/* ---- indicator of NULL: 0 or the root of the weight ---- */

typedef struct Missing
{
	bool		counted;
	int64		n_null;
	int64		n;
	UsExactSum	null_weight;
	UsExactSum	weight;
} Missing;

static bool
is_null(const UsColumn *column, const UsChunkColumn *c, int row)
{
	switch (column->kind)
	{
		case US_KIND_CATEGORY:
			return c->code[row] < 0;
		case US_KIND_TAGS:
			return c->tag_null[row];
		case US_KIND_VECTOR:
			return column->dim == 0 || isnan(c->vector[(Size) row * column->dim]);
		default:
			return isnan(c->number[row]);
	}
}

static UsPass
missing_begin(UsPart *part, UsLearn *learn)
{
	if (part->learning)
		return US_PASS_NONE;
	part->learning = palloc0(sizeof(Missing));
	part->scale = sqrt(part->weight);
	return US_PASS_READ;
}

static void
missing_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	const UsColumn *column = &learn->frame->column[part->column];
	const UsChunkColumn *c = &chunk->column[part->column];
	Missing    *m = part->learning;

	m->n += chunk->nrows;
	for (int i = 0; i < chunk->nrows; i++)
	{
		if (!is_null(column, c, i))
			continue;
		m->n_null++;
		if (chunk->weight)
			us_exact_add(&m->null_weight, chunk->weight[i]);
	}
	if (chunk->weight)
		us_exact_add_array(&m->weight, chunk->weight, chunk->nrows);
}

static void
missing_finish(UsPart *part, UsLearn *learn)
{
	Missing    *m = part->learning;
	double		share;

	part->width = m->n_null > 0 && m->n_null < m->n ? 1 : 0;
	if (part->width == 0)
		return;
	share = learn->frame->weighted ?
		us_exact_round(&m->null_weight) / us_exact_round(&m->weight) :
		(double) m->n_null / (double) m->n;
	us_encoder_add_column(learn->encoder, part,
						  psprintf("%s=missing", learn->encoder->feature[part->feature].name),
						  share * part->scale, sqrt(share * (1 - share)) * part->scale,
						  0, part->scale);
}

static void
missing_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	const UsChunkColumn *c = &chunk->column[part->column];

	for (int i = 0; i < chunk->nrows; i++)
		out[i] = is_null(part->frame_column, c, i) ? part->scale : 0;
}

static uint8
missing_row(const UsPart *part, const UsValue *value, double *x)
{
	*x = value->isnull ? part->scale : 0;
	return 0;
}

static double
missing_invert(const UsPart *part, int j, double x)
{
	return x / part->scale;
}

static void
missing_report(const UsPart *part, UsReport *object)
{
	us_report_number(object, "scale", part->scale);
}

static void
missing_form(const UsPart *part, int j, UsForm *form)
{
	form->kind = US_FORM_NULL;
	form->scale = part->scale;
}

static void
missing_write(const UsPart *part, UsWriter *w)
{
	us_write_f64(w, part->scale);
}

static void
missing_read(UsPart *part, UsReader *r)
{
	part->scale = us_read_scale(r);
	if (part->width != 1)
		us_corrupt(r, "indicator of width %d", part->width);
}

const UsPartOps us_part_missing = {
	US_PART_MISSING, "missing",
	NULL, missing_begin, missing_consume, missing_finish,
	missing_chunk, missing_row, missing_invert, missing_report, missing_form, missing_write, missing_read
};
