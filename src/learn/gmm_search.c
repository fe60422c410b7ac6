/*
 * gmm_search.c
 *	  Search for a good mixture on the rows of a sample.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/gmm_search.h"
#include "learn/gmm_task.h"

/* iterations that every start gets */
#define SHORT_ITERATIONS	20

/* variances of a start: at least this part of the usual variance, so that small clusters can grow */
#define START_VARIANCE		1e-3

/* the search by k-means for the first start, and Lloyd's algorithm for others */
#define SEARCH_WORK			5e7
#define SEARCH_PATIENCE		20
#define LLOYD_ITERATIONS	30
#define LLOYD_TOLERANCE		1e-4

/* moves go on at least until so many products: patience is cheap where there are few rows */
#define LEAST_WORK			2e7

/* a moved component begins with 1, 1/4, ... of the average covariance: clusters may be small */
#define NARROW				4

/* part of the work after which no more starts are continued, so that some is left for moves */
#define STARTS_SHARE		0.4

/* a move is continued when it is not worse by so many nats of all rows; a gain below the second is rounding */
#define MOVE_MARGIN			10.0
#define LEAST_GAIN			1e-6

/* mixtures of starts that are kept together, in bytes */
#define KEPT_BYTES			((Size) 8 * 1024 * 1024)

/* One start: its mixture after some iterations. */
typedef struct Start
{
	UsMixture  *mixture;
	double		log_likelihood; /* per unit of weight */
	bool		converged;
} Start;

typedef struct Search
{
	const UsGmmPoints *p;
	const UsGmmSearchPlan *plan;
	int			k;
	int			d;
	UsGmmScratch *scratch;
	UsGmmSums  *sums;
	UsMixture  *base;			/* gives the shape of the first M-step */
	UsRandom	random;			/* of moves */
	double		work;
	UsGmmCandidate *candidate;
} Search;

static Size
kept(UsCovariance covariance, int k, int d, int starts)
{
	Size		each = sizeof(double) * ((Size) k * d * 3 + 2 * us_mixture_covariances(covariance, k, d));

	return Max(Min(KEPT_BYTES / Max(each, 1), (Size) starts + 1), 2);
}

Size
us_gmm_search_bytes(UsCovariance covariance, int k, int d, int starts)
{
	Size		values = (Size) k * d * 3 + 2 * us_mixture_covariances(covariance, k, d);

	return us_gmm_sums_bytes(covariance, k, d) + us_gmm_scratch_bytes(k, d) +
		sizeof(double) * values * (kept(covariance, k, d, starts) + 3) +
		2 * sizeof(long double) * values;
}

/* ---- the points ---- */

void
us_gmm_points_make(UsGmmPoints *p, const UsPoints *points, double unit, int weight_exponent,
				   double variance, int max_k, UsArena *arena)
{
	int			n = points->n;
	int64		largest = 1;
	UsSpace		space = {0};

	memset(p, 0, sizeof(UsGmmPoints));
	p->points = points;
	p->weight_unit = unit;
	if (points->weight != NULL)
	{
		for (int i = 0; i < n; i++)
			largest = Max(largest, points->weight[i]);
		p->weight = (double *) us_arena_array(arena, n, sizeof(double));
		for (int i = 0; i < n; i++)
			p->weight[i] = (double) points->weight[i] / (double) largest;
		p->weight_unit = unit * (double) largest;
	}
	for (int i = 0; i < n; i++)
		p->total_weight += (points->weight ? (double) points->weight[i] : 1) * unit;
	p->rows = us_points_rows(points);
	p->variance = variance;
	space.width = points->width;
	space.scale = points->scale;
	space.grid = (UsGrid *) points->grid;
	p->factor = (double *) us_arena_array(arena, points->width, sizeof(double));
	us_gmm_factors(&space, p->factor);
	p->grid = points->grid;
	p->weight_exponent = weight_exponent;
	p->scratch = us_scratch_create(arena, points);
	p->space = us_search_space_create(arena, points, Min(max_k, n));
}

/* ---- EM on the points ---- */

static double
products_of(const Search *s)
{
	return (double) s->p->points->n * s->k * (s->d + us_gmm_products(s->plan->covariance, s->d) + 2);
}

