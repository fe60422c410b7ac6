/*
 * utf8.c
 *	  Text in stored things: always UTF-8, whatever the encoding of the database.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "infra/utf8.h"

void
us_write_utf8(UsWriter *w, const char *s)
{
	us_write_string(w, pg_server_to_any(s, strlen(s), PG_UTF8));
}

char *
us_read_utf8(UsReader *r)
{
	char	   *s = us_read_string(r);

	if (!pg_verify_mbstr(PG_UTF8, s, strlen(s), true))
		us_corrupt(r, "text before byte %zu is not valid UTF-8", r->pos);
	return pg_any_to_server(s, strlen(s), PG_UTF8);
}
