/*
 * xml.h
 *	  Writing XML, element by element.
 */
#ifndef US_XML_H
#define US_XML_H

#include "lib/stringinfo.h"

typedef struct UsXml
{
	StringInfoData text;
	int			depth;
	int			room;
	const char **open;			/* [depth]: names of the elements that are open */
	bool		in_tag;			/* attributes may follow */
	bool		in_text;		/* the innermost element has text */
	int			limit;			/* bytes */
	const char *subject;		/* for messages */
} UsXml;

/* Start a document; subject, for messages, must live as long. */
extern void us_xml_init(UsXml *x, const char *subject, int limit);

/* Open an element, give it attributes, text, and close it. */
extern void us_xml_open(UsXml *x, const char *element);
extern void us_xml_attribute(UsXml *x, const char *name, const char *value);
extern void us_xml_number(UsXml *x, const char *name, double value);
extern void us_xml_int(UsXml *x, const char *name, int64 value);
extern void us_xml_text(UsXml *x, const char *text);
extern void us_xml_close(UsXml *x);

/*
 * An element without content; attributes as pairs of strings, ended by NULL.  Raise 22023 for a control
 * character, which XML does not have, and 54000 beyond the limit.
 */
extern void us_xml_empty(UsXml *x, const char *element,...);

#endif
