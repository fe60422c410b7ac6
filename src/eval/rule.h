/*
 * rule.h
 *	  A readable rule for each segment: a small tree that imitates membership,
 *	  written as the condition of a WHERE clause over the source.
 */
#ifndef US_RULE_H
#define US_RULE_H

#include "eval/facet.h"

/* rows (about) on which a rule is found and its fidelity measured */
#define US_RULE_SAMPLE	16384

/* conditions one after another in a branch */
#define US_RULE_DEPTH	3

/*
 * Find a rule for each of n ranges of labels; labels are those of the rows, facets those of the profile.
 * For each range one binary tree (CART, Breiman et al. 1984, Gini impurity on at most 64
 * quantile bins a facet) of depth US_RULE_DEPTH is grown on a sample of rows chosen by hash of
 * their key; branches with a majority of members are joined by OR.  Fidelity, precision and
 * recall are measured on the sample with the semantics of SQL: a NULL fulfils no
 * condition.
 *
 * Returns for how many of the ranges, from the first on, rules were looked for: all where least is n, else at
 * least the first "least" ones, and no more of them than some hundred milliseconds allow (by a count of
 * the work, not by a clock).
 */
extern int	us_rules_find(UsFrame *frame, const UsEncoder *encoder, const UsProfile *profile,
						  const UsFacetSource *source, UsLabelChunk labels, void *context,
						  UsBudget *budget, uint64 seed, UsRangeRule *range, int n, int least);

/* The text of "facet > threshold" (above) or its opposite, as SQL. */
extern char *us_rule_condition(const UsFeature *feature, const UsFacet *facet,
							   double threshold, bool above);

/* The text of "column IS NULL", or IS NOT NULL. */
extern char *us_rule_null_condition(const UsFeature *feature, bool is_null);

#endif
