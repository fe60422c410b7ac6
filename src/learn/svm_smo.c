/*
 * svm_smo.c
 *	  Support vector machines with kernels by sequential minimal optimisation.
 *
 * Numbers and classes are one problem in signed multipliers b_i, with b_i y_i in [0, cost_i] for classes:
 *
 *		minimise b'Kb / 2 - y'b + epsilon |b|_1 + sum of b_i^2 / (4 cost_i) (squared losses), sum of b_i = 0.
 *
 * A step raises one multiplier and lowers another by as much.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/svm_smo.h"
#include "math/clones.h"

#define STRIDE			1024

/* of the violation at which a round ends, in spreads of y; and what each round makes of it */
#define FIRST_VIOLATION	1e-2
#define FALL			0.1

/* steps between two looks for rows that can be set aside */
#define SHRINK_STEPS	1000

/* a pair without curvature */
#define LEAST_CURVATURE	1e-12

typedef struct Smo
{
	const UsSvmProblem *p;
	const UsSvmKernel *kernel;
	UsSvmSolution *s;
	int			n;				/* of all rows */
	int			ntaking;		/* rows that take part: the first of row */
	int			nactive;		/* of these, not set aside */
	int		   *row;			/* [n] */
	double	   *g;				/* [n]: decision value without intercept */
	double	   *own;			/* [n]: K(i, i), and the diagonal of squared losses */

	/* what raising (lowering) a multiplier gains (loses) is this less g; infinite where there is no room */
	double	   *base_up;		/* [n] */
	double	   *base_down;

	/* rows of the kernel matrix */
	int			nslots;
	Size		slot_bytes;		/* taken from the budget */
	double	   *slot;			/* [nslots][n] */
	int		   *slot_of;		/* [n]: + 1; 0: none */
	int		   *row_in;			/* [nslots]; -1: none */
	bool	   *used;			/* [nslots]: since the hand came by */
	int			hand;			/* the slot that is looked at first when one is wanted */
	int			latest;			/* the slot that was used last */

	double		up;				/* largest gain of raising, */
	double		down;			/* smallest of lowering, */
	int			first;			/* and the row of the former, -1: none */
	int64		steps;
} Smo;

Size
us_svm_smo_bytes(int64 n, bool all)
{
	Size		slots = (Size) (all ? Max(n, 2) : 2);

	return (Size) n * (2 * sizeof(int) + 4 * sizeof(double)) + slots * (sizeof(double) * n + sizeof(int) + sizeof(bool)) + 4096;
}

static inline double
cost(const UsSvmProblem *p, int i)
{
	return p->C * p->rows->weight[i];
}

/* ---- rows of the kernel matrix ---- */

/* K(i, from .. to - 1), no more than STRIDE of them. */
static US_CLONES void
fill(const Smo *m, int i, int from, int to, double *out)
{
	const UsSvmRows *r = m->p->rows;
	const double *x = r->x + (Size) i * r->stride;
	double		v[STRIDE] __attribute__((aligned(US_BLOCK_ALIGN)));
	int			n = to - from;

	for (int k = 0; k < n; k++)
		v[k] = us_svm_dot(x, r->x + (Size) (from + k) * r->stride, r->stride);
	us_svm_kernels(m->kernel, r->square[i], r->square + from, v, n);
	memcpy(out + from, v, sizeof(double) * n);
}

/* A slot for another row: the first one after the hand that was not used since it came by, nor by the last call. */
static int
free_slot(Smo *m)
{
	int			k;

	while (m->used[m->hand] || m->hand == m->latest)
	{
		m->used[m->hand] = false;
		m->hand = (m->hand + 1) % m->nslots;
	}
	k = m->hand;
	m->hand = (m->hand + 1) % m->nslots;
	return k;
}

/* Row i; valid until the call after the next. */
static const double *
kernel_row(Smo *m, int i)
{
	if (m->slot_of[i] == 0)
	{
		int			k = free_slot(m);
		double	   *out = m->slot + (Size) k * m->n;

		if (m->row_in[k] >= 0)
			m->slot_of[m->row_in[k]] = 0;
		m->row_in[k] = -1;
		for (int at = 0; at < m->n; at += STRIDE)
		{
			CHECK_FOR_INTERRUPTS();
			fill(m, i, at, Min(at + STRIDE, m->n), out);
		}
		m->row_in[k] = i;
		m->slot_of[i] = k + 1;
	}
	m->latest = m->slot_of[i] - 1;
	m->used[m->latest] = true;
	return m->slot + (Size) m->latest * m->n;
}

/* ---- conditions ---- */

static inline double
diagonal(const Smo *m, int i)
{
	return m->p->squared ? 0.5 / cost(m->p, i) : 0;
}

/* How far multiplier i can be raised (lowered) without passing a bound or, of numbers, 0. */
static inline double
room_up(const Smo *m, int i)
{
	double		b = m->s->alpha[i];

	if (b < 0)
		return -b;
	if (!m->p->regression && m->p->y[i] < 0)
		return 0;
	return m->p->squared ? INFINITY : cost(m->p, i) - b;
}

