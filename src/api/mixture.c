/*
 * mixture.c
 *	  userseg.mixture: input and output, made from arrays, its values, rows judged by it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "agg/gmm_state.h"
#include "api/mixture_arg.h"
#include "api/payload.h"
#include "api/value_cache.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(userseg_mixture_in);
PG_FUNCTION_INFO_V1(userseg_mixture_out);
PG_FUNCTION_INFO_V1(userseg_mixture_recv);
PG_FUNCTION_INFO_V1(userseg_mixture_send);
PG_FUNCTION_INFO_V1(userseg_mixture);
PG_FUNCTION_INFO_V1(userseg_mixture_covariance_type);
PG_FUNCTION_INFO_V1(userseg_mixture_weights);
PG_FUNCTION_INFO_V1(userseg_mixture_means);
PG_FUNCTION_INFO_V1(userseg_mixture_covariances);
PG_FUNCTION_INFO_V1(userseg_log_density);
PG_FUNCTION_INFO_V1(userseg_responsibilities);

const UsMixture *
us_mixture_arg(FunctionCallInfo fcinfo, int n)
{
	const UsMixture *m = (const UsMixture *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(US_MIXTURE_NAME, m->version, US_MIXTURE_VERSION);
	return m;
}

/* ---- input and output ---- */

static void *
read_mixture(UsReader *r)
{
	return us_mixture_read(r);
}

/* Input: the payload in hexadecimal. */
Datum
userseg_mixture_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), US_MIXTURE_NAME, read_mixture));
}

/* Output: the payload in hexadecimal. */
Datum
userseg_mixture_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_mixture_write(us_mixture_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input: the payload. */
Datum
userseg_mixture_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0),
											  US_MIXTURE_NAME, read_mixture));
}

/* Binary output: the payload. */
Datum
userseg_mixture_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_mixture_write(us_mixture_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- from arrays ---- */

/* The values of an array with these dimensions; 22023 for others, 22004 for NULL elements. */
static const double *
array_values(ArrayType *array, const char *name, int ndim, const int *dims)
{
	bool		fits = ARR_NDIM(array) == ndim;

	for (int i = 0; i < ndim && fits; i++)
		fits = ARR_DIMS(array)[i] == dims[i];
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 ndim == 3 ? errmsg("\"%s\" must be an array of %d x %d x %d", name, dims[0], dims[1], dims[2]) :
				 ndim == 2 ? errmsg("\"%s\" must be an array of %d x %d", name, dims[0], dims[1]) :
				 errmsg("\"%s\" must be an array of %d", name, dims[0]),
				 errdetail("means has a row for each component and a column for each column; covariances are k matrices for full, one for tied, k rows of variances for diag, k variances for spherical.")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not contain NULL", name)));
	return (const double *) ARR_DATA_PTR(array);
}

/* Packed triangles of count d x d matrices; 22023 if one is not symmetric. */
static double *
pack_matrices(const double *full, int count, int d)
{
	double	   *packed = (double *) palloc(sizeof(double) * us_packed(d) * count);
	double	   *to = packed;

	for (int i = 0; i < count; i++, full += (Size) d * d)
		for (int a = 0; a < d; a++)
			for (int b = 0; b <= a; b++, to++)
			{
				double		x = full[(Size) a * d + b];
				double		other = full[(Size) b * d + a];

				if (!(fabs(x - other) <= 1e-9 * fmax(fabs(x), fabs(other))))
					ereport(ERROR,
							(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							 errmsg("covariance of component %d is not symmetric: %g in row %d, column %d, and %g",
									i + 1, x, a + 1, b + 1, other)));
				*to = x;
			}
	return packed;
}

/* userseg.mixture(weights, means, covariances, covariance text) → mixture. */
Datum
userseg_mixture(PG_FUNCTION_ARGS)
{
	ArrayType  *means;
	ArrayType  *covariances;
	UsCovariance covariance;
	char	   *name = US_ARG_CSTRING(3, "covariance");
	int			dims[3];
	int			k;
	int			d;
	const double *mean;
	const double *weight;
	const double *values;

	US_ARG_REQUIRE(1, "means");
	US_ARG_REQUIRE(2, "covariances");
	if (!us_covariance_find(name, &covariance))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no covariance \"%s\"", name),
				 errhint("It is one of \"full\", \"diag\", \"tied\", \"spherical\".")));
	means = PG_GETARG_ARRAYTYPE_P(1);
	covariances = PG_GETARG_ARRAYTYPE_P(2);
	if (ARR_NDIM(means) != 2)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("\"means\" must be an array of two dimensions, a row for each component")));
	k = ARR_DIMS(means)[0];
	d = ARR_DIMS(means)[1];
	us_mixture_check_sizes(covariance, k, d);
	dims[0] = k;
	dims[1] = dims[2] = d;
	mean = array_values(means, "means", 2, dims);
	if (covariance == US_COVARIANCE_FULL)
		values = pack_matrices(array_values(covariances, "covariances", 3, dims), k, d);
	else if (covariance == US_COVARIANCE_TIED)
		values = pack_matrices(array_values(covariances, "covariances", 2, dims + 1), 1, d);
	else
		values = array_values(covariances, "covariances", covariance == US_COVARIANCE_DIAG ? 2 : 1, dims);
	if (PG_ARGISNULL(0))
	{
		double	   *equal = (double *) palloc(sizeof(double) * k);

		for (int i = 0; i < k; i++)
			equal[i] = 1;
		weight = equal;
	}
	else
		weight = array_values(PG_GETARG_ARRAYTYPE_P(0), "weights", 1, dims);
	PG_RETURN_POINTER(us_mixture_plain(covariance, k, d, weight, mean, values));
}

