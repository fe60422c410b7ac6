/*
 * prototype_cells.c
 *	  To which of the prototypes of a source a row belongs.
 *
 * The row goes through the same grid and the same float4 kernels as at training
 * (data/matrix.c, microcluster_search.c), so it comes to the same cell, one by one and in blocks.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "data/frame.h"
#include "learn/prototype_cells.h"
#include "math/distance.h"

/* of a grid: us_space_create refuses wider columns */
#define MOST_EXPONENT	450

/* coordinates of a book lie among those of the rows, which are in [-1, 1] */
#define MOST_COORDINATE	2.0f

void
us_cells_prepare(UsCells *c)
{
	int			width = c->book.width;

	c->scale = us_grids_scale(c->grid, width);
	c->quantiser = (UsQuantiser *) palloc(sizeof(UsQuantiser) * width);
	for (int j = 0; j < width; j++)
		c->quantiser[j] = us_quantiser(c->grid[j], c->scale);
	c->packed = us_book_pack(&c->book);
	c->scratch = (double *) palloc(sizeof(double) * width);
	c->coordinate = (float *) palloc(sizeof(float) * width);
}

int
us_cells_row(UsCells *c, const double *x)
{
	int			width = c->book.width;

	if (c->unit)
	{
		(void) us_unit_vector(x, width, c->scratch);
		x = c->scratch;
	}
	for (int j = 0; j < width; j++)
		c->coordinate[j] = (float) (us_quantise(&c->quantiser[j], x[j]) * c->quantiser[j].down);
	return c->prototype[us_book_search_row(c->packed, c->coordinate)];
}

/* Rows from .. from + n - 1 of a block as columns of their own, with room for whole blocks. */
static void
take_rows(UsCells *c, const double *x, int stride, int n, double *column)
{
	int			width = c->book.width;

	for (int j = 0; j < width; j++)
		memcpy(column + (Size) j * US_CHUNK_ROWS, x + (Size) j * stride, sizeof(double) * n);
	for (int i = 0; c->unit && i < n; i++)
	{
		for (int j = 0; j < width; j++)
			c->scratch[j] = column[(Size) j * US_CHUNK_ROWS + i];
		(void) us_unit_vector(c->scratch, width, c->scratch);
		for (int j = 0; j < width; j++)
			column[(Size) j * US_CHUNK_ROWS + i] = c->scratch[j];
	}
}

