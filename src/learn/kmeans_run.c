/*
 * kmeans_run.c
 *	  Lloyd's algorithm on all rows of the source.
 *
 * All that steers it are exact sums of integers, so centres are equal bit for bit
 * whether the rows are in memory or in a file, whatever the number of workers, and
 * when the sums come from an SQL aggregate.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "agg/kmeans_state.h"
#include "data/shuffle.h"
#include "infra/progress.h"
#include "learn/kmeans_run.h"
#include "learn/kmeans_task.h"
#include "math/distance.h"

/* Seconds for one coordinate compared, iterations that are usual, and seconds of work worth a worker. */
#define SECONDS_A_STEP		4e-11
#define USUAL_ITERATIONS	30
#define FEW_ITERATIONS		2
#define SECONDS_A_WORKER	0.15

/* Times that clusters left empty by the last pass are given a row. */
#define FINAL_REPAIRS 8

/* bytes that the arena may round up */
#define ROUNDING	((Size) 4 * 1024 * 1024)

struct UsKmeansRun
{
	const UsFitInput *input;
	const UsSpace *space;
	bool		sql;
	bool		shuffled;
	const UsRunPrior *prior;	/* or NULL */
	UsTeam	   *team;
	UsKmeansArea *area;
	UsSums		sums;			/* of the last pass */
	UsSums		before;			/* of the pass before it */
	double	   *mean;			/* [width] */
	float	   *assigned;		/* [max_k][width], kernel coordinates of the centres of the last pass */
	int128	   *squares;
	Size		area_bytes;
	int			passes;
	int64		sql_rows;		/* of the first pass in SQL */
};

static int
choose_workers(const UsRunPlan *plan, const UsMatrix *m)
{
	double		seconds = (double) m->nrows * m->width * plan->max_k *
		(plan->shuffled ? FEW_ITERATIONS : USUAL_ITERATIONS) * SECONDS_A_STEP;

	if (plan->workers >= 0)
		return plan->workers;
	return (int) Min(seconds / SECONDS_A_WORKER, (double) us_team_workers_allowed());
}

/*
 * Lay out the area: rows, labels and bounds in memory; without bounds; only labels, and the rows
 * in a file; not even labels.  Returns its bytes.
 */
static Size
place(UsKmeansArea *layout, const UsMatrix *matrix, const UsRunPlan *plan, int members,
	  bool sql, Size free)
{
	UsMatrix	m = *matrix;
	Size		data = m.chunk_bytes * m.nchunks;
	bool		bounds = !plan->shuffled && plan->max_k >= US_BOUNDS_LEAST_K &&
		(Size) plan->max_k * m.width >= US_BOUNDS_LEAST_WORK;
	Size		bytes;

	m.spilled = false;
	if (!sql)
	{
		bytes = us_kmeans_area_layout(layout, &m, plan->max_k, members, true, bounds);
		if (bytes + data > free && bounds)
			bytes = us_kmeans_area_layout(layout, &m, plan->max_k, members, true, false);
		layout->matrix.offset = bytes;
		if (bytes + data <= free)
			return bytes + data;
	}
	m.spilled = true;
	bytes = us_kmeans_area_layout(layout, &m, plan->max_k, members, !sql, !sql && bounds);
	if (bytes > free && bounds)
		bytes = us_kmeans_area_layout(layout, &m, plan->max_k, members, !sql, false);
	if (bytes > free)
		bytes = us_kmeans_area_layout(layout, &m, plan->max_k, members, false, false);
	return bytes;
}

UsKmeansRun *
us_kmeans_run_create(const UsRunPlan *plan)
{
	UsKmeansRun *run = (UsKmeansRun *) palloc0(sizeof(UsKmeansRun));
	UsBudget   *budget = plan->input->budget;
	UsMatrix	m = us_matrix_layout(plan->space, plan->input->frame);
	Size		left = us_budget_left(budget);
	Size		reserve = plan->reserve + ROUNDING + (plan->shuffled ? us_shuffle_bytes(&m) : 0);
	Size		free = left > reserve ? left - reserve : 0;
	int			width = m.width;
	int			workers;
	UsKmeansArea layout;
	Size		bytes;

	run->input = plan->input;
	run->space = plan->space;
	run->sql = plan->input->sql_step != NULL;
	run->shuffled = plan->shuffled;
	run->prior = plan->prior;
	workers = run->sql ? 0 : choose_workers(plan, &m);

	bytes = place(&layout, &m, plan, workers + 1, run->sql, free);
	run->area_bytes = bytes;
	run->team = us_team_create(bytes, workers, plan->workers > 0, budget);
	run->area = (UsKmeansArea *) us_team_area(run->team);
	memcpy(run->area, &layout, sizeof(UsKmeansArea));
	memcpy((char *) run->area + layout.back_at, plan->space->back, sizeof(float) * width);
	run->sums = us_sums_at(palloc(us_sums_bytes(plan->max_k, width)), plan->max_k, width);
	run->before = us_sums_at(palloc(us_sums_bytes(plan->max_k, width)), plan->max_k, width);
	run->mean = (double *) palloc(sizeof(double) * width);
	run->assigned = (float *) palloc(sizeof(float) * plan->max_k * width);
	run->squares = (int128 *) palloc0(sizeof(int128) * width);
	return run;
}

