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
