/*
 * test_ranking.c
 *	  Figures of scores and labels against scikit-learn 1.2.1 and scipy, DeLong's test and
 *	  interval against pROC 1.18, on rows with many ties.
 */
#include "postgres.h"

#include <math.h>

#include "math/hash.h"
#include "stat/bootstrap.h"
#include "stat/calibration.h"
#include "stat/delong.h"
#include "stat/ranking.h"
#include "unit.h"

#define N	40

static const double score[N] = {0.6, 0.9, 0.8, 0.2, 0.3, 0.9, 0, 0.8, 0.8, 0.5, 0.3, 0.3, 0.3, 0.4, 0.5,
	0.6, 1, 0.8, 0.6, 1, 0.2, 0.2, 0.6, 0, 0, 0.5, 0.5, 0.9, 0.6, 0.5, 0.5, 0.2, 0, 0.2, 0.7, 0.2, 0.4, 0,
0.8, 0.2};
static const uint8 label[N] = {1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1,
1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1};
static const double weight[N] = {1.25, 0.5, 1.75, 2, 0.5, 1.25, 0.25, 0.5, 1, 2, 2, 1.5, 1.25, 1.25, 0.25, 1,
	2, 1, 0.5, 0.5, 1.5, 0.25, 2, 2, 1.25, 1, 1.75, 1.25, 1, 0.75, 1, 1.75, 0.25, 0.25, 1.5, 0.75, 1.75,
0.25, 2, 0.25};

UNIT_TEST(ranking_as_scikit_learn)
{
	UsRanking  *r = us_ranking_build(score, label, NULL, N);
	double		threshold;
	double		share[2] = {0, 0};	/* of each class, from the threshold on */

	UNIT_CLOSE(us_auc(r), 0.805, 1e-13);
	UNIT_CLOSE(us_average_precision(r), 0.790611471861472, 1e-13);
	UNIT_CLOSE(us_ranking_ks(r, &threshold), 0.5, 1e-13);
	for (int i = 0; i < N; i++)
		if (score[i] >= threshold)
			share[label[i]] += 1 / (label[i] ? r->positives : r->negatives);
	UNIT_CLOSE(share[1] - share[0], 0.5, 1e-13);
	r = us_ranking_build(score, label, weight, N);
	UNIT_CLOSE(us_auc(r), 0.8745627186406797, 1e-13);
	UNIT_CLOSE(us_average_precision(r), 0.8556914852344714, 1e-13);
	UNIT_CLOSE(us_ranking_ks(r, NULL), 0.5644677661169415, 1e-13);
}

UNIT_TEST(weight_two_is_two_rows)
{
	double		s[2 * N];
	uint8		y[2 * N];
	double		w[N];

	for (int i = 0; i < N; i++)
	{
		s[2 * i] = s[2 * i + 1] = score[i];
		y[2 * i] = y[2 * i + 1] = label[i];
		w[i] = 2;
	}
	UNIT_CHECK(us_auc(us_ranking_build(s, y, NULL, 2 * N)) == us_auc(us_ranking_build(score, label, w, N)));
}

UNIT_TEST(one_class_and_no_rows)
{
	UsRanking  *r = us_ranking_build(score, label, NULL, 0);
	static const uint8 ones[3] = {1, 1, 1};

	UNIT_CHECK(isnan(us_auc(r)) && isnan(us_average_precision(r)) && isnan(us_ranking_ks(r, NULL)));
	r = us_ranking_build(score, ones, NULL, 3);
	UNIT_CHECK(isnan(us_auc(r)) && us_average_precision(r) == 1);
}

/* Two different scores, ties across the border: 3 rows of 0.9 with 2 positives, 2 rows of 0.1 with 1. */
UNIT_TEST(gain_divides_ties)
{
	static const double s[] = {0.9, 0.1, 0.9, 0.9, 0.1};
	static const uint8 y[] = {1, 0, 0, 1, 1};
	UsRanking  *r = us_ranking_build(s, y, NULL, 5);
	UsLiftBin	bin[5];
	double		sum = 0;

	UNIT_CLOSE(us_gain(r, 0.2), 2.0 / 3, 1e-15);
	UNIT_CLOSE(us_gain(r, 0.6), 2, 1e-15);
	UNIT_CLOSE(us_gain(r, 0.8), 2.5, 1e-15);
	UNIT_CLOSE(us_gain(r, 1), 3, 0);
	us_lift_bins(r, 5, bin);
	for (int i = 0; i < 5; i++)
		sum += bin[i].positives;
	UNIT_CLOSE(sum, 3, 1e-15);
	UNIT_CLOSE(bin[0].lift, (2.0 / 3) / (3.0 / 5), 1e-14);
	UNIT_CLOSE(bin[3].cumulative_gain, 2.5 / 3, 1e-14);
	for (int i = 0; i < 5; i++)
		UNIT_CLOSE(bin[i].cumulative_lift, bin[i].cumulative_positives / (i + 1) / (3.0 / 5), 1e-14);
	UNIT_CHECK(bin[2].lowest_score == 0.9 && bin[3].lowest_score == 0.1);
}

