/*
 * unit.h
 *	  C unit tests: pure functions of src/ checked without SQL around them.
 *
 * A file test/unit/test_STEM.c holds tests like
 *
 *		UNIT_TEST(sum_of_nothing_is_zero)
 *		{
 *			UNIT_CHECK(us_sum(NULL, 0) == 0);
 *			UNIT_CLOSE(us_sum(third, 3), 1.0, 1e-15);
 *			UNIT_ERROR(us_sum(NULL, -1), ERRCODE_INVALID_PARAMETER_VALUE, "-1 values");
 *		}
 *
 * and nothing else has to know of it.  Each test runs in a memory context and a
 * subtransaction of its own; a failed check is told with its values and the
 * test goes on.
 */
#ifndef UNIT_H
#define UNIT_H

typedef void (*UnitFunction) (void);

typedef struct UnitTest
{
	const char *file;
	const char *name;
	UnitFunction run;
	struct UnitTest *next;
} UnitTest;

extern void unit_register(UnitTest *test);

extern void unit_check(bool ok, const char *what, const char *file, int line);
extern void unit_close(double got, double want, double tolerance,
					   const char *what, const char *file, int line);
extern void unit_equal_int(int64 got, int64 want,
						   const char *what, const char *file, int line);
extern void unit_equal_string(const char *got, const char *want,
							  const char *what, const char *file, int line);
extern void unit_error_expected(ErrorData *error, int sqlstate, const char *fragment,
								const char *what, const char *file, int line);

#define UNIT_TEST(name) \
	static void unit_run_##name(void); \
	static UnitTest unit_test_##name = {__FILE__, #name, unit_run_##name, NULL}; \
	__attribute__((constructor)) static void unit_register_##name(void) \
	{ unit_register(&unit_test_##name); } \
	static void unit_run_##name(void)

/* condition holds */
#define UNIT_CHECK(condition) \
	unit_check((condition), #condition, __FILE__, __LINE__)

/* |got - want| <= tolerance * max(1, |want|); NaN only equals NaN, infinity only itself */
#define UNIT_CLOSE(got, want, tolerance) \
	unit_close((got), (want), (tolerance), #got, __FILE__, __LINE__)

#define UNIT_EQUAL_INT(got, want) \
	unit_equal_int((got), (want), #got, __FILE__, __LINE__)

#define UNIT_EQUAL_STRING(got, want) \
	unit_equal_string((got), (want), #got, __FILE__, __LINE__)

/* the statement raises an error of this SQLSTATE whose message contains fragment */
#define UNIT_ERROR(statement, sqlstate, fragment) \
	do { \
		MemoryContext unit_context = CurrentMemoryContext; \
		ErrorData  *volatile unit_error = NULL; \
		PG_TRY(); \
		{ \
			statement; \
		} \
		PG_CATCH(); \
		{ \
			MemoryContextSwitchTo(unit_context); \
			unit_error = CopyErrorData(); \
			FlushErrorState(); \
		} \
		PG_END_TRY(); \
		unit_error_expected(unit_error, (sqlstate), (fragment), #statement, __FILE__, __LINE__); \
	} while (0)

#endif
