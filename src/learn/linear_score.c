/*
 * linear_score.c
 *	  Scoring with a linear predictor: rows, blocks, reasons.
 *
 * A predictor is the sum intercept + coef[0] x[0] + coef[1] x[1] + ... in this order, for rows and for
 * blocks, so that both give the same bits.
 */
#include "postgres.h"

#include <math.h>

#include "learn/linear_model.h"
#include "math/softmax.h"

/* rows of a block that are worked on together */
#define ROWS	256

double
us_linear_predictor(const UsLinearModel *m, int o, const double *x)
{
	const double *coef = m->coef + (Size) o * m->width;
	double		sum = m->intercept[o];

	for (int j = 0; j < m->width; j++)
		sum += coef[j] * x[j];
	return sum;
}

/* The same of rows first .. first + n - 1 of a block. */
void
us_linear_predictors(const UsLinearModel *m, int o, const double *x, int stride, int n, double *out)
{
	const double *coef = m->coef + (Size) o * m->width;

	for (int r = 0; r < n; r++)
		out[r] = m->intercept[o];
	for (int j = 0; j < m->width; j++)
	{
		const double *column = x + (Size) j * stride;

		for (int r = 0; r < n; r++)
			out[r] += coef[j] * column[r];
	}
}

/* The prediction of one predictor. */
static void
answer(const UsLinearModel *m, double eta, UsScore *s)
{
	double		small;

	s->label = s->runner_up = 0;
	s->probability = s->margin = s->distance = NAN;
	if (m->link == US_LINK_IDENTITY)
		s->value = eta;
	else if (m->link == US_LINK_LOG)
		s->value = exp(Min(eta, 709.0));
	else
	{
		small = exp(-fabs(eta));
		small /= 1 + small;
		s->value = eta > 0 ? 1 - small : small;
		s->label = eta > 0 ? 2 : 1;
		s->runner_up = 3 - s->label;
		s->probability = 1 - small;
		s->margin = 1 - 2 * small;
	}
}

/* Several predictors, one class each; eta is overwritten. */
static void
answer_classes(const UsLinearModel *m, double *eta, UsScore *s)
{
	int			best = 0;
	int			next = -1;
	double		sum = 0;

	for (int k = 1; k < m->classes; k++)
	{
		if (eta[k] > eta[best])
		{
			next = best;
			best = k;
		}
		else if (next < 0 || eta[k] > eta[next])
			next = k;
	}
	for (int k = 0; k < m->classes; k++)
		sum += exp(eta[k] - eta[best]);
	s->label = best + 1;
	s->runner_up = next + 1;
	s->probability = 1 / sum;
	s->margin = (1 - exp(eta[next] - eta[best])) / sum;
	s->value = m->classes == 2 ? exp(eta[1] - eta[best]) / sum : NAN;
	s->distance = NAN;
}

void
us_linear_score(const void *model, const double *x, UsScore *score)
{
	const UsLinearModel *m = (const UsLinearModel *) model;
	double		eta[US_MAX_CLASSES];

	for (int o = 0; o < m->outputs; o++)
		eta[o] = us_linear_predictor(m, o, x);
	if (m->link == US_LINK_SOFTMAX)
		answer_classes(m, eta, score);
	else
		answer(m, eta[0], score);
}

int
us_linear_label(const void *model, const double *x)
{
	UsScore		score;

	us_linear_score(model, x, &score);
	return score.label;
}

void
us_linear_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsLinearModel *m = (const UsLinearModel *) model;
	double		eta[ROWS];

	if (m->link == US_LINK_SOFTMAX)
	{
		double	   *row = (double *) palloc(sizeof(double) * m->width);

		for (int r = 0; r < nrows; r++)
		{
			for (int j = 0; j < m->width; j++)
				row[j] = x[(Size) j * stride + r];
			us_linear_score(model, row, &out[r]);
		}
		pfree(row);
		return;
	}
	for (int first = 0; first < nrows; first += ROWS)
	{
		int			n = Min(nrows - first, ROWS);

		us_linear_predictors(m, 0, x + first, stride, n, eta);
		for (int r = 0; r < n; r++)
			answer(m, eta[r], &out[first + r]);
	}
}

void
us_linear_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	const UsLinearModel *m = (const UsLinearModel *) model;
	UsScore    *score = (UsScore *) palloc(sizeof(UsScore) * Max(nrows, 1));

	us_linear_score_block(m, x, stride, nrows, score);
	for (int r = 0; r < nrows; r++)
		label[r] = score[r].label;
	pfree(score);
}

void
us_linear_proba(const void *model, const double *x, double *p)
{
	const UsLinearModel *m = (const UsLinearModel *) model;

	if (m->link != US_LINK_SOFTMAX)
	{
		double		eta = us_linear_predictor(m, 0, x);
		double		small = exp(-fabs(eta));

		small /= 1 + small;
		p[0] = eta > 0 ? small : 1 - small;
		p[1] = eta > 0 ? 1 - small : small;
		return;
	}
	for (int k = 0; k < m->classes; k++)
		p[k] = us_linear_predictor(m, k, x);
	us_softmax(p, m->classes);
}

/*
 * What a column adds to the predictor of the answer, counted from the average row of the training: for
 * two classes to the log odds of the label, for more to the predictor of the label above the mean of all.
 */
static double
contribution_factor(const UsLinearModel *m, const UsScore *score, int j)
{
	double		mean = 0;

	if (m->link != US_LINK_SOFTMAX)
		return m->link == US_LINK_LOGIT && score->label == 1 ? -m->coef[j] : m->coef[j];
	for (int k = 0; k < m->classes; k++)
		mean += m->coef[(Size) k * m->width + j];
	return m->coef[(Size) (score->label - 1) * m->width + j] - mean / m->classes;
}

void
us_linear_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsLinearModel *m = (const UsLinearModel *) model;

	for (int j = 0; j < m->width; j++)
		c[j] = contribution_factor(m, score, j) * (x[j] - m->centre[j]);
}

double
us_linear_base(const void *model, const double *x, const UsScore *score)
{
	const UsLinearModel *m = (const UsLinearModel *) model;
	double		sum = m->intercept[m->link == US_LINK_SOFTMAX ? score->label - 1 : 0];

	if (m->link == US_LINK_SOFTMAX)
	{
		double		mean = 0;

		for (int k = 0; k < m->classes; k++)
			mean += m->intercept[k];
		sum -= mean / m->classes;
	}
	else if (m->link == US_LINK_LOGIT && score->label == 1)
		sum = -sum;
	for (int j = 0; j < m->width; j++)
		sum += contribution_factor(m, score, j) * m->centre[j];
	return sum;
}
