/*
 * portable.h
 *	  A model passed by value: everything that scoring needs, in one varlena, for
 *	  nodes that have no catalog of their own.
 *
 * Payload, little-endian: u32 format, 32 bytes SHA-256 of what follows; then name of the
 * model, i32 version, 16 bytes artifact_id, u32 labels, for each label i32 durable
 * number and name, then the stored artifact up to the end.  Strings are UTF-8.
 */
#ifndef US_PORTABLE_H
#define US_PORTABLE_H

#include "model/artifact.h"
#include "model/cache.h"

#define US_PORTABLE_FORMAT	1
#define US_PORTABLE_DIGEST	32
#define US_PORTABLE_HEADER	(4 + US_PORTABLE_DIGEST)
#define US_PORTABLE_ATTRIBUTE	3	/* of userseg.artifact (model, version, value) */
#define US_PORTABLE_NAME	"userseg._artifact_value"

/* A payload taken apart; data points into it. */
typedef struct UsPortable
{
	uint8		digest[US_PORTABLE_DIGEST];	/* verified */
	char		model[NAMEDATALEN];
	int			version;
	pg_uuid_t	artifact_id;
	int			n_labels;
	int		   *label_id;
	char	  **label_name;		/* server encoding */
	const void *data;			/* stored artifact */
	size_t		len;
} UsPortable;

/* The payload of a model, palloc'd; data[len] is its stored artifact. */
extern bytea *us_portable_write(const UsModel *model, const void *data, size_t len);

/*
 * Take a payload apart.  Raises 22P03 when the digest or the structure is wrong, 0A000
 * for a later format; the artifact inside is not looked at.
 */
extern void us_portable_read(const void *payload, size_t len, UsPortable *portable);

/* Raise what reading the payload and the artifact inside raises. */
extern void us_portable_check(const void *payload, size_t len);

#endif
