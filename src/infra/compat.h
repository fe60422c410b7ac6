/*
 * compat.h
 *	  Differences between the supported PostgreSQL versions; the only file that
 *	  looks at PG_VERSION_NUM.
 */
#ifndef US_COMPAT_H
#define US_COMPAT_H

/* 16 moved the varlena macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 brought the specifier that stands before a declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn _Noreturn
#endif

#endif