/* The E-step; returns the log-likelihood per unit of weight. */
static double
expect(Search *s, const UsMixture *m)
{
	const UsPoints *points = s->p->points;
	UsGmm		g = us_mixture_gmm(m);

	memset(s->sums, 0, us_gmm_sums_bytes(s->plan->covariance, s->k, s->d));
	us_gmm_pass(&g, s->scratch, points->x, s->p->weight, points->n, s->p->factor, s->sums);
	s->work += products_of(s);
	return us_exact_round(&s->sums->density) / ldexp((double) s->sums->sum[0], -US_GMM_BITS);
}

/*
 * EM from start->mixture for at most max_iter iterations; false if a covariance was not
 * positive definite.
 */
static bool
iterate(Search *s, Start *start, int max_iter, double tolerance)
{
	double		before = -INFINITY;

	for (int i = 0;; i++)
	{
		UsMixture  *next;
		int			bad;

		us_progress("search", 0, 0);
		start->log_likelihood = expect(s, start->mixture);
		start->converged = start->log_likelihood - before <= tolerance;
		if (start->converged || i == max_iter)
			return true;
		before = start->log_likelihood;
		next = us_mixture_next(start->mixture, s->sums, 1, s->plan->reg, &bad);
		if (next == NULL)
			return false;
		pfree(start->mixture);
		start->mixture = next;
		s->candidate->iterations++;
	}
}

/* ---- starts ---- */

/* Components of equal weight at the offset: only its shape counts. */
static UsMixture *
base_mixture(const Search *s)
{
	UsCovariance covariance = s->plan->covariance;
	Size		n = us_mixture_covariances(covariance, s->k, s->d);
	double	   *weight = (double *) palloc(sizeof(double) * s->k);
	double	   *mean = (double *) palloc0(sizeof(double) * s->k * s->d);
	double	   *covariances = (double *) palloc0(sizeof(double) * n);
	UsMixture  *m;
	int			bad;

	for (int i = 0; i < s->k; i++)
		weight[i] = 1.0 / s->k;
	if (covariance == US_COVARIANCE_DIAG || covariance == US_COVARIANCE_SPHERICAL)
		for (Size i = 0; i < n; i++)
			covariances[i] = 1;
	else
		for (Size at = 0; at < n; at += us_packed(s->d))
			for (int j = 0; j < s->d; j++)
				covariances[at + us_packed(j) + j] = 1;
	m = us_mixture_make(covariance, s->k, s->d, true, s->p->weight_exponent, s->p->grid, weight, mean,
						covariances, &bad);
	if (m == NULL)
		elog(ERROR, "a diagonal covariance is not positive definite");
	pfree(weight);
	pfree(mean);
	pfree(covariances);
	return m;
}

/* The M-step of a partition of the points; NULL when a covariance is not positive definite. */
static UsMixture *
from_labels(Search *s, const uint16 *label)
{
	const UsPoints *points = s->p->points;
	UsGmm		g = us_mixture_gmm(s->base);
	UsGmmScratch *scratch = s->scratch;
	int			bad;

	memset(s->sums, 0, us_gmm_sums_bytes(s->plan->covariance, s->k, s->d));
	for (int at = 0; at < points->n; at += US_GMM_TILE)
	{
		int			n = Min(points->n - at, US_GMM_TILE);

		us_gmm_load(scratch, points->x + (Size) at * s->d, n, s->d, s->p->factor);
		memset(scratch->r, 0, sizeof(double) * US_GMM_STRIDE * s->k);
		memset(scratch->weight, 0, sizeof(double) * US_GMM_TILE);
		for (int i = 0; i < n; i++)
		{
			scratch->weight[i] = s->p->weight ? s->p->weight[at + i] : 1;
			scratch->r[(Size) label[at + i] * US_GMM_STRIDE + i] = scratch->weight[i];
		}
		us_gmm_accumulate(&g, scratch, n, s->sums->sum);
	}
	return us_mixture_next(s->base, s->sums, 1, fmax(s->plan->reg, START_VARIANCE * s->p->variance), &bad);
}

