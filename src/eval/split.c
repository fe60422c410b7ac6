/*
 * split.c
 *	  Which rows are held out of a training, to measure the model on.
 */
#include "postgres.h"

#include <math.h>

#include "eval/split.h"
#include "infra/progress.h"
#include "math/hash.h"
#include "math/select.h"

/* the hold-out is independent of what else is drawn from the seed and the key */
#define HOLDOUT_SALT	UINT64CONST(0x686f6c646f7574)

UsSplit
us_split_by_key(double share, uint64 seed)
{
	return (UsSplit) {
		.kind = share > 0 ? US_SPLIT_KEY : US_SPLIT_NONE,
		.share = share,
		.seed = us_mix64(seed, HOLDOUT_SALT)
	};
}

int
us_time_column(const UsFrame *frame)
{
	for (int j = 0; j < frame->ncolumns; j++)
		if (frame->column[j].role == US_ROLE_TIME)
			return j;
	elog(ERROR, "frame has no time column");
}

void
us_values_at_ranks(UsFrame *frame, int column, const int64 *rank, int n, double *value, UsBudget *budget)
{
	Size		limit = us_budget_left(budget) / 4;
	Size		bytes = us_select_memory(frame->nrows, false, n, limit);
	UsSelect   *select;

	us_budget_take(budget, bytes, "splitting the rows by time");
	select = us_select_create(frame->nrows, false, rank, n, limit);
	do
	{
		for (int i = 0; i < frame->nchunks; i++)
		{
			const UsChunk *chunk = us_frame_chunk(frame, i);

			us_progress("split by time", i, frame->nchunks);
			us_select_add(select, chunk->column[column].number, NULL, chunk->nrows);
		}
	} while (!us_select_end_pass(select));
	for (int k = 0; k < n; k++)
		value[k] = us_select_value(select, rank[k]);
	us_select_free(select);
	us_budget_release(budget, bytes);
}

UsSplit
us_split_by_time(UsFrame *frame, double share, UsBudget *budget)
{
	UsSplit		split = {.kind = US_SPLIT_NONE, .share = share, .column = us_time_column(frame)};
	int64		n = frame->nrows;
	int64		rank[3] = {1, Max(n - (int64) ceil(share * n), 1), n};	/* first, cutoff, last */
	double		value[3];

	if (share == 0)
		return split;
	us_values_at_ranks(frame, split.column, rank, 3, value, budget);
	split.kind = US_SPLIT_TIME;
	split.cutoff = value[1];
	/* many rows of the last instant: they are held out, what is before is not */
	if (split.cutoff == value[2])
		split.cutoff = nextafter(value[2], -INFINITY);
	if (value[0] > split.cutoff)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time column \"%s\" has the same value in all of " INT64_FORMAT " rows",
						frame->column[split.column].name, n),
				 errhint("Leave out time_column to hold out rows by their id, or set holdout => 0.")));
	return split;
}

bool
us_split_holds_out(const UsSplit *split, uint64 key, double time)
{
	switch (split->kind)
	{
		case US_SPLIT_KEY:
			return us_uniform(split->seed, key) < split->share;
		case US_SPLIT_TIME:
			return time > split->cutoff;
		case US_SPLIT_NONE:
			break;
	}
	return false;
}

void
us_split_holdout(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const UsSplit *split = context;
	const double *time = split->kind == US_SPLIT_TIME ? chunk->column[split->column].number : NULL;

	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = us_split_holds_out(split, chunk->key[r], time ? time[r] : 0);
}

void
us_split_training(void *context, int i, const UsChunk *chunk, bool *keep)
{
	us_split_holdout(context, i, chunk, keep);
	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = !keep[r];
}
