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

	return us_micro_area_layout(&layout, &matrix, max_n, 1, false) +
		2 * sizeof(uint16) * (uint64) nrows +
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
start(Build *b, Size learning, Size reserve)
{
	UsBudget   *budget = b->input->budget;
	UsMatrix	m = us_matrix_layout(b->space, b->input->frame);
	Size		data = m.chunk_bytes * m.nchunks;
	Size		left = us_budget_left(budget);
	Size		free = left > learning + ROUNDING ? left - learning - ROUNDING : 0;
	Size		cells = sizeof(uint16) * US_CHUNK_ROWS * m.nchunks;
	bool		keep = left >= reserve && left - reserve >= cells && free >= 2 * cells;	/* twice: once outside the area */
	const UsParam *asked = us_params_find(b->input->params, "workers");
	int			workers = choose_workers(b, asked);
	UsMicroArea layout;
	Size		bytes;

	if (keep)
		free -= cells;
	bytes = us_micro_area_layout(&layout, &m, b->max_n, workers + 1, keep);
	while (workers > 0 && bytes > free)
		bytes = us_micro_area_layout(&layout, &m, b->max_n, --workers + 1, keep);
	if (keep && bytes > free)
		bytes = us_micro_area_layout(&layout, &m, b->max_n, workers + 1, keep = false);
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
	UsPrototypes *p = (UsPrototypes *) palloc0(sizeof(UsPrototypes));

	p->n = n;
	p->width = width;
	p->center = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
												  sizeof(double) * n * width);
	p->weight = (double *) palloc(sizeof(double) * n);
	p->within = (double *) palloc0(sizeof(double) * n);
	p->rows = (int64 *) palloc(sizeof(int64) * n);
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
		p->rows[i] = points->rows ? points->rows[i] : 1;
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

/* Those of the places that have rows; number[] of each place, -1 for the others. */
static UsPrototypes *
from_sums(const Build *b, const UsMicroSums *sums, int *number)
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

		number[i] = -1;
		if (sums->weight[i] == 0)
			continue;
		number[i] = n;
		for (int j = 0; j < width; j++)
			c[j] = grid[j].offset +
				us_grid_relative(grid[j], (double) sums->sum[(Size) i * width + j] /
								 (double) sums->weight[i]);
		p->weight[n] = sums->weight[i] * unit;
		p->within[n] = within_of(sums, i, grid) * unit;
		p->rows[n] = sums->rows[i];
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

/* The prototypes in the order that is promised; rank[n] is the place of each of those before. */
static UsPrototypes *
sorted(const UsPrototypes *p, int *rank)
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
		to->rows[i] = p->rows[order[i]];
		rank[order[i]] = i;
	}
	pfree(order);
	return to;
}

/*
 * What a row needs to find its prototype: the places that have one, number[] of each place.  A place that no row is
 * nearest to can be left out, no row goes elsewhere without it.
 */
static UsCells *
make_cells(const Build *b, const UsCodeBook *from, const int *number, int n)
{
	UsCells    *c = (UsCells *) palloc0(sizeof(UsCells));
	UsCodeBook *to = &c->book;
	Size		row = sizeof(float) * from->width;

	c->unit = b->space->unit;
	c->grid = b->space->grid;
	c->prototype = (int32 *) palloc(sizeof(int32) * n);
	to->width = from->width;
	to->group = (float *) MemoryContextAllocHuge(CurrentMemoryContext, row * from->groups);
	to->start = (int *) palloc0(sizeof(int) * (from->groups + 1));
	to->place = (float *) MemoryContextAllocHuge(CurrentMemoryContext, row * n);
	for (int g = 0; g < from->groups; g++)
	{
		int			before = to->n;

		for (int i = from->start[g]; i < from->start[g + 1]; i++)
		{
			if (number[i] < 0)
				continue;
			memcpy(to->place + (Size) to->n * to->width, from->place + (Size) i * to->width, row);
			c->prototype[to->n++] = number[i];
		}
		if (to->n == before)
			continue;
		memcpy(to->group + (Size) to->groups * to->width, from->group + (Size) g * to->width, row);
		to->start[++to->groups] = to->n;
	}
	us_cells_prepare(c);
	return c;
}

/*
 * The prototypes of the rows, if there is memory for them, and no row that counts for nothing is alone in its
 * place.
 */
static uint16 *
prototypes_of_rows(const Build *b, const UsMicroSums *sums, const int *number)
{
	Size		n = (Size) US_CHUNK_ROWS * b->area->matrix.nchunks;
	const uint16 *cell = us_micro_area_cells(b->area);
	uint16	   *of_row;

	for (int i = 0; i < sums->n; i++)
		if (number[i] < 0 && sums->rows[i] > 0)
			return NULL;
	if (!b->area->keep || !us_budget_try(b->input->budget, n * sizeof(uint16)))
		return NULL;
	of_row = (uint16 *) MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(uint16));
	for (Size i = 0; i < n; i++)
		of_row[i] = (uint16) Max(number[cell[i]], 0);	/* rows that are not there have any */
	return of_row;
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

/* Prototypes by the places of a code book. */
static UsPrototypes *
from_book(Build *b, int *groups)
{
	UsArena    *work = us_arena_create(CurrentMemoryContext, b->input->budget);
	UsCodeBook *book = us_code_book_learn(b->points, Min(b->max_n, b->points->n), b->input->seed, b->arena, work);
	int		   *number = (int *) palloc(sizeof(int) * book->n);
	int		   *rank = (int *) palloc(sizeof(int) * book->n);
	UsMicroSums sums;
	UsPrototypes *p;

	us_arena_reset(work);
	us_micro_area_set_book(b->area, book);
	*groups = book->groups;
	sums = pass(b);
	p = sorted(from_sums(b, &sums, number), rank);
	for (int i = 0; i < book->n; i++)
		if (number[i] >= 0)
			number[i] = rank[number[i]];
	p->cells = make_cells(b, book, number, p->n);
	p->of_row = prototypes_of_rows(b, &sums, number);
	pfree(number);
	pfree(rank);
	return p;
}

UsPrototypes *
us_prototypes_build(const UsFitInput *input, int max_n, bool unit, Size reserve, UsReport *details)
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
	start(&b, learning_bytes(b.space, rows, max_n), reserve);
	load(&b, rows);
	if (b.complete && b.points->n <= max_n)
	{
		p = from_points(&b);
		p = sorted(p, (int *) palloc(sizeof(int) * p->n));
	}
	else
		p = from_book(&b, &groups);
	report(&b, p, groups, details);
	us_team_end(b.team);
	us_arena_reset(b.arena);
	return p;
}
