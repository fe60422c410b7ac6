/*
 * distil.h
 *	  A small model that imitates a large one.
 */
#ifndef US_DISTIL_H
#define US_DISTIL_H

#include "model/cache.h"
#include "verbs/train.h"

typedef struct UsDistilArgs
{
	const char *teacher;
	UsTrainArgs train;			/* of the student; source NULL: that of the teacher; */
	bool		divided;		/* train.holdout and train.seed were given; else the teacher's are taken, if it kept */
	bool		seeded;			/* its hold-out unseen, or defaults */
} UsDistilArgs;

/* How the rows came by which teacher and student are compared. */
typedef enum UsDistilRows
{
	US_DISTIL_TRAINING,			/* the student learned from them */
	US_DISTIL_HOLDOUT,			/* the student did not, the teacher may have */
	US_DISTIL_UNSEEN			/* neither did */
} UsDistilRows;

typedef struct UsDistilResult
{
	UsTrainResult version;
	UsDistilRows measured_on;
	int64		n_measured;
	double		fidelity;		/* share of rows with the same label; NaN: numbers */
	double		fidelity_r2;	/* of the student's probability of the positive class, or number, for the teacher's; NaN: none */
	const char *metric;			/* against the target of the source; NULL: it has none */
	double		teacher_value;
	double		student_value;
} UsDistilResult;

/* Teacher and student, and the rows of the source. */
typedef struct UsDistilling
{
	UsTrainArgs train;			/* with defaults filled in */
	const UsModel *teacher;
	const UsArtifact *artifact; /* of the teacher */
	int			n_classes;		/* of the teacher: classes or segments; 0: numbers */
	char	  **class_name;		/* [n_classes] */
	UsEncoder  *encoder;		/* of the teacher, bound to frame */
	UsFrame    *frame;			/* the source as read */
	const char *target;			/* of the teacher, if the source has it; or NULL */
	bool		classes;		/* the student is a classifier */
	bool		has_value;		/* the teacher has a number that can be compared */
	bool		kept;			/* the hold-out is that of the teacher, which did not see it later either */
	UsPrepared	prepared;		/* of the student: its frame has the answers */
	MemoryContext context;		/* of report */
	UsReport   *report;			/* what is said of the comparison */
	UsDistilResult *result;
} UsDistilling;

/*
 * Train args->train.algorithm on what the teacher says of the rows of a source: of classes on its probabilities, so that
 * each row counts for each class by its probability; of a clustering on its segments; else on its numbers.  A new version of
 * args->train.model, in the caller's transaction.  Raises 22023 for an algorithm that cannot learn this, 0A000 for
 * strategy "sql", and as us_train().
 */
extern void us_distil(const UsDistilArgs *args, UsDistilResult *result);

/* Least probability of a class that a row is learned with; the same of more than two. */
#define US_DISTIL_LEAST	1e-6
#define US_DISTIL_LEAST_OF_MANY	1e-3

/*
 * verbs/distil_rows.c: the rows of d->frame as rows to learn the answers from: the features of the student
 * (d->train.features, or all), and the target d->train.target.  Of classes, each row once for each class that the
 * teacher gives more than US_DISTIL_LEAST (US_DISTIL_LEAST_OF_MANY, if there are more than two; always the
 * most probable one), weighted by that; with its segment; else with its number.
 */
extern UsFrame *us_distil_rows(UsDistilling *d);

/*
 * verbs/distil_compare.c, a UsTrainMeasure: compare a student as fitted with the teacher, and both with the target, on
 * some of the rows of d->frame.  Fills d->result and d->report; the metrics are those of the student, against
 * the target as far as it is known, fidelity last.
 */
extern UsMetrics *us_distil_compare(void *distilling, const UsFitted *fitted, UsFrame *rows, UsBudget *budget);

/* 'training', 'holdout', 'unseen'. */
extern const char *us_distil_rows_name(UsDistilRows rows);

#endif
