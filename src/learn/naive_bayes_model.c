/*
 * naive_bayes_model.c
 *	  A trained naive Bayes model.
 *
 * log P(k | x) = log P(k) + sum over columns of log P(x_j | k) - log of the sum of that over the classes (R. O. Duda and
 * P. E. Hart, Pattern Classification and Scene Analysis, 1973, section 2.11).  A missing value adds nothing: with
 * independent columns this is the exact probability of what is known.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/naive_bayes_model.h"
#include "math/exact_scatter.h"
#include "math/softmax.h"

#define FORMAT_VERSION	1

/* variances below are none */
#define LEAST_VARIANCE	1e-290

/* means and variances beyond are taken as that: only made up states have them */
#define MOST_VALUE		1e300

/* numbers on the stack for the joint probabilities of some rows */
#define ROOM			4096
#define MOST_ROWS		256

StaticAssertDecl(ROOM >= US_MAX_CLASSES, "no room for the classes of a row");

/* ---- making ---- */

static UsNbModel *
model_new(int width, int classes)
{
	UsNbModel  *m = (UsNbModel *) palloc0(sizeof(UsNbModel));

	m->width = width;
	m->classes = classes;
	m->levels = (int32 *) palloc0(sizeof(int32) * width);
	m->at = (Size *) palloc0(sizeof(Size) * width);
	m->log_prior = (double *) palloc0(sizeof(double) * classes);
	return m;
}

