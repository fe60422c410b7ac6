/*
 * random.h
 *	  Random numbers that a seed determines.
 *
 * Two forms.  By key (math/hash.h): us_uniform(seed, key) and us_mix64(seed, key) belong
 * to a row whatever the order in which rows arrive; splits, folds, seeding and bootstrap
 * use these.  As a sequence (here): a UsRandom is opened for (seed, stream) and drawn from
 * one after the other; simulation uses these, one stream a user.
 *
 * The bits are the same everywhere; variates that go through log, exp and sqrt are
 * the same up to the last digits of the mathematical library.
 */
#ifndef US_RANDOM_H
#define US_RANDOM_H

#include "common/pg_prng.h"
#include "math/hash.h"

/* A sequence of random numbers; a plain value without pointers, copy it to branch it. */
typedef struct UsRandom
{
	pg_prng_state state;
	double		spare;			/* second normal of the last pair */
	bool		has_spare;
} UsRandom;

/*
 * Open sequence number stream of seed.  The generator is PostgreSQL's xoroshiro128**
 * (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS
 * 2021), seeded through us_mix64; any two (seed, stream) are unrelated.
 */
extern void us_random_init(UsRandom *random, uint64 seed, uint64 stream);

/* 64 random bits. */
static inline uint64
us_random_u64(UsRandom *random)
{
	return pg_prng_uint64(&random->state);
}

/* Uniform in the open interval (0,1), see us_bits_to_uniform. */
static inline double
us_random_double(UsRandom *random)
{
	return us_bits_to_uniform(us_random_u64(random));
}

/*
 * Uniform integer in 0..n-1, without bias; n must not be 0.
 * D. Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 2019.
 */
extern uint32 us_random_below(UsRandom *random, uint32 n);

/* Standard normal: Marsaglia's polar method (Marsaglia and Bray, SIAM Review 1964). */
extern double us_random_normal(UsRandom *random);

/* Exponential of mean 1, by inversion. */
extern double us_random_exponential(UsRandom *random);

/*
 * Gamma of the given shape > 0, finite, and scale 1 (mean = variance = shape).
 * Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 2000;
 * below shape 1 through Gamma(shape) = Gamma(shape + 1) * U^(1/shape), which for tiny
 * shapes underflows to 0, as the distribution itself does in double precision.
 */
extern double us_random_gamma(UsRandom *random, double shape);

/*
 * Beta of shapes a, b > 0 in the closed interval [0,1], from two gammas; where both
 * underflow (a and b tiny), 0 or 1 in the ratio b : a.
 */
extern double us_random_beta(UsRandom *random, double a, double b);

/*
 * Poisson of the given mean, 0 <= mean <= 1e9.  Below 10 by multiplying uniforms
 * (Knuth, The Art of Computer Programming 2, 3.4.1 algorithm Q), from 10 on by
 * W. Hörmann, "The Transformed Rejection Method for Generating Poisson Random Variables",
 * Insurance: Mathematics and Economics 1993, algorithm PTRS.
 */
extern int64 us_random_poisson(UsRandom *random, double mean);

#endif
