/*
 * linear_model.c
 *	  A trained linear predictor: made, described, stored.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "learn/linear_model.h"
#include "math/dd.h"

#define FORMAT_VERSION	1
#define FLAG_INTERCEPT	1

/* columns that a warning lists */
#define LISTED_COLUMNS	20
#define MOVING_COLUMNS	10

/* As stored: only added to at the end. */
static const char *const figure_names[] = {
	"n", "weight", "rank", "df_model", "df_resid", "rss", "tss", "sigma", "r2", "adjusted_r2", "f", "f_p",
	"log_likelihood", "log_likelihood_null", "aic", "bic", "condition_number", "lambda", "mix",
	"objective", "nonzero", "deviance", "deviance_null", "pseudo_r2", "lr", "lr_p", "dispersion",
	"pearson_chi2", "power", "scale", "outliers", "C", "epsilon", "duality_gap", "support_vectors", "components"
};

static const char *const error_names[] = {
	NULL, "nonrobust", "HC0", "HC1", "HC2", "HC3", "expected information", "sandwich"
};

UsLinearModel *
us_linear_model_create(UsLink link, int classes, const UsEncoder *encoder)
{
	UsLinearModel *m = (UsLinearModel *) palloc0(sizeof(UsLinearModel));
	int			width = us_encoder_width(encoder);

	m->link = link;
	m->classes = classes;
	m->outputs = link == US_LINK_SOFTMAX ? classes : 1;
	m->width = width;
	m->intercept = (double *) palloc0(sizeof(double) * m->outputs);
	m->coef = (double *) palloc0(sizeof(double) * m->outputs * width);
	m->centre = (double *) palloc(sizeof(double) * width);
	for (int j = 0; j < width; j++)
		m->centre[j] = us_encoder_column(encoder, j)->mean;
	m->term = (UsCoefficient *) palloc0(sizeof(UsCoefficient) * m->outputs * (width + 1));
	for (int i = 0; i < m->outputs * (width + 1); i++)
		m->term[i].std_error = NAN;
	m->df = INFINITY;
	m->has_intercept = true;
	m->figure = (UsFigure *) palloc(sizeof(UsFigure) * lengthof(figure_names));
	return m;
}

void
us_linear_model_figure(UsLinearModel *m, const char *name, double value)
{
	Assert(m->n_figures < lengthof(figure_names));
	m->figure[m->n_figures].name = name;
	m->figure[m->n_figures++].value = value;
}

void
us_linear_model_figures(const UsLinearModel *m, UsReport *details)
{
	for (int i = 0; i < m->n_figures; i++)
	{
		double		v = m->figure[i].value;

		if (v == floor(v) && fabs(v) < 1e15 &&
			(strcmp(m->figure[i].name, "n") == 0 || strncmp(m->figure[i].name, "df_", 3) == 0 ||
			 strcmp(m->figure[i].name, "rank") == 0 || strcmp(m->figure[i].name, "nonzero") == 0 ||
			 strcmp(m->figure[i].name, "outliers") == 0 || strcmp(m->figure[i].name, "support_vectors") == 0 ||
			 strcmp(m->figure[i].name, "components") == 0))
			us_report_int(details, m->figure[i].name, (int64) v);
		else
			us_report_number(details, m->figure[i].name, v);
	}
	if (m->errors != NULL)
		us_report_text(details, "std_errors", m->errors);
	else
		us_report_null(details, "std_errors");
}

/* ---- terms ---- */

/* The intercept in units of the source, and the factors by which it depends on b: g[1 + width]. */
static double
source_intercept(const UsLinearModel *m, const double *b, const double *shift, double origin, double *g)
{
	UsDd		sum = us_two_sum(origin, b[0]);

	g[0] = 1;
	for (int j = 0; j < m->width; j++)
	{
		g[j + 1] = -shift[j];
		sum = us_dd_sub(sum, us_two_product(b[j + 1], shift[j]));
	}
	return us_dd_round(sum);
}

/* g'Vg */
static double
quadratic(const double *v, const double *g, int n)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			sum += g[i] * v[(Size) i * n + j] * g[j];
	return sum;
}

