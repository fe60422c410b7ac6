/*
 * score_block.c
 *	  Scoring a whole source, in blocks.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "data/key.h"
#include "data/record.h"
#include "infra/progress.h"
#include "model/answer.h"
#include "verbs/score.h"
#include "verbs/score_block.h"

/* bytes that an encoded block may take, so that wide models use shorter blocks */
#define BLOCK_BYTES	(1024 * 1024)

struct UsBlockScorer
{
	const UsModel *model;
	const UsEncoder *encoder;
	UsNullPolicy null_policy;
	UsSource   *source;
	UsRecordMap *map;			/* of the columns of the source */
	Form_pg_attribute id;
	UsKeyReader id_reader;		/* for messages */
	int			width;
	UsValue    *value;			/* [nfeatures] */
	double	   *row;			/* [width] */

	/* the block */
	int			capacity;		/* rows */
	int			n;
	double	   *x;				/* [width][capacity] */
	Datum	   *block_id;		/* [capacity] */
	bool	   *scored;			/* [capacity] */
	UsScore    *score;			/* [capacity] */
	MemoryContext block_context;	/* what belongs to its rows */

	/* who gets it */
	UsBlockFunction function;
	void	   *arg;
	UsBlockCounts *counts;
};

/* The id column of a source, checked where those of all verbs are. */
static Form_pg_attribute
find_id(const UsSource *source, const char *id, UsKeyReader *reader)
{
	UsSourceSpec spec = {.id = id, .all_features = true, .null_policy = US_NULL_IMPUTE};
	UsSourceInfo *info = us_source_columns(source, &spec);
	Form_pg_attribute column = TupleDescAttr(us_source_tupdesc(source), info->id);

	us_key_reader_init(reader, column->atttypid);
	return column;
}

UsBlockScorer *
us_block_scorer(const UsModel *model, UsSource *source, const char *id)
{
	UsBlockScorer *s = palloc0(sizeof(UsBlockScorer));
	Size		row_bytes;

	s->model = model;
	s->encoder = model->artifact->encoder;
	s->null_policy = us_encoder_null_policy(s->encoder);
	s->source = source;
	s->map = us_record_map(s->encoder, us_source_tupdesc(source), CurrentMemoryContext);
	s->id = find_id(source, id, &s->id_reader);
	s->width = us_encoder_width(s->encoder);
	s->value = palloc0(sizeof(UsValue) * Max(us_encoder_nfeatures(s->encoder), 1));
	row_bytes = sizeof(double) * Max(s->width, 1);
	s->row = palloc(row_bytes);
	s->capacity = Max(1, Min(US_BLOCK_ROWS, BLOCK_BYTES / row_bytes));
	s->x = palloc0(row_bytes * s->capacity);
	s->block_id = palloc(sizeof(Datum) * s->capacity);
	s->scored = palloc(sizeof(bool) * s->capacity);
	s->score = palloc(sizeof(UsScore) * s->capacity);
	return s;
}

Form_pg_attribute
us_block_scorer_id(const UsBlockScorer *scorer)
{
	return scorer->id;
}

/* Score the rows of the block, hand them over, and begin a new one. */
static void
flush_block(UsBlockScorer *s)
{
	const UsArtifact *artifact = s->model->artifact;
	UsScoredBlock block = {s->n, s->block_id, s->scored, s->score};
	MemoryContext old = MemoryContextSwitchTo(s->block_context);

	us_answer_block(artifact, s->x, s->capacity, s->n, s->score);
	for (int i = 0; i < s->n; i++)
		if (!s->scored[i])
			s->score[i] = (UsScore) {.value = NAN, .probability = NAN, .margin = NAN, .distance = NAN};
	s->function(&block, s->arg);
	us_progress("scoring", s->counts->n_rows, 0);
	s->n = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(s->block_context);
}

pg_noreturn static void
null_id_error(const UsBlockScorer *s)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("id \"%s\" is NULL in row " INT64_FORMAT " of the source",
					NameStr(s->id->attname), s->counts->n_rows),
			 errhint("Leave such rows out: WHERE %s IS NOT NULL.",
					 quote_identifier(NameStr(s->id->attname)))));
}

/* Encode a row into s->row; false if the row is to be skipped. */
static bool
encode_row(UsBlockScorer *s, TupleTableSlot *slot, Datum id)
{
	UsRowNotes	notes = {0};

	us_record_slot(s->map, slot, s->value);
	us_encoder_apply_row(s->encoder, s->value, s->row, &notes);
	if (notes.first_null >= 0 && s->null_policy == US_NULL_ERROR)
		us_score_null_error(s->model, notes.first_null, us_row_key_show(&s->id_reader, id));
	s->counts->n_not_finite += notes.n_not_finite > 0;
	s->counts->n_bad_dim += notes.n_bad_dim > 0;
	if (notes.first_null >= 0 && s->null_policy == US_NULL_SKIP)
	{
		s->counts->n_unscored++;
		return false;
	}
	s->counts->n_imputed += notes.n_imputed > 0;
	s->counts->n_unseen += notes.n_unseen > 0;
	return true;
}

/* Take a row of the source into the block. */
static bool
take_row(TupleTableSlot *slot, void *arg)
{
	UsBlockScorer *s = arg;
	int			i = s->n;
	bool		isnull;
	Datum		id;
	MemoryContext old;

	s->counts->n_rows++;
	id = slot_getattr(slot, s->id->attnum, &isnull);
	if (isnull)
		null_id_error(s);
	old = MemoryContextSwitchTo(s->block_context);
	s->block_id[i] = datumCopy(id, s->id->attbyval, s->id->attlen);
	s->scored[i] = encode_row(s, slot, id);
	for (int j = 0; j < s->width; j++)
		s->x[(Size) j * s->capacity + i] = s->scored[i] ? s->row[j] : 0;
	MemoryContextSwitchTo(old);
	if (++s->n == s->capacity)
		flush_block(s);
	return true;
}

void
us_block_scorer_run(UsBlockScorer *s, UsBlockFunction function, void *arg, UsBlockCounts *counts)
{
	memset(counts, 0, sizeof(UsBlockCounts));
	s->function = function;
	s->arg = arg;
	s->counts = counts;
	s->n = 0;
	s->block_context = AllocSetContextCreate(CurrentMemoryContext, "userseg block",
											 ALLOCSET_DEFAULT_SIZES);
	us_source_each(s->source, take_row, s);
	if (s->n > 0)
		flush_block(s);
	MemoryContextDelete(s->block_context);
}
