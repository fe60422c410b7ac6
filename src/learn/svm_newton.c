/*
 * svm_newton.c
 *	  Linear support vector machines by Newton's method on augmented Lagrangians.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/lapack.h"
#include "infra/progress.h"
#include "learn/svm_newton_pass.h"
#include "math/cholesky.h"

/* envelopes: 1 / sigma is this many units of f at first, at the first of a warm start, and at least */
#define FIRST_WIDTH		2.0
#define WARM_WIDTH		0.1
#define LEAST_WIDTH		1e-9

/* what each round makes of sigma */
#define GROWTH			5.0

/* a round ends when its minimum is this close, beside the gap */
#define INNER			0.1

/* passes that do not halve the gap, before it is left: rounding does not allow more */
#define MOST_STALE		200

/* steps that bring a round no nearer to its end, before the next one begins */
#define MOST_STUCK		20

/*
 * Samples of a cold start: each this share of the next; no fewer rows, nor than this many for each weight.  With
 * landmarks, whose first steps are dear, and whose weights are many, more and smaller ones.
 */
#define SAMPLE			16
#define LEAST_SAMPLE	8192
#define FOR_EACH		32
#define SAMPLE_MAPPED	4
#define FOR_EACH_MAPPED	4
#define SAMPLE_GAP		1e-3
#define SAMPLE_GAP_MAPPED	1e-2

/* evaluations of one line search, and when it ends, beside the slope at its start */
#define MOST_SEARCH		80
#define SEARCH			0.1

static int
row_of_gram(int p)
{
	return (p + US_HALF_LANES) / US_HALF_LANES * US_HALF_LANES;
}

Size
us_svm_newton_bytes(int64 n, int p)
{
	Size		ld = row_of_gram(p);

	return (Size) (n + US_SVM_BLOCK) * 5 * sizeof(double) + ld * sizeof(double) * (US_SVM_PACK_LARGE + 4 * ld + 8);
}

/* ---- what a pass tells ---- */

/* Objective and gap by the sums; the larger side of multipliers is scaled down where the intercept is free. */
static void
measure(UsSvmNewton *m)
{
	const UsSvmProblem *p = m->p;
	UsSvmSolution *s = m->s;
	double		scale[2] = {1, 1};
	double		half = 0;
	double		total;
	double		dual = 0;

	for (int k = 0; k < 2; k++)
		us_svm_features_down(m->x, m->side[k], m->down[k]);
	if (p->intercept == US_SVM_FREE && m->total[1] != -m->total[0])
	{
		int			larger = m->total[1] > -m->total[0];

		scale[larger] = m->total[1 - larger] / -m->total[larger];
	}
	for (int j = 0; j < m->x->rank; j++)
	{
		double		w = scale[0] * m->down[0][j] + scale[1] * m->down[1][j];

		dual -= w * w / 2;
		half += s->w[j] * s->w[j] / 2;
	}
	for (int k = 0; k < 2; k++)
		dual += scale[k] * m->linear[k] - scale[k] * scale[k] * m->square[k];
	total = scale[0] * m->total[0] + scale[1] * m->total[1];
	if (p->intercept == US_SVM_PENALISED)
	{
		half += s->b * s->b / 2;
		dual -= total * total / 2;
	}
	/* what the dual objective lacks because the weights are not those of the multipliers, yet */
	m->apart = scale[0] == scale[1] ? 0 : (1 - Min(scale[0], scale[1])) * (m->linear[0] + m->linear[1]);
	for (int j = 0; j < m->x->rank; j++)
	{
		double		g = s->w[j] - m->down[0][j] - m->down[1][j];

		m->apart += g * g / 2;
	}
	if (p->intercept == US_SVM_PENALISED)
		m->apart += (s->b - total) * (s->b - total) / 2;
	s->objective = half + m->losses;
	m->bound = fmax(m->bound, dual);
	s->gap = fmax(s->objective - m->bound, 0);
	s->converged = s->gap <= p->tolerance * s->objective;
}

/* ---- the direction ---- */

static void
gradient(UsSvmNewton *m)
{
	double	   *g = m->gradient;
	int			rank = m->x->rank;

	for (int j = 0; j < rank; j++)
		g[j] = m->s->w[j] - (m->down[0][j] + m->down[1][j]);
	g[rank] = m->p->intercept == US_SVM_ABSENT ? 0 : -(m->total[0] + m->total[1]);
	if (m->p->intercept == US_SVM_PENALISED)
		g[rank] += m->s->b;
}

