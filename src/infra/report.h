/*
 * report.h
 *	  A plain tree in which learners describe themselves; model/report_json.c
 *	  turns it into jsonb.
 *
 * All nodes live in the memory context that was current at
 * us_report_object()/us_report_array(); names and strings are copied.  A
 * NaN or infinite number becomes null.
 */
#ifndef US_REPORT_H
#define US_REPORT_H

typedef enum UsReportType
{
	US_REPORT_NULL,
	US_REPORT_BOOL,
	US_REPORT_INT,
	US_REPORT_NUMBER,
	US_REPORT_TEXT,
	US_REPORT_ARRAY,
	US_REPORT_OBJECT
} UsReportType;

typedef struct UsReport
{
	UsReportType type;
	char	   *name;			/* inside an object; NULL inside an array */
	bool		boolean;
	int64		integer;
	double		number;
	char	   *text;
	struct UsReport *first;		/* children in order */
	struct UsReport *last;
	struct UsReport *next;		/* sibling */
	MemoryContext context;
} UsReport;

/* A new root. */
extern UsReport *us_report_object(void);
extern UsReport *us_report_array(void);

/* Add a child; name is NULL when the parent is an array.  A name that exists in the object is replaced in place. */
extern void us_report_null(UsReport *parent, const char *name);
extern void us_report_bool(UsReport *parent, const char *name, bool value);
extern void us_report_int(UsReport *parent, const char *name, int64 value);
extern void us_report_number(UsReport *parent, const char *name, double value);
extern void us_report_text(UsReport *parent, const char *name, const char *value);
extern UsReport *us_report_add_object(UsReport *parent, const char *name);
extern UsReport *us_report_add_array(UsReport *parent, const char *name);

/* Hang an existing root into a parent. */
extern void us_report_attach(UsReport *parent, const char *name, UsReport *child);

#endif
