/*
 * closest.h
 *	  "Perhaps you meant": the name nearest to one that does not exist.
 */
#ifndef US_CLOSEST_H
#define US_CLOSEST_H

/*
 * Remembers the best candidate seen so far.  Distances are edit distances in
 * bytes without regard to ASCII case; a candidate counts only when at most half of
 * the longer name, and at most 3 edits, differ.  Of equals the first stays.
 */
typedef struct UsClosest
{
	const char *given;
	const char *best;			/* NULL: nothing near enough */
	int			distance;
} UsClosest;

/* Start with the name that was given; it is not copied. */
extern void us_closest_init(UsClosest *closest, const char *given);
/* One name that exists; not copied. */
extern void us_closest_offer(UsClosest *closest, const char *candidate);

/* ' Perhaps you meant "x".', palloc'd, or ''; to be appended to a hint. */
extern const char *us_closest_hint(const UsClosest *closest);

#endif
