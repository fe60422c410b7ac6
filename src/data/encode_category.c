/*
 * encode_category.c
 *	  Categories as one column a level (one-hot).
 *
 * Columns stand in the byte order of the levels, then "(missing)" if NULL was seen
 * in training, then "(other)" if rows of training fell there.  A level that was not seen
 * is "(other)" where that exists, else none of the columns.
 *
 * Scaled to unit block variance: every 1 becomes sqrt(weight / sum_j p_j (1 - p_j)) with
 * p_j the weighted share of column j, so that the variances of the columns sum up to
 * the weight of the feature.
 */
#include "postgres.h"

#include "data/encode_part.h"

/* A slot is a column of the part, or NO_SLOT. */
#define NO_SLOT		(-1)

typedef struct OneHot
{
	int			null_slot;		/* of NULL */
	int			other_slot;		/* of what is no level */
	bool		missing;		/* NULL has a column of its own, after the levels */
} OneHot;

typedef struct Learning
{
	const UsStepSpec *spec;
	const UsStepSpec *impute;	/* or NULL: NULL is a level */
	int			pass;
	int64	   *count;			/* rows by code */
	Size		taken;
	int64		n;
	int64		n_null;
	int64		n_other;
	int64	   *slot_count;
	UsExactSum *slot_weight;	/* weighted frames: second pass */
	UsExactSum	weight;
} Learning;

void
us_onehot_ask(UsPart *part, const UsStepSpec *spec, const UsStepSpec *impute)
{
	Learning   *l = palloc0(sizeof(Learning));

	l->spec = spec;
	l->impute = impute;
	part->learning = l;
	part->own = palloc0(sizeof(OneHot));
}

static inline int
slot_of(const UsPart *part, const OneHot *o, int32 code)
{
	int			slot;

	if (code < 0)
		return o->null_slot;
	slot = part->slot[code];
	return slot == US_LEVEL_OTHER ? o->other_slot : slot;
}

/* ---- learning ---- */

/* Where NULL goes, unless it is a level of its own: a level, or "(other)". */
static int
null_level(const UsPart *part, const Learning *l)
{
	const UsLevels *levels = part->levels;
	int			best = US_LEVEL_OTHER;

	if (l->impute->impute == US_IMPUTE_CONSTANT)
		return us_levels_find(levels, l->impute->text, (int) strlen(l->impute->text));
	for (int i = 0; i < levels->n; i++)
		if (best < 0 || l->slot_count[i] > l->slot_count[best])
			best = i;
	return best;
}

/* All codes are counted: decide on the columns. */
static void
choose(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	OneHot	   *o = part->own;
	const UsDictionary *dictionary = part->frame_column->dictionary;
	int			size = us_dictionary_size(dictionary);
	int			width;
	int			dropped = 0;

	part->levels = us_levels_choose(dictionary, l->count, l->spec->min_count, l->spec->max_levels);
	part->slot = us_levels_map(part->levels, dictionary);
	width = part->levels->n;
	l->slot_count = palloc0(sizeof(int64) * (width + 2));
	for (int code = 0; code < size; code++)
	{
		if (part->slot[code] != US_LEVEL_OTHER)
			l->slot_count[part->slot[code]] += l->count[code];
		else if (l->count[code] > 0)
		{
			l->n_other += l->count[code];
			dropped++;
		}
	}
	if (l->n_other > 0)
		us_encoder_warn(learn->encoder, "feature \"%s\" has %d categories: %d have a column of their own, "
						"%.3g %% of the rows are \"(other)\"",
						part->frame_column->name, part->levels->n + dropped, part->levels->n,
						100.0 * (double) l->n_other / (double) l->n);
	o->null_slot = o->other_slot = NO_SLOT;
	if (l->n_null > 0 && l->impute == NULL)
	{
		o->missing = true;
		o->null_slot = width;
		l->slot_count[width++] = l->n_null;
	}
	else if (l->impute != NULL)
	{
		int			level = null_level(part, l);

		o->null_slot = level;
		if (level == US_LEVEL_OTHER)
			l->n_other += l->n_null;
		else
			l->slot_count[level] += l->n_null;
	}
	if (l->n_other > 0)
	{
		o->other_slot = width;
		l->slot_count[width++] = l->n_other;
	}
	if (o->null_slot == NO_SLOT)
		o->null_slot = o->other_slot;
	part->width = width >= 2 ? width : 0;
}

