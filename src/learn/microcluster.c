/*
 * microcluster.c
 *	  All rows of a source as a few thousand weighted prototypes.
 *
 * 1. The rows are encoded; on the way the distinct rows with the smallest hashes are sampled
 *	  (kmeans_sample.c).
 * 2. A code book of places is learned from the sample (microcluster_book.c).
 * 3. Every row goes to its place, and exact sums are kept (microcluster_task.c).
 *
 * So the places may be a little off, since only a sample knew of them, but what is known of
 * each prototype is exact.  The insertion of rows into a tree one after the other (T. Zhang, R.
 * Ramakrishnan, M. Livny, "BIRCH", SIGMOD 1996; A. Lang and E. Schubert, "BETULA: numerically
 * stable CF-trees for BIRCH clustering", SISAP 2020) would make the result depend on the
 * order of the rows; doc/internals.md has both measured.
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/kmeans_sample.h"
#include "learn/microcluster.h"
#include "learn/microcluster_task.h"
#include "math/distance.h"

/*
 * Rows of the sample for each prototype, and the most values that they have all together, as
 * long as there is the least number of rows for each.
 */
#define SAMPLE_ROWS_EACH	16
#define SAMPLE_VALUES		(1 << 22)
#define LEAST_ROWS_EACH		4

/* Seconds for a coordinate compared and for one summed up, and seconds of work worth a worker. */
#define SECONDS_A_STEP		4e-11
#define SECONDS_A_SUM		3e-9
#define SECONDS_A_WORKER	0.15

/* bytes that arenas may round up */
#define ROUNDING	((Size) 6 * 1024 * 1024)

typedef struct Build
{
	const UsFitInput *input;
	UsSpace    *space;
	int			max_n;
	UsTeam	   *team;
	UsMicroArea *area;
	bool		stored;			/* the encoded rows are in the area or the file of the team */
	UsArena    *arena;			/* points and book */
	UsPoints   *points;
	bool		complete;		/* the points are all rows */
} Build;

static int64
sample_rows(int max_n, int64 nrows, int width)
{
	int64		rows = Min((int64) SAMPLE_ROWS_EACH * max_n, SAMPLE_VALUES / width);

	rows = Max(rows, (int64) LEAST_ROWS_EACH * max_n);
	return Min(rows, nrows);
}

/* Bytes beside the area: the sampler, or the points and what learning takes. */
static Size
learning_bytes(const UsSpace *space, int64 rows, int max_n)
{
	Size		point = sizeof(float) * space->width + 2 * sizeof(int64) + sizeof(uint64) +
		sizeof(float) + sizeof(int32);

	return us_sampler_bytes(space, (int) rows) + rows * point +
		us_code_book_bytes((int) rows, space->width, max_n);
}

uint64
us_prototypes_bytes(int max_n, int64 nrows, int width)
{
	UsSpace		space = {.width = width, .weighted = true};
	UsMatrix	matrix = {.width = width};
	UsMicroArea layout;

	return us_micro_area_layout(&layout, &matrix, max_n, 1) +
		learning_bytes(&space, sample_rows(max_n, nrows, width), max_n) +
		(uint64) nrows * sizeof(float) * width;
}

/* As many workers as the parameter asks for, if the algorithm has it, else by the size of the work. */
static int
choose_workers(const Build *b, const UsParam *asked)
{
	const UsFrame *frame = b->input->frame;
	int			groups = us_code_book_groups(b->max_n);
	double		steps = groups + (double) b->max_n / groups;
	double		seconds = (double) frame->nrows * b->space->width *
		(steps * SECONDS_A_STEP + SECONDS_A_SUM);

	if (asked != NULL && !asked->is_null)
		return (int) asked->integer;
	return (int) Min(seconds / SECONDS_A_WORKER, (double) us_team_workers_allowed());
}

/*
 * The team and its area.  The encoded rows are kept in memory if there is room, in a file
 * if there are workers to read it; else they are encoded twice.
 */
static void
start(Build *b, Size reserve)
{
	UsBudget   *budget = b->input->budget;
	UsMatrix	m = us_matrix_layout(b->space, b->input->frame);
	Size		data = m.chunk_bytes * m.nchunks;
	Size		left = us_budget_left(budget);
	Size		free = left > reserve + ROUNDING ? left - reserve - ROUNDING : 0;
	const UsParam *asked = us_params_find(b->input->params, "workers");
	int			workers = choose_workers(b, asked);
	UsMicroArea layout;
	Size		bytes = us_micro_area_layout(&layout, &m, b->max_n, workers + 1);

	while (workers > 0 && bytes > free)
	{
		workers--;
		bytes = us_micro_area_layout(&layout, &m, b->max_n, workers + 1);
	}
	layout.matrix.spilled = bytes + data > free;
	b->stored = !layout.matrix.spilled || workers > 0;
	if (!layout.matrix.spilled)
	{
		layout.matrix.offset = bytes;
		bytes += data;
	}
	b->team = us_team_create(bytes, workers, asked != NULL && !asked->is_null, budget);
	b->area = (UsMicroArea *) us_team_area(b->team);
	memcpy(b->area, &layout, sizeof(UsMicroArea));
	memcpy((char *) b->area + layout.back_at, b->space->back, sizeof(float) * m.width);
}

