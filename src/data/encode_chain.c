/*
 * encode_chain.c
 *	  Learning the steps of a chain on one column.
 *
 * Each step is learned on what the steps before it make of the column, NULLs that an
 * earlier step has filled included.  What is known of the column (range, centre,
 * moments) is carried through a step where that is exact, so that the default chain,
 * median and standardisation, needs two passes.
 */
#include "postgres.h"

#include <float.h>

#include "data/encode_chain.h"

static const double one_half[] = {0.5};
static const double quartiles[] = {0.25, 0.5, 0.75};

UsChainLearner *
us_chain_learn(UsChain *chain, const UsStepSpec *spec, int n, const char *name, double weight)
{
	UsChainLearner *l = palloc0(sizeof(UsChainLearner));

	chain->n = 0;
	chain->step = palloc0(sizeof(UsStep) * (n + 2));
	l->chain = chain;
	l->spec = spec;
	l->nspec = n;
	l->name = name;
	l->factor = sqrt(weight);
	return l;
}

/* ---- steps, and what is known after them ---- */

static void
add_step(UsChainLearner *l, UsStepOp op, const char *name, double a, double b)
{
	UsStep	   *step = &l->chain->step[l->chain->n++];

	step->op = op;
	step->name = name;
	step->a = a;
	step->b = b;
}

static void
forget(UsChainLearner *l)
{
	l->has_mean = l->has_sd = l->has_median = false;
	l->quantile = NULL;
}

/* NULLs become v; far: v may lie far from the values. */
static void
add_fill(UsChainLearner *l, double v, bool far)
{
	add_step(l, US_OP_FILL, "impute", v, 0);
	if (!l->has_range)
		return;
	if (l->range.n_null == 0)
	{
		l->never_null = l->chain->n == 1;
		return;
	}
	l->range.n += l->range.n_null;
	l->range.n_null = 0;
	l->range.min = fmin(l->range.min, v);
	l->range.max = fmax(l->range.max, v);
	l->iweight = -1;
	forget(l);
	if (far)
		l->has_centre = false;
}

static void
add_affine(UsChainLearner *l, const char *name, double a, double b)
{
	if (!(b > 0) || !isfinite(b))
		b = 1;					/* no spread */
	if (l->at >= l->nspec - 1 && !l->factor_done)
	{
		b *= l->factor;
		l->factor_done = true;
	}
	add_step(l, US_OP_AFFINE, name, a, b);
	l->range.min = us_op_affine(l->range.min, a, b);
	l->range.max = us_op_affine(l->range.max, a, b);
	l->centre = us_op_affine(l->centre, a, b);
	l->mean = us_op_affine(l->mean, a, b);
	l->sd *= b;
	l->has_median = false;
	l->quantile = NULL;
}

/* The step last added is not linear but monotone. */
static void
after_monotone(UsChainLearner *l)
{
	const UsStep *step = &l->chain->step[l->chain->n - 1];

	l->range.min = us_step_apply(step, l->range.min);
	l->range.max = us_step_apply(step, l->range.max);
	l->centre = us_step_apply(step, l->centre);
	l->exact_range = step->op == US_OP_CLIP && l->exact_range;
	forget(l);
}

/* ---- what is needed: true if it is known, else l->need is what to do first ---- */

static bool
need(UsChainLearner *l, UsNeed what)
{
	l->need = what;
	return false;
}

static bool
need_exact_range(UsChainLearner *l)
{
	return l->exact_range || need(l, US_NEED_RANGE);
}

static bool
need_moments(UsChainLearner *l)
{
	return l->has_sd || need(l, l->has_range && l->has_centre ? US_NEED_MOMENTS : US_NEED_RANGE);
}

static bool
need_quantiles(UsChainLearner *l, const UsLearn *learn, const double *p, int n)
{
	if (l->quantile)
		return true;
	if (!l->has_range || (learn->frame->weighted && l->iweight < 0))
		return need(l, US_NEED_RANGE);
	l->probability = p;
	l->nprobabilities = n;
	return need(l, US_NEED_RANKS);
}

static bool
need_median(UsChainLearner *l, const UsLearn *learn)
{
	if (l->has_median)
		return true;
	if (!learn->frame->weighted && !l->no_bracket &&
		(l->nsample > 0 || learn->frame->nrows <= US_SELECT_SMALL))
		return need(l, US_NEED_MEDIAN);
	if (!need_quantiles(l, learn, one_half, 1))
		return false;
	l->median = l->quantile[0];
	l->has_median = true;
	l->quantile = NULL;
	if (!l->has_centre)
		l->centre = l->median;
	l->has_centre = true;
	return true;
}

/* ---- learning one step: false when something is needed first ---- */

static bool
learn_impute(UsChainLearner *l, const UsStepSpec *spec, const UsLearn *learn)
{
	if (spec->impute == US_IMPUTE_KEEP)
	{
		add_step(l, US_OP_KEEP, "impute", 0, 0);
		l->never_null = l->chain->n == 1;	/* the step changes nothing */
	}
	else if (spec->impute == US_IMPUTE_CONSTANT)
		add_fill(l, spec->number, true);
	else if (spec->impute == US_IMPUTE_MEAN)
	{
		if (!l->has_mean)
			return need(l, US_NEED_RANGE);
		add_fill(l, l->mean, false);
	}
	else
	{
		if (!need_median(l, learn))
			return false;
		add_fill(l, l->median, false);
	}
	return true;
}

