/*
 * profile.h
 *	  What the segments of a model look like in the units of the source: sizes,
 *	  means and shares of every feature, a rule for each segment.
 *
 * A profile is computed once, at training, and stored with the model, so that
 * segments can be described without the training data.
 */
#ifndef US_PROFILE_H
#define US_PROFILE_H

#include "data/encode.h"
#include "data/frame.h"
#include "infra/buffer.h"

/* levels of a category and tags of a tag set that are described, the most frequent first */
#define US_PROFILE_LEVELS	30

/* elements of a vector that are described */
#define US_PROFILE_ELEMENTS 256

/*
 * One describable side of a feature: the mean of a number (or of one element of a
 * vector), or the share of the rows that have a category or tag.
 */
typedef struct UsFacet
{
	int			feature;		/* index in the encoder */
	char	   *name;			/* "spend", "country=FR", "tags:sale", "v[3]" */
	char	   *level;			/* category or tag; NULL: a mean */
	int			element;		/* of a vector, from 1; else 0 */
	double		mean;			/* over all rows with a value; NaN: none has one */
	double		sd;				/* population */
	double	   *segment_mean;	/* [n_labels]; NaN: no row of the segment has a value */
	double	   *segment_weight; /* [n_labels] weight of the rows with a value */
} UsFacet;

typedef struct UsSegmentRule
{
	char	   *condition;		/* as in a WHERE clause over the source; NULL: none was found */
	double		fidelity;		/* share of all rows on which condition and membership agree */
	double		precision;		/* share of the rows with the condition that are members */
	double		recall;			/* share of the members that the condition finds */
} UsSegmentRule;

/* The rule of the labels lo .. hi together. */
typedef struct UsRangeRule
{
	int			lo;
	int			hi;
	UsSegmentRule rule;
} UsRangeRule;

typedef struct UsProfile
{
	int			n_labels;
	int64		nrows;
	int64	   *n;				/* [n_labels] rows */
	double	   *weight;			/* [n_labels] sum of weights (= n without) */
	int			nfacets;
	UsFacet    *facet;
	UsSegmentRule *rule;		/* [n_labels] */
} UsProfile;

/* Labels 1..n_labels (0: none) of the rows of chunk i of the frame; valid until the next call. */
typedef const int32 *(*UsLabelChunk) (void *context, int i, const UsChunk *chunk);

/*
 * The profile of a partition of the rows of frame.  Sums are exact: the result
 * does not depend on the order of the rows.
 */
extern UsProfile *us_profile_compute(UsFrame *frame, const UsEncoder *encoder, int n_labels,
									 UsLabelChunk labels, void *context,
									 UsBudget *budget, uint64 seed);

/*
 * The same with the facets of another profile of the same encoder, whatever levels are
 * frequent now.
 */
extern UsProfile *us_profile_compute_like(const UsProfile *like, UsFrame *frame,
										  const UsEncoder *encoder, UsLabelChunk labels,
										  void *context, UsBudget *budget, uint64 seed);

/*
 * The rows of old, counted decay times, join the profile of new rows; both have the same facets
 * and segments.  Rules stay those of the new rows.
 */
extern void us_profile_merge(UsProfile *profile, const UsProfile *old, double decay);

/* Segments that are joined from branches, and what is known of the branches then. */
typedef struct UsBranches
{
	int			n;				/* numbered 1 .. n */
	const int32 *label;			/* [n] the segment of each */
	UsLabelChunk chunk;			/* branches of the rows */
	UsRangeRule *range;			/* ranges of branches: first those of the segments 1 .. n_labels, then others for which rules may be wanted */
	int			n_ranges;		/* in: of them; out: of those that have been looked at */
	UsProfile  *profile;		/* out: of the branches, without rules; NULL when the budget has no room for it (then no range but the first is looked at) */
} UsBranches;

/* The same as us_profile_compute for such a partition. */
extern UsProfile *us_profile_compute_branches(UsFrame *frame, const UsEncoder *encoder, UsBranches *branches,
											  int n_labels, UsLabelChunk labels, void *context,
											  UsBudget *budget, uint64 seed);

/*
 * The profile of segments that are joined from those of another profile, without rules: label[] of each
 * of them, 1 .. n_labels.  It shares names with that profile.
 */
extern UsProfile *us_profile_join(const UsProfile *from, const int32 *label, int n_labels);

/* Stored form: little-endian, strings in UTF-8; read validates (22P03) against the encoder. */
extern void us_profile_write(const UsProfile *profile, UsWriter *w);
extern UsProfile *us_profile_read(UsReader *r, const UsEncoder *encoder, int n_labels);

/* The same for rules of ranges of n_labels labels. */
extern void us_range_rules_write(const UsRangeRule *range, int n, UsWriter *w);
extern UsRangeRule *us_range_rules_read(UsReader *r, int n_labels, int *n);

/*
 * rest[n_labels]: for each segment the mean over the rows of all others; NaN when none of them has a
 * value.  Linear in the number of segments, and without cancellation: sums from both ends.
 */
extern void us_facet_rest_means(const UsFacet *facet, int n_labels, double *rest);

/* (segment_mean - mean) / sd of a facet; 0 for a constant facet, NaN without a value. */
extern double us_facet_z(const UsFacet *facet, int label);

/*
 * A name for each segment [n_labels] from its strongest directions: "high spend, low recency".
 * Unique among the segments of the profile.
 */
extern char **us_profile_suggest_names(const UsProfile *profile, const UsEncoder *encoder);

/* Facets of a segment by falling |z|: index[nfacets]; returns how many have one. */
extern int	us_profile_order(const UsProfile *profile, int label, int *index);

#endif
