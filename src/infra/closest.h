/*
 * closest.h
 *	  The name that was probably meant, for hints.
 */
#ifndef US_CLOSEST_H
#define US_CLOSEST_H

/*
 * Of names[n], the one at the smallest edit distance from name, if that is at most
 * half of the length of name; the first of equals; NULL if none is that close.
 */
extern const char *us_closest_name(const char *name, const char *const *names, int n);

#endif
