/*
 * privilege.h
 *	  Who may do what with a model: by role names, resolved when checked.
 */
#ifndef US_PRIVILEGE_H
#define US_PRIVILEGE_H

typedef enum UsPrivilege
{
	US_PRIVILEGE_USAGE,			/* score, read artifact, statistics and lineage: the owner and whom it was granted */
	US_PRIVILEGE_OWNER			/* train, promote, drop, grant: the owner, members of that role, superusers */
} UsPrivilege;

/* the grantee that stands for everyone; no role can have this name */
#define US_PUBLIC	"public"

/*
 * Does the current user have the rights of the role of this name?  True for
 * "public"; for a role that does not exist only a superuser has.
 */
extern bool us_privilege_acts_as(const char *role);

/* The same for another user. */
extern bool us_privilege_user_acts_as(Oid user, const char *role);

/* The name of the current user, palloc'd. */
extern char *us_privilege_current_role(void);

#endif
