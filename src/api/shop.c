/*
 * shop.c
 *	  userseg.simulate_shop and userseg.simulate_shop_truth.
 *
 * One row a call: in a select list the rows stream; in FROM the executor keeps them
 * in a tuplestore that goes to disk above work_mem.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "infra/args.h"
#include "verbs/shop.h"
#include "verbs/shop_model.h"

#define EVENT_COLUMNS 10
#define TRUTH_COLUMNS 17

typedef struct ShopCall
{
	UsShop	   *shop;
	Datum		kind[US_SHOP_KINDS];	/* text */
	Datum		category[US_SHOP_CATEGORIES];
} ShopCall;

/* Read (customers, days, seed, start) and, for events, (duplicate_rate, missing_rate). */
static void
read_params(FunctionCallInfo fcinfo, UsShopParams *params)
{
	static const char *const names[] = {
		"customers", "days", "seed", "start", "duplicate_rate", "missing_rate"
	};

	for (int i = 0; i < PG_NARGS(); i++)
		US_ARG_REQUIRE(i, names[i]);
	params->customers = PG_GETARG_INT32(0);
	params->days = PG_GETARG_INT32(1);
	params->seed = PG_GETARG_INT64(2);
	params->start = PG_GETARG_TIMESTAMPTZ(3);
	params->duplicate_rate = PG_NARGS() > 4 ? PG_GETARG_FLOAT8(4) : 0.0;
	params->missing_rate = PG_NARGS() > 5 ? PG_GETARG_FLOAT8(5) : 0.0;
}

/* First call: open the simulation in the memory that lives as long as the call series. */
static FuncCallContext *
first_call(FunctionCallInfo fcinfo, int columns)
{
	FuncCallContext *context = SRF_FIRSTCALL_INIT();
	MemoryContext caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);
	ShopCall   *call = (ShopCall *) palloc(sizeof(ShopCall));
	UsShopParams params;
	TupleDesc	row;

	read_params(fcinfo, &params);
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE || row->natts != columns)
		elog(ERROR, "return type must be a row of %d columns", columns);
	context->tuple_desc = BlessTupleDesc(row);
	call->shop = us_shop_create(&params);
	for (int i = 0; i < US_SHOP_KINDS; i++)
		call->kind[i] = CStringGetTextDatum(us_shop_kind_names[i]);
	for (int i = 0; i < US_SHOP_CATEGORIES; i++)
		call->category[i] = CStringGetTextDatum(us_shop_categories[i].name);
	context->user_fctx = call;
	MemoryContextSwitchTo(caller);
	return context;
}

PG_FUNCTION_INFO_V1(userseg_simulate_shop);

/*
 * userseg.simulate_shop(customers int4, days int4, seed int8, start timestamptz,
 *						 duplicate_rate float8, missing_rate float8) → setof record
 */
Datum
userseg_simulate_shop(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	ShopCall   *call;
	UsShopEvent event;
	Datum		values[EVENT_COLUMNS];
	bool		nulls[EVENT_COLUMNS] = {false};

	if (SRF_IS_FIRSTCALL())
		first_call(fcinfo, EVENT_COLUMNS);
	context = SRF_PERCALL_SETUP();
	call = (ShopCall *) context->user_fctx;
	if (!us_shop_next_event(call->shop, &event))
		SRF_RETURN_DONE(context);

	values[0] = Int64GetDatum(event.user_id);
	values[1] = TimestampTzGetDatum(event.at);
	values[2] = call->kind[event.kind];
	values[3] = Int64GetDatum(event.order_id);
	nulls[3] = event.order_id == 0;
	values[4] = Int32GetDatum(event.product_id);
	nulls[5] = event.category < 0;
	values[5] = nulls[5] ? (Datum) 0 : call->category[event.category];
	values[6] = Float8GetDatum(event.amount);
	nulls[6] = isnan(event.amount);
	values[7] = Float8GetDatum(event.rating);
	nulls[7] = isnan(event.rating);
	values[8] = Float8GetDatum(event.latitude);
	nulls[8] = isnan(event.latitude);
	values[9] = Float8GetDatum(event.longitude);
	nulls[9] = isnan(event.longitude);
	SRF_RETURN_NEXT(context,
					HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
}

PG_FUNCTION_INFO_V1(userseg_simulate_shop_truth);

/*
 * userseg.simulate_shop_truth(customers int4, days int4, seed int8, start timestamptz)
 *		→ setof record
 */
Datum
userseg_simulate_shop_truth(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	ShopCall   *call;
	UsShopTruth truth;
	Datum		values[TRUTH_COLUMNS];
	bool		nulls[TRUTH_COLUMNS] = {false};

	if (SRF_IS_FIRSTCALL())
		first_call(fcinfo, TRUTH_COLUMNS);
	context = SRF_PERCALL_SETUP();
	call = (ShopCall *) context->user_fctx;
	if (!us_shop_next_truth(call->shop, &truth))
		SRF_RETURN_DONE(context);

	values[0] = Int64GetDatum(truth.user_id);
	values[1] = Int32GetDatum(truth.group + 1);
	values[2] = CStringGetTextDatum(us_shop_groups[truth.group].name);
	values[3] = TimestampTzGetDatum(truth.joined_at);
	values[4] = TimestampTzGetDatum(truth.dropout_at);
	nulls[4] = TIMESTAMP_NOT_FINITE(truth.dropout_at);
	values[5] = Int32GetDatum(truth.orders);
	values[6] = Float8GetDatum(truth.order_rate);
	values[7] = Float8GetDatum(truth.dropout_probability);
	values[8] = Float8GetDatum(truth.mean_order_value);
	values[9] = Float8GetDatum(truth.session_rate);
	values[10] = Float8GetDatum(truth.return_rate);
	values[11] = call->category[truth.favourite];
	values[12] = CStringGetTextDatum(us_shop_habit_names[truth.habit]);
	values[13] = CStringGetTextDatum(us_shop_cities[truth.city].name);
	values[14] = Float8GetDatum(truth.latitude);
	values[15] = Float8GetDatum(truth.longitude);
	values[16] = Int32GetDatum(us_shop_cities[truth.city].utc_offset);
	SRF_RETURN_NEXT(context,
					HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
}
