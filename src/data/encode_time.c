/*
 * encode_time.c
 *	  Dates and timestamps: the age before a reference instant, through a chain of steps,
 *	  and the place in recurring periods as a point on a circle.
 *
 * age: (reference - t) / unit.  The reference is given ("as_of") or the latest value of
 * the column at training, and stays with the model: a value is encoded alike whenever it
 * is scored, and later ones have negative ages.
 *
 * cyclic: sin and cos of 2 pi times the share of the period that has passed:
 *		hour	(hour + minute / 60 + second / 3600) / 24
 *		dow		day of the week / 7, Sunday 0
 *		day		(day of the month - 1) / days of the month
 *		doy		(day of the year - 1) / days of the year
 *		month	(month - 1) / 12
 * in the time zone of the session that trained, for timestamps with time zone; others
 * are taken as they are.  NULL is the mean of the columns.  The block is scaled to
 * unit variance like a one-hot block.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "data/encode_part.h"
#include "data/kind.h"
#include "infra/utf8.h"
#include "math/moments.h"

/* ---- age ---- */

typedef struct Age
{
	double		reference;		/* seconds since 2000-01-01 UTC */
	double		unit;			/* seconds */
} Age;

typedef struct AgeLearning
{
	bool		has_reference;
	bool		in_chain;
	UsRange		range;
	double	   *number;
	UsChainLearner *chain;
} AgeLearning;

/* While "as_of" is read: whose it is, and how it is written. */
static void
as_of_context(void *arg)
{
	errhint("\"as_of\" is an instant, such as \"2025-01-31\" or \"2025-01-31 18:00+01\".");
	errcontext("\"as_of\" of feature \"%s\"", (const char *) arg);
}

void
us_age_ask(UsPart *part, const UsStepSpec *spec, bool zoned, UsChainLearner *chain)
{
	AgeLearning *l = palloc0(sizeof(AgeLearning));
	Age		   *age = palloc0(sizeof(Age));

	part->learning = l;
	part->own = age;
	l->chain = chain;
	age->unit = spec ? spec->number : SECS_PER_DAY;
	if (spec && spec->text)
	{
		ErrorContextCallback callback = {error_context_stack, as_of_context, part->frame_column->name};
		Datum		as_of;

		error_context_stack = &callback;
		as_of = DirectFunctionCall3(zoned ? timestamptz_in : timestamp_in,
									CStringGetDatum(spec->text),
									ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
		error_context_stack = callback.previous;
		age->reference = us_type_number(US_READ_TIMESTAMP, as_of, NULL);
		l->has_reference = true;
		if (!isfinite(age->reference))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"as_of\" of feature \"%s\" is infinite", part->frame_column->name),
					 errhint("Ages are counted from an instant, such as \"2025-01-31\".")));
	}
}

static UsPass
age_begin(UsPart *part, UsLearn *learn)
{
	AgeLearning *l = part->learning;
	Age		   *age = part->own;

	if (l->number == NULL)
	{
		l->number = palloc(sizeof(double) * US_CHUNK_ROWS);
		us_range_init(&l->range);
		if (!l->has_reference)
			return US_PASS_READ;
	}
	if (!l->in_chain && !l->has_reference && l->range.n > 0)
		age->reference = l->range.max;
	l->in_chain = true;
	return us_chain_begin(l->chain, learn);
}

static void
ages(const Age *age, const double *t, double *out, int n)
{
	for (int i = 0; i < n; i++)
		out[i] = (age->reference - t[i]) / age->unit;
}

static void
age_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	AgeLearning *l = part->learning;
	const double *t = chunk->column[part->column].number;

	if (!l->in_chain)
	{
		us_range_add(&l->range, t, chunk->nrows);
		return;
	}
	ages(part->own, t, l->number, chunk->nrows);
	us_chain_consume(l->chain, learn, l->number, chunk->nrows);
}

static void
age_finish(UsPart *part, UsLearn *learn)
{
	AgeLearning *l = part->learning;
	double		mean;
	double		sd;
	double		min;
	double		max;

	part->width = us_chain_finish(l->chain, &mean, &sd, &min, &max) ? 1 : 0;
	if (part->width == 1)
		us_encoder_add_column(learn->encoder, part, psprintf("%s.age", part->frame_column->name),
							  mean, sd, min, max);
}

