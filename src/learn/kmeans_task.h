/*
 * kmeans_task.h
 *	  The passes of k-means over chunks, as tasks of a team (infra/parallel.h), and
 *	  what they share.
 */
#ifndef US_KMEANS_TASK_H
#define US_KMEANS_TASK_H

#include "data/matrix.h"
#include "learn/kmeans_bounds.h"
#include "math/sums.h"

/* At the start of the team's area; places of arrays are offsets from there. */
typedef struct UsKmeansArea
{
	UsMatrix	matrix;
	int			k;
	bool		keep;			/* labels are kept from pass to pass: only changes are summed */
	bool		fresh;			/* but there are none yet */
	bool		bounds;			/* and bounds with them */
	UsDrift		drift;			/* of the centres since the last pass */
	Size		back_at;		/* float[width] */
	Size		center_at;		/* float[k][width], kernel coordinates */
	Size		drift_at;		/* float[k] */
	Size		label_at;		/* uint16[rows], if kept */
	Size		bound_at;		/* for each chunk float upper[], lower[], if there are bounds */
	Size		member_at;		/* of each member, member_bytes: sums, then the farthest row */
	Size		member_bytes;
	Size		far_at;			/* within a member: float distance, float[width] */
} UsKmeansArea;

/* Place the arrays for up to max_k centres; returns the bytes of the area before the matrix. */
extern Size us_kmeans_area_layout(UsKmeansArea *area, const UsMatrix *matrix, int max_k,
								  int members, bool keep, bool bounds);

/* The arrays of an area. */
extern float *us_kmeans_area_center(UsKmeansArea *area);
extern float *us_kmeans_area_drift(UsKmeansArea *area);
extern UsSums us_kmeans_area_sums(UsKmeansArea *area, int member);
extern float *us_kmeans_area_farthest(UsKmeansArea *area, int member);

/*
 * Keep the farther one of the row at far (distance, coordinates) and the rows of a
 * chunk, by their distance to the nearest of k centres; of equals the one whose
 * coordinates come first.
 */
extern void us_kmeans_farthest_of(const UsMatrixChunk *chunk, int width, const float *center,
								  int k, float *far);

/* Is the row at a (distance, coordinates) farther than the one at b? */
extern bool us_kmeans_is_farther(const float *a, const float *b, int width);

/*
 * Tasks.  Assign: sums of each member over the chunks it claimed: of all rows, or, with kept
 * labels that stand, the changes.  Farthest: the row that is farthest from its centre.
 */
extern PGDLLEXPORT void us_task_kmeans_assign(UsTeamTask *task);
extern PGDLLEXPORT void us_task_kmeans_farthest(UsTeamTask *task);

#endif
