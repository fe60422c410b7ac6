/*
 * shop.c
 *	  A simulated shop: streams of events of users whose true groups are known.
 *
 * Orders: while a user is a customer, orders come as a Poisson process in activity time
 * (shop_clock.h); after each order, the first included, the user leaves with the user's
 * dropout probability.  That is the MBG/NBD model (E. Batislam, M. Denizel, A. Filiztekin,
 * "Empirical validation and comparison of models for customer base analysis",
 * International Journal of Research in Marketing 2007) within each group.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "verbs/shop.h"
#include "verbs/shop_model.h"

#define VIEW_GAP_SECONDS 40.0	/* mean time between two actions of a session, 1 s at least */
#define SESSION_RADIUS_KM 1.5	/* of a session's place around the home */
#define TRAVEL_PROBABILITY 0.03 /* that a session takes place in any of the cities */
#define RETURN_DELAY_DAYS 9.0	/* mean; 1 day at least */
#define RATING_DELAY_DAYS 6.0	/* mean; 2 days at least */
#define RATING_LEVEL 3.7
#define RATING_SIGMA 0.7
#define RATING_OF_RETURNED (-1.5)	/* what a return takes off */
#define MAX_ITEMS 64			/* products handled in one session; means are below 10 */

/* A product handled in a session. */
typedef struct Item
{
	int			category;
	int			product;
	int			quantity;		/* 0: viewed only */
	bool		in_cart;
} Item;

/* When, and for the sort: which event. */
typedef struct EventKey
{
	TimestampTz at;
	int32		index;
} EventKey;

struct UsShop
{
	UsShopParams params;
	TimestampTz end;
	UsShopWorld world;
	int64		next_user;

	/* the user at work */
	UsShopUser	user;
	const UsShopGroup *group;
	UsShopClock clock;
	double		window;			/* length of the window in activity days */
	double		joined;			/* activity time at which the user joins */
	double		left;			/* and leaves; the end of the window if never */
	bool		dropped_out;
	TimestampTz *orders;		/* times of the orders */
	int			n_orders;
	int			max_orders;

	/* the user's events, and the order to hand them out in */
	UsShopEvent *events;
	EventKey   *keys;
	int			n_events;
	int			max_events;
	int			next_event;
	UsRandom	defects;
	bool		repeat;			/* hand out the last event again */
	UsShopEvent last;
};

const char *const us_shop_kind_names[US_SHOP_KINDS] = {
	"view", "cart", "purchase", "return", "rating"
};

#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE EventKey
#define ST_COMPARE(a, b) \
	((a)->at != (b)->at ? ((a)->at < (b)->at ? -1 : 1) : (a)->index - (b)->index)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
check_rate(const char *name, double rate)
{
	if (!(rate >= 0.0 && rate < 1.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be at least 0 and below 1, not %g", name, rate),
				 errhint("A rate is a part of the events: 0.01 means one in a hundred.")));
}

static void
check_params(const UsShopParams *params)
{
	if (params->customers < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("customers must be at least 1, not %d", params->customers),
				 errhint("A thousand customers make about 240000 events a year.")));
	if (params->days < 1 || params->days > US_SHOP_MAX_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("days must be between 1 and %d, not %d", US_SHOP_MAX_DAYS, params->days),
				 errhint("A year is a good start; below 180 days the groups can hardly be told apart.")));
	if (TIMESTAMP_NOT_FINITE(params->start) ||
		params->start >= END_TIMESTAMP - params->days * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start must be a finite time, and %d days later still in the calendar",
						params->days),
				 errhint("Take the day on which the shop opens, such as '2024-01-01 00:00:00+00'.")));
	check_rate("duplicate_rate", params->duplicate_rate);
	check_rate("missing_rate", params->missing_rate);
}

UsShop *
us_shop_create(const UsShopParams *params)
{
	UsShop	   *shop;

	check_params(params);
	shop = (UsShop *) palloc0(sizeof(UsShop));
	shop->params = *params;
	shop->end = params->start + params->days * USECS_PER_DAY;
	shop->next_user = 1;
	us_shop_world_init(&shop->world, (uint64) params->seed);
	shop->max_orders = 64;
	shop->orders = (TimestampTz *) palloc(shop->max_orders * sizeof(TimestampTz));
	shop->max_events = 1024;
	shop->events = (UsShopEvent *) palloc(shop->max_events * sizeof(UsShopEvent));
	shop->keys = (EventKey *) palloc(shop->max_events * sizeof(EventKey));
	return shop;
}