/* The partition by the best of a search with k-means. */
static UsMixture *
start_by_search(Search *s)
{
	UsSearchPlan plan = {0};
	UsSearchResult result;

	plan.seeding = US_SEED_PLUS_PLUS;
	plan.starts = 2;
	plan.moves = true;
	plan.patience = SEARCH_PATIENCE;
	plan.max_iter = LLOYD_ITERATIONS;
	plan.tolerance = LLOYD_TOLERANCE;
	plan.max_work = SEARCH_WORK;
	us_kmeans_search(s->p->points, s->k, &plan, NULL, s->plan->seed, s->p->scratch, s->p->space, &result);
	return from_labels(s, s->p->space->best->label);
}

/* The partition by k-means++, with Lloyd's algorithm or without. */
static UsMixture *
start_by_seeding(Search *s, int number, bool lloyd)
{
	UsPartition *a = s->p->space->trial;
	UsRandom	random;

	us_random_init(&random, s->plan->seed, ((uint64) number << 32) + s->k);
	us_partition_set_k(a, s->k);
	us_seed_centers(s->p->points, s->p->scratch, US_SEED_PLUS_PLUS, s->k, &random, a->center);
	if (lloyd)
		(void) us_partition_lloyd(a, s->p->points, s->p->scratch, LLOYD_ITERATIONS, LLOYD_TOLERANCE);
	else
		us_partition_assign(a, s->p->points, s->p->scratch);
	return from_labels(s, a->label);
}

/*
 * k - 1 components and one more: the one with the largest weight is cut in two at its mean,
 * across the column in which it is widest.
 */
static UsMixture *
start_by_split(Search *s, const UsMixture *fewer)
{
	UsCovariance covariance = s->plan->covariance;
	Size		n = us_mixture_covariances(covariance, s->k, s->d);
	Size		each = covariance == US_COVARIANCE_TIED ? 0 : n / s->k;
	double	   *weight = (double *) palloc(sizeof(double) * s->k);
	double	   *mean = (double *) palloc(sizeof(double) * s->k * s->d);
	double	   *covariances = (double *) palloc(sizeof(double) * n);
	int			last = s->k - 1;
	int			largest = 0;
	int			widest = 0;
	double		shift;
	UsMixture  *m;
	int			bad;

	memcpy(weight, us_mixture_weight(fewer), sizeof(double) * last);
	memcpy(mean, us_mixture_mean(fewer), sizeof(double) * last * s->d);
	memcpy(covariances, us_mixture_covariance(fewer),
		   sizeof(double) * us_mixture_covariances(covariance, last, s->d));
	for (int i = 1; i < last; i++)
		if (weight[i] > weight[largest])
			largest = i;
	for (int j = 1; j < s->d; j++)
		if (us_mixture_covariance_value(fewer, largest, j, j) >
			us_mixture_covariance_value(fewer, largest, widest, widest))
			widest = j;
	memcpy(mean + (Size) last * s->d, mean + (Size) largest * s->d, sizeof(double) * s->d);
	memcpy(covariances + each * last, covariances + each * largest, sizeof(double) * each);
	weight[last] = weight[largest] = weight[largest] / 2;
	shift = ldexp(sqrt(us_mixture_covariance_value(fewer, largest, widest, widest)) / 2,
				  -us_mixture_unit(fewer, widest));
	mean[(Size) largest * s->d + widest] = fmax(mean[(Size) largest * s->d + widest] - shift, -1);
	mean[(Size) last * s->d + widest] = fmin(mean[(Size) last * s->d + widest] + shift, 1);
	m = us_mixture_make(covariance, s->k, s->d, true, s->p->weight_exponent, s->p->grid, weight, mean,
						covariances, &bad);
	pfree(weight);
	pfree(mean);
	pfree(covariances);
	return m;
}

/* ---- the search ---- */

static int
compare_starts(const void *a, const void *b)
{
	const Start *x = (const Start *) a;
	const Start *y = (const Start *) b;

	return x->log_likelihood > y->log_likelihood ? -1 : x->log_likelihood < y->log_likelihood;
}