/* Levels are known: room for the values. */
static void
lay_out(UsNbModel *m)
{
	Size		n = 0;

	for (int j = 0; j < m->width; j++)
	{
		m->at[j] = n;
		n += (Size) m->classes * (m->levels[j] > 0 ? m->levels[j] : m->levels[j] == 0 ? 2 : 0);
	}
	m->value = (double *) MemoryContextAllocExtended(CurrentMemoryContext, sizeof(double) * Max(n, 1),
													 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	m->scale = (double *) MemoryContextAllocExtended(CurrentMemoryContext, sizeof(double) * Max(n, 1),
													 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* The values are known: what scoring derives from them. */
static void
prepare(UsNbModel *m)
{
	for (int j = 0; j < m->width; j++)
		for (int k = 0; m->levels[j] == 0 && k < m->classes; k++)
		{
			Size		at = m->at[j] + 2 * (Size) k;

			m->scale[at] = -0.5 * log(2 * M_PI * m->value[at + 1]);
			m->scale[at + 1] = 0.5 / m->value[at + 1];
		}
}

/* a - b */
static UsExactSum
difference(const UsExactSum *a, const UsExactSum *b)
{
	UsExactSum	minus = *b;
	UsExactSum	d = *a;

	for (int i = 0; i < US_EXACT_CHUNKS; i++)
		minus.chunk[i] = -minus.chunk[i];
	us_exact_merge(&d, &minus);
	return d;
}

UsNbMoments
us_nb_moments(const UsExactSum *all, const UsExactSum *cell)
{
	UsExactSum	known = difference(all, &cell[0]);
	UsNbMoments o = {us_exact_round(&known), 0, 0};

	if (!(o.weight > 0))
		return o;
	o.mean = us_exact_mean(&cell[1], o.weight);
	o.variance = fmax(us_exact_scatter(&cell[2], &known, &cell[1], 1), 0) / o.weight;
	return o;
}

/* The sums of a column of numbers over all classes: weight of all rows, then the three of the column. */
static void
pool(const UsNbSums *s, int cell, UsExactSum *pooled)
{
	memset(pooled, 0, sizeof(UsExactSum) * (1 + US_NB_NUMBER_SUMS));
	for (int k = 0; k < s->classes; k++)
	{
		const UsExactSum *sum = s->sum + (Size) k * s->per_class;

		us_exact_merge(&pooled[0], &sum[0]);
		for (int i = 0; i < US_NB_NUMBER_SUMS; i++)
			us_exact_merge(&pooled[1 + i], &sum[cell + i]);
	}
}

static void
make_number(UsNbModel *m, int j, const UsNbSums *s, int cell, const UsNbMoments *all, double extra)
{
	for (int k = 0; k < s->classes; k++)
	{
		const UsExactSum *sum = s->sum + (Size) k * s->per_class;
		UsNbMoments o = us_nb_moments(&sum[0], &sum[cell]);
		double	   *value = m->value + m->at[j] + 2 * (Size) k;

		if (!(o.weight > 0))
			o = *all;
		value[0] = fmax(fmin(o.mean, MOST_VALUE), -MOST_VALUE);
		value[1] = fmax(fmin(o.variance + extra, MOST_VALUE), LEAST_VARIANCE);
	}
}

static void
make_category(UsNbModel *m, int j, const UsNbSums *s, int cell, double alpha)
{
	int			n = m->levels[j];
	bool	   *seen = (bool *) palloc0(sizeof(bool) * n);
	int			nseen = 0;

	for (int l = 0; l < n; l++)
	{
		for (int k = 0; k < s->classes && !seen[l]; k++)
			seen[l] = us_exact_round(&s->sum[(Size) k * s->per_class + cell + l]) > 0;
		nseen += seen[l];
	}
	for (int k = 0; k < s->classes; k++)
	{
		const UsExactSum *sum = s->sum + (Size) k * s->per_class + cell;
		double	   *value = m->value + m->at[j] + (Size) k * n;
		UsExactSum	total = {0};
		double		all;

		for (int l = 0; l < n; l++)
			us_exact_merge(&total, &sum[l]);
		all = log(us_exact_round(&total) + alpha * nseen);
		for (int l = 0; l < n; l++)
			value[l] = seen[l] ? fmax(log(us_exact_round(&sum[l]) + alpha) - all, US_NB_LEAST_LOG) : 0;
	}
	pfree(seen);
}

static void
make_priors(UsNbModel *m, const UsNbSums *s, const double *prior)
{
	UsExactSum	total = {0};
	double		all;

	for (int k = 0; k < s->classes; k++)
		us_exact_merge(&total, &s->sum[(Size) k * s->per_class]);
	all = us_exact_round(&total);
	for (int k = 0; k < s->classes; k++)
	{
		double		share = us_exact_round(&s->sum[(Size) k * s->per_class]) / all;

		if (prior != NULL)
			share = prior[k];
		/* a class without rows, in a state */
		m->log_prior[k] = share > 0 ? log(share) : US_NB_LEAST_LOG;
	}
}

UsNbModel *
us_nb_model_make(const UsNbSums *s, const UsNbRule *rule)
{
	UsNbModel  *m = model_new(s->columns, s->classes);
	UsNbMoments *all = (UsNbMoments *) palloc0(sizeof(UsNbMoments) * s->columns);
	int		   *cell = (int *) palloc(sizeof(int) * s->columns);
	double		largest = 0;
	int			at = 1;

	for (int j = 0; j < s->columns; j++)
	{
		cell[j] = at;
		at += s->levels[j] > 0 ? s->levels[j] : US_NB_NUMBER_SUMS;
		m->levels[j] = s->levels[j];
		if (s->levels[j] == 0)
		{
			UsExactSum	pooled[1 + US_NB_NUMBER_SUMS];

			pool(s, cell[j], pooled);
			all[j] = us_nb_moments(&pooled[0], &pooled[1]);
			if (!(all[j].variance > LEAST_VARIANCE) || isinf(all[j].variance))
				m->levels[j] = US_NB_IGNORED;
			else
				largest = fmax(largest, all[j].variance);
		}
	}
	lay_out(m);
	make_priors(m, s, rule->prior);
	for (int j = 0; j < s->columns; j++)
	{
		CHECK_FOR_INTERRUPTS();
		if (m->levels[j] > 0)
			make_category(m, j, s, cell[j], rule->alpha);
		else if (m->levels[j] == 0)
			make_number(m, j, s, cell[j], &all[j], rule->smoothing * (rule->largest ? largest : all[j].variance));
	}
	prepare(m);
	pfree(all);
	pfree(cell);
	return m;
}

/* ---- scoring ---- */

/* log P(x | k) of column j, which is not ignored. */
static inline double
log_probability(const UsNbModel *m, int j, int k, double x)
{
	Size		at = m->at[j];
	double		d;

	if (isnan(x))
		return 0;
	if (m->levels[j] > 0)
		return m->value[at + (Size) k * m->levels[j] + us_nb_level(x, m->levels[j])];
	at += 2 * (Size) k;
	d = x - m->value[at];
	d = m->scale[at] - d * d * m->scale[at + 1];
	return d < US_NB_LEAST_LOG ? US_NB_LEAST_LOG : d;
}

/* Joint log probabilities of rows: joint[classes][n]; each is summed up in the same order as for one row. */
static void
join(const UsNbModel *m, const double *x, int stride, int n, double *joint)
{
	for (int k = 0; k < m->classes; k++)
	{
		double	   *sum = joint + (Size) k * n;

		for (int r = 0; r < n; r++)
			sum[r] = m->log_prior[k];
		for (int j = 0; j < m->width; j++)
		{
			const double *column = x + (Size) j * stride;

			if (m->levels[j] == US_NB_IGNORED)
				continue;
			for (int r = 0; r < n; r++)
				sum[r] += log_probability(m, j, k, column[r]);
		}
	}
}

/* The answer from the joint log probabilities of a row, stride apart. */
static void
answer(const UsNbModel *m, const double *joint, int stride, UsScore *s)
{
	int			best = 0;
	int			next = -1;
	double		sum = 0;

	for (int k = 1; k < m->classes; k++)
		if (joint[(Size) k * stride] > joint[(Size) best * stride])
			best = k;
	for (int k = 0; k < m->classes; k++)
	{
		if (k == best)
			continue;
		if (next < 0 || joint[(Size) k * stride] > joint[(Size) next * stride])
			next = k;
		sum += exp(joint[(Size) k * stride] - joint[(Size) best * stride]);
	}
	*s = (UsScore) {.label = best + 1, .runner_up = next + 1, .value = NAN, .distance = NAN};
	s->probability = 1 / (1 + sum);
	s->margin = s->probability * (1 - exp(joint[(Size) next * stride] - joint[(Size) best * stride]));
	if (m->classes == 2)
		s->value = best == 1 ? s->probability : sum / (1 + sum);
}

void
us_nb_score(const void *model, const double *x, UsScore *score)
{
	const UsNbModel *m = (const UsNbModel *) model;
	double		joint[US_MAX_CLASSES];

	join(m, x, 1, 1, joint);
	answer(m, joint, 1, score);
}

int
us_nb_label(const void *model, const double *x)
{
	UsScore		score;

	us_nb_score(model, x, &score);
	return score.label;
}

void
us_nb_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsNbModel *m = (const UsNbModel *) model;
	double		joint[ROOM];
	int			rows = Min(ROOM / m->classes, MOST_ROWS);

	for (int first = 0; first < nrows; first += rows)
	{
		int			n = Min(rows, nrows - first);

		join(m, x + first, stride, n, joint);
		for (int r = 0; r < n; r++)
			answer(m, joint + r, n, &out[first + r]);
	}
}

void
us_nb_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	UsScore		score[MOST_ROWS];

	for (int first = 0; first < nrows; first += MOST_ROWS)
	{
		int			n = Min(MOST_ROWS, nrows - first);

		us_nb_score_block(model, x + first, stride, n, score);
		for (int r = 0; r < n; r++)
			label[first + r] = score[r].label;
	}
}

void
us_nb_proba(const void *model, const double *x, double *p)
{
	const UsNbModel *m = (const UsNbModel *) model;

	join(m, x, 1, 1, p);
	us_softmax(p, m->classes);
}

/* ---- reasons ---- */

/* Of two classes the log odds of the label; of more how far the label is above the mean of all classes. */
static double
advantage(const UsNbModel *m, int label, const double *value)
{
	double		mean = 0;

	if (m->classes == 2)
		return value[label - 1] - value[2 - label];
	for (int k = 0; k < m->classes; k++)
		mean += value[k] / m->classes;
	return value[label - 1] - mean;
}

void
us_nb_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsNbModel *m = (const UsNbModel *) model;
	double		value[US_MAX_CLASSES];

	for (int j = 0; j < m->width; j++)
	{
		c[j] = 0;
		if (m->levels[j] == US_NB_IGNORED)
			continue;
		for (int k = 0; k < m->classes; k++)
			value[k] = log_probability(m, j, k, x[j]);
		c[j] = advantage(m, score->label, value);
	}
}

