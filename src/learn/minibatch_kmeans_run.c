/*
 * minibatch_kmeans_run.c
 *	  Mini-batch k-means over the shuffled rows of a run.
 *
 * Within a batch all sums are exact, and batches follow one another in an order that the seed
 * decides: the centres are equal bit for bit for any order of the source, in memory and spilled.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/minibatch_kmeans_run.h"
#include "math/exact_sum.h"
#include "math/random.h"

/* starved centres are looked for after so many rows a cluster */
#define ROWS_BETWEEN_LOOKS	10

typedef struct Batches
{
	UsKmeansRun *run;
	const UsSpace *space;
	const UsBatchPlan *plan;
	const UsMatrix *m;
	UsTeam	   *team;
	double	   *center;
	double	   *count;
	UsBatchResult *result;
	UsRandom	random;

	int		   *order;			/* [nchunks] of this pass */
	void	   *buffer;			/* of a spilled chunk */
	float	   *coordinate;		/* [k][width] kernel coordinates of the centres */
	double	   *mean;			/* [width] */

	/* the batch at hand */
	UsSums		sums;
	UsExactSum	inertia;		/* of weight * squared distance, kernel coordinates */
	int			rows;			/* of it so far */
	uint16	   *label;			/* [US_CHUNK_ROWS] of the piece of a chunk that came last */
	float	   *distance;
	double	   *product;
	const float *x;				/* that piece */
	int			piece;			/* its rows */

	/* smoothed */
	double		total;			/* weight of all rows */
	double		unit;			/* kernel coordinates to units of the columns, squared */
	double		smoothed;		/* NaN: no batch yet */
	double		least;
	double		moved;			/* NaN: no batch yet */
	double		limit;			/* of moved */
	int			failures;		/* batches in a row without a gain */
	int64		rows_unseen;	/* rows since starved centres were looked for */
} Batches;

/* ---- one batch ---- */

static void
begin_batch(Batches *b)
{
	us_sums_clear(&b->sums);
	memset(&b->inertia, 0, sizeof(UsExactSum));
	b->rows = 0;
	for (Size i = 0; i < (Size) b->plan->k * b->m->width; i++)
		b->coordinate[i] = us_grid_coordinate(b->center[i], b->space->scale);
}

/* Rows from .. from + n of a chunk join the batch; from is a multiple of US_LANES. */
static void
take_piece(Batches *b, const UsMatrixChunk *chunk, int from, int n)
{
	const int64 *weight = chunk->weight ? chunk->weight + from : NULL;

	b->x = chunk->x + (Size) from * b->m->width;
	b->piece = n;
	us_nearest_blocks(b->x, (n + US_LANES - 1) / US_LANES, b->m->width, b->coordinate,
					  b->plan->k, b->label, b->distance);
	us_sums_blocks(&b->sums, b->x, n, b->space->back, weight, b->label);
	for (int i = 0; i < n; i++)
		b->product[i] = (double) b->distance[i] * (weight ? (double) weight[i] : 1.0);
	(void) us_exact_add_array(&b->inertia, b->product, n);
	b->rows += n;
}

/* Centres move to the means of all their rows so far; returns the sum of their squared moves. */
static double
move_centers(Batches *b)
{
	double		moved = 0;

	for (int i = 0; i < b->plan->k; i++)
	{
		double		w = (double) b->sums.weight[i];
		double	   *c = b->center + (Size) i * b->m->width;

		if (w == 0)
			continue;
		b->count[i] += w;
		us_sums_mean(&b->sums, i, b->space->grid, b->mean);
		for (int j = 0; j < b->m->width; j++)
		{
			double		d = (b->mean[j] - c[j]) * (w / b->count[i]);

			c[j] += d;
			moved += d * d;
		}
	}
	return moved;
}

/* ---- starved centres ---- */

