/*
 * catalog_alias.c
 *	  Aliases: moving, going back, removing.
 *
 * Every move is a step in _alias_history.  A rollback goes back over the newest
 * step that was not gone back over yet, so that two rollbacks go back two
 * steps; versions dropped meanwhile are passed over.
 */
#include "postgres.h"

#include "infra/compat.h"
#include "model/catalog_internal.h"

/* The version an alias points to, or 0. */
static int
alias_version(const char *model, const char *alias)
{
	UsArgs		args = {0};

	us_args_text(&args, model);
	us_args_text(&args, alias);
	return us_write_run("SELECT version FROM userseg._alias WHERE model = $1 AND alias = $2",
						&args) == 0 ? 0 : us_write_int(0, 1);
}

/* Add a step to the history; 0 stands for no version. */
static void
add_step(const UsWrite *write, const char *model, const char *alias,
		 const char *action, int version, int previous)
{
	UsArgs		args = {0};

	us_args_text(&args, model);
	us_args_text(&args, alias);
	us_args_text(&args, action);
	us_args_int(&args, version);
	us_args_int(&args, previous);
	us_args_text(&args, write->role);
	us_write_run("INSERT INTO userseg._alias_history (model, alias, step, action, version, previous, set_at, set_by)"
				 " SELECT $1, $2, COALESCE(pg_catalog.max(h.step), 0) + 1, $3, NULLIF($4, 0), NULLIF($5, 0),"
				 " pg_catalog.now(), $6"
				 " FROM userseg._alias_history h WHERE h.model = $1 AND h.alias = $2", &args);
}

static void
put_alias(const UsWrite *write, const char *model, const char *alias, int version)
{
	UsArgs		args = {0};

	us_args_text(&args, model);
	us_args_text(&args, alias);
	us_args_int(&args, version);
	us_args_text(&args, write->role);
	us_write_run("INSERT INTO userseg._alias AS a (model, alias, version, set_at, set_by)"
				 " VALUES ($1, $2, $3, pg_catalog.now(), $4) ON CONFLICT (model, alias) DO UPDATE"
				 " SET version = EXCLUDED.version, set_at = EXCLUDED.set_at, set_by = EXCLUDED.set_by", &args);
}

int
us_write_move_alias(const UsWrite *write, const char *model, const char *alias, int version)
{
	int			previous = alias_version(model, alias);

	if (previous != version)
	{
		put_alias(write, model, alias, version);
		add_step(write, model, alias, "set", version, previous);
	}
	return previous;
}

void
us_write_remove_alias(const UsWrite *write, const char *model, const char *alias, int version)
{
	UsArgs		args = {0};

	us_args_text(&args, model);
	us_args_text(&args, alias);
	us_write_run("DELETE FROM userseg._alias WHERE model = $1 AND alias = $2", &args);
	add_step(write, model, alias, "drop", 0, version);
}

int
us_catalog_set_alias(const UsReference *reference, const char *alias, bool force)
{
	UsWrite		write;
	bool		converged;
	int			version;
	int			previous;

	us_reference_check_name(alias, "alias");
	us_write_begin(&write, "userseg.set_alias()");
	us_write_lock_model(&write, reference->name);
	version = us_write_resolve(reference, &converged);
	if (!converged && !force)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" did not converge", version, reference->name),
				 errhint("Train it with more iterations, or use userseg.set_alias('%s@%d', '%s', force => true).",
						 reference->name, version, alias)));
	previous = us_write_move_alias(&write, reference->name, alias, version);
	us_write_end(&write);

	if (previous == version)
		ereport(NOTICE,
				(errmsg("alias \"%s\" of model \"%s\" already points to version %d",
						alias, reference->name, version),
				 reference->kind == US_REF_DEFAULT ?
				 errhint("A bare name means alias %s; name another version as in '%s@7'.",
						 US_DEFAULT_ALIAS, reference->name) : 0));
	return version;
}

int
us_catalog_drop_alias(const char *name, const char *alias)
{
	UsReference reference = {.kind = US_REF_ALIAS};
	UsWrite		write;
	int			version;

	us_reference_check_name(alias, "alias");
	strlcpy(reference.name, name, NAMEDATALEN);
	strlcpy(reference.alias, alias, NAMEDATALEN);
	us_write_begin(&write, "userseg.drop_alias()");
	us_write_lock_model(&write, name);
	version = alias_version(name, alias);
	if (version == 0)
		us_catalog_no_version(&reference);
	us_write_remove_alias(&write, name, alias, version);
	us_write_end(&write);
	return version;
}

/*
 * The newest step that can be gone back over: its previous version still exists.
 * Returns that version, or 0 if there is none.
 */
static int
step_back(const char *model, const char *alias, int *step)
{
	UsArgs		args = {0};
	uint64		n;

	us_args_text(&args, model);
	us_args_text(&args, alias);
	n = us_write_run("SELECT h.step, h.previous, v.version"
					 " FROM userseg._alias_history h LEFT JOIN userseg._version v"
					 " ON v.model = h.model AND v.version = h.previous"
					 " WHERE h.model = $1 AND h.alias = $2 AND h.action = 'set' AND NOT h.undone"
					 " ORDER BY h.step DESC", &args);
	for (uint64 i = 0; i < n; i++)
	{
		*step = us_write_int(i, 1);
		if (us_write_int(i, 2) == 0)
			break;				/* here the alias was new */
		if (us_write_int(i, 3) != 0)
			return us_write_int(i, 3);
	}
	return 0;
}

int
us_catalog_rollback(const char *name, const char *alias)
{
	UsReference reference = {.kind = US_REF_ALIAS};
	UsArgs		args = {0};
	UsWrite		write;
	int			current;
	int			version;
	int			step;

	us_reference_check_name(alias, "alias");
	strlcpy(reference.name, name, NAMEDATALEN);
	strlcpy(reference.alias, alias, NAMEDATALEN);
	us_write_begin(&write, "userseg.rollback()");
	us_write_lock_model(&write, name);
	current = alias_version(name, alias);
	if (current == 0)
		us_catalog_no_version(&reference);
	version = step_back(name, alias, &step);
	if (version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("alias \"%s\" of model \"%s\" has no earlier version to go back to", alias, name),
				 errdetail("It points to version %d.", current),
				 errhint("userseg.set_alias() moves it to any version.")));
	put_alias(&write, name, alias, version);
	us_args_text(&args, name);
	us_args_text(&args, alias);
	us_args_int(&args, step);
	us_write_run("UPDATE userseg._alias_history SET undone = true"
				 " WHERE model = $1 AND alias = $2 AND step >= $3 AND action = 'set' AND NOT undone", &args);
	add_step(&write, name, alias, "rollback", version, current);
	us_write_end(&write);
	return version;
}
