/*
 * asan_first.c
 *	  Starts AddressSanitizer before the constructor of any other library.
 *
 * The sanitizer starts at the first malloc.  In a preloaded server that is inside
 * a constructor of libp11-kit, which holds a lock of the C library that the
 * sanitizer's start takes and releases too: the server then hangs.  Linked with
 * -z initfirst and preloaded, this comes before them.
 */
#include <stdlib.h>

__attribute__((constructor)) static void
start(void)
{
	free(malloc(1));
}
