/*
 * parallel.c
 *	  A team of the backend and parallel workers.
 *
 * The workers stay for the whole training and wait at a condition variable between
 * tasks, since starting them costs more than most tasks.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/dsm_impl.h"
#include "storage/fd.h"
#include "storage/sharedfileset.h"
#include "storage/spin.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "infra/compat.h"
#include "infra/guc.h"
#include "infra/parallel.h"

#define LIBRARY			"$libdir/userseg"
#define WORKER_MAIN		"us_team_worker_main"
#define FILE_NAME		"matrix"

#define KEY_SHARED		UINT64CONST(0x5553000000000001)
#define KEY_AREA		UINT64CONST(0x5553000000000002)

#define AREA_ALIGN		64

/* room in /dev/shm that others may need */
#define SEGMENT_RESERVE	(16.0 * 1024 * 1024)

/* Shared by all members. */
typedef struct UsTeamShared
{
	slock_t		mutex;			/* of the fields up to the condition variables */
	uint64		phase;			/* number of the task that runs or ran last */
	bool		end;			/* no task will come any more */
	int			joined;			/* workers that wait or work */
	int			working;		/* workers that have not ended this phase */
	char		task[NAMEDATALEN];

	ConditionVariable start;	/* a phase began, or the end */
	ConditionVariable done;		/* a worker joined or ended a phase */

	pg_atomic_uint64 next;		/* item */
	uint64		nitems;

	SharedFileSet files;
} UsTeamShared;

struct UsTeam
{
	UsTeamShared *shared;
	char	   *area;
	int			members;
	File		file;			/* or -1 */

	/* of the leader */
	ParallelContext *pcxt;		/* NULL: alone */
	UsBudget   *budget;
	Size		bytes;
	UsArena    *arena;			/* of the area, when alone */
};

PGDLLEXPORT void us_team_worker_main(dsm_segment *segment, shm_toc *toc);

int
us_team_workers_allowed(void)
{
	if (us_max_parallel_workers >= 0)
		return us_max_parallel_workers;
	return max_parallel_workers_per_gather;
}

static void
init_shared(UsTeamShared *shared)
{
	memset(shared, 0, sizeof(UsTeamShared));
	SpinLockInit(&shared->mutex);
	ConditionVariableInit(&shared->start);
	ConditionVariableInit(&shared->done);
	pg_atomic_init_u64(&shared->next, 0);
}

/*
 * A container may give /dev/shm 64 MB only, and the server raises an error when a segment does not fit.
 */
bool
us_team_segment_fits(Size bytes)
{
#ifdef USE_DSM_POSIX
	struct statvfs fs;

	if (dynamic_shared_memory_type == DSM_IMPL_POSIX && statvfs("/dev/shm", &fs) == 0)
		return (double) fs.f_bavail * fs.f_frsize > (double) bytes + SEGMENT_RESERVE;
#endif
	return true;
}

/* Segment, area and workers; false, and nothing left, when there can be no worker. */
static bool
launch(UsTeam *team, Size bytes, int workers)
{
	ParallelContext *pcxt;

	if (!us_team_segment_fits(bytes))
		return false;
	EnterParallelMode();
	pcxt = CreateParallelContext(LIBRARY, WORKER_MAIN, workers);
	shm_toc_estimate_chunk(&pcxt->estimator, sizeof(UsTeamShared));
	shm_toc_estimate_chunk(&pcxt->estimator, add_size(bytes, AREA_ALIGN));
	shm_toc_estimate_keys(&pcxt->estimator, 2);
	InitializeParallelDSM(pcxt);
	if (pcxt->seg == NULL)
	{
		/* no more shared segments to be had: memory of its own, no workers */
		DestroyParallelContext(pcxt);
		ExitParallelMode();
		return false;
	}
	team->shared = shm_toc_allocate(pcxt->toc, sizeof(UsTeamShared));
	init_shared(team->shared);
	SharedFileSetInit(&team->shared->files, pcxt->seg);
	shm_toc_insert(pcxt->toc, KEY_SHARED, team->shared);
	team->area = shm_toc_allocate(pcxt->toc, add_size(bytes, AREA_ALIGN));
	shm_toc_insert(pcxt->toc, KEY_AREA, team->area);
	team->area = (char *) TYPEALIGN(AREA_ALIGN, team->area);
	team->pcxt = pcxt;
	LaunchParallelWorkers(pcxt);
	return true;
}

