/*
 * statement.h
 *	  Telling one statement from the next, for what a call site remembers.
 */
#ifndef US_STATEMENT_H
#define US_STATEMENT_H

typedef struct UsStatement
{
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
	Oid			user;
	TransactionId xmax;
	uint32		xcnt;
	int32		subxcnt;
	CommandId	curcid;
} UsStatement;

/* The statement that runs; there must be an active snapshot. */
extern void us_statement_current(UsStatement *s);

/* Do both see the same rows, as the same user? */
extern bool us_statement_same(const UsStatement *a, const UsStatement *b);

#endif
