/*
 * recommend.c
 *	  The number of clusters that the figures speak for, and why.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "learn/recommend.h"

double
us_least_jaccard(const UsFigures *f)
{
	double		least = NAN;

	if (f->jaccard == NULL || f->k < 2)
		return NAN;
	for (int i = 0; i < f->k; i++)
		if (!isnan(f->jaccard[i]) && !(f->jaccard[i] >= least))
			least = f->jaccard[i];
	return least;
}

static bool
is_unstable(const UsFigures *f)
{
	return us_least_jaccard(f) < US_LEAST_JACCARD;
}

/* "largest silhouette", as the criterion has it. */
static const char *
praise(UsCriterion criterion)
{
	switch (criterion)
	{
		case US_CRITERION_ELBOW:
			return "bend of the inertia";
		case US_CRITERION_GAP:
			return "first gap that the next one does not beat by its standard error";
		case US_CRITERION_DAVIES_BOULDIN:
			return "smallest davies_bouldin";
		case US_CRITERION_BIC:
			return "smallest bic";
		case US_CRITERION_AIC:
			return "smallest aic";
		case US_CRITERION_CALINSKI_HARABASZ:
			return "largest calinski_harabasz";
		case US_CRITERION_SILHOUETTE:
			return "largest silhouette";
	}
	return "";
}

/* A figure with about four digits. */
static void
append_value(StringInfo s, UsCriterion criterion, const UsFigures *f)
{
	double		v = us_criterion_value(criterion, f);

	if (fabs(v) < 100)
		appendStringInfo(s, " (%.4f)", v);
	else
		appendStringInfo(s, " (%.1f)", v);
}

/* What the other criteria prefer: those that agree with row best, and the rest. */
static void
append_others(StringInfo s, const UsEvidence *e, int best)
{
	StringInfoData agree;
	StringInfoData differ;

	initStringInfo(&agree);
	initStringInfo(&differ);
	for (int c = 0; c < US_CRITERIA; c++)
	{
		int			other = us_criterion_best((UsCriterion) c, e->figures, e->n, NULL);
		const char *name = us_criterion_name((UsCriterion) c);

		if (c == (int) e->criterion || other < 0)
			continue;
		if (other == best)
			appendStringInfo(&agree, "%s%s", agree.len ? ", " : "", name);
		else
			appendStringInfo(&differ, "%s%s k = %d", differ.len ? ", " : "", name,
							 e->figures[other].k);
	}
	if (agree.len > 0)
		appendStringInfo(s, "; so say %s", agree.data);
	if (differ.len > 0)
		appendStringInfo(s, "; otherwise %s", differ.data);
	pfree(agree.data);
	pfree(differ.data);
}

/* The k > 1 that the criterion is not defined for. */
static void
append_undefined(StringInfo s, const UsEvidence *e)
{
	int			n = 0;

	for (int i = 0; i < e->n; i++)
		if (e->figures[i].k > 1 && isnan(us_criterion_value(e->criterion, &e->figures[i])))
			appendStringInfo(s, "%s%d", n++ ? ", " : "; not defined for k = ", e->figures[i].k);
}

static char *
reason_for_best(const UsEvidence *e, int best, int first_choice)
{
	const UsFigures *f = &e->figures[best];
	double		jaccard = us_least_jaccard(f);
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfoString(&s, praise(e->criterion));
	append_value(&s, e->criterion, f);
	if (first_choice != best)
	{
		const UsFigures *o = &e->figures[first_choice];

		appendStringInfo(&s, " among partitions whose clusters return in bootstrap samples; k = %d", o->k);
		append_value(&s, e->criterion, o);
		appendStringInfo(&s, " has one with a Jaccard similarity of %.2f only", us_least_jaccard(o));
	}
	append_undefined(&s, e);
	append_others(&s, e, best);
	if (!isnan(e->structure) && f->k > 1)
	{
		if (isinf(e->structure))
			appendStringInfoString(&s, "; some k leaves no differences within its clusters");
		else if (e->structure > e->critical)
			appendStringInfo(&s, "; rows without clusters would not gain as much (by %.1f standard errors, %.2f are needed)",
							 e->structure, e->critical);
		else if (e->modes.dip > e->modes.critical)
			appendStringInfo(&s, "; rows without clusters would gain as much (%.1f standard errors, %.2f are needed), but the rows stand in separate heaps along a line between two clusters (dip times root of n %.2f, more than %.2f)",
							 e->structure, e->critical, e->modes.dip, e->modes.critical);
		else
			appendStringInfo(&s, "; but rows without clusters would gain as much (%.1f standard errors)",
							 e->structure);
	}
	if (jaccard >= US_LEAST_JACCARD)
		appendStringInfo(&s, "; every cluster returns in bootstrap samples (least Jaccard similarity %.2f)", jaccard);
	else if (!isnan(jaccard))
		appendStringInfo(&s, "; but a cluster returns in bootstrap samples with a Jaccard similarity of %.2f only", jaccard);
	return s.data;
}

