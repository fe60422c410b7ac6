/*
 * test_kind.c
 *	  Types and values: numeric against the server's own conversion.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "data/kind.h"
#include "infra/compat.h"
#include "math/random.h"
#include "unit.h"

static Datum
numeric_from(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* Equal bit for bit to what the server makes of it, also with a short header. */
static void
check_numeric(const char *text)
{
	struct varlena *numeric = (struct varlena *) DatumGetPointer(numeric_from(text));
	double		want = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
														  PointerGetDatum(numeric)));
	double		got = us_numeric_to_double(PointerGetDatum(numeric));
	Size		len = VARSIZE(numeric) - VARHDRSZ;
	char	   *packed = (char *) palloc(len + 16) + 1;

	if (memcmp(&got, &want, sizeof(got)) != 0 && !(isnan(got) && isnan(want)))
		unit_close(got, want, 0, text, __FILE__, __LINE__);
	if (len + VARHDRSZ_SHORT > VARATT_SHORT_MAX)
		return;
	SET_VARSIZE_SHORT(packed, len + VARHDRSZ_SHORT);
	memcpy(VARDATA_SHORT(packed), VARDATA(numeric), len);
	got = us_numeric_to_double(PointerGetDatum(packed));
	if (memcmp(&got, &want, sizeof(got)) != 0 && !(isnan(got) && isnan(want)))
		unit_close(got, want, 0, text, __FILE__, __LINE__);
}

UNIT_TEST(numeric_is_the_nearest_double)
{
	static const char *const texts[] = {
		"0", "0.000", "1", "-1", "12345.67", "-0.1", "0.3", "9007199254740992", "9007199254740993",
		"9999999999999999", "0.9999999999999999", "1e22", "1e23", "1e-22", "1e-23", "8.5e-5",
		"123456789012345678901234567890", "0.1234567890123456789012345678901234567890",
		"2.2250738585072011e-308", "4.9e-324", "1e-400", "1.7976931348623157e308", "1e400", "-1e400",
		"NaN", "Infinity", "-Infinity", "10000", "99999999", "1e100", "-1e-100", "100000000000000.0001"
	};

	for (int i = 0; i < lengthof(texts); i++)
		check_numeric(texts[i]);
	UNIT_CHECK(us_numeric_to_double(numeric_from("0.1")) == 0.1);
	UNIT_CHECK(us_numeric_to_double(numeric_from("-12345.67")) == -12345.67);
	UNIT_CHECK(isinf(us_numeric_to_double(numeric_from("1e400"))));
}

UNIT_TEST(random_numerics_are_the_nearest_double)
{
	UsRandom	random;

	us_random_init(&random, 1, 2);
	for (int i = 0; i < 20000; i++)
	{
		char		text[64];
		int			n = 1 + (int) us_random_below(&random, 20);
		int			point = (int) us_random_below(&random, 22);
		int			at = 0;

		if (us_random_below(&random, 2))
			text[at++] = '-';
		for (int k = 0; k < n; k++)
		{
			if (k == point)
				text[at++] = '.';
			text[at++] = '0' + (char) us_random_below(&random, 10);
		}
		text[at] = '\0';
		if (us_random_below(&random, 4) == 0)
			snprintf(text + at, sizeof(text) - at, "e%d", (int) us_random_below(&random, 80) - 40);
		check_numeric(text);
	}
}

UNIT_TEST(overflow_is_told_from_infinity)
{
	bool		overflow = false;

	UNIT_CHECK(isinf(us_type_number(US_READ_NUMERIC, numeric_from("-Infinity"), &overflow)));
	UNIT_CHECK(!overflow);
	UNIT_CHECK(us_type_number(US_READ_NUMERIC, numeric_from("1e308"), &overflow) == 1e308);
	UNIT_CHECK(!overflow);
	UNIT_CHECK(isinf(us_type_number(US_READ_NUMERIC, numeric_from("1e309"), &overflow)));
	UNIT_CHECK(overflow);
}

UNIT_TEST(types_have_kinds)
{
	UsType		type;
	bool		identifier;

	UNIT_CHECK(us_type_find(INT2OID, &type, &identifier) && type.kind == US_KIND_NUMBER);
	UNIT_CHECK(us_type_find(TIMESTAMPTZOID, &type, &identifier) && type.kind == US_KIND_TIME && type.zoned);
	UNIT_CHECK(us_type_find(TIMESTAMPOID, &type, &identifier) && type.kind == US_KIND_TIME && !type.zoned);
	UNIT_CHECK(us_type_find(FLOAT4ARRAYOID, &type, &identifier) && type.kind == US_KIND_VECTOR);
	UNIT_CHECK(us_type_find(TEXTARRAYOID, &type, &identifier) && type.kind == US_KIND_TAGS);
	UNIT_CHECK(us_type_find(CHAROID, &type, &identifier) && type.kind == US_KIND_CATEGORY);
	UNIT_CHECK(!us_type_find(UUIDOID, &type, &identifier) && identifier);
	UNIT_CHECK(!us_type_find(JSONBOID, &type, &identifier) && !identifier);
	UNIT_CHECK(!us_type_find(BOOLARRAYOID, &type, &identifier) && !identifier);
	UNIT_CHECK(!us_type_find(INT2VECTOROID, &type, &identifier) && !identifier);
	UNIT_CHECK(!us_type_find(MONEYOID, &type, &identifier) && !identifier);
	UNIT_CHECK(!us_type_find(TIMETZOID, &type, &identifier) && !identifier);
}
