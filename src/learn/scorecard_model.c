/*
 * scorecard_model.c
 *	  A trained scorecard: scored, explained, stored.
 *
 * N. Siddiqi, Credit Risk Scorecards (2006), chapter 6: offset, factor and points of a bin.
 */
#include "postgres.h"

#include <math.h>

#include "learn/scorecard_model.h"
#include "stat/woe.h"

#define FORMAT_VERSION	1

/* numbers in a stored model are below this in size */
#define LARGEST			1e100

void
us_scorecard_prepare(UsScorecard *m)
{
	m->n_used = 0;
	for (int j = 0; j < m->width; j++)
	{
		UsCardColumn *c = &m->column[j];
		double		weight = 0;
		double		sum = 0;

		c->value = (double *) palloc0(sizeof(double) * (c->nbins + 2));
		c->iv = 0;
		c->most = -INFINITY;
		for (int b = 0; b <= c->nbins; b++)
		{
			double		w = c->good[b] + c->bad[b];

			c->value[b] = c->coef * c->woe[b];
			c->iv += c->part[b];
			weight += w;
			sum += w * c->value[b];
			if (w > 0)
				c->most = fmax(c->most, c->value[b]);
		}
		c->mean = weight > 0 ? sum / weight : 0;
		if (isinf(c->most))
			c->most = 0;
		m->n_used += c->status == US_CARD_USED;
	}
}

/* Points of one unit of ln(odds). */
static double
factor(const UsScorecard *m)
{
	return m->points_to_double / M_LN2;
}

/* Points of a row with ln(odds of good) = 0. */
static double
offset(const UsScorecard *m)
{
	return m->base_score - factor(m) * log(m->base_odds);
}

double
us_scorecard_bin_points(const UsScorecard *m, int j, int b)
{
	const UsCardColumn *c = &m->column[j];

	if (c->status != US_CARD_USED)
		return 0;
	return factor(m) * c->value[b] + (factor(m) * m->intercept + offset(m)) / m->n_used;
}

/* ln(odds of good) */
static double
predictor(const UsScorecard *m, const double *x, int stride)
{
	double		eta = m->intercept;

	for (int j = 0; j < m->width; j++)
		if (m->column[j].status == US_CARD_USED)
			eta += m->column[j].value[us_card_bin(&m->column[j], x[(Size) j * stride])];
	return eta;
}

double
us_scorecard_points(const UsScorecard *m, const double *x)
{
	return offset(m) + factor(m) * predictor(m, x, 1);
}

/* eta is ln(odds) of the second class. */
static void
answer(double eta, UsScore *s)
{
	double		small = exp(-fabs(eta));

	small /= 1 + small;
	s->label = eta > 0 ? 2 : 1;
	s->runner_up = 3 - s->label;
	s->value = eta > 0 ? 1 - small : small;
	s->probability = 1 - small;
	s->margin = 1 - 2 * small;
	s->distance = NAN;
}

static double
second_class(const UsScorecard *m, const double *x, int stride)
{
	double		eta = predictor(m, x, stride);

	return m->bad_class == 1 ? -eta : eta;
}

void
us_scorecard_score(const void *model, const double *x, UsScore *score)
{
	answer(second_class((const UsScorecard *) model, x, 1), score);
}

int
us_scorecard_label(const void *model, const double *x)
{
	return second_class((const UsScorecard *) model, x, 1) > 0 ? 2 : 1;
}

void
us_scorecard_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	for (int r = 0; r < nrows; r++)
		label[r] = second_class((const UsScorecard *) model, x + r, stride) > 0 ? 2 : 1;
}

void
us_scorecard_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	for (int r = 0; r < nrows; r++)
		answer(second_class((const UsScorecard *) model, x + r, stride), &out[r]);
}

void
us_scorecard_proba(const void *model, const double *x, double *p)
{
	UsScore		s;

	us_scorecard_score(model, x, &s);
	p[s.label - 1] = s.probability;
	p[s.runner_up - 1] = (1 - s.margin) / 2;
}

/* ---- reasons ---- */

static double
reference(const UsScorecard *m, const UsCardColumn *c)
{
	return m->from_mean ? c->mean : c->most;
}

void
us_scorecard_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsScorecard *m = (const UsScorecard *) model;

	for (int j = 0; j < m->width; j++)
	{
		const UsCardColumn *column = &m->column[j];

		c[j] = column->status != US_CARD_USED ? 0 :
			factor(m) * (column->value[us_card_bin(column, x[j])] - reference(m, column));
	}
}

double
us_scorecard_base(const void *model, const double *x, const UsScore *score)
{
	const UsScorecard *m = (const UsScorecard *) model;
	double		eta = m->intercept;

	for (int j = 0; j < m->width; j++)
		if (m->column[j].status == US_CARD_USED)
			eta += reference(m, &m->column[j]);
	return offset(m) + factor(m) * eta;
}

UsReport *
us_scorecard_describe(const void *model)
{
	const UsScorecard *m = (const UsScorecard *) model;
	UsReport   *r = us_report_object();

	us_report_number(r, "base_score", m->base_score);
	us_report_number(r, "base_odds", m->base_odds);
	us_report_number(r, "points_to_double", m->points_to_double);
	us_report_text(r, "reasons", m->from_mean ? "mean" : "most");
	us_report_int(r, "bad_class", m->bad_class + 1);
	us_report_number(r, "intercept", m->intercept);
	us_report_int(r, "columns", m->width);
	us_report_int(r, "used", m->n_used);
	return r;
}

