/*
 * value_cache.h
 *	  Large arguments of SQL functions, and what is made of them, kept from row to row.
 */
#ifndef US_VALUE_CACHE_H
#define US_VALUE_CACHE_H

#include "fmgr.h"

/* Has the query a constant as argument n?  (An external parameter may change between two calls.) */
extern bool us_arg_is_const(FmgrInfo *flinfo, int n);

/*
 * Do equal bytes of a value as it came mean equal values?  A value in a toast table never changes
 * under its pointer.  Pointers to memory are another matter.
 */
extern bool us_is_comparable(const struct varlena *raw);

/* Makes something of a value, both of which live in the current memory context. */
typedef void *(*UsValuePrepare) (struct varlena *value);

/*
 * What prepare made of argument n, not NULL; made anew when the argument changes.  It uses
 * fn_extra of the call: for scalar functions, one such argument each.
 */
extern void *us_cached_value(FunctionCallInfo fcinfo, int n, UsValuePrepare prepare);

#endif
