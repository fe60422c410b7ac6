/*
 * partition_metrics.h
 *	  How well two labelings of the same rows agree: adjusted Rand, mutual information,
 *	  V-measure, and the Jaccard coefficient of single clusters.
 *
 * All of them follow from how many rows have each pair of labels, and do not depend on the
 * numbers or the order of the labels.
 */
#ifndef US_PARTITION_METRICS_H
#define US_PARTITION_METRICS_H

/* n rows have label a in the first labeling and b in the second. */
typedef struct UsContingencyCell
{
	int32		a;				/* 0-based */
	int32		b;
	int64		n;				/* > 0 */
} UsContingencyCell;

/*
 * A contingency table: the cells that are not empty, each once, in any order, and their
 * totals.  Counts of up to 2^60 rows in all.
 */
typedef struct UsContingency
{
	int64		n;				/* rows */
	int64		ncells;
	const UsContingencyCell *cell;
	int			na;
	int			nb;
	const int64 *a;				/* [na]: rows of each label; 0 for labels without rows */
	const int64 *b;				/* [nb] */
} UsContingency;

/* Information-theoretic figures, natural logarithms. */
typedef struct UsMutualInfo
{
	double		entropy_a;
	double		entropy_b;
	double		mutual;
} UsMutualInfo;

/*
 * The table of n rows with labels a[n] in 0 .. na - 1 and b[n] in 0 .. nb - 1, or less
 * than 0: the row does not count.  count[n] >= 0 is how often each row counts (NULL: once).
 * In the current memory context; takes na * nb * 8 bytes.
 */
extern UsContingency *us_contingency_make(const int32 *a, int na, const int32 *b, int nb,
										  const int64 *count, int64 n);

/*
 * Adjusted Rand index: of the pairs of rows that both labelings put together, what is more
 * than expected by chance, in units of the most that it could be; 1 for equal partitions,
 * about 0 for independent ones, down to -1/2 or so.  L. Hubert and P. Arabie, "Comparing
 * partitions", Journal of Classification 2 (1985), equation 5, written in counts of pairs of pairs
 * (M. J. Warrens, "On the equivalence of Cohen's kappa and the Hubert-Arabie adjusted Rand
 * index", Journal of Classification 25, 2008).  1 when both are all together or both all
 * apart, and for one row; NaN without rows.
 */
extern double us_adjusted_rand(const UsContingency *t);

/*
 * Entropies of both labelings and their mutual information.  T. M. Cover and J. A.
 * Thomas, Elements of Information Theory, 2nd ed., 2.1 and 2.28; sums are exact, so the
 * order of cells does not matter.  NaN without rows.
 */
extern UsMutualInfo us_mutual_info(const UsContingency *t);

/*
 * Mutual information divided by the mean of the entropies, 0 .. 1; 1 when both
 * labelings have one label only, NaN without rows.  N. X. Vinh, J. Epps and J. Bailey,
 * "Information theoretic measures for clusterings comparison", JMLR 11 (2010), NMI_sum.
 */
extern double us_normalized_mutual_info(const UsMutualInfo *m);

/*
 * With a the true classes and b the clusters: homogeneity, 1 if every cluster has rows of one
 * class only; completeness, 1 if every class is in one cluster; and their harmonic mean.
 * A. Rosenberg and J. Hirschberg, "V-measure", EMNLP-CoNLL 2007, with beta = 1.  A
 * labeling of one label has nothing to be told, 1; NaN without rows.
 */
extern void us_v_measure(const UsMutualInfo *m, double *homogeneity, double *completeness,
						 double *v);

/*
 * For each label i of a the largest Jaccard coefficient |A and B| / |A or B| of its
 * rows with those of a label of b: jaccard[na], 0 for a label without rows.  C. Hennig,
 * "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis
 * 52 (2007), equation 1 and section 3.
 */
extern void us_cluster_jaccard(const UsContingency *t, double *jaccard);

#endif
