/*
 * evaluate.c
 *	  userseg.evaluate: how good a stored model is on rows whose target is known.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"

#include "data/json.h"
#include "eval/measure.h"
#include "infra/progress.h"
#include "verbs/evaluate.h"

#define MOST_SLICES		100

typedef struct Lines
{
	UsEvaluateLine *line;
	int			n;
	int			room;
} Lines;

static UsEvaluateLine *
add_line(Lines *l)
{
	if (l->n == l->room)
	{
		l->room = Max(64, 2 * l->room);
		l->line = l->line ? repalloc(l->line, l->room * sizeof(UsEvaluateLine)) :
			palloc(l->room * sizeof(UsEvaluateLine));
	}
	return memset(&l->line[l->n++], 0, sizeof(UsEvaluateLine));
}

/* ---- what was stored at training ---- */

static double
member_number(const UsJsonMember *m, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		if (strcmp(m[i].key, key) == 0 && m[i].value.type == jbvNumeric)
			return us_json_number(&m[i].value);
	return NAN;
}

static const char *
member_text(const UsJsonMember *m, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		if (strcmp(m[i].key, key) == 0 && m[i].value.type == jbvString)
			return us_json_string(&m[i].value);
	return NULL;
}

static UsEvaluateLine *
stored(const char *reference, int *n)
{
	const UsModel *model = us_model_open(reference, US_PRIVILEGE_USAGE);
	const UsVersionLineage *lineage = us_catalog_lineage(&model->info);
	JsonbValue	root;
	UsJsonMember *item;
	Lines		l = {0};
	int			n_items = 0;

	if (lineage->metrics)
	{
		root = us_json_root(lineage->metrics);
		item = us_json_members(&root, &n_items);
	}
	for (int i = 0; i < n_items; i++)
	{
		int			n_members;
		UsJsonMember *m = us_json_members(&item[i].value, &n_members);
		UsEvaluateLine *line = add_line(&l);

		line->metric = member_text(m, n_members, "metric");
		line->value = member_number(m, n_members, "value");
		line->low = member_number(m, n_members, "ci_low");
		line->high = member_number(m, n_members, "ci_high");
		line->n = (int64) member_number(m, n_members, "n");
		line->interval = member_text(m, n_members, "interval");
	}
	if (n_items == 0 && lineage->metric)
	{
		UsEvaluateLine *line = add_line(&l);

		line->metric = lineage->metric;
		line->value = lineage->metric_value;
		line->low = line->high = NAN;
		line->n = model->info.n_rows;
	}
	*n = l.n;
	return l.line;
}

/* ---- rows of a source ---- */

static void
add_metrics(Lines *l, UsEvaluation *v, UsFrame *frame, const char *slice, bool sliced)
{
	UsAnswers  *a = us_evaluation_answers(v, 0, frame, 0);
	UsMetrics  *m = us_measure_answers(a, US_MEASURE_THOROUGH, v->each[0].recipe.seed, v->budget);

	us_answers_free(a);
	for (int i = 0; i < m->n; i++)
	{
		UsEvaluateLine *line = add_line(l);

		line->slice = slice;
		line->sliced = sliced;
		line->metric = m->metric[i].name;
		line->value = m->metric[i].value;
		line->low = m->metric[i].low;
		line->high = m->metric[i].high;
		line->n = m->metric[i].n;
		line->interval = m->metric[i].interval;
	}
}

/* A value of the column of slices; NaN or code -1: NULL. */
typedef struct Slice
{
	UsEvaluation *v;
	bool		category;
	int32		code;
	double		number;
	const char *name;			/* NULL: rows without a value */
} Slice;

static bool
in_slice(const Slice *s, const UsChunk *chunk, int r)
{
	const UsChunkColumn *c = &chunk->column[s->v->by];

	if (s->category)
		return c->code[r] == s->code;
	return c->number[r] == s->number || (isnan(s->number) && isnan(c->number[r]));
}

/* A UsRowChoice on evaluation->frame. */
static void
choose_slice(void *context, int i, const UsChunk *chunk, bool *keep)
{
	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = in_slice(context, chunk, r);
}

static int
compare_slices(const void *a, const void *b)
{
	const Slice *x = a;
	const Slice *y = b;

	if (x->name == NULL || y->name == NULL)
		return (x->name == NULL) - (y->name == NULL);
	if (!x->category && x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

static const char *
slice_name(const Slice *s)
{
	const UsColumn *column = &s->v->frame->column[s->v->by];
	int			len;
	const char *bytes;

	if (s->category ? s->code < 0 : isnan(s->number))
		return NULL;
	if (!s->category)
		return column->kind == US_KIND_BOOLEAN ? (s->number != 0 ? "true" : "false") :
			double_to_shortest_decimal(s->number);
	bytes = us_dictionary_get(column->dictionary, s->code, &len);
	return pnstrdup(bytes, len);
}

/* The different values of the column of slices, in their own order, NULL last. */
static Slice *
find_slices(UsEvaluation *v, int *n)
{
	const UsColumn *column = &v->frame->column[v->by];
	Slice	   *slice = palloc(sizeof(Slice) * MOST_SLICES);

	*n = 0;
	if (column->kind == US_KIND_TAGS || column->kind == US_KIND_VECTOR)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot make slices", column->name, column->type_name),
				 errhint("Slices come from a text, boolean or number with few different values.")));
	for (int i = 0; i < v->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(v->frame, i);

		us_progress("find slices", i, v->frame->nchunks);
		for (int r = 0; r < chunk->nrows; r++)
		{
			const UsChunkColumn *c = &chunk->column[v->by];
			int			known = 0;

			while (known < *n && !in_slice(&slice[known], chunk, r))
				known++;
			if (known < *n)
				continue;
			if (*n == MOST_SLICES)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("column \"%s\" has more than %d different values", column->name, MOST_SLICES),
						 errhint("Group them in the source, as with width_bucket or CASE.")));
			slice[*n].v = v;
			slice[*n].category = column->kind == US_KIND_CATEGORY;
			slice[*n].code = slice[*n].category ? c->code[r] : 0;
			slice[*n].number = slice[*n].category ? 0 : c->number[r];
			slice[*n].name = slice_name(&slice[*n]);
			(*n)++;
		}
	}
	qsort(slice, *n, sizeof(Slice), compare_slices);
	return slice;
}

UsEvaluateLine *
us_evaluate(const UsEvaluationArgs *args, int *n)
{
	UsEvaluation v;
	Lines		l = {0};
	Slice	   *slice;
	int			n_slices = 0;

	if (args->source == NULL && args->by == NULL)
		return stored(args->model, n);
	if (us_model_open(args->model, US_PRIVILEGE_USAGE)->artifact->task == US_TASK_CLUSTERING)
		return us_evaluate_clusters(args, n);
	us_evaluation_open(args, &v);
	add_metrics(&l, &v, v.frame, NULL, false);
	slice = v.by < 0 ? NULL : find_slices(&v, &n_slices);
	for (int i = 0; i < n_slices; i++)
	{
		UsFrame    *view = us_frame_view(v.frame, choose_slice, &slice[i], v.budget);

		add_metrics(&l, &v, view, slice[i].name, true);
		us_frame_free(view);
	}
	us_evaluation_close(&v);
	*n = l.n;
	return l.line;
}
