/*
 * cross_validate.c
 *	  userseg.cross_validate: how well an algorithm would do on rows that it has not seen.
 *
 * The source is read once, for all folds.
 */
#include "postgres.h"

#include "eval/crossval_batch.h"
#include "infra/progress.h"
#include "verbs/cross_validate.h"
#include "verbs/suspects.h"

void
us_cross_validate_read(const UsCrossValidateArgs *args, UsPrepared *p)
{
	if (args->folds < 2 || args->folds > US_MAX_FOLDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("folds is %d, outside of 2 .. %d", args->folds, US_MAX_FOLDS)));
	us_train_read(&args->train, p);
	if (p->recipe.task == US_TASK_CLUSTERING)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" has no target to be measured by", p->recipe.algorithm->name),
				 errhint("Cross-validation is for classifiers and regressions.")));
}

UsFolds *
us_cross_validate_folds(const UsCrossValidateArgs *args, UsPrepared *p, UsFrame *frame)
{
	UsFoldKind	kind = us_folds_kind(args->split, frame, p->recipe.task, args->train.id != NULL);

	return us_folds_create(frame, kind, args->folds, us_recipe_target(&p->recipe, frame),
						   p->recipe.seed, p->budget);
}

/* What should be known about a fold. */
static void
warn_fold(UsPrepared *p, int f, const UsFoldResult *r)
{
	if (!r->converged)
		us_train_warn(p, "the fit of fold %d did not converge", f + 1);
	if (r->metrics->n_unknown > 0)
		us_train_warn(p, INT64_FORMAT " of " INT64_FORMAT " rows of fold %d are of a class that its training rows do not have: they do not count in the metrics",
					  r->metrics->n_unknown, r->n_test, f + 1);
	if (r->metrics->sampled)
		us_train_warn(p, "the metrics of fold %d are from a sample of " INT64_FORMAT " of its " INT64_FORMAT " rows, which fits into userseg.max_memory",
					  f + 1, r->metrics->metric[0].n, r->n_test);
}

void
us_cross_validate(const UsCrossValidateArgs *args, UsCrossValidateResult *result)
{
	UsPrepared	p;
	UsFolds    *folds;
	UsCrossvalBatch batch = {0};
	UsCrossvalRun run = {0};
	int			n_suspects;

	us_cross_validate_read(args, &p);
	us_suspects_warn(&p, us_recipe_target(&p.recipe, p.frame), &n_suspects);
	folds = us_cross_validate_folds(args, &p, p.frame);
	result->n_folds = folds->n;
	run.params = p.recipe.params;
	run.given = args->train.params;
	batch = (UsCrossvalBatch) {&p.recipe, args->train.transform, p.frame, folds, p.budget, 1, &run, .first = true};
	us_crossval_batch(&batch);
	result->fold = run.fold;
	for (int f = 0; f < folds->n; f++)
		warn_fold(&p, f, &result->fold[f]);
	result->summary = us_crossval_summary(result->fold, folds->n, &result->n_summary);
	for (int i = 0; i < p.n_warnings; i++)
		ereport(WARNING, (errmsg("%s", p.warnings[i])));
	us_frame_free(p.frame);
	us_progress_end();
}
