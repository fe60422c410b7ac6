/*
 * target.h
 *	  What a supervised algorithm learns to predict: a number, or one of some classes.
 *
 * Classes stand in a canonical order that does not depend on dictionary codes or on the
 * order of the rows: text by bytes, false before true, numbers by size.  The class index is
 * 0 .. n_classes - 1 here and in learners; labels in SQL start at 1.
 */
#ifndef US_TARGET_H
#define US_TARGET_H

#include "data/frame.h"

typedef enum UsTask
{
	US_TASK_CLUSTERING,
	US_TASK_CLASSIFICATION,
	US_TASK_REGRESSION
} UsTask;

/* A target with more classes is refused. */
#define US_MAX_CLASSES	1000

typedef struct UsTarget
{
	UsTask		task;			/* CLASSIFICATION or REGRESSION */
	int			column;			/* of the frame */
	const char *name;			/* of the column */

	/* classification */
	int			n_classes;
	char	  **class_name;		/* [n_classes], server encoding */
	int64	   *class_rows;		/* [n_classes] rows of each, > 0 */
	double	   *class_mass;		/* [n_classes] their weights together (= class_rows without weights) */
	double	   *class_factor;	/* [n_classes] what the weights of its rows are multiplied by: 1, or class_weight */
	int			positive;		/* class index of the positive class; -1: none (more than two, none named) */
	bool		factored;		/* some class_factor is not 1 */
	int		   *class_of;		/* CATEGORY: code → class index, or -1 */
	double	   *class_number;	/* NUMBER, BOOLEAN: [n_classes], ascending */

	/* regression */
	double		min;
	double		max;

	int64		nrows;
	double		mass;			/* sum of weights (= nrows without weights), class_factor left out */
	double		row_weight;		/* of the frame */
} UsTarget;

/* Whether a target of this kind is learned as classes, when nothing else is asked for. */
extern bool us_kind_is_class(UsKind kind);

/*
 * The target of a frame or view, as task, in the current memory context; the frame has a
 * column of role TARGET and at least one row.  Reads the frame once.  Classes are those
 * that its rows have.  Raises 22023 for classes as numbers (REGRESSION of a CATEGORY), one class,
 * more than US_MAX_CLASSES, a constant number.  The positive class is the last of two; else none.
 */
extern UsTarget *us_target_create(UsFrame *frame, UsTask task);

/*
 * The target of a model that was trained before, on the rows of another frame: classes are found by name; rows
 * of another class have none.  For us_target_chunk() only: counts and masses are not filled.  Raises 42804 when the
 * column cannot be compared with them.
 */
extern UsTarget *us_target_bind(UsFrame *frame, UsTask task, int n_classes, char **class_name, int positive);

/* Make the class of that name the positive one; 22023, with the names, if there is none. */
extern void us_target_set_positive(UsTarget *target, const char *name);

/*
 * Set class_factor: "balanced", mass / (n_classes * class_mass) as scikit-learn does.
 */
extern void us_target_balance(UsTarget *target);

/*
 * The same by name: name[n], factor[n] > 0, finite; classes that are not named keep 1.  Raises 22023
 * for a name that is no class.
 */
extern void us_target_weigh(UsTarget *target, int n, char *const *name, const double *factor);

/*
 * y[chunk->nrows] of a chunk of the frame, or of another view of the same rows: the number,
 * or the class index (-1 for a class that the target has not).
 */
extern void us_target_chunk(const UsTarget *target, const UsChunk *chunk, double *y);

/*
 * The weights of these rows: those of the frame times class_factor, in room[chunk->nrows] where need be.
 * NULL: every row counts 1.
 */
extern const double *us_target_weights(const UsTarget *target, const UsChunk *chunk,
									   const double *y, double *room);

/*
 * What counts as one row where a limit is in rows, as the least weight of a leaf: the mean of these weights where that is
 * below 1, as for weights that add up to 1; else 1, so that a row of weight 2 counts as two.  Shares of one row
 * (row_weight) are one together.
 */
extern double us_target_row(const UsTarget *target);

#endif
