/*
 * svm_descent.c
 *	  Linear support vector machines by dual coordinate descent.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/svm_descent.h"
#include "math/clones.h"
#include "math/random.h"

/* rows between two checks for interrupts */
#define STRIDE			1024

/* halvings of the interval of the intercept */
#define MOST_BISECTIONS	100

/* violations at the first round, in spreads of y, and what each round makes of them */
#define FIRST_VIOLATION	0.1
#define FALL			0.2

/* passes of one round */
#define MOST_PASSES		1000

/* passes over the few rows that are not set aside, before all are looked at again */
#define MOST_NARROW		200

typedef struct Descent
{
	const UsSvmProblem *p;
	UsSvmSolution *s;
	int			n;				/* rows that take part */
	int			nactive;
	int		   *row;			/* [n]: the first nactive are visited */
	double	   *f;				/* [rows->n]: w'x */
	double	   *w;				/* [stride]: of the dual point that is feasible */
	double		rho;			/* penalty of the intercept; infinite: none */
	double		inverse;		/* 1 / rho, 0 without an intercept */
	double		b;				/* intercept of the penalised problem */
	double		sum;			/* of y alpha, or of alpha of numbers */
	double		high;			/* limits of the last pass beyond which a row is set aside */
	double		low;
	double		most;			/* violations of this pass */
	double		least;
	UsRandom	random;
	double		work;			/* rows visited */
} Descent;

Size
us_svm_descent_bytes(int64 n, int width)
{
	return (Size) n * (sizeof(int) + 2 * sizeof(double)) + 4 * sizeof(double) * (width + US_SVM_LANES);
}

UsSvmSolution *
us_svm_solution_create(int n, int stride, UsArena *arena)
{
	UsSvmSolution *s = (UsSvmSolution *) us_arena_alloc(arena, sizeof(UsSvmSolution));

	s->alpha = (double *) us_arena_array(arena, n, sizeof(double));
	s->w = (double *) us_arena_array(arena, stride, sizeof(double));
	return s;
}

static inline double
cost(const UsSvmProblem *p, int i)
{
	return p->C * p->rows->weight[i];
}

/* ---- one coordinate ---- */

/* Classes: the new alpha of row i, or NaN: set it aside.  g is the gradient, h the curvature. */
static inline double
class_step(Descent *d, double a, double g, double h, double upper)
{
	double		violation = g;

	if (a == 0)
	{
		if (g > d->high)
			return NAN;
		violation = Min(g, 0);
	}
	else if (a >= upper)
	{
		if (g < d->low)
			return NAN;
		violation = Max(g, 0);
	}
	d->most = Max(d->most, violation);
	d->least = Min(d->least, violation);
	if (violation == 0)
		return a;
	return Min(Max(a - g / h, 0), upper);
}

/* The same of numbers. */
static inline double
number_step(Descent *d, double a, double g, double h, double upper)
{
	double		up = g + d->p->epsilon;
	double		down = g - d->p->epsilon;
	double		violation = 0;
	double		step;

	if (a == 0)
	{
		if (up < 0)
			violation = -up;
		else if (down > 0)
			violation = down;
		else if (up > d->high && down < -d->high)
			return NAN;
	}
	else if (a >= upper)
	{
		if (up > 0)
			violation = up;
		else if (up < -d->high)
			return NAN;
	}
	else if (a <= -upper)
	{
		if (down < 0)
			violation = -down;
		else if (down > d->high)
			return NAN;
	}
	else
		violation = fabs(a > 0 ? up : down);
	d->most = Max(d->most, violation);
	if (violation == 0)
		return a;
	if (up < h * a)
		step = -up / h;
	else if (down > h * a)
		step = -down / h;
	else
		step = -a;
	return Min(Max(a + step, -upper), upper);
}

/* Row i; false: set it aside. */
static inline bool
visit(Descent *d, int i)
{
	const UsSvmProblem *p = d->p;
	const double *x = p->rows->x + (Size) i * p->rows->stride;
	double		a = d->s->alpha[i];
	double		y = p->y[i];
	double		diagonal = p->squared ? 0.5 / cost(p, i) : 0;
	double		upper = p->squared ? INFINITY : cost(p, i);
	double		h = p->rows->square[i] + d->inverse + diagonal;
	double		f = us_svm_dot(d->s->w, x, p->rows->stride) + d->b;
	double		next;
	double		step;

	h = Max(h, 1e-12);
	if (p->regression)
		next = number_step(d, a, f - y + diagonal * a, h, upper);
	else
		next = class_step(d, a, y * f - 1 + diagonal * a, h, upper);
	if (isnan(next))
		return false;
	step = next - a;
	if (step == 0)
		return true;
	d->s->alpha[i] = next;
	if (!p->regression)
		step *= y;
	us_svm_add(d->s->w, x, step, p->rows->stride);
	d->sum += step;
	d->b += step * d->inverse;
	return true;
}

