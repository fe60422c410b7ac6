/*
 * test_reference.c
 *	  Model references.
 */
#include "postgres.h"

#include "model/reference.h"
#include "unit.h"

UNIT_TEST(reference_forms)
{
	UsReference r = us_reference_parse("vip");

	UNIT_EQUAL_STRING(r.name, "vip");
	UNIT_EQUAL_INT(r.kind, US_REF_DEFAULT);
	UNIT_EQUAL_INT(r.version, 0);
	UNIT_EQUAL_STRING(r.alias, "");

	r = us_reference_parse("_v1p_@staging_2");
	UNIT_EQUAL_STRING(r.name, "_v1p_");
	UNIT_EQUAL_INT(r.kind, US_REF_ALIAS);
	UNIT_EQUAL_STRING(r.alias, "staging_2");

	r = us_reference_parse("vip@007");
	UNIT_EQUAL_INT(r.kind, US_REF_VERSION);
	UNIT_EQUAL_INT(r.version, 7);
	r = us_reference_parse("vip@2147483647");
	UNIT_EQUAL_INT(r.version, 2147483647);
}

UNIT_TEST(reference_text_is_the_inverse)
{
	static const char *const texts[] = {"vip", "vip@staging", "vip@7"};

	for (int i = 0; i < lengthof(texts); i++)
	{
		UsReference r = us_reference_parse(texts[i]);

		UNIT_EQUAL_STRING(us_reference_text(&r), texts[i]);
	}
}

UNIT_TEST(reference_refuses_the_rest)
{
	static const char *const texts[] = {
		"", "@", "@7", "Vip", "vip ", " vip", "vi-p", "7vip", "vip@", "vip@@7", "vip@0", "vip@00",
		"vip@-1", "vip@+1", "vip@7 ", "vip@7a", "vip@Prod", "vip@2147483648", "vip@99999999999999999999",
		"vip@a@b", "v\xc3\xafp", "vip@\xc3\xa9"};

	for (volatile int i = 0; i < lengthof(texts); i++)
		UNIT_ERROR(us_reference_parse(texts[i]), ERRCODE_INVALID_NAME, "invalid model reference");
	UNIT_ERROR(us_reference_parse_name("vip@7"), ERRCODE_INVALID_NAME, "a model is needed");
	UNIT_ERROR(us_reference_check_name("7", "alias"), ERRCODE_INVALID_NAME, "invalid alias: \"7\"");
}

UNIT_TEST(reference_lengths)
{
	char		name[2 * NAMEDATALEN + 2];
	UsReference r;

	memset(name, 'a', sizeof(name));
	name[NAMEDATALEN - 1] = '\0';
	r = us_reference_parse(name);
	UNIT_EQUAL_STRING(r.name, name);
	UNIT_CHECK(us_reference_is_name(name));

	name[NAMEDATALEN - 1] = '@';
	name[2 * NAMEDATALEN - 1] = '\0';
	r = us_reference_parse(name);
	UNIT_EQUAL_INT(strlen(r.name), NAMEDATALEN - 1);
	UNIT_EQUAL_INT(strlen(r.alias), NAMEDATALEN - 1);

	name[2 * NAMEDATALEN - 1] = 'a';
	name[2 * NAMEDATALEN] = '\0';
	UNIT_ERROR(us_reference_parse(name), ERRCODE_INVALID_NAME, "invalid model reference");
	name[NAMEDATALEN - 1] = 'a';
	name[NAMEDATALEN] = '\0';
	UNIT_ERROR(us_reference_parse(name), ERRCODE_INVALID_NAME, "invalid model reference");
	UNIT_CHECK(!us_reference_is_name(name));
}
