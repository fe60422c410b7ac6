/*
 * source_columns.c
 *	  What becomes of each column of a source: its kind and its role.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "data/key.h"
#include "data/names.h"
#include "data/source_text.h"
#include "infra/compat.h"

/* Columns that a detail lists. */
#define LISTED_COLUMNS	20

/* A role that the caller names a column for. */
typedef struct UsAsked
{
	const char *name;
	UsUse		use;
} UsAsked;

static const char *
use_name(UsUse use)
{
	switch (use)
	{
		case US_USE_FEATURE:
			return "a feature";
		case US_USE_TARGET:
			return "the target";
		case US_USE_WEIGHT:
			return "the weight";
		case US_USE_TIME:
			return "the time column";
		case US_USE_ID:
			return "the id";
		case US_USE_NONE:
			break;
	}
	return "nothing";
}

/* Index of the column of that exact name, or -1; a name that stands twice is an error. */
static int
find_column(const UsSourceInfo *info, const char *name)
{
	int			found = -1;

	for (int i = 0; i < info->ncolumns; i++)
	{
		if (strcmp(info->column[i].name, name) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("source has more than one column \"%s\"", name),
					 errhint("Give the columns different names in the source.")));
		found = i;
	}
	return found;
}

/* Everything asked for, in one list: roles first, then features. */
static UsAsked *
list_asked(const UsSourceSpec *spec, int *n)
{
	UsAsked    *asked = palloc((spec->n_features + 4) * sizeof(UsAsked));

	*n = 0;
#define ASK(column, role) \
	if ((column) != NULL) \
		asked[(*n)++] = (UsAsked) {(column), (role)}
	ASK(spec->id, US_USE_ID);
	ASK(spec->target, US_USE_TARGET);
	ASK(spec->weight, US_USE_WEIGHT);
	ASK(spec->time_column, US_USE_TIME);
	if (!spec->all_features)
		for (int i = 0; i < spec->n_features; i++)
			ASK(spec->features[i], US_USE_FEATURE);
#undef ASK
	return asked;
}

/* Raise 42703 with all names that the source does not have, if there are any. */
static void
require_columns(const UsSourceInfo *info, TupleDesc tupdesc, const UsAsked *asked, int nasked)
{
	StringInfoData missing;
	int			n = 0;

	initStringInfo(&missing);
	for (int i = 0; i < nasked; i++)
	{
		bool		told = false;

		if (find_column(info, asked[i].name) >= 0)
			continue;
		for (int k = 0; k < i; k++)
			told = told || strcmp(asked[k].name, asked[i].name) == 0;
		if (told)
			continue;
		us_names_append(&missing, asked[i].name);
		n++;
	}
	if (n == 0)
		return;

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg_plural("source has no column %s", "source has no columns %s", n,
						   missing.data),
			 errhint("Column names are exact, upper and lower case matter. The source has %s.",
					 us_names_of_columns(tupdesc))));
}

/* Give a column its use; it may have only one. */
static void
assign_use(UsSourceColumn *column, UsUse use)
{
	if (column->use == US_USE_FEATURE && use == US_USE_FEATURE)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("column \"%s\" is listed twice in features", column->name)));
	if (column->use != US_USE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" cannot be both %s and %s", column->name,
						use_name(column->use), use_name(use))));
	column->use = use;
}

/* What to do about a type that cannot have a role. */
static const char *
type_hint(const UsSourceColumn *column, UsUse use)
{
	switch (use)
	{
		case US_USE_TARGET:
			return "The target is a number, a boolean, text or an enum.";
		case US_USE_WEIGHT:
			return "The weight is a number.";
		case US_USE_TIME:
			return "The time column is a date, a timestamp or a number.";
		case US_USE_ID:
			return "The id is a single value: not an array or a row.";
		default:
			return column->reason != NULL ?
				"Cast it to text if it is a category." :
				"Leave it out, or select its parts as numbers, booleans, text, dates or arrays of numbers or text.";
	}
}

/* Raise 42804 unless the type of the column can have its use. */
static void
check_type(const UsSourceColumn *column)
{
	UsKind		kind = column->type.kind;
	UsKeyReader key;
	bool		ok = column->usable;

	switch (column->use)
	{
		case US_USE_TARGET:
			ok = ok && (kind == US_KIND_NUMBER || kind == US_KIND_BOOLEAN ||
						kind == US_KIND_CATEGORY);
			break;
		case US_USE_WEIGHT:
			ok = ok && kind == US_KIND_NUMBER;
			break;
		case US_USE_TIME:
			ok = ok && (kind == US_KIND_TIME || kind == US_KIND_NUMBER);
			break;
		case US_USE_ID:
			ok = us_key_reader_init(&key, column->type_oid);
			break;
		default:
			break;
	}
	if (!ok)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be %s",
						column->name, column->type_name, use_name(column->use)),
				 errhint("%s", type_hint(column, column->use))));
}

/*
 * The name of a type for messages and feature_info.  A domain over char(n) goes by the name of that:
 * how its values look as text and in JSON (padded with blanks) follows from it.
 */
