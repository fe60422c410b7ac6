/*
 * encode.c
 *	  Encoding of chunks and rows with a learned encoder.
 */
#include "postgres.h"

#include "data/encode_part.h"
#include "data/kind.h"

/* Every part is one number by FILL and AFFINE: gather the constants for the fast path of rows. */
static void
find_affine(UsEncoder *encoder)
{
	encoder->affine = palloc(sizeof(UsAffine) * encoder->width);
	for (int p = 0; p < encoder->nparts; p++)
	{
		const UsPart *part = &encoder->part[p];
		UsAffine   *affine = &encoder->affine[p];

		affine->feature = part->feature;
		if (part->ops != &us_part_number ||
			!us_chain_is_affine(&part->chain, &affine->fill, &affine->a, &affine->b))
		{
			pfree(encoder->affine);
			encoder->affine = NULL;
			return;
		}
	}
}

/*
 * After learning or reading, when nparts, part[].feature and part[].width stand: first
 * columns, features' parts, and the fast path for rows.
 */
void
us_encoder_prepare(UsEncoder *encoder)
{
	int			first = 0;
	int			p = 0;

	encoder->feature_part = palloc(sizeof(int) * (encoder->nfeatures + 1));
	for (int f = 0; f < encoder->nfeatures; f++)
	{
		encoder->feature_part[f] = p;
		encoder->feature[f].first = first;
		encoder->feature[f].width = 0;
		for (; p < encoder->nparts && encoder->part[p].feature == f; p++)
		{
			encoder->part[p].first = first;
			first += encoder->part[p].width;
			encoder->feature[f].width += encoder->part[p].width;
		}
	}
	encoder->feature_part[encoder->nfeatures] = p;
	Assert(p == encoder->nparts && first == encoder->width);
	find_affine(encoder);
}

/*
 * Codes of a frame's dictionaries are not those of another: a part that knows levels
 * gets a map of its own.
 */
static void
bind_part(UsPart *part, const UsFrame *frame, const UsFeature *feature)
{
	for (int i = 0; i < frame->ncolumns; i++)
	{
		const UsColumn *column = &frame->column[i];

		if (column->role != US_ROLE_FEATURE || strcmp(column->name, feature->name) != 0)
			continue;
		if (column->kind != feature->kind || column->zoned != feature->zoned)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("feature \"%s\" expects %s, source has %s",
							feature->name, feature->type_name, column->type_name)));
		part->column = i;
		part->frame_column = column;
		if (part->levels)
			part->slot = us_levels_map(part->levels, column->dictionary);
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("source has no column \"%s\"", feature->name),
			 errhint("Columns are matched by name.")));
}

UsEncoder *
us_encoder_bind(const UsEncoder *encoder, const UsFrame *frame)
{
	UsEncoder  *bound = palloc(sizeof(UsEncoder));

	*bound = *encoder;
	bound->part = palloc(sizeof(UsPart) * bound->nparts);
	memcpy(bound->part, encoder->part, sizeof(UsPart) * bound->nparts);
	for (int p = 0; p < bound->nparts; p++)
	{
		bound->part[p].learning = NULL;
		bound->part[p].training = false;
		bind_part(&bound->part[p], frame, &bound->feature[bound->part[p].feature]);
	}
	return bound;
}

void
us_encoder_apply_chunk(const UsEncoder *encoder, const UsChunk *chunk, double *out, int stride)
{
	for (int p = 0; p < encoder->nparts; p++)
	{
		const UsPart *part = &encoder->part[p];

		if (part->column < 0)
			elog(ERROR, "encoder is not bound to a frame");
		part->ops->chunk(part, chunk, out + (Size) part->first * stride, stride);
	}
}

static void
note_null(UsRowNotes *notes, int f, uint8 why)
{
	if (notes == NULL)
		return;
	notes->n_imputed++;
	if (notes->first_null < 0)
		notes->first_null = f;
	notes->n_not_finite += why == US_FLAG_NOT_FINITE;
	notes->n_bad_dim += why == US_FLAG_BAD_LENGTH;
	if (notes->feature_flags)
		notes->feature_flags[f] |= US_FLAG_IMPUTED | why;
}

