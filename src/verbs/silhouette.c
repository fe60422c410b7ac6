/*
 * silhouette.c
 *	  userseg.silhouette: from a source with labels to silhouettes.
 *
 * Label and id go through the frame as one text, "bytes of the label:label id", the target of a query around
 * the source; so the source is read once and rows keep their names.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "data/source.h"
#include "data/transform.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "learn/figures.h"
#include "learn/labelled.h"
#include "learn/silhouette_task.h"
#include "model/report_json.h"
#include "verbs/silhouette.h"
#include "verbs/train.h"

#define MOST_SAMPLE_ROWS	1000000
#define LEAST_SAMPLE_ROWS	10

/* A label of the source. */
typedef struct Label
{
	const char *text;			/* not terminated */
	int			len;
	const char *id;				/* what follows it */
	int			id_len;
	int			code;
} Label;

typedef struct Work
{
	const UsSilhouetteArgs *args;
	UsMetric	metric;
	UsNullPolicy null_policy;
	UsBudget   *budget;
	UsArena    *arena;
	UsFrame    *frame;
	UsEncoder  *encoder;
	UsSpace    *space;
	int			target;			/* column of the frame */
	int			k;
	char	  **name;			/* [k] labels, by their bytes */
	Label	   *entry;			/* of each code */
	int32	   *rank;			/* of each code: 0 .. k - 1 */
	UsLabelled	rows;
	double	   *each;			/* of each point */
	int32	   *neighbour;

	/* showing rows */
	const UsLabelledIndex *index;
	UsFineRows *fine;
	int			chunk;
	uint16	   *label;			/* [US_CHUNK_ROWS] */
	UsSilhouetteRow row;
	void	   *context;
} Work;

static void
check_args(Work *w)
{
	const UsSilhouetteArgs *args = w->args;

	if (!us_metric_find(args->metric, &w->metric) ||
		(w->metric != US_METRIC_EUCLIDEAN && w->metric != US_METRIC_COSINE && w->metric != US_METRIC_MANHATTAN))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no silhouette for metric \"%s\"", args->metric),
				 errhint("Metrics are \"euclidean\", \"cosine\" and \"manhattan\".")));
	if (args->sample_rows < LEAST_SAMPLE_ROWS || args->sample_rows > MOST_SAMPLE_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sample_rows is %d, outside of %d to %d", args->sample_rows,
						LEAST_SAMPLE_ROWS, MOST_SAMPLE_ROWS),
				 errhint("Time grows with its square; 10000 is usual.")));
	if (args->workers > US_SILHOUETTE_MOST_WORKERS || args->workers < -1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("workers is %d, outside of 0 to %d", args->workers, US_SILHOUETTE_MOST_WORKERS),
				 errhint("NULL takes as many as the work is worth.")));
	w->null_policy = us_null_policy_parse(args->null_policy);
}

/* ---- the source ---- */

/* The query around the source, with label and id as one text in the place of the label. */
static char *
query_around(const UsSource *source, const UsSilhouetteArgs *args)
{
	TupleDesc	tupdesc = us_source_tupdesc(source);
	char	   *label = psprintf("(s.%s)::pg_catalog.text", quote_identifier(args->label));
	StringInfoData q;

	initStringInfo(&q);
	appendStringInfo(&q, "SELECT CASE WHEN %s IS NOT NULL THEN pg_catalog.concat(pg_catalog.octet_length(%s), ':', %s",
					 label, label, label);
	if (args->id != NULL)
		appendStringInfo(&q, ", (s.%s)::pg_catalog.text", quote_identifier(args->id));
	appendStringInfo(&q, ") END AS %s", quote_identifier(args->label));
	for (int i = 0; i < tupdesc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(tupdesc, i)->attname);

		if (strcmp(name, args->label) != 0)
			appendStringInfo(&q, ", s.%s", quote_identifier(name));
	}
	appendStringInfo(&q, " FROM %s s", us_source_from(source));
	return q.data;
}

static void
read_source(Work *w)
{
	const UsSilhouetteArgs *args = w->args;
	UsSourceSpec spec = {0};
	UsSource   *source;
	UsSourceInfo *info;
	ListCell   *lc;

	spec.target = args->label;
	spec.id = args->id;
	spec.all_features = args->n_features < 0;
	spec.n_features = Max(args->n_features, 0);
	spec.features = args->features;
	spec.weight = args->weight;
	spec.null_policy = w->null_policy;

	source = us_source_open(args->source);
	(void) us_source_columns(source, &spec);
	source = us_source_open(query_around(source, args));
	info = us_source_columns(source, &spec);
	us_progress("read the source", 0, 0);
	w->frame = us_source_read(source, &spec, w->budget, info);
	foreach(lc, info->warnings)
		ereport(WARNING, (errmsg("%s", (char *) lfirst(lc))));
	if (w->frame->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no rows with a label%s", args->weight ? " and a weight above 0" : ""),
				 errdetail(INT64_FORMAT " rows were read.", info->n_read)));
	for (int j = 0; j < w->frame->ncolumns; j++)
		if (w->frame->column[j].role == US_ROLE_TARGET)
			w->target = j;
}

