/*
 * tree_objective.c
 *	  What boosting minimises.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/tree_objective.h"
#include "math/exp_lanes.h"

/* A value and its weight. */
typedef struct Weighed
{
	double		x;
	double		w;
} Weighed;

#define ST_SORT sort_weighed
#define ST_ELEMENT_TYPE Weighed
#define ST_COMPARE(a, b) ((a)->x != (b)->x ? ((a)->x > (b)->x) - ((a)->x < (b)->x) : \
	((a)->w > (b)->w) - ((a)->w < (b)->w))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* rows of one vector */
#define LANES	US_HALF_LANES

const char *const us_objective_names[] = {
	"logistic", "multinomial", "squared", "absolute", "huber", "quantile", "poisson", "tweedie", NULL
};

/* exp(x) with the same bits as the lanes have. */
static double
exp_one(double x)
{
	UsDoubleLanes v = US_SPLAT_DOUBLE(x);

	us_exp_lanes(&v);
	return v[0];
}

/* Probabilities p and p (1 - p) of the lanes of scores. */
US_INLINE void
logistic_lanes(const UsDoubleLanes *score, UsDoubleLanes *p, UsDoubleLanes *information)
{
	UsDoubleLanes least = US_SPLAT_DOUBLE(1e-16);
	UsDoubleLanes e = -*score;
	UsDoubleLanes h;

	us_exp_lanes(&e);
	*p = 1.0 / (1.0 + e);
	h = *p * (1.0 - *p);
	*information = US_SELECT_DOUBLE(h > least, h, least);
}

US_CLONES static void
logistic(const float *y, const double *score, int n, float *gh)
{
	UsDoubleLanes s = {0};
	UsDoubleLanes p;
	UsDoubleLanes h;

	for (int i = 0; i < n; i += LANES)
	{
		int			m = Min(LANES, n - i);

		if (m == LANES)
			s = *(const UsLooseDoubleLanes *) (score + i);
		else
			memcpy(&s, score + i, sizeof(double) * m);
		logistic_lanes(&s, &p, &h);
		if (m == LANES)
		{
			UsHalfFloatLanes target;
			float		pair[2][LANES];

			memcpy(&target, y + i, sizeof(target));
			p = p - __builtin_convertvector(target, UsDoubleLanes);
			target = __builtin_convertvector(p, UsHalfFloatLanes);
			memcpy(pair[0], &target, sizeof(target));
			target = __builtin_convertvector(h, UsHalfFloatLanes);
			memcpy(pair[1], &target, sizeof(target));
			for (int j = 0; j < LANES; j++)
			{
				gh[2 * (i + j)] = pair[0][j];
				gh[2 * (i + j) + 1] = pair[1][j];
			}
			continue;
		}
		for (int j = 0; j < m; j++)
		{
			gh[2 * (i + j)] = (float) (p[j] - y[i + j]);
			gh[2 * (i + j) + 1] = (float) h[j];
		}
	}
}

static void
multinomial(const UsObjective *o, const float *y, const double *score, int n, int k, float *gh)
{
	for (int i = 0; i < n; i++)
	{
		const double *s = score + (Size) i * o->n_scores;
		double		most = s[0];
		double		sum = 0;
		double		p;

		for (int c = 1; c < o->n_scores; c++)
			most = fmax(most, s[c]);
		for (int c = 0; c < o->n_scores; c++)
			sum += exp_one(s[c] - most);
		p = exp_one(s[k] - most) / sum;
		gh[2 * i] = (float) (p - ((int) y[i] == k));
		gh[2 * i + 1] = (float) fmax(2 * p * (1 - p), 1e-16);
	}
}

static inline double
sign(double x)
{
	return (x > 0) - (x < 0);
}