/* Days to microseconds, to the millisecond. */
static int64
interval_of_days(double days)
{
	return (int64) rint(days * (SECS_PER_DAY * 1000.0)) * 1000;
}

/* Calendar time of an activity time. */
static TimestampTz
calendar_time(const UsShop *shop, double activity)
{
	return shop->params.start +
		interval_of_days(us_shop_clock_hours(&shop->clock, activity) / HOURS_PER_DAY);
}

/* Draw the times of the current user's orders, and when the user leaves. */
static void
draw_orders(UsShop *shop)
{
	const UsShopUser *user = &shop->user;
	double		activity = shop->joined;
	UsRandom	random;

	us_shop_stream(&shop->world, user->id, US_SHOP_STREAM_ORDERS, &random);
	shop->n_orders = 0;
	shop->dropped_out = false;
	if (!shop->group->buys_at_join)
		activity += us_random_exponential(&random) / user->order_rate;
	while (activity < shop->window && shop->n_orders < US_SHOP_ORDERS_PER_USER - 1)
	{
		TimestampTz at = calendar_time(shop, activity);

		if (at >= shop->end)
			break;
		if (shop->n_orders == shop->max_orders)
		{
			shop->max_orders *= 2;
			shop->orders = (TimestampTz *) repalloc(shop->orders,
													shop->max_orders * sizeof(TimestampTz));
		}
		shop->orders[shop->n_orders++] = at;
		if (us_random_double(&random) < user->dropout)
		{
			shop->dropped_out = true;
			break;
		}
		activity += us_random_exponential(&random) / user->order_rate;
	}
	shop->left = shop->dropped_out ? activity : shop->window;
}

/* Make the next user the current one, with orders but no events yet; false after the last. */
static bool
next_user(UsShop *shop)
{
	UsShopUser *user = &shop->user;

	CHECK_FOR_INTERRUPTS();
	if (shop->next_user > shop->params.customers)
		return false;
	us_shop_user_init(&shop->world, shop->next_user++, user);
	shop->group = &us_shop_groups[user->group];
	us_shop_clock_init(&shop->clock, &shop->world.week[user->habit], shop->params.start,
					   us_shop_cities[user->city].utc_offset);
	shop->window = us_shop_clock_activity(&shop->clock, shop->params.days * 24.0);
	shop->joined = user->join * shop->window;
	draw_orders(shop);
	return true;
}

/* An empty event of the current user at the end of the list. */
static UsShopEvent *
add_event(UsShop *shop, UsShopKind kind, const Item *item)
{
	UsShopEvent *event;

	if (shop->n_events == shop->max_events)
	{
		shop->max_events *= 2;
		shop->events = (UsShopEvent *) repalloc(shop->events,
												shop->max_events * sizeof(UsShopEvent));
		shop->keys = (EventKey *) repalloc(shop->keys, shop->max_events * sizeof(EventKey));
	}
	event = &shop->events[shop->n_events++];
	event->user_id = shop->user.id;
	event->kind = kind;
	event->order_id = 0;
	event->category = item->category;
	event->product_id = item->category * US_SHOP_PRODUCTS + item->product + 1;
	event->amount = NAN;
	event->rating = NAN;
	event->latitude = shop->user.latitude;
	event->longitude = shop->user.longitude;
	return event;
}

static void
draw_product(UsShop *shop, UsRandom *random, Item *item)
{
	item->category = us_shop_pick(random, shop->user.taste, US_SHOP_CATEGORIES);
	item->product = us_shop_pick_product(random);
}

/* Fill items[] with what an order buys; a product drawn again counts twice. */
static int
draw_lines(UsShop *shop, UsRandom *random, Item *items)
{
	int64		draws = 1 + us_random_poisson(random, shop->group->extra_lines);
	int			n = 0;

	while (draws-- > 0)
	{
		Item		item;
		int			i;

		draw_product(shop, random, &item);
		for (i = 0; i < n; i++)
			if (items[i].category == item.category && items[i].product == item.product)
				break;
		if (i < n)
			items[i].quantity++;
		else if (n < MAX_ITEMS)
		{
			item.quantity = 1;
			item.in_cart = true;
			items[n++] = item;
		}
	}
	return n;
}

/* Append n products that are viewed only, some put into the cart. */
static int
draw_extras(UsShop *shop, UsRandom *random, Item *items, int have, int64 n)
{
	for (; n > 0 && have < MAX_ITEMS; n--, have++)
	{
		draw_product(shop, random, &items[have]);
		items[have].quantity = 0;
		items[have].in_cart = us_random_double(random) < shop->group->abandon;
	}
	return have;
}

