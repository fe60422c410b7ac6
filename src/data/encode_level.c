/*
 * encode_level.c
 *	  Categories as one number a level, through a chain of steps: the place in an order, the
 *	  frequency, or the mean of the target.
 *
 * ordinal: 0, 1, ... in the given order, or in byte order.  What is no level has
 * no number and is imputed.
 *
 * frequency: the weighted share of the level in training; 0 for a level not seen.
 *
 * target: (sum w y + m prior) / (sum w + m) over the rows of the level, prior the mean of
 * the target over all rows, m the smoothing (D. Micci-Barreca, "A Preprocessing
 * Scheme for High-Cardinality Categorical Attributes", SIGKDD Explorations 3 (2001), with
 * its weight n / (n + m)).  Rows of training take the value from the rows outside their
 * fold, prior included, so that their own target is not in it; rows to be scored take
 * that of all rows.  What is no level has the prior.
 *
 * native: the number of the level in byte order, one more for what is no level; NULL
 * stays missing.
 *
 * Elsewhere NULL is a level of its own where training saw it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "data/encode_part.h"
#include "math/fixed_sum.h"
#include "math/hash.h"

/* folds are independent of what else is drawn from the seed and the key */
#define FOLD_SALT	UINT64CONST(0x666f6c6473)

/* Places behind the levels in value tables. */
#define PLACE_NULL(levels)	((levels)->n)
#define PLACE_OTHER(levels)	((levels)->n + 1)
#define PLACES(levels)		((levels)->n + 2)

typedef struct Level
{
	UsStepType	type;			/* ORDINAL, FREQUENCY, TARGET, NATIVE */
	double	   *value;			/* [PLACES]; NaN: none, to be imputed */
	/* only in the encoder that was learned: values of training rows, [folds][PLACES] */
	int			folds;
	double	   *fold_value;
	uint64		fold_seed;
} Level;

/* Sums of the rows of one place and fold. */
typedef struct Cell
{
	int128		w;
	int128		wy;
} Cell;

typedef struct Learning
{
	const UsStepSpec *spec;
	const UsStepSpec *impute;	/* or NULL: NULL is a level */
	int			pass;
	bool		in_chain;
	int64	   *count;			/* rows by code */
	Size		taken;
	int64		n_null;
	int			target;			/* column of the frame */
	int32		positive;		/* code of the positive class of a category */
	double		target_max;		/* largest |y| and weight */
	double		weight_max;
	double		unit_w;
	double		unit_wy;
	Cell	   *cell;			/* [folds][PLACES] */
	int			ncellfolds;
	double	   *number;			/* a chunk of values, for the chain */
	UsChainLearner *chain;
} Learning;

void
us_level_ask(UsPart *part, const UsStepSpec *spec, const UsStepSpec *impute,
			 UsChainLearner *chain)
{
	Learning   *l = palloc0(sizeof(Learning));
	Level	   *level = palloc0(sizeof(Level));

	l->spec = spec;
	l->impute = impute;
	l->chain = chain;
	l->target = -1;
	part->learning = l;
	part->own = level;
	level->type = spec->type;
}

/* ---- the target ---- */

/* Column of the target, and which class of a category counts as 1. */
static void
find_target(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	const UsFrame *frame = learn->frame;
	const char *name = part->frame_column->name;
	const UsColumn *target;
	int			classes;

	for (int i = 0; i < frame->ncolumns; i++)
		if (frame->column[i].role == US_ROLE_TARGET)
			l->target = i;
	if (l->target < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step \"target\" of feature \"%s\" needs a target", name),
				 errhint("Name a target, or use \"onehot\" or \"frequency\".")));
	target = &frame->column[l->target];
	if (target->kind != US_KIND_CATEGORY)
		return;
	classes = us_dictionary_size(target->dictionary);
	if (classes > 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step \"target\" of feature \"%s\" needs a number, a boolean or two classes; \"%s\" has %d classes",
						name, target->name, classes),
				 errhint("Use \"onehot\" or \"frequency\".")));
	if (classes == 2)
	{
		int			alen;
		int			blen;
		const char *a = us_dictionary_get(target->dictionary, 0, &alen);
		const char *b = us_dictionary_get(target->dictionary, 1, &blen);

		l->positive = us_bytes_compare(a, alen, b, blen) < 0 ? 1 : 0;
	}
}

