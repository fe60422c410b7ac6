/*
 * matrix.c
 *	  From the chunks of a Frame to float4 blocks.
 */
#include "postgres.h"

#include "infra/progress.h"
#include "data/matrix.h"
#include "math/distance.h"

/* bits of the largest weight, and of all together, as integers */
#define WEIGHT_BITS			40
#define TOTAL_WEIGHT_BITS	62

/* farthest value from the mean: squares of it, times rows and columns, stay in float8 */
#define MOST_REACH			1e140

static int
weight_exponent(UsFrame *frame)
{
	double		largest = 0;
	int			bits;
	int			row_bits;
	int			e;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("weights", i, frame->nchunks);
		for (int r = 0; r < chunk->nrows; r++)
			largest = fmax(largest, chunk->weight[r]);
	}
	if (largest <= 0)
		return 0;
	(void) frexp(largest, &e);	/* largest < 2^e */
	(void) frexp((double) frame->nrows, &row_bits);
	bits = Min(WEIGHT_BITS, TOTAL_WEIGHT_BITS - row_bits);
	return bits - e;
}

/* A space of so many columns whose grids are still to be filled. */
static UsSpace *
new_space(int width, bool unit)
{
	UsSpace    *s = (UsSpace *) palloc0(sizeof(UsSpace));

	s->width = width;
	s->unit = unit;
	s->grid = (UsGrid *) palloc0(sizeof(UsGrid) * width);
	s->quantiser = (UsQuantiser *) palloc(sizeof(UsQuantiser) * width);
	s->back = (float *) palloc(sizeof(float) * width);
	return s;
}

/* The grids are filled: what follows from them, and weights. */
static UsSpace *
complete_space(UsSpace *s, UsFrame *frame)
{
	us_grids_level(s->grid, s->width);
	s->scale = us_grids_scale(s->grid, s->width);
	for (int j = 0; j < s->width; j++)
	{
		s->quantiser[j] = us_quantiser(s->grid[j], s->scale);
		s->back[j] = s->quantiser[j].back;
	}
	s->weighted = frame->weighted;
	if (frame->weighted)
		s->weight_exponent = weight_exponent(frame);
	return s;
}

static void
check_reach(const UsEncodedColumn *c, double offset, double min, double max)
{
	if (!(max - offset <= MOST_REACH) || !(offset - min <= MOST_REACH))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" ranges from %g to %g: too wide to compute distances",
						c->name, min, max),
				 errhint("Use a transform such as \"standard\" or \"log1p\" for this column.")));
}

UsSpace *
us_space_create(const UsEncoder *encoder, UsFrame *frame, bool unit)
{
	UsSpace    *s = new_space(us_encoder_width(encoder), unit);

	for (int j = 0; j < s->width; j++)
	{
		const UsEncodedColumn *c = us_encoder_column(encoder, j);

		check_reach(c, c->mean, c->min, c->max);
		s->grid[j] = unit ? us_grid_make(0, -1, 1) : us_grid_make(c->mean, c->min, c->max);
	}
	return complete_space(s, frame);
}

UsSpace *
us_space_continue(const UsEncoder *encoder, UsFrame *frame, bool unit,
				  const UsGrid *grid, const double *min, const double *max)
{
	UsSpace    *s = new_space(us_encoder_width(encoder), unit);

	memcpy(s->grid, grid, sizeof(UsGrid) * s->width);
	for (int j = 0; j < s->width && !unit; j++)
	{
		check_reach(us_encoder_column(encoder, j), grid[j].offset, min[j], max[j]);
		s->grid[j].exponent = Max(grid[j].exponent, us_grid_make(grid[j].offset, min[j], max[j]).exponent);
	}
	return complete_space(s, frame);
}

void
us_space_row(const UsSpace *s, const double *x, double *scratch, float *coordinate)
{
	if (s->unit)
	{
		(void) us_unit_vector(x, s->width, scratch);
		x = scratch;
	}
	for (int j = 0; j < s->width; j++)
		coordinate[j] = (float) (us_quantise(&s->quantiser[j], x[j]) * s->quantiser[j].down);
}

UsMatrix
us_matrix_layout(const UsSpace *space, const UsFrame *frame)
{
	UsMatrix	m = {0};

	m.width = space->width;
	m.nchunks = frame->nchunks;
	m.nrows = frame->nrows;
	m.weighted = space->weighted;
	m.chunk_bytes = (Size) US_CHUNK_ROWS * space->width * sizeof(float);
	if (m.weighted)
		m.chunk_bytes += (Size) US_CHUNK_ROWS * sizeof(int64);
	return m;
}

