/*
 * select_task.c
 *	  Partitions of the points, of reference sets and of bootstrap samples, as tasks of a
 *	  team.
 *
 * Every item depends on the area, its number and the seed only, and writes to places of its
 * own, so it does not matter which member does what.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/algorithm.h"
#include "learn/select_task.h"
#include "stat/gap.h"
#include "stat/partition_metrics.h"

/* streams of random numbers: the points, each reference set, each bootstrap sample */
#define STREAM_REFERENCE	UINT64CONST(0x4741500000000000)
#define STREAM_BOOTSTRAP	UINT64CONST(0x424F4F5400000000)

/* largest mean of a Poisson number */
#define MOST_POISSON 1e9

/* rows between two checks for interrupts */
#define ROWS_A_CHECK 256

/* bytes that arenas round up */
#define ROUNDING ((Size) 2 * 2 * 1024 * 1024)

/* ---- the area ---- */

static Size
place(Size *at, Size bytes)
{
	Size		here = *at;

	*at = TYPEALIGN(US_BLOCK_ALIGN, here + bytes);
	return here;
}

/* Numbers of clusters of one replicate before those of k. */
static Size
clusters_before(const UsSelectArea *area, int k)
{
	return (Size) (k - area->lo) * (area->lo + k - 1) / 2;
}

Size
us_select_area_layout(UsSelectArea *area)
{
	int			n = area->n;
	int			width = area->width;
	int			nk;
	Size		at = 0;

	area->stride = (n + US_LANES - 1) / US_LANES * US_LANES;
	area->ncandidates = nk = area->hi - area->lo + 1;
	area->ncolumns = nk + (area->lo > 1);
	(void) place(&at, sizeof(UsSelectArea));
	area->grid_at = place(&at, sizeof(UsGrid) * width);
	area->back_at = place(&at, sizeof(float) * width);
	area->x_at = place(&at, sizeof(float) * area->stride * width);
	area->weight_at = place(&at, area->weighted ? sizeof(int64) * n : 0);
	area->rows_at = place(&at, area->repeated ? sizeof(int64) * n : 0);
	area->hash_at = place(&at, sizeof(uint64) * n);
	area->box_at = place(&at, us_gap_box_bytes(width));
	area->reference_grid_at = place(&at, sizeof(UsGrid) * width);
	area->label_at = place(&at, sizeof(uint16) * (Size) area->stride * nk);
	area->likelihood_at = place(&at, 2 * sizeof(double) * nk);
	area->log_w_at = place(&at, sizeof(double) * (1 + (Size) area->nreferences) * area->ncolumns);
	area->rand_at = place(&at, sizeof(double) * (Size) area->nbootstraps * nk);
	area->jaccard_at = place(&at, sizeof(double) * (Size) area->nbootstraps *
							 clusters_before(area, area->hi + 1));
	area->silhouette_at = place(&at, sizeof(double) * nk);
	return at;
}

Size
us_select_member_bytes(const UsSelectArea *area)
{
	int			n = Max(area->n, area->nreferences > 0 ? area->reference_rows : 0);
	int			width = area->width;
	Size		points = (Size) n * (sizeof(float) * (width + 1) + 3 * sizeof(int64));
	Size		compare = (Size) area->n * (2 * sizeof(int32) + sizeof(int64)) +
		sizeof(int64) * (Size) area->hi * area->hi;
	Size		silhouette = (Size) Min(area->n, area->measure.silhouette_rows) *
		(sizeof(float) * (width + 1) + sizeof(double)) +
		US_LANES * sizeof(float) * (Size) (width + 1) * area->hi;
	Size		path = us_algorithm_find(area->algorithm)->pathway->bytes(&area->settings, n, width,
																		  area->hi);

	return Max(points + compare + path + us_sums_bytes(area->hi, width), silhouette) + ROUNDING;
}

int64
us_select_path_items(const UsSelectArea *area)
{
	return 1 + (area->nreferences > 0 ? 1 + area->nreferences : 0);
}

int64
us_select_check_items(const UsSelectArea *area)
{
	return area->nbootstraps + area->ncandidates;
}

static uint16 *
labels_at(const UsSelectArea *area, int k)
{
	return (uint16 *) us_select_at(area, area->label_at) + (Size) (k - area->lo) * area->stride;
}

/* ---- points ---- */

void
us_select_put_points(UsSelectArea *area, const UsPoints *p)
{
	memcpy(us_select_at(area, area->grid_at), p->grid, sizeof(UsGrid) * p->width);
	memcpy(us_select_at(area, area->back_at), p->back, sizeof(float) * p->width);
	memcpy(us_select_at(area, area->x_at), p->x, sizeof(float) * area->stride * p->width);
	if (area->weighted)
		memcpy(us_select_at(area, area->weight_at), p->weight, sizeof(int64) * p->n);
	if (area->repeated)
		memcpy(us_select_at(area, area->rows_at), p->rows, sizeof(int64) * p->n);
	memcpy(us_select_at(area, area->hash_at), p->hash, sizeof(uint64) * p->n);
}

