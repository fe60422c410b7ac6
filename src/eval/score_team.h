/*
 * score_team.h
 *	  Many rows scored with one model, batch by batch: alone at first, by a team of
 *	  workers when that takes long.
 *
 * Rows are scored on their own, so that it does not matter who scores them: answers are equal
 * bit for bit.
 */
#ifndef US_SCORE_TEAM_H
#define US_SCORE_TEAM_H

#include "learn/algorithm.h"

typedef struct UsScoreTeam UsScoreTeam;

/* What is scored with. */
typedef struct UsScoreJob
{
	const UsAlgorithm *algorithm;
	const void *model;
	int			width;			/* encoded columns */
	int			n_labels;
	bool		proba;			/* probabilities are wanted, too */
	int			rows;			/* of a batch, at most; fewer where they are wide */
	bool		all_rows;		/* no fewer */
	int			workers;		/* at most */
	bool		within;			/* they may be started inside of a parallel operation (us_team_try) */
	UsBudget   *budget;			/* of the batch, what workers share, and their models */
} UsScoreJob;

/* Lives in the current memory context.  Raises 53200 when the budget has no room for a batch. */
extern UsScoreTeam *us_score_team(const UsScoreJob *job);

/* Rows of a batch. */
extern int	us_score_team_rows(const UsScoreTeam *team);

/* Where a batch goes: x[width][stride]; another place after a batch was scored. */
extern double *us_score_team_x(const UsScoreTeam *team, int *stride);

/*
 * Score rows 0 .. nrows - 1 of the batch: answers of the algorithm, score[nrows], and proba[nrows][n_labels] if wanted.  They
 * stay until the next batch.
 */
extern const UsScore *us_score_team_run(UsScoreTeam *team, int nrows, const double **proba);

/* Workers that have joined. */
extern int	us_score_team_workers(const UsScoreTeam *team);

/* Send the workers home, and give the memory back. */
extern void us_score_team_end(UsScoreTeam *team);

#endif
