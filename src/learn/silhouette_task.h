/*
 * silhouette_task.h
 *	  Silhouettes of points by a team (infra/parallel.h).
 */
#ifndef US_SILHOUETTE_TASK_H
#define US_SILHOUETTE_TASK_H

#include "infra/parallel.h"
#include "learn/kmeans_points.h"
#include "math/distance.h"

/* Most workers that can be asked for. */
#define US_SILHOUETTE_MOST_WORKERS	64

/*
 * The mean silhouette of the points, with fine[p->n][width] in float8, with labels 0 .. k - 1 (stat/cluster_metrics.h), NaN for less than two
 * clusters with points; each[p->n] and neighbour[p->n] get the values and the nearest other
 * clusters, and are left alone then.  workers < 0: as many as the work is worth.  The result is the same for any
 * number; *joined gets the workers that took part.  53200 when the budget has no memory for a copy of the points.
 */
extern double us_silhouettes_by_team(UsMetric metric, const UsPoints *p, const double *fine, const uint16 *label,
									 int k, int workers, UsBudget *budget, double *each, int32 *neighbour,
									 int *joined);

/* The task. */
extern PGDLLEXPORT void us_task_silhouettes(UsTeamTask *task);

#endif
