/*
 * glm_fit.c
 *	  Newton's method on exact sums.
 *
 * The step of an unpenalised fit, or one with a ridge, solves the information for the gradient in 32
 * digits; with absolute values in the penalty, coordinate descent minimises the quadratic model
 * (J. Friedman, T. Hastie, R. Tibshirani, Journal of Statistical Software 33, 2010, section 3; J. D. Lee,
 * Y. Sun, M. A. Saunders, SIAM J. Optim. 24, 2014).  A step that does not lower the objective is
 * halved.  With many rows the first steps are made on a sample of them.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/design_row.h"
#include "learn/glm_fit.h"
#include "learn/linear_path.h"
#include "math/lbfgs.h"

#define SECONDS_A_PAIR		3e-11
#define SECONDS_A_VALUE		2e-9

/* with less work than so many products the information is always fine */
#define LITTLE_WORK			1e8

/* a pivot below the square of this in a coarse information asks for a fine one */
#define COARSE_PIVOT		1e-5

/* roots of variance inflation factors up to which a coarse information gives standard errors */
#define COARSE_INFLATION	30

/* more coefficients than these are left to L-BFGS */
#define MOST_NEWTON			600

#define MOST_HALVINGS		40

/* rows of the sample for the first steps, and its tolerance */
#define SAMPLE_ROWS			40000
#define SAMPLE_TOLERANCE	1e-2

/* predictors of this size that still grow, step after step, have no end */
#define SEPARATED_ETA		16.0
#define SEPARATED_STEPS		6

UsGlmFit *
us_glm_open(const UsGlmProblem *problem)
{
	const UsFitInput *input = problem->input;
	UsGlmFit   *f = (UsGlmFit *) palloc0(sizeof(UsGlmFit));
	UsDesignPlan plan = {0};
	int			m;
	double		rows = (double) input->frame->nrows;

	f->width = us_encoder_width(input->encoder);
	f->m = m = problem->intercept + f->width;
	f->fine = problem->family != US_FAMILY_BINOMIAL || rows * m * m < LITTLE_WORK;
	f->newton = m <= MOST_NEWTON || (problem->penalised && problem->mix > 0) || input->sql_step != NULL;
	f->left_out = -1;
	plan.input = input;
	plan.nfolds = problem->nfolds;
	plan.passes = problem->lambda > 0 && problem->mix > 0 ? 12 : problem->nfolds > 0 ? 200 : 6;
	plan.seconds = rows * ((double) m * m / 2 * SECONDS_A_PAIR * (f->fine ? 4 : 1) + m * SECONDS_A_VALUE);
	plan.workers = input->sql_step != NULL ? 0 : problem->workers;
	plan.param_bytes = us_glm_param_bytes(f->width);
	plan.state_bytes = Max(us_pass_bytes(us_glm_shape(m, f->newton, true)), us_pass_bytes(us_glm_shape(m, false, false)));
	f->bytes = f->newton ? us_eliminate_bytes(m + 1) + sizeof(UsDd) * 3 * (m + 1) * (m + 1) : us_lbfgs_bytes(m);
	us_budget_take(input->budget, f->bytes, psprintf("fit of %d coefficients", m));
	if (!f->newton)
		plan.passes = 200;
	f->design = us_design_create(&plan);
	f->beta = (double *) palloc0(sizeof(double) * Max(m, 1));
	f->gradient = (double *) palloc(sizeof(double) * Max(m, 1));
	f->direction = (double *) palloc0(sizeof(double) * Max(m, 1));
	f->dropped = (bool *) palloc0(sizeof(bool) * Max(m, 1));
	f->aliased = (bool *) palloc0(sizeof(bool) * Max(m, 1));
	if (f->newton)
		f->information = (UsDd *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsDd) * (m + 1) * (m + 1));
	f->most_information = problem->family == US_FAMILY_BINOMIAL ? problem->largest_weight / 4 :
		problem->family == US_FAMILY_GAMMA ? problem->largest_weight :
		problem->largest_weight * fmax(problem->mean, 1);
	us_glm_begin(problem, f);
	return f;
}

/* ---- one pass ---- */

