/*
 * mlp.c
 *	  Multilayer perceptrons for classes and numbers: parameters, the course of a training.
 *
 * 1. The encoded rows are brought into memory, in single precision, and into the order of their keys (mlp_rows.c).
 * 2. Weights are drawn and trained (mlp_train.c).
 * 3. The best ones are the model (mlp_model.c).
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/mlp_model.h"
#include "learn/mlp_train.h"
#include "math/exact_sum.h"

static const char *const activations[] = {"relu", "tanh", NULL};
static const char *const losses[] = {"squared", "huber", NULL};

static const UsParamSpec specs[] = {
	{"hidden", US_PARAM_INTS, "[64]", 1, US_MLP_MOST_UNITS, NULL,
	"units of one to three hidden layers"},
	{"activation", US_PARAM_CHOICE, "\"relu\"", 0, 0, activations,
	"of the hidden units"},
	{"loss", US_PARAM_CHOICE, "\"squared\"", 0, 0, losses,
	"of numbers; classes have the log loss"},
	{"huber", US_PARAM_NUMBER, "1.35", 1e-6, 1e6, NULL,
	"error from which the loss huber is linear, in standard deviations of the target"},
	US_MLP_TRAINING_SPECS("200"),
	{NULL}
};

/* ---- the network ---- */

static void
make_net(const UsFitInput *input, UsMlpNet *net)
{
	const UsParam *hidden = us_params_get(input->params, "hidden");
	const UsParam *loss = us_params_get(input->params, "loss");
	UsMlpActivation activation = us_mlp_activation(input->params);
	int			classes = input->task == US_TASK_CLASSIFICATION ? input->target->n_classes : 0;

	us_mlp_check_hidden(hidden, 1);
	if (classes > 0 && loss->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"loss\" is for regression"),
				 errhint("Leave it out: classes have the log loss.")));
	memset(net, 0, sizeof(UsMlpNet));
	net->layers = hidden->n_ints + 1;
	net->units[0] = us_encoder_width(input->encoder);
	for (int l = 0; l < hidden->n_ints; l++)
	{
		net->units[l + 1] = (int) hidden->ints[l];
		net->activation[l] = activation;
	}
	net->activation[net->layers - 1] = US_MLP_LINEAR;
	net->units[net->layers] = classes > 2 ? classes : 1;
	net->huber = us_params_get(input->params, "huber")->number;
	net->loss = classes > 2 ? US_MLP_SOFTMAX : classes == 2 ? US_MLP_LOGISTIC :
		strcmp(loss->text, "huber") == 0 ? US_MLP_HUBER : US_MLP_SQUARED;
	us_mlp_lay_out(net);
}

/* Mean and standard deviation of a target of numbers. */
static void
measure_target(const UsFitInput *input, double *centre, double *scale)
{
	UsFrame    *frame = input->frame;
	UsExactSum *sum = (UsExactSum *) palloc0(3 * sizeof(UsExactSum));
	double	   *y = (double *) palloc(2 * sizeof(double) * US_CHUNK_ROWS);
	double		middle = input->target->min / 2 + input->target->max / 2;
	double		half = fmax(input->target->max / 2 - input->target->min / 2, 1e-300);
	double		mass;
	double		mean;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *w;

		us_progress("read the target", i, frame->nchunks);
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, y + US_CHUNK_ROWS);
		for (int r = 0; r < chunk->nrows; r++)
		{
			double		weight = w != NULL ? w[r] : 1;
			double		d = (y[r] - middle) / half;

			us_exact_add(&sum[0], weight);
			us_exact_add(&sum[1], weight * d);
			us_exact_add(&sum[2], weight * d * d);
		}
	}
	mass = us_exact_round(&sum[0]);
	mean = us_exact_round(&sum[1]) / mass;
	*centre = middle + half * mean;
	*scale = half * fmax(sqrt(fmax(us_exact_round(&sum[2]) / mass - mean * mean, 0)), 1e-8);
	pfree(y);
	pfree(sum);
}

