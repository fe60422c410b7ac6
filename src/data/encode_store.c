/*
 * encode_store.c
 *	  Stored form of an encoder: little-endian, strings in UTF-8; reading trusts nothing.
 *
 *		u8 version, u8 null policy
 *		u32 number of features; each: name, type name, u8 kind, u8 zoned, u32 dim, f64 weight
 *		u32 number of parts; each: u32 feature, u8 type, u32 width, its columns (name, f64
 *		mean, sd, min, max), what its type adds
 */
#include "postgres.h"

#include "data/encode_part.h"
#include "infra/guc.h"
#include "infra/utf8.h"

#define VERSION			1
#define MAX_FEATURES	65535

static const UsPartOps *const part_types[] = {
	&us_part_number, &us_part_missing, &us_part_onehot, &us_part_level,
	&us_part_multihot, &us_part_vector, &us_part_age, &us_part_cyclic
};

bool
us_read_bool(UsReader *r)
{
	uint8		b = us_read_u8(r);

	if (b > 1)
		us_corrupt(r, "flag %u before byte %zu", b, r->pos);
	return b == 1;
}

double
us_read_scale(UsReader *r)
{
	double		x = us_read_f64(r);

	if (!isfinite(x) || x <= 0)
		us_corrupt(r, "scale %g before byte %zu", x, r->pos);
	return x;
}

double
us_read_finite(UsReader *r)
{
	double		x = us_read_f64(r);

	if (!isfinite(x))
		us_corrupt(r, "number that is not finite before byte %zu", r->pos);
	return x;
}

/* A model that could not be stored should be told of by what made it large. */
static void
check_size(const UsEncoder *encoder, int bytes)
{
	int			largest = 0;

	if (bytes <= (Size) us_max_artifact_kb * 1024)
		return;
	for (int f = 1; f < encoder->nfeatures; f++)
		if (encoder->feature[f].width > encoder->feature[largest].width)
			largest = f;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("the preprocessing takes %.1f MB, a stored model may have %.1f MB",
					bytes / 1048576.0, us_max_artifact_kb / 1024.0),
			 errdetail("Feature \"%s\" has most encoded columns, %d of %d.", encoder->feature[largest].name,
					   encoder->feature[largest].width, encoder->width),
			 errhint("Lower \"max_categories\" or \"n\", or raise userseg.max_artifact_size.")));
}

void
us_encoder_write(const UsEncoder *encoder, UsWriter *w)
{
	int			start = w->buf.len;

	us_write_u8(w, VERSION);
	us_write_u8(w, (uint8) encoder->policy);
	us_write_u32(w, (uint32) encoder->nfeatures);
	for (int f = 0; f < encoder->nfeatures; f++)
	{
		const UsFeature *feature = &encoder->feature[f];

		us_write_utf8(w, feature->name);
		us_write_utf8(w, feature->type_name);
		us_write_u8(w, (uint8) feature->kind);
		us_write_u8(w, feature->zoned);
		us_write_u32(w, (uint32) feature->dim);
		us_write_f64(w, feature->weight);
	}
	us_write_u32(w, (uint32) encoder->nparts);
	for (int p = 0; p < encoder->nparts; p++)
	{
		const UsPart *part = &encoder->part[p];

		us_write_u32(w, (uint32) part->feature);
		us_write_u8(w, part->ops->type);
		us_write_u32(w, (uint32) part->width);
		for (int j = part->first; j < part->first + part->width; j++)
		{
			const UsEncodedColumn *column = &encoder->column[j];

			us_write_utf8(w, column->name);
			us_write_f64(w, column->mean);
			us_write_f64(w, column->sd);
			us_write_f64(w, column->min);
			us_write_f64(w, column->max);
		}
		part->ops->write(part, w);
	}
	check_size(encoder, w->buf.len - start);
}

