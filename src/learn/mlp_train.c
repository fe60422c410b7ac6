/*
 * mlp_train.c
 *	  Training of a network.
 *
 * Rows stand in the order of their keys; some are kept back, by hash of the key.  Each epoch shuffles the others by a
 * sequence of the seed and goes through them batch by batch with Adam (D. P. Kingma and J. Ba, "Adam: a method for stochastic
 * optimization", ICLR 2015, algorithm 1).  One process does it all, step after step: every step needs the
 * one before, and batches are too small to share.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/mlp_train.h"
#include "math/hash.h"
#include "math/simd.h"

#define HELD_SALT	UINT64CONST(0x6d6c7068656c64)
#define ORDER_SALT	UINT64CONST(0x6d6c706f72646572)
#define DROP_SALT	UINT64CONST(0x6d6c7064726f70)

/* Adam's decay of the mean of gradients and of their squares, and what keeps it from dividing by 0 */
#define BETA1		0.9
#define BETA2		0.999
#define EPSILON		1e-8

/* parameters between two looks for interrupts */
#define ADAM_BLOCK	((Size) 1 << 20)

/* batches by default */
#define BATCHES		50
#define LEAST_BATCH	16
#define MOST_BATCH	256

/* rows kept back that go through the network at a time */
#define TILE		256

typedef struct Course
{
	const UsMlpNet *net;
	const UsMlpPlan *plan;
	const UsMlpRows *rows;
	UsMlpWork  *work;			/* for batches */
	double	   *w;
	double	   *gradient;
	double	   *m;				/* mean of the gradients */
	double	   *v;				/* mean of their squares */
	int32	   *train;			/* [n_train] rows */
	int			n_train;
	int32	   *held;			/* [n_held] */
	int			n_held;
	int64		steps;
	double		left1;			/* BETA1 and BETA2 to the power of steps */
	double		left2;
} Course;

void
us_mlp_check_hidden(const UsParam *hidden, int least)
{
	if (hidden->n_ints >= least && hidden->n_ints <= US_MLP_MOST_HIDDEN)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"hidden\" has %d layers", hidden->n_ints),
			 least == 0 ? errhint("Give the units of up to %d layers.", US_MLP_MOST_HIDDEN) :
			 errhint("Give the units of %d to %d layers.", least, US_MLP_MOST_HIDDEN)));
}

UsMlpActivation
us_mlp_activation(const UsParams *params)
{
	return strcmp(us_params_get(params, "activation")->text, "tanh") == 0 ? US_MLP_TANH : US_MLP_RELU;
}

UsMlpPlan
us_mlp_plan(const UsFitInput *input)
{
	const UsParams *params = input->params;
	const UsParam *batch = us_params_get(params, "batch_size");
	UsMlpPlan	plan = {0};

	plan.learning_rate = us_params_get(params, "learning_rate")->number;
	plan.batch = (int) (batch->is_null ? Max(Min(input->frame->nrows / BATCHES, MOST_BATCH), LEAST_BATCH) : batch->integer);
	plan.batch = (int) Min(plan.batch, input->frame->nrows);
	plan.epochs = (int) us_params_get(params, "max_epochs")->integer;
	plan.patience = (int) us_params_get(params, "early_stopping")->integer;
	plan.tolerance = us_params_get(params, "tolerance")->number;
	plan.share = us_params_get(params, "validation_share")->number;
	plan.dropout = us_params_get(params, "dropout")->number;
	plan.l2 = us_params_get(params, "l2")->number;
	plan.seed = input->seed;
	return plan;
}

static int
work_rows(const UsMlpPlan *plan)
{
	return Max(plan->batch, TILE);
}

Size
us_mlp_train_bytes(const UsMlpNet *net, const UsMlpPlan *plan, int64 n)
{
	return sizeof(double) * 5 * net->n + sizeof(int32) * (Size) n + us_mlp_work_bytes(net, work_rows(plan), true, plan->dropout);
}

/* ---- batches ---- */