static inline double
room_down(const Smo *m, int i)
{
	double		b = m->s->alpha[i];

	if (b > 0)
		return b;
	if (!m->p->regression && m->p->y[i] > 0)
		return 0;
	return m->p->squared ? INFINITY : cost(m->p, i) + b;
}

/* The bases of i, by its multiplier. */
static void
rebase(Smo *m, int i)
{
	double		b = m->s->alpha[i];
	double		e = m->p->regression ? m->p->epsilon : 0;
	double		base = m->p->y[i] - diagonal(m, i) * b;

	m->base_up[i] = room_up(m, i) > 0 ? base - (b >= 0 ? e : -e) : -INFINITY;
	m->base_down[i] = room_down(m, i) > 0 ? base - (b > 0 ? e : -e) : INFINITY;
}

/* What the objective gains by raising i, and loses by lowering it, at first. */
static inline double
gain_up(const Smo *m, int i)
{
	return m->base_up[i] - m->g[i];
}

static inline double
gain_down(const Smo *m, int i)
{
	return m->base_down[i] - m->g[i];
}

/* The limits of both among the rows that are not set aside; g is moved by d times ki - kj before, if there is a ki. */
static void
limits(Smo *m, double d, const double *ki, const double *kj)
{
	double		up = -INFINITY;
	double		down = INFINITY;
	int			first = -1;

	for (int k = 0; k < m->nactive; k++)
	{
		int			t = m->row[k];
		double		g = m->g[t];
		double		gain;

		if (ki != NULL)
			m->g[t] = g += d * (ki[t] - kj[t]);
		gain = m->base_up[t] - g;
		if (gain > up)
		{
			up = gain;
			first = t;
		}
		gain = m->base_down[t] - g;
		if (gain < down)
			down = gain;
	}
	m->up = up;
	m->down = down;
	m->first = first;
}

/* The partner of i that promises most; -1: none. */
static int
partner(const Smo *m, int i, const double *ki)
{
	double		most = 0;
	double		own = m->own[i];
	double		up = m->up;
	int			best = -1;

	for (int k = 0; k < m->nactive; k++)
	{
		int			j = m->row[k];
		double		b = up - gain_down(m, j);
		double		a;

		if (b <= 0 || j == i)
			continue;
		a = own + m->own[j] - 2 * ki[j];
		a = Max(a, LEAST_CURVATURE);
		if (b * b > most * a)
		{
			most = b * b / a;
			best = j;
		}
	}
	return best;
}

/* Rows that stay where they are by a margin go behind the others. */
static void
set_aside(Smo *m)
{
	for (int k = 0; k < m->nactive;)
	{
		int			i = m->row[k];

		if (gain_up(m, i) >= m->down || gain_down(m, i) <= m->up)
		{
			k++;
			continue;
		}
		m->nactive--;
		m->row[k] = m->row[m->nactive];
		m->row[m->nactive] = i;
	}
}

