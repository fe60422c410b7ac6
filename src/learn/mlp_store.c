/*
 * mlp_store.c
 *	  The stored form of a trained network.
 *
 * u8 version, u32 labels, u8 loss, f64 huber, u8 layers, u32 units[layers + 1], u8 activation[layers], u8 code, f64 centre,
 * scale, threshold, error, f64 mean[width], then layer by layer f32 weights [in][out] and biases [out].
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "learn/mlp_model.h"

#define FORMAT_VERSION	1

void
us_mlp_write(const void *model, UsWriter *w)
{
	const UsMlpModel *m = (const UsMlpModel *) model;
	const UsMlpNet *net = &m->net;

	us_write_u8(w, FORMAT_VERSION);
	us_write_u32(w, m->n_labels);
	us_write_u8(w, net->loss);
	us_write_f64(w, net->huber);
	us_write_u8(w, net->layers);
	for (int l = 0; l <= net->layers; l++)
		us_write_u32(w, net->units[l]);
	for (int l = 0; l < net->layers; l++)
		us_write_u8(w, net->activation[l]);
	us_write_u8(w, m->code);
	us_write_f64(w, m->centre);
	us_write_f64(w, m->scale);
	us_write_f64(w, m->threshold);
	us_write_f64(w, m->error);
	for (int j = 0; j < net->units[0]; j++)
		us_write_f64(w, m->mean[j]);
	for (int l = 0; l < net->layers; l++)
		for (int i = 0; i <= net->units[l]; i++)
			for (int o = 0; o < net->units[l + 1]; o++)
				us_write_f32(w, (float) m->w[net->at[l] + (Size) i * us_mlp_stride(net->units[l + 1]) + o]);
}

/* The network of a model for width columns. */
static void
read_net(UsReader *r, int width, UsMlpNet *net)
{
	uint8		loss = us_read_u8(r);
	int			last;

	net->huber = us_read_f64(r);
	net->layers = us_read_u8(r);
	if (loss > US_MLP_RECONSTRUCTION || !(net->huber > 0) || isinf(net->huber) || net->layers < 2 || net->layers > US_MLP_MOST_LAYERS)
		us_corrupt(r, "network of %d layers with loss %u", net->layers, loss);
	net->loss = (UsMlpLoss) loss;
	for (int l = 0; l <= net->layers; l++)
	{
		uint32		units = us_read_u32(r);

		if (units < 1 || (l == 0 ? units != (uint32) width : l < net->layers && units > US_MLP_MOST_UNITS) ||
			(l == net->layers && loss != US_MLP_RECONSTRUCTION && units > US_MAX_CLASSES))
			us_corrupt(r, "layer %d of %u units", l, units);
		net->units[l] = (int) units;
	}
	last = net->units[net->layers];
	if (loss == US_MLP_RECONSTRUCTION ? last != width : (loss == US_MLP_SOFTMAX) != (last > 1))
		us_corrupt(r, "%d outputs", last);
	for (int l = 0; l < net->layers; l++)
	{
		net->activation[l] = us_read_u8(r);
		if (net->activation[l] > US_MLP_TANH || (l == net->layers - 1 && net->activation[l] != US_MLP_LINEAR))
			us_corrupt(r, "activation %d of layer %d", net->activation[l], l + 1);
	}
	if (us_mlp_parameters(net) > (r->len - r->pos) / sizeof(float))
		us_corrupt(r, "%zu weights in %zu bytes", us_mlp_parameters(net), r->len - r->pos);
	us_mlp_lay_out(net);
}

static double
read_finite(UsReader *r, const char *what)
{
	double		v = us_read_f64(r);

	if (!isfinite(v))
		us_corrupt(r, "%s is not finite", what);
	return v;
}

static void
read_weights(UsReader *r, UsMlpModel *m)
{
	const UsMlpNet *net = &m->net;

	for (int l = 0; l < net->layers; l++)
		for (int i = 0; i <= net->units[l]; i++)
			for (int o = 0; o < net->units[l + 1]; o++)
			{
				float		v = us_read_f32(r);

				if (!isfinite(v))
					us_corrupt(r, "a weight of layer %d is not finite", l + 1);
				m->w[net->at[l] + (Size) i * us_mlp_stride(net->units[l + 1]) + o] = v;
			}
}

void *
us_mlp_read(UsReader *r, int width, int *n_labels)
{
	int			version = us_read_u8(r);
	int			labels = us_read_count(r, 0, US_MAX_CLASSES);
	UsMlpNet	net = {0};
	UsMlpModel *m;
	int			outputs;

	if (version != FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a network is not known to this version of userseg", version)));
	read_net(r, width, &net);
	outputs = net.units[net.layers];
	if (net.loss == US_MLP_SOFTMAX ? labels != outputs || labels < 3 :
		labels != (net.loss == US_MLP_LOGISTIC || net.loss == US_MLP_RECONSTRUCTION ? 2 : 0))
		us_corrupt(r, "%d labels of %d outputs", labels, outputs);
	m = us_mlp_model_create(&net, (double *) MemoryContextAllocExtended(CurrentMemoryContext, sizeof(double) * net.n,
																		MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO), NULL);
	m->n_labels = labels;
	m->code = us_read_u8(r);
	if (m->code < 1 || m->code >= net.layers)
		us_corrupt(r, "embedding in layer %d", m->code);
	m->centre = read_finite(r, "centre");
	m->scale = read_finite(r, "scale");
	m->threshold = read_finite(r, "threshold");
	m->error = read_finite(r, "error");
	for (int j = 0; j < width; j++)
		m->mean[j] = read_finite(r, "mean");
	read_weights(r, m);
	*n_labels = labels;
	return m;
}
