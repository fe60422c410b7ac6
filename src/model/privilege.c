/*
 * privilege.c
 *	  Who may do what with a model: by role names, resolved when checked.
 *
 * Names and not oids, so that a dump can be restored where roles have other oids
 * or do not exist; a name without a role gives no right to anyone.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "model/privilege.h"

bool
us_privilege_user_acts_as(Oid user, const char *role)
{
	Oid			oid;

	if (strcmp(role, US_PUBLIC) == 0)
		return true;
	oid = get_role_oid(role, true);
	return OidIsValid(oid) ? has_privs_of_role(user, oid) : superuser_arg(user);
}

bool
us_privilege_acts_as(const char *role)
{
	return us_privilege_user_acts_as(GetUserId(), role);
}

char *
us_privilege_current_role(void)
{
	return GetUserNameFromId(GetUserId(), false);
}
