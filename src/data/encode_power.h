/*
 * encode_power.h
 *	  The exponent of the Yeo-Johnson transform by maximum likelihood.
 *
 * lambda maximises
 *
 *		-W/2 log var(psi(x, lambda)) + (lambda - 1) sum w sign(x) log(1 + |x|)
 *
 * (Yeo and Johnson, Biometrika 87 (2000), section 3), var being the weighted
 * population variance and W the sum of weights.  The search is R. P. Brent's
 * (Algorithms for Minimization without Derivatives, 1973, chapter 5), to about 1e-8.
 * Values are kept for it, or come again in one pass for every trial.
 */
#ifndef US_ENCODE_POWER_H
#define US_ENCODE_POWER_H

typedef struct UsPowerFit UsPowerFit;

/* Bytes needed to keep n values. */
extern Size us_power_memory(int64 n, bool weighted);

/* Values lie in [min, max], up to rounding; centre is near their mean. */
extern UsPowerFit *us_power_create(int64 n, bool weighted, bool keep,
								   double min, double max, double centre);

/* A pass: begin, add all values (NaN are left out), end; until done. */
extern void us_power_begin(UsPowerFit *fit);
extern void us_power_add(UsPowerFit *fit, const double *x, const double *w, int n);
extern void us_power_end(UsPowerFit *fit);
extern bool us_power_done(const UsPowerFit *fit);

/* The exponent, when done. */
extern double us_power_lambda(const UsPowerFit *fit);

#endif
