/*
 * kind.c
 *	  Which kind of feature an SQL type is, and how a value of it is read.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "data/kind.h"
#include "infra/compat.h"

/* Types of fixed meaning; everything else is decided by category. */
static const struct
{
	Oid			type;
	UsKind		kind;
	UsReading	reading;
}			known_types[] =
{
	{INT2OID, US_KIND_NUMBER, US_READ_INT2},
	{INT4OID, US_KIND_NUMBER, US_READ_INT4},
	{INT8OID, US_KIND_NUMBER, US_READ_INT8},
	{FLOAT4OID, US_KIND_NUMBER, US_READ_FLOAT4},
	{FLOAT8OID, US_KIND_NUMBER, US_READ_FLOAT8},
	{NUMERICOID, US_KIND_NUMBER, US_READ_NUMERIC},
	{BOOLOID, US_KIND_BOOLEAN, US_READ_BOOL},
	{DATEOID, US_KIND_TIME, US_READ_DATE},
	{TIMESTAMPOID, US_KIND_TIME, US_READ_TIMESTAMP},
	{TIMESTAMPTZOID, US_KIND_TIME, US_READ_TIMESTAMP},
	{TIMEOID, US_KIND_DURATION, US_READ_TIME},
	{INTERVALOID, US_KIND_DURATION, US_READ_INTERVAL},
	{TEXTOID, US_KIND_CATEGORY, US_READ_TEXT},
	{VARCHAROID, US_KIND_CATEGORY, US_READ_TEXT},
	{BPCHAROID, US_KIND_CATEGORY, US_READ_BPCHAR},
	{NAMEOID, US_KIND_CATEGORY, US_READ_NAME},
	{CHAROID, US_KIND_CATEGORY, US_READ_OUTPUT},
};

/* Types that name a thing rather than describe it. */
static const Oid identifier_types[] =
{
	UUIDOID, OIDOID, XIDOID, CIDOID, TIDOID, XID8OID, PG_LSNOID,
	INETOID, CIDROID, MACADDROID, MACADDR8OID,
	REGCLASSOID, REGTYPEOID, REGPROCOID, REGPROCEDUREOID, REGOPEROID, REGOPERATOROID,
	REGNAMESPACEOID, REGROLEOID, REGCONFIGOID, REGDICTIONARYOID, REGCOLLATIONOID
};

static void
prepare_output(Oid type, FmgrInfo *output)
{
	Oid			function;
	bool		is_varlena;

	getTypeOutputInfo(type, &function, &is_varlena);
	fmgr_info(function, output);
}

/* The kind of a type that is not an array. */
static bool
find_scalar(Oid type, UsType *result)
{
	char		category;
	bool		preferred;

	for (int i = 0; i < lengthof(known_types); i++)
	{
		if (known_types[i].type == type)
		{
			result->kind = known_types[i].kind;
			result->reading = known_types[i].reading;
			result->zoned = type == TIMESTAMPTZOID;
			if (result->reading == US_READ_OUTPUT)
				prepare_output(type, &result->output);
			return true;
		}
	}
	if (type_is_enum(type))
	{
		result->kind = US_KIND_CATEGORY;
		result->reading = US_READ_ENUM;
		return true;
	}
	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING || get_typtype(type) != TYPTYPE_BASE)
		return false;
	result->kind = US_KIND_CATEGORY;
	if (IsBinaryCoercible(type, TEXTOID))
		result->reading = US_READ_TEXT;
	else
	{
		result->reading = US_READ_OUTPUT;
		prepare_output(type, &result->output);
	}
	return true;
}

