/*
 * cache.c
 *	  A model as one statement sees it, and what a call site remembers of it.
 *
 * A reference means the same version throughout a statement, because it is looked up
 * under the active snapshot; and the next statement looks again.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "infra/statement.h"
#include "model/cache.h"
#include "model/loaded.h"
#include "model/portable.h"

/* references that one call site remembers, as in predict(m.name, c) over several models */
#define SLOTS	8

/* bytes of a toasted userseg.artifact that are enough to tell which one it is */
#define PEEK_BYTES	256

typedef struct Slot
{
	char	   *bytes;			/* the reference, or the digest of a value */
	size_t		len;
	UsStatement statement;		/* not used for a value */
	uint64		used;			/* when last */
	UsModel    *model;			/* in a context of its own, with bytes */
} Slot;

typedef struct CallSite
{
	uint64		clock;
	int			n;
	Slot		slot[SLOTS];
} CallSite;

/* ---- opening ---- */

static const void *
stored_artifact(const void *context, size_t *len)
{
	return us_catalog_artifact((const UsVersionInfo *) context, len);
}

/* A model in a context of its own, a child of the current one. */
static UsModel *
new_model(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "userseg model reference",
												  ALLOCSET_SMALL_SIZES);
	UsModel    *model = MemoryContextAllocZero(context, sizeof(UsModel));

	model->context = context;
	return model;
}

/* Names of the labels of a version under the active snapshot. */
static char **
label_names(const UsVersionInfo *info, const UsArtifact *artifact)
{
	char	  **names = palloc(sizeof(char *) * Max(info->n_labels, 1));

	if (info->task == US_TASK_CLUSTERING)
		us_catalog_segment_names(info->model, info->n_labels, info->segment_ids, names);
	else
		for (int i = 0; i < info->n_labels; i++)
			names[i] = artifact->class_names[i];
	return names;
}

static UsModel *
open_reference(const char *text, UsPrivilege privilege)
{
	UsReference reference = us_reference_parse(text);
	UsModel    *model = new_model();
	MemoryContext old = MemoryContextSwitchTo(model->context);
	UsVersionInfo *info = &model->info;
	UsLoadedKey	key = {.by_value = false};

	us_catalog_find(&reference, privilege, false, info);
	memcpy(key.bytes, info->artifact_id.data, UUID_LEN);
	model->artifact = us_loaded_get(&key, stored_artifact, info)->artifact;
	if (model->artifact->n_labels != info->n_labels || model->artifact->task != info->task)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("stored model of version %d of model \"%s\" is not the one that its row describes",
						info->version, info->model)));
	model->n_labels = info->n_labels;
	model->label_id = info->segment_ids;
	model->label_name = label_names(info, model->artifact);
	MemoryContextSwitchTo(old);
	return model;
}

UsModel *
us_model_open(const char *reference, UsPrivilege privilege)
{
	return open_reference(reference, privilege);
}

/* Is what was remembered still the answer, so that extra can stay? */
static bool
same_model(const UsModel *a, const UsModel *b)
{
	if (memcmp(&a->info.artifact_id, &b->info.artifact_id, sizeof(pg_uuid_t)) != 0 ||
		strcmp(a->info.model, b->info.model) != 0 || strcmp(a->info.owner, b->info.owner) != 0)
		return false;
	for (int i = 0; i < a->n_labels; i++)
		if (strcmp(a->label_name[i], b->label_name[i]) != 0)
			return false;
	return true;
}

/* ---- call sites ---- */

static CallSite *
call_site(FmgrInfo *flinfo)
{
	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
	return flinfo->fn_extra;
}

static Slot *
find_slot(CallSite *site, const char *bytes, size_t len)
{
	for (int i = 0; i < site->n; i++)
		if (site->slot[i].len == len && memcmp(site->slot[i].bytes, bytes, len) == 0)
			return &site->slot[i];
	return NULL;
}

/* A free slot, or the one that was not used for longest. */
static Slot *
choose_slot(CallSite *site)
{
	Slot	   *oldest = &site->slot[0];

	if (site->n < SLOTS)
		return &site->slot[site->n++];
	for (int i = 1; i < SLOTS; i++)
		if (site->slot[i].used < oldest->used)
			oldest = &site->slot[i];
	return oldest;
}

/* Put a model that is complete into slot, in place of what is there; NULL: choose one. */
static Slot *
remember(FmgrInfo *flinfo, Slot *slot, UsModel *model, const char *bytes, size_t len)
{
	char	   *copy = MemoryContextAlloc(model->context, Max(len, 1));

	memcpy(copy, bytes, len);
	MemoryContextSetParent(model->context, flinfo->fn_mcxt);
	if (slot == NULL)
		slot = choose_slot(flinfo->fn_extra);
	if (slot->model)
		MemoryContextDelete(slot->model->context);
	slot->bytes = copy;
	slot->len = len;
	slot->model = model;
	return slot;
}

UsModel *
us_model_resolve(FmgrInfo *flinfo, const text *reference)
{
	CallSite   *site = call_site(flinfo);
	const char *bytes = VARDATA_ANY(reference);
	size_t		len = VARSIZE_ANY_EXHDR(reference);
	Slot	   *slot = find_slot(site, bytes, len);
	UsStatement now;

	us_statement_current(&now);
	if (slot == NULL || !us_statement_same(&slot->statement, &now))
	{
		UsModel    *model = open_reference(text_to_cstring(reference), US_PRIVILEGE_USAGE);

		if (slot && same_model(slot->model, model))
			MemoryContextDelete(model->context);
		else
			slot = remember(flinfo, slot, model, bytes, len);
		slot->statement = now;
	}
	slot->used = ++site->clock;
	return slot->model;
}

