/*
 * score_counts.c
 *	  The state of the ranking aggregates.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "agg/score_counts.h"
#include "agg/weight_units.h"

#define FIRST_ROOM		12		/* entries of a new state */
#define USUAL_ROOM		192		/* of one that has seen as many rows, however few distinct scores they have */
#define LARGEST_TAIL	(1 << 17)
#define MOST_DROPPED	45		/* 64 - 45 bits are at most US_SCORE_MAX keys */
#define SIGN_BIT		UINT64CONST(0x8000000000000000)

static inline int
compare_entries(const UsScoreEntry *a, const UsScoreEntry *b)
{
	return (a->key > b->key) - (a->key < b->key);
}

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE UsScoreEntry
#define ST_COMPARE(a, b) compare_entries(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* ---- scores as keys ---- */

/* Bits of a double turned so that they order as the numbers do. */
static uint64
key_of(double score)
{
	uint64		bits;

	score += 0.0;				/* -0 is 0 */
	memcpy(&bits, &score, sizeof(bits));
	return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static double
score_of(uint64 key)
{
	uint64		bits = key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
	double		score;

	memcpy(&score, &bits, sizeof(score));
	return score;
}

/* ---- room ---- */

static Size
size_for(int64 entries)
{
	return offsetof(UsScoreCounts, entry) + entries * sizeof(UsScoreEntry);
}

static int64
room_of(const UsScoreCounts *s)
{
	return (VARSIZE(s) - offsetof(UsScoreCounts, entry)) / sizeof(UsScoreEntry);
}

UsScoreCounts *
us_scores_new(void)
{
	UsScoreCounts *s = (UsScoreCounts *) palloc0(size_for(FIRST_ROOM));

	SET_VARSIZE(s, size_for(FIRST_ROOM));
	s->version = US_SCORE_VERSION;
	return s;
}

static void
add_entry(UsScoreEntry *to, const UsScoreEntry *from)
{
	to->positive = us_weight_add(to->positive, from->positive);
	to->negative = us_weight_add(to->negative, from->negative);
}

/* ---- sorting the tail in ---- */

/* Entries of equal keys next to each other become one; returns how many are left. */
static int32
unite(UsScoreEntry *entry, int32 n)
{
	int32		last = 0;

	for (int32 i = 1; i < n; i++)
	{
		if (entry[i].key == entry[last].key)
			add_entry(&entry[last], &entry[i]);
		else if (++last != i)
			entry[last] = entry[i];
	}
	return n > 0 ? last + 1 : 0;
}

/* Keys of tail[m], ascending, that entry[n] does not have. */
static int32
count_fresh(const UsScoreEntry *entry, int32 n, const UsScoreEntry *tail, int32 m)
{
	int32		fresh = 0;
	int32		i = 0;

	for (int32 j = 0; j < m; j++)
	{
		while (i < n && entry[i].key < tail[j].key)
			i++;
		fresh += i == n || entry[i].key != tail[j].key;
	}
	return fresh;
}

/* Merge tail[m] into entry[n], from the end, where there is room for both. */
static int32
merge_runs(UsScoreEntry *entry, int32 n, const UsScoreEntry *tail, int32 m)
{
	int32		total = n + count_fresh(entry, n, tail, m);
	int32		i = n - 1;
	int32		j = m - 1;

	for (int32 k = total - 1; j >= 0; k--)
	{
		if (i >= 0 && entry[i].key > tail[j].key)
			entry[k] = entry[i--];
		else if (i >= 0 && entry[i].key == tail[j].key)
		{
			entry[k] = entry[i--];
			add_entry(&entry[k], &tail[j--]);
		}
		else
			entry[k] = tail[j--];
	}
	return total;
}

/* Drop bits until there are few enough distinct keys. */
static void
coarsen(UsScoreCounts *s)
{
	while (s->n > US_SCORE_MAX && s->dropped < MOST_DROPPED)
	{
		s->dropped++;
		for (int32 i = 0; i < s->n; i++)
			s->entry[i].key >>= 1;
		s->n = unite(s->entry, s->n);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Sort the tail into the run; the memory of s suffices. */
static void
settle(UsScoreCounts *s)
{
	UsScoreEntry *tail;
	int32		m = s->n_tail;

	if (m == 0)
		return;
	tail = (UsScoreEntry *) palloc(m * sizeof(UsScoreEntry));
	memcpy(tail, s->entry + s->n, m * sizeof(UsScoreEntry));
	sort_entries(tail, m);
	m = unite(tail, m);
	s->n = merge_runs(s->entry, s->n, tail, m);
	s->n_tail = 0;
	pfree(tail);
	coarsen(s);
}

/* Room for one more entry: by sorting the tail in, and by growing. */
static UsScoreCounts *
make_room(UsScoreCounts *s)
{
	int64		room = room_of(s);
	int64		wanted;
	UsScoreCounts *larger;

	settle(s);
	/* a run that fills less than three quarters leaves a tail that is long enough */
	if (room >= USUAL_ROOM && s->n + Min(s->n / 3 + 1, LARGEST_TAIL) <= room)
		return s;
	wanted = Max(s->n + Min(Max(s->n, FIRST_ROOM), LARGEST_TAIL), Min(2 * room, USUAL_ROOM));
	larger = (UsScoreCounts *) palloc0(size_for(wanted));
	memcpy(larger, s, size_for(s->n));
	SET_VARSIZE(larger, size_for(wanted));
	return larger;
}

UsScoreCounts *
us_scores_add(UsScoreCounts *s, double score, bool positive, double weight)
{
	int128		units = us_weight_units(weight);
	UsScoreEntry *e;

	if (s->n + s->n_tail >= room_of(s))
		s = make_room(s);
	e = &s->entry[s->n + s->n_tail++];
	e->key = key_of(score) >> s->dropped;
	e->positive = positive ? units : 0;
	e->negative = positive ? 0 : units;
	return s;
}

UsScoreCounts *
us_scores_merge(UsScoreCounts *s, const UsScoreCounts *other)
{
	UsScoreCounts *b = us_scores_seal(other);
	UsScoreCounts *both;
	int			dropped;

	settle(s);
	/* the coarser of both decides */
	dropped = Max(s->dropped, b->dropped);
	for (int side = 0; side < 2; side++)
	{
		UsScoreCounts *t = side ? b : s;

		for (int32 i = 0; i < t->n; i++)
			t->entry[i].key >>= dropped - t->dropped;
		t->n = unite(t->entry, t->n);
		t->dropped = dropped;
	}
	both = s;
	if (s->n + b->n > room_of(s))
	{
		both = (UsScoreCounts *) palloc0(size_for((int64) s->n + b->n));
		memcpy(both, s, size_for(s->n));
		SET_VARSIZE(both, size_for((int64) s->n + b->n));
	}
	both->n = merge_runs(both->entry, both->n, b->entry, b->n);
	coarsen(both);
	pfree(b);
	return both;
}

UsScoreCounts *
us_scores_seal(const UsScoreCounts *s)
{
	Size		size = size_for((int64) s->n + s->n_tail);
	UsScoreCounts *copy = (UsScoreCounts *) palloc(size);

	memcpy(copy, s, size);
	SET_VARSIZE(copy, size);
	settle(copy);
	SET_VARSIZE(copy, size_for(copy->n));
	return copy;
}

/* ---- results ---- */

UsRanking *
us_scores_ranking(const UsScoreCounts *s)
{
	const UsScoreCounts *sealed = s->n_tail == 0 ? s : us_scores_seal(s);
	UsRanking  *r = (UsRanking *) palloc0(sizeof(UsRanking));
	Size		bytes = Max(sealed->n, 1) * sizeof(double);

	r->n = sealed->n;
	r->score = (double *) palloc(bytes);
	r->positive = (double *) palloc(bytes);
	r->negative = (double *) palloc(bytes);
	for (int32 i = 0; i < sealed->n; i++)
	{
		double		score = score_of(sealed->entry[i].key << sealed->dropped);

		/* the lowest tie may begin below the lowest double */
		r->score[i] = isfinite(score) ? score : -DBL_MAX;
		r->positive[i] = us_weight_value(sealed->entry[i].positive);
		r->negative[i] = us_weight_value(sealed->entry[i].negative);
	}
	us_ranking_total(r);
	return r;
}

double
us_scores_auc_error(const UsScoreCounts *s)
{
	UsRanking  *r = us_scores_ranking(s);
	double		shared = 0;

	if (r->positives <= 0 || r->negatives <= 0)
		return NAN;
	if (s->dropped == 0 && s->n_tail == 0)
		return 0;
	for (int64 i = 0; i < r->n; i++)
		shared += r->positive[i] / r->positives * (r->negative[i] / r->negatives);
	return us_scores_seal(s)->dropped == 0 ? 0 : shared / 2;
}

/* ---- payload ---- */

void
us_scores_write(const UsScoreCounts *s, UsWriter *w)
{
	const UsScoreCounts *sealed = us_scores_seal(s);

	us_write_u8(w, sealed->version);
	us_write_u8(w, sealed->dropped);
	us_write_u32(w, sealed->n);
	for (int32 i = 0; i < sealed->n; i++)
	{
		us_write_u64(w, sealed->entry[i].key);
		us_write_units(w, sealed->entry[i].positive);
		us_write_units(w, sealed->entry[i].negative);
	}
}

UsScoreCounts *
us_scores_read(UsReader *r)
{
	uint8		version = us_read_u8(r);
	uint8		dropped = us_read_u8(r);
	uint32		n = us_read_count(r, sizeof(UsScoreEntry), US_SCORE_MAX);
	UsScoreCounts *s;

	if (version != US_SCORE_VERSION)
		us_corrupt(r, "version %u", version);
	if (dropped > MOST_DROPPED)
		us_corrupt(r, "%u bits dropped", dropped);
	s = (UsScoreCounts *) palloc0(size_for(n));
	SET_VARSIZE(s, size_for(n));
	s->version = version;
	s->dropped = dropped;
	s->n = n;
	for (uint32 i = 0; i < n; i++)
	{
		UsScoreEntry *e = &s->entry[i];

		e->key = us_read_u64(r);
		e->positive = us_read_units(r);
		e->negative = us_read_units(r);
		if (e->key > PG_UINT64_MAX >> dropped || (i > 0 && e->key <= e[-1].key))
			us_corrupt(r, "score %u is out of order", i);
		if (dropped == 0 && (!isfinite(score_of(e->key)) || key_of(score_of(e->key)) != e->key))
			us_corrupt(r, "score %u is not a finite number", i);
		if (e->positive < 0 || e->negative < 0 || e->positive >= US_WEIGHT_MOST || e->negative >= US_WEIGHT_MOST ||
			(e->positive == 0 && e->negative == 0))
			us_corrupt(r, "weight of score %u is out of range", i);
	}
	return s;
}
