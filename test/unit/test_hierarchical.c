/*
 * test_hierarchical.c
 *	  Stored forms of hierarchical models: what is read, and what is refused.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "learn/hierarchical_model.h"
#include "unit.h"

/* What a form of three points in one column says; changed by the tests. */
typedef struct Form
{
	int			version;
	int			linkage;
	int			metric;
	int			flags;
	uint32		width;
	uint32		n;
	uint32		k;
	uint32		branches;
	int			exponent;
	double		own;
	double		x[3];
	double		weight[3];
	uint32		pair[2][2];
	double		height[2];
	uint32		components;		/* from version 2 on */
} Form;

static const Form good = {
	1, US_LINKAGE_WARD, US_METRIC_EUCLIDEAN, 1, 1, 3, 2, 3, 1, 1,
	{0, 0.25, 1}, {1, 1, 2}, {{0, 1}, {2, 3}}, {0.5, 2.5}
};

static UsHierarchicalModel *
read_form(const Form *f, int *n_labels)
{
	UsWriter	w;
	UsReader	r;
	void	   *model;

	us_writer_init(&w);
	us_write_u8(&w, f->version);
	us_write_u8(&w, f->linkage);
	us_write_u8(&w, f->metric);
	us_write_u8(&w, f->flags);
	us_write_u32(&w, f->width);
	us_write_u32(&w, f->n);
	us_write_u32(&w, f->k);
	us_write_u32(&w, f->branches);
	us_write_u32(&w, 5000);
	us_write_i32(&w, f->exponent);
	us_write_f64(&w, f->own);
	for (int i = 0; i < 3; i++)
	{
		us_write_f64(&w, f->x[i]);
		if (f->metric == US_METRIC_COSINE)
			us_write_f64(&w, 0);
		us_write_f64(&w, f->weight[i]);
		if (f->flags & 2)
			us_write_f64(&w, 0.5);
	}
	for (int i = 0; i < 2; i++)
	{
		us_write_u32(&w, f->pair[i][0]);
		us_write_u32(&w, f->pair[i][1]);
		us_write_f64(&w, f->height[i]);
	}
	if (f->version > 1)
		us_write_u32(&w, f->components);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "stored model");
	model = us_hierarchical_read(&r, 1, n_labels);
	us_reader_end(&r);
	return (UsHierarchicalModel *) model;
}

UNIT_TEST(stored_trees_are_read)
{
	int			n_labels;
	UsHierarchicalModel *m = read_form(&good, &n_labels);
	double		x = 1.9;
	double		c;
	UsScore		score;
	UsWriter	w;
	UsReader	r;

	UNIT_EQUAL_INT(n_labels, 2);
	us_hierarchical_score(m, &x, &score);
	UNIT_EQUAL_INT(score.label, 1);
	UNIT_CLOSE(score.distance, 0.1, 1e-15);
	UNIT_CLOSE(score.margin, 1.4 - 0.1, 1e-15);
	UNIT_CLOSE(score.probability, 1.96 / (1.96 + 0.01), 1e-15);
	us_hierarchical_center(m, 2, &c);
	UNIT_CLOSE(c, 0.25, 0);
	/* what is written is what was read */
	us_writer_init(&w);
	us_hierarchical_write(m, &w);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "stored model");
	m = (UsHierarchicalModel *) us_hierarchical_read(&r, 1, &n_labels);
	us_reader_end(&r);
	us_hierarchical_score(m, &x, &score);
	UNIT_CLOSE(score.distance, 0.1, 1e-15);
}

/* Normal densities with the weights and variances of the components, up to a factor. */
static double
density(double x, double weight, double mean, double variance)
{
	return weight / sqrt(variance) * exp(-(x - mean) * (x - mean) / (2 * variance));
}

