/*
 * figures.c
 *	  What is known of a partition, and what a criterion makes of several.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/figures.h"
#include "stat/cluster_metrics.h"
#include "stat/gap.h"

/* coordinates of pairs of centres that Davies-Bouldin may compare */
#define MOST_PAIRS	1e10

static const char *const criterion_names[] = {
	[US_CRITERION_SILHOUETTE] = "silhouette",
	[US_CRITERION_ELBOW] = "elbow",
	[US_CRITERION_CALINSKI_HARABASZ] = "calinski_harabasz",
	[US_CRITERION_DAVIES_BOULDIN] = "davies_bouldin",
	[US_CRITERION_BIC] = "bic",
	[US_CRITERION_AIC] = "aic",
	[US_CRITERION_GAP] = "gap",
};

const char *
us_criterion_name(UsCriterion criterion)
{
	return criterion_names[criterion];
}

bool
us_criterion_find(const char *name, UsCriterion *criterion)
{
	for (int i = 0; i < US_CRITERIA; i++)
		if (strcmp(name, criterion_names[i]) == 0)
		{
			*criterion = (UsCriterion) i;
			return true;
		}
	return false;
}

void
us_figures_init(UsFigures *f, int k)
{
	memset(f, 0, sizeof(UsFigures));
	f->k = k;
	f->inertia = f->silhouette = f->davies_bouldin = f->calinski_harabasz = NAN;
	f->log_likelihood = f->bic = f->aic = NAN;
	f->gap = f->gap_se = f->stability = NAN;
}

/* Inertia of all points around their mean, integer weights. */
static double
total_inertia(const UsPoints *p, const UsSums *sums)
{
	UsSums		all = us_sums_at(palloc(us_sums_bytes(1, p->width)), 1, p->width);
	double		total;

	us_sums_clear(&all);
	for (int i = 0; i < sums->k; i++)
	{
		all.weight[0] += sums->weight[i];
		for (int j = 0; j < p->width; j++)
			all.sum[j] += sums->sum[(Size) i * p->width + j];
	}
	total = us_sums_inertia(&all, p->squares, p->grid);
	pfree(all.sum);
	return total;
}

double
us_figures_silhouette(UsMetric metric, const UsPoints *p, const uint16 *label, int k, int rows)
{
	if (rows < 2 || k < 2)
		return NAN;
	return us_silhouettes(metric, p->x, rows, p->width, label, k, p->mass, p->rows, NULL, NULL);
}

/* Mean distances of the points to the means of their clusters: scatter[k]; NaN without points. */
static void
scatters(const UsPoints *p, const uint16 *label, const float *center, int k, double *scatter)
{
	double	   *weight = (double *) palloc0(sizeof(double) * k);
	float	   *x = (float *) palloc(sizeof(float) * p->width);

	memset(scatter, 0, sizeof(double) * k);
	for (int i = 0; i < p->n; i++)
	{
		if (i % US_POINTS_CHUNK == 0)
			CHECK_FOR_INTERRUPTS();
		us_points_get(p, i, x);
		scatter[label[i]] += p->mass[i] *
			sqrt(us_squared_distance(x, center + (Size) label[i] * p->width, p->width));
		weight[label[i]] += p->mass[i];
	}
	for (int i = 0; i < k; i++)
		scatter[i] = weight[i] > 0 ? scatter[i] / weight[i] : NAN;
	pfree(weight);
	pfree(x);
}

/* Davies-Bouldin of the points with the means of their clusters. */
static double
davies_bouldin(const UsPoints *p, const uint16 *label, const UsSums *sums)
{
	int			k = sums->k;
	Size		n = (Size) k * p->width;
	double	   *scatter;
	double	   *center;
	float	   *coordinate;
	double		index;

	if ((double) k * n > MOST_PAIRS)
		return NAN;
	scatter = (double *) palloc(sizeof(double) * k);
	center = (double *) palloc0(sizeof(double) * n);
	coordinate = (float *) palloc0(sizeof(float) * n);
	us_centers_from_sums(sums, p->grid, p->scale, center, coordinate);
	for (Size i = 0; i < n; i++)
		center[i] = coordinate[i];
	scatters(p, label, coordinate, k, scatter);
	index = us_davies_bouldin(center, scatter, k, p->width);
	pfree(scatter);
	pfree(center);
	pfree(coordinate);
	return index;
}

