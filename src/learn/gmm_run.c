/*
 * gmm_run.c
 *	  EM on all rows of the source.
 *
 * All that steers it are exact sums, so mixtures are equal bit for bit whether the rows are in memory or
 * in a file, whatever the number of workers, and when the sums come from an SQL aggregate.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "agg/gmm_state.h"
#include "infra/progress.h"
#include "learn/gmm_run.h"
#include "learn/gmm_task.h"

/* Seconds for a product of a row and component, passes that are usual, seconds of work worth a worker. */
#define SECONDS_A_PRODUCT	3e-10
#define USUAL_PASSES		30
#define SECONDS_A_WORKER	0.15

/* bytes that the arena may round up */
#define ROUNDING	((Size) 4 * 1024 * 1024)

struct UsGmmRun
{
	const UsFitInput *input;
	const UsSpace *space;
	UsCovariance covariance;
	bool		sql;
	UsTeam	   *team;
	UsGmmArea  *area;
	UsGmmSums  *sums;			/* of the last pass */
	Size		sums_bytes;
	Size		area_bytes;
	int			passes;
	int64		sql_rows;		/* of the first pass in SQL */
};

int
us_gmm_weight_exponent(const UsSpace *space)
{
	return space->weighted ? space->weight_exponent : US_MIXTURE_WEIGHT_BITS;
}

static int
choose_workers(const UsGmmRunPlan *plan, const UsMatrix *m)
{
	double		products = plan->max_k * (m->width + (double) us_gmm_products(plan->covariance, m->width));
	double		seconds = m->nrows * products * USUAL_PASSES * SECONDS_A_PRODUCT;

	if (plan->workers >= 0)
		return plan->workers;
	return (int) Min(seconds / SECONDS_A_WORKER, (double) us_team_workers_allowed());
}

/* Bytes of a mixture of k components. */
static Size
mixture_bytes(UsCovariance covariance, int k, int d)
{
	return offsetof(UsMixture, value) + sizeof(double) *
		(2 * (Size) d + 2 * (Size) k + 3 * (Size) k * d + 2 * us_mixture_covariances(covariance, k, d));
}

UsGmmRun *
us_gmm_run_create(const UsGmmRunPlan *plan)
{
	UsGmmRun   *run = (UsGmmRun *) palloc0(sizeof(UsGmmRun));
	UsBudget   *budget = plan->input->budget;
	UsMatrix	m = us_matrix_layout(plan->space, plan->input->frame);
	Size		left = us_budget_left(budget);
	Size		free = left > plan->reserve + ROUNDING ? left - plan->reserve - ROUNDING : 0;
	Size		data = m.chunk_bytes * m.nchunks;
	UsGmmArea	layout;
	int			workers;

	us_mixture_check_sizes(plan->covariance, plan->max_k, m.width);
	run->input = plan->input;
	run->space = plan->space;
	run->covariance = plan->covariance;
	run->sql = plan->input->sql_step != NULL;
	workers = run->sql ? 0 : choose_workers(plan, &m);
	run->sums_bytes = us_gmm_sums_bytes(plan->covariance, plan->max_k, m.width);
	us_budget_take(budget, run->sums_bytes, "sums of the mixture");
	run->sums = (UsGmmSums *) MemoryContextAllocHuge(CurrentMemoryContext, run->sums_bytes);

	run->area_bytes = us_gmm_area_layout(&layout, &m, mixture_bytes(plan->covariance, plan->max_k, m.width),
										 run->sums_bytes, workers + 1);
	layout.matrix.offset = run->area_bytes;
	layout.matrix.spilled = run->sql || run->area_bytes + data > free;
	if (!layout.matrix.spilled)
		run->area_bytes += data;
	run->team = us_team_create(run->area_bytes, workers, plan->workers > 0, budget);
	run->area = (UsGmmArea *) us_team_area(run->team);
	memcpy(run->area, &layout, sizeof(UsGmmArea));
	us_gmm_factors(plan->space, us_gmm_area_factor(run->area));
	return run;
}

void
us_gmm_run_encode(UsGmmRun *run, UsMatrixVisit visit, void *context)
{
	us_matrix_encode(&run->area->matrix, run->team, !run->sql, run->space, run->input->frame,
					 run->input->encoder, NULL, visit, context);
}

