/*
 * gmm_row.c
 *	  Mixtures of normal distributions, one row at a time.
 */
#include "postgres.h"

#include <math.h>

#include "math/exp_lanes.h"
#include "math/gmm_row.h"
#include "math/log_lanes.h"

/* Sums in lanes are given up beyond this many doubles: groups of an aggregate have one set each. */
#define MOST_DOUBLES	(1 << 16)

/* Rows for sums in lanes.  Coarse: sums of rows inside the grid; fine: so that 64 rows stay below 2^29. */
#define MOST_COARSE		1.0
#define MOST_FINE		0x1p6
#define MOST_WEIGHT		0x1p10

/* Adding and subtracting these rounds to a multiple of 2^-46, 2^-24, 2^-60. */
#define ROUND_COARSE	(1.5 * (INT64CONST(1) << (52 - US_GMM_BITS)))
#define ROUND_HIGH		0x1.8p28
#define ROUND_LOW		0x1.8p-8

/* Never half way between two units, as in gmm.c. */
#define ODD(x) ((UsDoubleLanes) ((UsLongLanes) (x) | 1))

#define LANES_AT(p, i)		(((UsDoubleLanes *) (p))[i])
#define LOOSE_LANES(p)		(*(UsLooseDoubleLanes *) (p))

static int
lane_groups(int k)
{
	return (k + US_HALF_LANES - 1) / US_HALF_LANES;
}

/* ---- preparing ---- */

/* from[k][n] to lanes: to[groups][n][US_HALF_LANES], value where there is no component. */
static void
to_lanes(const double *from, int k, Size n, double value, double *to)
{
	for (int c = 0; c < lane_groups(k) * US_HALF_LANES; c++)
	{
		double	   *lane = to + (Size) (c / US_HALF_LANES) * n * US_HALF_LANES + c % US_HALF_LANES;

		for (Size i = 0; i < n; i++)
			lane[i * US_HALF_LANES] = c < k ? from[n * c + i] : value;
	}
}

UsGmmRow *
us_gmm_row(const UsGmm *m)
{
	UsGmmRow   *row = (UsGmmRow *) palloc0(sizeof(UsGmmRow));
	Size		lanes;
	Size		factors = m->covariance == US_COVARIANCE_FULL ? us_packed(m->d) :
		m->covariance == US_COVARIANCE_TIED ? 0 : m->d;

	row->gmm = *m;
	row->groups = lane_groups(m->k);
	lanes = (Size) row->groups * US_HALF_LANES;
	if (m->d > US_GMM_ROW_COLUMNS)
	{
		row->r = (double *) palloc(sizeof(double) * m->k);
		row->tile = us_gmm_scratch(m->k, m->d);
		return row;
	}
	row->mean = (double *) us_block_alloc(sizeof(double) * lanes * (m->d + factors + 2));
	row->factor = row->mean + lanes * m->d;
	row->constant = row->factor + lanes * factors;
	row->r = row->constant + lanes;
	to_lanes(m->mean, m->k, m->d, 0, row->mean);
	to_lanes(m->factor, m->k, factors, 0, row->factor);
	to_lanes(m->constant, m->k, 1, -INFINITY, row->constant);
	return row;
}

/* ---- densities ---- */

/* From the squared distance of a group to its log densities. */
US_INLINE void
set_densities(const UsGmmRow *row, int g, const UsDoubleLanes *square)
{
	LANES_AT(row->r, g) = LANES_AT(row->constant, g) - *square * 0.5;
}

US_CLONES static void
full_densities(const UsGmmRow *row, const double *y)
{
	const UsDoubleLanes *mean = (const UsDoubleLanes *) row->mean;
	const UsDoubleLanes *factor = (const UsDoubleLanes *) row->factor;
	UsDoubleLanes diff[US_GMM_ROW_COLUMNS];

	for (int g = 0; g < row->groups; g++)
	{
		UsDoubleLanes square = {0};

		for (int i = 0; i < row->gmm.d; i++)
		{
			UsDoubleLanes z = {0};

			diff[i] = y[i] - *mean++;
			for (int j = 0; j <= i; j++)
				z += diff[j] * *factor++;
			square += z * z;
		}
		set_densities(row, g, &square);
	}
}

US_CLONES static void
diagonal_densities(const UsGmmRow *row, const double *y)
{
	const UsDoubleLanes *mean = (const UsDoubleLanes *) row->mean;
	const UsDoubleLanes *factor = (const UsDoubleLanes *) row->factor;

	for (int g = 0; g < row->groups; g++)
	{
		UsDoubleLanes square = {0};

		for (int j = 0; j < row->gmm.d; j++)
		{
			UsDoubleLanes z = (y[j] - *mean++) * *factor++;

			square += z * z;
		}
		set_densities(row, g, &square);
	}
}

