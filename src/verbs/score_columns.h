/*
 * score_columns.h
 *	  Scoring without building the row first.
 *
 * In userseg.predict('vip', c) the executor would form a row of all columns of c, and
 * fetch its toasted values, for each call.  The planner's support function of
 * these functions therefore replaces such a call by one of a sister function that gets
 * the columns themselves:
 *
 *	  userseg._predict(model text, columns text[], present oid, VARIADIC "any")
 *
 * columns are the names of the values that follow.  present is NULL where there is no row:
 * a table without partner in an outer join.
 */
#ifndef US_SCORE_COLUMNS_H
#define US_SCORE_COLUMNS_H

#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"

/* arguments of the sister functions */
#define US_COLUMNS_NAMES	1
#define US_COLUMNS_PRESENT	2
#define US_COLUMNS_FIRST	3

/*
 * The call of the sister function in place of call, a call of a function f(model text,
 * features record); NULL where the row has to be formed: it is no row of a
 * table in the FROM clause of this query, or has too many columns.
 */
extern Node *us_score_columns(PlannerInfo *root, FuncExpr *call);

#endif
