/*
 * evaluate_tables.c
 *	  userseg.confusion, calibration, lift: a classifier on rows whose class is known.
 */
#include "postgres.h"

#include <math.h>

#include "data/json.h"
#include "math/exact_sum.h"
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

/* Whether rows are of the positive class; budgeted. */
static uint8 *
positives(const UsEvaluation *v, const UsAnswers *a)
{
	uint8	   *positive = us_arena_array(a->arena, Max(a->n, 1), sizeof(uint8));

	for (int64 i = 0; i < a->n; i++)
		positive[i] = a->actual[i] == 1;
	return positive;
}

/* ---- confusion ---- */

void
us_confusion_verb(const UsEvaluationArgs *args, double threshold, UsConfusionResult *result)
{
	UsEvaluation v;
	UsAnswers  *a;
	const UsArtifact *artifact;
	UsExactSum *sum;
	bool		swapped;
	int			k;

	us_evaluation_open(args, &v);
	us_evaluation_require_classes(&v, "confusion");
	if (!isnan(threshold))
	{
		us_evaluation_require_binary(&v, "confusion with a threshold");
		if (threshold < 0 || threshold > 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("threshold is %g, outside of 0 to 1", threshold),
					 errhint("Rows whose probability of the positive class is at least the threshold are taken as positive.")));
	}
	artifact = v.each[0].model->artifact;
	a = us_evaluation_answers(&v, 0, v.frame, 0);
	k = artifact->n_labels;
	swapped = k == 2 && artifact->positive == 0;	/* of the answers the positive class is number 1 */
	sum = palloc_extended(sizeof(UsExactSum) * k * k, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int64 i = 0; i < a->n; i++)
	{
		int			actual = a->actual[i];
		int			predicted = isnan(threshold) ? a->predicted[i] : a->proba[1][i] >= threshold;

		if (swapped)
		{
			actual = 1 - actual;
			predicted = 1 - predicted;
		}
		us_exact_add(&sum[(Size) actual * k + predicted], a->weight ? a->weight[i] : 1);
	}
	result->k = k;
	result->name = artifact->class_names;
	result->cell = palloc(sizeof(double) * k * k);
	for (int i = 0; i < k * k; i++)
		result->cell[i] = us_exact_round(&sum[i]);
	result->n = a->n;
	us_answers_free(a);
	us_evaluation_close(&v);
}

/* ---- calibration ---- */

static void
report_platt(UsReport *details, const UsAnswers *a, const uint8 *positive, UsBudget *budget)
{
	UsCalibrator c;
	UsReport   *r;

	us_budget_take(budget, us_calibrator_memory(a->n), "calibration");
	if (us_platt_fit(a->proba[1], positive, a->weight, a->n, &c))
	{
		/* logit of the true probability = intercept + slope * logit of the predicted one: 0 and 1 are perfect */
		r = us_report_add_object(details, "logit");
		us_report_number(r, "intercept", -c.b);
		us_report_number(r, "slope", -c.a);
	}
	us_budget_release(budget, us_calibrator_memory(a->n));
}

void
us_calibration_verb(const UsEvaluationArgs *args, int n_bins, UsCalibrationResult *result)
{
	UsEvaluation v;
	UsAnswers  *a;
	uint8	   *positive;
	UsReliability r;
	double		total = 0;
	UsExactSum	squares = {0};
	double		p = 0;
	double		y = 0;

	check_bins(n_bins);
	us_evaluation_open(args, &v);
	us_evaluation_require_binary(&v, "calibration");
	a = us_evaluation_answers(&v, 0, v.frame, 0);
	positive = positives(&v, a);
	result->n_bins = n_bins;
	result->n = a->n;
	result->bin = palloc(sizeof(UsReliabilityBin) * n_bins);
	result->low = palloc(sizeof(double) * n_bins);
	result->high = palloc(sizeof(double) * n_bins);
	us_reliability(a->proba[1], positive, a->weight, a->n, n_bins, result->bin, &r);
	for (int64 i = 0; a->weight && i < a->n; i++)
		us_exact_add(&squares, a->weight[i] * a->weight[i]);
	for (int i = 0; i < n_bins; i++)
		total += result->bin[i].weight;
	for (int i = 0; i < n_bins; i++)
	{
		const UsReliabilityBin *b = &result->bin[i];

		result->low[i] = result->high[i] = NAN;
		if (b->weight <= 0)
			continue;
		/* the effective number of rows of the bin, as far as weights are alike in all bins */
		us_wilson(b->observed, a->weight ? b->weight / us_exact_round(&squares) * total : b->weight, LEVEL,
				  &result->low[i], &result->high[i]);
		p += b->predicted * (b->weight / total);
		y += b->observed * (b->weight / total);
	}
	result->predicted = p;
	result->observed = y;
	result->details = us_report_object();
	us_report_number(result->details, "brier", r.brier);
	us_report_number(result->details, "ece", r.ece);
	us_report_number(result->details, "mce", r.mce);
	us_report_number(result->details, "reliability", r.reliability);
	us_report_number(result->details, "resolution", r.resolution);
	us_report_number(result->details, "uncertainty", r.uncertainty);
	us_report_number(result->details, "within", r.within);
	report_platt(result->details, a, positive, v.budget);
	us_answers_free(a);
	us_evaluation_close(&v);
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
us_lift_verb(const UsEvaluationArgs *args, int n_bins, Jsonb *json, UsLiftResult *result)
{
	UsEvaluation v;
	UsAnswers  *a;
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
	us_evaluation_require_binary(&v, "lift");
	a = us_evaluation_answers(&v, 0, v.frame, 0);
	bytes = us_ranking_memory(a->n);
	us_budget_take(v.budget, bytes, "ranking");
	r = us_ranking_build(a->proba[1], positives(&v, a), a->weight, a->n);
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
