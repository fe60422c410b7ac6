/*
 * gmm_model.c
 *	  A trained mixture: made, scored, explained, stored.
 *
 * Rows are not rounded to the grid of the training.  The kernels of tiles and those of single rows
 * (math/gmm_row.h) give the same bits.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/gmm_model.h"

#define FORMAT_VERSION	2

static UsGmmModel *
prepare(UsGmmModel *m)
{
	m->gmm = us_mixture_gmm(m->mixture);
	m->scratch = us_gmm_scratch(m->gmm.k, m->gmm.d);
	for (int i = 0; i < US_GMM_TILE; i++)
		m->scratch->weight[i] = 1;
	m->row = us_gmm_row(&m->gmm);
	m->y = (double *) palloc(sizeof(double) * m->gmm.d);
	return m;
}

UsGmmModel *
us_gmm_model_create(const UsMixture *mixture, double log_likelihood, double total_weight,
					int64 rows, double reg, int n_troubles)
{
	UsGmmModel *m = (UsGmmModel *) palloc0(sizeof(UsGmmModel));

	m->mixture = (UsMixture *) palloc(VARSIZE(mixture));
	memcpy(m->mixture, mixture, VARSIZE(mixture));
	m->log_likelihood = log_likelihood;
	m->total_weight = total_weight;
	m->rows = m->seen = rows;
	m->effective_weight = total_weight;
	m->reg = reg;
	m->n_troubles = n_troubles;
	return prepare(m);
}

UsGmmModel *
us_gmm_model_continue(const UsGmmModel *old, const UsMixture *mixture, double log_likelihood,
					  double total_weight, int64 rows, double decay, int n_troubles)
{
	UsGmmModel *m = us_gmm_model_create(mixture, log_likelihood, total_weight, rows, old->reg, n_troubles);

	m->effective_weight += decay * old->effective_weight;
	m->seen += old->seen;
	m->updates = old->updates + 1;
	return m;
}

/* ---- scoring ---- */

/* Rows of x [width][stride], at most a tile of them, into the scratch; log densities of the components. */
static void
judge(const UsGmmModel *m, const double *x, int stride, int n)
{
	const double most = US_GRID_MAX_Q / (1 << US_GRID_BITS);
	int			end = (n + US_LANES - 1) / US_LANES * US_LANES;

	for (int j = 0; j < m->gmm.d; j++)
	{
		UsGrid		grid = us_mixture_grid(m->mixture)[j];
		double		factor = ldexp(1, -us_mixture_unit(m->mixture, j));
		double	   *y = m->scratch->y + (Size) j * US_GMM_STRIDE;

		for (int i = 0; i < n; i++)
		{
			double		v = (x[(Size) j * stride + i] - grid.offset) * factor;

			y[i] = v > most ? most : (v < -most ? -most : v);
		}
		for (int i = n; i < end; i++)
			y[i] = 0;
	}
	us_gmm_log_densities(&m->gmm, m->scratch, n);
}

/* One row to m->row. */
static void
judge_row(const UsGmmModel *m, const double *x)
{
	(void) us_mixture_place(m->mixture, x, false, m->y);
	us_gmm_row_densities(m->row, m->y);
}

/*
 * The component with the largest of the log densities r[k * stride], 0-based; the next one in
 * *second, or -1.
 */
static int
best_of(int k, const double *r, Size stride, int *second)
{
	int			best = 0;

	*second = -1;
	for (int c = 1; c < k; c++)
	{
		double		v = r[c * stride];

		if (v > r[best * stride])
		{
			*second = best;
			best = c;
		}
		else if (*second < 0 || v > r[*second * stride])
			*second = c;
	}
	return best;
}

/* What follows from the log densities. */
static void
fill_score(const UsGmmModel *m, const double *r, Size stride, UsScore *out)
{
	int			second;
	int			best = best_of(m->gmm.k, r, stride, &second);
	double		density = r[best * stride];

	out->label = best + 1;
	out->runner_up = second + 1;
	out->margin = second < 0 ? NAN : density - r[second * stride];
	if (isinf(out->margin))
		out->margin = NAN;		/* a component without weight */
	out->distance = sqrt(fmax(2 * (m->gmm.constant[best] - density), 0));
}

