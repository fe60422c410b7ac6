/*
 * test_encode.c
 *	  Encoders on small frames with results known by hand.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "data/encode.h"
#include "data/encode_power.h"
#include "data/frame_build.h"
#include "data/transform.h"
#include "infra/guc.h"
#include "unit.h"
#include "unit_encode.h"

#define MB ((Size) 1024 * 1024)

UsTransform *
unit_transform(const char *json)
{
	return us_transform_parse(DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json))));
}

/* A frame of one column of numbers. */
static UsFrame *
number_frame(const double *x, const double *w, int n)
{
	UsColumn	column = {.name = "x", .type_name = "double precision",
		.kind = US_KIND_NUMBER, .role = US_ROLE_FEATURE};
	UsFrameBuilder *b = us_frame_begin(&column, 1, w != NULL, false, us_budget_create(64 * MB));

	for (int i = 0; i < n; i++)
	{
		if (w)
			b->weight[b->row] = w[i];
		if (isnan(x[i]))
			us_frame_put_null(b, 0);
		else
			us_frame_put_number(b, 0, x[i]);
		us_frame_end_row(b);
	}
	return us_frame_finish(b, NULL);
}

/* A frame of one category; NULL is NULL. */
static UsFrame *
category_frame(const char *const *text, const double *w, int n)
{
	UsColumn	column = {.name = "c", .type_name = "text",
		.kind = US_KIND_CATEGORY, .role = US_ROLE_FEATURE};
	UsFrameBuilder *b = us_frame_begin(&column, 1, w != NULL, false, us_budget_create(64 * MB));

	for (int i = 0; i < n; i++)
	{
		if (w)
			b->weight[b->row] = w[i];
		if (text[i] == NULL)
			us_frame_put_null(b, 0);
		else
			us_frame_put_category(b, 0, text[i], (int) strlen(text[i]));
		us_frame_end_row(b);
	}
	return us_frame_finish(b, NULL);
}

static UsEncoder *
learn(UsFrame *frame, const char *transform)
{
	return us_encoder_learn(frame, unit_transform(transform), US_NULL_IMPUTE, 42,
							us_budget_create(64 * MB));
}

static double
encode_number(const UsEncoder *encoder, double x)
{
	UsValue		value = {.number = x};
	double		y;

	if (isnan(x))
		value.isnull = true;
	us_encoder_apply_row(encoder, &value, &y, NULL);
	return y;
}

UNIT_TEST(default_is_median_and_standard)
{
	static const double x[] = {4, NAN, 1, 2, 9};
	UsEncoder  *e = learn(number_frame(x, NULL, 5), "{}");

	/* with the median 3 in place of NULL: mean 3.8, sum of squares 38.8 */
	double		sd = sqrt(38.8 / 5);

	UNIT_EQUAL_INT(us_encoder_width(e), 1);
	UNIT_CLOSE(encode_number(e, 4), 0.2 / sd, 1e-15);
	UNIT_CLOSE(encode_number(e, NAN), -0.8 / sd, 1e-15);
	UNIT_CLOSE(encode_number(e, INFINITY), -0.8 / sd, 1e-15);
	UNIT_CLOSE(us_encoder_column(e, 0)->mean, 0, 1e-15);
	UNIT_CLOSE(us_encoder_column(e, 0)->sd, 1, 1e-15);
	UNIT_CLOSE(us_encoder_column(e, 0)->min, -2.8 / sd, 1e-15);
	UNIT_CLOSE(us_encoder_column(e, 0)->max, 5.2 / sd, 1e-15);
	UNIT_CLOSE(us_encoder_invert(e, 0, encode_number(e, 7.25)), 7.25, 1e-15);
}

UNIT_TEST(weights_count_like_repeated_rows)
{
	static const double x[] = {1, 5, NAN, 7, 30};
	static const double w[] = {2, 1, 3, 1, 1};
	static const double repeated[] = {1, 1, 5, NAN, NAN, NAN, 7, 30};
	static const char *const transform[] = {
		"{}", "{\"x\":[{\"impute\":\"mean\"},\"minmax\"]}",
		"{\"x\":[\"log1p\",\"standard\"]}", "{\"x\":\"none\"}", "{\"x\":\"power\"}"
	};

	for (int t = 0; t < lengthof(transform); t++)
	{
		UsEncoder  *a;
		UsEncoder  *b;

		a = learn(number_frame(x, w, 5), transform[t]);
		b = learn(number_frame(repeated, NULL, 8), transform[t]);
		for (int i = 0; i < 5; i++)
			UNIT_CLOSE(encode_number(a, x[i]), encode_number(b, x[i]), 1e-7);
		UNIT_CLOSE(us_encoder_column(a, 0)->mean, us_encoder_column(b, 0)->mean, 1e-8);
		UNIT_CLOSE(us_encoder_column(a, 0)->sd, us_encoder_column(b, 0)->sd, 1e-8);
	}
}

