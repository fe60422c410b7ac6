/*
 * rule_text.c
 *	  The conditions of rules as SQL.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "eval/rule.h"

/* ISO text of seconds since 2000-01-01 00:00 UTC. */
static char *
instant_text(double seconds, const UsFeature *feature)
{
	double		day = floor(seconds / SECS_PER_DAY);
	int			rest = (int) (seconds - day * SECS_PER_DAY);
	int			y,
				m,
				d;

	j2date((int) day + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	if (strcmp(feature->type_name, "date") == 0)
		return psprintf("date '%04d-%02d-%02d'", y, m, d);
	return psprintf("%s '%04d-%02d-%02d %02d:%02d:%02d%s'",
					feature->zoned ? "timestamptz" : "timestamp",
					y, m, d, rest / 3600, rest / 60 % 60, rest % 60,
					feature->zoned ? "+00" : "");
}

static char *
number_text(double x)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(x, text);
	return text;
}

char *
us_rule_condition(const UsFeature *feature, const UsFacet *facet, double threshold, bool above)
{
	const char *column = quote_identifier(feature->name);
	const char *compare = above ? ">" : "<=";

	switch (feature->kind)
	{
		case US_KIND_NUMBER:
			return psprintf("%s %s %s", column, compare, number_text(threshold));
		case US_KIND_BOOLEAN:
			return psprintf("%s%s", above ? "" : "NOT ", column);
		case US_KIND_TIME:
			return psprintf("%s %s %s", column, compare, instant_text(threshold, feature));
		case US_KIND_DURATION:
			return psprintf("%s %s interval '%s seconds'", column, compare, number_text(threshold));
		case US_KIND_CATEGORY:
			return psprintf("%s %s %s", column, above ? "=" : "<>", quote_literal_cstr(facet->level));
		case US_KIND_TAGS:
			return psprintf("%s%s = ANY (%s)", above ? "" : "NOT ",
							quote_literal_cstr(facet->level), column);
		case US_KIND_VECTOR:
			return psprintf("%s[%d] %s %s", column, facet->element, compare, number_text(threshold));
	}
	return NULL;
}

char *
us_rule_null_condition(const UsFeature *feature, bool is_null)
{
	return psprintf("%s IS %sNULL", quote_identifier(feature->name), is_null ? "" : "NOT ");
}
