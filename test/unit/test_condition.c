/*
 * test_condition.c
 *	  Conditions on encoded columns in units of the source hold for the same values.
 */
#include "postgres.h"

#include <math.h>

#include "data/encode_condition.h"
#include "data/frame_build.h"
#include "math/random.h"
#include "unit.h"
#include "unit_encode.h"

#define MB ((Size) 1024 * 1024)
#define ROWS	200

static UsEncoder *
number_encoder(const char *transform, UsKind kind, double low, double high)
{
	UsColumn	column = {.name = "x", .type_name = kind == US_KIND_TIME ? "date" : "double precision",
		.kind = kind, .role = US_ROLE_FEATURE};
	UsFrameBuilder *b = us_frame_begin(&column, 1, false, false, us_budget_create(64 * MB));
	UsRandom	random;

	us_random_init(&random, 7, 7);
	for (int i = 0; i < ROWS; i++)
	{
		us_frame_put_number(b, 0, low + (high - low) * us_random_double(&random));
		us_frame_end_row(b);
	}
	return us_encoder_learn(us_frame_finish(b, NULL), unit_transform(transform), US_NULL_IMPUTE, 42,
							us_budget_create(64 * MB));
}

static double
encoded(const UsEncoder *encoder, int j, double v)
{
	UsValue		value = {.isnull = isnan(v), .number = v};
	double		x[8];

	us_encoder_apply_row(encoder, &value, x, NULL);
	return x[j];
}

/* Values near and far: those whose encoding is near the bound, and a grid. */
static int
disagreements(const UsEncoder *encoder, int j, double bound, const double *v, int n)
{
	UsCondition c;
	int			bad = 0;

	us_encoder_condition(encoder, j, bound, false, &c);
	UNIT_CHECK(c.kind == US_CONDITION_NUMBER || c.kind == US_CONDITION_NULL);
	for (int i = 0; i < n; i++)
	{
		bool		want = encoded(encoder, j, v[i]) <= bound;
		bool		got = isnan(v[i]) || c.kind == US_CONDITION_NULL ? c.null == isnan(v[i]) :
			v[i] > c.low && v[i] <= c.high;

		if (isnan(v[i]))
			got = c.null;
		bad += got != want;
	}
	return bad;
}

/* All bounds that are encodings of values, and next to them; all values, and their neighbours. */
static int
check(const UsEncoder *encoder, double low, double high, double step)
{
	double		v[400];
	int			n = 0;
	int			bad = 0;

	v[n++] = NAN;
	for (double x = low; x <= high && n < 390; x += step)
	{
		v[n++] = nextafter(x, -INFINITY);
		v[n++] = x;
		v[n++] = nextafter(x, INFINITY);
	}
	for (int j = 0; j < us_encoder_width(encoder); j++)
		for (int i = 0; i < n; i++)
		{
			double		e = encoded(encoder, j, v[i]);

			bad += disagreements(encoder, j, e, v, n);
			bad += disagreements(encoder, j, nextafter(e, INFINITY), v, n);
			bad += disagreements(encoder, j, nextafter(e, -INFINITY), v, n);
		}
	return bad;
}

UNIT_TEST(bounds_of_numbers_are_exact)
{
	static const char *const transform[] = {
		"{}", "{\"x\": \"none\"}", "{\"x\": [\"minmax\"]}", "{\"x\": [\"robust\", {\"clip\": {\"lo\": -1, \"hi\": 1}}]}",
		"{\"x\": [{\"log1p\": {\"signed\": true}}, \"standard\"]}", "{\"x\": [{\"quantile\": {\"n\": 10}}]}"
	};

	for (int i = 0; i < lengthof(transform); i++)
		UNIT_EQUAL_INT(check(number_encoder(transform[i], US_KIND_NUMBER, -10, 30), -20, 40, 1.375), 0);
}

UNIT_TEST(values_without_logarithm_count_as_the_smallest)
{
	UNIT_EQUAL_INT(check(number_encoder("{\"x\": [\"log1p\", \"standard\"]}", US_KIND_NUMBER, -0.5, 30), -5, 40, 0.6875), 0);
}

UNIT_TEST(bounds_of_times_are_microseconds)
{
	UsEncoder  *e = number_encoder("{}", US_KIND_TIME, 5e8, 8e8);
	UsCondition c;
	double		at = rint(6.1e8) + 0.25;
	double		bound = encoded(e, 0, at);

	us_encoder_condition(e, 0, bound, false, &c);
	UNIT_CHECK(c.kind == US_CONDITION_NUMBER && c.high == INFINITY);
	/* later is younger: fulfilled from the instant on */
	UNIT_CLOSE(c.low, at - 1e-6, 1e-15);
	UNIT_CHECK(encoded(e, 0, c.low + 1e-6) <= bound && !(encoded(e, 0, c.low) <= bound));
	us_encoder_condition(e, 0, 1e100, false, &c);
	UNIT_CHECK(c.low == -INFINITY && c.high == INFINITY && c.null);
	us_encoder_condition(e, 0, -1e100, false, &c);
	UNIT_CHECK(!(c.low < c.high) && !c.null);
}

UNIT_TEST(levels_of_a_condition)
{
	static const char *const text[] = {"a", "b", "b", "c", "c", "c"};
	UsColumn	column = {.name = "x", .type_name = "text", .kind = US_KIND_CATEGORY, .role = US_ROLE_FEATURE};
	UsFrameBuilder *b = us_frame_begin(&column, 1, false, false, us_budget_create(64 * MB));
	UsEncoder  *e;
	UsFrame    *frame;
	UsCondition c;

	for (int i = 0; i < lengthof(text); i++)
	{
		us_frame_put_category(b, 0, text[i], 1);
		us_frame_end_row(b);
	}
	frame = us_frame_finish(b, NULL);
	e = us_encoder_learn(frame, unit_transform("{\"x\": {\"onehot\": {\"min_count\": 1}}}"), US_NULL_IMPUTE, 42, us_budget_create(64 * MB));
	us_encoder_condition(e, 1, 0.5, false, &c);		/* is not b */
	UNIT_CHECK(c.kind == US_CONDITION_LEVELS && c.nlevels == 3);
	UNIT_CHECK(c.holds[0] && !c.holds[1] && c.holds[2] && c.holds[3] && c.null);
	e = us_encoder_learn(frame, unit_transform("{\"x\": \"frequency\"}"), US_NULL_IMPUTE, 42, us_budget_create(64 * MB));
	us_encoder_condition(e, 0, 0, false, &c);		/* below the mean: 1/6, 1/3; unseen has none */
	UNIT_CHECK(c.kind == US_CONDITION_LEVELS);
	UNIT_CHECK(c.holds[0] && c.holds[1] && !c.holds[2] && c.holds[3]);
}
