/*
 * design.c
 *	  The encoded rows of a supervised training, pass after pass.
 *
 * A team works on one half of the chunks at hand while the leader encodes the next ones into the other half, and
 * then helps.  Halves are small: shared memory is dear when it is touched for the first time.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "data/frame_view.h"
#include "infra/parallel.h"
#include "infra/progress.h"
#include "learn/design.h"
#include "math/hash.h"
#include "math/kernels.h"

/* work worth a worker, in seconds of all passes */
#define SECONDS_A_WORKER	0.2

/* chunks at hand: by the leader alone, so that they stay in its cache; for a team, per member, of each half */
#define CHUNKS_ALONE		1
#define CHUNKS_A_MEMBER		2

/* all rows are kept when they are few, or for so many passes */
#define FEW_BYTES			((Size) 4 * 1024 * 1024)
#define MANY_PASSES			25

#define FOLD_SEED			UINT64CONST(0x666f6c64)
#define SAMPLE_SEED			UINT64CONST(0x73616d70)

/* Shared by the members; offsets are from its start. */
typedef struct UsDesignArea
{
	int			width;
	bool		weighted;
	bool		folded;
	UsDesignKernelId kernel;
	UsPassShape shape;
	int64		first;			/* chunk of the frame with which the half at hand begins */
	int			slot;			/* where it stands */
	int64		nrows;			/* of the whole */
	struct UsDesign *leader;	/* an address of the leader's */
	Size		chunk_bytes;
	Size		param_at;
	Size		state_at;
	Size		state_bytes;
	Size		chunk_at;
} UsDesignArea;

struct UsDesign
{
	const UsFitInput *input;
	int			nfolds;
	UsFrame    *view;			/* of a sample, or NULL: the rows are the caller's */
	UsTeam	   *team;
	UsDesignArea *area;
	int			capacity;		/* chunks at hand */
	int			half;			/* of them, that are worked on at a time */
	int			nchunks;
	bool		filled;			/* all of them are at hand */
	int			passes;
	Size		bytes;
	MemoryContext context;		/* of the leader's scratch */
};

/* Which rows a sample has. */
typedef struct UsSampleChoice
{
	uint64		seed;
	uint64		limit;			/* of what the keys are mixed to */
} UsSampleChoice;

PGDLLEXPORT void us_task_design(UsTeamTask *task);

/* ---- states ---- */

Size
us_pass_bytes(UsPassShape shape)
{
	return TYPEALIGN(US_BLOCK_ALIGN, sizeof(int128) * shape.whole + sizeof(UsExactSum) * shape.exact +
					 sizeof(double) * shape.least);
}

static UsPassState
state_of(UsDesignArea *area, int member)
{
	UsPassState s;

	s.whole = (int128 *) ((char *) area + area->state_at + area->state_bytes * member);
	s.exact = (UsExactSum *) (s.whole + area->shape.whole);
	s.least = (double *) (s.exact + area->shape.exact);
	return s;
}

static void
clear_state(UsPassState s, UsPassShape shape)
{
	memset(s.whole, 0, sizeof(int128) * shape.whole);
	memset(s.exact, 0, sizeof(UsExactSum) * shape.exact);
	for (int i = 0; i < shape.least; i++)
		s.least[i] = INFINITY;
}

static void
merge_state(UsPassState to, UsPassState from, UsPassShape shape)
{
	for (Size i = 0; i < shape.whole; i++)
		to.whole[i] += from.whole[i];
	for (int i = 0; i < shape.exact; i++)
		us_exact_merge(&to.exact[i], &from.exact[i]);
	for (int i = 0; i < shape.least; i++)
		to.least[i] = fmin(to.least[i], from.least[i]);
}

/* ---- chunks ---- */

static Size
chunk_bytes(int width, bool weighted, bool folded)
{
	return TYPEALIGN(US_BLOCK_ALIGN, (Size) US_CHUNK_ROWS *
					 (sizeof(double) * (width + 1 + weighted) + folded));
}

/* Chunk i of the frame, at a slot. */
static UsDesignChunk
chunk_at(UsDesignArea *area, int64 slot, int64 i)
{
	UsDesignChunk c;
	char	   *memory = (char *) area + area->chunk_at + area->chunk_bytes * slot;
	int64		rest = area->nrows - i * US_CHUNK_ROWS;

	c.nrows = (int) Min(rest, US_CHUNK_ROWS);
	c.x = (double *) memory;
	c.y = c.x + (Size) US_CHUNK_ROWS * area->width;
	c.weight = area->weighted ? c.y + US_CHUNK_ROWS : NULL;
	c.fold = area->folded ? (uint8 *) (c.y + (Size) US_CHUNK_ROWS * (1 + area->weighted)) : NULL;
	return c;
}

