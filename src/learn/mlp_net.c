/*
 * mlp_net.c
 *	  Multilayer perceptrons as arithmetic.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/mlp_net.h"
#include "math/log_lanes.h"
#include "math/logistic_lanes.h"

/* draws decide on hidden units 16 bits each */
#define DROP_BITS	16

void
us_mlp_lay_out(UsMlpNet *net)
{
	Size		n = 0;

	for (int l = 0; l < net->layers; l++)
	{
		net->at[l] = n;
		n += ((Size) net->units[l] + 1) * us_mlp_stride(net->units[l + 1]);
	}
	net->n = n;
}

Size
us_mlp_parameters(const UsMlpNet *net)
{
	Size		n = 0;

	for (int l = 0; l < net->layers; l++)
		n += ((Size) net->units[l] + 1) * net->units[l + 1];
	return n;
}

void
us_mlp_init(const UsMlpNet *net, double *w, uint64 seed)
{
	memset(w, 0, sizeof(double) * net->n);
	for (int l = 0; l < net->layers; l++)
	{
		int			in = net->units[l];
		int			out = net->units[l + 1];
		double		bound = sqrt(6.0 / (in + out));
		UsRandom	random;

		us_random_init(&random, seed, l);
		for (int i = 0; i < in; i++)
		{
			CHECK_FOR_INTERRUPTS();
			for (int o = 0; o < out; o++)
				w[net->at[l] + (Size) i * us_mlp_stride(out) + o] =
					bound * (2 * us_random_double(&random) - 1);
		}
	}
}

/* ---- room ---- */

static Size
largest_layer(const UsMlpNet *net)
{
	Size		most = 0;

	for (int l = 0; l < net->layers; l++)
		most = Max(most, (Size) net->units[l + 1] * us_mlp_stride(net->units[l]));
	return most;
}

Size
us_mlp_work_bytes(const UsMlpNet *net, int rows, bool training, double dropout)
{
	Size		values = 0;
	Size		hidden = 0;

	for (int l = 0; l <= net->layers; l++)
	{
		values += us_mlp_stride(net->units[l]);
		if (l > 0 && l < net->layers)
			hidden += us_mlp_stride(net->units[l]);
	}
	if (!training)
		return sizeof(double) * rows * values;
	return sizeof(double) * (rows * (2 * values + 2) + largest_layer(net)) + (dropout > 0 ? rows * hidden : 0);
}