/* Decision values of rows from .. to - 1 of the list, from all multipliers. */
static void
rebuild(Smo *m, int from, int to, double *out)
{
	for (int k = from; k < to; k++)
		out[m->row[k]] = 0;
	for (int j = 0; j < m->n && from < to; j++)
	{
		const double *kj;

		if (m->s->alpha[j] == 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		kj = kernel_row(m, j);
		for (int k = from; k < to; k++)
			out[m->row[k]] += m->s->alpha[j] * kj[m->row[k]];
	}
}

/* ---- steps ---- */

/* Move by at most d; exactly to the end of the room where that is what limits. */
static inline void
move(Smo *m, int i, double d, double room)
{
	double	   *b = &m->s->alpha[i];

	if (d > 0 ? d < room : -d < room)
		*b += d;
	else if ((d > 0) == (*b < 0) && *b != 0)
		*b = 0;
	else
		*b = d > 0 ? cost(m->p, i) : -cost(m->p, i);
}

static void
step(Smo *m, int i, int j, const double *ki)
{
	const double *kj = kernel_row(m, j);
	double		a = m->own[i] + m->own[j] - 2 * ki[j];
	double		d = (m->up - gain_down(m, j)) / Max(a, LEAST_CURVATURE);
	double		most_up = room_up(m, i);
	double		most_down = room_down(m, j);

	d = Min(d, Min(most_up, most_down));
	move(m, i, d, most_up);
	move(m, j, -d, most_down);
	rebase(m, i);
	rebase(m, j);
	limits(m, d, ki, kj);
}

/* All rows are active again. */
static void
unshrink(Smo *m)
{
	rebuild(m, m->nactive, m->ntaking, m->g);
	m->nactive = m->ntaking;
	limits(m, 0, NULL, NULL);
}

/* Steps until no pair violates its conditions by more than limit. */
static void
optimise(Smo *m, double limit, int64 most_steps)
{
	limits(m, 0, NULL, NULL);
	while (m->steps < most_steps)
	{
		int			j = -1;
		const double *ki = NULL;

		us_progress("steps", 0, 0);
		if (m->first >= 0 && m->up - m->down > limit)
		{
			ki = kernel_row(m, m->first);
			j = partner(m, m->first, ki);
		}
		if (j < 0)
		{
			if (m->nactive == m->ntaking)
				return;
			unshrink(m);
			continue;
		}
		step(m, m->first, j, ki);
		m->steps++;
		if (m->steps % SHRINK_STEPS == 0)
			set_aside(m);
	}
	unshrink(m);
}

/* Objective and gap. */
static void
measure(Smo *m)
{
	const UsSvmProblem *p = m->p;
	double		half = 0;
	double		losses = 0;
	double		dual = 0;

	m->s->b = isfinite(m->up) && isfinite(m->down) ? (m->up + m->down) / 2 : isfinite(m->up) ? m->up : m->down;
	for (int k = 0; k < m->ntaking; k++)
	{
		int			i = m->row[k];
		double		b = m->s->alpha[i];
		double		f = m->g[i] + m->s->b;
		double		l = p->regression ? fabs(p->y[i] - f) - p->epsilon : 1 - p->y[i] * f;

		half += b * m->g[i] / 2;
		if (l > 0)
			losses += cost(p, i) * (p->squared ? l * l : l);
		dual += p->y[i] * b - (p->regression ? p->epsilon * fabs(b) : 0) - diagonal(m, i) * b * b / 2;
	}
	m->s->objective = half + losses;
	m->s->gap = Max(half + losses - (dual - half), 0);
	m->s->converged = m->s->gap <= p->tolerance * m->s->objective;
}

/* ---- the course ---- */

static void
begin(Smo *m, UsArena *arena, UsBudget *budget)
{
	const UsSvmProblem *p = m->p;
	Size		line = sizeof(double) * p->rows->n + sizeof(int) + sizeof(bool);
	int			left = 0;

	m->n = p->rows->n;
	m->row = (int *) us_arena_array(arena, m->n, sizeof(int));
	m->slot_of = (int *) us_arena_array(arena, m->n, sizeof(int));
	m->g = (double *) us_arena_array(arena, m->n, sizeof(double));
	m->own = (double *) us_arena_array(arena, m->n, sizeof(double));
	m->base_up = (double *) us_arena_array(arena, m->n, sizeof(double));
	m->base_down = (double *) us_arena_array(arena, m->n, sizeof(double));
	/* a part stays for others */
	m->nslots = (int) Min((Size) m->n, us_budget_left(budget) / 8 * 7 / line);
	m->nslots = Max(m->nslots, 2);
	m->slot_bytes = line * m->nslots;
	us_budget_take(budget, m->slot_bytes, "rows of the kernel matrix");
	m->slot = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * m->nslots * m->n);
	m->row_in = (int *) palloc(sizeof(int) * m->nslots);
	m->used = (bool *) palloc0(sizeof(bool) * m->nslots);
	m->latest = -1;
	for (int k = 0; k < m->nslots; k++)
		m->row_in[k] = -1;
	for (int i = 0; i < m->n; i++)
	{
		const UsSvmRows *r = p->rows;

		m->s->alpha[i] = 0;
		m->own[i] = us_svm_kernel(m->kernel, r->square[i], r->square[i], r->square[i]) + diagonal(m, i);
		rebase(m, i);
		if (p->fold != NULL && p->fold[i] == p->left_out)
			m->row[m->n - ++left] = i;
		else
			m->row[m->ntaking++] = i;
	}
	m->nactive = m->ntaking;
}

void
us_svm_smo(const UsSvmProblem *p, const UsSvmKernel *kernel, UsSvmSolution *s, double *f, UsBudget *budget)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	Smo			m = {0};
	double		limit = FIRST_VIOLATION * p->spread;
	int64		most_steps;

	m.p = p;
	m.kernel = kernel;
	m.s = s;
	begin(&m, arena, budget);
	most_steps = p->max_iter * m.n;
	for (;;)
	{
		optimise(&m, limit, most_steps);
		measure(&m);
		us_progress_note("%lld steps, objective %.10g, gap %.3g", (long long) m.steps, s->objective, s->gap);
		if (s->converged || m.steps >= most_steps || limit < p->spread * 1e-13)
			break;
		limit *= FALL;
	}
	s->passes = (m.steps + m.n - 1) / m.n;
	s->support = 0;
	for (int i = 0; i < m.n; i++)
		s->support += s->alpha[i] != 0;
	if (f != NULL)
	{
		rebuild(&m, m.ntaking, m.n, f);
		for (int k = m.ntaking; k < m.n; k++)
			f[m.row[k]] += s->b;
	}
	pfree(m.slot);
	pfree(m.row_in);
	pfree(m.used);
	us_budget_release(budget, m.slot_bytes);
	us_arena_reset(arena);
}
