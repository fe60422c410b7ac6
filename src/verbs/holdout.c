/*
 * holdout.c
 *	  A training measured on rows that it has not seen.
 *
 * Encoder and algorithm learn on the training part alone; the hold-out is scored as new
 * rows would be.
 */
#include "postgres.h"

#include "infra/progress.h"
#include "utils/memutils.h"

#include "verbs/holdout.h"

/* Errors of the fit on a part say so. */
static void
part_context(void *arg)
{
	const UsHoldout *h = arg;

	errcontext("fit on the training part, " INT64_FORMAT " of " INT64_FORMAT " rows",
			   h->n_training, h->n_training + h->n_holdout);
}

UsSplit
us_holdout_split(const UsTrainArgs *args, UsPrepared *p)
{
	if (args->time_column)
		return us_split_by_time(p->frame, args->holdout, p->budget);
	return us_split_by_key(args->holdout, p->recipe.seed);
}

static void
fit_and_measure(UsPrepared *p, UsHoldout *h, UsFrame *rest, UsBudget *budget)
{
	ErrorContextCallback context = {error_context_stack, part_context, h};

	error_context_stack = &context;
	us_recipe_fit(&p->recipe, h->training, NULL, NULL, budget, &h->fitted);
	error_context_stack = context.previous;
	us_progress("measure on the hold-out", 0, 0);
	h->metrics = us_train_measure(p, &h->fitted, rest, US_MEASURE_FULL, budget);
}

void
us_holdout_run(const UsTrainArgs *args, UsPrepared *p, bool keep, UsHoldout *h)
{
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(outer, "userseg hold-out", ALLOCSET_DEFAULT_SIZES);
	UsFrame    *rows = us_train_rows(p);
	UsFrame    *rest;

	memset(h, 0, sizeof(UsHoldout));
	h->n_training = rows->nrows;
	if (args->holdout == 0)
		return;
	h->split = us_holdout_split(args, p);
	MemoryContextSwitchTo(work);
	h->training = us_frame_view(p->frame, us_split_training, &h->split, p->budget);
	rest = us_frame_view(rows, us_split_holdout, &h->split, p->budget);
	h->n_holdout = rest->nrows;
	h->n_training = rows->nrows - rest->nrows;
	if (h->n_training == 0 || h->n_holdout == 0)
	{
		us_train_warn(p, "nothing was held out: holdout %g divides " INT64_FORMAT " rows into " INT64_FORMAT " and " INT64_FORMAT,
					  args->holdout, rows->nrows, h->n_training, h->n_holdout);
		h->n_training = rows->nrows;
		h->n_holdout = 0;
		h->split.kind = US_SPLIT_NONE;
		us_frame_free(h->training);
		h->training = NULL;
	}
	else if (keep)
	{
		MemoryContextSwitchTo(outer);
		fit_and_measure(p, h, rest, p->budget);
		MemoryContextSwitchTo(work);
	}
	else
	{
		MemoryContext fit = AllocSetContextCreate(work, "userseg fit", ALLOCSET_DEFAULT_SIZES);

		MemoryContextSwitchTo(fit);
		fit_and_measure(p, h, rest, us_budget_part(p->budget));
		h->metrics = us_metrics_copy(h->metrics, outer);
		MemoryContextSwitchTo(work);
		MemoryContextDelete(fit);
		us_frame_free(h->training);
		h->training = NULL;
	}
	us_frame_free(rest);
	MemoryContextSwitchTo(outer);
}
