/*
 * registry.h
 *	  What is known of algorithms and models, as rows.
 */
#ifndef US_VERBS_REGISTRY_H
#define US_VERBS_REGISTRY_H

#include "infra/report.h"
#include "model/cache.h"

/* One feature of a model. */
typedef struct UsFeatureInfo
{
	const char *name;
	const char *type;			/* at training */
	bool		used;			/* false: dropped, for instance a constant */
	double		weight;
	int			n_encoded;		/* columns that the model sees */
	const char **encoded;
	const UsReport *details;	/* what preprocessing learned, or NULL */
} UsFeatureInfo;

/* The features of a model in their order, *n of them, palloc'd. */
extern UsFeatureInfo *us_registry_features(const UsModel *model, int *n);

/*
 * Everything that scoring needs of a model, as the payload of type
 * userseg._artifact_value, palloc'd.  Reads the registry.
 */
extern bytea *us_registry_portable(const UsModel *model);

#endif
