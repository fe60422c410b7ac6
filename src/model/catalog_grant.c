/*
 * catalog_grant.c
 *	  Grants and owners.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "infra/compat.h"
#include "model/catalog_internal.h"

/* The role that a grant is for: an existing role, or public; 42704 for another name. */
static const char *
grantee(const char *role)
{
	if (strcmp(role, US_PUBLIC) == 0 || OidIsValid(get_role_oid(role, true)))
		return role;
	if (pg_strcasecmp(role, US_PUBLIC) == 0)
		return US_PUBLIC;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("role \"%s\" does not exist", role),
			 errhint("Role names are taken exactly, without quotes or folding; 'public' means everyone.")));
}

void
us_catalog_grant(const char *name, const char *role)
{
	UsArgs		args = {0};
	UsWrite		write;

	us_write_begin(&write, "userseg.grant_usage()");
	us_write_lock_model(&write, name);
	us_args_text(&args, name);
	us_args_text(&args, grantee(role));
	us_args_text(&args, write.role);
	us_write_run("INSERT INTO userseg._grant (model, grantee, privilege, granted_at, granted_by)"
				 " VALUES ($1, $2, 'usage', pg_catalog.now(), $3) ON CONFLICT DO NOTHING", &args);
	us_write_end(&write);
}

void
us_catalog_revoke(const char *name, const char *role)
{
	UsArgs		args = {0};
	UsWrite		write;
	uint64		n;

	us_write_begin(&write, "userseg.revoke_usage()");
	us_write_lock_model(&write, name);
	us_args_text(&args, name);
	us_args_text(&args, role);
	us_args_text(&args, pg_strcasecmp(role, US_PUBLIC) == 0 ? US_PUBLIC : role);
	n = us_write_run("DELETE FROM userseg._grant WHERE model = $1 AND privilege = 'usage' AND grantee ="
					 " COALESCE((SELECT g.grantee FROM userseg._grant g WHERE g.model = $1 AND g.grantee = $2"
					 " AND g.privilege = 'usage'), $3)", &args);
	us_write_end(&write);
	if (n == 0)
		ereport(NOTICE,
				(errmsg("role \"%s\" had no grant on model \"%s\"", role, name),
				 errhint("The view userseg.grants lists the grants; owners need none.")));
}

int64
us_catalog_reassign_owned(const char *old_role, const char *new_role)
{
	UsArgs		args = {0};
	UsWrite		write;
	int64		n;

	if (!OidIsValid(get_role_oid(new_role, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", new_role)));
	if (strcmp(old_role, US_PUBLIC) == 0 ||
		!us_privilege_acts_as(old_role) || !us_privilege_acts_as(new_role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to give the models of role \"%s\" to role \"%s\"",
						old_role, new_role),
				 errhint("Only a member of both roles can; what a role that no longer exists has left, a superuser.")));

	us_write_begin(&write, "userseg.reassign_owned()");
	us_args_text(&args, old_role);
	us_args_text(&args, new_role);
	/* one order of locking for all */
	us_write_run("SELECT name FROM userseg._model WHERE owner = $1 ORDER BY name FOR UPDATE", &args);
	n = us_write_run("UPDATE userseg._model SET owner = $2 WHERE owner = $1", &args);
	us_write_run("UPDATE userseg._assignment SET owner = $2 WHERE owner = $1", &args);
	us_write_run("UPDATE userseg._run SET owner = $2 WHERE owner = $1", &args);
	us_write_run("UPDATE userseg._rfm_scale SET owner = $2 WHERE owner = $1", &args);
	us_write_end(&write);
	return n;
}
