/*
 * buffer.h
 *	  Little-endian writer and validated reader: the wire format of everything
 *	  that is stored or sent (aggregate states, model artifacts).
 *
 * A payload is a plain sequence of fixed-size integers, IEEE doubles, counted
 * strings and raw bytes, least significant byte first, without padding.  Text
 * forms of types are the payload in hexadecimal.
 */
#ifndef US_BUFFER_H
#define US_BUFFER_H

#include "lib/stringinfo.h"

#include "infra/compat.h"

/* The payload follows VARHDRSZ reserved bytes, so that it becomes a bytea without a copy. */
typedef struct UsWriter
{
	StringInfoData buf;
} UsWriter;

/* Reads data[0 .. len); "what" names the thing in messages, as in "userseg.rfm". */
typedef struct UsReader
{
	const uint8 *data;
	size_t		len;
	size_t		pos;
	const char *what;
} UsReader;

extern void us_writer_init(UsWriter *w);
extern void us_write_u8(UsWriter *w, uint8 value);
extern void us_write_u16(UsWriter *w, uint16 value);
extern void us_write_u32(UsWriter *w, uint32 value);
extern void us_write_u64(UsWriter *w, uint64 value);
extern void us_write_i32(UsWriter *w, int32 value);
extern void us_write_i64(UsWriter *w, int64 value);
extern void us_write_f32(UsWriter *w, float4 value);
extern void us_write_f64(UsWriter *w, float8 value);
extern void us_write_bytes(UsWriter *w, const void *data, size_t len);
extern void us_write_string(UsWriter *w, const char *s);
extern bytea *us_writer_varlena(UsWriter *w);

extern void us_reader_init(UsReader *r, const void *data, size_t len, const char *what);
extern uint8 us_read_u8(UsReader *r);
extern uint16 us_read_u16(UsReader *r);
extern uint32 us_read_u32(UsReader *r);
extern uint64 us_read_u64(UsReader *r);
extern int32 us_read_i32(UsReader *r);
extern int64 us_read_i64(UsReader *r);
extern float4 us_read_f32(UsReader *r);
extern float8 us_read_f64(UsReader *r);
extern const uint8 *us_read_bytes(UsReader *r, size_t len);
extern uint32 us_read_count(UsReader *r, size_t item_size, uint32 max);
extern char *us_read_string(UsReader *r);
extern void us_reader_end(UsReader *r);
pg_noreturn extern void us_corrupt(UsReader *r, const char *fmt,...) pg_attribute_printf(2, 3);

/*
 * 0A000 unless a value of this format version can be read: from outside, or as it was stored by
 * another release.
 */
extern void us_check_version(const char *what, int version, int known);

extern char *us_hex_encode(const void *data, size_t len);
extern bytea *us_hex_decode(const char *text, const char *what);

#endif
