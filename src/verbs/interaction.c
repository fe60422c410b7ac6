/*
 * interaction.c
 *	  userseg.interaction: how far the effect of two features on the answers is from the sum of their effects.
 *
 * Everything happens on encoded rows: the columns of one or two features are taken from one row, the others from all rows in turn.
 */
#include "postgres.h"

#include <math.h>

#include "infra/closest.h"
#include "infra/progress.h"
#include "model/answer.h"
#include "verbs/explain.h"

#define BLOCK_ROWS	256

/* dependence below this part of the answers is rounding */
#define NOTHING		1e-10

/* probabilities are kept so far from 0 and 1 in log odds */
#define LEAST_PROBABILITY	1e-12

/* A feature that pairs are made of. */
typedef struct Part
{
	const UsFeature *feature;
	int		   *as;				/* [n] the first row with the same encoded value */
	double	   *dependence;		/* [n][outputs], mean 0 */
} Part;

typedef struct Work
{
	UsEvaluation v;
	const UsArtifact *artifact;
	UsArena    *arena;
	bool		log_odds;
	int			width;
	int			outputs;
	int			n;
	double	   *x;				/* [n][width], in the order of keys and values */
	double	   *weight;			/* [n], adding up to 1 */
	int			n_parts;
	Part	   *part;
	double	   *block;			/* [width][BLOCK_ROWS] */
	double	   *row;			/* [width] */
	double	   *p;				/* [n_labels] */
	double	   *both;			/* [n][outputs] */
	UsScore		score[BLOCK_ROWS];
} Work;

/* ---- rows ---- */

/* A row in its place: what rows are sorted by. */
typedef struct Row
{
	uint64		key;
	double		weight;
	const double *x;
	int			width;
} Row;

static int
compare_rows(const void *a, const void *b)
{
	const Row  *p = a;
	const Row  *q = b;

	if (p->key != q->key)
		return p->key < q->key ? -1 : 1;
	if (p->weight != q->weight)
		return p->weight < q->weight ? -1 : 1;
	return memcmp(p->x, q->x, sizeof(double) * p->width);
}

static void
load(Work *w, UsFrame *frame)
{
	UsEncoder  *bound = us_encoder_bind(w->artifact->encoder, frame);
	double	   *chunk_x = us_arena_array(w->arena, (Size) Max(w->width, 1) * US_CHUNK_ROWS, sizeof(double));
	double	   *x = us_arena_array(w->arena, (Size) frame->nrows * w->width, sizeof(double));
	Row		   *row = us_arena_array(w->arena, frame->nrows, sizeof(Row));
	double		total = 0;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_encoder_apply_chunk(bound, chunk, chunk_x, US_CHUNK_ROWS);
		for (int r = 0; r < chunk->nrows; r++, w->n++)
		{
			for (int j = 0; j < w->width; j++)
				x[(Size) w->n * w->width + j] = chunk_x[(Size) j * US_CHUNK_ROWS + r];
			row[w->n] = (Row) {chunk->key[r], chunk->weight ? chunk->weight[r] : 1, x + (Size) w->n * w->width, w->width};
		}
	}
	qsort(row, w->n, sizeof(Row), compare_rows);
	w->x = us_arena_array(w->arena, (Size) w->n * w->width, sizeof(double));
	w->weight = us_arena_array(w->arena, w->n, sizeof(double));
	for (int i = 0; i < w->n; i++)
	{
		memcpy(w->x + (Size) i * w->width, row[i].x, sizeof(double) * w->width);
		w->weight[i] = row[i].weight;
		total += row[i].weight;
	}
	for (int i = 0; i < w->n; i++)
		w->weight[i] /= total;
}

/* ---- partial dependence ---- */

