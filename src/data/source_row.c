/*
 * source_row.c
 *	  From a row of a source to a row of a Frame.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "data/source_reader.h"
#include "infra/compat.h"
#include "math/hash.h"
#include "math/moments.h"

/* Codes of the enum values seen in a column. */
typedef struct UsEnumCode
{
	Oid			value;
	int32		code;
	char		status;
} UsEnumCode;

#define SH_PREFIX enumcodes
#define SH_ELEMENT_TYPE UsEnumCode
#define SH_KEY_TYPE Oid
#define SH_KEY value
#define SH_HASH_KEY(tb, key) murmurhash32(key)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The largest numbers that are read: weighted sums of squares of a billion rows are finite. */
#define LARGEST_NUMBER	1e140
#define LARGEST_WEIGHT	1e18

/* DETAIL that says which row it is. */
static int
errdetail_row(UsFrameReader *reader)
{
	const UsSourceInfo *info = reader->info;

	if (info->id >= 0 && !reader->slot->tts_isnull[info->id])
		return errdetail("The first such row has %s = %s.",
						 quote_identifier(info->column[info->id].name),
						 us_row_key_show(&reader->key, reader->slot->tts_values[info->id]));
	return errdetail("The first such row is number " INT64_FORMAT " of the source.",
					 info->n_read);
}

pg_noreturn static void
refuse_number(UsFrameReader *reader, const UsReadColumn *column, double value, bool overflow)
{
	if (overflow)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value in column \"%s\" is out of range for type double precision",
						column->source->name),
				 errdetail_row(reader)));
	if (isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\" contains %g", column->source->name, value),
				 errdetail_row(reader),
				 errhint("Numbers may be from %g to %g. Divide the column in the source, or turn such values into NULL.",
						 -LARGEST_NUMBER, LARGEST_NUMBER)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" contains %s", column->source->name,
					isnan(value) ? "NaN" : "an infinite value"),
			 errdetail_row(reader),
			 errhint(column->source->use == US_USE_FEATURE ?
					 "Turn such values into NULL in the source, or leave the rows out." :
					 "Leave such rows out of the source.")));
}

pg_noreturn static void
refuse_null(UsFrameReader *reader, const UsReadColumn *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("column \"%s\" contains NULL", column->source->name),
			 errdetail_row(reader),
			 errhint("null_policy is 'error'; 'skip' leaves such rows out, 'impute' replaces NULL features.")));
}

/* The number in a column that is not NULL, finite and not too large to compute with. */
static inline double
read_number(UsFrameReader *reader, const UsReadColumn *column, Datum value)
{
	bool		overflow = false;
	double		number;

	switch (column->reading)
	{
		case US_READ_FLOAT8:
			number = DatumGetFloat8(value);
			break;
		case US_READ_INT4:
			number = DatumGetInt32(value);
			break;
		case US_READ_INT8:
			number = (double) DatumGetInt64(value);
			break;
		default:
			number = us_type_number(column->reading, value, &overflow);
			break;
	}
	if (unlikely(!(fabs(number) <= LARGEST_NUMBER)))
		refuse_number(reader, column, number, overflow);
	return number;
}

void
us_row_reader_give_up(UsFrameReader *reader, UsReadColumn *column)
{
	int			distinct;

	if (!column->may_drop || column->dropped)
		return;
	if (us_dictionary_bytes(reader->builder->frame->column[column->j].dictionary) <=
		reader->dictionary_limit)
		return;
	distinct = us_dictionary_size(reader->builder->frame->column[column->j].dictionary);
	column->source->reason =
		MemoryContextStrdup(GetMemoryChunkContext(reader->info),
							psprintf("it identifies rows: more than %d distinct values", distinct - 1));
	column->dropped = true;
	us_frame_give_up(reader->builder, column->j);
}

/* The dictionaries have begun anew: codes that are known are no more. */
static void
forget_enums(UsFrameReader *reader)
{
	for (int i = 0; i < reader->info->nused; i++)
		if (reader->feature[i].enums != NULL)
			enumcodes_reset(reader->feature[i].enums);
	reader->generation = reader->builder->generation;
}

