/*
 * ranking.c
 *	  Type userseg.ranking, the aggregates of scores and labels, accessors.
 */
#include "postgres.h"

#include <math.h>

#include "utils/jsonb.h"

#include "agg/score_counts.h"
#include "api/aggregate.h"
#include "api/metric_args.h"
#include "api/payload.h"
#include "infra/report.h"
#include "model/report_json.h"

PG_FUNCTION_INFO_V1(userseg_ranking_in);
PG_FUNCTION_INFO_V1(userseg_ranking_out);
PG_FUNCTION_INFO_V1(userseg_ranking_recv);
PG_FUNCTION_INFO_V1(userseg_ranking_send);
PG_FUNCTION_INFO_V1(userseg_ranking_step);
PG_FUNCTION_INFO_V1(userseg_ranking_combine);
PG_FUNCTION_INFO_V1(userseg_ranking_merge);
PG_FUNCTION_INFO_V1(userseg_ranking_final);
PG_FUNCTION_INFO_V1(userseg_ranking_auc);
PG_FUNCTION_INFO_V1(userseg_ranking_gini);
PG_FUNCTION_INFO_V1(userseg_ranking_ks);
PG_FUNCTION_INFO_V1(userseg_ranking_average_precision);
PG_FUNCTION_INFO_V1(userseg_ranking_auc_error);
PG_FUNCTION_INFO_V1(userseg_ranking_is_exact);
PG_FUNCTION_INFO_V1(userseg_ranking_lift);

#define TYPE "userseg.ranking"
#define DECILES	10

/* ---- the type ---- */

static void *
read_state(UsReader *r)
{
	return us_scores_read(r);
}

static const UsScoreCounts *
state(FunctionCallInfo fcinfo)
{
	return (const UsScoreCounts *) us_aggregate_read(fcinfo, 0);
}

static UsWriter
payload(FunctionCallInfo fcinfo)
{
	UsWriter	w;

	us_writer_init(&w);
	us_scores_write(state(fcinfo), &w);
	return w;
}

/* Input function of userseg.ranking */
Datum
userseg_ranking_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), TYPE, read_state));
}

/* Output function of userseg.ranking */
Datum
userseg_ranking_out(PG_FUNCTION_ARGS)
{
	UsWriter	w = payload(fcinfo);

	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input function of userseg.ranking */
Datum
userseg_ranking_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), TYPE, read_state));
}

/* Binary output function of userseg.ranking */
Datum
userseg_ranking_send(PG_FUNCTION_ARGS)
{
	UsWriter	w = payload(fcinfo);

	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- aggregates ---- */

/* Transition of all of them: (score, label [, weight]) */
Datum
userseg_ranking_step(PG_FUNCTION_ARGS)
{
	UsScoreCounts *s;
	double		score,
				w;

	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	score = us_metric_number(fcinfo, 1, "score");
	w = us_metric_weight(fcinfo, 3);
	if (w == 0)
		return us_aggregate_unchanged(fcinfo);
	s = (UsScoreCounts *) us_aggregate_state(fcinfo);
	if (s == NULL)
		s = us_scores_new();
	PG_RETURN_POINTER(us_scores_add(s, score, PG_GETARG_BOOL(2), w));
}

static void *
merge(void *a, const void *b)
{
	return us_scores_merge((UsScoreCounts *) a, (const UsScoreCounts *) b);
}

/* Combine function of all of them, transition function of rollup. */
Datum
userseg_ranking_combine(PG_FUNCTION_ARGS)
{
	return us_aggregate_combine(fcinfo, merge);
}

/* userseg.merge(a, b ranking) → ranking; NULL only if both are. */
Datum
userseg_ranking_merge(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	PG_RETURN_POINTER(us_scores_seal(us_scores_merge((UsScoreCounts *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)),
													 (const UsScoreCounts *) us_aggregate_read(fcinfo, 1))));
}

/* Final function of ranking_agg and rollup: the state for storage. */
Datum
userseg_ranking_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_scores_seal(state(fcinfo)));
}

/* ---- accessors ---- */

static Datum
figure(FunctionCallInfo fcinfo, double value)
{
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* userseg.auc(ranking) → float8 */
Datum
userseg_ranking_auc(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, us_auc(us_scores_ranking(state(fcinfo))));
}

/* userseg.gini(ranking) → float8 */
Datum
userseg_ranking_gini(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, 2 * us_auc(us_scores_ranking(state(fcinfo))) - 1);
}

/* userseg.ks(ranking) → float8 */
Datum
userseg_ranking_ks(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, us_ranking_ks(us_scores_ranking(state(fcinfo)), NULL));
}

/* userseg.average_precision(ranking) → float8 */
Datum
userseg_ranking_average_precision(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, us_average_precision(us_scores_ranking(state(fcinfo))));
}

/* userseg.auc_error(ranking) → float8 */
Datum
userseg_ranking_auc_error(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, us_scores_auc_error(state(fcinfo)));
}

/* userseg.is_exact(ranking) → boolean */
Datum
userseg_ranking_is_exact(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(us_scores_seal(state(fcinfo))->dropped == 0);
}

/* userseg.lift_table(ranking, bins) → jsonb; also the final function of lift_agg, with ten bins */
Datum
userseg_ranking_lift(PG_FUNCTION_ARGS)
{
	int			n = PG_NARGS() > 1 ? PG_GETARG_INT32(1) : DECILES;
	UsRanking  *r;
	UsLiftBin  *bin;
	UsReport   *list;

	if (n < 1 || n > 1000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins is %d, outside of 1 to 1000", n),
				 errhint("10 makes deciles.")));
	r = us_scores_ranking(state(fcinfo));
	if (r->n == 0)
		PG_RETURN_NULL();
	bin = (UsLiftBin *) palloc(sizeof(UsLiftBin) * n);
	us_lift_bins(r, n, bin);
	list = us_report_array();
	for (int i = 0; i < n; i++)
	{
		UsReport   *o = us_report_add_object(list, NULL);

		us_report_int(o, "bin", i + 1);
		us_report_number(o, "weight", bin[i].weight);
		us_report_number(o, "positives", bin[i].positives);
		us_report_number(o, "rate", bin[i].rate);
		us_report_number(o, "lift", bin[i].lift);
		us_report_number(o, "cumulative_gain", bin[i].cumulative_gain);
		us_report_number(o, "cumulative_lift", bin[i].cumulative_lift);
		us_report_number(o, "lowest_score", bin[i].lowest_score);
	}
	PG_RETURN_JSONB_P(us_report_to_jsonb(list));
}
