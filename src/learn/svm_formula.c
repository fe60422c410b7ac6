/*
 * svm_formula.c
 *	  Support vector machines with a linear kernel as formulas.
 */
#include "postgres.h"

#include "learn/svm_model.h"

/* The probability by the sigmoid of output o; or of the opposite. */
static UsFormula *
sigmoid(const UsSvmModel *m, int o, UsFormula *f, bool opposite)
{
	double		sign = opposite ? 1 : -1;
	UsFormula  *const term[] = {
		us_formula_scale(f, sign * m->sigmoid[o].a), us_formula_constant(sign * m->sigmoid[o].b)
	};

	return us_formula_one(US_F_LOGISTIC, us_formula_sum(2, term));
}

/* Ranks f[n] and probabilities p[classes] of the classes. */
static UsFormula *
scores(int n, UsFormula *const *f, int classes, UsFormula *const *p)
{
	UsFormula **arg = (UsFormula **) palloc(sizeof(UsFormula *) * (n + classes));
	UsFormula  *s;

	memcpy(arg, f, sizeof(UsFormula *) * n);
	memcpy(arg + n, p, sizeof(UsFormula *) * classes);
	s = us_formula_new(US_F_SCORES, n + classes, arg);
	s->number = 1;
	return s;
}

static UsFormula *
two_classes(const UsSvmModel *m, UsFormula *f, const UsFormulaRequest *request)
{
	UsFormula  *const rank[] = {us_formula_constant(0), f};
	UsFormula  *const p[] = {sigmoid(m, 0, f, true), sigmoid(m, 0, f, false)};

	if (request->want == US_WANT_SCORES)
		return scores(1, &f, 2, p);
	if (request->want == US_WANT_LABEL)
		return us_formula_pick_label(2, rank, false);
	return request->want == US_WANT_TOP ? us_formula_pick(2, rank, p, false) : p[request->class];
}

UsFormula *
us_svm_formula(const void *model, const UsFormulaRequest *request)
{
	const UsSvmModel *m = (const UsSvmModel *) model;
	int			n = m->linear->outputs;
	UsFormula **f = (UsFormula **) palloc(sizeof(UsFormula *) * n);
	UsFormula **p = (UsFormula **) palloc(sizeof(UsFormula *) * n);
	UsFormula  *sum;

	if (m->kernel.kind != US_SVM_LINEAR)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a support vector machine with kernel \"%s\" cannot be exported", us_svm_kernel_names[m->kernel.kind]),
				 errdetail("It has %d support vectors.", m->n),
				 errhint("Train with params {\"kernel\": \"linear\"}.")));
	for (int o = 0; o < n; o++)
		f[o] = us_linear_predictor_formula(m->linear, o, request);
	if (m->linear->classes == 0)
		return f[0];
	if (m->linear->classes == 2)
		return two_classes(m, f[0], request);
	if (request->want == US_WANT_LABEL)
		return us_formula_pick_label(n, f, false);
	for (int k = 0; k < n; k++)
		p[k] = sigmoid(m, k, f[k], false);
	sum = us_formula_sum(n, p);
	if (request->want == US_WANT_SCORES)
	{
		for (int k = 0; k < n; k++)
			p[k] = us_formula_two(US_F_DIV, p[k], sum);
		return scores(n, f, n, p);
	}
	if (request->want == US_WANT_CLASS)
		return us_formula_two(US_F_DIV, p[request->class], sum);
	return us_formula_two(US_F_DIV, us_formula_pick(n, f, p, false), sum);
}
