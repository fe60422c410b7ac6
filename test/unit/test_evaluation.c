/*
 * test_evaluation.c
 *	  Confusion measures, losses, proportions and the sheet of all metrics against
 *	  scikit-learn 1.2.1 and R 4.2.2 (binom.test, prop.test, mcnemar.test).
 */
#include "postgres.h"

#include <math.h>

#include "math/hash.h"
#include "stat/confusion.h"
#include "stat/evaluation.h"
#include "stat/losses.h"
#include "stat/proportion.h"
#include "unit.h"

#define N	40

static const double w[N] = {1.25, 0.5, 1.75, 2, 0.5, 1.25, 0.25, 0.5, 1, 2, 2, 1.5, 1.25, 1.25, 0.25, 1, 2, 1,
	0.5, 0.5, 1.5, 0.25, 2, 2, 1.25, 1, 1.75, 1.25, 1, 0.75, 1, 1.75, 0.25, 0.25, 1.5, 0.75, 1.75, 0.25,
2, 0.25};
static const UsLoss squared = {US_LOSS_SQUARED, 0};
static const double yt[N] = {13.44, 4.78, 2.92, 7.23, 3.78, 4.75, 3.63, 4.19, 1.02, 2.37, 2.57, 3.88, 5.78, 2.05,
	17.57, 4.25, 6.34, 1.82, 2.25, 13.53, 7.46, 4.28, 1.38, 13.2, 2.17, 3.29, 4.25, 6.24, 4.85, 4.68, 16.31,
5.22, 6.66, 8.26, 0.87, 2.81, 19.83, 2.55, 4.79, 1.73};
static const double yp[N] = {9.62, 6.77, 4.12, 10.11, 3.38, 5.64, 3.59, 3.83, 1.02, 1.7, 1.77, 5.02, 5.56, 2.29,
	23.83, 2.63, 5.11, 2.02, 2.63, 12.18, 10.26, 4.66, 1.06, 10.08, 2.86, 3.88, 2.5, 9.45, 5.9, 7.1, 14.64,
4.88, 4.85, 17.78, 0.93, 4.62, 16.43, 2.78, 3, 1.64};

static double
metric(const UsMetricValue *m, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(m[i].name, name) == 0)
			return m[i].value;
	return -1e9;
}

UNIT_TEST(confusion_as_scikit_learn)
{
	static const double plain[9] = {5, 2, 1, 0, 11, 3, 2, 3, 13};
	static const double weighted[9] = {5, 1.25, 0.75, 0, 12.75, 3.5, 0.75, 5.75, 15};
	UsConfusionMeasures m;

	us_confusion_measures(plain, 3, &m, NULL);
	UNIT_CLOSE(m.accuracy, 0.725, 1e-14);
	UNIT_CLOSE(m.balanced_accuracy, 0.7109788359788359, 1e-14);
	UNIT_CLOSE(m.mcc, 0.5677616417859718, 1e-14);
	UNIT_CLOSE(m.kappa, 0.5660749506903353, 1e-14);
	UNIT_CLOSE(m.precision_macro, 0.7221638655462185, 1e-14);
	UNIT_CLOSE(m.recall_macro, 0.7109788359788359, 1e-14);
	UNIT_CLOSE(m.f1_macro, 0.7142857142857143, 1e-14);
	UNIT_CLOSE(m.f1_weighted, 0.7242857142857143, 1e-14);
	UNIT_CLOSE(m.precision_weighted, 0.7275997899159664, 1e-14);
	us_confusion_measures(weighted, 3, &m, NULL);
	UNIT_CLOSE(m.mcc, 0.5669000096449993, 1e-14);
	UNIT_CLOSE(m.kappa, 0.5625254582484724, 1e-14);
	UNIT_CLOSE(m.f1_weighted, 0.7336052202009775, 1e-14);
	UNIT_CLOSE(m.precision_weighted, 0.7448203263485991, 1e-14);
}