bool
us_type_find(Oid type, UsType *result, bool *identifier)
{
	Oid			base = getBaseType(type);
	Oid			item = get_base_element_type(base);

	memset(result, 0, sizeof(*result));
	result->type = base;
	*identifier = false;

	if (OidIsValid(item) && base != INT2VECTOROID && base != OIDVECTOROID)
	{
		item = getBaseType(item);
		if (!find_scalar(item, result))
			return false;
		if (result->kind == US_KIND_CATEGORY)
			result->kind = US_KIND_TAGS;
		else if (result->kind == US_KIND_NUMBER)
			result->kind = US_KIND_VECTOR;
		else
			return false;
		result->item_reading = result->reading;
		result->reading = US_READ_ARRAY;
		result->item_type = item;
		get_typlenbyvalalign(item, &result->item_len, &result->item_byval,
							 &result->item_align);
		return true;
	}
	if (find_scalar(base, result))
		return true;
	for (int i = 0; i < lengthof(identifier_types); i++)
		if (identifier_types[i] == base)
			*identifier = true;
	return false;
}

/* Microseconds to seconds. */
static double
seconds(int64 microseconds)
{
	return (double) microseconds / 1000000.0;
}

static double
date_seconds(DateADT date)
{
	if (DATE_IS_NOBEGIN(date))
		return -get_float8_infinity();
	if (DATE_IS_NOEND(date))
		return get_float8_infinity();
	return (double) date * SECS_PER_DAY;
}

static double
timestamp_seconds(Timestamp timestamp)
{
	if (TIMESTAMP_IS_NOBEGIN(timestamp))
		return -get_float8_infinity();
	if (TIMESTAMP_IS_NOEND(timestamp))
		return get_float8_infinity();
	return seconds(timestamp);
}

static double
interval_seconds(const Interval *interval)
{
	int			sign = us_interval_infinite(interval);

	if (sign != 0)
		return sign * get_float8_infinity();
	return ((double) interval->month * DAYS_PER_MONTH + interval->day) * SECS_PER_DAY +
		seconds(interval->time);
}

double
us_type_number(UsReading reading, Datum value, bool *overflow)
{
	switch (reading)
	{
		case US_READ_INT2:
			return DatumGetInt16(value);
		case US_READ_INT4:
			return DatumGetInt32(value);
		case US_READ_INT8:
			return (double) DatumGetInt64(value);
		case US_READ_FLOAT4:
			return DatumGetFloat4(value);
		case US_READ_FLOAT8:
			return DatumGetFloat8(value);
		case US_READ_NUMERIC:
			{
				double		number = us_numeric_to_double(value);

				if (isinf(number) && overflow != NULL && !numeric_is_inf(DatumGetNumeric(value)))
					*overflow = true;
				return number;
			}
		case US_READ_BOOL:
			return DatumGetBool(value) ? 1.0 : 0.0;
		case US_READ_DATE:
			return date_seconds(DatumGetDateADT(value));
		case US_READ_TIMESTAMP:
			return timestamp_seconds(DatumGetTimestamp(value));
		case US_READ_TIME:
			return seconds(DatumGetTimeADT(value));
		case US_READ_INTERVAL:
			return interval_seconds(DatumGetIntervalP(value));
		default:
			elog(ERROR, "not a number type: reading %d", (int) reading);
	}
}

/* Label of an enum value. */
static const char *
enum_label(Oid value, int *len)
{
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
	char	   *label;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid internal value for enum: %u", value)));
	label = pstrdup(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel));
	ReleaseSysCache(tuple);
	*len = (int) strlen(label);
	return label;
}

const char *
us_type_bytes(UsType *type, UsReading reading, Datum value, int *len)
{
	const char *bytes;

	switch (reading)
	{
		case US_READ_TEXT:
		case US_READ_BPCHAR:
			{
				struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

				bytes = VARDATA_ANY(text);
				*len = (int) VARSIZE_ANY_EXHDR(text);
				if (reading == US_READ_BPCHAR)
					*len = bpchartruelen((char *) bytes, *len);
				return bytes;
			}
		case US_READ_NAME:
			bytes = NameStr(*DatumGetName(value));
			*len = (int) strnlen(bytes, NAMEDATALEN);
			return bytes;
		case US_READ_ENUM:
			return enum_label(DatumGetObjectId(value), len);
		case US_READ_OUTPUT:
			bytes = OutputFunctionCall(&type->output, value);
			*len = (int) strlen(bytes);
			return bytes;
		default:
			elog(ERROR, "not a category type: reading %d", (int) reading);
	}
}

