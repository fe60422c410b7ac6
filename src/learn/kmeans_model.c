/*
 * kmeans_model.c
 *	  A trained k-means model.
 *
 * The label of a row comes from the same float4 kernel on the same grid as in
 * training, so a training row gets the label under which it was counted.  What is
 * told about the distance is computed in float8 from the unrounded row.
 *
 * Membership is that of a mixture of k spherical normal distributions around the
 * centres with one common variance, of which k-means is the limit for small variance
 * (C. M. Bishop, Pattern Recognition and Machine Learning, 2006, section 9.3.2): the
 * probability of cluster i is proportional to weight_i exp(-d_i^2 / (2 s^2)) with
 * s^2 = inertia / (weight * width).
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_model.h"
#include "math/distance.h"

#define FORMAT_VERSION	1
#define FLAG_UNIT		1

/* rows whose scratch fits on the stack */
#define STACK_COLUMNS	64
#define STACK_CENTERS	64

struct UsKmeansModel
{
	int			k;
	int			width;
	bool		unit;			/* rows are brought to unit length */
	UsGrid	   *grid;			/* [width] */
	double	   *center;			/* [k][width], relative to the offsets */
	int64	   *rows;			/* [k] */
	double	   *weight;			/* [k], in the user's units */
	double		inertia;

	/* made from these */
	int			scale;
	UsQuantiser *quantiser;
	float	   *coordinate;		/* [k][width], for us_nearest_blocks */
	float	   *packed;			/* for us_nearest_row */
	double	   *lanes;			/* centres in blocks of US_HALF_LANES, filled up with infinity */
	double	   *log_prior;		/* [k] log of the share of the weight */
	double		precision;		/* 1 / (2 s^2); infinite when the inertia is 0 */
};

static void
prepare(UsKmeansModel *m)
{
	Size		values = (Size) m->k * m->width;
	int			padded = (m->k + US_HALF_LANES - 1) / US_HALF_LANES * US_HALF_LANES;
	double		total = 0;

	m->scale = us_grids_scale(m->grid, m->width);
	m->quantiser = (UsQuantiser *) palloc(sizeof(UsQuantiser) * m->width);
	for (int j = 0; j < m->width; j++)
		m->quantiser[j] = us_quantiser(m->grid[j], m->scale);
	m->coordinate = (float *) TYPEALIGN(US_BLOCK_ALIGN,
										palloc(sizeof(float) * values + US_BLOCK_ALIGN));
	for (Size i = 0; i < values; i++)
		m->coordinate[i] = us_grid_coordinate(m->center[i], m->scale);
	m->packed = (float *) palloc(sizeof(float) * us_packed_floats(m->k, m->width));
	us_pack_centers(m->coordinate, m->k, m->width, m->packed);

	m->lanes = (double *) palloc(sizeof(double) * padded * m->width);
	for (int i = 0; i < padded; i++)
		for (int j = 0; j < m->width; j++)
			m->lanes[(Size) (i / US_HALF_LANES) * US_HALF_LANES * m->width +
					 j * US_HALF_LANES + i % US_HALF_LANES] =
				i < m->k ? m->center[(Size) i * m->width + j] : INFINITY;

	for (int i = 0; i < m->k; i++)
		total += m->weight[i];
	m->log_prior = (double *) palloc(sizeof(double) * m->k);
	for (int i = 0; i < m->k; i++)
		m->log_prior[i] = log(m->weight[i] / total);
	m->precision = total * m->width / (2 * m->inertia);
}

UsKmeansModel *
us_kmeans_model_create(const UsSpace *space, int k, const double *center,
					   const UsSums *sums, double inertia)
{
	UsKmeansModel *m = (UsKmeansModel *) palloc0(sizeof(UsKmeansModel));

	m->k = k;
	m->width = space->width;
	m->unit = space->unit;
	m->grid = (UsGrid *) palloc(sizeof(UsGrid) * m->width);
	memcpy(m->grid, space->grid, sizeof(UsGrid) * m->width);
	m->center = (double *) palloc(sizeof(double) * k * m->width);
	memcpy(m->center, center, sizeof(double) * k * m->width);
	m->rows = (int64 *) palloc(sizeof(int64) * k);
	m->weight = (double *) palloc(sizeof(double) * k);
	for (int i = 0; i < k; i++)
	{
		m->rows[i] = sums->rows[i];
		m->weight[i] = ldexp((double) sums->weight[i], -space->weight_exponent);
	}
	m->inertia = inertia;
	prepare(m);
	return m;
}