UNIT_TEST(best_threshold_by_exhaustion)
{
	UsRanking  *r = us_ranking_build(score, label, NULL, N);
	UsPayoff	payoff = {30, -10, 0, -5};
	double		threshold,
				treated,
				best;

	for (int k = 0; k < 2; k++)
	{
		payoff.true_negative = 4 * k;
		best = us_best_threshold(r, &payoff, &threshold, &treated);
		for (double t = 0; t < 1.15; t += 0.1)
		{
			double		worth = 0;

			for (int i = 0; i < N; i++)
				worth += score[i] >= t - 1e-9 ? (label[i] ? 30 : -10) : (label[i] ? -5 : 4 * k);
			UNIT_CHECK(worth <= best);
			if (fabs(t - threshold) < 0.05)
				UNIT_CLOSE(worth, best, 1e-12);
		}
	}
	payoff.true_negative = 0;
	payoff.true_positive = -100;	/* treating anybody costs more than losing all */
	payoff.false_positive = -100;
	UNIT_CLOSE(us_best_threshold(r, &payoff, &threshold, &treated), -5 * 20, 1e-12);
	UNIT_CHECK(isinf(threshold) && treated == 0);

	/* of equal worth the one that treats fewest */
	{
		static const double three[3] = {0.9, 0.8, 0.7};
		static const uint8 yes[3] = {1, 0, 1};
		static const UsPayoff one = {1, -1, 0, 0};

		r = us_ranking_build(three, yes, NULL, 3);
		UNIT_CLOSE(us_best_threshold(r, &one, &threshold, &treated), 1, 0);
		UNIT_CHECK(threshold == 0.9 && treated == 1);
	}
}

UNIT_TEST(delong_as_proc)
{
	UsDelong	d;
	double		z;

	us_delong(score, weight, label, NULL, N, &d);	/* the weights serve as a second score */
	UNIT_CLOSE(d.auc[0], 0.805, 1e-14);
	UNIT_CLOSE(d.auc[1], 0.47, 1e-14);
	UNIT_CLOSE(d.variance[0], 0.00505, 1e-13);
	UNIT_CLOSE(d.variance[1], 0.0090335526315789474, 1e-13);
	UNIT_CLOSE(d.covariance, 0.0011194078947368421, 1e-13);
	UNIT_CLOSE(us_delong_test(&d, &z), 0.0020832809687210954, 1e-12);
	UNIT_CLOSE(z, 3.0780955630138496, 1e-12);
	us_delong(score, score, label, NULL, N, &d);
	UNIT_CHECK(us_delong_test(&d, &z) == 1 && z == 0);
	us_delong(score, NULL, label, NULL, 1, &d);
	UNIT_CHECK(isnan(d.auc[0]) && isnan(d.variance[0]));
	us_delong(score, NULL, label, NULL, 3, &d); /* two positives, one negative: no variance */
	UNIT_CHECK(d.auc[0] == 0 && isnan(d.variance[0]));
}

UNIT_TEST(delong_by_definition)
{
	/* all pairs, Heaviside with one half, weights 1: the definition, n^2 */
	UsDelong	d;
	double		v10[N],
				s10 = 0,
				s01 = 0;
	int			m = 20;

	us_delong(score, NULL, label, NULL, N, &d);
	for (int i = 0; i < N; i++)
	{
		v10[i] = 0;
		for (int j = 0; j < N; j++)
			if (label[i] != label[j])
			{
				double		up = label[i] ? score[i] : score[j];
				double		down = label[i] ? score[j] : score[i];

				v10[i] += (up > down ? 1 : up == down ? 0.5 : 0) / m;
			}
		*(label[i] ? &s10 : &s01) += (v10[i] - 0.805) * (v10[i] - 0.805) / (m - 1);
	}
	UNIT_CLOSE(d.variance[0], s10 / m + s01 / m, 1e-14);
}