void
us_linear_model_terms(UsLinearModel *m, int o, const UsEncoder *encoder, const double *b,
					  const double *v, const bool *dropped, const double *centre, double origin)
{
	int			n = m->width + 1;
	UsCoefficient *term = m->term + (Size) o * n;
	double	   *slope = (double *) palloc(sizeof(double) * n);
	double	   *shift = (double *) palloc(sizeof(double) * n);
	double	   *g = (double *) palloc(sizeof(double) * n);
	UsDd		sum = us_two_sum(origin, b[0]);

	for (int j = 0; j < m->width; j++)
	{
		double		a;

		us_encoder_linear(encoder, j, &a, &slope[j], NULL);
		shift[j] = centre[j] + a * slope[j];	/* encoded - centre = slope u - shift */
		m->coef[(Size) o * m->width + j] = b[j + 1];
		sum = us_dd_sub(sum, us_two_product(b[j + 1], centre[j]));
		term[j + 1].estimate = b[j + 1] * slope[j];
		term[j + 1].encoded = b[j + 1];
		if (dropped != NULL && dropped[j + 1])
		{
			bool		first;

			term[j + 1].status = us_encoder_is_level(encoder, j, &first) && first ?
				US_TERM_REFERENCE : US_TERM_ALIASED;
		}
		else if (b[j + 1] == 0)
			term[j + 1].status = US_TERM_ZERO;
		else if (v != NULL)
			term[j + 1].std_error = sqrt(v[(Size) (j + 1) * n + j + 1]) * fabs(slope[j]);
	}
	m->intercept[o] = us_dd_round(sum);
	term[0].encoded = m->intercept[o];
	if (m->has_intercept)
	{
		term[0].estimate = source_intercept(m, b, shift, origin, g);
		if (v != NULL)
			term[0].std_error = sqrt(Max(quadratic(v, g, n), 0));
	}
	else
		term[0].status = US_TERM_ABSENT;
	pfree(slope);
	pfree(shift);
	pfree(g);
}

char *
us_linear_alias_warning(const UsEncoder *encoder, const bool *dropped)
{
	StringInfoData buf;
	int			n = 0;

	initStringInfo(&buf);
	for (int j = 0; j < us_encoder_width(encoder); j++)
	{
		bool		first;

		if (!dropped[j + 1] || (us_encoder_is_level(encoder, j, &first) && first))
			continue;
		if (n++ < LISTED_COLUMNS)
			appendStringInfo(&buf, "%s\"%s\"", n > 1 ? ", " : "", us_encoder_column(encoder, j)->name);
	}
	if (n == 0)
		return NULL;
	if (n > LISTED_COLUMNS)
		appendStringInfo(&buf, ", ... (%d more)", n - LISTED_COLUMNS);
	return psprintf("%d encoded %s of columns before %s and got no coefficient: %s",
					n, n == 1 ? "column is a combination" : "columns are combinations",
					n == 1 ? "it" : "them", buf.data);
}

char *
us_linear_moving_columns(const UsEncoder *encoder, const double *direction)
{
	StringInfoData buf;
	int			width = us_encoder_width(encoder);
	double	   *speed = (double *) palloc(sizeof(double) * Max(width, 1));
	double		most = 0;
	int			n = 0;

	initStringInfo(&buf);
	for (int j = 0; j < width; j++)
	{
		speed[j] = fabs(direction[j]) * us_encoder_column(encoder, j)->sd;
		most = fmax(most, speed[j]);
	}
	for (;;)
	{
		int			best = -1;

		for (int j = 0; j < width; j++)
			if (speed[j] > 0.1 * most && (best < 0 || speed[j] > speed[best]))
				best = j;
		if (best < 0 || n == MOVING_COLUMNS)
		{
			if (best >= 0)
				appendStringInfoString(&buf, ", ...");
			break;
		}
		appendStringInfo(&buf, "%s\"%s\"", n++ > 0 ? ", " : "", us_encoder_column(encoder, best)->name);
		speed[best] = 0;
	}
	pfree(speed);
	return buf.data;
}

void
us_linear_references(const UsEncoder *encoder, bool *last, int *run)
{
	for (int j = 0; j < us_encoder_width(encoder); j++)
	{
		bool		first;
		bool		level = us_encoder_is_level(encoder, j, &first);

		last[j] = level && first;
		run[j] = level && !first && j > 0 ? run[j - 1] : j;
	}
}

const UsCoefficient *
us_linear_coefficients(const void *model, int *outputs, int *terms, double *df)
{
	const UsLinearModel *m = (const UsLinearModel *) model;

	*outputs = m->outputs;
	*terms = m->width + 1;
	*df = m->df;
	return m->term;
}

UsReport *
us_linear_describe(const void *model)
{
	const UsLinearModel *m = (const UsLinearModel *) model;
	static const char *const link[] = {NULL, "identity", "log", "logit", "softmax"};
	UsReport   *r = us_report_object();

	us_report_text(r, "link", link[m->link]);
	us_report_int(r, "predictors", m->outputs);
	us_report_int(r, "columns", m->width);
	us_linear_model_figures(m, r);
	return r;
}

/* ---- stored form ---- */

/*
 * u8 version, u8 link, u8 flags, u8 errors, u32 width, u32 classes, f64 df, f64 centre[width]; for each
 * predictor f64 intercept, f64 coef[width], and for each term f64 estimate, f64 error, f64 encoded, u8 status;
 * u8 figures, for each u8 name, f64 value.
 */