/* About the mean of the squared distances from the offsets, in kernel coordinates. */
static double
mean_square(const Build *b)
{
	double		sum = 0;

	if (b->space->unit)
		return 1;
	for (int j = 0; j < b->space->width; j++)
	{
		double		sd = ldexp(us_encoder_column(b->input->encoder, j)->sd, -b->space->scale);

		sum += sd * sd;
	}
	return sum > 0 ? sum : 1;
}

/* Encode all rows, and draw the points. */
static void
load(Build *b, int64 rows)
{
	const UsFitInput *in = b->input;
	UsArena    *arena = us_arena_create(CurrentMemoryContext, in->budget);
	UsSampler  *sampler = us_sampler_create(b->space, (int) rows, in->seed, arena);

	us_sampler_prefer_far(sampler, mean_square(b));
	us_matrix_encode(&b->area->matrix, b->team, b->stored, b->space, in->frame, in->encoder,
					 NULL, us_sampler_visit, sampler);
	b->points = us_sampler_points(sampler, b->arena, &b->complete);
	us_arena_reset(arena);
	if (b->points->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has a weight")));
}

/* Sums of all rows by their places. */
static UsMicroSums
pass(Build *b)
{
	const UsFitInput *in = b->input;
	UsMicroSums sums;

	us_progress("micro-clusters", 0, 0);
	if (b->stored)
		us_team_run(b->team, "us_task_microcluster", us_task_microcluster,
					b->area->matrix.nchunks);
	else
		us_matrix_encode(&b->area->matrix, b->team, false, b->space, in->frame, in->encoder,
						 NULL, us_micro_visit, us_micro_visit_begin(b->area));
	sums = us_micro_area_sums(b->area, 0);
	for (int i = 1; i < us_team_members(b->team); i++)
	{
		UsMicroSums other = us_micro_area_sums(b->area, i);

		us_micro_sums_add(&sums, &other);
	}
	return sums;
}

/* ---- prototypes ---- */

static UsPrototypes *
prototypes_create(int n, int width)
{
	UsPrototypes *p = (UsPrototypes *) palloc(sizeof(UsPrototypes));

	p->n = n;
	p->width = width;
	p->center = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
												  sizeof(double) * n * width);
	p->weight = (double *) palloc(sizeof(double) * n);
	p->within = (double *) palloc0(sizeof(double) * n);
	return p;
}

/* A distinct row each. */
static UsPrototypes *
from_points(const Build *b)
{
	const UsPoints *points = b->points;
	int			width = points->width;
	double		unit = ldexp(1.0, -b->space->weight_exponent);
	UsPrototypes *p = prototypes_create(points->n, width);
	float	   *x = (float *) palloc(sizeof(float) * width);

	for (int i = 0; i < p->n; i++)
	{
		us_points_get(points, i, x);
		for (int j = 0; j < width; j++)
			p->center[(Size) i * width + j] = b->space->grid[j].offset +
				us_grid_relative(b->space->grid[j], x[j] * b->space->back[j]);
		p->weight[i] = points->weight ? points->weight[i] * unit : 1;
	}
	pfree(x);
	return p;
}

/* Sum over the columns of (sum of squares - S^2 / N), from exact sums. */
static double
within_of(const UsMicroSums *sums, int i, const UsGrid *grid)
{
	Size		at = (Size) i * sums->width;
	double		within = 0;

	for (int j = 0; j < sums->width; j++)
	{
		UsSums		one = {1, 1, sums->sum + at + j, sums->weight + i, sums->rows + i};

		within += us_sums_inertia(&one, sums->square + at + j, grid + j);
	}
	return within;
}

/* Those of the places that have rows. */
static UsPrototypes *
from_sums(const Build *b, const UsMicroSums *sums)
{
	const UsGrid *grid = b->space->grid;
	int			width = sums->width;
	double		unit = ldexp(1.0, -b->space->weight_exponent);
	UsPrototypes *p;
	int			n = 0;

	for (int i = 0; i < sums->n; i++)
		n += sums->weight[i] > 0;
	p = prototypes_create(n, width);
	n = 0;
	for (int i = 0; i < sums->n; i++)
	{
		double	   *c = p->center + (Size) n * width;

		if (sums->weight[i] == 0)
			continue;
		for (int j = 0; j < width; j++)
			c[j] = grid[j].offset +
				us_grid_relative(grid[j], (double) sums->sum[(Size) i * width + j] /
								 (double) sums->weight[i]);
		p->weight[n] = sums->weight[i] * unit;
		p->within[n] = within_of(sums, i, grid) * unit;
		n++;
	}
	return p;
}

