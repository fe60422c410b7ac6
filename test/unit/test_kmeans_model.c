/*
 * test_kmeans_model.c
 *	  k-means models that are continued, and their stored forms of both versions.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_model.h"
#include "unit.h"

/* Two columns with offsets 1 and -2; clusters at center[k][2] (relative) of so many rows. */
static UsSpace *
make_space(double reach)
{
	UsSpace    *space = (UsSpace *) palloc0(sizeof(UsSpace));

	space->width = 2;
	space->grid = (UsGrid *) palloc(sizeof(UsGrid) * 2);
	space->grid[0] = us_grid_make(1, 1 - reach, 1 + reach);
	space->grid[1] = us_grid_make(-2, -2 - reach, -2 + reach);
	return space;
}

static UsSums
make_sums(int a, int b)
{
	UsSums		sums = us_sums_at(palloc(us_sums_bytes(2, 2)), 2, 2);

	us_sums_clear(&sums);
	sums.rows[0] = sums.weight[0] = a;
	sums.rows[1] = sums.weight[1] = b;
	return sums;
}

/*
 * Rows 0, 2 of one cluster and 10 of the other on the first axis (inertia 2 around 1); then 3, 3 and
 * 12, 12, 12, at half the weight of those before: everything is counted by hand.
 */
UNIT_TEST(continued_model_counts_old_rows_by_decay)
{
	double		before[4] = {1, 0, 10, 0};
	double		after[4] = {2, 0, 11, 0};
	UsSums		old_sums = make_sums(2, 1);
	UsSums		new_sums = make_sums(2, 3);
	UsKmeansModel *old = us_kmeans_model_create(make_space(20), 2, before, &old_sums, 2);

	/* new rows around the new centres: 2 * 1 + 3 * 1 */
	UsKmeansModel *m = us_kmeans_model_continue(old, make_space(20), after, &new_sums, 5, 0.5);

	UNIT_CLOSE(m->weight[0], 0.5 * 2 + 2, 1e-15);
	UNIT_CLOSE(m->weight[1], 0.5 * 1 + 3, 1e-15);
	UNIT_EQUAL_INT(m->rows[0], 2);
	UNIT_EQUAL_INT(m->rows[1], 3);
	/* old rows around the new centres: 4 + 0 + 1 */
	UNIT_CLOSE(m->inertia, 5 + 0.5 * 5, 1e-15);
	UNIT_EQUAL_INT(m->seen, 3 + 5);
	UNIT_EQUAL_INT(m->updates, 1);
	m = us_kmeans_model_continue(m, make_space(20), after, &new_sums, 5, 1);
	UNIT_CLOSE(m->inertia, 12.5, 1e-15);
	UNIT_CLOSE(m->weight[1], 6.5, 1e-15);
	UNIT_EQUAL_INT(m->seen, 13);
	UNIT_EQUAL_INT(m->updates, 2);
}

/* With decay 0 a cluster without new rows has no weight left, and scoring works. */
UNIT_TEST(cluster_without_weight_scores)
{
	double		center[4] = {1, 0, 10, 0};
	UsSums		old_sums = make_sums(2, 1);
	UsSums		new_sums = make_sums(4, 0);
	UsKmeansModel *old = us_kmeans_model_create(make_space(20), 2, center, &old_sums, 2);
	UsKmeansModel *m = us_kmeans_model_continue(old, make_space(20), center, &new_sums, 1, 0);
	double		x[2] = {11.5, -2};
	double		p[2];
	UsScore		score;

	UNIT_CLOSE(m->weight[1], 0, 0);
	us_kmeans_model_score(m, x, &score);
	UNIT_EQUAL_INT(score.label, 2);
	UNIT_CHECK(score.probability == 1);
	us_kmeans_model_proba(m, x, p);
	UNIT_CHECK(!isnan(p[0]) && !isnan(p[1]));
}

static void *
read_model(const UsWriter *w, int from_version, int64 seen, uint32 updates)
{
	UsWriter	copy;
	UsReader	r;
	int			labels;
	const char *data = w->buf.data + VARHDRSZ;
	int			size = w->buf.len - VARHDRSZ;
	void	   *m;

	/* u8 version, u8 flags, u32 width, u32 k, f64 inertia, i64 seen, u32 updates, the rest */
	us_writer_init(&copy);
	us_write_u8(&copy, from_version);
	us_write_bytes(&copy, data + 1, 17);
	if (from_version == 2)
	{
		us_write_i64(&copy, seen);
		us_write_u32(&copy, updates);
	}
	us_write_bytes(&copy, data + 30, size - 30);
	us_reader_init(&r, copy.buf.data + VARHDRSZ, copy.buf.len - VARHDRSZ, "model");
	m = us_kmeans_model_read(&r, 2, &labels);
	us_reader_end(&r);
	return m;
}

UNIT_TEST(stored_forms_of_both_versions)
{
	double		center[4] = {1, 0, 10, 0};
	UsSums		sums = make_sums(2, 1);
	UsWriter	w;
	UsKmeansModel *m;

	us_writer_init(&w);
	us_kmeans_model_write(us_kmeans_model_create(make_space(20), 2, center, &sums, 2), &w);
	m = (UsKmeansModel *) read_model(&w, 1, 0, 0);
	UNIT_EQUAL_INT(m->seen, 3);
	UNIT_EQUAL_INT(m->updates, 0);
	UNIT_CLOSE(m->inertia, 2, 0);
	UNIT_CLOSE(m->center[2], 10, 0);
	m = (UsKmeansModel *) read_model(&w, 2, 77, 4);
	UNIT_EQUAL_INT(m->seen, 77);
	UNIT_EQUAL_INT(m->updates, 4);
	UNIT_ERROR(read_model(&w, 2, 4, 0), ERRCODE_INVALID_BINARY_REPRESENTATION, "4 rows seen, 3 in clusters, 0 updates");
	UNIT_ERROR(read_model(&w, 2, 2, 1), ERRCODE_INVALID_BINARY_REPRESENTATION, "2 rows seen");
	UNIT_ERROR(read_model(&w, 2, -1, 1), ERRCODE_INVALID_BINARY_REPRESENTATION, "-1 rows seen");
	UNIT_ERROR(read_model(&w, 2, 77, 0x80000000), ERRCODE_INVALID_BINARY_REPRESENTATION, "updates");
	UNIT_ERROR(read_model(&w, 3, 0, 0), ERRCODE_FEATURE_NOT_SUPPORTED, "format 3");
}