/* ---- one row ---- */

/* Memory for a row on its way; on the stack when small. */
typedef struct RowScratch
{
	double		relative[STACK_COLUMNS];
	float		coordinate[STACK_COLUMNS];
	double		square[STACK_CENTERS + US_HALF_LANES];
} RowScratch;

typedef struct Row
{
	double	   *relative;		/* [width], minus the offsets */
	float	   *coordinate;		/* [width] */
	double	   *square;			/* [k rounded up], squared distances */
} Row;

static void
open_row(const UsKmeansModel *m, RowScratch *scratch, Row *row)
{
	row->relative = scratch->relative;
	row->coordinate = scratch->coordinate;
	row->square = scratch->square;
	if (m->width > STACK_COLUMNS)
	{
		row->relative = (double *) palloc(sizeof(double) * m->width);
		row->coordinate = (float *) palloc(sizeof(float) * m->width);
	}
	if (m->k > STACK_CENTERS)
		row->square = (double *) palloc(sizeof(double) * (m->k + US_HALF_LANES));
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
		pfree(row->square);
}

/* Fill relative and coordinate from x; stride between its columns. */
static inline void
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
		row->relative[j] = v - z->offset;
	}
}

/* Squared distances to all centres in float8; a lane is a centre. */
US_CLONES static void
squared_distances(const double *lanes, int k, int width, const double *x, double *square)
{
	for (int i = 0; i < k; i += US_HALF_LANES, lanes += (Size) width * US_HALF_LANES)
	{
		UsDoubleLanes sum = {0};

		for (int j = 0; j < width; j++)
		{
			UsDoubleLanes d;

			memcpy(&d, lanes + j * US_HALF_LANES, sizeof(d));
			d -= x[j];
			sum += d * d;
		}
		memcpy(square + i, &sum, sizeof(sum));
	}
}

/*
 * Membership of cluster i relative to that of the label: exp of the difference of the
 * logarithms.  Where the inertia is 0 only rows on a centre are alike to it.
 */
static inline double
relative_membership(const UsKmeansModel *m, const double *square, int label, int i)
{
	double		gap = square[i] - square[label];

	if (m->weight[i] <= 0)
		return 0;
	if (isinf(m->precision))
		return gap > 0 ? 0 : m->weight[i] / m->weight[label];
	return exp(m->log_prior[i] - m->log_prior[label] - gap * m->precision);
}

static void
score_row(const UsKmeansModel *m, Row *row, UsScore *score)
{
	const double *square = row->square;
	int			label = us_nearest_row(row->coordinate, m->width, m->packed, m->k, NULL);
	int			second = -1;
	double		total = 0;

	squared_distances(m->lanes, m->k, m->width, row->relative, row->square);
	for (int i = 0; i < m->k; i++)
	{
		if (i != label && (second < 0 || square[i] < square[second]))
			second = i;
		total += relative_membership(m, square, label, i);
	}
	score->label = label + 1;
	score->runner_up = second + 1;
	score->value = NAN;
	/* a label without weight has a membership of 0, and so total is not finite */
	score->probability = isfinite(total) && total > 0 ? 1 / total : 1;
	score->distance = sqrt(square[label]);
	/* the label is the nearest in float4; in float8 another may be nearer by a rounding */
	score->margin = second < 0 ? NAN : fmax(sqrt(square[second]) - score->distance, 0);
}

void
us_kmeans_model_score(const void *model, const double *x, UsScore *score)
{
	us_kmeans_model_score_block(model, x, 1, 1, score);
}

void
us_kmeans_model_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	RowScratch	scratch;
	Row			row;

	open_row(m, &scratch, &row);
	for (int i = 0; i < nrows; i++)
	{
		take_row(m, x + i, stride, &row);
		score_row(m, &row, &out[i]);
	}
	close_row(&scratch, &row);
}

int
us_kmeans_model_label(const void *model, const double *x)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	RowScratch	scratch;
	Row			row;
	int			label;

	open_row(m, &scratch, &row);
	take_row(m, x, 1, &row);
	label = us_nearest_row(row.coordinate, m->width, m->packed, m->k, NULL);
	close_row(&scratch, &row);
	return label + 1;
}

