/*
 * shop_model.c
 *	  The world of the simulated shop: groups of users, products, cities.
 */
#include "postgres.h"

#include <math.h>

#include "math/sphere.h"
#include "verbs/shop_model.h"

#define PRODUCT_SIGMA 0.40		/* of the logarithm of the price around the category's median */
#define QUALITY_SIGMA 0.50		/* of a product's quality, in rating points */
#define BIAS_SIGMA 0.40			/* of a user's rating bias around the group's */
#define TASTE_CONCENTRATION 16.0	/* sum of the Dirichlet parameters */
#define RETURN_CONCENTRATION 20.0	/* sum of the beta parameters of the return rate */
#define SESSION_SHAPE 2.0		/* gamma shape of the session rate between users */

/* Streams above the users' numbers, which are int4. */
#define PRODUCT_STREAM UINT64CONST(0x8000000000000000)

const UsShopCategory us_shop_categories[US_SHOP_CATEGORIES] = {
	{"groceries", 8}, {"books", 14}, {"beauty", 18}, {"toys", 24},
	{"garden", 32}, {"fashion", 38}, {"kitchen", 45}, {"home", 55},
	{"sports", 60}, {"shoes", 70}, {"jewellery", 120}, {"electronics", 180}
};

/* Invented towns; the last one lies on the 180th meridian. */
const UsShopCity us_shop_cities[US_SHOP_CITIES] = {
	{"Aldermouth", 51.20, -1.30, 0.18, 14, 0},
	{"Briennes", 47.90, 2.60, 0.14, 12, 0},
	{"Carrow", 53.60, -6.90, 0.07, 8, 0},
	{"Dornfeld", 50.40, 9.80, 0.13, 12, 1},
	{"Elvara", 41.00, -3.20, 0.09, 10, 0},
	{"Fennholm", 58.90, 16.20, 0.06, 9, 1},
	{"Gattara", 44.20, 10.70, 0.08, 9, 1},
	{"Harlow Creek", 40.40, -88.30, 0.09, 18, -6},
	{"Isla Norte", 20.60, -100.10, 0.05, 11, -7},
	{"Kawamori", 35.90, 138.20, 0.06, 10, 9},
	{"Lindeza", -22.60, -45.90, 0.03, 12, -3},
	{"Meridian Bay", -17.40, 179.95, 0.02, 15, 12}
};

#define PER_MONTH(orders) ((orders) / 30.0)