/* Why a value counts as NULL beside being NULL: US_FLAG_*, or 0. */
static uint8
value_fault(const UsFeature *feature, const UsValue *value)
{
	switch (feature->kind)
	{
		case US_KIND_CATEGORY:
		case US_KIND_TAGS:
			return 0;
		case US_KIND_VECTOR:
			if (value->n != feature->dim)
				return US_FLAG_BAD_LENGTH;
			for (int i = 0; i < value->n; i++)
				if (!isfinite(value->vector[i]))
					return US_FLAG_NOT_FINITE;
			return 0;
		default:
			return isfinite(value->number) ? 0 : US_FLAG_NOT_FINITE;
	}
}

/* All encoded columns are numbers by FILL and AFFINE. */
static void
apply_affine_row(const UsEncoder *encoder, const UsValue *value, double *x, UsRowNotes *notes)
{
	for (int j = 0; j < encoder->width; j++)
	{
		const UsAffine *affine = &encoder->affine[j];
		const UsValue *v = &value[affine->feature];
		double		number = v->number;

		if (unlikely(v->isnull || !isfinite(number)))
		{
			note_null(notes, affine->feature, v->isnull ? 0 : US_FLAG_NOT_FINITE);
			number = affine->fill;
		}
		x[j] = us_encoded_limit(us_op_affine(number, affine->a, affine->b));
	}
}

void
us_encoder_apply_row(const UsEncoder *encoder, const UsValue *value, double *x, UsRowNotes *notes)
{
	if (notes)
	{
		notes->n_imputed = notes->n_unseen = notes->n_not_finite = 0;
		notes->n_bad_dim = notes->n_clamped = 0;
		notes->first_null = -1;
		if (notes->feature_flags)
			memset(notes->feature_flags, 0, encoder->nfeatures);
	}
	if (encoder->affine)
	{
		apply_affine_row(encoder, value, x, notes);
		return;
	}
	for (int f = 0; f < encoder->nfeatures; f++)
	{
		static const UsValue null_value = {.isnull = true};
		const UsValue *v = &value[f];
		uint8		flags = 0;

		if (encoder->feature[f].width == 0)
			continue;			/* dropped: whatever it is now */
		if (v->isnull)
			note_null(notes, f, 0);
		else
		{
			uint8		fault = value_fault(&encoder->feature[f], v);

			if (fault)
			{
				note_null(notes, f, fault);
				v = &null_value;
			}
		}
		for (int p = encoder->feature_part[f]; p < encoder->feature_part[f + 1]; p++)
		{
			const UsPart *part = &encoder->part[p];

			flags |= part->ops->row(part, v, x + part->first);
		}
		if (notes && flags)
		{
			notes->n_unseen += (flags & US_FLAG_UNSEEN) != 0;
			notes->n_clamped += (flags & US_FLAG_CLAMPED) != 0;
			if (notes->feature_flags)
				notes->feature_flags[f] |= flags;
		}
	}
}

/* ---- what it is ---- */

UsNullPolicy
us_encoder_null_policy(const UsEncoder *encoder)
{
	return encoder->policy;
}

bool
us_encoder_out_of_fold(const UsEncoder *encoder)
{
	for (int i = 0; i < encoder->nparts; i++)
		if (encoder->part[i].ops == &us_part_level && us_level_out_of_fold(&encoder->part[i]))
			return true;
	return false;
}

int
us_encoder_width(const UsEncoder *encoder)
{
	return encoder->width;
}

int
us_encoder_nfeatures(const UsEncoder *encoder)
{
	return encoder->nfeatures;
}

const UsFeature *
us_encoder_feature(const UsEncoder *encoder, int i)
{
	Assert(i >= 0 && i < encoder->nfeatures);
	return &encoder->feature[i];
}

const UsEncodedColumn *
us_encoder_column(const UsEncoder *encoder, int j)
{
	Assert(j >= 0 && j < encoder->width);
	return &encoder->column[j];
}

/* The part of encoded column j if it holds native levels, else NULL. */
static const UsPart *
native_part(const UsEncoder *encoder, int j)
{
	for (int p = 0; p < encoder->nparts; p++)
	{
		const UsPart *part = &encoder->part[p];

		if (part->width > 0 && j >= part->first && j < part->first + part->width)
			return part->ops == &us_part_level && us_level_native(part) > 0 ? part : NULL;
	}
	return NULL;
}

