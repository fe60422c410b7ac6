/*
 * evaluate_tables.c
 *	  userseg.confusion, calibration, lift: a classifier on rows whose class is known.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "data/json.h"
#include "math/exact_sum.h"
#include "stat/confusion.h"
#include "stat/proportion.h"
#include "verbs/evaluate.h"

#define LEVEL	0.95

static void
check_bins(int n)
{
	if (n < 1 || n > 1000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins is %d, outside of 1 to 1000", n),
				 errhint("10 is usual.")));
}

/* ---- one class ---- */

/* A class against the others. */
typedef struct OneClass
{
	const double *p;			/* [n] its probability */
	uint8	   *positive;		/* [n] whether rows are of it */
	double	   *room;			/* [n] */
} OneClass;

/* Room for one class at a time; of no more than a collection of answers leaves in the budget. */
static OneClass
make_class(const UsAnswers *a)
{
	int64		n = Max(a->n, 1);

	return (OneClass) {NULL, us_arena_array(a->arena, n, sizeof(uint8)), us_arena_array(a->arena, n, sizeof(double))};
}

/* The index of a class by name, NULL: the positive one, or -1 where there is none. */
static int
find_class(const UsArtifact *artifact, const char *name)
{
	StringInfoData names;

	if (name == NULL)
		return artifact->positive;
	for (int k = 0; k < artifact->n_labels; k++)
		if (strcmp(artifact->class_names[k], name) == 0)
			return k;
	initStringInfo(&names);
	for (int k = 0; k < Min(artifact->n_labels, 20); k++)
		appendStringInfo(&names, "%s\"%s\"", k > 0 ? ", " : "", artifact->class_names[k]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the model has no class \"%s\"", name),
			 errhint("Its classes are %s%s.", names.data, artifact->n_labels > 20 ? ", ..." : "")));
}

/* Class k of the model in its answers. */
static void
take_class(OneClass *c, const UsArtifact *artifact, const UsAnswers *a, int k)
{
	int			index = a->n_classes > 2 ? k : k == artifact->positive;

	for (int64 i = 0; i < a->n; i++)
		c->positive[i] = a->actual[i] == index;
	c->p = a->proba[index];
	if (c->p != NULL)
		return;
	for (int64 i = 0; i < a->n; i++)
		c->room[i] = 1 - a->proba[1][i];
	c->p = c->room;
}

/* The probability of the class that is answered, and whether it is the right one. */
static void
take_answered(OneClass *c, const UsAnswers *a)
{
	for (int64 i = 0; i < a->n; i++)
	{
		c->room[i] = a->proba[a->predicted[i]][i];
		c->positive[i] = a->predicted[i] == a->actual[i];
	}
	c->p = c->room;
}

/* ---- confusion ---- */

void
us_confusion_verb(const UsEvaluationArgs *args, const double *threshold, UsConfusionResult *result)
{
	UsEvaluation v;
	UsAnswers  *a;
	const UsArtifact *artifact;
	int32	   *actual;
	int32	   *predicted;
	bool		swapped;
	int			k;

	us_evaluation_open(args, &v);
	us_evaluation_require_classes(&v, "confusion()");
	if (threshold != NULL)
	{
		us_evaluation_require_binary(&v, "confusion() with a threshold");
		if (!(*threshold >= 0 && *threshold <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("threshold is %g, outside of 0 to 1", *threshold),
					 errhint("Rows whose probability of the positive class is at least the threshold are taken as positive.")));
	}
	artifact = v.each[0].model->artifact;
	a = us_evaluation_answers(&v, 0, v.frame, 0);
	k = artifact->n_labels;
	swapped = k == 2 && artifact->positive == 0;	/* of the answers the positive class is number 1 */
	us_budget_take(v.budget, us_confusion_memory(a->n, k) + 2 * sizeof(int32) * a->n, "confusion");
	actual = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * a->n);
	predicted = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * a->n);
	for (int64 i = 0; i < a->n; i++)
	{
		actual[i] = a->actual[i];
		predicted[i] = threshold == NULL ? a->predicted[i] : a->proba[1][i] >= *threshold;
		if (swapped)
		{
			actual[i] = 1 - actual[i];
			predicted[i] = 1 - predicted[i];
		}
	}
	result->k = k;
	result->name = artifact->class_names;
	result->cell = us_confusion_cells(actual, predicted, a->weight, a->n, k);
	result->n = a->n;
	us_budget_release(v.budget, us_confusion_memory(a->n, k) + 2 * sizeof(int32) * a->n);
	us_answers_free(a);
	us_evaluation_close(&v);
}

