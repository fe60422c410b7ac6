/*
 * payload.h
 *	  Input and output functions of types whose text is the payload in hexadecimal.
 */
#ifndef US_PAYLOAD_H
#define US_PAYLOAD_H

#include "fmgr.h"

#include "infra/buffer.h"

/* What reads a payload: the value, palloc'd; 22P03 if it is not valid. */
typedef void *(*UsPayloadReader) (UsReader *r);

/* The value of a text, and of a binary message; nothing may be left over.  type names it in messages. */
extern void *us_payload_from_text(const char *text, const char *type, UsPayloadReader reader);
extern void *us_payload_from_message(StringInfo message, const char *type, UsPayloadReader reader);

/* The payload in a writer as text. */
extern char *us_payload_text(UsWriter *w);

#endif
