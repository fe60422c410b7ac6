/*
 * gmm_state.c
 *	  userseg.gmm_point and userseg.gmm_state: made, added up, written, read.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "agg/gmm_state.h"
#include "agg/nearest.h"

/* ---- judging rows ---- */

UsGmmJudge *
us_gmm_judge(const UsMixture *m)
{
	UsGmmJudge *j = (UsGmmJudge *) palloc(sizeof(UsGmmJudge));

	UsGmm		gmm = us_mixture_gmm(m);

	j->mixture = m;
	j->row = us_gmm_row(&gmm);
	j->y = (double *) palloc(sizeof(double) * m->d);
	return j;
}

int
us_gmm_judge_densities(UsGmmJudge *j, const double *x, bool round)
{
	int			far;

	us_check_finite(x, j->mixture->d);
	far = us_mixture_place(j->mixture, x, round, j->y);
	us_gmm_row_densities(j->row, j->y);
	return far;
}

double
us_gmm_judge_responsibilities(UsGmmJudge *j, double w)
{
	return us_gmm_row_responsibilities(j->row, w);
}

/* ---- points ---- */

static Size
point_size(int k, int d)
{
	return offsetof(UsGmmPoint, value) + sizeof(double) * ((Size) k + d);
}

/* The weight that counts: on the grid of weights when there is one. */
static double
effective_weight(const UsMixture *m, double w)
{
	double		counts = w;

	if (w > 0 && m->gridded)
		counts = ldexp(rint(ldexp(w, m->weight_exponent)), -US_MIXTURE_WEIGHT_BITS);
	if (!isfinite(w) || w < 0 || (m->gridded && counts > 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the weight of a row is %g", w),
				 errdetail("A weight is a finite number, not negative.")));
	return counts;
}

UsGmmPoint *
us_gmm_point_make(UsGmmJudge *j, const double *x, double w)
{
	const UsMixture *m = j->mixture;
	UsGmmPoint *p;
	int			far;

	if (w == 0)
		return NULL;
	w = effective_weight(m, w);
	far = us_gmm_judge_densities(j, x, m->gridded);
	if (far > 0 && !m->gridded)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value %g in column %d is too far from all components of the mixture",
						x[far - 1], far),
				 errhint("Start from a mixture with larger covariances, or scale the column.")));
	p = (UsGmmPoint *) palloc0(point_size(m->k, m->d));
	SET_VARSIZE(p, point_size(m->k, m->d));
	p->shape.version = US_GMM_POINT_VERSION;
	p->shape.covariance = m->covariance;
	p->shape.gridded = m->gridded;
	p->shape.k = m->k;
	p->shape.d = m->d;
	p->shape.weight_exponent = m->weight_exponent;
	p->shape.fingerprint = m->fingerprint;
	p->weight = w;
	p->density = us_gmm_judge_responsibilities(j, m->gridded ? w : 1);
	for (int c = 0; c < m->k; c++)
		p->value[c] = j->row->r[c] * (m->gridded ? 1 : w);
	memcpy(p->value + m->k, j->y, sizeof(double) * m->d);
	return p;
}

/* ---- states ---- */

/* Bytes without lanes. */
static Size
state_size(const UsGmmShape *shape)
{
	return offsetof(UsGmmState, sums) +
		us_gmm_sums_bytes((UsCovariance) shape->covariance, shape->k, shape->d);
}

/* A state with room for so many bytes of lanes. */
static UsGmmState *
state_make(const UsGmmShape *shape, Size lanes)
{
	Size		size = state_size(shape) + lanes;
	UsGmmState *s;

	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sums of %d components of %d columns need %zu MB, more than the largest value of %zu MB",
						shape->k, shape->d, size >> 20, (Size) MaxAllocSize >> 20),
				 errhint("Use covariance \"diag\", fewer components or fewer columns.")));
	s = (UsGmmState *) palloc0(size);
	SET_VARSIZE(s, size);
	s->shape = *shape;
	s->shape.version = US_GMM_STATE_VERSION;
	return s;
}

