/*
 * sphere.c
 *	  Great circles.
 */
#include "postgres.h"

#include <math.h>

#include "math/sphere.h"

void
us_sphere_travel(double latitude, double longitude, double bearing, double distance_km,
				 double *to_latitude, double *to_longitude)
{
	double		radian = M_PI / 180.0;
	double		angle = distance_km / US_EARTH_RADIUS_KM;
	double		sin_lat = sin(latitude * radian);
	double		cos_lat = cos(latitude * radian);
	double		sin_angle = sin(angle);
	double		cos_angle = cos(angle);
	double		sin_to = sin_lat * cos_angle + cos_lat * sin_angle * cos(bearing);
	double		turn;
	double		lon;

	sin_to = Min(1.0, Max(-1.0, sin_to));
	turn = atan2(sin(bearing) * sin_angle * cos_lat, cos_angle - sin_lat * sin_to);
	lon = longitude + turn / radian;
	lon -= 360.0 * floor((lon + 180.0) / 360.0);
	if (lon < -180.0 || lon >= 180.0)	/* rounding next to the meridian */
		lon = -180.0;
	*to_latitude = asin(sin_to) / radian;
	*to_longitude = lon;
}