/* Chunk i of the frame to a slot. */
static void
encode(UsDesign *d, int i, int64 slot)
{
	const UsFitInput *input = d->input;
	const UsChunk *in = us_frame_chunk(input->frame, i);
	UsDesignChunk c = chunk_at(d->area, slot, i);
	double	   *y = (double *) c.y;

	Assert(c.nrows == in->nrows);
	us_encoder_apply_chunk(input->encoder, in, (double *) c.x, US_CHUNK_ROWS);
	us_target_chunk(input->target, in, y);
	if (c.weight != NULL)
	{
		const double *w = us_target_weights(input->target, in, y, (double *) c.weight);

		if (w != c.weight)
			memcpy((double *) c.weight, w, sizeof(double) * in->nrows);
	}
	if (c.fold != NULL)
		for (int r = 0; r < in->nrows; r++)
			((uint8 *) c.fold)[r] = (uint8) (us_uniform(input->seed ^ FOLD_SEED, in->key[r]) * d->nfolds);
}

/* ---- creation ---- */

static int
choose_workers(const UsDesignPlan *plan)
{
	double		seconds = plan->seconds * plan->passes;

	if (plan->workers >= 0)
		return plan->workers;
	return (int) Min(seconds / SECONDS_A_WORKER, (double) us_team_workers_allowed());
}

static void
lay_out(UsDesignArea *area, const UsDesignPlan *plan, int members)
{
	Size		at = TYPEALIGN(US_BLOCK_ALIGN, sizeof(UsDesignArea));

	area->width = us_encoder_width(plan->input->encoder);
	area->weighted = plan->input->frame->weighted || plan->input->target->factored;
	area->folded = plan->nfolds > 0;
	area->chunk_bytes = chunk_bytes(area->width, area->weighted, area->folded);
	area->param_at = at;
	at = TYPEALIGN(US_BLOCK_ALIGN, at + plan->param_bytes);
	area->state_at = at;
	area->state_bytes = plan->state_bytes;
	area->chunk_at = TYPEALIGN(US_BLOCK_ALIGN, at + plan->state_bytes * members);
}

UsDesign *
us_design_create(const UsDesignPlan *plan)
{
	UsDesign   *d = (UsDesign *) palloc0(sizeof(UsDesign));
	const UsFrame *frame = plan->input->frame;
	int			workers = choose_workers(plan);
	UsDesignArea layout = {0};
	Size		all;

	d->input = plan->input;
	d->nfolds = plan->nfolds;
	d->nchunks = frame->nchunks;
	layout.nrows = frame->nrows;
	lay_out(&layout, plan, workers + 1);
	all = layout.chunk_bytes * d->nchunks;
	d->capacity = workers > 0 ? 2 * CHUNKS_A_MEMBER * (workers + 1) : CHUNKS_ALONE;
	if (all <= FEW_BYTES || (plan->passes >= MANY_PASSES &&
							 all + layout.chunk_at < us_budget_left(plan->input->budget) / 2))
		d->capacity = d->nchunks;
	d->capacity = Min(d->capacity, d->nchunks);
	while (d->capacity > 1 && layout.chunk_at + layout.chunk_bytes * d->capacity >
		   us_budget_left(plan->input->budget))
		d->capacity /= 2;
	d->half = d->capacity >= d->nchunks || workers == 0 ? d->capacity : Max(d->capacity / 2, 1);
	d->bytes = layout.chunk_at + layout.chunk_bytes * d->capacity;
	d->team = us_team_create(d->bytes, workers, plan->workers > 0, plan->input->budget);
	d->area = (UsDesignArea *) us_team_area(d->team);
	memcpy(d->area, &layout, sizeof(UsDesignArea));
	d->context = AllocSetContextCreate(CurrentMemoryContext, "pass over rows", ALLOCSET_DEFAULT_SIZES);
	return d;
}

/* UsRowChoice: the rows of the sample. */
static void
choose_sample(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const UsSampleChoice *choice = (const UsSampleChoice *) context;

	int			row[US_CHUNK_ROWS];
	int			n = us_hash_select(choice->seed, chunk->key, chunk->nrows, choice->limit, row);

	memset(keep, false, sizeof(bool) * chunk->nrows);
	for (int k = 0; k < n; k++)
		keep[row[k]] = true;
}