void
us_kmeans_run_encode(UsKmeansRun *run, UsMatrixVisit visit, void *context)
{
	if (run->shuffled)
		us_matrix_shuffle(&run->area->matrix, run->team, run->space, run->input->frame,
						  run->input->encoder, run->input->seed, run->input->budget,
						  run->squares, visit, context);
	else
		us_matrix_encode(&run->area->matrix, run->team, !run->sql, run->space, run->input->frame,
						 run->input->encoder, run->squares, visit, context);
}

const UsMatrix *
us_kmeans_run_matrix(const UsKmeansRun *run, UsTeam **team)
{
	*team = run->team;
	return &run->area->matrix;
}

const int128 *
us_kmeans_run_squares(const UsKmeansRun *run)
{
	return run->squares;
}

/* Sums of all rows from one SQL aggregate. */
static void
pass_in_sql(UsKmeansRun *run, const double *center)
{
	const UsSpace *space = run->space;
	const UsSqlStep *step = run->input->sql_step;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "k-means SQL pass",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsCentroidSet *set = us_centroid_set_make(run->sums.k, space->width, center, NULL,
											  space->unit ? US_METRIC_COSINE : US_METRIC_EUCLIDEAN,
											  space->grid, space->weight_exponent);
	struct varlena *state = step->run(step->context, (struct varlena *) set);
	int64		rows = 0;

	if (state != NULL)
		us_kmeans_get_sums((UsKmeansState *) state, &run->sums);
	else
		us_sums_clear(&run->sums);
	for (int i = 0; i < run->sums.k; i++)
		rows += run->sums.rows[i];
	if (run->passes == 1)
		run->sql_rows = rows;
	if (rows != run->sql_rows)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the source had " INT64_FORMAT " rows in the first pass and " INT64_FORMAT
						" in pass %d", run->sql_rows, rows, run->passes),
				 errhint("Train in a REPEATABLE READ transaction, or with {\"strategy\": \"local\"}.")));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Sums of all rows by the team. */
static void
pass_by_team(UsKmeansRun *run)
{
	UsKmeansArea *area = run->area;
	int			members = us_team_members(run->team);

	for (int i = 0; i < members; i++)
	{
		UsSums		s = us_kmeans_area_sums(area, i);

		us_sums_clear(&s);
	}
	us_team_run(run->team, "us_task_kmeans_assign", us_task_kmeans_assign, area->matrix.nchunks);
	if (area->fresh || !area->keep)
		us_sums_clear(&run->sums);
	for (int i = 0; i < members; i++)
	{
		UsSums		s = us_kmeans_area_sums(area, i);

		us_sums_add(&run->sums, &s);
	}
	area->fresh = false;
}

/* Assign all rows to the centres and sum them up. */
static void
pass(UsKmeansRun *run, const double *center)
{
	float	   *coordinate = us_kmeans_area_center(run->area);

	Size		n = (Size) run->sums.k * run->sums.width;

	for (Size i = 0; i < n; i++)
		coordinate[i] = us_grid_coordinate(center[i], run->space->scale);
	if (run->area->bounds && !run->area->fresh)
		run->area->drift = us_bounds_drift(run->assigned, coordinate, run->sums.k, run->sums.width,
										   us_kmeans_area_drift(run->area));
	memcpy(run->assigned, coordinate, sizeof(float) * n);
	run->passes++;
	us_progress("iterate", run->passes, 0);
	if (run->sql)
		pass_in_sql(run, center);
	else
		pass_by_team(run);
}

