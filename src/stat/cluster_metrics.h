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
 * The mean silhouette of n rows of width columns in blocks of kernel coordinates
 * (math/kernels.h), with labels 0 .. k - 1: for each row, a is its mean distance to the other rows of its
 * cluster, b the least of its mean distances to the rows of another cluster, and its
 * silhouette (b - a) / max(a, b), or 0 when it is alone in its cluster.  P. J.
 * Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
 * cluster analysis", Journal of Computational and Applied Mathematics 20 (1987).
 *
 * mass[n] is the weight of each row, of all rows equal to it together; own[n] the
 * weight of one of these (NULL: 1).  The mean is weighted by mass.  NaN when there are
 * less than two clusters with rows.  each[n], if not NULL, gets the rows' values.
 * Distances are float4, sums float8 in a fixed order; time n^2.
 */
extern double us_silhouette_blocks(const float *x, int n, int width, const uint16 *label, int k,
								   const float *mass, const double *own, double *each);

/*
 * The same for a metric: EUCLIDEAN; COSINE, for rows of unit length; MANHATTAN. neighbour[n], if not NULL, gets
 * the cluster that b is the mean distance to.
 */
extern double us_silhouettes(UsMetric metric, const float *x, int n, int width, const uint16 *label,
							 int k, const float *mass, const double *own, double *each,
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
