/*
 * select.c
 *	  Numbers of clusters compared on the same rows.
 *
 * 1. All rows are encoded; the distinct ones, or a sample of them (kmeans_sample.c), are points in
 *	  an area that the members of a team share.
 * 2. Phase one, item by item whoever is free: the partitions of the points for each k, as in training; the same
 *	  quickly, and of reference sets, for the gap statistic, which so compares like with like.
 * 3. Phase two: partitions of bootstrap samples, compared with those of the points; silhouettes.
 * 4. The other criteria, and the recommendation (recommend.c).
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/kmeans_sample.h"
#include "learn/recommend.h"
#include "learn/select.h"
#include "learn/select_task.h"
#include "stat/gap.h"

/* Seconds for one coordinate compared, for a pair of rows of a silhouette and column, and seconds of work worth a worker. */
#define SECONDS_A_STEP		5e-11
#define SECONDS_A_PAIR		1e-10
#define SECONDS_A_WORKER	0.15

typedef struct Select
{
	const UsSelectPlan *plan;
	UsSelection *out;
	const UsPathway *pathway;
	UsSpace    *space;
	UsSelectArea layout;
	UsArena    *arena;			/* of the sample */
	UsPoints   *points;
	UsTeam	   *team;
	UsSelectArea *area;
	Size		members_bytes;	/* taken from the budget for all members */
} Select;

static void
warn(UsSelection *out, char *text)
{
	Size		bytes = (out->n_warnings + 1) * sizeof(char *);

	out->warnings = (char **) (out->warnings ? repalloc(out->warnings, bytes) : palloc(bytes));
	out->warnings[out->n_warnings++] = text;
}

static void
read_settings(Select *s)
{
	const UsSelectPlan *plan = s->plan;
	UsSelectArea *a = &s->layout;

	strlcpy(a->algorithm, plan->algorithm->name, sizeof(a->algorithm));
	s->pathway->settings(plan->params, &a->settings);
	if (plan->criterion != NULL && !us_criterion_find(plan->criterion, &a->settings.criterion))
	{
		StringInfoData names;

		initStringInfo(&names);
		for (int i = 0; i < US_CRITERIA; i++)
			appendStringInfo(&names, "%s\"%s\"", i ? ", " : "", us_criterion_name((UsCriterion) i));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no criterion \"%s\"", plan->criterion),
				 errhint("Criteria are %s.", names.data)));
	}
	a->seed = plan->seed;
	a->lo = plan->lo;
	a->hi = plan->hi;
	a->nreferences = plan->nreferences;
	a->nbootstraps = plan->nbootstraps;
	a->width = us_encoder_width(plan->encoder);
	a->measure.silhouette_rows = a->settings.silhouette_rows;
}

/* Bytes for points of n rows: the sampler, the points, the area and one member. */
static Size
bytes_for(const Select *s, int64 n)
{
	UsSelectArea a = s->layout;

	a.n = a.reference_rows = (int) n;
	a.weighted = a.repeated = true;
	a.measure.silhouette_rows = Min(a.measure.silhouette_rows, (int) n);
	return us_sampler_bytes(s->space, (int) n) +
		n * (sizeof(float) * (a.width + 1) + 3 * sizeof(int64)) +
		us_select_area_layout(&a) + us_select_member_bytes(&a);
}

/* Rows of the sample that fit. */
static int
capacity(Select *s)
{
	int64		wanted = us_sample_rows(s->layout.settings.sample_rows, s->plan->frame->nrows,
										s->layout.width, s->layout.hi);
	int64		rows = wanted;
	Size		room = us_budget_left(s->plan->budget) / 8 * 7;

	while (rows > US_LEAST_SAMPLE_ROWS && rows > 2 * s->layout.hi && bytes_for(s, rows) > room)
		rows /= 2;
	if (rows < wanted)
		warn(s->out,
			 psprintf("partitions were compared on a sample of " INT64_FORMAT " rows instead of " INT64_FORMAT
					  ", since userseg.max_memory leaves %.1f MB for it",
					  rows, wanted, room / (1024.0 * 1024.0)));
	return (int) rows;
}

