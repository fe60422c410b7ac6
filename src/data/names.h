/*
 * names.h
 *	  Lists of column names, for messages and hints.
 */
#ifndef US_NAMES_H
#define US_NAMES_H

#include "access/tupdesc.h"
#include "lib/stringinfo.h"

/* Append a name in double quotes, after a comma if the list has one already. */
extern void us_names_append(StringInfo list, const char *name);

/*
 * The columns of a row type as a list, palloc'd: the first hundred and how many more
 * there are, or "no columns".
 */
extern char *us_names_of_columns(TupleDesc tupdesc);

/*
 * Make the n names *name[i] different from one another: the second of equal ones gets
 * " [2]", and so on, in their order.  Changed names are palloc'd.
 */
extern void us_names_distinguish(char ***name, int n);

#endif
