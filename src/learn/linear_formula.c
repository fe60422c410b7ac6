/*
 * linear_formula.c
 *	  Linear predictors as formulas.
 */
#include "postgres.h"

#include "learn/linear_model.h"

UsFormula *
us_linear_predictor_formula(const UsLinearModel *m, int o, const UsFormulaRequest *request)
{
	UsFormula **term = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsFormula *) * ((Size) m->width + 1));
	const double *coef = m->coef + (Size) o * m->width;
	int			n = 0;

	us_formula_check(request, (int64) m->width * m->outputs,
					 psprintf("%d predictors of %d columns", m->outputs, m->width));
	term[n++] = us_formula_constant(m->intercept[o]);
	for (int j = 0; j < m->width; j++)
		if (coef[j] != 0)
			term[n++] = us_formula_scale(request->column[j], coef[j]);
	return us_formula_sum(n, term);
}

/* Two classes: the log odds of the second one. */
static UsFormula *
answer_logit(UsFormula *eta, const UsFormulaRequest *request)
{
	UsFormula  *const rank[] = {us_formula_constant(0), eta};

	switch (request->want)
	{
		case US_WANT_LABEL:
			return us_formula_pick_label(2, rank, false);
		case US_WANT_TOP:
			return us_formula_one(US_F_LOGISTIC, us_formula_one(US_F_ABS, eta));
		default:
			return us_formula_one(US_F_LOGISTIC, us_formula_scale(eta, request->class == 1 ? 1 : -1));
	}
}

UsFormula *
us_formula_classes(int n, UsFormula *const *score, const UsFormulaRequest *request)
{
	if (request->want == US_WANT_SCORES)
		return us_formula_new(US_F_SCORES, n, score);
	if (n == 1)
		return answer_logit(score[0], request);
	if (request->want == US_WANT_LABEL)
		return us_formula_pick_label(n, score, false);
	return us_formula_softmax(n, score, request->want == US_WANT_TOP ? -1 : request->class);
}

UsFormula *
us_linear_formula(const void *model, const UsFormulaRequest *request)
{
	const UsLinearModel *m = (const UsLinearModel *) model;
	UsFormula **eta = (UsFormula **) palloc(sizeof(UsFormula *) * m->outputs);

	for (int o = 0; o < m->outputs; o++)
		eta[o] = us_linear_predictor_formula(m, o, request);
	if (m->link == US_LINK_IDENTITY)
		return eta[0];
	if (m->link == US_LINK_LOG)
		return us_formula_one(US_F_EXP, eta[0]);
	return us_formula_classes(m->outputs, eta, request);
}
