/*
 * svm_model.c
 *	  A trained support vector machine: scoring, describing, storing.
 *
 * The class is the one with the largest decision value.  Probabilities come from the sigmoids and are made to
 * sum up to 1; a class can be chosen that is not the most probable one, where the sigmoids cross
 * elsewhere than the decision functions.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/svm_model.h"
#include "math/clones.h"

#define FORMAT_VERSION	1

/* kernels at a time */
#define BLOCK			256

const char *const us_svm_kernel_names[] = {"linear", "rbf", "polynomial", NULL};

UsSvmModel *
us_svm_model_create(int classes, const UsEncoder *encoder)
{
	UsSvmModel *m = (UsSvmModel *) palloc0(sizeof(UsSvmModel));
	UsLink		link = classes == 0 ? US_LINK_IDENTITY : classes == 2 ? US_LINK_LOGIT : US_LINK_SOFTMAX;

	m->linear = us_linear_model_create(link, classes, encoder);
	m->sigmoid = (UsSvmSigmoid *) palloc(sizeof(UsSvmSigmoid) * m->linear->outputs);
	for (int o = 0; o < m->linear->outputs; o++)
	{
		m->sigmoid[o].a = -1;
		m->sigmoid[o].b = 0;
	}
	return m;
}

/* ---- scoring ---- */

typedef double Quad __attribute__((vector_size(32), aligned(8)));

/* x'y of width values, the same for rows and blocks. */
static inline double
product(const double *a, const double *b, int width)
{
	Quad		four = {0};
	int			j = 0;
	double		sum;

	for (; j + 4 <= width; j += 4)
		four += *(const Quad *) (a + j) * *(const Quad *) (b + j);
	sum = (four[0] + four[1]) + (four[2] + four[3]);
	for (; j < width; j++)
		sum += a[j] * b[j];
	return sum;
}

/* Kernels of row x, of squared length x2, with n <= BLOCK vectors. */
US_CLONES static void
kernels(const UsSvmModel *m, const double *x, double x2, int first, int n, double *k)
{
	int			width = m->linear->width;

	for (int i = 0; i < n; i++)
		k[i] = product(m->vector + (Size) (first + i) * width, x, width);
	us_svm_kernels(&m->kernel, x2, m->square + first, k, n);
}

/* The decision values f[outputs] of a row. */
static void
decide(const UsSvmModel *m, const double *x, double *f)
{
	const UsLinearModel *l = m->linear;
	double		k[BLOCK] __attribute__((aligned(US_BLOCK_ALIGN)));
	double		x2;

	if (m->kernel.kind == US_SVM_LINEAR)
	{
		for (int o = 0; o < l->outputs; o++)
			f[o] = us_linear_predictor(l, o, x);
		return;
	}
	x2 = product(x, x, l->width);
	memcpy(f, l->intercept, sizeof(double) * l->outputs);
	for (int first = 0; first < m->n; first += BLOCK)
	{
		int			n = Min(BLOCK, m->n - first);

		kernels(m, x, x2, first, n, k);
		for (int o = 0; o < l->outputs; o++)
			for (int i = 0; i < n; i++)
				f[o] += m->coef[(Size) o * m->n + first + i] * k[i];
	}
}

/* The probability by a sigmoid, to its last digit where it is small. */
static inline double
probability(const UsSvmSigmoid *s, double f)
{
	double		z = s->a * f + s->b;
	double		small = exp(-fabs(z));

	return z > 0 ? small / (1 + small) : 1 / (1 + small);
}

static inline double
complement(const UsSvmSigmoid *s, double f)
{
	UsSvmSigmoid other = {-s->a, -s->b};

	return probability(&other, f);
}

/* Of several classes: p[classes] from f, which may be the same array. */
static void
probabilities(const UsSvmModel *m, const double *f, double *p)
{
	int			n = m->linear->classes;
	double		sum = 0;

	for (int k = 0; k < n; k++)
	{
		p[k] = probability(&m->sigmoid[k], f[k]);
		sum += p[k];
	}
	for (int k = 0; k < n; k++)
		p[k] = sum > 0 ? p[k] / sum : 1.0 / n;
}