/* ---- by value ---- */

static const void *
portable_artifact(const void *context, size_t *len)
{
	const UsPortable *portable = context;

	*len = portable->len;
	return portable->data;
}

/* The model in a value, and its digest. */
static UsModel *
open_value(Datum value, uint8 *digest)
{
	UsModel    *model = new_model();
	struct varlena *v = PG_DETOAST_DATUM_PACKED(value);
	MemoryContext old = MemoryContextSwitchTo(model->context);
	UsVersionInfo *info = &model->info;
	UsLoadedKey	key = {.by_value = true};
	UsPortable	portable;
	UsReader	r;

	us_portable_read(VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v), &portable);
	memcpy(digest, portable.digest, US_PORTABLE_DIGEST);
	memcpy(key.bytes, digest, US_PORTABLE_DIGEST);
	model->artifact = us_loaded_get(&key, portable_artifact, &portable)->artifact;
	if (model->artifact->n_labels != portable.n_labels)
	{
		us_reader_init(&r, NULL, 0, US_PORTABLE_NAME);
		us_corrupt(&r, "%d names for %d labels", portable.n_labels, model->artifact->n_labels);
	}
	strlcpy(info->model, portable.model, NAMEDATALEN);
	info->version = portable.version;
	info->artifact_id = portable.artifact_id;
	info->artifact_bytes = portable.len;
	strlcpy(info->algorithm, model->artifact->algorithm->name, NAMEDATALEN);
	info->task = model->artifact->task;
	info->n_labels = portable.n_labels;
	info->segment_ids = portable.label_id;
	model->n_labels = portable.n_labels;
	model->label_id = portable.label_id;
	model->label_name = portable.label_name;
	MemoryContextSwitchTo(old);
	if ((Pointer) v != DatumGetPointer(value))
		pfree(v);
	return model;
}

/* The field of userseg.artifact that holds the payload. */
static Datum
artifact_value(HeapTupleHeader artifact)
{
	bool		isnull;
	Datum		value = GetAttributeByNum(artifact, US_PORTABLE_ATTRIBUTE, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("userseg.artifact without a value"),
				 errhint("Use userseg.artifact('model') to make one.")));
	return value;
}

/*
 * The digest in a value, when limit (or NULL: none) says that it is within reach;
 * false when it is not, or the value is toasted.
 */
static bool
value_digest(const struct varlena *value, const char *limit, uint8 *digest)
{
	const char *payload;

	if (limit && (const char *) value + VARHDRSZ + US_PORTABLE_HEADER > limit)
		return false;
	if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
		return false;
	payload = VARDATA_ANY(value);
	if (VARSIZE_ANY_EXHDR(value) < US_PORTABLE_HEADER)
		return false;
	memcpy(digest, payload + US_PORTABLE_HEADER - US_PORTABLE_DIGEST, US_PORTABLE_DIGEST);
	return true;
}

/* The digest in a toasted row from its first bytes alone; false when they do not tell. */
static bool
peek_digest(Datum artifact, uint8 *digest)
{
	struct varlena *head = (struct varlena *) PG_DETOAST_DATUM_SLICE(artifact, 0, PEEK_BYTES);
	HeapTupleHeader row = (HeapTupleHeader) head;
	const char *limit = (const char *) head + VARSIZE(head);
	bool		found = false;

	/* the name before it is short in every row that userseg.artifact() made */
	if (VARSIZE(head) == VARHDRSZ + PEEK_BYTES && row->t_hoff < PEEK_BYTES / 2 &&
		!(row->t_infomask & HEAP_HASNULL) && HeapTupleHeaderGetNatts(row) == US_PORTABLE_ATTRIBUTE)
	{
		const char *name = (const char *) row + row->t_hoff;

		if (!VARATT_IS_EXTERNAL(name) && !VARATT_IS_COMPRESSED(name) && VARSIZE_ANY(name) <= NAMEDATALEN + VARHDRSZ)
			found = value_digest((struct varlena *) DatumGetPointer(artifact_value(row)), limit, digest);
	}
	pfree(head);
	return found;
}

UsModel *
us_model_resolve_value(FmgrInfo *flinfo, Datum artifact)
{
	CallSite   *site = call_site(flinfo);
	struct varlena *row = (struct varlena *) DatumGetPointer(artifact);
	uint8		digest[US_PORTABLE_DIGEST];
	Slot	   *slot = NULL;

	if (!VARATT_IS_EXTENDED(row) ?
		value_digest((struct varlena *) DatumGetPointer(artifact_value((HeapTupleHeader) row)), NULL, digest) :
		peek_digest(artifact, digest))
		slot = find_slot(site, (char *) digest, US_PORTABLE_DIGEST);
	if (slot == NULL)
	{
		UsModel    *model = open_value(artifact_value(DatumGetHeapTupleHeader(artifact)), digest);

		slot = remember(flinfo, find_slot(site, (char *) digest, US_PORTABLE_DIGEST), model,
						(char *) digest, US_PORTABLE_DIGEST);
	}
	slot->used = ++site->clock;
	return slot->model;
}
