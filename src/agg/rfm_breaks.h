/*
 * rfm_breaks.h
 *	  Score breaks: the quantiles of a column, learned by an aggregate, and the scores
 *	  they give.
 */
#ifndef US_RFM_BREAKS_H
#define US_RFM_BREAKS_H

/* scores that breaks may tell apart */
#define US_RFM_MIN_SCORES	2
#define US_RFM_MAX_SCORES	1000

/* The state of the aggregate: a varlena that holds all values. */
typedef struct UsRfmValues
{
	int32		vl_len_;
	int32		scores;			/* breaks to learn, plus 1 */
	uint32		count;
	uint32		unused;			/* 0 */
	float8		value[FLEXIBLE_ARRAY_MEMBER];	/* room for more behind count */
} UsRfmValues;

extern UsRfmValues *us_rfm_values_new(int scores);
extern void us_rfm_values_check(const UsRfmValues *s);
extern UsRfmValues *us_rfm_values_add(UsRfmValues *s, const void *values, uint32 n);
extern void us_rfm_values_breaks(const UsRfmValues *s, double *breaks);

extern void us_rfm_breaks_check(const double *breaks, int n, const char *name);
extern int	us_rfm_score(double value, const double *breaks, int n, bool reverse);

#endif
