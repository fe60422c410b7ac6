/*
 * report_json.h
 *	  A report tree as jsonb.
 */
#ifndef US_REPORT_JSON_H
#define US_REPORT_JSON_H

#include "utils/jsonb.h"

#include "infra/report.h"

/*
 * The tree as jsonb, palloc'd.  A number is the shortest decimal that reads back as
 * the same float8; NaN and infinity become null.
 */
extern Jsonb *us_report_to_jsonb(const UsReport *report);

#endif
