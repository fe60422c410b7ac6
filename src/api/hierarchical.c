/*
 * hierarchical.c
 *	  userseg.cut, userseg.dendrogram, userseg.dendrogram_leaves.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "infra/args.h"
#include "verbs/tree.h"

/* levels that the inconsistency coefficient looks down, as in scipy */
#define INCONSISTENCY_DEPTH	2

PG_FUNCTION_INFO_V1(userseg_cut);
PG_FUNCTION_INFO_V1(userseg_dendrogram);
PG_FUNCTION_INFO_V1(userseg_dendrogram_leaves);

/* A number, or NULL where there is none. */
static Datum
number(double x, bool *null)
{
	*null = !isfinite(x);
	return Float8GetDatum(x);
}

/* userseg.cut(model, k, height, alias): a new version of another number of segments. */
Datum
userseg_cut(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *model = US_ARG_CSTRING(0, "model");
	bool		by_k = !PG_ARGISNULL(1);
	bool		by_height = !PG_ARGISNULL(2);
	double		height = US_ARG_FLOAT8_OR(2, 0);
	UsCutResult r = {0};
	Datum		value[8];
	bool		null[8] = {false};

	if (by_k == by_height)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 by_k ? errmsg("k and height exclude each other") : errmsg("neither k nor height is given"),
				 errhint("Give one of them: cut('%s', k => 5), or cut('%s', height => 2.5).", model, model)));
	InitMaterializedSRF(fcinfo, 0);
	us_tree_cut_again(model, US_ARG_INT32_OR(1, 0), by_height ? &height : NULL, US_ARG_CSTRING_OR_NULL(3), &r);
	value[0] = CStringGetTextDatum(r.model);
	value[1] = Int32GetDatum(r.version);
	value[2] = Int32GetDatum(r.k);
	value[3] = number(r.low, &null[3]);
	value[4] = number(r.high, &null[4]);
	value[5] = CStringGetTextDatum(r.metric);
	value[6] = number(r.metric_value, &null[6]);
	value[7] = JsonbPGetDatum(r.details);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	return (Datum) 0;
}

/* userseg.dendrogram(model): the merges, in scipy's form. */
Datum
userseg_dendrogram(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsTreeModel m = us_tree_open(US_ARG_CSTRING(0, "model"), US_PRIVILEGE_USAGE);
	double	   *inconsistency = palloc(sizeof(double) * Max(m.tree->n, 1));

	InitMaterializedSRF(fcinfo, 0);
	us_tree_inconsistency(m.tree->merge, m.tree->n, INCONSISTENCY_DEPTH, inconsistency);
	for (int i = 0; i < m.tree->n - 1; i++)
	{
		const UsMerge *merge = &m.tree->merge[i];
		Datum		value[6];
		bool		null[6] = {false};

		CHECK_FOR_INTERRUPTS();
		value[0] = Int32GetDatum(i);
		value[1] = Int32GetDatum(merge->a);
		value[2] = Int32GetDatum(merge->b);
		value[3] = Float8GetDatum(merge->height);
		value[4] = Float8GetDatum(merge->size);
		value[5] = Float8GetDatum(inconsistency[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}

/* userseg.dendrogram_leaves(model): the leaves from left to right. */
Datum
userseg_dendrogram_leaves(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsTreeModel m = us_tree_open(US_ARG_CSTRING(0, "model"), US_PRIVILEGE_USAGE);
	const int32 *label = m.functions->leaf_labels(m.model->artifact->model);
	const double *weight = m.functions->leaf_weights(m.model->artifact->model);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < m.tree->n; i++)
	{
		int			leaf = m.tree->order[i];
		Datum		value[5];
		bool		null[5] = {false};

		CHECK_FOR_INTERRUPTS();
		value[0] = Int32GetDatum(i + 1);
		value[1] = Int32GetDatum(leaf);
		value[2] = Float8GetDatum(weight[leaf]);
		value[3] = Int32GetDatum(m.model->label_id[label[leaf] - 1]);
		value[4] = CStringGetTextDatum(m.model->label_name[label[leaf] - 1]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}
