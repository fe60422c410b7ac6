/*
 * select_k.c
 *	  userseg.select_k: from a source to one row for each number of clusters.
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "model/report_json.h"
#include "verbs/select_k.h"

#define MOST_SETS 1000

static void
check_count(const char *name, int value)
{
	if (value < 0 || value > MOST_SETS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %d, outside of 0 to %d", name, value, MOST_SETS),
				 errhint("Some tens are usual; 0 leaves that part out.")));
}

/* The algorithms that select_k knows, for a hint. */
static char *
known_algorithms(void)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; us_algorithm_get(i) != NULL; i++)
		if (us_algorithm_get(i)->pathway != NULL)
			appendStringInfo(&s, "%s\"%s\"", s.len ? ", " : "", us_algorithm_get(i)->name);
	return s.data;
}

static void
check_args(const UsSelectKArgs *args)
{
	const UsAlgorithm *algorithm = us_algorithm_find(args->train.algorithm);

	if (algorithm != NULL && algorithm->pathway == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" has no numbers of clusters to compare", algorithm->name),
				 errhint("select_k knows %s.", known_algorithms())));
	if (args->k_min < 1 || args->k_max < args->k_min || args->k_max > US_SELECT_MOST_K)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("numbers of clusters from %d to %d cannot be compared", args->k_min, args->k_max),
				 errhint("k_min must be at least 1, k_max at least k_min and at most %d.", US_SELECT_MOST_K)));
	check_count("reference_sets", args->reference_sets);
	check_count("bootstraps", args->bootstraps);
}

static Jsonb *
details_of(const UsSelection *s, const UsSelectRow *row)
{
	UsReport   *r = us_report_object();
	UsReport   *sizes = us_report_add_array(r, "sizes");

	for (int i = 0; i < row->figures.k; i++)
		us_report_int(sizes, NULL, row->size[i]);
	us_report_number(r, "log_likelihood", row->figures.log_likelihood);
	us_report_text(r, "criterion", us_criterion_name(s->criterion));
	us_report_number(r, "structure", s->structure);
	if (!isnan(s->dip))
		us_report_number(r, "dip", s->dip);
	us_report_number(r, "rows", s->rows);
	us_report_int(r, "distinct_rows", s->distinct_rows);
	us_report_bool(r, "complete", s->complete);
	us_report_int(r, "reference_rows", s->reference_rows);
	us_report_text(r, "reference", s->components ? "principal components" : "columns");
	us_report_int(r, "workers", s->workers);
	return us_report_to_jsonb(r);
}

void
us_select_k_verb(const UsSelectKArgs *args, UsSelectKResult *result)
{
	UsPrepared	p;
	UsSelectPlan plan = {0};
	UsSelection *s = &result->selection;

	check_args(args);
	us_train_read(&args->train, &p);
	us_train_encode(&p);
	plan.algorithm = p.recipe.algorithm;
	plan.params = p.recipe.params;
	plan.frame = p.frame;
	plan.encoder = p.encoder;
	plan.budget = p.budget;
	plan.seed = (uint64) args->train.seed;
	plan.lo = args->k_min;
	plan.hi = args->k_max;
	plan.nreferences = args->reference_sets;
	plan.nbootstraps = args->bootstraps;
	plan.criterion = args->criterion;
	us_select_k(&plan, s);

	result->n_rows = p.frame->nrows;
	result->details = (Jsonb **) palloc(sizeof(Jsonb *) * s->n);
	for (int i = 0; i < s->n; i++)
		result->details[i] = details_of(s, &s->row[i]);
	for (int i = 0; i < p.n_warnings; i++)
		ereport(WARNING, (errmsg("%s", p.warnings[i])));
	for (int i = 0; i < s->n_warnings; i++)
		ereport(WARNING, (errmsg("%s", s->warnings[i])));
	us_frame_free(p.frame);
	us_progress_end();
}
