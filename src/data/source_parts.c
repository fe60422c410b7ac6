/*
 * source_parts.c
 *	  Parts of a frame on their way from the workers of a query to its leader.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "data/frame_part.h"
#include "data/source_parts.h"
#include "infra/compat.h"

/* parts of a worker */
#define PARTS		2

#define ALIGN		64

/* Of one worker, in shared memory. */
typedef struct UsPartsMember
{
	pg_atomic_uint32 filled;	/* parts that were given away, ever */
	pg_atomic_uint32 taken;		/* and that the leader has taken */
	pg_atomic_uint32 done;		/* what follows is set */
	bool		joined;			/* under the mutex */
	ConditionVariable space;	/* a part was taken, or all give up */
	int64		n_read;
	int64		n_null;
	int64		n_unlabelled;
	int64		n_weightless;
	UsPartTotals totals;		/* with n_null[nused]; then so many int64: rows left out by column */
} UsPartsMember;

typedef struct UsPartsShared
{
	slock_t		mutex;
	bool		closed;			/* there are no more rows for whoever comes now */
	int			n_members;
	pg_atomic_uint32 failed;	/* all stop */
	ConditionVariable news;		/* a part is full, or a worker is done */
	Size		dictionary_limit;
	Size		worker_bytes;
	Size		member_bytes;
	Size		member_at;
	Size		part_bytes;
	Size		part_at;
	bool		dropped[FLEXIBLE_ARRAY_MEMBER]; /* [nused]: the column was given up */
} UsPartsShared;

struct UsParts
{
	UsPartsShared *shared;
	int			n_members;
	UsFrameReader *reader;

	/* of the leader */
	UsPartCodes **codes;		/* [n_members] */
	Size	   *limit;			/* [nused] of dictionaries; 0: none */
	bool		sleeping;

	/* of a worker */
	int			number;
	UsPartsMember *member;
};

/* ---- shared memory ---- */

static UsPartsMember *
member_of(UsPartsShared *shared, int m)
{
	return (UsPartsMember *) ((char *) shared + shared->member_at + shared->member_bytes * m);
}

static UsFramePart *
part_of(UsPartsShared *shared, int m, uint32 i)
{
	return (UsFramePart *) ((char *) shared + shared->part_at + shared->part_bytes * (PARTS * m + i % PARTS));
}

/* Rows that a worker has left out for a NULL in the columns. */
static int64 *
column_nulls(UsPartsMember *member, int nused)
{
	return member->totals.n_null + nused;
}

/* Where things stand; the size of all. */
static Size
lay_out(UsPartsShared *layout, const UsFrameReader *reader, int members)
{
	int			nused = reader->info->nused;

	layout->member_at = TYPEALIGN(ALIGN, offsetof(UsPartsShared, dropped) + nused);
	layout->member_bytes = TYPEALIGN(ALIGN, offsetof(UsPartsMember, totals) + offsetof(UsPartTotals, n_null) +
									 2 * sizeof(int64) * nused);
	layout->part_at = layout->member_at + layout->member_bytes * members;
	layout->part_bytes = us_frame_part_bytes(reader->builder->frame);
	return layout->part_at + layout->part_bytes * PARTS * members;
}

bool
us_parts_failed(UsParts *p)
{
	return pg_atomic_read_u32(&p->shared->failed) != 0;
}

void
us_parts_fail(UsParts *p)
{
	pg_atomic_write_u32(&p->shared->failed, 1);
	for (int m = 0; m < p->n_members; m++)
		ConditionVariableSignal(&member_of(p->shared, m)->space);
	ConditionVariableSignal(&p->shared->news);
}

/* ---- a worker ---- */

/* UsPartExchange */
static UsFramePart *
exchange(void *arg, UsFramePart *full, bool more)
{
	UsParts    *p = (UsParts *) arg;
	UsPartsMember *member = p->member;
	UsFrameReader *reader = p->reader;
	uint32		filled = pg_atomic_read_u32(&member->filled);

	if (full != NULL)
	{
		pg_write_barrier();
		pg_atomic_write_u32(&member->filled, ++filled);
		ConditionVariableSignal(&p->shared->news);
	}
	if (!more)
		return NULL;
	if (filled - pg_atomic_read_u32(&member->taken) >= PARTS)
	{
		ConditionVariablePrepareToSleep(&member->space);
		while (filled - pg_atomic_read_u32(&member->taken) >= PARTS && !us_parts_failed(p))
			ConditionVariableSleep(&member->space, PG_WAIT_EXTENSION);
		ConditionVariableCancelSleep();
	}
	if (us_parts_failed(p))
		return NULL;
	pg_memory_barrier();
	for (int j = 0; j < reader->info->nused && reader->builder != NULL; j++)
		if (p->shared->dropped[j] && !reader->feature[j].dropped)
		{
			reader->feature[j].dropped = true;
			us_frame_give_up(reader->builder, j);
		}
	return part_of(p->shared, p->number, filled);
}

UsParts *
us_parts_attach(void *memory, int number)
{
	UsParts    *p = (UsParts *) palloc0(sizeof(UsParts));

	p->shared = (UsPartsShared *) TYPEALIGN(ALIGN, memory);
	p->n_members = p->shared->n_members;
	p->number = number;
	p->member = member_of(p->shared, number);
	return p;
}

void
us_parts_begin(UsParts *p, UsFrameReader *reader, const UsColumn *columns)
{
	UsBudget   *budget = us_budget_create(p->shared->worker_bytes);

	p->reader = reader;
	reader->dictionary_limit = MaxAllocHugeSize;
	reader->builder = us_frame_begin_parts(columns, reader->info->nused, reader->weight != NULL, reader->info->id >= 0,
										   budget, p->shared->dictionary_limit, exchange, p);
}

