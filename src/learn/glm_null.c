/*
 * glm_null.c
 *	  The model without columns: where fits begin, what their deviance is compared with, where a path of penalties
 *	  begins.
 *
 * Without an offset its predictor is the link of the mean.  With one, o, the link is the logarithm, the means are
 * exp(b + o) and the score equation for b has a closed form in the sums of one pass at any b:
 *
 *		Poisson		sum w y = exp(b) sum w exp(o)
 *		gamma		exp(b) sum w = sum w y exp(-o)
 *		Tweedie		exp(b) sum w exp((2 - p) o) = sum w y exp((1 - p) o)
 */
#include "postgres.h"

#include <math.h>

#include "learn/glm_fit.h"

/* The model without columns in beta[m]. */
static void
restart(const UsGlmProblem *problem, const UsGlmFit *f, double *beta)
{
	memset(beta, 0, sizeof(double) * f->m);
	if (problem->intercept)
		beta[0] = f->start;
	if (problem->offset >= 0)
		beta[problem->intercept + problem->offset] = problem->offset_coef;
}

void
us_glm_restart(const UsGlmProblem *problem, UsGlmFit *f)
{
	f->alias_known = false;
	restart(problem, f, f->beta);
}

/* How far b is from the solution of its equation, from the sums of a pass at b. */
static double
intercept_step(const UsGlmProblem *problem, const UsGlmFit *f)
{
	double		g = f->gradient[0];
	double		p = problem->power;
	double		mean;

	switch (problem->family)
	{
		case US_FAMILY_POISSON:
			/* g = sum w (y - mu) */
			mean = problem->mean * f->weight;
			return log(mean / (mean - g));
		case US_FAMILY_GAMMA:
			/* g = sum w (y / mu - 1) */
			return log((f->weight + g) / f->weight);
		case US_FAMILY_TWEEDIE:
			/* g = a - b, objective = b / (2 - p) - a / (1 - p): a, b the sums of the equation above */
			mean = (f->objective + g / (1 - p)) / (1 / (2 - p) - 1 / (1 - p));
			return log((mean + g) / mean);
		default:
			return 0;
	}
}

void
us_glm_begin(const UsGlmProblem *problem, UsGlmFit *f)
{
	f->start = problem->start;
	if (problem->offset >= 0 && problem->intercept)
	{
		double		step;

		/* twice: far from the solution small sums drown in large ones */
		for (int i = 0; i < 2; i++)
		{
			us_glm_restart(problem, f);
			us_glm_evaluate(problem, f, f->design, false, f->fine, false, -1);
			step = intercept_step(problem, f);
			if (!isfinite(step))
				break;
			f->start += step;
		}
		us_glm_restart(problem, f);
		us_glm_evaluate(problem, f, f->design, false, f->fine, false, -1);
		f->most_information = f->seen_information;
	}
	us_glm_restart(problem, f);
}

double
us_glm_null_deviance(const UsGlmProblem *problem, UsGlmFit *f)
{
	UsGlmFit	null = *f;

	null.beta = (double *) palloc(sizeof(double) * Max(f->m, 1));
	null.gradient = (double *) palloc(sizeof(double) * Max(f->m, 1));
	restart(problem, f, null.beta);
	us_glm_evaluate(problem, &null, f->design, false, f->fine, true, -1);
	pfree(null.beta);
	pfree(null.gradient);
	return null.deviance;
}

double
us_glm_fold_loss(const UsGlmProblem *problem, UsGlmFit *f, int fold)
{
	us_glm_evaluate(problem, f, f->design, false, f->fine, false, fold);
	return f->weight > 0 ? f->objective / f->weight : NAN;
}

double
us_glm_lambda_max(const UsGlmProblem *problem, UsGlmFit *f)
{
	double		most = 0;

	us_glm_restart(problem, f);
	us_glm_evaluate(problem, f, f->design, false, f->fine, false, -1);
	for (int k = problem->intercept; k < f->m; k++)
		most = fmax(most, fabs(f->gradient[k]));
	return most / f->weight / fmax(problem->mix, 1e-3);
}
