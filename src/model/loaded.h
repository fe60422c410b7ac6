/*
 * loaded.h
 *	  A bounded cache of parsed artifacts in each backend.
 */
#ifndef US_LOADED_H
#define US_LOADED_H

#include "model/artifact.h"

/* A parsed artifact in the cache. */
typedef struct UsLoadedModel
{
	const UsArtifact *artifact;
	Size		bytes;			/* memory it takes */
} UsLoadedModel;

/*
 * What identifies a parsed artifact: the random artifact_id of a stored version, or
 * the SHA-256 of a model passed by value.
 */
typedef struct UsLoadedKey
{
	uint8		by_value;
	uint8		bytes[32];
} UsLoadedKey;

/* Makes the bytes of an artifact, *len of them, palloc'd or borrowed for the call. */
typedef const void *(*UsLoadedSource) (const void *context, size_t *len);

/*
 * The parsed artifact of that key, read from source if the cache has it not, and
 * pinned until the current memory context is reset or deleted: it stays valid
 * until then, whatever happens to the version or the cache.  Of the unpinned
 * ones at most userseg.model_cache_size are kept, the least recently used go first.
 * Raises what source and us_artifact_read() raise.
 */
extern const UsLoadedModel *us_loaded_get(const UsLoadedKey *key,
										  UsLoadedSource source, const void *context);

#endif
