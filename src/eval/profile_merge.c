/*
 * profile_merge.c
 *	  The profile of a model that was continued: the one before, with less weight, and
 *	  that of the new rows.
 *
 * Means and variances of two groups of rows together follow from those of each (Chan, Golub and
 * LeVeque, "Algorithms for computing the sample variance", The American Statistician
 * 1983): m = (W0 m0 + W1 m1) / (W0 + W1), and the variance is the weighted mean of the variances
 * and of the squared distances of the means from m.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "eval/profile.h"

/* A mean of weight w joins *mean of *weight; NaN stands for none. */
static void
join(double *mean, double *weight, double other, double w)
{
	if (isnan(other) || w <= 0)
		return;
	if (isnan(*mean) || *weight <= 0)
	{
		*mean = other;
		*weight = w;
		return;
	}
	*mean += (other - *mean) * (w / (*weight + w));
	*weight += w;
}

static double
weight_of(const UsFacet *facet, int n_labels)
{
	double		weight = 0;

	for (int k = 0; k < n_labels; k++)
		weight += facet->segment_weight[k];
	return weight;
}

static void
merge_facet(UsFacet *facet, const UsFacet *old, int n_labels, double decay)
{
	double		weight = weight_of(facet, n_labels);
	double		old_weight = weight_of(old, n_labels) * decay;
	double		total = weight;
	double		mean = facet->mean;

	join(&mean, &total, old->mean, old_weight);
	if (facet->level != NULL)
		facet->sd = isnan(mean) ? NAN : sqrt(fmax(0, mean * (1 - mean)));
	else if (total > 0)
	{
		double		square = 0;

		if (!isnan(facet->mean) && weight > 0)
			square += weight / total * (facet->sd * facet->sd +
										(facet->mean - mean) * (facet->mean - mean));
		if (!isnan(old->mean) && old_weight > 0)
			square += old_weight / total * (old->sd * old->sd + (old->mean - mean) * (old->mean - mean));
		facet->sd = sqrt(square);
	}
	facet->mean = mean;
	for (int k = 0; k < n_labels; k++)
		join(&facet->segment_mean[k], &facet->segment_weight[k],
			 old->segment_mean[k], old->segment_weight[k] * decay);
}

void
us_profile_merge(UsProfile *profile, const UsProfile *old, double decay)
{
	if (profile->n_labels != old->n_labels || profile->nfacets != old->nfacets)
		elog(ERROR, "profiles of different facets cannot be merged");
	for (int f = 0; f < profile->nfacets; f++)
	{
		CHECK_FOR_INTERRUPTS();
		merge_facet(&profile->facet[f], &old->facet[f], profile->n_labels, decay);
	}
	profile->nrows += (int64) rint(decay * (double) old->nrows);
	for (int k = 0; k < profile->n_labels; k++)
	{
		profile->n[k] += (int64) rint(decay * (double) old->n[k]);
		profile->weight[k] += decay * old->weight[k];
	}
}
