/*
 * logistic_lanes.h
 *	  Loss, gradient and information of logistic regression, lane by lane, the same bits for a row alone and
 *	  among others, on every machine.
 */
#ifndef US_LOGISTIC_LANES_H
#define US_LOGISTIC_LANES_H

#include "math/exp_lanes.h"

/* log(1 + x) of the lanes of a vector, x in [0, 1]. */
US_INLINE void
us_log1p_lanes(UsDoubleLanes *x)
{
	/* with s = x / (2 + x) <= 1/3 it is 2 (s + s^3/3 + s^5/5 + ...), Abramowitz and Stegun 4.1.27 */
	UsDoubleLanes s = *x / (2.0 + *x);
	UsDoubleLanes s2 = s * s;
	UsDoubleLanes sum = US_SPLAT_DOUBLE(1.0 / 33);

	for (int k = 31; k >= 1; k -= 2)
		sum = sum * s2 + 1.0 / k;
	*x = 2.0 * (s * sum);
}

/*
 * For predictors eta, responses y in [0, 1] and weights w: w (log(1 + exp(eta)) - y eta), w (y - p) and
 * w p (1 - p), where p = 1 / (1 + exp(-eta)).
 */
US_INLINE void
us_logistic_lanes(const UsDoubleLanes *predictor, const UsDoubleLanes *response, const UsDoubleLanes *weight,
				  UsDoubleLanes *loss, UsDoubleLanes *gradient, UsDoubleLanes *information)
{
	UsDoubleLanes eta = *predictor;
	UsDoubleLanes y = *response;
	UsDoubleLanes w = *weight;
	UsDoubleLanes zero = {0};
	UsLongLanes positive = eta > zero;
	UsDoubleLanes e = US_SELECT_DOUBLE(positive, -eta, eta);	/* -|eta| */
	UsDoubleLanes small;
	UsDoubleLanes rest;

	us_exp_lanes(&e);
	small = e / (1.0 + e);		/* the smaller one of p and 1 - p */
	us_log1p_lanes(&e);
	*loss = w * (e + US_SELECT_DOUBLE(positive, eta, zero) - y * eta);
	/* y - p without loss of digits: (y - 1) + (1 - p) for a positive eta */
	rest = US_SELECT_DOUBLE(positive, (y - 1.0) + small, y - small);
	*gradient = w * rest;
	*information = w * (small * (1.0 - small));
}

/* The same of one row. */
static inline void
us_logistic_row(double eta, double y, double w, double *loss, double *gradient, double *information)
{
	UsDoubleLanes all[3] = {US_SPLAT_DOUBLE(eta), US_SPLAT_DOUBLE(y), US_SPLAT_DOUBLE(w)};
	UsDoubleLanes l;
	UsDoubleLanes g;
	UsDoubleLanes i;

	us_logistic_lanes(&all[0], &all[1], &all[2], &l, &g, &i);
	*loss = l[0];
	*gradient = g[0];
	*information = i[0];
}

#endif