/* ---- calibration ---- */

static void
report_platt(UsReport *details, const UsAnswers *a, const OneClass *class, UsBudget *budget)
{
	UsCalibrator c;
	UsReport   *r;

	us_budget_take(budget, us_calibrator_memory(a->n), "calibration");
	if (us_platt_fit(class->p, class->positive, a->weight, a->n, &c))
	{
		/* logit of the true probability = intercept + slope * logit of the predicted one: 0 and 1 are perfect */
		r = us_report_add_object(details, "logit");
		us_report_number(r, "intercept", -c.b);
		us_report_number(r, "slope", -c.a);
	}
	us_budget_release(budget, us_calibrator_memory(a->n));
}

static void
fill_table(UsCalibrationTable *t, const UsAnswers *a, const OneClass *class, UsBudget *budget)
{
	UsReliability r;
	UsExactSum	squares = {0};
	double		effective = 1;

	t->bin = palloc(sizeof(UsReliabilityBin) * t->n_bins);
	t->low = palloc(sizeof(double) * t->n_bins);
	t->high = palloc(sizeof(double) * t->n_bins);
	us_reliability(class->p, class->positive, a->weight, a->n, t->n_bins, t->bin, &r);
	for (int i = 0; i < t->n_bins; i++)
		t->weight += t->bin[i].weight;
	for (int64 i = 0; a->weight && i < a->n; i++)
		us_exact_add(&squares, a->weight[i] * a->weight[i]);
	/* the effective number of rows of a bin, as far as weights are alike in all bins */
	if (a->weight)
		effective = t->weight / us_exact_round(&squares);
	for (int i = 0; i < t->n_bins; i++)
	{
		const UsReliabilityBin *b = &t->bin[i];

		t->low[i] = t->high[i] = NAN;
		if (b->weight <= 0)
			continue;
		us_wilson(b->observed, b->weight * effective, LEVEL, &t->low[i], &t->high[i]);
		t->predicted += b->predicted * (b->weight / t->weight);
		t->observed += b->observed * (b->weight / t->weight);
	}
	t->details = us_report_object();
	us_report_number(t->details, "brier", r.brier);
	us_report_number(t->details, "ece", r.ece);
	us_report_number(t->details, "mce", r.mce);
	us_report_number(t->details, "reliability", r.reliability);
	us_report_number(t->details, "resolution", r.resolution);
	us_report_number(t->details, "uncertainty", r.uncertainty);
	us_report_number(t->details, "within", r.within);
	report_platt(t->details, a, class, budget);
}

UsCalibrationTable *
us_calibration_verb(const UsEvaluationArgs *args, int n_bins, const char *class, int *n)
{
	UsEvaluation v;
	UsAnswers  *a;
	const UsArtifact *artifact;
	UsCalibrationTable *table;
	OneClass	c;
	int			first;

	check_bins(n_bins);
	us_evaluation_open(args, &v);
	us_evaluation_require_classes(&v, "calibration()");
	artifact = v.each[0].model->artifact;
	first = class || artifact->n_labels == 2 ? find_class(artifact, class) : 0;
	*n = class || artifact->n_labels == 2 ? 1 : artifact->n_labels + 1;
	a = us_evaluation_answers(&v, 0, v.frame, 0);
	c = make_class(a);
	table = palloc0(sizeof(UsCalibrationTable) * *n);
	for (int i = 0; i < *n; i++)
	{
		bool		answered = first + i == artifact->n_labels;

		if (answered)
			take_answered(&c, a);
		else
			take_class(&c, artifact, a, first + i);
		table[i].class = answered ? NULL : artifact->class_names[first + i];
		table[i].n_bins = n_bins;
		fill_table(&table[i], a, &c, v.budget);
	}
	us_answers_free(a);
	us_evaluation_close(&v);
	return table;
}

/* ---- lift ---- */

