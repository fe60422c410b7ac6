/*
 * source_reader.h
 *	  Inside of a source: the reader that puts rows into a frame.
 */
#ifndef US_SOURCE_READER_H
#define US_SOURCE_READER_H

#include "data/fixed_row.h"
#include "data/frame_build.h"
#include "data/key.h"
#include "data/source.h"

/* A column that is read into the frame. */
typedef struct UsReadColumn
{
	int			att;			/* of the source, from 0 */
	int			j;				/* of the frame */
	UsReading	reading;
	UsSourceColumn *source;
	bool		may_drop;		/* a feature that nobody asked for by name */
	bool		dropped;		/* its dictionary would be too large */
	int64		n_null;			/* in rows left out for a NULL */
	struct enumcodes_hash *enums;	/* codes of the enum values seen */
} UsReadColumn;

typedef struct UsFrameReader
{
	UsSourceInfo *info;
	const UsSourceSpec *spec;
	UsFrameBuilder *builder;
	int			natts;			/* attributes to deform */
	UsFixedRow	fixed;			/* where they stand in a row that need not be deformed */
	const double *number;		/* the features of such a row, if they are plain; or NULL */
	UsReadColumn *feature;
	int			nfeatures;
	bool		plain;			/* features are float8 that stand side by side in the row, from feature[0].att on */
	UsReadColumn *target;		/* or NULL */
	UsReadColumn *weight;
	UsReadColumn *time;
	UsKeyReader key;
	Size		dictionary_limit;	/* of a column that may be dropped */
	MemoryContext row_context;	/* what reading one row leaves behind */
	TupleTableSlot *slot;		/* the row */
	int			generation;		/* of the builder's dictionaries, that enums are for */
} UsFrameReader;

/*
 * Columns of the frame and how they are read; the reader has no builder yet.  They are palloc'd in the current memory
 * context, as is what the reader keeps.
 */
extern UsColumn *us_row_reader_init(UsFrameReader *reader);

/* UsRowFunction: one row of the source to the builder of the reader, which is arg. */
extern bool us_row_reader_put(TupleTableSlot *slot, void *arg);

/* The dictionary of a column that nobody asked for is given up if it has become too large. */
extern void us_row_reader_give_up(UsFrameReader *reader, UsReadColumn *column);

#endif