/* Scores of the n rows of a tile that were judged. */
static void
fill_scores(const UsGmmModel *m, int n, UsScore *out)
{
	for (int i = 0; i < n; i++)
		fill_score(m, m->scratch->r + i, US_GMM_STRIDE, &out[i]);
	us_gmm_responsibilities(m->gmm.k, m->scratch, n);
	for (int i = 0; i < n; i++)
	{
		out[i].value = m->scratch->density[i];
		out[i].probability = m->scratch->r[(Size) (out[i].label - 1) * US_GMM_STRIDE + i];
	}
}

void
us_gmm_model_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsGmmModel *m = (const UsGmmModel *) model;

	for (int at = 0; at < nrows; at += US_GMM_TILE)
	{
		int			n = Min(nrows - at, US_GMM_TILE);

		judge(m, x + at, stride, n);
		fill_scores(m, n, out + at);
	}
}

void
us_gmm_model_score(const void *model, const double *x, UsScore *score)
{
	const UsGmmModel *m = (const UsGmmModel *) model;

	judge_row(m, x);
	fill_score(m, m->row->r, 1, score);
	score->value = us_gmm_row_responsibilities(m->row, 1);
	score->probability = m->row->r[score->label - 1];
}

void
us_gmm_model_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	const UsGmmModel *m = (const UsGmmModel *) model;

	for (int at = 0; at < nrows; at += US_GMM_TILE)
	{
		int			n = Min(nrows - at, US_GMM_TILE);
		int			second;

		judge(m, x + at, stride, n);
		for (int i = 0; i < n; i++)
			label[at + i] = best_of(m->gmm.k, m->scratch->r + i, US_GMM_STRIDE, &second) + 1;
	}
}

int
us_gmm_model_label(const void *model, const double *x)
{
	const UsGmmModel *m = (const UsGmmModel *) model;
	int			second;

	judge_row(m, x);
	return best_of(m->gmm.k, m->row->r, 1, &second) + 1;
}

void
us_gmm_model_proba(const void *model, const double *x, double *p)
{
	const UsGmmModel *m = (const UsGmmModel *) model;

	judge_row(m, x);
	(void) us_gmm_row_responsibilities(m->row, 1);
	for (int c = 0; c < m->gmm.k; c++)
		p[c] = m->row->r[c];
}

/* ---- explaining ---- */

/*
 * Subtract from c[width] times sign the halves of (y - mean)_j (P (y - mean))_j, whose sum is half the
 * squared Mahalanobis distance to component i; P = W'W is its inverse covariance.
 */
static void
add_distances(const UsGmmModel *m, int i, const double *y, double sign, double *c)
{
	int			d = m->gmm.d;
	const double *mean = us_mixture_mean(m->mixture) + (Size) i * d;
	bool		triangle = m->gmm.covariance == US_COVARIANCE_FULL || m->gmm.covariance == US_COVARIANCE_TIED;
	const double *w = m->gmm.factor;
	double	   *z;

	if (!triangle)
	{
		w += (Size) i * d;
		for (int j = 0; j < d; j++)
			c[j] += sign * 0.5 * ((y[j] - mean[j]) * w[j]) * ((y[j] - mean[j]) * w[j]);
		return;
	}
	if (m->gmm.covariance == US_COVARIANCE_FULL)
		w += us_packed(d) * i;
	z = (double *) palloc0(sizeof(double) * 2 * d);
	for (int a = 0; a < d; a++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int b = 0; b <= a; b++)
			z[a] += w[us_packed(a) + b] * (y[b] - mean[b]);
		for (int b = 0; b <= a; b++)
			z[d + b] += w[us_packed(a) + b] * z[a];
	}
	for (int j = 0; j < d; j++)
		c[j] += sign * 0.5 * (y[j] - mean[j]) * z[d + j];
	pfree(z);
}

/*
 * By column, half the squared Mahalanobis distance to the runner-up minus that to the label: what
 * speaks for the label.  With one component: what makes the density small, with a minus sign.
 */
void
us_gmm_model_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsGmmModel *m = (const UsGmmModel *) model;
	double	   *y = (double *) palloc(sizeof(double) * m->gmm.d);

	(void) us_mixture_place(m->mixture, x, false, y);
	memset(c, 0, sizeof(double) * m->gmm.d);
	add_distances(m, score->label - 1, y, -1, c);
	if (score->runner_up > 0)
		add_distances(m, score->runner_up - 1, y, 1, c);
	pfree(y);
}

void
us_gmm_model_center(const void *model, int label, double *c)
{
	const UsGmmModel *m = (const UsGmmModel *) model;

	for (int j = 0; j < m->gmm.d; j++)
		c[j] = us_mixture_mean_value(m->mixture, label - 1, j);
}

