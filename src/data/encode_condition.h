/*
 * encode_condition.h
 *	  A condition on an encoded column, as one on the feature behind it in units of the source.
 */
#ifndef US_ENCODE_CONDITION_H
#define US_ENCODE_CONDITION_H

#include "data/encode_form.h"

typedef enum UsConditionKind
{
	US_CONDITION_NUMBER,		/* low < v <= high; boolean: 0 and 1, time: seconds since 2000-01-01, duration: seconds */
	US_CONDITION_LEVELS,		/* the category is one of those that hold */
	US_CONDITION_TAG,			/* the set has a tag */
	US_CONDITION_NULL,			/* only whether it is NULL counts */
	US_CONDITION_ENCODED		/* encoded column <= bound: what the encoding does has no inverse */
} UsConditionKind;

/*
 * The rows that fulfil it.  NULL is what scoring takes for NULL: NaN and infinities, vectors with such
 * elements or of another length too.
 */
typedef struct UsCondition
{
	UsConditionKind kind;
	int			feature;
	int			column;			/* encoded */
	int			element;		/* NUMBER: of a vector, from 1; else 0 */
	double		low;			/* NUMBER; -infinity and infinity: no bound */
	double		high;
	double		bound;			/* ENCODED */
	int			nlevels;		/* LEVELS, TAG */
	char	  **level;
	bool	   *holds;			/* LEVELS: [nlevels + 1], the last for all other levels */
	int			tag;			/* TAG: number of the tag; nlevels: any tag that is not in level */
	bool		without;		/* TAG: fulfilled when it is not there */
	bool		null;			/* whether NULL fulfils it; TAG: NULL is a set without tags */
} UsCondition;

/*
 * The condition "encoded column j <= bound", in the current memory context; missing: whether an encoded value
 * that is missing (learners of native columns) fulfils it.  Exact: a row fulfils it if and only if its encoded
 * value does, for numbers and times by a search over what the encoder gives.
 */
extern void us_encoder_condition(const UsEncoder *encoder, int j, double bound, bool missing,
								 UsCondition *condition);

/* The same for a native column j of us_encoder_levels() values: those whose bit is set, of nbits. */
extern void us_encoder_condition_set(const UsEncoder *encoder, int j, const uint64 *bits, int nbits, bool missing,
									 UsCondition *condition);

#endif
