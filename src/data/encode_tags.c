/*
 * encode_tags.c
 *	  Sets of tags as one column a tag (multi-hot).
 *
 * Columns stand in the byte order of the tags, then "(other)", which is 1 for a row that has
 * any tag without a column, if rows of training had one.  NULL is the empty set.
 * Scaled like one-hot columns: the variances of the columns sum up to the weight.
 */
#include "postgres.h"

#include "data/encode_part.h"

typedef struct Tags
{
	bool		other;			/* there is an "(other)", the last column */
} Tags;

typedef struct Learning
{
	const UsStepSpec *spec;
	int			pass;
	int64	   *count;			/* rows by code */
	Size		taken;
	int64		n;
	int64	   *column_count;
	UsExactSum *column_weight;	/* weighted frames */
	UsExactSum	weight;
} Learning;

void
us_tags_ask(UsPart *part, const UsStepSpec *spec)
{
	Learning   *l = palloc0(sizeof(Learning));

	l->spec = spec;
	part->learning = l;
	part->own = palloc0(sizeof(Tags));
}

/* ---- learning ---- */

static void
choose(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	Tags	   *tags = part->own;
	const UsDictionary *dictionary = part->frame_column->dictionary;
	int			size = us_dictionary_size(dictionary);
	int			pooled = 0;

	part->levels = us_levels_choose(dictionary, l->count, l->spec->min_count, l->spec->max_levels);
	part->slot = us_levels_map(part->levels, dictionary);
	for (int code = 0; code < size; code++)
		pooled += l->count[code] > 0 && part->slot[code] == US_LEVEL_OTHER;
	tags->other = pooled > 0;
	part->width = part->levels->n + (tags->other ? 1 : 0);
	if (pooled > 0)
		us_encoder_warn(learn->encoder, "feature \"%s\" has %d tags: %d have a column of their own, the rest is \"(other)\"",
						part->frame_column->name, part->levels->n + pooled, part->levels->n);
	l->column_count = palloc0(sizeof(int64) * Max(part->width, 1));
	if (learn->frame->weighted)
		l->column_weight = palloc0(sizeof(UsExactSum) * Max(part->width, 1));
}

static UsPass
tags_begin(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;

	if (++l->pass == 1)
	{
		l->taken = sizeof(int64) * us_dictionary_size(part->frame_column->dictionary);
		us_budget_take(learn->budget, l->taken, "preprocessing");
		l->count = MemoryContextAllocExtended(CurrentMemoryContext, Max(l->taken, 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		return US_PASS_READ;
	}
	if (l->pass > 2)
		return US_PASS_NONE;
	choose(part, learn);
	pfree(l->count);
	us_budget_release(learn->budget, l->taken);
	return part->width > 0 ? US_PASS_READ : US_PASS_NONE;
}

static void
tags_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	Learning   *l = part->learning;
	const UsChunkColumn *c = &chunk->column[part->column];

	if (l->pass == 1)
	{
		for (int k = c->tag_start[0]; k < c->tag_start[chunk->nrows]; k++)
			l->count[c->tag_code[k]]++;
		return;
	}
	l->n += chunk->nrows;
	if (chunk->weight)
		us_exact_add_array(&l->weight, chunk->weight, chunk->nrows);
	for (int i = 0; i < chunk->nrows; i++)
	{
		bool		other = false;

		for (int k = c->tag_start[i]; k < c->tag_start[i + 1]; k++)
		{
			int			j = part->slot[c->tag_code[k]];

			if (j == US_LEVEL_OTHER)
			{
				if (other)
					continue;
				other = true;
				j = part->levels->n;
			}
			l->column_count[j]++;
			if (chunk->weight)
				us_exact_add(&l->column_weight[j], chunk->weight[i]);
		}
	}
}

static void
tags_finish(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	const char *feature = part->frame_column->name;
	double	   *share = palloc(sizeof(double) * Max(part->width, 1));
	double		variance = 0;

	for (int j = 0; j < part->width; j++)
	{
		share[j] = l->column_weight ?
			us_exact_round(&l->column_weight[j]) / us_exact_round(&l->weight) :
			(double) l->column_count[j] / (double) l->n;
		if (l->column_count[j] == l->n)
			share[j] = 1;
		variance += share[j] * (1 - share[j]);
	}
	if (!(variance > 0))
	{
		part->width = 0;
		return;
	}
	part->scale = sqrt(l->spec->unscaled ? part->weight : part->weight / variance);
	for (int j = 0; j < part->width; j++)
		us_encoder_add_column(learn->encoder, part,
							  j == part->levels->n ? psprintf("%s:(other)", feature) :
							  psprintf("%s:%s", feature, part->levels->text[j]),
							  share[j] * part->scale,
							  sqrt(share[j] * (1 - share[j])) * part->scale,
							  share[j] == 1 ? part->scale : 0, part->scale);
}

/* ---- encoding ---- */

static void
tags_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	const UsChunkColumn *c = &chunk->column[part->column];
	const Tags *tags = part->own;

	for (int j = 0; j < part->width; j++)
		memset(out + (Size) j * stride, 0, sizeof(double) * chunk->nrows);
	for (int i = 0; i < chunk->nrows; i++)
		for (int k = c->tag_start[i]; k < c->tag_start[i + 1]; k++)
		{
			int			j = part->slot[c->tag_code[k]];

			if (j == US_LEVEL_OTHER)
				j = part->levels->n;
			if (j < part->levels->n || tags->other)
				out[(Size) j * stride + i] = part->scale;
		}
}