UNIT_TEST(rows_are_judged_by_the_mixture)
{
	Form		f = good;
	int			n_labels;
	UsHierarchicalModel *m;
	UsScore		score;
	double		mean_variance;
	double		left;
	double		right;

	f.version = 2;
	f.flags = 2;
	f.components = 2;
	m = read_form(&f, &n_labels);
	/*
	 * Twice the stored coordinates: points of weight 1 at 0 and 0.5, of weight 2 at 2, with sums of squares of 2 within
	 * each.  So the left component is at 0.25 with variance 2 + 0.0625, the right one at 2 with variance 1.
	 */
	mean_variance = (2 * 2.0625 + 2 * 1) / 4;
	left = 2.0625 + mean_variance / 2;
	right = 1 + mean_variance / 2;
	for (double x = -1; x < 4; x += 0.125)
	{
		double		a = density(x, 0.5, 0.25, left);
		double		b = density(x, 0.5, 2, right);
		double		block[16];
		UsScore		out[16];
		int32		label[16];
		int			of_left = us_hierarchical_label(m, (const double[]) {0.25});

		us_hierarchical_score(m, &x, &score);
		UNIT_EQUAL_INT(score.label, a >= b ? of_left : 3 - of_left);
		UNIT_CLOSE(score.probability, fmax(a, b) / (a + b), 1e-13);
		UNIT_CLOSE(score.distance, fabs(x - (a >= b ? 0.25 : 2)), 1e-13);
		UNIT_CLOSE(score.margin, fmax(fabs(x - (a >= b ? 2 : 0.25)) - score.distance, 0), 1e-13);
		UNIT_EQUAL_INT(us_hierarchical_label(m, &x), score.label);
		/* the same in a block */
		for (int i = 0; i < 13; i++)
			block[i] = x + 0.01 * (i - 12);
		us_hierarchical_score_block(m, block, 16, 13, out);
		us_hierarchical_label_block(m, block, 16, 13, label);
		UNIT_CHECK(memcmp(&out[12].probability, &score.probability, sizeof(double)) == 0);
		UNIT_CHECK(memcmp(&out[12].margin, &score.margin, sizeof(double)) == 0);
		UNIT_EQUAL_INT(label[12], score.label);
	}
	/* far away the nearest mean counts, not the widest component */
	for (int i = 0; i < 2; i++)
	{
		double		x = i ? -1e6 : 1e6;

		us_hierarchical_score(m, &x, &score);
		UNIT_EQUAL_INT(score.label, us_hierarchical_label(m, i ? (const double[]) {0.25} : (const double[]) {2}));
		UNIT_CHECK(score.probability >= 0.5 && score.probability < 0.51);
	}
}

#define REFUSED(change, state, text) \
	do { \
		Form		f = good; \
		int			n; \
		change; \
		UNIT_ERROR(read_form(&f, &n), state, text); \
	} while (0)

UNIT_TEST(hostile_trees_are_refused)
{
	REFUSED(f.version = 3, ERRCODE_FEATURE_NOT_SUPPORTED, "format 3");
	REFUSED(f.version = 0, ERRCODE_FEATURE_NOT_SUPPORTED, "format 0");
	REFUSED(f.linkage = 7, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.metric = US_METRIC_COSINE, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.metric = US_METRIC_CHEBYSHEV, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.flags = 4, ERRCODE_INVALID_BINARY_REPRESENTATION, "flags 4");
	REFUSED(f.flags = 8, ERRCODE_INVALID_BINARY_REPRESENTATION, "flags 8");
	REFUSED((f.version = 2, f.components = 4), ERRCODE_INVALID_BINARY_REPRESENTATION, "4 components");
	/* cells are announced, and there are none */
	REFUSED((f.version = 2, f.flags = 4), ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.width = 2, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.n = 0, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.n = 4, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.n = 0xffffffff, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.k = 0, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.k = 4, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.branches = 1, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.branches = 4, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.exponent = 501, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.exponent = INT_MIN, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.own = NAN, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.x[1] = NAN, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.x[1] = 3, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.weight[2] = 0, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED(f.weight[2] = INFINITY, ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	REFUSED((f.weight[1] = f.weight[2] = 1.7e308), ERRCODE_INVALID_BINARY_REPRESENTATION, "stored model");
	/* a merge of what is not there yet, of itself, again, in the wrong order; a tree in two parts */
	REFUSED(f.pair[0][1] = 3, ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
	REFUSED(f.pair[1][1] = 4, ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
	REFUSED(f.pair[1][1] = 0xffffffff, ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
	REFUSED(f.pair[0][1] = 0, ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
	REFUSED((f.pair[1][0] = 0, f.pair[1][1] = 2), ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
	REFUSED((f.pair[1][0] = 3, f.pair[1][1] = 2), ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
	REFUSED(f.height[0] = NAN, ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
	REFUSED(f.height[1] = -1, ERRCODE_INVALID_BINARY_REPRESENTATION, "not a tree");
}
