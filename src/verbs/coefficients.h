/*
 * coefficients.h
 *	  Coefficients of linear predictors, in units of the source, with their inference.
 */
#ifndef US_COEFFICIENTS_H
#define US_COEFFICIENTS_H

/* One line of userseg.coefficients; NaN and NULL: none. */
typedef struct UsCoefficientLine
{
	const char *class;			/* whose odds or probability, or NULL: a number is predicted */
	const char *term;			/* "(intercept)", "spend", "log1p(spend)", "country=FR" */
	double		coefficient;
	double		std_error;
	double		statistic;		/* t or z */
	double		p_value;
	double		ci_low;
	double		ci_high;
	double		encoded;		/* for the encoded column */
	const char *note;
} UsCoefficientLine;

/*
 * The lines of a model, with intervals of that level (0 < level < 1, else 22023); 42809 for a model without
 * coefficients.
 */
extern UsCoefficientLine *us_coefficients(const char *reference, double level, int *n);

#endif
