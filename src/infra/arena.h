/*
 * arena.h
 *	  Memory of one verb: a budget that is asked before memory is taken, and an
 *	  arena for the large arrays.
 */
#ifndef US_ARENA_H
#define US_ARENA_H

typedef struct UsBudget UsBudget;
typedef struct UsArena UsArena;

/* A budget of limit bytes, living in the current memory context. */
extern UsBudget *us_budget_create(Size limit);

/*
 * A budget of what is left in parent now, which should not be used meanwhile: for work that is
 * thrown away as a whole.  What is taken shows in the peak of parent only.
 */
extern UsBudget *us_budget_part(UsBudget *parent);

/* Take bytes if they are left; false, and nothing taken, if not. */
extern bool us_budget_try(UsBudget *budget, Size bytes);

/*
 * Take bytes or raise 53200 with the needed and the allowed MB; what names the
 * use ("distance matrix of 20000 rows").
 */
extern void us_budget_take(UsBudget *budget, Size bytes, const char *what);

/* Give back bytes taken before. */
extern void us_budget_release(UsBudget *budget, Size bytes);

/* Bytes taken now, largest number of bytes taken at any time, and bytes left. */
extern Size us_budget_used(const UsBudget *budget);
extern Size us_budget_peak(const UsBudget *budget);
extern Size us_budget_left(const UsBudget *budget);

/*
 * An arena whose memory is freed when parent is reset or deleted, so also after
 * an error.  Its chunks are taken from the budget; NULL means no limit.
 */
extern UsArena *us_arena_create(MemoryContext parent, UsBudget *budget);

/*
 * Memory of at least size bytes, zeroed, aligned to 64 bytes; never NULL.
 * Raises 53200 if the budget or the system has no more.
 */
extern void *us_arena_alloc(UsArena *arena, Size size);

/* The same for count elements of size bytes; an overflow of the product is 53200. */
extern void *us_arena_array(UsArena *arena, Size count, Size size);

/* Bytes held from the system. */
extern Size us_arena_bytes(const UsArena *arena);

/* Free everything that was allocated; the arena can be used again. */
extern void us_arena_reset(UsArena *arena);

#endif