static void
take_state(const UsGlmProblem *problem, UsGlmFit *f, const UsGlmParam *p, UsPassState state)
{
	int			m = f->m;
	const UsExactSum *sum = state.exact + m;

	f->objective = us_exact_round(&sum[US_GLM_OBJECTIVE]);
	f->weight = us_exact_round(&sum[US_GLM_WEIGHT]);
	f->deviance = us_exact_round(&sum[US_GLM_DEVIANCE]);
	f->pearson = us_exact_round(&sum[US_GLM_PEARSON]);
	f->constant = us_exact_round(&sum[US_GLM_CONSTANT]);
	f->margin = state.least[US_GLM_MARGIN];
	f->most_eta = -state.least[US_GLM_MINUS_ETA];
	f->seen_information = -state.least[US_GLM_MINUS_INFORMATION];
	for (int k = 0; k < m; k++)
	{
		f->gradient[k] = us_glm_is_given(problem, k) ? 0 : us_glm_gradient(state, p, k);
		if (f->newton)
			f->information[(Size) k * (m + 1) + m] = f->information[(Size) m * (m + 1) + k] =
				us_dd(f->gradient[k]);
	}
	if (!p->information)
		return;
	f->information[(Size) m * (m + 1) + m] = us_dd(0);
	f->most_information = f->seen_information;
	for (int i = 0; i < m; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int j = i; j < m; j++)
			f->information[(Size) i * (m + 1) + j] = f->information[(Size) j * (m + 1) + i] =
				us_glm_is_given(problem, i) || us_glm_is_given(problem, j) ? us_dd(0) :
				us_glm_information(state, p, i, j);
	}
}

