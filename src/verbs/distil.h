/*
 * distil.h
 *	  A small model that imitates a large one.
 */
#ifndef US_DISTIL_H
#define US_DISTIL_H

#include "verbs/train.h"

typedef struct UsDistilArgs
{
	const char *teacher;
	UsTrainArgs train;			/* of the student; source NULL: that of the teacher */
} UsDistilArgs;

typedef struct UsDistilResult
{
	UsTrainResult version;
	int64		n_rows;			/* of the source; of classes the student has up to as many for each */
	bool		held_out;		/* measured on rows that the student did not see; else on its own */
	int64		n_measured;
	double		agreement;		/* share of rows with the same label; NaN: numbers */
	double		r2;				/* of the student's probability of the positive class, or number, for the teacher's; NaN: none */
	double		correlation;
	const char *metric;			/* against the target of the source; NULL: it has none */
	double		teacher_value;
	double		student_value;
} UsDistilResult;

/*
 * Train args->train.algorithm on what the teacher says of the rows of a source: of classes on its probabilities, so
 * that each row counts for each class by its probability; else on its numbers.  A new version of args->train.model, in
 * the caller's transaction.  Raises 42809 for a teacher of clusters, 0A000 for strategy "sql", and as us_train().
 */
extern void us_distil(const UsDistilArgs *args, UsDistilResult *result);

/*
 * verbs/distil_rows.c: the rows of a frame as rows to learn a teacher's answers from; the features given are kept (NULL: all), and
 * the target has the given name.  classes: each row once for each class that the teacher gives more than
 * US_DISTIL_LEAST, weighted by that; else its number.  encoder is that of the teacher, bound to the frame.
 */
#define US_DISTIL_LEAST	1e-6

struct UsArtifact;
extern UsFrame *us_distil_rows(UsFrame *frame, const struct UsArtifact *teacher, const UsEncoder *encoder, const char *target,
							   bool classes, int n_features, char **features, UsBudget *budget);

#endif
