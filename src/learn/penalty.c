/*
 * penalty.c
 *	  The parameters of a penalty on the coefficients.
 */
#include "postgres.h"

#include "learn/penalty.h"

const char *const us_penalty_names[] = {"none", "ridge", "lasso", "elastic_net", NULL};

UsPenalty
us_penalty_read(const UsParams *params)
{
	const char *name = us_params_get(params, "penalty")->text;
	const UsParam *lambda = us_params_get(params, "lambda");
	UsPenalty	p = {0};

	if (strcmp(name, "none") == 0)
	{
		if (!lambda->is_null && lambda->number > 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("lambda is %g, but there is no penalty", lambda->number),
					 errhint("Set penalty to \"ridge\", \"lasso\" or \"elastic_net\".")));
		return p;
	}
	p.on = true;
	p.choose = lambda->is_null;
	p.lambda = lambda->is_null ? 0 : lambda->number;
	p.mix = strcmp(name, "ridge") == 0 ? 0 : strcmp(name, "lasso") == 0 ? 1 :
		us_params_get(params, "mix")->number;
	return p;
}

int
us_workers_read(const UsParams *params)
{
	const UsParam *workers = us_params_get(params, "workers");

	return workers->is_null ? -1 : (int) workers->integer;
}
