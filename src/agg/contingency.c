/*
 * contingency.c
 *	  Counting pairs of labels.
 *
 * The payload: u8 version, i64 rows with NULL, u32 number of pairs, and for each of them, in
 * ascending order, u64 hash of a, u64 hash of b, i64 rows.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "agg/contingency.h"
#include "math/hash.h"

/* slots of a new hash table; it is at most three quarters full */
#define FIRST_SLOTS		16

/* bytes of a pair in the payload */
#define PAIR_BYTES		24

static Size
size_for(Size entries)
{
	return offsetof(UsContingencyState, pair) + sizeof(UsLabelPair) * entries;
}

static UsContingencyState *
with_slots(uint32 slots)
{
	UsContingencyState *s = (UsContingencyState *) palloc0(size_for(slots));

	SET_VARSIZE(s, size_for(slots));
	s->version = US_CONTINGENCY_VERSION;
	s->slots = slots;
	return s;
}

UsContingencyState *
us_contingency_new(void)
{
	return with_slots(FIRST_SLOTS);
}

UsContingencyState *
us_contingency_copy(const UsContingencyState *s)
{
	UsContingencyState *copy = (UsContingencyState *) palloc(VARSIZE(s));

	memcpy(copy, s, VARSIZE(s));
	return copy;
}

/* Entries of s: slots of the table, or the sealed pairs. */
static uint32
entries_of(const UsContingencyState *s)
{
	return s->slots > 0 ? s->slots : s->pairs;
}

/* The slot of a pair: its own, or the free one where it belongs. */
static UsLabelPair *
find(UsContingencyState *s, uint64 a, uint64 b)
{
	uint32		at = (uint32) us_mix64(a, b) & (s->slots - 1);

	while (s->pair[at].n != 0 && (s->pair[at].a != a || s->pair[at].b != b))
		at = (at + 1) & (s->slots - 1);
	return &s->pair[at];
}

/* A copy of s as a hash table of so many slots. */
static UsContingencyState *
rehash(const UsContingencyState *s, uint32 slots)
{
	UsContingencyState *to = with_slots(slots);
	uint32		n = entries_of(s);

	to->pairs = s->pairs;
	to->rows = s->rows;
	to->nulls = s->nulls;
	for (uint32 i = 0; i < n; i++)
		if (s->pair[i].n > 0)
			*find(to, s->pair[i].a, s->pair[i].b) = s->pair[i];
	return to;
}

/* Room for one more pair. */
static UsContingencyState *
make_room(UsContingencyState *s)
{
	uint32		slots = Max(s->slots, FIRST_SLOTS);

	while ((uint64) (s->pairs + 1) * 4 > (uint64) slots * 3)
		slots *= 2;
	return slots == s->slots ? s : rehash(s, slots);
}

/* The sum of two counts of rows. */
static int64
more_rows(int64 rows, int64 n)
{
	if (n > US_CONTINGENCY_MAX_ROWS - rows)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a table of labels cannot count more than " INT64_FORMAT " rows",
						US_CONTINGENCY_MAX_ROWS)));
	return rows + n;
}

UsContingencyState *
us_contingency_add(UsContingencyState *s, uint64 a, uint64 b, int64 n)
{
	UsLabelPair *pair;

	Assert(n > 0);
	if (s->slots == 0)
		s = make_room(s);
	pair = find(s, a, b);
	if (pair->n == 0)
	{
		if (s->pairs >= US_CONTINGENCY_MAX_PAIRS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("more than %d different pairs of labels", US_CONTINGENCY_MAX_PAIRS),
					 errdetail("They came with the first " INT64_FORMAT " rows.", s->rows),
					 errhint("Labels are groups of rows; a column that names single rows is none.")));
		s = make_room(s);
		pair = find(s, a, b);
		pair->a = a;
		pair->b = b;
		s->pairs++;
	}
	s->rows = more_rows(s->rows, n);
	pair->n += n;
	return s;
}

UsContingencyState *
us_contingency_add_null(UsContingencyState *s, int64 n)
{
	s->nulls = more_rows(s->nulls, n);
	return s;
}