/* View chunk i of nrows rows at memory. */
static void
view(const UsMatrix *m, char *memory, int nrows, UsMatrixChunk *chunk)
{
	chunk->nrows = nrows;
	chunk->x = (float *) memory;
	chunk->weight = m->weighted ?
		(int64 *) (memory + (Size) US_CHUNK_ROWS * m->width * sizeof(float)) : NULL;
}

void
us_matrix_chunk(const UsMatrix *m, UsTeam *team, int i, void *buffer, UsMatrixChunk *chunk)
{
	int			nrows = (int) Min(m->nrows - (int64) i * US_CHUNK_ROWS, US_CHUNK_ROWS);

	if (m->spilled)
		us_team_read(team, (uint64) i * m->chunk_bytes, buffer, m->chunk_bytes);
	else
		buffer = (char *) us_team_area(team) + m->offset + (Size) i * m->chunk_bytes;
	view(m, buffer, nrows, chunk);
}

void
us_unit_rows(double *x, int width, int stride, int nrows)
{
	double	   *row = (double *) palloc(sizeof(double) * width);

	for (int i = 0; i < nrows; i++)
	{
		for (int j = 0; j < width; j++)
			row[j] = x[(Size) j * stride + i];
		(void) us_unit_vector(row, width, row);
		for (int j = 0; j < width; j++)
			x[(Size) j * stride + i] = row[j];
	}
	pfree(row);
}

/* Add to the sums of weight * q^2 of all columns. */
static void
add_weighted_squares(const UsSpace *s, const UsMatrixChunk *chunk, int128 *squares)
{
	for (int r = 0; r < chunk->nrows; r++)
	{
		const float *row = chunk->x + (Size) (r / US_LANES) * s->width * US_LANES + r % US_LANES;

		for (int j = 0; j < s->width; j++)
		{
			int64		q = (int32) (row[j * US_LANES] * s->back[j]);

			squares[j] += (int128) (q * q) * chunk->weight[r];
		}
	}
}

void
us_matrix_encode(const UsMatrix *m, UsTeam *team, bool store, const UsSpace *space,
				 UsFrame *frame, const UsEncoder *encoder,
				 int128 *squares, UsMatrixVisit visit, void *context)
{
	Size		column = (Size) US_CHUNK_ROWS * sizeof(double);
	double	   *encoded = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
															column * space->width);
	char	   *own = NULL;
	double		weight_scale = ldexp(1.0, space->weight_exponent / 2);
	double		weight_scale2 = ldexp(1.0, space->weight_exponent - space->weight_exponent / 2);

	if (m->spilled || !store)
		own = (char *) us_block_alloc(m->chunk_bytes);
	if (squares != NULL)
		memset(squares, 0, sizeof(int128) * space->width);
	for (int i = 0; i < m->nchunks; i++)
	{
		const UsChunk *in = us_frame_chunk(frame, i);
		char	   *memory = own ? own :
			(char *) us_team_area(team) + m->offset + (Size) i * m->chunk_bytes;
		UsMatrixChunk out;

		us_progress("encode", i, m->nchunks);
		view(m, memory, in->nrows, &out);
		us_encoder_apply_chunk(encoder, in, encoded, US_CHUNK_ROWS);
		if (space->unit)
			us_unit_rows(encoded, space->width, US_CHUNK_ROWS, in->nrows);
		for (int j = 0; j < space->width; j++)
		{
			int64		sum;

			us_store_column(&space->quantiser[j], encoded + (Size) j * US_CHUNK_ROWS, in->nrows,
							out.x, space->width, j, &sum);
			if (squares != NULL && !m->weighted)
				squares[j] += sum;
		}
		if (m->weighted)
		{
			for (int r = 0; r < in->nrows; r++)
				out.weight[r] = (int64) rint(in->weight[r] * weight_scale * weight_scale2);
			if (squares != NULL)
				add_weighted_squares(space, &out, squares);
		}
		if (visit != NULL)
			visit(context, &out, in->key);
		if (store && m->spilled)
			us_team_write(team, (uint64) i * m->chunk_bytes, memory, m->chunk_bytes);
	}
	pfree(encoded);
}