/* Many classes, few rows: sums are kept for the cells that occur only. */
UNIT_TEST(confusion_of_many_classes)
{
	static const int32 actual[5] = {0, 999, 999, 7, 999};
	static const int32 predicted[5] = {0, 3, 998, 7, 3};
	static const double weight[5] = {1, 0.1, 5, 2, 0.2};
	double	   *cell = us_confusion_cells(actual, predicted, weight, 5, 1000);
	double		sum = 0;

	for (int i = 0; i < 1000 * 1000; i++)
		sum += cell[i];
	UNIT_CHECK(cell[0] == 1 && cell[999 * 1000 + 998] == 5 && cell[7 * 1000 + 7] == 2);
	UNIT_CLOSE(cell[999 * 1000 + 3], 0.3, 1e-15);
	UNIT_CLOSE(sum, 8.3, 1e-14);
	UNIT_CHECK(us_confusion_cells(actual, predicted, NULL, 5, 1000)[999 * 1000 + 3] == 2);
	UNIT_CHECK(us_confusion_memory(2000, 1000) < (Size) 16 << 20);
}

UNIT_TEST(confusion_without_rows_or_classes)
{
	static const double nothing[4] = {0};
	static const double one[4] = {7, 0, 0, 0};	/* only class 0, all right */
	static const double missed[4] = {0, 0, 5, 0};	/* class 1 never found */
	UsConfusionMeasures m;
	UsClassMeasures each[2];

	us_confusion_measures(nothing, 2, &m, each);
	UNIT_CHECK(isnan(m.accuracy) && isnan(m.f1_macro) && isnan(m.mcc));
	us_confusion_measures(one, 2, &m, each);
	UNIT_CHECK(m.accuracy == 1 && m.balanced_accuracy == 1 && m.mcc == 0 && m.f1_macro == 1);
	us_confusion_measures(missed, 2, &m, each);
	UNIT_CHECK(m.accuracy == 0 && each[1].f1 == 0 && each[1].recall == 0 && m.mcc == 0);
	UNIT_CHECK(us_f1(0, 0, 0) == 0 && us_mcc(5, 0, 0, 0) == 0);
	UNIT_CLOSE(us_mcc(1e9, 0, 1e9, 0), 1, 1e-15);
	UNIT_CLOSE(us_mcc(0, 3, 0, 4), -1, 1e-15);
}

UNIT_TEST(regression_as_scikit_learn)
{
	UsEvaluationRows rows = {N, NULL, NULL, 1, 0.95};
	int			n;
	UsMetricValue *m = us_evaluate_values(&rows, yt, yp, &squared, &n);
	double		pinball = 0,
				deviance[6] = {0};
	static const double power[6] = {0, 1, 1.5, 2, 3, -1};
	static const double want[6] = {5.77708, 0.566408081911165, 0.20729928055352329, 0.08591060519797063,
	0.02111311420826114, 77.66125525};

	UNIT_CLOSE(metric(m, n, "rmse"), 2.4035556993754064, 1e-13);
	UNIT_CLOSE(metric(m, n, "mae"), 1.5685, 1e-13);
	UNIT_CLOSE(metric(m, n, "mape"), 0.258367163277855, 1e-13);
	UNIT_CLOSE(metric(m, n, "r2"), 0.7292957044890944, 1e-13);
	rows.weight = w;
	m = us_evaluate_values(&rows, yt, yp, &squared, &n);
	UNIT_CLOSE(metric(m, n, "rmse"), 1.965773619160586, 1e-13);
	UNIT_CLOSE(metric(m, n, "mae"), 1.470167597765363, 1e-13);
	UNIT_CLOSE(metric(m, n, "mape"), 0.2602379439288735, 1e-13);
	UNIT_CLOSE(metric(m, n, "r2"), 0.8215912196337889, 1e-13);
	for (int i = 0; i < N; i++)
	{
		pinball += us_pinball_loss(yp[i], yt[i], 0.8) / N;
		for (int q = 0; q < 6; q++)
			deviance[q] += us_tweedie_deviance(yp[i], yt[i], power[q]) / N;
	}
	UNIT_CLOSE(pinball, 0.6857, 1e-13);
	for (int q = 0; q < 6; q++)
		UNIT_CLOSE(deviance[q], want[q], 1e-13);
	UNIT_CHECK(isnan(us_tweedie_deviance(0, 1, 1)) && isnan(us_tweedie_deviance(1, 0, 2)));
	UNIT_CHECK(isnan(us_tweedie_deviance(1, -1, 1.5)) && isnan(us_tweedie_deviance(1, 1, 0.5)));
	UNIT_CLOSE(us_tweedie_deviance(2, 0, 1), 4, 1e-15);
	for (int i = 1; i < 1000; i++)
		UNIT_CHECK(us_tweedie_deviance(i * 0.1, i / 10.0, 1) >= 0 && us_tweedie_deviance(i * 0.1, i / 10.0, 1.5) >= 0);
}