static void
check_distinct(Select *s, bool complete)
{
	UsSelectArea *a = &s->layout;
	int			distinct = s->points->n;
	const char *what = complete ? "the source" : "the sample of the source";

	if (distinct == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has a weight")));
	if (a->hi <= distinct)
		return;
	if (a->lo > distinct)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k_min is %d, but %s has only %d distinct rows", a->lo, what, distinct),
				 errdetail(INT64_FORMAT " rows, %d encoded columns.", s->plan->frame->nrows, a->width),
				 errhint("Use a k_min of at most %d, or more columns.", distinct)));
	warn(s->out, psprintf("k_max is %d, but %s has only %d distinct rows: larger k are left out",
						  a->hi, what, distinct));
	a->hi = distinct;
}

/* Encode all rows, and draw the points. */
static void
load(Select *s)
{
	UsFrame    *frame = s->plan->frame;
	UsMatrix	matrix = us_matrix_layout(s->space, frame);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, s->plan->budget);
	int			rows = capacity(s);
	UsSampler  *sampler = us_sampler_create(s->space, rows, s->plan->seed, arena);
	UsSelectArea *a = &s->layout;

	us_matrix_encode(&matrix, NULL, false, s->space, frame, s->plan->encoder, NULL,
					 us_sampler_visit, sampler);
	s->points = us_sampler_points(sampler, s->arena, &a->complete);
	us_arena_reset(arena);
	check_distinct(s, a->complete);
	a->n = s->points->n;
	a->scale = s->points->scale;
	a->weighted = s->points->weight != NULL;
	a->repeated = s->points->rows != NULL;
	a->measure.rows = a->likelihood_rows = us_points_rows(s->points);
	a->measure.weight_unit = ldexp(1.0, -s->space->weight_exponent);
	if (a->settings.weight_counts && a->weighted)
	{
		a->likelihood_rows = 0;
		for (int i = 0; i < a->n; i++)
			a->likelihood_rows += (double) s->points->weight[i] * a->measure.weight_unit;
	}
	a->reference_rows = (int) Min(a->measure.rows, (double) Max(rows, a->n));
}

/* Parallel workers by the size of the work, as far as the budget has memory for them. */
static int
choose_workers(const Select *s, Size area_bytes)
{
	const UsSelectArea *a = &s->layout;
	int			silhouettes = Min(a->n, a->measure.silhouette_rows);
	double		seconds;
	Size		member = us_select_member_bytes(a);
	Size		left = us_budget_left(s->plan->budget);
	double		room = left > area_bytes ? (double) (left - area_bytes) / member - 1 : 0;
	double		workers = a->settings.workers;

	seconds = SECONDS_A_STEP *
		(s->pathway->work(&a->settings, a->n, a->width, a->lo, a->hi, US_PATH_THOROUGH) +
		 (1.0 + a->nbootstraps) * s->pathway->work(&a->settings, a->n, a->width, a->lo, a->hi,
												   US_PATH_QUICK) +
		 a->nreferences * s->pathway->work(&a->settings, a->reference_rows, a->width, a->lo, a->hi,
										   US_PATH_QUICK)) +
		SECONDS_A_PAIR * silhouettes * silhouettes * a->width * (a->hi - a->lo + 1);
	if (workers < 0)
		workers = Min(floor(seconds / SECONDS_A_WORKER), us_team_workers_allowed());
	return (int) Max(Min(workers, floor(room)), 0);
}

/* The team, and its area filled. */
static void
start(Select *s)
{
	Size		bytes = us_select_area_layout(&s->layout);
	int			workers = choose_workers(s, bytes);
	Size		member = us_select_member_bytes(&s->layout);

	s->members_bytes = member * (workers + 1);
	us_budget_take(s->plan->budget, s->members_bytes, "partitions for the comparison of numbers of clusters");
	s->team = us_team_create(bytes, workers, s->layout.settings.workers > 0, s->plan->budget);
	s->area = (UsSelectArea *) us_team_area(s->team);
	memcpy(s->area, &s->layout, sizeof(UsSelectArea));
	us_select_put_points(s->area, s->points);
	if (s->area->nreferences > 0)
		us_select_fit_box(s->area, s->points);
}

