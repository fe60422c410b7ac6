/*
 * folds.h
 *	  Which rows a cross-validation learns from and which it measures on, fold by fold.
 *
 * Rows of one key (one id, or without an id equal rows) are never on both sides; stratified, rows of one
 * key and one class.
 */
#ifndef US_FOLDS_H
#define US_FOLDS_H

#include "eval/recipe.h"

typedef enum UsFoldKind
{
	US_FOLDS_KEY,				/* by a hash of the key, in parts of equal size */
	US_FOLDS_STRATIFIED,		/* the same class by class */
	US_FOLDS_TIME				/* each fold is measured on the time after what it learned from */
} UsFoldKind;

typedef struct UsFolds
{
	UsFoldKind	kind;
	int			n;
	/* KEY, STRATIFIED */
	uint64		seed;
	const UsTarget *target;		/* of all rows; STRATIFIED: strata are its classes */
	int			buckets;		/* parts of the hash, a power of two */
	uint16	   *fold;			/* [strata][buckets] */
	double	   *y;				/* [US_CHUNK_ROWS] */
	/* TIME: cut[n + 1], the rows up to cut[0] only learn, fold f is measured on (cut[f], cut[f + 1]] */
	int			column;
	double	   *cut;
	/* for the views */
	int			at;				/* fold */
	double		share;			/* of the rows that are used, by key; 1: all */
} UsFolds;

#define US_MAX_FOLDS	100

/*
 * How to divide a frame: 'auto' (by time with a time column; stratified where classes can be told apart and
 * no id comes twice; else by key), 'key', 'stratified', 'time'.  Raises 22023 for another text, for
 * 'stratified' without classes, for 'time' without a time column.
 */
extern UsFoldKind us_folds_kind(const char *text, UsFrame *frame, UsTask task, bool has_id);

/*
 * The folds of a frame whose target is known (NULL: without); 2 <= n <= US_MAX_FOLDS.  Raises 22023 when
 * there are too few rows or instants for a row in every fold.
 */
extern UsFolds *us_folds_create(UsFrame *frame, UsFoldKind kind, int n, const UsTarget *target,
								uint64 seed, UsBudget *budget);

/* For us_frame_view(): the two sides of fold at; context is a UsFolds. */
extern void us_folds_training(void *context, int i, const UsChunk *chunk, bool *keep);
extern void us_folds_test(void *context, int i, const UsChunk *chunk, bool *keep);

#endif
