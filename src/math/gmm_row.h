/*
 * gmm_row.h
 *	  Mixtures of normal distributions, one row at a time: the components are the lanes.
 *
 * Each component sees the operations of math/gmm.h in the same order, so a row has the same bits
 * here as in a tile.
 */
#ifndef US_GMM_ROW_H
#define US_GMM_ROW_H

#include "math/gmm.h"

/* Rows of more columns go through a tile of one row. */
#define US_GMM_ROW_COLUMNS	64

/* A mixture prepared for single rows. */
typedef struct UsGmmRow
{
	UsGmm		gmm;			/* its arrays must live as long */
	int			groups;			/* of US_HALF_LANES components; what fills up the last has weight 0 */
	double	   *mean;			/* [groups][d][US_HALF_LANES] */
	double	   *factor;			/* [groups][products or d][US_HALF_LANES]; TIED: none */
	double	   *constant;		/* [groups * US_HALF_LANES] */
	double	   *r;				/* [groups * US_HALF_LANES]: log densities, then responsibilities */
	UsGmmScratch *tile;			/* for rows of many columns, else NULL */
} UsGmmRow;

/* In the current memory context. */
extern UsGmmRow *us_gmm_row(const UsGmm *m);

/* Log of weight times density of every component at y[d]: r[k]. */
extern void us_gmm_row_densities(UsGmmRow *row, const double *y);

/* From these responsibilities times weight w <= 1: r[k]; returns the log density of the mixture. */
extern double us_gmm_row_responsibilities(UsGmmRow *row, double w);

/*
 * Sums of some rows in lanes, before they go to those of 128 bits (us_gmm_sums), with which they
 * are the same integers: doubles that hold multiples of 2^-46, or with fine two each, of 2^-24 and
 * of 2^-60.  All zero at first; aligned as doubles are.
 */
#define US_GMM_LANE_ROWS	64
#define US_GMM_FINE_BITS	60

/* Doubles for these sums; 0: there are too many columns or components. */
extern Size us_gmm_lane_doubles(UsCovariance covariance, int k, int d, bool fine);

/*
 * Add one row, y[d], r[k] and weight w, as us_gmm_add_row does.  False, and nothing is
 * added, for rows so far out or so heavy that they have to be added there.  After
 * US_GMM_LANE_ROWS rows us_gmm_lane_flush is due.
 */
extern bool us_gmm_lane_add(UsCovariance covariance, int k, int d, const double *y, const double *r,
							double w, bool fine, double *lanes);

/* Add them to the sums of 128 bits; false when one of those is beyond 2^125. */
extern bool us_gmm_lane_flush(UsCovariance covariance, int k, int d, bool fine, const double *lanes,
							  int128 *sums);

#endif
