/*
 * svm_features.c
 *	  Encoded columns, or kernels with landmarks, block by block.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/lapack.h"
#include "infra/progress.h"
#include "learn/svm_features.h"
#include "math/exp_lanes.h"
#include "math/hash.h"

#define LANDMARK_SEED	UINT64CONST(0x73766d6c)

/* of the largest eigenvalue; and what is left of the kernel of a row, beside what it was, that is worth a landmark */
#define LEAST_EIGENVALUE	1e-8
#define LEAST_REST			1e-9

/* rows among which landmarks are chosen: this many for each, within limits */
#define CANDIDATES			8
#define LEAST_CANDIDATES	2048
#define MOST_CANDIDATES		8192

/* rows whose kernels are found together */
#define TOGETHER	4

UsSvmFeatures *
us_svm_features_plain(const UsSvmRows *rows, UsArena *arena)
{
	UsSvmFeatures *x = (UsSvmFeatures *) us_arena_alloc(arena, sizeof(UsSvmFeatures));

	x->rows = rows;
	x->p = x->rank = rows->width;
	x->stride = rows->stride;
	x->stored = rows->x;
	return x;
}

/* ---- kernels ---- */

/* The kernels of the lanes from their products, in place. */
US_INLINE void
kernels(const UsSvmKernel *k, double a2, const UsDoubleLanes *b2, UsDoubleLanes *product)
{
	UsDoubleLanes zero = {0};
	UsDoubleLanes base;

	if (k->kind == US_SVM_RBF)
	{
		base = a2 + *b2 - 2 * *product;
		base = -k->gamma * US_SELECT_DOUBLE(base > zero, base, zero);
		us_exp_lanes(&base);
		*product = base;
		return;
	}
	base = k->gamma * *product + k->coef0;
	*product = US_SPLAT_DOUBLE(1.0);
	for (int i = 0; i < k->degree; i++)
		*product *= base;
}

/* out[n][stride] of rows from .. from + n - 1. */
static US_CLONES void
kernel_block(const UsSvmFeatures *x, int from, int n, double *out)
{
	const UsSvmRows *r = x->rows;

	for (int i = 0; i < n; i += TOGETHER)
	{
		const double *row[TOGETHER];
		int			count = Min(TOGETHER, n - i);

		for (int q = 0; q < TOGETHER; q++)
			row[q] = r->x + (Size) (from + i + Min(q, count - 1)) * r->stride;
		for (int j = 0; j < x->stride; j += US_HALF_LANES)
		{
			UsDoubleLanes sum[TOGETHER] = {{0}};

			for (int k = 0; k < r->width; k++)
			{
				UsDoubleLanes z = *(const UsLooseDoubleLanes *) (x->landmark + (Size) k * x->stride + j);

				for (int q = 0; q < TOGETHER; q++)
					sum[q] += row[q][k] * z;
			}
			for (int q = 0; q < count; q++)
			{
				UsDoubleLanes b2 = *(const UsLooseDoubleLanes *) (x->square + j);

				kernels(&x->kernel, r->square[from + i + q], &b2, &sum[q]);
				*(UsLooseDoubleLanes *) (out + (Size) (i + q) * x->stride + j) = sum[q];
			}
		}
		for (int q = 0; q < count; q++)
			for (int j = x->p; j < x->stride; j++)
				out[(Size) (i + q) * x->stride + j] = 0;
	}
}

const double *
us_svm_features_block(const UsSvmFeatures *x, int from, int n)
{
	if (x->stored != NULL)
		return x->stored + (Size) from * x->stride;
	kernel_block(x, from, n, x->block);
	return x->block;
}

/* ---- landmarks ---- */

static int
candidates(int64 n, int p)
{
	return (int) Min(n, Min(MOST_CANDIDATES, Max(LEAST_CANDIDATES, CANDIDATES * (int64) p)));
}

/* While they are chosen: what the landmarks until now explain of each candidate, and that is left. */
static Size
choice_bytes(int64 n, int p)
{
	return sizeof(double) * candidates(n, p) * ((Size) p + 4);
}

Size
us_svm_landmarks_bytes(int64 n, int width, int p)
{
	Size		padded = p + US_HALF_LANES;

	return sizeof(double) * padded * (width + 3 * (Size) p + US_SVM_BLOCK + 4) + choice_bytes(n, p);
}

typedef struct Candidate
{
	double		race;
	int			row;
} Candidate;

