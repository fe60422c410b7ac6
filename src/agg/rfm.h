/*
 * rfm.h
 *	  Recency, frequency, monetary: the state of userseg.rfm_agg.
 *
 * A state is one flat varlena, which is also what is stored in a column.  While an
 * aggregate runs, it is changed in place and has room for more keys; a state that
 * leaves an aggregate is sealed: keys sorted, no room left.  Sealed states of the
 * same events are equal byte for byte, whatever the order and grouping of the events.
 *
 * Nothing here depends on fmgr: functions take states and plain values.
 */
#ifndef US_RFM_H
#define US_RFM_H

#include "datatype/timestamp.h"

#include "infra/buffer.h"
#include "stat/hyperloglog.h"

#define US_RFM_VERSION	1

/* Distinct order keys that are kept exactly; one more, and a sketch takes over. */
#define US_RFM_MAX_KEYS	8192

/* Largest counter that is accepted from outside, so that sums of counters fit into 64 bits. */
#define US_RFM_MAX_COUNT	(INT64CONST(1) << 60)

typedef enum UsRfmKind
{
	US_RFM_NO_KEY = 0,			/* no event had a key yet */
	US_RFM_BIGINT = 1,			/* keys are the numbers themselves */
	US_RFM_TEXT = 2				/* keys are hashes of the text's bytes */
} UsRfmKind;

/*
 * The header is small because an aggregate may hold millions of states, far apart in
 * memory.  What most users do not have stands behind the keys, only where it is needed
 * and in the smallest form that holds it.  Which form that is follows from the events.
 */
typedef struct UsRfm
{
	int32		vl_len_;
	uint8		version;		/* US_RFM_VERSION */
	uint8		flags;
	uint16		n_keys;			/* distinct keys; 0 when sketched */
	int64		first_at;		/* of the purchases; 0 without one */
	int64		last_at;
	int128		purchased;		/* sum of amounts >= 0, in millionths */
	int64		purchases;		/* events with amount >= 0 */
	uint64		keys[FLEXIBLE_ARRAY_MEMBER];	/* or registers, if US_RFM_SKETCHED */
	/* at the very end of the memory: UsRfmSmall or UsRfmExtra */
} UsRfm;

#define US_RFM_KIND		0x03	/* flags: UsRfmKind */
#define US_RFM_SKETCHED	0x04	/* flags: HyperLogLog registers instead of keys */
#define US_RFM_SMALL	0x08	/* flags: UsRfmSmall is there: a return or a skipped event */
#define US_RFM_EXTRA	0x10	/* flags: UsRfmExtra is there: they do not fit, or some keys are missing */

typedef struct UsRfmExtra
{
	int128		returned;		/* sum of -amount of the returns, in millionths */
	int64		returns;		/* events with amount < 0 */
	int64		keyless;		/* purchases without an order key: each its own order */
	int64		skipped;		/* events without a time or an amount */
} UsRfmExtra;

/* The same where all purchases have keys, or none has. */
typedef struct UsRfmSmall
{
	int64		returned;
	uint32		returns;
	uint32		skipped;
} UsRfmSmall;

StaticAssertDecl(sizeof(UsRfm) == 48 && sizeof(UsRfmExtra) == 40 && sizeof(UsRfmSmall) == 16,
				 "userseg.rfm has padding");

static inline UsRfmKind
us_rfm_kind(const UsRfm *s)
{
	return (UsRfmKind) (s->flags & US_RFM_KIND);
}

static inline bool
us_rfm_sketched(const UsRfm *s)
{
	return (s->flags & US_RFM_SKETCHED) != 0;
}

/* Bytes behind the keys or registers. */
static inline Size
us_rfm_extra_size(const UsRfm *s)
{
	if (s->flags & US_RFM_EXTRA)
		return sizeof(UsRfmExtra);
	return s->flags & US_RFM_SMALL ? sizeof(UsRfmSmall) : 0;
}

/* Where they begin. */
static inline void *
us_rfm_extra_place(const UsRfm *s)
{
	return (char *) s + VARSIZE(s) - us_rfm_extra_size(s);
}

static inline uint8 *
us_rfm_registers(const UsRfm *s)
{
	return (uint8 *) s->keys;
}

/* rfm.c: states from events and states */
extern UsRfm *us_rfm_new(bool keyed);
extern UsRfm *us_rfm_copy(const UsRfm *s);
extern UsRfm *us_rfm_skip(UsRfm *s);
extern UsRfm *us_rfm_add(UsRfm *s, TimestampTz ts, int128 micro, UsRfmKind kind, uint64 key);
extern UsRfm *us_rfm_merge(UsRfm *s, const UsRfm *other);
extern UsRfm *us_rfm_seal(const UsRfm *s);
extern UsRfmExtra us_rfm_extra(const UsRfm *s);
extern UsRfm *us_rfm_set_extra(UsRfm *s, const UsRfmExtra *extra);
extern int64 us_rfm_frequency(const UsRfm *s);

/* rfm_keys.c: the set of order keys inside a state */
extern UsRfm *us_rfm_grow(UsRfm *s, Size size);
extern UsRfm *us_rfm_keys_add(UsRfm *s, uint64 key);
extern UsRfm *us_rfm_keys_merge(UsRfm *s, const UsRfm *other);
extern void us_rfm_keys_sort(UsRfm *s);
extern Size us_rfm_sealed_size(const UsRfm *s);

/* rfm_wire.c: the payload that is sent and printed */
extern void us_rfm_write(const UsRfm *s, UsWriter *w);
extern UsRfm *us_rfm_read(UsReader *r);

#endif