void
us_figures_measure(UsFigures *f, const UsPoints *p, const uint16 *label, const UsSums *sums,
				   const UsMeasure *measure)
{
	double		within = us_sums_inertia(sums, p->squares, p->grid);

	f->inertia = within * measure->weight_unit;
	f->davies_bouldin = davies_bouldin(p, label, sums);
	f->calinski_harabasz = us_calinski_harabasz(total_inertia(p, sums), within, measure->rows,
												sums->k);
}

double
us_figures_spherical(const UsPoints *p, const UsSums *sums, double rows, double *n_parameters)
{
	double		within = us_sums_inertia(sums, p->squares, p->grid);
	double		weight = 0;
	double		likelihood = 0;

	*n_parameters = (double) sums->k - 1 + (double) sums->k * p->width + 1;
	for (int i = 0; i < sums->k; i++)
		weight += (double) sums->weight[i];
	if (!(within > 0))
		return NAN;
	for (int i = 0; i < sums->k; i++)
	{
		double		share = (double) sums->weight[i] / weight;

		if (share > 0)
			likelihood += share * log(share);
	}
	likelihood -= p->width / 2.0 * (log(2 * M_PI * (within / (weight * p->width))) + 1);
	return rows * likelihood;
}

void
us_figures_information(UsFigures *f, double log_likelihood, double n_parameters, double rows)
{
	f->log_likelihood = log_likelihood;
	f->bic = n_parameters * log(rows) - 2 * log_likelihood;
	f->aic = 2 * n_parameters - 2 * log_likelihood;
}

double
us_criterion_value(UsCriterion criterion, const UsFigures *f)
{
	switch (criterion)
	{
		case US_CRITERION_SILHOUETTE:
			return f->silhouette;
		case US_CRITERION_ELBOW:
			return f->inertia;
		case US_CRITERION_CALINSKI_HARABASZ:
			return f->calinski_harabasz;
		case US_CRITERION_DAVIES_BOULDIN:
			return f->davies_bouldin;
		case US_CRITERION_BIC:
			return f->bic;
		case US_CRITERION_AIC:
			return f->aic;
		case US_CRITERION_GAP:
			return f->gap;
	}
	return NAN;
}

/* The criterion as a figure of which more is better. */
static double
merit(UsCriterion criterion, const UsFigures *f)
{
	double		value = us_criterion_value(criterion, f);

	return criterion == US_CRITERION_DAVIES_BOULDIN || criterion == US_CRITERION_BIC ||
		criterion == US_CRITERION_AIC ? -value : value;
}

/* What compares neighbours: the bend of the inertia, the first gap. */
static int
best_by_neighbours(UsCriterion criterion, const UsFigures *f, int n)
{
	double	   *a = (double *) palloc(sizeof(double) * n);
	double	   *b = (double *) palloc(sizeof(double) * n);
	bool		gap = criterion == US_CRITERION_GAP;
	int			best;

	for (int i = 0; i < n; i++)
	{
		a[i] = gap ? f[i].gap : f[i].k;
		b[i] = gap ? f[i].gap_se : f[i].inertia;
	}
	best = gap ? us_gap_first(a, b, n) : us_elbow(a, b, n);
	pfree(a);
	pfree(b);
	return best;
}

int
us_criterion_best(UsCriterion criterion, const UsFigures *f, int n, const bool *allowed)
{
	int			best = -1;

	if (criterion == US_CRITERION_ELBOW || criterion == US_CRITERION_GAP)
		return best_by_neighbours(criterion, f, n);
	for (int i = 0; i < n; i++)
	{
		double		m = merit(criterion, &f[i]);

		if (isnan(m) || (allowed != NULL && !allowed[i]))
			continue;
		if (best < 0 || m > merit(criterion, &f[best]))
			best = i;
	}
	return best;
}