static void
age_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	ages(part->own, chunk->column[part->column].number, out, chunk->nrows);
	us_chain_apply_array(&part->chain, out, out, chunk->nrows);
}

static uint8
age_row(const UsPart *part, const UsValue *value, double *x)
{
	double		t = value->isnull ? NAN : value->number;

	ages(part->own, &t, &t, 1);
	return us_chain_apply_row(&part->chain, t, x) ? US_FLAG_CLAMPED : 0;
}

static double
age_invert(const UsPart *part, int j, double x)
{
	return us_chain_invert(&part->chain, x);
}

static void
age_report(const UsPart *part, UsReport *object)
{
	const Age  *age = part->own;

	us_report_text(object, "as_of", us_instant_text(age->reference));
	us_report_number(object, "unit_seconds", age->unit);
	us_chain_report(&part->chain, object);
}

static void
age_form(const UsPart *part, int j, UsForm *form)
{
	const Age  *age = part->own;

	form->kind = US_FORM_AGE;
	form->chain = &part->chain;
	form->reference = age->reference;
	form->unit = age->unit;
}

static void
age_write(const UsPart *part, UsWriter *w)
{
	const Age  *age = part->own;

	us_write_f64(w, age->reference);
	us_write_f64(w, age->unit);
	us_chain_write(&part->chain, w);
}

static void
age_read(UsPart *part, UsReader *r)
{
	Age		   *age = palloc0(sizeof(Age));

	part->own = age;
	age->reference = us_read_finite(r);
	age->unit = us_read_scale(r);
	us_chain_read(&part->chain, r);
	if (part->width != 1)
		us_corrupt(r, "age in %d columns before byte %zu", part->width, r->pos);
}

const UsPartOps us_part_age = {
	US_PART_AGE, "age",
	NULL, age_begin, age_consume, age_finish,
	age_chunk, age_row, age_invert, age_report, age_form, age_write, age_read
};

/* ---- cyclic ---- */

/* names of periods, as stored: the position is the code */
static const char *const periods[] = {"hour", "dow", "day", "doy", "month"};

typedef enum Period
{
	PERIOD_HOUR,
	PERIOD_DOW,
	PERIOD_DAY,
	PERIOD_DOY,
	PERIOD_MONTH
} Period;

#define MAX_PERIODS	lengthof(periods)

typedef struct Cyclic
{
	int			n;
	Period		period[MAX_PERIODS];
	char	   *zone_name;		/* or NULL: no zone */
	pg_tz	   *zone;
	double		fill[2 * MAX_PERIODS];	/* encoded */
} Cyclic;

typedef struct CyclicLearning
{
	bool		unscaled;
	int			pass;
	bool		filled;			/* there are NULLs: the second pass puts the means there */
	UsRange		range[2 * MAX_PERIODS];
	UsMoments	moments[2 * MAX_PERIODS];
	double	   *number;			/* [2 * n][US_CHUNK_ROWS] */
} CyclicLearning;

void
us_cyclic_ask(UsPart *part, const UsStepSpec *spec, bool zoned)
{
	CyclicLearning *l = palloc0(sizeof(CyclicLearning));
	Cyclic	   *cyclic = palloc0(sizeof(Cyclic));

	part->learning = l;
	part->own = cyclic;
	l->unscaled = spec->unscaled;
	for (int i = 0; i < spec->n_names; i++)
	{
		int			p = 0;

		while (p < MAX_PERIODS && strcmp(spec->names[i], periods[p]) != 0)
			p++;
		if (p == MAX_PERIODS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown part \"%s\" in \"cyclic\" of feature \"%s\"",
							spec->names[i], part->frame_column->name),
					 errhint("Parts are hour, dow, day, doy, month.")));
		cyclic->period[cyclic->n++] = (Period) p;
	}
	if (cyclic->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"cyclic\" of feature \"%s\" has no parts", part->frame_column->name),
				 errhint("Parts are hour, dow, day, doy, month.")));
	if (zoned)
	{
		cyclic->zone = session_timezone;
		cyclic->zone_name = pstrdup(pg_get_timezone_name(session_timezone));
	}
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Share of a period that has passed at a local time. */
static double
phase(Period period, const struct pg_tm *tm)
{
	int			year = tm->tm_year + 1900;

	switch (period)
	{
		case PERIOD_HOUR:
			return (tm->tm_hour + tm->tm_min / 60.0 + tm->tm_sec / 3600.0) / 24;
		case PERIOD_DOW:
			return tm->tm_wday / 7.0;
		case PERIOD_DAY:
			return (tm->tm_mday - 1.0) / day_tab[is_leap(year)][tm->tm_mon];
		case PERIOD_DOY:
			return tm->tm_yday / (is_leap(year) ? 366.0 : 365.0);
		case PERIOD_MONTH:
			return tm->tm_mon / 12.0;
	}
	return 0;
}

