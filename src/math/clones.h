/*
 * clones.h
 *	  US_CLONES: compile a kernel for several x86-64 levels, chosen when the
 *	  library is loaded.
 *
 * It stands before a function, never together with noinline (clang refuses the
 * pair).  All versions compute the same bits: kernels are written with explicit
 * vectors in a fixed order of operations, and -ffp-contract=off keeps multiply
 * and add apart where the level has a fused instruction.  clang, which only makes
 * the bitcode for JIT inlining, gets the plain version.
 */
#ifndef US_CLONES_H
#define US_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && \
	defined(__GNUC__) && !defined(__clang__)
#define US_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define US_CLONES
#endif

#endif
