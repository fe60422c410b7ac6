/*
 * assign_rows.c
 *	  Scored rows on their way into the table of an assignment.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "infra/compat.h"
#include "verbs/assign_rows.h"

void
us_assign_values(const UsAssignRun *run, const UsScore *score, Datum *values, bool *isnull)
{
	bool		labelled = score->label > 0;

	isnull[US_ASSIGN_SEGMENT_ID] = isnull[US_ASSIGN_SEGMENT] = !labelled;
	if (labelled)
	{
		values[US_ASSIGN_SEGMENT_ID] = Int32GetDatum(run->model->label_id[score->label - 1]);
		values[US_ASSIGN_SEGMENT] = run->label_text[score->label - 1];
	}
	isnull[US_ASSIGN_VALUE] = isnan(score->value);
	values[US_ASSIGN_VALUE] = Float8GetDatum(score->value);
	isnull[US_ASSIGN_PROBABILITY] = isnan(score->probability);
	values[US_ASSIGN_PROBABILITY] = Float8GetDatum(score->probability);
}

/* What to do about an id in two rows. */
static char *
twice_message(const UsAssignRun *run, char **hint)
{
	const char *id = NameStr(us_block_scorer_id(run->scorer)->attname);

	*hint = psprintf("Give each id one row in the source: GROUP BY %s, or SELECT DISTINCT ON (%s).",
					 quote_identifier(id), quote_identifier(id));
	return psprintf("id \"%s\" has the same value in more than one row of the source", id);
}

void
us_assign_twice(const UsAssignRun *run, const char *value)
{
	char	   *hint;
	char	   *message = twice_message(run, &hint);

	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg_internal("%s", message),
			 errdetail("Key (%s)=(%s) is duplicated.",
					   NameStr(us_block_scorer_id(run->scorer)->attname), value),
			 errhint("%s", hint)));
}

void
us_assign_rethrow(const UsAssignRun *run, MemoryContext context, const char *index)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION && error->table_name != NULL &&
		error->constraint_name != NULL && strcmp(error->table_name, run->table.name) == 0 &&
		(index == NULL || strcmp(error->constraint_name, index) == 0))
		error->message = twice_message(run, &error->hint);
	ReThrowError(error);
}
