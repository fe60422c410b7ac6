/*
 * params_json.h
 *	  Parameters of an algorithm from jsonb.  (params.h itself is for learners,
 *	  which know no jsonb.)
 */
#ifndef US_PARAMS_JSON_H
#define US_PARAMS_JSON_H

#include "data/json.h"
#include "data/params.h"
#include "infra/report.h"

/*
 * Check the members of jb (an object; NULL is {}) against spec followed by
 * common (NULL: none), and fill in the defaults.  A JSON null is a member not given.  A name in
 * spec hides the same name in common.  Lives in the current memory context.
 *
 * Raises 22023 for an unknown name, a value of the wrong type or out of range;
 * the message has the value, the hint what is valid.
 */
extern UsParams *us_params_parse(const UsParamSpec *spec, const UsParamSpec *common, Jsonb *jb);

/* The same from members of an object. */
extern UsParams *us_params_from_members(const UsParamSpec *spec, const UsParamSpec *common,
										const UsJsonMember *member, int n);

/* An array of {name, type, default, min, max, choices, help}, for userseg.algorithms(). */
extern UsReport *us_params_describe(const UsParamSpec *spec, const UsParamSpec *common);

/* An object of the values in force, for lineage; what the algorithm chooses itself is null. */
extern UsReport *us_params_report(const UsParams *params);

#endif
