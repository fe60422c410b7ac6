/*
 * catalog.h
 *	  The registry: models, versions, aliases, grants, artifacts, segment names,
 *	  assignments, runs.
 *
 * Reading goes by index scans under the active snapshot and needs no privilege on
 * the tables: the privilege on the model is checked here, explicitly.  Writing goes
 * as the owner of the tables, in the caller's transaction; every function that
 * writes refuses in a read-only transaction (25006) and in parallel mode (25000),
 * locks the row of the model first, and so serialises with the other writers of
 * that model.  Everything returned is palloc'd in the current memory context.
 */
#ifndef US_CATALOG_H
#define US_CATALOG_H

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "learn/algorithm.h"
#include "model/privilege.h"
#include "model/reference.h"

/* bytes of the name of a segment, without the final NUL */
#define US_SEGMENT_NAME_BYTES	63

/* ---- versions ---- */

/* A version, as far as scoring needs it. */
typedef struct UsVersionInfo
{
	char		model[NAMEDATALEN];
	int			version;
	char		owner[NAMEDATALEN]; /* of the model */
	pg_uuid_t	artifact_id;
	int64		artifact_bytes;
	char		algorithm[NAMEDATALEN];
	UsTask		task;
	int			n_labels;		/* clusters or classes; 0 for a regressor */
	int		   *segment_ids;	/* [n_labels]: durable number of label i + 1 */
	int64		n_rows;
	int			n_features;
	bool		converged;
	TimestampTz created_at;
} UsVersionInfo;

/* Where a version came from, and what was measured then. */
typedef struct UsVersionLineage
{
	char	   *created_by;
	char	   *source;
	char	   *target;			/* exact column names; NULL: none */
	char	   *id;
	char	   *weight;
	char	   *time_column;
	int			n_columns;
	char	  **columns;		/* features used */
	Jsonb	   *transform;
	Jsonb	   *params;
	char	   *null_policy;
	double		holdout;
	int64		seed;
	uint64		data_checksum;	/* independent of the order of the rows */
	char	   *userseg_version;
	char	   *postgres_version;
	int			parent;			/* version of the same model that it was made from; 0: none */
	char	   *metric;			/* NULL: none */
	double		metric_value;	/* NaN: none */
	int			iterations;
	int			n_warnings;
	char	  **warnings;
	Jsonb	   *metrics;		/* array of {metric, value, ci_low, ci_high, n} */
	Jsonb	   *details;
} UsVersionLineage;

/*
 * The version that a reference means now (under the active snapshot).  Raises 42501
 * without the privilege on the model; 42704, with the closest names that the role may
 * use, when there is no such model, alias or version, or returns false if missing_ok.
 */
extern bool us_catalog_find(const UsReference *reference, UsPrivilege privilege,
							bool missing_ok, UsVersionInfo *info);

/* Has the current user USAGE on a model of this owner: as its owner, or by a grant? */
extern bool us_catalog_may_use(const char *model, const char *owner);

/* Lineage of a version that was found; elog when it is gone (cannot happen in one snapshot). */
extern UsVersionLineage *us_catalog_lineage(const UsVersionInfo *info);

/* The stored artifact of a version that was found, *len bytes.  Raises 22P03 when parts are missing. */
extern void *us_catalog_artifact(const UsVersionInfo *info, size_t *len);

/*
 * Before an expensive training: raises 42602 for a malformed name, 42501 when the
 * model exists and the current user does not own it; begin also 25006/25000 where
 * nothing can be written, which the command is told in.  Take no lock.
 */
extern void us_catalog_check_model(const char *name);
extern void us_catalog_begin_model(const char *name, const char *command);

/* What a training hands over.  Strings are copied. */
typedef struct UsNewVersion
{
	const char *model;
	bytea	   *artifact;		/* us_artifact_write() */
	const char *algorithm;
	UsTask		task;
	int			n_labels;
	const int  *segment_ids;	/* [n_labels]: as aligned with an earlier version, 0 for a fresh number;
								 * NULL: classes 1.., clusters fresh numbers */
	const char *const *label_names; /* [n_labels]: names of fresh numbers, where they are free; or NULL */
	int64		n_rows;
	int			n_features;
	const char *metric;			/* NULL: none */
	double		metric_value;	/* NaN: none */
	bool		converged;
	int			iterations;
	int64		duration_us;
	int			n_warnings;
	char	  **warnings;
	Jsonb	   *metrics;		/* array, or NULL */
	Jsonb	   *details;		/* object, or NULL */
	/* lineage */
	const char *source;
	const char *target;			/* NULL: none */
	const char *id;
	const char *weight;
	const char *time_column;
	int			n_columns;
	char	  **columns;		/* features used */
	Jsonb	   *transform;		/* NULL: {} */
	Jsonb	   *params;			/* NULL: {} */
	const char *null_policy;
	double		holdout;
	int64		seed;
	uint64		data_checksum;
	int			parent;			/* version of this model that it is made from; 0: none */
	/* promotion */
	const char *alias;			/* to be moved to this version, or NULL */
	bool		force;			/* even if not converged */
} UsNewVersion;

