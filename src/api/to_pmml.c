/*
 * to_pmml.c
 *	  userseg.to_pmml.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "infra/args.h"
#include "verbs/to_pmml.h"

PG_FUNCTION_INFO_V1(userseg_to_pmml);

/* userseg.to_pmml(model, max_length) → xml, which is stored as text is */
Datum
userseg_to_pmml(PG_FUNCTION_ARGS)
{
	const char *model = US_ARG_CSTRING(0, "model");

	US_ARG_REQUIRE(1, "max_length");
	PG_RETURN_TEXT_P(cstring_to_text(us_to_pmml(model, PG_GETARG_INT32(1))));
}
