/*
 * hyperloglog.c
 *	  HyperLogLog with 2^14 registers of a byte and 64-bit hashes.
 *
 * Sketch: P. Flajolet, E. Fusy, O. Gandouet, F. Meunier, "HyperLogLog: the analysis
 * of a near-optimal cardinality estimation algorithm", AofA 2007.  Estimator:
 * O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
 * arXiv:1702.01284 (2017), algorithm 6: it needs no table of empirical corrections
 * and is unbiased for small and large counts alike.
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bitutils.h"

#include "stat/hyperloglog.h"

/* Take a hash in: its upper 14 bits choose the register, the rest gives the rank of the first 1. */
void
us_hll_add(uint8 *registers, uint64 hash)
{
	uint64		index = hash >> (64 - US_HLL_BITS);
	uint64		rest = (hash << US_HLL_BITS) | (UINT64CONST(1) << (US_HLL_BITS - 1));
	uint8		rank = 64 - pg_leftmost_one_pos64(rest);

	if (registers[index] < rank)
		registers[index] = rank;
}

/* The sketch of the union. */
void
us_hll_merge(uint8 *registers, const uint8 *other)
{
	for (int i = 0; i < US_HLL_REGISTERS; i++)
		registers[i] = Max(registers[i], other[i]);
}

/* sum over k >= 1 of x^(2^k) 2^(k-1), plus x: Ertl (2017), section 3.3, sigma */
static double
sigma(double x)
{
	double		y = 1;
	double		z = x;
	double		last;

	if (x == 1)
		return INFINITY;
	do
	{
		x *= x;
		last = z;
		z += x * y;
		y += y;
	} while (z != last);
	return z;
}

/* (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3: Ertl (2017), section 3.3, tau */
static double
tau(double x)
{
	double		y = 1;
	double		z = 1 - x;
	double		last;

	if (x == 0 || x == 1)
		return 0;
	do
	{
		x = sqrt(x);
		last = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != last);
	return z / 3;
}

/* Estimated number of distinct hashes; 0 for empty registers. */
double
us_hll_estimate(const uint8 *registers)
{
	const double m = US_HLL_REGISTERS;
	int			count[US_HLL_MAX_RANK + 1] = {0};
	double		z;

	for (int i = 0; i < US_HLL_REGISTERS; i++)
		count[registers[i]]++;

	z = m * tau(1 - count[US_HLL_MAX_RANK] / m);
	for (int k = US_HLL_MAX_RANK - 1; k >= 1; k--)
		z = 0.5 * (z + count[k]);
	z += m * sigma(count[0] / m);
	return m * m / (2 * M_LN2 * z);
}
