/*
 * shop_clock.h
 *	  Weekly habits of the simulated shop's users, as a change of clock.
 *
 * A habit gives every hour of the week an intensity, of mean 1 over the week.  A process
 * that is simulated in activity time (days, at constant intensity) is carried over to the
 * calendar by the inverse of the cumulated intensity, which keeps its law exactly
 * (Daley and Vere-Jones, An Introduction to the Theory of Point Processes I, 7.4: random
 * time change).  Over whole weeks activity days are calendar days.
 */
#ifndef US_SHOP_CLOCK_H
#define US_SHOP_CLOCK_H

#include "datatype/timestamp.h"

#define US_SHOP_HABITS 4
#define US_SHOP_WEEK_HOURS (7 * 24)

/* Cumulated intensity from Monday 00:00 at the start of each hour, in activity days. */
typedef struct UsShopWeek
{
	double		cumulated[US_SHOP_WEEK_HOURS + 1];
} UsShopWeek;

/* The clock of one user: a habit, and where in the local week the window begins. */
typedef struct UsShopClock
{
	const UsShopWeek *week;
	double		phase_hours;	/* hours since local Monday 00:00 at the start */
	double		phase_activity; /* the same in activity days */
} UsShopClock;

/* Names of the habits. */
extern const char *const us_shop_habit_names[US_SHOP_HABITS];

/* Fill in the week of a habit (0 .. US_SHOP_HABITS - 1). */
extern void us_shop_week_init(UsShopWeek *week, int habit);

/* Set a clock to 0 at start, for a user whose local time is UTC + utc_offset hours. */
extern void us_shop_clock_init(UsShopClock *clock, const UsShopWeek *week,
							   TimestampTz start, int utc_offset);

/* Activity days from the start of the window to so many hours later. */
extern double us_shop_clock_activity(const UsShopClock *clock, double hours);

/* Hours since the start of the window at activity time `activity` >= 0, finite. */
extern double us_shop_clock_hours(const UsShopClock *clock, double activity);

#endif