/* What us_matrix_encode shows when the farthest row is looked for without a stored matrix. */
static void
visit_farthest(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	UsKmeansArea *area = (UsKmeansArea *) context;

	us_kmeans_farthest_of(chunk, area->matrix.width, us_kmeans_area_center(area), area->k,
						  us_kmeans_area_farthest(area, 0));
}

/* The row that is farthest from the nearest of the centres in the area: distance, coordinates. */
static const float *
farthest_row(UsKmeansRun *run)
{
	UsKmeansArea *area = run->area;
	float	   *best = us_kmeans_area_farthest(area, 0);

	for (int i = 0; i < us_team_members(run->team); i++)
		us_kmeans_area_farthest(area, i)[0] = -1;
	run->passes++;
	if (run->sql)
		us_matrix_encode(&area->matrix, run->team, false, run->space, run->input->frame,
						 run->input->encoder, NULL, visit_farthest, area);
	else
		us_team_run(run->team, "us_task_kmeans_farthest", us_task_kmeans_farthest,
					area->matrix.nchunks);
	for (int i = 1; i < us_team_members(run->team); i++)
	{
		float	   *far = us_kmeans_area_farthest(area, i);

		if (us_kmeans_is_farther(far, best, area->matrix.width))
			best = far;
	}
	return best;
}

/* Give the empty clusters a centre each. */
static int
repair_empty(UsKmeansRun *run, double *center)
{
	UsSums	   *s = &run->sums;
	int			width = s->width;
	float	   *coordinate = us_kmeans_area_center(run->area);
	int			repairs = 0;

	if (run->prior != NULL)
		return 0;				/* a cluster that no row belongs to now stays where it was */
	for (int i = 0; i < s->k; i++)
	{
		const float *far;

		if (s->weight[i] > 0)
			continue;
		for (Size c = 0; c < (Size) s->k * width; c++)
			coordinate[c] = us_grid_coordinate(center[c], run->space->scale);
		far = farthest_row(run);
		if (far[0] <= 0)
		{
			int			distinct = repairs;

			for (int c = 0; c < s->k; c++)
				distinct += s->weight[c] > 0;
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("k is %d, but the source has only %d distinct rows", s->k, distinct),
					 errhint("Use a k of at most %d, or more columns.", distinct)));
		}
		for (int j = 0; j < width; j++)
			center[(Size) i * width + j] = ldexp(far[j + 1], run->space->scale);
		repairs++;
	}
	return repairs;
}

/*
 * The place of centre i for the rows of its cluster, into run->mean: their mean, or with a prior
 * the mean of these and of its rows, of which the centre of the prior is the mean.  False: no
 * rows at all.
 */
static bool
place_of(UsKmeansRun *run, int i)
{
	UsSums	   *s = &run->sums;
	const UsRunPrior *p = run->prior;
	const double *before = p ? p->center + (Size) i * s->width : NULL;
	double		share;

	if (s->weight[i] > 0)
		us_sums_mean(s, i, run->space->grid, run->mean);
	else if (p)
		memcpy(run->mean, before, sizeof(double) * s->width);
	else
		return false;
	if (p == NULL || p->weight[i] <= 0)
		return true;
	share = (double) s->weight[i] / ((double) s->weight[i] + p->weight[i]);
	for (int j = 0; j < s->width; j++)
		run->mean[j] = before[j] + (run->mean[j] - before[j]) * share;
	return true;
}

/*
 * What the objective has beside the inertia of the rows around their means, for centres in
 * their places: the distances between the means of rows and prior (Huygens).
 */
static double
prior_term(UsKmeansRun *run)
{
	UsSums	   *s = &run->sums;
	const UsRunPrior *p = run->prior;
	double		total = 0;

	if (p == NULL)
		return 0;
	for (int i = 0; i < s->k; i++)
	{
		double		w = (double) s->weight[i];

		if (w == 0 || p->weight[i] <= 0)
			continue;
		us_sums_mean(s, i, run->space->grid, run->mean);
		total += w * p->weight[i] / (w + p->weight[i]) *
			us_distance(US_METRIC_SQEUCLIDEAN, run->mean, p->center + (Size) i * s->width, s->width);
	}
	return total;
}

/* Centres move to their places; returns the sum of the squared distances that they moved. */
static double
update(UsKmeansRun *run, double *center)
{
	UsSums	   *s = &run->sums;
	double		moved = 0;

	for (int i = 0; i < s->k; i++)
	{
		double	   *c = center + (Size) i * s->width;

		if (!place_of(run, i))
			continue;
		for (int j = 0; j < s->width; j++)
		{
			double		d = run->mean[j] - c[j];

			moved += d * d;
			c[j] = run->mean[j];
		}
	}
	return moved;
}

