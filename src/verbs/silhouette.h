/*
 * silhouette.h
 *	  userseg.silhouette: how well do rows lie in the groups that somebody gave them?
 */
#ifndef US_SILHOUETTE_H
#define US_SILHOUETTE_H

#include "utils/jsonb.h"

#include "infra/report.h"

typedef struct UsSilhouetteArgs
{
	const char *source;
	const char *label;
	const char *id;				/* NULL: none */
	int			n_features;		/* -1: every usable column */
	char	  **features;
	Jsonb	   *transform;		/* NULL: {} */
	const char *null_policy;
	const char *metric;
	int			sample_rows;
	bool		each_row;
	int64		seed;
	const char *weight;			/* NULL: 1 */
	int			workers;		/* -1: by the size of the work */
} UsSilhouetteArgs;

typedef struct UsSilhouetteResult
{
	double		silhouette;		/* mean; NaN for less than two labels */
	int64		n_rows;			/* that were compared */
	Jsonb	   *details;
} UsSilhouetteResult;

/* One row of the source: id (NULL without one), label, label of the nearest other group (or NULL), value (or NaN). */
typedef void (*UsSilhouetteRow) (void *context, const char *id, const char *label,
								 const char *neighbour, double value);

/*
 * Read the source and compute; each_row calls row for every row that was compared.  Raises the errors of
 * sources and preprocessing, and 22023 for arguments out of range or too many labels.
 */
extern void us_silhouette_verb(const UsSilhouetteArgs *args, UsSilhouetteRow row, void *context,
							   UsSilhouetteResult *result);

#endif
