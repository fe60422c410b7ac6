/*
 * profile_words.c
 *	  Which features make a segment what it is, and a name from them.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "eval/profile.h"

/* |z| below which a direction is not worth a name */
#define NAME_Z	0.25

/* directions in a suggested name */
#define NAME_PARTS	2

double
us_facet_z(const UsFacet *facet, int label)
{
	double		m = facet->segment_mean[label - 1];

	if (isnan(m) || isnan(facet->mean))
		return NAN;
	return facet->sd > 0 ? (m - facet->mean) / facet->sd : 0;
}

void
us_facet_rest_means(const UsFacet *facet, int n_labels, double *rest)
{
	double		sum = 0;
	double		weight = 0;
	double	   *below = palloc(Max(n_labels, 1) * sizeof(double));

	/* sum and weight of the segments below, then those above join them */
	for (int k = 0; k < n_labels; k++)
	{
		rest[k] = sum;
		below[k] = weight;
		if (facet->segment_weight[k] > 0)
		{
			sum += facet->segment_mean[k] * facet->segment_weight[k];
			weight += facet->segment_weight[k];
		}
	}
	sum = weight = 0;
	for (int k = n_labels - 1; k >= 0; k--)
	{
		double		others = below[k] + weight;

		rest[k] = others > 0 ? (rest[k] + sum) / others : NAN;
		if (facet->segment_weight[k] > 0)
		{
			sum += facet->segment_mean[k] * facet->segment_weight[k];
			weight += facet->segment_weight[k];
		}
	}
	pfree(below);
}

typedef struct Ranked
{
	int			facet;
	double		z;
} Ranked;

static int
compare_ranked(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (x->z != y->z)
		return x->z > y->z ? -1 : 1;
	return x->facet - y->facet;
}

int
us_profile_order(const UsProfile *profile, int label, int *index)
{
	Ranked	   *ranked = palloc(Max(profile->nfacets, 1) * sizeof(Ranked));
	int			n = 0;

	for (int f = 0; f < profile->nfacets; f++)
	{
		double		z = us_facet_z(&profile->facet[f], label);

		if (!isnan(z))
			ranked[n++] = (Ranked) {f, fabs(z)};
	}
	qsort(ranked, n, sizeof(Ranked), compare_ranked);
	for (int i = 0; i < n; i++)
		index[i] = ranked[i].facet;
	pfree(ranked);
	return n;
}

/* "high spend", "mostly country=FR", "active" for a boolean that is mostly true. */
static char *
direction(const UsFacet *facet, const UsFeature *feature, double z, double m)
{
	if (facet->level)
		return psprintf("%s %s", z > 0 ? (m > 0.5 ? "mostly" : "more") : "less", facet->name);
	if (feature->kind == US_KIND_BOOLEAN)
		return psprintf("%s%s", z > 0 ? "" : "not ", facet->name);
	if (feature->kind == US_KIND_TIME)
		return psprintf("%s %s", z > 0 ? "late" : "early", facet->name);
	return psprintf("%s%s %s", fabs(z) >= 2 ? "very " : "", z > 0 ? "high" : "low", facet->name);
}

/* The name of label from its strongest "parts" directions, at most one a feature. */
static char *
make_name(const UsProfile *profile, const UsEncoder *encoder, int label, int parts)
{
	int		   *index = palloc(Max(profile->nfacets, 1) * sizeof(int));
	int			n = us_profile_order(profile, label, index);
	int			used[16];
	int			nused = 0;
	StringInfoData name;

	initStringInfo(&name);
	for (int i = 0; i < n && nused < Min(parts, 16); i++)
	{
		const UsFacet *facet = &profile->facet[index[i]];
		double		z = us_facet_z(facet, label);
		bool		again = false;

		for (int u = 0; u < nused; u++)
			again |= used[u] == facet->feature;
		if (again || fabs(z) < NAME_Z)
			continue;
		used[nused] = facet->feature;
		appendStringInfo(&name, "%s%s", nused++ ? ", " : "",
						 direction(facet, us_encoder_feature(encoder, facet->feature), z,
								   facet->segment_mean[label - 1]));
	}
	if (nused == 0)
		appendStringInfoString(&name, "average");
	pfree(index);
	return name.data;
}

typedef struct Named
{
	const char *name;
	int			label;
} Named;

static int
compare_named(const void *a, const void *b)
{
	const Named *x = a;
	const Named *y = b;
	int			c = strcmp(x->name, y->name);

	return c ? c : x->label - y->label;
}

/* Give the labels without a name yet, that of that many directions where no other label has it. */
static void
take_unique(const UsProfile *profile, const UsEncoder *encoder, int parts, char **name)
{
	Named	   *named = palloc(Max(profile->n_labels, 1) * sizeof(Named));
	int			n = profile->n_labels;

	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		named[i] = (Named) {make_name(profile, encoder, i + 1, parts), i + 1};
	}
	qsort(named, n, sizeof(Named), compare_named);
	for (int i = 0; i < n; i++)
		if (name[named[i].label - 1] == NULL &&
			(i == 0 || strcmp(named[i].name, named[i - 1].name) != 0) &&
			(i == n - 1 || strcmp(named[i].name, named[i + 1].name) != 0))
			name[named[i].label - 1] = pstrdup(named[i].name);
	pfree(named);
}

char **
us_profile_suggest_names(const UsProfile *profile, const UsEncoder *encoder)
{
	char	  **name = palloc0(Max(profile->n_labels, 1) * sizeof(char *));

	for (int parts = NAME_PARTS; parts <= NAME_PARTS + 2; parts++)
		take_unique(profile, encoder, parts, name);
	for (int i = 0; i < profile->n_labels; i++)
		if (name[i] == NULL)
			name[i] = psprintf("%s (%d)", make_name(profile, encoder, i + 1, NAME_PARTS), i + 1);
	return name;
}
