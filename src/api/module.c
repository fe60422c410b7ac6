/*
 * module.c
 *	  Entry of the library: module magic, settings, scan node, version.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "data/source_scan.h"
#include "infra/guc.h"

#ifndef US_VERSION
#error "US_VERSION comes from userseg.control through the Makefile"
#endif

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	us_guc_define();
	us_source_scan_register();
}

PG_FUNCTION_INFO_V1(userseg_version);

/* userseg.version() → text: the version of the loaded library. */
Datum
userseg_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(US_VERSION));
}
