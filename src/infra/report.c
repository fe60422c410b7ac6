/*
 * report.c
 *	  A plain tree in which learners describe themselves.
 */
#include "postgres.h"

#include "infra/report.h"

static UsReport *
node_new(MemoryContext context, UsReportType type)
{
	UsReport   *node = MemoryContextAllocZero(context, sizeof(UsReport));

	node->type = type;
	node->context = context;
	return node;
}

static UsReport *
add(UsReport *parent, const char *name, UsReportType type)
{
	UsReport   *node;

	Assert((name != NULL) == (parent->type == US_REPORT_OBJECT));
	if (name)
		for (node = parent->first; node; node = node->next)
			if (strcmp(node->name, name) == 0)
			{
				node->type = type;
				node->first = node->last = NULL;
				return node;
			}
	node = node_new(parent->context, type);
	if (name)
		node->name = MemoryContextStrdup(parent->context, name);
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

UsReport *
us_report_object(void)
{
	return node_new(CurrentMemoryContext, US_REPORT_OBJECT);
}

UsReport *
us_report_array(void)
{
	return node_new(CurrentMemoryContext, US_REPORT_ARRAY);
}

void
us_report_null(UsReport *parent, const char *name)
{
	add(parent, name, US_REPORT_NULL);
}

void
us_report_bool(UsReport *parent, const char *name, bool value)
{
	add(parent, name, US_REPORT_BOOL)->boolean = value;
}

void
us_report_int(UsReport *parent, const char *name, int64 value)
{
	add(parent, name, US_REPORT_INT)->integer = value;
}

void
us_report_number(UsReport *parent, const char *name, double value)
{
	add(parent, name, US_REPORT_NUMBER)->number = value;
}

void
us_report_text(UsReport *parent, const char *name, const char *value)
{
	add(parent, name, US_REPORT_TEXT)->text = MemoryContextStrdup(parent->context, value);
}

UsReport *
us_report_add_object(UsReport *parent, const char *name)
{
	return add(parent, name, US_REPORT_OBJECT);
}

UsReport *
us_report_add_array(UsReport *parent, const char *name)
{
	return add(parent, name, US_REPORT_ARRAY);
}

void
us_report_attach(UsReport *parent, const char *name, UsReport *child)
{
	UsReport   *node = add(parent, name, child->type);

	node->boolean = child->boolean;
	node->integer = child->integer;
	node->number = child->number;
	node->text = child->text;
	node->first = child->first;
	node->last = child->last;
}