/* ---- labels ---- */

static int
compare_labels(const void *a, const void *b)
{
	const Label *x = (const Label *) a;
	const Label *y = (const Label *) b;
	int			order = memcmp(x->text, y->text, Min(x->len, y->len));

	return order != 0 ? order : x->len - y->len;
}

/* Take an entry of the dictionary apart. */
static Label
take_apart(const char *bytes, int len, int code)
{
	const char *colon = memchr(bytes, ':', len);
	Label		l;

	if (colon == NULL)
		elog(ERROR, "label without length");
	l.text = colon + 1;
	l.len = pg_strtoint32(pnstrdup(bytes, colon - bytes));
	l.id = l.text + l.len;
	l.id_len = (int) (bytes + len - l.id);
	l.code = code;
	return l;
}

/* Number the labels in the order of their bytes. */
static void
number_labels(Work *w)
{
	const UsDictionary *dictionary = w->frame->column[w->target].dictionary;
	int			n = us_dictionary_size(dictionary);
	Label	   *sorted = (Label *) us_arena_array(w->arena, n, sizeof(Label));

	w->entry = (Label *) us_arena_array(w->arena, n, sizeof(Label));
	w->rank = (int32 *) us_arena_array(w->arena, n, sizeof(int32));
	for (int i = 0; i < n; i++)
	{
		int			len;
		const char *bytes = us_dictionary_get(dictionary, i, &len);

		sorted[i] = w->entry[i] = take_apart(bytes, len, i);
	}
	qsort(sorted, n, sizeof(Label), compare_labels);
	for (int i = 0; i < n; i++)
	{
		w->k += i == 0 || compare_labels(&sorted[i - 1], &sorted[i]) != 0;
		w->rank[sorted[i].code] = w->k - 1;
	}
	if (w->k > US_LABELLED_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" has %d different labels, at most %d are possible",
						w->args->label, w->k, US_LABELLED_MOST)));
	w->name = (char **) us_arena_array(w->arena, w->k, sizeof(char *));
	for (int i = 0; i < n; i++)
		if (w->name[w->rank[i]] == NULL)
			w->name[w->rank[i]] = pnstrdup(w->entry[i].text, w->entry[i].len);
}

/* A UsLabelsOfChunk. */
static void
labels_of_chunk(void *context, int i, const UsMatrixChunk *chunk, uint16 *label)
{
	const Work *w = (const Work *) context;
	const UsChunk *in = us_frame_chunk(w->frame, i);

	for (int r = 0; r < chunk->nrows; r++)
		label[r] = (uint16) w->rank[in->column[w->target].code[r]];
}

/* ---- figures ---- */

static void
prepare(Work *w)
{
	UsTransform *transform = us_transform_parse(w->args->transform);
	int			capacity;

	us_progress("learn the preprocessing", 0, 0);
	w->encoder = us_encoder_learn(w->frame, transform, w->null_policy, (uint64) w->args->seed, w->budget);
	for (int i = 0; i < us_encoder_nwarnings(w->encoder); i++)
		ereport(WARNING, (errmsg("%s", us_encoder_warning(w->encoder, i))));
	w->space = us_space_create(w->encoder, w->frame, w->metric == US_METRIC_COSINE);
	number_labels(w);
	capacity = (int) Min(w->args->sample_rows, w->frame->nrows);
	us_budget_take(w->budget, us_labelled_bytes(w->space, capacity), "rows for silhouettes");
	us_budget_release(w->budget, us_labelled_bytes(w->space, capacity));
	w->rows = us_labelled_read(w->space, w->frame, w->encoder, labels_of_chunk, w, capacity,
							   (uint64) w->args->seed, w->arena, w->budget);
}

/* Weight of a point, all its rows together, in units that all points share. */
static double
point_weight(const UsPoints *p, int i)
{
	return p->weight ? (double) p->weight[i] : 1;
}