/* The same from one SQL aggregate. */
static void
evaluate_in_sql(const UsGlmProblem *problem, UsGlmFit *f, bool fine, const UsGrid *grid)
{
	const UsFitInput *input = problem->input;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "SQL pass", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int			m = f->m;
	UsRowSpec	spec = {0};
	const UsCrossState *s;

	spec.kind = US_CROSS_LOGISTIC;
	spec.intercept = problem->intercept;
	spec.weighted = input->frame->weighted;
	spec.fine = fine;
	spec.width = f->width;
	spec.most_information = problem->largest_weight / 4;
	for (int k = 0; k < 2; k++)
		spec.class_factor[k] = input->target->class_factor[k];
	spec.grid = (UsGrid *) grid;
	spec.beta = f->beta;
	spec.centre = problem->centre;
	s = (const UsCrossState *) input->sql_step->run(input->sql_step->context, us_row_spec_write(&spec));
	us_fit_check_sql_rows(input, s != NULL ? s->rows : 0);
	f->objective = us_cross_more(s, m).hi;
	f->weight = us_cross_more(s, m + 1).hi;
	f->deviance = 2 * f->objective;
	f->margin = 0;
	f->most_eta = INFINITY;		/* not told */
	for (int k = 0; k < m; k++)
	{
		f->gradient[k] = us_cross_more(s, k).hi;
		f->information[(Size) k * (m + 1) + m] = f->information[(Size) m * (m + 1) + k] = us_dd(f->gradient[k]);
	}
	f->information[(Size) m * (m + 1) + m] = us_dd(0);
	for (int i = 0; i < m; i++)
		for (int j = i; j < m; j++)
			f->information[(Size) i * (m + 1) + j] = f->information[(Size) j * (m + 1) + i] = us_cross_product(s, i, j);
	f->sql_passes++;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
us_glm_evaluate(const UsGlmProblem *problem, UsGlmFit *f, UsDesign *design, bool information, bool fine,
				bool statistics, int only)
{
	UsGlmParam *p = (UsGlmParam *) us_design_param(design);
	UsGrid	   *grid;
	double		most = f->most_information;
	double		root;

	us_glm_layout(p, f->width, problem->intercept, problem->family, problem->power);
	p->information = information;
	p->fine = fine;
	p->statistics = statistics;
	p->left_out = only >= 0 ? only : design == f->design ? f->left_out : -1;
	p->only = only >= 0;
	if (problem->family == US_FAMILY_BINOMIAL)
		most = problem->largest_weight / 4;
	else if (!statistics && problem->family != US_FAMILY_GAMMA)
		most *= 64;				/* the last pass saw another beta */
	p->most_information = most;
	memcpy((char *) p + p->centre_at, problem->centre, sizeof(double) * f->width);
	memcpy((char *) p + p->beta_at, f->beta, sizeof(double) * f->m);
	grid = (UsGrid *) ((char *) p + p->grid_at);
	root = sqrt(most);
	if (problem->intercept)
		*grid++ = us_cross_grid(0, root);
	for (int j = 0; j < f->width; j++)
	{
		const UsEncodedColumn *c = us_encoder_column(problem->input->encoder, j);

		grid[j] = us_cross_grid(problem->centre[j],
								root * fmax(c->max - problem->centre[j], problem->centre[j] - c->min));
	}
	if (problem->input->sql_step != NULL && design == f->design)
	{
		us_progress("pass in SQL", f->sql_passes, 0);
		evaluate_in_sql(problem, f, fine, (const UsGrid *) ((char *) p + p->grid_at));
		return;
	}
	take_state(problem, f, p, us_design_pass(design, US_KERNEL_GLM, us_glm_shape(f->m, information, fine)));
}

/* ---- steps ---- */

/*
 * With the canonical link the expected information is the second derivative and convergence is quadratic; else it is
 * linear, and the end must be looked for farther down.
 */
static bool
is_canonical(const UsGlmProblem *problem)
{
	return problem->family == US_FAMILY_BINOMIAL || problem->family == US_FAMILY_POISSON;
}

static double
final_tolerance(const UsGlmProblem *problem)
{
	return is_canonical(problem) ? problem->tolerance : problem->tolerance * 1e-7;
}

static bool
is_penalised(const UsGlmProblem *problem, int k)
{
	return problem->lambda > 0 && k >= problem->intercept && !us_glm_is_given(problem, k);
}

static double
penalty(const UsGlmProblem *problem, const UsGlmFit *f, const double *b)
{
	double		sum = 0;

	for (int k = problem->intercept; k < f->m; k++)
		if (!us_glm_is_given(problem, k))
			sum += problem->mix * fabs(b[k]) + (1 - problem->mix) / 2 * b[k] * b[k];
	return f->weight * problem->lambda * sum;
}

/* Columns that are known to depend on others are left out: their sums become 0 in a[m + 1][m + 1]. */
static void
leave_out_aliased(const UsGlmFit *f, UsDd *a)
{
	int			n = f->m + 1;

	for (int k = 0; k < f->m && f->alias_known; k++)
		for (int j = 0; j < n && f->aliased[k]; j++)
			a[(Size) k * n + j] = a[(Size) j * n + k] = us_dd(0);
}

/*
 * Newton's step of a smooth objective: direction[m]; returns what the step would gain twice over, in the
 * quadratic model; or -1 where a coarse information is not good enough for it.
 */
static double
newton_step(const UsGlmProblem *problem, UsGlmFit *f, bool fine, double *direction)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "Newton step", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int			m = f->m;
	UsCrossSums s = {0};
	UsLeastSquares *l;
	double		gain = 0;
	bool		good = true;

	s.p = f->width;
	s.intercept = problem->intercept;
	s.n = m;
	s.weight = f->weight;
	s.a = (UsDd *) MemoryContextAllocHuge(context, sizeof(UsDd) * (m + 1) * (m + 1));
	memcpy(s.a, f->information, sizeof(UsDd) * (m + 1) * (m + 1));
	for (int k = 0; k < m; k++)
	{
		double		l2 = is_penalised(problem, k) ? f->weight * problem->lambda * (1 - problem->mix) : 0;
		UsDd		g = us_two_sum(f->gradient[k], -l2 * f->beta[k]);

		s.a[(Size) k * (m + 1) + k] = us_dd_add(s.a[(Size) k * (m + 1) + k], us_dd(l2));
		s.a[(Size) k * (m + 1) + m] = s.a[(Size) m * (m + 1) + k] = g;
	}
	leave_out_aliased(f, s.a);
	l = us_least_squares(&s, problem->last, problem->run);
	f->inflation = us_least_squares_inflation(l, &s);
	for (int i = 0; i < m && !fine; i++)
		if (!(l->e->d[i] > COARSE_PIVOT * COARSE_PIVOT * s.a[(Size) l->order[i] * (m + 1) + l->order[i]].hi))
			good = false;
	for (int k = 0; k < m; k++)
	{
		direction[k] = us_dd_round(l->b[k]);
		gain += direction[k] * s.a[(Size) k * (m + 1) + m].hi;
		f->dropped[k] = l->dropped[k];
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return good ? Max(gain, 0) : -1;
}

/* The same with absolute values in the penalty. */
static double
proximal_step(const UsGlmProblem *problem, UsGlmFit *f, double *direction)
{
	int			m = f->m;
	UsQuadratic q;
	bool	   *free_of = (bool *) palloc0(sizeof(bool) * m);
	double	   *b = (double *) palloc(sizeof(double) * m);
	double		gain = 0;

	q.p = m;
	q.c = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * m * m);
	q.cy = (double *) palloc(sizeof(double) * m);
	q.yy = 0;
	for (int i = 0; i < m; i++)
	{
		q.cy[i] = f->gradient[i] / f->weight;
		for (int j = 0; j < m; j++)
		{
			q.c[(Size) i * m + j] = f->information[(Size) i * (m + 1) + j].hi / f->weight;
			q.cy[i] += q.c[(Size) i * m + j] * f->beta[j];
		}
		q.yy += q.c[(Size) i * m + i];
		b[i] = us_glm_is_given(problem, i) ? 0 : f->beta[i];
	}
	if (problem->intercept)
		free_of[0] = true;
	(void) us_coordinate_descent(&q, problem->lambda, problem->mix, free_of, 1e-10, 100000, b);
	for (int k = 0; k < m; k++)
		direction[k] = us_glm_is_given(problem, k) ? 0 : b[k] - f->beta[k];
	/* twice the gain of the model: g'd + pen(beta) - pen(b) */
	for (int k = 0; k < m; k++)
		gain += direction[k] * f->gradient[k];
	gain += penalty(problem, f, f->beta) - penalty(problem, f, b);
	pfree(q.c);
	pfree(q.cy);
	pfree(free_of);
	pfree(b);
	return gain;
}