void
us_cells_block(UsCells *c, const double *x, int stride, int nrows, int32 *prototype)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "cells of rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int			width = c->book.width;
	UsBookSearch *s = us_book_search(&c->book);
	double	   *column = (double *) us_block_alloc(sizeof(double) * US_CHUNK_ROWS * width);
	float	   *block = (float *) us_block_alloc(sizeof(float) * US_CHUNK_ROWS * width);
	uint16	   *place = (uint16 *) palloc(sizeof(uint16) * US_CHUNK_ROWS);

	for (int from = 0; from < nrows; from += US_CHUNK_ROWS)
	{
		int			n = Min(nrows - from, US_CHUNK_ROWS);

		take_rows(c, x + from, stride, n, column);
		for (int j = 0; j < width; j++)
			us_store_column(&c->quantiser[j], column + (Size) j * US_CHUNK_ROWS, n, block, width, j, NULL);
		us_book_search_blocks(s, block, n, place);
		for (int i = 0; i < n; i++)
			prototype[from + i] = c->prototype[place[i]];
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* ---- stored form ---- */

/*
 * For each column f64 offset, i32 exponent; u32 groups, u32 cells, for each group u32 cells of it, f32 group[width],
 * for each cell u32 prototype, f32 place[width].
 */
void
us_cells_write(const UsCells *c, UsWriter *w)
{
	const UsCodeBook *b = &c->book;

	for (int j = 0; j < b->width; j++)
	{
		us_write_f64(w, c->grid[j].offset);
		us_write_i32(w, c->grid[j].exponent);
	}
	us_write_u32(w, b->groups);
	us_write_u32(w, b->n);
	for (int g = 0; g < b->groups; g++)
	{
		us_write_u32(w, b->start[g + 1] - b->start[g]);
		for (int j = 0; j < b->width; j++)
			us_write_f32(w, b->group[(Size) g * b->width + j]);
	}
	for (int i = 0; i < b->n; i++)
	{
		us_write_u32(w, c->prototype[i]);
		for (int j = 0; j < b->width; j++)
			us_write_f32(w, b->place[(Size) i * b->width + j]);
	}
}

static void
read_grids(UsReader *r, UsCells *c, int width)
{
	int			least;

	c->grid = (UsGrid *) palloc(sizeof(UsGrid) * width);
	for (int j = 0; j < width; j++)
	{
		c->grid[j].offset = us_read_f64(r);
		c->grid[j].exponent = us_read_i32(r);
		if (!isfinite(c->grid[j].offset))
			us_corrupt(r, "offset of column %d is not finite", j + 1);
		if (c->grid[j].exponent < US_GRID_MIN_EXPONENT || c->grid[j].exponent > MOST_EXPONENT)
			us_corrupt(r, "exponent %d of column %d", c->grid[j].exponent, j + 1);
	}
	least = us_grids_scale(c->grid, width) + US_GRID_MIN_RELATIVE;
	for (int j = 0; j < width; j++)
		if (c->grid[j].exponent < least)
			us_corrupt(r, "exponent %d of column %d is too small beside the others", c->grid[j].exponent, j + 1);
}

static void
read_coordinates(UsReader *r, float *x, int width, const char *what, int i)
{
	for (int j = 0; j < width; j++)
	{
		x[j] = us_read_f32(r);
		if (!(fabsf(x[j]) <= MOST_COORDINATE))
			us_corrupt(r, "coordinate %g of %s %d", x[j], what, i + 1);
	}
}

UsCells *
us_cells_read(UsReader *r, int width, bool unit, int n)
{
	UsCells    *c = (UsCells *) palloc0(sizeof(UsCells));
	UsCodeBook *b = &c->book;

	c->unit = unit;
	read_grids(r, c, width);
	b->width = width;
	b->groups = (int) us_read_count(r, sizeof(float) * (Size) width + sizeof(uint32), US_MAX_CENTERS);
	b->n = (int) us_read_count(r, sizeof(float) * (Size) width + sizeof(uint32), US_MAX_CENTERS);
	if (b->groups < 1 || b->n < b->groups)
		us_corrupt(r, "%d cells in %d groups", b->n, b->groups);
	b->group = (float *) palloc_extended(sizeof(float) * b->groups * width, MCXT_ALLOC_HUGE);
	b->start = (int *) palloc0(sizeof(int) * (b->groups + 1));
	b->place = (float *) palloc_extended(sizeof(float) * b->n * width, MCXT_ALLOC_HUGE);
	c->prototype = (int32 *) palloc(sizeof(int32) * b->n);
	for (int g = 0; g < b->groups; g++)
	{
		uint32		cells = us_read_u32(r);

		if (cells < 1 || cells > (uint32) (b->n - b->start[g]))
			us_corrupt(r, "%u cells in group %d", cells, g + 1);
		b->start[g + 1] = b->start[g] + (int) cells;
		read_coordinates(r, b->group + (Size) g * width, width, "group", g);
	}
	if (b->start[b->groups] != b->n)
		us_corrupt(r, "%d cells, %d in groups", b->n, b->start[b->groups]);
	for (int i = 0; i < b->n; i++)
	{
		uint32		prototype = us_read_u32(r);

		if (prototype >= (uint32) n)
			us_corrupt(r, "prototype %u of cell %d", prototype, i + 1);
		c->prototype[i] = (int32) prototype;
		read_coordinates(r, b->place + (Size) i * width, width, "cell", i);
	}
	us_cells_prepare(c);
	return c;
}
