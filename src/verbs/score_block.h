/*
 * score_block.h
 *	  Scoring a whole source, in blocks.
 *
 * The rows come straight from the executor, and are scored in batches, by a team when that takes
 * long (eval/score_team.h); the answers are those of userseg.predict*
 * on the same row, bit for bit.
 */
#ifndef US_SCORE_BLOCK_H
#define US_SCORE_BLOCK_H

#include "data/source.h"
#include "model/cache.h"

/* rows that are handed over at a time */
#define US_BLOCK_ROWS	512

typedef struct UsBlockScorer UsBlockScorer;

/* Answers for the rows of a block, valid during the call that gets them. */
typedef struct UsScoredBlock
{
	int			n;
	const Datum *id;			/* [n] of the source's type, never NULL */
	const bool *scored;			/* [n] false: a NULL feature, and the model skips such rows */
	const UsScore *score;		/* [n] label 0 where not scored */
} UsScoredBlock;

/*
 * Takes a block.  The plan of the source may be parallel, and the source is guarded by
 * transaction_read_only: the function may write as CREATE TABLE AS does, into a table
 * of this transaction that nobody else sees, with a transaction id assigned before.
 */
typedef void (*UsBlockFunction) (const UsScoredBlock *block, void *arg);

/* What was met on the way, in rows of the source. */
typedef struct UsBlockCounts
{
	int64		n_rows;
	int64		n_unscored;		/* skipped because of a NULL feature */
	int64		n_imputed;		/* scored, with a NULL feature imputed */
	int64		n_unseen;		/* scored, with a category or tag not seen in training */
	int64		n_not_finite;	/* with NaN or infinity, taken as NULL */
	int			n_workers;		/* that scored, beside this process */
	int64		n_bad_dim;		/* with a vector of another length, taken as NULL */
} UsBlockCounts;

/*
 * Match the columns of a source with the features of a model and find its id column.
 * Raises 42703 naming all features, or the id, that the source has not, 42804 for
 * types that do not fit, 42702 for an id column that it has twice.  Lives in the
 * current memory context.
 */
extern UsBlockScorer *us_block_scorer(const UsModel *model, UsSource *source, const char *id);

/* The id column of the source. */
extern Form_pg_attribute us_block_scorer_id(const UsBlockScorer *scorer);

/*
 * Run the source, once, and score every row.  Raises 22004 for a NULL id, and for a
 * NULL feature, with the id, when the model's null policy is 'error'; 53200 when userseg.max_memory has no
 * room for a batch.
 */
extern void us_block_scorer_run(UsBlockScorer *scorer, UsBlockFunction function, void *arg,
								UsBlockCounts *counts);

#endif
