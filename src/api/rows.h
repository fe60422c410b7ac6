/*
 * rows.h
 *	  Rows of a set-returning function, column by column.
 */
#ifndef US_ROWS_H
#define US_ROWS_H

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

/* A row of a result in the making. */
typedef struct UsResultRow
{
	int			n;
	Datum		value[16];
	bool		null[16];
} UsResultRow;

static inline void
us_row_datum(UsResultRow *row, Datum value, bool isnull)
{
	row->value[row->n] = value;
	row->null[row->n++] = isnull;
}

/* NULL: SQL NULL. */
static inline void
us_row_text(UsResultRow *row, const char *text)
{
	us_row_datum(row, text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
}

/* NaN and infinity: SQL NULL. */
static inline void
us_row_number(UsResultRow *row, double x)
{
	us_row_datum(row, Float8GetDatum(x), !isfinite(x));
}

static inline void
us_row_bigint(UsResultRow *row, int64 x)
{
	us_row_datum(row, Int64GetDatum(x), false);
}

static inline void
us_row_int(UsResultRow *row, int x)
{
	us_row_datum(row, Int32GetDatum(x), false);
}

/* Hand the row over to the result (InitMaterializedSRF before). */
static inline void
us_row_put(FunctionCallInfo fcinfo, UsResultRow *row)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	Assert(row->n == rsinfo->setDesc->natts);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row->value, row->null);
}

#endif
