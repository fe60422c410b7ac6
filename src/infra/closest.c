/*
 * closest.c
 *	  "Perhaps you meant": the name nearest to one that does not exist.
 */
#include "postgres.h"

#include "utils/varlena.h"

#include "infra/closest.h"

#define MAX_EDITS	3

/* the server's edit distance refuses strings of more characters */
#define MAX_LENGTH	255

void
us_closest_init(UsClosest *closest, const char *given)
{
	closest->given = given;
	closest->best = NULL;
	closest->distance = MAX_EDITS + 1;
}

/* ASCII lower case; bytes above 127 stay. */
static char *
lower(const char *s, int len)
{
	char	   *result = pnstrdup(s, len);

	for (char *p = result; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return result;
}

void
us_closest_offer(UsClosest *closest, const char *candidate)
{
	int			glen = (int) strlen(closest->given);
	int			clen = (int) strlen(candidate);
	int			limit = Min(closest->distance - 1, Max(glen, clen) / 2);
	int			distance;
	char	   *g;
	char	   *c;

	if (limit < 0 || glen == 0 || clen == 0 || glen > MAX_LENGTH || clen > MAX_LENGTH)
		return;
	g = lower(closest->given, glen);
	c = lower(candidate, clen);
	distance = varstr_levenshtein_less_equal(g, glen, c, clen, 1, 1, 1, limit, true);
	if (distance <= limit)
	{
		closest->best = candidate;
		closest->distance = distance;
	}
	pfree(g);
	pfree(c);
}

const char *
us_closest_hint(const UsClosest *closest)
{
	return closest->best ? psprintf(" Perhaps you meant \"%s\".", closest->best) : "";
}