static void
hessian(UsSvmNewton *m)
{
	int			p = m->x->p;
	int			rank = m->x->rank;
	int			size = m->size;
	double	   *h = m->hessian;
	const double *ones = m->gram + (Size) p * m->ld;

	if (m->x->map != NULL)
	{
		us_lapack_multiply(false, false, p, rank, p, 1, m->gram, m->ld, m->x->map, p, 0, m->product, p);
		us_lapack_multiply(true, false, rank, rank, p, 1, m->x->map, p, m->product, p, 0, h, size);
		us_svm_features_down(m->x, ones, h + (Size) rank * size);
	}
	else
		for (int i = 0; i <= rank; i++)
			memcpy(h + (Size) i * size, m->gram + (Size) i * m->ld, sizeof(double) * rank);
	for (int j = 0; j < rank; j++)
	{
		if (m->p->intercept == US_SVM_ABSENT)
			h[(Size) rank * size + j] = 0;
		h[(Size) j * size + rank] = h[(Size) rank * size + j];
		h[(Size) j * size + j] += 1;
	}
	/* without rows between their bounds nothing else holds a free intercept */
	h[(Size) rank * size + rank] = m->p->intercept == US_SVM_ABSENT ? 1 :
		ones[p] + (m->p->intercept == US_SVM_PENALISED ? 1 : 0) + 1e-3 * m->mean_cost * (m->centre != NULL ? m->sharpness : 2);
}

/* L L' x = b in place; L packed. */
static void
substitute(int n, const double *l, double *b)
{
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < i; j++)
			b[i] -= l[us_packed(i) + j] * b[j];
		b[i] /= l[us_packed(i) + i];
	}
	for (int i = n - 1; i >= 0; i--)
	{
		b[i] /= l[us_packed(i) + i];
		for (int j = 0; j < i; j++)
			b[j] -= l[us_packed(i) + j] * b[i];
	}
}

/* direction = - hessian^-1 gradient; the diagonal is raised until that can be. */
static bool
factor_and_solve(UsSvmNewton *m, double ridge)
{
	int			size = m->size;
	double	   *d = m->direction;
	double	   *h = m->hessian;

	for (int j = 0; j < size; j++)
		d[j] = -m->gradient[j];
	if (m->triangle == NULL)
	{
		/* the factor goes into one triangle; from the other one and the diagonal it can be tried again */
		for (int j = 0; j < size; j++)
			m->value[j] = h[(Size) j * size + j];
		for (int j = 0; j < size; j++)
			h[(Size) j * size + j] += ridge * m->value[j];
		if (us_lapack_cholesky(size, h, size) == 0)
		{
			us_lapack_cholesky_solve(size, h, size, 1, d, size);
			return true;
		}
		for (int j = 0; j < size; j++)
		{
			h[(Size) j * size + j] = m->value[j];
			for (int i = j + 1; i < size; i++)
				h[(Size) j * size + i] = h[(Size) i * size + j];
		}
		return false;
	}
	for (int i = 0; i < size; i++)
		for (int j = 0; j <= i; j++)
			m->triangle[us_packed(i) + j] = h[(Size) i * size + j] * (i == j ? 1 + ridge : 1);
	if (us_cholesky(size, m->triangle) != 0)
		return false;
	substitute(size, m->triangle, d);
	return true;
}

/* The Newton direction; what is returned is the fall of the model along it, twice: <= 0 or NaN: there is none. */
static double
newton_direction(UsSvmNewton *m)
{
	double		fall = 0;
	double		ridge = 0;

	hessian(m);
	while (!factor_and_solve(m, ridge))
	{
		ridge = ridge == 0 ? 1e-14 : ridge * 100;
		if (ridge > 1)
			return NAN;
	}
	for (int j = 0; j < m->size; j++)
		fall -= m->gradient[j] * m->direction[j];
	return fall;
}

/* ---- a step ---- */

static void
refresh(UsSvmNewton *m)
{
	bool		zero = true;

	for (int j = 0; j < m->x->rank && zero; j++)
		zero = m->s->w[j] == 0;
	for (int i = 0; i < m->n && zero && !m->fresh; i++)
		m->f[i] = m->s->b;
	if (!m->fresh && !zero)
		us_svm_newton_decide(m, m->s->w, m->s->b, m->f);
	m->fresh = true;
}

/* The step to the minimum along the direction: the root of the derivative, which grows. */
static double
search(const UsSvmNewton *m, double fall)
{
	double		low = 0;
	double		high = INFINITY;
	double		t = 1;
	double		wd = 0;
	double		dd = 0;
	int			rank = m->x->rank;

	for (int j = 0; j < rank; j++)
	{
		wd += m->s->w[j] * m->direction[j];
		dd += m->direction[j] * m->direction[j];
	}
	if (m->p->intercept == US_SVM_PENALISED)
	{
		wd += m->s->b * m->direction[rank];
		dd += m->direction[rank] * m->direction[rank];
	}
	for (int k = 0; k < MOST_SEARCH; k++)
	{
		double		first;
		double		second;
		double		next;

		us_svm_newton_slopes(m, t, &first, &second);
		first += wd + t * dd;
		second += dd;
		if (!(fabs(first) > SEARCH * fall))
			break;
		if (first > 0)
			high = t;
		else
			low = t;
		next = t - first / second;
		if (!(next > low && next < high))
			next = isinf(high) ? 4 * t : low + (high - low) / 2;
		if (isinf(high))
			next = Min(next, 64 * t);
		if (next == t || !isfinite(next))
			break;
		t = next;
	}
	return t;
}

