/*
 * names.c
 *	  Lists of column names, for messages and hints.
 */
#include "postgres.h"

#include "data/names.h"

/* Names that a hint lists. */
#define LISTED_NAMES	100

void
us_names_append(StringInfo list, const char *name)
{
	appendStringInfo(list, "%s\"%s\"", list->len > 0 ? ", " : "", name);
}

char *
us_names_of_columns(TupleDesc tupdesc)
{
	StringInfoData list;
	int			n = 0;

	initStringInfo(&list);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (!att->attisdropped && n++ < LISTED_NAMES)
			us_names_append(&list, NameStr(att->attname));
	}
	if (n > LISTED_NAMES)
		appendStringInfo(&list, " and %d more", n - LISTED_NAMES);
	if (n == 0)
		appendStringInfoString(&list, "no columns");
	return list.data;
}

/* Equal names side by side, in their order. */
static int
compare_places(const void *a, const void *b)
{
	char	  **x = *(char **const *) a;
	char	  **y = *(char **const *) b;
	int			c = strcmp(*x, *y);

	return c ? c : (x > y) - (x < y);
}

void
us_names_distinguish(char ***name, int n)
{
	bool		again = n > 1;

	while (again)				/* a new name may be one that exists */
	{
		again = false;
		qsort(name, n, sizeof(char **), compare_places);
		for (int i = 1; i < n; i++)
		{
			int			same = 0;

			while (i + same < n && strcmp(*name[i + same], *name[i - 1]) == 0)
				same++;
			for (int j = 0; j < same; j++)
				*name[i + j] = psprintf("%s [%d]", *name[i + j], j + 2);
			again |= same > 0;
			i += same;
		}
	}
}
