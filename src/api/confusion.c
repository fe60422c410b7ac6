/*
 * confusion.c
 *	  Type userseg.confusion_counts and confusion_agg.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "agg/confusion_counts.h"
#include "api/aggregate.h"
#include "api/metric_args.h"
#include "api/payload.h"
#include "model/report_json.h"

PG_FUNCTION_INFO_V1(userseg_confusion_counts_in);
PG_FUNCTION_INFO_V1(userseg_confusion_counts_out);
PG_FUNCTION_INFO_V1(userseg_confusion_counts_recv);
PG_FUNCTION_INFO_V1(userseg_confusion_counts_send);
PG_FUNCTION_INFO_V1(userseg_confusion_step);
PG_FUNCTION_INFO_V1(userseg_confusion_combine);
PG_FUNCTION_INFO_V1(userseg_confusion_final);

#define TYPE "userseg.confusion_counts"

static void *
read_state(UsReader *r)
{
	return us_confusion_read(r);
}

static const UsConfusionCounts *
state(FunctionCallInfo fcinfo)
{
	return (const UsConfusionCounts *) us_aggregate_read(fcinfo, 0);
}

static UsWriter
payload(FunctionCallInfo fcinfo)
{
	UsWriter	w;

	us_writer_init(&w);
	us_confusion_write(state(fcinfo), &w);
	return w;
}

/* Input function of userseg.confusion_counts */
Datum
userseg_confusion_counts_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), TYPE, read_state));
}

/* Output function of userseg.confusion_counts */
Datum
userseg_confusion_counts_out(PG_FUNCTION_ARGS)
{
	UsWriter	w = payload(fcinfo);

	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input function of userseg.confusion_counts */
Datum
userseg_confusion_counts_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), TYPE, read_state));
}

/* Binary output function of userseg.confusion_counts */
Datum
userseg_confusion_counts_send(PG_FUNCTION_ARGS)
{
	UsWriter	w = payload(fcinfo);

	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* Transition of confusion_agg(predicted text, actual text [, weight]) */
Datum
userseg_confusion_step(PG_FUNCTION_ARGS)
{
	UsConfusionCounts *s;
	text	   *predicted;
	text	   *actual;
	double		w;

	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	w = us_metric_weight(fcinfo, 3);
	if (w == 0)
		return us_aggregate_unchanged(fcinfo);
	predicted = PG_GETARG_TEXT_PP(1);
	actual = PG_GETARG_TEXT_PP(2);
	s = (UsConfusionCounts *) us_aggregate_state(fcinfo);
	if (s == NULL)
		s = us_confusion_new();
	PG_RETURN_POINTER(us_confusion_add(s, VARDATA_ANY(predicted), VARSIZE_ANY_EXHDR(predicted),
									   VARDATA_ANY(actual), VARSIZE_ANY_EXHDR(actual), w));
}

static void *
merge(void *a, const void *b)
{
	return us_confusion_merge((UsConfusionCounts *) a, (const UsConfusionCounts *) b);
}

/* Combine function of confusion_agg. */
Datum
userseg_confusion_combine(PG_FUNCTION_ARGS)
{
	return us_aggregate_combine(fcinfo, merge);
}

/* Final function of confusion_agg: a jsonb object. */
Datum
userseg_confusion_final(PG_FUNCTION_ARGS)
{
	UsReport   *report = us_confusion_report(state(fcinfo));

	if (report == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(us_report_to_jsonb(report));
}
