/*
 * rules.c
 *	  userseg.rules.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "api/rows.h"
#include "infra/args.h"
#include "verbs/rules.h"

PG_FUNCTION_INFO_V1(userseg_rules);

static void
put_line(void *context, const UsRuleLine *line)
{
	UsResultRow row = {0};

	us_row_int(&row, line->tree);
	us_row_int(&row, line->leaf);
	us_row_int(&row, line->depth);
	us_row_text(&row, line->rule);
	us_row_number(&row, line->n);
	us_row_number(&row, line->share);
	us_row_text(&row, line->label);
	us_row_number(&row, line->value);
	us_row_number(&row, line->lift);
	us_row_put(context, &row);
}

/* userseg.rules(model, tree_number): one row a leaf. */
Datum
userseg_rules(PG_FUNCTION_ARGS)
{
	const char *model = US_ARG_CSTRING(0, "model");
	int			tree = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);

	InitMaterializedSRF(fcinfo, 0);
	us_rules(model, PG_ARGISNULL(1) ? NULL : &tree, put_line, fcinfo);
	return (Datum) 0;
}