static inline double
target_of(const Learning *l, const UsChunk *chunk, int row)
{
	const UsChunkColumn *c = &chunk->column[l->target];

	if (c->code)
		return c->code[row] == l->positive ? 1 : 0;
	return c->number[row];
}

static void
measure_target(Learning *l, const UsChunk *chunk)
{
	for (int i = 0; i < chunk->nrows; i++)
		l->target_max = fmax(l->target_max, fabs(target_of(l, chunk, i)));
}

/* ---- learning ---- */

static inline int
place_of(const UsPart *part, int32 code)
{
	int			place;

	if (code < 0)
		return PLACE_NULL(part->levels);
	place = part->slot[code];
	return place == US_LEVEL_OTHER ? PLACE_OTHER(part->levels) : place;
}

static inline int
fold_of(const Level *level, uint64 key)
{
	return (int) (us_mix64(level->fold_seed, key) % (uint64) level->folds);
}

/* The levels of an ordinal feature in their order; all that occur must be among them. */
static UsLevels *
ordinal_levels(UsPart *part, const Learning *l, const UsDictionary *dictionary)
{
	const UsStepSpec *spec = l->spec;
	UsLevels   *levels;

	if (spec->n_names == 0)
	{
		int			size = us_dictionary_size(dictionary);

		if (size > US_MAX_LEVELS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("feature \"%s\" has %d categories, \"ordinal\" takes up to %d",
							part->frame_column->name, size, US_MAX_LEVELS)));
		return us_levels_choose(dictionary, l->count, 1, US_MAX_LEVELS);
	}
	if (spec->n_names > US_MAX_LEVELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the \"order\" of feature \"%s\" has more than %d values",
						part->frame_column->name, US_MAX_LEVELS)));
	levels = us_levels_make(spec->names, spec->n_names);
	for (int code = 0; code < us_dictionary_size(dictionary); code++)
	{
		int			len;
		const char *text = us_dictionary_get(dictionary, code, &len);

		if (l->count[code] > 0 && us_levels_find(levels, text, len) == US_LEVEL_OTHER)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("feature \"%s\" has the value \"%.*s\", which its \"order\" does not list",
							part->frame_column->name, len, text),
					 errdetail("Number of rows with it: " INT64_FORMAT ".", l->count[code]),
					 errhint("List every value, from low to high.")));
	}
	return levels;
}

/* Codes are counted: decide on the levels, and make room for sums. */
static void
choose(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	Level	   *level = part->own;
	const UsDictionary *dictionary = part->frame_column->dictionary;
	double		bound;
	Size		bytes;

	if (level->type == US_STEP_ORDINAL)
		part->levels = ordinal_levels(part, l, dictionary);
	else
		part->levels = us_levels_choose(dictionary, l->count, Max(l->spec->min_count, 1),
										l->spec->max_levels);
	part->slot = us_levels_map(part->levels, dictionary);
	level->value = palloc(sizeof(double) * PLACES(part->levels));
	if (level->type == US_STEP_ORDINAL || level->type == US_STEP_NATIVE)
		return;

	l->ncellfolds = level->type == US_STEP_TARGET ? l->spec->folds : 1;
	level->folds = l->ncellfolds;
	level->fold_seed = us_mix64(learn->seed, FOLD_SALT);
	bytes = sizeof(Cell) * l->ncellfolds * (Size) PLACES(part->levels);
	us_budget_take(learn->budget, bytes, "target encoding");
	l->cell = MemoryContextAllocExtended(CurrentMemoryContext, bytes,
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	l->taken = bytes;
	bound = learn->frame->weighted ? l->weight_max : 1;
	if (!isfinite(bound * l->target_max))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("target or weight is too large for step \"target\" of feature \"%s\"",
						part->frame_column->name)));
	l->unit_w = us_fixed_unit(bound);
	l->unit_wy = us_fixed_unit(bound * l->target_max);
}