US_CLONES static void
tied_densities(const UsGmmRow *row, const double *y)
{
	const UsDoubleLanes *mean = (const UsDoubleLanes *) row->mean;
	const double *factor = row->gmm.factor;
	double		moved[US_GMM_ROW_COLUMNS];

	for (int i = 0; i < row->gmm.d; i++)
	{
		double		z = 0;

		for (int j = 0; j <= i; j++)
			z += y[j] * *factor++;
		moved[i] = z;
	}
	for (int g = 0; g < row->groups; g++)
	{
		UsDoubleLanes square = {0};

		for (int j = 0; j < row->gmm.d; j++)
		{
			UsDoubleLanes z = moved[j] - *mean++;

			square += z * z;
		}
		set_densities(row, g, &square);
	}
}

void
us_gmm_row_densities(UsGmmRow *row, const double *y)
{
	if (row->tile != NULL)
	{
		for (int j = 0; j < row->gmm.d; j++)
			row->tile->y[(Size) j * US_GMM_STRIDE] = y[j];
		us_gmm_log_densities(&row->gmm, row->tile, 1);
		for (int c = 0; c < row->gmm.k; c++)
			row->r[c] = row->tile->r[(Size) c * US_GMM_STRIDE];
	}
	else if (row->gmm.covariance == US_COVARIANCE_FULL)
		full_densities(row, y);
	else if (row->gmm.covariance == US_COVARIANCE_TIED)
		tied_densities(row, y);
	else
		diagonal_densities(row, y);
}

/* Responsibilities in lanes; sums over the components in their order, as in a tile. */
US_CLONES static double
lane_responsibilities(const UsGmmRow *row, double w)
{
	UsDoubleLanes most = LANES_AT(row->r, 0);
	UsDoubleLanes log_sum;
	double		largest;
	double		sum = 0;
	double		share;

	for (int g = 1; g < row->groups; g++)
		most = US_SELECT_DOUBLE(LANES_AT(row->r, g) > most, LANES_AT(row->r, g), most);
	largest = most[0];
	for (int lane = 1; lane < US_HALF_LANES; lane++)
		largest = Max(largest, most[lane]);
	for (int g = 0; g < row->groups; g++)
	{
		UsDoubleLanes e = LANES_AT(row->r, g) - largest;

		us_exp_lanes(&e);
		LANES_AT(row->r, g) = e;
	}
	for (int c = 0; c < row->gmm.k; c++)
		sum += row->r[c];
	log_sum = US_SPLAT_DOUBLE(sum);
	us_log_lanes(&log_sum);
	share = w / sum;
	for (int g = 0; g < row->groups; g++)
	{
		UsDoubleLanes r = LANES_AT(row->r, g) * share;

		LANES_AT(row->r, g) = US_SELECT_DOUBLE(r < US_GMM_CUT, (UsDoubleLanes) {0}, r);
	}
	return largest + log_sum[0];
}

double
us_gmm_row_responsibilities(UsGmmRow *row, double w)
{
	if (row->tile == NULL)
		return lane_responsibilities(row, w);
	row->tile->weight[0] = w;
	us_gmm_responsibilities(row->gmm.k, row->tile, 1);
	for (int c = 0; c < row->gmm.k; c++)
		row->r[c] = row->tile->r[(Size) c * US_GMM_STRIDE];
	return row->tile->density[0];
}

/* ---- sums in lanes ---- */

/* Sums of a component. */
static Size
own_sums(UsCovariance covariance, int d)
{
	return 1 + d + us_gmm_products(covariance, d);
}

/* Lanes: the weight (in the first lane of one); [groups][own_sums]; TIED: of row i of the triangle, filled up. */
static Size
lane_count(UsCovariance covariance, int k, int d)
{
	Size		n = 1 + lane_groups(k) * own_sums(covariance, d);

	for (int i = 0; i < d && covariance == US_COVARIANCE_TIED; i++)
		n += lane_groups(i + 1);
	return n;
}

Size
us_gmm_lane_doubles(UsCovariance covariance, int k, int d, bool fine)
{
	Size		n;

	if (d > US_GMM_ROW_COLUMNS)
		return 0;
	n = lane_count(covariance, k, d) * US_HALF_LANES * (fine ? 2 : 1);
	return n <= MOST_DOUBLES ? n : 0;
}

/* Add p, rounded, to lanes; with fine the finer part to those at low. */
US_INLINE void
add(double *lanes, Size low, const UsDoubleLanes *product, bool fine)
{
	UsDoubleLanes p = ODD(*product);

	if (fine)
	{
		UsDoubleLanes high = (p + ROUND_HIGH) - ROUND_HIGH;

		LOOSE_LANES(lanes) += high;
		p -= high;
		LOOSE_LANES(lanes + low) += (p + ROUND_LOW) - ROUND_LOW;
	}
	else
		LOOSE_LANES(lanes) += (p + ROUND_COARSE) - ROUND_COARSE;
}

