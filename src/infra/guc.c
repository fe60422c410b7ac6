/*
 * guc.c
 *	  Settings of the extension.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "infra/guc.h"

int			us_max_memory_kb = 256 * 1024;
int			us_max_artifact_kb = 256 * 1024;
int			us_model_cache_kb = 64 * 1024;
int			us_max_parallel_workers = -1;

void
us_guc_define(void)
{
	DefineCustomIntVariable("userseg.max_memory",
							"Memory that one training may hold before it spills to temporary files.",
							NULL, &us_max_memory_kb,
							256 * 1024, 4 * 1024, INT_MAX, PGC_USERSET,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("userseg.max_artifact_size",
							"Largest stored model that is written or read.",
							NULL, &us_max_artifact_kb,
							256 * 1024, 64, 1024 * 1024 - 1, PGC_SUSET,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("userseg.model_cache_size",
							"Memory for models that a session has used and keeps ready to score.",
							"Models in use are kept in any case.",
							&us_model_cache_kb,
							64 * 1024, 0, INT_MAX, PGC_USERSET,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("userseg.max_parallel_workers",
							"Parallel workers that one training may ask for.",
							"-1 follows max_parallel_workers_per_gather; 0 trains serially.",
							&us_max_parallel_workers,
							-1, -1, 1024, PGC_USERSET,
							0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("userseg");
}