UsGmmState *
us_gmm_state_new(const UsGmmShape *shape)
{
	return state_make(shape, 0);
}

UsGmmState *
us_gmm_state_begin(const UsGmmShape *shape)
{
	return state_make(shape, sizeof(double) * us_gmm_lane_doubles((UsCovariance) shape->covariance, shape->k,
																  shape->d, !shape->gridded));
}

bool
us_gmm_state_is_open(const UsGmmState *s)
{
	return VARSIZE(s) > state_size(&s->shape);
}

static double *
lanes_of(const UsGmmState *s)
{
	return (double *) ((char *) s + state_size(&s->shape));
}

static void
check_shape(const UsGmmShape *a, const UsGmmShape *b, const char *what)
{
	if (a->covariance != b->covariance || a->gridded != b->gridded || a->k != b->k || a->d != b->d ||
		a->weight_exponent != b->weight_exponent || a->fingerprint != b->fingerprint)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s another mixture", what),
				 errdetail("%d %s components of %d columns, and %d %s components of %d columns.",
						   a->k, us_covariance_name((UsCovariance) a->covariance), a->d,
						   b->k, us_covariance_name((UsCovariance) b->covariance), b->d),
				 errhint("All rows of one iteration must be judged by the same mixture.")));
}

pg_noreturn static void
out_of_range(const UsGmmState *s)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a sum of " INT64_FORMAT " rows of a mixture is out of range", s->sums.rows),
			 errhint("Scale the weights or the columns.")));
}

/* Add what is in the lanes of from to the sums of s, which may be the same. */
static void
flush(UsGmmState *s, const UsGmmState *from)
{
	if (from->pending > 0 &&
		!us_gmm_lane_flush((UsCovariance) s->shape.covariance, s->shape.k, s->shape.d,
						   !s->shape.gridded, lanes_of(from), s->sums.sum))
		out_of_range(s);
}

/* Add the products of a point: to the lanes, where it can be. */
static void
add_products(UsGmmState *s, const UsGmmPoint *p)
{
	UsCovariance covariance = (UsCovariance) s->shape.covariance;
	int			k = s->shape.k;
	int			d = s->shape.d;

	if (us_gmm_state_is_open(s) &&
		us_gmm_lane_add(covariance, k, d, p->value + k, p->value, p->weight, !s->shape.gridded, lanes_of(s)))
	{
		if (++s->pending < US_GMM_LANE_ROWS)
			return;
		flush(s, s);
		memset(lanes_of(s), 0, VARSIZE(s) - state_size(&s->shape));
		s->pending = 0;
	}
	else if (!us_gmm_add_row(covariance, k, d, p->value + k, p->value, p->weight,
							 us_gmm_bits(s->shape.gridded), s->sums.sum))
		out_of_range(s);
}

void
us_gmm_state_add(UsGmmState *s, const UsGmmPoint *p)
{
	check_shape(&s->shape, &p->shape, "the point belongs to");
	if (s->sums.rows >= US_GMM_MAX_ROWS)
		out_of_range(s);
	add_products(s, p);
	s->sums.rows++;
	us_exact_add(&s->sums.density, p->weight * p->density);
}

void
us_gmm_state_merge(UsGmmState *s, const UsGmmState *other)
{
	check_shape(&s->shape, &other->shape, "the state belongs to");
	if (!us_gmm_sums_add(&s->sums, &other->sums, (UsCovariance) s->shape.covariance,
						 s->shape.k, s->shape.d) ||
		s->sums.rows > US_GMM_MAX_ROWS)
		out_of_range(s);
	flush(s, other);
}

UsGmmState *
us_gmm_state_sealed(const UsGmmState *s)
{
	UsGmmState *copy = us_gmm_state_new(&s->shape);
	UsExactWords words;

	memcpy(&copy->sums, &s->sums, us_gmm_sums_bytes((UsCovariance) s->shape.covariance, s->shape.k, s->shape.d));
	flush(copy, s);
	us_exact_pack(&s->sums.density, &words);
	if (!us_exact_unpack(&words, &copy->sums.density))
		elog(ERROR, "a sum cannot be brought into its canonical form");
	return copy;
}

