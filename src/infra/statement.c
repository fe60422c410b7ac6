/*
 * statement.c
 *	  Telling one statement from the next.
 *
 * It is told by values, never by pointers, which are used again: fn_extra survives in
 * PL/pgSQL loops, and snapshots of one address may differ.  Within a transaction and a
 * user a snapshot is told by xmax, the numbers of running transactions, and curcid:
 * with xmax unchanged, transactions only leave the snapshot, and the numbers fall.  What a
 * subtransaction saw of itself goes with it when it is rolled back, and none of these
 * numbers need change then: it is told by its own, which is not used again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/snapmgr.h"

#include "infra/compat.h"
#include "infra/statement.h"

void
us_statement_current(UsStatement *s)
{
	Snapshot	snapshot = GetActiveSnapshot();

	s->transaction = us_local_transaction();
	s->subtransaction = GetCurrentSubTransactionId();
	s->user = GetUserId();
	s->xmax = snapshot->xmax;
	s->xcnt = snapshot->xcnt;
	s->subxcnt = snapshot->subxcnt;
	s->curcid = snapshot->curcid;
}

bool
us_statement_same(const UsStatement *a, const UsStatement *b)
{
	return a->transaction == b->transaction && a->subtransaction == b->subtransaction &&
		a->user == b->user &&
		a->xmax == b->xmax && a->xcnt == b->xcnt &&
		a->subxcnt == b->subxcnt && a->curcid == b->curcid;
}
