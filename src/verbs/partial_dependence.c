/*
 * partial_dependence.c
 *	  userseg.partial_dependence and userseg.individual_conditional_expectation: answers as a function of one
 *	  feature, their mean and row by row.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"

#include "eval/sample.h"
#include "infra/closest.h"
#include "infra/progress.h"
#include "math/hash.h"
#include "model/answer.h"
#include "stat/losses.h"
#include "stat/normal.h"
#include "verbs/explain.h"

#define LEVEL		0.95
#define MOST_LEVELS	100
#define BLOCK_ROWS	512

typedef struct Point
{
	double		number;			/* numbers */
	int32		code;			/* categories */
	const char *text;
} Point;

typedef struct Work
{
	UsEvaluation v;
	const UsArtifact *artifact;
	UsEncoder  *bound;
	UsArena    *arena;
	UsFrame    *frame;			/* the rows that are looked at */
	int			column;
	int			width;
	int			n_points;
	Point	   *point;
	double	   *x;				/* [width][US_CHUNK_ROWS] */
	double	   *number;			/* [US_CHUNK_ROWS] the value in all rows */
	int32	   *code;
	double	   *row;
	double	   *p;
	double	  **answer;			/* [outputs][nrows] */
	double	   *weight;			/* [nrows] or NULL */
	double		share;
	UsScore		score[BLOCK_ROWS];
} Work;

static int
find_feature(const Work *w, const char *name)
{
	const UsEncoder *encoder = w->artifact->encoder;
	UsClosest	closest;

	us_closest_init(&closest, name);
	for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
	{
		const UsFeature *feature = us_encoder_feature(encoder, f);

		if (feature->width == 0)
			continue;
		us_closest_offer(&closest, feature->name);
		if (strcmp(feature->name, name) == 0)
		{
			if (feature->kind == US_KIND_TAGS || feature->kind == US_KIND_VECTOR)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("feature \"%s\" of type %s has no single value to vary", name, feature->type_name),
						 errhint("importance() covers features of every kind.")));
			for (int j = 0; j < w->frame->ncolumns; j++)
				if (strcmp(w->frame->column[j].name, name) == 0)
					return j;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("model \"%s\" has no feature \"%s\"", w->v.each[0].model->info.model, name),
			 errhint("SELECT feature FROM userseg.feature_info('%s') lists them.%s",
					 w->v.each[0].model->info.model, us_closest_hint(&closest))));
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static int
compare_points(const void *a, const void *b)
{
	return strcmp(((const Point *) a)->text, ((const Point *) b)->text);
}

/* Quantiles of a number over the rows that have one, each once. */
static void
number_points(Work *w, int points)
{
	double	   *value = us_arena_array(w->arena, Max(w->frame->nrows, 1), sizeof(double));
	int64		n = 0;

	for (int i = 0; i < w->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(w->frame, i);

		for (int r = 0; r < chunk->nrows; r++)
			if (!isnan(chunk->column[w->column].number[r]))
				value[n++] = chunk->column[w->column].number[r];
	}
	qsort(value, n, sizeof(double), compare_doubles);
	w->point = us_arena_array(w->arena, points, sizeof(Point));
	for (int i = 0; i < points && n > 0; i++)
	{
		double		x = value[points == 1 ? n / 2 : (int64) llrint((double) i * (n - 1) / (points - 1))];

		if (w->n_points > 0 && w->point[w->n_points - 1].number == x)
			continue;
		w->point[w->n_points++] = (Point) {x, 0, double_to_shortest_decimal(x)};
	}
}

/* All values of a category that the rows have, by their bytes. */
static void
category_points(Work *w)
{
	const UsDictionary *dictionary = w->frame->column[w->column].dictionary;
	bool	   *seen = us_arena_array(w->arena, Max(us_dictionary_size(dictionary), 1), sizeof(bool));

	w->point = us_arena_array(w->arena, MOST_LEVELS, sizeof(Point));
	for (int i = 0; i < w->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(w->frame, i);

		for (int r = 0; r < chunk->nrows; r++)
		{
			int32		code = chunk->column[w->column].code[r];
			int			len;
			const char *bytes;

			if (code < 0 || seen[code])
				continue;
			seen[code] = true;
			if (w->n_points == MOST_LEVELS)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("feature \"%s\" has more than %d different values",
								w->frame->column[w->column].name, MOST_LEVELS),
						 errhint("Evaluate a query that has only rows with the most frequent ones.")));
			bytes = us_dictionary_get(dictionary, code, &len);
			w->point[w->n_points++] = (Point) {NAN, code, pnstrdup(bytes, len)};
		}
	}
	qsort(w->point, w->n_points, sizeof(Point), compare_points);
}