void
us_linear_write(const void *model, UsWriter *w)
{
	const UsLinearModel *m = (const UsLinearModel *) model;
	int			errors = 0;

	for (int i = 1; i < lengthof(error_names); i++)
		if (m->errors != NULL && strcmp(m->errors, error_names[i]) == 0)
			errors = i;
	us_write_u8(w, FORMAT_VERSION);
	us_write_u8(w, m->link);
	us_write_u8(w, m->has_intercept ? FLAG_INTERCEPT : 0);
	us_write_u8(w, errors);
	us_write_u32(w, m->width);
	us_write_u32(w, m->classes);
	us_write_f64(w, m->df);
	for (int j = 0; j < m->width; j++)
		us_write_f64(w, m->centre[j]);
	for (int o = 0; o < m->outputs; o++)
	{
		us_write_f64(w, m->intercept[o]);
		for (int j = 0; j < m->width; j++)
			us_write_f64(w, m->coef[(Size) o * m->width + j]);
		for (int t = 0; t <= m->width; t++)
		{
			const UsCoefficient *term = &m->term[(Size) o * (m->width + 1) + t];

			us_write_f64(w, term->estimate);
			us_write_f64(w, term->std_error);
			us_write_f64(w, term->encoded);
			us_write_u8(w, term->status);
		}
	}
	us_write_u8(w, m->n_figures);
	for (int i = 0; i < m->n_figures; i++)
	{
		int			name = 0;

		while (strcmp(figure_names[name], m->figure[i].name) != 0)
			name++;
		us_write_u8(w, name);
		us_write_f64(w, m->figure[i].value);
	}
}

static double
read_finite(UsReader *r, const char *what)
{
	double		v = us_read_f64(r);

	if (!isfinite(v))
		us_corrupt(r, "%s is not finite", what);
	return v;
}

static void
read_predictor(UsReader *r, UsLinearModel *m, int o)
{
	m->intercept[o] = read_finite(r, "intercept");
	for (int j = 0; j < m->width; j++)
		m->coef[(Size) o * m->width + j] = read_finite(r, "coefficient");
	for (int t = 0; t <= m->width; t++)
	{
		UsCoefficient *term = &m->term[(Size) o * (m->width + 1) + t];

		term->estimate = read_finite(r, "estimate");
		term->std_error = us_read_f64(r);
		term->encoded = read_finite(r, "encoded coefficient");
		term->status = us_read_u8(r);
		if (term->std_error < 0)
			us_corrupt(r, "standard error %g", term->std_error);
		if (term->status > US_TERM_OFFSET)
			us_corrupt(r, "status %d of a term", term->status);
	}
}

static void
read_figures(UsReader *r, UsLinearModel *m)
{
	int			n = us_read_u8(r);

	if (n > lengthof(figure_names))
		us_corrupt(r, "%d figures", n);
	m->figure = (UsFigure *) palloc(sizeof(UsFigure) * lengthof(figure_names));
	for (int i = 0; i < n; i++)
	{
		int			name = us_read_u8(r);

		if (name >= lengthof(figure_names))
			us_corrupt(r, "figure %d", name);
		us_linear_model_figure(m, figure_names[name], us_read_f64(r));
	}
}

void *
us_linear_read(UsReader *r, int width, int *n_labels)
{
	UsLinearModel *m = (UsLinearModel *) palloc0(sizeof(UsLinearModel));
	int			version = us_read_u8(r);
	int			flags;
	int			errors;
	uint32		stored;
	uint32		classes;

	if (version != FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a linear model is not known to this version of userseg", version)));
	m->link = (UsLink) us_read_u8(r);
	flags = us_read_u8(r);
	errors = us_read_u8(r);
	stored = us_read_u32(r);
	classes = us_read_u32(r);
	if (m->link < US_LINK_IDENTITY || m->link > US_LINK_SOFTMAX)
		us_corrupt(r, "link %d", m->link);
	if ((flags & ~FLAG_INTERCEPT) != 0 || errors >= lengthof(error_names))
		us_corrupt(r, "flags %d, errors %d", flags, errors);
	if (width < 1 || stored != (uint32) width)
		us_corrupt(r, "%u columns, the encoder has %d", stored, width);
	if (m->link == US_LINK_SOFTMAX ? classes < 2 || classes > US_MAX_CLASSES :
		classes != (m->link == US_LINK_LOGIT ? 2 : 0))
		us_corrupt(r, "%u classes of link %d", classes, m->link);
	m->has_intercept = (flags & FLAG_INTERCEPT) != 0;
	m->errors = error_names[errors];
	m->width = width;
	m->classes = (int) classes;
	m->outputs = m->link == US_LINK_SOFTMAX ? m->classes : 1;
	m->df = us_read_f64(r);
	if (!(m->df >= 0))
		us_corrupt(r, "%g degrees of freedom", m->df);
	if ((Size) m->outputs * (8 + 8 * (Size) width + 25 * ((Size) width + 1)) > r->len - r->pos)
		us_corrupt(r, "%d predictors of %d columns in %zu bytes", m->outputs, width, r->len - r->pos);
	m->centre = (double *) palloc(sizeof(double) * width);
	for (int j = 0; j < width; j++)
		m->centre[j] = read_finite(r, "centre");
	m->intercept = (double *) palloc(sizeof(double) * m->outputs);
	m->coef = (double *) palloc(sizeof(double) * m->outputs * width);
	m->term = (UsCoefficient *) palloc(sizeof(UsCoefficient) * m->outputs * (width + 1));
	for (int o = 0; o < m->outputs; o++)
		read_predictor(r, m, o);
	read_figures(r, m);
	*n_labels = m->classes;
	return m;
}
