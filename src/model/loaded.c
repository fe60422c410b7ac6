/*
 * loaded.c
 *	  A bounded cache of parsed artifacts in each backend.
 *
 * Keys are never used again for other contents, so nothing has to be invalidated: the
 * model of a dropped version is just not asked for any more, and goes when its place is
 * needed.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "infra/compat.h"
#include "infra/guc.h"
#include "model/loaded.h"

typedef struct Entry
{
	UsLoadedKey	key;			/* first: key of the hash table */
	UsLoadedModel loaded;
	MemoryContext context;		/* holds the artifact */
	int			pins;
	dlist_node	node;			/* in unused, while there are no pins */
} Entry;

static MemoryContext cache_context = NULL;
static HTAB *entries = NULL;
static dlist_head unused = DLIST_STATIC_INIT(unused);	/* most recently used first */
static Size unused_bytes = 0;

static void
create_cache(void)
{
	HASHCTL		ctl = {.keysize = sizeof(UsLoadedKey), .entrysize = sizeof(Entry)};

	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(CacheMemoryContext, "userseg models",
											  ALLOCSET_SMALL_SIZES);
	ctl.hcxt = cache_context;
	entries = hash_create("userseg models", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Let unused models go until they fit into the setting. */
static void
shrink(void)
{
	while (unused_bytes > (Size) us_model_cache_kb * 1024 && !dlist_is_empty(&unused))
	{
		Entry	   *entry = dlist_container(Entry, node, dlist_tail_node(&unused));

		dlist_delete(&entry->node);
		unused_bytes -= entry->loaded.bytes;
		MemoryContextDelete(entry->context);
		hash_search(entries, &entry->key, HASH_REMOVE, NULL);
	}
}

/* The callback of the context for which an entry was pinned. */
static void
unpin(void *arg)
{
	Entry	   *entry = arg;

	Assert(entry->pins > 0);
	if (--entry->pins > 0)
		return;
	dlist_push_head(&unused, &entry->node);
	unused_bytes += entry->loaded.bytes;
	shrink();
}

static void
pin(Entry *entry)
{
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	if (entry->pins++ == 0)
	{
		dlist_delete(&entry->node);
		unused_bytes -= entry->loaded.bytes;
	}
	callback->func = unpin;
	callback->arg = entry;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
}

/* Read and parse; what is half read goes with the current context when an error is raised. */
static Entry *
load(const UsLoadedKey *key, UsLoadedSource source, const void *source_context)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(old, "userseg model bytes", ALLOCSET_DEFAULT_SIZES);
	MemoryContext context = AllocSetContextCreate(old, "userseg model", ALLOCSET_DEFAULT_SIZES);
	const void *data;
	size_t		len;
	UsArtifact *artifact;
	Entry	   *entry;

	MemoryContextSwitchTo(work);
	data = source(source_context, &len);
	MemoryContextSwitchTo(context);
	artifact = us_artifact_read(data, len);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);

	entry = hash_search(entries, key, HASH_ENTER, NULL);
	MemoryContextSetParent(context, cache_context);
	entry->loaded.artifact = artifact;
	entry->loaded.bytes = MemoryContextMemAllocated(context, true);
	entry->context = context;
	entry->pins = 0;
	dlist_push_head(&unused, &entry->node);
	unused_bytes += entry->loaded.bytes;
	return entry;
}

const UsLoadedModel *
us_loaded_get(const UsLoadedKey *key, UsLoadedSource source, const void *context)
{
	Entry	   *entry;

	if (entries == NULL)
		create_cache();
	entry = hash_search(entries, key, HASH_FIND, NULL);
	if (entry == NULL)
		entry = load(key, source, context);
	pin(entry);
	shrink();
	return &entry->loaded;
}
