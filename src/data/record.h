/*
 * record.h
 *	  From a row to be scored to the values that an encoder reads.
 *
 * A map is made once for a row type and encoder: columns are found by name, their
 * types compared.  Rows then go through it without allocation, but for what has to be
 * detoasted, which lives until the next row.
 */
#ifndef US_RECORD_H
#define US_RECORD_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "utils/jsonb.h"

#include "data/encode.h"

typedef struct UsRecordMap UsRecordMap;

/*
 * Find the features of the encoder in a row type; features that the encoder
 * dropped are not asked for, other columns are ignored.  The map, with a copy of the row type,
 * lives in context; the encoder must live as long.
 *
 * Raises 42703 naming all missing columns, 42702 for a name that the row has twice, 42804
 * for a column of another kind (any number type fits a number, and so on; date and timestamp
 * fit each other, not timestamptz).
 */
extern UsRecordMap *us_record_map(const UsEncoder *encoder, TupleDesc tupdesc,
								  MemoryContext context);

/*
 * Fill value[nfeatures] from the attributes of a row, in the order of the row type.
 * What value points to lives until the next call with this map.  Raises 22004 for a NULL inside
 * a vector and 2202E for an array of several dimensions.
 */
extern void us_record_values(UsRecordMap *map, const Datum *values, const bool *isnull,
							 UsValue *value);

/* The same from arguments of a function, one an attribute. */
extern void us_record_args(UsRecordMap *map, const NullableDatum *args, UsValue *value);

/* The same from a composite datum, of which only what is needed is taken apart. */
extern void us_record_deform(UsRecordMap *map, HeapTupleHeader tuple, UsValue *value);

/* The same from a slot, for bulk verbs. */
extern void us_record_slot(UsRecordMap *map, TupleTableSlot *slot, UsValue *value);

/* The map of the row type that came last, where the rows of a call site may be of several. */
typedef struct UsRowMap
{
	UsRecordMap *map;			/* NULL: none yet */
	MemoryContext context;
	Oid			type;
	int32		typmod;
	uint64		desc_id;
} UsRowMap;

/* No map as yet; maps will live in a child of parent. */
extern void us_row_map_init(UsRowMap *rows, MemoryContext parent);

/*
 * The map for the type of that very row, made anew when it is another one than that of the row
 * before: of a value of type record nothing else tells what is in it.  Raises what
 * us_record_map() does.
 */
extern UsRecordMap *us_row_map(UsRowMap *rows, const UsEncoder *encoder, HeapTupleHeader row);

/* Number of leading attributes that the map reads. */
extern int	us_record_natts(const UsRecordMap *map);

/*
 * Fill value[nfeatures] from an object: numbers, booleans, strings for categories,
 * arrays for tags and vectors, times and intervals in the server's input format.  What value
 * points to is palloc'd in the current context.
 *
 * Raises 22023 if jb is no object, 42703 naming all missing members (null is a value), 42804
 * for a value of another type, and the errors of the input functions of times.
 */
extern void us_record_from_json(const UsEncoder *encoder, Jsonb *jb, UsValue *value);

#endif
