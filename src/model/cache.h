/*
 * cache.h
 *	  A model as one statement sees it: its version, its parsed artifact, the numbers
 *	  and names of its labels.
 */
#ifndef US_CACHE_H
#define US_CACHE_H

#include "fmgr.h"

#include "model/artifact.h"
#include "model/catalog.h"

typedef struct UsModel
{
	UsVersionInfo info;			/* of a model passed by value: owner is empty, figures of the training are 0 */
	const UsArtifact *artifact;
	int			n_labels;		/* clusters or classes; 0 for a regressor */
	const int  *label_id;		/* [n_labels]: durable number of label i + 1 */
	char	  **label_name;		/* [n_labels]: class, name of the segment, or its default name */
	MemoryContext context;		/* lives as long as this answer */
	void	   *extra;			/* the caller's, in context, such as a column map; NULL at first */
} UsModel;

/*
 * The model that a reference means, for a verb that runs once; lives in the current
 * memory context.  Raises as us_reference_parse(), us_catalog_find() and
 * us_artifact_read().
 */
extern UsModel *us_model_open(const char *reference, UsPrivilege privilege);

/*
 * The same, with USAGE, for a function that is called once a row: remembered in
 * flinfo->fn_extra (which belongs to this module then) for a few references, and
 * looked up again when the transaction, the user or the snapshot is another one.
 * The answer is valid until the next call for the same call site; extra survives as
 * long as the version and the names are the same.
 */
extern UsModel *us_model_resolve(FmgrInfo *flinfo, const text *reference);

/*
 * The same for a model passed by value, a datum of type userseg.artifact: no catalog
 * is read, no privilege checked.  Raises 22P03 for one that is not intact, 22004 for one
 * that holds no model.
 */
extern UsModel *us_model_resolve_value(FmgrInfo *flinfo, Datum artifact);

#endif
