/*
 * encode_vector.c
 *	  Arrays of numbers as a dense block: one column an element.
 *
 * Element j becomes (v[j] - a[j]) * b[j]:
 *		default		a = 0, b = sqrt(weight / sum of the variances): angles and ratios of
 *					distances stay, the variances of the columns sum up to the weight
 *		standard	a = mean, b = sqrt(weight / dim) / sd: every element counts the same
 *		none		a = 0, b = sqrt(weight)
 * NULL, and an array of another length, is the mean vector.
 */
#include "postgres.h"

#include "data/encode_part.h"
#include "math/moments.h"

/* columns that are gathered from the rows of a chunk in one go */
#define TILE	8

typedef struct Vector
{
	int			dim;
	double	   *a;
	double	   *b;
	double	   *fill;			/* encoded */
} Vector;

typedef struct Learning
{
	bool		standard;
	bool		unscaled;
	int			pass;
	UsRange    *range;
	UsExactSum *sum;
	UsExactSum	weight;
	double	   *mean;
	UsMoments  *moments;
	double	   *tile;			/* [TILE][US_CHUNK_ROWS] */
	double	   *product;
	Size		taken;
} Learning;

void
us_vector_ask(UsPart *part, bool standard, bool unscaled)
{
	Learning   *l = palloc0(sizeof(Learning));

	l->standard = standard;
	l->unscaled = unscaled;
	part->learning = l;
	part->own = palloc0(sizeof(Vector));
}

/* Elements j .. j + n of all rows, column by column; NULL rows are NaN. */
static void
gather(const double *v, int dim, int nrows, int j, int n, double *tile)
{
	for (int i = 0; i < nrows; i++)
	{
		const double *row = v + (Size) i * dim;
		bool		null = isnan(row[0]);

		for (int k = 0; k < n; k++)
			tile[k * US_CHUNK_ROWS + i] = null ? NAN : row[j + k];
	}
}

/* ---- learning ---- */

static void
begin_means(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	Vector	   *v = part->own;

	v->dim = part->frame_column->dim;
	if (v->dim > US_MAX_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("feature \"%s\" has %d elements, a vector may have %d",
						part->frame_column->name, v->dim, US_MAX_DIM)));
	l->taken = (sizeof(UsExactSum) + sizeof(UsMoments) + sizeof(UsRange)) * (Size) v->dim +
		sizeof(double) * US_CHUNK_ROWS * (TILE + 1);
	us_budget_take(learn->budget, l->taken, "preprocessing");
	l->range = palloc(sizeof(UsRange) * v->dim);
	for (int j = 0; j < v->dim; j++)
		us_range_init(&l->range[j]);
	l->sum = palloc0(sizeof(UsExactSum) * v->dim);
	l->tile = palloc(sizeof(double) * US_CHUNK_ROWS * TILE);
	l->product = palloc(sizeof(double) * US_CHUNK_ROWS);
}

static UsPass
vector_begin(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	Vector	   *v = part->own;

	if (part->frame_column->dim == 0)
		return US_PASS_NONE;
	switch (++l->pass)
	{
		case 1:
			begin_means(part, learn);
			return US_PASS_READ;
		case 2:
			l->mean = palloc(sizeof(double) * v->dim);
			l->moments = palloc(sizeof(UsMoments) * v->dim);
			for (int j = 0; j < v->dim; j++)
			{
				double		weight = learn->frame->weighted ? us_exact_round(&l->weight) :
					(double) l->range[j].n;

				l->mean[j] = us_exact_round(&l->sum[j]) / weight;
				l->mean[j] = fmin(fmax(l->mean[j], l->range[j].min), l->range[j].max);
				us_moments_init(&l->moments[j], l->mean[j], l->range[j].min, l->range[j].max);
			}
			return US_PASS_READ;
		default:
			pfree(l->sum);
			pfree(l->tile);
			pfree(l->product);
			us_budget_release(learn->budget, l->taken);
			return US_PASS_NONE;
	}
}

/* NULL rows become the mean vector, so that the variance is that of the encoded rows. */
static void
fill_tile(const Learning *l, int j, int n, int nrows)
{
	for (int k = 0; k < n; k++)
		for (int i = 0; i < nrows; i++)
		{
			double	   *x = &l->tile[k * US_CHUNK_ROWS + i];

			*x = us_op_fill(*x, l->mean[j + k]);
		}
}

static void
vector_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	Learning   *l = part->learning;
	const double *v = chunk->column[part->column].vector;
	int			dim = ((Vector *) part->own)->dim;
	int			nrows = chunk->nrows;

	for (int j = 0; j < dim; j += TILE)
	{
		int			n = Min(TILE, dim - j);

		gather(v, dim, nrows, j, n, l->tile);
		if (l->pass == 2)
			fill_tile(l, j, n, nrows);
		for (int k = 0; k < n; k++)
		{
			const double *x = &l->tile[k * US_CHUNK_ROWS];

			if (l->pass == 2)
			{
				us_moments_add(&l->moments[j + k], x, chunk->weight, nrows);
				continue;
			}
			us_range_add(&l->range[j + k], x, nrows);
			for (int i = 0; chunk->weight && i < nrows; i++)
				l->product[i] = x[i] * chunk->weight[i];
			us_exact_add_array(&l->sum[j + k], chunk->weight ? l->product : x, nrows);
		}
	}
	if (l->pass == 1 && chunk->weight)
	{
		for (int i = 0; i < nrows; i++)
			l->product[i] = isnan(v[(Size) i * dim]) ? NAN : chunk->weight[i];
		us_exact_add_array(&l->weight, l->product, nrows);
	}
}

