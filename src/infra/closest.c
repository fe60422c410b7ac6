/*
 * closest.c
 *	  The name that was probably meant, for hints.
 */
#include "postgres.h"

#include "utils/varlena.h"

#include "infra/closest.h"

/* varstr_levenshtein refuses longer strings */
#define MAX_LENGTH	255

const char *
us_closest_name(const char *name, const char *const *names, int n)
{
	int			len = strlen(name);
	int			best = Max(len / 2, 1) + 1;
	const char *closest = NULL;

	if (len == 0 || len > MAX_LENGTH)
		return NULL;
	for (int i = 0; i < n; i++)
	{
		int			other = strlen(names[i]);
		int			d;

		if (other == 0 || other > MAX_LENGTH)
			continue;
		d = varstr_levenshtein_less_equal(name, len, names[i], other, 1, 1, 1, best, true);
		if (d < best)
		{
			best = d;
			closest = names[i];
		}
	}
	return closest;
}