/* A UsRowChoice: a sample by keys. */
static void
choose_sample(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const Work *w = context;

	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = us_uniform(w->v.each[0].recipe.seed, chunk->key[r]) < w->share;
}

/* Number of answers of a row: one, or one a class. */
static int
outputs(const Work *w)
{
	return w->artifact->n_labels > 2 ? w->artifact->n_labels : 1;
}

/* Answers of all rows with the feature at a point. */
static void
answer_all(Work *w, const Point *point)
{
	int64		at = 0;

	for (int r = 0; r < US_CHUNK_ROWS; r++)
	{
		w->number[r] = point->number;
		w->code[r] = point->code;
	}
	for (int i = 0; i < w->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(w->frame, i);
		UsChunk		varied = *chunk;

		varied.column = palloc(sizeof(UsChunkColumn) * w->frame->ncolumns);
		memcpy(varied.column, chunk->column, sizeof(UsChunkColumn) * w->frame->ncolumns);
		varied.column[w->column].number = w->number;
		varied.column[w->column].code = w->code;
		us_encoder_apply_chunk(w->bound, &varied, w->x, US_CHUNK_ROWS);
		pfree(varied.column);
		for (int first = 0; first < chunk->nrows; first += BLOCK_ROWS)
		{
			int			n = Min(BLOCK_ROWS, chunk->nrows - first);

			us_progress("answers at a point", 0, 0);
			if (outputs(w) == 1)
				us_answer_block(w->artifact, w->x + first, US_CHUNK_ROWS, n, w->score);
			for (int r = 0; r < n; r++, at++)
			{
				if (w->weight)
					w->weight[at] = chunk->weight[first + r];
				if (outputs(w) == 1)
				{
					w->answer[0][at] = w->score[r].value;
					continue;
				}
				for (int j = 0; j < w->width; j++)
					w->row[j] = w->x[(Size) j * US_CHUNK_ROWS + first + r];
				us_answer_proba(w->artifact, w->row, w->p);
				for (int k = 0; k < outputs(w); k++)
					w->answer[k][at] = w->p[k];
			}
		}
	}
}

/* Open the model and the source and find the values that the feature is set to. */
static void
open_points(Work *w, const UsEvaluationArgs *args, const char *feature, int points)
{
	if (points < 1 || points > 1000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("points is %d, outside of 1 to 1000", points),
				 errhint("20 is usual.")));
	us_evaluation_open(args, &w->v);
	w->artifact = w->v.each[0].model->artifact;
	w->arena = us_arena_create(CurrentMemoryContext, w->v.budget);
	w->frame = w->v.frame;
	w->share = us_sample_share(w->frame, w->v.each[0].recipe.seed, US_DEPENDENCE_ROWS);
	if (w->share < 1 && w->share > 0)
	{
		w->frame = us_frame_view(w->v.frame, choose_sample, w, w->v.budget);
	}
	w->column = find_feature(w, feature);
	if (w->frame->column[w->column].kind == US_KIND_CATEGORY)
		category_points(w);
	else
		number_points(w, points);
}

/* Room for the answers of the rows of w->frame. */
static void
make_room(Work *w)
{
	w->bound = us_encoder_bind(w->artifact->encoder, w->frame);
	w->width = us_encoder_width(w->artifact->encoder);
	w->x = us_arena_array(w->arena, (Size) Max(w->width, 1) * US_CHUNK_ROWS, sizeof(double));
	w->number = us_arena_array(w->arena, US_CHUNK_ROWS, sizeof(double));
	w->code = us_arena_array(w->arena, US_CHUNK_ROWS, sizeof(int32));
	w->row = us_arena_array(w->arena, Max(w->width, 1), sizeof(double));
	w->p = us_arena_array(w->arena, Max(w->artifact->n_labels, 2), sizeof(double));
	w->answer = us_arena_array(w->arena, outputs(w), sizeof(double *));
	for (int k = 0; k < outputs(w); k++)
		w->answer[k] = us_arena_array(w->arena, Max(w->frame->nrows, 1), sizeof(double));
	if (w->frame->weighted)
		w->weight = us_arena_array(w->arena, Max(w->frame->nrows, 1), sizeof(double));
}

/* The class that output k is the probability of; NULL: none. */
static const char *
class_name(const Work *w, int k)
{
	return w->artifact->task == US_TASK_REGRESSION ? NULL :
		w->artifact->class_names[outputs(w) > 1 ? k : w->artifact->positive];
}

