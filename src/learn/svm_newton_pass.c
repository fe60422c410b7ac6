/*
 * svm_newton_pass.c
 *	  Passes over the rows of Newton's method for support vector machines.
 *
 * Classes y = +-1 are numbers too: 1 - y f = y (y - f).  So all losses are one function of y - f in signed
 * multipliers b_i: 0 .. cost_i, or -cost_i .. 0 for y = -1, -cost_i .. cost_i for numbers, without an upper bound for
 * squared losses.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/lapack.h"
#include "infra/progress.h"
#include "learn/svm_newton_pass.h"

/* no bound */
#define UNBOUNDED	1e300

/* rows between two checks for interrupts, where little is done with each */
#define STRETCH		(32 * US_SVM_BLOCK)

/* ---- one row ---- */

typedef struct Terms
{
	UsDoubleLanes beta;			/* multipliers */
	UsDoubleLanes slope;		/* - d beta / d f */
	UsDoubleLanes cost;
	UsDoubleLanes y;
	UsDoubleLanes r;			/* y - f */
} Terms;

/* Rows i .. i + US_HALF_LANES - 1, their f moved by t df. */
US_INLINE void
terms(const UsSvmNewton *m, int i, double t, Terms *o)
{
	UsDoubleLanes zero = {0};
	UsDoubleLanes z = zero;
	UsDoubleLanes sigma;
	UsDoubleLanes e;
	UsDoubleLanes high;
	UsDoubleLanes low;
	UsLongLanes inside;

	o->cost = *(const UsDoubleLanes *) (m->cost + i);
	o->y = *(const UsDoubleLanes *) (m->y + i);
	o->r = o->y - *(const UsDoubleLanes *) (m->f + i);
	if (t != 0)
		o->r -= t * *(const UsDoubleLanes *) (m->df + i);
	if (m->centre != NULL)
	{
		z = *(const UsDoubleLanes *) (m->centre + i);
		sigma = m->sharpness * o->cost;
		high = o->cost;
	}
	else
	{
		sigma = 2 * o->cost;
		high = US_SPLAT_DOUBLE(UNBOUNDED);
	}
	low = -high;
	z += sigma * o->r;
	if (m->p->regression)
	{
		e = sigma * m->p->epsilon;
		z = US_SELECT_DOUBLE(z > e, z - e, US_SELECT_DOUBLE(z < -e, z + e, zero));
	}
	else
	{
		inside = o->y > zero;
		high = US_SELECT_DOUBLE(inside, high, zero);
		low = US_SELECT_DOUBLE(inside, zero, low);
	}
	inside = (z > low) & (z < high) & (z != zero);
	o->slope = US_SELECT_DOUBLE(inside, sigma, zero);
	z = US_SELECT_DOUBLE(z < low, low, z);
	o->beta = US_SELECT_DOUBLE(z > high, high, z);
}

static inline double
lanes_sum(const UsDoubleLanes *v)
{
	double		s = 0;

	for (int k = 0; k < US_HALF_LANES; k++)
		s += (*v)[k];
	return s;
}

/* ---- a pass: sums by the multipliers ---- */

/* Multipliers and slopes of n rows from .., and the sums of numbers. */
static US_CLONES void
sum_numbers(UsSvmNewton *m, int from, int n, double *beta, double *slope)
{
	UsDoubleLanes zero = {0};
	UsDoubleLanes total[2] = {{0}};
	UsDoubleLanes linear[2] = {{0}};
	UsDoubleLanes square[2] = {{0}};
	UsDoubleLanes losses = {0};

	for (int k = 0; k < n; k += US_HALF_LANES)
	{
		Terms		o;
		UsDoubleLanes l;
		UsDoubleLanes size;
		UsLongLanes positive;

		terms(m, from + k, 0, &o);
		*(UsDoubleLanes *) (beta + k) = o.beta;
		*(UsDoubleLanes *) (slope + k) = o.slope;
		positive = o.beta > zero;
		if (m->p->regression)
			l = US_SELECT_DOUBLE(o.r > zero, o.r, -o.r) - m->p->epsilon;
		else
			l = o.y * o.r;
		l = US_SELECT_DOUBLE(l > zero, l, zero);
		losses += o.cost * (m->p->squared ? l * l : l);
		size = US_SELECT_DOUBLE(positive, o.beta, -o.beta);
		size = o.y * o.beta - (m->p->regression ? m->p->epsilon : 0) * size;
		total[0] += US_SELECT_DOUBLE(positive, zero, o.beta);
		total[1] += US_SELECT_DOUBLE(positive, o.beta, zero);
		linear[0] += US_SELECT_DOUBLE(positive, zero, size);
		linear[1] += US_SELECT_DOUBLE(positive, size, zero);
		if (m->p->squared)
		{
			size = o.beta * o.beta / (4 * US_SELECT_DOUBLE(o.cost > zero, o.cost, zero + 1));
			square[0] += US_SELECT_DOUBLE(positive, zero, size);
			square[1] += US_SELECT_DOUBLE(positive, size, zero);
		}
	}
	for (int k = 0; k < 2; k++)
	{
		m->total[k] += lanes_sum(&total[k]);
		m->linear[k] += lanes_sum(&linear[k]);
		m->square[k] += lanes_sum(&square[k]);
	}
	m->losses += lanes_sum(&losses);
}

/* The packed rows into gram: row-major lower triangle, eight rows at a time. */
static US_CLONES void
add_pack(double *gram, int ld, int size, const double *pack)
{
	for (int i = 0; i < size; i++)
	{
		double	   *row = gram + (Size) i * ld;

		for (int j = 0; j <= i; j += US_SVM_LANES)
		{
			UsSvmQuad	s = {0};

			for (int k = 0; k < US_SVM_PACK; k++)
				s += pack[(Size) k * ld + i] * *(const UsSvmQuad *) (pack + (Size) k * ld + j);
			*(UsSvmQuad *) (row + j) += s;
		}
	}
}