bool
us_parts_join(UsParts *p)
{
	bool		closed;

	SpinLockAcquire(&p->shared->mutex);
	closed = p->shared->closed;
	p->member->joined = !closed;
	SpinLockRelease(&p->shared->mutex);
	return !closed;
}

void
us_parts_leave(UsParts *p)
{
	UsPartsMember *member = p->member;
	const UsSourceInfo *info = p->reader->info;
	int64	   *nulls = column_nulls(member, info->nused);

	member->n_read = info->n_read;
	member->n_null = info->n_null;
	member->n_unlabelled = info->n_unlabelled;
	member->n_weightless = info->n_weightless;
	us_frame_part_totals(p->reader->builder, &member->totals);
	for (int j = 0; j < info->nused; j++)
		nulls[j] = p->reader->feature[j].n_null;
	pg_write_barrier();
	pg_atomic_write_u32(&member->done, 1);
	ConditionVariableSignal(&p->shared->news);
}

/* ---- the leader ---- */

Size
us_parts_bytes(const UsFrameReader *reader, int members)
{
	UsPartsShared layout;

	return lay_out(&layout, reader, members) + ALIGN;
}

UsParts *
us_parts_create(void *memory, UsFrameReader *reader, int members, Size dictionary_limit, Size worker_bytes)
{
	UsParts    *p = (UsParts *) palloc0(sizeof(UsParts));
	UsPartsShared *shared = (UsPartsShared *) TYPEALIGN(ALIGN, memory);
	int			nused = reader->info->nused;

	p->shared = shared;
	p->n_members = members;
	p->reader = reader;
	(void) lay_out(shared, reader, members);
	SpinLockInit(&shared->mutex);
	shared->closed = false;
	shared->n_members = members;
	pg_atomic_init_u32(&shared->failed, 0);
	ConditionVariableInit(&shared->news);
	shared->dictionary_limit = dictionary_limit;
	shared->worker_bytes = worker_bytes;
	memset(shared->dropped, 0, nused);
	p->codes = palloc0(Max(members, 1) * sizeof(UsPartCodes *));
	for (int m = 0; m < members; m++)
	{
		UsPartsMember *member = member_of(shared, m);

		memset(member, 0, shared->member_bytes);
		pg_atomic_init_u32(&member->filled, 0);
		pg_atomic_init_u32(&member->taken, 0);
		pg_atomic_init_u32(&member->done, 0);
		ConditionVariableInit(&member->space);
		p->codes[m] = us_part_codes_create(reader->builder);
	}
	p->limit = palloc0(nused * sizeof(Size));
	for (int j = 0; j < nused; j++)
		if (reader->feature[j].may_drop && reader->feature[j].reading != US_READ_ENUM &&
			reader->builder->frame->column[j].dictionary != NULL)
			p->limit[j] = reader->dictionary_limit;
	return p;
}

/* Take one full part of a worker. */
static void
take(UsParts *p, int m, uint32 taken)
{
	UsPartsMember *member = member_of(p->shared, m);
	UsFrameReader *reader = p->reader;

	pg_read_barrier();
	if (!us_parts_failed(p))
		us_frame_add_part(reader->builder, p->codes[m], p->limit, part_of(p->shared, m, taken));
	pg_memory_barrier();
	pg_atomic_write_u32(&member->taken, taken + 1);
	ConditionVariableSignal(&member->space);
	for (int j = 0; j < reader->info->nused && !us_parts_failed(p); j++)
		if (p->limit[j] > 0)
		{
			us_row_reader_give_up(reader, &reader->feature[j]);
			p->shared->dropped[j] = reader->feature[j].dropped;
		}
}

void
us_parts_take(UsParts *p)
{
	for (int m = 0; m < p->n_members; m++)
	{
		UsPartsMember *member = member_of(p->shared, m);
		uint32		taken = pg_atomic_read_u32(&member->taken);
		uint32		filled = pg_atomic_read_u32(&member->filled);	/* once: it may fill as fast as we take */

		while (taken != filled)
			take(p, m, taken++);
	}
}

void
us_parts_close(UsParts *p)
{
	SpinLockAcquire(&p->shared->mutex);
	p->shared->closed = true;
	SpinLockRelease(&p->shared->mutex);
}

bool
us_parts_done(UsParts *p)
{
	for (int m = 0; m < p->n_members; m++)
	{
		UsPartsMember *member = member_of(p->shared, m);

		if (member->joined && pg_atomic_read_u32(&member->done) == 0)
			return false;
	}
	pg_read_barrier();			/* what they have counted is read after that */
	return true;
}

void
us_parts_add(UsParts *p)
{
	UsSourceInfo *info = p->reader->info;

	for (int m = 0; m < p->n_members; m++)
	{
		UsPartsMember *member = member_of(p->shared, m);

		if (!member->joined)
			continue;
		info->n_workers++;
		info->n_read += member->n_read;
		info->n_null += member->n_null;
		info->n_unlabelled += member->n_unlabelled;
		info->n_weightless += member->n_weightless;
		us_frame_add_totals(p->reader->builder, &member->totals);
		for (int j = 0; j < info->nused; j++)
			p->reader->feature[j].n_null += column_nulls(member, info->nused)[j];
	}
}

void
us_parts_wait(UsParts *p)
{
	if (!p->sleeping)
		ConditionVariablePrepareToSleep(&p->shared->news);
	else
		ConditionVariableSleep(&p->shared->news, PG_WAIT_EXTENSION);
	p->sleeping = true;
}

void
us_parts_free(UsParts *p)
{
	if (p->sleeping)
		ConditionVariableCancelSleep();
	for (int m = 0; m < p->n_members; m++)
		us_part_codes_free(p->codes[m]);
}