/* Does the likelihood run away without end? */
static bool
runs_away(const UsGlmProblem *problem, UsGlmFit *f, const double *direction, double gain, int step)
{
	double		size = 0;

	if (problem->lambda > 0 || problem->family == US_FAMILY_GAMMA || step < SEPARATED_STEPS ||
		f->most_eta < SEPARATED_ETA)
		return false;
	for (int k = problem->intercept; k < f->m; k++)
		size = fmax(size, fabs(direction[k]) * us_encoder_column(problem->input->encoder, k - problem->intercept)->sd);
	/* the gain is next to nothing, but the step as long as ever: each adds about 1 to the predictor */
	return gain < 1e-3 && size > 0.05;
}

/* Newton's method over the rows of design; true when it converged. */
static bool
iterate(const UsGlmProblem *problem, UsGlmFit *f, UsDesign *design, double tolerance)
{
	int			m = f->m;
	bool		fine = f->fine;
	bool		absolute = problem->lambda > 0 && problem->mix > 0;
	double	   *direction = (double *) palloc(sizeof(double) * Max(m, 1));
	double	   *before = (double *) palloc(sizeof(double) * Max(m, 1));
	double		last_gain = INFINITY;
	double		full = 1;
	bool		done = false;

	us_glm_evaluate(problem, f, design, true, fine, false, -1);
	for (int step = 1; step <= problem->max_iter && !done; step++)
	{
		double		objective = f->objective + penalty(problem, f, f->beta);
		double		gain = absolute ? proximal_step(problem, f, direction) :
			newton_step(problem, f, fine, direction);
		double		length;
		double		now = INFINITY;

		if (gain < 0 && !absolute)
		{
			f->fine = fine = true;	/* and once more */
			us_glm_evaluate(problem, f, design, true, fine, false, -1);
			continue;
		}
		if (!absolute && design == f->design && !f->alias_known)
		{
			/*
			 * Which columns depend on others is a matter of the columns, not of the weights, and is seen best now: later
			 * the rows that a column lives on may have next to no weight, and rounding is all that is left of it.
			 */
			memcpy(f->aliased, f->dropped, sizeof(bool) * m);
			f->alias_known = true;
		}
		f->iterations += design == f->design;
		us_progress_note("step %d: objective %.15g, gain to come %.3g", step, objective, gain / 2);
		memcpy(before, f->beta, sizeof(double) * m);
		/* scoring may overshoot for ever where the objective is too flat to tell: shorter steps then */
		if (gain > last_gain && gain < 1e-8 * fabs(objective))
			full = fmax(full / 2, 0.125);
		length = full;
		for (int k = 0; k < m; k++)
			f->beta[k] += length * direction[k];
		/* convergence is quadratic: what the next step would gain is about gain^2, the factor as before */
		if (gain / 2 <= tolerance ||
			(!absolute && is_canonical(problem) && gain < 0.1 && 10 * gain * (gain / last_gain) * (gain / last_gain) <= tolerance))
		{
			done = true;
			break;
		}
		last_gain = gain;
		if (runs_away(problem, f, direction, gain, step))
		{
			f->separated = true;
			memcpy(f->direction, direction, sizeof(double) * m);
			break;
		}
		for (int h = 0; h < MOST_HALVINGS; h++)
		{
			us_glm_evaluate(problem, f, design, true, fine, false, -1);
			now = f->objective + penalty(problem, f, f->beta);
			if (now <= objective + 1e-12 * fabs(objective))
				break;
			length /= 2;
			for (int k = 0; k < m; k++)
				f->beta[k] = before[k] + length * direction[k];
		}
		if (!(now < objective) && length < 1e-6)
		{
			done = gain / 2 <= 1e-9 * fabs(objective);
			break;
		}
	}
	pfree(direction);
	pfree(before);
	return done;
}

