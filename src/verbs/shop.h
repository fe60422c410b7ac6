/*
 * shop.h
 *	  A simulated shop: streams of events of users whose true groups are known.
 *
 * A user is made, sorted by time and handed out before the next one; memory holds the
 * world and the events of one user.  All of a user follows from (seed, user number,
 * days, start).
 */
#ifndef US_SHOP_H
#define US_SHOP_H

#include "datatype/timestamp.h"

#define US_SHOP_MAX_DAYS 3660

/* Order number k = 1, 2, ... of user u has the id u * US_SHOP_ORDERS_PER_USER + k. */
#define US_SHOP_ORDERS_PER_USER 100000

typedef struct UsShopParams
{
	int32		customers;
	int32		days;
	int64		seed;
	TimestampTz start;
	double		duplicate_rate; /* events only */
	double		missing_rate;	/* events only */
} UsShopParams;

typedef enum UsShopKind
{
	US_SHOP_VIEW,
	US_SHOP_CART,
	US_SHOP_PURCHASE,
	US_SHOP_RETURN,
	US_SHOP_RATING
} UsShopKind;

#define US_SHOP_KINDS 5

/* Names of the kinds of events. */
extern const char *const us_shop_kind_names[US_SHOP_KINDS];

typedef struct UsShopEvent
{
	TimestampTz at;
	int64		user_id;
	int64		order_id;		/* 0: none */
	int32		product_id;
	UsShopKind	kind;
	int			category;		/* index of us_shop_categories; -1: missing */
	double		amount;			/* NaN: none or missing */
	double		rating;			/* NaN: none or missing */
	double		latitude;		/* NaN: missing, then the longitude as well */
	double		longitude;
} UsShopEvent;

typedef struct UsShopTruth
{
	int64		user_id;
	int			group;			/* index of us_shop_groups */
	TimestampTz joined_at;
	TimestampTz dropout_at;		/* DT_NOEND: still a customer at the end */
	int32		orders;
	double		order_rate;		/* a day */
	double		dropout_probability;
	double		mean_order_value;
	double		session_rate;	/* a day */
	double		return_rate;
	int			favourite;		/* index of us_shop_categories */
	int			habit;			/* index of us_shop_habit_names */
	int			city;			/* index of us_shop_cities */
	double		latitude;		/* home */
	double		longitude;
} UsShopTruth;

typedef struct UsShop UsShop;

/*
 * Open a simulation in the current memory context, where all its memory stays.
 * Raises 22023 for parameters out of range: customers >= 1, 1 <= days <= 3660,
 * rates in [0,1), start finite and days before the end of the calendar.
 */
extern UsShop *us_shop_create(const UsShopParams *params);

/*
 * The next event, by user number and by time within a user; false after the last.
 * Checks for interrupts at each new user.
 */
extern bool us_shop_next_event(UsShop *shop, UsShopEvent *event);

/* The truth about the next user; false after the last. */
extern bool us_shop_next_truth(UsShop *shop, UsShopTruth *truth);

#endif