int
us_encoder_levels(const UsEncoder *encoder, int j)
{
	const UsPart *part = native_part(encoder, j);

	return part ? us_level_native(part) : 0;
}

const char *
us_encoder_level_text(const UsEncoder *encoder, int j, int level)
{
	return us_level_text(native_part(encoder, j), level);
}

int
us_encoder_nwarnings(const UsEncoder *encoder)
{
	return encoder->nwarnings;
}

const char *
us_encoder_warning(const UsEncoder *encoder, int i)
{
	Assert(i >= 0 && i < encoder->nwarnings);
	return encoder->warning[i];
}

/* The part that makes column j. */
static const UsPart *
part_of(const UsEncoder *encoder, int j)
{
	const UsPart *part = &encoder->part[encoder->feature_part[encoder->column[j].feature]];

	while (j >= part->first + part->width)
		part++;
	return part;
}

double
us_encoder_invert(const UsEncoder *encoder, int j, double x)
{
	const UsPart *part = part_of(encoder, j);

	return part->ops->invert(part, j - part->first, x);
}

void
us_encoder_linear(const UsEncoder *encoder, int j, double *a, double *b, char **unit)
{
	const UsPart *part = part_of(encoder, j);
	StringInfoData name;
	int			i = part->chain.n - 1;

	*a = 0;
	*b = 1;
	if (part->chain.n == 0)
	{
		*a = part->ops->invert(part, j - part->first, 0);
		*b = 1 / (part->ops->invert(part, j - part->first, 1) - *a);
	}
	for (; i >= 0; i--)
	{
		const UsStep *step = &part->chain.step[i];

		if (step->op == US_OP_AFFINE)
		{
			*a = step->a + *a / step->b;
			*b *= step->b;
		}
		else if (step->op != US_OP_FILL && step->op != US_OP_CLIP)
			break;
	}
	if (unit == NULL)
		return;
	initStringInfo(&name);
	for (int k = i; k >= 0; k--)
		if (part->chain.step[k].op >= US_OP_LOG1P)
			appendStringInfo(&name, "%s(", part->chain.step[k].name);
	appendStringInfoString(&name, encoder->column[j].name);
	for (int k = i; k >= 0; k--)
		if (part->chain.step[k].op >= US_OP_LOG1P)
			appendStringInfoChar(&name, ')');
	*unit = name.data;
}

void
us_encoder_form(const UsEncoder *encoder, int j, UsForm *form)
{
	const UsPart *part = part_of(encoder, j);

	memset(form, 0, sizeof(UsForm));
	form->feature = part->feature;
	part->ops->form(part, j - part->first, form);
}

bool
us_encoder_is_level(const UsEncoder *encoder, int j, bool *first)
{
	const UsPart *part = part_of(encoder, j);

	*first = part->first == j;
	return part->ops == &us_part_onehot && part->width > 1;
}

UsReport *
us_encoder_report(const UsEncoder *encoder)
{
	UsReport   *list = us_report_array();

	for (int f = 0; f < encoder->nfeatures; f++)
	{
		const UsFeature *feature = &encoder->feature[f];
		UsReport   *item = us_report_add_object(list, NULL);
		UsReport   *parts;

		us_report_text(item, "feature", feature->name);
		us_report_text(item, "type", feature->type_name);
		us_report_text(item, "kind", us_kind_name(feature->kind));
		us_report_int(item, "columns", feature->width);
		us_report_number(item, "weight", feature->weight);
		if (feature->width == 0)
			us_report_bool(item, "dropped", true);
		parts = us_report_add_array(item, "encoding");
		for (int p = encoder->feature_part[f]; p < encoder->feature_part[f + 1]; p++)
		{
			const UsPart *part = &encoder->part[p];
			UsReport   *object = us_report_add_object(parts, NULL);
			UsReport   *names = NULL;

			us_report_text(object, "encoder", part->ops->name);
			names = us_report_add_array(object, "columns");
			for (int j = 0; j < part->width; j++)
				us_report_text(names, NULL, encoder->column[part->first + j].name);
			part->ops->report(part, object);
		}
	}
	return list;
}