static void
add_cells(UsPart *part, const UsChunk *chunk)
{
	Learning   *l = part->learning;
	const Level *level = part->own;
	const int32 *code = chunk->column[part->column].code;
	int			places = PLACES(part->levels);

	for (int i = 0; i < chunk->nrows; i++)
	{
		double		w = chunk->weight ? chunk->weight[i] : 1;
		int			fold = level->folds > 1 ? fold_of(level, chunk->key[i]) : 0;
		Cell	   *cell = &l->cell[(Size) fold * places + place_of(part, code[i])];

		us_fixed_add(&cell->w, w, l->unit_w);
		if (l->target >= 0)
			us_fixed_add(&cell->wy, w * target_of(l, chunk, i), l->unit_wy);
	}
}

/* Which place NULL takes its value from. */
static int
null_place(const UsPart *part, const Learning *l)
{
	const UsLevels *levels = part->levels;
	int			best = PLACE_OTHER(levels);
	int64		most = -1;

	if (l->impute->impute == US_IMPUTE_CONSTANT)
	{
		int			i = us_levels_find(levels, l->impute->text, (int) strlen(l->impute->text));

		return i == US_LEVEL_OTHER ? PLACE_OTHER(levels) : i;
	}
	for (int code = 0; code < us_dictionary_size(part->frame_column->dictionary); code++)
		if (part->slot[code] != US_LEVEL_OTHER &&
			(l->count[code] > most || (l->count[code] == most && part->slot[code] < best)))
		{
			best = part->slot[code];
			most = l->count[code];
		}
	return best;
}

/* Sums over all folds, into one row of places. */
static void
sum_folds(const Learning *l, int places, Cell *row)
{
	memset(row, 0, sizeof(Cell) * places);
	for (int f = 0; f < l->ncellfolds; f++)
		for (int p = 0; p < places; p++)
		{
			row[p].w += l->cell[(Size) f * places + p].w;
			row[p].wy += l->cell[(Size) f * places + p].wy;
		}
}

static Cell
sum_places(const Cell *row, int places)
{
	Cell		total = {0, 0};

	for (int p = 0; p < places; p++)
	{
		total.w += row[p].w;
		total.wy += row[p].wy;
	}
	return total;
}

/*
 * Smoothed means of one row of places, without what is in the row less (or NULL); if
 * nothing is left at all, the prior of all data.
 */
static void
target_values(const Learning *l, int places, const Cell *row, const Cell *less,
			  double fallback, double *value)
{
	double		m = l->spec->smoothing;
	Cell		total = sum_places(row, places);
	Cell		gone = {0, 0};
	double		prior = fallback;

	if (less)
		gone = sum_places(less, places);
	if (total.w > gone.w)
		prior = us_fixed_value(total.wy - gone.wy, l->unit_wy) /
			us_fixed_value(total.w - gone.w, l->unit_w);
	for (int p = 0; p < places; p++)
	{
		double		w = us_fixed_value(row[p].w - (less ? less[p].w : 0), l->unit_w);
		double		wy = us_fixed_value(row[p].wy - (less ? less[p].wy : 0), l->unit_wy);

		/* the other levels together are no level: the prior, as for what is never seen */
		value[p] = w > 0 && p < places - 1 ? (wy + m * prior) / (w + m) : prior;
	}
}