/* Rows from .. to - 1 of those not set aside, in random order. */
static US_CLONES int
visit_some(Descent *d, int from, int to)
{
	while (from < to && from < d->nactive)
	{
		int			k = from + (int) us_random_below(&d->random, d->nactive - from);
		int			i = d->row[k];

		d->row[k] = d->row[from];
		d->row[from] = i;
		d->work += 1;
		if (visit(d, i))
			from++;
		else
		{
			d->nactive--;
			d->row[from] = d->row[d->nactive];
			d->row[d->nactive] = i;
		}
	}
	return from;
}

static void
all_again(Descent *d)
{
	d->nactive = d->n;
	d->high = INFINITY;
	d->low = -INFINITY;
}

/* Passes until no row that takes part violates its condition by more than limit. */
static void
descend(Descent *d, double limit)
{
	double		most_work = d->work + (double) MOST_PASSES * d->n;
	int			narrow = 0;

	all_again(d);
	most_work = Min(most_work, (double) d->p->max_iter * d->n);
	while (d->work < most_work)
	{
		bool		full = d->nactive == d->n;
		int			at = 0;
		double		size;

		d->most = d->p->regression ? 0 : -INFINITY;
		d->least = INFINITY;
		while (at < d->nactive)
		{
			us_progress("passes over the rows", (uint64) (d->work / d->n), d->p->max_iter);
			at = visit_some(d, at, at + STRIDE);
		}
		size = d->p->regression ? d->most : d->most - d->least;
		if (d->nactive == 0 || size <= limit)
		{
			if (full)
				return;
			all_again(d);
			narrow = 0;
			continue;
		}
		if (++narrow >= MOST_NARROW)
		{
			all_again(d);
			narrow = 0;
			continue;
		}
		d->high = d->most > 0 ? d->most : INFINITY;
		d->low = d->least < 0 ? d->least : -INFINITY;
	}
}

/* ---- the gap ---- */

static US_CLONES void
products(const UsSvmRows *r, const int *row, int from, int to, const double *w, double *f)
{
	for (int k = from; k < to; k++)
		f[row[k]] = us_svm_dot(w, r->x + (Size) row[k] * r->stride, r->stride);
}

static inline double
loss(const UsSvmProblem *p, double y, double f)
{
	double		l = p->regression ? fabs(y - f) - p->epsilon : 1 - y * f;

	if (l <= 0)
		return 0;
	return p->squared ? l * l : l;
}

/* The derivative of the losses by the intercept. */
static double
slope(const Descent *d, double b)
{
	const UsSvmProblem *p = d->p;
	double		sum = 0;

	for (int i = 0; i < p->rows->n; i++)
	{
		double		y = p->y[i];
		double		f = d->f[i] + b;
		double		c;

		if (i % (8 * STRIDE) == 0)
			CHECK_FOR_INTERRUPTS();
		if (p->fold != NULL && p->fold[i] == p->left_out)
			continue;
		c = cost(p, i);
		if (p->regression)
		{
			double		r = f - y;

			if (fabs(r) > p->epsilon)
				sum += p->squared ? 2 * c * (r > 0 ? r - p->epsilon : r + p->epsilon) : (r > 0 ? c : -c);
		}
		else if (y * f < 1)
			sum -= p->squared ? 2 * c * y * (1 - y * f) : c * y;
	}
	return sum;
}

/* The best free intercept for these weights. */
static double
best_intercept(const Descent *d)
{
	double		width = fmax(d->p->spread * 1e-3, 1e-300);
	double		low = d->b;
	double		high = d->b;
	double		s = slope(d, d->b);

	if (s == 0)
		return d->b;
	for (int i = 0; i < MOST_BISECTIONS; i++, width *= 4)
	{
		if (s > 0)
		{
			high = low;
			low -= width;
			if (slope(d, low) <= 0)
				break;
		}
		else
		{
			low = high;
			high += width;
			if (slope(d, high) >= 0)
				break;
		}
	}
	for (int i = 0; i < MOST_BISECTIONS; i++)
	{
		double		middle = low + (high - low) / 2;

		if (middle <= low || middle >= high || high - low < 1e-13 * (fabs(high) + d->p->spread))
			break;
		if (slope(d, middle) > 0)
			high = middle;
		else
			low = middle;
	}
	return low + (high - low) / 2;
}

/* The objective of the weights with intercept b. */
static double
primal(const Descent *d, double b)
{
	const UsSvmProblem *p = d->p;
	double		sum = us_svm_dot(d->s->w, d->s->w, p->rows->stride) / 2;

	if (p->intercept == US_SVM_PENALISED)
		sum += b * b / 2;
	for (int i = 0; i < p->rows->n; i++)
	{
		if (i % (8 * STRIDE) == 0)
			CHECK_FOR_INTERRUPTS();
		if (p->fold == NULL || p->fold[i] != p->left_out)
			sum += cost(p, i) * loss(p, p->y[i], d->f[i] + b);
	}
	return sum;
}

/*
 * The objective of the dual at a point that is feasible: for a free intercept the side of more weight is
 * scaled down, so that the sum is 0.  No solution has a lower objective.
 */