/* rows that us_kmeans_model_label_block takes at a time */
#define LABEL_ROWS	256

/* One column of LABEL_ROWS rows into blocks of kernel coordinates; any finite value. */
US_CLONES static void
place_column(const UsQuantiser *z, const double *x, float *out, int width)
{
	for (int b = 0; b < LABEL_ROWS / US_LANES; b++, x += US_LANES, out += (Size) width * US_LANES)
		for (int i = 0; i < US_LANES; i++)
		{
			double		q = rint((x[i] - z->offset) * z->up * z->up_more);

			q = q > US_GRID_MAX_Q ? US_GRID_MAX_Q : q;
			q = q < -US_GRID_MAX_Q ? -US_GRID_MAX_Q : q;
			out[i] = (float) (q * z->down);
		}
}

void
us_kmeans_model_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	Size		floats = (Size) m->width * LABEL_ROWS;
	char	   *memory;
	float	   *block;
	uint16		nearest[LABEL_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	double		column[LABEL_ROWS];

	if (m->unit)				/* rows are normalised first, one by one */
	{
		for (int i = 0; i < nrows; i++)
		{
			RowScratch	scratch;
			Row			row;

			open_row(m, &scratch, &row);
			take_row(m, x + i, stride, &row);
			label[i] = us_nearest_row(row.coordinate, m->width, m->packed, m->k, NULL) + 1;
			close_row(&scratch, &row);
		}
		return;
	}
	memory = (char *) palloc(floats * sizeof(float) + US_BLOCK_ALIGN);
	block = (float *) TYPEALIGN(US_BLOCK_ALIGN, memory);
	for (int from = 0; from < nrows; from += LABEL_ROWS)
	{
		int			n = Min(LABEL_ROWS, nrows - from);

		for (int j = 0; j < m->width; j++)
		{
			const double *value = x + (Size) j * stride + from;

			if (n < LABEL_ROWS)
			{
				memset(column, 0, sizeof(column));
				memcpy(column, value, n * sizeof(double));
				value = column;
			}
			place_column(&m->quantiser[j], value, block + (Size) j * US_LANES, m->width);
		}
		us_nearest_blocks(block, (n + US_LANES - 1) / US_LANES, m->width, m->coordinate, m->k, nearest, NULL);
		for (int i = 0; i < n; i++)
			label[from + i] = nearest[i] + 1;
	}
	pfree(memory);
}

void
us_kmeans_model_proba(const void *model, const double *x, double *p)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	RowScratch	scratch;
	Row			row;
	UsScore		score;

	open_row(m, &scratch, &row);
	take_row(m, x, 1, &row);
	score_row(m, &row, &score);
	for (int i = 0; i < m->k; i++)
		p[i] = relative_membership(m, row.square, score.label - 1, i) * score.probability;
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
	take_row(m, x, 1, &row);
	for (int j = 0; j < m->width; j++)
	{
		double		near = row.relative[j] - m->center[(Size) (score->label - 1) * m->width + j];
		double		far = score->runner_up == 0 ? near :
			row.relative[j] - m->center[(Size) (score->runner_up - 1) * m->width + j];

		c[j] = far * far - near * near;
	}
	close_row(&scratch, &row);
}

void
us_kmeans_model_center(const void *model, int label, double *c)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;

	for (int j = 0; j < m->width; j++)
		c[j] = m->grid[j].offset + m->center[(Size) (label - 1) * m->width + j];
}

UsReport *
us_kmeans_model_describe(const void *model)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	UsReport   *r = us_report_object();
	UsReport   *sizes;
	UsReport   *weights;
	double		total = 0;

	us_report_int(r, "k", m->k);
	us_report_text(r, "metric", m->unit ? "cosine" : "euclidean");
	us_report_number(r, "inertia", m->inertia);
	sizes = us_report_add_array(r, "sizes");
	weights = us_report_add_array(r, "weights");
	for (int i = 0; i < m->k; i++)
	{
		us_report_int(sizes, NULL, m->rows[i]);
		us_report_number(weights, NULL, m->weight[i]);
		total += m->weight[i];
	}
	us_report_number(r, "sigma", sqrt(m->inertia / (total * m->width)));
	return r;
}

/* ---- stored form ---- */

/*
 * u8 version, u8 flags, u32 width, u32 k, f64 inertia, then for each column f64 offset, i32
 * exponent, for each cluster i64 rows, f64 weight, f64 center[width].
 */
