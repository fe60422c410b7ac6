/*
 * cluster_metrics.h
 *	  How good a partition is: silhouette, Davies-Bouldin, Calinski-Harabasz, and
 *	  the bend of a curve.
 */
#ifndef US_CLUSTER_METRICS_H
#define US_CLUSTER_METRICS_H

/* One partition of n rows. */
typedef struct UsLabeling
{
	int			k;
	const uint16 *label;		/* [n], 0-based, below k */
	double	   *each;			/* [n]: silhouette of every row, or NULL */
	double		mean;			/* result: weighted mean of the rows; 0 when k < 2 */
} UsLabeling;

/*
 * Silhouettes (Rousseeuw, J. Comput. Appl. Math. 20, 1987) of several partitions of
 * the same rows, from the Euclidean distances of all pairs, which are computed once.
 * x: [width][stride], column-major, stride >= n and a multiple of 8 (values past n are
 * not looked at).  weight[n] counts equal rows (NULL: 1 each): a row of weight w is w
 * rows at the same place.  With a the mean distance to the other rows of its cluster and b the smallest
 * mean distance to the rows of another cluster, s = (b - a) / max(a, b); 0 for a row alone in its
 * cluster.  O(n^2 (width + partitions)) time, O(n + sum of k) memory.  Sums run in
 * the order of the rows.
 */
extern void us_silhouettes(const double *x, int stride, int n, int width, const double *weight,
						   UsLabeling *labeling, int nlabelings);

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