UsDependenceLine *
us_partial_dependence(const UsEvaluationArgs *args, const char *feature, int points, int *n)
{
	Work	   *w = palloc0(sizeof(Work));
	UsDependenceLine *line;
	double		z = us_normal_quantile(1 - (1 - LEVEL) / 2);

	open_points(w, args, feature, points);
	make_room(w);
	line = palloc0(sizeof(UsDependenceLine) * Max(w->n_points * outputs(w), 1));
	*n = 0;
	for (int i = 0; i < w->n_points; i++)
	{
		answer_all(w, &w->point[i]);
		for (int k = 0; k < outputs(w); k++)
		{
			UsMean		mean = us_weighted_mean(w->answer[k], w->weight, w->frame->nrows);
			UsDependenceLine *l = &line[(*n)++];

			l->value = w->point[i].text;
			l->x = w->point[i].number;
			l->class = class_name(w, k);
			l->prediction = mean.mean;
			l->low = mean.mean - z * mean.error;
			l->high = mean.mean + z * mean.error;
			l->n = mean.n;
		}
	}
	if (w->frame != w->v.frame)
		us_frame_free(w->frame);
	us_arena_reset(w->arena);
	us_evaluation_close(&w->v);
	return line;
}

/* ---- single rows ---- */

/* A row of w->frame by its name. */
typedef struct Named
{
	const char *id;
	uint64		key;
	int64		at;
} Named;

static int
compare_named(const void *a, const void *b)
{
	const Named *x = a;
	const Named *y = b;
	int			order = x->id && y->id ? strcmp(x->id, y->id) : (x->id != NULL) - (y->id != NULL);

	if (order != 0)
		return order;
	return x->key != y->key ? (x->key < y->key ? -1 : 1) : (x->at > y->at) - (x->at < y->at);
}

/* The rows of w->frame in the order of their names, the text of column w->v.by. */
static Named *
name_rows(Work *w)
{
	Named	   *named = us_arena_array(w->arena, Max(w->frame->nrows, 1), sizeof(Named));
	int64		at = 0;

	for (int i = 0; i < w->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(w->frame, i);

		for (int r = 0; r < chunk->nrows; r++, at++)
		{
			int32		code = w->v.by < 0 ? -1 : chunk->column[w->v.by].code[r];
			int			len;
			const char *bytes;

			named[at] = (Named) {NULL, chunk->key[r], at};
			if (code < 0)
				continue;
			bytes = us_dictionary_get(w->frame->column[w->v.by].dictionary, code, &len);
			named[at].id = pnstrdup(bytes, len);
		}
	}
	qsort(named, w->frame->nrows, sizeof(Named), compare_named);
	return named;
}

/* Answers of all rows at all points: all[point][output][row]. */
static double *
answers_at_points(Work *w, bool centred)
{
	Size		a_point = (Size) outputs(w) * w->frame->nrows;
	double	   *all = us_arena_array(w->arena, a_point * Max(w->n_points, 1), sizeof(double));

	for (int i = 0; i < w->n_points; i++)
	{
		answer_all(w, &w->point[i]);
		for (int k = 0; k < outputs(w); k++)
			memcpy(all + a_point * i + (Size) k * w->frame->nrows, w->answer[k], sizeof(double) * w->frame->nrows);
	}
	for (int i = w->n_points - 1; centred && i >= 0; i--)
		for (Size j = 0; j < a_point; j++)
			all[a_point * i + j] -= all[j];
	return all;
}

void
us_curves(const UsCurveArgs *args, UsCurveFunction show, void *context)
{
	Work	   *w = palloc0(sizeof(Work));
	UsEvaluationArgs rows = args->rows;
	UsFrame    *frame;
	Named	   *named;
	double	   *all;

	if (args->most_rows < 1 || args->most_rows > US_CURVE_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows is %d, outside of 1 to %d", args->most_rows, US_CURVE_ROWS),
				 errhint("partial_dependence() gives the mean over all rows.")));
	open_points(w, &rows, args->feature, args->points);
	frame = us_evaluation_sample(&w->v, w->v.frame, args->most_rows, (uint64) args->seed);
	w->frame = frame;
	make_room(w);
	named = name_rows(w);
	all = answers_at_points(w, args->centred);
	for (int64 r = 0; r < frame->nrows; r++)
		for (int i = 0; i < w->n_points; i++)
		{
			us_progress("show curves", 0, 0);
			for (int k = 0; k < outputs(w); k++)
			{
				UsCurveLine line = {
					.id = named[r].id,
					.value = w->point[i].text,
					.x = w->point[i].number,
					.class = class_name(w, k),
					.prediction = all[((Size) i * outputs(w) + k) * frame->nrows + named[r].at]
				};

				show(&line, context);
			}
		}
	us_arena_reset(w->arena);
	us_evaluation_close(&w->v);
}
