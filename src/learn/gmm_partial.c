/*
 * gmm_partial.c
 *	  Continuing a mixture with new rows: stepwise EM.
 *
 * The mixture p of the model stands for rows of weight n, whose expected statistics follow from its
 * parameters.  They count d n from now on, d the decay, and the new rows, of weight w, join them: the
 * M-step takes (1 - s) times the statistics of p and s times those of the new rows, with s = w / (d n + w).
 * One iteration is a step of stepwise EM with that rate, the mini-batch being all new rows (O. Cappé and
 * E. Moulines, "On-line expectation-maximization algorithm for latent data models", JRSS B 71 (2009); P. Liang
 * and D. Klein, "Online EM for Unsupervised Models", NAACL 2009).  Further iterations compute the responsibilities
 * of the new rows anew, under the mixture so far; p stays what it is.  This is EM for the likelihood of the new rows
 * times that of d n rows whose components are known.
 */
#include "postgres.h"

#include <math.h>

#include "infra/lapack.h"
#include "learn/gmm_model.h"
#include "learn/gmm_partial.h"
#include "learn/gmm_run.h"
#include "learn/gmm_trouble.h"

const char *const us_gmm_partial_params[] = {"max_iter", "tolerance", "workers", NULL};

/* The same mixture in the units of another grid with the same offsets, and for its weights. */
static UsMixture *
regrid(const UsMixture *m, const UsSpace *space)
{
	UsCovariance covariance = (UsCovariance) m->covariance;
	int			d = m->d;
	Size		n = us_mixture_covariances(covariance, m->k, d);
	double	   *factor = (double *) palloc(sizeof(double) * d);
	double	   *mean = (double *) palloc(sizeof(double) * m->k * d);
	double	   *to = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n);
	const double *from = us_mixture_covariance(m);
	UsMixture  *out;
	int			bad = 0;

	for (int j = 0; j < d; j++)
		factor[j] = ldexp(1, us_mixture_grid(m)[j].exponent - space->grid[j].exponent);
	for (int i = 0; i < m->k; i++)
		for (int j = 0; j < d; j++)
			mean[(Size) i * d + j] = us_mixture_mean(m)[(Size) i * d + j] * factor[j];
	if (covariance == US_COVARIANCE_SPHERICAL)
		memcpy(to, from, sizeof(double) * n);
	else if (covariance == US_COVARIANCE_DIAG)
		for (Size i = 0; i < n; i++)
			to[i] = from[i] * factor[i % d] * factor[i % d];
	else
		for (Size at = 0; at < n; at += us_packed(d))
			for (int a = 0; a < d; a++)
				for (int b = 0; b <= a; b++)
					to[at + us_packed(a) + b] = from[at + us_packed(a) + b] * factor[a] * factor[b];
	out = us_mixture_make(covariance, m->k, d, true, us_gmm_weight_exponent(space), space->grid,
						  us_mixture_weight(m), mean, to, &bad);
	if (out == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("component %d of the mixture is too narrow beside the range of the new rows", bad),
				 errdetail("Its densities would leave the range of double precision."),
				 errhint("Leave out rows far away, or train anew.")));
	pfree(factor);
	pfree(mean);
	pfree(to);
	return out;
}

pg_noreturn static void
refuse_singular(int component)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the covariance of component %d is not positive definite with the new rows", component),
			 errdetail("Its rows lie in a plane, or it has too few of them."),
			 errhint("Use a larger decay, so that the rows before count more, or train anew with a larger reg_covar.")));
}

/* EM with the mixture before as prior of weight before. */
static void
run_em(UsGmmRun *run, const UsMixture *prior, double before, double reg, int max_iter,
	   double tolerance, UsGmmRunResult *r)
{
	const UsMixture *m = prior;
	double		last = -INFINITY;

	memset(r, 0, sizeof(UsGmmRunResult));
	for (;;)
	{
		const UsGmmSums *s = us_gmm_run_pass(run, m);
		double		mean;

		r->total_weight = us_gmm_total_weight(s, true, m->weight_exponent);
		r->log_likelihood = us_gmm_log_likelihood(s, true, m->weight_exponent);
		r->rows = s->rows;
		if (!(r->total_weight > 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("no row has a weight")));
		mean = r->log_likelihood / r->total_weight;
		r->converged = fabs(mean - last) < tolerance;
		if (r->converged || r->iterations >= max_iter)
			break;
		last = mean;
		m = us_mixture_next(prior, s, r->total_weight / (before + r->total_weight), reg, &r->singular);
		if (m == NULL)
			refuse_singular(r->singular);
		r->iterations++;
	}
	r->mixture = (UsMixture *) m;
	/* a single step is not a fit cut short */
	r->converged = r->converged || max_iter == 1;
}