static void
read_payoff(Jsonb *json, UsPayoff *payoff)
{
	static const char *const name[] = {"true_positive", "false_positive", "true_negative", "false_negative"};
	double	   *const value[] = {&payoff->true_positive, &payoff->false_positive, &payoff->true_negative, &payoff->false_negative};
	JsonbValue	root;
	UsJsonMember *m;
	int			n;

	memset(payoff, 0, sizeof(*payoff));
	payoff->true_positive = 1;
	payoff->false_positive = -1;
	if (json == NULL)
		return;
	root = us_json_root(json);
	if (!us_json_is_object(&root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("payoff is a JSON %s, not an object", us_json_type(&root)),
				 errhint("Such as {\"true_positive\": 40, \"false_positive\": -5}.")));
	m = us_json_members(&root, &n);
	if (n > 0)
		payoff->true_positive = payoff->false_positive = 0;
	for (int i = 0; i < n; i++)
	{
		int			k = 0;

		while (k < lengthof(name) && strcmp(m[i].key, name[k]) != 0)
			k++;
		if (k == lengthof(name) || m[i].value.type != jbvNumeric || !isfinite(us_json_number(&m[i].value)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 k == lengthof(name) ? errmsg("payoff has no \"%s\"", m[i].key) :
					 errmsg("payoff \"%s\" is no number", m[i].key),
					 errhint("What one row is worth: numbers \"true_positive\", \"false_positive\", \"true_negative\", \"false_negative\".")));
		*value[k] = us_json_number(&m[i].value);
	}
}

/* Payoff of treating the rows of weight treated that hold found positives. */
static double
worth(const UsPayoff *p, const UsRanking *r, double treated, double found)
{
	return found * p->true_positive + (treated - found) * p->false_positive +
		(r->positives - found) * p->false_negative +
		(r->negatives - (treated - found)) * p->true_negative;
}

void
us_lift_verb(const UsEvaluationArgs *args, int n_bins, Jsonb *json, const char *class, UsLiftResult *result)
{
	UsEvaluation v;
	UsAnswers  *a;
	OneClass	c;
	int			looked_for;
	UsRanking  *r;
	UsPayoff	payoff;
	double		threshold,
				treated,
				best,
				total;
	Size		bytes;

	check_bins(n_bins);
	read_payoff(json, &payoff);
	us_evaluation_open(args, &v);
	us_evaluation_require_classes(&v, "lift()");
	looked_for = find_class(v.each[0].model->artifact, class);
	if (looked_for < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lift of which of %d classes?", v.each[0].model->artifact->n_labels),
				 errhint("Name it: class => '%s'.", v.each[0].model->artifact->class_names[0])));
	a = us_evaluation_answers(&v, 0, v.frame, 0);
	c = make_class(a);
	take_class(&c, v.each[0].model->artifact, a, looked_for);
	bytes = us_ranking_memory(a->n);
	us_budget_take(v.budget, bytes, "ranking");
	r = us_ranking_build(c.p, c.positive, a->weight, a->n);
	total = r->positives + r->negatives;
	result->n_bins = n_bins;
	result->n = a->n;
	result->weight = total;
	result->rate = r->positives / total;
	result->bin = palloc(sizeof(UsLiftBin) * n_bins);
	result->profit = palloc(sizeof(double) * n_bins);
	us_lift_bins(r, n_bins, result->bin);
	for (int i = 0; i < n_bins; i++)
		result->profit[i] = worth(&payoff, r, i + 1 == n_bins ? total : total * (i + 1) / n_bins,
								  result->bin[i].cumulative_positives);
	best = us_best_threshold(r, &payoff, &threshold, &treated);
	result->details = us_report_object();
	us_report_number(result->details, "best_threshold", threshold);	/* infinite: null */
	us_report_number(result->details, "best_profit", best);
	us_report_number(result->details, "best_treated", treated);
	us_report_number(result->details, "treat_all", worth(&payoff, r, total, r->positives));
	us_report_number(result->details, "treat_none", worth(&payoff, r, 0, 0));
	us_report_number(result->details, "auc", us_auc(r));
	us_ranking_free(r);
	us_budget_release(v.budget, bytes);
	us_answers_free(a);
	us_evaluation_close(&v);
}