/* ---- stored form ---- */

/*
 * u8 version, u8 bad class, u8 from mean, f64 intercept, base score, base odds, points to double; for each column u8
 * status, i32 levels, u8 bins, f64 bound[bins - 1] or u8 bin[levels], f64 coef, f64 good, bad, woe, part of each bin and
 * missing.
 */
void
us_scorecard_write(const void *model, UsWriter *w)
{
	const UsScorecard *m = (const UsScorecard *) model;

	us_write_u8(w, FORMAT_VERSION);
	us_write_u8(w, (uint8) m->bad_class);
	us_write_u8(w, m->from_mean);
	us_write_f64(w, m->intercept);
	us_write_f64(w, m->base_score);
	us_write_f64(w, m->base_odds);
	us_write_f64(w, m->points_to_double);
	for (int j = 0; j < m->width; j++)
	{
		const UsCardColumn *c = &m->column[j];

		us_write_u8(w, c->status);
		us_write_i32(w, c->levels);
		us_write_u8(w, (uint8) c->nbins);
		if (c->levels > 0)
			us_write_bytes(w, c->bin, c->levels);
		for (int b = 0; c->levels == 0 && b < c->nbins - 1; b++)
			us_write_f64(w, c->bound[b]);
		us_write_f64(w, c->coef);
		for (int b = 0; b <= c->nbins; b++)
		{
			us_write_f64(w, c->good[b]);
			us_write_f64(w, c->bad[b]);
			us_write_f64(w, c->woe[b]);
			us_write_f64(w, c->part[b]);
		}
	}
}

static double
read_number(UsReader *r, const char *what, double least)
{
	double		x = us_read_f64(r);

	if (!(x >= least && x <= LARGEST))
		us_corrupt(r, "%s is %g", what, x);
	return x;
}

static void
read_column(UsReader *r, UsCardColumn *c)
{
	c->status = us_read_u8(r);
	c->levels = us_read_i32(r);
	c->nbins = us_read_u8(r);
	if (c->status > US_CARD_ALIASED || c->nbins < 1 || c->nbins > US_WOE_MAX_BINS)
		us_corrupt(r, "column with status %d and %d bins", c->status, c->nbins);
	if (c->levels < 0 || (Size) c->levels > r->len - r->pos)
		us_corrupt(r, "column of %d levels", c->levels);
	if (c->levels > 0)
	{
		c->bin = (uint8 *) palloc(c->levels);
		memcpy(c->bin, us_read_bytes(r, c->levels), c->levels);
	}
	for (int l = 0; l < c->levels; l++)
		if (c->bin[l] > c->nbins + 1)
			us_corrupt(r, "level %d is in bin %d", l, c->bin[l]);
	c->bound = (double *) palloc(sizeof(double) * c->nbins);
	for (int b = 0; c->levels == 0 && b < c->nbins - 1; b++)
	{
		c->bound[b] = us_read_f64(r);
		if (!isfinite(c->bound[b]) || (b > 0 && c->bound[b] <= c->bound[b - 1]))
			us_corrupt(r, "bound %d is %g", b + 1, c->bound[b]);
	}
	c->coef = read_number(r, "coefficient", 0);
	if ((c->status == US_CARD_USED) != (c->coef > 0))
		us_corrupt(r, "coefficient is %g with status %d", c->coef, c->status);
	c->good = (double *) palloc(sizeof(double) * (c->nbins + 1));
	c->bad = (double *) palloc(sizeof(double) * (c->nbins + 1));
	c->woe = (double *) palloc(sizeof(double) * (c->nbins + 1));
	c->part = (double *) palloc(sizeof(double) * (c->nbins + 1));
	for (int b = 0; b <= c->nbins; b++)
	{
		c->good[b] = read_number(r, "weight of goods", 0);
		c->bad[b] = read_number(r, "weight of bads", 0);
		c->woe[b] = read_number(r, "weight of evidence", -LARGEST);
		c->part[b] = read_number(r, "part of the information value", -LARGEST);
	}
}

void *
us_scorecard_read(UsReader *r, int width, int *n_labels)
{
	UsScorecard *m = (UsScorecard *) palloc0(sizeof(UsScorecard));
	int			flag;

	us_check_version("scorecard", us_read_u8(r), FORMAT_VERSION);
	m->width = width;
	m->bad_class = us_read_u8(r);
	flag = us_read_u8(r);
	if (m->bad_class > 1 || flag > 1)
		us_corrupt(r, "bad class is %d, kind of reasons %d", m->bad_class, flag);
	m->from_mean = flag == 1;
	m->intercept = read_number(r, "intercept", -LARGEST);
	m->base_score = read_number(r, "base_score", -LARGEST);
	m->base_odds = read_number(r, "base_odds", 1e-100);
	m->points_to_double = read_number(r, "points_to_double", 1e-100);
	m->column = (UsCardColumn *) palloc0(sizeof(UsCardColumn) * Max(width, 1));
	for (int j = 0; j < width; j++)
		read_column(r, &m->column[j]);
	us_scorecard_prepare(m);
	*n_labels = 2;
	return m;
}
