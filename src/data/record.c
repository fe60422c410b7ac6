/*
 * record.c
 *	  From a row to be scored to the values that an encoder reads.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "data/kind.h"
#include "data/names.h"
#include "data/record.h"
#include "infra/compat.h"

typedef struct Place
{
	int			feature;
	int			att;			/* from 0 */
	UsReading	reading;
	int			offset;			/* in a tuple without NULL before it; -1: depends on the tuple */
	bool		byval;
	int16		len;
	UsType		type;
} Place;

struct UsRecordMap
{
	int			natts;			/* leading attributes that are needed */
	int			nfeatures;
	int			nplaces;		/* features that are not dropped */
	Place	   *place;
	bool		plain;			/* all are numbers of fixed length at fixed offsets */
	bool		numbers;		/* no value can need memory */
	TupleTableSlot *slot;		/* takes composite data apart */
	MemoryContext scratch;		/* of one row */
};

/* ---- the map ---- */

/* The attribute of that exact name, or -1. */
static int
find_attribute(TupleDesc tupdesc, const char *name)
{
	int			found = -1;

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (att->attisdropped || strcmp(NameStr(att->attname), name) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("row has more than one column \"%s\"", name)));
		found = i;
	}
	return found;
}

/* Every column is called f1, f2, ...: ROW(1, 2) has no better names. */
static bool
is_nameless(TupleDesc tupdesc)
{
	for (int i = 0; i < tupdesc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(tupdesc, i)->attname), psprintf("f%d", i + 1)) != 0)
			return false;
	return tupdesc->natts > 0;
}

pg_noreturn static void
report_missing(const char *missing, int n, TupleDesc tupdesc)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg_plural("row has no column %s", "row has no columns %s", n, missing),
			 is_nameless(tupdesc) ?
			 errhint("The columns of a ROW() expression have no names. Pass a row of a table or of a subquery: "
					 "SELECT userseg.predict('model', t) FROM my_table t.") :
			 errhint("Columns are matched by name. The row has %s.",
					 us_names_of_columns(tupdesc))));
}

static void
check_type(const UsFeature *feature, const UsType *type, bool usable, Oid given)
{
	if (usable && type->kind == feature->kind &&
		(feature->kind != US_KIND_TIME || type->zoned == feature->zoned))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("feature \"%s\" expects %s, row has %s",
					feature->name, feature->type_name, format_type_be(given)),
			 errhint("Cast the column in a subquery.")));
}

/* Offsets that hold in every tuple without NULL: those behind attributes of fixed length only. */
static void
find_offsets(UsRecordMap *map, TupleDesc tupdesc)
{
	int			offset = 0;
	bool		fixed = true;

	for (int i = 0; i < map->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (fixed && att->attlen > 0)
			offset = att_align_nominal(offset, att->attalign);
		else
			fixed = false;
		for (int p = 0; p < map->nplaces; p++)
			if (map->place[p].att == i)
			{
				map->place[p].offset = fixed ? offset : -1;
				map->place[p].byval = att->attbyval;
				map->place[p].len = att->attlen;
			}
		if (fixed)
			offset += att->attlen;
	}
	map->plain = map->numbers = true;
	for (int p = 0; p < map->nplaces; p++)
	{
		const Place *place = &map->place[p];

		if (!US_READING_IS_NUMBER(place->reading) || place->reading == US_READ_NUMERIC)
			map->numbers = false;
		if (place->offset < 0)
			map->plain = false;
	}
	map->plain = map->plain && map->numbers;
}

