/*
 * rules.h
 *	  The leaves of trees as rules.
 */
#ifndef US_RULES_H
#define US_RULES_H

#include "learn/tree_rules.h"
#include "model/formula_sql.h"

/* A leaf. */
typedef struct UsRuleLine
{
	int			tree;			/* from 1 */
	int			leaf;
	int			depth;
	const char *rule;			/* condition over the source */
	double		n;				/* weight of its training rows; of boosting the sum of their second derivatives */
	double		share;
	const char *label;			/* the class that it is for; NULL: a number */
	double		value;
	double		lift;			/* NaN: none */
} UsRuleLine;

/* Receives the leaves one after the other; the text lives until it returns. */
typedef void (*UsRuleSink) (void *context, const UsRuleLine *line);

/*
 * The leaves of one tree of a model, from 1, or of all (NULL).  Raises 42809 for a model without trees, 22023 for
 * a tree that it does not have.
 */
extern void us_rules(const char *reference, const int *tree, UsRuleSink sink, void *context);

/*
 * verbs/rules_text.c: append a condition of a rule; false, and nothing, for one that all rows fulfil.
 */
extern bool us_rule_part_text(UsSqlWriter *w, const UsRulePart *part);

#endif
