/*
 * to_sql.c
 *	  userseg.to_sql.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "infra/args.h"
#include "verbs/to_sql.h"

PG_FUNCTION_INFO_V1(userseg_to_sql);

/* userseg.to_sql(model, output, alias, class, subselect, max_length) → text */
Datum
userseg_to_sql(PG_FUNCTION_ARGS)
{
	const char *model = US_ARG_CSTRING(0, "model");
	UsToSql		how;

	US_ARG_REQUIRE(4, "subselect");
	US_ARG_REQUIRE(5, "max_length");
	how.output = US_ARG_CSTRING_OR_NULL(1);
	how.alias = US_ARG_CSTRING_OR_NULL(2);
	how.class = US_ARG_CSTRING_OR_NULL(3);
	how.subselect = PG_GETARG_BOOL(4);
	how.max_length = PG_GETARG_INT32(5);
	PG_RETURN_TEXT_P(cstring_to_text(us_to_sql(model, &how)));
}
