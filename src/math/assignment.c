/*
 * assignment.c
 *	  The matching of rows to columns with the largest total gain.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/assignment.h"

/* Work of one matching; indexes 1.., 0 is the virtual start column. */
typedef struct Matching
{
	const double *gain;
	int			nrows;
	int			ncols;
	bool		transposed;		/* the side with fewer members is matched */
	double	   *u;				/* potentials of rows */
	double	   *v;				/* potentials of columns */
	int		   *row_of;			/* [ncols + 1] row of a column, 0: free */
	int		   *before;			/* [ncols + 1] previous column of the path */
	double	   *slack;			/* [ncols + 1] */
	bool	   *done;			/* [ncols + 1] */
} Matching;

static inline double
cost(const Matching *m, int row, int col)
{
	return m->transposed ? -m->gain[(Size) (col - 1) * m->nrows + row - 1]
		: -m->gain[(Size) (row - 1) * m->ncols + col - 1];
}

/* One more row is matched along the shortest augmenting path. */
static void
augment(Matching *m, int row)
{
	int			col = 0;

	m->row_of[0] = row;
	for (int j = 0; j <= m->ncols; j++)
	{
		m->slack[j] = INFINITY;
		m->done[j] = false;
	}
	do
	{
		int			i = m->row_of[col];
		int			next = 0;
		double		delta = INFINITY;

		CHECK_FOR_INTERRUPTS();
		m->done[col] = true;
		for (int j = 1; j <= m->ncols; j++)
		{
			double		s;

			if (m->done[j])
				continue;
			s = cost(m, i, j) - m->u[i] - m->v[j];
			if (s < m->slack[j])
			{
				m->slack[j] = s;
				m->before[j] = col;
			}
			if (m->slack[j] < delta)
			{
				delta = m->slack[j];
				next = j;
			}
		}
		for (int j = 0; j <= m->ncols; j++)
			if (m->done[j])
			{
				m->u[m->row_of[j]] += delta;
				m->v[j] -= delta;
			}
			else
				m->slack[j] -= delta;
		col = next;
	} while (m->row_of[col] != 0);
	while (col != 0)
	{
		int			previous = m->before[col];

		m->row_of[col] = m->row_of[previous];
		col = previous;
	}
}

void
us_assignment(const double *gain, int nrows, int ncols, int *match)
{
	Matching	m = {gain, Min(nrows, ncols), Max(nrows, ncols), nrows > ncols};

	m.u = palloc0((m.nrows + 1) * sizeof(double));
	m.v = palloc0((m.ncols + 1) * sizeof(double));
	m.row_of = palloc0((m.ncols + 1) * sizeof(int));
	m.before = palloc0((m.ncols + 1) * sizeof(int));
	m.slack = palloc((m.ncols + 1) * sizeof(double));
	m.done = palloc((m.ncols + 1) * sizeof(bool));
	for (int i = 1; i <= m.nrows; i++)
		augment(&m, i);
	for (int i = 0; i < nrows; i++)
		match[i] = -1;
	for (int j = 1; j <= m.ncols; j++)
		if (m.row_of[j] != 0)
		{
			if (m.transposed)
				match[j - 1] = m.row_of[j] - 1;
			else
				match[m.row_of[j] - 1] = j - 1;
		}
	pfree(m.u);
	pfree(m.v);
	pfree(m.row_of);
	pfree(m.before);
	pfree(m.slack);
	pfree(m.done);
}