/* ---- values ---- */

Datum
us_float8_array(const double *x, int ndim, int *dims)
{
	int			lower[3] = {1, 1, 1};
	Size		n = 1;
	Datum	   *values;

	for (int i = 0; i < ndim; i++)
		n *= dims[i];
	values = (Datum *) palloc(sizeof(Datum) * n);
	for (Size i = 0; i < n; i++)
		values[i] = Float8GetDatum(x[i]);
	return PointerGetDatum(construct_md_array(values, NULL, ndim, dims, lower, FLOAT8OID,
											  sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* userseg.covariance_type(mixture) → text. */
Datum
userseg_mixture_covariance_type(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(us_covariance_name((UsCovariance) us_mixture_arg(fcinfo, 0)->covariance)));
}

/* userseg.mixture_weights(mixture) → float8[k]. */
Datum
userseg_mixture_weights(PG_FUNCTION_ARGS)
{
	const UsMixture *m = us_mixture_arg(fcinfo, 0);
	int			k = m->k;

	return us_float8_array(us_mixture_weight(m), 1, &k);
}

/* userseg.mixture_means(mixture) → float8[k][d]. */
Datum
userseg_mixture_means(PG_FUNCTION_ARGS)
{
	const UsMixture *m = us_mixture_arg(fcinfo, 0);
	int			dims[2] = {m->k, m->d};
	double	   *x = (double *) palloc(sizeof(double) * m->k * m->d);

	for (int i = 0; i < m->k; i++)
		for (int j = 0; j < m->d; j++)
			x[(Size) i * m->d + j] = us_mixture_mean_value(m, i, j);
	return us_float8_array(x, 2, dims);
}

/* userseg.mixture_covariances(mixture) → float8[], as userseg.mixture takes them. */
Datum
userseg_mixture_covariances(PG_FUNCTION_ARGS)
{
	const UsMixture *m = us_mixture_arg(fcinfo, 0);
	int			d = m->d;
	int			dims[3] = {m->k, d, d};
	bool		matrices = m->covariance == US_COVARIANCE_FULL || m->covariance == US_COVARIANCE_TIED;
	int			count = m->covariance == US_COVARIANCE_TIED ? 1 : m->k;
	double	   *x;

	if (matrices)
	{
		x = (double *) palloc(sizeof(double) * count * d * d);
		for (int i = 0; i < count; i++)
			for (int a = 0; a < d; a++)
				for (int b = 0; b < d; b++)
					x[((Size) i * d + a) * d + b] = us_mixture_covariance_value(m, i, a, b);
		return m->covariance == US_COVARIANCE_TIED ? us_float8_array(x, 2, dims + 1) : us_float8_array(x, 3, dims);
	}
	x = (double *) palloc(sizeof(double) * m->k * d);
	for (int i = 0; i < m->k; i++)
		for (int j = 0; j < d; j++)
			x[(Size) i * (m->covariance == US_COVARIANCE_DIAG ? d : 1) +
			  (m->covariance == US_COVARIANCE_DIAG ? j : 0)] = us_mixture_covariance_value(m, i, j, j);
	return us_float8_array(x, m->covariance == US_COVARIANCE_DIAG ? 2 : 1, dims);
}

/* ---- rows ---- */

static void *
prepare_judge(struct varlena *value)
{
	const UsMixture *m = (const UsMixture *) value;

	us_check_version(US_MIXTURE_NAME, m->version, US_MIXTURE_VERSION);
	return us_gmm_judge(m);
}

UsGmmJudge *
us_judge_arg(FunctionCallInfo fcinfo, int n)
{
	return (UsGmmJudge *) us_cached_value(fcinfo, n, prepare_judge);
}

const double *
us_judge_vector(FunctionCallInfo fcinfo, int n, const UsGmmJudge *judge)
{
	int			count;
	const double *x = us_array_float8(PG_GETARG_ARRAYTYPE_P(n), "x", &count);

	if (count != judge->mixture->d)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the vector has length %d, the mixture has %d columns", count, judge->mixture->d)));
	return x;
}

/* userseg.log_density(mixture, x float8[]) → float8; strict. */
Datum
userseg_log_density(PG_FUNCTION_ARGS)
{
	UsGmmJudge *judge = us_judge_arg(fcinfo, 0);

	(void) us_gmm_judge_densities(judge, us_judge_vector(fcinfo, 1, judge), false);
	PG_RETURN_FLOAT8(us_gmm_judge_responsibilities(judge, 1));
}

/* userseg.responsibilities(mixture, x float8[]) → float8[k]; strict. */
Datum
userseg_responsibilities(PG_FUNCTION_ARGS)
{
	UsGmmJudge *judge = us_judge_arg(fcinfo, 0);
	int			k = judge->mixture->k;
	double	   *r = (double *) palloc(sizeof(double) * k);

	(void) us_gmm_judge_densities(judge, us_judge_vector(fcinfo, 1, judge), false);
	(void) us_gmm_judge_responsibilities(judge, 1);
	for (int i = 0; i < k; i++)
		r[i] = judge->row->r[i];
	return us_float8_array(r, 1, &k);
}
