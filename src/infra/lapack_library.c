/*
 * lapack_library.c
 *	  Loading LAPACK when it is first needed.
 *
 * It is not linked: a BLAS starts threads and takes address space as it is loaded, and no
 * backend that only scores needs it.  The file has the routines of LAPACK, of the
 * reference implementation or of OpenBLAS, whatever the administrator chose, and those of BLAS come
 * with the library that it depends on.
 *
 * Threads that a library starts as it is loaded inherit the mask of signals: all are
 * blocked meanwhile, so that a signal for the backend is always handled by the backend's own
 * thread.  One thread is asked for, since parallel workers are ours to plan.
 */
#include "postgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include "infra/lapack_library.h"

/* What BLAS implementations read as they are loaded. */
static const char *const thread_settings[] = {
	"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
	"BLIS_NUM_THREADS"
};

static UsLapackLibrary loaded;
static bool is_loaded = false;

typedef struct Symbol
{
	const char *name;
	Size		at;
} Symbol;

#define SYMBOL(name) {#name "_", offsetof(UsLapackLibrary, name)}

static const Symbol symbols[] = {
	SYMBOL(dgemm), SYMBOL(dsyrk), SYMBOL(dsyr2k), SYMBOL(dtrsm), SYMBOL(dpotrf), SYMBOL(dpotrs),
	SYMBOL(dpotri), SYMBOL(dpocon), SYMBOL(dtrcon), SYMBOL(dgeqp3), SYMBOL(dlaqps), SYMBOL(dormqr),
	SYMBOL(dsytrd), SYMBOL(dlatrd), SYMBOL(dsterf), SYMBOL(dsteqr), SYMBOL(dstemr), SYMBOL(dormtr)
};

StaticAssertDecl(lengthof(symbols) * sizeof(void (*) (void)) == sizeof(UsLapackLibrary),
				 "a routine of the library has no symbol");

/* dlopen with all signals blocked and one thread set; the environment is as before afterwards. */
static void *
open_quietly(const char *file)
{
	char	   *before[lengthof(thread_settings)];
	sigset_t	all;
	sigset_t	mask;
	void	   *handle;

	for (int i = 0; i < lengthof(thread_settings); i++)
	{
		const char *value = getenv(thread_settings[i]);

		before[i] = value ? pstrdup(value) : NULL;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	for (int i = 0; i < lengthof(thread_settings); i++)
		setenv(thread_settings[i], "1", 1);
	handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	for (int i = 0; i < lengthof(thread_settings); i++)
	{
		if (before[i])
			setenv(thread_settings[i], before[i], 1);
		else
			unsetenv(thread_settings[i]);
	}
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return handle;
}

void
us_lapack_open(const char *file, UsLapackLibrary *library)
{
	void	   *handle = open_quietly(file);
	void		(*set_threads) (int);

	if (handle == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("LAPACK could not be loaded"),
				 errdetail("%s", dlerror()),
				 errhint("Install the Debian package %s on the server.", US_LAPACK_PACKAGES)));
	for (int i = 0; i < lengthof(symbols); i++)
	{
		void	   *routine = dlsym(handle, symbols[i].name);

		if (routine == NULL)
		{
			dlclose(handle);
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FILE),
					 errmsg("the LAPACK library \"%s\" has no routine \"%s\"", file, symbols[i].name),
					 errhint("Install the Debian package %s on the server.", US_LAPACK_PACKAGES)));
		}
		memcpy((char *) library + symbols[i].at, &routine, sizeof(routine));
	}
	/* where the environment had been read by an earlier load */
	set_threads = (void (*) (int)) dlsym(handle, "openblas_set_num_threads");
	if (set_threads != NULL)
		set_threads(1);
}

const UsLapackLibrary *
us_lapack_library(void)
{
	if (!is_loaded)
	{
		us_lapack_open(US_LAPACK_FILE, &loaded);
		is_loaded = true;
	}
	return &loaded;
}

void
us_lapack_check(int rows, int columns, int ld)
{
	if (rows < 0 || columns < 0 || ld < Max(rows, 1) || (int64) ld * columns > PG_INT32_MAX)
		elog(ERROR, "matrix of %d x %d with leading dimension %d for LAPACK", rows, columns, ld);
}

void
us_lapack_info(const char *routine, int info)
{
	if (info != 0)
		elog(ERROR, "LAPACK routine %s returned %d", routine, info);
}

int
us_lapack_columns(double operations, int n)
{
	double		columns = US_LAPACK_STEP / Max(operations, 1);

	return (int) Max(Min(columns, (double) n), 1);
}