static void
flush(UsSvmNewton *m)
{
	if (m->packed == 0)
		return;
	if (m->triangle == NULL)
		us_lapack_gram(true, m->x->p + 1, m->packed, 1, m->pack, m->ld, 1, m->gram, m->ld);
	else
	{
		memset(m->pack + (Size) m->packed * m->ld, 0, sizeof(double) * m->ld * (US_SVM_PACK - m->packed));
		add_pack(m->gram, m->ld, m->x->p + 1, m->pack);
	}
	m->packed = 0;
}

static US_CLONES void
scale_row(double *out, const double *x, double factor, int stride)
{
	for (int j = 0; j < stride; j += US_SVM_LANES)
		*(UsSvmQuad *) (out + j) = factor * *(const UsSvmQuad *) (x + j);
}

static US_CLONES void
sum_values(UsSvmNewton *m, const double *x, int n, const double *beta)
{
	for (int k = 0; k < n; k++)
		if (beta[k] != 0)
			us_svm_add(m->side[beta[k] > 0], x + (Size) k * m->x->stride, beta[k], m->x->stride);
}

void
us_svm_newton_sums(UsSvmNewton *m)
{
	double		beta[US_SVM_BLOCK] pg_attribute_aligned(US_BLOCK_ALIGN);
	double		slope[US_SVM_BLOCK] pg_attribute_aligned(US_BLOCK_ALIGN);
	int			p = m->x->p;

	for (int k = 0; k < 2; k++)
	{
		memset(m->side[k], 0, sizeof(double) * m->ld);
		m->total[k] = m->linear[k] = m->square[k] = 0;
	}
	m->losses = 0;
	memset(m->gram, 0, sizeof(double) * m->ld * m->ld);
	for (int i = 0; i < m->n; i += US_SVM_BLOCK)
	{
		int			n = Min(US_SVM_BLOCK, m->n - i);
		const double *x;

		us_progress("sums over the rows", i, m->n);
		sum_numbers(m, i, n, beta, slope);
		x = us_svm_features_block(m->x, i, n);
		sum_values(m, x, n, beta);
		for (int k = 0; k < n; k++)
		{
			double	   *row = m->pack + (Size) m->packed * m->ld;

			if (slope[k] == 0)
				continue;
			scale_row(row, x + (Size) k * m->x->stride, sqrt(slope[k]), m->x->stride);
			row[p] = sqrt(slope[k]);
			for (int j = p + 1; j < m->ld; j++)
				row[j] = 0;
			if (++m->packed == m->most_packed)
				flush(m);
		}
	}
	flush(m);
	if (m->triangle == NULL)
		us_lapack_mirror(p + 1, m->gram, m->ld);
	else
		for (int i = 0; i <= p; i++)
			for (int j = 0; j < i; j++)
				m->gram[(Size) j * m->ld + i] = m->gram[(Size) i * m->ld + j];
	m->work += m->n;
}

/* ---- decision values, and what happens along a direction ---- */

static US_CLONES void
dots(const double *x, int stride, int n, const double *v, double plus, double *out)
{
	for (int k = 0; k < n; k++)
		out[k] = us_svm_dot(x + (Size) k * stride, v, stride) + plus;
}

void
us_svm_newton_decide(UsSvmNewton *m, const double *w, double plus, double *out)
{
	us_svm_features_up(m->x, w, m->value);
	for (int i = 0; i < m->n; i += US_SVM_BLOCK)
	{
		int			n = Min(US_SVM_BLOCK, m->n - i);

		us_progress("decision values", i, m->n);
		dots(us_svm_features_block(m->x, i, n), m->x->stride, n, m->value, plus, out + i);
	}
	m->work += m->n;
}

/* First and second derivative along the direction at t, but for the squared weights. */
static US_CLONES void
slopes(const UsSvmNewton *m, int from, int to, double t, double *first, double *second)
{
	UsDoubleLanes one = {0};
	UsDoubleLanes two = {0};

	for (int i = from; i < to; i += US_HALF_LANES)
	{
		UsDoubleLanes df = *(const UsDoubleLanes *) (m->df + i);
		Terms		o;

		terms(m, i, t, &o);
		one -= o.beta * df;
		two += o.slope * df * df;
	}
	*first += lanes_sum(&one);
	*second += lanes_sum(&two);
}

void
us_svm_newton_slopes(const UsSvmNewton *m, double t, double *first, double *second)
{
	*first = *second = 0;
	for (int i = 0; i < m->n; i += STRETCH)
	{
		CHECK_FOR_INTERRUPTS();
		slopes(m, i, Min(i + STRETCH, m->n), t, first, second);
	}
}

static US_CLONES void
move_values(double *f, const double *df, double t, int n)
{
	for (int i = 0; i < n; i += US_HALF_LANES)
		*(UsDoubleLanes *) (f + i) += t * *(const UsDoubleLanes *) (df + i);
}

void
us_svm_newton_move(UsSvmNewton *m, double t)
{
	move_values(m->f, m->df, t, m->n);
}

static US_CLONES void
take_multipliers(const UsSvmNewton *m, double *out, int n)
{
	for (int i = 0; i < n; i += US_HALF_LANES)
	{
		Terms		o;

		terms(m, i, 0, &o);
		*(UsDoubleLanes *) (out + i) = o.beta;
	}
}

void
us_svm_newton_multipliers(const UsSvmNewton *m, double *out)
{
	take_multipliers(m, out, m->n);
}
