/*
 * crossval_batch.c
 *	  Cross-validations of several recipes on the same rows and folds.
 *
 * Folds are cheap to share: a fit needs its rows, its parameters and nothing else.  So the area of the team holds the
 * rows (data/frame_share.h), the parameters of every run as jsonb, and a slot for each result.  Whoever claims a fold
 * reads the parameters as the caller did, makes the same folds and fits alone: learners start no team of their own inside
 * of a team.
 */
#include "postgres.h"

#include "port/atomics.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "data/frame_share.h"
#include "data/params_json.h"
#include "eval/crossval_batch.h"
#include "infra/parallel.h"
#include "infra/progress.h"

/* what a team must save: a worker is ready after some 30 ms */
#define SECONDS_A_TEAM	0.25

/* folds whose results are in the area at a time */
#define MOST_SLOTS		1024

#define NAME_ROOM		32
#define ALIGN64(size)	TYPEALIGN(64, (size))

/* Whether a run is to be measured, decided by whoever comes to it first. */
enum
{
	RUN_OPEN, RUN_BEGUN, RUN_TOO_LATE
};

/* What came of a fold, without pointers. */
typedef struct Slot
{
	bool		done;
	UsFoldResult fold;
	double		seconds;
	UsMetrics	metrics;
	UsMetricValue metric[US_MAX_METRICS];
	char		name[US_MAX_METRICS][NAME_ROOM];
	char		interval[US_MAX_METRICS][NAME_ROOM];
} Slot;

/* The area; places are bytes from its start. */
typedef struct Area
{
	char		algorithm[NAMEDATALEN];
	UsTask		task;
	UsNullPolicy null_policy;
	uint64		seed;
	UsFoldKind	kind;
	int			n_folds;
	double		share;
	Size		budget;			/* of a member, in bytes */
	TimestampTz deadline;
	int			n_runs;
	int			first_run;		/* of this phase */
	Size		transform_at;	/* jsonb; 0: none */
	Size		given_at;		/* Size[n_runs], places of jsonb, 0: none */
	Size		json_at;		/* where jsonb stands */
	Size		state_at;		/* pg_atomic_uint32[n_runs] */
	Size		slot_at;		/* Slot[phase] */
	Size		frame_at;
} Area;

PGDLLEXPORT void us_task_crossval(UsTeamTask *task);

static Slot *
slot_at(Area *a, int i)
{
	return (Slot *) ((char *) a + a->slot_at) + i;
}

static pg_atomic_uint32 *
state_at(Area *a, int run)
{
	return (pg_atomic_uint32 *) ((char *) a + a->state_at) + run;
}

static Jsonb *
json_at(Area *a, Size at)
{
	return at > 0 ? (Jsonb *) ((char *) a + at) : NULL;
}

static void
run_context(void *arg)
{
	Jsonb	   *given = arg;

	if (given && JB_ROOT_COUNT(given) > 0)
		errcontext("parameters %s", JsonbToCString(NULL, &given->root, VARSIZE(given)));
}

/* One fold of one run, with what it took. */
static void
fit_fold(const UsRecipe *recipe, Jsonb *given, UsFrame *frame, UsFolds *folds, int f, UsBudget *budget,
		 UsFoldResult *result, double *seconds)
{
	ErrorContextCallback context = {error_context_stack, run_context, given};
	TimestampTz started = GetCurrentTimestamp();

	error_context_stack = &context;
	us_crossval_fold(recipe, frame, folds, f, budget, result);
	error_context_stack = context.previous;
	*seconds = (GetCurrentTimestamp() - started) / 1e6;
}

/* ---- members of the team ---- */

static void
fill_slot(Slot *s, const UsFoldResult *r, double seconds)
{
	s->fold = *r;
	s->seconds = seconds;
	s->metrics = *r->metrics;
	for (int i = 0; i < r->metrics->n; i++)
	{
		s->metric[i] = r->metrics->metric[i];
		strlcpy(s->name[i], s->metric[i].name, NAME_ROOM);
		strlcpy(s->interval[i], s->metric[i].interval ? s->metric[i].interval : "", NAME_ROOM);
	}
	s->done = true;
}

/* Does the run begin, or has it? */
static bool
begun(Area *a, int run)
{
	pg_atomic_uint32 *state = state_at(a, run);
	uint32		expected = RUN_OPEN;
	bool		late = a->deadline != 0 && GetCurrentTimestamp() >= a->deadline;

	(void) pg_atomic_compare_exchange_u32(state, &expected, late ? RUN_TOO_LATE : RUN_BEGUN);
	return pg_atomic_read_u32(state) == RUN_BEGUN;
}