/* ---- figures ---- */

/* Gap and its error into the figures, and the structure. */
static void
take_gap(Select *s, UsFigures *figures)
{
	const UsSelectArea *a = s->area;
	const double *log_w = (const double *) us_select_at(a, a->log_w_at);
	const double *reference = log_w + a->ncolumns;
	int			before = a->ncolumns - a->ncandidates;
	double	   *gap = (double *) palloc(sizeof(double) * a->ncolumns);
	double	   *se = (double *) palloc(sizeof(double) * a->ncolumns);
	int			at;

	s->out->structure = NAN;
	if (a->nreferences == 0)
		return;
	us_gap(log_w, reference, a->nreferences, a->ncolumns, gap, se);
	for (int i = 0; i < a->ncandidates; i++)
	{
		figures[i].gap = gap[i + before];
		figures[i].gap_se = se[i + before];
	}
	s->out->structure = us_gap_structure(log_w, reference, a->nreferences, a->ncolumns, &at);
}

/* The mean of x[n * stride], every stride-th, that are not NaN; NaN if all are. */
static double
mean_of(const double *x, int n, Size stride)
{
	double		sum = 0;
	int			known = 0;

	for (int i = 0; i < n; i++)
		if (!isnan(x[i * stride]))
		{
			sum += x[i * stride];
			known++;
		}
	return known > 0 ? sum / known : NAN;
}

static void
take_stability(const UsSelectArea *a, int i, UsFigures *f)
{
	const double *rand = (const double *) us_select_at(a, a->rand_at) + i;
	Size		nclusters = (Size) a->ncandidates * (a->lo + a->hi) / 2;
	const double *jaccard = (const double *) us_select_at(a, a->jaccard_at) +
		(Size) i * (a->lo + f->k - 1) / 2;

	if (a->nbootstraps == 0)
		return;
	f->stability = mean_of(rand, a->nbootstraps, a->ncandidates);
	f->jaccard = (double *) palloc(sizeof(double) * f->k);
	for (int c = 0; c < f->k; c++)
		f->jaccard[c] = mean_of(jaccard + c, a->nbootstraps, nclusters);
}

/* The sums of the partition of candidate i, in memory for k = hi. */
static UsSums
sums_of(const Select *s, int i, UsSums memory)
{
	const UsSelectArea *a = s->area;
	UsSums		sums = us_sums_at(memory.sum, a->lo + i, a->width);

	us_points_sums(s->points, (const uint16 *) us_select_at(a, a->label_at) + (Size) i * a->stride, &sums);
	return sums;
}

/* Where the gap statistic sees no structure: do the rows stand in heaps?  On a sphere even rows do on some lines, so not there. */
static void
look_for_heaps(Select *s, UsEvidence *e, UsSums memory)
{
	int			i = us_recommend_in_doubt(e);

	if (i < 0 || s->area->settings.unit)
		return;
	memory = sums_of(s, i, memory);
	e->modes = us_modes(s->points, &memory, s->plan->seed, s->plan->budget);
}

