/*
 * minimum.h
 *	  Minimum of a function of one variable, asked for and told one value at a time.
 *
 *		us_minimum_init(&m, lo, hi, 1e-8);
 *		while (!m.done)
 *			us_minimum_tell(&m, f(m.trial));
 *		... m.best, m.value
 *
 * R. P. Brent, Algorithms for Minimization without Derivatives (1973), chapter 5, procedure
 * "localmin": golden section with successive parabolic interpolation.
 */
#ifndef US_MINIMUM_H
#define US_MINIMUM_H

typedef struct UsMinimum
{
	bool		done;
	double		trial;			/* where the function is wanted next */
	double		best;			/* smallest so far; the answer when done */
	double		value;			/* the function there */
	/* inside: bracket, second and third best, last two steps */
	double		lo;
	double		hi;
	double		second;
	double		second_value;
	double		third;
	double		third_value;
	double		step;
	double		step_before;
	double		tolerance;
	int			ntrials;
} UsMinimum;

/*
 * Look in [lo, hi] until best is known to tolerance + 1.5e-8 |best|, or after 100
 * trials.  The function may be infinite, not NaN; of several minima one is found.
 */
extern void us_minimum_init(UsMinimum *m, double lo, double hi, double tolerance);
extern void us_minimum_tell(UsMinimum *m, double value);

#endif
