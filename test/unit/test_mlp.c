/*
 * test_mlp.c
 *	  Networks: products, gradients against finite differences, blocks against rows, the stored form.
 */
#include "postgres.h"

#include <math.h>

#include "learn/mlp_model.h"
#include "learn/mlp_train.h"
#include "math/matmul.h"
#include "unit.h"

UNIT_TEST(matmul_sums_in_order)
{
	int			m = 37;
	int			n = 24;
	int			k = 300;		/* more than a panel */
	double	   *a = (double *) palloc(sizeof(double) * m * k);
	double	   *b = (double *) palloc(sizeof(double) * k * n);
	double	   *c = (double *) palloc(sizeof(double) * m * n);
	double	   *one = (double *) palloc(sizeof(double) * n);
	UsRandom	random;
	bool		equal = true;
	bool		rows = true;

	us_random_init(&random, 1, 2);
	for (int i = 0; i < m * k; i++)
		a[i] = us_random_normal(&random);
	for (int i = 0; i < k * n; i++)
		b[i] = us_random_normal(&random);
	for (int transposed = 0; transposed < 2; transposed++)
	{
		int			row = transposed ? 1 : k;
		int			column = transposed ? m : 1;

		for (int i = 0; i < m * n; i++)
			c[i] = i;
		us_matmul_add(m, n, k, a, row, column, b, n, c, n);
		for (int i = 0; i < m; i++)
		{
			for (int j = 0; j < n; j++)
			{
				volatile double sum = i * n + j;

				for (int l = 0; l < k; l++)
				{
					volatile double product = a[i * row + l * column] * b[l * n + j];

					sum += product;
				}
				equal &= sum == c[i * n + j];
				one[j] = i * n + j;
			}
			/* one row at a time */
			us_matmul_add(1, n, k, a + i * row, row, column, b, n, one, n);
			rows &= memcmp(one, c + i * n, sizeof(double) * n) == 0;
		}
	}
	UNIT_CHECK(equal);
	UNIT_CHECK(rows);
}

static UsMlpNet
make_net(int inputs, int h1, int h2, int outputs, UsMlpActivation activation, UsMlpLoss loss)
{
	UsMlpNet	net = {.layers = 3, .units = {inputs, h1, h2, outputs}, .loss = loss, .huber = 0.5};

	net.activation[0] = activation;
	net.activation[1] = loss == US_MLP_RECONSTRUCTION ? US_MLP_LINEAR : activation;
	net.activation[2] = US_MLP_LINEAR;
	us_mlp_lay_out(&net);
	return net;
}

/* Rows, targets and weights that a seed gives. */
static void
fill(UsMlpWork *work, int n, uint64 seed)
{
	const UsMlpNet *net = work->net;
	int			out = net->units[net->layers];
	UsRandom	random;

	us_random_init(&random, seed, 0);
	for (int r = 0; r < n; r++)
	{
		for (int j = 0; j < net->units[0]; j++)
			work->act[0][r * us_mlp_stride(net->units[0]) + j] = us_random_normal(&random);
		work->y[r] = net->loss == US_MLP_LOGISTIC ? (double) us_random_below(&random, 2) :
			net->loss == US_MLP_SOFTMAX ? (double) us_random_below(&random, out) : us_random_normal(&random);
		work->weight[r] = 0.5 + us_random_double(&random);
	}
}

static double
objective(UsMlpWork *work, const double *w, int n, double factor, double l2)
{
	const UsMlpNet *net = work->net;
	double		sum = 0;

	us_mlp_forward(work, w, n, net->layers);
	for (int l = 0; l < net->layers; l++)
		for (Size i = 0; i < (Size) net->units[l] * us_mlp_stride(net->units[l + 1]); i++)
			sum += w[net->at[l] + i] * w[net->at[l] + i];
	return factor * us_mlp_loss(work, n, false, 0) + l2 / 2 * sum;
}

/* The gradient against central differences. */
static void
check_gradient(UsMlpNet net)
{
	int			n = 9;
	UsMlpWork  *work = us_mlp_work(&net, n, true, 0, NULL);
	double	   *w = (double *) palloc0(sizeof(double) * net.n);
	double	   *g = (double *) palloc0(sizeof(double) * net.n);
	double		worst = 0;
	double		size = 0;

	us_mlp_init(&net, w, 7);
	fill(work, n, 3);
	for (int l = 0; l < net.layers; l++)	/* biases are not 0 */
		for (int o = 0; o < net.units[l + 1]; o++)
			w[net.at[l] + (Size) net.units[l] * us_mlp_stride(net.units[l + 1]) + o] = 0.1 * (o - 1);
	(void) us_mlp_gradient(work, w, n, 0.25, 0.3, g);
	for (int l = 0; l < net.layers; l++)
		for (int i = 0; i <= net.units[l]; i++)
			for (int o = 0; o < us_mlp_stride(net.units[l + 1]); o++)
			{
				Size		at = net.at[l] + (Size) i * us_mlp_stride(net.units[l + 1]) + o;
				double		was = w[at];
				double		h = 1e-5;
				double		difference;

				if (o >= net.units[l + 1])
				{
					/* what fills up the rows stays as it is */
					UNIT_CHECK(g[at] == 0);
					continue;
				}
				w[at] = was + h;
				difference = objective(work, w, n, 0.25, 0.3);
				w[at] = was - h;
				difference = (difference - objective(work, w, n, 0.25, 0.3)) / (2 * h);
				w[at] = was;
				worst = fmax(worst, fabs(difference - g[at]));
				size = fmax(size, fabs(g[at]));
			}
	UNIT_CHECK(size > 1e-3);
	UNIT_CLOSE(worst / size, 0, 1e-6);
}

