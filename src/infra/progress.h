/*
 * progress.h
 *	  One call in every long loop: interrupts, and what a verbose verb tells.
 */
#ifndef US_PROGRESS_H
#define US_PROGRESS_H

/* Start of a verb; verbose says whether phases and notes become NOTICEs. */
extern void us_progress_begin(bool verbose);

/* End of a verb, so that nothing after it speaks in its name. */
extern void us_progress_end(void);

/*
 * A loop stands at done of total (0: unknown) of the phase, a string that lives
 * as long as the program.  Checks for interrupts; the first call of a phase
 * of a verbose verb emits a NOTICE.  Cheap enough for every few thousand rows.
 */
extern void us_progress(const char *phase, uint64 done, uint64 total);

/* A NOTICE of a verbose verb, such as one line an iteration. */
extern void us_progress_note(const char *fmt,...) pg_attribute_printf(1, 2);

#endif