/* The answer to decision values f, which are overwritten. */
static void
answer(const UsSvmModel *m, double *f, UsScore *s)
{
	int			n = m->linear->classes;
	int			best = 0;
	int			next = 1;

	s->label = s->runner_up = 0;
	s->value = s->probability = s->margin = s->distance = NAN;
	if (n == 0)
	{
		s->value = f[0];
		return;
	}
	if (n == 2)
	{
		double		second = probability(m->sigmoid, f[0]);
		double		first = complement(m->sigmoid, f[0]);

		s->value = second;
		s->label = f[0] > 0 ? 2 : 1;
		s->runner_up = 3 - s->label;
		s->probability = f[0] > 0 ? second : first;
		s->margin = f[0] > 0 ? second - first : first - second;
		return;
	}
	for (int k = 1; k < n; k++)
	{
		if (f[k] > f[best])
		{
			next = best;
			best = k;
		}
		else if (k != next && f[k] > f[next])
			next = k;
	}
	probabilities(m, f, f);
	s->label = best + 1;
	s->runner_up = next + 1;
	s->probability = f[best];
	s->margin = f[best] - f[next];
}

void
us_svm_score(const void *model, const double *x, UsScore *score)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	double		f[US_MAX_CLASSES];

	decide(m, x, f);
	answer(m, f, score);
}

int
us_svm_label(const void *model, const double *x)
{
	UsScore		score;

	us_svm_score(model, x, &score);
	return score.label;
}

void
us_svm_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	int			outputs = m->linear->outputs;
	double	   *f;
	double		row[US_MAX_CLASSES];

	if (m->kernel.kind != US_SVM_LINEAR)
	{
		f = (double *) palloc(sizeof(double) * m->linear->width);
		for (int r = 0; r < nrows; r++)
		{
			CHECK_FOR_INTERRUPTS();
			for (int j = 0; j < m->linear->width; j++)
				f[j] = x[(Size) j * stride + r];
			us_svm_score(m, f, &out[r]);
		}
		pfree(f);
		return;
	}
	f = (double *) palloc(sizeof(double) * outputs * Max(nrows, 1));
	for (int o = 0; o < outputs; o++)
		us_linear_predictors(m->linear, o, x, stride, nrows, f + (Size) o * nrows);
	for (int r = 0; r < nrows; r++)
	{
		for (int o = 0; o < outputs; o++)
			row[o] = f[(Size) o * nrows + r];
		answer(m, row, &out[r]);
	}
	pfree(f);
}

void
us_svm_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	UsScore    *score = (UsScore *) palloc(sizeof(UsScore) * Max(nrows, 1));

	us_svm_score_block(model, x, stride, nrows, score);
	for (int r = 0; r < nrows; r++)
		label[r] = score[r].label;
	pfree(score);
}

void
us_svm_proba(const void *model, const double *x, double *p)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	double		f;

	if (m->linear->classes == 2)
	{
		decide(m, x, &f);
		p[0] = complement(m->sigmoid, f);
		p[1] = probability(m->sigmoid, f);
		return;
	}
	decide(m, x, p);
	probabilities(m, p, p);
}

void
us_svm_model_squares(UsSvmModel *m)
{
	int			width = m->linear->width;

	m->square = (double *) palloc(sizeof(double) * Max(m->n, 1));
	for (int i = 0; i < m->n; i++)
		m->square[i] = product(m->vector + (Size) i * width, m->vector + (Size) i * width, width);
}

/* ---- reasons ---- */

/* What support vector i counts in the decision value that is explained, as linear_score.c has it for coefficients. */
static double
explained(const UsSvmModel *m, const UsScore *score, const double *coef, Size stride)
{
	int			n = m->linear->classes;
	double		mean = 0;

	if (n == 0)
		return *coef;
	if (n == 2)
		return score->label == 1 ? -*coef : *coef;
	for (int k = 0; k < n; k++)
		mean += coef[stride * k];
	return coef[stride * (score->label - 1)] - mean / n;
}

