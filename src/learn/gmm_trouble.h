/*
 * gmm_trouble.h
 *	  Components of a mixture that have collapsed onto a plane, a line or a point.
 *
 * The likelihood of a mixture has no upper bound: a component that gives all its weight to rows with one
 * common value makes it as large as one likes, and only reg_covar keeps it finite (J. Kiefer and
 * J. Wolfowitz, Annals of Mathematical Statistics 27 (1956); R. J. Hathaway, Annals of Statistics
 * 13 (1985)).  Such a mixture says more of reg_covar than of the rows.
 */
#ifndef US_GMM_TROUBLE_H
#define US_GMM_TROUBLE_H

#include "agg/mixture.h"

typedef enum UsGmmTroubleKind
{
	US_GMM_FEW_ROWS,			/* fewer expected rows than a covariance needs */
	US_GMM_FLAT_COLUMN,			/* no variance in one column */
	US_GMM_DEPENDENT_COLUMNS	/* no variance in a combination of columns */
} UsGmmTroubleKind;

typedef struct UsGmmTrouble
{
	int			component;		/* 0-based; -1: all (TIED) */
	UsGmmTroubleKind kind;
	double		expected_rows;
	double		variance;		/* the smallest, reg_covar included, units of the columns */
	int			column;			/* with the largest part in it */
	int			other;			/* DEPENDENT: the two with the largest parts, in their order */
} UsGmmTrouble;

/*
 * Troubles of m, at most one a component, into trouble[k]; returns their number.  expected_rows[k].
 * Singular is a component whose smallest variance is at most twice reg, so more of reg than of the
 * rows, or 1e-5 of variance, the mean of the columns of all rows.
 */
extern int	us_gmm_troubles(const UsMixture *m, const double *expected_rows, double reg, double variance,
							UsGmmTrouble *trouble);

#endif