/* Wait until all launched workers have joined; raises what made one fail. */
static void
wait_for_workers(UsTeam *team)
{
	UsTeamShared *shared = team->shared;

	WaitForParallelWorkersToAttach(team->pcxt);
	ConditionVariablePrepareToSleep(&shared->done);
	for (;;)
	{
		int			joined = us_team_joined(team);

		if (joined >= team->pcxt->nworkers_launched)
			break;
		ConditionVariableSleep(&shared->done, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

UsTeam *
us_team_try(Size bytes, int workers, bool within)
{
	UsTeam	   *team;

	if (workers <= 0 || max_parallel_workers == 0 || IsParallelWorker() || (IsInParallelMode() && !within))
		return NULL;
	team = (UsTeam *) palloc0(sizeof(UsTeam));
	team->file = -1;
	team->members = workers + 1;
	if (launch(team, bytes, workers))
		return team;
	pfree(team);
	return NULL;
}

UsTeam *
us_team_create(Size bytes, int workers, bool wait, UsBudget *budget)
{
	UsTeam	   *team;

	if (workers > 0 && budget != NULL)
		us_budget_take(budget, bytes, "shared memory of a training");
	team = us_team_try(bytes, workers, false);
	if (workers > 0 && budget != NULL && team == NULL)
		us_budget_release(budget, bytes);
	if (team != NULL)
	{
		team->budget = budget;
		team->bytes = bytes;
		if (wait)
			wait_for_workers(team);
		return team;
	}
	team = (UsTeam *) palloc0(sizeof(UsTeam));
	team->file = -1;
	team->members = 1;
	team->budget = budget;
	team->bytes = bytes;
	team->shared = (UsTeamShared *) palloc(sizeof(UsTeamShared));
	init_shared(team->shared);
	team->arena = us_arena_create(CurrentMemoryContext, budget);
	team->area = (char *) us_arena_alloc(team->arena, bytes);
	return team;
}

void *
us_team_area(UsTeam *team)
{
	return team->area;
}

int
us_team_members(const UsTeam *team)
{
	return team->members;
}

int
us_team_joined(const UsTeam *team)
{
	int			joined;

	SpinLockAcquire(&team->shared->mutex);
	joined = team->shared->joined;
	SpinLockRelease(&team->shared->mutex);
	return joined;
}

bool
us_team_next(UsTeamTask *task, int64 *item)
{
	UsTeamShared *shared = task->team->shared;
	uint64		next;

	CHECK_FOR_INTERRUPTS();
	next = pg_atomic_fetch_add_u64(&shared->next, 1);
	*item = (int64) next;
	return next < shared->nitems;
}

void
us_team_run(UsTeam *team, const char *name, UsTaskFunction function, int64 nitems)
{
	UsTeamShared *shared = team->shared;
	UsTeamTask		task = {team->area, 0, team};

	pg_atomic_write_u64(&shared->next, 0);
	shared->nitems = nitems;
	if (team->pcxt == NULL)
	{
		function(&task);
		return;
	}

	SpinLockAcquire(&shared->mutex);
	shared->phase++;
	shared->working = shared->joined;
	strlcpy(shared->task, name, sizeof(shared->task));
	SpinLockRelease(&shared->mutex);
	ConditionVariableBroadcast(&shared->start);

	function(&task);

	ConditionVariablePrepareToSleep(&shared->done);
	for (;;)
	{
		int			working;

		SpinLockAcquire(&shared->mutex);
		working = shared->working;
		SpinLockRelease(&shared->mutex);
		if (working == 0)
			break;
		ConditionVariableSleep(&shared->done, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

void
us_team_end(UsTeam *team)
{
	UsTeamShared *shared = team->shared;

	if (team->file >= 0)
		FileClose(team->file);
	if (team->pcxt == NULL)
	{
		us_arena_reset(team->arena);
		return;
	}
	SpinLockAcquire(&shared->mutex);
	shared->end = true;
	SpinLockRelease(&shared->mutex);
	ConditionVariableBroadcast(&shared->start);
	WaitForParallelWorkersToFinish(team->pcxt);
	DestroyParallelContext(team->pcxt);
	ExitParallelMode();
	if (team->budget != NULL)
		us_budget_release(team->budget, team->bytes);
}

static void
open_file(UsTeam *team, bool create)
{
	if (team->file >= 0)
		return;
	if (team->pcxt == NULL && create)
		team->file = OpenTemporaryFile(false);
	else if (create)
		team->file = FileSetCreate(&team->shared->files.fs, FILE_NAME);
	else
		team->file = FileSetOpen(&team->shared->files.fs, FILE_NAME, O_RDONLY);
	if (team->file < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open the temporary file of a training: %m")));
}

/* A part of data that one call of the system may take. */
#define MAX_TRANSFER ((Size) 16 * 1024 * 1024)

void
us_team_write(UsTeam *team, uint64 offset, const void *data, Size bytes)
{
	open_file(team, true);
	for (Size done = 0; done < bytes;)
	{
		int			part = (int) Min(bytes - done, MAX_TRANSFER);
		int			n = FileWrite(team->file, (char *) data + done, part,
								  (off_t) (offset + done), WAIT_EVENT_BUFFILE_WRITE);

		if (n <= 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not write to the temporary file of a training: %m")));
		done += n;
		CHECK_FOR_INTERRUPTS();
	}
}

void
us_team_read(UsTeam *team, uint64 offset, void *data, Size bytes)
{
	open_file(team, false);
	for (Size done = 0; done < bytes;)
	{
		int			part = (int) Min(bytes - done, MAX_TRANSFER);
		int			n = FileRead(team->file, (char *) data + done, part,
								 (off_t) (offset + done), WAIT_EVENT_BUFFILE_READ);

		if (n < 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read the temporary file of a training: %m")));
		if (n == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the temporary file of a training ends at byte " UINT64_FORMAT,
							offset + done)));
		done += n;
		CHECK_FOR_INTERRUPTS();
	}
}

/* The life of a worker: join, run what is told, wait, until the end. */
void
us_team_worker_main(dsm_segment *segment, shm_toc *toc)
{
	UsTeam		team = {0};
	UsTeamShared *shared = shm_toc_lookup(toc, KEY_SHARED, false);
	char	   *area = shm_toc_lookup(toc, KEY_AREA, false);
	UsTeamTask		task;
	UsTaskFunction function = NULL;
	char		known[NAMEDATALEN] = "";
	uint64		seen;

	team.shared = shared;
	team.area = (char *) TYPEALIGN(AREA_ALIGN, area);
	team.file = -1;
	SharedFileSetAttach(&shared->files, segment);

	task.area = team.area;
	task.team = &team;
	task.member = ParallelWorkerNumber + 1;

	SpinLockAcquire(&shared->mutex);
	shared->joined++;
	seen = shared->phase;		/* one that runs now is not for us */
	SpinLockRelease(&shared->mutex);
	ConditionVariableSignal(&shared->done);

	for (;;)
	{
		char		name[NAMEDATALEN];
		bool		end;

		ConditionVariablePrepareToSleep(&shared->start);
		for (;;)
		{
			bool		go;

			SpinLockAcquire(&shared->mutex);
			end = shared->end;
			go = shared->phase != seen;
			seen = shared->phase;
			strlcpy(name, shared->task, sizeof(name));
			SpinLockRelease(&shared->mutex);
			if (end || go)
				break;
			ConditionVariableSleep(&shared->start, PG_WAIT_EXTENSION);
		}
		ConditionVariableCancelSleep();
		if (end)
			break;

		if (strcmp(name, known) != 0)
		{
			function = (UsTaskFunction) load_external_function(LIBRARY, name, true, NULL);
			strlcpy(known, name, sizeof(known));
		}
		function(&task);

		SpinLockAcquire(&shared->mutex);
		shared->working--;
		SpinLockRelease(&shared->mutex);
		ConditionVariableSignal(&shared->done);
	}
	if (team.file >= 0)
		FileClose(team.file);
}