/* Rows row[n] into the room of the network. */
static void
gather(Course *c, const int32 *row, int n)
{
	const UsMlpRows *rows = c->rows;
	int			stride = us_mlp_stride(rows->width);

	for (int r = 0; r < n; r++)
	{
		const float *x = rows->x + (Size) row[r] * rows->width;
		double	   *to = c->work->act[0] + (Size) r * stride;

		for (int j = 0; j < rows->width; j++)
			to[j] = x[j];
		c->work->y[r] = rows->y[row[r]];
		c->work->weight[r] = rows->weight[row[r]];
	}
}

/* Adam's step: rate is corrected for the start already. */
US_CLONES static void
adam(double *w, const double *gradient, double *m, double *v, Size n, double rate, double epsilon)
{
	for (Size i = 0; i < n; i += US_HALF_LANES)
	{
		UsDoubleLanes g = *(const UsLooseDoubleLanes *) (gradient + i);
		UsDoubleLanes mean = *(UsLooseDoubleLanes *) (m + i) * BETA1 + g * (1 - BETA1);
		UsDoubleLanes square = *(UsLooseDoubleLanes *) (v + i) * BETA2 + g * g * (1 - BETA2);

		*(UsLooseDoubleLanes *) (m + i) = mean;
		*(UsLooseDoubleLanes *) (v + i) = square;
		for (int k = 0; k < US_HALF_LANES; k++)
			w[i + k] -= rate * mean[k] / (sqrt(square[k]) + epsilon);
	}
}

static double
step(Course *c, const int32 *row, int n)
{
	const UsMlpPlan *plan = c->plan;
	double		loss;
	double		root;

	CHECK_FOR_INTERRUPTS();
	gather(c, row, n);
	loss = us_mlp_gradient(c->work, c->w, n, 1 / (n * c->rows->mean_weight), plan->l2, c->gradient);
	c->steps++;
	c->left1 *= BETA1;
	c->left2 *= BETA2;
	root = sqrt(1 - c->left2);
	for (Size at = 0; at < c->net->n; at += ADAM_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		adam(c->w + at, c->gradient + at, c->m + at, c->v + at, Min(ADAM_BLOCK, c->net->n - at),
			 plan->learning_rate * root / (1 - c->left1), EPSILON * root);
	}
	return loss;
}

/* Shuffle the rows to train on (R. Durstenfeld, Communications of the ACM 7 (1964)). */
static void
shuffle(Course *c, int epoch)
{
	UsRandom	random;

	us_random_init(&random, c->plan->seed ^ ORDER_SALT, epoch);
	for (int i = c->n_train - 1; i > 0; i--)
	{
		int			k = (int) us_random_below(&random, i + 1);
		int32		row = c->train[i];

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		c->train[i] = c->train[k];
		c->train[k] = row;
	}
}

/* One pass over the rows; returns the mean loss. */
static double
run_epoch(Course *c, int epoch)
{
	double		loss = 0;

	shuffle(c, epoch);
	for (int first = 0; first < c->n_train; first += c->plan->batch)
		loss += step(c, c->train + first, Min(c->plan->batch, c->n_train - first));
	return loss / (c->n_train * c->rows->mean_weight);
}

/* The mean loss of the rows kept back. */
static double
held_loss(Course *c)
{
	double		loss = 0;
	double		weight = 0;

	for (int first = 0; first < c->n_held; first += TILE)
	{
		int			n = Min(TILE, c->n_held - first);

		CHECK_FOR_INTERRUPTS();
		gather(c, c->held + first, n);
		us_mlp_forward(c->work, c->w, n, c->net->layers);
		loss += us_mlp_loss(c->work, n, false, 0);
		for (int r = 0; r < n; r++)
			weight += c->work->weight[r];
	}
	return loss / weight;
}

/* ---- the course ---- */

