/*
 * test_arena.c
 *	  Memory budget and arena.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "infra/arena.h"
#include "unit.h"

#define MB ((Size) 1024 * 1024)

UNIT_TEST(budget_counts)
{
	UsBudget   *budget = us_budget_create(10 * MB);

	UNIT_CHECK(us_budget_try(budget, 6 * MB));
	UNIT_CHECK(!us_budget_try(budget, 5 * MB));
	UNIT_CHECK(us_budget_try(budget, 4 * MB));
	UNIT_EQUAL_INT(us_budget_left(budget), 0);
	us_budget_release(budget, 9 * MB);
	UNIT_EQUAL_INT(us_budget_used(budget), 1 * MB);
	UNIT_EQUAL_INT(us_budget_peak(budget), 10 * MB);
	UNIT_CHECK(!us_budget_try(budget, SIZE_MAX));
}

UNIT_TEST(budget_error_has_the_numbers)
{
	UsBudget   *budget = us_budget_create(4 * MB);

	us_budget_take(budget, 3 * MB, "rows");
	UNIT_ERROR(us_budget_take(budget, 2 * MB, "distance matrix"), ERRCODE_OUT_OF_MEMORY,
			   "distance matrix needs 5.0 MB of memory, 4.0 MB are allowed");
	UNIT_EQUAL_INT(us_budget_used(budget), 3 * MB);
}

UNIT_TEST(arena_memory_is_aligned_zeroed_and_disjoint)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, NULL);
	static const Size sizes[] = {0, 1, 63, 64, 65, 4000, 65536, 100000, 3 * 1024 * 1024, 17};
	char	   *memory[lengthof(sizes)];

	for (int i = 0; i < lengthof(sizes); i++)
	{
		memory[i] = (char *) us_arena_alloc(arena, sizes[i]);
		UNIT_EQUAL_INT((uintptr_t) memory[i] % 64, 0);
		for (Size j = 0; j < sizes[i]; j++)
		{
			if (memory[i][j] != 0)
			{
				UNIT_CHECK(memory[i][j] == 0);
				break;
			}
		}
		memset(memory[i], i + 1, sizes[i]);
	}
	for (int i = 0; i < lengthof(sizes); i++)
		for (Size j = 0; j < sizes[i]; j += 7)
			if (memory[i][j] != i + 1)
			{
				UNIT_EQUAL_INT(memory[i][j], i + 1);
				break;
			}
	UNIT_EQUAL_INT((uintptr_t) memory[8] % (2 * MB), 0);
}

UNIT_TEST(arena_takes_from_the_budget_and_gives_back)
{
	UsBudget   *budget = us_budget_create(8 * MB);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);

	us_arena_alloc(arena, 100);
	UNIT_EQUAL_INT(us_budget_used(budget), 64 * 1024);
	us_arena_alloc(arena, 3 * MB);
	UNIT_EQUAL_INT(us_budget_used(budget), 4 * MB + 64 * 1024);
	UNIT_EQUAL_INT(us_arena_bytes(arena), us_budget_used(budget));
	UNIT_ERROR(us_arena_alloc(arena, 5 * MB), ERRCODE_OUT_OF_MEMORY, "8.0 MB are allowed");
	us_arena_reset(arena);
	UNIT_EQUAL_INT(us_budget_used(budget), 0);
	UNIT_CHECK(us_arena_alloc(arena, 5 * MB) != NULL);
}

UNIT_TEST(arena_refuses_sizes_that_overflow)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, NULL);

	UNIT_ERROR(us_arena_alloc(arena, SIZE_MAX), ERRCODE_OUT_OF_MEMORY, "out of memory");
	UNIT_ERROR(us_arena_array(arena, SIZE_MAX / 4, 8), ERRCODE_OUT_OF_MEMORY, "out of memory");
}

/* Resident memory of this backend in kB, from /proc. */
static long
resident_kb(void)
{
	FILE	   *file = fopen("/proc/self/statm", "r");
	long		pages = -1;
	long		total;

	if (file == NULL || fscanf(file, "%ld %ld", &total, &pages) != 2)
		pages = -1;
	if (file != NULL)
		fclose(file);
	return pages * 4;
}

UNIT_TEST(arena_goes_with_its_context)
{
	long		before = resident_kb();

	if (before < 0)
		return;
	for (int i = 0; i < 10; i++)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "arena",
													  ALLOCSET_SMALL_SIZES);
		UsArena    *arena = us_arena_create(context, NULL);

		memset(us_arena_alloc(arena, 8 * MB), 1, 8 * MB);
		MemoryContextDelete(context);
	}
	UNIT_CHECK(resident_kb() - before < 20 * 1024);
}
