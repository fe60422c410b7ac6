/*
 * key.h
 *	  The row key: a 64-bit hash of a row's id, the same on every machine, for
 *	  every width of integer.  Every random decision about a row hangs on it.
 */
#ifndef US_KEY_H
#define US_KEY_H

#include "fmgr.h"

typedef enum UsKeyForm
{
	US_KEY_INTEGER,				/* whole numbers of any type: their int64 */
	US_KEY_FLOAT,				/* whole: as integer; else the bits of the float8 */
	US_KEY_NUMERIC,				/* whole and in range: as integer; else the shortest text */
	US_KEY_TEXT,				/* bytes in UTF-8, char(n) without trailing blanks */
	US_KEY_SEND,				/* bytes of the binary form: uuid, date, inet, bytea, ... */
	US_KEY_OUTPUT				/* text form in UTF-8: enum labels, and whatever else there is */
} UsKeyForm;

typedef struct UsKeyReader
{
	Oid			type;			/* under domains */
	UsKeyForm	form;
	FmgrInfo	function;		/* send or output */
	FmgrInfo	show;			/* output, for messages */
} UsKeyReader;

/* Prepare to read ids of a type; false if it cannot be an id (arrays, rows, pseudo-types). */
extern bool us_key_reader_init(UsKeyReader *reader, Oid type);

/* The key of an id; may palloc in the current context. */
extern uint64 us_row_key(UsKeyReader *reader, Datum id);

/* The id as text, palloc'd. */
extern char *us_row_key_show(UsKeyReader *reader, Datum id);

#endif
