/*
 * bootstrap.h
 *	  Intervals by resampling, for measures that have nothing better.
 *
 * Poisson bootstrap: in a replicate each row counts as often as a Poisson variable of mean 1 says
 * (Hanley and MacGibbon, Comput. Methods Programs Biomed. 83 (2006); Oza and Russell 2001); the
 * interval is from percentile to percentile (Efron and Tibshirani, "An Introduction to the Bootstrap", ch. 13).
 * The counts belong to (seed, replicate, key of the row): the same for any order of rows, and
 * rows with one key are drawn together (those of a user), or, where equal keys only say that rows are equal, as rows
 * of their own.
 */
#ifndef US_BOOTSTRAP_H
#define US_BOOTSTRAP_H

/* Replicates for n rows: 1000 for small sets, fewer for large ones, never below 100. */
extern int	us_bootstrap_replicates(int64 n);

/* The interval of that level from the values of the replicates, which are reordered; NaN are left out. */
extern void us_percentile_interval(double *value, int n, double level, double *low, double *high);

/*
 * Figures of a ranking in each replicate: n rows as us_ranking_build; average_precision[replicates]
 * and ks[replicates].  us_bootstrap_memory(n) bytes.
 */
extern void us_bootstrap_ranking(const double *score, const uint8 *positive, const double *weight,
								 const uint64 *key, bool together, int64 n, uint64 seed, int replicates,
								 double *average_precision, double *ks);
extern Size us_bootstrap_memory(int64 n);

/*
 * Confusion matrices of replicates: cell[k * k] weights that stand for rows rows; out[k * k].
 * Rows of a cell do not differ, so that their counts add up to one Poisson variable.
 */
extern void us_bootstrap_confusion(const double *cell, int k, double rows, uint64 seed, int replicate, double *out);

#endif
