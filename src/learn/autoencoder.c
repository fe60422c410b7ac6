/*
 * autoencoder.c
 *	  Autoencoders: a network that gives back its inputs through a few units (G. E. Hinton and R. R. Salakhutdinov,
 *	  "Reducing the dimensionality of data with neural networks", Science 313 (2006)).
 *
 * The values of those units are the embedding of a row.  The error of a row tells how unusual it is (S. Hawkins et al.,
 * "Outlier detection using replicator neural networks", DaWaK 2002): segments 1, normal, and 2, anomaly.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/mlp_model.h"
#include "learn/mlp_train.h"
#include "math/exact_sum.h"

static const char *const activations[] = {"tanh", "relu", NULL};
static const char *const label_names[] = {"normal", "anomaly", NULL};

static const UsParamSpec specs[] = {
	{"code", US_PARAM_INT, NULL, 1, US_MLP_MOST_UNITS, NULL,
	"units that the row goes through, the length of the embedding; default half the encoded columns, at most 8"},
	{"hidden", US_PARAM_INTS, "[32]", 1, US_MLP_MOST_UNITS, NULL,
	"units of up to three layers before the code, and behind it in the opposite order; []: none, which gives principal components"},
	{"activation", US_PARAM_CHOICE, "\"tanh\"", 0, 0, activations,
	"of the hidden units; those of the code are linear"},
	{"contamination", US_PARAM_NUMBER, "0.01", 0, 0.5, NULL,
	"share of the training rows that are called anomalies, but at least one"},
	{"threshold", US_PARAM_NUMBER, NULL, 0, 1e100, NULL,
	"least error of an anomaly, instead of contamination"},
	US_MLP_TRAINING_SPECS("500"),
	{NULL}
};

static void
make_net(const UsFitInput *input, UsMlpNet *net)
{
	const UsParam *hidden = us_params_get(input->params, "hidden");
	const UsParam *code = us_params_get(input->params, "code");
	UsMlpActivation activation = us_mlp_activation(input->params);
	int			width = us_encoder_width(input->encoder);
	int			n = hidden->n_ints;

	us_mlp_check_hidden(hidden, 0);
	memset(net, 0, sizeof(UsMlpNet));
	net->layers = 2 * n + 2;
	net->units[0] = net->units[net->layers] = width;
	for (int l = 0; l < n; l++)
	{
		net->units[l + 1] = net->units[net->layers - 1 - l] = (int) hidden->ints[l];
		net->activation[l] = net->activation[net->layers - 2 - l] = activation;
	}
	net->units[n + 1] = (int) (code->is_null ? Max(Min(width / 2, 8), 1) : code->integer);
	net->activation[n] = net->activation[net->layers - 1] = US_MLP_LINEAR;
	net->huber = 1;
	net->loss = US_MLP_RECONSTRUCTION;
	us_mlp_lay_out(net);
}

static int
compare_errors(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	CHECK_FOR_INTERRUPTS();
	return x < y ? 1 : x > y ? -1 : 0;
}

/* Errors of the training rows: their mean, and from which on a row is an anomaly. */
static int64
judge(const UsFitInput *input, UsMlpModel *m, UsArena *arena)
{
	const UsParam *threshold = us_params_get(input->params, "threshold");
	UsFrame    *frame = input->frame;
	double	   *error = (double *) us_arena_array(arena, frame->nrows, sizeof(double));
	double	   *x = (double *) us_arena_array(arena, (Size) US_CHUNK_ROWS * m->net.units[0], sizeof(double));
	UsExactSum *sum = (UsExactSum *) palloc0(2 * sizeof(UsExactSum));
	int64		n = 0;
	int64		anomalies = 0;
	int64		wanted = (int64) rint(us_params_get(input->params, "contamination")->number * (double) frame->nrows);

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("score rows", i, frame->nchunks);
		us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
		us_mlp_errors(m, x, US_CHUNK_ROWS, chunk->nrows, error + n);
		for (int r = 0; r < chunk->nrows; r++)
		{
			double		w = chunk->weight ? chunk->weight[r] : 1;

			us_exact_add(&sum[0], w);
			us_exact_add(&sum[1], w * error[n + r]);
		}
		n += chunk->nrows;
	}
	qsort(error, n, sizeof(double), compare_errors);
	m->error = us_exact_round(&sum[1]) / us_exact_round(&sum[0]);
	m->threshold = threshold->is_null ? error[Max(wanted, 1) - 1] : threshold->number;
	while (anomalies < n && error[anomalies] >= m->threshold)
		anomalies++;
	pfree(sum);
	return anomalies;
}

