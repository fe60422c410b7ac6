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
#include "eval/score_team.h"
#include "infra/guc.h"
#include "infra/parallel.h"
#include "infra/progress.h"
#include "model/answer.h"
#include "verbs/score.h"
#include "verbs/score_block.h"

/* rows that are scored at a time */
#define BATCH_ROWS	16384

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

	/* the batch */
	UsScoreTeam *team;
	int			capacity;		/* rows */
	int			n;
	double	   *x;				/* [width][stride] */
	int			stride;
	Datum	   *batch_id;		/* [capacity] */
	bool	   *scored;			/* [capacity] */
	UsScore		score[US_BLOCK_ROWS];	/* answers of a block of them */
	MemoryContext batch_context;	/* what belongs to its rows */

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

	s->model = model;
	s->encoder = model->artifact->encoder;
	s->null_policy = us_encoder_null_policy(s->encoder);
	s->source = source;
	s->map = us_record_map(s->encoder, us_source_tupdesc(source), CurrentMemoryContext);
	s->id = find_id(source, id, &s->id_reader);
	s->width = us_encoder_width(s->encoder);
	s->value = palloc0(sizeof(UsValue) * Max(us_encoder_nfeatures(s->encoder), 1));
	s->row = palloc(sizeof(double) * Max(s->width, 1));
	return s;
}

Form_pg_attribute
us_block_scorer_id(const UsBlockScorer *scorer)
{
	return scorer->id;
}

/* Hand over rows first .. first + n of the batch, as the algorithm scored them; proba[n_labels] of each, or NULL. */
static void
hand_over(UsBlockScorer *s, int first, int n, const UsScore *score, const double *proba)
{
	const UsArtifact *a = s->model->artifact;
	UsScoredBlock block = {n, s->batch_id + first, s->scored + first, s->score};
	double	   *p = palloc(sizeof(double) * Max(a->n_labels, 1));

	for (int i = 0; i < n; i++)
	{
		s->score[i] = (UsScore) {.value = NAN, .probability = NAN, .margin = NAN, .distance = NAN};
		if (!s->scored[first + i])
			continue;
		s->score[i] = score[first + i];
		if (proba)
			memcpy(p, proba + (Size) (first + i) * a->n_labels, sizeof(double) * a->n_labels);
		us_answer_finish(a, p, &s->score[i]);
	}
	s->function(&block, s->arg);
}

/* Score the rows of the batch, hand them over, and begin a new one. */
static void
flush_batch(UsBlockScorer *s)
{
	MemoryContext old = MemoryContextSwitchTo(s->batch_context);
	const double *proba;
	const UsScore *score = us_score_team_run(s->team, s->n, &proba);

	for (int first = 0; first < s->n; first += US_BLOCK_ROWS)
		hand_over(s, first, Min(US_BLOCK_ROWS, s->n - first), score, proba);
	us_progress("scoring", s->counts->n_rows, 0);
	s->n = 0;
	s->x = us_score_team_x(s->team, &s->stride);
	MemoryContextSwitchTo(old);
	MemoryContextReset(s->batch_context);
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

/* Take a row of the source into the batch. */
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
	old = MemoryContextSwitchTo(s->batch_context);
	s->batch_id[i] = datumCopy(id, s->id->attbyval, s->id->attlen);
	s->scored[i] = encode_row(s, slot, id);
	for (int j = 0; j < s->width; j++)
		s->x[(Size) j * s->stride + i] = s->scored[i] ? s->row[j] : 0;
	MemoryContextSwitchTo(old);
	if (++s->n == s->capacity)
		flush_batch(s);
	return true;
}

void
us_block_scorer_run(UsBlockScorer *s, UsBlockFunction function, void *arg, UsBlockCounts *counts)
{
	const UsArtifact *a = s->model->artifact;
	UsScoreJob	job = {
		.algorithm = a->algorithm,
		.model = a->model,
		.width = s->width,
		.n_labels = a->n_labels,
		.proba = us_answer_needs_proba(a),
		.rows = BATCH_ROWS,
		.within = true,
		.workers = us_source_parallel_safe(s->source) ? us_team_workers_allowed() : 0,
		.budget = us_budget_create((Size) us_max_memory_kb * 1024)
	};

	memset(counts, 0, sizeof(UsBlockCounts));
	s->function = function;
	s->arg = arg;
	s->counts = counts;
	s->team = us_score_team(&job);
	s->capacity = us_score_team_rows(s->team);
	s->x = us_score_team_x(s->team, &s->stride);
	s->batch_id = palloc(sizeof(Datum) * s->capacity);
	s->scored = palloc(sizeof(bool) * s->capacity);
	s->n = 0;
	s->batch_context = AllocSetContextCreate(CurrentMemoryContext, "userseg batch",
											 ALLOCSET_DEFAULT_SIZES);
	us_source_each(s->source, take_row, s);
	if (s->n > 0)
		flush_batch(s);
	counts->n_workers = us_score_team_workers(s->team);
	us_score_team_end(s->team);
	MemoryContextDelete(s->batch_context);
}
