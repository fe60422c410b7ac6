/*
 * assignment.h
 *	  The matching of rows to columns with the largest total gain.
 */
#ifndef US_ASSIGNMENT_H
#define US_ASSIGNMENT_H

/*
 * gain: [nrows][ncols] row-major, finite.  match[nrows] gets the column of every
 * row, or -1 for the rows left over when nrows > ncols.  The total gain is the
 * largest possible; among equal totals the choice is deterministic.
 * Shortest augmenting paths with potentials, O(nrows^2 ncols) (Jonker and
 * Volgenant, Computing 38, 1987; the form without initialisation heuristics).
 */
extern void us_assignment(const double *gain, int nrows, int ncols, int *match);

#endif
