/*
 * formula_sql.h
 *	  Formulas and conditions as SQL that plain PostgreSQL understands.
 */
#ifndef US_FORMULA_SQL_H
#define US_FORMULA_SQL_H

#include "lib/stringinfo.h"

#include "data/formula.h"

typedef struct UsSqlWriter
{
	StringInfoData text;
	const UsEncoder *encoder;
	const char *prefix;			/* before the names of columns: "", or "t." */
	const char *subject;		/* "model \"vip\" version 3", for messages */
	int			limit;			/* characters */
	char	  **label;			/* what US_F_LABEL k is: label[k - 1], as SQL */
	bool		shared;			/* parts that occur several times get names in a sub-select */
	const char *stem;			/* of these names */
} UsSqlWriter;

/* Start with no text; prefix and subject must live as long. */
extern void us_sql_open(UsSqlWriter *w, const UsEncoder *encoder, const char *prefix, const char *subject, int limit);

/*
 * Append the formula.  Raises 54000 when the text grows beyond the limit.
 */
extern void us_sql_formula(UsSqlWriter *w, UsFormula *f);

/*
 * The same for a whole expression: with shared, as a sub-select that computes once what occurs several times.
 */
extern void us_sql_expression(UsSqlWriter *w, UsFormula *f);

/*
 * Append a condition that is true for exactly the rows that fulfil it (holds), or exactly for the others; else
 * it is false or NULL.
 */
extern void us_sql_condition(UsSqlWriter *w, const UsCondition *condition, bool holds);

/* Append a condition that is true if and only if scoring does not take the feature for NULL. */
extern void us_sql_known(UsSqlWriter *w, int feature);

/* Append a feature as a number; otherwise: the number where it is NULL, NaN for NULL. */
extern void us_sql_value(UsSqlWriter *w, const UsFormula *column, double otherwise);

/* Append PHASE, LEVELS, TAG. */
extern void us_sql_phase(UsSqlWriter *w, const UsFormula *f);
extern void us_sql_levels(UsSqlWriter *w, const UsFormula *f);
extern void us_sql_tag(UsSqlWriter *w, const UsFormula *f);

/* Append what conditions on a feature compare: its name, cast where the type has no such comparison. */
extern void us_sql_operand(UsSqlWriter *w, int feature, int element);

/* Append the quoted name of a feature; a number as float8, exactly; a text literal. */
extern void us_sql_column(UsSqlWriter *w, int feature);
extern void us_sql_number(UsSqlWriter *w, double number);
extern void us_sql_literal(UsSqlWriter *w, const char *text);

/* Raise 54000 if the text is too long. */
extern void us_sql_check(const UsSqlWriter *w);

#endif
