/*
 * shop_model.h
 *	  The world of the simulated shop: groups of users, products, cities.
 *
 * doc/shop.md states the model; the numbers stand in shop_model.c.
 */
#ifndef US_SHOP_MODEL_H
#define US_SHOP_MODEL_H

#include "math/random.h"
#include "verbs/shop_clock.h"

#define US_SHOP_GROUPS 8
#define US_SHOP_CATEGORIES 12
#define US_SHOP_CITIES 12
#define US_SHOP_PRODUCTS 50		/* in each category */

/* Standard deviation of the logarithm of an order's common price factor. */
#define US_SHOP_ORDER_SIGMA 0.35

/* What the users of one group have in common. */
typedef struct UsShopGroup
{
	const char *name;
	double		share;			/* of all users */
	double		join_from;		/* they join uniformly in this part of the window */
	double		join_to;
	bool		buys_at_join;	/* the first order is the joining */
	double		order_rate;		/* mean of the orders a day */
	double		order_shape;	/* gamma shape of the rate between users */
	double		dropout_a;		/* beta shapes of the probability of leaving after an order; */
	double		dropout_b;		/* 0 for b: always 1 */
	double		session_rate;	/* mean of the sessions a day that end without an order */
	double		extra_views;	/* mean number of products viewed and not bought, each session */
	double		abandon;		/* probability that such a product is put into the cart */
	double		extra_lines;	/* mean number of order lines above one */
	double		level;			/* median of the price level between users */
	double		level_sigma;	/* standard deviation of its logarithm */
	double		return_rate;	/* mean probability that a line is returned */
	double		rating_rate;	/* probability that a line is rated */
	double		rating_bias;	/* mean of the users' bias */
	double		habit[US_SHOP_HABITS];	/* probabilities */
	double		taste[US_SHOP_CATEGORIES];	/* weights of the categories */
} UsShopGroup;

typedef struct UsShopCategory
{
	const char *name;
	double		price;			/* median */
} UsShopCategory;

typedef struct UsShopCity
{
	const char *name;
	double		latitude;
	double		longitude;
	double		share;			/* of all users */
	double		radius_km;		/* of the homes: Rayleigh scale of the distance from the centre */
	int			utc_offset;		/* hours; no summer time */
} UsShopCity;

extern const UsShopGroup us_shop_groups[US_SHOP_GROUPS];
extern const UsShopCategory us_shop_categories[US_SHOP_CATEGORIES];
extern const UsShopCity us_shop_cities[US_SHOP_CITIES];

/* What a seed fixes for all users. */
typedef struct UsShopWorld
{
	uint64		seed;
	double		price[US_SHOP_CATEGORIES][US_SHOP_PRODUCTS];
	double		quality[US_SHOP_CATEGORIES][US_SHOP_PRODUCTS];
	double		mean_price[US_SHOP_CATEGORIES]; /* weighted by popularity */
	UsShopWeek	week[US_SHOP_HABITS];
} UsShopWorld;

/* One user's own parameters. */
typedef struct UsShopUser
{
	int64		id;
	int			group;			/* indexes of the tables above */
	int			city;
	int			habit;
	double		join;			/* part of the window at which the user joins, in activity time */
	double		order_rate;		/* a day */
	double		dropout;
	double		session_rate;	/* a day */
	double		level;
	double		return_rate;
	double		rating_bias;
	double		latitude;		/* home */
	double		longitude;
	double		taste[US_SHOP_CATEGORIES];	/* probabilities */
} UsShopUser;

/* The independent sequences of random numbers of one user. */
typedef enum UsShopStream
{
	US_SHOP_STREAM_TRAITS,
	US_SHOP_STREAM_ORDERS,
	US_SHOP_STREAM_SESSIONS,
	US_SHOP_STREAM_CONTENTS,
	US_SHOP_STREAM_DEFECTS
} UsShopStream;

/* Draw products and prices, prepare the weeks. */
extern void us_shop_world_init(UsShopWorld *world, uint64 seed);

/* Open one of the sequences of a user. */
extern void us_shop_stream(const UsShopWorld *world, int64 user_id, UsShopStream stream,
						   UsRandom *random);

/* Draw the parameters of a user: a function of the seed and the number only. */
extern void us_shop_user_init(const UsShopWorld *world, int64 user_id, UsShopUser *user);

/* Index drawn with the given probabilities, which sum to 1. */
extern int	us_shop_pick(UsRandom *random, const double *probability, int n);

/*
 * Product of a category, by popularity: the one of rank r = 0 .. US_SHOP_PRODUCTS - 1 has
 * probability sqrt((r + 1) / US_SHOP_PRODUCTS) - sqrt(r / US_SHOP_PRODUCTS).
 */
extern int	us_shop_pick_product(UsRandom *random);

/* Expected amount of an order of this user, before returns. */
extern double us_shop_mean_order_value(const UsShopWorld *world, const UsShopUser *user);

/*
 * Where a user who is at distance scale radius_km from a place may be: direction uniform,
 * distance Rayleigh, that is a round normal distribution on the plane laid on the sphere.
 */
extern void us_shop_scatter(UsRandom *random, double latitude, double longitude,
							double radius_km, double *to_latitude, double *to_longitude);

#endif
