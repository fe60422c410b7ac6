/*
 * unit_learner.h
 *	  A learner for tests of what is around learners: one encoded column x, a straight line for
 *	  numbers, the nearest class mean for classes.
 */
#ifndef UNIT_LEARNER_H
#define UNIT_LEARNER_H

#include <math.h>

#include "learn/algorithm.h"
#include "math/exact_sum.h"

typedef struct UnitModel
{
	int			n_classes;		/* 0: a straight line */
	double		a;				/* a + b x */
	double		b;
	double		mean[8];		/* of x by class */
} UnitModel;

/* Means of x by class, or the line through the first and last quarter; whatever the order of the rows. */
static void
unit_learner_fit(const UsFitInput *in, UsFitResult *result)
{
	UnitModel  *m = palloc0(sizeof(UnitModel));
	int			width = us_encoder_width(in->encoder);
	double	   *x = palloc(sizeof(double) * US_CHUNK_ROWS * width);
	double	   *y = palloc(sizeof(double) * US_CHUNK_ROWS);
	double	   *room = palloc(sizeof(double) * US_CHUNK_ROWS);
	UsExactSum *sum = palloc0(8 * sizeof(UsExactSum));
	UsExactSum *mass = palloc0(8 * sizeof(UsExactSum));
	double		w = 1;

	m->n_classes = in->target->n_classes;
	for (int c = 0; c < in->frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(in->frame, c);
		const double *weight;

		us_encoder_apply_chunk(in->encoder, chunk, x, US_CHUNK_ROWS);
		us_target_chunk(in->target, chunk, y);
		weight = us_target_weights(in->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows; r++)
		{
			if (weight)
				w = weight[r];
			if (m->n_classes > 0)
			{
				us_exact_add(&sum[(int) y[r]], w * x[r]);
				us_exact_add(&mass[(int) y[r]], w);
				continue;
			}
			us_exact_add(&sum[0], w * x[r]);
			us_exact_add(&sum[1], w * y[r]);
			us_exact_add(&sum[2], w * x[r] * x[r]);
			us_exact_add(&sum[3], w * x[r] * y[r]);
			us_exact_add(&mass[0], w);
		}
	}
	for (int k = 0; k < m->n_classes; k++)
		m->mean[k] = us_exact_round(&sum[k]) / us_exact_round(&mass[k]);
	if (m->n_classes == 0)
	{
		double		n = us_exact_round(&mass[0]);
		double		mx = us_exact_round(&sum[0]) / n;
		double		my = us_exact_round(&sum[1]) / n;

		m->b = (us_exact_round(&sum[3]) / n - mx * my) / (us_exact_round(&sum[2]) / n - mx * mx);
		m->a = my - m->b * mx;
	}
	memset(result, 0, sizeof(UsFitResult));
	result->model = m;
	result->task = in->task;
	result->n_labels = m->n_classes;
	result->metric_value = NAN;
	result->converged = true;
	result->details = us_report_object();
}

static void
unit_learner_proba(const void *model, const double *x, double *p)
{
	const UnitModel *m = model;
	double		total = 0;

	for (int k = 0; k < m->n_classes; k++)
		total += p[k] = exp(-0.5 * (x[0] - m->mean[k]) * (x[0] - m->mean[k]));
	for (int k = 0; k < m->n_classes; k++)
		p[k] /= total;
}

static void
unit_learner_score(const void *model, const double *x, UsScore *s)
{
	const UnitModel *m = model;
	double		p[8];
	int			best = 0;

	*s = (UsScore) {.value = m->a + m->b * x[0], .probability = NAN, .margin = NAN, .distance = NAN};
	if (m->n_classes == 0)
		return;
	unit_learner_proba(model, x, p);
	for (int k = 1; k < m->n_classes; k++)
		if (p[k] > p[best])
			best = k;
	s->label = best + 1;
	s->probability = p[best];
	s->value = m->n_classes == 2 ? p[1] : NAN;
}

static void
unit_learner_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	for (int r = 0; r < nrows; r++)
		unit_learner_score(model, &x[r], &out[r]);
}

static const UsAlgorithm unit_learner = {
	.name = "unit",
	.task = "classification, regression",
	.needs_target = true,
	.fit = unit_learner_fit,
	.score = unit_learner_score,
	.score_block = unit_learner_score_block,
	.proba = unit_learner_proba,
};

#endif