double
us_gmm_state_weight(const UsGmmState *s, int i)
{
	return us_gmm_weight(&s->sums, (UsCovariance) s->shape.covariance, s->shape.d, i,
						 s->shape.gridded, s->shape.weight_exponent);
}

void
us_gmm_state_check(const UsGmmState *s, const UsMixture *m)
{
	UsGmmShape	shape = {0};

	shape.covariance = m->covariance;
	shape.gridded = m->gridded;
	shape.k = m->k;
	shape.d = m->d;
	shape.weight_exponent = m->weight_exponent;
	shape.fingerprint = m->fingerprint;
	check_shape(&s->shape, &shape, "the state belongs to");
}

/* ---- payloads ---- */

/* u8 version, u8 covariance, u8 gridded, u32 k, u32 d, i32 weight_exponent, u64 fingerprint */
static void
write_shape(const UsGmmShape *shape, UsWriter *w)
{
	us_write_u8(w, shape->version);
	us_write_u8(w, shape->covariance);
	us_write_u8(w, shape->gridded);
	us_write_u32(w, shape->k);
	us_write_u32(w, shape->d);
	us_write_i32(w, shape->weight_exponent);
	us_write_u64(w, shape->fingerprint);
}

static void
read_shape(UsReader *r, UsGmmShape *shape, int version)
{
	uint32		k;
	uint32		d;
	uint8		gridded;

	memset(shape, 0, sizeof(UsGmmShape));
	shape->version = us_read_u8(r);
	us_check_version(r->what, shape->version, version);
	shape->covariance = us_read_u8(r);
	gridded = us_read_u8(r);
	k = us_read_u32(r);
	d = us_read_u32(r);
	shape->weight_exponent = us_read_i32(r);
	shape->fingerprint = us_read_u64(r);
	if (shape->covariance >= US_COVARIANCE_COUNT)
		us_corrupt(r, "covariance %d", shape->covariance);
	if (gridded > 1)
		us_corrupt(r, "flag %d", gridded);
	shape->gridded = gridded;
	if (k < 1 || k > US_MIXTURE_MAX_K || d < 1 || d > US_MIXTURE_MAX_D)
		us_corrupt(r, "%u components of %u columns", k, d);
	shape->k = k;
	shape->d = d;
	if (shape->weight_exponent < (gridded ? -US_CENTROID_MAX_WEIGHT_EXPONENT : 0) ||
		shape->weight_exponent > (gridded ? US_CENTROID_MAX_WEIGHT_EXPONENT : 0))
		us_corrupt(r, "exponent %d of weights", shape->weight_exponent);
}

/* Shape, f64 weight, f64 density, f64 r[k], f64 y[d]. */
void
us_gmm_point_write(const UsGmmPoint *p, UsWriter *w)
{
	write_shape(&p->shape, w);
	us_write_f64(w, p->weight);
	us_write_f64(w, p->density);
	for (int i = 0; i < p->shape.k + p->shape.d; i++)
		us_write_f64(w, p->value[i]);
}

UsGmmPoint *
us_gmm_point_read(UsReader *r)
{
	UsGmmShape	shape;
	UsGmmPoint *p;

	read_shape(r, &shape, US_GMM_POINT_VERSION);
	if ((Size) (shape.k + shape.d + 2) * 8 > r->len - r->pos)
		us_corrupt(r, "%d components of %d columns in %zu bytes", shape.k, shape.d, r->len - r->pos);
	p = (UsGmmPoint *) palloc0(point_size(shape.k, shape.d));
	SET_VARSIZE(p, point_size(shape.k, shape.d));
	p->shape = shape;
	p->weight = us_read_f64(r);
	p->density = us_read_f64(r);
	if (!(p->weight >= 0) || isinf(p->weight) || (shape.gridded && p->weight > 1))
		us_corrupt(r, "weight %g", p->weight);
	if (!isfinite(p->density) || !isfinite(p->density * p->weight))
		us_corrupt(r, "log density %g", p->density);
	for (int i = 0; i < shape.k + shape.d; i++)
	{
		double		most = i < shape.k ? p->weight * (1 + 1e-9) : US_GRID_MAX_Q / (1 << US_GRID_BITS);

		p->value[i] = us_read_f64(r);
		if (!(fabs(p->value[i]) <= most) || (i < shape.k && p->value[i] < 0))
			us_corrupt(r, i < shape.k ? "responsibility %g" : "value %g", p->value[i]);
	}
	return p;
}