static double
dual(Descent *d)
{
	const UsSvmProblem *p = d->p;
	const double *alpha = d->s->alpha;
	int			stride = p->rows->stride;
	double		side[2] = {0, 0};
	double		scale[2] = {1, 1};
	double		sum = 0;
	double		total = 0;

	for (int k = 0; k < d->n; k++)
		side[(p->regression ? alpha[d->row[k]] : p->y[d->row[k]]) > 0] += fabs(alpha[d->row[k]]);
	if (p->intercept == US_SVM_FREE && side[0] != side[1])
	{
		int			larger = side[1] > side[0];

		scale[larger] = side[1 - larger] / side[larger];
	}
	memset(d->w, 0, sizeof(double) * stride);
	for (int k = 0; k < d->n; k++)
	{
		int			i = d->row[k];
		double		v = p->regression ? alpha[i] : alpha[i] * p->y[i];

		if (k % STRIDE == 0)
			CHECK_FOR_INTERRUPTS();
		if (v == 0)
			continue;
		v *= scale[v > 0];
		us_svm_add(d->w, p->rows->x + (Size) i * stride, v, stride);
		sum += p->regression ? v * p->y[i] - p->epsilon * fabs(v) : fabs(v);
		if (p->squared)
			sum -= v * v / (4 * cost(p, i));
		total += v;
	}
	sum -= us_svm_dot(d->w, d->w, stride) / 2;
	if (p->intercept == US_SVM_PENALISED)
		sum -= total * total / 2;
	return sum;
}

/* Objective and gap of where the descent stands. */
static void
measure(Descent *d)
{
	const UsSvmProblem *p = d->p;

	for (int k = 0; k < d->n; k += STRIDE)
	{
		CHECK_FOR_INTERRUPTS();
		products(p->rows, d->row, k, Min(k + STRIDE, d->n), d->s->w, d->f);
	}
	d->s->b = p->intercept == US_SVM_FREE ? best_intercept(d) : d->b;
	d->s->objective = primal(d, d->s->b);
	d->s->gap = Max(d->s->objective - dual(d), 0);
	d->s->converged = d->s->gap <= p->tolerance * d->s->objective;
}

/* ---- the course ---- */

/* Weights and sums of the point to start from, in the order of the rows. */
static void
begin(Descent *d, UsArena *arena)
{
	const UsSvmProblem *p = d->p;
	const UsSvmRows *r = p->rows;
	double		mass = 0;

	d->row = (int *) us_arena_array(arena, r->n, sizeof(int));
	d->f = (double *) us_arena_array(arena, r->n, sizeof(double));
	d->w = (double *) us_arena_array(arena, r->stride, sizeof(double));
	memset(d->s->w, 0, sizeof(double) * r->stride);
	for (int i = 0; i < r->n; i++)
	{
		double		v = d->s->alpha[i];

		if (i % STRIDE == 0)
			CHECK_FOR_INTERRUPTS();
		if (p->fold != NULL && p->fold[i] == p->left_out)
		{
			d->s->alpha[i] = 0;
			continue;
		}
		d->row[d->n++] = i;
		mass += cost(p, i);
		if (v == 0)
			continue;
		v = p->regression ? v : v * p->y[i];
		us_svm_add(d->s->w, r->x + (Size) i * r->stride, v, r->stride);
		d->sum += v;
	}
	d->rho = p->intercept == US_SVM_ABSENT ? INFINITY : 1;
	if (p->intercept == US_SVM_FREE)
		d->rho = Min(1, mass / (10 * p->spread));
	d->inverse = 1 / d->rho;
	us_random_init(&d->random, p->seed, 0);
}

void
us_svm_descend(const UsSvmProblem *p, UsSvmSolution *s, UsBudget *budget)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	Descent		d = {0};
	double		limit = FIRST_VIOLATION * p->spread;
	double		origin = p->intercept == US_SVM_FREE ? s->b : 0;

	d.p = p;
	d.s = s;
	begin(&d, arena);
	for (;;)
	{
		d.b = p->intercept == US_SVM_ABSENT ? 0 : origin + d.sum * d.inverse;
		descend(&d, limit);
		measure(&d);
		us_progress_note("%.0f passes, objective %.10g, gap %.3g", d.work / d.n, s->objective, s->gap);
		if (s->converged || d.work >= (double) p->max_iter * d.n)
			break;
		if (p->intercept == US_SVM_FREE)
			origin = d.b;
		limit = fmax(limit * FALL, p->spread * 1e-13);
	}
	s->passes = (int64) ceil(d.work / d.n);
	s->support = 0;
	for (int i = 0; i < p->rows->n; i++)
		s->support += s->alpha[i] != 0;
	us_arena_reset(arena);
}

void
us_svm_values(const UsSvmProblem *p, const UsSvmSolution *s, double *f)
{
	const UsSvmRows *r = p->rows;

	for (int i = 0; i < r->n; i++)
	{
		if (i % STRIDE == 0)
			CHECK_FOR_INTERRUPTS();
		if (p->fold == NULL || p->fold[i] == p->left_out)
			f[i] = us_svm_dot(s->w, r->x + (Size) i * r->stride, r->stride) + s->b;
	}
}