UsPoints *
us_select_points(const UsSelectArea *area, UsArena *arena)
{
	UsPoints   *p = (UsPoints *) us_arena_alloc(arena, offsetof(UsPoints, squares) +
												sizeof(int128) * (area->width + 1));

	p->n = area->n;
	p->nblocks = area->stride / US_LANES;
	p->width = area->width;
	p->x = (float *) us_select_at(area, area->x_at);
	p->weight = area->weighted ? (int64 *) us_select_at(area, area->weight_at) : NULL;
	p->rows = area->repeated ? (int64 *) us_select_at(area, area->rows_at) : NULL;
	p->mass = (float *) us_arena_array(arena, area->stride, sizeof(float));
	p->hash = (uint64 *) us_select_at(area, area->hash_at);
	p->grid = (UsGrid *) us_select_at(area, area->grid_at);
	p->scale = area->scale;
	p->back = (float *) us_select_at(area, area->back_at);
	us_points_complete(p);
	return p;
}

/* ---- reference sets ---- */

static UsGapBox
box_of(const UsSelectArea *area)
{
	return us_gap_box_at(us_select_at(area, area->box_at), area->width);
}

/* A point as a row in units of the columns, relative to their offsets. */
static double
point_row(const void *rows, int64 i, double *x)
{
	const UsPoints *p = (const UsPoints *) rows;
	const float *row = p->x + (Size) (i / US_LANES) * p->width * US_LANES + i % US_LANES;

	for (int j = 0; j < p->width; j++)
		x[j] = ldexp(row[j * US_LANES], p->scale);
	return p->mass[i];
}

void
us_select_fit_box(UsSelectArea *area, const UsPoints *p)
{
	UsGapBox	box = box_of(area);
	UsGrid	   *grid = (UsGrid *) us_select_at(area, area->reference_grid_at);
	double	   *reach = (double *) palloc(sizeof(double) * area->width);

	us_gap_box_fit(&box, point_row, p, p->n);
	us_gap_reach(&box, reach);
	for (int j = 0; j < area->width; j++)
	{
		double		r = area->settings.unit ? 1 : reach[j];

		grid[j] = us_grid_make(area->settings.unit ? 0 : box.center[j],
							   (area->settings.unit ? 0 : box.center[j]) - r,
							   (area->settings.unit ? 0 : box.center[j]) + r);
	}
	us_grids_level(grid, area->width);
	area->reference_scale = us_grids_scale(grid, area->width);
	pfree(reach);
}

/* x[width] to unit length; 0 stays. */
static void
to_unit(double *x, int width)
{
	double		length = 0;

	for (int j = 0; j < width; j++)
		length = hypot(length, x[j]);
	for (int j = 0; j < width && length > 0; j++)
		x[j] /= length;
}

/*
 * Reference set number b: rows drawn evenly from the box; for the cosine metric, brought to
 * unit length as the rows of the source are.
 */
