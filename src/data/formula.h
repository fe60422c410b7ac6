/*
 * formula.h
 *	  What a model computes, as an expression tree over the columns of its source: made by the
 *	  encoder and the algorithms, printed as SQL and PMML (model/).
 *
 * A node may be the argument of several others; what is used often is printed once where the
 * language has names for it.  Functions fold constants, and values by level, as they build.
 */
#ifndef US_FORMULA_H
#define US_FORMULA_H

#include "data/encode_condition.h"

typedef enum UsFormulaKind
{
	US_F_CONSTANT,				/* number */
	US_F_COLUMN,				/* the number in a feature, or in an element of it; times and durations in seconds */
	US_F_PHASE,					/* share of a period that has passed at a time, 0 <= share < 1 */
	US_F_LEVELS,				/* a value for each level of a category */
	US_F_TAG,					/* number if a tag is in the set, else other */
	US_F_KNOWN,					/* other if the feature is NULL, else number */
	US_F_FILL,					/* the argument, number where it is missing */
	US_F_SUM,					/* of n arguments */
	US_F_SUB,
	US_F_MUL,
	US_F_DIV,
	US_F_CLIP,					/* into [number, other] */
	US_F_SQUARE,				/* (x - number)^2 */
	US_F_ABS,
	US_F_SQRT,
	US_F_EXP,					/* arguments below -700 count as that; number: the largest, 0: 709 */
	US_F_EXP2,					/* 2^x of |x| < 1000 */
	US_F_LN,
	US_F_TANH,
	US_F_LOG1P,					/* log(1 + x); x <= -1 is number then; here and in the next two other is not 0
								 * where small x must keep their digits */
	US_F_SIGNED_LOG1P,			/* sign(x) log(1 + |x|) */
	US_F_YEO_JOHNSON,			/* with lambda number */
	US_F_SIN,					/* of 2 pi x */
	US_F_COS,
	US_F_PIECES,				/* piecewise linear */
	US_F_NORMAL_QUANTILE,		/* of 0 < x < 1 */
	US_F_LOGISTIC,				/* 1 / (1 + exp(-x)) */
	US_F_ROUND,					/* to the nearest whole number, half to even */
	US_F_REAL,					/* to the nearest float4 */
	US_F_REAL_SQUARE,			/* (x - number)^2 of float4 numbers in float4 arithmetic */
	US_F_REAL_SUM,				/* of float4 arguments one after the other, in float4 arithmetic */
	US_F_LARGEST,				/* of n arguments */
	US_F_PICK,					/* of 2 m arguments: the one m behind the first of m that is the largest, or with number
								 * -1 the smallest */
	US_F_BRANCH,				/* the first argument where the condition holds, else the second */
	US_F_ABOVE,					/* argument 2 where argument 0 > argument 1, else argument 3 */
	US_F_LABEL,					/* label of that number, 1 .. */
	US_F_FIELD,					/* a field of that name that a document defines (PMML) */
	US_F_SCORES					/* what classes are decided by: one argument, the log odds of the second of two, or one for each
								 * class, of which the softmax is the probability; number 1: the same only ranks them, and their
								 * probabilities are behind */
} UsFormulaKind;

/* A point of a piecewise linear function: value before, at and behind x. */
typedef struct UsPiece
{
	double		x;
	double		before;
	double		at;
	double		behind;
} UsPiece;

typedef struct UsFormula UsFormula;

struct UsFormula
{
	UsFormulaKind kind;
	int			n;
	UsFormula **arg;
	double		number;
	double		other;
	int			feature;
	int			element;		/* COLUMN: of a vector, from 1 */
	double		zero;			/* COLUMN: subtracted first, exactly: the instant from which seconds count; 0 for what is no time */
	const char *text;			/* PHASE: period; FIELD: name */
	const char *zone;			/* PHASE: or NULL */
	int			nlevels;		/* LEVELS, TAG */
	char	  **level;
	int			tag;			/* TAG */
	double	   *value;			/* LEVELS: [nlevels + 2], places as in encode_form.h; NaN: missing; NULL: rest, but for: */
	double		rest;
	int			nspecial;		/* ... these places, ascending */
	int		   *place;
	double	   *special;
	UsPiece    *piece;			/* PIECES: [nlevels], x ascending; before the first and behind the last constant */
	const UsCondition *condition;	/* BRANCH */
	int64		size;			/* nodes of the tree, counted as often as they occur */
	bool		may_miss;		/* it is missing for some rows */
	int			uses;			/* for printers */
	int			mark;
};

