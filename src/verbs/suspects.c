/*
 * suspects.c
 *	  What a supervised training should be told about its columns.
 */
#include "postgres.h"

#include "verbs/suspects.h"

UsSuspect *
us_suspects_warn(UsPrepared *p, const UsTarget *target, int *n)
{
	UsSuspect  *suspect = us_leakage_find(p->frame, target, p->recipe.seed, p->budget, n);

	for (int i = 0; i < *n; i++)
		us_train_warn(p, "%s", suspect[i].text);
	return suspect;
}

UsReport *
us_suspects_report(const UsSuspect *suspect, int n)
{
	UsReport   *list = us_report_array();

	for (int i = 0; i < n; i++)
	{
		UsReport   *o = us_report_add_object(list, NULL);

		us_report_text(o, "column", suspect[i].column);
		us_report_text(o, "kind", suspect[i].kind);
		us_report_number(o, "figure", suspect[i].figure);
		us_report_text(o, "text", suspect[i].text);
	}
	return list;
}
