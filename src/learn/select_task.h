/*
 * select_task.h
 *	  What the members of a team share when numbers of clusters are compared, and
 *	  their tasks (infra/parallel.h).
 */
#ifndef US_SELECT_TASK_H
#define US_SELECT_TASK_H

#include "infra/parallel.h"
#include "learn/pathway.h"

#define US_ALGORITHM_NAME_BYTES 64

/* At the start of the team's area; places of arrays are offsets from there. */
typedef struct UsSelectArea
{
	char		algorithm[US_ALGORITHM_NAME_BYTES];
	UsPathSettings settings;
	uint64		seed;
	UsMeasure	measure;
	double		likelihood_rows;	/* that the likelihood counts */
	bool		complete;
	int			lo;				/* candidates */
	int			hi;
	int			ncandidates;	/* hi - lo + 1 */
	int			ncolumns;		/* of log_w: the candidates, before them k = 1 if it is none of these */
	int			nreferences;
	int			nbootstraps;

	/* the points */
	int			n;
	int			stride;			/* n filled up to whole blocks */
	int			width;
	int			scale;
	bool		weighted;
	bool		repeated;
	Size		grid_at;		/* UsGrid[width] */
	Size		back_at;		/* float[width] */
	Size		x_at;			/* float[stride * width] */
	Size		weight_at;		/* int64[n], if weighted */
	Size		rows_at;		/* int64[n], if repeated */
	Size		hash_at;		/* uint64[n] */

	/* reference sets */
	int			reference_rows;
	int			reference_scale;
	Size		box_at;			/* arrays of a UsGapBox */
	Size		reference_grid_at;	/* UsGrid[width] */

	/* results */
	Size		label_at;		/* uint16[ncandidates][stride] */
	Size		likelihood_at;	/* double[ncandidates][2]: log-likelihood, parameters */
	Size		log_w_at;		/* double[1 + nreferences][ncolumns], of the points first: log (W / weight) */
	Size		rand_at;		/* double[nbootstraps][ncandidates]; NaN: none */
	Size		jaccard_at;		/* double[nbootstraps][ncandidates * (lo + hi) / 2]; NaN: none */
	Size		silhouette_at;	/* double[ncandidates] */
} UsSelectArea;

/* Place the arrays of an area whose other fields are set; returns its bytes. */
extern Size us_select_area_layout(UsSelectArea *area);

/* Bytes that a member takes beside the area. */
extern Size us_select_member_bytes(const UsSelectArea *area);

/* Items of the two tasks. */
extern int64 us_select_path_items(const UsSelectArea *area);
extern int64 us_select_check_items(const UsSelectArea *area);

static inline void *
us_select_at(const UsSelectArea *area, Size place)
{
	return (char *) area + place;
}

/* Copy the points into the area; and find them there, in memory of arena. */
extern void us_select_put_points(UsSelectArea *area, const UsPoints *p);
extern UsPoints *us_select_points(const UsSelectArea *area, UsArena *arena);

/* Fit the box of the reference sets and choose their grids. */
extern void us_select_fit_box(UsSelectArea *area, const UsPoints *p);

/*
 * Tasks.  Paths: item 0 finds the partitions of the points thoroughly, the next ones quickly, of the
 * points and of each reference set.  Checks: partitions of a bootstrap sample, or the silhouette of one
 * candidate.
 */
extern PGDLLEXPORT void us_task_select_paths(UsTeamTask *task);
extern PGDLLEXPORT void us_task_select_checks(UsTeamTask *task);

#endif
