/*
 * kmeans_model.h
 *	  A trained k-means model: scoring, explaining, storing.
 */
#ifndef US_KMEANS_MODEL_H
#define US_KMEANS_MODEL_H

#include "data/matrix.h"
#include "learn/algorithm.h"
#include "math/sums.h"

typedef struct UsKmeansModel
{
	int			k;
	int			width;
	bool		unit;			/* rows are brought to unit length */
	UsGrid	   *grid;			/* [width] */
	double	   *center;			/* [k][width], relative to the offsets */
	int64	   *rows;			/* [k] of the source of this version */
	double	   *weight;			/* [k], in the user's units; of a model that was continued: with what the rows
								 * before still count */
	double		inertia;		/* around the centres, of the rows that weight counts */
	int64		seen;			/* rows of all trainings since the first */
	int			updates;		/* times that it was continued */

	/* made from these */
	int			scale;
	UsQuantiser *quantiser;
	double	   *reach;			/* [width] values relative to the offset are cut off here */
	float	   *coordinate;		/* [k][width], kernel coordinates of the centres */
	float	   *packed;			/* the same for us_nearest_row */
	double	   *lanes;			/* centres in blocks of US_HALF_LANES, filled up with infinity */
	double	   *log_prior;		/* [k] log of the share of the weight; -infinity: 0 */
	double		precision;		/* 1 / (2 s^2), at most 1e300 */
} UsKmeansModel;

/*
 * The model of centres center[k][width] (relative to the offsets of the space) and the
 * partition they make; inertia in units of the columns, with weights as the user gave
 * them.  In the current memory context.
 */
extern UsKmeansModel *us_kmeans_model_create(const UsSpace *space, int k, const double *center,
											 const UsSums *sums, double inertia);

/*
 * The model that continues old with new rows, of which sums is the partition by center[k][width]
 * and inertia the inertia around these.  The rows that old counts are counted decay times; their
 * inertia around the new centres follows from how far these moved (Huygens).
 */
extern UsKmeansModel *us_kmeans_model_continue(const UsKmeansModel *old, const UsSpace *space,
											   const double *center, const UsSums *sums,
											   double inertia, double decay);

/* Functions of the vtable (learn/algorithm.h): scoring in kmeans_score.c, the rest in kmeans_model.c. */
extern void us_kmeans_model_score(const void *model, const double *x, UsScore *score);
extern int	us_kmeans_model_label(const void *model, const double *x);
extern void us_kmeans_model_score_block(const void *model, const double *x, int stride, int nrows,
								  UsScore *out);
extern void us_kmeans_model_label_block(const void *model, const double *x, int stride, int nrows,
										int32 *label);
extern void us_kmeans_model_proba(const void *model, const double *x, double *p);
extern void us_kmeans_model_explain(const void *model, const double *x, const UsScore *score, double *c);
extern void us_kmeans_model_center(const void *model, int label, double *c);
extern UsFormula *us_kmeans_model_formula(const void *model, const UsFormulaRequest *request);
extern UsReport *us_kmeans_model_describe(const void *model);
extern void us_kmeans_model_write(const void *model, UsWriter *w);
extern void *us_kmeans_model_read(UsReader *r, int width, int *n_labels);

#endif
