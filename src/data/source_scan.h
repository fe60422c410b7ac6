/*
 * source_scan.h
 *	  Reading a source with parallel workers.
 *
 * The planner is asked for a plan whose top is a Gather.  Below it comes a node of our own (a custom
 * scan), which every process runs: it puts the rows of its share of the plan into chunks of a frame.
 * Workers give full chunks to the leader through a few places in the query's shared memory, no row goes through the Gather.
 * All else is the server's: snapshot, privileges, row security, what is safe in a worker, errors and cancels.
 */
#ifndef US_SOURCE_SCAN_H
#define US_SOURCE_SCAN_H

#include "nodes/execnodes.h"
#include "nodes/plannodes.h"

#include "data/source_reader.h"

typedef enum UsScanEnd
{
	US_SCAN_DONE,				/* all rows are in the frame */
	US_SCAN_NOT,				/* nothing was read: one process is to read this source */
	US_SCAN_GAVE_UP				/* some rows were read, and one is wrong or memory ran out: one process can tell what and where */
} UsScanEnd;

/* Make the node known to the server; called once, from _PG_init; a second library with the same node leaves the first. */
extern void us_source_scan_register(void);

/*
 * Read the source into the builder of the reader with workers, if it is worth it and the server can; sets info->n_workers.
 * columns are those of the builder.  The shared memory is taken from the budget of the builder while it lasts.
 */
extern UsScanEnd us_source_scan(UsSource *source, UsFrameReader *reader, const UsColumn *columns);

/*
 * In source_run.c: plan the source for so many workers and run it with the node in its place, made by wrap from the plan below the Gather; begin is
 * called before it runs.  False if there is no such plan.
 */
typedef CustomScan *(*UsScanWrap) (Plan *below, void *arg);
typedef void (*UsScanBegin) (CustomScanState *node, void *arg);
extern bool us_source_run_workers(UsSource *source, int workers, UsScanWrap wrap, UsScanBegin begin, void *arg);

#endif
