/*
 * buffer.c
 *	  Little-endian writer and validated reader.
 *
 * Every multi-byte value is built from shifts, so that the format does not
 * depend on the machine; compilers turn the shifts into one load or store.
 * The reader never trusts a length: each read is checked against the bytes
 * that remain, and anything wrong raises 22P03 through us_corrupt().
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "infra/buffer.h"

/* ---- writing ---- */

static void
write_le(UsWriter *w, uint64 value, int nbytes)
{
	uint8		bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8) (value >> (8 * i));
	appendBinaryStringInfo(&w->buf, (const char *) bytes, nbytes);
}

/*
 * Start an empty payload in the current memory context.  A payload that grows
 * beyond 1 GB raises 54000 (or 53200), as every StringInfo does.
 */
void
us_writer_init(UsWriter *w)
{
	static const char header[VARHDRSZ] = {0};

	initStringInfo(&w->buf);
	appendBinaryStringInfo(&w->buf, header, VARHDRSZ);
}

/* Append one byte. */
void
us_write_u8(UsWriter *w, uint8 value)
{
	write_le(w, value, 1);
}

/* Append 2 bytes. */
void
us_write_u16(UsWriter *w, uint16 value)
{
	write_le(w, value, 2);
}

/* Append 4 bytes. */
void
us_write_u32(UsWriter *w, uint32 value)
{
	write_le(w, value, 4);
}

/* Append 8 bytes. */
void
us_write_u64(UsWriter *w, uint64 value)
{
	write_le(w, value, 8);
}

/* Append 4 bytes, two's complement. */
void
us_write_i32(UsWriter *w, int32 value)
{
	write_le(w, (uint32) value, 4);
}

/* Append 8 bytes, two's complement. */
void
us_write_i64(UsWriter *w, int64 value)
{
	write_le(w, (uint64) value, 8);
}

/* Append the 4 bytes of an IEEE single; bits are kept as they are. */
void
us_write_f32(UsWriter *w, float4 value)
{
	uint32		bits;

	memcpy(&bits, &value, sizeof(bits));
	write_le(w, bits, 4);
}

/* Append the 8 bytes of an IEEE double; bits are kept as they are. */
void
us_write_f64(UsWriter *w, float8 value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	write_le(w, bits, 8);
}

/* Append len raw bytes, without a count. */
void
us_write_bytes(UsWriter *w, const void *data, size_t len)
{
	if (len > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot store a value of %zu bytes", len),
				 errdetail("The largest value has %zu bytes.", (size_t) MaxAllocSize)));
	appendBinaryStringInfo(&w->buf, (const char *) data, (int) len);
}

/* Append a string: u32 number of bytes, then the bytes, without a final NUL. */
void
us_write_string(UsWriter *w, const char *s)
{
	size_t		len = strlen(s);

	us_write_u32(w, (uint32) len);
	us_write_bytes(w, s, len);
}

/* The payload as a bytea, in place: the writer must not be used afterwards. */
bytea *
us_writer_varlena(UsWriter *w)
{
	SET_VARSIZE(w->buf.data, w->buf.len);
	return (bytea *) w->buf.data;
}

/* ---- reading ---- */

/* The next len bytes, inside the payload; 22P03 when fewer remain. */
const uint8 *
us_read_bytes(UsReader *r, size_t len)
{
	const uint8 *p = r->data + r->pos;

	if (len > r->len - r->pos)
		us_corrupt(r, "%zu bytes needed at byte %zu, %zu left",
				   len, r->pos, r->len - r->pos);
	r->pos += len;
	return p;
}

static uint64
read_le(UsReader *r, int nbytes)
{
	const uint8 *p = us_read_bytes(r, nbytes);
	uint64		value = 0;

	for (int i = 0; i < nbytes; i++)
		value |= (uint64) p[i] << (8 * i);
	return value;
}

/* Read data[0 .. len), which must outlive the reader; "what" names it in messages. */
void
us_reader_init(UsReader *r, const void *data, size_t len, const char *what)
{
	r->data = data;
	r->len = len;
	r->pos = 0;
	r->what = what;
}

/* One byte. */
uint8
us_read_u8(UsReader *r)
{
	return (uint8) read_le(r, 1);
}

/* 2 bytes. */
uint16
us_read_u16(UsReader *r)
{
	return (uint16) read_le(r, 2);
}