const UsShopGroup us_shop_groups[US_SHOP_GROUPS] = {
	{
		.name = "vip", .share = 0.05, .join_from = 0.00, .join_to = 0.30, .buys_at_join = true,
		.order_rate = PER_MONTH(4.0), .order_shape = 10, .dropout_a = 1, .dropout_b = 399,
		.session_rate = 0.20, .extra_views = 3.0, .abandon = 0.10, .extra_lines = 2.4,
		.level = 1.60, .level_sigma = 0.25, .return_rate = 0.05, .rating_rate = 0.25, .rating_bias = 0.3,
		.habit = {0.3, 0.2, 0.4, 0.1},
		.taste = {2, 2, 3, 1, 2, 5, 3, 4, 2, 4, 4, 4}
	},
	{
		.name = "regular", .share = 0.18, .join_from = 0.00, .join_to = 0.50, .buys_at_join = true,
		.order_rate = PER_MONTH(1.6), .order_shape = 8, .dropout_a = 1, .dropout_b = 149,
		.session_rate = 0.10, .extra_views = 3.0, .abandon = 0.10, .extra_lines = 1.5,
		.level = 1.00, .level_sigma = 0.25, .return_rate = 0.06, .rating_rate = 0.18, .rating_bias = 0.1,
		.habit = {0.35, 0.25, 0.3, 0.1},
		.taste = {5, 4, 4, 3, 2, 4, 4, 3, 2, 3, 1, 2}
	},
	{
		.name = "bargain_hunter", .share = 0.14, .join_from = 0.00, .join_to = 0.50, .buys_at_join = true,
		.order_rate = PER_MONTH(1.6), .order_shape = 8, .dropout_a = 1, .dropout_b = 99,
		.session_rate = 0.30, .extra_views = 5.0, .abandon = 0.20, .extra_lines = 0.6,
		.level = 0.35, .level_sigma = 0.25, .return_rate = 0.15, .rating_rate = 0.20, .rating_bias = -0.3,
		.habit = {0.1, 0.2, 0.4, 0.3},
		.taste = {6, 4, 5, 4, 2, 5, 2, 1, 1, 3, 0.5, 1}
	},
	{
		.name = "big_spender", .share = 0.08, .join_from = 0.00, .join_to = 0.50, .buys_at_join = true,
		.order_rate = PER_MONTH(0.4), .order_shape = 6, .dropout_a = 1, .dropout_b = 39,
		.session_rate = 0.05, .extra_views = 4.0, .abandon = 0.08, .extra_lines = 0.8,
		.level = 3.20, .level_sigma = 0.25, .return_rate = 0.10, .rating_rate = 0.15, .rating_bias = 0.0,
		.habit = {0.3, 0.3, 0.3, 0.1},
		.taste = {0.5, 1, 1, 1, 1, 1, 2, 4, 3, 1, 6, 8}
	},
	{
		.name = "newcomer", .share = 0.13, .join_from = 0.90, .join_to = 1.00, .buys_at_join = true,
		.order_rate = PER_MONTH(1.2), .order_shape = 5, .dropout_a = 1, .dropout_b = 19,
		.session_rate = 0.20, .extra_views = 4.0, .abandon = 0.12, .extra_lines = 0.9,
		.level = 0.90, .level_sigma = 0.30, .return_rate = 0.08, .rating_rate = 0.15, .rating_bias = 0.1,
		.habit = {0.2, 0.2, 0.4, 0.2},
		.taste = {3, 3, 4, 3, 2, 5, 3, 3, 3, 4, 1, 4}
	},
	{
		.name = "one_time", .share = 0.20, .join_from = 0.00, .join_to = 0.75, .buys_at_join = true,
		.order_rate = PER_MONTH(1.0), .order_shape = 3, .dropout_a = 1, .dropout_b = 0,
		.session_rate = 0.05, .extra_views = 4.0, .abandon = 0.12, .extra_lines = 0.4,
		.level = 0.80, .level_sigma = 0.30, .return_rate = 0.20, .rating_rate = 0.10, .rating_bias = -0.5,
		.habit = {0.25, 0.25, 0.3, 0.2},
		.taste = {2, 4, 2, 5, 3, 3, 3, 3, 3, 3, 2, 4}
	},
	{
		.name = "lapsed", .share = 0.14, .join_from = 0.00, .join_to = 0.40, .buys_at_join = true,
		.order_rate = PER_MONTH(3.0), .order_shape = 8, .dropout_a = 6, .dropout_b = 42,
		.session_rate = 0.12, .extra_views = 3.0, .abandon = 0.10, .extra_lines = 1.3,
		.level = 1.00, .level_sigma = 0.30, .return_rate = 0.12, .rating_rate = 0.15, .rating_bias = -0.4,
		.habit = {0.3, 0.25, 0.3, 0.15},
		.taste = {4, 3, 3, 3, 3, 4, 4, 3, 3, 3, 1, 3}
	},
	{
		.name = "window_shopper", .share = 0.08, .join_from = 0.00, .join_to = 0.80, .buys_at_join = false,
		.order_rate = PER_MONTH(0.08), .order_shape = 2, .dropout_a = 1, .dropout_b = 4,
		.session_rate = 0.15, .extra_views = 6.0, .abandon = 0.15, .extra_lines = 0.2,
		.level = 0.80, .level_sigma = 0.30, .return_rate = 0.12, .rating_rate = 0.10, .rating_bias = 0.0,
		.habit = {0.1, 0.2, 0.3, 0.4},
		.taste = {1, 2, 3, 3, 2, 6, 2, 4, 3, 6, 5, 6}
	}
};

int
us_shop_pick(UsRandom *random, const double *probability, int n)
{
	double		u = us_random_double(random);
	int			i;

	for (i = 0; i < n - 1; i++)
	{
		u -= probability[i];
		if (u < 0.0)
			break;
	}
	return i;
}

int
us_shop_pick_product(UsRandom *random)
{
	double		u = us_random_double(random);

	return (int) (u * u * US_SHOP_PRODUCTS);
}

