/*
 * naive_bayes_pass.h
 *	  The one pass of naive Bayes over the rows: sums by class and column, in a team or as an SQL aggregate.
 */
#ifndef US_NAIVE_BAYES_PASS_H
#define US_NAIVE_BAYES_PASS_H

#include "agg/naive_bayes.h"
#include "learn/design.h"

typedef struct UsNbParam
{
	int			classes;
	int			per_class;
	int32		levels[FLEXIBLE_ARRAY_MEMBER];	/* [width] */
} UsNbParam;

/* levels[width] of the columns of an encoder: native categories; booleans and tags as they are have two; 0 for numbers. */
extern void us_nb_encoder_levels(const UsEncoder *encoder, int32 *levels);

/* The kernel of the pass: state.exact is [classes][per_class]. */
extern void us_nb_kernel(UsDesignWork *w, const UsDesignChunk *c);

/* How a row of an SQL pass is made: levels and class factors. */
typedef struct UsNbSpec
{
	int			width;
	int			classes;
	int32	   *levels;			/* [width] */
	double	   *factor;			/* [classes] */
} UsNbSpec;

/* Stored form, as the argument of an SQL step; read raises 22P03 if it is not valid. */
extern struct varlena *us_nb_spec_write(const UsNbSpec *spec);
extern UsNbSpec *us_nb_spec_read(const void *data, size_t len);

/* The row of encoded x[width], class index y and weight; NULL for weight 0.  22023 for another class or weight. */
extern UsNbRow *us_nb_spec_row(const UsNbSpec *spec, const double *x, double y, double weight);

#endif
