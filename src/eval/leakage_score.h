/*
 * leakage_score.h
 *	  How well one column alone predicts a target, on a sample of rows.
 */
#ifndef US_LEAKAGE_SCORE_H
#define US_LEAKAGE_SCORE_H

#include "data/target.h"
#include "infra/arena.h"

typedef struct UsLeakScorer UsLeakScorer;

/* For rows y[n] (as us_target_chunk) of these keys; y and key live as long. */
extern UsLeakScorer *us_leak_scorer(const UsTarget *target, const double *y, const uint64 *key,
									int n, UsArena *arena);

/*
 * The AUC or R^2 of x[n], NaN = NULL: ordered says that its order means something.  0 when nothing can be said.
 */
extern double us_leak_score(UsLeakScorer *scorer, const double *x, bool ordered);

#endif
