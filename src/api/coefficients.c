/*
 * coefficients.c
 *	  userseg.coefficients.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "infra/args.h"
#include "verbs/coefficients.h"

PG_FUNCTION_INFO_V1(userseg_coefficients);

/* userseg.coefficients(model, level): one row a term, for each class of more than two. */
Datum
userseg_coefficients(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *model = US_ARG_CSTRING(0, "model");
	UsCoefficientLine *line;
	int			n;

	US_ARG_REQUIRE(1, "level");
	line = us_coefficients(model, PG_GETARG_FLOAT8(1), &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		const double number[] = {line[i].coefficient, line[i].std_error, line[i].statistic,
		line[i].p_value, line[i].ci_low, line[i].ci_high, line[i].encoded};
		const char *const text[] = {line[i].class, line[i].term, line[i].note};
		Datum		value[10] = {0};
		bool		null[10];

		for (int k = 0; k < 3; k++)
		{
			int			at = k < 2 ? k : 9;

			null[at] = text[k] == NULL;
			if (!null[at])
				value[at] = CStringGetTextDatum(text[k]);
		}
		for (int k = 0; k < lengthof(number); k++)
		{
			null[2 + k] = isnan(number[k]);
			value[2 + k] = Float8GetDatum(number[k]);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}