static char *
type_name(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			element = get_element_type(base);

	if (base != type && base == BPCHAROID)
		return format_type_be(BPCHAROID);
	if (OidIsValid(element) && getBaseType(element) == BPCHAROID)
		return format_type_be(BPCHARARRAYOID);
	return format_type_be(type);
}

UsSourceInfo *
us_source_list_columns(TupleDesc tupdesc)
{
	UsSourceInfo *info = palloc0(sizeof(UsSourceInfo));

	info->ncolumns = tupdesc->natts;
	info->column = palloc0(Max(tupdesc->natts, 1) * sizeof(UsSourceColumn));
	info->id = -1;
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);
		UsSourceColumn *column = &info->column[i];
		bool		identifier;

		column->name = pstrdup(NameStr(att->attname));
		column->type_oid = att->atttypid;
		column->type_name = type_name(att->atttypid);
		column->usable = us_type_find(att->atttypid, &column->type, &identifier);
		if (identifier)
			column->reason = psprintf("type %s identifies rows", column->type_name);
	}
	return info;
}

/* With features NULL: every usable column without a role. */
static void
take_all_features(UsSourceInfo *info)
{
	for (int i = 0; i < info->ncolumns; i++)
	{
		UsSourceColumn *column = &info->column[i];

		if (column->use != US_USE_NONE)
			continue;
		(void) find_column(info, column->name);
		if (column->usable)
			column->use = US_USE_FEATURE;
		else
		{
			if (column->reason == NULL)
				column->reason = psprintf("type %s cannot be a feature", column->type_name);
			info->warnings = lappend(info->warnings,
									 psprintf("column \"%s\" is not used: %s",
											  column->name, column->reason));
		}
	}
}

void
us_source_no_feature(const UsSourceInfo *info)
{
	StringInfoData reasons;

	initStringInfo(&reasons);
	for (int i = 0; i < info->ncolumns && i < LISTED_COLUMNS; i++)
		if (info->column[i].use == US_USE_NONE && info->column[i].reason != NULL)
			appendStringInfo(&reasons, "%s\"%s\": %s", reasons.len > 0 ? "; " : "",
							 info->column[i].name, info->column[i].reason);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("source has no column that can be a feature"),
			 reasons.len > 0 ? errdetail("Columns that are not used: %s.", reasons.data) :
			 errdetail("It has no column beside those of other roles (id, target, weight, time)."),
			 errhint("Features are numbers, booleans, texts and enums, dates and times, intervals, and arrays of texts or numbers; cast other columns in the source.")));
}

/* The columns of the frame, in its order. */
static void
order_columns(UsSourceInfo *info, const UsAsked *asked, int nasked, bool all_features)
{
	static const UsUse roles[] = {US_USE_TARGET, US_USE_WEIGHT, US_USE_TIME};

	info->used = palloc(Max(info->ncolumns, 1) * sizeof(int));
	if (all_features)
	{
		for (int i = 0; i < info->ncolumns; i++)
			if (info->column[i].use == US_USE_FEATURE)
				info->used[info->nused++] = i;
	}
	else
	{
		for (int i = 0; i < nasked; i++)
			if (asked[i].use == US_USE_FEATURE)
				info->used[info->nused++] = find_column(info, asked[i].name);
	}
	if (info->nused == 0)
		us_source_no_feature(info);
	for (int r = 0; r < lengthof(roles); r++)
		for (int i = 0; i < info->ncolumns; i++)
			if (info->column[i].use == roles[r])
				info->used[info->nused++] = i;
}

UsSourceInfo *
us_source_columns(const UsSource *source, const UsSourceSpec *spec)
{
	UsSourceInfo *info = us_source_list_columns(source->tupdesc);
	int			nasked;
	UsAsked    *asked = list_asked(spec, &nasked);

	if (!spec->all_features && spec->n_features == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features is an empty array"),
				 errhint("NULL takes every usable column.")));
	require_columns(info, source->tupdesc, asked, nasked);
	for (int i = 0; i < nasked; i++)
	{
		int			at = find_column(info, asked[i].name);

		assign_use(&info->column[at], asked[i].use);
		check_type(&info->column[at]);
		if (asked[i].use == US_USE_ID)
			info->id = at;
	}
	if (spec->all_features)
		take_all_features(info);
	order_columns(info, asked, nasked, spec->all_features);
	return info;
}

uint64
us_source_frame_bytes(const UsSourceInfo *info, double nrows)
{
	double		row = sizeof(uint64);

	for (int i = 0; i < info->nused; i++)
	{
		const UsSourceColumn *column = &info->column[info->used[i]];

		switch (column->type.kind)
		{
			case US_KIND_CATEGORY:
				row += sizeof(int32);
				break;
			case US_KIND_TAGS:
				/* unknown; four tags a row */
				row += 5 * sizeof(int32) + sizeof(bool);
				break;
			case US_KIND_VECTOR:
				/* unknown; 64 numbers a row */
				row += 64 * sizeof(double);
				break;
			default:
				row += sizeof(double);
				break;
		}
		if (column->use == US_USE_WEIGHT)
			row += sizeof(double);
	}
	return (uint64) (row * Max(nrows, 0));
}