/* sin and cos of all parts at an instant, x[2 n]; false for one that no calendar holds. */
static bool
circle_points(const Cyclic *cyclic, double seconds, double *x)
{
	pg_time_t	t;
	struct pg_tm *tm;

	if (!(fabs(seconds) < 1e13))
		return false;
	t = (pg_time_t) floor(seconds) +
		(pg_time_t) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	tm = cyclic->zone ? pg_localtime(&t, cyclic->zone) : pg_gmtime(&t);
	if (tm == NULL)
		return false;
	for (int i = 0; i < cyclic->n; i++)
	{
		double		angle = 2 * M_PI * phase(cyclic->period[i], tm);

		x[2 * i] = sin(angle);
		x[2 * i + 1] = cos(angle);
	}
	return true;
}

static UsPass
cyclic_begin(UsPart *part, UsLearn *learn)
{
	CyclicLearning *l = part->learning;
	Cyclic	   *cyclic = part->own;
	int			width = 2 * cyclic->n;

	if (++l->pass == 1)
	{
		l->number = palloc(sizeof(double) * US_CHUNK_ROWS * width);
		for (int j = 0; j < width; j++)
		{
			us_range_init(&l->range[j]);
			us_moments_init(&l->moments[j], 0, -1, 1);
		}
		return US_PASS_READ;
	}
	if (l->pass == 2 && l->range[0].n_null > 0 && l->range[0].n > 0)
	{
		l->filled = true;
		for (int j = 0; j < width; j++)
		{
			cyclic->fill[j] = us_moments_mean(&l->moments[j]);
			us_moments_init(&l->moments[j], cyclic->fill[j], -1, 1);
		}
		return US_PASS_READ;
	}
	return US_PASS_NONE;
}

static void
cyclic_consume(UsPart *part, UsLearn *learn, const UsChunk *chunk)
{
	CyclicLearning *l = part->learning;
	const Cyclic *cyclic = part->own;
	const double *t = chunk->column[part->column].number;
	double		x[2 * MAX_PERIODS];

	for (int i = 0; i < chunk->nrows; i++)
	{
		bool		known = circle_points(cyclic, t[i], x);

		for (int j = 0; j < 2 * cyclic->n; j++)
			l->number[j * US_CHUNK_ROWS + i] = known ? x[j] : l->pass == 2 ? cyclic->fill[j] : NAN;
	}
	for (int j = 0; j < 2 * cyclic->n; j++)
	{
		double	   *number = &l->number[j * US_CHUNK_ROWS];

		if (l->pass == 1)
			us_range_add(&l->range[j], number, chunk->nrows);
		us_moments_add(&l->moments[j], number, chunk->weight, chunk->nrows);
	}
}

static void
cyclic_finish(UsPart *part, UsLearn *learn)
{
	CyclicLearning *l = part->learning;
	Cyclic	   *cyclic = part->own;
	double		variance = 0;

	for (int j = 0; j < 2 * cyclic->n; j++)
		if (l->range[j].min < l->range[j].max)
			variance += pow(us_moments_sd(&l->moments[j]), 2);
	if (!(variance > 0))
		return;
	part->width = 2 * cyclic->n;
	part->scale = sqrt(l->unscaled ? part->weight : part->weight / variance);
	for (int j = 0; j < part->width; j++)
	{
		double		mean = us_moments_mean(&l->moments[j]);

		cyclic->fill[j] = (l->filled ? cyclic->fill[j] : mean) * part->scale;
		us_encoder_add_column(learn->encoder, part,
							  psprintf("%s.%s.%s", part->frame_column->name,
									   periods[cyclic->period[j / 2]], j % 2 == 0 ? "sin" : "cos"),
							  mean * part->scale, us_moments_sd(&l->moments[j]) * part->scale,
							  l->range[j].min * part->scale, l->range[j].max * part->scale);
	}
}

