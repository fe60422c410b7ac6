/*
 * rfm_segment.c
 *	  The eleven usual segments, and rules that override them.
 *
 * The table is the one that marketing suites have used for years, by all three scores.
 * It gives each of the 125 cells exactly one segment, so that rules of users, which only
 * override cells, cannot leave a customer without one.
 */
#include "postgres.h"

#include "agg/rfm_segment.h"

/* A letter a cell: r downwards, f from word to word, m within a word, from 1 to 5. */
static const char *const cells[5] = {
	"OOXXX" "OHHKK" "OHKKK" "OKKXK" "OKKXX",
	"HHSXX" "SHHKK" "SHHKK" "SKKKK" "SKKKK",
	"NSRRR" "SHPAA" "SHPAL" "PPALL" "PPPLL",
	"NNRRR" "NNPRR" "PPPAL" "PPALC" "PPPCC",
	"NNRRR" "RRRRR" "PPPAA" "PPLCC" "PPPCC",
};

static const char *
name_of(char letter)
{
	switch (letter)
	{
		case 'C':
			return "Champions";
		case 'L':
			return "Loyal";
		case 'P':
			return "Potential Loyalist";
		case 'N':
			return "New";
		case 'R':
			return "Promising";
		case 'A':
			return "Need Attention";
		case 'S':
			return "About To Sleep";
		case 'K':
			return "At Risk";
		case 'X':
			return "Can't Lose";
		case 'H':
			return "Hibernating";
		default:
			return "Lost";
	}
}

/* The built-in segments; the names are constants. */
void
us_rfm_segments_built_in(UsRfmSegments *segments)
{
	for (int i = 0; i < US_RFM_CELLS; i++)
	{
		segments->name[i] = name_of(cells[i / 25][i % 25]);
		segments->rule[i] = NULL;
	}
}

static bool
matches(const UsRfmRule *rule, int cell, const char *built_in)
{
	int			score[3] = {cell / 25 + 1, cell / 5 % 5 + 1, cell % 5 + 1};

	for (int i = 0; i < 3; i++)
		if (score[i] < rule->low[i] || score[i] > rule->high[i])
			return false;
	return rule->replaces == NULL || strcmp(rule->replaces, built_in) == 0;
}

/*
 * Give the cells that match a rule, and that no earlier one took, its segment.  The rule
 * must live as long as the segments.
 */
void
us_rfm_segments_apply(UsRfmSegments *segments, const UsRfmRule *rule)
{
	for (int i = 0; i < US_RFM_CELLS; i++)
		if (segments->rule[i] == NULL && matches(rule, i, segments->name[i]))
		{
			segments->name[i] = rule->segment;
			segments->rule[i] = rule;
		}
}