/* mean_poisson_deviance, d2_tweedie_score, mean_pinball_loss of scikit-learn 1.2.1 */
UNIT_TEST(losses_as_scikit_learn)
{
	static const UsLoss loss[4] = {{US_LOSS_POISSON, 0}, {US_LOSS_GAMMA, 0}, {US_LOSS_TWEEDIE, 1.5}, {US_LOSS_PINBALL, 0.3}};
	static const double want[2][4][2] = {
		{{0.566408081911165, 0.8173597315580945}, {0.08591060519797064, 0.8441287941617039},
		{0.20729928055352342, 0.8370274860936873}, {0.8499499999999998, 0.525}},
		{{0.48239058742070734, 0.8472413867782391}, {0.0925877539149172, 0.8374785468287115},
		{0.19962880578221162, 0.8467777084224832}, {0.7131620111731842, 0.46368715083798884}}
	};
	static const double negative[3] = {-1, 2, 3};
	static const UsLoss absolute = {US_LOSS_ABSOLUTE, 0};
	static const double short_of_one[3] = {0.5, 0.3, 0.1};
	UsEvaluationRows rows = {N, NULL, NULL, 1, 0.95};
	UsMetricValue *m;
	int			n;

	UNIT_CLOSE(us_log_loss_classes(short_of_one, 3, 1), -log(0.3 / 0.9), 1e-15);
	for (int weighted = 0; weighted < 2; weighted++)
		for (int i = 0; i < 4; i++)
		{
			rows.weight = weighted ? w : NULL;
			m = us_evaluate_values(&rows, yt, yp, &loss[i], &n);
			UNIT_CHECK(n == 8 && strcmp(m[0].name, us_loss_name(loss[i].kind)) == 0);
			UNIT_CHECK(strcmp(m[1].name, i == 3 ? "coverage" : "d2") == 0);
			UNIT_CLOSE(m[0].value, want[weighted][i][0], 1e-13);
			UNIT_CLOSE(m[1].value, want[weighted][i][1], 1e-13);
			UNIT_CHECK(m[0].low < m[0].value && m[0].value < m[0].high && m[1].low < m[1].value && m[1].value < m[1].high);
		}
	m = us_evaluate_values(&rows, yt, yp, &absolute, &n);
	UNIT_CHECK(n == 6 && strcmp(m[0].name, "mae") == 0 && strcmp(m[1].name, "rmse") == 0);
	/* not defined for an actual value below 0, or a constant one: none; no rows */
	rows.weight = NULL;
	rows.n = 3;
	m = us_evaluate_values(&rows, negative, yp, &loss[0], &n);
	UNIT_CHECK(isnan(m[0].value) && isnan(m[1].value) && m[2].value > 0);
	m = us_evaluate_values(&rows, negative, negative, &loss[3], &n);
	UNIT_CHECK(m[0].value == 0 && m[1].value == 1);
	rows.n = 0;
	for (int i = 0; i < 4; i++)
	{
		m = us_evaluate_values(&rows, yt, yp, &loss[i], &n);
		UNIT_CHECK(isnan(m[0].value) && isnan(m[1].value));
	}
}

UNIT_TEST(regression_without_spread)
{
	static const double same[3] = {5, 5, 5};
	static const double other[3] = {5, 5, 6};
	UsEvaluationRows rows = {3, NULL, NULL, 1, 0.95};
	int			n;

	UNIT_CHECK(metric(us_evaluate_values(&rows, same, same, &squared, &n), 6, "r2") == 1);
	UNIT_CHECK(metric(us_evaluate_values(&rows, same, other, &squared, &n), 6, "r2") == 0);
	rows.n = 1;
	UNIT_CHECK(isnan(metric(us_evaluate_values(&rows, same, other, &squared, &n), 6, "r2")));
	UNIT_CHECK(metric(us_evaluate_values(&rows, same, same, &squared, &n), 6, "rmse") == 0);
	rows.n = 0;
	UNIT_CHECK(isnan(metric(us_evaluate_values(&rows, same, same, &squared, &n), 6, "mae")));
}

