/*
 * params.h
 *	  Parameters of an algorithm: the specification is the only list; the
 *	  validation, the hints, userseg.algorithms() and the documentation tables
 *	  come from it.
 */
#ifndef US_PARAMS_H
#define US_PARAMS_H

typedef enum UsParamType
{
	US_PARAM_INT,				/* JSON number without fraction, min..max */
	US_PARAM_NUMBER,			/* JSON number, min..max */
	US_PARAM_BOOL,
	US_PARAM_CHOICE,			/* one of choices[] */
	US_PARAM_COUNT,				/* integer, "auto", or a range [lo, hi] */
	US_PARAM_CHOICE_OR_POINTS,	/* one of choices[], or an array of equally long arrays of numbers */
	US_PARAM_NAMES,				/* array of strings */
	US_PARAM_TEXT,				/* string */
	US_PARAM_LABEL,				/* a class: string, number or boolean, as text */
	US_PARAM_CHOICE_OR_WEIGHTS,	/* one of choices[], or an object of numbers from 1e-12 to 1e12 by class */
	US_PARAM_INTS				/* array of integers, each min..max; one integer stands for an array of it */
} UsParamType;

typedef struct UsParamSpec
{
	const char *name;			/* NULL ends the list */
	UsParamType type;
	const char *default_value;	/* JSON text; NULL: chosen by the algorithm, help says how */
	double		min;
	double		max;
	const char *const *choices; /* NULL-terminated, or NULL */
	const char *help;			/* one sentence */
} UsParamSpec;

/* The value of one parameter; what is filled follows the type. */
typedef struct UsParam
{
	bool		given;			/* by the user; else the default stands here */
	bool		is_null;		/* neither given nor defaulted */
	int64		integer;		/* INT, COUNT when fixed */
	double		number;			/* INT and NUMBER */
	bool		boolean;
	const char *text;			/* TEXT, LABEL, CHOICE, CHOICE_OR_... when a choice */
	bool		is_auto;		/* COUNT: "auto" */
	bool		is_range;		/* COUNT: [lo, hi] */
	int64		lo;
	int64		hi;
	int			n_points;		/* CHOICE_OR_POINTS when points: n_points x dim, row-major, finite */
	int			dim;
	double	   *points;
	int			n_ints;			/* INTS */
	int64	   *ints;			/* [n_ints] */
	int			n_names;		/* NAMES, CHOICE_OR_WEIGHTS when weights */
	char	  **names;
	double	   *weights;		/* [n_names], > 0, finite */
} UsParam;

typedef struct UsParams
{
	const UsParamSpec *spec;
	int			n;
	UsParam    *value;			/* in the order of spec */
} UsParams;

/*
 * The parameters that verbs, not learners, read, and that algorithms accept beside their
 * own: all of them; the supervised ones; those that classify.  Each list ends with a NULL name
 * and has the ones before.
 */
extern const UsParamSpec us_common_params[];
extern const UsParamSpec us_supervised_params[];
extern const UsParamSpec us_classifier_params[];

/* The parameter called name; elog if the specification has none (cannot happen). */
extern const UsParam *us_params_get(const UsParams *params, const char *name);

/* The same, NULL if the specification has none: for what several algorithms share. */
extern const UsParam *us_params_find(const UsParams *params, const char *name);

#endif
