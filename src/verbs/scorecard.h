/*
 * scorecard.h
 *	  The bins of a scorecard as rows.
 */
#ifndef US_VERB_SCORECARD_H
#define US_VERB_SCORECARD_H

/* A bin. */
typedef struct UsScorecardLine
{
	const char *feature;
	const char *status;			/* of the feature: 'used', or why it is not */
	int			bin;			/* from 1 */
	const char *condition;		/* over the source */
	double		n;				/* weight of its training rows */
	double		share;
	double		event_rate;		/* share of the positive class in it */
	double		woe;
	double		iv;				/* its part of the information value of the feature */
	double		points;			/* NaN: the feature is not used */
} UsScorecardLine;

/* Receives the bins one after the other; the text lives until it returns. */
typedef void (*UsScorecardSink) (void *context, const UsScorecardLine *line);

/*
 * The bins of all features, those with the most information first; the bin of missing values comes last, if the
 * training had any.  Raises 42809 for a model that is no scorecard.
 */
extern void us_scorecard_lines(const char *reference, UsScorecardSink sink, void *context);

#endif