/* What is looked at of the answers of n rows of the block: out[n][outputs]. */
static void
answers(Work *w, int n, double *out)
{
	if (w->outputs == 1)
		us_answer_block(w->artifact, w->block, BLOCK_ROWS, n, w->score);
	for (int r = 0; r < n; r++)
	{
		if (w->outputs == 1)
			out[r] = w->score[r].value;
		else
		{
			for (int j = 0; j < w->width; j++)
				w->row[j] = w->block[(Size) j * BLOCK_ROWS + r];
			us_answer_proba(w->artifact, w->row, w->p);
			memcpy(out + (Size) r * w->outputs, w->p, sizeof(double) * w->outputs);
		}
	}
	for (int i = 0; w->log_odds && i < n * w->outputs; i++)
	{
		double		p = fmin(fmax(out[i], LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);

		out[i] = log(p / (1 - p));
	}
}

/* The columns of a feature in the block are those of one row. */
static void
fix(Work *w, const UsFeature *f, int from, int n)
{
	for (int j = f->first; j < f->first + f->width; j++)
		for (int r = 0; r < n; r++)
			w->block[(Size) j * BLOCK_ROWS + r] = w->x[(Size) from * w->width + j];
}

/* The mean answer with a from row i and b (or NULL) from row k: mean[outputs]. */
static void
depend(Work *w, const UsFeature *a, int i, const UsFeature *b, int k, double *mean)
{
	double	   *out = palloc(sizeof(double) * BLOCK_ROWS * w->outputs);

	memset(mean, 0, sizeof(double) * w->outputs);
	for (int first = 0; first < w->n; first += BLOCK_ROWS)
	{
		int			n = Min(BLOCK_ROWS, w->n - first);

		us_progress("partial dependence of pairs", 0, 0);
		for (int r = 0; r < n; r++)
			for (int j = 0; j < w->width; j++)
				w->block[(Size) j * BLOCK_ROWS + r] = w->x[(Size) (first + r) * w->width + j];
		fix(w, a, i, n);
		if (b)
			fix(w, b, k, n);
		answers(w, n, out);
		for (int r = 0; r < n; r++)
			for (int o = 0; o < w->outputs; o++)
				mean[o] += w->weight[first + r] * out[(Size) r * w->outputs + o];
	}
	pfree(out);
}

/* Take the mean over the rows away. */
static void
centre(const Work *w, double *dependence)
{
	for (int o = 0; o < w->outputs; o++)
	{
		double		mean = 0;

		for (int i = 0; i < w->n; i++)
			mean += w->weight[i] * dependence[(Size) i * w->outputs + o];
		for (int i = 0; i < w->n; i++)
			dependence[(Size) i * w->outputs + o] -= mean;
	}
}

static void
depend_alone(Work *w, Part *part, const UsFeature *f)
{
	Size		bytes = sizeof(double) * w->outputs;

	part->feature = f;
	part->as = us_arena_array(w->arena, w->n, sizeof(int));
	part->dependence = us_arena_array(w->arena, (Size) w->n * w->outputs, sizeof(double));
	for (int i = 0; i < w->n; i++)
	{
		int			same = 0;

		while (same < i && memcmp(w->x + (Size) same * w->width + f->first, w->x + (Size) i * w->width + f->first,
								  sizeof(double) * f->width) != 0)
			same++;
		part->as[i] = same;
		if (same == i)
			depend(w, f, i, NULL, 0, part->dependence + (Size) i * w->outputs);
		else
			memcpy(part->dependence + (Size) i * w->outputs, part->dependence + (Size) same * w->outputs, bytes);
	}
	centre(w, part->dependence);
}

/* ---- pairs ---- */

static void
depend_together(Work *w, const Part *a, const Part *b)
{
	for (int i = 0; i < w->n; i++)
	{
		int			same = 0;

		while (same < i && (a->as[same] != a->as[i] || b->as[same] != b->as[i]))
			same++;
		if (same == i)
			depend(w, a->feature, i, b->feature, i, w->both + (Size) i * w->outputs);
		else
			memcpy(w->both + (Size) i * w->outputs, w->both + (Size) same * w->outputs, sizeof(double) * w->outputs);
	}
}

static void
measure(Work *w, const Part *a, const Part *b, UsInteractionLine *line)
{
	double		joint = 0;
	double		rest = 0;
	double		largest = 0;

	depend_together(w, a, b);
	for (Size i = 0; i < (Size) w->n * w->outputs; i++)
		largest = fmax(largest, fabs(w->both[i]));
	centre(w, w->both);
	for (int i = 0; i < w->n; i++)
		for (int o = 0; o < w->outputs; o++)
		{
			Size		at = (Size) i * w->outputs + o;
			double		d = w->both[at] - a->dependence[at] - b->dependence[at];

			rest += w->weight[i] * d * d;
			joint += w->weight[i] * w->both[at] * w->both[at];
		}
	line->a = a->feature->name;
	line->b = b->feature->name;
	line->effect = sqrt(rest);
	line->strength = sqrt(joint) <= NOTHING * largest ? 0 : sqrt(rest / joint);
	line->n = w->n;
}

static int
compare_lines(const void *p, const void *q)
{
	const UsInteractionLine *x = p;
	const UsInteractionLine *y = q;
	int			order;

	if (x->strength != y->strength)
		return x->strength > y->strength ? -1 : 1;
	order = strcmp(x->a, y->a);
	return order != 0 ? order : strcmp(x->b, y->b);
}

/* ---- arguments ---- */

static bool
is_chosen(const UsInteractionArgs *args, const char *name)
{
	if (args->n_features < 0)
		return true;
	for (int i = 0; i < args->n_features; i++)
		if (strcmp(args->features[i], name) == 0)
			return true;
	return false;
}

/* Raise 42703 for a name that is no feature of the model. */
static void
check_features(const UsInteractionArgs *args, const UsModel *m)
{
	const UsEncoder *encoder = m->artifact->encoder;

	for (int i = 0; i < args->n_features; i++)
	{
		bool		found = false;
		UsClosest	closest;

		us_closest_init(&closest, args->features[i]);
		for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
		{
			if (us_encoder_feature(encoder, f)->width == 0)
				continue;
			us_closest_offer(&closest, us_encoder_feature(encoder, f)->name);
			found |= strcmp(us_encoder_feature(encoder, f)->name, args->features[i]) == 0;
		}
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("model \"%s\" has no feature \"%s\"", m->info.model, args->features[i]),
					 errhint("SELECT feature FROM userseg.feature_info('%s') lists them.%s", m->info.model,
							 us_closest_hint(&closest))));
	}
}

