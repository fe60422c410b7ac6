/*
 * portable.c
 *	  A model passed by value.
 *
 * The digest is what caches know a value by.  It is verified before anything
 * is cached under it, so a forged digest finds at most a model that was read with it.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "utils/memutils.h"

#include "infra/compat.h"
#include "infra/utf8.h"
#include "model/portable.h"

#define MAX_LABELS	1000000

static void
digest(const void *data, size_t len, uint8 *result)
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	if (ctx == NULL || pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, data, len) < 0 ||
		pg_cryptohash_final(ctx, result, US_PORTABLE_DIGEST) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 digest")));
	pg_cryptohash_free(ctx);
}

bytea *
us_portable_write(const UsModel *model, const void *data, size_t len)
{
	static const uint8 room[US_PORTABLE_DIGEST] = {0};
	UsWriter	w;
	char	   *payload;

	us_writer_init(&w);
	us_write_u32(&w, US_PORTABLE_FORMAT);
	us_write_bytes(&w, room, US_PORTABLE_DIGEST);
	us_write_string(&w, model->info.model);
	us_write_i32(&w, model->info.version);
	us_write_bytes(&w, model->info.artifact_id.data, UUID_LEN);
	us_write_u32(&w, model->n_labels);
	for (int i = 0; i < model->n_labels; i++)
	{
		us_write_i32(&w, model->label_id[i]);
		us_write_utf8(&w, model->label_name[i]);
	}
	us_write_bytes(&w, data, len);

	payload = w.buf.data + VARHDRSZ;
	digest(payload + US_PORTABLE_HEADER, w.buf.len - VARHDRSZ - US_PORTABLE_HEADER,
		   (uint8 *) payload + 4);
	return us_writer_varlena(&w);
}

static void
read_head(UsReader *r, uint8 *actual)
{
	uint32		format = us_read_u32(r);
	const uint8 *claimed = us_read_bytes(r, US_PORTABLE_DIGEST);

	if (format > US_PORTABLE_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model passed by value has format %u", format),
				 errdetail("This userseg reads formats up to %d.", US_PORTABLE_FORMAT),
				 errhint("Install the userseg that made it, or a later one.")));
	if (format < 1)
		us_corrupt(r, "format %u", format);
	digest(r->data + r->pos, r->len - r->pos, actual);
	if (memcmp(claimed, actual, US_PORTABLE_DIGEST) != 0)
		us_corrupt(r, "wrong digest");
}

void
us_portable_read(const void *payload, size_t len, UsPortable *portable)
{
	UsReader	r;
	char	   *model;

	us_reader_init(&r, payload, len, US_PORTABLE_NAME);
	read_head(&r, portable->digest);
	model = us_read_string(&r);
	if (!us_reference_is_name(model))
		us_corrupt(&r, "malformed name of the model");
	strlcpy(portable->model, model, NAMEDATALEN);
	portable->version = us_read_i32(&r);
	if (portable->version < 1)
		us_corrupt(&r, "version %d", portable->version);
	memcpy(portable->artifact_id.data, us_read_bytes(&r, UUID_LEN), UUID_LEN);

	portable->n_labels = us_read_count(&r, 8, MAX_LABELS);
	portable->label_id = palloc(sizeof(int) * Max(portable->n_labels, 1));
	portable->label_name = palloc(sizeof(char *) * Max(portable->n_labels, 1));
	for (int i = 0; i < portable->n_labels; i++)
	{
		portable->label_id[i] = us_read_i32(&r);
		if (portable->label_id[i] < 1)
			us_corrupt(&r, "segment number %d", portable->label_id[i]);
		portable->label_name[i] = us_read_utf8(&r);
	}
	portable->len = r.len - r.pos;
	portable->data = us_read_bytes(&r, portable->len);
}

void
us_portable_check(const void *payload, size_t len)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(old, "userseg model", ALLOCSET_DEFAULT_SIZES);
	UsPortable	portable;
	UsReader	r;

	MemoryContextSwitchTo(work);
	us_portable_read(payload, len, &portable);
	us_reader_init(&r, payload, len, US_PORTABLE_NAME);
	if (us_artifact_read(portable.data, portable.len)->n_labels != portable.n_labels)
		us_corrupt(&r, "%d names of labels for another number of labels", portable.n_labels);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}
