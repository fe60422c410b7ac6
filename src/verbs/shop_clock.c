/*
 * shop_clock.c
 *	  Weekly habits of the simulated shop's users.
 */
#include "postgres.h"

#include <math.h>

#include "verbs/shop_clock.h"

/* PostgreSQL's epoch, 2000-01-01, is a Saturday: the first Monday is 48 hours later. */
#define EPOCH_TO_MONDAY_HOURS 48.0

typedef struct Habit
{
	double		hour[24];		/* weight of the local hours of a day */
	double		weekday[7];		/* weight of the days, Monday first */
} Habit;

const char *const us_shop_habit_names[US_SHOP_HABITS] = {
	"commuter", "daytime", "evening", "night"
};

static const Habit habits[US_SHOP_HABITS] = {
	{{1, 1, 1, 1, 1, 3, 12, 22, 16, 6, 5, 6, 10, 7, 5, 6, 12, 24, 22, 12, 10, 8, 4, 2},
	{11, 11, 11, 11, 10, 6, 6}},
	{{1, 1, 1, 1, 1, 1, 3, 6, 12, 18, 22, 22, 16, 18, 20, 20, 16, 10, 8, 6, 5, 4, 2, 1},
	{12, 12, 12, 12, 11, 4, 3}},
	{{3, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 8, 10, 14, 18, 24, 28, 26, 18, 8},
	{9, 9, 9, 10, 10, 12, 14}},
	{{22, 18, 12, 6, 3, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10, 12, 15, 20, 26, 28},
	{8, 8, 8, 9, 14, 16, 10}},
};

void
us_shop_week_init(UsShopWeek *week, int habit)
{
	const Habit *h = &habits[habit];
	double		sum = 0.0;

	week->cumulated[0] = 0.0;
	for (int i = 0; i < US_SHOP_WEEK_HOURS; i++)
	{
		sum += h->hour[i % 24] * h->weekday[i / 24];
		week->cumulated[i + 1] = sum;
	}
	for (int i = 0; i <= US_SHOP_WEEK_HOURS; i++)
		week->cumulated[i] *= 7.0 / sum;
}

/* Activity days from Monday 00:00 to so many hours later, hours >= 0. */
static double
week_activity(const UsShopWeek *week, double hours)
{
	double		weeks = floor(hours / US_SHOP_WEEK_HOURS);
	double		rest = hours - weeks * US_SHOP_WEEK_HOURS;
	int			hour = Min((int) rest, US_SHOP_WEEK_HOURS - 1);

	return weeks * 7.0 + week->cumulated[hour] +
		(rest - hour) * (week->cumulated[hour + 1] - week->cumulated[hour]);
}

/* Its inverse. */
static double
week_hours(const UsShopWeek *week, double activity)
{
	double		weeks = floor(activity / 7.0);
	double		rest = activity - weeks * 7.0;
	int			low = 0,
				high = US_SHOP_WEEK_HOURS;

	/* find the hour with cumulated[low] <= rest < cumulated[low + 1] */
	while (high - low > 1)
	{
		int			middle = (low + high) / 2;

		if (week->cumulated[middle] <= rest)
			low = middle;
		else
			high = middle;
	}
	return weeks * US_SHOP_WEEK_HOURS + low +
		(rest - week->cumulated[low]) / (week->cumulated[low + 1] - week->cumulated[low]);
}

void
us_shop_clock_init(UsShopClock *clock, const UsShopWeek *week,
				   TimestampTz start, int utc_offset)
{
	double		hours = (double) start / USECS_PER_HOUR + utc_offset - EPOCH_TO_MONDAY_HOURS;

	clock->week = week;
	clock->phase_hours = hours - US_SHOP_WEEK_HOURS * floor(hours / US_SHOP_WEEK_HOURS);
	clock->phase_activity = week_activity(week, clock->phase_hours);
}

double
us_shop_clock_activity(const UsShopClock *clock, double hours)
{
	return week_activity(clock->week, clock->phase_hours + hours) - clock->phase_activity;
}

double
us_shop_clock_hours(const UsShopClock *clock, double activity)
{
	return week_hours(clock->week, clock->phase_activity + activity) - clock->phase_hours;
}
