/*
 * gmm_report.c
 *	  What is told about a mixture: figures, the choice of k, singular components.
 */
#include "postgres.h"

#include <math.h>

#include "learn/gmm_report.h"

/* a value of a flat component lies within so many standard deviations of its mean */
#define NEAR	5.0

/* ---- equal values ---- */

/* A value that many rows may share, and how many do. */
typedef struct Tie
{
	bool		found;
	int			column;
	float		coordinate;
	int64		rows;
} Tie;

typedef struct TieCount
{
	int			width;
	int			n;
	Tie		   *tie;
} TieCount;

static void
count_ties(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	TieCount   *c = (TieCount *) context;

	for (int t = 0; t < c->n; t++)
	{
		Tie		   *tie = &c->tie[t];

		for (int r = 0; r < chunk->nrows && tie->found; r++)
			tie->rows += chunk->x[((Size) (r / US_LANES) * c->width + tie->column) * US_LANES + r % US_LANES] ==
				tie->coordinate;
	}
}

static int
compare_floats(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return x < y ? -1 : x > y;
}

/* The most frequent value of a column among the points near the mean of a component. */
static void
find_tie(const UsGmmFit *f, const UsGmmTrouble *t, Tie *tie)
{
	const UsMixture *m = f->final.mixture;
	const UsPoints *points = f->points.points;
	int			i = Max(t->component, 0);
	double		mean = us_mixture_mean_value(m, i, t->column) - f->space->grid[t->column].offset;
	double		reach = NEAR * sqrt(us_mixture_covariance_value(m, i, t->column, t->column));
	float	   *value = (float *) palloc(sizeof(float) * points->n);
	int			n = 0;
	int			best = 0;

	tie->column = t->column;
	for (int p = 0; p < points->n; p++)
	{
		float		x = points->x[((Size) (p / US_LANES) * points->width + t->column) * US_LANES + p % US_LANES];

		if (fabs(ldexp(x, f->space->scale) - mean) <= reach)
			value[n++] = x;
	}
	qsort(value, n, sizeof(float), compare_floats);
	for (int from = 0, to; from < n; from = to)
	{
		for (to = from; to < n && value[to] == value[from]; to++)
			;
		if (to - from > best)
		{
			best = to - from;
			tie->coordinate = value[from];
			tie->found = true;
		}
	}
	pfree(value);
}

/* ---- singular components ---- */

static const char *
column_name(const UsGmmFit *f, int j)
{
	return us_encoder_column(f->input->encoder, j)->name;
}

/* The value of a tie in the units of the source, in the digits that its grid keeps. */
static char *
tie_value(const UsGmmFit *f, const Tie *tie)
{
	const UsEncoder *encoder = f->input->encoder;
	UsGrid		grid = f->space->grid[tie->column];
	double		x = grid.offset + ldexp(tie->coordinate, f->space->scale);
	double		value = us_encoder_invert(encoder, tie->column, x);
	double		step = us_encoder_invert(encoder, tie->column, x + ldexp(1, grid.exponent)) - value;
	double		digits = value != 0 && step != 0 ? floor(log10(fabs(value / step))) : 1;

	if (fabs(value) < fabs(step))
		value = 0;				/* as near as the grid comes to it */
	return psprintf("%.*g", (int) Max(Min(digits, 15.0), 1.0), value);
}

static char *
trouble_text(const UsGmmFit *f, const UsGmmTrouble *t, const Tie *tie)
{
	double		reg = f->search.reg;
	const char *who = t->component < 0 ? "the common covariance" :
		psprintf("component %d", t->component + 1);

	switch (t->kind)
	{
		case US_GMM_FEW_ROWS:
			return psprintf("%s is singular: it has %.3g rows for %d columns; use a smaller k, covariance \"diag\" or \"tied\", or a larger reg_covar",
							who, t->expected_rows, f->space->width);
		case US_GMM_FLAT_COLUMN:
			if (f->search.covariance == US_COVARIANCE_SPHERICAL)
				return psprintf("%s is singular: its variance of %.3g is only that of reg_covar (%g); raise reg_covar, or use a smaller k",
								who, t->variance, reg);
			if (tie->found && tie->rows > 1)
				return psprintf("%s is singular: " INT64_FORMAT " of " INT64_FORMAT " rows have the same value %s in column \"%s\", whose variance there (%.3g) is only that of reg_covar (%g); the log-likelihood means nothing: raise reg_covar (as to %g), transform the column or drop it, or use a smaller k",
								who, tie->rows, f->input->frame->nrows, tie_value(f, tie), column_name(f, t->column),
								t->variance, reg, fmax(10 * reg, 0.01 * f->points.variance));
			return psprintf("%s is singular: column \"%s\" has a variance of %.3g there, only that of reg_covar (%g); raise reg_covar, transform the column or drop it, or use a smaller k",
							who, column_name(f, t->column), t->variance, reg);
		default:
			return psprintf("%s is singular: columns \"%s\" and \"%s\" depend on each other there, with a variance of %.3g across (reg_covar is %g); drop one of them, use covariance \"diag\", or raise reg_covar",
							who, column_name(f, t->column), column_name(f, t->other), t->variance, reg);
	}
}

