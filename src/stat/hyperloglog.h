/*
 * hyperloglog.h
 *	  A sketch that counts distinct 64-bit hashes in 16 kB.
 *
 * Adding is idempotent and merging takes the maximum of each register, so the
 * registers are a function of the set of hashes alone: same set, same bytes.
 */
#ifndef US_HYPERLOGLOG_H
#define US_HYPERLOGLOG_H

#define US_HLL_BITS			14
#define US_HLL_REGISTERS	(1 << US_HLL_BITS)

/* largest value of a register: a rank among the bits that do not choose the register */
#define US_HLL_MAX_RANK		(64 - US_HLL_BITS + 1)

/* standard error of an estimate relative to the count (Ertl 2017, section 3): 1.03896 / sqrt(2^14) */
#define US_HLL_STANDARD_ERROR	0.0081169

extern void us_hll_add(uint8 *registers, uint64 hash);
extern void us_hll_merge(uint8 *registers, const uint8 *other);
extern double us_hll_estimate(const uint8 *registers);

#endif