UNIT_TEST(onehot_has_unit_block_variance)
{
	static const char *const c[] = {"b", "a", "b", NULL, "b", "c", "a", "b"};
	UsEncoder  *e = learn(category_frame(c, NULL, 8), "{}");
	double		share[4] = {2 / 8.0, 4 / 8.0, 1 / 8.0, 1 / 8.0};
	double		variance = 0;
	double		x[4];
	UsValue		value = {.text = "b", .len = 1};
	UsRowNotes	notes = {0};

	UNIT_EQUAL_INT(us_encoder_width(e), 4);
	UNIT_EQUAL_STRING(us_encoder_column(e, 0)->name, "c=a");
	UNIT_EQUAL_STRING(us_encoder_column(e, 3)->name, "c=(missing)");
	for (int j = 0; j < 4; j++)
		variance += share[j] * (1 - share[j]);
	us_encoder_apply_row(e, &value, x, &notes);
	UNIT_CLOSE(x[1], 1 / sqrt(variance), 1e-15);
	UNIT_CLOSE(x[0] + x[2] + x[3], 0, 0);
	UNIT_EQUAL_INT(notes.n_unseen, 0);
	variance = 0;
	for (int j = 0; j < 4; j++)
		variance += pow(us_encoder_column(e, j)->sd, 2);
	UNIT_CLOSE(variance, 1, 1e-15);

	value.text = "zebra";
	value.len = 5;
	us_encoder_apply_row(e, &value, x, &notes);
	UNIT_CLOSE(x[0] + x[1] + x[2] + x[3], 0, 0);
	UNIT_EQUAL_INT(notes.n_unseen, 1);
	value.isnull = true;
	us_encoder_apply_row(e, &value, x, &notes);
	UNIT_CHECK(x[3] > 0);
	UNIT_EQUAL_INT(notes.n_imputed, 1);
	UNIT_EQUAL_INT(notes.first_null, 0);
}

UNIT_TEST(encoder_survives_storage)
{
	static const double x[] = {4, NAN, 1, 2, 9, 100};
	static const char *const transform[] = {
		"{}", "{\"x\":[\"log1p\",{\"clip\":{\"hi\":3}},\"robust\",{\"weight\":2}]}",
		"{\"x\":{\"quantile\":{\"output\":\"normal\",\"n\":4},\"impute\":\"indicator\"}}",
		"{\"x\":\"power\"}"
	};

	for (int t = 0; t < lengthof(transform); t++)
	{
		UsEncoder  *e = learn(number_frame(x, NULL, 6), transform[t]);
		UsEncoder  *back;
		UsWriter	w;
		UsReader	r;
		bytea	   *stored;

		us_writer_init(&w);
		us_encoder_write(e, &w);
		stored = us_writer_varlena(&w);
		us_reader_init(&r, VARDATA(stored), VARSIZE(stored) - VARHDRSZ, "encoder");
		back = us_encoder_read(&r);
		us_reader_end(&r);
		UNIT_EQUAL_INT(us_encoder_width(back), us_encoder_width(e));
		for (int i = 0; i < 6; i++)
		{
			UsValue		value = {.number = x[i], .isnull = isnan(x[i])};
			double		a[2];
			double		b[2];

			us_encoder_apply_row(e, &value, a, NULL);
			us_encoder_apply_row(back, &value, b, NULL);
			UNIT_CHECK(memcmp(a, b, sizeof(double) * us_encoder_width(e)) == 0);
		}
	}
}

/* A search that reads its values again for every trial finds the same exponent. */
UNIT_TEST(power_without_memory_is_the_same)
{
	static const double x[] = {0.1, 4, 1, 2, 9, -3, 0.5, 0.01, 40, NAN};
	static const double w[] = {1, 2, 1, 1, 3, 1, 1, 0.5, 1, 7};
	double		lambda[2];

	for (int weighted = 0; weighted < 2; weighted++)
	{
		for (int keep = 0; keep < 2; keep++)
		{
			UsPowerFit *fit = us_power_create(9, weighted, keep, -3, 40, 1);
			int			passes = 0;

			do
			{
				us_power_begin(fit);
				us_power_add(fit, x, weighted ? w : NULL, 10);
				us_power_end(fit);
				passes++;
			} while (!us_power_done(fit));
			UNIT_CHECK(keep ? passes == 1 : passes > 5);
			lambda[keep] = us_power_lambda(fit);
		}
		UNIT_CHECK(lambda[0] == lambda[1]);

		/* scipy.stats.yeojohnson_normmax of the values, and of those repeated by twice the weight */
		UNIT_CLOSE(lambda[0], weighted ? 0.44073913 : 0.34792217, 1e-7);
	}
}

/* exit rates of web pages: the best exponent is far out */
UNIT_TEST(power_far_from_one)
{
	static const double x[] = {0.01, 0.011, 0.012, 0.02, 0.05, 0.013, 0.014, 0.2, 0.015, 0.011};
	UsPowerFit *fit = us_power_create(10, false, true, 0.01, 0.2, 0.0136);

	us_power_begin(fit);
	us_power_add(fit, x, NULL, 10);
	us_power_end(fit);
	UNIT_CHECK(us_power_done(fit));
	UNIT_CLOSE(us_power_lambda(fit), -37.6457703, 1e-6);
}

UNIT_TEST(preprocessing_that_cannot_be_stored)
{
	int			n = 20000;
	double	   *x = palloc(sizeof(double) * n);
	UsEncoder  *e;
	UsWriter	w;
	int			saved = us_max_artifact_kb;

	for (int i = 0; i < n; i++)
		x[i] = i;
	e = learn(number_frame(x, NULL, n), "{\"x\": {\"quantile\": {\"n\": 20000}}}");
	us_writer_init(&w);
	us_max_artifact_kb = 64;
	UNIT_ERROR(us_encoder_write(e, &w), ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			   "the preprocessing takes 0.2 MB, a stored model may have 0.1 MB");
	us_max_artifact_kb = saved;
}