/* A row of the last piece, drawn by weight and squared distance; -1 when all are on centres. */
static int
draw_row(Batches *b)
{
	double		total = 0;
	double		at;

	for (int i = 0; i < b->piece; i++)
		total += b->product[i];
	if (total <= 0)
		return -1;
	at = us_random_double(&b->random) * total;
	for (int i = 0; i < b->piece; i++)
	{
		at -= b->product[i];
		if (at < 0 && b->product[i] > 0)
			return i;
	}
	for (int i = b->piece - 1; i >= 0; i--)
		if (b->product[i] > 0)
			return i;
	return -1;
}

/* Put starved centres to rows of the batch, at most half as many as it has. */
static void
feed_starved(Batches *b)
{
	int			k = b->plan->k;
	int			width = b->m->width;
	int			left = b->piece / 2;
	double		largest = 0;
	double		smallest = INFINITY;

	for (int i = 0; i < k; i++)
		largest = fmax(largest, b->count[i]);
	for (int i = 0; i < k; i++)
		if (b->count[i] > 0 && b->count[i] >= b->plan->starved * largest)
			smallest = fmin(smallest, b->count[i]);
	for (int i = 0; i < k && left > 0; i++)
	{
		int			r;
		const float *row;

		if (b->count[i] > 0 && b->count[i] >= b->plan->starved * largest)
			continue;
		r = draw_row(b);
		if (r < 0)
			break;
		row = b->x + (Size) (r / US_LANES) * width * US_LANES + r % US_LANES;
		for (int j = 0; j < width; j++)
			b->center[(Size) i * width + j] = ldexp(row[j * US_LANES], b->space->scale);
		b->count[i] = isfinite(smallest) ? smallest : 1;
		b->product[r] = 0;		/* not twice */
		b->result->reassigned++;
		left--;
	}
}

static void
look_for_starved(Batches *b)
{
	bool		untouched = false;

	b->rows_unseen += b->rows;
	for (int i = 0; i < b->plan->k; i++)
		untouched = untouched || b->count[i] == 0;
	if (!untouched && b->rows_unseen < (int64) ROWS_BETWEEN_LOOKS * b->plan->k)
		return;
	b->rows_unseen = 0;
	feed_starved(b);
}

/* ---- when to end ---- */

/* Is it good enough?  The first batch only says what the start was like. */
static bool
is_settled(Batches *b, double weight, double moved)
{
	double		inertia = us_exact_round(&b->inertia) * b->unit / weight;
	double		rate = fmin(2 * weight / (b->total + weight / b->rows), 1);

	if (b->result->batches == 1)
		return false;
	if (isnan(b->smoothed))
	{
		b->smoothed = inertia;
		b->moved = moved;
	}
	else
	{
		b->smoothed = b->smoothed * (1 - rate) + inertia * rate;
		b->moved = b->moved * (1 - rate) + moved * rate;
	}
	if (b->smoothed < b->least)
	{
		b->least = b->smoothed;
		b->failures = 0;
	}
	else
		b->failures++;
	us_progress_note("batch %d: smoothed inertia a row %.10g, centres moved %.3g",
					 b->result->batches, b->smoothed, sqrt(b->moved));
	return (b->limit > 0 && b->moved <= b->limit) ||
		(b->plan->patience > 0 && b->failures >= b->plan->patience);
}

/* The rows of the batch are complete; true when no other batch is needed. */
static bool
end_batch(Batches *b)
{
	double		weight = 0;
	double		moved;
	bool		settled;

	for (int i = 0; i < b->plan->k; i++)
		weight += (double) b->sums.weight[i];
	if (weight == 0)
		return false;
	b->result->batches++;
	us_progress("mini-batch", b->result->batches, 0);
	moved = move_centers(b);
	settled = is_settled(b, weight, moved);
	if (!settled && b->plan->starved >= 0)
		look_for_starved(b);
	return settled;
}

/* ---- passes ---- */

/* The order of the chunks in a pass: the first time as they are, shuffled as they stand. */
static void
order_chunks(Batches *b, int pass)
{
	for (int i = 0; i < b->m->nchunks; i++)
		b->order[i] = i;
	for (int i = b->m->nchunks - 1; i > 0 && pass > 0; i--)
	{
		int			other = (int) us_random_below(&b->random, i + 1);
		int			t = b->order[i];

		b->order[i] = b->order[other];
		b->order[other] = t;
	}
}

