/*
 * minimum.c
 *	  Minimum of a function of one variable.
 */
#include "postgres.h"

#include <math.h>

#include "math/minimum.h"

#define GOLDEN		0.3819660112501051	/* (3 - sqrt(5)) / 2 */
#define RELATIVE	1.4901161193847656e-8	/* sqrt of the precision of double */
#define MAX_TRIALS	100

void
us_minimum_init(UsMinimum *m, double lo, double hi, double tolerance)
{
	memset(m, 0, sizeof(*m));
	m->lo = lo;
	m->hi = hi;
	m->tolerance = tolerance;
	m->trial = lo + GOLDEN * (hi - lo);
}

/* Take in the value at the trial point. */
static void
update(UsMinimum *m, double value)
{
	double		x = m->trial;

	if (value <= m->value)
	{
		if (x >= m->best)
			m->lo = m->best;
		else
			m->hi = m->best;
		m->third = m->second;
		m->third_value = m->second_value;
		m->second = m->best;
		m->second_value = m->value;
		m->best = x;
		m->value = value;
		return;
	}
	if (x < m->best)
		m->lo = x;
	else
		m->hi = x;
	if (value <= m->second_value || m->second == m->best)
	{
		m->third = m->second;
		m->third_value = m->second_value;
		m->second = x;
		m->second_value = value;
	}
	else if (value <= m->third_value || m->third == m->best || m->third == m->second)
	{
		m->third = x;
		m->third_value = value;
	}
}

/* The step to the vertex of the parabola through the three best points, if it can be trusted. */
static bool
parabolic_step(UsMinimum *m, double tol, double *step)
{
	double		r = (m->best - m->second) * (m->value - m->third_value);
	double		q = (m->best - m->third) * (m->value - m->second_value);
	double		p = (m->best - m->third) * q - (m->best - m->second) * r;

	if (fabs(m->step_before) <= tol)
		return false;
	q = 2 * (q - r);
	if (q > 0)
		p = -p;
	q = fabs(q);
	if (!isfinite(p) || !isfinite(q) || !(fabs(p) < fabs(0.5 * q * m->step_before)) ||
		p <= q * (m->lo - m->best) || p >= q * (m->hi - m->best))
		return false;
	*step = p / q;
	return true;
}

void
us_minimum_tell(UsMinimum *m, double value)
{
	double		middle;
	double		tol;
	double		step;

	if (m->ntrials++ == 0)
	{
		m->best = m->second = m->third = m->trial;
		m->value = m->second_value = m->third_value = value;
	}
	else
		update(m, value);

	middle = 0.5 * (m->lo + m->hi);
	tol = RELATIVE * fabs(m->best) + m->tolerance;
	if (fabs(m->best - middle) <= 2 * tol - 0.5 * (m->hi - m->lo) || m->ntrials >= MAX_TRIALS)
	{
		m->done = true;
		return;
	}
	if (parabolic_step(m, tol, &step))
	{
		double		x = m->best + step;

		m->step_before = m->step;
		if (x - m->lo < 2 * tol || m->hi - x < 2 * tol)
			step = m->best < middle ? tol : -tol;
	}
	else
	{
		m->step_before = m->best < middle ? m->hi - m->best : m->lo - m->best;
		step = GOLDEN * m->step_before;
	}
	m->step = step;
	if (fabs(step) < tol)
		step = step > 0 ? tol : -tol;
	m->trial = m->best + step;
}
