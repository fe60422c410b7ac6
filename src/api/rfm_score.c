/*
 * rfm_score.c
 *	  Score breaks, scores and segments of RFM figures.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "agg/rfm_breaks.h"
#include "infra/args.h"
#include "infra/compat.h"
#include "infra/statement.h"
#include "model/catalog_rfm.h"

/* ---- learning breaks ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_breaks_step);
PG_FUNCTION_INFO_V1(userseg_rfm_breaks_combine);
PG_FUNCTION_INFO_V1(userseg_rfm_breaks_final);

/* Argument 0 for changing: inside an aggregate the transition value itself, else a copy. */
static UsRfmValues *
get_values(FunctionCallInfo fcinfo)
{
	UsRfmValues *s = (UsRfmValues *) PG_GETARG_POINTER(0);

	if (!AggCheckCallContext(fcinfo, NULL) || VARATT_IS_EXTENDED(s))
		s = (UsRfmValues *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
	us_rfm_values_check(s);
	return s;
}

static void
check_scores(const UsRfmValues *s, int scores)
{
	if (s->scores != scores)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of scores differs between rows: %d and %d", s->scores, scores)));
}

/* _rfm_breaks_step(state, value, n): transition function of rfm_breaks. */
Datum
userseg_rfm_breaks_step(PG_FUNCTION_ARGS)
{
	UsRfmValues *s;
	float8		value;

	US_ARG_REQUIRE(2, "n");
	s = PG_ARGISNULL(0) ? us_rfm_values_new(PG_GETARG_INT32(2)) : get_values(fcinfo);
	check_scores(s, PG_GETARG_INT32(2));
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(s);
	value = PG_GETARG_FLOAT8(1);
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot learn breaks from %s", isnan(value) ? "NaN" : "an infinite value"),
				 errhint("Filter such rows out; NULL is ignored.")));
	value += 0.0;				/* one zero */
	PG_RETURN_POINTER(us_rfm_values_add(s, &value, 1));
}