/* One pass over all rows; true when it is settled. */
static bool
run_pass(Batches *b)
{
	int64		seen = 0;

	begin_batch(b);
	for (int i = 0; i < b->m->nchunks; i++)
	{
		UsMatrixChunk chunk;

		us_matrix_chunk(b->m, b->team, b->order[i], b->buffer, &chunk);
		for (int from = 0; from < chunk.nrows;)
		{
			int			wanted = b->plan->batch_rows - b->rows;
			int			n = Min(TYPEALIGN(US_LANES, wanted), chunk.nrows - from);

			take_piece(b, &chunk, from, n);
			from += n;
			seen += n;
			if (b->rows < b->plan->batch_rows && (i < b->m->nchunks - 1 || from < chunk.nrows))
				continue;
			if (end_batch(b))
			{
				b->result->passes += (double) seen / (double) b->m->nrows;
				return true;
			}
			begin_batch(b);
		}
	}
	b->result->passes += 1;
	return false;
}

static void
prepare(Batches *b)
{
	int			k = b->plan->k;
	int			width = b->m->width;
	const int128 *squares = us_kmeans_run_squares(b->run);

	b->order = (int *) palloc(sizeof(int) * b->m->nchunks);
	b->buffer = b->m->spilled ? us_block_alloc(b->m->chunk_bytes) : NULL;
	b->coordinate = (float *) us_block_alloc(sizeof(float) * k * width);
	b->mean = (double *) palloc(sizeof(double) * width);
	b->sums = us_sums_at(us_block_alloc(us_sums_bytes(k, width)), k, width);
	b->label = (uint16 *) us_block_alloc(sizeof(uint16) * US_CHUNK_ROWS);
	b->distance = (float *) us_block_alloc(sizeof(float) * US_CHUNK_ROWS);
	b->product = (double *) us_block_alloc(sizeof(double) * US_CHUNK_ROWS);
	b->unit = ldexp(1.0, 2 * b->space->scale);
	b->smoothed = b->moved = NAN;
	b->least = INFINITY;
	us_random_init(&b->random, b->plan->seed, 0);
	if (b->plan->tolerance > 0)
	{
		/* mean square of the columns around their offsets, which are the means of the training */
		double		square = 0;

		for (int j = 0; j < width; j++)
			square += ldexp((double) squares[j], 2 * b->space->grid[j].exponent);
		b->limit = b->plan->tolerance * square / (b->total * width);
	}
}

/* Weight of all rows, in integer weights. */
static double
total_weight(const Batches *b)
{
	void	   *buffer = b->m->spilled ? us_block_alloc(b->m->chunk_bytes) : NULL;
	int64		total = 0;

	if (!b->m->weighted)
		return (double) b->m->nrows;
	for (int i = 0; i < b->m->nchunks; i++)
	{
		UsMatrixChunk chunk;

		us_progress("weights", i, b->m->nchunks);
		us_matrix_chunk(b->m, b->team, i, buffer, &chunk);
		for (int r = 0; r < chunk.nrows; r++)
			total += chunk.weight[r];
	}
	return (double) total;
}

void
us_batches_run(UsKmeansRun *run, const UsSpace *space, const UsBatchPlan *plan,
			   double *center, double *count, UsBatchResult *result)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mini-batch k-means",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Batches		b = {0};

	memset(result, 0, sizeof(UsBatchResult));
	b.run = run;
	b.space = space;
	b.plan = plan;
	b.m = us_kmeans_run_matrix(run, &b.team);
	b.center = center;
	b.count = count;
	b.result = result;
	b.total = total_weight(&b);
	prepare(&b);
	for (int pass = 0; pass < plan->max_passes && !result->converged; pass++)
	{
		order_chunks(&b, pass);
		result->converged = run_pass(&b);
	}
	result->smoothed = b.smoothed;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
