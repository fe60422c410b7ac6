/*
 * progress.c
 *	  Progress of the verb that runs in this backend.
 *
 * An error leaves the state behind; the next verb's us_progress_begin replaces it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "infra/progress.h"

static bool progress_verbose = false;
static const char *progress_phase = NULL;

void
us_progress_begin(bool verbose)
{
	progress_verbose = verbose;
	progress_phase = NULL;
}

void
us_progress_end(void)
{
	us_progress_begin(false);
}

void
us_progress(const char *phase, uint64 done, uint64 total)
{
	CHECK_FOR_INTERRUPTS();

	if (!progress_verbose || progress_phase == phase)
		return;
	if (progress_phase != NULL && strcmp(progress_phase, phase) == 0)
		return;
	progress_phase = phase;
	if (total > 0)
		ereport(NOTICE,
				(errmsg("%s (" UINT64_FORMAT " steps)", phase, total)));
	else
		ereport(NOTICE,
				(errmsg("%s", phase)));
}

void
us_progress_note(const char *fmt,...)
{
	char		line[512];
	va_list		args;

	if (!progress_verbose)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ereport(NOTICE, (errmsg_internal("%s", line)));
}
