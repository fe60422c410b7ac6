/*
 * mlp_formula.c
 *	  Networks as formulas: each unit is a sum, that those of the next layer share.
 */
#include "postgres.h"

#include <math.h>

#include "learn/linear_model.h"
#include "learn/mlp_model.h"

static UsFormula *
activated(UsMlpActivation activation, UsFormula *z)
{
	switch (activation)
	{
		case US_MLP_RELU:
			return us_formula_clip(z, 0, INFINITY);
		case US_MLP_TANH:
			return us_formula_one(US_F_TANH, z);
		default:
			return z;
	}
}

/* Unit o of layer l + 1 from the values of layer l; the order of the sum is that of a product of matrices. */
static UsFormula *
unit(const UsMlpModel *m, int l, int o, UsFormula *const *value)
{
	const UsMlpNet *net = &m->net;
	int			in = net->units[l];
	int			stride = us_mlp_stride(net->units[l + 1]);
	const double *weight = m->w + net->at[l] + o;
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * ((Size) in + 1));
	int			n = 0;

	term[n++] = us_formula_constant(weight[(Size) in * stride]);
	for (int i = 0; i < in; i++)
		if (weight[(Size) i * stride] != 0)
			term[n++] = us_formula_scale(value[i], weight[(Size) i * stride]);
	return activated((UsMlpActivation) net->activation[l], us_formula_sum(n, term));
}

UsFormula *
us_mlp_formula(const void *model, const UsFormulaRequest *request)
{
	const UsMlpModel *m = (const UsMlpModel *) model;
	const UsMlpNet *net = &m->net;
	UsFormula **value = (UsFormula **) palloc(sizeof(UsFormula *) * Max(net->units[0], 1));
	UsFormula  *answer[2];

	us_formula_check(request, (int64) us_mlp_parameters(net), psprintf("%lld weights of a network", (long long) us_mlp_parameters(net)));
	for (int j = 0; j < net->units[0]; j++)
		value[j] = us_formula_clip(request->column[j], -US_MLP_MOST_INPUT, US_MLP_MOST_INPUT);
	for (int l = 0; l < net->layers; l++)
	{
		UsFormula **next = (UsFormula **) palloc(sizeof(UsFormula *) * net->units[l + 1]);

		for (int o = 0; o < net->units[l + 1]; o++)
			next[o] = unit(m, l, o, value);
		value = next;
	}
	if (m->n_labels > 0)
		return us_formula_classes(net->units[net->layers], value, request);
	answer[0] = us_formula_constant(m->centre);
	answer[1] = us_formula_scale(value[0], m->scale);
	return us_formula_sum(2, answer);
}
