/*
 * arena.c
 *	  Memory of one verb: budget and arena.
 *
 * palloc takes large blocks from malloc, whose fresh pages are touched 4 kB at a
 * time.  The matrix of a training is hundreds of megabytes, so the arena maps its
 * chunks itself, aligned to 2 MB and advised for huge pages.  Chunks start small
 * (64 kB, ordinary pages) and double, so that a small training stays cheap.
 */
#include "postgres.h"

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "utils/memutils.h"

#include "infra/arena.h"
#include "infra/compat.h"

#define US_ARENA_ALIGN			64
#define US_ARENA_FIRST_CHUNK	((Size) 64 * 1024)
#define US_ARENA_HUGE_PAGE		((Size) 2 * 1024 * 1024)

/* Sizes from here on are rounded up to huge pages: one of them is quicker to get than its 4 kB pages. */
#define US_ARENA_HUGE_FROM		(US_ARENA_HUGE_PAGE / 8 * 7)

#define US_MB(bytes)	((double) (bytes) / (1024.0 * 1024.0))

struct UsBudget
{
	Size		limit;
	Size		used;
	Size		peak;
	struct UsBudget *parent;	/* or NULL */
};

typedef struct UsChunk
{
	struct UsChunk *next;
	char	   *base;
	Size		size;
} UsChunk;

struct UsArena
{
	MemoryContext context;		/* where the arena and its list of chunks live */
	UsBudget   *budget;			/* or NULL */
	UsChunk    *chunks;
	Size		bytes;			/* sum of the sizes of the chunks */
	Size		next_size;		/* size of the next ordinary chunk */
	char	   *free;			/* unused rest of the newest ordinary chunk */
	Size		left;
	MemoryContextCallback callback;
};

UsBudget *
us_budget_create(Size limit)
{
	UsBudget   *budget = (UsBudget *) palloc0(sizeof(UsBudget));

	budget->limit = limit;
	return budget;
}

UsBudget *
us_budget_part(UsBudget *parent)
{
	UsBudget   *budget = us_budget_create(us_budget_left(parent));

	budget->parent = parent;
	return budget;
}

/* Tell the parents of a new peak. */
static void
note_peak(UsBudget *budget)
{
	budget->peak = Max(budget->peak, budget->used);
	for (Size used = budget->used; budget->parent != NULL; budget = budget->parent)
	{
		used += budget->parent->used;
		budget->parent->peak = Max(budget->parent->peak, used);
	}
}

bool
us_budget_try(UsBudget *budget, Size bytes)
{
	if (bytes > us_budget_left(budget))
		return false;
	budget->used += bytes;
	note_peak(budget);
	return true;
}

void
us_budget_take(UsBudget *budget, Size bytes, const char *what)
{
	double		used;
	double		needed;

	if (us_budget_try(budget, bytes))
		return;
	/* what the user can set is the limit of the whole */
	used = US_MB(budget->used);
	for (; budget->parent != NULL; budget = budget->parent)
		used += US_MB(budget->parent->used);
	needed = used + US_MB(bytes);
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("%s needs %.1f MB of memory, %.1f MB are allowed",
					what, needed, US_MB(budget->limit)),
			 errdetail("%.1f MB are in use already.", used),
			 errhint("Set userseg.max_memory to at least %.0f MB, or train on fewer rows or columns.",
					 ceil(needed))));
}

void
us_budget_release(UsBudget *budget, Size bytes)
{
	Assert(bytes <= budget->used);
	budget->used -= Min(bytes, budget->used);
}

Size
us_budget_used(const UsBudget *budget)
{
	return budget->used;
}

Size
us_budget_peak(const UsBudget *budget)
{
	return budget->peak;
}

Size
us_budget_left(const UsBudget *budget)
{
	return budget->limit - budget->used;
}

/* The parent context is going away: the chunks are not its, so unmap them. */
static void
arena_unmap(void *arg)
{
	UsArena    *arena = (UsArena *) arg;

	for (UsChunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next)
		munmap(chunk->base, chunk->size);
	arena->chunks = NULL;
}

