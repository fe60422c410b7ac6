/*
 * design_row.h
 *	  One encoded row as the sums of a pass take it, for strategy sql: equal, bit for bit, to what the
 *	  kernels add up.
 */
#ifndef US_DESIGN_ROW_H
#define US_DESIGN_ROW_H

#include "agg/cross_state.h"
#include "learn/glm_pass.h"

typedef struct UsRowSpec
{
	UsCrossKind kind;
	bool		intercept;
	bool		weighted;
	bool		fine;			/* logistic */
	int			width;
	double		most_information;	/* logistic */
	double		class_factor[2];	/* logistic */
	UsGrid	   *grid;			/* gram: [intercept + width + 1], with y; logistic: [intercept + width] */
	double	   *beta;			/* logistic: [intercept + width] */
	double	   *centre;			/* logistic: [width] */
	uint64		fingerprint;	/* of all that */
} UsRowSpec;

/* Stored form, as the argument of an SQL step; read raises 22P03 if it is not valid. */
extern struct varlena *us_row_spec_write(const UsRowSpec *spec);
extern UsRowSpec *us_row_spec_read(const void *data, size_t len);

/* The row of encoded x[width] with response y (a number, or class 0 or 1) and weight; NULL for weight 0. */
extern UsCrossRow *us_design_row(const UsRowSpec *spec, const double *x, double y, double weight);

/* 40001 if an SQL pass saw another number of rows than the frame has. */
extern void us_fit_check_sql_rows(const UsFitInput *input, int64 rows);

#endif