double
us_nb_base(const void *model, const double *x, const UsScore *score)
{
	const UsNbModel *m = (const UsNbModel *) model;

	return advantage(m, score->label, m->log_prior);
}

UsReport *
us_nb_describe(const void *model)
{
	const UsNbModel *m = (const UsNbModel *) model;
	UsReport   *r = us_report_object();
	UsReport   *list;
	int			kind[3] = {0};

	for (int j = 0; j < m->width; j++)
		kind[m->levels[j] > 0 ? 1 : m->levels[j] == 0 ? 0 : 2]++;
	us_report_int(r, "classes", m->classes);
	us_report_int(r, "numbers", kind[0]);
	us_report_int(r, "categories", kind[1]);
	us_report_int(r, "ignored", kind[2]);
	list = us_report_add_array(r, "priors");
	for (int k = 0; k < m->classes; k++)
		us_report_number(list, NULL, exp(m->log_prior[k]));
	return r;
}

/* ---- stored form ---- */

/* u8 version, u32 classes, f64 log_prior[classes], i32 levels[width], f64 value[]. */
void
us_nb_write(const void *model, UsWriter *w)
{
	const UsNbModel *m = (const UsNbModel *) model;

	us_write_u8(w, FORMAT_VERSION);
	us_write_u32(w, m->classes);
	for (int k = 0; k < m->classes; k++)
		us_write_f64(w, m->log_prior[k]);
	for (int j = 0; j < m->width; j++)
		us_write_i32(w, m->levels[j]);
	for (int j = 0; j < m->width; j++)
		for (int i = 0; m->levels[j] >= 0 && i < m->classes * (m->levels[j] > 0 ? m->levels[j] : 2); i++)
			us_write_f64(w, m->value[m->at[j] + i]);
}

