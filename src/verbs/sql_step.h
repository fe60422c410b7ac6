/*
 * sql_step.h
 *	  Iterations of a training as SQL aggregates over its source.
 */
#ifndef US_SQL_STEP_H
#define US_SQL_STEP_H

#include "data/source.h"
#include "learn/algorithm.h"

/*
 * The step of algorithm as a callback: each run executes
 *
 *		SELECT userseg.<step>(userseg._encode_point(encoder, state, weight, columns...))
 *		FROM (source)
 *
 * (for a supervised algorithm with the response after the weight; target is NULL for the others)
 * as the caller, read-only, in parallel where the planner likes.  Raises 0A000 when
 * an encoder looks at more than the row (out-of-fold target encoding).
 */
extern void us_sql_step_make(UsSqlStep *step, const UsAlgorithm *algorithm, UsSource *source,
							 const UsFrame *frame, const UsTarget *target, const UsEncoder *encoder);

#endif
