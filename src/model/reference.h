/*
 * reference.h
 *	  How a model is named: 'vip', 'vip@staging', 'vip@7'.
 */
#ifndef US_REFERENCE_H
#define US_REFERENCE_H

typedef enum UsReferenceKind
{
	US_REF_DEFAULT,				/* 'vip': alias production, else the newest version */
	US_REF_ALIAS,				/* 'vip@staging' */
	US_REF_VERSION				/* 'vip@7' */
} UsReferenceKind;

/* the alias that a bare name means, where it exists */
#define US_DEFAULT_ALIAS	"production"

typedef struct UsReference
{
	char		name[NAMEDATALEN];
	UsReferenceKind kind;
	char		alias[NAMEDATALEN]; /* US_REF_ALIAS; else empty */
	int			version;		/* US_REF_VERSION, from 1; else 0 */
} UsReference;

/*
 * Parse a model reference.  Names and aliases match [a-z_][a-z0-9_]{0,62}, a
 * version is a number from 1.  Anything else is 42602, with a HINT.
 */
extern UsReference us_reference_parse(const char *text);

/* The same, and the reference must be a bare name: 42602 for 'vip@7'. */
extern UsReference us_reference_parse_name(const char *text);

/* Does name have the form of a name? */
extern bool us_reference_is_name(const char *name);

/* Raise 42602 unless name has the form of a name; what says which ("model name", "alias"). */
extern void us_reference_check_name(const char *name, const char *what);

/* The text of a reference, palloc'd. */
extern char *us_reference_text(const UsReference *reference);

#endif
