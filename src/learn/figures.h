/*
 * figures.h
 *	  What is known of a partition into k clusters, and what a criterion makes of several.
 */
#ifndef US_FIGURES_H
#define US_FIGURES_H

#include "learn/kmeans_points.h"
#include "math/distance.h"

/* What can decide about the number of clusters. */
typedef enum UsCriterion
{
	US_CRITERION_SILHOUETTE,	/* largest */
	US_CRITERION_ELBOW,			/* bend of the inertia */
	US_CRITERION_CALINSKI_HARABASZ, /* largest */
	US_CRITERION_DAVIES_BOULDIN,	/* smallest */
	US_CRITERION_BIC,			/* smallest */
	US_CRITERION_AIC,			/* smallest */
	US_CRITERION_GAP			/* first k whose gap is not beaten by that of k + 1 */
} UsCriterion;

#define US_CRITERIA	(US_CRITERION_GAP + 1)

/* The name of a criterion; and back: false for another text. */
extern const char *us_criterion_name(UsCriterion criterion);
extern bool us_criterion_find(const char *name, UsCriterion *criterion);

/* NaN where something is not defined or was not asked for. */
typedef struct UsFigures
{
	int			k;
	double		inertia;		/* sum of squares within the clusters, units of the user's weights */
	double		silhouette;
	double		davies_bouldin;
	double		calinski_harabasz;
	double		log_likelihood;
	double		bic;			/* smaller is better */
	double		aic;
	double		gap;
	double		gap_se;
	double		stability;		/* mean adjusted Rand index of bootstrap samples */
	double	   *jaccard;		/* [k] mean Jaccard similarity of each cluster; or NULL */
} UsFigures;

/* Which rows the points stand for. */
typedef struct UsMeasure
{
	double		rows;			/* of the source */
	double		weight_unit;	/* one user's unit of weight per integer weight */
	int			silhouette_rows;	/* first points for the silhouette; 0: none */
} UsMeasure;

/* All figures NaN. */
extern void us_figures_init(UsFigures *f, int k);

/*
 * Inertia, Davies-Bouldin and Calinski-Harabasz of the partition of the points by label[n] < sums->k; sums are those
 * of the partition (us_points_sums).
 */
extern void us_figures_measure(UsFigures *f, const UsPoints *p, const uint16 *label,
							   const UsSums *sums, const UsMeasure *measure);

/*
 * The mean silhouette of the first rows points by a metric (stat/cluster_metrics.h); NaN for less than two
 * clusters.  Time rows^2.
 */
extern double us_figures_silhouette(UsMetric metric, const UsPoints *p, const uint16 *label, int k, int rows);

/*
 * The log-likelihood of a partition as a mixture of spherical normal distributions of one
 * variance with hard assignment, and the number of its parameters:
 *
 *		sum n_i log(n_i / n) - n d / 2 (log(2 pi s^2) + 1),	s^2 = inertia / (n d)
 *
 * with k - 1 shares, k d means and one variance.  D. Pelleg and A. Moore, "X-means", ICML 2000,
 * with the variance for each of d columns and by maximum likelihood.  NaN for an inertia of 0.
 */
extern double us_figures_spherical(const UsPoints *p, const UsSums *sums, double rows,
								   double *n_parameters);

/* log_likelihood, bic = p log(rows) - 2 L and aic = 2 p - 2 L. */
extern void us_figures_information(UsFigures *f, double log_likelihood, double n_parameters,
								   double rows);

/*
 * The figures that the criterion prefers among f[n], consecutive k: their index, the smaller k of equal
 * ones; -1 when it is defined for none.  allowed[n], if not NULL, leaves some out, but for
 * elbow and gap, which compare neighbours.
 */
extern int	us_criterion_best(UsCriterion criterion, const UsFigures *f, int n,
							  const bool *allowed);

/* The value of a criterion; the inertia for the elbow. */
extern double us_criterion_value(UsCriterion criterion, const UsFigures *f);

#endif