static void
autoencoder_fit(const UsFitInput *input, UsFitResult *result)
{
	UsMlpNet	net;
	UsMlpPlan	plan = us_mlp_plan(input);
	UsMlpTraining *t;
	UsMlpModel *m;
	UsArena    *arena;
	int64		n = input->frame->nrows;
	Size		bytes;

	memset(result, 0, sizeof(UsFitResult));
	result->details = us_report_object();
	make_net(input, &net);
	bytes = us_mlp_rows_bytes(n, net.units[0]) + us_mlp_train_bytes(&net, &plan, n) +
		sizeof(double) * ((Size) n + US_CHUNK_ROWS * (Size) net.units[0]);
	us_budget_take(input->budget, bytes, psprintf("network of %lld parameters on %lld rows of %d encoded columns",
												  (long long) us_mlp_parameters(&net), (long long) n, net.units[0]));
	us_budget_release(input->budget, bytes);
	arena = us_arena_create(CurrentMemoryContext, input->budget);
	t = us_mlp_train(&net, &plan, us_mlp_rows_read(input, 0, 1, arena), arena);
	m = us_mlp_model_create(&net, t->w, input->encoder);
	m->n_labels = 2;
	m->code = net.layers / 2;
	us_report_int(result->details, "anomalies", judge(input, m, arena));
	us_mlp_report(t, &plan, result->details);
	us_report_number(result->details, "memory_mb", (double) us_arena_bytes(arena) / (1024.0 * 1024.0));
	us_report_attach(result->details, "model", us_mlp_describe(m));
	us_arena_reset(arena);

	result->model = m;
	result->task = input->task;
	result->n_labels = 2;
	result->metric = "reconstruction_error";
	result->metric_value = m->error;
	result->converged = t->stopped || plan.patience == 0;
	result->iterations = t->epochs;
	if (!result->converged)
		us_fit_warn(result, psprintf("the loss still fell after %d epochs; raise max_epochs or learning_rate", t->epochs));
}

static uint64
autoencoder_memory(const UsParams *params, int64 nrows, int width)
{
	return us_mlp_rows_bytes(nrows, width) + (sizeof(double) + sizeof(int32)) * (uint64) nrows;
}

/* A network that gives back its inputs. */
static void *
autoencoder_read(UsReader *r, int width, int *n_labels)
{
	UsMlpModel *m = (UsMlpModel *) us_mlp_read(r, width, n_labels);

	if (m->net.loss != US_MLP_RECONSTRUCTION)
		us_corrupt(r, "a classifier or regression instead of an autoencoder");
	return m;
}

const UsAlgorithm us_algorithm_autoencoder = {
	.name = "autoencoder",
	.task = "clustering",
	.description = "Autoencoder: an embedding of rows, and how unusual they are by the error of their reconstruction",
	.gives_value = true,
	.params = specs,
	.fit = autoencoder_fit,
	.memory = autoencoder_memory,
	.label_names = label_names,
	.score = us_mlp_score,
	.label = us_mlp_label,
	.label_block = us_mlp_label_block,
	.score_block = us_mlp_score_block,
	.proba = us_mlp_proba,
	.explain = us_mlp_explain,
	.base = us_mlp_base,
	.embed_width = us_mlp_embed_width,
	.embed = us_mlp_embed,
	.describe = us_mlp_describe,
	.write = us_mlp_write,
	.read = autoencoder_read,
};
