/*
 * encode_formula.c
 *	  Encoded columns as expressions over the source.
 */
#include "postgres.h"

#include <math.h>

#include "data/formula.h"

/* shares nearer to 0 or 1 than this have no quantile in encode_step.c */
#define SHARE_MARGIN	1e-7

/* Where breaks are equal, the function jumps: the value there is the middle. */
static UsFormula *
shares(UsFormula *x, const UsStep *step)
{
	UsPiece    *piece = palloc(sizeof(UsPiece) * step->nbreaks);
	double		last = step->nbreaks - 1;
	int			n = 0;

	for (int i = 0; i < step->nbreaks;)
	{
		int			end = i + 1;

		while (end < step->nbreaks && step->breaks[end] == step->breaks[i])
			end++;
		piece[n].x = step->breaks[i];
		piece[n].before = i / last;
		piece[n].at = 0.5 * (i + end - 1) / last;
		piece[n++].behind = (end - 1) / last;
		i = end;
	}
	return us_formula_pieces(x, n, piece);
}

static UsFormula *
apply_step(UsFormula *x, const UsStep *step)
{
	switch (step->op)
	{
		case US_OP_FILL:
			return us_formula_fill(x, step->a);
		case US_OP_KEEP:
			return x;
		case US_OP_AFFINE:
			return us_formula_affine(x, step->a, step->b);
		case US_OP_CLIP:
			return us_formula_clip(x, step->a, step->b);
		case US_OP_LOG1P:
			x = us_formula_new(US_F_LOG1P, 1, &x);
			x->number = step->a;
			return x;
		case US_OP_SIGNED_LOG1P:
			return us_formula_one(US_F_SIGNED_LOG1P, x);
		case US_OP_POWER:
			x = us_formula_new(US_F_YEO_JOHNSON, 1, &x);
			x->number = step->a;
			return x;
		case US_OP_UNIFORM:
			return shares(x, step);
		case US_OP_NORMAL:
			return us_formula_one(US_F_NORMAL_QUANTILE,
								  us_formula_clip(shares(x, step), SHARE_MARGIN, 1 - SHARE_MARGIN));
	}
	return x;
}

/* factor from which on the rounding of 1 + x shows in the encoded value */
#define FINE_SCALE	1e4

static UsFormula *
apply_chain(UsFormula *x, const UsChain *chain)
{
	for (int i = 0; i < chain->n; i++)
	{
		double		scale = 1;

		x = apply_step(x, &chain->step[i]);
		if (x->kind != US_F_LOG1P && x->kind != US_F_SIGNED_LOG1P && x->kind != US_F_YEO_JOHNSON)
			continue;
		for (int k = i + 1; k < chain->n; k++)
			if (chain->step[k].op == US_OP_AFFINE)
				scale *= chain->step[k].b;
		x->other = scale > FINE_SCALE ? 1 : 0;
	}
	return x;
}

static UsFormula *
leaf(UsFormulaKind kind, const UsForm *form)
{
	UsFormula  *f = us_formula_new(kind, 0, NULL);

	f->feature = form->feature;
	f->nlevels = form->nlevels;
	f->level = form->level;
	return f;
}

/* One level of a category is scale, the others are 0: values for the levels, NULL and others. */
static UsFormula *
one_level(const UsForm *form)
{
	UsFormula  *f = leaf(US_F_LEVELS, form);

	f->place = palloc(sizeof(int) * 3);
	f->special = palloc(sizeof(double) * 3);
	for (int i = 0; i < 3; i++)
	{
		int			place = i == 0 ? form->slot : form->nlevels + i - 1;

		if ((i == 0 && place >= form->nlevels) || us_form_value(form, place) == 0)
			continue;
		f->place[f->nspecial] = place;
		f->special[f->nspecial++] = form->scale;
	}
	return f;
}

UsFormula *
us_encoder_formula(const UsEncoder *encoder, int j)
{
	UsForm		form;
	UsFormula  *f;

	us_encoder_form(encoder, j, &form);
	switch (form.kind)
	{
		case US_FORM_NUMBER:
			return apply_chain(leaf(US_F_COLUMN, &form), form.chain);
		case US_FORM_AGE:
			f = leaf(US_F_COLUMN, &form);
			f->zero = form.reference;
			f = us_formula_two(US_F_DIV, f, us_formula_constant(-form.unit));
			return apply_chain(f, form.chain);
		case US_FORM_ELEMENT:
			f = leaf(US_F_COLUMN, &form);
			f->element = form.element;
			return us_formula_fill(us_formula_affine(f, form.a, form.b), form.fill);
		case US_FORM_CIRCLE:
			f = leaf(US_F_PHASE, &form);
			f->text = form.period;
			f->zone = form.zone;
			f = us_formula_one(form.cosine ? US_F_COS : US_F_SIN, f);
			return us_formula_fill(us_formula_scale(f, form.scale), form.fill);
		case US_FORM_LEVELS:
			if (form.value == NULL)
				return one_level(&form);
			f = leaf(US_F_LEVELS, &form);
			f->value = form.value;
			for (int i = 0; i < form.nlevels + 2; i++)
				f->may_miss |= isnan(form.value[i]);
			return f;
		case US_FORM_TAG:
			f = leaf(US_F_TAG, &form);
			f->tag = form.tag;
			f->number = form.scale;
			return f;
		case US_FORM_NULL:
			f = leaf(US_F_KNOWN, &form);
			f->other = form.scale;
			return f;
	}
	return NULL;
}