/* Components without variance, in one warning. */
static int
warn_of_troubles(const UsPartialInput *input, const UsMixture *m, double weight, double reg,
				 UsFitResult *result)
{
	const UsEncoder *encoder = input->fit.encoder;
	UsGmmTrouble *trouble = (UsGmmTrouble *) palloc0(sizeof(UsGmmTrouble) * m->k);
	double	   *expected = (double *) palloc(sizeof(double) * m->k);
	double		variance = 0;
	int			n;

	for (int i = 0; i < m->k; i++)
		expected[i] = us_mixture_weight(m)[i] * weight;
	for (int j = 0; j < m->d; j++)
		variance += us_encoder_column(encoder, j)->sd * us_encoder_column(encoder, j)->sd / m->d;
	n = us_gmm_troubles(m, expected, reg, variance, trouble);
	if (n > 0)
		us_fit_warn(result, psprintf("%s in column \"%s\" with a variance of %.3g (reg_covar is %g); train anew with a larger reg_covar or a smaller k",
									 trouble[0].component < 0 ? "the common covariance is singular" :
									 psprintf("%d of %d components are singular, the first", n, m->k),
									 us_encoder_column(encoder, trouble[0].column)->name,
									 trouble[0].variance, reg));
	return n;
}

static void
report(UsReport *details, const UsGmmModel *m, const UsGmmRunResult *r, double rate)
{
	UsReport   *weights;

	us_report_int(details, "k", m->mixture->k);
	us_report_text(details, "covariance", us_covariance_name((UsCovariance) m->mixture->covariance));
	us_report_number(details, "log_likelihood", r->log_likelihood);
	us_report_number(details, "mean_log_likelihood", r->log_likelihood / r->total_weight);
	us_report_int(details, "iterations", r->iterations);
	us_report_bool(details, "converged", r->converged);
	us_report_number(details, "rate", rate);
	us_report_bool(details, "well_posed", m->n_troubles == 0);
	us_report_int(details, "rows_seen", m->seen);
	us_report_int(details, "updates", m->updates);
	weights = us_report_add_array(details, "effective_weights");
	for (int i = 0; i < m->mixture->k; i++)
		us_report_number(weights, NULL, us_mixture_weight(m->mixture)[i] * m->effective_weight);
}

void
us_gmm_partial_fit(const UsPartialInput *input, UsFitResult *result)
{
	const UsGmmModel *old = (const UsGmmModel *) input->model;
	const UsFitInput *fit = &input->fit;
	const UsParam *workers = us_params_get(fit->params, "workers");
	double		before = old->effective_weight * input->decay;
	UsGmmRunPlan plan = {0};
	UsGmmRunResult r;
	UsGmmModel *m;
	UsGmmRun   *run;
	UsSpace    *space;
	UsReport   *details = us_report_object();
	int			troubles;

	memset(result, 0, sizeof(UsFitResult));
	us_lapack_load();
	space = us_space_continue(fit->encoder, fit->frame, false, us_mixture_grid(old->mixture),
							  input->min, input->max);
	plan.input = fit;
	plan.space = space;
	plan.covariance = (UsCovariance) old->mixture->covariance;
	plan.max_k = old->mixture->k;
	plan.workers = workers->is_null ? -1 : (int) workers->integer;
	run = us_gmm_run_create(&plan);
	us_gmm_run_encode(run, NULL, NULL);
	run_em(run, regrid(old->mixture, space), before, old->reg,
		   (int) us_params_get(fit->params, "max_iter")->integer,
		   us_params_get(fit->params, "tolerance")->number, &r);
	troubles = warn_of_troubles(input, r.mixture, before + r.total_weight, old->reg, result);
	m = us_gmm_model_continue(old, r.mixture, r.log_likelihood, r.total_weight, r.rows,
							  input->decay, troubles);
	report(details, m, &r, r.total_weight / m->effective_weight);
	us_gmm_run_report(run, details);
	us_gmm_run_end(run);

	result->model = m;
	result->task = US_TASK_CLUSTERING;
	result->n_labels = r.mixture->k;
	result->metric = "log_likelihood";
	result->metric_value = r.log_likelihood;
	result->converged = r.converged;
	result->iterations = r.iterations;
	result->details = details;
}
