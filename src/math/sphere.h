/*
 * sphere.h
 *	  Places on the sphere: latitude and longitude in degrees, distances in kilometres.
 */
#ifndef US_SPHERE_H
#define US_SPHERE_H

/* Mean radius of the earth (IUGG), kilometres. */
#define US_EARTH_RADIUS_KM 6371.0088

/*
 * The point reached from (latitude, longitude) by going distance_km along the great
 * circle that leaves at bearing (radians, clockwise from north).  The longitude comes
 * back in [-180, 180).  All arguments must be finite.
 * E. Williams, Aviation Formulary, "Lat/lon given radial and distance".
 */
extern void us_sphere_travel(double latitude, double longitude,
							 double bearing, double distance_km,
							 double *to_latitude, double *to_longitude);

#endif
