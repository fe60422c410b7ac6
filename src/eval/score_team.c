/*
 * score_team.c
 *	  Many rows scored with one model, by a team when that takes long.
 *
 * Nobody knows before how many rows a source has and what one of them costs.  So the leader begins
 * alone, and starts workers when it has scored for as long as it takes to start them: at worst that
 * doubles the time.  They read the model from its stored form.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "eval/score_team.h"
#include "infra/parallel.h"

/* what it takes until workers score: the start, and reading the stored form */
#define SECONDS_TO_START	0.1
#define SECONDS_A_BYTE		1e-8

/* a read model in bytes of the stored form */
#define MODEL_SIZE			3

/* rows that the leader scores alone before it looks at the clock, at first and at most */
#define LEAST_PIECE			64
#define MOST_PIECE			4096

/* rows of an item: many enough to be worth a pass over the model, few enough to be shared out evenly */
#define LEAST_ITEM			512
#define ITEMS				16

/* bytes of a batch */
#define MOST_BATCH			((Size) 16 * 1024 * 1024)

#define ALIGN64(size)		TYPEALIGN(64, (size))

/* The area; places are bytes from its start. */
typedef struct Area
{
	char		algorithm[NAMEDATALEN];
	int			width;
	int			n_labels;
	bool		proba;
	int			stride;
	int			item_rows;
	int			first;			/* rows of this batch that are to be scored */
	int			end;
	const void *model;			/* of the leader: an address in its memory */
	Size		stored_at;
	Size		stored_bytes;
	Size		x_at;			/* [width][stride] */
	Size		score_at;		/* [rows] */
	Size		proba_at;		/* [rows][n_labels], if wanted */
	Size		bytes;			/* of all */
} Area;

struct UsScoreTeam
{
	UsScoreJob	job;
	int			rows;
	Size		taken;			/* of the budget, for the area and the models of workers */
	double		seconds;		/* that the leader scored alone */
	int			workers;		/* that may be started; 0: none any more */
	int			piece;			/* rows that the leader scores alone before it looks at the clock */
	bytea	   *stored;			/* when it is nearly time to start */
	UsTeam	   *team;			/* NULL: alone */
	Area	   *area;			/* of the team, or without it */
	MemoryContext context;
};

PGDLLEXPORT void us_task_score(UsTeamTask *task);

static double *
x_of(Area *a)
{
	return (double *) ((char *) a + a->x_at);
}

/* Score some rows of the batch; row is room for one. */
static void
score_rows(Area *a, const UsAlgorithm *algorithm, const void *model, int first, int n, double *row)
{
	const double *x = x_of(a) + first;
	UsScore    *score = (UsScore *) ((char *) a + a->score_at) + first;
	double	   *proba = (double *) ((char *) a + a->proba_at) + (Size) first * a->n_labels;

	algorithm->score_block(model, x, a->stride, n, score);
	if (!a->proba)
		return;
	for (int i = 0; i < n; i++)
	{
		if (i % 64 == 0)
			CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < a->width; j++)
			row[j] = x[(Size) j * a->stride + i];
		algorithm->proba(model, row, proba + (Size) i * a->n_labels);
	}
}

/* The model that this process has read, kept from task to task: a worker serves one team. */
static const void *
read_model(const Area *a, const UsAlgorithm *algorithm)
{
	static const void *model = NULL;
	UsReader	r;
	MemoryContext old;
	int			n_labels;

	if (model != NULL)
		return model;
	old = MemoryContextSwitchTo(TopMemoryContext);
	us_reader_init(&r, (const char *) a + a->stored_at, a->stored_bytes, "userseg model");
	model = algorithm->read(&r, a->width, &n_labels);
	MemoryContextSwitchTo(old);
	return model;
}

void
us_task_score(UsTeamTask *task)
{
	Area	   *a = (Area *) task->area;
	const UsAlgorithm *algorithm = us_algorithm_find(a->algorithm);
	const void *model = task->member == 0 ? a->model : read_model(a, algorithm);
	double	   *row = palloc(sizeof(double) * Max(a->width, 1));
	int64		i;

	while (us_team_next(task, &i))
	{
		int			first = a->first + (int) i * a->item_rows;

		score_rows(a, algorithm, model, first, Min(a->item_rows, a->end - first), row);
	}
	pfree(row);
}

/* Places in an area; stored is what workers read. */
static void
lay_out(const UsScoreTeam *t, Size stored, Area *a)
{
	const UsScoreJob *job = &t->job;
	Size		end = ALIGN64(sizeof(Area));

	memset(a, 0, sizeof(Area));
	strlcpy(a->algorithm, job->algorithm->name, NAMEDATALEN);
	a->model = job->model;
	a->width = job->width;
	a->n_labels = job->n_labels;
	a->proba = job->proba;
	/* columns that do not meet in the same lines of the cache */
	a->stride = t->rows + 8;
	a->item_rows = Max(LEAST_ITEM, t->rows / ITEMS);
#define PLACE(at, size)	((at) = end, end = ALIGN64(end + (size)))
	PLACE(a->x_at, sizeof(double) * a->stride * (Size) Max(job->width, 1));
	PLACE(a->score_at, sizeof(UsScore) * t->rows);
	PLACE(a->proba_at, job->proba ? sizeof(double) * job->n_labels * (Size) t->rows : 0);
	PLACE(a->stored_at, stored);
#undef PLACE
	a->stored_bytes = stored;
	a->bytes = end;
}

