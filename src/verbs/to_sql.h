/*
 * to_sql.h
 *	  A model as an SQL expression.
 */
#ifndef US_TO_SQL_H
#define US_TO_SQL_H

typedef struct UsToSql
{
	const char *output;			/* "value", "label", "id", "probability"; NULL: label where there are labels, else value */
	const char *alias;			/* of the row, or NULL */
	const char *class;			/* probability of that class or segment, or NULL: of the label */
	bool		subselect;
	int			max_length;		/* characters */
} UsToSql;

/*
 * The expression over the columns of the source, palloc'd.  For whoever may use the model.  Raises 22023 for
 * arguments out of range, 42809 for an output that the model does not have, 0A000 for what has no
 * expression, 54000 beyond max_length.
 */
extern char *us_to_sql(const char *reference, const UsToSql *how);

#endif
