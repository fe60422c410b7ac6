/*
 * kmeans_bounds.h
 *	  Bounds by which most rows need not be compared with all centres.
 *
 * G. Hamerly, "Making k-means even faster", SIAM Data Mining 2010: for each row an
 * upper bound of the distance to its centre and a lower bound of the distance to every other
 * one; both follow the centres as they move, and while the first is below the second the
 * row keeps its label.
 *
 * Labels are exactly those of the kernel without bounds.  The bounds are widened by
 * more than all roundings: the squared distance of the kernel has a relative error of at
 * most (width + 3) 2^-24, so for padded bounds u and l with u (1 + 2 s) < l and
 * s = (width + 16) 2^-23 the computed distances are in the same order.
 */
#ifndef US_KMEANS_BOUNDS_H
#define US_KMEANS_BOUNDS_H

#include "math/kernels.h"

/* How far the centres moved since the bounds were made or last moved, in kernel coordinates. */
typedef struct UsDrift
{
	int			k;
	int			mover;			/* the centre that moved most */
	float		most;			/* how far, */
	float		second;			/* and the one after it */
} UsDrift;

/* Coordinates compared for each row, k * width, and centres from which on bounds pay. */
#define US_BOUNDS_LEAST_WORK	512
#define US_BOUNDS_LEAST_K		16

/* Fill in the drift, and drift[k], from the centres before to those after. */
extern UsDrift us_bounds_drift(const float *before, const float *after, int k, int width,
							   float *drift);

/* Bounds from the squared distances first and second of n rows. */
extern void us_bounds_set(const float *first, const float *second, int n, int width,
						  float *upper, float *lower);

/*
 * Move the bounds of n rows (whole blocks of US_LANES are touched); active[] gets the numbers of the
 * rows that must be compared again; returns how many.
 */
extern int	us_bounds_move(const UsDrift *d, const float *drift, const uint16 *label, int n,
						   int width, float *upper, float *lower, uint16 *active);

/* Copy rows active[n] of blocks of width columns to dense blocks at out; the last block is filled with 0. */
extern void us_bounds_gather(const float *x, int width, const uint16 *active, int n, float *out);

#endif
