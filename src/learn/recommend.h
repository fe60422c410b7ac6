/*
 * recommend.h
 *	  The number of clusters that the figures speak for, and why.
 */
#ifndef US_RECOMMEND_H
#define US_RECOMMEND_H

#include "learn/figures.h"
#include "learn/modes.h"

/* clusters that return in bootstrap samples with a mean Jaccard similarity below this cannot be trusted */
#define US_LEAST_JACCARD	0.6

typedef struct UsEvidence
{
	const UsFigures *figures;	/* [n], consecutive k */
	int			n;
	UsCriterion criterion;		/* decides */
	double		structure;		/* us_gap_structure; NaN: not tested */
	double		critical;		/* us_gap_critical that goes with it */
	UsModes		modes;			/* of the partition that us_recommend_in_doubt names; dip NaN: not tested */
} UsEvidence;

/*
 * The index of the recommended row, or -1; reason[n] gets a text or NULL for each row.
 *
 * 1. Criteria that are not defined for k = 1 cannot say that there are no clusters.  Where one of these decides,
 *	  and the structure is at most critical, it is k = 1, unless the rows stand in several heaps (us_modes).
 * 2. Else the k that the criterion prefers among those whose clusters all have a mean Jaccard
 *	  similarity of US_LEAST_JACCARD or more in bootstrap samples; among all k if there is none (and for elbow and
 *	  gap, which compare neighbours).  The bound is that of C. Hennig's software for
 *	  "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis 52 (2007).
 *
 * -1 without a text: the criterion is not defined for any k.  -1 with a text: k = 1 it would be, but that is
 * not among the rows.
 */
extern int	us_recommend(const UsEvidence *evidence, char **reason);

/*
 * The row that the criterion prefers, if there is structure, when only us_modes of its partition can show that; -1 when
 * that is not the question.
 */
extern int	us_recommend_in_doubt(const UsEvidence *evidence);

/* The least of jaccard[k]; NaN when it is not known, or for one cluster. */
extern double us_least_jaccard(const UsFigures *f);

#endif