/* Which rows are kept back: none if that would leave fewer than two rows on one side. */
static void
split(Course *c, UsArena *arena)
{
	const UsMlpRows *rows = c->rows;
	int32	   *place = (int32 *) us_arena_array(arena, rows->n, sizeof(int32));
	int			held = 0;
	int			trained = 0;

	for (int i = 0; i < rows->n; i++)
		held += c->plan->share > 0 && us_uniform(c->plan->seed ^ HELD_SALT, rows->key[i]) < c->plan->share;
	if (held < 2 || rows->n - held < 2)
		held = 0;
	c->train = place;
	c->n_train = rows->n - held;
	c->held = place + c->n_train;
	for (int i = 0; i < rows->n; i++)
	{
		int32		row = rows->order[i];

		if (held > 0 && us_uniform(c->plan->seed ^ HELD_SALT, rows->key[row]) < c->plan->share)
			c->held[c->n_held++] = row;
		else
			c->train[trained++] = row;
	}
}

static void
begin(Course *c, UsArena *arena)
{
	Size		n = c->net->n;

	c->work = us_mlp_work(c->net, work_rows(c->plan), true, c->plan->dropout, arena);
	c->w = (double *) us_arena_array(arena, n, sizeof(double));
	c->gradient = (double *) us_arena_array(arena, n, sizeof(double));
	c->m = (double *) us_arena_array(arena, n, sizeof(double));
	c->v = (double *) us_arena_array(arena, n, sizeof(double));
	us_mlp_init(c->net, c->w, c->plan->seed);
	us_random_init(&c->work->random, c->plan->seed ^ DROP_SALT, 0);
	split(c, arena);
}

pg_noreturn static void
diverged(const Course *c, int epoch)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the loss is not finite in epoch %d", epoch),
			 errdetail("Weights or encoded values are beyond what numbers can hold; learning_rate is %g.", c->plan->learning_rate),
			 errhint("Lower learning_rate, or scale the columns.")));
}

UsMlpTraining *
us_mlp_train(const UsMlpNet *net, const UsMlpPlan *plan, const UsMlpRows *rows, UsArena *arena)
{
	Course		c = {.net = net, .plan = plan, .rows = rows, .left1 = 1, .left2 = 1};
	UsMlpTraining *t = (UsMlpTraining *) palloc0(sizeof(UsMlpTraining));
	double		best = INFINITY;	/* the lowest loss, whose weights are kept */
	double		reached = INFINITY;	/* the loss that patience counts from */
	int			waited = 0;

	begin(&c, arena);
	t->w = (double *) MemoryContextAllocExtended(CurrentMemoryContext, sizeof(double) * net->n, MCXT_ALLOC_HUGE);
	while (t->epochs < plan->epochs && !t->stopped)
	{
		double		loss;
		double		judged;

		us_progress("epochs", t->epochs, plan->epochs);
		loss = run_epoch(&c, t->epochs++);
		judged = c.n_held > 0 ? held_loss(&c) : loss;
		if (!isfinite(loss) || !isfinite(judged))
			diverged(&c, t->epochs);
		us_progress_note("epoch %d: loss %.6g, judged by %.6g", t->epochs, loss, judged);
		if (judged < best || plan->patience == 0)
		{
			best = judged;
			t->best_epoch = t->epochs;
			t->loss = loss;
			memcpy(t->w, c.w, sizeof(double) * net->n);
		}
		waited = judged < reached - plan->tolerance * fabs(reached) || isinf(reached) ? 0 : waited + 1;
		if (waited == 0)
			reached = judged;
		t->stopped = plan->patience > 0 && waited >= plan->patience;
	}
	t->steps = c.steps;
	t->validation_rows = c.n_held;
	t->validation_loss = c.n_held > 0 ? best : NAN;
	for (Size i = 0; i < net->n; i++)
	{
		t->w[i] = (float) t->w[i];
		if (!isfinite(t->w[i]))
			diverged(&c, t->epochs);
	}
	return t;
}

void
us_mlp_report(const UsMlpTraining *t, const UsMlpPlan *plan, UsReport *details)
{
	us_report_int(details, "epochs", t->epochs);
	us_report_int(details, "best_epoch", t->best_epoch);
	us_report_int(details, "steps", t->steps);
	us_report_int(details, "batch_size", plan->batch);
	us_report_number(details, "loss", t->loss);
	us_report_number(details, "validation_loss", t->validation_loss);
	us_report_int(details, "validation_rows", t->validation_rows);
	us_report_bool(details, "stopped_early", t->stopped);
}
