/*
 * scorecard_model.h
 *	  A trained scorecard: bins of the columns, their weights of evidence, coefficients, points.
 *
 * The class that is scored against, the "bad" one, is the positive class of the target; more points are always less of
 * it.  ln(odds of good) = intercept + sum over columns of coef * woe(bin), and
 * points = base_score + points_to_double / ln 2 * (ln(odds of good) - ln(base_odds)).
 */
#ifndef US_SCORECARD_MODEL_H
#define US_SCORECARD_MODEL_H

#include "learn/algorithm.h"

/* Why a column counts or not; stored. */
typedef enum UsCardStatus
{
	US_CARD_USED,
	US_CARD_WEAK,				/* information value below min_iv */
	US_CARD_NEGATIVE,			/* coefficient not above 0 beside the others */
	US_CARD_ALIASED				/* a combination of others */
} UsCardStatus;

typedef struct UsCardColumn
{
	uint8		status;			/* UsCardStatus */
	int			levels;			/* 0: numbers; else levels of a category, by number */
	int			nbins;			/* 1 .. US_WOE_MAX_BINS; bin nbins is that of missing values, nbins + 1 of levels that the
								 * training did not see */
	double	   *bound;			/* numbers: [nbins - 1] ascending: bin b holds bound[b - 1] < x <= bound[b] */
	uint8	   *bin;			/* categories: [levels] */
	double	   *good;			/* [nbins + 1] weights of the training rows */
	double	   *bad;
	double	   *woe;			/* [nbins + 1] */
	double	   *part;			/* [nbins + 1] of the information value */
	double		coef;			/* 0 unless it is used */
	double	   *value;			/* [nbins + 2] coef * woe; derived */
	double		iv;				/* derived: sum of part */
	double		most;			/* derived: the largest value */
	double		mean;			/* derived: mean of value over the training rows */
} UsCardColumn;

typedef struct UsScorecard
{
	int			width;
	UsCardColumn *column;		/* [width] */
	int			bad_class;		/* class index of the bad class: 0 or 1 */
	double		intercept;
	double		base_score;
	double		base_odds;
	double		points_to_double;
	bool		from_mean;		/* reasons count from the mean of the training, else from the most points */
	int			n_used;			/* derived */
} UsScorecard;

/* The derived fields. */
extern void us_scorecard_prepare(UsScorecard *m);

/* The bin of an encoded value, 0 .. nbins + 1. */
static inline int
us_card_bin(const UsCardColumn *c, double x)
{
	int			b = 0;

	if (x != x)
		return c->nbins;
	if (c->levels > 0)
		return x >= 0 && x < c->levels ? c->bin[(int) x] : c->nbins + 1;
	while (b < c->nbins - 1 && x > c->bound[b])
		b++;
	return b;
}

/* Points of bin b of column j; its part of those for nobody in particular is included.  0 for columns that are not used. */
extern double us_scorecard_bin_points(const UsScorecard *m, int j, int b);

/* Points of a row: the sum of those of its bins. */
extern double us_scorecard_points(const UsScorecard *m, const double *x);

/* Functions of the vtable. */
extern void us_scorecard_score(const void *model, const double *x, UsScore *score);
extern int	us_scorecard_label(const void *model, const double *x);
extern void us_scorecard_label_block(const void *model, const double *x, int stride, int nrows, int32 *label);
extern void us_scorecard_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out);
extern void us_scorecard_proba(const void *model, const double *x, double *p);

/* Reasons: points below the most that each column gives, or above the mean; base is the points without them. */
extern void us_scorecard_explain(const void *model, const double *x, const UsScore *score, double *c);
extern double us_scorecard_base(const void *model, const double *x, const UsScore *score);
extern UsFormula *us_scorecard_formula(const void *model, const UsFormulaRequest *request);
extern UsReport *us_scorecard_describe(const void *model);
extern void us_scorecard_write(const void *model, UsWriter *w);
extern void *us_scorecard_read(UsReader *r, int width, int *n_labels);

/* The conditions of bin b of column j of a model, in units of the source, that all hold: part[2]; their number. */
struct UsRulePart;
extern int	us_scorecard_conditions(const UsScorecard *m, const UsEncoder *encoder, int j, int b, struct UsRulePart *part);

#endif