/* Builders, in the current memory context. */
extern UsFormula *us_formula_constant(double number);
extern UsFormula *us_formula_new(UsFormulaKind kind, int n, UsFormula *const *arg);
extern UsFormula *us_formula_one(UsFormulaKind kind, UsFormula *x);
extern UsFormula *us_formula_two(UsFormulaKind kind, UsFormula *x, UsFormula *y);

/* Functions of one argument with constants, folded where the argument is a value by level. */
extern UsFormula *us_formula_fill(UsFormula *x, double number);
extern UsFormula *us_formula_affine(UsFormula *x, double a, double b);	/* (x - a) * b */
extern UsFormula *us_formula_scale(UsFormula *x, double b);
extern UsFormula *us_formula_clip(UsFormula *x, double low, double high);
extern UsFormula *us_formula_real_square(UsFormula *x, double number);

/* What x becomes when each of its values goes through map(context, value), NaN: missing; NULL: x is no list of values. */
extern UsFormula *us_formula_by_level(const UsFormula *x, double (*map) (const void *context, double value), const void *context);

/*
 * The sum in the order of the arguments, with values by level of one feature that stand side by side joined, and
 * constants joined where the first one stands.
 */
extern UsFormula *us_formula_sum(int n, UsFormula *const *arg);

/* A piecewise linear function of x. */
extern UsFormula *us_formula_pieces(UsFormula *x, int n, UsPiece *piece);

/* Encoded column j; NULL of the feature is filled as scoring does it. */
extern UsFormula *us_encoder_formula(const UsEncoder *encoder, int j);

/* The value of LEVELS at a place. */
extern double us_formula_level(const UsFormula *f, int place);

/*
 * Of n results the one whose rank is the first of the largest (least: smallest) ones.
 */
extern UsFormula *us_formula_pick(int n, UsFormula *const *rank, UsFormula *const *result, bool least);

/* The same for labels 1 .. n. */
extern UsFormula *us_formula_pick_label(int n, UsFormula *const *rank, bool least);

/* exp(score[class]) / sum exp(score); class -1: of the largest score. */
extern UsFormula *us_formula_softmax(int n, UsFormula *const *score, int class);

/* result where a > b, else otherwise. */
extern UsFormula *us_formula_above(UsFormula *a, UsFormula *b, UsFormula *result, UsFormula *otherwise);

/* (x - number)^2 */
extern UsFormula *us_formula_square(UsFormula *x, double number);

/* Label number 1 ... */
extern UsFormula *us_formula_label(int label);

/*
 * Number what is used more than once in a formula, each part behind all that it needs: part i has the mark i + 1; level[i]: how
 * many layers of such parts it stands on, from 1.  Returns their number.
 */
extern int	us_formula_parts(UsFormula *f, UsFormula ***part, int **level);

/* What is asked of a model. */
typedef enum UsFormulaWant
{
	US_WANT_VALUE,				/* of a regression */
	US_WANT_LABEL,				/* with US_F_LABEL */
	US_WANT_TOP,				/* probability of the label */
	US_WANT_CLASS,				/* probability of a class or cluster */
	US_WANT_SCORES				/* US_F_SCORES, of US_SHAPE_SCORES */
} UsFormulaWant;

typedef struct UsFormulaRequest
{
	const UsEncoder *encoder;
	UsFormula *const *column;	/* [width]: the encoded columns; NULL for US_SHAPE_TREES */
	UsFormulaWant want;
	int			class;			/* CLASS: from 0 */
	int64		most_nodes;
} UsFormulaRequest;

/* Raise 54000 if a model needs more nodes than are allowed; what says where they come from ("100 centres of 20 columns"). */
extern void us_formula_check(const UsFormulaRequest *request, int64 nodes, const char *what);

#endif