/* The objectives of one score that need no vectors. */
static void
simple(const UsObjective *o, const float *y, const double *score, int n, float *gh)
{
	double		p = o->parameter;

	for (int i = 0; i < n; i++)
	{
		double		r = score[i] - y[i];
		double		g = r;
		double		h = 1;

		switch (o->kind)
		{
			case US_OBJECTIVE_ABSOLUTE:
				g = sign(r);
				break;
			case US_OBJECTIVE_HUBER:
				g = fmin(fmax(r, -p), p);
				break;
			case US_OBJECTIVE_QUANTILE:
				g = r >= 0 ? 1 - p : -p;
				break;
			case US_OBJECTIVE_POISSON:
				h = exp_one(score[i]);
				g = h - y[i];
				break;
			case US_OBJECTIVE_TWEEDIE:
				{
					double		a = exp_one((1 - p) * score[i]);
					double		b = exp_one((2 - p) * score[i]);

					g = b - y[i] * a;
					h = fmax((2 - p) * b - (1 - p) * y[i] * a, 1e-16);
					break;
				}
			default:
				break;
		}
		gh[2 * i] = (float) g;
		gh[2 * i + 1] = (float) h;
	}
}

void
us_objective_gradients(const UsObjective *o, const float *y, const float *weight,
					   const double *score, int n, int k, float *gh)
{
	if (o->kind == US_OBJECTIVE_LOGISTIC)
		logistic(y, score, n, gh);
	else if (o->kind == US_OBJECTIVE_MULTINOMIAL)
		multinomial(o, y, score, n, k, gh);
	else
		simple(o, y, score, n, gh);
	if (weight == NULL)
		return;
	for (int i = 0; i < n; i++)
	{
		gh[2 * i] *= weight[i];
		gh[2 * i + 1] *= weight[i];
	}
}

/* log(1 + exp(x)) */
static double
softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

double
us_objective_loss(const UsObjective *o, double y, const double *score)
{
	double		r = score[0] - y;
	double		p = o->parameter;
	double		most = score[0];
	double		sum = 0;

	switch (o->kind)
	{
		case US_OBJECTIVE_LOGISTIC:
			return softplus(score[0]) - y * score[0];
		case US_OBJECTIVE_MULTINOMIAL:
			for (int c = 1; c < o->n_scores; c++)
				most = fmax(most, score[c]);
			for (int c = 0; c < o->n_scores; c++)
				sum += exp(score[c] - most);
			return log(sum) + most - score[(int) y];
		case US_OBJECTIVE_SQUARED:
			return r * r / 2;
		case US_OBJECTIVE_ABSOLUTE:
			return fabs(r);
		case US_OBJECTIVE_HUBER:
			return fabs(r) <= p ? r * r / 2 : p * (fabs(r) - p / 2);
		case US_OBJECTIVE_QUANTILE:
			return r >= 0 ? (1 - p) * r : -p * r;
		case US_OBJECTIVE_POISSON:
			return exp(score[0]) - y * score[0];
		case US_OBJECTIVE_TWEEDIE:
			return exp((2 - p) * score[0]) / (2 - p) - y * exp((1 - p) * score[0]) / (1 - p);
	}
	return 0;
}

bool
us_objective_quantile(const UsObjective *o, double *probability)
{
	*probability = o->kind == US_OBJECTIVE_QUANTILE ? o->parameter : 0.5;
	return o->kind == US_OBJECTIVE_QUANTILE || o->kind == US_OBJECTIVE_ABSOLUTE;
}

double
us_objective_mean(const UsObjective *o, double score)
{
	switch (o->kind)
	{
		case US_OBJECTIVE_LOGISTIC:
			return score >= 0 ? 1 / (1 + exp(-score)) : exp(score) / (1 + exp(score));
		case US_OBJECTIVE_POISSON:
		case US_OBJECTIVE_TWEEDIE:
			return exp(fmin(score, 700));
		default:
			return score;
	}
}

double
us_objective_quantile_of(const double *x, const double *w, int64 n, double probability)
{
	Weighed    *v = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Weighed) * (Size) n);
	double		total = 0;
	double		below = 0;
	double		result;
	int64		i;

	for (i = 0; i < n; i++)
	{
		v[i].x = x[i];
		v[i].w = w ? w[i] : 1;
	}
	sort_weighed(v, n);
	for (i = 0; i < n; i++)
		total += v[i].w;
	for (i = 0; i < n - 1; i++)
	{
		below += v[i].w;
		if (below >= probability * total)
			break;
	}
	result = v[i].x;
	if (i < n - 1 && below == probability * total)
		result += (v[i + 1].x - result) / 2;
	pfree(v);
	return result;
}
