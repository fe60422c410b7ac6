/*
 * segments.h
 *	  What the segments of a model are: centroids, cards.
 */
#ifndef US_SEGMENTS_H
#define US_SEGMENTS_H

#include "eval/profile.h"
#include "infra/report.h"
#include "model/cache.h"

/* features named in a segment card */
#define US_TOP_FEATURES 5

/* A clustering with its profile. */
typedef struct UsSegmentedModel
{
	UsModel    *model;
	UsProfile  *profile;
	double	  **rest;			/* [nfacets][n_labels]: us_facet_rest_means */
} UsSegmentedModel;

/*
 * Open a clustering for description: USAGE is checked (42501); 42809 for a model that
 * has no segments.
 */
extern UsSegmentedModel us_segments_open(const char *reference);

/* A profile as a section of a stored model. */
extern UsArtifactSection us_segments_section(uint32 type, const UsProfile *profile);

/* Rules of ranges of branches as a section of a stored model. */
extern UsArtifactSection us_rules_section(const UsRangeRule *range, int n);

/* One line of userseg.centroids; NaN: none. */
typedef struct UsCentroidLine
{
	int			label;
	const char *feature;
	double		value;
	double		z;
	double		lift;
} UsCentroidLine;

/*
 * All lines, label by label.  encoded: the centre in encoded units, one line an
 * encoded column; else means and shares in the units of the source (times as seconds
 * since 1970), one line a facet.
 */
extern UsCentroidLine *us_segments_centroids(const UsSegmentedModel *m, bool encoded, int *n);

/* The features that tell a segment from the others: an array for top_features. */
extern UsReport *us_segments_top(const UsSegmentedModel *m, int label);

#endif
