/*
 * naive_bayes_pass.c
 *	  The one pass of naive Bayes over the rows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/naive_bayes_pass.h"

#define WHAT			"specification of a row"
#define FORMAT_VERSION	1

void
us_nb_encoder_levels(const UsEncoder *encoder, int32 *levels)
{
	for (int j = 0; j < us_encoder_width(encoder); j++)
	{
		const UsEncodedColumn *column = us_encoder_column(encoder, j);
		UsKind		kind = us_encoder_feature(encoder, column->feature)->kind;

		levels[j] = us_encoder_levels(encoder, j);
		if ((kind == US_KIND_BOOLEAN || kind == US_KIND_TAGS) && column->min == 0 && column->max == 1)
			levels[j] = 2;
	}
}

/* The rows of a chunk class by class. */
typedef struct Classes
{
	int			n;				/* classes */
	int		   *first;			/* [n + 1] of the rows in row */
	int		   *row;			/* [US_CHUNK_ROWS] */
} Classes;

static Classes *
classes_of(UsDesignWork *w, const UsNbParam *p)
{
	Classes    *s = (Classes *) w->scratch;

	if (s != NULL)
		return s;
	s = (Classes *) palloc(sizeof(Classes));
	s->n = p->classes;
	s->first = (int *) palloc(sizeof(int) * (s->n + 2));
	s->row = (int *) palloc(sizeof(int) * US_CHUNK_ROWS);
	w->scratch = s;
	return s;
}

static void
sort_by_class(Classes *s, const double *class, int n)
{
	int		   *end = s->first + 1; /* of each class, as its rows come in */

	memset(s->first, 0, sizeof(int) * (s->n + 2));
	for (int r = 0; r < n; r++)
		s->first[(int) class[r] + 2]++;
	for (int k = 2; k <= s->n; k++)
		s->first[k] += s->first[k - 1];
	for (int r = 0; r < n; r++)
		s->row[end[(int) class[r]]++] = r;
}

void
us_nb_kernel(UsDesignWork *w, const UsDesignChunk *c)
{
	const UsNbParam *p = (const UsNbParam *) w->param;
	Classes    *s = classes_of(w, p);

	sort_by_class(s, c->y, c->nrows);
	for (int k = 0; k < s->n; k++)
	{
		UsExactSum *cell = w->state.exact + (Size) k * p->per_class;
		const int  *row = s->row + s->first[k];
		int			n = s->first[k + 1] - s->first[k];

		if (n == 0)
			continue;
		if (c->weight == NULL)
			us_exact_add(cell, n);
		for (int i = 0; i < n && c->weight != NULL; i++)
			us_exact_add(cell, c->weight[row[i]]);
		cell++;
		for (int j = 0; j < w->width; j++)
		{
			us_nb_add_column(cell, p->levels[j], c->x + (Size) j * US_CHUNK_ROWS, c->weight, row, n);
			cell += p->levels[j] > 0 ? p->levels[j] : US_NB_NUMBER_SUMS;
			CHECK_FOR_INTERRUPTS();
		}
	}
}

/* u8 version, u32 classes, f64 factor[classes], u32 width, u16 levels[width]. */
struct varlena *
us_nb_spec_write(const UsNbSpec *spec)
{
	UsWriter	w;

	us_writer_init(&w);
	us_write_u8(&w, FORMAT_VERSION);
	us_write_u32(&w, spec->classes);
	for (int k = 0; k < spec->classes; k++)
		us_write_f64(&w, spec->factor[k]);
	us_write_u32(&w, spec->width);
	for (int j = 0; j < spec->width; j++)
		us_write_u16(&w, (uint16) spec->levels[j]);
	return (struct varlena *) us_writer_varlena(&w);
}

UsNbSpec *
us_nb_spec_read(const void *data, size_t len)
{
	UsNbSpec   *spec = (UsNbSpec *) palloc0(sizeof(UsNbSpec));
	UsReader	r;

	us_reader_init(&r, data, len, WHAT);
	us_check_version(WHAT, us_read_u8(&r), FORMAT_VERSION);
	spec->classes = (int) us_read_count(&r, sizeof(double), US_NB_MAX_CLASSES);
	if (spec->classes < 1)
		us_corrupt(&r, "no classes");
	spec->factor = (double *) palloc(sizeof(double) * spec->classes);
	for (int k = 0; k < spec->classes; k++)
	{
		spec->factor[k] = us_read_f64(&r);
		if (!(spec->factor[k] > 0) || isinf(spec->factor[k]))
			us_corrupt(&r, "class factor %g", spec->factor[k]);
	}
	spec->width = (int) us_read_count(&r, sizeof(uint16), US_NB_MAX_COLUMNS);
	if (spec->width < 1)
		us_corrupt(&r, "no columns");
	spec->levels = (int32 *) palloc(sizeof(int32) * spec->width);
	for (int j = 0; j < spec->width; j++)
	{
		spec->levels[j] = us_read_u16(&r);
		if (spec->levels[j] == 1 || spec->levels[j] > US_NB_MAX_LEVELS)
			us_corrupt(&r, "column of %d levels", spec->levels[j]);
	}
	us_reader_end(&r);
	return spec;
}

UsNbRow *
us_nb_spec_row(const UsNbSpec *spec, const double *x, double y, double weight)
{
	UsNbRow    *row;

	if (!(y >= 0 && y < spec->classes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("response is %g", y)));
	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight is %g", weight),
				 errhint("A weight is a finite number, 0 or larger.")));
	if (weight == 0)
		return NULL;
	row = us_nb_row_new(spec->width);
	row->label = 1 + (int) y;
	row->weight = weight * spec->factor[(int) y];
	memcpy(row->x, x, sizeof(double) * spec->width);
	memcpy(us_nb_row_levels(row), spec->levels, sizeof(int32) * spec->width);
	return row;
}