static void
step(UsSvmNewton *m, double fall)
{
	double		t;

	us_svm_newton_decide(m, m->direction, m->direction[m->x->rank], m->df);
	t = search(m, fall);
	for (int j = 0; j < m->x->rank; j++)
		m->s->w[j] += t * m->direction[j];
	m->s->b += t * m->direction[m->x->rank];
	us_svm_newton_move(m, t);
	m->fresh = false;
}

/* ---- the course ---- */

/* Of the first n rows, as if they stood for all; f is that of w. */
static void
begin_level(UsSvmNewton *m, int n, double width)
{
	const UsSvmProblem *p = m->p;
	double		mass[2] = {0, 0};
	double		far = 0;

	for (int i = 0; i < p->rows->n; i++)
	{
		bool		taking = p->fold == NULL || p->fold[i] != p->left_out;

		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
		if (taking)
			mass[i < n] += p->rows->weight[i];
		m->cost[i] = taking && i < n ? p->C * p->rows->weight[i] : 0;
	}
	m->n = n;
	m->fresh = false;
	refresh(m);
	m->mean_cost = p->C * (mass[0] + mass[1]) / n;
	for (int i = 0; i < n; i++)
	{
		if (mass[1] > 0)
			m->cost[i] *= (mass[0] + mass[1]) / mass[1];
		far += m->cost[i] * fabs(m->y[i] - m->f[i]) / (m->mean_cost * n);
	}
	m->unit = !p->regression || !(far > 0) ? p->spread : far;
	m->sharpness = 1 / (width * m->unit);
	m->bound = 0;				/* all multipliers 0 */
	m->best = INFINITY;
}

/* The next round: envelopes around the multipliers that were found, sharper where the last ones brought little. */
static void
next_round(UsSvmNewton *m, double last)
{
	us_svm_newton_multipliers(m, m->centre);
	if (m->s->gap > last / GROWTH)
		m->sharpness = Min(m->sharpness * GROWTH, 1 / (LEAST_WIDTH * m->unit));
	refresh(m);
}

/* Weights of the smallest objective are kept, for a course that does not converge: the last ones need not be best. */
static void
keep_best(UsSvmNewton *m)
{
	if (!(m->s->objective < m->best))
		return;
	m->best = m->s->objective;
	memcpy(m->best_w, m->s->w, sizeof(double) * m->x->rank);
	m->best_w[m->x->rank] = m->s->b;
}

static void
restore_best(UsSvmNewton *m)
{
	memcpy(m->s->w, m->best_w, sizeof(double) * m->x->rank);
	m->s->b = m->best_w[m->x->rank];
	m->fresh = false;
	refresh(m);
	us_svm_newton_sums(m);
	measure(m);
}

/* Steps until the gap is below tolerance, beside the objective, or nothing changes but by rounding. */
static void
minimise(UsSvmNewton *m, double tolerance)
{
	UsSvmSolution *s = m->s;
	double		last = INFINITY;	/* gap of the round before */
	double		best = INFINITY;	/* smallest gap until now, */
	double		least = INFINITY;	/* distance from the end of this round, at its smallest */
	int			stale = 0;		/* passes since best was halved */
	int			stuck = 0;		/* and least */
	double		most_work = m->work + (double) m->p->max_iter * m->n;

	for (;;)
	{
		double		fall;

		us_svm_newton_sums(m);
		measure(m);
		us_progress_note("%d rows, width %.3g, objective %.10g, gap %.3g", m->n, 1 / m->sharpness, s->objective, s->gap);
		if (s->gap <= tolerance * s->objective)
		{
			if (m->fresh)
				return;
			refresh(m);
			continue;
		}
		stale = s->gap > best / 2 ? stale + 1 : 0;
		if (stale == 0)
			best = s->gap;
		keep_best(m);
		if (m->work >= most_work || stale > MOST_STALE)
			break;
		gradient(m);
		fall = newton_direction(m);
		stuck = fall + m->apart > least / 2 ? stuck + 1 : 0;
		if (stuck == 0)
			least = fall + m->apart;
		if (m->centre != NULL && !(fall + m->apart > INNER * s->gap && fall > 1e-16 * s->objective && stuck < MOST_STUCK))
		{
			next_round(m, last);
			last = s->gap;
			least = INFINITY;
			stuck = 0;
			continue;
		}
		if (!(fall > 0))
			break;
		step(m, fall);
	}
	if (s->objective > m->best)
		restore_best(m);
}

