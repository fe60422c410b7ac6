/*
 * utf8.h
 *	  Text in stored things: always UTF-8, whatever the encoding of the database.
 */
#ifndef US_UTF8_H
#define US_UTF8_H

#include "infra/buffer.h"

/*
 * Append a string of the server encoding, counted, as UTF-8.  Raises 22P05 for a
 * character that UTF-8 does not have.
 */
extern void us_write_utf8(UsWriter *w, const char *s);

/*
 * A string written by us_write_utf8(), palloc'd, in the server encoding.  Raises
 * 22P03 when the bytes are no UTF-8, 22P05 when the server encoding lacks a
 * character.
 */
extern char *us_read_utf8(UsReader *r);

#endif
