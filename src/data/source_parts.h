/*
 * source_parts.h
 *	  Parts of a frame on their way from the workers of a query to its leader.
 *
 * Each worker has a few parts (frame_part.h) in the shared memory of the query: it fills one while the leader copies another, and
 * waits when all are full.
 */
#ifndef US_SOURCE_PARTS_H
#define US_SOURCE_PARTS_H

#include "data/source_reader.h"

typedef struct UsParts UsParts;

/* Bytes of shared memory for the frame that a reader fills. */
extern Size us_parts_bytes(const UsFrameReader *reader, int members);

/* Has somebody given up?  Then all stop. */
extern bool us_parts_failed(UsParts *p);

/* Make all stop. */
extern void us_parts_fail(UsParts *p);

/* ---- of the leader ---- */

/*
 * Prepare the memory for so many workers, each with a budget of worker_bytes, in which a dictionary may
 * have dictionary_limit.
 */
extern UsParts *us_parts_create(void *memory, UsFrameReader *reader, int members, Size dictionary_limit, Size worker_bytes);

/* Take all parts that are full into the frame; after a failure they are thrown away. */
extern void us_parts_take(UsParts *p);

/* No more rows for workers that have not begun. */
extern void us_parts_close(UsParts *p);

/* Have the workers ended that have begun?  To be asked before the last us_parts_take(). */
extern bool us_parts_done(UsParts *p);

/* Wait until a part may be full or a worker done. */
extern void us_parts_wait(UsParts *p);

/* Add what the workers have counted to the frame and to info; n_workers of that are those who began. */
extern void us_parts_add(UsParts *p);

/* Memory of the leader, not the shared one. */
extern void us_parts_free(UsParts *p);

/* ---- of a worker ---- */

/* In worker number (from 0), to what us_parts_create() prepared. */
extern UsParts *us_parts_attach(void *memory, int number);

/* Does the worker come in time?  If not there is nothing left for it. */
extern bool us_parts_join(UsParts *p);

/* Give the reader a builder whose rows go to the leader. */
extern void us_parts_begin(UsParts *p, UsFrameReader *reader, const UsColumn *columns);

/* Tell what was counted, and that no more will come. */
extern void us_parts_leave(UsParts *p);

#endif
