/*
 * source_text.h
 *	  Inside of a source: shared by source_parse.c, source_run.c and source_columns.c.
 */
#ifndef US_SOURCE_TEXT_H
#define US_SOURCE_TEXT_H

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

#include "data/source.h"
#include "infra/compat.h"

struct UsSource
{
	const char *text;			/* as given */
	const char *step_of;		/* what messages show instead, of a step that was made around a source; or NULL */
	const char *sql;			/* the SELECT that is run */
	const char *from;
	bool		is_relation;
	bool		parallel_safe;	/* it calls no function that is PARALLEL UNSAFE */
	RangeVar   *name;			/* of the relation */
	Oid			relation;
	RawStmt    *raw;
	Query	   *query;
	TupleDesc	tupdesc;
	PlannedStmt *plan;			/* NULL: not yet planned */
};

/* Check the text and parse it: sql, from, is_relation and raw are set. */
extern void us_source_parse(UsSource *source);

/*
 * Error context callback while the source is parsed, planned and run: positions are in
 * its text, not in the caller's.
 */
extern void us_source_error_context(void *source);

/* The columns of rows with their kinds, unused as yet, palloc'd. */
extern UsSourceInfo *us_source_list_columns(TupleDesc tupdesc);

/* Raise 22023: no column can be a feature; tells why. */
pg_noreturn extern void us_source_no_feature(const UsSourceInfo *info);

#endif