static uint8
tags_row(const UsPart *part, const UsValue *value, double *x)
{
	const Tags *tags = part->own;
	uint8		flags = 0;

	memset(x, 0, sizeof(double) * part->width);
	if (value->isnull)
		return 0;
	for (int k = 0; k < value->n; k++)
	{
		int			j = us_levels_find(part->levels, value->item[k], value->item_len[k]);

		if (j == US_LEVEL_OTHER)
		{
			j = part->levels->n;
			if (!us_levels_saw(part->levels, value->item[k], value->item_len[k]))
				flags = US_FLAG_UNSEEN;
		}
		if (j < part->levels->n || tags->other)
			x[j] = part->scale;
	}
	return flags;
}

static double
tags_invert(const UsPart *part, int j, double x)
{
	return x / part->scale;
}

static void
tags_report(const UsPart *part, UsReport *object)
{
	const Tags *tags = part->own;
	UsReport   *list = us_report_add_array(object, "levels");

	for (int i = 0; i < part->levels->n; i++)
		us_report_text(list, NULL, part->levels->text[i]);
	us_report_bool(object, "other", tags->other);
	us_report_number(object, "scale", part->scale);
}

static void
tags_form(const UsPart *part, int j, UsForm *form)
{
	form->kind = US_FORM_TAG;
	form->nlevels = part->levels->n;
	form->level = part->levels->text;
	form->tag = j;
	form->scale = part->scale;
}

static void
tags_write(const UsPart *part, UsWriter *w)
{
	const Tags *tags = part->own;

	us_levels_write(part->levels, w);
	us_write_u8(w, tags->other);
	us_write_f64(w, part->scale);
}

static void
tags_read(UsPart *part, UsReader *r)
{
	Tags	   *tags = palloc0(sizeof(Tags));

	part->own = tags;
	part->levels = us_levels_read(r);
	tags->other = us_read_bool(r);
	part->scale = us_read_scale(r);
	if (part->width != part->levels->n + (tags->other ? 1 : 0))
		us_corrupt(r, "tags that do not fit %d columns before byte %zu", part->width, r->pos);
}

const UsPartOps us_part_multihot = {
	US_PART_MULTIHOT, "multihot",
	NULL, tags_begin, tags_consume, tags_finish,
	tags_chunk, tags_row, tags_invert, tags_report, tags_form, tags_write, tags_read
};
