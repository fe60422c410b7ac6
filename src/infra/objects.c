/*
 * objects.c
 *	  Objects of the extension by name.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/syscache.h"

#include "infra/objects.h"

Oid
us_extension_type(const char *name)
{
	Oid			schema = get_namespace_oid("userseg", false);
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									   CStringGetDatum(name), ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type userseg.%s does not exist", name),
				 errhint("Run CREATE EXTENSION userseg, or ALTER EXTENSION userseg UPDATE.")));
	return type;
}
