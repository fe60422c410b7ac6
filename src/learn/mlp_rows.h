/*
 * mlp_rows.h
 *	  The encoded rows of the training of a network in memory, in single precision, and their canonical order.
 */
#ifndef US_MLP_ROWS_H
#define US_MLP_ROWS_H

#include "learn/algorithm.h"

typedef struct UsMlpRows
{
	int			n;
	int			width;
	float	   *x;				/* [n][width] as read */
	float	   *y;				/* [n]: class, or number less centre by scale; 0 without a target */
	float	   *weight;			/* [n], with class_factor */
	uint64	   *key;			/* [n] */
	int32	   *order;			/* [n] rows by key, then by contents: the same order for any order of the source */
	double		mean_weight;
} UsMlpRows;

/* Bytes of n rows. */
extern Size us_mlp_rows_bytes(int64 n, int width);

/* All rows of input, the target as (y - centre) / scale; from the arena.  54000 for more than 2^30 rows. */
extern UsMlpRows *us_mlp_rows_read(const UsFitInput *input, double centre, double scale, UsArena *arena);

#endif