static void
make_values(UsPart *part)
{
	Learning   *l = part->learning;
	Level	   *level = part->own;
	int			places = PLACES(part->levels);
	Cell	   *row = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Cell) * places);

	if (level->type == US_STEP_ORDINAL)
	{
		for (int p = 0; p < places; p++)
			level->value[p] = p < part->levels->n ? p : NAN;
	}
	else if (level->type == US_STEP_NATIVE)
	{
		for (int p = 0; p < places; p++)
			level->value[p] = p < part->levels->n ? p : NAN;
		level->value[PLACE_OTHER(part->levels)] = part->levels->n;
	}
	else if (level->type == US_STEP_FREQUENCY)
	{
		Cell		total;

		sum_folds(l, places, row);
		total = sum_places(row, places);
		for (int p = 0; p < places; p++)
			level->value[p] = us_fixed_value(row[p].w, 1) / us_fixed_value(total.w, 1);
	}
	else
	{
		double		prior;

		sum_folds(l, places, row);
		target_values(l, places, row, NULL, 0, level->value);
		prior = level->value[PLACE_OTHER(part->levels)];
		level->fold_value = MemoryContextAllocHuge(CurrentMemoryContext,
												   sizeof(double) * level->folds * places);
		for (int f = 0; f < level->folds; f++)
		{
			CHECK_FOR_INTERRUPTS();
			target_values(l, places, row, l->cell + (Size) f * places, prior,
						  level->fold_value + (Size) f * places);
		}
	}
	pfree(row);
	if (l->impute == NULL)
		return;
	level->value[PLACE_NULL(part->levels)] = level->value[null_place(part, l)];
	for (int f = 0; level->fold_value && f < level->folds; f++)
		level->fold_value[(Size) f * places + PLACE_NULL(part->levels)] =
			level->fold_value[(Size) f * places + null_place(part, l)];
}

static UsPass
level_begin(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	Level	   *level = part->own;

	if (l->in_chain)
		return us_chain_begin(l->chain, learn);
	if (++l->pass == 1)
	{
		if (level->type == US_STEP_TARGET)
			find_target(part, learn);
		l->taken = sizeof(int64) * us_dictionary_size(part->frame_column->dictionary);
		us_budget_take(learn->budget, l->taken, "preprocessing");
		l->count = MemoryContextAllocExtended(CurrentMemoryContext, Max(l->taken, 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		return US_PASS_READ;
	}
	if (l->pass == 2)
	{
		us_budget_release(learn->budget, l->taken);
		l->taken = 0;
		choose(part, learn);
		if (l->cell)
			return US_PASS_READ;
	}
	make_values(part);
	pfree(l->count);
	if (l->cell)
		pfree(l->cell);
	us_budget_release(learn->budget, l->taken);
	l->number = palloc(sizeof(double) * US_CHUNK_ROWS);
	l->in_chain = true;
	return us_chain_begin(l->chain, learn);
}

/* Values of the rows of a chunk before the chain. */
static void
chunk_values(const UsPart *part, const UsChunk *chunk, double *out)
{
	const Level *level = part->own;
	const int32 *code = chunk->column[part->column].code;
	int			places = PLACES(part->levels);

	if (level->fold_value && part->training)
	{
		for (int i = 0; i < chunk->nrows; i++)
			out[i] = level->fold_value[(Size) fold_of(level, chunk->key[i]) * places +
									   place_of(part, code[i])];
		return;
	}
	for (int i = 0; i < chunk->nrows; i++)
		out[i] = level->value[place_of(part, code[i])];
}

static void
level_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	Learning   *l = part->learning;
	const int32 *code = chunk->column[part->column].code;

	if (l->in_chain)
	{
		chunk_values(part, chunk, l->number);
		us_chain_consume(l->chain, learn, l->number, chunk->nrows);
	}
	else if (l->pass == 1)
	{
		for (int i = 0; i < chunk->nrows; i++)
		{
			if (code[i] < 0)
				l->n_null++;
			else
				l->count[code[i]]++;
			if (chunk->weight)
				l->weight_max = fmax(l->weight_max, chunk->weight[i]);
		}
		if (l->target >= 0)
			measure_target(l, chunk);
	}
	else
		add_cells(part, chunk);
}

static void
level_finish(UsPart *part, UsLearn *learn)
{
	const Level *level = part->own;
	Learning   *l = part->learning;
	const char *feature = part->frame_column->name;
	double		mean;
	double		sd;
	double		min;
	double		max;

	part->width = us_chain_finish(l->chain, &mean, &sd, &min, &max) ? 1 : 0;
	if (part->width == 1)
		us_encoder_add_column(learn->encoder, part,
							  level->type == US_STEP_ORDINAL || level->type == US_STEP_NATIVE ? feature :
							  psprintf("%s.%s", feature, us_step_name(level->type)),
							  mean, sd, min, max);
}

/* ---- encoding ---- */

static void
level_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	chunk_values(part, chunk, out);
	us_chain_apply_array(&part->chain, out, out, chunk->nrows);
}

