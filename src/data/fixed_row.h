/*
 * fixed_row.h
 *	  Rows whose first columns stand at places that are known before the row is seen: all of a fixed width, none NULL.
 *
 * A row comes from a scan as it is stored.  The server takes it apart column by column; where the widths of the
 * columns are fixed and the row has no NULL, a column is simply read where it stands.
 */
#ifndef US_FIXED_ROW_H
#define US_FIXED_ROW_H

#include "access/htup_details.h"
#include "executor/tuptable.h"

typedef struct UsFixedRow
{
	int			natts;			/* columns that are asked for: the first ones */
	TupleDesc	desc;			/* that offset was computed for; NULL at first */
	bool		fixed;			/* all of them have a fixed width */
	int		   *offset;			/* [natts] from the beginning of the data */
} UsFixedRow;

/* Ready for the first natts columns of slots to come, in the current memory context. */
extern void us_fixed_row_init(UsFixedRow *f, int natts);

/* Compute the places for another descriptor. */
extern void us_fixed_row_learn(UsFixedRow *f, TupleDesc desc);

/*
 * The data of the row in a slot, where column i stands at f->offset[i]; NULL for a row that must be taken apart.  Valid
 * as long as the slot holds the row.
 */
static inline const char *
us_fixed_row_data(UsFixedRow *f, TupleTableSlot *slot)
{
	HeapTuple	tuple;

	if (!TTS_IS_BUFFERTUPLE(slot))
		return NULL;
	if (unlikely(slot->tts_tupleDescriptor != f->desc))
		us_fixed_row_learn(f, slot->tts_tupleDescriptor);
	tuple = ((HeapTupleTableSlot *) slot)->tuple;
	if (!f->fixed || tuple == NULL || HeapTupleHasNulls(tuple) ||
		HeapTupleHeaderGetNatts(tuple->t_data) < f->natts)
		return NULL;
	/* rows of a page stand one below the other, from its end: what comes after the next one, please */
	for (Size at = 0; at < MAXALIGN(tuple->t_len); at += 64)
		__builtin_prefetch((const char *) tuple->t_data - 2 * MAXALIGN(tuple->t_len) + at);
	return (const char *) tuple->t_data + tuple->t_data->t_hoff;
}

/* Put column att, from 0, into the slot's arrays, which do not count as filled by that. */
static inline void
us_fixed_row_put(const UsFixedRow *f, TupleTableSlot *slot, const char *data, int att)
{
	slot->tts_values[att] = fetchatt(TupleDescAttr(f->desc, att), data + f->offset[att]);
	slot->tts_isnull[att] = false;
}

#endif