void
us_task_crossval(UsTeamTask *task)
{
	Area	   *a = (Area *) task->area;
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "userseg folds", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	UsBudget   *budget = us_budget_create(a->budget);
	const Size *given = (const Size *) ((char *) a + a->given_at);
	UsFrame    *frame = us_frame_attach((char *) a + a->frame_at, budget);
	UsFolds    *folds = NULL;
	UsRecipe	recipe;
	int64		item;

	us_recipe_make(&recipe, us_algorithm_find(a->algorithm), NULL, json_at(a, a->transform_at), a->null_policy, a->seed);
	recipe.task = a->task;
	while (us_team_next(task, &item))
	{
		int			run = a->first_run + (int) (item / a->n_folds);
		Slot	   *slot = slot_at(a, (int) item);
		UsFoldResult result;
		double		seconds;

		if (slot->done || !begun(a, run))
			continue;
		recipe.params = us_params_parse(recipe.algorithm->params, us_algorithm_common_params(recipe.algorithm),
										json_at(a, given[run]));
		if (folds == NULL)
		{
			folds = us_folds_create(frame, a->kind, a->n_folds, us_recipe_target(&recipe, frame), a->seed, budget);
			folds->share = a->share;
		}
		fit_fold(&recipe, json_at(a, given[run]), frame, folds, (int) (item % a->n_folds), budget, &result, &seconds);
		fill_slot(slot, &result, seconds);
	}
	us_frame_free(frame);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(own);
}

/* ---- the caller ---- */

static Size
json_bytes(const Jsonb *json)
{
	return json ? ALIGN64(VARSIZE(json)) : 0;
}

/* Places of everything, and the bytes of all of it. */
static Size
lay_out(const UsCrossvalBatch *b, int slots, Area *a)
{
	Size		at = ALIGN64(sizeof(Area));

	a->given_at = at;
	at += ALIGN64(sizeof(Size) * b->n);
	a->state_at = at;
	at += ALIGN64(sizeof(pg_atomic_uint32) * b->n);
	a->slot_at = at;
	at += ALIGN64(sizeof(Slot) * slots);
	a->json_at = at;
	at += json_bytes(b->transform);
	for (int i = 0; i < b->n; i++)
		at += json_bytes(b->run[i].given);
	a->frame_at = at;
	return at + us_frame_shared_bytes(b->frame);
}

/* Copy to *at, which moves on; where it stands, 0: nowhere. */
static Size
put_json(Area *a, const Jsonb *json, Size *at)
{
	Size		place = *at;

	if (json == NULL)
		return 0;
	memcpy((char *) a + place, json, VARSIZE(json));
	*at += json_bytes(json);
	return place;
}

static void
fill_area(const UsCrossvalBatch *b, const Area *layout, Area *a)
{
	Size	   *given = (Size *) ((char *) a + layout->given_at);
	Size		at = layout->json_at;

	*a = *layout;
	strlcpy(a->algorithm, b->recipe->algorithm->name, NAMEDATALEN);
	a->task = b->recipe->task;
	a->null_policy = b->recipe->null_policy;
	a->seed = b->recipe->seed;
	a->kind = b->folds->kind;
	a->n_folds = b->folds->n;
	a->share = b->folds->share;
	a->deadline = b->deadline;
	a->n_runs = b->n;
	a->transform_at = put_json(a, b->transform, &at);
	for (int i = 0; i < b->n; i++)
	{
		pg_atomic_init_u32(state_at(a, i), RUN_OPEN);
		given[i] = put_json(a, b->run[i].given, &at);
	}
	us_frame_share(b->frame, (char *) a + a->frame_at);
}

/* The result in a slot. */
static void
take_slot(Slot *s, UsFoldResult *r)
{
	*r = s->fold;
	r->metrics = palloc(sizeof(UsMetrics));
	*r->metrics = s->metrics;
	r->metrics->metric = palloc(sizeof(UsMetricValue) * Max(s->metrics.n, 1));
	for (int i = 0; i < s->metrics.n; i++)
	{
		UsMetricValue *m = &r->metrics->metric[i];

		*m = s->metric[i];
		m->name = pstrdup(s->name[i]);
		m->interval = s->interval[i][0] ? pstrdup(s->interval[i]) : NULL;
	}
}

