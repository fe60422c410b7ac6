/*
 * guc.h
 *	  Settings of the extension, all named userseg.*
 */
#ifndef US_GUC_H
#define US_GUC_H

/* userseg.max_memory, in kB: memory one training may hold before it spills */
extern int	us_max_memory_kb;

/* userseg.max_artifact_size, in kB: largest stored model that is accepted */
extern int	us_max_artifact_kb;

/* userseg.model_cache_size, in kB: parsed models a backend keeps while nothing uses them */
extern int	us_model_cache_kb;

/* userseg.max_parallel_workers: workers one training may ask for (-1: as many as max_parallel_workers_per_gather) */
extern int	us_max_parallel_workers;

/* Define the settings; called once, from _PG_init. */
extern void us_guc_define(void);

#endif