static void
check_args(const UsInteractionArgs *args, const UsModel *m)
{
	if (args->log_odds && m->artifact->task != US_TASK_CLASSIFICATION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" version %d gives numbers, which have no log odds", m->info.model, m->info.version),
				 errhint("Leave log_odds out.")));
	check_features(args, m);
}

UsInteractionLine *
us_interaction(const UsInteractionArgs *args, int *n)
{
	Work	   *w = palloc0(sizeof(Work));
	const UsEncoder *encoder;
	UsFrame    *frame;
	UsInteractionLine *line;

	if (args->most_rows < 2 || args->most_rows > US_INTERACTION_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows is %d, outside of 2 to %d", args->most_rows, US_INTERACTION_ROWS),
				 errhint("Time grows with its square; 100 is usual.")));
	us_evaluation_open(&args->rows, &w->v);
	check_args(args, w->v.each[0].model);
	w->artifact = w->v.each[0].model->artifact;
	encoder = w->artifact->encoder;
	w->log_odds = args->log_odds;
	w->width = us_encoder_width(encoder);
	w->outputs = w->artifact->n_labels > 2 ? w->artifact->n_labels : 1;
	w->arena = us_arena_create(CurrentMemoryContext, w->v.budget);
	frame = us_evaluation_sample(&w->v, w->v.frame, args->most_rows, (uint64) args->seed);
	load(w, frame);
	w->block = us_arena_array(w->arena, (Size) Max(w->width, 1) * BLOCK_ROWS, sizeof(double));
	w->row = us_arena_array(w->arena, Max(w->width, 1), sizeof(double));
	w->p = us_arena_array(w->arena, Max(w->artifact->n_labels, 2), sizeof(double));
	w->both = us_arena_array(w->arena, (Size) w->n * w->outputs, sizeof(double));
	w->part = us_arena_array(w->arena, Max(us_encoder_nfeatures(encoder), 1), sizeof(Part));
	for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
		if (us_encoder_feature(encoder, f)->width > 0 && is_chosen(args, us_encoder_feature(encoder, f)->name))
			depend_alone(w, &w->part[w->n_parts++], us_encoder_feature(encoder, f));
	if (w->n_parts < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("interactions need two features, there are %d", w->n_parts)));
	line = palloc0(sizeof(UsInteractionLine) * w->n_parts * (w->n_parts - 1) / 2);
	*n = 0;
	for (int i = 0; i < w->n_parts; i++)
		for (int j = i + 1; j < w->n_parts; j++)
			measure(w, &w->part[i], &w->part[j], &line[(*n)++]);
	qsort(line, *n, sizeof(UsInteractionLine), compare_lines);
	if (frame != w->v.frame)
		us_frame_free(frame);
	us_arena_reset(w->arena);
	us_evaluation_close(&w->v);
	return line;
}
