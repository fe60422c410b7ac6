/*
 * key.c
 *	  The row key: from an id of any type to 64 bits.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"

#include "data/frame_build.h"
#include "data/key.h"
#include "infra/compat.h"
#include "math/hash.h"

/* Least significant byte first, wherever. */
static inline uint64
little_endian(uint64 x)
{
#ifdef WORDS_BIGENDIAN
	return pg_bswap64(x);
#else
	return x;
#endif
}

static uint64
hash_word(uint64 word)
{
	word = little_endian(word);
	return us_hash_bytes(&word, sizeof(word), 0);
}

static uint64
hash_double(double value)
{
	uint64		bits;

	/* beyond 2^53 a float8 may stand for more than one integer */
	if (value == rint(value) && fabs(value) <= 9007199254740992.0)
		return hash_word((uint64) (int64) value);
	memcpy(&bits, &value, sizeof(bits));
	return hash_word(bits);
}

static uint64
hash_number_text(Numeric value)
{
	char	   *text = numeric_normalize(value);

	if (strspn(text, "-0123456789") == strlen(text))
	{
		char	   *end;
		int64		integer;

		errno = 0;
		integer = strtoll(text, &end, 10);
		if (errno == 0 && *end == '\0')
			return hash_word((uint64) integer);
	}
	return us_hash_bytes(text, strlen(text), 0);
}

/*
 * The send function of a type whose binary form is the same whatever the settings, or
 * InvalidOid.  A type of variable length may send text, which the server converts to
 * the encoding of the client.
 */
static Oid
stable_send_function(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	Oid			function = InvalidOid;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	if ((form->typtype == TYPTYPE_BASE && form->typlen > 0 && type != NAMEOID) ||
		type == BYTEAOID || type == INETOID || type == CIDROID ||
		type == BITOID || type == VARBITOID)
		function = form->typsend;
	ReleaseSysCache(tuple);
	return function;
}

bool
us_key_reader_init(UsKeyReader *reader, Oid type)
{
	Oid			base = getBaseType(type);
	Oid			output;
	Oid			send;
	bool		is_varlena;
	char		typtype = get_typtype(base);

	memset(reader, 0, sizeof(*reader));
	reader->type = base;
	if (typtype == TYPTYPE_COMPOSITE || typtype == TYPTYPE_PSEUDO ||
		OidIsValid(get_base_element_type(base)))
		return false;

	getTypeOutputInfo(base, &output, &is_varlena);
	fmgr_info(output, &reader->show);
	switch (base)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case BOOLOID:
			reader->form = US_KEY_INTEGER;
			return true;
		case FLOAT4OID:
		case FLOAT8OID:
			reader->form = US_KEY_FLOAT;
			return true;
		case NUMERICOID:
			reader->form = US_KEY_NUMERIC;
			return true;
	}
	if (base == BPCHAROID || IsBinaryCoercible(base, TEXTOID))
	{
		reader->form = US_KEY_TEXT;
		return true;
	}
	send = stable_send_function(base);
	reader->form = OidIsValid(send) ? US_KEY_SEND : US_KEY_OUTPUT;
	fmgr_info(OidIsValid(send) ? send : output, &reader->function);
	return true;
}

static uint64
hash_integer(Oid type, Datum id)
{
	switch (type)
	{
		case INT2OID:
			return hash_word((uint64) (int64) DatumGetInt16(id));
		case INT4OID:
			return hash_word((uint64) (int64) DatumGetInt32(id));
		case INT8OID:
			return hash_word((uint64) DatumGetInt64(id));
		default:
			return hash_word(DatumGetBool(id) ? 1 : 0);
	}
}

uint64
us_row_key(UsKeyReader *reader, Datum id)
{
	switch (reader->form)
	{
		case US_KEY_INTEGER:
			return hash_integer(reader->type, id);
		case US_KEY_FLOAT:
			return hash_double(reader->type == FLOAT4OID ? (double) DatumGetFloat4(id) :
							  DatumGetFloat8(id));
		case US_KEY_NUMERIC:
			return hash_number_text(DatumGetNumeric(id));
		case US_KEY_TEXT:
			{
				struct varlena *text = PG_DETOAST_DATUM_PACKED(id);
				char	   *bytes = VARDATA_ANY(text);
				int			len = (int) VARSIZE_ANY_EXHDR(text);

				if (reader->type == BPCHAROID)
					len = bpchartruelen(bytes, len);
				return us_hash_text(bytes, len);
			}
		case US_KEY_SEND:
			{
				bytea	   *sent = SendFunctionCall(&reader->function, id);

				return us_hash_bytes(VARDATA(sent), VARSIZE(sent) - VARHDRSZ, 0);
			}
		case US_KEY_OUTPUT:
			{
				char	   *text = OutputFunctionCall(&reader->function, id);

				return us_hash_text(text, (int) strlen(text));
			}
	}
	elog(ERROR, "unknown form of key %d", (int) reader->form);
}

char *
us_row_key_show(UsKeyReader *reader, Datum id)
{
	return OutputFunctionCall(&reader->show, id);
}