static UsPoints *
reference_set(const UsSelectArea *area, int b, UsArena *arena)
{
	int			width = area->width;
	int			n = area->reference_rows;
	const UsGrid *grid = (const UsGrid *) us_select_at(area, area->reference_grid_at);
	UsGapBox	box = box_of(area);
	UsQuantiser *z = (UsQuantiser *) us_arena_array(arena, width, sizeof(UsQuantiser));
	float	   *back = (float *) us_arena_array(arena, width, sizeof(float));
	double	   *x = (double *) us_arena_array(arena, width, sizeof(double));
	float	   *coordinate = (float *) us_arena_array(arena, width, sizeof(float));
	UsPoints   *p = us_points_create(arena, n, width, grid, area->reference_scale, back, false, false);
	UsRandom	random;

	us_random_init(&random, area->seed, STREAM_REFERENCE + b);
	for (int j = 0; j < width; j++)
	{
		z[j] = us_quantiser(grid[j], area->reference_scale);
		back[j] = z[j].back;
	}
	for (int i = 0; i < n; i++)
	{
		if (i % ROWS_A_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		us_gap_draw(&box, &random, x);
		if (area->settings.unit)
			to_unit(x, width);
		for (int j = 0; j < width; j++)
			coordinate[j] = (float) (us_quantise(&z[j], x[j]) * z[j].down);
		us_points_set(p, i, coordinate);
		p->hash[i] = us_random_u64(&random);
	}
	us_points_complete(p);
	return p;
}

/* ---- paths ---- */

/* Where the partitions of a path go. */
typedef struct Path
{
	const UsSelectArea *area;
	const UsPoints *p;
	double	   *log_w;			/* of the candidates, or NULL */
	UsSums		sums;			/* room for hi clusters */

	/* bootstrap */
	const int32 *drawn;			/* [p->n] number of the point in the area */
	const int64 *count;			/* [p->n] how often it was drawn */
	int32	   *before;			/* [p->n] scratch */
	int32	   *after;
	double	   *rand;			/* [ncandidates] */
	double	   *jaccard;
} Path;

/* The distinct rows among n points, as far as it matters for hi clusters. */
static int
distinct_points(const UsPoints *p, int hi)
{
	float	   *x;
	int			distinct = 0;

	if (p->n >= 2 * hi)
		return p->n;
	x = (float *) palloc(sizeof(float) * p->n * p->width);
	for (int i = 0; i < p->n; i++)
	{
		float	   *row = x + (Size) distinct * p->width;
		bool		found = false;

		us_points_get(p, i, row);
		for (int o = 0; o < distinct && !found; o++)
			found = memcmp(x + (Size) o * p->width, row, sizeof(float) * p->width) == 0;
		distinct += !found;
	}
	pfree(x);
	return distinct;
}

static void
run_path(Path *path, UsPathEffort effort, double rows, uint64 seed, UsPathVisit visit)
{
	const UsSelectArea *area = path->area;
	UsPathTask	task;

	task.settings = &area->settings;
	task.points = path->p;
	task.complete = area->complete;
	task.lo = area->lo;
	task.hi = effort == US_PATH_THOROUGH ? area->hi : Min(area->hi, distinct_points(path->p, area->hi));
	task.effort = effort;
	task.seed = seed;
	if (task.hi >= task.lo)
		us_algorithm_find(area->algorithm)->pathway->run(&task, rows, visit, path);
}

/* Keep the labels of a candidate. */
static void
keep_labels(void *context, const UsPathStep *step)
{
	const UsSelectArea *area = ((Path *) context)->area;
	int			i = step->k - area->lo;
	double	   *likelihood = (double *) us_select_at(area, area->likelihood_at) + 2 * i;

	memcpy(labels_at(area, step->k), step->label, sizeof(uint16) * area->n);
	likelihood[0] = step->log_likelihood;
	likelihood[1] = step->n_parameters;
}

/* log (W / weight) of a partition. */
static double
log_w(Path *path, const uint16 *label, int k)
{
	const UsPoints *p = path->p;
	double		weight = 0;
	double		within;

	path->sums = us_sums_at(path->sums.sum, k, p->width);
	us_points_sums(p, label, &path->sums);
	for (int i = 0; i < k; i++)
		weight += (double) path->sums.weight[i];
	within = us_sums_inertia(&path->sums, p->squares, p->grid);
	return within > 0 ? log(within / weight) : -INFINITY;
}

static void
keep_log_w(void *context, const UsPathStep *step)
{
	Path	   *path = (Path *) context;

	path->log_w[step->k - path->area->lo] = log_w(path, step->label, step->k);
}

/*
 * Row b of log_w: 0 of the points, else of a reference set.  A path that has no partition into k
 * leaves it as it leaves its rows: nothing within the clusters.
 */
static void
find_log_w(const UsSelectArea *area, int b, UsArena *arena)
{
	double	   *row = (double *) us_select_at(area, area->log_w_at) + (Size) b * area->ncolumns;
	bool		one = area->lo > 1;
	Path		path = {0};

	path.area = area;
	path.p = b == 0 ? us_select_points(area, arena) : reference_set(area, b, arena);
	path.sums = us_sums_at(us_arena_alloc(arena, us_sums_bytes(area->hi, area->width)),
						   area->hi, area->width);
	path.log_w = row + one;
	for (int i = 0; i < area->ncolumns; i++)
		row[i] = -INFINITY;
	if (one)
	{
		const uint16 *label = (uint16 *) us_arena_array(arena, path.p->nblocks * US_LANES,
														sizeof(uint16));

		row[0] = log_w(&path, label, 1);
	}
	run_path(&path, US_PATH_QUICK, us_points_rows(path.p), us_mix64(area->seed, STREAM_REFERENCE + b),
			 keep_log_w);
}

static void
find_partitions(const UsSelectArea *area, UsArena *arena)
{
	Path		path = {0};

	path.area = area;
	path.p = us_select_points(area, arena);
	run_path(&path, US_PATH_THOROUGH, area->likelihood_rows, area->seed, keep_labels);
}

void
us_task_select_paths(UsTeamTask *task)
{
	const UsSelectArea *area = (const UsSelectArea *) task->area;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "select_k paths",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsArena    *arena = us_arena_create(context, NULL);
	int64		i;

	while (us_team_next(task, &i))
	{
		if (i == 0)
			find_partitions(area, arena);
		else
			find_log_w(area, (int) i - 1, arena);
		us_arena_reset(arena);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* ---- bootstrap ---- */

/*
 * Bootstrap sample m: every row of the source is in it a Poisson number of times of mean 1, which for many rows is
 * as good as drawing with replacement, and belongs to the row (J. A. Hanley and B. MacGibbon, "Creating
 * non-parametric bootstrap samples using Poisson frequencies", Computer Methods and Programs in
 * Biomedicine 83, 2006).  Only the points that were drawn are in it.
 */
static UsPoints *
bootstrap_sample(const UsSelectArea *area, const UsPoints *all, int m, UsArena *arena, Path *path)
{
	int32	   *drawn = (int32 *) us_arena_array(arena, all->n, sizeof(int32));
	int64	   *count = (int64 *) us_arena_array(arena, all->n, sizeof(int64));
	float	   *x = (float *) us_arena_array(arena, all->width, sizeof(float));
	uint64		seed = us_mix64(area->seed, STREAM_BOOTSTRAP + m);
	UsPoints   *p;
	int			n = 0;

	for (int i = 0; i < all->n; i++)
	{
		double		rows = all->rows ? Min((double) all->rows[i], MOST_POISSON) : 1;
		UsRandom	random;

		us_random_init(&random, seed, all->hash[i]);
		count[n] = us_random_poisson(&random, rows);
		drawn[n] = i;
		n += count[n] > 0;
	}
	p = us_points_create(arena, n, all->width, all->grid, all->scale, all->back, true, true);
	for (int i = 0; i < n; i++)
	{
		int			from = drawn[i];
		double		rows = all->rows ? Min((double) all->rows[from], MOST_POISSON) : 1;

		us_points_get(all, from, x);
		us_points_set(p, i, x);
		p->rows[i] = count[i];
		p->weight[i] = all->weight ?
			Max((int64) rint((double) all->weight[from] / rows * (double) count[i]), 1) : count[i];
		p->hash[i] = all->hash[from];
	}
	us_points_complete(p);
	path->drawn = drawn;
	path->count = count;
	return p;
}

/* Compare a partition of the sample with that of the candidate. */
static void
compare(void *context, const UsPathStep *step)
{
	Path	   *path = (Path *) context;
	const UsSelectArea *area = path->area;
	const uint16 *label = labels_at(area, step->k);
	double	   *jaccard = path->jaccard + clusters_before(area, step->k);
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "select_k comparison",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	UsContingency *t;

	for (int i = 0; i < path->p->n; i++)
	{
		path->before[i] = label[path->drawn[i]];
		path->after[i] = step->label[i];
	}
	t = us_contingency_make(path->before, step->k, path->after, step->k, path->count, path->p->n);
	path->rand[step->k - area->lo] = us_adjusted_rand(t);
	us_cluster_jaccard(t, jaccard);
	for (int i = 0; i < step->k; i++)
		if (t->a[i] == 0)
			jaccard[i] = NAN;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(own);
}

static void
find_stability(const UsSelectArea *area, int m, UsArena *arena)
{
	Size		nclusters = clusters_before(area, area->hi + 1);
	UsPoints   *all = us_select_points(area, arena);
	Path		path = {0};

	path.area = area;
	path.p = bootstrap_sample(area, all, m, arena, &path);
	path.before = (int32 *) us_arena_array(arena, path.p->n, sizeof(int32));
	path.after = (int32 *) us_arena_array(arena, path.p->n, sizeof(int32));
	path.rand = (double *) us_select_at(area, area->rand_at) + (Size) m * area->ncandidates;
	path.jaccard = (double *) us_select_at(area, area->jaccard_at) + (Size) m * nclusters;
	for (int i = 0; i < area->ncandidates; i++)
		path.rand[i] = NAN;
	for (Size i = 0; i < nclusters; i++)
		path.jaccard[i] = NAN;
	if (path.p->n > 0)
		run_path(&path, US_PATH_QUICK, us_points_rows(path.p), us_mix64(area->seed, STREAM_BOOTSTRAP + m),
				 compare);
}

static void
find_silhouette(const UsSelectArea *area, int i, UsArena *arena)
{
	int			k = area->lo + i;
	int			rows = Min(area->n, area->measure.silhouette_rows);
	double	   *silhouette = (double *) us_select_at(area, area->silhouette_at);

	silhouette[i] = us_figures_silhouette(area->settings.silhouette_metric, us_select_points(area, arena),
										  labels_at(area, k), k, rows);
}

void
us_task_select_checks(UsTeamTask *task)
{
	const UsSelectArea *area = (const UsSelectArea *) task->area;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "select_k checks",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsArena    *arena = us_arena_create(context, NULL);
	int64		i;

	while (us_team_next(task, &i))
	{
		if (i < area->nbootstraps)
			find_stability(area, (int) i, arena);
		else
			find_silhouette(area, (int) (i - area->nbootstraps), arena);
		us_arena_reset(arena);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