static void
put_enum(UsFrameReader *reader, UsReadColumn *column, Datum value)
{
	UsEnumCode *entry;
	const char *label;
	int			len;
	int			code;
	bool		found;

	if (unlikely(reader->generation != reader->builder->generation))
		forget_enums(reader);
	entry = enumcodes_lookup(column->enums, DatumGetObjectId(value));
	if (entry != NULL)
	{
		us_frame_put_code(reader->builder, column->j, entry->code);
		return;
	}
	label = us_type_bytes(&column->source->type, column->reading, value, &len);
	code = us_frame_put_category(reader->builder, column->j, label, len);
	enumcodes_insert(column->enums, DatumGetObjectId(value), &found)->code = code;
}

static void
put_vector(UsFrameReader *reader, UsReadColumn *column, const UsItems *items)
{
	int			dim = reader->builder->frame->column[column->j].dim;

	if (items->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" contains an empty array", column->source->name),
				 errdetail_row(reader),
				 errhint("Turn it into NULL in the source.")));
	if (dim > 0 && items->n != dim)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" has arrays of different lengths: %d and %d",
						column->source->name, dim, items->n),
				 errdetail_row(reader)));
	for (int i = 0; i < items->n; i++)
		if (!(fabs(items->number[i]) <= LARGEST_NUMBER))
			refuse_number(reader, column, items->number[i], false);
	us_frame_put_vector(reader->builder, column->j, items->n, items->number);
}

static void
put_array(UsFrameReader *reader, UsReadColumn *column, Datum value)
{
	UsItems		items;

	switch (us_type_items(&column->source->type, value, &items))
	{
		case US_ITEMS_OK:
			break;
		case US_ITEMS_DIMENSIONS:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" contains an array of more than one dimension",
							column->source->name),
					 errdetail_row(reader)));
			break;
		case US_ITEMS_NULL:
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column \"%s\" contains an array with a NULL element",
							column->source->name),
					 errdetail_row(reader)));
			break;
		case US_ITEMS_OVERFLOW:
			refuse_number(reader, column, get_float8_infinity(), true);
	}
	if (column->source->type.kind == US_KIND_VECTOR)
		put_vector(reader, column, &items);
	else
	{
		us_frame_put_tags(reader->builder, column->j, items.n, items.item, items.len);
		us_row_reader_give_up(reader, column);
	}
}

/* One value into the row being written. */
static void
put_value(UsFrameReader *reader, UsReadColumn *column, const TupleTableSlot *slot)
{
	Datum		value = slot->tts_values[column->att];

	if (slot->tts_isnull[column->att])
		us_frame_put_null(reader->builder, column->j);
	else if (US_READING_IS_NUMBER(column->reading))
		us_frame_put_number(reader->builder, column->j, read_number(reader, column, value));
	else if (column->reading == US_READ_ENUM)
		put_enum(reader, column, value);
	else if (column->reading == US_READ_ARRAY)
		put_array(reader, column, value);
	else
	{
		int			len;
		const char *bytes = us_type_bytes(&column->source->type, column->reading, value, &len);

		us_frame_put_category(reader->builder, column->j, bytes, len);
		us_row_reader_give_up(reader, column);
	}
}

/* The features of a row, all of them float8; false, and nothing done, where one is not an ordinary number. */
static inline bool
put_plain(UsFrameReader *reader, const TupleTableSlot *slot)
{
	int			n = reader->nfeatures;
	int			first = reader->feature[0].att;
	const double *value = reader->number ? reader->number : (const double *) (slot->tts_values + first);
	double	  **number = reader->builder->number + reader->feature[0].j;
	int			row = reader->builder->row;

	if ((reader->number == NULL && memchr(slot->tts_isnull + first, true, n) != NULL) || !us_within(value, n, LARGEST_NUMBER))
		return false;
	for (int i = 0; i < n; i++)
		number[i][row] = value[i] + 0.0;
	return true;
}