UNIT_TEST(proportions_as_r)
{
	double		low,
				high,
				exact,
				chi2,
				p;

	us_clopper_pearson(29, 40, 0.95, &low, &high);
	UNIT_CLOSE(low, 0.56111709282095190, 1e-12);
	UNIT_CLOSE(high, 0.85399100803613437, 1e-12);
	us_clopper_pearson(0, 7, 0.95, &low, &high);
	UNIT_CHECK(low == 0);
	UNIT_CLOSE(high, 0.40961639722500343, 1e-12);
	us_wilson(29.0 / 40, 40, 0.95, &low, &high);
	UNIT_CLOSE(low, 0.57165044193789427, 1e-12);
	UNIT_CLOSE(high, 0.83891983752332666, 1e-12);
	us_mcnemar(9, 3, &exact, &chi2, &p);
	UNIT_CLOSE(exact, 0.14599609375, 1e-12);
	UNIT_CLOSE(chi2, 2.0833333333333335, 1e-14);
	UNIT_CLOSE(p, 0.14891467317876608, 1e-12);
	us_mcnemar(0, 0, &exact, &chi2, &p);
	UNIT_CHECK(exact == 1 && chi2 == 0 && p == 1);
	us_mcnemar(3, 3, &exact, &chi2, &p);
	UNIT_CHECK(exact == 1 && chi2 == 0 && p == 1);
}

UNIT_TEST(corrected_t)
{
	/* 5 folds, test : train = 1 : 4; p from scipy.stats.t */
	static const double d[5] = {0.01, 0.03, 0.02, 0.04, 0.0};
	double		mean,
				t,
				low,
				high,
				p = us_corrected_t(d, 5, 0.25, 0.95, &mean, &t, &low, &high);

	UNIT_CLOSE(mean, 0.02, 1e-15);
	UNIT_CLOSE(t, 0.02 / sqrt(0.00025 * (0.2 + 0.25)), 1e-12);
	UNIT_CLOSE(p, 0.13241892222024934, 1e-10);
	UNIT_CLOSE(high - low, 2 * 2.7764451051977987 * sqrt(0.00025 * 0.45), 1e-12);
	UNIT_CHECK(isnan(us_corrected_t(d, 1, 0.25, 0.95, &mean, &t, &low, &high)));
}

/* Three classes: metrics and intervals that do not depend on the order of the rows. */
UNIT_TEST(classes_in_any_order)
{
	int32		actual[2][N],
				predicted[2][N];
	double		p[2][3][N];
	uint64		key[2][N];
	UsMetricValue *m[2];
	int			n;

	for (int i = 0; i < N; i++)
		for (int o = 0; o < 2; o++)
		{
			int			j = o ? N - 1 - i : i;
			double		sum = 0;

			actual[o][j] = i % 3;
			key[o][j] = us_hash64(i);
			for (int c = 0; c < 3; c++)
				sum += p[o][c][j] = us_uniform(c, i) + (c == i % 3) * 0.4;
			predicted[o][j] = 0;
			for (int c = 0; c < 3; c++)
			{
				p[o][c][j] /= sum;
				if (p[o][c][j] > p[o][predicted[o][j]][j])
					predicted[o][j] = c;
			}
		}
	for (int o = 0; o < 2; o++)
	{
		const double *column[3] = {p[o][0], p[o][1], p[o][2]};
		UsEvaluationRows rows = {N, NULL, key[o], 42, 0.95};

		m[o] = us_evaluate_classes(&rows, actual[o], predicted[o], column, 3, &n);
	}
	UNIT_EQUAL_INT(n, 12);
	for (int i = 0; i < n; i++)
	{
		UNIT_CHECK(m[0][i].value == m[1][i].value && m[0][i].low == m[1][i].low && m[0][i].high == m[1][i].high);
		UNIT_CHECK(m[0][i].low <= m[0][i].value && m[0][i].value <= m[0][i].high && m[0][i].n == N);
	}
}

