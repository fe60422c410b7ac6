/*
 * test_svm.c
 *	  Support vector machines: two methods, one minimum; kernels with landmarks.
 */
#include "postgres.h"

#include <math.h>

#include "infra/arena.h"
#include "learn/svm_newton.h"
#include "learn/svm_smo.h"
#include "math/random.h"
#include "unit.h"

#define N	700
#define WIDTH	5

static UsBudget *budget;
static UsArena *arena;

/* Rows whose columns have the scales 1, scale, 1, ..., the last two of them dependent; y is a number. */
static UsSvmRows *
rows(double scale)
{
	UsSvmRows  *r = palloc0(sizeof(UsSvmRows));
	UsRandom	random;

	us_random_init(&random, 7, 1);
	budget = us_budget_create((Size) 64 * 1024 * 1024);
	arena = us_arena_create(CurrentMemoryContext, budget);
	r->n = N;
	r->width = WIDTH;
	r->stride = 8;
	r->x = us_arena_array(arena, N * r->stride, sizeof(double));
	r->y = us_arena_array(arena, N, sizeof(double));
	r->weight = us_arena_array(arena, N, sizeof(double));
	r->square = us_arena_array(arena, N, sizeof(double));
	r->key = us_arena_array(arena, N, sizeof(uint64));
	for (int i = 0; i < N; i++)
	{
		double	   *x = r->x + i * r->stride;

		for (int j = 0; j < WIDTH; j++)
			x[j] = us_random_normal(&random) * (j % 2 == 1 ? scale : 1);
		x[WIDTH - 1] = x[0] + x[2];
		r->y[i] = x[0] + x[1] / scale + us_random_normal(&random) * (i % 50 == 0 ? 20 : 1);
		r->weight[i] = 1 + i % 3;
		r->key[i] = us_random_u64(&random);
		r->square[i] = us_svm_dot(x, x, r->stride);
	}
	return r;
}

/* The classes of the numbers. */
static double *
signs(const UsSvmRows *r)
{
	double	   *y = palloc(sizeof(double) * N);

	for (int i = 0; i < N; i++)
		y[i] = r->y[i] > 0.3 ? 1 : -1;
	return y;
}

/* The objective of the solution, from its definition. */
static double
objective(const UsSvmProblem *p, const UsSvmSolution *s)
{
	double		sum = 0;

	for (int j = 0; j < WIDTH; j++)
		sum += s->w[j] * s->w[j] / 2;
	if (p->intercept == US_SVM_PENALISED)
		sum += s->b * s->b / 2;
	for (int i = 0; i < N; i++)
	{
		double		f = s->b;
		double		l;

		if (p->fold != NULL && p->fold[i] == p->left_out)
			continue;
		for (int j = 0; j < WIDTH; j++)
			f += s->w[j] * p->rows->x[i * p->rows->stride + j];
		l = fmax(0, p->regression ? fabs(p->y[i] - f) - p->epsilon : 1 - p->y[i] * f);
		sum += p->C * p->rows->weight[i] * (p->squared ? l * l : l);
	}
	return sum;
}

UNIT_TEST(svm_newton_finds_the_minimum_of_descent)
{
	for (int i = 0; i < 48; i++)
	{
		UsSvmRows  *r = rows(i % 2 == 0 ? 1 : 4);
		UsSvmProblem p = {.rows = r, .tolerance = 1e-9, .max_iter = 100000, .seed = 42};
		UsSvmSolution *a = us_svm_solution_create(N, 16, arena);
		UsSvmSolution *b = us_svm_solution_create(N, 16, arena);

		p.regression = i / 2 % 2 == 1;
		p.squared = i / 4 % 2 == 1;
		p.intercept = (UsSvmIntercept) (i / 8 % 3);
		p.C = i / 24 == 0 ? 0.01 : 1;
		p.epsilon = p.regression ? 0.4 : 0;
		p.y = p.regression ? r->y : signs(r);
		p.spread = p.regression ? 25 : 1;
		us_svm_newton(&p, us_svm_features_plain(r, arena), a, false, NULL, budget);
		us_svm_descend(&p, b, budget);
		UNIT_CHECK(a->converged);
		UNIT_CHECK(b->converged);
		UNIT_CLOSE(a->objective, objective(&p, a), 1e-12);
		UNIT_CLOSE(a->objective, b->objective, 2e-9);
		UNIT_CHECK(a->passes < 300);
	}
}

UNIT_TEST(svm_newton_leaves_out_a_fold)
{
	UsSvmRows  *r = rows(1);
	uint8		fold[N];
	double		f[N];
	UsSvmProblem p = {.rows = r, .C = 1, .tolerance = 1e-9, .max_iter = 100000, .spread = 1, .fold = fold, .left_out = 2};
	UsSvmSolution *a = us_svm_solution_create(N, 16, arena);
	UsSvmSolution *b = us_svm_solution_create(N, 16, arena);

	for (int i = 0; i < N; i++)
		fold[i] = i % 4;
	p.y = signs(r);
	us_svm_newton(&p, us_svm_features_plain(r, arena), a, false, f, budget);
	UNIT_CLOSE(a->objective, objective(&p, a), 1e-12);
	for (int i = 2; i < N; i += 4)
	{
		UNIT_CHECK(a->alpha[i] == 0);
		UNIT_CLOSE(f[i], a->b + us_svm_dot(a->w, r->x + i * r->stride, r->stride), 1e-11);
	}
	/* from the solution of all rows */
	p.fold = NULL;
	us_svm_newton(&p, us_svm_features_plain(r, arena), b, false, NULL, budget);
	p.fold = fold;
	us_svm_newton(&p, us_svm_features_plain(r, arena), b, true, NULL, budget);
	UNIT_CLOSE(a->objective, b->objective, 2e-9);
	/* and from itself there is little to do */
	us_svm_newton(&p, us_svm_features_plain(r, arena), b, true, NULL, budget);
	UNIT_CHECK(b->converged);
}

