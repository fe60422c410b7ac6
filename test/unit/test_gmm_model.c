/*
 * test_gmm_model.c
 *	  Mixtures that are continued, and their stored forms of both versions.
 */
#include "postgres.h"

#include <math.h>

#include "learn/gmm_model.h"
#include "unit.h"

static UsMixture *
make_mixture(void)
{
	UsGrid		grid[2] = {us_grid_make(1, -7, 9), us_grid_make(0, -4, 4)};
	double		weight[2] = {0.75, 0.25};
	double		mean[4] = {0.5, 0, -0.25, 0.125};
	double		variance[4] = {0.25, 0.5, 0.125, 0.25};
	int			bad;

	return us_mixture_make(US_COVARIANCE_DIAG, 2, 2, true, US_MIXTURE_WEIGHT_BITS, grid, weight, mean,
						   variance, &bad);
}

UNIT_TEST(continued_mixture_counts_old_rows_by_decay)
{
	UsMixture  *mixture = make_mixture();
	UsGmmModel *old = us_gmm_model_create(mixture, -20, 10, 10, 1e-6, 0);
	UsGmmModel *m = us_gmm_model_continue(old, mixture, -5, 4, 3, 0.5, 1);

	UNIT_CLOSE(old->effective_weight, 10, 0);
	UNIT_EQUAL_INT(old->seen, 10);
	UNIT_CLOSE(m->effective_weight, 9, 1e-15);
	UNIT_CLOSE(m->total_weight, 4, 0);
	UNIT_CLOSE(m->log_likelihood, -5, 0);
	UNIT_CLOSE(m->reg, 1e-6, 0);
	UNIT_EQUAL_INT(m->rows, 3);
	UNIT_EQUAL_INT(m->seen, 13);
	UNIT_EQUAL_INT(m->updates, 1);
	m = us_gmm_model_continue(m, mixture, -5, 4, 3, 0, 0);
	UNIT_CLOSE(m->effective_weight, 4, 0);
	UNIT_EQUAL_INT(m->updates, 2);
}

/* u8 version, f64 log-likelihood, f64 weight, i64 rows, f64 reg_covar, u32 troubles; then what version 2 adds. */
static UsGmmModel *
read_model(const UsWriter *w, int version, double effective, int64 seen, uint32 updates)
{
	const char *data = w->buf.data + VARHDRSZ;
	int			size = w->buf.len - VARHDRSZ;
	UsWriter	copy;
	UsReader	r;
	int			labels;
	void	   *m;

	us_writer_init(&copy);
	us_write_u8(&copy, version);
	us_write_bytes(&copy, data + 1, 36);
	if (version == 2)
	{
		us_write_f64(&copy, effective);
		us_write_i64(&copy, seen);
		us_write_u32(&copy, updates);
	}
	us_write_bytes(&copy, data + 57, size - 57);
	us_reader_init(&r, copy.buf.data + VARHDRSZ, copy.buf.len - VARHDRSZ, "model");
	m = us_gmm_model_read(&r, 2, &labels);
	us_reader_end(&r);
	return (UsGmmModel *) m;
}

UNIT_TEST(stored_mixtures_of_both_versions)
{
	UsWriter	w;
	UsGmmModel *m;

	us_writer_init(&w);
	us_gmm_model_write(us_gmm_model_create(make_mixture(), -20, 10, 8, 1e-6, 0), &w);
	m = read_model(&w, 1, 0, 0, 0);
	UNIT_CLOSE(m->effective_weight, 10, 0);
	UNIT_EQUAL_INT(m->seen, 8);
	UNIT_EQUAL_INT(m->updates, 0);
	UNIT_CLOSE(us_mixture_weight(m->mixture)[1], 0.25, 0);
	m = read_model(&w, 2, 12.5, 100, 3);
	UNIT_CLOSE(m->effective_weight, 12.5, 0);
	UNIT_EQUAL_INT(m->seen, 100);
	UNIT_EQUAL_INT(m->updates, 3);
	UNIT_ERROR(read_model(&w, 2, 9, 100, 3), ERRCODE_INVALID_BINARY_REPRESENTATION, "effective weight 9");
	UNIT_ERROR(read_model(&w, 2, NAN, 100, 3), ERRCODE_INVALID_BINARY_REPRESENTATION, "effective weight");
	UNIT_ERROR(read_model(&w, 2, INFINITY, 100, 3), ERRCODE_INVALID_BINARY_REPRESENTATION, "effective weight");
	UNIT_ERROR(read_model(&w, 2, 12, 7, 3), ERRCODE_INVALID_BINARY_REPRESENTATION, "7 rows seen");
	UNIT_ERROR(read_model(&w, 2, 12, 100, 0x80000000), ERRCODE_INVALID_BINARY_REPRESENTATION, "updates");
	UNIT_ERROR(read_model(&w, 2, 12, 8, 0), ERRCODE_INVALID_BINARY_REPRESENTATION, "without an update");
	UNIT_ERROR(read_model(&w, 3, 0, 0, 0), ERRCODE_FEATURE_NOT_SUPPORTED, "format 3");
}
