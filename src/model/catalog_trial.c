/*
 * catalog_trial.c
 *	  Trials of userseg.tune that were measured.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "infra/args.h"
#include "infra/compat.h"
#include "model/catalog_internal.h"
#include "model/catalog_trial.h"

/* ---- reading ---- */

/* An array column of the tuple, a copy. */
static ArrayType *
array_column(UsScan *scan, HeapTuple tuple, AttrNumber column)
{
	bool		isnull;
	Datum		value = us_scan_datum(scan, tuple, column, &isnull);

	if (isnull)
		elog(ERROR, "trial has a NULL");
	return DatumGetArrayTypePCopy(value);
}

/* The figures of a row; false when they do not fit together. */
static bool
read_figures(UsScan *scan, HeapTuple tuple, UsTrialRecord *r)
{
	ArrayType  *rows = array_column(scan, tuple, US_TRIAL_ROWS);
	int			n_values;
	Datum	   *row;
	int			n_rows;
	bool		isnull;

	r->metric = us_array_cstrings(array_column(scan, tuple, US_TRIAL_METRICS), "metrics", &r->n_metrics);
	r->value = (double *) us_array_float8(array_column(scan, tuple, US_TRIAL_VALUES), "values", &n_values);
	deconstruct_array(rows, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &row, NULL, &n_rows);
	r->n_folds = n_rows / 2;
	r->n_training = palloc(Max(r->n_folds, 1) * sizeof(int64));
	r->n_test = palloc(Max(r->n_folds, 1) * sizeof(int64));
	for (int f = 0; f < r->n_folds; f++)
	{
		r->n_training[f] = DatumGetInt64(row[2 * f]);
		r->n_test[f] = DatumGetInt64(row[2 * f + 1]);
	}
	r->converged = DatumGetBool(us_scan_datum(scan, tuple, US_TRIAL_CONVERGED, &isnull));
	r->seconds = DatumGetFloat8(us_scan_datum(scan, tuple, US_TRIAL_SECONDS, &isnull));
	return r->n_folds > 0 && r->n_metrics > 0 && n_values == r->n_folds * r->n_metrics;
}

bool
us_catalog_trial_get(const char *model, const char *key, UsTrialRecord *record)
{
	ScanKeyData keys[2];
	UsScan		scan;
	HeapTuple	tuple;
	bool		found;

	us_key_text(&keys[0], US_TRIAL_MODEL, model);
	us_key_text(&keys[1], US_TRIAL_KEY, key);
	us_scan_begin(&scan, US_TABLE_TRIAL, 2, keys);
	tuple = us_scan_next(&scan);
	found = tuple != NULL && read_figures(&scan, tuple, record);
	us_scan_end(&scan);
	return found;
}

/* ---- writing ---- */

static void
insert_trial(const char *model, const UsTrialRecord *r, const char *role)
{
	int			n = r->n_folds * r->n_metrics;
	Datum	   *value = palloc(n * sizeof(Datum));
	Datum	   *rows = palloc(2 * r->n_folds * sizeof(Datum));
	UsArgs		args = {0};

	for (int i = 0; i < n; i++)
		value[i] = Float8GetDatum(r->value[i]);
	for (int f = 0; f < r->n_folds; f++)
	{
		rows[2 * f] = Int64GetDatum(r->n_training[f]);
		rows[2 * f + 1] = Int64GetDatum(r->n_test[f]);
	}
	us_args_text(&args, model);
	us_args_text(&args, r->key);
	us_args_jsonb(&args, r->params, "{}");
	us_args_texts(&args, r->n_metrics, r->metric);
	us_args_datum(&args, FLOAT8ARRAYOID,
				  PointerGetDatum(construct_array(value, n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
												  TYPALIGN_DOUBLE)), false);
	us_args_datum(&args, INT8ARRAYOID,
				  PointerGetDatum(construct_array(rows, 2 * r->n_folds, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
												  TYPALIGN_DOUBLE)), false);
	us_args_datum(&args, BOOLOID, BoolGetDatum(r->converged), false);
	us_args_datum(&args, FLOAT8OID, Float8GetDatum(r->seconds), false);
	us_args_text(&args, role);
	us_write_run("INSERT INTO userseg._trial (model, key, params, metrics, fold_values, fold_rows, converged, seconds, tried_by, tried_at)"
				 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, pg_catalog.now())"
				 " ON CONFLICT (model, key) DO NOTHING", &args);
}

void
us_catalog_trials_put(const char *model, int n, const UsTrialRecord *const *record)
{
	UsWrite		write;

	us_write_begin(&write, "userseg.tune()");
	us_write_lock_model(&write, model);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		insert_trial(model, record[i], write.role);
	}
	us_write_end(&write);
}
