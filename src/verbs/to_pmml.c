/*
 * to_pmml.c
 *	  A model as PMML.
 */
#include "postgres.h"

#include "model/cache.h"
#include "model/pmml.h"
#include "verbs/to_pmml.h"

#define MOST_BYTES		500000000

char *
us_to_pmml(const char *reference, int max_length)
{
	const UsModel *m = us_model_open(reference, US_PRIVILEGE_USAGE);
	const char *target = NULL;

	if (max_length < 1 || max_length > MOST_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_length is %d, outside of 1 .. %d", max_length, MOST_BYTES)));
	if (m->artifact->task != US_TASK_CLUSTERING)
	{
		target = us_catalog_lineage(&m->info)->target;
		if (target == NULL)
			target = "target";
	}
	return us_pmml(m->artifact, m->info.model, m->info.version, target, m->label_name, m->label_id, max_length);
}
