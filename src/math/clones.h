/*
 * clones.h
 *	  US_CLONES: compile a kernel for several x86-64 levels, chosen when the
 *	  library is loaded.
 *
 * It stands before a function, never together with noinline (clang refuses the
 * pair).  All versions compute the same bits: kernels are written with explicit
 * vectors in a fixed order of operations, and -ffp-contract=off keeps multiply
 * and add apart where the level has a fused instruction.  clang, which only makes
 * the bitcode for JIT inlining, gets the plain version.  US_CLONES_FMA is for those that
 * call fma(): an instruction where there is one, else the library's, with the same bits.
 */
#ifndef US_CLONES_H
#define US_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && \
	defined(__GNUC__) && !defined(__clang__)
#define US_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define US_CLONES_FMA __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define US_CLONES
#define US_CLONES_FMA
#endif

#endif