static void
read_feature(UsFeature *feature, UsReader *r)
{
	uint8		kind;

	feature->name = us_read_utf8(r);
	feature->type_name = us_read_utf8(r);
	kind = us_read_u8(r);
	if (kind > US_KIND_DURATION)
		us_corrupt(r, "unknown kind %u of feature \"%s\"", kind, feature->name);
	feature->kind = (UsKind) kind;
	feature->zoned = us_read_bool(r);
	feature->dim = (int) us_read_count(r, 0, US_MAX_DIM);
	feature->weight = us_read_scale(r);
}

static void
read_columns(UsEncoder *encoder, const UsPart *part, UsReader *r)
{
	for (int j = 0; j < part->width; j++)
	{
		char	   *name = us_read_utf8(r);
		double		mean = us_read_finite(r);
		double		sd = us_read_finite(r);
		double		min = us_read_finite(r);
		double		max = us_read_finite(r);

		if (sd < 0 || min > max)
			us_corrupt(r, "impossible statistics of column \"%s\"", name);
		us_encoder_add_column(encoder, part, name, mean, sd, min, max);
		pfree(name);
	}
}

static void
read_part(UsEncoder *encoder, UsPart *part, int last_feature, UsReader *r)
{
	uint32		feature = us_read_u32(r);
	uint8		type = us_read_u8(r);

	if (feature >= encoder->nfeatures || (int) feature < last_feature)
		us_corrupt(r, "encoding of feature number %u before byte %zu", feature, r->pos);
	for (int t = 0; t < lengthof(part_types); t++)
		if (part_types[t]->type == type)
			part->ops = part_types[t];
	if (part->ops == NULL)
		us_corrupt(r, "unknown encoding %u before byte %zu", type, r->pos);
	part->feature = (int) feature;
	part->column = -1;
	part->weight = encoder->feature[feature].weight;
	part->dim = encoder->feature[feature].dim;
	if (!us_part_fits(type, encoder->feature[feature].kind))
		us_corrupt(r, "encoding %u does not fit feature \"%s\"", type,
				   encoder->feature[feature].name);

	/* a column takes 36 bytes at least */
	part->width = (int) us_read_count(r, 36, US_MAX_WIDTH - encoder->width);
	if (part->width == 0)
		us_corrupt(r, "encoding without a column before byte %zu", r->pos);
	read_columns(encoder, part, r);
	part->ops->read(part, r);
}

UsEncoder *
us_encoder_read(UsReader *r)
{
	UsEncoder  *encoder = palloc0(sizeof(UsEncoder));
	uint8		version = us_read_u8(r);
	uint8		policy;
	int			last_feature = 0;

	if (version != VERSION)
		ereport(ERROR,
				(errcode(version > VERSION ? ERRCODE_FEATURE_NOT_SUPPORTED :
						 ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("%s has preprocessing in format %u, this library reads format %d",
						r->what, version, VERSION),
				 version > VERSION ? errhint("Install a newer version of the extension.") : 0));
	policy = us_read_u8(r);
	if (policy > US_NULL_SKIP)
		us_corrupt(r, "unknown policy for NULL %u", policy);
	encoder->policy = (UsNullPolicy) policy;

	/* a feature takes 22 bytes at least, a part 9 */
	encoder->nfeatures = (int) us_read_count(r, 22, MAX_FEATURES);
	encoder->feature = palloc0(sizeof(UsFeature) * Max(encoder->nfeatures, 1));
	for (int f = 0; f < encoder->nfeatures; f++)
		read_feature(&encoder->feature[f], r);
	encoder->nparts = (int) us_read_count(r, 9, MAX_FEATURES * US_MAX_FEATURE_PARTS);
	if (encoder->nparts == 0)
		us_corrupt(r, "no encoded column");
	encoder->part = palloc0(sizeof(UsPart) * encoder->nparts);
	for (int p = 0; p < encoder->nparts; p++)
	{
		read_part(encoder, &encoder->part[p], last_feature, r);
		last_feature = encoder->part[p].feature;
	}
	us_encoder_prepare(encoder);
	return encoder;
}
