/*
 * encode_chain.c
 *	  Learning a chain of steps on one column, in passes over its values.
 *
 * Each step is learned on what the steps before it make of the column, NULLs that an
 * earlier step has filled included.  What is known of the column (range, centre,
 * moments) is carried through a step where that is exact, so that the default chain,
 * median and standardisation, needs two passes.
 */
#include "postgres.h"

#include <float.h>

#include "data/encode_part.h"
#include "data/encode_power.h"
#include "math/moments.h"
#include "math/select.h"

/* What the next pass is for. */
typedef enum Need
{
	NEED_NOTHING,
	NEED_RANGE,					/* exact range and mean */
	NEED_MEDIAN,				/* exact range and median, unweighted, by sample */
	NEED_RANKS,					/* quantiles; the range is known */
	NEED_MOMENTS,				/* exact range, mean and variance; range and centre are known */
	NEED_POWER					/* a likelihood; range and centre are known */
} Need;

struct UsChainLearner
{
	UsChain    *chain;			/* grows by the steps learned */
	const UsStepSpec *spec;
	int			nspec;
	int			at;				/* the step to learn now; nspec: statistics of the result */
	const char *name;			/* of the feature */
	double		factor;			/* square root of the weight; goes into the last step */
	bool		factor_done;
	bool		never_null;		/* the first step, an imputation, has nothing to do in training */
	Need		need;
	bool		stopped;		/* constant, or no value at all */

	/* what is known of the column as the steps learned so far leave it */
	bool		has_range;
	bool		exact_range;	/* else right up to rounding */
	UsRange		range;
	int64		iweight;		/* of the values, as integers; with the range, if weighted */
	bool		has_centre;		/* a value within about one sd of the mean */
	double		centre;
	bool		has_mean;
	bool		has_sd;
	double		mean;
	double		sd;
	bool		has_median;
	double		median;
	double	   *quantile;		/* answers to the question of the step at hand, or NULL */

	/* the pass at hand */
	double	   *sample;
	int			nsample;
	bool		no_bracket;		/* the sample missed once */
	UsMedian	bracket;
	UsExactSum	sum;
	UsExactSum	weight;
	UsMoments	moments;
	const double *probability;	/* RANKS: nprobabilities of them */
	int			nprobabilities;
	UsSelect   *select;
	UsPowerFit *power;
	Size		taken;			/* from the budget, for this pass */
};

#define SAMPLE_ROOM	8192

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