static bool
learn_robust(UsChainLearner *l, const UsLearn *learn)
{
	double		median;
	double		spread;

	if (!need_quantiles(l, learn, quartiles, 3))
		return false;
	median = l->quantile[1];
	spread = l->quantile[2] - l->quantile[0];
	if (!(spread > 0))
	{
		if (!need_moments(l))
			return false;
		us_encoder_warn(learn->encoder, "feature \"%s\": the quartiles are equal (%g), "
						"so that \"robust\" divides by the standard deviation (%g) instead",
						l->name, l->quantile[0], l->sd);
		spread = l->sd;
	}
	add_affine(l, "robust", median, 1 / spread);
	return true;
}

static bool
learn_log1p(UsChainLearner *l, const UsStepSpec *spec)
{
	if (spec->signed_log)
	{
		add_step(l, US_OP_SIGNED_LOG1P, "log1p", 0, 0);
		after_monotone(l);
		return true;
	}
	if (!need_exact_range(l))
		return false;
	if (l->range.min <= -1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"log1p\" of feature \"%s\" is undefined for %.15g", l->name, l->range.min),
				 errdetail("The values range from %.15g to %.15g; log(1 + x) needs x > -1.",
						   l->range.min, l->range.max),
				 errhint("Use \"power\", or {\"log1p\": {\"signed\": true}}, or clip the values first.")));
	add_step(l, US_OP_LOG1P, "log1p", l->range.min, 0);
	after_monotone(l);
	return true;
}

static bool
learn_clip(UsChainLearner *l, const UsStepSpec *spec, const UsLearn *learn)
{
	bool		lo_learned = !isnan(spec->lo_quantile);
	bool		hi_learned = !isnan(spec->hi_quantile);
	double		lo = spec->lo;
	double		hi = spec->hi;

	if (lo_learned || hi_learned)
	{
		double	   *p = palloc(sizeof(double) * 2);

		p[0] = lo_learned ? spec->lo_quantile : 0;
		p[1] = hi_learned ? spec->hi_quantile : 1;
		if (!need_quantiles(l, learn, p, 2))
			return false;
		lo = lo_learned ? l->quantile[0] : lo;
		hi = hi_learned ? l->quantile[1] : hi;
	}
	if (lo > hi)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"clip\" of feature \"%s\" has its lower bound %g above the upper one, %g",
						l->name, lo, hi)));
	add_step(l, US_OP_CLIP, "clip", fmax(lo, -DBL_MAX), fmin(hi, DBL_MAX));
	after_monotone(l);
	return true;
}

static bool
learn_quantile(UsChainLearner *l, const UsStepSpec *spec, const UsLearn *learn)
{
	UsStep	   *step;
	int			n = spec->n;

	if (!need_exact_range(l))
		return false;
	n = (int) Max(Min(n, l->range.n), 2);
	if (l->quantile == NULL)
	{
		double	   *p = palloc(sizeof(double) * n);

		for (int i = 0; i < n; i++)
			p[i] = (double) i / (n - 1);
		return need_quantiles(l, learn, p, n);
	}
	add_step(l, spec->normal ? US_OP_NORMAL : US_OP_UNIFORM, "quantile", 0, 0);
	step = &l->chain->step[l->chain->n - 1];
	step->nbreaks = n;
	step->breaks = l->quantile;
	after_monotone(l);
	return true;
}

static bool
learn_power(UsChainLearner *l)
{
	if (!l->has_range || !l->has_centre)
		return need(l, US_NEED_RANGE);
	if (l->power == NULL || !us_power_done(l->power))
		return need(l, US_NEED_POWER);
	add_step(l, US_OP_POWER, "power", us_power_lambda(l->power), 0);
	l->power = NULL;
	after_monotone(l);
	return true;
}

bool
us_chain_learn_step(UsChainLearner *l, const UsLearn *learn)
{
	const UsStepSpec *spec = &l->spec[l->at];

	if (l->at == l->nspec)
	{
		if (!need_moments(l))
			return false;
		if (l->factor != 1 && !l->factor_done)
			add_affine(l, "weight", 0, 1);
		return true;
	}
	switch (spec->type)
	{
		case US_STEP_IMPUTE:
			return learn_impute(l, spec, learn);
		case US_STEP_STANDARD:
			if (!need_moments(l))
				return false;
			add_affine(l, "standard", l->mean, 1 / l->sd);
			return true;
		case US_STEP_MINMAX:
			if (!need_exact_range(l))
				return false;
			add_affine(l, "minmax", l->range.min, 1 / (l->range.max - l->range.min));
			return true;
		case US_STEP_ROBUST:
			return learn_robust(l, learn);
		case US_STEP_LOG1P:
			return learn_log1p(l, spec);
		case US_STEP_CLIP:
			return learn_clip(l, spec, learn);
		case US_STEP_QUANTILE:
			return learn_quantile(l, spec, learn);
		case US_STEP_POWER:
			return learn_power(l);
		default:
			elog(ERROR, "step \"%s\" in a chain of numbers", us_step_name(spec->type));
	}
	return true;
}
