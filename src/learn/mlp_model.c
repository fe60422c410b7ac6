/*
 * mlp_model.c
 *	  A trained network: scored and explained.
 *
 * Rows go through in tiles; every sum is made in the same order for one row as for many (math/matmul.h).  The scratch is
 * the model's: a backend scores one row after the other.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/mlp_model.h"
#include "math/softmax.h"

/* outputs beyond are taken as that, so that nothing is infinite */
#define MOST_OUTPUT	1e100

UsMlpModel *
us_mlp_model_create(const UsMlpNet *net, double *w, const UsEncoder *encoder)
{
	UsMlpModel *m = (UsMlpModel *) palloc0(sizeof(UsMlpModel));
	int			width = net->units[0];

	m->net = *net;
	m->w = w;
	m->scale = 1;
	m->mean = (double *) palloc0(sizeof(double) * width);
	for (int j = 0; encoder != NULL && j < width; j++)
		m->mean[j] = us_encoder_column(encoder, j)->mean;
	m->work = us_mlp_work(&m->net, US_MLP_TILE, false, 0, NULL);
	return m;
}

/* ---- rows through the network ---- */

static inline double *
row_at(const UsMlpModel *m, int l, int r)
{
	return m->work->act[l] + (Size) r * us_mlp_stride(m->net.units[l]);
}

/* n rows of a block, x[width][stride], as inputs. */
static void
take_block(const UsMlpModel *m, const double *x, int stride, int n)
{
	for (int r = 0; r < n; r++)
	{
		double	   *to = row_at(m, 0, r);

		for (int j = 0; j < m->net.units[0]; j++)
			to[j] = fmax(fmin(x[(Size) j * stride + r], US_MLP_MOST_INPUT), -US_MLP_MOST_INPUT);
	}
}

static void
run(const UsMlpModel *m, int n)
{
	Size		outputs = (Size) n * us_mlp_stride(m->net.units[m->net.layers]);
	double	   *z = m->work->act[m->net.layers];

	us_mlp_forward(m->work, m->w, n, m->net.layers);
	for (Size i = 0; i < outputs; i++)
		z[i] = isnan(z[i]) ? 0 : fmax(fmin(z[i], MOST_OUTPUT), -MOST_OUTPUT);
}

/* The mean squared difference of row r of the tile. */
static double
error_of(const UsMlpModel *m, int r)
{
	const double *x = row_at(m, 0, r);
	const double *z = row_at(m, m->net.layers, r);
	double		sum = 0;

	for (int j = 0; j < m->net.units[0]; j++)
		sum += (z[j] - x[j]) * (z[j] - x[j]);
	return sum / m->net.units[0];
}

void
us_mlp_errors(const UsMlpModel *m, const double *x, int stride, int nrows, double *error)
{
	for (int first = 0; first < nrows; first += US_MLP_TILE)
	{
		int			n = Min(US_MLP_TILE, nrows - first);

		CHECK_FOR_INTERRUPTS();
		take_block(m, x + first, stride, n);
		run(m, n);
		for (int r = 0; r < n; r++)
			error[first + r] = error_of(m, r);
	}
}

/* ---- answers ---- */

/* Probabilities from the outputs of a network with softmax. */
static void
softmax(const double *z, int n, double *p)
{
	memcpy(p, z, sizeof(double) * n);
	us_softmax(p, n);
}

/* Both probabilities, each to its last digit. */
static void
logistic(double z, double *p)
{
	double		small = exp(-fabs(z));

	small /= 1 + small;
	p[0] = z > 0 ? small : 1 - small;
	p[1] = z > 0 ? 1 - small : small;
}

static void
answer_classes(const UsMlpModel *m, const double *z, UsScore *s)
{
	double		p[US_MAX_CLASSES];
	int			best = 0;
	int			next = -1;

	if (m->n_labels == 2)
	{
		logistic(z[0], p);
		s->value = p[1];
	}
	else
		softmax(z, m->n_labels, p);
	for (int k = 1; k < m->n_labels; k++)
		if (p[k] > p[best])
			best = k;
	for (int k = 0; k < m->n_labels; k++)
		if (k != best && (next < 0 || p[k] > p[next]))
			next = k;
	s->label = best + 1;
	s->runner_up = next + 1;
	s->probability = p[best];
	s->margin = p[best] - p[next];
}

/* The answer for row r of the tile. */
static void
answer(const UsMlpModel *m, int r, UsScore *s)
{
	const double *z = row_at(m, m->net.layers, r);

	*s = (UsScore) {.value = NAN, .probability = NAN, .margin = NAN, .distance = NAN};
	if (m->net.loss == US_MLP_RECONSTRUCTION)
	{
		s->value = error_of(m, r);
		s->label = s->value >= m->threshold ? 2 : 1;
	}
	else if (m->n_labels == 0)
		s->value = m->centre + m->scale * z[0];
	else
		answer_classes(m, z, s);
}

void
us_mlp_score(const void *model, const double *x, UsScore *score)
{
	const UsMlpModel *m = (const UsMlpModel *) model;

	take_block(m, x, 1, 1);
	run(m, 1);
	answer(m, 0, score);
}

int
us_mlp_label(const void *model, const double *x)
{
	UsScore		score;

	us_mlp_score(model, x, &score);
	return score.label;
}

void
us_mlp_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsMlpModel *m = (const UsMlpModel *) model;

	for (int first = 0; first < nrows; first += US_MLP_TILE)
	{
		int			n = Min(US_MLP_TILE, nrows - first);

		CHECK_FOR_INTERRUPTS();
		take_block(m, x + first, stride, n);
		run(m, n);
		for (int r = 0; r < n; r++)
			answer(m, r, &out[first + r]);
	}
}

