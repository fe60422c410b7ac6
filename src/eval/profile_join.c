/*
 * profile_join.c
 *	  The profile of segments that are joined from others.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "eval/profile.h"

/* Means and weights of a facet in joined segments. */
static void
join_facet(const UsFacet *from, int n_from, const int32 *label, int n_labels, UsFacet *to)
{
	*to = *from;
	to->segment_mean = palloc(n_labels * sizeof(double));
	to->segment_weight = palloc0(n_labels * sizeof(double));
	for (int k = 0; k < n_labels; k++)
		to->segment_mean[k] = NAN;
	for (int b = 0; b < n_from; b++)
		if (from->segment_weight[b] > 0)
			to->segment_weight[label[b] - 1] += from->segment_weight[b];
	for (int b = 0; b < n_from; b++)
	{
		int			k = label[b] - 1;
		double		share = from->segment_weight[b] / to->segment_weight[k];

		if (!(from->segment_weight[b] > 0))
			continue;
		to->segment_mean[k] = (isnan(to->segment_mean[k]) ? 0 : to->segment_mean[k]) +
			share * from->segment_mean[b];
	}
}

UsProfile *
us_profile_join(const UsProfile *from, const int32 *label, int n_labels)
{
	UsProfile  *to = palloc0(sizeof(UsProfile));

	to->n_labels = n_labels;
	to->nrows = from->nrows;
	to->n = palloc0(n_labels * sizeof(int64));
	to->weight = palloc0(n_labels * sizeof(double));
	to->rule = palloc0(n_labels * sizeof(UsSegmentRule));
	for (int b = 0; b < from->n_labels; b++)
	{
		to->n[label[b] - 1] += from->n[b];
		to->weight[label[b] - 1] += from->weight[b];
	}
	to->nfacets = from->nfacets;
	to->facet = palloc(Max(from->nfacets, 1) * sizeof(UsFacet));
	for (int f = 0; f < from->nfacets; f++)
	{
		CHECK_FOR_INTERRUPTS();
		join_facet(&from->facet[f], from->n_labels, label, n_labels, &to->facet[f]);
	}
	return to;
}