void
us_shop_world_init(UsShopWorld *world, uint64 seed)
{
	UsRandom	random;

	world->seed = seed;
	us_random_init(&random, seed, PRODUCT_STREAM);
	for (int c = 0; c < US_SHOP_CATEGORIES; c++)
	{
		double		below = 0.0;

		world->mean_price[c] = 0.0;
		for (int p = 0; p < US_SHOP_PRODUCTS; p++)
		{
			double		up_to = sqrt((p + 1.0) / US_SHOP_PRODUCTS);

			world->price[c][p] = us_shop_categories[c].price *
				exp(PRODUCT_SIGMA * us_random_normal(&random));
			world->quality[c][p] = QUALITY_SIGMA * us_random_normal(&random);
			world->mean_price[c] += world->price[c][p] * (up_to - below);
			below = up_to;
		}
	}
	for (int h = 0; h < US_SHOP_HABITS; h++)
		us_shop_week_init(&world->week[h], h);
}

void
us_shop_stream(const UsShopWorld *world, int64 user_id, UsShopStream stream,
			   UsRandom *random)
{
	us_random_init(random, us_mix64(world->seed, (uint64) user_id), (uint64) stream);
}

/* Dirichlet around the group's profile: gammas divided by their sum. */
static void
draw_taste(UsRandom *random, const UsShopGroup *group, double *taste)
{
	double		weight = 0.0;
	double		sum = 0.0;

	for (int c = 0; c < US_SHOP_CATEGORIES; c++)
		weight += group->taste[c];
	for (int c = 0; c < US_SHOP_CATEGORIES; c++)
	{
		taste[c] = us_random_gamma(random, TASTE_CONCENTRATION * group->taste[c] / weight);
		sum += taste[c];
	}
	/* sum is a gamma of shape 16: a zero needs 12 underflows at once */
	for (int c = 0; c < US_SHOP_CATEGORIES; c++)
		taste[c] = sum > 0.0 ? taste[c] / sum : group->taste[c] / weight;
}

void
us_shop_scatter(UsRandom *random, double latitude, double longitude,
				double radius_km, double *to_latitude, double *to_longitude)
{
	double		bearing = 2.0 * M_PI * us_random_double(random);
	double		distance = radius_km * sqrt(2.0 * us_random_exponential(random));

	us_sphere_travel(latitude, longitude, bearing, distance, to_latitude, to_longitude);
}

/* Draw a city by share, and the home in it. */
static void
draw_home(UsRandom *random, UsShopUser *user)
{
	double		share[US_SHOP_CITIES];
	const UsShopCity *city;

	for (int i = 0; i < US_SHOP_CITIES; i++)
		share[i] = us_shop_cities[i].share;
	user->city = us_shop_pick(random, share, US_SHOP_CITIES);
	city = &us_shop_cities[user->city];
	us_shop_scatter(random, city->latitude, city->longitude, city->radius_km,
					&user->latitude, &user->longitude);
}

void
us_shop_user_init(const UsShopWorld *world, int64 user_id, UsShopUser *user)
{
	UsRandom	random;
	double		share[US_SHOP_GROUPS];
	const UsShopGroup *group;

	us_shop_stream(world, user_id, US_SHOP_STREAM_TRAITS, &random);
	for (int i = 0; i < US_SHOP_GROUPS; i++)
		share[i] = us_shop_groups[i].share;
	user->id = user_id;
	user->group = us_shop_pick(&random, share, US_SHOP_GROUPS);
	group = &us_shop_groups[user->group];
	user->habit = us_shop_pick(&random, group->habit, US_SHOP_HABITS);
	user->join = group->join_from +
		(group->join_to - group->join_from) * us_random_double(&random);
	user->order_rate = group->order_rate / group->order_shape *
		us_random_gamma(&random, group->order_shape);
	user->dropout = group->dropout_b > 0.0 ?
		us_random_beta(&random, group->dropout_a, group->dropout_b) : 1.0;
	user->session_rate = group->session_rate / SESSION_SHAPE *
		us_random_gamma(&random, SESSION_SHAPE);
	user->level = group->level * exp(group->level_sigma * us_random_normal(&random));
	user->return_rate = us_random_beta(&random, RETURN_CONCENTRATION * group->return_rate,
									   RETURN_CONCENTRATION * (1.0 - group->return_rate));
	user->rating_bias = group->rating_bias + BIAS_SIGMA * us_random_normal(&random);
	draw_home(&random, user);
	draw_taste(&random, group, user->taste);
}

double
us_shop_mean_order_value(const UsShopWorld *world, const UsShopUser *user)
{
	double		line = 0.0;

	for (int c = 0; c < US_SHOP_CATEGORIES; c++)
		line += user->taste[c] * world->mean_price[c];
	return line * user->level * (1.0 + us_shop_groups[user->group].extra_lines);
}
