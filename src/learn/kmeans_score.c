/*
 * kmeans_score.c
 *	  Scoring with a k-means model: single rows, and blocks.
 *
 * The label of a row comes from the same float4 kernel on the same grid as in
 * training, so a training row gets the label under which it was counted.  What is
 * told about the distance is computed in float8 from the unrounded row (values farther
 * out than 2^17 times the range of the training are taken as that, so that no square overflows).
 *
 * Membership is that of a mixture of k spherical normal distributions around the
 * centres with one common variance, of which k-means is the limit for small variance
 * (C. M. Bishop, Pattern Recognition and Machine Learning, 2006, section 9.3.2): the
 * probability of cluster i is proportional to weight_i exp(-d_i^2 / (2 s^2)) with
 * s^2 = inertia / (weight * width).
 *
 * Two forms of the same arithmetic: for a single row the lanes of a vector are
 * centres, for a block they are rows.  Every figure is a sum in the order of columns or
 * of clusters, so both give the same bits.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/kmeans_model.h"
#include "math/distance.h"
#include "math/exp_lanes.h"

/* a row's scratch is on the stack up to so many columns and centres */
#define STACK_COLUMNS	64
#define STACK_CENTERS	64

/* fewer rows than this are scored one by one */
#define LEAST_BLOCK		4

/* ---- single rows ---- */

typedef struct RowScratch
{
	double		relative[STACK_COLUMNS];
	float		coordinate[STACK_COLUMNS];
	double		square[STACK_CENTERS + US_HALF_LANES];
	double		share[STACK_CENTERS + US_HALF_LANES];
} RowScratch;

typedef struct Row
{
	double	   *relative;		/* [width], minus the offsets */
	float	   *coordinate;		/* [width] */
	double	   *square;			/* [k rounded up], squared distances */
	double	   *share;			/* [k rounded up], membership relative to the label's */
} Row;

static void
open_row(const UsKmeansModel *m, RowScratch *scratch, Row *row)
{
	row->relative = scratch->relative;
	row->coordinate = scratch->coordinate;
	row->square = scratch->square;
	row->share = scratch->share;
	if (m->width > STACK_COLUMNS)
	{
		row->relative = (double *) palloc(sizeof(double) * m->width);
		row->coordinate = (float *) palloc(sizeof(float) * m->width);
	}
	if (m->k > STACK_CENTERS)
	{
		row->square = (double *) palloc(sizeof(double) * (m->k + US_HALF_LANES));
		row->share = (double *) palloc(sizeof(double) * (m->k + US_HALF_LANES));
	}
}

static void
close_row(const RowScratch *scratch, Row *row)
{
	if (row->relative != scratch->relative)
	{
		pfree(row->relative);
		pfree(row->coordinate);
	}
	if (row->square != scratch->square)
	{
		pfree(row->square);
		pfree(row->share);
	}
}

/* Fill relative and coordinate from x, stride between its columns; returns the label, 0-based. */
static int
take_row(const UsKmeansModel *m, const double *x, int stride, Row *row)
{
	if (m->unit)
	{
		for (int j = 0; j < m->width; j++)
			row->relative[j] = x[(Size) j * stride];
		(void) us_unit_vector(row->relative, m->width, row->relative);
		x = row->relative;
		stride = 1;
	}
	for (int j = 0; j < m->width; j++)
	{
		const UsQuantiser *z = &m->quantiser[j];
		double		v = x[(Size) j * stride];

		row->coordinate[j] = (float) (us_quantise(z, v) * z->down);
		v -= z->offset;
		row->relative[j] = v > m->reach[j] ? m->reach[j] : (v < -m->reach[j] ? -m->reach[j] : v);
	}
	return us_nearest_row(row->coordinate, m->width, m->packed, m->k, NULL);
}