UsRecordMap *
us_record_map(const UsEncoder *encoder, TupleDesc tupdesc, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	UsRecordMap *map = palloc0(sizeof(UsRecordMap));
	StringInfoData missing;
	int			nmissing = 0;

	map->nfeatures = us_encoder_nfeatures(encoder);
	map->place = palloc0(sizeof(Place) * Max(map->nfeatures, 1));
	initStringInfo(&missing);
	for (int f = 0; f < map->nfeatures; f++)
	{
		const UsFeature *feature = us_encoder_feature(encoder, f);
		Place	   *place = &map->place[map->nplaces];
		bool		identifier;
		Oid			type;

		if (feature->width == 0)
			continue;
		place->feature = f;
		place->att = find_attribute(tupdesc, feature->name);
		if (place->att < 0)
		{
			us_names_append(&missing, feature->name);
			nmissing++;
			continue;
		}
		type = TupleDescAttr(tupdesc, place->att)->atttypid;
		check_type(feature, &place->type, us_type_find(type, &place->type, &identifier), type);
		place->reading = place->type.reading;
		map->natts = Max(map->natts, place->att + 1);
		map->nplaces++;
	}
	if (nmissing > 0)
		report_missing(missing.data, nmissing, tupdesc);
	pfree(missing.data);

	map->slot = MakeSingleTupleTableSlot(CreateTupleDescCopyConstr(tupdesc), &TTSOpsHeapTuple);
	find_offsets(map, tupdesc);
	if (!map->numbers)
		map->scratch = AllocSetContextCreate(context, "userseg row", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old);
	return map;
}

void
us_row_map_init(UsRowMap *rows, MemoryContext parent)
{
	memset(rows, 0, sizeof(UsRowMap));
	rows->context = AllocSetContextCreate(parent, "userseg column map", ALLOCSET_SMALL_SIZES);
}

UsRecordMap *
us_row_map(UsRowMap *rows, const UsEncoder *encoder, HeapTupleHeader row)
{
	Oid			type = HeapTupleHeaderGetTypeId(row);
	int32		typmod = HeapTupleHeaderGetTypMod(row);
	uint64		desc_id = assign_record_type_identifier(type, typmod);
	TupleDesc	desc;

	if (rows->map && rows->type == type && rows->typmod == typmod && rows->desc_id == desc_id)
		return rows->map;
	rows->map = NULL;
	MemoryContextReset(rows->context);
	desc = lookup_rowtype_tupdesc(type, typmod);
	rows->map = us_record_map(encoder, desc, rows->context);
	ReleaseTupleDesc(desc);
	rows->type = type;
	rows->typmod = typmod;
	rows->desc_id = desc_id;
	return rows->map;
}

int
us_record_natts(const UsRecordMap *map)
{
	return map->natts;
}

/* ---- rows ---- */

static void
read_array(Place *place, Datum datum, UsValue *value)
{
	UsItems		items;

	switch (us_type_items(&place->type, datum, &items))
	{
		case US_ITEMS_DIMENSIONS:
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("an array with more than one dimension cannot be scored")));
			break;
		case US_ITEMS_NULL:
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an array of numbers with NULL elements cannot be scored")));
			break;
		case US_ITEMS_OVERFLOW:	/* an infinity, which the encoder notes */
		case US_ITEMS_OK:
			break;
	}
	value->n = items.n;
	value->item = items.item;
	value->item_len = items.len;
	value->vector = items.number;
}

/* A number of a type of fixed length. */
static inline double
read_number(UsReading reading, Datum datum)
{
	switch (reading)
	{
		case US_READ_FLOAT8:
			return DatumGetFloat8(datum);
		case US_READ_INT4:
			return DatumGetInt32(datum);
		case US_READ_INT8:
			return (double) DatumGetInt64(datum);
		default:
			return us_type_number(reading, datum, NULL);
	}
}

static void
read_value(Place *place, Datum datum, UsValue *value)
{
	if (US_READING_IS_NUMBER(place->reading))
		value->number = read_number(place->reading, datum);
	else if (place->reading == US_READ_ARRAY)
		read_array(place, datum, value);
	else
		value->text = us_type_bytes(&place->type, place->reading, datum, &value->len);
}

/* Features that the encoder dropped count as NULL; nobody looks. */
static void
clear_dropped(const UsRecordMap *map, UsValue *value)
{
	if (map->nplaces < map->nfeatures)
		for (int f = 0; f < map->nfeatures; f++)
			value[f].isnull = true;
}