/* The features of the row; numbers as most tables have them do not leave the loop. */
static inline void
put_features(UsFrameReader *reader, TupleTableSlot *slot)
{
	const Datum *value = slot->tts_values;
	const bool *isnull = slot->tts_isnull;

	if (reader->plain && put_plain(reader, slot))
		return;
	if (reader->number)
		slot_getsomeattrs(slot, reader->natts);
	for (int i = 0; i < reader->nfeatures; i++)
	{
		UsReadColumn *column = &reader->feature[i];

		if (column->reading == US_READ_FLOAT8 && !isnull[column->att])
		{
			double		number = DatumGetFloat8(value[column->att]);

			if (likely(fabs(number) <= LARGEST_NUMBER))
			{
				us_frame_put_number(reader->builder, column->j, number);
				continue;
			}
		}
		put_value(reader, column, slot);
	}
}

/* The weight of the row. */
static double
read_weight(UsFrameReader *reader, const TupleTableSlot *slot)
{
	UsReadColumn *column = reader->weight;
	double		weight;

	if (slot->tts_isnull[column->att])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight in column \"%s\" is NULL", column->source->name),
				 errdetail_row(reader)));
	weight = read_number(reader, column, slot->tts_values[column->att]);
	if (weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight in column \"%s\" is negative: %g",
						column->source->name, weight),
				 errdetail_row(reader)));
	if (weight > LARGEST_WEIGHT)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weight in column \"%s\" is %g, more than %g",
						column->source->name, weight, LARGEST_WEIGHT),
				 errdetail_row(reader),
				 errhint("Divide the weights by a constant in the source.")));
	return weight;
}

/* Is a feature of the row NULL?  Then counts it, or raises the error of null_policy 'error'. */
static bool
has_null(UsFrameReader *reader, const TupleTableSlot *slot)
{
	bool		found = false;

	for (int i = 0; i < reader->nfeatures && reader->number == NULL; i++)
	{
		if (!slot->tts_isnull[reader->feature[i].att])
			continue;
		if (reader->spec->null_policy == US_NULL_ERROR)
			refuse_null(reader, &reader->feature[i]);
		reader->feature[i].n_null++;
		found = true;
	}
	reader->info->n_null += found;
	return found;
}

/* Does the row stay?  Counts it if not. */
static bool
keep_row(UsFrameReader *reader, const TupleTableSlot *slot)
{
	UsSourceInfo *info = reader->info;
	bool		strict = reader->spec->null_policy == US_NULL_ERROR;
	bool		unlabelled;

	if (reader->weight != NULL)
	{
		double		weight = read_weight(reader, slot);

		if (weight == 0)
		{
			info->n_weightless++;
			return false;
		}
		reader->builder->weight[reader->builder->row] = weight;
	}
	unlabelled = reader->target != NULL && slot->tts_isnull[reader->target->att] && !reader->spec->keep_unlabelled;
	if (unlabelled || (reader->time != NULL && slot->tts_isnull[reader->time->att]))
	{
		if (strict)
			refuse_null(reader, unlabelled ? reader->target : reader->time);
		info->n_unlabelled++;
		return false;
	}
	return reader->spec->null_policy == US_NULL_IMPUTE || !has_null(reader, slot);
}

static void
put_key(UsFrameReader *reader, const TupleTableSlot *slot)
{
	UsFrameBuilder *builder = reader->builder;
	int			id = reader->info->id;

	if (slot->tts_isnull[id])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("id in column \"%s\" is NULL", reader->info->column[id].name),
				 errdetail_row(reader)));
	builder->key[builder->row] = us_row_key(&reader->key, slot->tts_values[id]);
}

/*
 * The columns of the row into the arrays of its slot.  Of a row that need not be taken apart plain features stay where they
 * are, in reader->number.
 */