/* Some iterations for a start; the best of them stay in start[0 .. *n). */
static void
try_start(Search *s, UsMixture *m, Start *start, int *n, int room)
{
	s->candidate->starts++;
	if (m == NULL)
		return;
	start[*n].mixture = m;
	if (!iterate(s, &start[*n], SHORT_ITERATIONS, s->plan->rough))
	{
		pfree(start[*n].mixture);
		return;
	}
	(*n)++;
	qsort(start, *n, sizeof(Start), compare_starts);
	if (*n > room)
		pfree(start[--*n].mixture);
}

/* Singular components of the mixture whose sums are the last. */
static int
count_troubles(Search *s, const UsMixture *m)
{
	double	   *expected = (double *) palloc(sizeof(double) * s->k);
	UsGmmTrouble *trouble = (UsGmmTrouble *) palloc(sizeof(UsGmmTrouble) * s->k);
	int			n;

	for (int i = 0; i < s->k; i++)
		expected[i] = us_mixture_weight(m)[i] * s->p->rows;
	n = us_gmm_troubles(m, expected, s->plan->reg, s->p->variance, trouble);
	pfree(expected);
	pfree(trouble);
	return n;
}

/* Continue a start to the end, and take it over if it is the best: true. */
static bool
finish(Search *s, Start *start)
{
	UsGmmCandidate *c = s->candidate;
	int			troubles;

	if (!start->converged && !iterate(s, start, s->plan->max_iter, s->plan->rough))
	{
		pfree(start->mixture);
		return false;
	}
	c->finished++;
	troubles = count_troubles(s, start->mixture);
	if (c->mixture != NULL &&
		((troubles > 0) > (c->n_troubles > 0) ||
		 ((troubles > 0) == (c->n_troubles > 0) &&
		  start->log_likelihood <= c->log_likelihood + LEAST_GAIN / s->p->total_weight)))
	{
		pfree(start->mixture);
		return false;
	}
	if (c->mixture != NULL)
		pfree(c->mixture);
	c->mixture = start->mixture;
	c->log_likelihood = start->log_likelihood;
	c->converged = start->converged;
	c->n_troubles = troubles;
	return true;
}

/* The average of all components, times factor: what a new one begins with. */
static void
average_covariance(const UsMixture *m, double factor, double *out)
{
	Size		each = us_mixture_covariances((UsCovariance) m->covariance, m->k, m->d) / m->k;
	const double *covariance = us_mixture_covariance(m);

	memset(out, 0, sizeof(double) * each);
	for (int i = 0; i < m->k; i++)
		for (Size j = 0; j < each; j++)
			out[j] += factor * us_mixture_weight(m)[i] * covariance[each * i + j];
}

/* The best mixture with one component taken away and put to a row, both at random. */
static UsMixture *
move_component(Search *s)
{
	const UsMixture *m = s->candidate->mixture;
	UsCovariance covariance = s->plan->covariance;
	Size		n = us_mixture_covariances(covariance, s->k, s->d);
	Size		each = n / s->k;
	double	   *weight = (double *) palloc(sizeof(double) * s->k);
	double	   *mean = (double *) palloc(sizeof(double) * s->k * s->d);
	double	   *covariances = (double *) palloc(sizeof(double) * n);
	float	   *row = (float *) palloc(sizeof(float) * s->d);
	int			gone = (int) us_random_below(&s->random, s->k);
	double		sum = 0;
	UsMixture  *moved;
	int			bad;

	memcpy(weight, us_mixture_weight(m), sizeof(double) * s->k);
	memcpy(mean, us_mixture_mean(m), sizeof(double) * s->k * s->d);
	memcpy(covariances, us_mixture_covariance(m), sizeof(double) * n);
	us_points_get(s->p->points, (int) us_random_below(&s->random, s->p->points->n), row);
	for (int j = 0; j < s->d; j++)
		mean[(Size) gone * s->d + j] = row[j] * s->p->factor[j];
	if (covariance != US_COVARIANCE_TIED)
		average_covariance(m, ldexp(1, -2 * (int) us_random_below(&s->random, NARROW)),
						   covariances + each * gone);
	weight[gone] = 1.0 / s->k;
	for (int i = 0; i < s->k; i++)
		sum += weight[i];
	for (int i = 0; i < s->k; i++)
		weight[i] /= sum;
	moved = us_mixture_make(covariance, s->k, s->d, true, s->p->weight_exponent, s->p->grid, weight, mean,
							covariances, &bad);
	pfree(weight);
	pfree(mean);
	pfree(covariances);
	pfree(row);
	return moved;
}

