/*
 * encode_args.h
 *	  Rows of the source of a training as arguments of a function that encodes them, for strategy sql: an
 *	  encoder, something that steers the pass, then the columns or a row.
 */
#ifndef US_ENCODE_ARGS_H
#define US_ENCODE_ARGS_H

#include "fmgr.h"

#include "data/encode.h"
#include "data/record.h"

typedef struct UsEncodeArgs
{
	UsEncoder  *encoder;
	UsRecordMap *map;			/* of columns one by one */
	UsRowMap	rows;			/* of whole rows */
	UsValue    *value;			/* [nfeatures] */
	double	   *x;				/* [width] */
	void	   *extra;			/* the caller's, made from argument 1 */
	Datum		column[FUNC_MAX_ARGS];
	bool		isnull[FUNC_MAX_ARGS];
} UsEncodeArgs;

/* Makes the caller's extra of argument 1 for an encoder of width columns, in the current memory context. */
typedef void *(*UsEncodeExtra) (Datum argument, int width);

/*
 * What is kept in fn_extra: made at the first call from arguments 0 (encoder) and 1, which must be constants of
 * the query (22023).  first is the number of the first column, or of the row.
 */
extern UsEncodeArgs *us_encode_args(FunctionCallInfo fcinfo, int first, bool as_row, UsEncodeExtra extra);

/* 22023 unless a specification is for the columns of the encoder. */
extern void us_encode_check_width(int columns, int width);

/* Encode the row of this call into x; false for a row that the null policy leaves out. */
extern bool us_encode_args_row(FunctionCallInfo fcinfo, UsEncodeArgs *a, int first, bool as_row);

#endif