UsScoreTeam *
us_score_team(const UsScoreJob *job)
{
	UsScoreTeam *t = palloc0(sizeof(UsScoreTeam));
	Size		row = sizeof(double) * (Max(job->width, 1) + (job->proba ? job->n_labels : 0)) + sizeof(UsScore);
	Area		area;

	t->job = *job;
	t->rows = job->all_rows ? job->rows : (int) Min((Size) job->rows, Max(MOST_BATCH / row, 1));
	t->piece = LEAST_PIECE;
	t->workers = IsParallelWorker() || (IsInParallelMode() && !job->within) ? 0 : job->workers;
	t->context = CurrentMemoryContext;
	lay_out(t, 0, &area);
	us_budget_take(job->budget, area.bytes, "rows that are scored");
	t->taken = area.bytes;
	t->area = MemoryContextAllocHuge(t->context, area.bytes);
	memset(t->area, 0, area.bytes);
	*t->area = area;
	return t;
}

int
us_score_team_rows(const UsScoreTeam *t)
{
	return t->rows;
}

double *
us_score_team_x(const UsScoreTeam *t, int *stride)
{
	*stride = t->area->stride;
	return x_of(t->area);
}

/* Whether workers would have been worth it by now; makes what they read. */
static bool
worth_it(UsScoreTeam *t)
{
	UsWriter	w;

	if (t->seconds < SECONDS_TO_START)
		return false;
	if (t->stored == NULL)
	{
		us_writer_init(&w);
		t->job.algorithm->write(t->job.model, &w);
		t->stored = us_writer_varlena(&w);
	}
	return t->seconds >= SECONDS_TO_START + VARSIZE(t->stored) * SECONDS_A_BYTE;
}

/* Start workers, if there is room and any can be had; the batch goes on in what they share. */
static void
start(UsScoreTeam *t)
{
	Size		stored = VARSIZE(t->stored) - VARHDRSZ;
	Area	   *old = t->area;
	Area		area;
	Size		needed;

	lay_out(t, stored, &area);
	needed = area.bytes + MODEL_SIZE * stored * t->workers;
	if (us_budget_try(t->job.budget, needed))
	{
		t->team = us_team_try(area.bytes, t->workers, t->job.within);
		if (t->team != NULL)
		{
			t->area = us_team_area(t->team);
			/* rows, answers and probabilities, which come before the stored form */
			memcpy(t->area, old, area.stored_at);
			*t->area = area;
			memcpy((char *) t->area + area.stored_at, VARDATA(t->stored), stored);
			pfree(old);
			us_budget_release(t->job.budget, t->taken);
			t->taken = needed;
		}
		else
			us_budget_release(t->job.budget, needed);
	}
	t->workers = 0;
	pfree(t->stored);
	t->stored = NULL;
}

/* Score rows from first on, until all are scored or it is time to start workers; gives the next row. */
static int
score_alone(UsScoreTeam *t, int first, int nrows)
{
	double	   *row = palloc(sizeof(double) * Max(t->job.width, 1));

	while (first < nrows && !(t->workers > 0 && worth_it(t)))
	{
		TimestampTz begun = GetCurrentTimestamp();
		int			n = Min(t->piece, nrows - first);

		score_rows(t->area, t->job.algorithm, t->job.model, first, n, row);
		first += n;
		t->seconds += (GetCurrentTimestamp() - begun) / 1e6;
		t->piece = Min(2 * t->piece, MOST_PIECE);
	}
	pfree(row);
	return first;
}

const UsScore *
us_score_team_run(UsScoreTeam *t, int nrows, const double **proba)
{
	MemoryContext old = MemoryContextSwitchTo(t->context);
	int			first = 0;

	if (t->team == NULL)
		first = score_alone(t, first, nrows);
	if (t->team == NULL && first < nrows)
	{
		start(t);
		if (t->team == NULL)
			first = score_alone(t, first, nrows);
	}
	if (first < nrows)
	{
		Area	   *a = t->area;

		a->first = first;
		a->end = nrows;
		us_team_run(t->team, "us_task_score", us_task_score, (nrows - first + a->item_rows - 1) / a->item_rows);
	}
	MemoryContextSwitchTo(old);
	*proba = t->job.proba ? (double *) ((char *) t->area + t->area->proba_at) : NULL;
	return (UsScore *) ((char *) t->area + t->area->score_at);
}

int
us_score_team_workers(const UsScoreTeam *t)
{
	return t->team ? us_team_joined(t->team) : 0;
}

void
us_score_team_end(UsScoreTeam *t)
{
	if (t->team)
		us_team_end(t->team);
	else
		pfree(t->area);
	if (t->stored)
		pfree(t->stored);
	us_budget_release(t->job.budget, t->taken);
	pfree(t);
}