/* Number the clusters of a candidate by their size, the largest first; of equal ones, by their first point. */
static void
order_clusters(const UsSums *sums, int *order)
{
	for (int i = 0; i < sums->k; i++)
	{
		int			at = i;

		while (at > 0 && sums->rows[order[at - 1]] < sums->rows[i])
		{
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
}

/* Rows of each cluster, as many as the points stand for. */
static void
count_rows(const UsPoints *p, const uint16 *label, UsSums *sums)
{
	memset(sums->rows, 0, sizeof(int64) * sums->k);
	for (int i = 0; i < p->n; i++)
		sums->rows[label[i]] += p->rows ? p->rows[i] : 1;
}

static void
take_sizes(UsSelectRow *row, const UsSums *sums)
{
	int			k = sums->k;
	int		   *order = (int *) palloc(sizeof(int) * k);
	double	   *jaccard = row->figures.jaccard ? (double *) palloc(sizeof(double) * k) : NULL;

	order_clusters(sums, order);
	row->size = (int64 *) palloc(sizeof(int64) * k);
	for (int i = 0; i < k; i++)
	{
		row->size[i] = sums->rows[order[i]];
		if (jaccard != NULL)
			jaccard[i] = row->figures.jaccard[order[i]];
	}
	row->figures.jaccard = jaccard;
	pfree(order);
}

static void
measure(Select *s)
{
	const UsSelectArea *a = s->area;
	const double *likelihood = (const double *) us_select_at(a, a->likelihood_at);
	const double *silhouette = (const double *) us_select_at(a, a->silhouette_at);
	int			n = a->ncandidates;
	UsFigures  *figures = (UsFigures *) palloc(sizeof(UsFigures) * n);
	char	  **reason = (char **) palloc0(sizeof(char *) * n);
	UsEvidence	evidence = {figures, n, a->settings.criterion, NAN, 0, {NAN, NAN}};
	UsSums		sums = us_sums_at(MemoryContextAllocHuge(CurrentMemoryContext, us_sums_bytes(a->hi, a->width)),
								  a->hi, a->width);
	int			best;

	s->out->n = n;
	s->out->row = (UsSelectRow *) palloc0(sizeof(UsSelectRow) * n);
	for (int i = 0; i < n; i++)
	{
		const uint16 *label = (const uint16 *) us_select_at(a, a->label_at) + (Size) i * a->stride;
		UsFigures  *f = &figures[i];

		us_progress("measure", i, n);
		us_figures_init(f, a->lo + i);
		sums = sums_of(s, i, sums);
		us_figures_measure(f, s->points, label, &sums, &a->measure);
		if (!isnan(likelihood[2 * i]))
			us_figures_information(f, likelihood[2 * i], likelihood[2 * i + 1],
								  a->likelihood_rows);
		f->silhouette = silhouette[i];
		take_stability(a, i, f);
		count_rows(s->points, label, &sums);
		s->out->row[i].figures = *f;
		take_sizes(&s->out->row[i], &sums);
		f->jaccard = s->out->row[i].figures.jaccard;
	}
	take_gap(s, figures);
	evidence.structure = s->out->structure;
	evidence.critical = us_gap_critical(a->nreferences, a->ncolumns);
	look_for_heaps(s, &evidence, sums);
	s->out->dip = evidence.modes.dip;
	best = us_recommend(&evidence, reason);
	for (int i = 0; i < n; i++)
	{
		s->out->row[i].figures = figures[i];
		s->out->row[i].recommended = i == best;
		s->out->row[i].reason = reason[i];
	}
	if (best < 0 && !(evidence.structure <= evidence.critical))
		warn(s->out, psprintf("no k is recommended, since the criterion \"%s\" is not defined for any",
							  us_criterion_name(evidence.criterion)));
}

void
us_select_k(const UsSelectPlan *plan, UsSelection *out)
{
	Select		s = {0};

	memset(out, 0, sizeof(UsSelection));
	s.plan = plan;
	s.out = out;
	s.pathway = plan->algorithm->pathway;
	read_settings(&s);
	s.space = us_space_create(plan->encoder, plan->frame, s.layout.settings.unit);
	s.arena = us_arena_create(CurrentMemoryContext, plan->budget);
	load(&s);
	start(&s);
	us_progress("partitions of the rows and of reference sets", 0, 0);
	us_team_run(s.team, "us_task_select_paths", us_task_select_paths, us_select_path_items(s.area));
	us_progress("partitions of bootstrap samples, silhouettes", 0, 0);
	us_team_run(s.team, "us_task_select_checks", us_task_select_checks, us_select_check_items(s.area));
	measure(&s);

	out->criterion = s.area->settings.criterion;
	out->rows = s.area->measure.rows;
	out->distinct_rows = s.area->n;
	out->complete = s.area->complete;
	out->components = s.area->width <= US_GAP_MOST_COMPONENTS;
	out->reference_rows = s.area->nreferences > 0 ? s.area->reference_rows : 0;
	out->workers = us_team_joined(s.team);
	us_team_end(s.team);
	us_budget_release(plan->budget, s.members_bytes);
	us_arena_reset(s.arena);
}