UNIT_TEST(bootstrap_is_of_the_right_width)
{
	uint64		key[N];
	double		ap[1000],
				ks[1000],
				again[1000],
				low,
				high;

	for (int i = 0; i < N; i++)
		key[i] = us_hash64(i);
	us_bootstrap_ranking(score, label, NULL, key, true, N, 42, 1000, ap, ks);
	us_bootstrap_ranking(score, label, NULL, key, true, N, 42, 1000, again, ks);
	UNIT_CHECK(memcmp(ap, again, sizeof(ap)) == 0);
	us_percentile_interval(ap, 1000, 0.95, &low, &high);
	/* 20,000 replicates with numpy's Poisson weights: 0.6055 to 0.9388 (multinomial: 0.6084 to 0.9349) */
	UNIT_CLOSE(low, 0.6055, 0.03);
	UNIT_CLOSE(high, 0.9388, 0.015);
	/* equal rows that share a key are rows of their own, unless they are of one user */
	for (int i = 0; i < N; i++)
		key[i] = us_hash64(label[i] * 1000 + (int) (score[i] * 100));
	us_bootstrap_ranking(score, label, NULL, key, false, N, 42, 1000, ap, ks);
	us_percentile_interval(ap, 1000, 0.95, &low, &high);
	UNIT_CLOSE(low, 0.6055, 0.03);
	UNIT_CLOSE(high, 0.9388, 0.015);
	for (int i = 0; i < N; i++)
		key[i] = label[i];
	us_bootstrap_ranking(score, label, NULL, key, true, N, 42, 1000, again, ks);
	UNIT_CHECK(memcmp(ap, again, sizeof(ap)) != 0);
}

UNIT_TEST(isotonic_as_scikit_learn)
{
	static const double x[] = {0, 0.15, 0.3, 0.5, 0.77, 0.9, 1};
	static const double plain[] = {0.16666666666666666, 0.16666666666666666, 0.25, 0.5454545454545454,
	0.8888888888888888, 0.8888888888888888, 1.0};
	static const double weighted[] = {0.046511627906976744, 0.046511627906976744, 0.23809523809523808, 0.48,
	0.9534883720930233, 0.9534883720930233, 1.0};
	UsCalibrator c;

	UNIT_CHECK(us_isotonic_fit(score, label, NULL, N, &c));
	for (int i = 0; i < lengthof(x); i++)
		UNIT_CLOSE(us_calibrate(&c, x[i]), plain[i], 1e-13);
	UNIT_CHECK(us_isotonic_fit(score, label, weight, N, &c));
	for (int i = 0; i < lengthof(x); i++)
		UNIT_CLOSE(us_calibrate(&c, x[i]), weighted[i], 1e-13);
	UNIT_CHECK(!us_isotonic_fit(score, label, NULL, 1, &c));
}

UNIT_TEST(platt_at_the_optimum)
{
	/* scipy.optimize.minimize, BFGS, gtol 1e-12, on the same objective */
	double		p[N];
	UsCalibrator c;

	for (int i = 0; i < N; i++)
		p[i] = Min(Max(score[i], 0.05), 0.95);
	UNIT_CHECK(us_platt_fit(p, label, NULL, N, &c));
	UNIT_CLOSE(c.a, -0.7299755030576981, 1e-6);
	UNIT_CLOSE(c.b, -0.11382022753948813, 1e-6);
	UNIT_CHECK(us_platt_fit(p, label, weight, N, &c));
	UNIT_CLOSE(c.a, -1.172717179824946, 1e-6);
	UNIT_CLOSE(c.b, 0.06835742136060158, 1e-6);
	UNIT_CLOSE(us_calibrate(&c, 0.5), 1 / (1 + exp(0.06835742136060158)), 1e-6);
	UNIT_CHECK(!us_platt_fit(p, label, NULL, 1, &c));
	UNIT_CHECK(isnan(us_calibrate(&c, NAN)));
}