static void
write_int128(int128 x, UsWriter *w)
{
	us_write_u64(w, (uint64) x);
	us_write_i64(w, (int64) (x >> 64));
}

static int128
read_int128(UsReader *r)
{
	uint64		low = us_read_u64(r);
	uint64		high = us_read_u64(r);

	return (int128) (((uint128) high << 64) | low);
}

/*
 * Shape, i64 rows, the sum of weighted log densities (u8 sign, u8 first, u8 n, u32 words), then the
 * sums as 16 bytes each.
 */
void
us_gmm_state_write(const UsGmmState *s, UsWriter *w)
{
	UsExactWords words;
	Size		n = us_gmm_sums((UsCovariance) s->shape.covariance, s->shape.k, s->shape.d);

	write_shape(&s->shape, w);
	us_write_i64(w, s->sums.rows);
	us_exact_pack(&s->sums.density, &words);
	us_write_u8(w, words.negative);
	us_write_u8(w, words.n > 0 ? words.first : 0);
	us_write_u8(w, words.n);
	for (int i = 0; i < words.n; i++)
		us_write_u32(w, words.word[i]);
	for (Size i = 0; i < n; i++)
		write_int128(s->sums.sum[i], w);
}

/* Shares and squares of components are not negative, rows and weight fit together. */
static void
check_sums(UsReader *r, const UsGmmState *s)
{
	UsCovariance covariance = (UsCovariance) s->shape.covariance;

	if (s->sums.rows < 0 || s->sums.rows > US_GMM_MAX_ROWS)
		us_corrupt(r, INT64_FORMAT " rows", s->sums.rows);
	if (s->sums.sum[0] < 0 || (s->sums.rows == 0 && s->sums.sum[0] != 0))
		us_corrupt(r, "a weight that does not fit " INT64_FORMAT " rows", s->sums.rows);
	for (int c = 0; c < s->shape.k; c++)
		if (us_gmm_sums_of((int128 *) s->sums.sum, covariance, s->shape.d, c)[0] < 0)
			us_corrupt(r, "component %d has a negative weight", c + 1);
}

UsGmmState *
us_gmm_state_read(UsReader *r)
{
	UsGmmShape	shape;
	UsGmmState *s;
	UsExactWords words;
	Size		n;
	int64		rows;
	uint8		negative;

	read_shape(r, &shape, US_GMM_STATE_VERSION);
	rows = us_read_i64(r);
	negative = us_read_u8(r);
	words.first = us_read_u8(r);
	words.n = us_read_u8(r);
	if (negative > 1 || words.n > US_EXACT_CHUNKS)
		us_corrupt(r, "a sum of %d words", words.n);
	words.negative = negative;
	for (int i = 0; i < words.n; i++)
		words.word[i] = us_read_u32(r);
	n = us_gmm_sums((UsCovariance) shape.covariance, shape.k, shape.d);
	if (n * 16 > r->len - r->pos)
		us_corrupt(r, "%d components of %d columns in %zu bytes", shape.k, shape.d, r->len - r->pos);
	s = us_gmm_state_new(&shape);
	s->sums.rows = rows;
	if (!us_exact_unpack(&words, &s->sums.density))
		us_corrupt(r, "a sum that is not canonical");
	for (Size i = 0; i < n; i++)
	{
		s->sums.sum[i] = read_int128(r);
		if (s->sums.sum[i] >= (int128) 1 << 125 || s->sums.sum[i] <= -((int128) 1 << 125))
			us_corrupt(r, "a sum out of range");
	}
	check_sums(r, s);
	return s;
}