static UsPass
onehot_begin(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	int			size = us_dictionary_size(part->frame_column->dictionary);

	if (++l->pass == 1)
	{
		l->taken = sizeof(int64) * size;
		us_budget_take(learn->budget, l->taken, "preprocessing");
		l->count = MemoryContextAllocExtended(CurrentMemoryContext, Max(l->taken, 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		return US_PASS_READ;
	}
	if (l->pass == 2)
	{
		choose(part, learn);
		pfree(l->count);
		us_budget_release(learn->budget, l->taken);
		if (learn->frame->weighted && part->width > 0)
		{
			l->slot_weight = palloc0(sizeof(UsExactSum) * part->width);
			return US_PASS_READ;
		}
	}
	return US_PASS_NONE;
}

static void
onehot_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	Learning   *l = part->learning;
	const int32 *code = chunk->column[part->column].code;

	if (l->pass == 1)
	{
		l->n += chunk->nrows;
		for (int i = 0; i < chunk->nrows; i++)
		{
			if (code[i] < 0)
				l->n_null++;
			else
				l->count[code[i]]++;
		}
		return;
	}
	for (int i = 0; i < chunk->nrows; i++)
	{
		int			slot = slot_of(part, part->own, code[i]);

		if (slot != NO_SLOT)
			us_exact_add(&l->slot_weight[slot], chunk->weight[i]);
	}
	us_exact_add_array(&l->weight, chunk->weight, chunk->nrows);
}

/* "country=FR"; a level that is called like a bucket is quoted. */
static char *
column_name(const UsPart *part, const char *feature, int slot)
{
	const OneHot *o = part->own;
	const char *level;

	if (slot >= part->levels->n)
		return psprintf("%s=%s", feature, o->missing && slot == part->levels->n ? "(missing)" : "(other)");
	level = part->levels->text[slot];
	if (strcmp(level, "(missing)") == 0 || strcmp(level, "(other)") == 0)
		return psprintf("%s='%s'", feature, level);
	return psprintf("%s=%s", feature, level);
}

static void
onehot_finish(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	double	   *share = palloc(sizeof(double) * Max(part->width, 1));
	double		variance = 0;

	for (int j = 0; j < part->width; j++)
	{
		share[j] = l->slot_weight ?
			us_exact_round(&l->slot_weight[j]) / us_exact_round(&l->weight) :
			(double) l->slot_count[j] / (double) l->n;
		variance += share[j] * (1 - share[j]);
	}
	part->scale = sqrt(l->spec->unscaled ? part->weight : part->weight / variance);
	for (int j = 0; j < part->width; j++)
		us_encoder_add_column(learn->encoder, part,
							  column_name(part, part->frame_column->name, j),
							  share[j] * part->scale,
							  sqrt(share[j] * (1 - share[j])) * part->scale,
							  0, part->scale);
}

/* ---- encoding ---- */

static void
onehot_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	const int32 *code = chunk->column[part->column].code;
	const OneHot *o = part->own;

	for (int j = 0; j < part->width; j++)
		memset(out + (Size) j * stride, 0, sizeof(double) * chunk->nrows);
	for (int i = 0; i < chunk->nrows; i++)
	{
		int			slot = slot_of(part, o, code[i]);

		if (slot != NO_SLOT)
			out[(Size) slot * stride + i] = part->scale;
	}
}

static uint8
onehot_row(const UsPart *part, const UsValue *value, double *x)
{
	const OneHot *o = part->own;
	uint8		flags = 0;
	int			slot = o->null_slot;

	memset(x, 0, sizeof(double) * part->width);
	if (!value->isnull)
	{
		slot = us_levels_find(part->levels, value->text, value->len);
		if (slot == US_LEVEL_OTHER)
		{
			slot = o->other_slot;
			if (!us_levels_saw(part->levels, value->text, value->len))
				flags = US_FLAG_UNSEEN;
		}
	}
	if (slot != NO_SLOT)
		x[slot] = part->scale;
	return flags;
}

static double
onehot_invert(const UsPart *part, int j, double x)
{
	return x / part->scale;
}

static void
onehot_report(const UsPart *part, UsReport *object)
{
	const OneHot *o = part->own;
	UsReport   *list = us_report_add_array(object, "levels");

	for (int i = 0; i < part->levels->n; i++)
		us_report_text(list, NULL, part->levels->text[i]);
	us_report_bool(object, "missing", o->missing);
	us_report_bool(object, "other", o->other_slot != NO_SLOT);
	us_report_number(object, "scale", part->scale);
}

static void
onehot_form(const UsPart *part, int j, UsForm *form)
{
	const OneHot *o = part->own;

	form->kind = US_FORM_LEVELS;
	form->nlevels = part->levels->n;
	form->level = part->levels->text;
	form->slot = j;
	form->null_slot = o->null_slot;
	form->other_slot = o->other_slot;
	form->scale = part->scale;
}

static void
onehot_write(const UsPart *part, UsWriter *w)
{
	const OneHot *o = part->own;

	us_levels_write(part->levels, w);
	us_write_u8(w, o->missing);
	us_write_i32(w, o->null_slot);
	us_write_i32(w, o->other_slot);
	us_write_f64(w, part->scale);
}

static void
onehot_read(UsPart *part, UsReader *r)
{
	OneHot	   *o = palloc0(sizeof(OneHot));
	int			width;

	part->own = o;
	part->levels = us_levels_read(r);
	o->missing = us_read_bool(r);
	o->null_slot = us_read_i32(r);
	o->other_slot = us_read_i32(r);
	part->scale = us_read_scale(r);
	width = part->levels->n + (o->missing ? 1 : 0) + (o->other_slot != NO_SLOT ? 1 : 0);
	if (width != part->width || width < 2 ||
		o->null_slot < NO_SLOT || o->null_slot >= width ||
		(o->missing && o->null_slot != part->levels->n) ||
		(o->other_slot != NO_SLOT && o->other_slot != width - 1))
		us_corrupt(r, "levels that do not fit %d columns before byte %zu", part->width, r->pos);
}

const UsPartOps us_part_onehot = {
	US_PART_ONEHOT, "onehot",
	NULL, onehot_begin, onehot_consume, onehot_finish,
	onehot_chunk, onehot_row, onehot_invert, onehot_report, onehot_form, onehot_write, onehot_read
};