/* A row that goes from the average row to x column by column, as a support vector sees it. */
typedef struct Walk
{
	double		product;
	double		square;
	double		k;
} Walk;

/* Column j goes to its place: the change of the kernel. */
static inline double
walk(const UsSvmModel *m, int i, const double *x, int j, Walk *w)
{
	double		before = w->k;
	double		centre = m->linear->centre[j];

	w->product += m->vector[(Size) i * m->linear->width + j] * (x[j] - centre);
	w->square += x[j] * x[j] - centre * centre;
	w->k = us_svm_kernel(&m->kernel, w->product, m->square[i], w->square);
	return w->k - before;
}

static inline Walk
walk_begin(const UsSvmModel *m, int i)
{
	const double *centre = m->linear->centre;
	int			width = m->linear->width;
	Walk		w;

	w.product = product(m->vector + (Size) i * width, centre, width);
	w.square = product(centre, centre, width);
	w.k = us_svm_kernel(&m->kernel, w.product, m->square[i], w.square);
	return w;
}

/*
 * Of the decision value of the label, or of the value of a regression.  With a kernel that is not linear what a
 * column adds depends on the others: it is the mean of what it adds when the columns go from the average row to x in
 * their order and in the opposite one, two of the permutations of a Shapley value.
 */
void
us_svm_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	int			width = m->linear->width;

	if (m->kernel.kind == US_SVM_LINEAR)
	{
		us_linear_explain(m->linear, x, score, c);
		return;
	}
	memset(c, 0, sizeof(double) * width);
	for (int i = 0; i < m->n; i++)
	{
		double		half = explained(m, score, m->coef + i, m->n) / 2;
		Walk		w = walk_begin(m, i);

		for (int j = 0; j < width; j++)
			c[j] += half * walk(m, i, x, j, &w);
		w = walk_begin(m, i);
		for (int j = width - 1; j >= 0; j--)
			c[j] += half * walk(m, i, x, j, &w);
	}
}

/* The decision value of the average row. */
double
us_svm_base(const void *model, const double *x, const UsScore *score)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	double		sum;

	if (m->kernel.kind == US_SVM_LINEAR)
		return us_linear_base(m->linear, x, score);
	sum = explained(m, score, m->linear->intercept, 1);
	for (int i = 0; i < m->n; i++)
		sum += explained(m, score, m->coef + i, m->n) * walk_begin(m, i).k;
	return sum;
}

const UsCoefficient *
us_svm_coefficients(const void *model, int *outputs, int *terms, double *df)
{
	const UsSvmModel *m = (const UsSvmModel *) model;

	return m->kernel.kind == US_SVM_LINEAR ? us_linear_coefficients(m->linear, outputs, terms, df) : NULL;
}

UsReport *
us_svm_describe(const void *model)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	UsReport   *r = us_report_object();

	us_report_text(r, "kernel", us_svm_kernel_names[m->kernel.kind]);
	if (m->kernel.kind != US_SVM_LINEAR)
		us_report_number(r, "gamma", m->kernel.gamma);
	us_report_int(r, "decision_functions", m->linear->outputs);
	us_report_int(r, "columns", m->linear->width);
	if (m->linear->classes > 0)
		us_report_bool(r, "calibrated", m->calibrated);
	us_linear_model_figures(m->linear, r);
	return r;
}

/* ---- stored form ---- */

/*
 * u8 version, u8 calibrated, u8 kernel, the linear model, for each predictor f64 a, f64 b; with a kernel other than the
 * linear one: f64 gamma, f64 coef0, u32 degree, u32 n, f64 vector[n][width], f64 coef[predictors][n].
 */