static inline void
take_apart(UsFrameReader *reader, TupleTableSlot *slot)
{
	const char *data = slot->tts_nvalid < reader->natts ? us_fixed_row_data(&reader->fixed, slot) : NULL;

	reader->number = NULL;
	if (data == NULL)
	{
		slot_getsomeattrs(slot, reader->natts);
		return;
	}
	for (int i = reader->plain ? reader->nfeatures : 0; i < reader->info->nused; i++)
		us_fixed_row_put(&reader->fixed, slot, data, reader->feature[i].att);
	if (reader->info->id >= 0)
		us_fixed_row_put(&reader->fixed, slot, data, reader->info->id);
	if (reader->plain)
		reader->number = (const double *) (data + reader->fixed.offset[reader->feature[0].att]);
}

bool
us_row_reader_put(TupleTableSlot *slot, void *arg)
{
	UsFrameReader *reader = (UsFrameReader *) arg;
	MemoryContext old = MemoryContextSwitchTo(reader->row_context);

	take_apart(reader, slot);
	reader->slot = slot;
	reader->info->n_read++;
	if (keep_row(reader, slot))
	{
		if (reader->info->id >= 0)
			put_key(reader, slot);
		put_features(reader, slot);
		if (reader->target != NULL)
			put_value(reader, reader->target, slot);
		if (reader->weight != NULL)
			put_value(reader, reader->weight, slot);
		if (reader->time != NULL)
			put_value(reader, reader->time, slot);
		us_frame_end_row(reader->builder);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(reader->row_context);
	return true;
}

static UsRole
role_of(UsUse use)
{
	switch (use)
	{
		case US_USE_TARGET:
			return US_ROLE_TARGET;
		case US_USE_WEIGHT:
			return US_ROLE_WEIGHT;
		case US_USE_TIME:
			return US_ROLE_TIME;
		default:
			return US_ROLE_FEATURE;
	}
}

UsColumn *
us_row_reader_init(UsFrameReader *reader)
{
	UsSourceInfo *info = reader->info;
	UsColumn   *columns = palloc0(info->nused * sizeof(UsColumn));

	reader->feature = palloc0(info->nused * sizeof(UsReadColumn));
	for (int j = 0; j < info->nused; j++)
	{
		UsSourceColumn *source = &info->column[info->used[j]];
		UsReadColumn *column = &reader->feature[j];

		columns[j].name = source->name;
		columns[j].type_name = source->type_name;
		columns[j].kind = source->type.kind;
		columns[j].zoned = source->type.zoned;
		columns[j].role = role_of(source->use);

		column->att = info->used[j];
		column->j = j;
		column->reading = source->type.reading;
		column->source = source;
		column->may_drop = source->use == US_USE_FEATURE && reader->spec->all_features;
		if (column->reading == US_READ_ENUM)
			column->enums = enumcodes_create(CurrentMemoryContext, 64, NULL);
		reader->natts = Max(reader->natts, column->att + 1);

		if (source->use == US_USE_FEATURE)
			reader->nfeatures++;
		else if (source->use == US_USE_TARGET)
			reader->target = column;
		else if (source->use == US_USE_WEIGHT)
			reader->weight = column;
		else
			reader->time = column;
	}
#ifdef USE_FLOAT8_BYVAL
	reader->plain = reader->nfeatures > 0;
	for (int i = 0; i < reader->nfeatures; i++)
		reader->plain &= reader->feature[i].reading == US_READ_FLOAT8 &&
			reader->feature[i].att == reader->feature[0].att + i;
#endif
	if (info->id >= 0)
	{
		reader->natts = Max(reader->natts, info->id + 1);
		if (!us_key_reader_init(&reader->key, info->column[info->id].type_oid))
			elog(ERROR, "type %s cannot be an id", info->column[info->id].type_name);
	}
	us_fixed_row_init(&reader->fixed, reader->natts);
	reader->row_context = AllocSetContextCreate(CurrentMemoryContext, "userseg source row",
												ALLOCSET_DEFAULT_SIZES);
	return columns;
}
