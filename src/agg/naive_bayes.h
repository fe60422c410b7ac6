/*
 * naive_bayes.h
 *	  userseg.naive_bayes_state: what naive Bayes needs to know of rows, by class and column: exact sums, mergeable.
 *
 * A column is of numbers (levels 0) or of categories, levels 0 .. levels - 1.  A class has the sum of its weights,
 * then for each column of numbers the weight of the rows without a value, the sum of w x and that of w x^2, for each
 * column of categories the weight of each level.  The sums are exact (but that w x^2 is rounded at 2^-106 of itself), so
 * states of the same rows are equal for any order and grouping of the rows.
 *
 * A state is one flat varlena, changed in place while an aggregate runs; one that leaves an aggregate is sealed.
 */
#ifndef US_AGG_NAIVE_BAYES_H
#define US_AGG_NAIVE_BAYES_H

#include "infra/buffer.h"
#include "math/exact_sum.h"

#define US_NB_STATE_VERSION	1
#define US_NB_MAX_COLUMNS	1500
#define US_NB_MAX_LEVELS	1000
#define US_NB_MAX_CLASSES	1000

/* sums of a column of numbers */
#define US_NB_NUMBER_SUMS	3

/* One row, as naive_bayes_step takes it: userseg.naive_bayes_row. */
typedef struct UsNbRow
{
	int32		vl_len_;
	uint8		version;
	int32		columns;
	int32		label;			/* 1 .. US_NB_MAX_CLASSES */
	double		weight;			/* > 0 */
	double		x[FLEXIBLE_ARRAY_MEMBER];	/* [columns], NaN: no value; then int32 levels[columns] */
} UsNbRow;

typedef struct UsNbState
{
	int32		vl_len_;
	uint8		version;
	int32		columns;
	int32		classes;
	int64		rows;
	int32		per_class;		/* sums of a class */
	int32		unused;
	int64		data[FLEXIBLE_ARRAY_MEMBER];	/* int32 levels[columns], padded to 8 bytes; UsExactSum [classes][per_class] */
} UsNbState;

/* Sums of a class of such columns: 1 + those of each column. */
extern int	us_nb_sums(const int32 *levels, int columns);

/* The level that a value of a column of categories is. */
static inline int
us_nb_level(double x, int levels)
{
	return x < 0.5 ? 0 : x > levels - 1 ? levels - 1 : (int) (x + 0.5);
}

/*
 * Add the values x[row[i]], i < n, of a column, with weights w[row[i]] (NULL: 1); the rows are of one class, whose sums of
 * this column cell is.  levels of categories are at most US_NB_MAX_LEVELS.  22003 for squares that are out of range.
 */
extern void us_nb_add_column(UsExactSum *cell, int levels, const double *x, const double *w, const int *row, int n);

/* Rows and states: in the current memory context. */
extern UsNbRow *us_nb_row_new(int columns);
extern int32 *us_nb_row_levels(const UsNbRow *row);
extern const int32 *us_nb_levels(const UsNbState *s);
extern UsExactSum *us_nb_class(const UsNbState *s, int k);

/* 22023 unless columns and levels[columns] are in their limits. */
extern void us_nb_check_levels(const int32 *levels, int columns);

/* Add a row: s (NULL: none yet) is changed in place and returned, or a larger copy.  22023 if it does not fit those before. */
extern UsNbState *us_nb_add(UsNbState *s, const UsNbRow *row);

/* Add another state; the same errors. */
extern UsNbState *us_nb_merge(UsNbState *s, const UsNbState *other);

/* A copy for storage: equal bytes for equal sums. */
extern UsNbState *us_nb_seal(const UsNbState *s);

/* Payloads; read raises 22P03 if one is not valid. */
extern void us_nb_row_write(const UsNbRow *row, UsWriter *w);
extern UsNbRow *us_nb_row_read(UsReader *r);
extern void us_nb_state_write(const UsNbState *s, UsWriter *w);
extern UsNbState *us_nb_state_read(UsReader *r);

#endif
