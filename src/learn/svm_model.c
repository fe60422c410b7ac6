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

#include "learn/svm_model.h"

#define FORMAT_VERSION	1

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

	for (int o = 0; o < m->linear->outputs; o++)
		f[o] = us_linear_predictor(m->linear, o, x);
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
	double	   *f = (double *) palloc(sizeof(double) * outputs * Max(nrows, 1));
	double		row[US_MAX_CLASSES];

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
		f = us_linear_predictor(m->linear, 0, x);
		p[0] = complement(m->sigmoid, f);
		p[1] = probability(m->sigmoid, f);
		return;
	}
	for (int o = 0; o < m->linear->outputs; o++)
		p[o] = us_linear_predictor(m->linear, o, x);
	probabilities(m, p, p);
}

/* Of the decision value of the label, or the value of a regression. */
void
us_svm_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	us_linear_explain(((const UsSvmModel *) model)->linear, x, score, c);
}

double
us_svm_base(const void *model, const UsScore *score)
{
	return us_linear_base(((const UsSvmModel *) model)->linear, score);
}

const UsCoefficient *
us_svm_coefficients(const void *model, int *outputs, int *terms, double *df)
{
	return us_linear_coefficients(((const UsSvmModel *) model)->linear, outputs, terms, df);
}

UsReport *
us_svm_describe(const void *model)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	UsReport   *r = us_report_object();

	us_report_text(r, "kernel", "linear");
	us_report_int(r, "decision_functions", m->linear->outputs);
	us_report_int(r, "columns", m->linear->width);
	if (m->linear->classes > 0)
		us_report_bool(r, "calibrated", m->calibrated);
	us_linear_model_figures(m->linear, r);
	return r;
}

/* ---- stored form ---- */

/* u8 version, u8 calibrated, the linear model, for each predictor f64 a, f64 b. */
void
us_svm_write(const void *model, UsWriter *w)
{
	const UsSvmModel *m = (const UsSvmModel *) model;

	us_write_u8(w, FORMAT_VERSION);
	us_write_u8(w, m->calibrated);
	us_linear_write(m->linear, w);
	for (int o = 0; o < m->linear->outputs; o++)
	{
		us_write_f64(w, m->sigmoid[o].a);
		us_write_f64(w, m->sigmoid[o].b);
	}
}

void *
us_svm_read(UsReader *r, int width, int *n_labels)
{
	UsSvmModel *m = (UsSvmModel *) palloc0(sizeof(UsSvmModel));
	int			version = us_read_u8(r);
	int			calibrated = us_read_u8(r);

	if (version != FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a support vector machine is not known to this version of userseg", version)));
	if (calibrated > 1)
		us_corrupt(r, "calibrated is %d", calibrated);
	m->calibrated = calibrated != 0;
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
	return m;
}