UNIT_TEST(two_classes)
{
	static const int32 actual[6] = {1, 0, 1, 1, 0, 0};
	static const int32 predicted[6] = {1, 0, 0, 1, 1, 0};
	static const double p1[6] = {0.9, 0.2, 0.4, 0.7, 0.6, 0.0};
	static const uint64 key[6] = {1, 2, 3, 4, 5, 6};
	const double *proba[2] = {NULL, p1};
	UsEvaluationRows rows = {6, NULL, key, 42, 0.95};
	int			n;
	UsMetricValue *m = us_evaluate_classes(&rows, actual, predicted, proba, 2, &n);

	UNIT_EQUAL_INT(n, 15);
	UNIT_EQUAL_STRING(m[0].name, "auc");
	UNIT_EQUAL_STRING(m[0].interval, "delong");
	UNIT_CLOSE(m[0].value, 8.0 / 9, 1e-15);
	UNIT_CLOSE(metric(m, n, "log_loss"),
			   -(log(0.9) + log(0.8) + log(0.4) + log(0.7) + log(0.4) + log1p(-0.0)) / 6, 1e-15);
	UNIT_CLOSE(metric(m, n, "brier"), (0.01 + 0.04 + 0.36 + 0.09 + 0.36) / 6, 1e-15);
	UNIT_CLOSE(metric(m, n, "accuracy"), 4.0 / 6, 1e-15);
	UNIT_CLOSE(metric(m, n, "recall"), 2.0 / 3, 1e-15);
	UNIT_CLOSE(metric(m, n, "specificity"), 2.0 / 3, 1e-15);
	UNIT_CLOSE(metric(m, n, "f1"), 2.0 / 3, 1e-15);
	UNIT_CLOSE(metric(m, n, "mcc"), 1.0 / 3, 1e-15);
	rows.n = 0;
	m = us_evaluate_classes(&rows, actual, predicted, proba, 2, &n);
	for (int i = 0; i < n; i++)
		UNIT_CHECK(isnan(m[i].value) && m[i].interval == NULL);
}

/* Three classes, twelve rows: scikit-learn's roc_auc_score (ovr, macro and weighted) and log_loss. */
UNIT_TEST(three_classes_as_scikit_learn)
{
	static const int32 actual[12] = {0, 0, 1, 1, 2, 2, 2, 0, 1, 2, 2, 1};
	static const double p0[12] = {.6, .2, .1, .3, .2, .1, .5, .7, .25, .1, .3, .2};
	static const double p1[12] = {.3, .5, .7, .3, .2, .1, .2, .1, .5, .2, .4, .6};
	static const double p2[12] = {.1, .3, .2, .4, .6, .8, .3, .2, .25, .7, .3, .2};
	static const double weight[12] = {1, 2, 1, 1, .5, 1, 2, 1, 1, 1, 1, 3};
	const double *proba[3] = {p0, p1, p2};
	UsEvaluationRows rows = {12, NULL, NULL, 1, 0.95};
	int			n;
	UsMetricValue *m = us_evaluate_classes(&rows, actual, actual, proba, 3, &n);

	UNIT_CLOSE(metric(m, n, "auc_ovr"), 0.878450176366843, 1e-13);
	UNIT_CLOSE(metric(m, n, "auc_ovr_weighted"), 0.886739417989418, 1e-13);
	UNIT_CLOSE(metric(m, n, "log_loss"), 0.7283457300333528, 1e-13);
	UNIT_CLOSE(metric(m, n, "brier"), 0.40291666666666676, 1e-13);
	UNIT_CHECK(metric(m, n, "accuracy") == 1);
	rows.weight = weight;
	m = us_evaluate_classes(&rows, actual, actual, proba, 3, &n);
	UNIT_CLOSE(metric(m, n, "auc_ovr"), 0.8394944872061577, 1e-13);
	UNIT_CLOSE(metric(m, n, "auc_ovr_weighted"), 0.8549937255480917, 1e-13);
	UNIT_CLOSE(metric(m, n, "log_loss"), 0.7948256717941455, 1e-13);
	UNIT_CLOSE(metric(m, n, "brier"), 0.44870967741935486, 1e-13);
}
