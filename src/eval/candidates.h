/*
 * candidates.h
 *	  Sets of parameters to be tried: all points of a grid, or points drawn at random.
 */
#ifndef US_CANDIDATES_H
#define US_CANDIDATES_H

#include "data/params_json.h"
#include "learn/algorithm.h"
#include "math/random.h"

/* more are refused */
#define US_MAX_TRIALS	10000

/* One parameter and what it may be. */
typedef struct UsChoices
{
	char	   *name;
	int			n;				/* values; 0: a range */
	UsJsonMember *value;
	double		min;
	double		max;
	bool		log;			/* uniform in its logarithm */
	bool		integer;
} UsChoices;

typedef struct UsCandidates
{
	const UsAlgorithm *algorithm;
	int			n;				/* parameters, in the order of jsonb */
	UsChoices  *choices;
	const UsJsonMember *fixed;	/* parameters that are the same in all of them */
	int			n_fixed;
} UsCandidates;

/*
 * From {"lambda": [0.1, 1], "max_depth": {"min": 2, "max": 10}, "learning_rate": {"min": 0.01, "max": 0.3, "log": true}};
 * fixed is params of the call (an object, or NULL), whose names do not come twice.  Raises 22023 for anything else, with
 * what is expected.
 */
extern UsCandidates *us_candidates_parse(const UsAlgorithm *algorithm, Jsonb *grid, Jsonb *fixed);

/* The number of points of the grid; 22023 when a parameter is a range, or beyond US_MAX_TRIALS. */
extern int	us_candidates_grid_size(const UsCandidates *candidates);

/* Point i of the grid, the last parameter changing fastest, or a random one: an object of the parameters that vary. */
extern Jsonb *us_candidates_point(const UsCandidates *candidates, int i);
extern Jsonb *us_candidates_draw(const UsCandidates *candidates, UsRandom *random);

/* A point and the fixed parameters in one object. */
extern Jsonb *us_candidates_given(const UsCandidates *candidates, Jsonb *point);

/* These and the fixed ones as parameters of the algorithm; raises as us_params_parse(). */
extern UsParams *us_candidates_params(const UsCandidates *candidates, Jsonb *point);

#endif