static uint8
level_row(const UsPart *part, const UsValue *value, double *x)
{
	const Level *level = part->own;
	uint8		flags = 0;
	int			place = PLACE_NULL(part->levels);

	if (!value->isnull)
	{
		place = us_levels_find(part->levels, value->text, value->len);
		if (place == US_LEVEL_OTHER)
		{
			place = PLACE_OTHER(part->levels);
			if (!us_levels_saw(part->levels, value->text, value->len))
				flags = US_FLAG_UNSEEN;
		}
	}
	if (us_chain_apply_row(&part->chain, level->value[place], x))
		flags |= US_FLAG_CLAMPED;
	return flags;
}

static double
level_invert(const UsPart *part, int j, double x)
{
	return us_chain_invert(&part->chain, x);
}

static void
level_report(const UsPart *part, UsReport *object)
{
	const Level *level = part->own;
	UsReport   *list = us_report_add_array(object, "levels");

	us_report_text(object, "encoder", us_step_name(level->type));
	for (int p = 0; p < PLACES(part->levels); p++)
	{
		UsReport   *item = us_report_add_object(list, NULL);

		us_report_text(item, "level", p < part->levels->n ? part->levels->text[p] :
					   p == PLACE_NULL(part->levels) ? "(missing)" : "(other)");
		us_report_number(item, "value", level->value[p]);
	}
	us_chain_report(&part->chain, object);
}

static void
level_form(const UsPart *part, int j, UsForm *form)
{
	const Level *level = part->own;

	form->kind = US_FORM_LEVELS;
	form->nlevels = part->levels->n;
	form->level = part->levels->text;
	form->value = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * PLACES(part->levels));
	for (int p = 0; p < PLACES(part->levels); p++)
		(void) us_chain_apply_row(&part->chain, level->value[p], &form->value[p]);
}

static void
level_write(const UsPart *part, UsWriter *w)
{
	const Level *level = part->own;

	us_write_u8(w, (uint8) level->type);
	us_levels_write(part->levels, w);
	for (int p = 0; p < PLACES(part->levels); p++)
	{
		us_write_u8(w, isnan(level->value[p]) ? 0 : 1);
		us_write_f64(w, isnan(level->value[p]) ? 0 : level->value[p]);
	}
	us_chain_write(&part->chain, w);
}

static void
level_read(UsPart *part, UsReader *r)
{
	Level	   *level = palloc0(sizeof(Level));
	uint8		type = us_read_u8(r);

	if (type < US_STEP_ORDINAL || type > US_STEP_NATIVE)
		us_corrupt(r, "unknown encoding of levels %u before byte %zu", type, r->pos);
	part->own = level;
	level->type = (UsStepType) type;
	part->levels = us_levels_read(r);
	level->value = palloc(sizeof(double) * PLACES(part->levels));
	for (int p = 0; p < PLACES(part->levels); p++)
	{
		bool		known = us_read_bool(r);
		double		value = us_read_finite(r);

		level->value[p] = known ? value : NAN;
		if (type == US_STEP_NATIVE && p != PLACE_NULL(part->levels) &&
			(part->levels->n >= US_NATIVE_LEVELS ||
			 level->value[p] != (p < part->levels->n ? p : part->levels->n)))
			us_corrupt(r, "native level %d is %g before byte %zu", p, value, r->pos);
	}
	us_chain_read(&part->chain, r);
	if (part->width != 1)
		us_corrupt(r, "encoding of levels with %d columns before byte %zu", part->width, r->pos);
}

const UsPartOps us_part_level = {
	US_PART_LEVEL, "level",
	NULL, level_begin, level_consume, level_finish,
	level_chunk, level_row, level_invert, level_report, level_form, level_write, level_read
};

bool
us_level_out_of_fold(const UsPart *part)
{
	const Level *level = part->own;

	return level->folds > 1 && level->fold_value != NULL;
}

int
us_level_native(const UsPart *part)
{
	const Level *level = part->own;

	return level->type == US_STEP_NATIVE ? part->levels->n + 1 : 0;
}

const char *
us_level_text(const UsPart *part, int level)
{
	return level < part->levels->n ? part->levels->text[level] : NULL;
}
