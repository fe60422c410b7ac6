/*
 * explain_train.c
 *	  userseg.explain_train: what train would do with the same arguments.
 *
 * The source is read and the encoder learned, since only the data tell which
 * columns are constant and how wide the categories are; nothing is fitted or stored.
 */
#include "postgres.h"

#include "data/params_json.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "math/hash.h"
#include "model/catalog.h"
#include "model/report_json.h"
#include "verbs/holdout.h"
#include "verbs/suspects.h"
#include "verbs/train.h"

typedef struct Lines
{
	UsExplainLine *line;
	int			n;
	int			room;
} Lines;

static void
add(Lines *l, const char *topic, const char *item, char *value, char *note)
{
	if (l->n == l->room)
	{
		l->room *= 2;
		l->line = repalloc(l->line, l->room * sizeof(UsExplainLine));
	}
	l->line[l->n++] = (UsExplainLine) {topic, item, value, note};
}

static char *
megabytes(uint64 bytes)
{
	return psprintf("%.1f MB", bytes / 1048576.0);
}

static const char *
use_name(UsUse use)
{
	switch (use)
	{
		case US_USE_NONE:
			return "unused";
		case US_USE_FEATURE:
			return "feature";
		case US_USE_TARGET:
			return "target";
		case US_USE_WEIGHT:
			return "weight";
		case US_USE_TIME:
			return "time";
		case US_USE_ID:
			return "id";
	}
	return "";
}

/* What becomes of each column of the source. */
static void
explain_columns(Lines *l, const UsPrepared *p)
{
	for (int i = 0; i < p->info->ncolumns; i++)
	{
		const UsSourceColumn *c = &p->info->column[i];

		add(l, "column", c->name, psprintf("%s (%s)", use_name(c->use), c->type_name),
			c->reason ? pstrdup(c->reason) : NULL);
	}
}

/* The parameters in force. */
static char *
params_text(const UsPrepared *p)
{
	Jsonb	   *jb = us_report_to_jsonb(us_params_report(p->recipe.params));

	return JsonbToCString(NULL, &jb->root, VARSIZE(jb));
}

/* The encoded columns of each feature. */
static void
explain_encoding(Lines *l, const UsPrepared *p)
{
	for (int i = 0; i < us_encoder_nfeatures(p->encoder); i++)
	{
		const UsFeature *f = us_encoder_feature(p->encoder, i);
		StringInfoData names;

		initStringInfo(&names);
		for (int j = f->first; j < f->first + Min(f->width, 10); j++)
			appendStringInfo(&names, "%s%s", j > f->first ? ", " : "",
							 us_encoder_column(p->encoder, j)->name);
		if (f->width > 10)
			appendStringInfo(&names, ", ... (%d more)", f->width - 10);
		add(l, "encoding", f->name,
			f->width == 0 ? pstrdup("dropped: constant") : psprintf("%d columns", f->width),
			f->width == 0 ? NULL : names.data);
	}
}

/* Rows on both sides of the hold-out. */
static char *
holdout_text(const UsTrainArgs *args, UsPrepared *p)
{
	UsSplit		split = us_holdout_split(args, p);
	UsFrame    *rest = us_frame_view(p->frame, us_split_holdout, &split, p->budget);
	int64		n = rest->nrows;

	us_frame_free(rest);
	return psprintf(INT64_FORMAT " rows to learn from, " INT64_FORMAT " to measure on",
					p->frame->nrows - n, n);
}

/* What is to be predicted, and what is measured on; suspects become warnings. */
static void
explain_target(Lines *l, const UsTrainArgs *args, UsPrepared *p)
{
	UsTarget   *target;
	int			n;

	if (p->recipe.task == US_TASK_CLUSTERING)
		return;
	target = us_recipe_target(&p->recipe, p->frame);
	if (target->task == US_TASK_REGRESSION)
		add(l, "target", target->name, psprintf("number from %g to %g", target->min, target->max), NULL);
	for (int k = 0; k < target->n_classes; k++)
		add(l, "target", target->class_name[k], psprintf(INT64_FORMAT " rows", target->class_rows[k]),
			k == target->positive ? pstrdup("the positive class") : NULL);
	add(l, "holdout", args->holdout == 0 ? "none" : args->time_column ? "by time" : "by key",
		holdout_text(args, p), NULL);
	us_suspects_warn(p, target, &n);
}

static void
explain_memory(Lines *l, const UsPrepared *p)
{
	uint64		need = p->recipe.algorithm->memory(p->recipe.params, p->frame->nrows,
											us_encoder_width(p->encoder));
	uint64		allowed = (uint64) us_max_memory_kb * 1024;

	add(l, "memory", "rows as read", megabytes(us_source_frame_bytes(p->info, p->frame->nrows)),
		p->frame->spilled ? pstrdup("spilled to a temporary file") : NULL);
	add(l, "memory", "training", megabytes(need),
		us_budget_used(p->budget) + need > allowed
		? pstrdup("more than is left of userseg.max_memory: would be spilled to a temporary file") : NULL);
	add(l, "memory", "allowed", megabytes(allowed), pstrdup("userseg.max_memory"));
}

