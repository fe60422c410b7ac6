/*
 * parallel.h
 *	  A team: the backend and parallel workers that run tasks together on an area
 *	  of shared memory, phase by phase.
 *
 *		team = us_team_create(bytes, workers, wait, arena);
 *		area = us_team_area(team);					fill it
 *		us_team_run(team, "us_task_assign", nitems);	any number of times
 *		us_team_end(team);
 *
 * A task is an extern function of this library, found by its name in the workers.
 * It claims items one by one with us_team_next and works on the area, whose address
 * differs between processes: pointers into it must not be stored in it.
 *
 * Without workers (asked for 0, none to be had, or inside a parallel operation)
 * the leader alone runs the tasks, and nothing else changes.  Results must not
 * depend on who claims what.  Workers that start late join at the next task.
 * Errors of a worker are raised in the leader, and a cancel of the leader ends the
 * workers; memory and file go with the transaction.
 *
 * A team may have one temporary file, which all members read.
 */
#ifndef US_PARALLEL_H
#define US_PARALLEL_H

#include "infra/arena.h"

typedef struct UsTeam UsTeam;

/* What a task is given. */
typedef struct UsTeamTask
{
	char	   *area;
	int			member;			/* 0 is the leader */
	UsTeam	   *team;
} UsTeamTask;

typedef void (*UsTaskFunction) (UsTeamTask *task);

/* Workers that one training may have by the settings: userseg.max_parallel_workers. */
extern int	us_team_workers_allowed(void);

/* Is there room for a shared segment of bytes, as far as can be told? */
extern bool us_team_segment_fits(Size bytes);

/*
 * A team with an area of bytes, zeroed and aligned to 64 bytes, and up to workers
 * parallel workers.  wait: all workers that could be launched have joined before
 * the first task.  The bytes are taken from budget, if not NULL (53200).
 */
extern UsTeam *us_team_create(Size bytes, int workers, bool wait, UsBudget *budget);

/*
 * A team with workers, whatever joins, or NULL where none can be had.  within: also inside of a parallel operation
 * that this process leads, such as the plan whose rows it receives; what happens outside of tasks must then be
 * allowed there until the end.
 */
extern UsTeam *us_team_try(Size bytes, int workers, bool within);

/* The area that all members of the team share. */
extern void *us_team_area(UsTeam *team);

/* Most members that a task can have: leader and workers asked for. */
extern int	us_team_members(const UsTeam *team);

/* Workers that have joined so far. */
extern int	us_team_joined(const UsTeam *team);

/* Run a task for items 0 .. nitems - 1; returns when all are done. */
extern void us_team_run(UsTeam *team, const char *task, UsTaskFunction function, int64 nitems);

/* In a task: claim the next item; false when there is none left. */
extern bool us_team_next(UsTeamTask *task, int64 *item);

/* Send the workers home and free the area. */
extern void us_team_end(UsTeam *team);

/*
 * The temporary file of the team: written by the leader, between tasks, and read
 * by any member.  It counts for temp_file_limit.
 */
extern void us_team_write(UsTeam *team, uint64 offset, const void *data, Size bytes);
extern void us_team_read(UsTeam *team, uint64 offset, void *data, Size bytes);

#endif
