/*
 * modes.c
 *	  Do the rows stand in several heaps between the centres of a partition?
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/modes.h"
#include "math/distance.h"
#include "math/kernels.h"
#include "math/random.h"
#include "stat/dip.h"

#define LEAST_ROWS	16384		/* rows are not thinned out below this */
#define MOST_POINTS	65536		/* sorted in some milliseconds */

typedef struct Modes
{
	const UsPoints *p;
	int			n_points;		/* the first of p, which are in random order */
	int		   *point;			/* [n] the point of a row */
	int			n;
	int			n_lines;
	int			line[US_MODES_MOST_LINES][2];
	float	   *center;			/* [k][width] */
	double	   *at;				/* [n_lines][n] places of the rows on the lines */
	double	   *value;			/* [n] scratch */
} Modes;

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static double
coordinate(const UsPoints *p, int i, int j)
{
	return p->x[((Size) (i / US_LANES) * p->width + j) * US_LANES + i % US_LANES];
}

/* Rows that the points stand for. */
static double
count_rows(const Modes *m)
{
	double		rows = 0;

	for (int i = 0; i < m->n_points; i++)
		rows += m->p->rows ? m->p->rows[i] : 1;
	return rows;
}

/* The point of each row; of many equal rows an even part is looked at. */
static void
spread_rows(Modes *m, double rows)
{
	const UsPoints *p = m->p;
	double		step = rows / m->n;
	double		before = 0;
	int			point = 0;

	for (int i = 0; i < m->n; i++)
	{
		if (p->rows == NULL)
			m->point[i] = i;
		else
		{
			while (point < m->n_points - 1 && before + p->rows[point] <= (i + 0.5) * step)
				before += p->rows[point++];
			m->point[i] = point;
		}
	}
}

/* A line from each of the largest clusters to the nearest other centre, once. */
static void
draw_lines(Modes *m, const UsSums *sums)
{
	int			width = m->p->width;

	for (int i = 0; i < sums->k; i++)
	{
		const float *from = m->center + (Size) i * width;
		int			larger = 0;
		int			nearest = -1;
		double		least = INFINITY;
		bool		known = false;

		CHECK_FOR_INTERRUPTS();
		for (int o = 0; o < sums->k; o++)
		{
			double		d = us_squared_distance(from, m->center + (Size) o * width, width);

			larger += sums->rows[o] > sums->rows[i] || (sums->rows[o] == sums->rows[i] && o < i);
			if (o != i && sums->rows[o] > 0 && d > 0 && d < least)
			{
				least = d;
				nearest = o;
			}
		}
		for (int l = 0; l < m->n_lines; l++)
			known |= m->line[l][0] == nearest && m->line[l][1] == i;
		if (larger >= US_MODES_MOST_LINES || sums->rows[i] == 0 || nearest < 0 || known)
			continue;
		m->line[m->n_lines][0] = i;
		m->line[m->n_lines][1] = nearest;
		m->n_lines++;
	}
}

/* The place of v among the n ascending values: the first that is not below. */
static int
find_value(const double *value, int n, double v)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (value[middle] < v)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Add column j to the places on all lines, each value drawn evenly from what is nearer to it than to its neighbours in the
 * column; at the ends as far outwards as inwards.
 */
static void
project_column(Modes *m, int j, UsRandom *random)
{
	const UsPoints *p = m->p;
	double		slope[US_MODES_MOST_LINES];
	int			n = 0;

	for (int i = 0; i < m->n_points; i++)
		m->value[i] = coordinate(p, i, j);
	qsort(m->value, m->n_points, sizeof(double), compare_doubles);
	for (int i = 0; i < m->n_points; i++)
		if (n == 0 || m->value[i] != m->value[n - 1])
			m->value[n++] = m->value[i];
	for (int l = 0; l < m->n_lines; l++)
		slope[l] = (double) m->center[(Size) m->line[l][1] * p->width + j] -
			m->center[(Size) m->line[l][0] * p->width + j];
	for (int i = 0; i < m->n; i++)
	{
		double		v = coordinate(p, m->point[i], j);
		int			place = find_value(m->value, n, v);
		double		below = place > 0 ? v - m->value[place - 1] : 0;
		double		above = place < n - 1 ? m->value[place + 1] - v : below;
		double		u = us_random_double(random);

		if (place == 0)
			below = above;
		v += u < 0.5 ? (u - 0.5) * below : (u - 0.5) * above;
		for (int l = 0; l < m->n_lines; l++)
			m->at[(Size) l * m->n + i] += slope[l] * v;
	}
}

/* The line with the largest dip. */
static void
find_dip(Modes *m, UsModes *found)
{
	for (int l = 0; l < m->n_lines; l++)
	{
		double	   *at = m->at + (Size) l * m->n;
		double		dip;

		CHECK_FOR_INTERRUPTS();
		qsort(at, m->n, sizeof(double), compare_doubles);
		dip = sqrt(m->n) * us_dip(at, m->n);
		if (!(dip <= found->dip))
		{
			found->dip = dip;
			found->a = m->line[l][0];
			found->b = m->line[l][1];
		}
	}
	found->critical = us_dip_critical(US_MODES_LEVEL / m->n_lines);
}

UsModes
us_modes(const UsPoints *p, const UsSums *sums, uint64 seed, UsBudget *budget)
{
	UsModes		found = {NAN, NAN, 0, 0};
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	Modes		m = {p, Min(p->n, MOST_POINTS)};
	double	   *mean = (double *) us_arena_array(arena, p->width, sizeof(double));
	double		rows = count_rows(&m);
	UsRandom	random;

	m.center = (float *) us_arena_array(arena, (Size) sums->k * p->width, sizeof(float));
	us_centers_from_sums(sums, p->grid, p->scale, mean, m.center);
	draw_lines(&m, sums);
	if (m.n_lines > 0)
	{
		m.n = (int) Min(rows, Max(m.n_points, LEAST_ROWS));
		m.point = (int *) us_arena_array(arena, m.n, sizeof(int));
		m.value = (double *) us_arena_array(arena, m.n_points, sizeof(double));
		m.at = (double *) us_arena_array(arena, (Size) m.n * m.n_lines, sizeof(double));
		memset(m.at, 0, sizeof(double) * m.n * m.n_lines);
		spread_rows(&m, rows);
		us_random_init(&random, seed, 0);
		for (int j = 0; j < p->width; j++)
		{
			us_progress("heaps of rows between clusters", j, p->width);
			project_column(&m, j, &random);
		}
		find_dip(&m, &found);
	}
	us_arena_reset(arena);
	return found;
}