UsReport *
us_gmm_model_describe(const void *model)
{
	const UsGmmModel *m = (const UsGmmModel *) model;
	UsReport   *r = us_report_object();
	UsReport   *weights;
	double		parameters = us_mixture_parameters(m->mixture);

	us_report_int(r, "k", m->gmm.k);
	us_report_text(r, "covariance", us_covariance_name(m->gmm.covariance));
	us_report_number(r, "log_likelihood", m->log_likelihood);
	us_report_number(r, "bic", -2 * m->log_likelihood + parameters * log(m->total_weight));
	us_report_number(r, "aic", -2 * m->log_likelihood + 2 * parameters);
	us_report_number(r, "parameters", parameters);
	us_report_int(r, "rows", m->rows);
	us_report_int(r, "rows_seen", m->seen);
	us_report_int(r, "updates", m->updates);
	us_report_number(r, "reg_covar", m->reg);
	us_report_bool(r, "well_posed", m->n_troubles == 0);
	weights = us_report_add_array(r, "weights");
	for (int i = 0; i < m->gmm.k; i++)
		us_report_number(weights, NULL, us_mixture_weight(m->mixture)[i]);
	return r;
}

/* ---- stored form ---- */

/*
 * u8 version, f64 log-likelihood, f64 weight, i64 rows, f64 reg_covar, u32 troubles, f64 effective weight, i64 rows
 * seen, u32 updates (these three not in version 1), the mixture.
 */
void
us_gmm_model_write(const void *model, UsWriter *w)
{
	const UsGmmModel *m = (const UsGmmModel *) model;

	us_write_u8(w, FORMAT_VERSION);
	us_write_f64(w, m->log_likelihood);
	us_write_f64(w, m->total_weight);
	us_write_i64(w, m->rows);
	us_write_f64(w, m->reg);
	us_write_u32(w, m->n_troubles);
	us_write_f64(w, m->effective_weight);
	us_write_i64(w, m->seen);
	us_write_u32(w, m->updates);
	us_mixture_write(m->mixture, w);
}

/* What a continued model counts; version 1 was never continued. */
static void
read_history(UsReader *r, UsGmmModel *m, int version)
{
	uint32		updates = 0;

	m->effective_weight = m->total_weight;
	m->seen = m->rows;
	if (version > 1)
	{
		m->effective_weight = us_read_f64(r);
		m->seen = us_read_i64(r);
		updates = us_read_u32(r);
	}
	if (!isfinite(m->effective_weight) || m->effective_weight < m->total_weight)
		us_corrupt(r, "effective weight %g of rows of weight %g", m->effective_weight, m->total_weight);
	if (m->seen < m->rows || updates > PG_INT32_MAX)
		us_corrupt(r, INT64_FORMAT " rows seen, " INT64_FORMAT " in the last of %u updates", m->seen, m->rows, updates);
	if (updates == 0 && (m->seen != m->rows || m->effective_weight != m->total_weight))
		us_corrupt(r, "rows before without an update");
	m->updates = (int) updates;
}

void *
us_gmm_model_read(UsReader *r, int width, int *n_labels)
{
	UsGmmModel *m = (UsGmmModel *) palloc0(sizeof(UsGmmModel));
	int			version = us_read_u8(r);
	uint32		troubles;

	if (version < 1 || version > FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a mixture model is not known to this version of userseg",
						version)));
	m->log_likelihood = us_read_f64(r);
	m->total_weight = us_read_f64(r);
	m->rows = us_read_i64(r);
	m->reg = us_read_f64(r);
	troubles = us_read_u32(r);
	if (!isfinite(m->log_likelihood))
		us_corrupt(r, "log-likelihood %g", m->log_likelihood);
	if (!isfinite(m->total_weight) || m->total_weight <= 0)
		us_corrupt(r, "weight %g of all rows", m->total_weight);
	if (m->rows < 0)
		us_corrupt(r, INT64_FORMAT " rows", m->rows);
	if (!isfinite(m->reg) || m->reg < 0)
		us_corrupt(r, "reg_covar %g", m->reg);
	read_history(r, m, version);
	m->mixture = us_mixture_read(r);
	if (m->mixture->d != width)
		us_corrupt(r, "%d columns, the encoder has %d", m->mixture->d, width);
	if (troubles > (uint32) m->mixture->k)
		us_corrupt(r, "%u singular components", troubles);
	m->n_troubles = (int) troubles;
	*n_labels = m->mixture->k;
	return prepare(m);
}
