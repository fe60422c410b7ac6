/*
 * kind.h
 *	  Which kind of feature an SQL type is, and how a value of it becomes a
 *	  number or bytes.  Training and scoring read values through here, so that
 *	  both see the same.
 */
#ifndef US_KIND_H
#define US_KIND_H

#include "fmgr.h"

#include "data/frame.h"

/* How a value is read. */
typedef enum UsReading
{
	US_READ_INT2,				/* numbers */
	US_READ_INT4,
	US_READ_INT8,
	US_READ_FLOAT4,
	US_READ_FLOAT8,
	US_READ_NUMERIC,
	US_READ_BOOL,
	US_READ_DATE,
	US_READ_TIMESTAMP,			/* with and without time zone */
	US_READ_TIME,
	US_READ_INTERVAL,
	US_READ_TEXT,				/* bytes: text, varchar and what is stored like them */
	US_READ_BPCHAR,				/* bytes without the trailing blanks */
	US_READ_NAME,
	US_READ_ENUM,				/* bytes of the label */
	US_READ_OUTPUT,				/* bytes of the output function */
	US_READ_ARRAY
} UsReading;

#define US_READING_IS_NUMBER(r)	((r) <= US_READ_INTERVAL)

/* A type that can be a feature. */
typedef struct UsType
{
	Oid			type;			/* under domains */
	UsKind		kind;
	bool		zoned;			/* TIME: timestamptz */
	UsReading	reading;
	UsReading	item_reading;	/* ARRAY: of the elements */
	Oid			item_type;
	int16		item_len;
	bool		item_byval;
	char		item_align;
	FmgrInfo	output;			/* OUTPUT, of the items for an array of such */
} UsType;

/* What an array holds; item and len, or number, in the order of the array. */
typedef struct UsItems
{
	int			n;
	const char **item;			/* TAGS */
	int		   *len;
	double	   *number;			/* VECTOR */
} UsItems;

typedef enum UsItemsFault
{
	US_ITEMS_OK,
	US_ITEMS_DIMENSIONS,		/* more than one dimension */
	US_ITEMS_NULL,				/* VECTOR: a NULL element */
	US_ITEMS_OVERFLOW			/* VECTOR: a numeric beyond float8 */
} UsItemsFault;

/*
 * The kind of a type; domains count as their base type.  False if it cannot
 * be a feature; *identifier then says whether it names things (uuid, inet, oid)
 * rather than describes them.
 */
extern bool us_type_find(Oid type, UsType *result, bool *identifier);

/*
 * A value of a number type, in the unit of its kind.  NaN and infinities come
 * through (an infinite date is an infinity); a numeric beyond float8 gives an
 * infinity with *overflow set, if overflow is not NULL.
 */
extern double us_type_number(UsReading reading, Datum value, bool *overflow);

/* A numeric as the nearest float8, beyond the range an infinity. */
extern double us_numeric_to_double(Datum value);

/*
 * The bytes of a value of a category type, not NUL-terminated.  They are in the
 * value itself or palloc'd in the current context.
 */
extern const char *us_type_bytes(UsType *type, UsReading reading, Datum value, int *len);

/*
 * The elements of an array value, palloc'd in the current context.  NULL tags
 * are left out; NULL numbers are a fault.
 */
extern UsItemsFault us_type_items(UsType *type, Datum value, UsItems *items);

/*
 * A value of a time type, in seconds, in ISO 8601 to the second, palloc'd; of a
 * timestamptz the digits of UTC, so no setting matters.  One beyond the calendar is
 * its number of seconds.
 */
extern char *us_instant_text(double seconds);

/* "number", "category", ...: for messages. */
extern const char *us_kind_name(UsKind kind);

#endif