/* Squared distances to all centres in float8, and shares relative to the label's. */
US_CLONES static void
measure_row(const UsKmeansModel *m, int label, Row *row)
{
	const double *lanes = m->lanes;

	for (int i = 0; i < m->k; i += US_HALF_LANES, lanes += (Size) m->width * US_HALF_LANES)
	{
		UsDoubleLanes sum = {0};

		for (int j = 0; j < m->width; j++)
		{
			UsDoubleLanes d;

			memcpy(&d, lanes + j * US_HALF_LANES, sizeof(d));
			d -= row->relative[j];
			sum += d * d;
		}
		memcpy(row->square + i, &sum, sizeof(sum));
	}
	for (int i = 0; i < m->k; i += US_HALF_LANES)
	{
		UsDoubleLanes e;

		for (int lane = 0; lane < US_HALF_LANES; lane++)
			e[lane] = i + lane < m->k ? m->log_prior[i + lane] - m->log_prior[label] : -INFINITY;
		{
			UsDoubleLanes square;

			memcpy(&square, row->square + i, sizeof(square));
			square -= row->square[label];
			e -= US_SELECT_DOUBLE(square > 0.0, square, (UsDoubleLanes) {0}) * m->precision;
		}
		us_exp_lanes(&e);
		memcpy(row->share + i, &e, sizeof(e));
	}
}

/* A label without weight has no finite share of its own: it gets all. */
static inline double
probability(const UsKmeansModel *m, int label, double total)
{
	return m->weight[label] > 0 ? 1 / total : 1;
}

static void
fill_score(const UsKmeansModel *m, int label, int second, double square, double second_square,
		   double total, UsScore *score)
{
	score->label = label + 1;
	score->runner_up = second + 1;
	score->value = NAN;
	score->probability = probability(m, label, total);
	score->distance = sqrt(square);
	/* the label is the nearest in float4; in float8 another may be nearer by a rounding */
	score->margin = second < 0 ? NAN : fmax(sqrt(second_square) - score->distance, 0);
}

static void
score_row(const UsKmeansModel *m, const double *x, int stride, Row *row, UsScore *score)
{
	int			label = take_row(m, x, stride, row);
	int			second = -1;
	double		second_square = INFINITY;
	double		total = 0;

	measure_row(m, label, row);
	for (int i = 0; i < m->k; i++)
	{
		if (i != label && (second < 0 || row->square[i] < second_square))
		{
			second = i;
			second_square = row->square[i];
		}
		total += row->share[i];
	}
	fill_score(m, label, second, row->square[label], second_square, total, score);
}

int
us_kmeans_model_label(const void *model, const double *x)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	RowScratch	scratch;
	Row			row;
	int			label;

	open_row(m, &scratch, &row);
	label = take_row(m, x, 1, &row);
	close_row(&scratch, &row);
	return label + 1;
}

void
us_kmeans_model_proba(const void *model, const double *x, double *p)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	RowScratch	scratch;
	Row			row;
	UsScore		score;

	open_row(m, &scratch, &row);
	score_row(m, x, 1, &row, &score);
	for (int i = 0; i < m->k; i++)
		p[i] = m->weight[score.label - 1] > 0 ? row.share[i] * score.probability : 0;
	p[score.label - 1] = score.probability;
	close_row(&scratch, &row);
}

/*
 * By column, the squared distance to the runner-up minus that to the label: what speaks
 * for the label.  They add up to the difference of the squared distances.
 */
void
us_kmeans_model_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	RowScratch	scratch;
	Row			row;

	open_row(m, &scratch, &row);
	(void) take_row(m, x, 1, &row);
	for (int j = 0; j < m->width; j++)
	{
		double		near = row.relative[j] - m->center[(Size) (score->label - 1) * m->width + j];
		double		far = score->runner_up == 0 ? near :
			row.relative[j] - m->center[(Size) (score->runner_up - 1) * m->width + j];

		c[j] = far * far - near * near;
	}
	close_row(&scratch, &row);
}

/* ---- blocks ---- */

