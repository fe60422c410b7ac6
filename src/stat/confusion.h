/*
 * confusion.h
 *	  Measures of a classification from its confusion matrix.
 *
 * cell[actual * k + predicted], weights >= 0, k classes.  Definitions and cases without rows as in
 * scikit-learn: a ratio without a denominator is 0, a class that is neither actual nor predicted does not
 * count in macro means, one that is not actual does not count in balanced accuracy.  NaN for an
 * empty matrix.
 */
#ifndef US_CONFUSION_H
#define US_CONFUSION_H

/* What one class is found like. */
typedef struct UsClassMeasures
{
	double		support;		/* weight of its rows */
	double		predicted;		/* weight of the rows put into it */
	double		precision;
	double		recall;
	double		f1;
} UsClassMeasures;

typedef struct UsConfusionMeasures
{
	double		weight;
	double		accuracy;
	double		balanced_accuracy;
	double		mcc;			/* Matthews; for k > 2 Gorodkin's R_K (Comput. Biol. Chem. 28 (2004)) */
	double		kappa;			/* Cohen */
	double		precision_macro;
	double		recall_macro;
	double		f1_macro;
	double		precision_weighted;
	double		recall_weighted;
	double		f1_weighted;
} UsConfusionMeasures;

/*
 * The matrix of n rows of classes 0 .. k - 1, weight[n] or NULL: exact sums, in new memory.  It asks for
 * us_confusion_memory(n, k) while it runs: sums are kept for the cells that occur.
 */
extern double *us_confusion_cells(const int32 *actual, const int32 *predicted, const double *weight, int64 n, int k);
extern Size us_confusion_memory(int64 n, int k);

/* Of the whole matrix; each[k] may be NULL. */
extern void us_confusion_measures(const double *cell, int k, UsConfusionMeasures *all,
								  UsClassMeasures *each);

/* 2 precision recall / (precision + recall) from weights; 0 when there is nothing to find or found. */
extern double us_f1(double true_positive, double false_positive, double false_negative);

/* Matthews correlation of two classes; 0 when a row or column of the matrix is empty. */
extern double us_mcc(double true_positive, double false_positive, double true_negative, double false_negative);

#endif
