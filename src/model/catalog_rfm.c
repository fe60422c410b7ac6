/*
 * catalog_rfm.c
 *	  Stored RFM rules and score breaks.
 *
 * Rules hold for everyone in the database: their table belongs to the owner of the
 * extension, who writes it with plain SQL or grants that.  A scale belongs to the role
 * that saved it, since breaks tell about data that others may not read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "infra/args.h"
#include "infra/closest.h"
#include "model/catalog_internal.h"
#include "model/catalog_rfm.h"
#include "model/privilege.h"
#include "model/reference.h"

/* ---- rules ---- */

void
us_catalog_rfm_segments(UsRfmSegments *segments)
{
	UsScan		scan;
	HeapTuple	tuple;

	us_rfm_segments_built_in(segments);
	us_scan_begin(&scan, US_TABLE_RFM_RULE, 0, NULL);
	while ((tuple = us_scan_next(&scan)) != NULL)
	{
		UsRfmRule  *rule = palloc(sizeof(UsRfmRule));

		CHECK_FOR_INTERRUPTS();
		rule->position = us_scan_int(&scan, tuple, US_RFM_RULE_POSITION);
		rule->segment = us_scan_text(&scan, tuple, US_RFM_RULE_SEGMENT);
		rule->replaces = us_scan_text(&scan, tuple, US_RFM_RULE_REPLACES);
		for (int i = 0; i < 3; i++)
		{
			rule->low[i] = us_scan_int(&scan, tuple, US_RFM_RULE_RANGES + 2 * i);
			rule->high[i] = us_scan_int(&scan, tuple, US_RFM_RULE_RANGES + 2 * i + 1);
		}
		us_rfm_segments_apply(segments, rule);
	}
	us_scan_end(&scan);
}

/* ---- scales ---- */

pg_noreturn static void
no_scale(const char *name)
{
	UsClosest	closest;
	UsScan		scan;
	HeapTuple	tuple;

	us_closest_init(&closest, name);
	us_scan_begin(&scan, US_TABLE_RFM_SCALE, 0, NULL);
	while ((tuple = us_scan_next(&scan)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (us_privilege_acts_as(us_scan_text(&scan, tuple, US_RFM_SCALE_OWNER)))
			us_closest_offer(&closest, us_scan_text(&scan, tuple, US_RFM_SCALE_NAME));
	}
	us_scan_end(&scan);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("RFM scale \"%s\" does not exist", name),
			 errhint("The view userseg.rfm_scales lists the scales that you may use.%s",
					 us_closest_hint(&closest))));
}

pg_noreturn static void
not_owner(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for RFM scale \"%s\"", name),
			 errhint("Another role owns this name; its members may use it.")));
}

void
us_catalog_rfm_scale(const char *name, UsRfmScale *scale)
{
	ScanKeyData key[1];
	UsScan		scan;
	HeapTuple	tuple;

	us_key_text(&key[0], US_RFM_SCALE_NAME, name);
	us_scan_begin(&scan, US_TABLE_RFM_SCALE, 1, key);
	tuple = us_scan_next(&scan);
	if (tuple == NULL)
		no_scale(name);
	if (!us_privilege_acts_as(us_scan_text(&scan, tuple, US_RFM_SCALE_OWNER)))
		not_owner(name);
	for (int i = 0; i < 3; i++)
	{
		bool		isnull;
		Datum		value = us_scan_datum(&scan, tuple, US_RFM_SCALE_BREAKS + i, &isnull);

		scale->breaks[i] = us_array_float8(DatumGetArrayTypePCopy(value), "breaks", &scale->n[i]);
	}
	us_scan_end(&scan);
}

void
us_catalog_save_rfm_scale(const char *name, const UsRfmScale *scale)
{
	UsArgs		args = {0};
	UsWrite		write;

	us_reference_check_name(name, "name of an RFM scale");
	us_write_begin(&write, "userseg.save_rfm_scale()");
	us_args_text(&args, name);
	us_args_text(&args, write.role);
	for (int i = 0; i < 3; i++)
	{
		Datum	   *elements = palloc(sizeof(Datum) * scale->n[i]);

		for (int j = 0; j < scale->n[i]; j++)
			elements[j] = Float8GetDatum(scale->breaks[i][j]);
		us_args_datum(&args, FLOAT8ARRAYOID,
					  PointerGetDatum(construct_array(elements, scale->n[i], FLOAT8OID,
													  sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
					  false);
	}
	us_write_run("INSERT INTO userseg._rfm_scale AS s (name, owner, recency, frequency, monetary, saved_at, saved_by) "
				 "VALUES ($1, $2, $3, $4, $5, pg_catalog.statement_timestamp(), $2) "
				 "ON CONFLICT (name) DO UPDATE SET recency = $3, frequency = $4, monetary = $5, "
				 "saved_at = excluded.saved_at, saved_by = $2 "
				 "RETURNING s.owner", &args);
	if (!us_privilege_user_acts_as(write.user, us_write_text(0, 1)))
		not_owner(name);
	us_write_end(&write);
}

void
us_catalog_drop_rfm_scale(const char *name)
{
	UsArgs		args = {0};
	UsWrite		write;
	UsRfmScale	scale;

	us_catalog_rfm_scale(name, &scale); /* exists, and may be dropped */
	us_write_begin(&write, "userseg.drop_rfm_scale()");
	us_args_text(&args, name);
	if (us_write_run("DELETE FROM userseg._rfm_scale WHERE name = $1 RETURNING owner", &args) > 0 &&
		!us_privilege_user_acts_as(write.user, us_write_text(0, 1)))
		not_owner(name);
	us_write_end(&write);
}
