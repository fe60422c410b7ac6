/*
 * matmul.c
 *	  Products of matrices in registers.
 *
 * A panel of b, some rows by eight columns, is copied to where it lies in the first cache; four rows of c at a
 * time stay in registers while it is gone through (K. Goto and R. A. van de Geijn, "Anatomy of high-performance matrix
 * multiplication", ACM TOMS 34 (2008), with panels only as large as small networks need).
 */
#include "postgres.h"

#include "miscadmin.h"

#include "math/matmul.h"
#include "math/simd.h"

/* rows of a panel: 16 kB */
#define PANEL	256

/* rows of c at a time */
#define ROWS	4

/* fewer rows of a are not worth the copy */
#define LEAST_ROWS	8

/* c[m][8] += a[m x k] b[k][8]. */
US_CLONES static void
multiply_panel(int m, int k, const double *a, int row, int column, const double *b, int ldb, double *c, int ldc)
{
	int			i = 0;

	for (; i + ROWS <= m; i += ROWS)
	{
		const double *a0 = a + (Size) i * row;
		const double *a1 = a0 + row;
		const double *a2 = a1 + row;
		const double *a3 = a2 + row;
		UsLooseDoubleLanes *to = (UsLooseDoubleLanes *) (c + (Size) i * ldc);
		UsLooseDoubleLanes *to1 = (UsLooseDoubleLanes *) (c + (Size) (i + 1) * ldc);
		UsLooseDoubleLanes *to2 = (UsLooseDoubleLanes *) (c + (Size) (i + 2) * ldc);
		UsLooseDoubleLanes *to3 = (UsLooseDoubleLanes *) (c + (Size) (i + 3) * ldc);
		UsDoubleLanes c0 = *to;
		UsDoubleLanes c1 = *to1;
		UsDoubleLanes c2 = *to2;
		UsDoubleLanes c3 = *to3;

		for (int l = 0; l < k; l++)
		{
			UsDoubleLanes bl = *(const UsLooseDoubleLanes *) (b + (Size) l * ldb);
			Size		at = (Size) l * column;

			c0 += a0[at] * bl;
			c1 += a1[at] * bl;
			c2 += a2[at] * bl;
			c3 += a3[at] * bl;
		}
		*to = c0;
		*to1 = c1;
		*to2 = c2;
		*to3 = c3;
	}
	for (; i < m; i++)
	{
		UsLooseDoubleLanes *to = (UsLooseDoubleLanes *) (c + (Size) i * ldc);
		const double *a0 = a + (Size) i * row;
		UsDoubleLanes c0 = *to;

		for (int l = 0; l < k; l++)
			c0 += a0[(Size) l * column] * *(const UsLooseDoubleLanes *) (b + (Size) l * ldb);
		*to = c0;
	}
}

void
us_matmul_add(int m, int n, int k, const double *a, int row, int column, const double *b, int ldb, double *c, int ldc)
{
	double		panel[PANEL * US_MATMUL_LANES];

	for (int from = 0; from < k; from += PANEL)
	{
		int			some = Min(PANEL, k - from);

		for (int j = 0; j < n; j += US_MATMUL_LANES)
		{
			const double *at = b + (Size) from * ldb + j;
			int			ld = ldb;

			CHECK_FOR_INTERRUPTS();
			if (m >= LEAST_ROWS)
			{
				for (int l = 0; l < some; l++)
					memcpy(panel + l * US_MATMUL_LANES, at + (Size) l * ldb, sizeof(double) * US_MATMUL_LANES);
				at = panel;
				ld = US_MATMUL_LANES;
			}
			multiply_panel(m, some, a + (Size) from * column, row, column, at, ld, c + j, ldc);
		}
	}
}
