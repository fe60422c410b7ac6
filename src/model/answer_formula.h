/*
 * answer_formula.h
 *	  What a stored model answers, as a formula.
 */
#ifndef US_ANSWER_FORMULA_H
#define US_ANSWER_FORMULA_H

#include "model/artifact.h"

typedef enum UsAnswerKind
{
	US_ANSWER_VALUE,			/* of a regression; the probability of the positive class */
	US_ANSWER_LABEL,
	US_ANSWER_TOP,				/* probability of the label */
	US_ANSWER_CLASS				/* probability of one class or segment */
} UsAnswerKind;

/*
 * The formula, in the current memory context: equal to us_answer() and us_answer_proba() but for the rounding
 * of sums.  class counts from 0.  Raises 0A000 for algorithms and models that have none, listing those
 * that have, 54000 for models that need more than most_nodes nodes.
 */
extern UsFormula *us_answer_formula(const UsArtifact *artifact, UsAnswerKind kind, int class, int64 most_nodes);

/* The calibrated probabilities of all classes of a calibrated model from p[n_labels], which are not. */
extern UsFormula **us_calibrated_formulas(const UsArtifact *artifact, UsFormula *const *p);

/* Raise 0A000: models of the algorithm cannot be exported as what; for which is true of those that can. */
pg_noreturn extern void us_export_refuse(const UsArtifact *artifact, const char *what,
										 bool (*can) (const UsAlgorithm *algorithm));

#endif