UNIT_TEST(temperature_at_the_optimum)
{
	/* the root of the slope by scipy.optimize.brentq */
	static const double p0[8] = {.7, .5, .1, .2, .05, .3, .6, .25};
	static const double p1[8] = {.2, .3, .8, .2, .9, .3, .1, .25};
	static const double p2[8] = {.1, .2, .1, .6, .05, .4, .3, .5};
	static const double flat[8] = {.5, .5, .5, .5, .5, .5, .5, .5};
	static const double *const p[3] = {p0, p1, p2};
	static const double *const two[2] = {NULL, flat};
	static const double w[8] = {1, 2, 1, .5, 1, 3, 1, 1};
	static const int32 y[8] = {0, 1, 1, 2, 1, 0, 2, 2};
	static const int32 same[8] = {0};
	double		row[3] = {.7, .2, .1};
	UsCalibrator c;

	UNIT_CHECK(us_temperature_fit(p, 3, y, NULL, 8, &c) && c.kind == US_CALIBRATE_TEMPERATURE);
	UNIT_CLOSE(c.a, 1.7059721849043552, 1e-11);
	us_calibrate_classes(&c, row, 3, -1);
	UNIT_CLOSE(row[0], 0.86643696, 1e-8);
	UNIT_CLOSE(row[2], 0.03133453, 1e-8);
	UNIT_CHECK(us_temperature_fit(p, 3, y, w, 8, &c));
	UNIT_CLOSE(c.a, 1.2990290131249715, 1e-11);
	/* nothing can be learned; sure of what is never wrong: a large power; no rows */
	UNIT_CHECK(us_temperature_fit(two, 2, same, NULL, 8, &c) && c.kind == US_CALIBRATE_PLATT && c.a == -1 && c.b == 0);
	UNIT_CHECK(us_temperature_fit(p, 3, y, NULL, 1, &c));
	UNIT_CHECK(c.a > 20 && c.a <= 100);
	UNIT_CHECK(!us_temperature_fit(p, 3, y, NULL, 0, &c));
}

UNIT_TEST(classes_add_up)
{
	static const double p0[6] = {.7, .5, .1, .2, .05, .3};
	static const double p1[6] = {.2, .3, .8, .2, .9, .3};
	static const double p2[6] = {.1, .2, .1, .6, .05, .4};
	static const double *const p[3] = {p0, p1, p2};
	static const int32 y[6] = {0, 0, 1, 2, 1, 2};
	double		row[3] = {.7, .2, .1};
	double		none[3] = {0.05, 0.2, 0.05};
	UsCalibrator c;

	UNIT_CHECK(us_calibrate_each_fit(US_CALIBRATE_ISOTONIC, p, 3, y, NULL, 6, &c) == -1 && c.n_each == 3);
	us_calibrate_classes(&c, row, 3, -1);
	UNIT_CHECK(row[0] == 1 && row[1] == 0 && row[2] == 0);
	/* where no class has any probability left, all have the same */
	us_calibrate_classes(&c, none, 3, -1);
	UNIT_CLOSE(none[0], 1 / 3.0, 1e-15);
	UNIT_CLOSE(none[1], 1 / 3.0, 1e-15);
	UNIT_CHECK(us_calibrate_each_fit(US_CALIBRATE_PLATT, p, 3, y, NULL, 3, &c) == 2);
}

UNIT_TEST(reliability_bins_and_decomposition)
{
	UsReliabilityBin bin[10];
	UsReliability r;
	double		ece = 0;
	double		reliability = 0;
	double		resolution = 0;

	us_reliability(score, label, NULL, N, 10, bin, &r);
	UNIT_CLOSE(r.brier, 0.1795, 1e-14);
	UNIT_CLOSE(r.brier, r.reliability - r.resolution + r.uncertainty + r.within, 1e-15);
	UNIT_CLOSE(r.uncertainty, 0.25, 1e-15);
	/* scores are multiples of 0.1: bin (0.5, 0.6] has the 5 rows of 0.6, 2 of them positive; 0 is in the first */
	UNIT_CLOSE(bin[5].weight, 5, 0);
	UNIT_CLOSE(bin[5].predicted, 0.6, 1e-15);
	UNIT_CLOSE(bin[5].observed, 0.4, 1e-15);
	UNIT_CLOSE(bin[0].predicted, 0, 0);
	for (int i = 0; i < 10; i++)
		if (bin[i].weight > 0)
		{
			ece += bin[i].weight / N * fabs(bin[i].predicted - bin[i].observed);
			reliability += bin[i].weight / N * pow(bin[i].predicted - bin[i].observed, 2);
			resolution += bin[i].weight / N * pow(bin[i].observed - 0.5, 2);	/* half of the rows are positive */
		}
	UNIT_CLOSE(r.ece, ece, 1e-15);
	UNIT_CLOSE(r.reliability, reliability, 1e-15);
	UNIT_CLOSE(r.resolution, resolution, 1e-15);
	UNIT_EQUAL_INT(us_reliability_bin(0.1, 10), 0);
	UNIT_EQUAL_INT(us_reliability_bin(nextafter(0.1, 1), 10), 1);
	UNIT_EQUAL_INT(us_reliability_bin(1, 10), 9);
	UNIT_EQUAL_INT(us_reliability_bin(0, 10), 0);
}