static double
encode_element(const Vector *v, int j, double x)
{
	return us_encoded_limit(us_op_affine(x, v->a[j], v->b[j]));
}

static void
vector_finish(UsPart *part, UsLearn *learn)
{
	Learning   *l = part->learning;
	Vector	   *v = part->own;
	const char *feature = part->frame_column->name;
	double		variance = 0;
	double		scale;

	for (int j = 0; j < v->dim; j++)
		variance += pow(us_moments_sd(&l->moments[j]), 2);
	if (!(variance > 0) || !isfinite(variance))
		return;
	part->width = v->dim;
	v->a = palloc0(sizeof(double) * v->dim);
	v->b = palloc(sizeof(double) * v->dim);
	v->fill = palloc(sizeof(double) * v->dim);
	scale = l->standard ? sqrt(part->weight / v->dim) :
		sqrt(l->unscaled ? part->weight : part->weight / variance);
	for (int j = 0; j < v->dim; j++)
	{
		double		sd = us_moments_sd(&l->moments[j]);

		v->b[j] = scale;
		if (l->standard)
		{
			v->a[j] = l->mean[j];
			if (sd > 0 && isfinite(scale / sd))
				v->b[j] = scale / sd;
		}
		v->fill[j] = encode_element(v, j, l->mean[j]);
		us_encoder_add_column(learn->encoder, part, psprintf("%s[%d]", feature, j + 1),
							  us_op_affine(us_moments_mean(&l->moments[j]), v->a[j], v->b[j]),
							  sd * v->b[j],
							  encode_element(v, j, l->range[j].min),
							  encode_element(v, j, l->range[j].max));
	}
}

/* ---- encoding ---- */

static void
vector_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	const Vector *v = part->own;
	const double *x = chunk->column[part->column].vector;

	for (int j = 0; j < v->dim; j += TILE)
	{
		int			end = Min(j + TILE, v->dim);

		for (int i = 0; i < chunk->nrows; i++)
		{
			const double *row = x + (Size) i * v->dim;
			bool		null = part->frame_column->dim != v->dim || isnan(row[0]);

			for (int k = j; k < end; k++)
				out[(Size) k * stride + i] = null ? v->fill[k] : encode_element(v, k, row[k]);
		}
	}
}

static uint8
vector_row(const UsPart *part, const UsValue *value, double *x)
{
	const Vector *v = part->own;

	for (int j = 0; j < v->dim; j++)
		x[j] = value->isnull ? v->fill[j] : encode_element(v, j, value->vector[j]);
	return 0;
}

static double
vector_invert(const UsPart *part, int j, double x)
{
	const Vector *v = part->own;

	return us_encoded_limit(x / v->b[j] + v->a[j]);
}

static void
vector_report(const UsPart *part, UsReport *object)
{
	const Vector *v = part->own;
	bool		centred = false;

	for (int j = 0; j < v->dim; j++)
		centred |= v->a[j] != 0;
	us_report_int(object, "dim", v->dim);
	us_report_bool(object, "standard", centred);
	if (!centred)
		us_report_number(object, "scale", v->b[0]);
}

static void
vector_form(const UsPart *part, int j, UsForm *form)
{
	const Vector *v = part->own;

	form->kind = US_FORM_ELEMENT;
	form->element = j + 1;
	form->a = v->a[j];
	form->b = v->b[j];
	form->fill = v->fill[j];
}

static void
vector_write(const UsPart *part, UsWriter *w)
{
	const Vector *v = part->own;

	for (int j = 0; j < v->dim; j++)
	{
		us_write_f64(w, v->a[j]);
		us_write_f64(w, v->b[j]);
		us_write_f64(w, v->fill[j]);
	}
}

static void
vector_read(UsPart *part, UsReader *r)
{
	Vector	   *v = palloc0(sizeof(Vector));

	v->dim = part->width;
	if (part->dim != v->dim)
		us_corrupt(r, "vector of %d elements in %d columns before byte %zu",
				   part->dim, v->dim, r->pos);
	part->own = v;
	v->a = palloc(sizeof(double) * v->dim);
	v->b = palloc(sizeof(double) * v->dim);
	v->fill = palloc(sizeof(double) * v->dim);
	for (int j = 0; j < v->dim; j++)
	{
		v->a[j] = us_read_finite(r);
		v->b[j] = us_read_scale(r);
		v->fill[j] = us_read_finite(r);
	}
}

const UsPartOps us_part_vector = {
	US_PART_VECTOR, "vector",
	NULL, vector_begin, vector_consume, vector_finish,
	vector_chunk, vector_row, vector_invert, vector_report, vector_form, vector_write, vector_read
};