/* Runs first .. end - 1 by a team; of the first run fold 0 is there already, if it has begun. */
static void
run_phase(UsCrossvalBatch *b, UsTeam *team, int first, int end)
{
	Area	   *a = us_team_area(team);
	int			folds = b->folds->n;

	a->first_run = first;
	for (int i = 0; i < (end - first) * folds; i++)
		slot_at(a, i)->done = false;
	if (b->run[first].done)
	{
		slot_at(a, 0)->done = true;
		pg_atomic_write_u32(state_at(a, first), RUN_BEGUN);
	}
	us_team_run(team, "us_task_crossval", us_task_crossval, (int64) (end - first) * folds);
	for (int i = first; i < end; i++)
	{
		UsCrossvalRun *run = &b->run[i];

		if (pg_atomic_read_u32(state_at(a, i)) != RUN_BEGUN)
			continue;
		for (int f = run->done ? 1 : 0; f < folds; f++)
		{
			Slot	   *s = slot_at(a, (i - first) * folds + f);

			take_slot(s, &run->fold[f]);
			run->seconds += s->seconds;
		}
		run->done = true;
	}
}

/*
 * Workers that are worth it, and that can be had: layout and *bytes are filled for them.  seconds and peak are of the
 * first fold.
 */
static int
choose_workers(const UsCrossvalBatch *b, double seconds, Size peak, Area *layout, Size *bytes)
{
	const UsParam *asked = us_params_find(b->run[0].params, "workers");
	int64		left = (int64) b->n * b->folds->n - 1;
	bool		forced = asked && !asked->is_null;
	int			workers = (int) Min(forced ? asked->integer : us_team_workers_allowed(), left - 1);
	double		heaviest = 1;

	if (workers <= 0 || b->frame->spilled || (!forced && seconds * left < SECONDS_A_TEAM))
		return 0;
	*bytes = lay_out(b, (int) Min((int64) MOST_SLOTS + b->folds->n, left + 1), layout);
	/* what a fit needs depends on its parameters; a half more for what else differs */
	for (int i = 1; i < b->n && b->recipe->algorithm->memory; i++)
		heaviest = Max(heaviest, (double) b->recipe->algorithm->memory(b->run[i].params, b->frame->nrows, 32) /
					   Max(b->recipe->algorithm->memory(b->run[0].params, b->frame->nrows, 32), 1));
	while (workers > 0 && *bytes + (workers + 1) * (peak * 1.5 * heaviest + 1024 * 1024) > us_budget_left(b->budget))
		workers--;
	if (workers > 0)
		layout->budget = (us_budget_left(b->budget) - *bytes) / (workers + 1);
	return workers;
}

static bool
too_late(const UsCrossvalBatch *b)
{
	return b->deadline != 0 && GetCurrentTimestamp() >= b->deadline;
}

/* The folds of a run from fold on, here. */
static void
run_alone(UsCrossvalBatch *b, UsCrossvalRun *run, int fold)
{
	UsRecipe	recipe = *b->recipe;

	recipe.params = run->params;
	for (int f = fold; f < b->folds->n; f++)
	{
		double		seconds;

		fit_fold(&recipe, run->given, b->frame, b->folds, f, b->budget, &run->fold[f], &seconds);
		run->seconds += seconds;
	}
	run->done = true;
}

/* The first fold of the first run, and the memory that it took. */
static Size
run_first(UsCrossvalBatch *b)
{
	UsRecipe	recipe = *b->recipe;
	UsBudget   *part = us_budget_part(b->budget);

	recipe.params = b->run[0].params;
	fit_fold(&recipe, b->run[0].given, b->frame, b->folds, 0, part, &b->run[0].fold[0], &b->run[0].seconds);
	b->run[0].done = true;
	return us_budget_peak(part);
}

void
us_crossval_batch(UsCrossvalBatch *b)
{
	int			phase = Max(MOST_SLOTS / b->folds->n, 1);
	Area		layout = {0};
	Size		bytes = 0;
	Size		peak;
	UsTeam	   *team;
	Area	   *a;

	for (int i = 0; i < b->n; i++)
	{
		b->run[i].fold = palloc0(sizeof(UsFoldResult) * b->folds->n);
		b->run[i].seconds = 0;
		b->run[i].done = false;
	}
	if (b->n == 0 || (!b->first && too_late(b)))
		return;
	peak = run_first(b);
	b->workers = choose_workers(b, b->run[0].seconds, peak, &layout, &bytes);
	if (b->workers == 0)
	{
		run_alone(b, &b->run[0], 1);
		for (int i = 1; i < b->n && !too_late(b); i++)
			run_alone(b, &b->run[i], 0);
		return;
	}
	team = us_team_create(bytes, b->workers, us_params_find(b->run[0].params, "workers") != NULL &&
						  !us_params_get(b->run[0].params, "workers")->is_null, b->budget);
	a = us_team_area(team);
	fill_area(b, &layout, a);
	us_progress_note("%d folds in a team of up to %d", b->n * b->folds->n, b->workers + 1);
	for (int i = 0; i < b->n; i += phase)
		run_phase(b, team, i, Min(i + phase, b->n));
	b->workers = us_team_joined(team);
	us_team_end(team);
}