/* Time to the next action of a session, to the millisecond. */
static int64
action_gap(UsRandom *random)
{
	double		seconds = 1.0 + (VIEW_GAP_SECONDS - 1.0) * us_random_exponential(random);

	return interval_of_days(seconds / SECS_PER_DAY);
}

/* Give the events from number first on the place of one session. */
static void
place_session(UsShop *shop, UsRandom *random, int first)
{
	double		from_latitude = shop->user.latitude;
	double		from_longitude = shop->user.longitude;
	double		radius = SESSION_RADIUS_KM;
	double		latitude,
				longitude;

	if (us_random_double(random) < TRAVEL_PROBABILITY)
	{
		const UsShopCity *city = &us_shop_cities[us_random_below(random, US_SHOP_CITIES)];

		from_latitude = city->latitude;
		from_longitude = city->longitude;
		radius = city->radius_km;
	}
	us_shop_scatter(random, from_latitude, from_longitude, radius, &latitude, &longitude);
	for (int i = first; i < shop->n_events; i++)
	{
		shop->events[i].latitude = latitude;
		shop->events[i].longitude = longitude;
	}
}

/* Views and carts of a session; the caller sets the times. */
static void
add_browsing(UsShop *shop, UsRandom *random, Item *items, int n)
{
	for (int i = n - 1; i > 0; i--)
	{
		int			j = us_random_below(random, i + 1);
		Item		swap = items[i];

		items[i] = items[j];
		items[j] = swap;
	}
	for (int i = 0; i < n; i++)
	{
		add_event(shop, US_SHOP_VIEW, &items[i]);
		if (items[i].in_cart)
			add_event(shop, US_SHOP_CART, &items[i]);
	}
}

/* What may follow an order line: a return, a rating. */
static void
add_consequences(UsShop *shop, UsRandom *random, const Item *item, TimestampTz bought,
				 int64 order_id, double amount)
{
	const UsShopUser *user = &shop->user;
	bool		returned = us_random_double(random) < user->return_rate;
	UsShopEvent *event;

	if (returned)
	{
		event = add_event(shop, US_SHOP_RETURN, item);
		event->order_id = order_id;
		event->amount = -amount;
		event->at = bought +
			interval_of_days(1.0 + (RETURN_DELAY_DAYS - 1.0) / 2.0 * us_random_gamma(random, 2.0));
	}
	if (us_random_double(random) < shop->group->rating_rate)
	{
		double		rating = RATING_LEVEL + user->rating_bias +
			shop->world.quality[item->category][item->product] +
			(returned ? RATING_OF_RETURNED : 0.0) + RATING_SIGMA * us_random_normal(random);

		event = add_event(shop, US_SHOP_RATING, item);
		event->order_id = order_id;
		event->rating = Min(5.0, Max(1.0, rint(rating)));
		event->at = bought +
			interval_of_days(2.0 + (RATING_DELAY_DAYS - 2.0) * us_random_exponential(random));
	}
}

/* A session that ends with an order at time bought. */
static void
add_order(UsShop *shop, UsRandom *random, TimestampTz bought, int64 order_id)
{
	Item		items[MAX_ITEMS];
	int			first = shop->n_events;
	int			n;
	TimestampTz at = bought;
	double		factor;

	n = draw_lines(shop, random, items);
	n = draw_extras(shop, random, items, n,
					us_random_poisson(random, shop->group->extra_views));
	add_browsing(shop, random, items, n);
	for (int i = shop->n_events - 1; i >= first; i--)
	{
		at -= action_gap(random);
		shop->events[i].at = at;
	}
	factor = shop->user.level * exp(US_SHOP_ORDER_SIGMA * us_random_normal(random) -
									0.5 * US_SHOP_ORDER_SIGMA * US_SHOP_ORDER_SIGMA);
	for (int i = 0; i < n; i++)
	{
		double		price = shop->world.price[items[i].category][items[i].product];
		UsShopEvent *event;

		if (items[i].quantity == 0)
			continue;
		event = add_event(shop, US_SHOP_PURCHASE, &items[i]);
		event->at = bought;
		event->order_id = order_id;
		event->amount = Max(0.01, rint(100.0 * price * factor * items[i].quantity) / 100.0);
	}
	place_session(shop, random, first);
	n = shop->n_events;
	for (int i = first; i < n; i++)
	{
		UsShopEvent event = shop->events[i];	/* the list may move */
		Item		item = {event.category, (event.product_id - 1) % US_SHOP_PRODUCTS};

		if (event.kind == US_SHOP_PURCHASE)
			add_consequences(shop, random, &item, bought, order_id, event.amount);
	}
}

