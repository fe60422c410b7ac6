/*
 * gmm_task.c
 *	  The pass of EM over rows.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "learn/gmm_task.h"

static Size
place(Size *at, Size bytes)
{
	Size		here = *at;

	*at = TYPEALIGN(US_BLOCK_ALIGN, here + bytes);
	return here;
}

Size
us_gmm_area_layout(UsGmmArea *area, const UsMatrix *matrix, Size mixture_bytes, Size sums_bytes,
				   int members)
{
	Size		at = 0;

	memset(area, 0, sizeof(UsGmmArea));
	area->matrix = *matrix;
	(void) place(&at, sizeof(UsGmmArea));
	area->factor_at = place(&at, sizeof(double) * matrix->width);
	area->mixture_at = place(&at, mixture_bytes);
	area->member_bytes = TYPEALIGN(US_BLOCK_ALIGN, sums_bytes);
	area->member_at = place(&at, area->member_bytes * members);
	return at;
}

double *
us_gmm_area_factor(UsGmmArea *area)
{
	return (double *) ((char *) area + area->factor_at);
}

UsMixture *
us_gmm_area_mixture(UsGmmArea *area)
{
	return (UsMixture *) ((char *) area + area->mixture_at);
}

UsGmmSums *
us_gmm_area_sums(UsGmmArea *area, int member)
{
	return (UsGmmSums *) ((char *) area + area->member_at + area->member_bytes * member);
}

void
us_gmm_factors(const UsSpace *space, double *factor)
{
	for (int j = 0; j < space->width; j++)
		factor[j] = ldexp(1, space->scale - space->grid[j].exponent - US_GRID_BITS);
}

/* Weights of a tile; 0 in rows that fill it up. */
static void
set_weights(double *to, const double *weight, int n)
{
	int			end = (n + US_LANES - 1) / US_LANES * US_LANES;

	for (int i = 0; i < n; i++)
		to[i] = weight ? weight[i] : 1;
	for (int i = n; i < end; i++)
		to[i] = 0;
}

void
us_gmm_pass(const UsGmm *m, UsGmmScratch *s, const float *x, const double *weight, int nrows,
			const double *factor, UsGmmSums *sums)
{
	for (int at = 0; at < nrows; at += US_GMM_TILE)
	{
		int			n = Min(nrows - at, US_GMM_TILE);

		us_gmm_load(s, x + (Size) at * m->d, n, m->d, factor);
		set_weights(s->weight, weight ? weight + at : NULL, n);
		us_gmm_log_densities(m, s, n);
		us_gmm_responsibilities(m->k, s, n);
		us_gmm_accumulate(m, s, n, sums->sum);
		if (weight)
			for (int i = 0; i < n; i++)
				s->density[i] *= s->weight[i];
		(void) us_exact_add_array(&sums->density, s->density, n);
	}
	sums->rows += nrows;
}

void
us_task_gmm_pass(UsTeamTask *task)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mixture pass",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsGmmArea  *area = (UsGmmArea *) task->area;
	const UsMatrix *matrix = &area->matrix;
	UsGmm		m = us_mixture_gmm(us_gmm_area_mixture(area));
	UsGmmScratch *s = us_gmm_scratch(m.k, m.d);
	void	   *buffer = matrix->spilled ? us_block_alloc(matrix->chunk_bytes) : NULL;
	double	   *weight = matrix->weighted ? (double *) palloc(sizeof(double) * US_CHUNK_ROWS) : NULL;
	int64		i;

	while (us_team_next(task, &i))
	{
		UsMatrixChunk chunk;

		us_matrix_chunk(matrix, task->team, (int) i, buffer, &chunk);
		for (int r = 0; r < chunk.nrows && weight; r++)
			weight[r] = ldexp((double) chunk.weight[r], -US_MIXTURE_WEIGHT_BITS);
		us_gmm_pass(&m, s, chunk.x, weight, chunk.nrows, us_gmm_area_factor(area),
					us_gmm_area_sums(area, task->member));
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