/*
 * A column of large values is as good as not penalised: the objective no longer depends on its scale, though rounding
 * of the multipliers keeps the dual objective from proving it.
 */
UNIT_TEST(svm_newton_of_extreme_scales)
{
	double		scale[] = {1e-12, 1e-6, 1e6, 1e12};

	for (int squared = 0; squared < 2; squared++)
	{
		double		large[4];

		for (int k = 0; k < 4; k++)
		{
			UsSvmRows  *r = rows(scale[k]);
			UsSvmProblem p = {.rows = r, .C = 1, .tolerance = 1e-6, .max_iter = 10000, .spread = 1, .squared = squared == 1};
			UsSvmSolution *a = us_svm_solution_create(N, 16, arena);

			p.y = signs(r);
			us_svm_newton(&p, us_svm_features_plain(r, arena), a, false, NULL, budget);
			UNIT_CHECK(a->converged || k > 1);
			UNIT_CHECK(a->passes < 1000);
			UNIT_CLOSE(a->objective, objective(&p, a), 1e-9);
			large[k] = a->objective;
		}
		UNIT_CLOSE(large[1], large[0], 1e-6);
		UNIT_CLOSE(large[3], large[2], 1e-4);
	}
}

/* All rows as landmarks: the kernel itself, so the exact machine. */
UNIT_TEST(svm_landmarks_of_all_rows_are_exact)
{
	for (int i = 0; i < 8; i++)
	{
		UsSvmRows  *r = rows(1);
		UsSvmKernel kernel = {i % 2 == 0 ? US_SVM_RBF : US_SVM_POLYNOMIAL, i % 2 == 0 ? 0.3 : 0.1, 1, 2};
		UsSvmProblem p = {.rows = r, .C = 1, .tolerance = 1e-8, .max_iter = 100000, .regression = i / 2 % 2 == 1,
		.squared = i / 4 == 1, .epsilon = 0.4, .spread = 25};
		UsSvmFeatures *x = us_svm_features_landmarks(r, &kernel, N, 42, (Size) 1 << 40, arena, budget);
		UsSvmSolution *a = us_svm_solution_create(N, N + 8, arena);
		UsSvmSolution *b = us_svm_solution_create(N, N + 8, arena);

		p.y = p.regression ? r->y : signs(r);
		if (!p.regression)
			p.epsilon = 0, p.spread = 1;
		us_svm_newton(&p, x, a, false, NULL, budget);
		us_svm_smo(&p, &kernel, b, NULL, budget);
		UNIT_CHECK(a->converged && b->converged);
		UNIT_CLOSE(a->objective, b->objective, 1e-5);
	}
}

/* The product of features is the kernel of landmarks; blocks and stored values are equal bit for bit. */
UNIT_TEST(svm_landmarks_stored_and_by_block)
{
	UsSvmRows  *r = rows(1);
	UsSvmKernel kernel = {US_SVM_RBF, 0.3, 0, 1};
	UsSvmFeatures *stored = us_svm_features_landmarks(r, &kernel, 37, 42, (Size) 1 << 40, arena, budget);
	UsSvmFeatures *block = us_svm_features_landmarks(r, &kernel, 37, 42, 1000, arena, budget);
	double	   *a = palloc(sizeof(double) * stored->stride);
	double	   *b = palloc(sizeof(double) * stored->stride);
	bool		same = true;
	double		worst = 0;

	UNIT_CHECK(stored->block == NULL && block->stored == NULL && stored->rank == block->rank);
	for (int i = 0; i < N; i += 100)
	{
		const double *one = us_svm_features_block(stored, i, 100);
		const double *other = us_svm_features_block(block, i, 100);

		for (int k = 0; k < 100 * stored->stride; k++)
			same = same && one[k] == other[k];
		for (int k = 0; k < 100; k++)
			for (int j = 0; j < 37; j++)
			{
				int			l = stored->row[j];
				double		k2 = us_svm_kernel(&kernel, us_svm_dot(r->x + (i + k) * r->stride, r->x + l * r->stride, r->stride), r->square[i + k], r->square[l]);

				worst = fmax(worst, fabs(one[k * stored->stride + j] - k2));
			}
	}
	UNIT_CHECK(same);
	UNIT_CHECK(worst < 1e-14);
	worst = 0;
	for (int j = 0; j < 37; j++)
	{
		int			l = stored->row[j];
		double		sum = 0;

		us_svm_features_down(stored, us_svm_features_block(stored, l, 1), a);
		for (int k = 0; k < stored->rank; k++)
			sum += a[k] * a[k];
		worst = fmax(worst, fabs(sum - 1));
	}
	UNIT_CHECK(worst < 1e-6);
	/* up and down are transposed */
	for (int k = 0; k < stored->rank; k++)
		a[k] = k % 5 - 2;
	us_svm_features_up(stored, a, b);
	worst = 0;
	for (int i = 0; i < 50; i++)
	{
		double		c[64];
		double		u = 0;
		double		v = 0;

		us_svm_features_down(stored, us_svm_features_block(stored, i, 1), c);
		for (int k = 0; k < stored->rank; k++)
			u += c[k] * a[k];
		for (int j = 0; j < 37; j++)
			v += us_svm_features_block(stored, i, 1)[j] * b[j];
		worst = fmax(worst, fabs(u - v) / (1 + fabs(u)));
	}
	UNIT_CHECK(worst < 1e-9);
}
