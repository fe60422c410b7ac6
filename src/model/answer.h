/*
 * answer.h
 *	  What a stored model says about rows: the answers of its algorithm, with the
 *	  value that belongs to its positive class.
 *
 * All that score with a stored model go through here.
 */
#ifndef US_ANSWER_H
#define US_ANSWER_H

#include "model/artifact.h"

/* Whether the value of an answer is a number for this model: regression, a positive class, a density. */
extern bool us_answer_has_value(const UsArtifact *artifact);

/* The answer for one row x[width]; scratch[n_labels] is overwritten. */
extern void us_answer(const UsArtifact *artifact, const double *x, double *scratch, UsScore *score);

/*
 * The same from what the algorithm says of a row: its score, and p[n_labels], its probabilities (overwritten; not looked
 * at unless needed).
 */
extern bool us_answer_needs_proba(const UsArtifact *artifact);
extern void us_answer_finish(const UsArtifact *artifact, double *p, UsScore *score);

/* The same for a block x[width][stride], out[nrows]: equal bit for bit. */
extern void us_answer_block(const UsArtifact *artifact, const double *x, int stride, int nrows,
							UsScore *out);

/* Only the label; equal to that of us_answer(). */
extern int	us_answer_label(const UsArtifact *artifact, const double *x);

/* Probabilities p[n_labels] of one row. */
extern void us_answer_proba(const UsArtifact *artifact, const double *x, double *p);

#endif
