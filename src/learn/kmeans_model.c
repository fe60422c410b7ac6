/*
 * kmeans_model.c
 *	  A trained k-means model: made, described, stored.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"

#include "learn/kmeans_model.h"
#include "math/distance.h"

#define FORMAT_VERSION	2
#define FLAG_UNIT		1

/* of a grid: us_space_create refuses wider columns, so that squares stay finite */
#define MOST_EXPONENT	450

/* where the inertia is 0: any distance is infinitely far, but 0 times this is still 0 */
#define MOST_PRECISION	1e300

static void
prepare(UsKmeansModel *m)
{
	Size		centers = sizeof(float) * m->k * m->width;
	int			padded = (m->k + US_HALF_LANES - 1) / US_HALF_LANES * US_HALF_LANES;
	double		total = 0;

	m->scale = us_grids_scale(m->grid, m->width);
	m->quantiser = (UsQuantiser *) palloc(sizeof(UsQuantiser) * m->width);
	m->reach = (double *) palloc(sizeof(double) * m->width);
	for (int j = 0; j < m->width; j++)
	{
		m->quantiser[j] = us_quantiser(m->grid[j], m->scale);
		m->reach[j] = us_grid_relative(m->grid[j], US_GRID_MAX_Q);
	}
	m->coordinate = (float *) palloc(centers);
	for (Size i = 0; i < (Size) m->k * m->width; i++)
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
	m->precision = Min(total * m->width / (2 * m->inertia), MOST_PRECISION);
}

/* A model of one source, still to be prepared. */
static UsKmeansModel *
new_model(const UsSpace *space, int k, const double *center, const UsSums *sums, double inertia)
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
		m->seen += m->rows[i];
	}
	m->inertia = inertia;
	return m;
}

UsKmeansModel *
us_kmeans_model_create(const UsSpace *space, int k, const double *center,
					   const UsSums *sums, double inertia)
{
	UsKmeansModel *m = new_model(space, k, center, sums, inertia);

	prepare(m);
	return m;
}

UsKmeansModel *
us_kmeans_model_continue(const UsKmeansModel *old, const UsSpace *space, const double *center,
						 const UsSums *sums, double inertia, double decay)
{
	UsKmeansModel *m = new_model(space, old->k, center, sums, inertia);
	double		before = old->inertia;

	for (int i = 0; i < m->k; i++)
	{
		Size		at = (Size) i * m->width;

		before += old->weight[i] *
			us_distance(US_METRIC_SQEUCLIDEAN, old->center + at, center + at, m->width);
		m->weight[i] += decay * old->weight[i];
	}
	m->inertia += decay * before;
	m->seen += old->seen;
	m->updates = old->updates + 1;
	prepare(m);
	return m;
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
	us_report_int(r, "rows_seen", m->seen);
	us_report_int(r, "updates", m->updates);
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
 * u8 version, u8 flags, u32 width, u32 k, f64 inertia, i64 rows seen, u32 updates (version 1 has
 * neither), then for each column f64 offset, i32 exponent, for each cluster i64 rows, f64
 * weight, f64 center[width].
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
	us_write_i64(w, m->seen);
	us_write_u32(w, m->updates);
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
		if (m->grid[j].exponent < US_GRID_MIN_EXPONENT || m->grid[j].exponent > MOST_EXPONENT)
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

static void
read_history(UsReader *r, UsKmeansModel *m)
{
	uint32		updates;

	m->seen = us_read_i64(r);
	updates = us_read_u32(r);
	if (updates > PG_INT32_MAX)
		us_corrupt(r, "%u updates", updates);
	m->updates = (int) updates;
}

/* Rows seen are those of this source, and more only after updates. */
static void
check_history(UsReader *r, UsKmeansModel *m, int version)
{
	int64		rows = 0;

	for (int i = 0; i < m->k; i++)
		if (pg_add_s64_overflow(rows, m->rows[i], &rows))
			us_corrupt(r, "too many rows");
	if (version == 1)
		m->seen = rows;
	if (m->updates == 0 ? m->seen != rows : m->seen < rows)
		us_corrupt(r, INT64_FORMAT " rows seen, " INT64_FORMAT " in clusters, %d updates",
				   m->seen, rows, m->updates);
}

void *
us_kmeans_model_read(UsReader *r, int width, int *n_labels)
{
	UsKmeansModel *m = (UsKmeansModel *) palloc0(sizeof(UsKmeansModel));
	int			version = us_read_u8(r);
	int			flags;
	uint32		stored_width;

	if (version < 1 || version > FORMAT_VERSION)
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
	if (version >= 2)
		read_history(r, m);
	read_columns(r, m);
	read_clusters(r, m);
	check_history(r, m, version);
	prepare(m);
	*n_labels = m->k;
	return m;
}