void
us_kmeans_model_write(const void *model, UsWriter *w)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;

	us_write_u8(w, FORMAT_VERSION);
	us_write_u8(w, m->unit ? FLAG_UNIT : 0);
	us_write_u32(w, m->width);
	us_write_u32(w, m->k);
	us_write_f64(w, m->inertia);
	for (int j = 0; j < m->width; j++)
	{
		us_write_f64(w, m->grid[j].offset);
		us_write_i32(w, m->grid[j].exponent);
	}
	for (int i = 0; i < m->k; i++)
	{
		us_write_i64(w, m->rows[i]);
		us_write_f64(w, m->weight[i]);
		for (int j = 0; j < m->width; j++)
			us_write_f64(w, m->center[(Size) i * m->width + j]);
	}
}

static void
read_columns(UsReader *r, UsKmeansModel *m)
{
	int			least;

	m->grid = (UsGrid *) palloc(sizeof(UsGrid) * m->width);
	for (int j = 0; j < m->width; j++)
	{
		m->grid[j].offset = us_read_f64(r);
		m->grid[j].exponent = us_read_i32(r);
		if (!isfinite(m->grid[j].offset))
			us_corrupt(r, "offset of column %d is not finite", j + 1);
		if (m->grid[j].exponent < US_GRID_MIN_EXPONENT || m->grid[j].exponent > US_GRID_MAX_EXPONENT)
			us_corrupt(r, "exponent %d of column %d", m->grid[j].exponent, j + 1);
	}
	least = us_grids_scale(m->grid, m->width) + US_GRID_MIN_RELATIVE;
	for (int j = 0; j < m->width; j++)
		if (m->grid[j].exponent < least)
			us_corrupt(r, "exponent %d of column %d is too small beside the others",
					   m->grid[j].exponent, j + 1);
}

static void
read_clusters(UsReader *r, UsKmeansModel *m)
{
	double		total = 0;

	m->center = (double *) palloc(sizeof(double) * m->k * m->width);
	m->rows = (int64 *) palloc(sizeof(int64) * m->k);
	m->weight = (double *) palloc(sizeof(double) * m->k);
	for (int i = 0; i < m->k; i++)
	{
		m->rows[i] = us_read_i64(r);
		m->weight[i] = us_read_f64(r);
		if (m->rows[i] < 0)
			us_corrupt(r, "cluster %d has " INT64_FORMAT " rows", i + 1, m->rows[i]);
		if (!isfinite(m->weight[i]) || m->weight[i] < 0)
			us_corrupt(r, "weight %g of cluster %d", m->weight[i], i + 1);
		total += m->weight[i];
		for (int j = 0; j < m->width; j++)
		{
			double		c = us_read_f64(r);

			if (!(fabs(c) <= us_grid_relative(m->grid[j], US_GRID_MAX_Q)))
				us_corrupt(r, "centre %d is out of range in column %d", i + 1, j + 1);
			m->center[(Size) i * m->width + j] = c;
		}
	}
	if (!isfinite(total) || total <= 0)
		us_corrupt(r, "weight %g of all clusters", total);
}

void *
us_kmeans_model_read(UsReader *r, int width, int *n_labels)
{
	UsKmeansModel *m = (UsKmeansModel *) palloc0(sizeof(UsKmeansModel));
	int			version = us_read_u8(r);
	int			flags;
	uint32		stored_width;

	if (version != FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a k-means model is not known to this version of userseg",
						version)));
	flags = us_read_u8(r);
	if ((flags & ~FLAG_UNIT) != 0)
		us_corrupt(r, "flags %d", flags);
	m->unit = (flags & FLAG_UNIT) != 0;
	stored_width = us_read_u32(r);
	if (width < 1 || stored_width != (uint32) width)
		us_corrupt(r, "%u columns, the encoder has %d", stored_width, width);
	m->width = width;
	m->k = (int) us_read_count(r, 16 + sizeof(double) * (Size) width, US_MAX_CENTERS);
	if (m->k < 1)
		us_corrupt(r, "no clusters");
	m->inertia = us_read_f64(r);
	if (!isfinite(m->inertia) || m->inertia < 0)
		us_corrupt(r, "inertia %g", m->inertia);
	read_columns(r, m);
	read_clusters(r, m);
	prepare(m);
	*n_labels = m->k;
	return m;
}