/* Before the values of a row are read: memory of the row before goes. */
static MemoryContext
begin_row(UsRecordMap *map, UsValue *value)
{
	clear_dropped(map, value);
	if (map->numbers)
		return CurrentMemoryContext;
	MemoryContextReset(map->scratch);
	return MemoryContextSwitchTo(map->scratch);
}

void
us_record_values(UsRecordMap *map, const Datum *values, const bool *isnull, UsValue *value)
{
	MemoryContext old = begin_row(map, value);

	for (int p = 0; p < map->nplaces; p++)
	{
		Place	   *place = &map->place[p];
		UsValue    *v = &value[place->feature];

		v->isnull = isnull[place->att];
		if (!v->isnull)
			read_value(place, values[place->att], v);
	}
	MemoryContextSwitchTo(old);
}

/* Arguments that are all numbers of fixed length. */
static void
read_number_args(const UsRecordMap *map, const NullableDatum *args, UsValue *value)
{
	for (int p = 0; p < map->nplaces; p++)
	{
		const Place *place = &map->place[p];
		const NullableDatum *arg = &args[place->att];
		UsValue    *v = &value[place->feature];

		v->isnull = arg->isnull;
		if (!v->isnull)
			v->number = read_number(place->reading, arg->value);
	}
}

void
us_record_args(UsRecordMap *map, const NullableDatum *args, UsValue *value)
{
	MemoryContext old = begin_row(map, value);

	if (map->numbers)
		read_number_args(map, args, value);
	else
		for (int p = 0; p < map->nplaces; p++)
		{
			Place	   *place = &map->place[p];
			const NullableDatum *arg = &args[place->att];
			UsValue    *v = &value[place->feature];

			v->isnull = arg->isnull;
			if (!v->isnull)
				read_value(place, arg->value, v);
		}
	MemoryContextSwitchTo(old);
}

/* None of the first natts attributes is NULL (a set bit is a value). */
static inline bool
no_null(HeapTupleHeader tuple, int natts)
{
	if ((tuple->t_infomask & HEAP_HASNULL) == 0)
		return true;
	for (int i = 0; i < natts / 8; i++)
		if (tuple->t_bits[i] != 0xff)
			return false;
	return natts % 8 == 0 || (~tuple->t_bits[natts / 8] & ((1 << natts % 8) - 1)) == 0;
}

/* Numbers straight out of a tuple that has no NULL before or among them. */
static void
read_plain(UsRecordMap *map, HeapTupleHeader tuple, UsValue *value)
{
	const char *data = (const char *) tuple + tuple->t_hoff;

	clear_dropped(map, value);
	for (int p = 0; p < map->nplaces; p++)
	{
		const Place *place = &map->place[p];
		UsValue    *v = &value[place->feature];
		Datum		datum = fetch_att(data + place->offset, place->byval, place->len);

		v->isnull = false;
		v->number = read_number(place->reading, datum);
	}
}

void
us_record_deform(UsRecordMap *map, HeapTupleHeader tuple, UsValue *value)
{
	HeapTupleData htup;

	if (map->plain && HeapTupleHeaderGetNatts(tuple) >= map->natts &&
		no_null(tuple, map->natts))
	{
		read_plain(map, tuple, value);
		return;
	}
	htup.t_len = HeapTupleHeaderGetDatumLength(tuple);
	ItemPointerSetInvalid(&htup.t_self);
	htup.t_tableOid = InvalidOid;
	htup.t_data = tuple;

	/* a tuple from before a column was added takes what the row type says is missing */
	ExecStoreHeapTuple(&htup, map->slot, false);
	us_record_slot(map, map->slot, value);
	ExecClearTuple(map->slot);
}

void
us_record_slot(UsRecordMap *map, TupleTableSlot *slot, UsValue *value)
{
	slot_getsomeattrs(slot, map->natts);
	us_record_values(map, slot->tts_values, slot->tts_isnull, value);
}
