/*
 * reference.c
 *	  How a model is named: 'vip', 'vip@staging', 'vip@7'.
 */
#include "postgres.h"

#include "infra/compat.h"
#include "model/reference.h"

/* Does s[0 .. len) match [a-z_][a-z0-9_]{0,62}? */
static bool
is_name(const char *s, size_t len)
{
	if (len == 0 || len >= NAMEDATALEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || s[i] == '_' ||
			  (i > 0 && s[i] >= '0' && s[i] <= '9')))
			return false;
	return true;
}

bool
us_reference_is_name(const char *name)
{
	return is_name(name, strlen(name));
}

pg_noreturn static void
malformed(const char *text)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 errmsg("invalid model reference: \"%s\"", text),
			 errhint("Write 'name', 'name@alias' or 'name@version', as in 'vip', 'vip@staging', 'vip@7'. "
					 "Names have up to %d lower-case letters, digits and underscores and do not start with a digit.",
					 NAMEDATALEN - 1)));
}

/* A version number from 1 to INT_MAX, digits only; 0 for anything else. */
static int
parse_version(const char *s)
{
	int64		version = 0;

	for (; *s >= '0' && *s <= '9'; s++)
	{
		version = version * 10 + (*s - '0');
		if (version > PG_INT32_MAX)
			return 0;
	}
	return *s == '\0' ? (int) version : 0;
}

UsReference
us_reference_parse(const char *text)
{
	UsReference reference = {.kind = US_REF_DEFAULT};
	const char *at = strchr(text, '@');
	size_t		len = at ? (size_t) (at - text) : strlen(text);

	if (!is_name(text, len))
		malformed(text);
	memcpy(reference.name, text, len);
	if (at == NULL)
		return reference;

	if (us_reference_is_name(at + 1))
	{
		reference.kind = US_REF_ALIAS;
		strlcpy(reference.alias, at + 1, NAMEDATALEN);
	}
	else
	{
		reference.kind = US_REF_VERSION;
		reference.version = parse_version(at + 1);
		if (reference.version == 0)
			malformed(text);
	}
	return reference;
}

UsReference
us_reference_parse_name(const char *text)
{
	UsReference reference = us_reference_parse(text);

	if (reference.kind != US_REF_DEFAULT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("a model is needed, not one of its versions: \"%s\"", text),
				 errhint("Write '%s'.", reference.name)));
	return reference;
}

void
us_reference_check_name(const char *name, const char *what)
{
	if (!us_reference_is_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid %s: \"%s\"", what, name),
				 errhint("Names have up to %d lower-case letters, digits and underscores and do not start with a digit.",
						 NAMEDATALEN - 1)));
}

char *
us_reference_text(const UsReference *reference)
{
	switch (reference->kind)
	{
		case US_REF_ALIAS:
			return psprintf("%s@%s", reference->name, reference->alias);
		case US_REF_VERSION:
			return psprintf("%s@%d", reference->name, reference->version);
		default:
			return pstrdup(reference->name);
	}
}