void
us_svm_write(const void *model, UsWriter *w)
{
	const UsSvmModel *m = (const UsSvmModel *) model;

	us_write_u8(w, FORMAT_VERSION);
	us_write_u8(w, m->calibrated);
	us_write_u8(w, m->kernel.kind);
	us_linear_write(m->linear, w);
	for (int o = 0; o < m->linear->outputs; o++)
	{
		us_write_f64(w, m->sigmoid[o].a);
		us_write_f64(w, m->sigmoid[o].b);
	}
	if (m->kernel.kind == US_SVM_LINEAR)
		return;
	us_write_f64(w, m->kernel.gamma);
	us_write_f64(w, m->kernel.coef0);
	us_write_u32(w, m->kernel.degree);
	us_write_u32(w, m->n);
	for (Size i = 0; i < (Size) m->n * m->linear->width; i++)
		us_write_f64(w, m->vector[i]);
	for (Size i = 0; i < (Size) m->n * m->linear->outputs; i++)
		us_write_f64(w, m->coef[i]);
}

static double *
read_finite(UsReader *r, Size n, const char *what)
{
	double	   *v = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max(n, 1));

	for (Size i = 0; i < n; i++)
	{
		v[i] = us_read_f64(r);
		if (!isfinite(v[i]))
			us_corrupt(r, "%s is not finite", what);
	}
	return v;
}

static void
read_vectors(UsReader *r, UsSvmModel *m)
{
	uint32		degree;
	uint32		n;
	Size		width = m->linear->width;

	m->kernel.gamma = us_read_f64(r);
	m->kernel.coef0 = us_read_f64(r);
	degree = us_read_u32(r);
	n = us_read_u32(r);
	if (!(m->kernel.gamma > 0) || !isfinite(m->kernel.gamma) || !isfinite(m->kernel.coef0))
		us_corrupt(r, "gamma %g, coef0 %g", m->kernel.gamma, m->kernel.coef0);
	if (degree < 1 || degree > US_SVM_MOST_DEGREE)
		us_corrupt(r, "degree %u", degree);
	if (n > (r->len - r->pos) / (sizeof(double) * (width + m->linear->outputs)))
		us_corrupt(r, "%u support vectors in %zu bytes", n, r->len - r->pos);
	m->kernel.degree = (int) degree;
	m->n = (int) n;
	m->vector = read_finite(r, n * width, "support vector");
	m->coef = read_finite(r, (Size) n * m->linear->outputs, "coefficient");
	us_svm_model_squares(m);
}

void *
us_svm_read(UsReader *r, int width, int *n_labels)
{
	UsSvmModel *m = (UsSvmModel *) palloc0(sizeof(UsSvmModel));
	int			version = us_read_u8(r);
	int			calibrated = us_read_u8(r);
	int			kernel;

	if (version != FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a support vector machine is not known to this version of userseg", version)));
	if (calibrated > 1)
		us_corrupt(r, "calibrated is %d", calibrated);
	kernel = us_read_u8(r);
	if (kernel > US_SVM_POLYNOMIAL)
		us_corrupt(r, "kernel %d", kernel);
	m->calibrated = calibrated != 0;
	m->kernel.kind = (UsSvmKernelKind) kernel;
	m->linear = (UsLinearModel *) us_linear_read(r, width, n_labels);
	if (m->linear->link == US_LINK_LOG || (m->linear->link == US_LINK_SOFTMAX && m->linear->classes == 2))
		us_corrupt(r, "link %d of %d classes", m->linear->link, m->linear->classes);
	m->sigmoid = (UsSvmSigmoid *) palloc(sizeof(UsSvmSigmoid) * m->linear->outputs);
	for (int o = 0; o < m->linear->outputs; o++)
	{
		m->sigmoid[o].a = us_read_f64(r);
		m->sigmoid[o].b = us_read_f64(r);
		if (!isfinite(m->sigmoid[o].a) || !isfinite(m->sigmoid[o].b))
			us_corrupt(r, "sigmoid %d is not finite", o);
	}
	if (m->kernel.kind != US_SVM_LINEAR)
		read_vectors(r, m);
	return m;
}