/* Move components of the best mixture until that brings no gain any more. */
static void
improve(Search *s)
{
	UsGmmCandidate *c = s->candidate;
	int			failures = 0;

	while ((failures < s->plan->patience || s->work < LEAST_WORK) && s->work <= s->plan->max_work)
	{
		Start		start = {0};

		c->moves++;
		failures++;
		start.mixture = move_component(s);
		if (start.mixture == NULL)
			continue;
		if (!iterate(s, &start, SHORT_ITERATIONS, s->plan->rough) ||
			start.log_likelihood < c->log_likelihood - MOVE_MARGIN / s->p->total_weight)
			pfree(start.mixture);
		else if (finish(s, &start))
		{
			c->gains++;
			failures = 0;
		}
	}
}

/* Continue the best to the tolerance that is asked for. */
static void
polish(Search *s)
{
	UsGmmCandidate *c = s->candidate;
	Start		start = {0};

	start.mixture = (UsMixture *) palloc(VARSIZE(c->mixture));
	memcpy(start.mixture, c->mixture, VARSIZE(c->mixture));
	if (!iterate(s, &start, s->plan->max_iter, s->plan->tolerance) ||
		start.log_likelihood < c->log_likelihood)
		return;
	c->mixture = start.mixture;
	c->log_likelihood = start.log_likelihood;
	c->converged = start.converged;
	c->n_troubles = count_troubles(s, start.mixture);
}

void
us_gmm_search(const UsGmmPoints *p, const UsGmmSearchPlan *plan, const UsMixture *fewer,
			  UsGmmCandidate *c)
{
	Search		s = {0};
	int			starts = c->k == 1 ? 1 : plan->starts;
	int			room = (int) kept(plan->covariance, c->k, p->points->width, starts);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mixture search",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Start	   *start = (Start *) palloc0(sizeof(Start) * (room + 1));
	int			n = 0;

	s.p = p;
	s.plan = plan;
	s.k = c->k;
	s.d = p->points->width;
	s.candidate = c;
	us_random_init(&s.random, plan->seed, s.k);
	s.scratch = us_gmm_scratch(s.k, s.d);
	s.sums = (UsGmmSums *) MemoryContextAllocHuge(CurrentMemoryContext,
												  us_gmm_sums_bytes(plan->covariance, s.k, s.d));
	s.base = base_mixture(&s);
	for (int i = 0; i < starts; i++)
	{
		if (i > 0 && s.work > plan->max_work)
			break;
		try_start(&s, i == 0 ? start_by_search(&s) : start_by_seeding(&s, i, i % 2 == 0),
				  start, &n, room);
	}
	if (fewer != NULL)
		try_start(&s, start_by_split(&s, fewer), start, &n, room);
	for (int i = 0; i < n; i++)
	{
		if (c->mixture == NULL ||
			s.work <= plan->max_work * (plan->patience > 0 ? STARTS_SHARE : 1))
			(void) finish(&s, &start[i]);
		else
			pfree(start[i].mixture);
	}
	if (c->mixture != NULL && s.k > 1 && plan->patience > 0)
		improve(&s);
	if (c->mixture != NULL)
		polish(&s);
	MemoryContextSwitchTo(old);
	if (c->mixture != NULL)
	{
		double		parameters = us_mixture_parameters(c->mixture);
		UsMixture  *copy = (UsMixture *) palloc(VARSIZE(c->mixture));

		memcpy(copy, c->mixture, VARSIZE(c->mixture));
		c->mixture = copy;
		c->log_likelihood *= p->total_weight;
		c->bic = -2 * c->log_likelihood + parameters * log(p->total_weight);
		c->aic = -2 * c->log_likelihood + 2 * parameters;
	}
	MemoryContextDelete(context);
}