UNIT_TEST(mlp_gradients)
{
	check_gradient(make_net(5, 7, 4, 1, US_MLP_TANH, US_MLP_SQUARED));
	check_gradient(make_net(5, 7, 4, 1, US_MLP_RELU, US_MLP_SQUARED));
	check_gradient(make_net(5, 7, 4, 1, US_MLP_TANH, US_MLP_HUBER));
	check_gradient(make_net(5, 9, 4, 1, US_MLP_TANH, US_MLP_LOGISTIC));
	check_gradient(make_net(5, 9, 4, 1, US_MLP_RELU, US_MLP_LOGISTIC));
	check_gradient(make_net(5, 7, 8, 3, US_MLP_TANH, US_MLP_SOFTMAX));
	check_gradient(make_net(6, 9, 2, 6, US_MLP_TANH, US_MLP_RECONSTRUCTION));
}

/* With dropout the mean gradient of many steps is near that without, and units are left out in the right share. */
UNIT_TEST(mlp_dropout)
{
	UsMlpNet	net = make_net(5, 16, 8, 1, US_MLP_TANH, US_MLP_SQUARED);
	UsMlpWork  *work = us_mlp_work(&net, 32, true, 0.25, NULL);
	double	   *w = (double *) palloc0(sizeof(double) * net.n);
	double	   *g = (double *) palloc0(sizeof(double) * net.n);
	int			kept = 0;
	int			all = 0;
	bool		right = true;

	us_mlp_init(&net, w, 7);
	fill(work, 32, 3);
	us_random_init(&work->random, 5, 0);
	for (int step = 0; step < 100; step++)
	{
		(void) us_mlp_gradient(work, w, 32, 1, 0, g);
		for (int i = 0; i < 32 * 16; i++, all++)
		{
			kept += work->mask[1][i];
			right &= work->mask[1][i] ? fabs(work->act[1][i]) <= 1 / 0.75 : work->act[1][i] == 0 && work->delta[1][i] == 0;
		}
	}
	UNIT_CHECK(right);
	UNIT_CLOSE(kept / (double) all, 0.75, 0.01);
}

static UsMlpModel *
make_model(UsMlpLoss loss, int outputs, int labels)
{
	UsMlpNet	net = make_net(6, 9, 5, outputs, US_MLP_TANH, loss);
	double	   *w = (double *) palloc0(sizeof(double) * net.n);
	UsMlpModel *m;

	us_mlp_init(&net, w, 11);
	for (Size i = 0; i < net.n; i++)
		w[i] = (float) w[i];
	m = us_mlp_model_create(&net, w, NULL);
	m->n_labels = labels;
	m->code = 2;
	m->centre = labels == 0 ? 100 : 0;
	m->scale = labels == 0 ? 3 : 1;
	m->threshold = 0.5;
	for (int j = 0; j < 6; j++)
		m->mean[j] = 0.1 * j;
	return m;
}

