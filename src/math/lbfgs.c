/*
 * lbfgs.c
 *	  The minimum of a smooth function of many variables, by its gradient.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "math/lbfgs.h"

#define MEMORY			10		/* pairs of steps and gradient differences */
#define ARMIJO			1e-4
#define CURVATURE		0.9
#define MOST_TRIALS		60
#define FEW_GAINS		2		/* steps in a row that gain next to nothing */

typedef struct Memory
{
	int			n;
	int			pairs;
	int			next;
	double	   *s[MEMORY];
	double	   *y[MEMORY];
	double		rho[MEMORY];
} Memory;

static double
dot(const double *a, const double *b, int n)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

Size
us_lbfgs_bytes(int n)
{
	return sizeof(double) * (2 * MEMORY + 4) * (Size) n;
}

/* d = - H g */
static void
direction(const Memory *m, const double *g, double *d)
{
	double		alpha[MEMORY];
	int			n = m->n;

	for (int i = 0; i < n; i++)
		d[i] = -g[i];
	for (int k = 0; k < m->pairs; k++)
	{
		int			at = (m->next - 1 - k + 2 * MEMORY) % MEMORY;

		alpha[at] = m->rho[at] * dot(m->s[at], d, n);
		for (int i = 0; i < n; i++)
			d[i] -= alpha[at] * m->y[at][i];
	}
	if (m->pairs > 0)
	{
		int			last = (m->next - 1 + MEMORY) % MEMORY;
		double		scale = 1 / (m->rho[last] * dot(m->y[last], m->y[last], n));

		for (int i = 0; i < n; i++)
			d[i] *= scale;
	}
	for (int k = m->pairs - 1; k >= 0; k--)
	{
		int			at = (m->next - 1 - k + 2 * MEMORY) % MEMORY;
		double		beta = m->rho[at] * dot(m->y[at], d, n);

		for (int i = 0; i < n; i++)
			d[i] += (alpha[at] - beta) * m->s[at][i];
	}
}

static void
remember(Memory *m, const double *x, const double *x0, const double *g, const double *g0)
{
	double	   *s = m->s[m->next];
	double	   *y = m->y[m->next];
	double		sy;

	for (int i = 0; i < m->n; i++)
	{
		s[i] = x[i] - x0[i];
		y[i] = g[i] - g0[i];
	}
	sy = dot(s, y, m->n);
	if (!(sy > 1e-300))
		return;
	m->rho[m->next] = 1 / sy;
	m->next = (m->next + 1) % MEMORY;
	m->pairs = Min(m->pairs + 1, MEMORY);
}

UsLbfgsResult
us_lbfgs(UsSmoothFunction function, void *context, int n, double *x, double tolerance,
		 double gradient_tolerance, int max_iter)
{
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "L-BFGS", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	Size		bytes = sizeof(double) * n;
	UsLbfgsResult r = {0};
	Memory		m = {0};
	double	   *g = (double *) palloc_extended(bytes, MCXT_ALLOC_HUGE);
	double	   *x0 = (double *) palloc_extended(bytes, MCXT_ALLOC_HUGE);
	double	   *g0 = (double *) palloc_extended(bytes, MCXT_ALLOC_HUGE);
	double	   *d = (double *) palloc_extended(bytes, MCXT_ALLOC_HUGE);
	int			few = 0;

	m.n = n;
	for (int k = 0; k < MEMORY; k++)
	{
		m.s[k] = (double *) palloc_extended(bytes, MCXT_ALLOC_HUGE);
		m.y[k] = (double *) palloc_extended(bytes, MCXT_ALLOC_HUGE);
	}
	MemoryContextSwitchTo(old);
	r.value = function(context, x, g);
	r.evaluations = 1;
	while (r.iterations < max_iter)
	{
		double		slope;
		double		before = r.value;
		double		step = 1;
		double		low = 0;
		double		high = INFINITY;
		bool		found = false;

		CHECK_FOR_INTERRUPTS();
		if (sqrt(dot(g, g, n) / n) <= gradient_tolerance)
		{
			r.converged = true;
			break;
		}
		direction(&m, g, d);
		slope = dot(g, d, n);
		if (!(slope < 0))
		{
			m.pairs = 0;
			direction(&m, g, d);
			slope = dot(g, d, n);
		}
		if (m.pairs == 0)
			step = Min(1, 1 / sqrt(dot(g, g, n)));
		memcpy(x0, x, bytes);
		memcpy(g0, g, bytes);
		r.iterations++;
		for (int t = 0; t < MOST_TRIALS && !found; t++)
		{
			for (int i = 0; i < n; i++)
				x[i] = x0[i] + step * d[i];
			r.value = function(context, x, g);
			r.evaluations++;
			if (!(r.value <= before + ARMIJO * step * slope))
				high = step;
			else if (dot(g, d, n) < CURVATURE * slope)
				low = step;
			else
				found = true;
			if (!found)
				step = isinf(high) ? 2 * step : (low + high) / 2;
		}
		if (!found && !(r.value < before))
		{
			memcpy(x, x0, bytes);
			memcpy(g, g0, bytes);
			r.value = before;
			r.converged = m.pairs == 0 || -slope <= 1e-9 * fabs(before);
			if (m.pairs == 0 || r.converged)
				break;
			m.pairs = 0;		/* once more, straight down */
			continue;
		}
		remember(&m, x, x0, g, g0);
		few = before - r.value <= tolerance ? few + 1 : 0;
		if (few >= FEW_GAINS)
		{
			r.converged = true;
			break;
		}
	}
	MemoryContextDelete(own);
	return r;
}
