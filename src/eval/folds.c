/*
 * folds.c
 *	  Which rows a cross-validation learns from and which it measures on.
 *
 * By key: the rows are ordered by a hash of (seed, key), stratum by stratum, and this order is cut into
 * equal parts.  It is cut between buckets of the hash, which hold a row or two of a small
 * source and a small share of a large one; what is in a bucket stays together, and so do the rows of one key
 * in one stratum.
 */
#include "postgres.h"

#include <math.h>

#include "eval/folds.h"
#include "eval/split.h"
#include "infra/progress.h"
#include "math/hash.h"

#define FOLD_SALT		UINT64CONST(0x63726f7373)
#define SHARE_SALT		UINT64CONST(0x7368617265)

/* buckets of all strata together, and of one */
#define ALL_BUCKETS		(1 << 22)
#define MOST_BUCKETS	(1 << 18)

/* keys that are compared to find out whether ids come twice */
#define SEEN_KEYS		65536

static int
compare_keys(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

/*
 * Do rows share keys?  Looked at are the keys with the smallest hashes, so that all rows of a key are looked
 * at or none.
 */
static bool
keys_repeat(UsFrame *frame)
{
	uint64	   *key = palloc(SEEN_KEYS * sizeof(uint64));
	uint64		limit = PG_UINT64_MAX;
	int			n = 0;
	bool		found = false;

	if (frame->nrows > SEEN_KEYS / 2)
		limit = (uint64) (SEEN_KEYS / 2.0 / frame->nrows * 18446744073709551615.0);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("folds", i, frame->nchunks);
		for (int r = 0; r < chunk->nrows && n < SEEN_KEYS; r++)
			if (us_mix64(FOLD_SALT, chunk->key[r]) <= limit)
				key[n++] = chunk->key[r];
	}
	qsort(key, n, sizeof(uint64), compare_keys);
	for (int i = 1; i < n && !found; i++)
		found = key[i] == key[i - 1];
	pfree(key);
	return found;
}

UsFoldKind
us_folds_kind(const char *text, UsFrame *frame, UsTask task, bool has_id)
{
	bool		has_time = false;

	for (int j = 0; j < frame->ncolumns; j++)
		has_time |= frame->column[j].role == US_ROLE_TIME;
	if (strcmp(text, "auto") == 0)
	{
		if (has_time)
			return US_FOLDS_TIME;
		return task == US_TASK_CLASSIFICATION && !(has_id && keys_repeat(frame)) ?
			US_FOLDS_STRATIFIED : US_FOLDS_KEY;
	}
	if (strcmp(text, "key") == 0)
		return US_FOLDS_KEY;
	if (strcmp(text, "stratified") == 0)
	{
		if (task == US_TASK_CLASSIFICATION)
			return US_FOLDS_STRATIFIED;
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split \"stratified\" needs classes, and the target is a number"),
				 errhint("Use split \"key\".")));
	}
	if (strcmp(text, "time") == 0)
	{
		if (has_time)
			return US_FOLDS_TIME;
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split \"time\" needs a time column"),
				 errhint("Name it: time_column => 'column'.")));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no split \"%s\"", text),
			 errhint("Splits are \"auto\", \"key\", \"stratified\" and \"time\".")));
}

/* ---- by key ---- */

static inline int
bucket_of(const UsFolds *f, uint64 key)
{
	return (int) (us_mix64(f->seed, key) >> 32 & (f->buckets - 1));
}

/* Stratum of each row of a chunk into f->y; 0 without strata. */
static void
strata_of(const UsFolds *f, const UsChunk *chunk)
{
	if (f->kind == US_FOLDS_STRATIFIED)
		us_target_chunk(f->target, chunk, f->y);
	else
		memset(f->y, 0, chunk->nrows * sizeof(double));
}

/* From rows by bucket to a fold for each bucket; rows[n] are counted. */
static void
cut_stratum(UsFolds *f, int stratum, const int32 *count, int64 *rows)
{
	uint16	   *fold = f->fold + (Size) stratum * f->buckets;
	int64		total = 0;
	int64		before = 0;

	for (int b = 0; b < f->buckets; b++)
		total += count[b];
	for (int b = 0; b < f->buckets; b++)
	{
		/* the middle of the bucket decides; strata begin at different folds, so that remainders even out */
		int			part = total == 0 ? 0 : (int) ((before + count[b] / 2) * f->n / total);

		fold[b] = (uint16) ((part + stratum) % f->n);
		rows[fold[b]] += count[b];
		before += count[b];
	}
}

static void
too_few(const UsFolds *f, UsFrame *frame)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(INT64_FORMAT " rows are too few for %d folds", frame->nrows, f->n),
			 errdetail("A fold would have no row. Rows with the same id, or without an id equal rows, stay together."),
			 errhint("Use fewer folds or more rows.")));
}