/* Mean silhouette and rows of each label. */
static void
report_labels(const Work *w, double unit, UsReport *details)
{
	const UsSilhouetteArgs *args = w->args;
	const UsPoints *p = w->rows.points;
	double	   *sum = (double *) us_arena_array(w->arena, w->k, sizeof(double));
	double	   *weight = (double *) us_arena_array(w->arena, w->k, sizeof(double));
	int64	   *rows = (int64 *) us_arena_array(w->arena, w->k, sizeof(int64));
	UsReport   *table = us_report_add_array(details, "labels");

	for (int i = 0; i < p->n; i++)
	{
		int			c = w->rows.label[i];

		sum[c] += point_weight(p, i) * w->each[i];
		weight[c] += point_weight(p, i);
		rows[c] += p->rows ? p->rows[i] : 1;
	}
	for (int c = 0; c < w->k; c++)
	{
		UsReport   *row = us_report_add_object(table, NULL);

		us_report_text(row, "label", w->name[c]);
		us_report_int(row, "rows", rows[c]);
		if (args->weight != NULL)
			us_report_number(row, "weight", weight[c] * unit);
		us_report_number(row, "silhouette", sum[c] / weight[c]);
	}
}

static void
compute(Work *w, UsSilhouetteResult *result)
{
	const UsPoints *p = w->rows.points;
	UsSums		sums = us_sums_at(us_arena_alloc(w->arena, us_sums_bytes(w->k, p->width)), w->k, p->width);
	UsMeasure	measure = {us_points_rows(p), ldexp(1.0, -w->space->weight_exponent), 0};
	int			joined;
	UsReport   *details = us_report_object();
	UsFigures	f;

	w->each = (double *) us_arena_array(w->arena, p->n, sizeof(double));
	w->neighbour = (int32 *) us_arena_array(w->arena, p->n, sizeof(int32));
	for (int i = 0; i < p->n; i++)
	{
		w->each[i] = NAN;
		w->neighbour[i] = -1;
	}
	us_progress("silhouettes", 0, 0);
	result->silhouette = us_silhouettes_by_team(w->metric, p, w->rows.fine, w->rows.label, w->k, w->args->workers,
												w->budget, w->each, w->neighbour, &joined);
	result->n_rows = (int64) measure.rows;
	us_figures_init(&f, w->k);
	us_points_sums(p, w->rows.label, &sums);
	us_figures_measure(&f, p, w->rows.label, &sums, &measure);
	us_report_bool(details, "exact", w->rows.complete);
	us_report_int(details, "source_rows", w->frame->nrows);
	us_report_number(details, "inertia", f.inertia);
	us_report_number(details, "davies_bouldin", f.davies_bouldin);
	us_report_number(details, "calinski_harabasz", f.calinski_harabasz);
	us_report_int(details, "workers", joined);
	report_labels(w, measure.weight_unit, details);
	result->details = us_report_to_jsonb(details);
}

/* ---- one value a row ---- */

/* A UsMatrixVisit: show the rows of the chunk that are among the points. */
static void
show_rows(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	Work	   *w = (Work *) context;
	const UsChunk *in = us_frame_chunk(w->frame, w->chunk);

	labels_of_chunk(w, w->chunk, chunk, w->label);
	us_fine_chunk(w->fine, w->chunk++);
	for (int r = 0; r < chunk->nrows; r++)
	{
		int			i = us_labelled_find(w->index, w->fine, chunk, r, w->label[r]);
		const Label *l = &w->entry[in->column[w->target].code[r]];
		char	   *id;

		if (i < 0)
			continue;
		id = w->args->id ? pnstrdup(l->id, l->id_len) : NULL;
		w->row(w->context, id, w->name[w->label[r]],
			   w->neighbour[i] >= 0 ? w->name[w->neighbour[i]] : NULL, w->each[i]);
		if (id != NULL)
			pfree(id);
	}
}

static void
show(Work *w)
{
	UsMatrix	matrix = us_matrix_layout(w->space, w->frame);

	w->index = us_labelled_index(&w->rows, w->arena);
	w->fine = us_fine_rows(w->space, w->frame, w->encoder, w->arena);
	w->label = (uint16 *) us_arena_array(w->arena, US_CHUNK_ROWS, sizeof(uint16));
	us_matrix_encode(&matrix, NULL, false, w->space, w->frame, w->encoder, NULL, show_rows, w);
}

void
us_silhouette_verb(const UsSilhouetteArgs *args, UsSilhouetteRow row, void *context,
				   UsSilhouetteResult *result)
{
	Work		w = {0};

	w.args = args;
	w.row = row;
	w.context = context;
	check_args(&w);
	us_progress_begin(false);
	w.budget = us_budget_create((Size) us_max_memory_kb * 1024);
	w.arena = us_arena_create(CurrentMemoryContext, w.budget);
	read_source(&w);
	prepare(&w);
	compute(&w, result);
	if (args->each_row)
		show(&w);
	if (!w.rows.complete)
		ereport(NOTICE,
				(errmsg("silhouettes are those of a sample of %d distinct rows", w.rows.points->n),
				 errhint("A larger sample_rows compares more of the " INT64_FORMAT " rows.", w.frame->nrows)));
	us_frame_free(w.frame);
	us_arena_reset(w.arena);
	us_progress_end();
}