/* _rfm_breaks_combine(state, state): combine function of rfm_breaks. */
Datum
userseg_rfm_breaks_combine(PG_FUNCTION_ARGS)
{
	UsRfmValues *s;
	UsRfmValues *other;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	other = (UsRfmValues *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	us_rfm_values_check(other);
	s = PG_ARGISNULL(0) ? us_rfm_values_new(other->scores) : get_values(fcinfo);
	check_scores(s, other->scores);
	PG_RETURN_POINTER(us_rfm_values_add(s, other->value, other->count));
}

static ArrayType *
float8_array(const double *value, int n)
{
	Datum	   *elements = palloc(sizeof(Datum) * n);

	for (int i = 0; i < n; i++)
		elements[i] = Float8GetDatum(value[i]);
	return construct_array(elements, n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* _rfm_breaks_final(state): final function of rfm_breaks. */
Datum
userseg_rfm_breaks_final(PG_FUNCTION_ARGS)
{
	UsRfmValues *s;
	double	   *breaks;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = (UsRfmValues *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	us_rfm_values_check(s);
	if (s->count == 0)
		PG_RETURN_NULL();
	breaks = palloc(sizeof(double) * (s->scores - 1));
	us_rfm_values_breaks(s, breaks);
	PG_RETURN_ARRAYTYPE_P(float8_array(breaks, s->scores - 1));
}

/* ---- scores ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_score);

static int
score(double value, const double *breaks, int n, bool reverse, const char *name)
{
	if (isnan(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is NaN", name)));
	return us_rfm_score(value, breaks, n, reverse);
}

/* rfm_score(value, breaks, reverse): score of a value among the breaks. */
Datum
userseg_rfm_score(PG_FUNCTION_ARGS)
{
	int			n;
	const float8 *breaks = us_array_float8(PG_GETARG_ARRAYTYPE_P(1), "breaks", &n);

	us_rfm_breaks_check(breaks, n, "breaks");
	PG_RETURN_INT32(score(PG_GETARG_FLOAT8(0), breaks, n, PG_GETARG_BOOL(2), "value"));
}

/* ---- segments ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_segment);
PG_FUNCTION_INFO_V1(userseg_rfm_rules);
PG_FUNCTION_INFO_V1(userseg_rfm_scores);

/* What a call site remembers for the length of a statement. */
typedef struct CallSite
{
	MemoryContext context;		/* of all below; reset for another statement */
	bool		filled;
	UsStatement statement;
	UsRfmSegments segments;
	text	   *text[US_RFM_CELLS]; /* made when first needed */
	char	   *scale_name;		/* of rfm_scores; NULL: none yet */
	UsRfmScale	scale;
	TupleDesc	desc;			/* of the result of rfm_scores; lives as long as the call site */
} CallSite;

/* The call site with the segments in force for this statement. */
static CallSite *
call_site(FmgrInfo *flinfo)
{
	CallSite   *site = flinfo->fn_extra;
	UsStatement now;

	if (site == NULL)
	{
		site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
		site->context = AllocSetContextCreate(flinfo->fn_mcxt, "userseg RFM segments",
											  ALLOCSET_SMALL_SIZES);
		flinfo->fn_extra = site;
	}
	us_statement_current(&now);
	if (!site->filled || !us_statement_same(&site->statement, &now))
	{
		MemoryContext caller;

		site->filled = false;
		MemoryContextReset(site->context);
		memset(site->text, 0, sizeof(site->text));
		site->scale_name = NULL;
		caller = MemoryContextSwitchTo(site->context);
		us_catalog_rfm_segments(&site->segments);
		MemoryContextSwitchTo(caller);
		site->statement = now;
		site->filled = true;
	}
	return site;
}

/* The segment of a cell; points into the call site. */
static text *
segment_text(CallSite *site, int r, int f, int m)
{
	int			cell = us_rfm_cell(r, f, m);

	if (site->text[cell] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(site->context);

		site->text[cell] = cstring_to_text(site->segments.name[cell]);
		MemoryContextSwitchTo(caller);
	}
	return site->text[cell];
}

static int
cell_score(FunctionCallInfo fcinfo, int n, const char *name)
{
	int			score = PG_GETARG_INT32(n);

	if (score < 1 || score > 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("score \"%s\" is %d", name, score),
				 errdetail("Segments are defined for scores from 1 to 5."),
				 errhint("userseg.rfm_score gives them with four breaks.")));
	return score;
}

/* rfm_segment(r, f, m): name of the segment. */
Datum
userseg_rfm_segment(PG_FUNCTION_ARGS)
{
	int			r = cell_score(fcinfo, 0, "r");
	int			f = cell_score(fcinfo, 1, "f");
	int			m = cell_score(fcinfo, 2, "m");
	text	   *segment = segment_text(call_site(fcinfo->flinfo), r, f, m);
	text	   *copy = palloc(VARSIZE(segment));

	memcpy(copy, segment, VARSIZE(segment));
	PG_RETURN_TEXT_P(copy);
}

/* rfm_rules(): the segments in force, one row a cell. */
Datum
userseg_rfm_rules(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsRfmSegments segments;

	InitMaterializedSRF(fcinfo, 0);
	us_catalog_rfm_segments(&segments);
	for (int i = 0; i < US_RFM_CELLS; i++)
	{
		const UsRfmRule *rule = segments.rule[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = Int32GetDatum(i / 25 + 1);
		values[1] = Int32GetDatum(i / 5 % 5 + 1);
		values[2] = Int32GetDatum(i % 5 + 1);
		values[3] = CStringGetTextDatum(segments.name[i]);
		values[4] = Int32GetDatum(rule ? rule->position : 0);
		nulls[4] = rule == NULL;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ---- stored breaks ---- */

PG_FUNCTION_INFO_V1(userseg_save_rfm_scale);
PG_FUNCTION_INFO_V1(userseg_drop_rfm_scale);

static const char *const figure[3] = {"recency", "frequency", "monetary"};

/* Remember a stored scale in the call site. */
static void
take_scale(CallSite *site, const char *name)
{
	MemoryContext caller;

	if (site->scale_name && strcmp(site->scale_name, name) == 0)
		return;
	site->scale_name = NULL;
	caller = MemoryContextSwitchTo(site->context);
	us_catalog_rfm_scale(name, &site->scale);
	site->scale_name = pstrdup(name);
	MemoryContextSwitchTo(caller);
}

static TupleDesc
result_desc(FunctionCallInfo fcinfo, CallSite *site)
{
	if (site->desc == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc	desc;

		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		site->desc = BlessTupleDesc(CreateTupleDescCopy(desc));
		MemoryContextSwitchTo(caller);
	}
	return site->desc;
}

/* rfm_scores(scale, recency, frequency, monetary): scores by stored breaks, and the segment. */
Datum
userseg_rfm_scores(PG_FUNCTION_ARGS)
{
	const char *name = US_ARG_CSTRING(0, "scale");
	CallSite   *site = call_site(fcinfo->flinfo);
	Datum		values[4];
	bool		nulls[4] = {false};
	int			given[3] = {0};
	bool		complete = true;

	take_scale(site, name);
	for (int i = 0; i < 3; i++)
	{
		nulls[i] = PG_ARGISNULL(i + 1);
		if (!nulls[i])
			given[i] = score(PG_GETARG_FLOAT8(i + 1), site->scale.breaks[i], site->scale.n[i],
							 i == 0, figure[i]);
		values[i] = Int32GetDatum(given[i]);
		complete = complete && !nulls[i] && site->scale.n[i] == 4;
	}
	nulls[3] = !complete;
	values[3] = complete ? PointerGetDatum(segment_text(site, given[0], given[1], given[2])) : (Datum) 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo, site), values, nulls)));
}

/* save_rfm_scale(name, recency, frequency, monetary): store breaks. */
Datum
userseg_save_rfm_scale(PG_FUNCTION_ARGS)
{
	const char *name = US_ARG_CSTRING(0, "name");
	UsRfmScale	scale;

	for (int i = 0; i < 3; i++)
	{
		US_ARG_REQUIRE(i + 1, figure[i]);
		scale.breaks[i] = us_array_float8(PG_GETARG_ARRAYTYPE_P(i + 1), figure[i], &scale.n[i]);
		us_rfm_breaks_check(scale.breaks[i], scale.n[i], figure[i]);
	}
	us_catalog_save_rfm_scale(name, &scale);
	PG_RETURN_VOID();
}

/* drop_rfm_scale(name): forget stored breaks. */
Datum
userseg_drop_rfm_scale(PG_FUNCTION_ARGS)
{
	us_catalog_drop_rfm_scale(US_ARG_CSTRING(0, "name"));
	PG_RETURN_VOID();
}