UsArena *
us_arena_create(MemoryContext parent, UsBudget *budget)
{
	UsArena    *arena = (UsArena *) MemoryContextAllocZero(parent, sizeof(UsArena));

	arena->context = parent;
	arena->budget = budget;
	arena->next_size = US_ARENA_FIRST_CHUNK;
	arena->callback.func = arena_unmap;
	arena->callback.arg = arena;
	MemoryContextRegisterResetCallback(parent, &arena->callback);
	return arena;
}

pg_noreturn static void
out_of_memory(Size size)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Mapping %.1f MB failed.", US_MB(size))));
}

/*
 * Map size bytes, a multiple of the page size.  From 2 MB on the mapping starts
 * at a multiple of 2 MB: one huge page too many is mapped and the ends given back.
 */
static char *
map_pages(Size size)
{
	bool		huge = size >= US_ARENA_HUGE_PAGE;
	Size		mapped = huge ? size + US_ARENA_HUGE_PAGE : size;
	char	   *base;
	char	   *start;

	base = (char *) mmap(NULL, mapped, PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == (char *) MAP_FAILED)
		return NULL;
	if (!huge)
		return base;

	start = (char *) TYPEALIGN(US_ARENA_HUGE_PAGE, base);
	if (start > base)
		munmap(base, start - base);
	if (start + size < base + mapped)
		munmap(start + size, (base + mapped) - (start + size));
#ifdef MADV_HUGEPAGE
	(void) madvise(start, size, MADV_HUGEPAGE);
#endif
	return start;
}

/* Map a chunk of at least size bytes and enter it into the list. */
static UsChunk *
add_chunk(UsArena *arena, Size size)
{
	UsChunk    *chunk;
	Size		unit = size >= US_ARENA_HUGE_FROM ? US_ARENA_HUGE_PAGE :
		(Size) sysconf(_SC_PAGESIZE);

	size = TYPEALIGN(unit, size);
	chunk = (UsChunk *) MemoryContextAlloc(arena->context, sizeof(UsChunk));
	if (arena->budget != NULL)
		us_budget_take(arena->budget, size, "training");
	chunk->base = map_pages(size);
	if (chunk->base == NULL)
	{
		if (arena->budget != NULL)
			us_budget_release(arena->budget, size);
		pfree(chunk);
		out_of_memory(size);
	}
	chunk->size = size;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->bytes += size;
	return chunk;
}

void *
us_arena_alloc(UsArena *arena, Size size)
{
	UsChunk    *chunk;
	void	   *result;

	if (size > MaxAllocHugeSize - 2 * US_ARENA_HUGE_PAGE)
		out_of_memory(size);
	size = TYPEALIGN(US_ARENA_ALIGN, Max(size, 1));

	if (size > arena->left)
	{
		/* a large array gets a chunk of its own, the rest stays in use */
		if (size >= arena->next_size)
			return add_chunk(arena, size)->base;

		chunk = add_chunk(arena, arena->next_size);
		arena->free = chunk->base;
		arena->left = chunk->size;
		arena->next_size = Min(arena->next_size * 2, US_ARENA_HUGE_PAGE);
	}
	result = arena->free;
	arena->free += size;
	arena->left -= size;
	return result;
}

void *
us_arena_array(UsArena *arena, Size count, Size size)
{
	if (size > 0 && count > MaxAllocHugeSize / size)
		out_of_memory(MaxAllocHugeSize);
	return us_arena_alloc(arena, count * size);
}

Size
us_arena_bytes(const UsArena *arena)
{
	return arena->bytes;
}

void
us_arena_reset(UsArena *arena)
{
	UsChunk    *chunk = arena->chunks;

	arena->chunks = NULL;
	while (chunk != NULL)
	{
		UsChunk    *next = chunk->next;

		munmap(chunk->base, chunk->size);
		pfree(chunk);
		chunk = next;
	}
	if (arena->budget != NULL)
		us_budget_release(arena->budget, arena->bytes);
	arena->bytes = 0;
	arena->next_size = US_ARENA_FIRST_CHUNK;
	arena->free = NULL;
	arena->left = 0;
}