static void
cyclic_encode(const UsPart *part, double seconds, double *x, Size stride)
{
	const Cyclic *cyclic = part->own;
	double		point[2 * MAX_PERIODS];
	bool		known = circle_points(cyclic, seconds, point);

	for (int j = 0; j < part->width; j++)
		x[j * stride] = known ? point[j] * part->scale : cyclic->fill[j];
}

static void
cyclic_chunk(const UsPart *part, const UsChunk *chunk, double *out, int stride)
{
	const double *t = chunk->column[part->column].number;

	for (int i = 0; i < chunk->nrows; i++)
		cyclic_encode(part, t[i], out + i, stride);
}

static uint8
cyclic_row(const UsPart *part, const UsValue *value, double *x)
{
	cyclic_encode(part, value->isnull ? NAN : value->number, x, 1);
	return 0;
}

static double
cyclic_invert(const UsPart *part, int j, double x)
{
	return x / part->scale;
}

static void
cyclic_report(const UsPart *part, UsReport *object)
{
	const Cyclic *cyclic = part->own;
	UsReport   *list = us_report_add_array(object, "parts");

	for (int i = 0; i < cyclic->n; i++)
		us_report_text(list, NULL, periods[cyclic->period[i]]);
	if (cyclic->zone_name)
		us_report_text(object, "time_zone", cyclic->zone_name);
	us_report_number(object, "scale", part->scale);
}

static void
cyclic_form(const UsPart *part, int j, UsForm *form)
{
	const Cyclic *cyclic = part->own;

	form->kind = US_FORM_CIRCLE;
	form->period = periods[cyclic->period[j / 2]];
	form->zone = cyclic->zone_name;
	form->cosine = j % 2 == 1;
	form->scale = part->scale;
	form->fill = cyclic->fill[j];
}

static void
cyclic_write(const UsPart *part, UsWriter *w)
{
	const Cyclic *cyclic = part->own;

	us_write_u8(w, (uint8) cyclic->n);
	for (int i = 0; i < cyclic->n; i++)
		us_write_u8(w, (uint8) cyclic->period[i]);
	us_write_u8(w, cyclic->zone_name != NULL);
	if (cyclic->zone_name)
		us_write_utf8(w, cyclic->zone_name);
	us_write_f64(w, part->scale);
	for (int j = 0; j < part->width; j++)
		us_write_f64(w, cyclic->fill[j]);
}

static void
cyclic_read(UsPart *part, UsReader *r)
{
	Cyclic	   *cyclic = palloc0(sizeof(Cyclic));

	part->own = cyclic;
	cyclic->n = us_read_u8(r);
	if (cyclic->n < 1 || cyclic->n > MAX_PERIODS || part->width != 2 * cyclic->n)
		us_corrupt(r, "%d cyclic parts in %d columns before byte %zu",
				   cyclic->n, part->width, r->pos);
	for (int i = 0; i < cyclic->n; i++)
	{
		uint8		period = us_read_u8(r);

		if (period >= MAX_PERIODS)
			us_corrupt(r, "unknown cyclic part %u before byte %zu", period, r->pos);
		cyclic->period[i] = (Period) period;
	}
	if (us_read_bool(r))
	{
		cyclic->zone_name = us_read_utf8(r);
		cyclic->zone = strlen(cyclic->zone_name) <= TZ_STRLEN_MAX ?
			pg_tzset(cyclic->zone_name) : NULL;
		if (cyclic->zone == NULL)
			us_corrupt(r, "time zone \"%s\" is not known to this server", cyclic->zone_name);
	}
	part->scale = us_read_scale(r);
	for (int j = 0; j < part->width; j++)
		cyclic->fill[j] = us_read_finite(r);
}

const UsPartOps us_part_cyclic = {
	US_PART_CYCLIC, "cyclic",
	NULL, cyclic_begin, cyclic_consume, cyclic_finish,
	cyclic_chunk, cyclic_row, cyclic_invert, cyclic_report, cyclic_form, cyclic_write, cyclic_read
};