static void
report_trouble(const UsGmmFit *f, UsReport *list, const UsGmmTrouble *t, const Tie *tie)
{
	static const char *const kinds[] = {
		[US_GMM_FEW_ROWS] = "few rows",
		[US_GMM_FLAT_COLUMN] = "flat column",
		[US_GMM_DEPENDENT_COLUMNS] = "dependent columns"
	};
	UsReport   *r = us_report_add_object(list, NULL);

	if (t->component >= 0)
		us_report_int(r, "component", t->component + 1);
	us_report_text(r, "reason", kinds[t->kind]);
	us_report_number(r, "rows", t->expected_rows);
	us_report_number(r, "variance", t->variance);
	us_report_text(r, "column", column_name(f, t->column));
	if (t->kind == US_GMM_DEPENDENT_COLUMNS)
		us_report_text(r, "other_column", column_name(f, t->other));
	if (tie->found)
	{
		us_report_number(r, "value", strtod(tie_value(f, tie), NULL));
		us_report_int(r, "equal_rows", tie->rows);
	}
}

void
us_gmm_find_troubles(UsGmmFit *f)
{
	const UsMixture *m = f->final.mixture;
	double	   *expected = (double *) palloc(sizeof(double) * m->k);
	Tie		   *tie = (Tie *) palloc0(sizeof(Tie) * m->k);
	TieCount	count = {0};
	UsReport   *list;

	f->trouble = (UsGmmTrouble *) palloc0(sizeof(UsGmmTrouble) * m->k);
	for (int i = 0; i < m->k; i++)
		expected[i] = us_mixture_weight(m)[i] * (double) f->final.rows;
	f->n_troubles = us_gmm_troubles(m, expected, f->search.reg, f->points.variance, f->trouble);
	us_report_bool(f->details, "well_posed", f->n_troubles == 0);
	if (f->n_troubles == 0)
		return;
	count.width = m->d;
	count.n = f->n_troubles;
	count.tie = tie;
	for (int i = 0; i < f->n_troubles; i++)
		if (f->trouble[i].kind == US_GMM_FLAT_COLUMN && f->search.covariance != US_COVARIANCE_SPHERICAL)
			find_tie(f, &f->trouble[i], &tie[i]);
	us_gmm_run_show(f->run, count_ties, &count);
	list = us_report_add_array(f->details, "singular");
	for (int i = 0; i < f->n_troubles; i++)
	{
		us_fit_warn(f->result, trouble_text(f, &f->trouble[i], &tie[i]));
		report_trouble(f, list, &f->trouble[i], &tie[i]);
	}
}

/* ---- details ---- */

/* Why this k. */
static char *
reason(const UsGmmFit *f)
{
	const UsGmmCandidate *chosen = &f->candidate[f->chosen];
	int			left_out = 0;

	if (f->lo == f->hi)
		return pstrdup("given");
	for (int i = 0; i <= f->hi - f->lo; i++)
		left_out += f->candidate[i].mixture == NULL || f->candidate[i].n_troubles > 0;
	if (chosen->n_troubles > 0)
		return psprintf("every k from %d to %d has singular components; k = %d is the smallest of them",
						f->lo, f->hi, chosen->k);
	if (left_out > 0)
		return psprintf("the smallest BIC, %.6g, of the k from %d to %d without singular components (%d have some)",
						chosen->bic, f->lo, f->hi, left_out);
	return psprintf("the smallest BIC, %.6g, of k from %d to %d", chosen->bic, f->lo, f->hi);
}

static void
report_candidates(const UsGmmFit *f)
{
	UsReport   *table = us_report_add_array(f->details, "candidates");

	for (int i = 0; i <= f->hi - f->lo; i++)
	{
		const UsGmmCandidate *c = &f->candidate[i];
		UsReport   *row = us_report_add_object(table, NULL);
		bool		none = c->mixture == NULL;

		us_report_int(row, "k", c->k);
		us_report_number(row, "log_likelihood", none ? NAN : c->log_likelihood);
		us_report_number(row, "bic", none ? NAN : c->bic);
		us_report_number(row, "aic", none ? NAN : c->aic);
		us_report_bool(row, "well_posed", !none && c->n_troubles == 0);
		us_report_bool(row, "converged", c->converged);
		us_report_int(row, "starts", c->starts);
		us_report_int(row, "finished", c->finished);
		us_report_int(row, "iterations", c->iterations);
		us_report_int(row, "moves", c->moves);
		us_report_int(row, "gains", c->gains);
	}
	us_report_text(f->details, "chosen_by", reason(f));
}

void
us_gmm_report(UsGmmFit *f)
{
	UsReport   *r = f->details;
	const UsMixture *m = f->final.mixture;
	double		ll = f->final.log_likelihood;
	double		parameters = us_mixture_parameters(m);
	UsReport   *list;

	us_report_int(r, "k", m->k);
	us_report_text(r, "covariance", us_covariance_name((UsCovariance) m->covariance));
	us_report_number(r, "log_likelihood", ll);
	us_report_number(r, "mean_log_likelihood", ll / f->final.total_weight);
	us_report_number(r, "bic", -2 * ll + parameters * log(f->final.total_weight));
	us_report_number(r, "aic", -2 * ll + 2 * parameters);
	us_report_int(r, "parameters", (int64) parameters);
	us_report_int(r, "iterations", f->final.iterations);
	us_report_bool(r, "converged", f->final.converged);
	us_report_number(r, "tolerance", us_params_get(f->input->params, "tolerance")->number);
	us_report_number(r, "reg_covar", f->search.reg);
	us_report_int(r, "seed", (int64) f->search.seed);
	list = us_report_add_array(r, "weights");
	for (int i = 0; i < m->k; i++)
		us_report_number(list, NULL, us_mixture_weight(m)[i]);
	report_candidates(f);
	list = us_report_add_object(r, "sample");
	us_report_int(list, "distinct_rows", f->points.points->n);
	us_report_number(list, "rows", f->points.rows);
	us_report_bool(list, "complete", f->complete);
	us_gmm_run_report(f->run, r);
}
