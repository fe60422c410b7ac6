/*
 * gmm_path.h
 *	  The search for mixtures by the parameters of the algorithm, and the mixtures of several
 *	  numbers of components.
 */
#ifndef US_GMM_PATH_H
#define US_GMM_PATH_H

#include "learn/gmm_search.h"
#include "learn/pathway.h"

/* What the parameters say of the search, for each k of a range; without seed. */
extern void us_gmm_search_plan(const UsParams *params, UsGmmSearchPlan *plan);

/* 22023: no start gave covariances that are positive definite. */
pg_noreturn extern void us_gmm_refuse_singular(const UsGmmSearchPlan *plan, int k);

extern const UsPathway us_gmm_pathway;

#endif