/* The mean over the columns of their variance. */
static double
mean_variance(const UsKmeansRun *run)
{
	UsSums		all = us_sums_at(palloc(us_sums_bytes(1, run->sums.width)), 1, run->sums.width);
	double		variance;

	us_sums_clear(&all);
	for (int i = 0; i < run->sums.k; i++)
	{
		all.weight[0] += run->sums.weight[i];
		for (int j = 0; j < run->sums.width; j++)
			all.sum[j] += run->sums.sum[(Size) i * run->sums.width + j];
	}
	variance = us_sums_inertia(&all, run->squares, run->space->grid) /
		((double) all.weight[0] * run->sums.width);
	pfree(all.sum);
	return variance;
}

static int64
rows_of(const UsSums *s)
{
	int64		n = 0;

	for (int i = 0; i < s->k; i++)
		n += s->rows[i];
	return n;
}

void
us_kmeans_run_lloyd(UsKmeansRun *run, double *center, int k,
					int max_iter, double tolerance, UsRunResult *result)
{
	Size		bytes = us_sums_bytes(k, run->space->width);
	double		before = INFINITY;
	double		limit = 0;
	bool		current = true; /* the sums belong to the centres */

	memset(result, 0, sizeof(UsRunResult));
	run->area->k = k;
	run->area->fresh = true;
	run->sums.k = run->before.k = k;
	run->sums = us_sums_at(run->sums.sum, k, run->space->width);
	run->before = us_sums_at(run->before.sum, k, run->space->width);
	run->passes = 0;

	pass(run, center);
	if (tolerance > 0)
		limit = tolerance * mean_variance(run);
	while (result->iterations < max_iter)
	{
		double		moved = update(run, center);
		int			repairs = repair_empty(run, center);
		double		inertia = us_sums_inertia(&run->sums, run->squares, run->space->grid) +
			prior_term(run);

		result->iterations++;
		result->repairs += repairs;
		us_progress_note("iteration %d: inertia %.10g of " INT64_FORMAT " rows, centres moved %.3g",
						 result->iterations, ldexp(inertia, -run->space->weight_exponent),
						 rows_of(&run->sums), sqrt(moved));
		current = moved == 0 && repairs == 0;
		if (current || (repairs == 0 && inertia >= before) ||
			(repairs == 0 && moved <= limit))
		{
			result->converged = true;
			break;
		}
		before = repairs > 0 ? INFINITY : inertia;
		us_sums_copy(&run->before, &run->sums);
		pass(run, center);
		current = true;
		if (memcmp(run->before.sum, run->sums.sum, bytes) == 0)
		{
			/* the same rows again: these centres are their means */
			result->converged = true;
			break;
		}
	}
	if (!current)
		pass(run, center);
	for (int i = 0; i < FINAL_REPAIRS && repair_empty(run, center) > 0; i++)
	{
		result->repairs++;
		pass(run, center);
	}
	result->sums = run->sums;
	result->inertia = us_sums_inertia(&run->sums, run->squares, run->space->grid) +
		us_sums_between(&run->sums, center, run->space->grid);
	result->passes = run->passes;
}

const uint16 *
us_kmeans_run_labels(const UsKmeansRun *run)
{
	const UsKmeansArea *area = run->area;
	Size		bytes = sizeof(uint16) * US_CHUNK_ROWS * area->matrix.nchunks;
	uint16	   *labels;

	if (run->sql || run->shuffled || !area->keep || !us_budget_try(run->input->budget, bytes))
		return NULL;
	labels = (uint16 *) MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	memcpy(labels, (const char *) area + area->label_at, bytes);
	return labels;
}

void
us_kmeans_run_report(const UsKmeansRun *run, UsReport *details)
{
	const UsMatrix *m = &run->area->matrix;

	us_report_text(details, "strategy", run->sql ? "sql" : "local");
	us_report_int(details, "workers", us_team_joined(run->team));
	us_report_bool(details, "spilled", m->spilled && !run->sql);
	us_report_bool(details, "bounds", run->area->bounds);
	us_report_number(details, "matrix_mb", run->sql ? 0.0 :
					 (double) m->chunk_bytes * m->nchunks / (1024.0 * 1024.0));
	us_report_number(details, "memory_mb", (double) run->area_bytes / (1024.0 * 1024.0));
}

void
us_kmeans_run_end(UsKmeansRun *run)
{
	us_team_end(run->team);
}
