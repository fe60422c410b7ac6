/*
 * sql_artifact.c
 *	  SQL functions over stored models, for test/fuzz/registry.sql.
 */
#include "postgres.h"

#include "fmgr.h"
#include "port/pg_crc32c.h"

#include "infra/compat.h"
#include "model/artifact.h"

PG_FUNCTION_INFO_V1(unit_artifact_seal);
PG_FUNCTION_INFO_V1(unit_artifact_read);

/* unit_artifact_seal(bytea) → bytea: stored bytes with the checksum that belongs to them. */
Datum
unit_artifact_seal(PG_FUNCTION_ARGS)
{
	bytea	   *data = PG_GETARG_BYTEA_P_COPY(0);
	int			len = VARSIZE(data) - VARHDRSZ - 4;
	pg_crc32c	crc;

	if (len >= 0)
	{
		INIT_CRC32C(crc);
		COMP_CRC32C(crc, VARDATA(data), len);
		FIN_CRC32C(crc);
		for (int i = 0; i < 4; i++)
			VARDATA(data)[len + i] = (char) (crc >> (8 * i));
	}
	PG_RETURN_BYTEA_P(data);
}

/* unit_artifact_read(bytea) → int: the number of labels of a stored model. */
Datum
unit_artifact_read(PG_FUNCTION_ARGS)
{
	bytea	   *data = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_INT32(us_artifact_read(VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data))->n_labels);
}
