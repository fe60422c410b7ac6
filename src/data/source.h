/*
 * source.h
 *	  The source of a verb: a relation or one SELECT, run once, as the caller, in
 *	  one snapshot, unable to write.
 */
#ifndef US_SOURCE_H
#define US_SOURCE_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "tcop/dest.h"

#include "data/encode.h"
#include "data/frame.h"
#include "data/kind.h"

typedef struct UsSource UsSource;

/*
 * Check the text of a source and find its columns; nothing is executed.
 *
 * A text of the form of a (qualified, maybe quoted) name is a relation, resolved as
 * regclass input resolves it; anything else must be exactly one SELECT (VALUES, TABLE,
 * WITH ... SELECT) without INTO, FOR UPDATE or FOR SHARE, or a data-modifying WITH, at
 * any depth: 42601.  What a SELECT cannot find raises what the server raises.
 * The source lives in the current memory context, belongs to the current user and is
 * for the current command.
 */
extern UsSource *us_source_open(const char *text);

/*
 * The same for a text that was made around another source, with states as literals in it: messages show
 * that source, not the text.
 */
extern UsSource *us_source_open_step(const char *text, const char *source);

/* Names and types of its columns. */
extern TupleDesc us_source_tupdesc(const UsSource *source);

/* The relation, or InvalidOid for a query. */
extern Oid	us_source_relation(const UsSource *source);

/* The source as it can stand in a FROM clause, without alias: a quoted name or (SELECT ...). */
extern const char *us_source_from(const UsSource *source);

/* Its text as the user gave it. */
extern const char *us_source_shown(const UsSource *source);

/* What the planner expects. */
typedef struct UsSourceEstimate
{
	double		rows;
	int			width;			/* bytes a row */
	double		cost;			/* in the planner's units */
} UsSourceEstimate;

/* Plan the source, if it is not planned yet, and tell the estimates; nothing is executed. */
extern void us_source_estimate(UsSource *source, UsSourceEstimate *estimate);

/*
 * Run the source into a DestReceiver, with the active snapshot, under
 * transaction_read_only: a function in it that writes raises 25006, and so would a statement
 * of the receiver.  The plan may be parallel, so a receiver changes no settings and writes
 * to tables at most as CREATE TABLE AS does (verbs/assign_fill.c).
 */
extern void us_source_run(UsSource *source, DestReceiver *receiver);

/*
 * The same with a function for each row; it returns false to stop.  Gives the number of
 * rows.  The function is called in the executor's memory context: what it allocates there
 * stays until the end of the run.
 */
typedef bool (*UsRowFunction) (TupleTableSlot *slot, void *arg);
extern int64 us_source_each(UsSource *source, UsRowFunction function, void *arg);

/*
 * Whether its plan could run in a parallel operation, at least in the leader: it calls no function that is PARALLEL
 * UNSAFE.  Then a receiver may start workers of its own.
 */
extern bool us_source_parallel_safe(const UsSource *source);

/* What is to be read of a source. */
typedef struct UsSourceSpec
{
	const char *target;			/* exact column names, or NULL */
	bool		keep_unlabelled;	/* rows whose target is NULL stay */
	const char *id;
	const char *weight;
	const char *time_column;
	bool		all_features;	/* every usable column that has no other role */
	int			n_features;		/* else these */
	char	  **features;
	UsNullPolicy null_policy;
	double		share;			/* of the budget that the rows may have before they are spilled; 0: a half */
} UsSourceSpec;

typedef enum UsUse
{
	US_USE_NONE,
	US_USE_FEATURE,
	US_USE_TARGET,
	US_USE_WEIGHT,
	US_USE_TIME,
	US_USE_ID
} UsUse;

/* A column of the source and what becomes of it. */
typedef struct UsSourceColumn
{
	char	   *name;
	char	   *type_name;
	Oid			type_oid;
	bool		usable;			/* its type has a kind */
	UsType		type;
	UsUse		use;
	const char *reason;			/* NONE: why a column that could be asked for is not used; or NULL */
} UsSourceColumn;

typedef struct UsSourceInfo
{
	int			ncolumns;
	UsSourceColumn *column;		/* all columns of the source, in its order */
	int			nused;			/* columns of the frame: features, target, weight, time */
	int		   *used;			/* their index in column[] */
	int			id;				/* index, or -1 */

	/* filled by us_source_read */
	int64		n_read;			/* rows of the source */
	int64		n_null;			/* left out: a NULL feature under null_policy 'skip' */
	int64		n_unlabelled;	/* left out: NULL target or time */
	int64		n_weightless;	/* left out: weight 0 */
	int			n_workers;		/* that read some of the rows */
	List	   *warnings;		/* of char * */
} UsSourceInfo;

/*
 * Decide what becomes of each column, without reading.  Raises 42703 naming all missing
 * columns, 42702 for a name that the source has twice, 42701 and 22023 for a column
 * that is asked for twice, 42804 for a type that cannot have the role, 22023 if no
 * feature is left.
 */
extern UsSourceInfo *us_source_columns(const UsSource *source, const UsSourceSpec *spec);

/*
 * Read the source into a frame; info gets figures, late decisions and warnings.
 * Columns of the frame come in the order of info->used.  With all_features, columns that
 * are NULL in every row, and categories that name rows (more than
 * US_ID_LIKE_MIN distinct values, in more than half of the rows, or more than a
 * dictionary may hold), are left out, with a warning.
 *
 * Raises, naming the column and the first row: 22023 for NaN and infinity, a bad weight,
 * vectors of unequal length; 22003 for a numeric beyond float8; 22004 for a NULL under
 * null_policy 'error', a NULL id or a NULL in a vector; 53200 over the budget.
 */
extern UsFrame *us_source_read(UsSource *source, const UsSourceSpec *spec,
							   UsBudget *budget, UsSourceInfo *info);

#define US_ID_LIKE_MIN	100

/* Bytes that a frame of n rows of these columns takes in memory, as far as the types tell. */
extern uint64 us_source_frame_bytes(const UsSourceInfo *info, double nrows);

#endif