UsContingencyState *
us_contingency_merge(UsContingencyState *s, const UsContingencyState *other)
{
	uint32		n = entries_of(other);

	for (uint32 i = 0; i < n; i++)
	{
		const UsLabelPair *pair = &other->pair[i];

		if (pair->n > 0)
			s = us_contingency_add(s, pair->a, pair->b, pair->n);
		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return us_contingency_add_null(s, other->nulls);
}

static int
compare_pairs(const UsLabelPair *x, const UsLabelPair *y)
{
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

#define ST_SORT sort_pairs
#define ST_ELEMENT_TYPE UsLabelPair
#define ST_COMPARE(a, b) compare_pairs(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

UsContingencyState *
us_contingency_seal(const UsContingencyState *s)
{
	uint32		n = entries_of(s);
	UsContingencyState *sealed = (UsContingencyState *) palloc0(size_for(s->pairs));
	uint32		used = 0;

	if (s->slots == 0)
	{
		memcpy(sealed, s, VARSIZE(s));
		return sealed;
	}
	memcpy(sealed, s, offsetof(UsContingencyState, pair));
	SET_VARSIZE(sealed, size_for(s->pairs));
	sealed->slots = 0;
	for (uint32 i = 0; i < n; i++)
		if (s->pair[i].n > 0)
			sealed->pair[used++] = s->pair[i];
	sort_pairs(sealed->pair, used);
	return sealed;
}

/* ---- the table ---- */

/* A label and where it stands among the pairs. */
typedef struct Place
{
	uint64		label;
	uint32		pair;
} Place;

static int
compare_places(const Place *x, const Place *y)
{
	if (x->label != y->label)
		return x->label < y->label ? -1 : 1;
	return x->pair < y->pair ? -1 : x->pair > y->pair;
}

#define ST_SORT sort_places
#define ST_ELEMENT_TYPE Place
#define ST_COMPARE(a, b) compare_places(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Totals of the n labels in place, which is sorted; number[pair] gets the label's number. */
static int64 *
totals(const Place *place, const UsContingencyState *s, int32 *number, int *count)
{
	int64	   *total = (int64 *) palloc0(sizeof(int64) * Max(s->pairs, 1));
	int			n = 0;

	for (uint32 i = 0; i < s->pairs; i++)
	{
		n += i == 0 || place[i].label != place[i - 1].label;
		number[place[i].pair] = n - 1;
		total[n - 1] += s->pair[place[i].pair].n;
	}
	*count = n;
	return total;
}

UsContingency *
us_contingency_table(const UsContingencyState *state)
{
	const UsContingencyState *s = us_contingency_seal(state);
	UsContingency *t = (UsContingency *) palloc0(sizeof(UsContingency));
	UsContingencyCell *cell = (UsContingencyCell *) palloc(sizeof(UsContingencyCell) *
														   Max(s->pairs, 1));
	Place	   *place = (Place *) palloc(sizeof(Place) * Max(s->pairs, 1));
	int32	   *number = (int32 *) palloc(sizeof(int32) * Max(s->pairs, 1));

	t->n = s->rows;
	t->ncells = s->pairs;
	t->cell = cell;
	for (uint32 i = 0; i < s->pairs; i++)
	{
		place[i].label = s->pair[i].a;
		place[i].pair = i;
		cell[i].n = s->pair[i].n;
	}
	t->a = totals(place, s, number, &t->na);
	for (uint32 i = 0; i < s->pairs; i++)
	{
		cell[i].a = number[i];
		place[i].label = s->pair[i].b;
		place[i].pair = i;
	}
	sort_places(place, s->pairs);
	t->b = totals(place, s, number, &t->nb);
	for (uint32 i = 0; i < s->pairs; i++)
		cell[i].b = number[i];
	pfree(place);
	pfree(number);
	return t;
}

/* ---- the payload ---- */

void
us_contingency_write(const UsContingencyState *state, UsWriter *w)
{
	const UsContingencyState *s = us_contingency_seal(state);

	us_write_u8(w, US_CONTINGENCY_VERSION);
	us_write_i64(w, s->nulls);
	us_write_u32(w, s->pairs);
	for (uint32 i = 0; i < s->pairs; i++)
	{
		us_write_u64(w, s->pair[i].a);
		us_write_u64(w, s->pair[i].b);
		us_write_i64(w, s->pair[i].n);
	}
}

UsContingencyState *
us_contingency_read(UsReader *r)
{
	uint8		version = us_read_u8(r);
	int64		nulls;
	uint32		n;
	UsContingencyState *s;

	us_check_version(r->what, version, US_CONTINGENCY_VERSION);
	nulls = us_read_i64(r);
	if (nulls < 0 || nulls > US_CONTINGENCY_MAX_ROWS)
		us_corrupt(r, INT64_FORMAT " rows with NULL", nulls);
	n = us_read_count(r, PAIR_BYTES, US_CONTINGENCY_MAX_PAIRS);
	s = (UsContingencyState *) palloc0(size_for(n));
	SET_VARSIZE(s, size_for(n));
	s->version = US_CONTINGENCY_VERSION;
	s->pairs = n;
	s->nulls = nulls;
	for (uint32 i = 0; i < n; i++)
	{
		UsLabelPair *pair = &s->pair[i];

		pair->a = us_read_u64(r);
		pair->b = us_read_u64(r);
		pair->n = us_read_i64(r);
		if (pair->n <= 0 || pair->n > US_CONTINGENCY_MAX_ROWS - s->rows)
			us_corrupt(r, INT64_FORMAT " rows with a pair of labels", pair->n);
		if (i > 0 && compare_pairs(pair - 1, pair) >= 0)
			us_corrupt(r, "pairs that are not in order");
		s->rows += pair->n;
	}
	return s;
}
