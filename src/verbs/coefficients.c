/*
 * coefficients.c
 *	  Coefficients of linear predictors.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "model/artifact.h"
#include "model/cache.h"
#include "stat/distribution.h"
#include "verbs/coefficients.h"

static const char *const notes[] = {
	[US_TERM_FITTED] = NULL,
	[US_TERM_ALIASED] = "a combination of terms before it",
	[US_TERM_REFERENCE] = "reference",
	[US_TERM_ZERO] = "0 by the penalty",
	[US_TERM_ABSENT] = "left out",
	[US_TERM_OFFSET] = "offset"
};

static void
fill(UsCoefficientLine *line, const UsCoefficient *c, double critical, double df)
{
	bool		none = c->status == US_TERM_ALIASED || c->status == US_TERM_REFERENCE ||
		c->status == US_TERM_ABSENT;

	line->coefficient = none ? NAN : c->estimate;
	line->encoded = none ? NAN : c->encoded;
	line->std_error = c->std_error;
	line->statistic = line->p_value = line->ci_low = line->ci_high = NAN;
	line->note = notes[c->status];
	if (isnan(c->std_error))
		return;
	line->ci_low = c->estimate - critical * c->std_error;
	line->ci_high = c->estimate + critical * c->std_error;
	if (c->std_error > 0)
	{
		line->statistic = c->estimate / c->std_error;
		line->p_value = us_student_two_sided(line->statistic, df);
	}
}

UsCoefficientLine *
us_coefficients(const char *reference, double level, int *n)
{
	const UsModel *m = us_model_open(reference, US_PRIVILEGE_USAGE);
	const UsArtifact *a = m->artifact;
	const UsCoefficient *c;
	UsCoefficientLine *line;
	int			outputs;
	int			terms;
	double		df;
	double		critical;

	if (!(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level is %g, outside of 0 < level < 1", level),
				 errhint("0.95 gives intervals that hold the true value 95 times out of 100.")));
	c = a->algorithm->coefficients != NULL ? a->algorithm->coefficients(a->model, &outputs, &terms, &df) : NULL;
	if (c == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d has no coefficients", m->info.model, m->info.version),
				 errdetail("It is a model of algorithm \"%s\".", m->info.algorithm),
				 errhint("Coefficients come from linear predictors, such as algorithms \"linear\" and \"logistic\".")));
	critical = df > 0 ? us_student_quantile(1 - (1 - level) / 2, df) : NAN;
	line = (UsCoefficientLine *) MemoryContextAllocHuge(CurrentMemoryContext,
														sizeof(UsCoefficientLine) * outputs * terms);
	*n = outputs * terms;
	for (int i = 0; i < *n; i++)
	{
		double		slope;
		double		shift;
		char	   *unit = NULL;

		if (i % 1000 == 0)
			CHECK_FOR_INTERRUPTS();
		fill(&line[i], &c[i], critical, df);
		line[i].class = m->n_labels == 0 ? NULL : m->label_name[outputs > 1 ? i / terms : m->n_labels - 1];
		line[i].term = "(intercept)";
		if (i % terms > 0)
		{
			us_encoder_linear(a->encoder, i % terms - 1, &shift, &slope, &unit);
			line[i].term = unit;
		}
	}
	return line;
}