static int
compare_prototypes(const void *a, const void *b, void *arg)
{
	const UsPrototypes *p = (const UsPrototypes *) arg;
	int			x = *(const int *) a;
	int			y = *(const int *) b;

	if (p->weight[x] != p->weight[y])
		return p->weight[x] > p->weight[y] ? -1 : 1;
	for (int j = 0; j < p->width; j++)
	{
		double		u = p->center[(Size) x * p->width + j];
		double		v = p->center[(Size) y * p->width + j];

		if (u != v)
			return u < v ? -1 : 1;
	}
	return 0;
}

/* The prototypes in the order that is promised. */
static UsPrototypes *
sorted(const UsPrototypes *p)
{
	UsPrototypes *to = prototypes_create(p->n, p->width);
	int		   *order = (int *) palloc(sizeof(int) * p->n);

	for (int i = 0; i < p->n; i++)
		order[i] = i;
	qsort_arg(order, p->n, sizeof(int), compare_prototypes, (void *) p);
	for (int i = 0; i < p->n; i++)
	{
		memcpy(to->center + (Size) i * p->width, p->center + (Size) order[i] * p->width,
			   sizeof(double) * p->width);
		to->weight[i] = p->weight[order[i]];
		to->within[i] = p->within[order[i]];
	}
	pfree(order);
	return to;
}

/* ---- details ---- */

/* The total sum of squares around the mean of all prototypes. */
static double
total_squares(const UsPrototypes *p)
{
	double		total = 0;
	double		weight = 0;

	for (int i = 0; i < p->n; i++)
	{
		weight += p->weight[i];
		total += p->within[i];
	}
	for (int j = 0; j < p->width; j++)
	{
		double		mean = 0;

		for (int i = 0; i < p->n; i++)
			mean += p->weight[i] / weight * p->center[(Size) i * p->width + j];
		for (int i = 0; i < p->n; i++)
		{
			double		d = p->center[(Size) i * p->width + j] - mean;

			total += p->weight[i] * d * d;
		}
	}
	return total;
}

static void
report(const Build *b, const UsPrototypes *p, int groups, UsReport *details)
{
	UsReport   *r = us_report_add_object(details, "microclusters");
	double		total = total_squares(p);
	double		within = 0;
	const UsMatrix *m = &b->area->matrix;

	for (int i = 0; i < p->n; i++)
		within += p->within[i];
	us_report_int(r, "prototypes", p->n);
	us_report_bool(r, "exact", groups == 0);
	us_report_int(r, "groups", groups);
	us_report_int(r, "sample_rows", b->points->n);
	us_report_number(r, "within_share", total > 0 ? within / total : 0);
	us_report_number(r, "largest_weight", p->weight[0]);
	us_report_int(r, "workers", us_team_joined(b->team));
	us_report_text(r, "rows_in", !b->stored ? "frame" : m->spilled ? "file" : "memory");
}

UsPrototypes *
us_prototypes_build(const UsFitInput *input, int max_n, bool unit, UsReport *details)
{
	Build		b = {0};
	UsPrototypes *p;
	int64		rows;
	int			groups = 0;

	Assert(max_n >= 1 && max_n <= US_MAX_CENTERS);
	b.input = input;
	b.space = us_space_create(input->encoder, input->frame, unit);
	b.max_n = max_n;
	b.arena = us_arena_create(CurrentMemoryContext, input->budget);
	rows = sample_rows(max_n, input->frame->nrows, b.space->width);
	start(&b, learning_bytes(b.space, rows, max_n));
	load(&b, rows);
	if (b.complete && b.points->n <= max_n)
		p = from_points(&b);
	else
	{
		UsArena    *work = us_arena_create(CurrentMemoryContext, input->budget);
		UsCodeBook *book = us_code_book_learn(b.points, Min(max_n, b.points->n),
												   input->seed, b.arena, work);
		UsMicroSums sums;

		us_arena_reset(work);
		us_micro_area_set_book(b.area, book);
		groups = book->groups;
		sums = pass(&b);
		p = from_sums(&b, &sums);
	}
	p = sorted(p);
	report(&b, p, groups, details);
	us_team_end(b.team);
	us_arena_reset(b.arena);
	return p;
}
