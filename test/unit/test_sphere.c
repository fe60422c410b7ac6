/*
 * test_sphere.c
 *	  Great circles against the haversine distance and known points.
 */
#include "postgres.h"

#include <math.h>

#include "math/sphere.h"
#include "unit.h"

#define RADIAN (M_PI / 180.0)

static double
haversine_km(double lat1, double lon1, double lat2, double lon2)
{
	double		a = sin((lat2 - lat1) * RADIAN / 2.0);
	double		b = sin((lon2 - lon1) * RADIAN / 2.0);

	return 2.0 * US_EARTH_RADIUS_KM *
		asin(sqrt(a * a + cos(lat1 * RADIAN) * cos(lat2 * RADIAN) * b * b));
}

UNIT_TEST(travel_goes_the_distance)
{
	for (int lat = -85; lat <= 85; lat += 17)
		for (int lon = -180; lon < 180; lon += 45)
			for (int turn = 0; turn < 8; turn++)
			{
				double		to_lat,
							to_lon;

				us_sphere_travel(lat, lon, turn * M_PI / 4.0, 700.0, &to_lat, &to_lon);
				UNIT_CHECK(to_lon >= -180.0 && to_lon < 180.0);
				UNIT_CLOSE(haversine_km(lat, lon, to_lat, to_lon), 700.0, 1e-9);
			}
}

UNIT_TEST(travel_to_known_points)
{
	double		quarter = M_PI / 2.0 * US_EARTH_RADIUS_KM;
	double		lat,
				lon;

	us_sphere_travel(0.0, 10.0, 0.0, quarter, &lat, &lon);	/* north to the pole */
	UNIT_CLOSE(lat, 90.0, 1e-9);
	us_sphere_travel(0.0, 100.0, M_PI / 2.0, quarter, &lat, &lon);	/* east over the 180th meridian */
	UNIT_CLOSE(lat, 0.0, 1e-9);
	UNIT_CLOSE(lon, -170.0, 1e-9);
	us_sphere_travel(40.0, 30.0, 1.0, 0.0, &lat, &lon); /* nowhere */
	UNIT_CLOSE(lat, 40.0, 1e-12);
	UNIT_CLOSE(lon, 30.0, 1e-12);
}
