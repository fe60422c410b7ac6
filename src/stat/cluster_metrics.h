/*
 * cluster_metrics.h
 *	  How good a partition is: silhouette, Davies-Bouldin, Calinski-Harabasz, and
 *	  the bend of a curve.
 */
#ifndef US_CLUSTER_METRICS_H
#define US_CLUSTER_METRICS_H

#include "math/distance.h"
#include "math/kernels.h"

/*
 * Rows in the order of their clusters, those of each filled up to whole blocks, and their
 * silhouettes.  The memory belongs to somebody else: one that members of a team share, if they like.
 */
typedef struct UsSilhouettes
{
	UsMetric	metric;
	int			n;				/* rows */
	int			width;
	int			k;
	float	   *x;				/* blocks, */
	double	   *fine;			/* or these */
	float	   *mass;			/* of each row of a block; 0 where there is none */
	float	   *own;
	double	   *value;			/* the silhouettes */
	int32	   *next;			/* the nearest other cluster */
	int32	   *slot;			/* [n]: the row of the blocks that row i has become */
	double	   *weight;			/* [k] */
	int32	   *first;			/* [k + 1]: first block of each cluster */
} UsSilhouettes;

/* Bytes for n rows of width columns in k clusters; and their places in memory, aligned to US_BLOCK_ALIGN. */
extern Size us_silhouettes_bytes(int n, int width, int k, bool fine);
extern UsSilhouettes us_silhouettes_at(void *memory, UsMetric metric, int n, int width, int k, bool fine);

/*
 * Fill in n rows with labels 0 .. k - 1: x in blocks of kernel coordinates (math/kernels.h), or fine[n][width].
 * mass[n] > 0 is the weight of each row, of all rows equal to it together, rows[n] the number of
 * these (NULL: 1).  False if there are less than two clusters with rows: silhouettes are not defined.
 */
extern bool us_silhouettes_sort(UsSilhouettes *s, const float *x, const double *fine, const uint16 *label,
								const float *mass, const int64 *rows);

/*
 * The silhouettes of the rows of one block, 0 .. first[k] - 1: of each row, a is its mean distance to the
 * other rows of its cluster, b the least of its mean distances to the rows of another
 * cluster, and its silhouette (b - a) / max(a, b), or 0 when it is alone in its cluster.  P. J.
 * Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
 * cluster analysis", Journal of Computational and Applied Mathematics 20 (1987).  Means are weighted by mass.
 *
 * Metrics: EUCLIDEAN; COSINE, for rows of unit length; MANHATTAN.  Distances are float4 or float8 as
 * the rows, sums float8 in a fixed order.
 */
extern void us_silhouettes_block(const UsSilhouettes *s, int block);

/*
 * After all blocks: the mean, weighted by mass.  each[n], if not NULL, gets the rows' values, neighbour[n]
 * the cluster that b is the mean distance to.
 */
extern double us_silhouettes_mean(const UsSilhouettes *s, double *each, int32 *neighbour);

/* All of this in one, for blocks; NaN, and nothing else, when silhouettes are not defined.  Time n^2. */
extern double us_silhouettes(UsMetric metric, const float *x, int n, int width, const uint16 *label,
							 int k, const float *mass, const int64 *rows, double *each,
							 int32 *neighbour);

/*
 * Calinski-Harabasz index (Commun. Stat. 3, 1974): ((total - within) / (k - 1)) /
 * (within / (n - k)); total and within are sums of squares around the overall mean and
 * the cluster means.  NaN unless 1 < k < n; infinity becomes NaN too (within = 0).
 */
extern double us_calinski_harabasz(double total, double within, double n, int k);

/*
 * Davies-Bouldin index (IEEE Trans. PAMI 1, 1979): the mean over clusters of the worst
 * (s_i + s_j) / d_ij; center[k][width], scatter[k] the mean Euclidean distance of the rows of a
 * cluster to its centre (clusters without rows: NaN, left out).  0 when all scatters
 * are 0; NaN for fewer than 2 clusters; pairs at distance 0 are left out, as in scikit-learn.
 */
extern double us_davies_bouldin(const double *center, const double *scatter, int k, int width);

/*
 * The bend of a falling convex curve y[0..n) over x[0..n): the index of the point
 * farthest below the line from the first to the last point, both axes scaled to 0..1
 * (Satopaa et al., "Finding a kneedle in a haystack", ICDCS 2011); -1 when n < 3
 * or no point is below.
 */
extern int	us_elbow(const double *x, const double *y, int n);

#endif
