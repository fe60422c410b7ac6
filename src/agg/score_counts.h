/*
 * score_counts.h
 *	  The state of the ranking aggregates (userseg.ranking): the weight of positive and of
 *	  negative rows at each distinct score.
 *
 * A state is one flat varlena, changed in place while an aggregate runs: a sorted run, and behind
 * it rows not yet sorted into it.  Sums of weights are exact
 * (agg/weight_units.h) and do not depend on the order.
 *
 * Beyond US_SCORE_MAX distinct scores, the lowest bits of all of them are dropped, as few as
 * it takes: scores that become equal are a tie.  How many follows from the rows alone, so that
 * sealed states of the same rows are equal byte for byte, however they came together.
 */
#ifndef US_SCORE_COUNTS_H
#define US_SCORE_COUNTS_H

#include "infra/buffer.h"
#include "stat/ranking.h"

#define US_SCORE_VERSION	1

/* Distinct scores that are kept apart. */
#define US_SCORE_MAX		(1 << 19)

typedef struct UsScoreEntry
{
	uint64		key;			/* score as a number of the same order, shifted right by dropped bits */
	int128		positive;
	int128		negative;
} UsScoreEntry;

StaticAssertDecl(sizeof(UsScoreEntry) == 40, "a score entry has padding");

typedef struct UsScoreCounts
{
	int32		vl_len_;
	uint8		version;
	uint8		dropped;		/* bits of the keys */
	uint16		unused;
	int32		n;				/* sorted entries, keys ascending */
	int32		n_tail;			/* unsorted ones behind them */
	UsScoreEntry entry[FLEXIBLE_ARRAY_MEMBER];
} UsScoreCounts;

/* A state without rows. */
extern UsScoreCounts *us_scores_new(void);

/* Take in a row, finite score, weight in range (agg/weight_units.h) and not 0; s may be returned anew.  22003 when the sum of weights leaves its range. */
extern UsScoreCounts *us_scores_add(UsScoreCounts *s, double score, bool positive, double weight);

/* Take in another state. */
extern UsScoreCounts *us_scores_merge(UsScoreCounts *s, const UsScoreCounts *other);

/* A copy for storage: everything sorted, no room left. */
extern UsScoreCounts *us_scores_seal(const UsScoreCounts *s);

/* The ranking of a state; the lowest score of each tie where bits were dropped. */
extern UsRanking *us_scores_ranking(const UsScoreCounts *s);

/*
 * The most by which the AUC may be off because bits were dropped: half the share of the pairs of a positive and a
 * negative row that share a tie; 0 when none were.
 */
extern double us_scores_auc_error(const UsScoreCounts *s);

/* The payload that is sent and printed. */
extern void us_scores_write(const UsScoreCounts *s, UsWriter *w);
extern UsScoreCounts *us_scores_read(UsReader *r);

#endif