static void
read_values(UsReader *r, UsNbModel *m, int j)
{
	int			n = m->levels[j] > 0 ? m->levels[j] : 2;

	for (int i = 0; i < m->classes * n; i++)
	{
		double		v = us_read_f64(r);

		if (!isfinite(v) || (m->levels[j] == 0 && i % 2 == 1 && v < LEAST_VARIANCE) ||
			(m->levels[j] > 0 && (v > 0 || v < US_NB_LEAST_LOG)))
			us_corrupt(r, "column %d has the value %g", j + 1, v);
		m->value[m->at[j] + i] = v;
	}
}

void *
us_nb_read(UsReader *r, int width, int *n_labels)
{
	int			version = us_read_u8(r);
	int			classes = us_read_count(r, sizeof(double), US_MAX_CLASSES);
	Size		n = 0;
	UsNbModel  *m;

	if (version != FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a naive Bayes model is not known to this version of userseg", version)));
	if (classes < 2)
		us_corrupt(r, "%d classes", classes);
	m = model_new(width, classes);
	for (int k = 0; k < classes; k++)
	{
		m->log_prior[k] = us_read_f64(r);
		if (!isfinite(m->log_prior[k]) || m->log_prior[k] > 0)
			us_corrupt(r, "logarithm of a prior is %g", m->log_prior[k]);
	}
	for (int j = 0; j < width; j++)
	{
		m->levels[j] = us_read_i32(r);
		if (m->levels[j] < US_NB_IGNORED || m->levels[j] == 1 || m->levels[j] > US_NB_MAX_LEVELS)
			us_corrupt(r, "column of %d levels", m->levels[j]);
		n += (Size) classes * (m->levels[j] > 0 ? m->levels[j] : m->levels[j] == 0 ? 2 : 0);
	}
	if (n > (r->len - r->pos) / sizeof(double))
		us_corrupt(r, "%zu values in %zu bytes", n, r->len - r->pos);
	lay_out(m);
	for (int j = 0; j < width; j++)
		if (m->levels[j] >= 0)
			read_values(r, m, j);
	prepare(m);
	*n_labels = classes;
	return m;
}