/* One row is what it is in a block; contributions add up; the stored form answers the same. */
static void
check_model(UsMlpModel *m)
{
	enum
	{
		N = 150
	};
	double	   *x = (double *) palloc(sizeof(double) * 6 * N);
	UsScore		block[N];
	int32		label[N];
	UsWriter	w;
	UsReader	r;
	int			labels;
	UsMlpModel *again;
	bool		same = true;
	bool		stored = true;
	double		worst = 0;

	for (int i = 0; i < 6 * N; i++)
		x[i] = sin(i * 0.7) * 2;
	x[3] = 1e300;
	us_writer_init(&w);
	us_mlp_write(m, &w);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "model");
	again = (UsMlpModel *) us_mlp_read(&r, 6, &labels);
	us_reader_end(&r);
	UNIT_EQUAL_INT(labels, m->n_labels);
	us_mlp_score_block(m, x, N, N, block);
	us_mlp_label_block(m, x, N, N, label);
	for (int i = 0; i < N; i++)
	{
		double		row[6];
		double		c[6];
		double		p[3];
		UsScore		score;
		double		total;

		for (int j = 0; j < 6; j++)
			row[j] = x[j * N + i];
		us_mlp_score(m, row, &score);
		same &= memcmp(&score, &block[i], sizeof(score)) == 0 && score.label == label[i];
		us_mlp_score(again, row, &score);
		stored &= memcmp(&score, &block[i], sizeof(score)) == 0;
		if (i == 3)
			continue;
		us_mlp_explain(m, row, &score, c);
		total = us_mlp_base(m, row, &score);
		for (int j = 0; j < 6; j++)
			total += c[j];
		if (m->n_labels == 0 || m->net.loss == US_MLP_RECONSTRUCTION)
			worst = fmax(worst, fabs(total - score.value));
		else
		{
			us_mlp_proba(m, row, p);
			if (m->n_labels == 2)
				worst = fmax(worst, fabs(total - log(p[score.label - 1] / p[2 - score.label])));
			else
				worst = fmax(worst, fabs(total - (log(p[score.label - 1]) - (log(p[0]) + log(p[1]) + log(p[2])) / 3)));
		}
	}
	UNIT_CHECK(same);
	UNIT_CHECK(stored);
	UNIT_CLOSE(worst, 0, 1e-9);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ - 1, "model");
	UNIT_ERROR(us_mlp_read(&r, 6, &labels), ERRCODE_INVALID_BINARY_REPRESENTATION, "bytes needed");
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "model");
	UNIT_ERROR(us_mlp_read(&r, 7, &labels), ERRCODE_INVALID_BINARY_REPRESENTATION, "layer 0");
}

/* Three steps of Adam on all rows, as D. P. Kingma and J. Ba, "Adam", ICLR 2015, algorithm 1 has them, moments corrected for their start. */
UNIT_TEST(mlp_adam)
{
	enum
	{
		ROWS = 8, INPUTS = 3
	};
	UsMlpNet	net = {.layers = 2, .units = {INPUTS, 4, 1}, .activation = {US_MLP_TANH, US_MLP_LINEAR}, .loss = US_MLP_SQUARED, .huber = 1};
	UsMlpPlan	plan = {.learning_rate = 0.05, .batch = ROWS, .epochs = 3, .l2 = 0.01, .seed = 7};
	UsBudget   *budget = us_budget_create((Size) 1 << 20);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	UsMlpRows	rows = {.n = ROWS, .width = INPUTS, .mean_weight = 1};
	UsMlpTraining *t;
	UsMlpWork  *work;
	double	   *w;
	double	   *m;
	double	   *v;
	double	   *g;
	double		worst = 0;

	us_mlp_lay_out(&net);
	rows.x = palloc(sizeof(float) * ROWS * INPUTS);
	rows.y = palloc(sizeof(float) * ROWS);
	rows.weight = palloc(sizeof(float) * ROWS);
	rows.key = palloc(sizeof(uint64) * ROWS);
	rows.order = palloc(sizeof(int32) * ROWS);
	work = us_mlp_work(&net, ROWS, true, 0, NULL);
	for (int r = 0; r < ROWS; r++)
	{
		for (int j = 0; j < INPUTS; j++)
			rows.x[r * INPUTS + j] = (float) ((r * 5 + j * 3) % 7 - 3) / 2;
		rows.y[r] = (float) (r % 3 - 1);
		rows.weight[r] = 1;
		rows.key[r] = r;
		rows.order[r] = r;
	}
	t = us_mlp_train(&net, &plan, &rows, arena);
	w = palloc0(sizeof(double) * net.n * 4);
	m = w + net.n;
	v = m + net.n;
	g = v + net.n;
	us_mlp_init(&net, w, plan.seed);
	for (int step = 1; step <= 3; step++)
	{
		for (int r = 0; r < ROWS; r++)
		{
			for (int j = 0; j < INPUTS; j++)
				work->act[0][r * us_mlp_stride(INPUTS) + j] = rows.x[r * INPUTS + j];
			work->y[r] = rows.y[r];
			work->weight[r] = 1;
		}
		us_mlp_gradient(work, w, ROWS, 1.0 / ROWS, plan.l2, g);
		for (Size i = 0; i < net.n; i++)
		{
			m[i] = 0.9 * m[i] + 0.1 * g[i];
			v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
			w[i] -= plan.learning_rate * (m[i] / (1 - pow(0.9, step))) / (sqrt(v[i] / (1 - pow(0.999, step))) + 1e-8);
		}
	}
	for (Size i = 0; i < net.n; i++)
		worst = fmax(worst, fabs(t->w[i] - w[i]));
	UNIT_CLOSE(worst, 0, 1e-6);
	UNIT_CHECK(t->steps == 3);
}

UNIT_TEST(mlp_models)
{
	check_model(make_model(US_MLP_SQUARED, 1, 0));
	check_model(make_model(US_MLP_LOGISTIC, 1, 2));
	check_model(make_model(US_MLP_SOFTMAX, 3, 3));
	check_model(make_model(US_MLP_RECONSTRUCTION, 6, 2));
}
