/*
 * contingency.h
 *	  userseg.contingency: how many rows have each pair of labels.
 *
 * A label is known by the 64-bit hash of its bytes (XXH64 of UTF-8), so a state does not
 * keep texts, and its size follows from the number of distinct pairs only.  A state is
 * one flat varlena: while an aggregate runs, a hash table that doubles; sealed, the pairs
 * in order.  Sealed states of the same rows are equal byte for byte.
 */
#ifndef US_CONTINGENCY_H
#define US_CONTINGENCY_H

#include "infra/buffer.h"
#include "stat/partition_metrics.h"

#define US_CONTINGENCY_VERSION	1

/* Distinct pairs of labels that a state can hold. */
#define US_CONTINGENCY_MAX_PAIRS	500000

/* Rows that a state can count, so that sums fit into 64 bits. */
#define US_CONTINGENCY_MAX_ROWS		(INT64CONST(1) << 60)

typedef struct UsLabelPair
{
	uint64		a;
	uint64		b;
	int64		n;				/* rows; 0: a free slot */
} UsLabelPair;

typedef struct UsContingencyState
{
	int32		vl_len_;
	uint8		version;		/* US_CONTINGENCY_VERSION */
	uint8		unused[3];		/* 0 */
	uint32		pairs;
	uint32		slots;			/* of the hash table, a power of two; 0: sealed, pairs in order */
	int64		rows;
	int64		nulls;			/* rows with a NULL label, which do not count */
	UsLabelPair pair[FLEXIBLE_ARRAY_MEMBER];
} UsContingencyState;

StaticAssertDecl(offsetof(UsContingencyState, pair) == 32,
				 "header of userseg.contingency has padding");

/* A state of no rows. */
extern UsContingencyState *us_contingency_new(void);
extern UsContingencyState *us_contingency_copy(const UsContingencyState *s);

/*
 * Count n rows with the pair, or with a NULL label.  The state is changed in place and
 * returned, or a larger copy of it in the current memory context.  54000 for more
 * distinct pairs than fit, 22003 for more rows.
 */
extern UsContingencyState *us_contingency_add(UsContingencyState *s, uint64 a, uint64 b, int64 n);
extern UsContingencyState *us_contingency_add_null(UsContingencyState *s, int64 n);

/* Add another state to s, in the same way. */
extern UsContingencyState *us_contingency_merge(UsContingencyState *s,
												const UsContingencyState *other);

/* A copy for storage: canonical. */
extern UsContingencyState *us_contingency_seal(const UsContingencyState *s);

/* The table of a state, for the figures of stat/partition_metrics.h; in the current memory context. */
extern UsContingency *us_contingency_table(const UsContingencyState *s);

/* The payload that is sent and printed; reading checks it (22P03). */
extern void us_contingency_write(const UsContingencyState *s, UsWriter *w);
extern UsContingencyState *us_contingency_read(UsReader *r);

#endif
