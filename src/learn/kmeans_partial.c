/*
 * kmeans_partial.c
 *	  Continuing a k-means model with new rows.
 *
 * Centre i of the model stands for rows of weight n_i, of which it is the mean.  They count
 * d n_i from now on, d the decay, and the new rows join them.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_partial.h"
#include "math/distance.h"

void
us_kmeans_partial_open(UsKmeansPartial *p, const UsPartialInput *input, UsFitResult *result,
					   bool shuffled)
{
	const UsKmeansModel *old = (const UsKmeansModel *) input->model;
	const UsFitInput *fit = &input->fit;
	const UsParam *workers = us_params_get(fit->params, "workers");
	Size		size = sizeof(double) * old->k * old->width;
	double	   *weight = (double *) palloc(sizeof(double) * old->k);
	UsRunPlan	plan = {0};

	memset(result, 0, sizeof(UsFitResult));
	p->input = input;
	p->old = old;
	p->result = result;
	p->details = us_report_object();
	p->space = us_space_continue(fit->encoder, fit->frame, old->unit, old->grid,
								 input->min, input->max);
	p->center = (double *) palloc(size);
	memcpy(p->center, old->center, size);
	for (int i = 0; i < old->k; i++)
		weight[i] = ldexp(old->weight[i] * input->decay, p->space->weight_exponent);
	p->prior.center = old->center;
	p->prior.weight = weight;

	plan.input = fit;
	plan.space = p->space;
	plan.max_k = old->k;
	plan.shuffled = shuffled;
	plan.workers = workers->is_null ? -1 : (int) workers->integer;
	plan.prior = &p->prior;
	p->run = us_kmeans_run_create(&plan);
	us_kmeans_run_encode(p->run, NULL, NULL);
}

static void
report_clusters(UsKmeansPartial *p, const UsRunResult *run, const UsKmeansModel *m)
{
	UsReport   *sizes = us_report_add_array(p->details, "sizes");
	UsReport   *weights = us_report_add_array(p->details, "effective_weights");
	UsReport   *moved = us_report_add_array(p->details, "centers_moved");

	for (int i = 0; i < m->k; i++)
	{
		Size		at = (Size) i * m->width;

		us_report_int(sizes, NULL, run->sums.rows[i]);
		us_report_number(weights, NULL, m->weight[i]);
		us_report_number(moved, NULL, us_distance(US_METRIC_EUCLIDEAN, p->old->center + at,
												  m->center + at, m->width));
	}
}

void
us_kmeans_partial_result(UsKmeansPartial *p, const UsRunResult *run)
{
	UsFitResult *result = p->result;
	double		inertia = ldexp(run->inertia, -p->space->weight_exponent);
	UsKmeansModel *m;
	int64		weight = 0;

	for (int i = 0; i < run->sums.k; i++)
		weight += run->sums.weight[i];
	if (weight == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has a weight")));
	m = us_kmeans_model_continue(p->old, p->space, p->center, &run->sums, inertia, p->input->decay);
	us_report_int(p->details, "k", m->k);
	us_report_text(p->details, "metric", m->unit ? "cosine" : "euclidean");
	us_report_number(p->details, "inertia", inertia);
	us_report_number(p->details, "effective_inertia", m->inertia);
	us_report_int(p->details, "passes", run->passes);
	us_report_int(p->details, "rows_seen", m->seen);
	us_report_int(p->details, "updates", m->updates);
	report_clusters(p, run, m);
	us_kmeans_run_report(p->run, p->details);

	result->model = m;
	result->task = US_TASK_CLUSTERING;
	result->n_labels = m->k;
	result->metric = "inertia";
	result->metric_value = inertia;
	result->converged = true;
	result->details = p->details;
	result->labels = us_kmeans_run_labels(p->run);
	us_kmeans_run_end(p->run);
}