typedef struct Smooth
{
	const UsGlmProblem *problem;
	UsGlmFit   *fit;
} Smooth;

/* The mean loss with a ridge, and its gradient. */
static double
smooth_loss(void *context, const double *b, double *g)
{
	const Smooth *s = (const Smooth *) context;
	UsGlmFit   *f = s->fit;

	memcpy(f->beta, b, sizeof(double) * f->m);
	us_glm_evaluate(s->problem, f, f->design, false, f->fine, false, -1);
	for (int k = 0; k < f->m; k++)
		g[k] = -f->gradient[k] / f->weight + (is_penalised(s->problem, k) ? s->problem->lambda * b[k] : 0);
	return (f->objective + penalty(s->problem, f, b)) / f->weight;
}

static void
minimise_many(const UsGlmProblem *problem, UsGlmFit *f)
{
	Smooth		context = {problem, f};
	double	   *b = (double *) palloc(sizeof(double) * f->m);
	UsLbfgsResult r;

	memcpy(b, f->beta, sizeof(double) * f->m);
	r = us_lbfgs(smooth_loss, &context, f->m, b, problem->tolerance / (double) problem->input->frame->nrows,
				 1e-9, Max(problem->max_iter, 1000));
	memcpy(f->beta, b, sizeof(double) * f->m);
	f->iterations += r.iterations;
	f->converged = r.converged;
	pfree(b);
}

void
us_glm_minimise(const UsGlmProblem *problem, UsGlmFit *f)
{
	UsDesign   *sample = NULL;

	if (!f->newton)
	{
		minimise_many(problem, f);
		return;
	}

	if (!f->fine && f->iterations == 0 && f->left_out < 0)
		sample = us_design_sample(f->design, SAMPLE_ROWS);
	if (sample != NULL)
	{
		if (!iterate(problem, f, sample, SAMPLE_TOLERANCE))
		{
			/* of no use: begin anew */
			us_glm_restart(problem, f);
			f->separated = false;
		}
		us_design_end(sample);
	}
	f->converged = iterate(problem, f, f->design, final_tolerance(problem));
}

/*
 * The sums at the minimum are known in full: one more step, if there is one to gain by, of which only the
 * coefficients are told.  False when the gain is more than the tolerance.
 */
static bool
last_step(const UsGlmProblem *problem, UsGlmFit *f)
{
	double	   *direction = (double *) palloc(sizeof(double) * Max(f->m, 1));
	bool		good = newton_step(problem, f, true, direction) / 2 <= final_tolerance(problem);

	for (int k = 0; k < f->m && good; k++)
		f->beta[k] += direction[k];
	pfree(direction);
	return good;
}

void
us_glm_finish(const UsGlmProblem *problem, UsGlmFit *f)
{
	int			m = f->m;
	UsCrossSums s = {0};
	bool		fine;

	f->rank = m;
	if (!f->newton)
	{
		us_glm_evaluate(problem, f, f->design, false, f->fine, true, -1);
		return;
	}
	/* with many rows, and columns that are not near dependence, 23 bits tell the standard errors to 1e-7 */
	fine = f->fine || f->inflation > COARSE_INFLATION;
	us_glm_evaluate(problem, f, f->design, true, fine, true, -1);
	for (int i = 0; i < 5 && f->converged && !(problem->lambda > 0 && problem->mix > 0); i++)
	{
		if (last_step(problem, f))
			break;
		f->fine = true;
		f->converged = iterate(problem, f, f->design, final_tolerance(problem));
		fine = true;
		us_glm_evaluate(problem, f, f->design, true, true, true, -1);
	}
	if (problem->family != US_FAMILY_BINOMIAL && problem->family != US_FAMILY_GAMMA)
		us_glm_evaluate(problem, f, f->design, true, true, true, -1);	/* with the bound that is now known */
	s.p = f->width;
	s.intercept = problem->intercept;
	s.n = m;
	s.weight = f->weight;
	s.a = f->information;
	leave_out_aliased(f, s.a);
	f->solution = us_least_squares(&s, problem->last, problem->run);
	f->rank = f->solution->rank;
	for (int k = 0; k < m; k++)
		f->dropped[k] = f->solution->dropped[k];
}

void
us_glm_close(const UsGlmProblem *problem, UsGlmFit *f)
{
	us_design_end(f->design);
	us_budget_release(problem->input->budget, f->bytes);
}
