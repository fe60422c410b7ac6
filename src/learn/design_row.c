/*
 * design_row.c
 *	  One encoded row as the sums of a pass take it.
 */
#include "postgres.h"

#include <math.h>

#include "learn/design_row.h"
#include "math/hash.h"
#include "math/logistic_lanes.h"

#define FORMAT_VERSION	1

#define WHAT			"userseg row specification"

static int
grids_of(const UsRowSpec *spec)
{
	return spec->intercept + spec->width + (spec->kind == US_CROSS_GRAM);
}

struct varlena *
us_row_spec_write(const UsRowSpec *spec)
{
	UsWriter	w;

	us_writer_init(&w);
	us_write_u8(&w, FORMAT_VERSION);
	us_write_u8(&w, spec->kind);
	us_write_u8(&w, spec->intercept);
	us_write_u8(&w, spec->weighted);
	us_write_u8(&w, spec->fine);
	us_write_u32(&w, spec->width);
	for (int i = 0; i < grids_of(spec); i++)
	{
		us_write_f64(&w, spec->grid[i].offset);
		us_write_i32(&w, spec->grid[i].exponent);
	}
	if (spec->kind == US_CROSS_LOGISTIC)
	{
		us_write_f64(&w, spec->most_information);
		us_write_f64(&w, spec->class_factor[0]);
		us_write_f64(&w, spec->class_factor[1]);
		for (int i = 0; i < spec->intercept + spec->width; i++)
			us_write_f64(&w, spec->beta[i]);
		for (int j = 0; j < spec->width; j++)
			us_write_f64(&w, spec->centre[j]);
	}
	return (struct varlena *) us_writer_varlena(&w);
}

static bool
read_flag(UsReader *r)
{
	uint8		flag = us_read_u8(r);

	if (flag > 1)
		us_corrupt(r, "flag %d", flag);
	return flag == 1;
}

static double
read_finite(UsReader *r)
{
	double		v = us_read_f64(r);

	if (!isfinite(v))
		us_corrupt(r, "a number that is not finite");
	return v;
}

static double
read_positive(UsReader *r)
{
	double		v = read_finite(r);

	if (!(v > 0))
		us_corrupt(r, "%g is not above 0", v);
	return v;
}

UsRowSpec *
us_row_spec_read(const void *data, size_t len)
{
	UsRowSpec  *spec = (UsRowSpec *) palloc0(sizeof(UsRowSpec));
	UsReader	r;
	int			m;

	us_reader_init(&r, data, len, WHAT);
	us_check_version(WHAT, us_read_u8(&r), FORMAT_VERSION);
	spec->kind = (UsCrossKind) us_read_u8(&r);
	if (spec->kind != US_CROSS_GRAM && spec->kind != US_CROSS_LOGISTIC)
		us_corrupt(&r, "kind %d", spec->kind);
	spec->intercept = read_flag(&r);
	spec->weighted = read_flag(&r);
	spec->fine = read_flag(&r);
	spec->width = (int) us_read_count(&r, 12, US_CROSS_MAX_D);
	if (spec->width < 1)
		us_corrupt(&r, "no columns");
	m = spec->intercept + spec->width;
	spec->grid = (UsGrid *) palloc(sizeof(UsGrid) * (m + 1));
	for (int i = 0; i < grids_of(spec); i++)
	{
		spec->grid[i].offset = read_finite(&r);
		spec->grid[i].exponent = us_read_i32(&r);
		if (spec->grid[i].exponent < US_GRID_MIN_EXPONENT || spec->grid[i].exponent > US_GRID_MAX_EXPONENT - US_CROSS_BITS)
			us_corrupt(&r, "exponent %d", spec->grid[i].exponent);
	}
	if (spec->kind == US_CROSS_LOGISTIC)
	{
		spec->most_information = read_positive(&r);
		spec->class_factor[0] = read_positive(&r);
		spec->class_factor[1] = read_positive(&r);
		spec->beta = (double *) palloc(sizeof(double) * m);
		spec->centre = (double *) palloc(sizeof(double) * spec->width);
		for (int i = 0; i < m; i++)
			spec->beta[i] = read_finite(&r);
		for (int j = 0; j < spec->width; j++)
			spec->centre[j] = read_finite(&r);
		spec->fingerprint = us_hash_bytes(data, len, 0);
	}
	us_reader_end(&r);
	return spec;
}

static UsCrossRow *
gram_row(const UsRowSpec *spec, const double *x, double y, double weight)
{
	int			n = grids_of(spec);
	UsCrossRow *row = us_cross_row_new(US_CROSS_GRAM, n, 2);
	double		root = spec->weighted ? sqrt(weight) : 1;
	double	   *v = row->value;
	const UsGrid *grid = spec->grid;

	row->weighted = spec->weighted;
	row->intercept = spec->intercept;
	if (spec->intercept)
		*v++ = us_cross_value(*grid++, root, 1, true);
	for (int j = 0; j <= spec->width; j++)
		v[j] = us_cross_value(grid[j], j < spec->width ? x[j] : y, root, true);
	row->value[n] = weight;
	row->value[n + 1] = spec->weighted ? log(weight) : 0;
	return row;
}

/* A term of element k of the gradient, as a pass takes it. */
static double
term(const UsRowSpec *spec, int k, double v)
{
	double		r;

	if (spec->fine)
		return v;
	r = us_glm_gradient_rounder(us_glm_gradient_exponent(spec->grid[k], spec->most_information));
	return (v + r) - r;
}

static UsCrossRow *
logistic_row(const UsRowSpec *spec, const double *x, double y, double weight)
{
	int			m = grids_of(spec);
	int			skip = spec->intercept;
	UsCrossRow *row = us_cross_row_new(US_CROSS_LOGISTIC, m, m + 2);
	double	   *more = row->value + m;
	double		eta;
	double		gradient;
	double		information;

	row->intercept = spec->intercept;
	row->fingerprint = spec->fingerprint;
	weight *= spec->class_factor[y > 0.5];
	eta = us_glm_predictor(x, spec->beta, spec->centre, spec->width, spec->intercept);
	us_logistic_row(eta, y, weight, &more[m], &gradient, &information);
	more[m + 1] = weight;
	information = sqrt(Min(information, spec->most_information));
	if (spec->intercept)
	{
		row->value[0] = us_cross_value(spec->grid[0], 1, information, spec->fine);
		more[0] = term(spec, 0, gradient);
	}
	for (int j = 0; j < spec->width; j++)
	{
		row->value[skip + j] = us_cross_value(spec->grid[skip + j], x[j], information, spec->fine);
		more[skip + j] = term(spec, skip + j, (x[j] - spec->centre[j]) * gradient);
	}
	return row;
}

UsCrossRow *
us_design_row(const UsRowSpec *spec, const double *x, double y, double weight)
{
	if (!isfinite(y) || (spec->kind == US_CROSS_LOGISTIC && !(y >= 0 && y <= 1)))
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
	return spec->kind == US_CROSS_GRAM ? gram_row(spec, x, y, weight) : logistic_row(spec, x, y, weight);
}

void
us_fit_check_sql_rows(const UsFitInput *input, int64 rows)
{
	if (rows != input->frame->nrows)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the source had " INT64_FORMAT " rows at first and " INT64_FORMAT " in an SQL pass",
						input->frame->nrows, rows),
				 errhint("Train in a REPEATABLE READ transaction, or with {\"strategy\": \"local\"}.")));
}
