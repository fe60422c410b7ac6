/*
 * softmax.h
 *	  Probabilities in proportion to exponentials.
 */
#ifndef US_SOFTMAX_H
#define US_SOFTMAX_H

#include <math.h>

/* p[n] becomes exp(p) over the sum of these, without overflow. */
static inline void
us_softmax(double *p, int n)
{
	double		most = p[0];
	double		sum = 0;

	for (int k = 1; k < n; k++)
		most = fmax(most, p[k]);
	for (int k = 0; k < n; k++)
	{
		p[k] = exp(p[k] - most);
		sum += p[k];
	}
	for (int k = 0; k < n; k++)
		p[k] /= sum;
}

#endif
