/*
 * pathway.h
 *	  How an algorithm of clustering shows its partitions of the same rows into several
 *	  numbers of clusters: what userseg.select_k compares.
 *
 * A pathway is a part of UsAlgorithm.  It works on points in memory (kmeans_points.h: distinct rows with
 * weights, the whole source or a sample), which may be the rows of the source, rows of a
 * reference distribution, or a bootstrap sample; in the backend or in a parallel
 * worker.  Whatever is measured of the partitions is the caller's (learn/select.c).
 */
#ifndef US_PATHWAY_H
#define US_PATHWAY_H

#include "data/params.h"
#include "learn/figures.h"

/* What the parameters of the algorithm say, as plain data without pointers. */
typedef struct UsPathSettings
{
	bool		unit;			/* rows are brought to unit length first */
	bool		weight_counts;	/* in the likelihood a row of weight w counts as w rows, else all alike */
	int64		sample_rows;	/* distinct rows to work on; 0: the usual number (kmeans_sample.h) */
	int			silhouette_rows;	/* of them for the silhouette; 0: none */
	UsMetric	silhouette_metric;	/* COSINE needs unit */
	int			workers;		/* to wait for; -1: by the size of the work */
	UsCriterion criterion;		/* that decides unless another is asked for */
	double		own[16];		/* the algorithm's own, as it likes */
} UsPathSettings;

/* How hard to try. */
typedef enum UsPathEffort
{
	US_PATH_THOROUGH,			/* the partitions that are shown: as in training */
	US_PATH_QUICK				/* those they are compared with: of the order of 10^8 coordinates compared for each k */
} UsPathEffort;

typedef struct UsPathTask
{
	const UsPathSettings *settings;
	const UsPoints *points;
	bool		complete;		/* the points are all rows of the source */
	int			lo;				/* 1 <= lo <= hi <= points->n, the number of distinct points */
	int			hi;
	UsPathEffort effort;
	uint64		seed;
} UsPathTask;

/* A partition, shown while the call lasts. */
typedef struct UsPathStep
{
	int			k;
	const uint16 *label;		/* [points->n] 0 .. k - 1; a number may be without points */
	double		log_likelihood; /* of the rows that the points stand for; NaN: none */
	double		n_parameters;	/* that go with it */
} UsPathStep;

typedef void (*UsPathVisit) (void *context, const UsPathStep *step);

typedef struct UsPathway
{
	/*
	 * Read the parameters.  Raises 22023 for those that have no meaning when several
	 * numbers of clusters are compared.
	 */
	void		(*settings) (const UsParams *params, UsPathSettings *settings);

	/* Bytes that a run on n points takes beside them. */
	Size		(*bytes) (const UsPathSettings *settings, int n, int width, int hi);

	/* Coordinates that a run compares, for the number of workers. */
	double		(*work) (const UsPathSettings *settings, int n, int width, int lo, int hi,
						 UsPathEffort effort);

	/*
	 * Show the partition for each k from lo to hi, once each, in any order.  Depends on nothing but the task.
	 * Memory is taken from the current context and given back; rows is the number of
	 * rows of the source that the points stand for, or with weight_counts their weight.
	 */
	void		(*run) (const UsPathTask *task, double rows, UsPathVisit visit, void *context);
} UsPathway;

/* Raise 22023 for a given k, and for strategy sql, which no pathway has. */
extern void us_path_refuse(const UsParams *params);

#endif
