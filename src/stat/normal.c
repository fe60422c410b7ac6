/*
 * normal.c
 *	  The standard normal distribution.
 */
#include "postgres.h"

#include <math.h>

#include "stat/normal.h"

double
us_normal_cdf(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

/* Value at r of the ratio of two polynomials of degree 7, coefficients from the constant on. */
static double
ratio(const double *num, const double *den, double r)
{
	double		p = num[7];
	double		q = den[7];

	for (int i = 6; i >= 0; i--)
	{
		p = p * r + num[i];
		q = q * r + den[i];
	}
	return p / q;
}

/* central region, |p - 1/2| <= 0.425 */
const double us_normal_centre[2][8] = {
	{
		3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
		1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
		3.3430575583588128105e4, 2.5090809287301226727e3
	},
	{
		1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
		2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
		5.2264952788528545610e3
	}
};

/* intermediate, r <= 5 */
const double us_normal_middle[2][8] = {
	{
		1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
		3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
		2.27238449892691845833e-2, 7.74545014278341407640e-4
	},
	{
		1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
		1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
		1.05075007164441684324e-9
	}
};

double
us_normal_quantile(double p)
{
	/* far tails */
	static const double e[] = {
		6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
		2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
		2.71155556874348757815e-5, 2.01033439929228813265e-7
	};
	static const double f[] = {
		1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
		7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
		2.04426310338993978564e-15
	};
	double		q = p - 0.5;
	double		r;
	double		x;

	if (!(p >= 0 && p <= 1))
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? -INFINITY : INFINITY;
	if (fabs(q) <= 0.425)
		return q * ratio(us_normal_centre[0], us_normal_centre[1], 0.180625 - q * q);
	r = sqrt(-log(q < 0 ? p : 1 - p));
	x = r <= 5 ? ratio(us_normal_middle[0], us_normal_middle[1], r - 1.6) : ratio(e, f, r - 5);
	return q < 0 ? -x : x;
}