static void *
room(UsArena *arena, Size n, Size size)
{
	if (arena != NULL)
		return us_arena_array(arena, n, size);
	return MemoryContextAllocExtended(CurrentMemoryContext, Max(n * size, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

UsMlpWork *
us_mlp_work(const UsMlpNet *net, int rows, bool training, double dropout, UsArena *arena)
{
	UsMlpWork  *work = (UsMlpWork *) palloc0(sizeof(UsMlpWork));

	work->net = net;
	work->rows = rows;
	work->dropout = dropout;
	for (int l = 0; l <= net->layers; l++)
	{
		Size		n = (Size) rows * us_mlp_stride(net->units[l]);

		work->act[l] = (double *) room(arena, n, sizeof(double));
		if (training && l > 0)
			work->delta[l] = (double *) room(arena, n, sizeof(double));
		if (training && dropout > 0 && l > 0 && l < net->layers)
			work->mask[l] = (uint8 *) room(arena, n, 1);
	}
	if (training)
	{
		work->transposed = (double *) room(arena, largest_layer(net), sizeof(double));
		work->y = (double *) room(arena, rows, sizeof(double));
		work->weight = (double *) room(arena, rows, sizeof(double));
	}
	return work;
}

/* ---- forward ---- */

/* tanh |z| = (1 - e) / (1 + e) with e = exp(-2 |z|): the same bits everywhere; n is a multiple of US_MATMUL_LANES. */
US_CLONES static void
hyperbolic_tangent(double *z, Size n)
{
	for (Size i = 0; i < n; i += US_HALF_LANES)
	{
		UsLooseDoubleLanes *to = (UsLooseDoubleLanes *) (z + i);
		UsDoubleLanes v = *to;
		UsDoubleLanes size = US_SELECT_DOUBLE(v < 0, -v, v);
		UsDoubleLanes e = -2 * size;
		UsDoubleLanes t;

		us_exp_lanes(&e);
		t = (1 - e) / (1 + e);
		/* NaN stays NaN, and what is infinite becomes it */
		*to = US_SELECT_DOUBLE(v < 0, -t, t) + (v - v);
	}
}

static void
activate(UsMlpActivation activation, double *z, Size n)
{
	if (activation == US_MLP_RELU)
		for (Size i = 0; i < n; i++)
			z[i] = z[i] > 0 ? z[i] : 0;
	else if (activation == US_MLP_TANH)
		hyperbolic_tangent(z, n);
}

/* Layer l of weights, on n rows. */
static void
forward_layer(UsMlpWork *work, const double *w, int n, int l)
{
	const UsMlpNet *net = work->net;
	int			in = us_mlp_stride(net->units[l]);
	int			out = us_mlp_stride(net->units[l + 1]);
	const double *weights = w + net->at[l];
	const double *bias = weights + (Size) net->units[l] * out;
	double	   *z = work->act[l + 1];

	for (int r = 0; r < n; r++)
		memcpy(z + (Size) r * out, bias, sizeof(double) * out);
	us_matmul_add(n, out, net->units[l], work->act[l], in, 1, weights, out, z, out);
	activate((UsMlpActivation) net->activation[l], z, (Size) n * out);
}

void
us_mlp_forward(UsMlpWork *work, const double *w, int n, int upto)
{
	for (int l = 0; l < upto; l++)
		forward_layer(work, w, n, l);
}

/* Leave units of layer l out, and make up for them. */
static void
drop(UsMlpWork *work, int n, int l)
{
	Size		size = (Size) n * us_mlp_stride(work->net->units[l]);
	double		scale = 1 / (1 - work->dropout);
	uint64		limit = (uint64) (work->dropout * (1 << DROP_BITS));
	double	   *z = work->act[l];

	for (Size i = 0; i < size; i += 4)
	{
		uint64		bits = us_random_u64(&work->random);

		for (int k = 0; k < 4; k++, bits >>= DROP_BITS)
		{
			bool		kept = (bits & ((1 << DROP_BITS) - 1)) >= limit;

			work->mask[l][i + k] = kept;
			z[i + k] = kept ? z[i + k] * scale : 0;
		}
	}
}

/* ---- loss ---- */

/* The log loss of outputs z[out] and class y; both arrays are filled up to their stride. */
US_CLONES static double
softmax_loss(const double *z, int out, int y, double *delta)
{
	UsDoubleLanes total = US_SPLAT_DOUBLE(0);
	double		most = z[0];
	double		sum = 0;

	for (int k = 1; k < out; k++)
		most = z[k] > most ? z[k] : most;
	for (int k = 0; k < us_mlp_stride(out); k += US_HALF_LANES)
	{
		UsDoubleLanes e = *(const UsLooseDoubleLanes *) (z + k) - most;

		us_exp_lanes(&e);
		*(UsLooseDoubleLanes *) (delta + k) = e;
	}
	for (int k = 0; k < out; k++)
		sum += delta[k];
	for (int k = 0; k < us_mlp_stride(out); k++)
		delta[k] = k < out ? delta[k] / sum - (k == y) : 0;
	total += sum;
	us_log_lanes(&total);
	for (int k = 0; k < out; k++)
		if (!isfinite(z[k]))
			return NAN;
	return total[0] + most - z[y];
}

/* Of a row with outputs z[out]; its derivatives into delta[]. */
static double
row_loss(const UsMlpNet *net, const double *z, const double *x, double y, double *delta)
{
	int			out = net->units[net->layers];
	double		e = z[0] - y;
	double		sum = 0;
	double		unused;

	switch (net->loss)
	{
		case US_MLP_SQUARED:
			delta[0] = e;
			return e * e / 2;
		case US_MLP_HUBER:
			delta[0] = fmax(fmin(e, net->huber), -net->huber);
			return fabs(e) <= net->huber ? e * e / 2 : net->huber * (fabs(e) - net->huber / 2);
		case US_MLP_LOGISTIC:
			us_logistic_row(z[0], y, 1, &sum, &delta[0], &unused);
			delta[0] = -delta[0];
			return isfinite(z[0]) ? sum : NAN;
		case US_MLP_SOFTMAX:
			return softmax_loss(z, out, (int) y, delta);
		case US_MLP_RECONSTRUCTION:
			for (int k = 0; k < out; k++)
			{
				delta[k] = (z[k] - x[k]) / out;
				sum += (z[k] - x[k]) * (z[k] - x[k]);
			}
			return sum / (2 * out);
	}
	return 0;
}

double
us_mlp_loss(UsMlpWork *work, int n, bool delta, double factor)
{
	const UsMlpNet *net = work->net;
	int			out = us_mlp_stride(net->units[net->layers]);
	int			in = us_mlp_stride(net->units[0]);
	double	   *d = work->delta[net->layers];
	double		sum = 0;

	for (int r = 0; r < n; r++)
	{
		double	   *to = d + (Size) r * out;

		sum += work->weight[r] * row_loss(net, work->act[net->layers] + (Size) r * out, work->act[0] + (Size) r * in,
										  work->y[r], to);
		for (int k = 0; delta && k < net->units[net->layers]; k++)
			to[k] *= factor * work->weight[r];
	}
	return sum;
}

/* ---- backward ---- */

/* Derivatives by the sums of layer l from those by its values. */
static void
through_activation(UsMlpWork *work, int n, int l)
{
	Size		size = (Size) n * us_mlp_stride(work->net->units[l]);
	UsMlpActivation activation = (UsMlpActivation) work->net->activation[l - 1];
	const double *a = work->act[l];
	const uint8 *mask = work->mask[l];
	double	   *d = work->delta[l];
	double		kept = activation == US_MLP_LINEAR || mask == NULL ? 1 : 1 - work->dropout;

	if (activation == US_MLP_RELU)
		for (Size i = 0; i < size; i++)
			d[i] = a[i] > 0 ? d[i] / kept : 0;
	else if (activation == US_MLP_TANH)
		for (Size i = 0; i < size; i++)
			d[i] = mask != NULL && !mask[i] ? 0 : d[i] / kept * (1 - (a[i] * kept) * (a[i] * kept));
}

/* Derivatives by the values of layer l from those by the sums of the next one. */
static void
backward_layer(UsMlpWork *work, const double *w, int n, int l)
{
	const UsMlpNet *net = work->net;
	int			in = us_mlp_stride(net->units[l]);
	int			out = us_mlp_stride(net->units[l + 1]);
	const double *weights = w + net->at[l];

	for (int o = 0; o < net->units[l + 1]; o++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < in; i++)
			work->transposed[(Size) o * in + i] = i < net->units[l] ? weights[(Size) i * out + o] : 0;
	}
	memset(work->delta[l], 0, sizeof(double) * n * in);
	us_matmul_add(n, in, net->units[l + 1], work->delta[l + 1], out, 1, work->transposed, in, work->delta[l], in);
}

/* The gradient by layer l of weights. */
static void
weight_gradient(UsMlpWork *work, const double *w, int n, int l, double l2, double *gradient)
{
	const UsMlpNet *net = work->net;
	int			out = us_mlp_stride(net->units[l + 1]);
	Size		weights = (Size) net->units[l] * out;
	const double *d = work->delta[l + 1];
	double	   *g = gradient + net->at[l];
	double	   *bias = g + weights;

	for (Size i = 0; i < weights; i++)
		g[i] = l2 * w[net->at[l] + i];
	memset(bias, 0, sizeof(double) * out);
	us_matmul_add(net->units[l], out, n, work->act[l], 1, us_mlp_stride(net->units[l]), d, out, g, out);
	for (int r = 0; r < n; r++)
		for (int o = 0; o < out; o++)
			bias[o] += d[(Size) r * out + o];
}

double
us_mlp_gradient(UsMlpWork *work, const double *w, int n, double factor, double l2, double *gradient)
{
	const UsMlpNet *net = work->net;
	double		loss;

	for (int l = 0; l < net->layers; l++)
	{
		forward_layer(work, w, n, l);
		if (work->dropout > 0 && l < net->layers - 1 && net->activation[l] != US_MLP_LINEAR)
			drop(work, n, l + 1);
	}
	loss = us_mlp_loss(work, n, true, factor);
	for (int l = net->layers - 1; l >= 0; l--)
	{
		weight_gradient(work, w, n, l, l2, gradient);
		if (l == 0)
			break;
		backward_layer(work, w, n, l);
		through_activation(work, n, l);
	}
	return loss;
}