/* 4 bytes. */
uint32
us_read_u32(UsReader *r)
{
	return (uint32) read_le(r, 4);
}

/* 8 bytes. */
uint64
us_read_u64(UsReader *r)
{
	return read_le(r, 8);
}

/* 4 bytes, two's complement. */
int32
us_read_i32(UsReader *r)
{
	return (int32) (uint32) read_le(r, 4);
}

/* 8 bytes, two's complement. */
int64
us_read_i64(UsReader *r)
{
	return (int64) read_le(r, 8);
}

/* An IEEE single, any bits: whether NaN is allowed is for the caller to check. */
float4
us_read_f32(UsReader *r)
{
	uint32		bits = (uint32) read_le(r, 4);
	float4		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* An IEEE double, any bits: whether NaN is allowed is for the caller to check. */
float8
us_read_f64(UsReader *r)
{
	uint64		bits = read_le(r, 8);
	float8		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/*
 * A u32 count of items that take at least item_size bytes each; 22P03 when it
 * exceeds max or the items cannot fit into the bytes that remain, so that
 * memory allocated for them is bounded by the input.
 */
uint32
us_read_count(UsReader *r, size_t item_size, uint32 max)
{
	uint32		count = us_read_u32(r);

	if (count > max)
		us_corrupt(r, "count %u at byte %zu exceeds %u", count, r->pos - 4, max);
	if (item_size > 0 && count > (r->len - r->pos) / item_size)
		us_corrupt(r, "%u items of %zu bytes announced at byte %zu, %zu bytes left",
				   count, item_size, r->pos - 4, r->len - r->pos);
	return count;
}

/*
 * A string written by us_write_string(), palloc'd and NUL-terminated; 22P03
 * when it holds a NUL.  Its encoding is for the caller to check.
 */
char *
us_read_string(UsReader *r)
{
	uint32		len = us_read_count(r, 1, MaxAllocSize - 1);
	const uint8 *p = us_read_bytes(r, len);

	if (memchr(p, 0, len) != NULL)
		us_corrupt(r, "zero byte in the string at byte %zu", r->pos - len);
	return pnstrdup((const char *) p, len);
}

/* 22P03 when bytes remain. */
void
us_reader_end(UsReader *r)
{
	if (r->pos != r->len)
		us_corrupt(r, "%zu bytes too many at byte %zu", r->len - r->pos, r->pos);
}

/* Raise 22P03: invalid WHAT: MESSAGE. */
void
us_corrupt(UsReader *r, const char *fmt,...)
{
	StringInfoData msg;

	initStringInfo(&msg);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&msg, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&msg, needed);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid %s: %s", r->what, msg.data)));
}

/* See buffer.h. */
void
us_check_version(const char *what, int version, int known)
{
	if (version != known)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has format version %d, this userseg reads version %d",
						what, version, known),
				 errhint("Use the release of userseg that wrote it, or a later one.")));
}

/* ---- text form ---- */

/* len bytes as 2 * len lower-case hexadecimal digits, palloc'd; 54000 beyond 512 MB. */
char *
us_hex_encode(const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8 *in = data;
	char	   *text;
	char	   *out;

	if (len > (MaxAllocSize - 1) / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot write %zu bytes as text", len),
				 errhint("Use the binary format.")));
	text = out = palloc(2 * len + 1);
	for (size_t i = 0; i < len; i++)
	{
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
	return text;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * The bytes of a hexadecimal text, palloc'd as a bytea; 22P02 when it is none.
 * "what" is the name of the type.
 */
bytea *
us_hex_decode(const char *text, const char *what)
{
	size_t		len = strlen(text);
	bytea	   *result = palloc(VARHDRSZ + len / 2);
	uint8	   *out = (uint8 *) VARDATA(result);

	for (size_t i = 0; i + 1 < len; i += 2)
	{
		int			hi = hex_value(text[i]);
		int			lo = hex_value(text[i + 1]);

		if (hi < 0 || lo < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: not a hexadecimal digit at character %zu",
							what, hi < 0 ? i + 1 : i + 2)));
		*out++ = (uint8) (hi << 4 | lo);
	}
	if (len % 2 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: odd number of hexadecimal digits (%zu)",
						what, len)));
	SET_VARSIZE(result, VARHDRSZ + len / 2);
	return result;
}