/*
 * Store a version under the next number of the model, which is created if need be with
 * the current user as owner; return the number.  An alias is not moved to a model
 * that did not converge, unless forced: a WARNING says so.  Raises as
 * us_catalog_begin_model(), and 40001 under REPEATABLE READ when another session
 * trained the same model meanwhile.
 */
extern int	us_catalog_add_version(const UsNewVersion *version);

/*
 * The version that reference means, which a verb is about to continue: the row of the model is
 * locked until the end of the transaction, so that no other session adds a version
 * meanwhile, and a wait for that lock is over when the reference is looked up.  command
 * stands in messages.  Raises as us_catalog_begin_model(), 42704 for what does not exist, and
 * 40001 under REPEATABLE READ when another session changed the model meanwhile.
 */
extern int	us_catalog_lock_version(const UsReference *reference, const char *command);

/* ---- administration: the caller owns the model (42501), things exist (42704) ---- */

/* Drop a model and all of its versions; returns how many. */
extern int	us_catalog_drop_model(const char *name);

/*
 * Drop the version that reference means; returns its number.  55000 while an alias
 * points to it; the alias by which it is named goes with it.  42602 for a bare name.
 */
extern int	us_catalog_drop_version(const UsReference *reference);

/* Let alias point to the version that reference means; 55000 if that did not converge, unless forced. */
extern int	us_catalog_set_alias(const UsReference *reference, const char *alias, bool force);

/* Remove an alias; returns the version it pointed to. */
extern int	us_catalog_drop_alias(const char *name, const char *alias);

/* Let alias point where it pointed before its last move; 55000 if there is nothing to go back to. */
extern int	us_catalog_rollback(const char *name, const char *alias);

/* Grant or take back USAGE; role is an exact role name or "public". */
extern void us_catalog_grant(const char *name, const char *role);
extern void us_catalog_revoke(const char *name, const char *role);

/*
 * Give the models and assignments of one role to another; returns how many models.  The
 * current user must have the rights of both; old_role need not exist any more for
 * a superuser.
 */
extern int64 us_catalog_reassign_owned(const char *old_role, const char *new_role);

/* ---- segments ---- */

/*
 * names[n]: the name of each durable segment of the model, or its default name
 * ("segment 3") when it was given none.
 */
extern void us_catalog_segment_names(const char *model, int n, const int *segment_ids,
									 char **names);

/*
 * Name a segment (NULL: back to the default name).  The caller owns the model
 * (42501).  Raises 42704 when no version has the segment, 42809 when the model is no
 * clustering, 22023 for an empty or too long name or one with control characters, 42710 when another
 * segment of the model has it (a default name belongs to its segment).
 */
extern void us_catalog_name_segment(const char *model, int segment_id, const char *name);

/* ---- assignments: what userseg.assign keeps up to date ---- */

typedef struct UsAssignment
{
	char		table_schema[NAMEDATALEN];	/* of the current table */
	char		table_name[NAMEDATALEN];
	char		history_name[NAMEDATALEN];	/* in the same schema; empty: no history */
	char		model[NAMEDATALEN];
	char		id_column[NAMEDATALEN]; /* in the source */
	int			version;		/* of the last run */
	TimestampTz as_of;			/* of the last run */
	char		owner[NAMEDATALEN]; /* of the table, at the last run */
} UsAssignment;

/* The record of a table; false if there is none.  Whoever asks has checked its rights on the table. */
extern bool us_catalog_assignment_get(const char *schema, const char *table,
									  UsAssignment *assignment);

/* Write the record of a table, replacing an older one.  Whoever calls has checked the rights on the table. */
extern void us_catalog_assignment_put(const UsAssignment *assignment);

/* ---- runs ---- */

typedef struct UsRun
{
	const char *kind;			/* 'train', 'assign', ... */
	const char *model;
	int			version;		/* 0: none */
	bool		ok;
	const char *message;		/* of the error, or NULL */
	TimestampTz started_at;
	int64		n_rows;			/* -1: not counted */
	Jsonb	   *details;		/* object, or NULL */
} UsRun;

/* Add a line to the log of runs, by the current user, finished now; returns its number. */
extern int64 us_catalog_log_run(const UsRun *run);

#endif
