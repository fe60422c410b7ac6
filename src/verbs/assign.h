/*
 * assign.h
 *	  userseg.assign: keep a table of users and their segments.
 */
#ifndef US_ASSIGN_H
#define US_ASSIGN_H

#include "datatype/timestamp.h"

typedef struct UsAssignArgs
{
	const char *model;
	const char *source;
	const char *id;
	const char *into_table;
	bool		history;
	TimestampTz as_of;
} UsAssignArgs;

/* Each row of the source is new, changed or unchanged. */
typedef struct UsAssignResult
{
	int64		n_rows;
	int64		n_new;
	int64		n_changed;		/* another segment than before */
	int64		n_unchanged;
	int64		n_gone;			/* rows of the table that the source no longer has */
	int64		n_unscored;		/* rows that the model skips: they have no segment */
	int			version;
} UsAssignResult;

/*
 * Score the source and bring the table up to date, as the current user, in the
 * caller's transaction; the table is created the first time.
 *
 * Raises 25006 and 25000 where nothing can be written, 42501 without USAGE on the
 * model or rights on the tables, 42P07 for a relation that is not such a table, 42804
 * for one that does not fit the source, 55000 for one of another model, 42701 for
 * an id named as another column of the table, 23505 for an id that stands in two rows,
 * 22023 for an infinite as_of or one before the last run, and what
 * us_source_open(), us_block_scorer() and us_block_scorer_run() raise.
 */
extern void us_assign(const UsAssignArgs *args, UsAssignResult *result);

#endif
