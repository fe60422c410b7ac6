/*
 * select_k.c
 *	  userseg.select_k.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "infra/args.h"
#include "verbs/select_k.h"

PG_FUNCTION_INFO_V1(userseg_select_k);

#define COLUMNS 15

static void
read_args(FunctionCallInfo fcinfo, UsSelectKArgs *args)
{
	UsTrainArgs *t = &args->train;

	t->algorithm = US_ARG_CSTRING(0, "algorithm");
	t->source = US_ARG_CSTRING(1, "source");
	args->k_min = US_ARG_INT32_OR(2, 1);
	args->k_max = US_ARG_INT32_OR(3, 10);
	t->id = US_ARG_CSTRING_OR_NULL(4);
	t->n_features = -1;
	if (!PG_ARGISNULL(5))
		t->features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(5), "features", &t->n_features);
	t->transform = PG_ARGISNULL(6) ? NULL : PG_GETARG_JSONB_P(6);
	t->params = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	t->null_policy = PG_ARGISNULL(8) ? "impute" : US_ARG_CSTRING(8, "null_policy");
	t->weight = US_ARG_CSTRING_OR_NULL(9);
	t->seed = US_ARG_INT64_OR(10, 42);
	args->criterion = US_ARG_CSTRING_OR_NULL(11);
	args->reference_sets = US_ARG_INT32_OR(12, 50);
	args->bootstraps = US_ARG_INT32_OR(13, 20);
}

/* A float8[] with NULL for NaN. */
static Datum
float8_array(const double *x, int n)
{
	Datum	   *value = (Datum *) palloc(sizeof(Datum) * n);
	bool	   *null = (bool *) palloc(sizeof(bool) * n);
	int			lower = 1;

	for (int i = 0; i < n; i++)
	{
		value[i] = Float8GetDatum(x[i]);
		null[i] = isnan(x[i]);
	}
	return PointerGetDatum(construct_md_array(value, null, 1, &n, &lower, FLOAT8OID,
											  sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
put_row(ReturnSetInfo *rsinfo, const UsSelectKResult *r, int i)
{
	const UsSelectRow *row = &r->selection.row[i];
	const UsFigures *f = &row->figures;
	double		figure[] = {f->inertia, f->silhouette, f->calinski_harabasz, f->davies_bouldin,
	f->gap, f->gap_se, f->bic, f->aic, f->stability};
	Datum		value[COLUMNS];
	bool		null[COLUMNS] = {false};

	value[0] = Int32GetDatum(f->k);
	value[1] = Int64GetDatum(r->n_rows);
	for (int c = 0; c < lengthof(figure); c++)
	{
		null[c + 2] = !isfinite(figure[c]);
		value[c + 2] = Float8GetDatum(figure[c]);
	}
	null[11] = f->jaccard == NULL;
	value[11] = null[11] ? (Datum) 0 : float8_array(f->jaccard, f->k);
	value[12] = BoolGetDatum(row->recommended);
	null[13] = row->reason == NULL;
	value[13] = null[13] ? (Datum) 0 : CStringGetTextDatum(row->reason);
	value[14] = JsonbPGetDatum(r->details[i]);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
}

/* userseg.select_k(...): one row for each number of clusters. */
Datum
userseg_select_k(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsSelectKArgs args = {0};
	UsSelectKResult r = {0};

	read_args(fcinfo, &args);
	InitMaterializedSRF(fcinfo, 0);
	us_select_k_verb(&args, &r);
	for (int i = 0; i < r.selection.n; i++)
		put_row(rsinfo, &r, i);
	return (Datum) 0;
}