static void
mlp_fit(const UsFitInput *input, UsFitResult *result)
{
	UsMlpNet	net;
	UsMlpPlan	plan = us_mlp_plan(input);
	UsMlpTraining *t;
	UsMlpModel *m;
	UsMlpRows  *rows;
	UsArena    *arena;
	double		centre = 0;
	double		scale = 1;
	Size		bytes;

	memset(result, 0, sizeof(UsFitResult));
	result->details = us_report_object();
	make_net(input, &net);
	bytes = us_mlp_rows_bytes(input->frame->nrows, net.units[0]) + us_mlp_train_bytes(&net, &plan, input->frame->nrows);
	us_budget_take(input->budget, bytes, psprintf("network of %lld parameters on %lld rows of %d encoded columns",
												  (long long) us_mlp_parameters(&net), (long long) input->frame->nrows, net.units[0]));
	us_budget_release(input->budget, bytes);
	if (input->task == US_TASK_REGRESSION)
		measure_target(input, &centre, &scale);
	arena = us_arena_create(CurrentMemoryContext, input->budget);
	rows = us_mlp_rows_read(input, centre, scale, arena);
	t = us_mlp_train(&net, &plan, rows, arena);
	m = us_mlp_model_create(&net, t->w, input->encoder);
	m->n_labels = input->task == US_TASK_CLASSIFICATION ? input->target->n_classes : 0;
	m->code = net.layers - 1;
	m->centre = centre;
	m->scale = scale;
	us_mlp_report(t, &plan, result->details);
	us_report_number(result->details, "memory_mb", (double) us_arena_bytes(arena) / (1024.0 * 1024.0));
	us_report_attach(result->details, "model", us_mlp_describe(m));
	us_arena_reset(arena);

	result->model = m;
	result->task = input->task;
	result->n_labels = m->n_labels;
	result->metric_value = NAN;
	result->converged = t->stopped || plan.patience == 0;
	result->iterations = t->epochs;
	if (!result->converged)
		us_fit_warn(result, psprintf("the loss still fell after %d epochs; raise max_epochs or learning_rate", t->epochs));
}

static uint64
mlp_memory(const UsParams *params, int64 nrows, int width)
{
	const UsParam *hidden = us_params_get(params, "hidden");
	uint64		weights = 0;
	uint64		before = width;

	for (int l = 0; l < hidden->n_ints; l++)
	{
		weights += (before + 1) * (uint64) hidden->ints[l];
		before = hidden->ints[l];
	}
	return us_mlp_rows_bytes(nrows, width) + sizeof(double) * 5 * weights + sizeof(int32) * (uint64) nrows;
}

/* A network that answers with classes or numbers. */
static void *
mlp_read(UsReader *r, int width, int *n_labels)
{
	UsMlpModel *m = (UsMlpModel *) us_mlp_read(r, width, n_labels);

	if (m->net.loss == US_MLP_RECONSTRUCTION)
		us_corrupt(r, "an autoencoder instead of a classifier or regression");
	return m;
}

const UsAlgorithm us_algorithm_mlp = {
	.name = "mlp",
	.task = "classification, regression",
	.description = "Multilayer perceptron: one to three hidden layers, Adam, dropout, early stopping; its last hidden layer is an embedding",
	.needs_target = true,
	.params = specs,
	.fit = mlp_fit,
	.memory = mlp_memory,
	.score = us_mlp_score,
	.label = us_mlp_label,
	.label_block = us_mlp_label_block,
	.score_block = us_mlp_score_block,
	.proba = us_mlp_proba,
	.explain = us_mlp_explain,
	.base = us_mlp_base,
	.embed_width = us_mlp_embed_width,
	.embed = us_mlp_embed,
	.formula = us_mlp_formula,
	.shape = US_SHAPE_SCORES,
	.describe = us_mlp_describe,
	.write = us_mlp_write,
	.read = mlp_read,
};
