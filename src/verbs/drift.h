/*
 * drift.h
 *	  How far new rows are from those that an encoder learned on.
 */
#ifndef US_DRIFT_H
#define US_DRIFT_H

#include "data/encode.h"

/* The encoded columns over the rows of a frame. */
typedef struct UsColumnDrift
{
	int			width;
	double	   *min;			/* [width] */
	double	   *max;
	double	   *mean;			/* weighted */
	double		weight;			/* of all rows */
} UsColumnDrift;

/*
 * One pass over the frame that the encoder is bound to.  The means are exact, so the
 * same for any order of the rows.
 */
extern UsColumnDrift *us_drift_measure(const UsEncoder *encoder, UsFrame *frame, UsBudget *budget);

/*
 * Columns whose mean moved by more than limit_sd standard deviations of the training, and by
 * more than limit_error standard errors of a mean of so many rows: column[width] by falling
 * shift (in standard deviations, with its sign: shift[width]).  Returns how many.  A column that
 * was constant has no standard deviation and is left out.
 */
extern int	us_drift_columns(const UsColumnDrift *drift, const UsEncoder *encoder, int64 nrows,
							 double limit_sd, double limit_error, int *column, double *shift);

#endif
