/*
 * encode_chain.h
 *	  Inside the learning of a chain: encode_chain.c decides about steps and says what it
 *	  needs to know of the column, encode_chain_pass.c finds that out.
 */
#ifndef US_ENCODE_CHAIN_H
#define US_ENCODE_CHAIN_H

#include "data/encode_part.h"
#include "data/encode_power.h"
#include "math/moments.h"
#include "math/select.h"

/* What the next pass is for. */
typedef enum UsNeed
{
	US_NEED_NOTHING,
	US_NEED_RANGE,					/* exact range and mean */
	US_NEED_MEDIAN,				/* exact range and median, unweighted, by sample */
	US_NEED_RANKS,					/* quantiles; the range is known */
	US_NEED_MOMENTS,				/* exact range, mean and variance; range and centre are known */
	US_NEED_POWER					/* a likelihood; range and centre are known */
} UsNeed;

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
	UsNeed		need;
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
	bool		reading;
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

/*
 * Learn the step at hand, or after the last one the statistics of the result: true when
 * done, false when l->need is to be found out first.
 */
extern bool us_chain_learn_step(UsChainLearner *l, const UsLearn *learn);

#endif
