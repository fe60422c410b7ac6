/*
 * xml.c
 *	  Writing XML, element by element.
 */
#include "postgres.h"

#include <stdarg.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"

#include "model/xml.h"

void
us_xml_init(UsXml *x, const char *subject, int limit)
{
	memset(x, 0, sizeof(UsXml));
	initStringInfo(&x->text);
	x->subject = subject;
	x->limit = limit;
	appendStringInfoString(&x->text, "<?xml version=\"1.0\"?>");
}

static void
check_length(const UsXml *x)
{
	CHECK_FOR_INTERRUPTS();
	if (x->text.len > x->limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s needs more than %d bytes of XML", x->subject, x->limit),
				 errhint("Raise max_length, or train a smaller model: fewer trees, leaves, features or levels of categories.")));
}

static void
append_escaped(UsXml *x, const char *s)
{
	for (; *s; s++)
	{
		switch (*s)
		{
			case '&':
				appendStringInfoString(&x->text, "&amp;");
				break;
			case '<':
				appendStringInfoString(&x->text, "&lt;");
				break;
			case '>':
				appendStringInfoString(&x->text, "&gt;");
				break;
			case '"':
				appendStringInfoString(&x->text, "&quot;");
				break;
			case '\t':
			case '\n':
			case '\r':
				/* else an attribute would have a blank there */
				appendStringInfo(&x->text, "&#%d;", *s);
				break;
			default:
				if ((unsigned char) *s < 0x20)
					ereport(ERROR,
							(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							 errmsg("a name or value of %s has the control character %d, which XML does not have",
									x->subject, (unsigned char) *s)));
				appendStringInfoChar(&x->text, *s);
		}
	}
}

/* The start tag ends; a new line for what follows. */
static void
end_tag(UsXml *x)
{
	if (x->in_tag)
		appendStringInfoChar(&x->text, '>');
	x->in_tag = false;
}

static void
new_line(UsXml *x)
{
	appendStringInfoChar(&x->text, '\n');
	appendStringInfoSpaces(&x->text, Min(x->depth, 40));
}

void
us_xml_open(UsXml *x, const char *element)
{
	check_length(x);
	end_tag(x);
	new_line(x);
	appendStringInfo(&x->text, "<%s", element);
	if (x->depth == x->room)
	{
		x->room = Max(2 * x->room, 64);
		x->open = x->open == NULL ? palloc(sizeof(char *) * x->room) : repalloc(x->open, sizeof(char *) * x->room);
	}
	x->open[x->depth++] = element;
	x->in_tag = true;
	x->in_text = false;
}

void
us_xml_attribute(UsXml *x, const char *name, const char *value)
{
	Assert(x->in_tag);
	appendStringInfo(&x->text, " %s=\"", name);
	append_escaped(x, value);
	appendStringInfoChar(&x->text, '"');
}

void
us_xml_number(UsXml *x, const char *name, double value)
{
	us_xml_attribute(x, name, double_to_shortest_decimal(value));
}

void
us_xml_int(UsXml *x, const char *name, int64 value)
{
	us_xml_attribute(x, name, psprintf(INT64_FORMAT, value));
}

void
us_xml_text(UsXml *x, const char *text)
{
	end_tag(x);
	append_escaped(x, text);
	x->in_text = true;
}

void
us_xml_close(UsXml *x)
{
	const char *element = x->open[--x->depth];

	if (x->in_tag)
		appendStringInfoString(&x->text, "/>");
	else
	{
		if (!x->in_text)
			new_line(x);
		appendStringInfo(&x->text, "</%s>", element);
	}
	x->in_tag = false;
	x->in_text = false;
}

void
us_xml_empty(UsXml *x, const char *element,...)
{
	va_list		args;
	const char *name;

	us_xml_open(x, element);
	va_start(args, element);
	while ((name = va_arg(args, const char *)) != NULL)
		us_xml_attribute(x, name, va_arg(args, const char *));
	va_end(args);
	us_xml_close(x);
}
