/*
 * distribution.h
 *	  Distribution functions and quantiles: chi-square, Student's t, F, beta, binomial.
 *
 * Degrees of freedom and shapes are any positive numbers.  Upper tails are computed as
 * such and keep their digits far out.  Quantiles take p, 0 <= p <= 1.  NaN outside of the
 * domain.  Handbook: Johnson, Kotz, Balakrishnan, "Continuous Univariate Distributions",
 * vol. 1 ch. 18 (chi-square), vol. 2 ch. 25 (beta), 27 (F), 28 (t).
 */
#ifndef US_DISTRIBUTION_H
#define US_DISTRIBUTION_H

/* P(X <= x), P(X > x) and the x with P(X <= x) = p. */
extern double us_chi2_cdf(double x, double df);
extern double us_chi2_upper(double x, double df);
extern double us_chi2_quantile(double p, double df);

/* P(T <= t), P(|T| > |t|) and the t with P(T <= t) = p.  An infinite df is the normal distribution. */
extern double us_student_cdf(double t, double df);
extern double us_student_two_sided(double t, double df);
extern double us_student_quantile(double p, double df);

/* F with df1 and df2 degrees of freedom. */
extern double us_f_cdf(double f, double df1, double df2);
extern double us_f_upper(double f, double df1, double df2);
extern double us_f_quantile(double p, double df1, double df2);

/* The x with I_x(a, b) = p. */
extern double us_beta_quantile(double p, double a, double b);

/* P(X <= k) and P(X >= k) of the number X of successes in n trials of probability p. */
extern double us_binomial_cdf(double k, double n, double p);
extern double us_binomial_upper(double k, double n, double p);

#endif