void
us_mlp_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	UsScore		score[US_MLP_TILE];

	for (int first = 0; first < nrows; first += US_MLP_TILE)
	{
		int			n = Min(US_MLP_TILE, nrows - first);

		us_mlp_score_block(model, x + first, stride, n, score);
		for (int r = 0; r < n; r++)
			label[first + r] = score[r].label;
	}
}

void
us_mlp_proba(const void *model, const double *x, double *p)
{
	const UsMlpModel *m = (const UsMlpModel *) model;

	take_block(m, x, 1, 1);
	run(m, 1);
	if (m->net.loss == US_MLP_RECONSTRUCTION)
	{
		p[1] = error_of(m, 0) >= m->threshold;
		p[0] = 1 - p[1];
	}
	else if (m->n_labels == 2)
		logistic(row_at(m, m->net.layers, 0)[0], p);
	else
		softmax(row_at(m, m->net.layers, 0), m->n_labels, p);
}

/* ---- the embedding ---- */

int
us_mlp_embed_width(const void *model)
{
	const UsMlpModel *m = (const UsMlpModel *) model;

	return m->net.units[m->code];
}

void
us_mlp_embed(const void *model, const double *x, double *code)
{
	const UsMlpModel *m = (const UsMlpModel *) model;

	take_block(m, x, 1, 1);
	us_mlp_forward(m->work, m->w, 1, m->code);
	for (int i = 0; i < m->net.units[m->code]; i++)
		code[i] = row_at(m, m->code, 0)[i];
}

/* ---- reasons ---- */

/* What is explained of row r of the tile: the value of a regression, log odds of the label, its output above the mean of all. */
static double
explained(const UsMlpModel *m, int r, int label)
{
	const double *z = row_at(m, m->net.layers, r);
	double		mean = 0;

	if (m->n_labels == 0)
		return m->centre + m->scale * z[0];
	if (m->n_labels == 2)
		return label == 1 ? -z[0] : z[0];
	for (int k = 0; k < m->n_labels; k++)
		mean += z[k] / m->n_labels;
	return z[label - 1] - mean;
}

/* Half of what each column adds when the columns go from the average row to x, first .. last or last .. first. */
static void
walk(const UsMlpModel *m, const double *x, int label, bool forward, double *c)
{
	int			width = m->net.units[0];
	double		before = 0;

	for (int first = 0; first <= width; first += US_MLP_TILE)
	{
		int			n = Min(US_MLP_TILE, width + 1 - first);

		for (int r = 0; r < n; r++)
			for (int j = 0; j < width; j++)
				row_at(m, 0, r)[j] = (forward ? j : width - 1 - j) < first + r ? fmax(fmin(x[j], US_MLP_MOST_INPUT), -US_MLP_MOST_INPUT) : m->mean[j];
		run(m, n);
		for (int r = 0; r < n; r++)
		{
			double		value = explained(m, r, label);
			int			moved = first + r - 1;

			if (moved >= 0)
				c[forward ? moved : width - 1 - moved] += (value - before) / 2;
			before = value;
		}
	}
}

/*
 * What a column adds depends on the others: it is the mean of what it adds when the columns go from the average row to x in
 * their order and in the opposite one, two of the permutations of a Shapley value.  Of a reconstruction: the part
 * that the column has in the error.
 */
void
us_mlp_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsMlpModel *m = (const UsMlpModel *) model;
	int			width = m->net.units[0];

	memset(c, 0, sizeof(double) * width);
	if (m->net.loss == US_MLP_RECONSTRUCTION)
	{
		take_block(m, x, 1, 1);
		run(m, 1);
		for (int j = 0; j < width; j++)
		{
			double		d = row_at(m, m->net.layers, 0)[j] - row_at(m, 0, 0)[j];

			c[j] = d * d / width;
		}
		return;
	}
	walk(m, x, score->label, true, c);
	walk(m, x, score->label, false, c);
}

/* What is explained of the average row. */
double
us_mlp_base(const void *model, const double *x, const UsScore *score)
{
	const UsMlpModel *m = (const UsMlpModel *) model;

	if (m->net.loss == US_MLP_RECONSTRUCTION)
		return 0;
	memcpy(row_at(m, 0, 0), m->mean, sizeof(double) * m->net.units[0]);
	run(m, 1);
	return explained(m, 0, score->label);
}

UsReport *
us_mlp_describe(const void *model)
{
	static const char *const activations[] = {"linear", "relu", "tanh"};
	static const char *const losses[] = {"squared", "huber", "logistic", "softmax", "reconstruction"};
	const UsMlpModel *m = (const UsMlpModel *) model;
	UsReport   *r = us_report_object();
	UsReport   *list;

	list = us_report_add_array(r, "units");
	for (int l = 0; l <= m->net.layers; l++)
		us_report_int(list, NULL, m->net.units[l]);
	us_report_text(r, "activation", activations[m->net.activation[0]]);
	us_report_text(r, "loss", losses[m->net.loss]);
	us_report_int(r, "parameters", (int64) us_mlp_parameters(&m->net));
	us_report_int(r, "embedding", m->net.units[m->code]);
	if (m->net.loss == US_MLP_RECONSTRUCTION)
	{
		us_report_number(r, "error", m->error);
		us_report_number(r, "threshold", m->threshold);
	}
	return r;
}