void
us_chain_sample(UsChainLearner *l, const double *x, int n, int want)
{
	if (l->sample == NULL)
		l->sample = palloc(sizeof(double) * SAMPLE_ROOM);
	for (int i = 0; i < want && l->nsample < SAMPLE_ROOM; i++)
	{
		double		v = x[(int64) i * n / want];

		if (v == v)
			l->sample[l->nsample++] = v;
	}
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
need(UsChainLearner *l, Need what)
{
	l->need = what;
	return false;
}

static bool
need_exact_range(UsChainLearner *l)
{
	return l->exact_range || need(l, NEED_RANGE);
}

static bool
need_moments(UsChainLearner *l)
{
	return l->has_sd || need(l, l->has_range && l->has_centre ? NEED_MOMENTS : NEED_RANGE);
}

static bool
need_quantiles(UsChainLearner *l, const UsLearn *learn, const double *p, int n)
{
	if (l->quantile)
		return true;
	if (!l->has_range || (learn->frame->weighted && l->iweight < 0))
		return need(l, NEED_RANGE);
	l->probability = p;
	l->nprobabilities = n;
	return need(l, NEED_RANKS);
}

static bool
need_median(UsChainLearner *l, const UsLearn *learn)
{
	if (l->has_median)
		return true;
	if (!learn->frame->weighted && !l->no_bracket &&
		(l->nsample > 0 || learn->frame->nrows <= US_SELECT_SMALL))
		return need(l, NEED_MEDIAN);
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
	if (spec->impute == US_IMPUTE_CONSTANT)
		add_fill(l, spec->number, true);
	else if (spec->impute == US_IMPUTE_MEAN)
	{
		if (!l->has_mean)
			return need(l, NEED_RANGE);
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
		return need(l, NEED_RANGE);
	if (l->power == NULL || !us_power_done(l->power))
		return need(l, NEED_POWER);
	add_step(l, US_OP_POWER, "power", us_power_lambda(l->power), 0);
	l->power = NULL;
	after_monotone(l);
	return true;
}

/* The step at hand; after the last one the statistics of the result. */
static bool
learn_step(UsChainLearner *l, const UsLearn *learn)
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

/* ---- passes ---- */

static void
take(UsChainLearner *l, UsLearn *learn, Size bytes, const char *what)
{
	us_budget_take(learn->budget, bytes, what);
	l->taken += bytes;
}

static void
begin_median(UsChainLearner *l, UsLearn *learn)
{
	int			capacity = us_median_capacity(learn->frame->nrows, l->nsample);

	take(l, learn, sizeof(double) * capacity, "preprocessing");
	us_median_init(&l->bracket, l->sample, l->nsample,
				   palloc(sizeof(double) * capacity), capacity);
}

/* Lower and upper rank of each probability, ascending. */
static void
begin_ranks(UsChainLearner *l, UsLearn *learn)
{
	bool		weighted = learn->frame->weighted;
	int64		weight = weighted ? l->iweight : l->range.n;
	int			m = 2 * l->nprobabilities;
	int64	   *rank = palloc(sizeof(int64) * m);
	Size		limit = us_budget_left(learn->budget) / 4;

	for (int i = 0; i < l->nprobabilities; i++)
	{
		double		fraction;

		us_quantile_ranks(l->probability[i], weight, weighted,
						  &rank[2 * i], &rank[2 * i + 1], &fraction);
		if (i > 0)
			rank[2 * i] = Max(rank[2 * i], rank[2 * i - 2]);
	}
	/* probabilities ascend, but upper ranks may pass the next lower one */
	for (int i = 1; i < m; i++)
	{
		int64		r = rank[i];
		int			k = i;

		while (k > 0 && rank[k - 1] > r)
		{
			rank[k] = rank[k - 1];
			k--;
		}
		rank[k] = r;
	}
	take(l, learn, us_select_memory(l->range.n, weighted, m, limit), "preprocessing");
	l->select = us_select_create(l->range.n, weighted, rank, m, limit);
	pfree(rank);
}

static void
begin_pass(UsChainLearner *l, UsLearn *learn)
{
	switch (l->need)
	{
		case NEED_RANGE:
			us_range_init(&l->range);
			memset(&l->sum, 0, sizeof(l->sum));
			memset(&l->weight, 0, sizeof(l->weight));
			l->iweight = 0;
			break;
		case NEED_MEDIAN:
			begin_median(l, learn);
			break;
		case NEED_RANKS:
			if (l->select == NULL)
				begin_ranks(l, learn);
			break;
		case NEED_MOMENTS:
			us_moments_init(&l->moments, l->centre, l->range.min, l->range.max);
			us_range_init(&l->range);
			break;
		case NEED_POWER:
			if (l->power == NULL)
			{
				Size		bytes = us_power_memory(l->range.n, learn->frame->weighted);

				if (bytes > us_budget_left(learn->budget) / 4)
					bytes = 0;	/* read again for every step of the search */
				take(l, learn, bytes, "preprocessing");
				l->power = us_power_create(l->range.n, learn->frame->weighted, bytes > 0,
										   l->range.min, l->range.max, l->centre);
			}
			us_power_begin(l->power);
			break;
		case NEED_NOTHING:
			break;
	}
}

/* Answers to the probabilities that were asked for, in their order. */
static void
end_ranks(UsChainLearner *l, UsLearn *learn)
{
	bool		weighted = learn->frame->weighted;
	int64		weight = weighted ? l->iweight : l->range.n;

	if (!us_select_end_pass(l->select))
		return;					/* the need stands */
	l->quantile = palloc(sizeof(double) * l->nprobabilities);
	for (int i = 0; i < l->nprobabilities; i++)
	{
		int64		lower;
		int64		upper;
		double		fraction;
		double		a;
		double		b;

		us_quantile_ranks(l->probability[i], weight, weighted, &lower, &upper, &fraction);
		a = us_select_value(l->select, lower);
		b = us_select_value(l->select, upper);
		l->quantile[i] = a == b ? a : (1 - fraction) * a + fraction * b;
		if (i > 0)
			l->quantile[i] = fmax(l->quantile[i], l->quantile[i - 1]);
	}
	us_select_free(l->select);
	l->select = NULL;
}

static void
end_pass(UsChainLearner *l, UsLearn *learn)
{
	Need		done = l->need;
	bool		finished = true;

	switch (done)
	{
		case NEED_RANGE:
			l->has_range = l->exact_range = true;
			l->has_mean = l->has_centre = true;
			l->mean = us_exact_round(&l->sum) /
				(learn->frame->weighted ? us_exact_round(&l->weight) : (double) Max(l->range.n, 1));
			l->mean = fmin(fmax(l->mean, l->range.min), l->range.max);
			l->centre = l->mean;
			break;
		case NEED_MEDIAN:
			l->has_range = l->exact_range = true;
			l->range = l->bracket.range;
			l->has_median = us_median_result(&l->bracket, &l->median);
			l->no_bracket = !l->has_median;
			if (l->has_median)
			{
				l->centre = l->median;
				l->has_centre = true;
			}
			pfree(l->bracket.inside);
			break;
		case NEED_RANKS:
			end_ranks(l, learn);
			finished = l->select == NULL;
			break;
		case NEED_MOMENTS:
			l->exact_range = true;
			l->has_mean = l->has_sd = true;
			l->mean = us_moments_mean(&l->moments);
			l->sd = us_moments_sd(&l->moments);
			break;
		case NEED_POWER:
			us_power_end(l->power);
			finished = us_power_done(l->power);
			break;
		case NEED_NOTHING:
			break;
	}
	if (finished)
	{
		us_budget_release(learn->budget, l->taken);
		l->taken = 0;
		l->need = NEED_NOTHING;
	}
}

static bool
is_constant(const UsChainLearner *l)
{
	return l->exact_range &&
		(l->range.n == 0 || (l->range.min == l->range.max && l->range.n_null == 0));
}

bool
us_chain_begin(UsChainLearner *l, UsLearn *learn)
{
	if (l->need != NEED_NOTHING)
		end_pass(l, learn);
	while (!l->stopped && l->need == NEED_NOTHING)
	{
		if (is_constant(l))
			l->stopped = true;
		else if (!learn_step(l, learn))
			break;
		else if (l->at++ == l->nspec)
			return false;
	}
	if (l->stopped)
		return false;
	begin_pass(l, learn);
	return true;
}

/* x as the steps learned so far leave it: x itself where they change nothing. */
static const double *
apply_learned(const UsChainLearner *l, UsLearn *learn, const double *x, int n)
{
	const UsChain *chain = l->chain;
	int			start = 0;

	if (l->never_null)
		start = 1;
	if (start == chain->n)
		return x;
	memcpy(learn->scratch, x, sizeof(double) * n);
	for (int s = start; s < chain->n; s++)
		us_step_apply_array(&chain->step[s], learn->scratch, n);
	return learn->scratch;
}

static int64
sum_iweights(const double *x, const int64 *w, int n)
{
	int64		sum = 0;

	for (int i = 0; i < n; i++)
		sum += x[i] == x[i] ? w[i] : 0;
	return sum;
}

/* Sums for the mean: of w x, and of w where x is not NULL. */
static void
add_weighted(UsChainLearner *l, UsLearn *learn, const double *x, int n)
{
	double	   *product = learn->scratch2;

	for (int i = 0; i < n; i++)
		product[i] = x[i] * learn->chunk_weight[i];
	us_exact_add_array(&l->sum, product, n);
	for (int i = 0; i < n; i++)
		product[i] = x[i] == x[i] ? learn->chunk_weight[i] : NAN;
	us_exact_add_array(&l->weight, product, n);
	l->iweight += sum_iweights(x, learn->chunk_iweight, n);
}

void
us_chain_consume(UsChainLearner *l, UsLearn *learn, const double *x, int n)
{
	x = apply_learned(l, learn, x, n);
	switch (l->need)
	{
		case NEED_RANGE:
			us_range_add(&l->range, x, n);
			if (learn->chunk_weight)
				add_weighted(l, learn, x, n);
			else
				us_exact_add_array(&l->sum, x, n);
			break;
		case NEED_MEDIAN:
			us_median_add(&l->bracket, x, n);
			break;
		case NEED_RANKS:
			us_select_add(l->select, x, learn->chunk_iweight, n);
			break;
		case NEED_MOMENTS:
			us_range_add(&l->range, x, n);
			us_moments_add(&l->moments, x, learn->chunk_weight, n);
			break;
		case NEED_POWER:
			us_power_add(l->power, x, learn->chunk_weight, n);
			break;
		case NEED_NOTHING:
			break;
	}
}

bool
us_chain_finish(const UsChainLearner *l, double *mean, double *sd, double *min, double *max)
{
	if (l->stopped)
		return false;
	*mean = l->mean;
	*sd = l->sd;
	*min = us_encoded_limit(l->range.min);
	*max = us_encoded_limit(l->range.max);
	return true;
}