static void
cut_by_key(UsFolds *f, UsFrame *frame, UsBudget *budget)
{
	int			strata = f->kind == US_FOLDS_STRATIFIED ? f->target->n_classes : 1;
	int64		rows[US_MAX_FOLDS] = {0};
	int32	   *count;
	Size		bytes;

	f->buckets = MOST_BUCKETS;
	while ((int64) f->buckets * strata > ALL_BUCKETS)
		f->buckets /= 2;
	bytes = (Size) strata * f->buckets;
	us_budget_take(budget, bytes * (sizeof(int32) + sizeof(uint16)), "folds");
	count = MemoryContextAllocExtended(CurrentMemoryContext, bytes * sizeof(int32),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	f->fold = MemoryContextAllocHuge(CurrentMemoryContext, bytes * sizeof(uint16));
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("folds", i, frame->nchunks);
		strata_of(f, chunk);
		for (int r = 0; r < chunk->nrows; r++)
			if (f->y[r] >= 0)
				count[(Size) f->y[r] * f->buckets + bucket_of(f, chunk->key[r])]++;
	}
	for (int s = 0; s < strata; s++)
		cut_stratum(f, s, count + (Size) s * f->buckets, rows);
	pfree(count);
	us_budget_release(budget, bytes * sizeof(int32));
	for (int k = 0; k < f->n; k++)
		if (rows[k] == 0 || rows[k] == frame->nrows)
			too_few(f, frame);
}

/* ---- by time ---- */

static void
cut_by_time(UsFolds *f, UsFrame *frame, UsBudget *budget)
{
	int64		rank[US_MAX_FOLDS + 2];
	double		value[US_MAX_FOLDS + 2];

	f->column = us_time_column(frame);
	f->cut = palloc((f->n + 1) * sizeof(double));
	rank[0] = 1;
	for (int k = 0; k <= f->n; k++)
		rank[k + 1] = Max((int64) ((double) (k + 1) * frame->nrows / (f->n + 1)), 1);
	us_values_at_ranks(frame, f->column, rank, f->n + 2, value, budget);
	for (int k = 0; k <= f->n; k++)
	{
		f->cut[k] = value[k + 1];
		if (k > 0 && f->cut[k] <= f->cut[k - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("time column \"%s\" cannot be divided into %d parts",
							frame->column[f->column].name, f->n + 1),
					 errdetail("Too many of " INT64_FORMAT " rows have the same time.", frame->nrows),
					 errhint("Use fewer folds.")));
	}
}

UsFolds *
us_folds_create(UsFrame *frame, UsFoldKind kind, int n, const UsTarget *target, uint64 seed,
				UsBudget *budget)
{
	UsFolds    *f = palloc0(sizeof(UsFolds));

	f->kind = kind;
	f->n = n;
	f->target = target;
	f->seed = us_mix64(seed, FOLD_SALT);
	f->share = 1;
	f->y = palloc(US_CHUNK_ROWS * sizeof(double));
	if (frame->nrows < n + (kind == US_FOLDS_TIME))
		too_few(f, frame);
	if (kind == US_FOLDS_TIME)
		cut_by_time(f, frame, budget);
	else
		cut_by_key(f, frame, budget);
	return f;
}

/* ---- views ---- */

/* Fold in which each row is measured, -1: none, into f->y. */
static void
folds_of(const UsFolds *f, const UsChunk *chunk)
{
	if (f->kind == US_FOLDS_TIME)
	{
		const double *time = chunk->column[f->column].number;

		for (int r = 0; r < chunk->nrows; r++)
		{
			int			k = -1;

			while (k + 1 <= f->n && time[r] > f->cut[k + 1])
				k++;
			f->y[r] = k;
		}
		return;
	}
	strata_of(f, chunk);
	for (int r = 0; r < chunk->nrows; r++)
		if (f->y[r] >= 0)
			f->y[r] = f->fold[(Size) f->y[r] * f->buckets + bucket_of(f, chunk->key[r])];
}

static inline bool
used(const UsFolds *f, uint64 key)
{
	return f->share >= 1 || us_uniform(us_mix64(f->seed, SHARE_SALT), key) < f->share;
}

void
us_folds_training(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const UsFolds *f = context;

	folds_of(f, chunk);
	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = (f->kind == US_FOLDS_TIME ? f->y[r] < f->at : f->y[r] != f->at) &&
			used(f, chunk->key[r]);
}

void
us_folds_test(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const UsFolds *f = context;

	folds_of(f, chunk);
	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = f->y[r] == f->at && used(f, chunk->key[r]);
}