/* One group of components: S0, S1, products. */
US_INLINE void
add_group(UsCovariance covariance, int d, const double *y, const UsDoubleLanes *r, double *lanes,
		  Size low, bool fine)
{
	double	   *to = lanes + (1 + d) * US_HALF_LANES;

	add(lanes, low, r, fine);
	for (int i = 0; i < d; i++)
	{
		UsDoubleLanes a = *r * y[i];

		add(lanes + (1 + i) * US_HALF_LANES, low, &a, fine);
		if (covariance == US_COVARIANCE_TIED)
			continue;
		for (int j = covariance == US_COVARIANCE_FULL ? 0 : i; j <= i; j++, to += US_HALF_LANES)
		{
			UsDoubleLanes product = a * y[j];

			add(to, low, &product, fine);
		}
	}
}

/* The row; y is filled up to whole lanes. */
US_INLINE void
add_row(UsCovariance covariance, int k, int d, const double *y, const double *r, double w,
		double *lanes, Size low, bool fine)
{
	Size		each = own_sums(covariance, d) * US_HALF_LANES;
	UsDoubleLanes all = US_SPLAT_DOUBLE(w);

	add(lanes, low, &all, fine);
	lanes += US_HALF_LANES;
	for (int at = 0; at < k; at += US_HALF_LANES, lanes += each)
	{
		double		some[US_HALF_LANES] __attribute__((aligned(US_BLOCK_ALIGN))) = {0};
		double		total = 0;

		for (int c = at; c < Min(k, at + US_HALF_LANES); c++)
			total += some[c - at] = r[c];
		if (total > 0)
			add_group(covariance, d, y, &LANES_AT(some, 0), lanes, low, fine);
	}
	for (int i = 0; i < d && covariance == US_COVARIANCE_TIED; i++)
		for (int j = 0; j <= i; j += US_HALF_LANES, lanes += US_HALF_LANES)
		{
			UsDoubleLanes product = (w * y[i]) * LANES_AT(y, j / US_HALF_LANES);

			add(lanes, low, &product, fine);
		}
}

US_CLONES static void
add_coarse(UsCovariance covariance, int k, int d, const double *y, const double *r, double w,
		   double *lanes)
{
	add_row(covariance, k, d, y, r, w, lanes, 0, false);
}

US_CLONES static void
add_fine(UsCovariance covariance, int k, int d, const double *y, const double *r, double w,
		 double *lanes, Size low)
{
	add_row(covariance, k, d, y, r, w, lanes, low, true);
}

bool
us_gmm_lane_add(UsCovariance covariance, int k, int d, const double *y, const double *r, double w,
				bool fine, double *lanes)
{
	double		some[US_GMM_ROW_COLUMNS] __attribute__((aligned(US_BLOCK_ALIGN)));
	double		most = 0;

	for (int j = 0; j < d; j++)
	{
		some[j] = y[j];
		most = Max(most, fabs(y[j]));
	}
	if (fine ? !(most <= MOST_FINE && w <= MOST_WEIGHT) : !(most <= MOST_COARSE && w <= 1))
		return false;
	for (int j = d; j % US_HALF_LANES != 0; j++)
		some[j] = 0;
	if (fine)
		add_fine(covariance, k, d, some, r, w, lanes, lane_count(covariance, k, d) * US_HALF_LANES);
	else
		add_coarse(covariance, k, d, some, r, w, lanes);
	return true;
}

/* ---- to 128 bits ---- */

/* Add the sum in one lane; false beyond 2^125. */
static inline bool
flush_one(const double *lane, Size low, bool fine, int128 *sum)
{
	if (fine)
		*sum += (int128) (int64) (lane[0] * 0x1p24) * (INT64CONST(1) << (US_GMM_FINE_BITS - 24)) +
			(int64) (lane[low] * 0x1p60);
	else
		*sum += (int64) (lane[0] * (double) (INT64CONST(1) << US_GMM_BITS));
	return *sum < (int128) 1 << 125 && *sum > -((int128) 1 << 125);
}

bool
us_gmm_lane_flush(UsCovariance covariance, int k, int d, bool fine, const double *lanes, int128 *sums)
{
	Size		own = own_sums(covariance, d);
	Size		low = lane_count(covariance, k, d) * US_HALF_LANES;
	bool		ok = flush_one(lanes, low, fine, sums);
	int128	   *total = us_gmm_sums_of(sums, covariance, d, k);

	lanes += US_HALF_LANES;
	for (int c = 0; c < k; c++)
	{
		const double *lane = lanes + (c / US_HALF_LANES) * own * US_HALF_LANES + c % US_HALF_LANES;
		int128	   *to = us_gmm_sums_of(sums, covariance, d, c);

		for (Size i = 0; i < own; i++)
			ok = flush_one(lane + i * US_HALF_LANES, low, fine, to + i) && ok;
	}
	lanes += lane_groups(k) * own * US_HALF_LANES;
	for (int i = 0; i < d && covariance == US_COVARIANCE_TIED; i++)
	{
		for (int j = 0; j <= i; j++)
			ok = flush_one(lanes + j, low, fine, total++) && ok;
		lanes += lane_groups(i + 1) * US_HALF_LANES;
	}
	return ok;
}
