/*
 * answer.c
 *	  What a stored model says about rows.
 */
#include "postgres.h"

#include <math.h>

#include "data/encode.h"
#include "model/answer.h"

bool
us_answer_has_value(const UsArtifact *a)
{
	return a->task == US_TASK_REGRESSION || (a->task == US_TASK_CLASSIFICATION && a->positive >= 0) ||
		(a->task == US_TASK_CLUSTERING && a->algorithm->gives_value);
}

/* Does the value of a score by the algorithm have to be replaced?  (It is that of the second of two classes.) */
static bool
value_differs(const UsArtifact *a)
{
	return a->task == US_TASK_CLASSIFICATION && !(a->n_labels == 2 && a->positive == 1);
}

bool
us_answer_needs_proba(const UsArtifact *a)
{
	return value_differs(a) && (a->positive >= 0 || (a->calibrator && a->n_labels > 2));
}

/* The answer with the calibrated probability of the positive class of two, in its value before. */
static void
calibrate(const UsArtifact *a, UsScore *s)
{
	double		second;

	s->value = us_calibrate(a->calibrator, s->value);
	second = a->positive == 1 ? s->value : 1 - s->value;
	s->label = second > 0.5 ? 2 : 1;
	s->runner_up = 3 - s->label;
	s->probability = Max(second, 1 - second);
	s->margin = fabs(2 * second - 1);
}

/* The answer of more classes with their probabilities p[n_labels], which become the calibrated ones. */
static void
calibrate_classes(const UsArtifact *a, double *p, UsScore *s)
{
	int			best = 0;
	int			second = -1;

	us_calibrate_classes(a->calibrator, p, a->n_labels, a->positive);
	for (int c = 1; c < a->n_labels; c++)
	{
		if (p[c] > p[best])
		{
			second = best;
			best = c;
		}
		else if (second < 0 || p[c] > p[second])
			second = c;
	}
	s->label = best + 1;
	s->runner_up = second + 1;
	s->value = a->positive >= 0 ? p[a->positive] : NAN;
	s->probability = p[best];
	s->margin = p[best] - p[second];
}

void
us_answer_finish(const UsArtifact *a, double *p, UsScore *score)
{
	if (a->calibrator && a->n_labels > 2)
	{
		calibrate_classes(a, p, score);
		return;
	}
	if (value_differs(a))
		score->value = a->positive >= 0 ? p[a->positive] : NAN;
	if (a->calibrator)
		calibrate(a, score);
}

void
us_answer(const UsArtifact *a, const double *x, double *scratch, UsScore *score)
{
	a->algorithm->score(a->model, x, score);
	if (us_answer_needs_proba(a))
		a->algorithm->proba(a->model, x, scratch);
	us_answer_finish(a, scratch, score);
}

void
us_answer_block(const UsArtifact *a, const double *x, int stride, int nrows, UsScore *out)
{
	bool		needs_proba = us_answer_needs_proba(a);
	int			width = us_encoder_width(a->encoder);
	double	   *row = palloc(Max(width, 1) * sizeof(double));
	double	   *p = palloc(Max(a->n_labels, 1) * sizeof(double));

	a->algorithm->score_block(a->model, x, stride, nrows, out);
	for (int r = 0; r < nrows; r++)
	{
		for (int j = 0; needs_proba && j < width; j++)
			row[j] = x[(Size) j * stride + r];
		if (needs_proba)
			a->algorithm->proba(a->model, row, p);
		us_answer_finish(a, p, &out[r]);
	}
	pfree(row);
	pfree(p);
}

int
us_answer_label(const UsArtifact *a, const double *x)
{
	double		p[US_MAX_CLASSES];
	UsScore		score;

	if (a->calibrator == NULL)
		return a->algorithm->label(a->model, x);
	us_answer(a, x, p, &score);
	return score.label;
}

void
us_answer_proba(const UsArtifact *a, const double *x, double *p)
{
	UsScore		score;

	if (a->calibrator == NULL || a->n_labels > 2)
	{
		a->algorithm->proba(a->model, x, p);
		if (a->calibrator)
			us_calibrate_classes(a->calibrator, p, a->n_labels, a->positive);
		return;
	}
	us_answer(a, x, p, &score);
	p[a->positive] = score.value;
	p[1 - a->positive] = 1 - score.value;
}