/* ---- k and distinct rows ---- */

/* A set of hashes of rows that stops growing at its room. */
typedef struct RowSet
{
	uint64	   *slot;			/* [mask + 1]; 0: free */
	uint32		mask;
	int			n;
} RowSet;

static void
add_row(RowSet *set, uint64 hash)
{
	uint32		at = (uint32) hash & set->mask;

	hash |= (uint64) 1 << 63;
	while (set->slot[at] != 0 && set->slot[at] != hash)
		at = (at + 1) & set->mask;
	set->n += set->slot[at] == 0;
	set->slot[at] = hash;
}

/* Distinct encoded rows, counted up to enough of them. */
static int
distinct_rows(const UsPrepared *p, int enough)
{
	int			width = us_encoder_width(p->encoder);
	double	   *x = MemoryContextAllocHuge(CurrentMemoryContext, (Size) width * US_CHUNK_ROWS * sizeof(double));
	double	   *row = palloc(width * sizeof(double));
	RowSet		set = {.mask = 15};

	while (set.mask < 2 * (uint32) enough)
		set.mask = 2 * set.mask + 1;
	set.slot = palloc0((set.mask + 1) * sizeof(uint64));
	for (int i = 0; i < p->frame->nchunks && set.n < enough; i++)
	{
		const UsChunk *chunk = us_frame_chunk(p->frame, i);

		us_progress("distinct rows", i, p->frame->nchunks);
		us_encoder_apply_chunk(p->encoder, chunk, x, US_CHUNK_ROWS);
		for (int r = 0; r < chunk->nrows && set.n < enough; r++)
		{
			for (int j = 0; j < width; j++)
				row[j] = x[(Size) j * US_CHUNK_ROWS + r] + 0.0;	/* no negative zeros */
			add_row(&set, us_hash_bytes(row, width * sizeof(double), 0));
		}
	}
	pfree(x);
	pfree(row);
	pfree(set.slot);
	return set.n;
}

/* The error that the training would end with. */
static void
check_k(const UsPrepared *p)
{
	const UsParam *k = NULL;
	int64		least;
	int			distinct;

	for (int i = 0; i < p->recipe.params->n; i++)
		if (p->recipe.task == US_TASK_CLUSTERING && strcmp(p->recipe.params->spec[i].name, "k") == 0)
			k = &p->recipe.params->value[i];
	if (k == NULL || !k->given || k->is_auto)
		return;
	least = k->is_range ? k->lo : k->integer;
	distinct = distinct_rows(p, (int) least);
	if (distinct < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k is " INT64_FORMAT ", but the source has only %d distinct rows", least, distinct),
				 errdetail(INT64_FORMAT " rows, %d encoded columns.",
						   p->frame->nrows, us_encoder_width(p->encoder)),
				 errhint("Use a k of at most %d, or more columns.", distinct)));
}

UsExplainLine *
us_explain_train(const UsTrainArgs *args, int *n)
{
	UsPrepared	p;
	UsSourceEstimate estimate;
	Lines		l = {palloc(32 * sizeof(UsExplainLine)), 0, 32};

	us_catalog_check_model(args->model);
	if (args->alias)
		us_reference_check_name(args->alias, "alias");
	us_train_read(args, &p);
	us_train_encode(&p);
	check_k(&p);
	us_source_estimate(p.source, &estimate);

	add(&l, "source", "kind", pstrdup(OidIsValid(us_source_relation(p.source)) ? "relation" : "query"), NULL);
	add(&l, "source", "rows", psprintf(INT64_FORMAT, p.info->n_read),
		psprintf("the planner expected %.0f", estimate.rows));
	if (p.info->n_workers > 0)
		add(&l, "source", "workers", psprintf("%d", p.info->n_workers), NULL);
	add(&l, "source", "rows used", psprintf(INT64_FORMAT, p.frame->nrows),
		p.info->n_read == p.frame->nrows ? NULL
		: psprintf(INT64_FORMAT " left out: " INT64_FORMAT " with a NULL, " INT64_FORMAT
				   " without target or time, " INT64_FORMAT " of weight 0",
				   p.info->n_read - p.frame->nrows, p.info->n_null, p.info->n_unlabelled,
				   p.info->n_weightless));
	add(&l, "algorithm", p.recipe.algorithm->name, pstrdup(us_task_name(p.recipe.task)),
		pstrdup(p.recipe.algorithm->description));
	add(&l, "algorithm", "parameters", params_text(&p), pstrdup("null: the algorithm chooses"));
	explain_target(&l, args, &p);
	explain_columns(&l, &p);
	explain_encoding(&l, &p);
	explain_memory(&l, &p);
	for (int i = 0; i < p.n_warnings; i++)
		add(&l, "warning", "", p.warnings[i], NULL);
	us_frame_free(p.frame);
	us_progress_end();
	*n = l.n;
	return l.line;
}
