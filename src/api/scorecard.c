/*
 * scorecard.c
 *	  userseg.scorecard.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "api/rows.h"
#include "infra/args.h"
#include "verbs/scorecard.h"

PG_FUNCTION_INFO_V1(userseg_scorecard);

static void
put_line(void *context, const UsScorecardLine *line)
{
	UsResultRow row = {0};

	us_row_text(&row, line->feature);
	us_row_text(&row, line->status);
	us_row_int(&row, line->bin);
	us_row_text(&row, line->condition);
	us_row_number(&row, line->n);
	us_row_number(&row, line->share);
	us_row_number(&row, line->event_rate);
	us_row_number(&row, line->woe);
	us_row_number(&row, line->iv);
	us_row_number(&row, line->points);
	us_row_put(context, &row);
}

/* userseg.scorecard(model): one row a bin. */
Datum
userseg_scorecard(PG_FUNCTION_ARGS)
{
	const char *model = US_ARG_CSTRING(0, "model");

	InitMaterializedSRF(fcinfo, 0);
	us_scorecard_lines(model, put_line, fcinfo);
	return (Datum) 0;
}
