/*
 * profile_store.c
 *	  Stored form of profiles.
 *
 * Layout: u32 labels, i64 rows, per label (i64 rows, f64 weight, rule: u8 present,
 * string condition, f64 fidelity, precision, recall), u32 facets, per facet
 * (u32 feature, string name, u8 has level, string level, u32 element, f64 mean,
 * sd, then the mean and the weight of every segment).  Strings are UTF-8; NaN stands for "no value".
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "eval/profile.h"
#include "infra/utf8.h"

static void
write_rule(const UsSegmentRule *rule, UsWriter *w)
{
	us_write_u8(w, rule->condition != NULL);
	if (rule->condition)
		us_write_utf8(w, rule->condition);
	us_write_f64(w, rule->fidelity);
	us_write_f64(w, rule->precision);
	us_write_f64(w, rule->recall);
}

/* A finite number or NaN. */
static double
read_number(UsReader *r)
{
	double		x = us_read_f64(r);

	if (isinf(x))
		us_corrupt(r, "a statistic is infinite");
	return x;
}

void
us_profile_write(const UsProfile *profile, UsWriter *w)
{
	us_write_u32(w, profile->n_labels);
	us_write_i64(w, profile->nrows);
	for (int k = 0; k < profile->n_labels; k++)
	{
		us_write_i64(w, profile->n[k]);
		us_write_f64(w, profile->weight[k]);
		write_rule(&profile->rule[k], w);
	}
	us_write_u32(w, profile->nfacets);
	for (int f = 0; f < profile->nfacets; f++)
	{
		const UsFacet *facet = &profile->facet[f];

		us_write_u32(w, facet->feature);
		us_write_utf8(w, facet->name);
		us_write_u8(w, facet->level != NULL);
		if (facet->level)
			us_write_utf8(w, facet->level);
		us_write_u32(w, facet->element);
		us_write_f64(w, facet->mean);
		us_write_f64(w, facet->sd);
		for (int k = 0; k < profile->n_labels; k++)
		{
			us_write_f64(w, facet->segment_mean[k]);
			us_write_f64(w, facet->segment_weight[k]);
		}
	}
}

static void
read_rule(UsReader *r, UsSegmentRule *rule)
{
	rule->condition = us_read_u8(r) ? us_read_utf8(r) : NULL;
	rule->fidelity = read_number(r);
	rule->precision = read_number(r);
	rule->recall = read_number(r);
}

static void
read_facet(UsReader *r, const UsEncoder *encoder, int n_labels, UsFacet *facet)
{
	uint32		feature = us_read_u32(r);

	if (feature >= (uint32) us_encoder_nfeatures(encoder))
		us_corrupt(r, "facet of feature %u of %d", feature, us_encoder_nfeatures(encoder));
	facet->feature = feature;
	facet->name = us_read_utf8(r);
	facet->level = us_read_u8(r) ? us_read_utf8(r) : NULL;
	facet->element = us_read_u32(r) & 0x7fffffff;
	facet->mean = read_number(r);
	facet->sd = read_number(r);
	facet->segment_mean = palloc(n_labels * sizeof(double));
	facet->segment_weight = palloc(n_labels * sizeof(double));
	for (int k = 0; k < n_labels; k++)
	{
		facet->segment_mean[k] = read_number(r);
		facet->segment_weight[k] = read_number(r);
	}
}

UsProfile *
us_profile_read(UsReader *r, const UsEncoder *encoder, int n_labels)
{
	UsProfile  *profile = palloc0(sizeof(UsProfile));

	profile->n_labels = us_read_count(r, 41, PG_INT32_MAX);
	if (profile->n_labels != n_labels)
		us_corrupt(r, "profile of %d labels for a model of %d", profile->n_labels, n_labels);
	profile->nrows = us_read_i64(r);
	if (profile->nrows < 0)
		us_corrupt(r, "profile of " INT64_FORMAT " rows", profile->nrows);
	profile->n = palloc(Max(n_labels, 1) * sizeof(int64));
	profile->weight = palloc(Max(n_labels, 1) * sizeof(double));
	profile->rule = palloc0(Max(n_labels, 1) * sizeof(UsSegmentRule));
	for (int k = 0; k < n_labels; k++)
	{
		profile->n[k] = us_read_i64(r);
		profile->weight[k] = read_number(r);
		if (profile->n[k] < 0 || profile->n[k] > profile->nrows)
			us_corrupt(r, "segment of " INT64_FORMAT " rows in a profile of " INT64_FORMAT,
					   profile->n[k], profile->nrows);
		read_rule(r, &profile->rule[k]);
	}
	profile->nfacets = us_read_count(r, 29 + 16 * (size_t) n_labels, PG_INT32_MAX);
	if ((Size) profile->nfacets > MaxAllocSize / sizeof(UsFacet))
		us_corrupt(r, "profile of %d facets", profile->nfacets);
	profile->facet = palloc0(Max(profile->nfacets, 1) * sizeof(UsFacet));
	for (int f = 0; f < profile->nfacets; f++)
		read_facet(r, encoder, n_labels, &profile->facet[f]);
	return profile;
}

/* u32 ranges, for each u32 lo, u32 hi, its rule. */
void
us_range_rules_write(const UsRangeRule *range, int n, UsWriter *w)
{
	us_write_u32(w, n);
	for (int i = 0; i < n; i++)
	{
		us_write_u32(w, range[i].lo);
		us_write_u32(w, range[i].hi);
		write_rule(&range[i].rule, w);
	}
}

UsRangeRule *
us_range_rules_read(UsReader *r, int n_labels, int *n)
{
	UsRangeRule *range;

	*n = us_read_count(r, 33, MaxAllocSize / sizeof(UsRangeRule));
	range = palloc0(Max(*n, 1) * sizeof(UsRangeRule));
	for (int i = 0; i < *n; i++)
	{
		uint32		lo = us_read_u32(r);
		uint32		hi = us_read_u32(r);

		if (lo < 1 || lo > hi || hi > (uint32) n_labels)
			us_corrupt(r, "a rule of the branches %u to %u of %d", lo, hi, n_labels);
		range[i].lo = (int) lo;
		range[i].hi = (int) hi;
		read_rule(r, &range[i].rule);
	}
	return range;
}
