/*
 * gram.c
 *	  userseg.gram: gram_agg, gram_step, and linear regression from the state.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "api/cross_io.h"
#include "infra/args.h"
#include "model/report_json.h"
#include "stat/distribution.h"

PG_FUNCTION_INFO_V1(userseg_gram_row);
PG_FUNCTION_INFO_V1(userseg_gram_step);
PG_FUNCTION_INFO_V1(userseg_gram_agg_step);
PG_FUNCTION_INFO_V1(userseg_gram_rows);
PG_FUNCTION_INFO_V1(userseg_gram_products);
PG_FUNCTION_INFO_V1(userseg_gram_fit);
PG_FUNCTION_INFO_V1(userseg_gram_summary);

/* The row of x, y and a weight, from arguments first ..; NULL for weight 0. */
static UsCrossRow *
make_row(FunctionCallInfo fcinfo, int first)
{
	int			d;
	const double *x = us_array_float8(PG_GETARG_ARRAYTYPE_P(first), "x", &d);
	double		y = PG_GETARG_FLOAT8(first + 1);
	double		weight = PG_GETARG_FLOAT8(first + 2);
	UsCrossRow *row;

	us_cross_check(x, d, weight);
	if (!isfinite(y))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("y is %g", y),
				 errhint("Leave such rows out, or replace the value.")));
	if (weight == 0)
		return NULL;
	row = us_cross_row_new(US_CROSS_GRAM, d + 2, 2);
	row->weighted = weight != 1;
	row->factor = weight;
	row->value[0] = 1;
	memcpy(row->value + 1, x, sizeof(double) * d);
	row->value[d + 1] = y;
	row->value[d + 2] = weight;
	row->value[d + 3] = log(weight);
	return row;
}

/* userseg.gram_row(x float8[], y float8, weight float8) → gram_row; strict; NULL for weight 0. */
Datum
userseg_gram_row(PG_FUNCTION_ARGS)
{
	UsCrossRow *row = make_row(fcinfo, 0);

	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(row);
}

/* Transition of gram_step(gram_row) and of logistic_step(logistic_row). */
Datum
userseg_gram_step(PG_FUNCTION_ARGS)
{
	return us_cross_transition(fcinfo, PG_ARGISNULL(1) ? NULL : us_cross_row_arg(fcinfo, 1));
}

/* Transition of gram_agg(x float8[], y float8, weight float8). */
Datum
userseg_gram_agg_step(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return us_cross_transition(fcinfo, NULL);
	return us_cross_transition(fcinfo, make_row(fcinfo, 1));
}

/* userseg.row_count(gram), userseg.row_count(logistic_state) → bigint; strict. */
Datum
userseg_gram_rows(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(us_cross_state_arg(fcinfo, 0)->rows);
}

/* userseg.cross_products(gram) → float8[][]: the sums of products of 1, x, y; strict. */
Datum
userseg_gram_products(PG_FUNCTION_ARGS)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, 0);
	double	   *a = (double *) palloc(sizeof(double) * s->m * s->m);

	for (int i = 0; i < s->m; i++)
		for (int j = i; j < s->m; j++)
			a[i * s->m + j] = a[j * s->m + i] = us_cross_product(s, i, j).hi;
	return us_cross_array(a, s->m, s->m);
}

/* Least squares from argument 0; NULL for a state of no rows. */
static UsLeastSquares *
solve(FunctionCallInfo fcinfo, UsCrossSums **sums)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, 0);

	if (s->rows == 0)
		return NULL;
	*sums = us_cross_sums(s, NULL);
	return us_least_squares(*sums, NULL, NULL);
}

/* userseg.ols(gram, level): one row a term, 0 being the intercept. */
Datum
userseg_gram_fit(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	double		level = PG_GETARG_FLOAT8(1);
	UsCrossSums *sums;
	UsLeastSquares *l;
	double		critical;

	if (!(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level is %g, outside of 0 < level < 1", level),
				 errhint("0.95 gives intervals that hold the true value 95 times out of 100.")));
	InitMaterializedSRF(fcinfo, 0);
	l = solve(fcinfo, &sums);
	critical = l != NULL && l->df_resid > 0 ? us_student_quantile(1 - (1 - level) / 2, (double) l->df_resid) : NAN;
	for (int i = 0; l != NULL && i < l->m; i++)
	{
		double		b = l->dropped[i] ? NAN : us_dd_round(l->b[i]);
		double		se = sqrt(l->inverse[(Size) i * l->m + i] * l->sigma2);
		double		t = se > 0 ? b / se : NAN;
		const double number[] = {b, se, t, us_student_two_sided(t, (double) l->df_resid),
		b - critical * se, b + critical * se};
		Datum		value[7];
		bool		null[7] = {false};

		value[0] = Int32GetDatum(i + !l->intercept);
		for (int k = 0; k < 6; k++)
		{
			null[k + 1] = isnan(b) || isnan(number[k]);
			value[k + 1] = Float8GetDatum(number[k]);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}

/* userseg.ols_summary(gram) → jsonb: what is told about the fit; strict. */
Datum
userseg_gram_summary(PG_FUNCTION_ARGS)
{
	UsCrossSums *sums;
	UsLeastSquares *l = solve(fcinfo, &sums);
	UsReport   *r;

	if (l == NULL)
		PG_RETURN_NULL();
	r = us_report_object();
	us_report_int(r, "n", sums->n);
	us_report_number(r, "weight", sums->weight);
	us_report_int(r, "rank", l->rank);
	us_report_int(r, "df_model", l->df_model);
	us_report_int(r, "df_resid", l->df_resid);
	us_report_number(r, "rss", l->rss);
	us_report_number(r, "tss", l->tss);
	us_report_number(r, "sigma", sqrt(l->sigma2));
	us_report_number(r, "r2", l->r2);
	us_report_number(r, "adjusted_r2", l->adjusted_r2);
	us_report_number(r, "f", l->f);
	us_report_number(r, "f_p", l->f_p);
	us_report_number(r, "log_likelihood", l->log_likelihood);
	us_report_number(r, "aic", l->aic);
	us_report_number(r, "bic", l->bic);
	us_report_number(r, "condition_number", l->condition);
	PG_RETURN_POINTER(us_report_to_jsonb(r));
}
