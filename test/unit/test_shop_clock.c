/*
 * test_shop_clock.c
 *	  The change of clock is a monotone bijection that keeps whole weeks.
 */
#include "postgres.h"

#include "unit.h"
#include "verbs/shop_clock.h"

UNIT_TEST(clock_and_its_inverse)
{
	for (int habit = 0; habit < US_SHOP_HABITS; habit++)
	{
		UsShopWeek	week;

		us_shop_week_init(&week, habit);
		for (int offset = -7; offset <= 12; offset++)
		{
			TimestampTz start = (offset - 3) * INT64CONST(34567890123456);
			UsShopClock clock;
			double		last = -1.0;

			us_shop_clock_init(&clock, &week, start, offset);
			UNIT_CLOSE(us_shop_clock_activity(&clock, 52 * 168.0), 364.0, 1e-12);
			for (double activity = 0.0; activity < 15.0; activity += 0.37)
			{
				double		hours = us_shop_clock_hours(&clock, activity);

				UNIT_CHECK(hours > last);
				UNIT_CLOSE(us_shop_clock_activity(&clock, hours), activity, 1e-12);
				last = hours;
			}
		}
	}
}

UNIT_TEST(clock_knows_the_weekday)
{
	UsShopWeek	week;
	UsShopClock clock;

	/* daytime (habit 1) from Monday 2024-01-01 00:00 UTC, day 8766 of PostgreSQL's calendar;
	 * of the week's weight the Monday has 12/66 */
	us_shop_week_init(&week, 1);
	us_shop_clock_init(&clock, &week, 8766 * USECS_PER_DAY, 0);
	UNIT_CLOSE(us_shop_clock_activity(&clock, 24.0), 7.0 * 12 / 66, 1e-12);
	us_shop_clock_init(&clock, &week, 8766 * USECS_PER_DAY, -24);	/* there it is Sunday */
	UNIT_CLOSE(us_shop_clock_activity(&clock, 24.0), 7.0 * 3 / 66, 1e-12);
}
