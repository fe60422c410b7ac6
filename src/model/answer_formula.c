/*
 * answer_formula.c
 *	  What a stored model answers, as a formula.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "model/answer_formula.h"

/* probabilities are cut off here before their odds are taken, as in stat/calibration.c */
#define CUT		1e-15

void
us_export_refuse(const UsArtifact *a, const char *what, bool (*can) (const UsAlgorithm *algorithm))
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; us_algorithm_get(i) != NULL; i++)
		if (can(us_algorithm_get(i)))
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", us_algorithm_get(i)->name);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("models of algorithm \"%s\" cannot be exported as %s", a->algorithm->name, what),
			 errhint("Those of %s can.", list.data)));
}

static bool
has_formula(const UsAlgorithm *algorithm)
{
	return algorithm->formula != NULL;
}

/* The calibrated probability from one that is not (us_calibrate). */
static UsFormula *
calibrated(const UsCalibrator *c, UsFormula *p)
{
	UsPiece    *piece;

	if (c->kind == US_CALIBRATE_PLATT)
	{
		UsFormula  *q = us_formula_clip(p, CUT, 1 - CUT);
		UsFormula  *odds = us_formula_two(US_F_SUB, us_formula_one(US_F_LN, q),
										  us_formula_one(US_F_LN, us_formula_two(US_F_SUB, us_formula_constant(1), q)));
		UsFormula  *const term[] = {us_formula_scale(odds, -c->a), us_formula_constant(-c->b)};

		return us_formula_one(US_F_LOGISTIC, us_formula_sum(2, term));
	}
	piece = palloc(sizeof(UsPiece) * c->n);
	for (int i = 0; i < c->n; i++)
		piece[i] = (UsPiece) {c->x[i], c->y[i], c->y[i], c->y[i]};
	return us_formula_pieces(p, c->n, piece);
}

static UsFormula *
complement(UsFormula *p)
{
	return us_formula_two(US_F_SUB, us_formula_constant(1), p);
}

/* Several classes: the calibrated probabilities before they are made to add up to 1 (us_calibrate_classes). */
static UsFormula *
calibrated_share(const UsCalibrator *c, int k, UsFormula *p)
{
	if (c->kind == US_CALIBRATE_CLASSES)
		return calibrated(&c->each[k], p);
	return us_formula_one(US_F_EXP, us_formula_scale(us_formula_one(US_F_LN, us_formula_clip(p, CUT, 1)), c->a));
}

UsFormula **
us_calibrated_formulas(const UsArtifact *a, UsFormula *const *p)
{
	const UsCalibrator *c = a->calibrator;
	int			n = a->n_labels;
	UsFormula **q = palloc(sizeof(UsFormula *) * n);
	UsFormula  *total;

	if (n == 2)
	{
		q[a->positive] = calibrated(c, p[a->positive]);
		q[1 - a->positive] = complement(q[a->positive]);
		return q;
	}
	for (int k = 0; k < n; k++)
		q[k] = calibrated_share(c, k, p[k]);
	total = us_formula_sum(n, q);
	for (int k = 0; k < n; k++)
		q[k] = us_formula_above(total, us_formula_constant(0), us_formula_two(US_F_DIV, q[k], total), us_formula_constant(1.0 / n));
	return q;
}

/* The shares of all classes. */
static UsFormula **
calibrated_shares(const UsArtifact *a, UsFormulaRequest *request)
{
	UsFormula **share = palloc(sizeof(UsFormula *) * a->n_labels);

	request->want = US_WANT_CLASS;
	for (int k = 0; k < a->n_labels; k++)
	{
		request->class = k;
		share[k] = calibrated_share(a->calibrator, k, a->algorithm->formula(a->model, request));
	}
	return share;
}

static UsFormula *
calibrated_classes(const UsArtifact *a, UsFormulaRequest *request, UsAnswerKind kind, int class)
{
	int			n = a->n_labels;
	UsFormula **share = calibrated_shares(a, request);
	UsFormula  *total = us_formula_sum(n, share);
	UsFormula  *own;

	if (kind == US_ANSWER_LABEL)
		return us_formula_pick_label(n, share, false);
	own = kind == US_ANSWER_TOP ? us_formula_new(US_F_LARGEST, n, share) :
		share[kind == US_ANSWER_VALUE ? a->positive : class];
	return us_formula_above(total, us_formula_constant(0), us_formula_two(US_F_DIV, own, total),
							us_formula_constant(1.0 / n));
}

/* Two classes whose probabilities are calibrated; p is that of the positive one. */
static UsFormula *
calibrated_answer(const UsArtifact *a, UsFormula *p, UsAnswerKind kind, int class)
{
	UsFormula  *half = us_formula_constant(0.5);
	UsFormula  *second;

	p = calibrated(a->calibrator, p);
	if (kind == US_ANSWER_VALUE)
		return p;
	if (kind == US_ANSWER_CLASS)
		return class == a->positive ? p : complement(p);
	second = a->positive == 1 ? p : complement(p);
	if (kind == US_ANSWER_LABEL)
		return us_formula_above(second, half, us_formula_label(2), us_formula_label(1));
	return us_formula_above(second, half, second, complement(second));
}

UsFormula *
us_answer_formula(const UsArtifact *a, UsAnswerKind kind, int class, int64 most_nodes)
{
	int			width = us_encoder_width(a->encoder);
	UsFormulaRequest request = {.encoder = a->encoder, .most_nodes = most_nodes};

	if (!has_formula(a->algorithm))
		us_export_refuse(a, "SQL", has_formula);
	if (a->algorithm->shape != US_SHAPE_TREES)
	{
		UsFormula **column;

		us_formula_check(&request, width, psprintf("%d encoded columns", width));
		column = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsFormula *) * (Size) Max(width, 1));
		for (int j = 0; j < width; j++)
			column[j] = us_encoder_formula(a->encoder, j);
		request.column = column;
	}
	if (a->task == US_TASK_REGRESSION || (a->task == US_TASK_CLUSTERING && kind == US_ANSWER_VALUE))
	{
		request.want = US_WANT_VALUE;
		return a->algorithm->formula(a->model, &request);
	}
	if (a->calibrator && a->n_labels > 2)
		return calibrated_classes(a, &request, kind, class);
	request.class = kind == US_ANSWER_CLASS && a->calibrator == NULL ? class : a->positive;
	request.want = kind == US_ANSWER_VALUE || kind == US_ANSWER_CLASS || a->calibrator ? US_WANT_CLASS :
		kind == US_ANSWER_LABEL ? US_WANT_LABEL : US_WANT_TOP;
	if (a->calibrator)
		return calibrated_answer(a, a->algorithm->formula(a->model, &request), kind, class);
	return a->algorithm->formula(a->model, &request);
}