static int
compare_candidates(const void *left, const void *right)
{
	const Candidate *a = (const Candidate *) left;
	const Candidate *b = (const Candidate *) right;

	CHECK_FOR_INTERRUPTS();
	if (a->race != b->race)
		return a->race < b->race ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* The p rows that win: a heap of the best until now, the worst on top; in the order of the race. */
static void
draw(const UsSvmRows *r, uint64 seed, int p, Candidate *heap)
{
	int			n = 0;

	for (int i = 0; i < r->n; i++)
	{
		Candidate	c = {-log(us_uniform(seed ^ LANDMARK_SEED, r->key[i])) / r->weight[i], i};
		int			at;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (n < p)
		{
			for (at = n++; at > 0 && compare_candidates(&heap[(at - 1) / 2], &c) < 0; at = (at - 1) / 2)
				heap[at] = heap[(at - 1) / 2];
			heap[at] = c;
			continue;
		}
		if (compare_candidates(&c, &heap[0]) > 0)
			continue;
		for (at = 0; 2 * at + 1 < n;)
		{
			int			child = 2 * at + 1;

			if (child + 1 < n && compare_candidates(&heap[child], &heap[child + 1]) < 0)
				child++;
			if (compare_candidates(&heap[child], &c) < 0)
				break;
			heap[at] = heap[child];
			at = child;
		}
		heap[at] = c;
	}
	qsort(heap, p, sizeof(Candidate), compare_candidates);
}

static US_CLONES void
subtract(double *out, const double *x, double factor, int n)
{
	int			k = 0;

	for (; k + US_HALF_LANES <= n; k += US_HALF_LANES)
		*(UsLooseDoubleLanes *) (out + k) -= factor * *(const UsLooseDoubleLanes *) (x + k);
	for (; k < n; k++)
		out[k] -= factor * x[k];
}

/* The candidate that wins a race in which each runs as its weight times what is left of its kernel; -1: none. */
static int
next_pivot(const UsSvmRows *r, const Candidate *c, int n, uint64 seed, const double *rest, const double *whole)
{
	double		best = INFINITY;
	int			pivot = -1;

	for (int k = 0; k < n; k++)
	{
		double		race;

		if (!(rest[k] > LEAST_REST * whole[k]))
			continue;
		race = -log(us_uniform(seed, r->key[c[k].row])) / (rest[k] * r->weight[c[k].row]);
		if (race < best)
		{
			best = race;
			pivot = k;
		}
	}
	return pivot;
}

/* Landmarks: at most p rows, into row; their number. */
static int
choose(const UsSvmRows *r, const UsSvmKernel *kernel, uint64 seed, int p, int *row)
{
	int			n = candidates(r->n, p);
	Candidate  *c = (Candidate *) palloc(sizeof(Candidate) * n);
	double	   *factor = (double *) palloc_extended(sizeof(double) * n * p, MCXT_ALLOC_HUGE);	/* [p][n] */
	double	   *rest = (double *) palloc(sizeof(double) * n);
	double	   *whole = (double *) palloc(sizeof(double) * n);
	int			count;

	draw(r, seed, n, c);
	for (int k = 0; k < n; k++)
		rest[k] = whole[k] = us_svm_kernel(kernel, r->square[c[k].row], r->square[c[k].row], r->square[c[k].row]);
	for (count = 0; count < p; count++)
	{
		int			pivot = next_pivot(r, c, n, us_mix64(seed ^ LANDMARK_SEED, count), rest, whole);
		double	   *f = factor + (Size) count * n;
		const double *a;
		double		root;

		CHECK_FOR_INTERRUPTS();
		if (pivot < 0)
			break;
		row[count] = c[pivot].row;
		a = r->x + (Size) c[pivot].row * r->stride;
		for (int k = 0; k < n; k++)
			f[k] = us_svm_kernel(kernel, us_svm_dot(a, r->x + (Size) c[k].row * r->stride, r->stride), r->square[c[pivot].row], r->square[c[k].row]);
		for (int j = 0; j < count; j++)
			subtract(f, factor + (Size) j * n, factor[(Size) j * n + pivot], n);
		root = f[pivot] > 0 ? sqrt(f[pivot]) : INFINITY;
		for (int k = 0; k < n; k++)
		{
			f[k] /= root;
			rest[k] -= f[k] * f[k];
		}
		rest[pivot] = 0;
	}
	pfree(whole);
	pfree(rest);
	pfree(factor);
	pfree(c);
	return count;
}

/* map and rank from the kernels of the landmarks. */
static void
decompose(UsSvmFeatures *x)
{
	int			p = x->p;
	double	   *k = (double *) palloc_extended(sizeof(double) * p * p, MCXT_ALLOC_HUGE);
	double	   *value = (double *) palloc(sizeof(double) * p);

	for (int i = 0; i < p; i++)
		for (int j = 0; j < p; j++)
		{
			const UsSvmRows *r = x->rows;
			const double *a = r->x + (Size) x->row[i] * r->stride;
			const double *b = r->x + (Size) x->row[j] * r->stride;

			if (j == 0)
				CHECK_FOR_INTERRUPTS();
			k[(Size) i * p + j] = us_svm_kernel(&x->kernel, us_svm_dot(a, b, r->stride), r->square[x->row[i]], r->square[x->row[j]]);
		}
	us_lapack_eigen(p, k, p, value, x->map, p);
	/* ascending: the largest to the front */
	for (int j = 0; j < p / 2; j++)
		for (int i = 0; i < p; i++)
		{
			double		swap = x->map[(Size) j * p + i];

			x->map[(Size) j * p + i] = x->map[(Size) (p - 1 - j) * p + i];
			x->map[(Size) (p - 1 - j) * p + i] = swap;
		}
	for (x->rank = 0; x->rank < p; x->rank++)
	{
		double		l = value[p - 1 - x->rank];

		if (!(l > LEAST_EIGENVALUE * value[p - 1]) || !(l > 1e-300))
			break;
		for (int i = 0; i < p; i++)
			x->map[(Size) x->rank * p + i] /= sqrt(l);
	}
	pfree(value);
	pfree(k);
}

UsSvmFeatures *
us_svm_features_landmarks(const UsSvmRows *rows, const UsSvmKernel *kernel, int p, uint64 seed, Size spare,
						  UsArena *arena, UsBudget *budget)
{
	UsSvmFeatures *x = (UsSvmFeatures *) us_arena_alloc(arena, sizeof(UsSvmFeatures));
	Size		matrix = sizeof(double) * p * p;

	Assert(p <= rows->n && p <= US_LAPACK_EIGEN_MAX);
	us_lapack_load();
	x->rows = rows;
	x->kernel = *kernel;
	x->row = (int *) us_arena_array(arena, p, sizeof(int));
	us_budget_take(budget, choice_bytes(rows->n, p), "choice of landmarks");
	x->p = choose(rows, kernel, seed, p, x->row);
	us_budget_release(budget, choice_bytes(rows->n, p));
	p = x->p;
	x->stride = (p + US_HALF_LANES - 1) / US_HALF_LANES * US_HALF_LANES;
	x->square = (double *) us_arena_array(arena, x->stride, sizeof(double));
	x->landmark = (double *) us_arena_array(arena, (Size) rows->width * x->stride, sizeof(double));
	x->map = (double *) us_arena_array(arena, (Size) p * p, sizeof(double));
	for (int j = 0; j < p; j++)
	{
		x->square[j] = rows->square[x->row[j]];
		for (int k = 0; k < rows->width; k++)
			x->landmark[(Size) k * x->stride + j] = rows->x[(Size) x->row[j] * rows->stride + k];
	}
	us_budget_take(budget, matrix, "kernels of landmarks");
	decompose(x);
	us_budget_release(budget, matrix);
	if (sizeof(double) * x->stride <= spare / Max(rows->n, 1))
	{
		double	   *stored = (double *) us_arena_array(arena, (Size) rows->n * x->stride, sizeof(double));

		for (int i = 0; i < rows->n; i += US_SVM_BLOCK)
		{
			us_progress("kernels with landmarks", i, rows->n);
			kernel_block(x, i, Min(US_SVM_BLOCK, rows->n - i), stored + (Size) i * x->stride);
		}
		x->stored = stored;
	}
	else
		x->block = (double *) us_arena_array(arena, (Size) US_SVM_BLOCK * x->stride, sizeof(double));
	return x;
}

void
us_svm_features_up(const UsSvmFeatures *x, const double *w, double *value)
{
	memset(value, 0, sizeof(double) * x->stride);
	if (x->map == NULL)
		memcpy(value, w, sizeof(double) * x->p);
	for (int j = 0; x->map != NULL && j < x->rank; j++)
		for (int i = 0; i < x->p; i++)
			value[i] += w[j] * x->map[(Size) j * x->p + i];
}

void
us_svm_features_down(const UsSvmFeatures *x, const double *value, double *w)
{
	if (x->map == NULL)
		memcpy(w, value, sizeof(double) * x->p);
	for (int j = 0; x->map != NULL && j < x->rank; j++)
	{
		double		sum = 0;

		for (int i = 0; i < x->p; i++)
			sum += value[i] * x->map[(Size) j * x->p + i];
		w[j] = sum;
	}
}
