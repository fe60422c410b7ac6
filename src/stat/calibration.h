/*
 * calibration.h
 *	  Whether predicted probabilities mean what they say, and functions that mend them.
 */
#ifndef US_CALIBRATION_H
#define US_CALIBRATION_H

/* Rows whose predicted probability lies between two borders. */
typedef struct UsReliabilityBin
{
	double		low;
	double		high;
	double		weight;
	double		predicted;		/* mean probability; NaN without rows */
	double		observed;		/* share of positive rows; NaN without rows */
} UsReliabilityBin;

typedef struct UsReliability
{
	double		ece;			/* mean of |predicted - observed| over rows */
	double		mce;			/* the largest of them */
	double		brier;
	double		reliability;	/* brier = reliability - resolution + uncertainty + within */
	double		resolution;
	double		uncertainty;
	double		within;			/* what the bins hide */
} UsReliability;

/* The bin, 0 .. n_bins - 1, of p among bins of equal width over [0, 1]: (i / n, (i + 1) / n], 0 in the first. */
extern int	us_reliability_bin(double p, int n_bins);

/*
 * The summary of bins that are filled but for low and high, which it sets; brier is that of the rows.
 * A. H. Murphy, "A New Vector Partition of the Probability Score", J. Appl. Meteorol. 12 (1973);
 * the last term: D. B. Stephenson et al., Weather and Forecasting 23 (2008).
 */
extern void us_reliability_summary(UsReliabilityBin *bin, int n_bins, double brier, UsReliability *result);

/* Bins and summary of n rows, the same in any order; weight NULL: 1. */
extern void us_reliability(const double *p, const uint8 *positive, const double *weight, int64 n,
						   int n_bins, UsReliabilityBin *bin, UsReliability *result);

typedef enum UsCalibratorKind
{
	US_CALIBRATE_NONE = 0,
	US_CALIBRATE_PLATT = 1,		/* 1 / (1 + exp(a logit(p) + b)) */
	US_CALIBRATE_ISOTONIC = 2,	/* a monotone piecewise linear function of p */
	US_CALIBRATE_TEMPERATURE = 3,	/* classes: p to the power a, made to add up to 1 */
	US_CALIBRATE_CLASSES = 4	/* classes: a function for each of them, made to add up to 1 */
} UsCalibratorKind;

typedef struct UsCalibrator
{
	UsCalibratorKind kind;
	double		a;
	double		b;
	int			n;				/* points of the function, x ascending, y not falling */
	double	   *x;
	double	   *y;
	int			n_each;			/* CLASSES */
	struct UsCalibrator *each;	/* [n_each] PLATT or ISOTONIC */
} UsCalibrator;

/*
 * Platt scaling of p (through its log-odds, p cut to [1e-15, 1 - 1e-15]): J. Platt (1999) with the Newton
 * method of H.-T. Lin, C.-J. Lin, R. C. Weng, "A note on Platt's probabilistic outputs for
 * support vector machines", Machine Learning 68 (2007).  Needs both classes (else false).
 */
extern bool us_platt_fit(const double *p, const uint8 *positive, const double *weight, int64 n,
						 UsCalibrator *calibrator);

/*
 * Isotonic regression by pooling adjacent violators (Barlow et al. 1972; Zadrozny and Elkan, KDD
 * 2002): the increasing function with the least squared error.  Between two points linear,
 * outside constant, as in scikit-learn.  More than US_ISOTONIC_POINTS points are thinned out.
 */
#define US_ISOTONIC_POINTS	4096
extern bool us_isotonic_fit(const double *p, const uint8 *positive, const double *weight, int64 n,
							UsCalibrator *calibrator);

/*
 * Temperature scaling (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern Neural Networks", ICML
 * 2017): the power a = 1 / temperature, within [0.01, 100], of the probabilities proba[k][n], cut to at least
 * 1e-15, with the least log loss of the classes actual[n].  proba[0] may be NULL with k = 2, where the result is
 * the same function as PLATT with b = 0.  The same in any order of the rows.  False without rows.
 */
extern bool us_temperature_fit(const double *const *proba, int k, const int32 *actual, const double *weight,
							   int64 n, UsCalibrator *calibrator);

/*
 * A function for each of k > 2 classes by Platt scaling or isotonic regression, one class against the others, whose
 * results are made to add up to 1 (B. Zadrozny, C. Elkan, KDD 2002).  Returns the number of a class that has no row, or
 * all of them; -1: fitted.
 */
extern int	us_calibrate_each_fit(UsCalibratorKind kind, const double *const *proba, int k, const int32 *actual,
								  const double *weight, int64 n, UsCalibrator *calibrator);

/* Bytes that a fit allocates while it works. */
extern Size us_calibrator_memory(int64 n);

/* The calibrated probability, by PLATT or ISOTONIC; NaN stays NaN. */
extern double us_calibrate(const UsCalibrator *calibrator, double p);

/*
 * Calibrate the probabilities p[k] of all classes in place.  PLATT and ISOTONIC: of two classes, positive is the one
 * that the function is for.  Where all functions of CLASSES say 0, the classes are equally probable.
 */
extern void us_calibrate_classes(const UsCalibrator *calibrator, double *p, int k, int positive);

#endif
