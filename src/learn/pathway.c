/*
 * pathway.c
 *	  What the pathways of several algorithms refuse.
 */
#include "postgres.h"

#include "learn/pathway.h"

void
us_path_refuse(const UsParams *params)
{
	if (us_params_get(params, "k")->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("params have a k, but select_k compares several"),
				 errhint("Use the arguments k_min and k_max.")));
	for (int i = 0; i < params->n; i++)
		if (strcmp(params->spec[i].name, "strategy") == 0 &&
			strcmp(params->value[i].text, "sql") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("select_k has no strategy \"sql\""),
					 errdetail("Partitions are compared on rows in memory."),
					 errhint("Leave strategy out.")));
}
