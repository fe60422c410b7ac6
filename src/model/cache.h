/*
 * cache.h
 *	  Models ready to score: a bounded cache of parsed artifacts in each backend,
 *	  and what a call site remembers of it.
 */
#ifndef US_CACHE_H
#define US_CACHE_H

#include "fmgr.h"

#include "model/artifact.h"
#include "model/catalog.h"

/* bytes of parsed artifacts that a backend keeps when nothing uses them */
#define US_CACHE_BYTES	((Size) 256 * 1024 * 1024)

/* A parsed artifact in the cache. */
typedef struct UsLoadedModel
{
	const UsArtifact *artifact;
	Size		bytes;			/* memory it takes */
} UsLoadedModel;

/*
 * The parsed artifact of a version, loaded if need be, and pinned until the current
 * memory context is reset or deleted: it stays valid until then, whatever
 * happens to the version or the cache.  Raises as us_catalog_artifact() and us_artifact_read().
 */
extern const UsLoadedModel *us_cache_get(const UsVersionInfo *info);

/* A model as one statement sees it. */
typedef struct UsModel
{
	UsVersionInfo info;
	const UsArtifact *artifact;
	int			n_labels;		/* clusters or classes; 0 for a regressor */
	const int  *label_id;		/* [n_labels]: durable number of label i + 1 */
	char	  **label_name;		/* [n_labels]: class, name of the segment, or its default name */
	MemoryContext context;		/* lives as long as this answer */
	void	   *extra;			/* the caller's, in context, such as a column map; NULL at first */
} UsModel;

/*
 * The model that a reference means, for a verb that runs once; in the current memory
 * context.  Raises as us_reference_parse(), us_catalog_find(), us_cache_get().
 */
extern UsModel *us_model_open(const char *reference, UsPrivilege privilege);

/*
 * The same for a function that is called once a row: remembered in
 * flinfo->fn_extra (which belongs to this module then) for a few references, and
 * looked up again when the transaction, the user or the snapshot is another one.
 * USAGE is checked at each look-up.  The answer is valid until the next call for the
 * same call site; extra survives as long as the version and names are the same.
 */
extern UsModel *us_model_resolve(FmgrInfo *flinfo, const text *reference);

/*
 * The same for a model passed by value (type userseg.artifact, any toast form): no
 * catalog is read.  info.owner is empty.  Raises 22P03 for a value that is not intact.
 */
extern UsModel *us_model_resolve_value(FmgrInfo *flinfo, Datum value);

#endif