/* Why there are no clusters, on the row of k = 1 or, where that is missing, of the criterion's choice. */
static char *
reason_for_none(const UsEvidence *e, int choice, bool here)
{
	StringInfoData s;

	initStringInfo(&s);
	if (here)
	{
		appendStringInfo(&s, "no sign of clusters: of no k is the gain above that of rows without clusters by %.2f standard errors, which only one of twenty sources without clusters would have (at most %.2f)",
						 e->critical, e->structure);
		if (choice >= 0)
		{
			appendStringInfo(&s, "; to cut the rows into segments all the same, k = %d has the %s",
							 e->figures[choice].k, praise(e->criterion));
			append_value(&s, e->criterion, &e->figures[choice]);
		}
		return s.data;
	}
	appendStringInfoString(&s, praise(e->criterion));
	append_value(&s, e->criterion, &e->figures[choice]);
	appendStringInfo(&s, ", but there is no sign of clusters: rows without clusters would gain as much (by at most %.2f standard errors, %.2f are needed), and k = 1 is not among the candidates",
					 e->structure, e->critical);
	return s.data;
}

/* Of a row that is not recommended: what prefers it, and its stability. */
static char *
reason_for_other(const UsEvidence *e, int i)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int c = 0; c < US_CRITERIA; c++)
		if (us_criterion_best((UsCriterion) c, e->figures, e->n, NULL) == i)
			appendStringInfo(&s, "%s%s", s.len ? ", " : "preferred by ",
							 us_criterion_name((UsCriterion) c));
	if (is_unstable(&e->figures[i]))
		appendStringInfo(&s, "%sa cluster returns in bootstrap samples with a Jaccard similarity of %.2f only",
						 s.len ? "; " : "", us_least_jaccard(&e->figures[i]));
	return s.len > 0 ? s.data : NULL;
}

/* The criterion's choice among the rows whose clusters are stable; *first its choice among all. */
static int
choose(const UsEvidence *e, int *first)
{
	bool	   *stable = (bool *) palloc(sizeof(bool) * e->n);
	int			best;

	for (int i = 0; i < e->n; i++)
		stable[i] = !is_unstable(&e->figures[i]);
	*first = us_criterion_best(e->criterion, e->figures, e->n, NULL);
	best = us_criterion_best(e->criterion, e->figures, e->n, stable);
	pfree(stable);
	return best < 0 ? *first : best;
}

/* Does the gap statistic say that there are no clusters, where the criterion could not? */
static bool
lacks_structure(const UsEvidence *e)
{
	bool		knows_one = e->criterion == US_CRITERION_BIC || e->criterion == US_CRITERION_AIC ||
		e->criterion == US_CRITERION_GAP;

	return !isnan(e->structure) && e->structure <= e->critical && !knows_one;
}

int
us_recommend_in_doubt(const UsEvidence *e)
{
	int			first;
	int			best = choose(e, &first);

	return lacks_structure(e) && best >= 0 && e->figures[best].k > 1 ? best : -1;
}

int
us_recommend(const UsEvidence *e, char **reason)
{
	bool		none = lacks_structure(e) && !(e->modes.dip > e->modes.critical);
	bool		has_one = e->figures[0].k == 1;
	int			first;
	int			best = choose(e, &first);
	int			recommended = none ? (has_one ? 0 : -1) : best;

	for (int i = 0; i < e->n; i++)
		reason[i] = reason_for_other(e, i);
	if (e->n == 1 && has_one)
	{
		reason[0] = pstrdup("no other number of clusters is possible");
		return 0;
	}
	if (none && (has_one || best >= 0))
		reason[has_one ? 0 : best] = reason_for_none(e, best, has_one);
	else if (best >= 0)
		reason[best] = reason_for_best(e, best, first);
	return recommended;
}