UsDesign *
us_design_sample(UsDesign *d, int64 want)
{
	UsFrame    *frame = d->input->frame;
	UsSampleChoice *choice;
	UsFitInput *input;
	UsDesignPlan plan = {0};
	UsFrame    *view;
	UsDesign   *s;

	if (frame->nrows < 4 * want || d->filled)
		return NULL;
	choice = (UsSampleChoice *) palloc(sizeof(UsSampleChoice));
	choice->seed = d->input->seed ^ SAMPLE_SEED;
	choice->limit = (uint64) ((double) want / (double) frame->nrows * 18446744073709551615.0);
	view = us_frame_view(frame, choose_sample, choice, d->input->budget);
	if (view->nrows == 0 || view->nrows > 2 * want) /* many rows of one key */
	{
		us_frame_free(view);
		return NULL;
	}
	input = (UsFitInput *) palloc(sizeof(UsFitInput));
	*input = *d->input;
	input->frame = view;
	plan.input = input;
	plan.passes = MANY_PASSES;
	plan.param_bytes = d->area->state_at - d->area->param_at;
	plan.state_bytes = d->area->state_bytes;
	s = us_design_create(&plan);
	s->view = view;
	return s;
}

/* ---- passes ---- */

void *
us_design_param(UsDesign *d)
{
	return (char *) d->area + d->area->param_at;
}

static void
begin_work(UsDesignWork *w, UsDesignArea *area, int member)
{
	w->param = (char *) area + area->param_at;
	w->width = area->width;
	w->state = state_of(area, member);
	w->scratch = NULL;
}

/* The next chunks to the half that is not worked on, if there is another. */
static void
encode_ahead(UsDesign *d)
{
	int64		first = d->area->first + d->half;
	int			slot = d->area->slot == 0 ? d->half : 0;

	if (d->filled || 2 * d->half > d->capacity)
		return;
	for (int i = 0; i < d->half && first + i < d->nchunks; i++)
		encode(d, (int) (first + i), slot + i);
}

/* The chunks at hand, by the members of a team. */
void
us_task_design(UsTeamTask *task)
{
	UsDesignArea *area = (UsDesignArea *) task->area;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "design task",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsDesignWork w;
	int64		i;

	if (task->member == 0)
		encode_ahead(area->leader);
	begin_work(&w, area, task->member);
	while (us_team_next(task, &i))
	{
		UsDesignChunk c = chunk_at(area, area->slot + i, area->first + i);

		us_design_kernels[area->kernel] (&w, &c);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

UsPassState
us_design_pass(UsDesign *d, UsDesignKernelId kernel, UsPassShape shape)
{
	UsDesignArea *area = d->area;
	int			members = us_team_members(d->team);
	MemoryContext old = MemoryContextSwitchTo(d->context);
	UsDesignWork w;

	Assert(us_pass_bytes(shape) <= area->state_bytes);
	area->kernel = kernel;
	area->shape = shape;
	for (int m = 0; m < members; m++)
		clear_state(state_of(area, m), shape);
	begin_work(&w, area, 0);
	d->passes++;
	area->leader = d;
	for (int first = 0; first < d->nchunks; first += d->half)
	{
		int			n = Min(d->half, d->nchunks - first);
		bool		ahead = first > 0 && members > 1 && 2 * d->half <= d->capacity;

		us_progress("rows", first, d->nchunks);
		area->first = first;
		area->slot = ahead && area->slot == 0 ? d->half : 0;
		for (int i = 0; i < n && !d->filled && !ahead; i++)
			encode(d, first + i, area->slot + i);
		if (members > 1)
			us_team_run(d->team, "us_task_design", us_task_design, n);
		else
			for (int i = 0; i < n; i++)
			{
				UsDesignChunk c = chunk_at(area, area->slot + i, first + i);

				us_progress("rows", first + i, d->nchunks);
				us_design_kernels[kernel] (&w, &c);
			}
	}
	d->filled = d->capacity >= d->nchunks;
	for (int m = 1; m < members; m++)
		merge_state(state_of(area, 0), state_of(area, m), shape);
	MemoryContextSwitchTo(old);
	MemoryContextReset(d->context);
	return state_of(area, 0);
}

void
us_design_report(const UsDesign *d, UsReport *details)
{
	us_report_int(details, "workers", us_team_joined(d->team));
	us_report_int(details, "passes", d->passes);
	us_report_bool(details, "rows_kept", d->filled);
	us_report_number(details, "memory_mb", (double) d->bytes / (1024.0 * 1024.0));
}

void
us_design_end(UsDesign *d)
{
	us_team_end(d->team);
	if (d->view != NULL)
		us_frame_free(d->view);
	MemoryContextDelete(d->context);
	pfree(d);
}
