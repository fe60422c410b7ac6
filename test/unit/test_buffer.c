/*
 * test_buffer.c
 *	  Payload writer and reader.
 */
#include "postgres.h"

#include <math.h>

#include "infra/buffer.h"
#include "unit.h"

UNIT_TEST(buffer_round_trip)
{
	UsWriter	w;
	UsReader	r;
	bytea	   *payload;
	float8		nan;

	us_writer_init(&w);
	us_write_u8(&w, 0xfe);
	us_write_u16(&w, 0xfedc);
	us_write_u32(&w, 0xfedcba98);
	us_write_u64(&w, UINT64CONST(0xfedcba9876543210));
	us_write_i32(&w, PG_INT32_MIN);
	us_write_i64(&w, PG_INT64_MIN);
	us_write_f32(&w, -0.1f);
	us_write_f64(&w, -0.1);
	us_write_f64(&w, NAN);
	us_write_string(&w, "caf\xc3\xa9");
	us_write_string(&w, "");
	us_write_bytes(&w, "\0\1", 2);
	payload = us_writer_varlena(&w);

	us_reader_init(&r, VARDATA(payload), VARSIZE(payload) - VARHDRSZ, "test");
	UNIT_EQUAL_INT(us_read_u8(&r), 0xfe);
	UNIT_EQUAL_INT(us_read_u16(&r), 0xfedc);
	UNIT_EQUAL_INT(us_read_u32(&r), 0xfedcba98);
	UNIT_CHECK(us_read_u64(&r) == UINT64CONST(0xfedcba9876543210));
	UNIT_EQUAL_INT(us_read_i32(&r), PG_INT32_MIN);
	UNIT_CHECK(us_read_i64(&r) == PG_INT64_MIN);
	UNIT_CHECK(us_read_f32(&r) == -0.1f);
	UNIT_CHECK(us_read_f64(&r) == -0.1);
	nan = us_read_f64(&r);
	UNIT_CHECK(isnan(nan));
	UNIT_CHECK(strcmp(us_read_string(&r), "caf\xc3\xa9") == 0);
	UNIT_CHECK(strcmp(us_read_string(&r), "") == 0);
	UNIT_CHECK(memcmp(us_read_bytes(&r, 2), "\0\1", 2) == 0);
	us_reader_end(&r);
}

UNIT_TEST(buffer_is_little_endian)
{
	UsWriter	w;
	bytea	   *payload;

	us_writer_init(&w);
	us_write_u16(&w, 0x0102);
	us_write_u32(&w, 0x03040506);
	us_write_f64(&w, 1.0);
	us_write_string(&w, "x");
	payload = us_writer_varlena(&w);
	UNIT_EQUAL_INT(VARSIZE(payload) - VARHDRSZ, 19);
	UNIT_CHECK(memcmp(VARDATA(payload), "\2\1\6\5\4\3\0\0\0\0\0\0\xf0\x3f\1\0\0\0x", 19) == 0);
}

UNIT_TEST(buffer_refuses_what_is_not_there)
{
	UsReader	r;
	static const uint8 data[] = {3, 0, 0, 0, 'a', 0, 'b', 255, 255, 255, 255};

	us_reader_init(&r, data, 3, "test");
	UNIT_ERROR(us_read_u32(&r), ERRCODE_INVALID_BINARY_REPRESENTATION,
			   "invalid test: 4 bytes needed at byte 0, 3 left");
	us_reader_init(&r, data, 0, "test");
	UNIT_ERROR(us_read_u8(&r), ERRCODE_INVALID_BINARY_REPRESENTATION,
			   "invalid test: 1 bytes needed at byte 0, 0 left");
	us_reader_init(&r, data, sizeof(data), "test");
	UNIT_ERROR(us_read_bytes(&r, SIZE_MAX), ERRCODE_INVALID_BINARY_REPRESENTATION, "11 left");
	UNIT_ERROR(us_read_string(&r), ERRCODE_INVALID_BINARY_REPRESENTATION,
			   "invalid test: zero byte in the string at byte 4");
	us_reader_init(&r, data, 6, "test");
	UNIT_ERROR(us_read_string(&r), ERRCODE_INVALID_BINARY_REPRESENTATION,
			   "invalid test: 3 items of 1 bytes announced at byte 0, 2 bytes left");
	us_reader_init(&r, data + 7, 4, "test");
	UNIT_ERROR(us_read_count(&r, 8, 1000), ERRCODE_INVALID_BINARY_REPRESENTATION,
			   "invalid test: count 4294967295 at byte 0 exceeds 1000");
	us_reader_init(&r, data, sizeof(data), "test");
	UNIT_EQUAL_INT(us_read_count(&r, 1, 3), 3);
	UNIT_ERROR(us_reader_end(&r), ERRCODE_INVALID_BINARY_REPRESENTATION,
			   "invalid test: 7 bytes too many at byte 4");
}

UNIT_TEST(buffer_hexadecimal)
{
	bytea	   *bytes = us_hex_decode("00fFA9", "test");

	UNIT_EQUAL_INT(VARSIZE(bytes) - VARHDRSZ, 3);
	UNIT_CHECK(memcmp(VARDATA(bytes), "\0\xff\xa9", 3) == 0);
	UNIT_CHECK(strcmp(us_hex_encode("\0\xff\xa9", 3), "00ffa9") == 0);
	UNIT_EQUAL_INT(VARSIZE(us_hex_decode("", "test")) - VARHDRSZ, 0);
	UNIT_ERROR(us_hex_decode("0", "test"), ERRCODE_INVALID_TEXT_REPRESENTATION,
			   "invalid input syntax for type test: odd number of hexadecimal digits (1)");
	UNIT_ERROR(us_hex_decode("00 1", "test"), ERRCODE_INVALID_TEXT_REPRESENTATION,
			   "invalid input syntax for type test: not a hexadecimal digit at character 3");
}
