/*
 * silhouette_task.c
 *	  Silhouettes of points by a team.
 *
 * The blocks of points are the items.  A value depends on the points only, and the mean is added up in the
 * order of the points.
 */
#include "postgres.h"

#include <math.h>

#include "learn/silhouette_task.h"
#include "stat/cluster_metrics.h"

/* Seconds for a pair of rows and column, and seconds of work worth a worker. */
#define SECONDS_A_PAIR		2e-10
#define SECONDS_A_WORKER	0.15

/* At the start of the area; the memory of the silhouettes follows. */
typedef struct Head
{
	UsMetric	metric;
	int			n;
	int			width;
	int			k;
	bool		fine;
} Head;

#define HEAD_BYTES	TYPEALIGN(US_BLOCK_ALIGN, sizeof(Head))

static UsSilhouettes
silhouettes_of(char *area)
{
	const Head *head = (const Head *) area;

	return us_silhouettes_at(area + HEAD_BYTES, head->metric, head->n, head->width, head->k, head->fine);
}

void
us_task_silhouettes(UsTeamTask *task)
{
	UsSilhouettes s = silhouettes_of(task->area);
	int64		i;

	while (us_team_next(task, &i))
		us_silhouettes_block(&s, (int) i);
}

double
us_silhouettes_by_team(UsMetric metric, const UsPoints *p, const double *fine, const uint16 *label, int k,
					   int workers, UsBudget *budget, double *each, int32 *neighbour, int *joined)
{
	double		seconds = (double) p->n * p->n * p->width * SECONDS_A_PAIR;
	double		mean = NAN;
	UsSilhouettes s;
	UsTeam	   *team;
	Head	   *head;

	team = us_team_create(HEAD_BYTES + us_silhouettes_bytes(p->n, p->width, k, fine != NULL), workers >= 0 ? workers :
						  (int) Min(seconds / SECONDS_A_WORKER, (double) us_team_workers_allowed()),
						  workers > 0, budget);
	head = (Head *) us_team_area(team);
	*head = (Head) {metric, p->n, p->width, k, fine != NULL};
	s = silhouettes_of((char *) head);
	if (us_silhouettes_sort(&s, p->x, fine, label, p->mass, p->rows))
	{
		us_team_run(team, "us_task_silhouettes", us_task_silhouettes, s.first[k]);
		mean = us_silhouettes_mean(&s, each, neighbour);
	}
	*joined = us_team_joined(team);
	us_team_end(team);
	return mean;
}
