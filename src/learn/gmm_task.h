/*
 * gmm_task.h
 *	  The pass of EM over rows: tile by tile, and over chunks as a task of a team
 *	  (infra/parallel.h).
 */
#ifndef US_GMM_TASK_H
#define US_GMM_TASK_H

#include "agg/gmm_sums.h"
#include "data/matrix.h"

/* At the start of the team's area; places of arrays are offsets from there. */
typedef struct UsGmmArea
{
	UsMatrix	matrix;
	Size		factor_at;		/* double[width]: from kernel coordinates to units of the grid */
	Size		mixture_at;
	Size		member_at;		/* UsGmmSums of each member */
	Size		member_bytes;
} UsGmmArea;

/* Place the arrays for mixtures of mixture_bytes, sums of sums_bytes; returns the bytes before the matrix. */
extern Size us_gmm_area_layout(UsGmmArea *area, const UsMatrix *matrix, Size mixture_bytes,
							   Size sums_bytes, int members);

/* The arrays of an area. */
extern double *us_gmm_area_factor(UsGmmArea *area);
extern UsMixture *us_gmm_area_mixture(UsGmmArea *area);
extern UsGmmSums *us_gmm_area_sums(UsGmmArea *area, int member);

/* factor[width] for the kernel coordinates of a space. */
extern void us_gmm_factors(const UsSpace *space, double *factor);

/*
 * E-step: judge nrows rows of blocks x, whose weights are weight[nrows], at most 1 (NULL: 1), and add
 * them to sums.
 */
extern void us_gmm_pass(const UsGmm *m, UsGmmScratch *s, const float *x, const double *weight,
						int nrows, const double *factor, UsGmmSums *sums);

/* Task: sums of each member over the chunks it claimed, under the mixture in the area. */
extern PGDLLEXPORT void us_task_gmm_pass(UsTeamTask *task);

#endif
