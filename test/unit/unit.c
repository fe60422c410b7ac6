/*
 * unit.c
 *	  Runner of the C unit tests: one SQL call returns TAP, a line a row.
 *
 * This library holds the objects of src/ but api/, so that nothing has to be
 * exported for it, and is loaded by path, never installed.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "data/source_scan.h"
#include "unit.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

/* Workers that read a source for a function of this library load it too. */
void
_PG_init(void)
{
	us_source_scan_register();
}

PG_FUNCTION_INFO_V1(unit_run);

static UnitTest *tests = NULL;
static int	test_count = 0;
static StringInfoData problems;

void
unit_register(UnitTest *test)
{
	test->next = tests;
	tests = test;
	test_count++;
}

static void
problem(const char *file, int line, const char *fmt,...) pg_attribute_printf(3, 4);

static void
problem(const char *file, int line, const char *fmt,...)
{
	char		text[1024];
	va_list		args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	appendStringInfo(&problems, "# %s:%d: %s\n", file, line, text);
}

void
unit_check(bool ok, const char *what, const char *file, int line)
{
	if (!ok)
		problem(file, line, "false: %s", what);
}

void
unit_close(double got, double want, double tolerance,
		   const char *what, const char *file, int line)
{
	bool		ok;

	if (isnan(want) || isnan(got))
		ok = isnan(want) && isnan(got);
	else if (isinf(want) || isinf(got))
		ok = got == want;
	else
		ok = fabs(got - want) <= tolerance * fmax(1.0, fabs(want));
	if (!ok)
		problem(file, line, "%s is %.17g, not %.17g (tolerance %g)",
				what, got, want, tolerance);
}

void
unit_equal_int(int64 got, int64 want, const char *what, const char *file, int line)
{
	if (got != want)
		problem(file, line, "%s is " INT64_FORMAT ", not " INT64_FORMAT, what, got, want);
}

void
unit_equal_string(const char *got, const char *want,
				  const char *what, const char *file, int line)
{
	if (got == NULL || want == NULL ? got != want : strcmp(got, want) != 0)
		problem(file, line, "%s is \"%s\", not \"%s\"", what,
				got ? got : "(NULL)", want ? want : "(NULL)");
}

void
unit_error_expected(ErrorData *error, int sqlstate, const char *fragment,
					const char *what, const char *file, int line)
{
	if (error == NULL)
		problem(file, line, "no error raised by %s", what);
	else if (error->sqlerrcode != sqlstate)
		problem(file, line, "%s raised %s: %s", what,
				unpack_sql_state(error->sqlerrcode), error->message);
	else if (strstr(error->message, fragment) == NULL)
		problem(file, line, "message of %s is: %s", what, error->message);
}

/* Run one test; what it left behind, or an error it raised, goes with its subtransaction. */
static void
run_test(UnitTest *test)
{
	MemoryContext outer = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext context = AllocSetContextCreate(outer, "unit test", ALLOCSET_DEFAULT_SIZES);

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		test->run();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(outer);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		problem(error->filename ? error->filename : "?", error->lineno,
				"error %s: %s", unpack_sql_state(error->sqlerrcode), error->message);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(outer);
	CurrentResourceOwner = owner;
	MemoryContextDelete(context);
}

static int
compare_tests(const void *a, const void *b)
{
	const UnitTest *x = *(UnitTest *const *) a;
	const UnitTest *y = *(UnitTest *const *) b;
	int			c = strcmp(x->file, y->file);

	return c != 0 ? c : strcmp(x->name, y->name);
}

static void
put_line(ReturnSetInfo *rsinfo, const char *line)
{
	Datum		value = CStringGetTextDatum(line);
	bool		null = false;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &null);
}

/* unit_run() → setof text: TAP of all the tests linked into this library. */
Datum
unit_run(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UnitTest  **sorted = (UnitTest **) palloc(sizeof(UnitTest *) * Max(test_count, 1));
	int			n = 0;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (UnitTest *test = tests; test != NULL; test = test->next)
		sorted[n++] = test;
	qsort(sorted, n, sizeof(UnitTest *), compare_tests);

	put_line(rsinfo, psprintf("1..%d", n));
	for (int i = 0; i < n; i++)
	{
		const char *stem = strrchr(sorted[i]->file, '/');

		CHECK_FOR_INTERRUPTS();
		initStringInfo(&problems);
		run_test(sorted[i]);
		put_line(rsinfo, psprintf("%s %d - %s: %s",
								  problems.len == 0 ? "ok" : "not ok", i + 1,
								  stem ? stem + 1 : sorted[i]->file, sorted[i]->name));
		for (char *line = strtok(problems.data, "\n"); line; line = strtok(NULL, "\n"))
			put_line(rsinfo, line);
	}
	return (Datum) 0;
}
