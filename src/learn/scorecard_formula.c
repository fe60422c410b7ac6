/*
 * scorecard_formula.c
 *	  The bins of a scorecard as conditions over the source, and scorecards as formulas.
 */
#include "postgres.h"

#include <math.h>

#include "learn/linear_model.h"
#include "learn/scorecard_model.h"
#include "learn/tree_rules.h"

static void
check_levels(const UsEncoder *encoder, int j)
{
	if (us_encoder_levels(encoder, j) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid stored model: levels of column %d, which has none", j + 1)));
}

/* A category is in bin b, or missing. */
static void
levels_condition(const UsScorecard *m, const UsEncoder *encoder, int j, int b, UsCondition *condition)
{
	const UsCardColumn *c = &m->column[j];
	uint64	   *bits = (uint64 *) palloc0(sizeof(uint64) * (c->levels / 64 + 1));

	check_levels(encoder, j);
	for (int l = 0; l < c->levels; l++)
		if (b < c->nbins && c->bin[l] == b)
			bits[l / 64] |= UINT64CONST(1) << (l % 64);
	us_encoder_condition_set(encoder, j, bits, c->levels, b == c->nbins, condition);
	pfree(bits);
}

/* Column j is missing. */
static void
missing_condition(const UsScorecard *m, const UsEncoder *encoder, int j, UsCondition *condition)
{
	if (m->column[j].levels > 0)
		levels_condition(m, encoder, j, m->column[j].nbins, condition);
	else
		us_encoder_condition(encoder, j, -INFINITY, true, condition);
}

int
us_scorecard_conditions(const UsScorecard *m, const UsEncoder *encoder, int j, int b, UsRulePart *part)
{
	const UsCardColumn *c = &m->column[j];
	UsCondition *high = &part[0].condition;
	UsCondition *low = &part[1].condition;

	part[0].holds = true;
	part[1].holds = false;
	if (b == c->nbins)
	{
		missing_condition(m, encoder, j, high);
		return 1;
	}
	if (c->levels > 0)
	{
		levels_condition(m, encoder, j, b, high);
		return 1;
	}
	us_encoder_condition(encoder, j, b < c->nbins - 1 ? c->bound[b] : INFINITY, false, high);
	if (b == 0)
		return 1;
	us_encoder_condition(encoder, j, c->bound[b - 1], false, low);
	if (high->kind != US_CONDITION_NUMBER || low->kind != US_CONDITION_NUMBER)
		return 2;
	if (isinf(high->low) && isinf(low->low))
		high->low = low->high;
	else if (isinf(high->high) && isinf(low->high))
		high->high = low->low;
	else
		return 2;
	high->null = high->null && !low->null;
	return 1;
}

/* The value of column j: missing first, then bin after bin. */
static UsFormula *
column_formula(const UsScorecard *m, const UsEncoder *encoder, int j)
{
	const UsCardColumn *c = &m->column[j];
	bool		category = c->levels > 0;
	UsFormula  *f = us_formula_constant(category ? 0 : c->value[c->nbins - 1]);

	for (int b = category ? c->nbins - 1 : c->nbins - 2; b >= -1; b--)
	{
		UsCondition *condition = (UsCondition *) palloc(sizeof(UsCondition));

		if (b < 0)
			missing_condition(m, encoder, j, condition);
		else if (category)
			levels_condition(m, encoder, j, b, condition);
		else
			us_encoder_condition(encoder, j, c->bound[b], false, condition);
		f = us_formula_two(US_F_BRANCH, us_formula_constant(c->value[b < 0 ? c->nbins : b]), f);
		f->condition = condition;
	}
	return f;
}

UsFormula *
us_scorecard_formula(const void *model, const UsFormulaRequest *request)
{
	const UsScorecard *m = (const UsScorecard *) model;
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * (m->n_used + 1));
	UsFormula  *eta;
	int			n = 1;

	term[0] = us_formula_constant(m->intercept);
	for (int j = 0; j < m->width; j++)
		if (m->column[j].status == US_CARD_USED)
			term[n++] = column_formula(m, request->encoder, j);
	eta = us_formula_sum(n, term);
	if (m->bad_class == 1)
		eta = us_formula_scale(eta, -1);
	return us_formula_classes(1, &eta, request);
}
