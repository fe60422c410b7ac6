/*
 * confusion.c
 *	  Measures of a classification from its confusion matrix.
 */
#include "postgres.h"

#include <math.h>

#include "math/exact_sum.h"
#include "miscadmin.h"
#include "stat/confusion.h"

Size
us_confusion_memory(int64 n, int k)
{
	Size		cells = (Size) k * k;

	return cells * (sizeof(double) + sizeof(int32)) + Min((Size) n, cells) * sizeof(UsExactSum);
}

double *
us_confusion_cells(const int32 *actual, const int32 *predicted, const double *weight, int64 n, int k)
{
	Size		cells = (Size) k * k;
	double	   *cell = (double *) palloc0(sizeof(double) * cells);
	int32	   *place = (int32 *) palloc0(sizeof(int32) * cells);	/* in sum, from 1; 0: no row yet */
	UsExactSum *sum = (UsExactSum *) palloc_extended(sizeof(UsExactSum) * Max(Min((Size) n, cells), 1), MCXT_ALLOC_ZERO | MCXT_ALLOC_HUGE);
	int32		used = 0;

	for (int64 i = 0; i < n; i++)
	{
		int32	   *at = &place[(Size) actual[i] * k + predicted[i]];

		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
		if (*at == 0)
			*at = ++used;
		us_exact_add(&sum[*at - 1], weight != NULL ? weight[i] : 1);
	}
	for (Size i = 0; i < cells; i++)
		if (place[i] > 0)
			cell[i] = us_exact_round(&sum[place[i] - 1]);
	pfree(sum);
	pfree(place);
	return cell;
}

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

double
us_f1(double true_positive, double false_positive, double false_negative)
{
	return share(2 * true_positive, 2 * true_positive + false_positive + false_negative);
}

double
us_mcc(double true_positive, double false_positive, double true_negative, double false_negative)
{
	double		a = true_positive + false_positive;
	double		b = true_positive + false_negative;
	double		c = true_negative + false_positive;
	double		d = true_negative + false_negative;

	if (a == 0 || b == 0 || c == 0 || d == 0)
		return 0;
	return (sqrt(true_positive / a * (true_positive / b)) * sqrt(true_negative / c * (true_negative / d)) -
			sqrt(false_positive / a * (false_positive / c)) * sqrt(false_negative / b * (false_negative / d)));
}

/* Twice the sum of p_i p_j over pairs: n^2 less the sum of squares, without cancellation. */
static double
mixed(const UsClassMeasures *each, int k, bool predicted)
{
	double		sum = 0;
	double		before = 0;

	for (int i = 0; i < k; i++)
	{
		double		p = predicted ? each[i].predicted : each[i].support;

		sum += 2 * p * before;
		before += p;
	}
	return sum;
}

void
us_confusion_measures(const double *cell, int k, UsConfusionMeasures *all, UsClassMeasures *each)
{
	UsClassMeasures *class = each ? each : (UsClassMeasures *) palloc(k * sizeof(UsClassMeasures));
	double		correct = 0;
	double		expected = 0;
	int			present = 0;
	int			actual = 0;

	memset(all, 0, sizeof(*all));
	memset(class, 0, k * sizeof(*class));
	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
		{
			class[i].support += cell[(Size) i * k + j];
			class[j].predicted += cell[(Size) i * k + j];
		}
	for (int i = 0; i < k; i++)
	{
		double		hit = cell[(Size) i * k + i];

		all->weight += class[i].support;
		correct += hit;
		expected += class[i].support * class[i].predicted;
		class[i].precision = share(hit, class[i].predicted);
		class[i].recall = share(hit, class[i].support);
		class[i].f1 = share(2 * hit, class[i].support + class[i].predicted);
		present += class[i].support + class[i].predicted > 0;
		actual += class[i].support > 0;
	}
	for (int i = 0; i < k; i++)
	{
		double		w = share(class[i].support, all->weight);

		all->precision_macro += class[i].precision / present;
		all->recall_macro += class[i].recall / present;
		all->f1_macro += class[i].f1 / present;
		all->precision_weighted += class[i].precision * w;
		all->recall_weighted += class[i].recall * w;
		all->f1_weighted += class[i].f1 * w;
		all->balanced_accuracy += class[i].support > 0 ? class[i].recall / actual : 0;
	}
	all->accuracy = correct / all->weight;
	all->kappa = share(correct * all->weight - expected, all->weight * all->weight - expected);
	if (k == 2)
		all->mcc = us_mcc(cell[3], cell[1], cell[0], cell[2]);
	else
	{
		double		spread = sqrt(mixed(class, k, true)) * sqrt(mixed(class, k, false));

		all->mcc = share(correct * all->weight - expected, spread);
	}
	if (all->weight <= 0)
		all->accuracy = all->balanced_accuracy = all->mcc = all->kappa = all->precision_macro =
			all->recall_macro = all->f1_macro = all->precision_weighted = all->recall_weighted =
			all->f1_weighted = NAN;
	if (each == NULL)
		pfree(class);
}