/* rows that are taken at a time */
#define BLOCK_ROWS	256

/* Scratch for BLOCK_ROWS rows. */
typedef struct Block
{
	double	   *value;			/* [width][BLOCK_ROWS]: the rows */
	float	   *coordinate;		/* blocks of US_LANES rows */
	double	   *relative;		/* [width][US_LANES]: some of the rows, minus the offsets */
	double	   *square;			/* [k][US_LANES] */
	uint16		label[BLOCK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
} Block;

static Block *
open_block(const UsKmeansModel *m)
{
	Block	   *b = (Block *) us_block_alloc(sizeof(Block));

	b->value = (double *) us_block_alloc(sizeof(double) * BLOCK_ROWS * m->width);
	b->coordinate = (float *) us_block_alloc(sizeof(float) * BLOCK_ROWS * m->width);
	b->relative = (double *) us_block_alloc(sizeof(double) * US_LANES * m->width);
	b->square = (double *) us_block_alloc(sizeof(double) * US_LANES * m->k);
	return b;
}

/* Bring the first n rows of the block to unit length. */
static void
unit_block(const UsKmeansModel *m, Block *b, int n)
{
	double	   *row = (double *) palloc(sizeof(double) * m->width);

	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < m->width; j++)
			row[j] = b->value[(Size) j * BLOCK_ROWS + i];
		(void) us_unit_vector(row, m->width, row);
		for (int j = 0; j < m->width; j++)
			b->value[(Size) j * BLOCK_ROWS + i] = row[j];
	}
	pfree(row);
}

/* The first n rows of x into the block, and their labels, 0-based. */
static void
take_block(const UsKmeansModel *m, const double *x, int stride, int n, Block *b)
{
	for (int j = 0; j < m->width; j++)
		memcpy(b->value + (Size) j * BLOCK_ROWS, x + (Size) j * stride, sizeof(double) * n);
	if (m->unit)
		unit_block(m, b, n);
	for (int j = 0; j < m->width; j++)
		us_store_column(&m->quantiser[j], b->value + (Size) j * BLOCK_ROWS, n,
						b->coordinate, m->width, j, NULL);
	us_nearest_blocks(b->coordinate, (n + US_LANES - 1) / US_LANES, m->width,
					  m->coordinate, m->k, b->label, NULL);
}

/* Squared distances in float8 of US_LANES rows of a block, from row number at. */
US_CLONES static void
square_lanes(const UsKmeansModel *m, Block *b, int at)
{
	for (int j = 0; j < m->width; j++)
	{
		UsDoubleLanes most = US_SPLAT_DOUBLE(m->reach[j]);

		for (int half = 0; half < US_LANES; half += US_HALF_LANES)
		{
			UsDoubleLanes v = *(const UsDoubleLanes *) (b->value + (Size) j * BLOCK_ROWS + at + half) -
				m->grid[j].offset;

			v = US_SELECT_DOUBLE(v > most, most, US_SELECT_DOUBLE(v < -most, -most, v));
			*(UsDoubleLanes *) (b->relative + j * US_LANES + half) = v;
		}
	}
	for (int i = 0; i < m->k; i++)
	{
		const double *c = m->center + (Size) i * m->width;
		UsDoubleLanes low = {0};
		UsDoubleLanes high = {0};

		for (int j = 0; j < m->width; j++)
		{
			const double *v = b->relative + j * US_LANES;
			UsDoubleLanes d;

			d = *(const UsDoubleLanes *) v - c[j];
			low += d * d;
			d = *(const UsDoubleLanes *) (v + US_HALF_LANES) - c[j];
			high += d * d;
		}
		*(UsDoubleLanes *) (b->square + i * US_LANES) = low;
		*(UsDoubleLanes *) (b->square + i * US_LANES + US_HALF_LANES) = high;
	}
}

/*
 * For half the lanes: the second nearest of the other centres, and the sum of the shares.
 * nearest and its square stand for each lane.
 */
