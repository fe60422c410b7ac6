/*
 * gram_pass.h
 *	  Passes of linear regression over the rows: sums of products; residuals.
 */
#ifndef US_GRAM_PASS_H
#define US_GRAM_PASS_H

#include "learn/design.h"
#include "math/cross.h"
#include "stat/least_squares.h"

/* Of US_KERNEL_GRAM.  Columns are the intercept (if there), x and y; n of them. */
typedef struct UsGramParam
{
	bool		intercept;
	bool		weighted;
	int			nfolds;			/* 0: one sum over all rows */
	int			n;
	UsGrid		grid[FLEXIBLE_ARRAY_MEMBER];	/* [n], of the columns times the root of the weight */
} UsGramParam;

/* How the meat of the sandwich is made of the residuals. */
typedef enum UsRobust
{
	US_ROBUST_NONE,
	US_ROBUST_HC0,
	US_ROBUST_HC1,
	US_ROBUST_HC2,
	US_ROBUST_HC3
} UsRobust;

/*
 * Of US_KERNEL_RESIDUAL: residuals of coefficients in about 32 digits; sums of their products with
 * the columns and of their squares.  robust: the sums of products of all columns too, weighted with the
 * squared residuals, over 1 - leverage (HC2) or its square (HC3).
 */
typedef struct UsResidualParam
{
	bool		intercept;
	UsRobust	robust;
	int			m;				/* intercept + width */
	Size		centre_at;		/* of double [width + 1] */
	Size		beta_at;		/* of UsDd [m] */
	Size		root_at;		/* robust: of double [m][m], L^-1 scaled, so that leverage = |root x|^2 */
	Size		grid_at;		/* robust: of UsGrid [m] */
} UsResidualParam;

/* The grids of encoded columns: around their centre, times the root of the largest weight. */
extern void us_gram_grids(const UsFitInput *input, bool intercept, const double *centre,
						  double largest_weight, UsGrid *grid);

/* Centres of the encoded columns and of y: their means, or, without intercept, the encoded 0. */
extern double *us_gram_centres(const UsFitInput *input, bool intercept);

/* The largest weight of a row, class_factor included; 1 without weights. */
extern double us_gram_largest_weight(const UsFitInput *input);

/* Bytes of UsGramParam for n columns. */
extern Size us_gram_param_bytes(int n);

/* The shape of the sums of n columns, for each fold (0: no folds). */
extern UsPassShape us_gram_shape(int n, int nfolds);

/* The sums of fold f, or of all rows without it; f = -1: of all rows. */
extern UsCrossSums *us_gram_sums(UsPassState state, const UsGramParam *param, int f, bool without,
								 const double *centre);

/* Bytes of UsResidualParam, the shape of its sums, and its fields but for the arrays. */
extern Size us_residual_param_bytes(int width, bool robust);

/* The shape of the sums: X'Wr of m columns, residual sum of squares, the meat. */
extern UsPassShape us_residual_shape(int m, bool robust);

/* Set offsets and fields of UsResidualParam. */
extern void us_residual_layout(UsResidualParam *param, int width, bool intercept, UsRobust robust);

/* Kernels: sums of products; residuals and their products. */
extern void us_gram_kernel(UsDesignWork *w, const UsDesignChunk *c);
extern void us_residual_kernel(UsDesignWork *w, const UsDesignChunk *c);

#endif