/* Numbers of an array without NULLs whose elements have a fixed length. */
static void
read_fixed_numbers(const UsType *type, const ArrayType *array, int n, double *number)
{
	const char *data = ARR_DATA_PTR(array);

	switch (type->item_reading)
	{
		case US_READ_INT2:
			for (int i = 0; i < n; i++)
				number[i] = ((const int16 *) data)[i];
			break;
		case US_READ_INT4:
			for (int i = 0; i < n; i++)
				number[i] = ((const int32 *) data)[i];
			break;
		case US_READ_INT8:
			for (int i = 0; i < n; i++)
				number[i] = (double) ((const int64 *) data)[i];
			break;
		case US_READ_FLOAT4:
			for (int i = 0; i < n; i++)
				number[i] = ((const float4 *) data)[i];
			break;
		case US_READ_FLOAT8:
			memcpy(number, data, n * sizeof(double));
			break;
		default:
			elog(ERROR, "not a number type of fixed length: reading %d",
				 (int) type->item_reading);
	}
}

UsItemsFault
us_type_items(UsType *type, Datum value, UsItems *items)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	Datum	   *element;
	bool	   *isnull;

	memset(items, 0, sizeof(*items));
	if (ARR_NDIM(array) > 1)
		return US_ITEMS_DIMENSIONS;

	if (type->kind == US_KIND_VECTOR)
	{
		items->n = n;
		items->number = (double *) palloc(Max(n, 1) * sizeof(double));
		if (array_contains_nulls(array))
			return US_ITEMS_NULL;
		if (type->item_reading != US_READ_NUMERIC)
		{
			read_fixed_numbers(type, array, n, items->number);
			return US_ITEMS_OK;
		}
	}

	deconstruct_array(array, type->item_type, type->item_len, type->item_byval,
					  type->item_align, &element, &isnull, &n);
	if (type->kind == US_KIND_VECTOR)
	{
		bool		overflow = false;

		for (int i = 0; i < n; i++)
			items->number[i] = us_type_number(US_READ_NUMERIC, element[i], &overflow);
		return overflow ? US_ITEMS_OVERFLOW : US_ITEMS_OK;
	}

	items->item = (const char **) palloc(Max(n, 1) * sizeof(char *));
	items->len = (int *) palloc(Max(n, 1) * sizeof(int));
	for (int i = 0; i < n; i++)
	{
		if (isnull[i])
			continue;
		items->item[items->n] = us_type_bytes(type, type->item_reading, element[i],
											  &items->len[items->n]);
		items->n++;
	}
	return US_ITEMS_OK;
}

char *
us_instant_text(double seconds)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (!(fabs(seconds) < 1e13) ||
		timestamp2tm((Timestamp) rint(seconds * USECS_PER_SEC), NULL, &tm, &fsec, NULL, NULL) != 0)
		return psprintf("%.15g", seconds);
	return psprintf("%04d-%02d-%02d %02d:%02d:%02d%s",
					tm.tm_year > 0 ? tm.tm_year : 1 - tm.tm_year, tm.tm_mon, tm.tm_mday,
					tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year > 0 ? "" : " BC");
}

const char *
us_kind_name(UsKind kind)
{
	switch (kind)
	{
		case US_KIND_NUMBER:
			return "number";
		case US_KIND_BOOLEAN:
			return "boolean";
		case US_KIND_CATEGORY:
			return "category";
		case US_KIND_TAGS:
			return "tags";
		case US_KIND_VECTOR:
			return "vector";
		case US_KIND_TIME:
			return "time";
		case US_KIND_DURATION:
			return "duration";
	}
	elog(ERROR, "unknown kind %d", (int) kind);
}