void
us_gmm_run_show(UsGmmRun *run, UsMatrixVisit visit, void *context)
{
	us_matrix_encode(&run->area->matrix, run->team, false, run->space, run->input->frame,
					 run->input->encoder, NULL, visit, context);
}

/* ---- passes ---- */

/* Sums of all rows from one SQL aggregate. */
static void
pass_in_sql(UsGmmRun *run, const UsMixture *m)
{
	const UsSqlStep *step = run->input->sql_step;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mixture SQL pass",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	const UsGmmState *state = (const UsGmmState *) step->run(step->context, (const struct varlena *) m);

	if (state != NULL)
	{
		us_gmm_state_check(state, m);
		memcpy(run->sums, &state->sums, us_gmm_sums_bytes(run->covariance, m->k, m->d));
	}
	if (run->passes == 1)
		run->sql_rows = run->sums->rows;
	if (run->sums->rows != run->sql_rows)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the source had " INT64_FORMAT " rows in the first pass and " INT64_FORMAT
						" in pass %d", run->sql_rows, run->sums->rows, run->passes),
				 errhint("Train in a REPEATABLE READ transaction, or with {\"strategy\": \"local\"}.")));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Sums of all rows by the team. */
static void
pass_by_team(UsGmmRun *run, const UsMixture *m)
{
	int			members = us_team_members(run->team);
	Size		bytes = us_gmm_sums_bytes(run->covariance, m->k, m->d);

	memcpy(us_gmm_area_mixture(run->area), m, VARSIZE(m));
	for (int i = 0; i < members; i++)
		memset(us_gmm_area_sums(run->area, i), 0, bytes);
	us_team_run(run->team, "us_task_gmm_pass", us_task_gmm_pass, run->area->matrix.nchunks);
	for (int i = 0; i < members; i++)
		(void) us_gmm_sums_add(run->sums, us_gmm_area_sums(run->area, i), run->covariance, m->k, m->d);
}

const UsGmmSums *
us_gmm_run_pass(UsGmmRun *run, const UsMixture *m)
{
	run->passes++;
	us_progress("iterate", run->passes, 0);
	memset(run->sums, 0, us_gmm_sums_bytes(run->covariance, m->k, m->d));
	if (run->sql)
		pass_in_sql(run, m);
	else
		pass_by_team(run, m);
	return run->sums;
}

void
us_gmm_run_em(UsGmmRun *run, const UsMixture *start, double reg, int max_iter,
			  double tolerance, UsGmmRunResult *result)
{
	const UsMixture *m = start;
	double		before = -INFINITY;

	memset(result, 0, sizeof(UsGmmRunResult));
	for (;;)
	{
		const UsGmmSums *s = us_gmm_run_pass(run, m);
		double		mean;
		UsMixture  *next;

		result->total_weight = us_gmm_total_weight(s, true, m->weight_exponent);
		result->log_likelihood = us_gmm_log_likelihood(s, true, m->weight_exponent);
		result->rows = s->rows;
		mean = result->log_likelihood / result->total_weight;
		us_progress_note("iteration %d: mean log-likelihood %.10g of " INT64_FORMAT " rows",
						 result->iterations, mean, s->rows);
		result->converged = mean - before <= tolerance;
		if (result->converged || result->iterations >= max_iter)
			break;
		before = mean;
		next = us_mixture_next(m, s, 1, reg, &result->singular);
		if (next == NULL)
			break;
		if (m != start)
			pfree((void *) m);
		m = next;
		result->iterations++;
	}
	result->mixture = (UsMixture *) palloc(VARSIZE(m));
	memcpy(result->mixture, m, VARSIZE(m));
}

void
us_gmm_run_report(const UsGmmRun *run, UsReport *details)
{
	const UsMatrix *m = &run->area->matrix;

	us_report_text(details, "strategy", run->sql ? "sql" : "local");
	us_report_int(details, "passes", run->passes);
	us_report_int(details, "workers", us_team_joined(run->team));
	us_report_bool(details, "spilled", m->spilled && !run->sql);
	us_report_number(details, "matrix_mb", run->sql ? 0.0 :
					 (double) m->chunk_bytes * m->nchunks / (1024.0 * 1024.0));
	us_report_number(details, "memory_mb", (double) run->area_bytes / (1024.0 * 1024.0));
}

void
us_gmm_run_end(UsGmmRun *run)
{
	us_team_end(run->team);
	us_budget_release(run->input->budget, run->sums_bytes);
	pfree(run->sums);
}
