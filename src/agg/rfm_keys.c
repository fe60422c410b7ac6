/*
 * rfm_keys.c
 *	  The set of distinct order keys inside an RFM state.
 *
 * Up to US_RFM_MAX_KEYS keys are kept as they are.  The first ones, as many as fill
 * whole blocks of BLOCK keys, ascend; behind them is an unordered tail of less than a
 * block, the newest key first: the lines of one order mostly come together, and for a
 * customer with few orders, who has nothing but a tail, that key lies in the memory
 * that an event touches anyway.  When a tail fills its block, it is sorted and merged
 * into the others.
 *
 * One key more than US_RFM_MAX_KEYS turns the set into HyperLogLog registers, for good.
 * Whether a state is sketched depends on the number of distinct keys alone, and the
 * registers on the set of keys alone, so neither depends on the order of events or
 * merges.
 */
#include "postgres.h"

#include "agg/rfm.h"
#include "math/hash.h"

#define BLOCK	64

/* largest sizes that are of use, with keys and with registers */
#define LARGEST_EXACT	(sizeof(UsRfm) + US_RFM_MAX_KEYS * sizeof(uint64) + sizeof(UsRfmExtra))
#define LARGEST_SKETCH	(sizeof(UsRfm) + US_HLL_REGISTERS + sizeof(UsRfmExtra))

StaticAssertDecl(US_RFM_MAX_KEYS <= PG_UINT16_MAX, "number of keys does not fit");

static bool
in_sorted(const uint64 *keys, int n, uint64 key)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && keys[low] == key;
}

static inline bool
contains(const uint64 *keys, int n, uint64 key)
{
	int			n_sorted = n - n % BLOCK;

	for (int i = n_sorted; i < n; i++)
		if (keys[i] == key)
			return true;
	return n_sorted > 0 && in_sorted(keys, n_sorted, key);
}

/* Ascending order in place; arrays are short and often sorted already. */
static void
insertion_sort(uint64 *keys, int n)
{
	for (int i = 1; i < n; i++)
	{
		uint64		key = keys[i];
		int			j = i;

		for (; j > 0 && keys[j - 1] > key; j--)
			keys[j] = keys[j - 1];
		keys[j] = key;
	}
}

/* Sort the last n_new of n keys and merge them, from the end, into the ascending others. */
static void
sort_new(uint64 *keys, int n, int n_new)
{
	uint64		moved[BLOCK];
	uint64	   *out = keys + n;
	int			left = n - n_new;

	Assert(n_new <= BLOCK);
	insertion_sort(keys + left, n_new);
	if (left == 0 || n_new == 0 || keys[left - 1] < keys[left])
		return;
	memcpy(moved, keys + left, n_new * sizeof(uint64));
	while (n_new > 0)
	{
		if (left > 0 && keys[left - 1] > moved[n_new - 1])
			*--out = keys[--left];
		else
			*--out = moved[--n_new];
	}
}

/* Make all keys ascend, in place. */
void
us_rfm_keys_sort(UsRfm *s)
{
	sort_new(s->keys, s->n_keys, s->n_keys % BLOCK);
}

/*
 * A state of size bytes or, when they are too few, the next larger size by powers of
 * two: s itself if it is large enough, else a copy in the current memory context.
 */
UsRfm *
us_rfm_grow(UsRfm *s, Size size)
{
	Size		old = VARSIZE(s);
	Size		extra = us_rfm_extra_size(s);
	Size		larger = old;
	UsRfm	   *copy;

	if (size <= old)
		return s;
	while (larger < size)
		larger *= 2;
	larger = Min(larger, us_rfm_sketched(s) ? LARGEST_SKETCH : LARGEST_EXACT);
	copy = palloc0(larger);
	memcpy(copy, s, old - extra);
	SET_VARSIZE(copy, larger);
	memcpy(us_rfm_extra_place(copy), us_rfm_extra_place(s), extra);
	return copy;
}

/* A copy that has registers instead of keys. */
static UsRfm *
to_sketch(const UsRfm *s)
{
	Size		size = sizeof(UsRfm) + US_HLL_REGISTERS + us_rfm_extra_size(s);
	UsRfm	   *sketch = palloc0(size);

	*sketch = *s;
	SET_VARSIZE(sketch, size);
	sketch->flags |= US_RFM_SKETCHED;
	sketch->n_keys = 0;
	memcpy(us_rfm_extra_place(sketch), us_rfm_extra_place(s), us_rfm_extra_size(s));
	for (int i = 0; i < s->n_keys; i++)
		us_hll_add(us_rfm_registers(sketch), us_hash64(s->keys[i]));
	return sketch;
}

/*
 * Put a key into the set, in place.  Returns s, or a larger copy in the current
 * memory context when there was no room.
 */
UsRfm *
us_rfm_keys_add(UsRfm *s, uint64 key)
{
	if (!us_rfm_sketched(s))
	{
		if (contains(s->keys, s->n_keys, key))
			return s;
		if (s->n_keys < US_RFM_MAX_KEYS)
		{
			uint64	   *newest;

			s = us_rfm_grow(s, us_rfm_sealed_size(s) + sizeof(uint64));
			newest = s->keys + (s->n_keys - s->n_keys % BLOCK);
			s->keys[s->n_keys++] = *newest;
			*newest = key;
			if (s->n_keys % BLOCK == 0)
				sort_new(s->keys, s->n_keys, BLOCK);
			return s;
		}
		s = to_sketch(s);
	}
	us_hll_add(us_rfm_registers(s), us_hash64(key));
	return s;
}

/* Put the keys of another state into the set; as us_rfm_keys_add(). */
UsRfm *
us_rfm_keys_merge(UsRfm *s, const UsRfm *other)
{
	if (us_rfm_sketched(other))
	{
		if (!us_rfm_sketched(s))
			s = to_sketch(s);
		us_hll_merge(us_rfm_registers(s), us_rfm_registers(other));
	}
	else
	{
		for (int i = 0; i < other->n_keys; i++)
			s = us_rfm_keys_add(s, other->keys[i]);
	}
	return s;
}

/* Bytes of the state without room for more. */
Size
us_rfm_sealed_size(const UsRfm *s)
{
	return sizeof(UsRfm) + us_rfm_extra_size(s) +
		(us_rfm_sketched(s) ? US_HLL_REGISTERS : s->n_keys * sizeof(uint64));
}
