/*
 * payload.c
 *	  Input and output functions of types whose text is the payload in hexadecimal.
 */
#include "postgres.h"

#include "api/payload.h"

static void *
read_all(const void *data, size_t len, const char *type, UsPayloadReader reader)
{
	UsReader	r;
	void	   *value;

	us_reader_init(&r, data, len, type);
	value = reader(&r);
	us_reader_end(&r);
	return value;
}

void *
us_payload_from_text(const char *text, const char *type, UsPayloadReader reader)
{
	bytea	   *payload = us_hex_decode(text, type);

	return read_all(VARDATA(payload), VARSIZE(payload) - VARHDRSZ, type, reader);
}

void *
us_payload_from_message(StringInfo message, const char *type, UsPayloadReader reader)
{
	const char *data = message->data + message->cursor;
	size_t		len = message->len - message->cursor;

	message->cursor = message->len;
	return read_all(data, len, type, reader);
}

char *
us_payload_text(UsWriter *w)
{
	return us_hex_encode(w->buf.data + VARHDRSZ, w->buf.len - VARHDRSZ);
}