static void
create(UsSvmNewton *m, UsArena *arena)
{
	int			n = m->p->rows->n;
	Size		padded = (Size) (n + US_HALF_LANES - 1) / US_HALF_LANES * US_HALF_LANES;
	int			p = m->x->p;

	m->size = m->x->rank + 1;
	m->ld = row_of_gram(p);
	m->y = (double *) us_arena_array(arena, padded, sizeof(double));
	m->cost = (double *) us_arena_array(arena, padded, sizeof(double));
	m->f = (double *) us_arena_array(arena, padded, sizeof(double));
	m->df = (double *) us_arena_array(arena, padded, sizeof(double));
	if (!m->p->squared)
		m->centre = (double *) us_arena_array(arena, padded, sizeof(double));
	memcpy(m->y, m->p->y, sizeof(double) * n);
	for (int k = 0; k < 2; k++)
	{
		m->side[k] = (double *) us_arena_array(arena, m->ld, sizeof(double));
		m->down[k] = (double *) us_arena_array(arena, m->ld, sizeof(double));
	}
	m->most_packed = m->x->map != NULL ? US_SVM_PACK_LARGE : US_SVM_PACK;
	m->pack = (double *) us_arena_array(arena, (Size) m->most_packed * m->ld, sizeof(double));
	m->gram = (double *) us_arena_array(arena, (Size) m->ld * m->ld, sizeof(double));
	m->value = (double *) us_arena_array(arena, m->ld, sizeof(double));
	m->gradient = (double *) us_arena_array(arena, m->size, sizeof(double));
	m->best_w = (double *) us_arena_array(arena, m->size, sizeof(double));
	m->direction = (double *) us_arena_array(arena, m->size, sizeof(double));
	m->hessian = (double *) us_arena_array(arena, (Size) m->size * m->size, sizeof(double));
	if (m->x->map != NULL)
		m->product = (double *) us_arena_array(arena, (Size) p * m->x->rank, sizeof(double));
	else
		m->triangle = (double *) us_arena_array(arena, us_packed(m->size), sizeof(double));
}

/* Multipliers to where the caller has them, and what they tell. */
static void
finish(UsSvmNewton *m, double *held_out)
{
	const UsSvmProblem *p = m->p;
	double		at = 0;

	us_svm_newton_multipliers(m, m->df);
	m->s->support = 0;
	for (int i = 0; i < m->n; i++)
	{
		m->s->alpha[i] = p->regression ? m->df[i] : fabs(m->df[i]);
		m->s->support += m->df[i] != 0;
		if (held_out != NULL && p->fold != NULL && p->fold[i] == p->left_out)
			held_out[i] = m->f[i];
		at += p->fold == NULL || p->fold[i] != p->left_out;
	}
	m->s->passes = (int64) ceil(m->work / Max(at, 1));
}

void
us_svm_newton(const UsSvmProblem *p, const UsSvmFeatures *x, UsSvmSolution *s, bool warm, double *held_out,
			  UsBudget *budget)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	UsSvmNewton m = {0};
	int			n = p->rows->n;
	double		width = FIRST_WIDTH;

	m.p = p;
	m.x = x;
	m.s = s;
	create(&m, arena);
	if (p->intercept == US_SVM_ABSENT)
		s->b = 0;
	if (!warm)
	{
		int			sample = x->map != NULL ? SAMPLE_MAPPED : SAMPLE;
		int			least = x->map != NULL ? FOR_EACH_MAPPED * x->rank : Max(LEAST_SAMPLE, FOR_EACH * x->rank);
		int			share = 1;

		memset(s->w, 0, sizeof(double) * x->rank);
		while (n / share / sample >= Max(least, 1024))
			share *= sample;
		for (; share > 1; share /= sample)
		{
			begin_level(&m, n / share, width);
			if (m.centre != NULL)
				memset(m.centre, 0, sizeof(double) * m.n);
			minimise(&m, fmax(p->tolerance, x->map != NULL ? SAMPLE_GAP_MAPPED : SAMPLE_GAP));
			width = WARM_WIDTH;
		}
	}
	else
		width = WARM_WIDTH;
	begin_level(&m, n, width);
	for (int i = 0; i < n && m.centre != NULL; i++)
	{
		double		a = !warm || m.cost[i] == 0 ? 0 : Min(fabs(s->alpha[i]), m.cost[i]);

		m.centre[i] = (p->regression ? s->alpha[i] : p->y[i]) < 0 ? -a : a;
	}
	minimise(&m, p->tolerance);
	finish(&m, held_out);
	us_arena_reset(arena);
}
