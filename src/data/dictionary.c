/*
 * dictionary.c
 *	  Distinct byte strings of a column and their codes.
 *
 * An open-addressing table of codes; entries in an array by code; the bytes in
 * pages.  Strings are equal when their bytes are, whatever the collation.
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "data/frame_build.h"
#include "infra/compat.h"
#include "math/hash.h"

#define FIRST_SLOTS		64		/* a power of two, more than twice FIRST_ENTRIES' use */
#define PAGE_BYTES		((Size) 8192)
#define ENTRY_OVERHEAD	((Size) 40) /* entry, slots and slack, in us_dictionary_bytes() */

typedef struct UsEntry
{
	const char *bytes;
	uint64		hash;			/* of the bytes as they are */
	uint64		text_hash;		/* of the bytes in UTF-8 */
	int32		len;
} UsEntry;

struct UsDictionary
{
	MemoryContext context;
	UsBudget   *budget;
	Size		taken;			/* from the budget */
	const char *what;			/* for the message */
	UsEntry    *entry;
	int			n;
	int			allocated;
	int32	   *slot;			/* code or -1 */
	uint32		mask;
	char	   *page;			/* free rest of the newest page */
	Size		page_left;
	Size		bytes;
};

uint64
us_hash_text(const char *bytes, int len)
{
	char	   *utf8;
	uint64		hash;

	/* bytes of no known encoding stand for themselves */
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return us_hash_bytes(bytes, len, 0);
	utf8 = pg_server_to_any(bytes, len, PG_UTF8);
	if (utf8 == bytes)
		return us_hash_bytes(bytes, len, 0);
	hash = us_hash_bytes(utf8, strlen(utf8), 0);
	pfree(utf8);
	return hash;
}

/* Memory of the dictionary, counted. */
static void *
take(UsDictionary *dictionary, Size size)
{
	us_budget_take(dictionary->budget, size, dictionary->what);
	dictionary->taken += size;
	return MemoryContextAllocHuge(dictionary->context, size);
}

static void
give_back(UsDictionary *dictionary, void *memory, Size size)
{
	pfree(memory);
	us_budget_release(dictionary->budget, size);
	dictionary->taken -= size;
}

UsDictionary *
us_dictionary_create(const char *name, UsBudget *budget)
{
	UsDictionary *dictionary = (UsDictionary *) palloc0(sizeof(UsDictionary));

	dictionary->context = AllocSetContextCreate(CurrentMemoryContext, "userseg dictionary",
												ALLOCSET_SMALL_SIZES);
	dictionary->budget = budget;
	dictionary->what = psprintf("dictionary of column \"%s\"", name);
	dictionary->allocated = FIRST_SLOTS / 2;
	dictionary->entry = take(dictionary, dictionary->allocated * sizeof(UsEntry));
	dictionary->mask = FIRST_SLOTS - 1;
	dictionary->slot = take(dictionary, FIRST_SLOTS * sizeof(int32));
	memset(dictionary->slot, -1, FIRST_SLOTS * sizeof(int32));
	return dictionary;
}

/* Twice the entries and slots. */
static void
grow(UsDictionary *dictionary)
{
	Size		old_slots = (Size) dictionary->mask + 1;
	Size		new_slots = old_slots * 2;
	int			new_allocated = dictionary->allocated * 2;
	UsEntry    *entry;
	int32	   *slot;
	uint32		mask;

	if (dictionary->allocated > INT_MAX / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has more than %d entries", dictionary->what, dictionary->n)));
	entry = take(dictionary, new_allocated * sizeof(UsEntry));
	slot = take(dictionary, new_slots * sizeof(int32));
	memcpy(entry, dictionary->entry, dictionary->n * sizeof(UsEntry));
	memset(slot, -1, new_slots * sizeof(int32));
	mask = (uint32) (new_slots - 1);
	for (int code = 0; code < dictionary->n; code++)
	{
		uint32		at = (uint32) entry[code].hash & mask;

		while (slot[at] >= 0)
			at = (at + 1) & mask;
		slot[at] = code;
	}
	give_back(dictionary, dictionary->entry, dictionary->allocated * sizeof(UsEntry));
	give_back(dictionary, dictionary->slot, old_slots * sizeof(int32));
	dictionary->entry = entry;
	dictionary->allocated = new_allocated;
	dictionary->slot = slot;
	dictionary->mask = mask;
}

/* A copy of the bytes that stays. */
static const char *
keep_bytes(UsDictionary *dictionary, const char *bytes, int len)
{
	char	   *copy;

	if (len == 0)
		return "";
	if (len > PAGE_BYTES / 4)
		copy = take(dictionary, len);
	else
	{
		if (len > dictionary->page_left)
		{
			dictionary->page = take(dictionary, PAGE_BYTES);
			dictionary->page_left = PAGE_BYTES;
		}
		copy = dictionary->page;
		dictionary->page += len;
		dictionary->page_left -= len;
	}
	memcpy(copy, bytes, len);
	return copy;
}

int
us_dictionary_intern(UsDictionary *dictionary, const char *bytes, int len)
{
	uint64		hash = us_hash_bytes(bytes, len, 0);
	uint32		at = (uint32) hash & dictionary->mask;
	UsEntry    *entry;

	for (; dictionary->slot[at] >= 0; at = (at + 1) & dictionary->mask)
	{
		entry = &dictionary->entry[dictionary->slot[at]];
		if (entry->hash == hash && entry->len == len && memcmp(entry->bytes, bytes, len) == 0)
			return dictionary->slot[at];
	}

	if (dictionary->n == dictionary->allocated)
	{
		grow(dictionary);
		at = (uint32) hash & dictionary->mask;
		while (dictionary->slot[at] >= 0)
			at = (at + 1) & dictionary->mask;
	}
	entry = &dictionary->entry[dictionary->n];
	entry->bytes = keep_bytes(dictionary, bytes, len);
	entry->len = len;
	entry->hash = hash;
	entry->text_hash = us_hash_text(bytes, len);
	dictionary->bytes += len + ENTRY_OVERHEAD;
	dictionary->slot[at] = dictionary->n;
	return dictionary->n++;
}

int
us_dictionary_size(const UsDictionary *dictionary)
{
	return dictionary->n;
}

const char *
us_dictionary_get(const UsDictionary *dictionary, int code, int *len)
{
	Assert(code >= 0 && code < dictionary->n);
	*len = dictionary->entry[code].len;
	return dictionary->entry[code].bytes;
}

uint64
us_dictionary_hash(const UsDictionary *dictionary, int code)
{
	return dictionary->entry[code].text_hash;
}

Size
us_dictionary_bytes(const UsDictionary *dictionary)
{
	return dictionary->bytes;
}

void
us_dictionary_free(UsDictionary *dictionary)
{
	MemoryContextDelete(dictionary->context);
	us_budget_release(dictionary->budget, dictionary->taken);
	pfree(unconstify(char *, dictionary->what));
	pfree(dictionary);
}