/* A session without an order, from time at on. */
static void
add_session(UsShop *shop, UsRandom *random, TimestampTz at)
{
	Item		items[MAX_ITEMS];
	int			first = shop->n_events;
	int			n;

	n = draw_extras(shop, random, items, 0,
					1 + us_random_poisson(random, shop->group->extra_views));
	add_browsing(shop, random, items, n);
	for (int i = first; i < shop->n_events; i++)
	{
		shop->events[i].at = at;
		at += action_gap(random);
	}
	place_session(shop, random, first);
}

/* Make all events of the current user, and sort those of the window by time. */
static void
make_events(UsShop *shop)
{
	UsRandom	sessions;
	UsRandom	contents;
	double		activity = shop->joined;
	int			kept = 0;

	shop->n_events = 0;
	us_shop_stream(&shop->world, shop->user.id, US_SHOP_STREAM_CONTENTS, &contents);
	for (int k = 0; k < shop->n_orders; k++)
		add_order(shop, &contents, shop->orders[k],
				  shop->user.id * US_SHOP_ORDERS_PER_USER + k + 1);

	us_shop_stream(&shop->world, shop->user.id, US_SHOP_STREAM_SESSIONS, &sessions);
	for (;;)
	{
		activity += us_random_exponential(&sessions) / shop->user.session_rate;
		if (!(activity < shop->left))
			break;
		add_session(shop, &sessions, calendar_time(shop, activity));
	}

	for (int i = 0; i < shop->n_events; i++)
	{
		TimestampTz at = shop->events[i].at;

		if (at < shop->params.start || at >= shop->end)
			continue;
		shop->keys[kept].at = at;
		shop->keys[kept++].index = i;
	}
	shop->n_events = kept;
	shop->next_event = 0;
	sort_keys(shop->keys, kept);
	us_shop_stream(&shop->world, shop->user.id, US_SHOP_STREAM_DEFECTS, &shop->defects);
}

/* Round degrees to five decimals, about a metre. */
static void
round_place(double *latitude, double *longitude)
{
	*latitude = rint(*latitude * 100000.0) / 100000.0;
	*longitude = rint(*longitude * 100000.0) / 100000.0;
	if (*longitude >= 180.0)
		*longitude = -180.0;
}

/* Blank values, and decide whether the event comes twice. */
static void
add_defects(UsShop *shop, UsShopEvent *event)
{
	double		rate = shop->params.missing_rate;

	if (us_random_double(&shop->defects) < rate)
		event->category = -1;
	if (us_random_double(&shop->defects) < rate)
		event->amount = NAN;
	if (us_random_double(&shop->defects) < rate)
		event->rating = NAN;
	if (us_random_double(&shop->defects) < rate)
		event->latitude = event->longitude = NAN;
	shop->repeat = us_random_double(&shop->defects) < shop->params.duplicate_rate;
}

bool
us_shop_next_event(UsShop *shop, UsShopEvent *event)
{
	if (shop->repeat)
	{
		*event = shop->last;
		shop->repeat = false;
		return true;
	}
	while (shop->next_event >= shop->n_events)
	{
		if (!next_user(shop))
			return false;
		make_events(shop);
	}
	*event = shop->events[shop->keys[shop->next_event++].index];
	round_place(&event->latitude, &event->longitude);
	add_defects(shop, event);
	shop->last = *event;
	return true;
}

bool
us_shop_next_truth(UsShop *shop, UsShopTruth *truth)
{
	const UsShopUser *user = &shop->user;

	if (!next_user(shop))
		return false;
	truth->user_id = user->id;
	truth->group = user->group;
	truth->joined_at = calendar_time(shop, shop->joined);
	truth->dropout_at = shop->dropped_out ? shop->orders[shop->n_orders - 1] : DT_NOEND;
	truth->orders = shop->n_orders;
	truth->order_rate = user->order_rate;
	truth->dropout_probability = user->dropout;
	truth->mean_order_value = us_shop_mean_order_value(&shop->world, user);
	truth->session_rate = user->session_rate;
	truth->return_rate = user->return_rate;
	truth->favourite = 0;
	for (int c = 1; c < US_SHOP_CATEGORIES; c++)
		if (user->taste[c] > user->taste[truth->favourite])
			truth->favourite = c;
	truth->habit = user->habit;
	truth->city = user->city;
	truth->latitude = user->latitude;
	truth->longitude = user->longitude;
	round_place(&truth->latitude, &truth->longitude);
	return true;
}
