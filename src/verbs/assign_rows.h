/*
 * assign_rows.h
 *	  Scored rows on their way into the table of an assignment.
 */
#ifndef US_ASSIGN_ROWS_H
#define US_ASSIGN_ROWS_H

#include "infra/compat.h"
#include "verbs/assign.h"
#include "verbs/assign_table.h"
#include "verbs/score_block.h"

/* A run of userseg.assign. */
typedef struct UsAssignRun
{
	const UsModel *model;
	UsBlockScorer *scorer;
	UsAssignTable table;
	bool		history;		/* write closed rows into it */
	TimestampTz as_of;
	Datum	   *label_text;		/* [n_labels] names of the labels, as text */
	UsBlockCounts counts;
} UsAssignRun;

/* The columns segment_id, segment, value, probability of an answer, at their places. */
extern void us_assign_values(const UsAssignRun *run, const UsScore *score,
							 Datum *values, bool *isnull);

/* Raise 23505: the source has this id (as text) twice. */
pg_noreturn extern void us_assign_twice(const UsAssignRun *run, const char *value);

/*
 * In PG_CATCH(): raise the error again, in the words of us_assign_twice() if it is a
 * violation of that unique index (NULL: of any) of the table of current rows.
 */
pg_noreturn extern void us_assign_rethrow(const UsAssignRun *run, MemoryContext context,
										  const char *index);

/* Score the source into a table that was just created in this transaction, and index it. */
extern void us_assign_fill(UsAssignRun *run);

/*
 * Score the source and bring a table that exists up to date; fills n_new, n_changed,
 * n_gone.
 */
extern void us_assign_merge(UsAssignRun *run, UsAssignResult *result);

#endif