US_CLONES static void
share_half(const UsKmeansModel *m, const double *square, const uint16 *label,
		   double *second, double *second_square, double *total)
{
	UsDoubleLanes near;
	UsDoubleLanes prior;
	UsDoubleLanes own;
	UsDoubleLanes next = US_SPLAT_DOUBLE((double) INFINITY);
	UsDoubleLanes next_number = US_SPLAT_DOUBLE(-1.0);
	UsDoubleLanes sum = {0};

	for (int lane = 0; lane < US_HALF_LANES; lane++)
	{
		near[lane] = square[label[lane] * US_LANES + lane];
		prior[lane] = m->log_prior[label[lane]];
		own[lane] = label[lane];
	}
	for (int i = 0; i < m->k; i++)
	{
		UsDoubleLanes s = *(const UsDoubleLanes *) (square + i * US_LANES);
		UsDoubleLanes gap = s - near;
		UsDoubleLanes e = (m->log_prior[i] - prior) -
			US_SELECT_DOUBLE(gap > 0.0, gap, (UsDoubleLanes) {0}) * m->precision;
		UsLongLanes closer = (own != (double) i) & ((s < next) | (next_number < 0.0));

		next = US_SELECT_DOUBLE(closer, s, next);
		next_number = US_SELECT_DOUBLE(closer, US_SPLAT_DOUBLE((double) i), next_number);
		us_exp_lanes(&e);
		sum += e;
	}
	*(UsDoubleLanes *) second = next_number;
	*(UsDoubleLanes *) second_square = next;
	*(UsDoubleLanes *) total = sum;
}

/* Scores of US_LANES rows of a block, from row number at, for the first n of them. */
static void
score_lanes(const UsKmeansModel *m, Block *b, int at, int n, UsScore *out)
{
	double		second[US_LANES] __attribute__((aligned(US_BLOCK_ALIGN)));
	double		second_square[US_LANES] __attribute__((aligned(US_BLOCK_ALIGN)));
	double		total[US_LANES] __attribute__((aligned(US_BLOCK_ALIGN)));
	const uint16 *label = b->label + at;

	square_lanes(m, b, at);
	for (int half = 0; half < US_LANES; half += US_HALF_LANES)
		share_half(m, b->square + half, label + half, second + half, second_square + half,
				   total + half);
	for (int i = 0; i < n; i++)
		fill_score(m, label[i], (int) second[i], b->square[label[i] * US_LANES + i],
				   second_square[i], total[i], &out[i]);
}

void
us_kmeans_model_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	MemoryContext context;
	MemoryContext old;
	Block	   *b;

	if (nrows < LEAST_BLOCK)
	{
		RowScratch	scratch;
		Row			row;

		open_row(m, &scratch, &row);
		for (int i = 0; i < nrows; i++)
			score_row(m, x + i, stride, &row, &out[i]);
		close_row(&scratch, &row);
		return;
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "k-means block", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	b = open_block(m);
	for (int from = 0; from < nrows; from += BLOCK_ROWS)
	{
		int			n = Min(BLOCK_ROWS, nrows - from);

		take_block(m, x + from, stride, n, b);
		for (int at = 0; at < n; at += US_LANES)
		{
			CHECK_FOR_INTERRUPTS();
			score_lanes(m, b, at, Min(US_LANES, n - at), out + from + at);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
us_kmeans_model_score(const void *model, const double *x, UsScore *score)
{
	us_kmeans_model_score_block(model, x, 1, 1, score);
}

void
us_kmeans_model_label_block(const void *model, const double *x, int stride, int nrows,
							int32 *label)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "k-means block",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Block	   *b = open_block(m);

	for (int from = 0; from < nrows; from += BLOCK_ROWS)
	{
		int			n = Min(BLOCK_ROWS, nrows - from);

		take_block(m, x + from, stride, n, b);
		for (int i = 0; i < n; i++)
			label[from + i] = b->label[i] + 1;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
