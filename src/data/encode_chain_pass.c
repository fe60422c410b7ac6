/*
 * encode_chain_pass.c
 *	  Passes over the values of one column, to find out what a chain needs to know.
 */
#include "postgres.h"

#include "data/encode_chain.h"

void
us_chain_sample(UsChainLearner *l, const double *x, int n, int want)
{
	Size		bytes = sizeof(double) * (l->nsample + want);

	l->sample = l->sample ? repalloc(l->sample, bytes) : palloc(bytes);
	for (int i = 0; i < want; i++)
	{
		double		v = x[(int64) i * n / want];

		if (v == v)
			l->sample[l->nsample++] = v;
	}
}

/* Memory of this pass; false: wait for it. */
static bool
take(UsChainLearner *l, UsLearn *learn, Size bytes)
{
	if (!us_learn_take(learn, bytes))
		return false;
	l->taken += bytes;
	return true;
}

static bool
begin_median(UsChainLearner *l, UsLearn *learn)
{
	int			capacity = us_median_capacity(learn->frame->nrows, l->nsample);

	if (!take(l, learn, sizeof(double) * capacity))
		return false;
	us_median_init(&l->bracket, l->sample, l->nsample,
				   palloc(sizeof(double) * capacity), capacity);
	return true;
}

/* Lower and upper rank of each probability, ascending. */
static bool
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
	if (take(l, learn, us_select_memory(l->range.n, weighted, m, limit)))
		l->select = us_select_create(l->range.n, weighted, rank, m, limit);
	pfree(rank);
	return l->select != NULL;
}

static bool
begin_power(UsChainLearner *l, UsLearn *learn)
{
	bool		weighted = learn->frame->weighted;
	Size		bytes = us_power_memory(l->range.n, weighted);

	if (bytes > us_budget_left(learn->budget) / 4)
		bytes = 0;				/* read again for every step of the search */
	if (!take(l, learn, bytes))
		return false;
	l->power = us_power_create(l->range.n, weighted, bytes > 0,
							   l->range.min, l->range.max, l->centre);
	return true;
}

/* Get ready for what l->need asks; false: wait for memory. */
static bool
begin_pass(UsChainLearner *l, UsLearn *learn)
{
	switch (l->need)
	{
		case US_NEED_RANGE:
			us_range_init(&l->range);
			memset(&l->sum, 0, sizeof(l->sum));
			memset(&l->weight, 0, sizeof(l->weight));
			l->iweight = 0;
			break;
		case US_NEED_MEDIAN:
			return begin_median(l, learn);
		case US_NEED_RANKS:
			return l->select != NULL || begin_ranks(l, learn);
		case US_NEED_MOMENTS:
			us_moments_init(&l->moments, l->centre, l->range.min, l->range.max);
			if (!l->exact_range)
				us_range_init(&l->range);
			break;
		case US_NEED_POWER:
			if (l->power == NULL && !begin_power(l, learn))
				return false;
			us_power_begin(l->power);
			break;
		case US_NEED_NOTHING:
			break;
	}
	return true;
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
	UsNeed		done = l->need;
	bool		finished = true;

	switch (done)
	{
		case US_NEED_RANGE:
			l->has_range = l->exact_range = true;
			l->has_mean = l->has_centre = true;
			l->mean = us_exact_round(&l->sum) /
				(learn->frame->weighted ? us_exact_round(&l->weight) : (double) Max(l->range.n, 1));
			l->mean = fmin(fmax(l->mean, l->range.min), l->range.max);
			l->centre = l->mean;
			break;
		case US_NEED_MEDIAN:
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
			if (l->sample)
				pfree(l->sample);
			l->sample = NULL;
			break;
		case US_NEED_RANKS:
			end_ranks(l, learn);
			finished = l->select == NULL;
			break;
		case US_NEED_MOMENTS:
			l->exact_range = true;
			l->has_mean = l->has_sd = true;
			l->mean = us_moments_mean(&l->moments);
			l->sd = us_moments_sd(&l->moments);
			break;
		case US_NEED_POWER:
			us_power_end(l->power);
			finished = us_power_done(l->power);
			break;
		case US_NEED_NOTHING:
			break;
	}
	if (finished)
	{
		us_budget_release(learn->budget, l->taken);
		l->taken = 0;
		l->need = US_NEED_NOTHING;
	}
}

static bool
is_constant(const UsChainLearner *l)
{
	return l->exact_range &&
		(l->range.n == 0 || (l->range.min == l->range.max && l->range.n_null == 0));
}

UsPass
us_chain_begin(UsChainLearner *l, UsLearn *learn)
{
	if (l->reading)
		end_pass(l, learn);
	l->reading = false;
	while (!l->stopped && l->need == US_NEED_NOTHING)
	{
		if (is_constant(l))
			l->stopped = true;
		else if (!us_chain_learn_step(l, learn))
			break;
		else if (l->at++ == l->nspec)
			return US_PASS_NONE;
	}
	if (l->stopped)
		return US_PASS_NONE;
	l->reading = begin_pass(l, learn);
	return l->reading ? US_PASS_READ : US_PASS_WAIT;
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
		case US_NEED_RANGE:
			us_range_add(&l->range, x, n);
			if (learn->chunk_weight)
				add_weighted(l, learn, x, n);
			else
				us_exact_add_array(&l->sum, x, n);
			break;
		case US_NEED_MEDIAN:
			us_median_add(&l->bracket, x, n);
			break;
		case US_NEED_RANKS:
			us_select_add(l->select, x, learn->chunk_iweight, n);
			break;
		case US_NEED_MOMENTS:
			if (!l->exact_range)
				us_range_add(&l->range, x, n);
			us_moments_add(&l->moments, x, learn->chunk_weight, n);
			break;
		case US_NEED_POWER:
			us_power_add(l->power, x, learn->chunk_weight, n);
			break;
		case US_NEED_NOTHING:
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
