/*
 * hierarchical_model.c
 *	  A trained hierarchical model: made, cut, described, stored.
 */
#include "postgres.h"

#include <math.h>

#include "learn/hierarchical_mixture.h"
#include "math/hash.h"

#define FORMAT_VERSION	2
#define FLAG_EXACT		1
#define FLAG_WITHIN		2
#define FLAG_CELLS		4

#define MOST_COMPONENTS	64
#define POINTS_EACH		16

#define MOST_POINTS		(1 << 20)
#define MOST_EXPONENT	1000

/* largest weight below which all are scaled before they are multiplied; they are at most 1e18 */
#define LEAST_WEIGHT	1e-100

#define DIRECTION_GRID	70368744177664.0	/* 2^46 */

void
us_hierarchy_direction(double *v, int width)
{
	v[width] = us_unit_vector(v, width, v) ? 0 : 1;
	for (int j = 0; j < width; j++)
		v[j] = rint(v[j] * DIRECTION_GRID) / DIRECTION_GRID + 0.0;	/* no negative zeros */
}

/* ---- what is made from points and tree ---- */

/* Means and weights of the segments, by their points. */
static void
make_centers(UsHierarchicalModel *m)
{
	const UsHierarchyPoints *p = &m->points;
	double		up = ldexp(1.0, p->exponent);

	m->center = (double *) palloc_extended(sizeof(double) * m->k * p->width, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	m->weight = (double *) palloc0(sizeof(double) * m->k);
	for (int i = 0; i < p->n; i++)
		m->weight[m->label[i] - 1] += p->weight[i];
	for (int i = 0; i < p->n; i++)
	{
		int			c = m->label[i] - 1;
		double		share = p->weight[i] / m->weight[c];

		for (int j = 0; j < p->width; j++)
			m->center[(Size) c * p->width + j] += share * p->x[(Size) i * p->dim + j] * up;
	}
}

/* What depends on the number of segments. */
static void
make_cut(UsHierarchicalModel *m)
{
	int			n = m->points.n;

	m->label = (int32 *) palloc(sizeof(int32) * n);
	us_tree_cut(m->tree, m->k, m->label);
	m->branch_label = (int32 *) palloc(sizeof(int32) * m->branches);
	for (int i = 0; i < n; i++)
		m->branch_label[m->branch[i] - 1] = m->label[i];
	make_centers(m);
	if (m->mixture != NULL)
		return;
	if (m->points.cells == NULL)
		m->index = us_prototype_index(m->points.x, n, m->points.dim, m->label,
									  m->points.metric == US_METRIC_MANHATTAN);
	else
	{
		m->other = (int32 *) palloc(sizeof(int32) * n * US_OTHER_POINTS);
		m->other_known = (bool *) palloc0(n);
	}
}

int
us_hierarchical_components(const UsHierarchicalModel *m)
{
	int			n = Min(m->points.n / POINTS_EACH, MOST_COMPONENTS);

	return Min(Max(Max(n, m->k), 1), m->branches);
}

void
us_hierarchical_prepare(UsHierarchicalModel *m)
{
	m->tree = us_tree_make(m->merge, m->points.n);
	m->branch = (int32 *) palloc(sizeof(int32) * m->points.n);
	us_tree_cut(m->tree, m->branches, m->branch);
	if (m->components > 0)
		m->mixture = us_tree_mixture(&m->points, m->tree, m->components, m->branches);
	m->down = ldexp(1.0, -m->points.exponent);
	m->p = (double *) palloc(sizeof(double) * m->points.dim);
	make_cut(m);
}

void
us_hierarchical_center(const void *model, int label, double *c)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;

	memcpy(c, m->center + (Size) (label - 1) * m->points.width, sizeof(double) * m->points.width);
}

/* ---- figures of cuts ---- */

typedef struct HashedPoint
{
	uint64		hash;
	int32		number;
} HashedPoint;

static inline int
compare_hashed(const HashedPoint *a, const HashedPoint *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->number < b->number ? -1 : (a->number > b->number ? 1 : 0);
}

#define ST_SORT sort_hashed
#define ST_ELEMENT_TYPE HashedPoint
#define ST_COMPARE(a, b) compare_hashed(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

const double *
us_hierarchy_weights(const UsHierarchyPoints *p, int *exponent)
{
	double		most = 0;
	double	   *weight;

	for (int i = 0; i < p->n; i++)
		most = fmax(most, p->weight[i]);
	*exponent = 0;
	if (most >= LEAST_WEIGHT)
		return p->weight;
	(void) frexp(most, exponent);
	*exponent -= *exponent % 2;
	weight = (double *) palloc(sizeof(double) * p->n);
	for (int i = 0; i < p->n; i++)
		weight[i] = ldexp(p->weight[i], -*exponent);
	return weight;
}

UsTreePoints
us_hierarchy_sample(const UsHierarchyPoints *p, int most)
{
	UsTreePoints s = {p->n, p->dim, p->metric, p->x, NULL, NULL, NULL};
	double	   *own;
	HashedPoint *hashed;
	bool	   *chosen;
	int			exponent;

	s.weight = us_hierarchy_weights(p, &exponent);
	if (p->own == 0)
		s.own = s.weight;
	else if (p->own != 1)
	{
		own = (double *) palloc(sizeof(double) * p->n);
		for (int i = 0; i < p->n; i++)
			own[i] = ldexp(p->own, -exponent);
		s.own = own;
	}
	if (p->n <= most)
		return s;
	hashed = (HashedPoint *) palloc(sizeof(HashedPoint) * p->n);
	for (int i = 0; i < p->n; i++)
	{
		hashed[i].hash = us_hash_bytes(p->x + (Size) i * p->dim, sizeof(double) * p->dim, 0);
		hashed[i].number = i;
	}
	sort_hashed(hashed, p->n);
	chosen = (bool *) palloc0(sizeof(bool) * p->n);
	for (int i = 0; i < most; i++)
		chosen[hashed[i].number] = true;
	pfree(hashed);
	s.chosen = chosen;
	return s;
}

/* Weight, mean[dim] and sum of squares around it of some points. */
typedef struct Lump
{
	double		weight;
	double		squares;
	double	   *mean;
} Lump;

/* The points in places from .. to - 1 of the tree. */
static void
make_lump(const UsHierarchyPoints *p, const UsTree *tree, int from, int to, Lump *l)
{
	l->weight = l->squares = 0;
	memset(l->mean, 0, sizeof(double) * p->dim);
	for (int i = from; i < to; i++)
		l->weight += p->weight[tree->order[i]];
	for (int i = from; i < to; i++)
	{
		int			leaf = tree->order[i];
		double		share = p->weight[leaf] / l->weight;

		for (int j = 0; j < p->dim; j++)
			l->mean[j] += share * p->x[(Size) leaf * p->dim + j];
	}
	for (int i = from; i < to; i++)
	{
		int			leaf = tree->order[i];
		double		square = 0;

		for (int j = 0; j < p->dim; j++)
		{
			double		d = p->x[(Size) leaf * p->dim + j] - l->mean[j];

			square += d * d;
		}
		l->squares += p->weight[leaf] * square + (p->within ? p->within[leaf] : 0);
	}
}

/* Join two lumps (T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm", 1979). */
static void
join_lumps(Lump *a, const Lump *b, int dim)
{
	double		weight = a->weight + b->weight;
	double		square = 0;

	for (int j = 0; j < dim; j++)
	{
		double		d = b->mean[j] - a->mean[j];

		a->mean[j] += d * (b->weight / weight);
		square += d * d;
	}
	a->squares += b->squares + square * (a->weight / weight) * b->weight;
	a->weight = weight;
}

void
us_hierarchy_inertia(const UsHierarchyPoints *p, const UsTree *tree, int lo, int hi, double *out)
{
	Lump	   *lump = (Lump *) palloc(sizeof(Lump) * hi);
	int		   *rank = (int *) palloc(sizeof(int) * hi);
	double	   *mean = (double *) palloc_extended(sizeof(double) * (hi + 1) * p->dim, MCXT_ALLOC_HUGE);
	Lump		sum;
	int			n = 0;

	sum.mean = mean + (Size) hi * p->dim;
	for (int i = 0; i < p->n;)
	{
		int			end = i + 1;

		while (end < p->n && tree->rank[end] >= hi - 1)
			end++;
		lump[n].mean = mean + (Size) n * p->dim;
		make_lump(p, tree, i, end, &lump[n]);
		rank[n++] = tree->rank[i];
		i = end;
	}
	for (int k = lo; k <= hi; k++)
	{
		double		total = 0;

		for (int c = 0; c < n;)
		{
			sum.weight = lump[c].weight;
			sum.squares = lump[c].squares;
			memcpy(sum.mean, lump[c].mean, sizeof(double) * p->dim);
			for (c++; c < n && rank[c] >= k - 1; c++)
				join_lumps(&sum, &lump[c], p->dim);
			total += sum.squares;
		}
		out[k - lo] = ldexp(total, 2 * p->exponent);
	}
	pfree(lump);
	pfree(rank);
	pfree(mean);
}

/* ---- the tree, for those who cut it again ---- */

static int
branches(const void *model)
{
	return ((const UsHierarchicalModel *) model)->branches;
}

static const int32 *
branch_labels(const void *model)
{
	return ((const UsHierarchicalModel *) model)->branch_label;
}

static const UsTree *
tree_of(const void *model)
{
	return ((const UsHierarchicalModel *) model)->tree;
}

static const int32 *
leaf_labels(const void *model)
{
	return ((const UsHierarchicalModel *) model)->label;
}

static const double *
leaf_weights(const void *model)
{
	return ((const UsHierarchicalModel *) model)->points.weight;
}

void
us_hierarchical_report_cut(const UsHierarchicalModel *m, double silhouette, UsReport *r)
{
	UsReport   *weights;
	double		low;
	double		high;
	double		inertia;

	us_tree_interval(m->tree, m->k, &low, &high);
	us_hierarchy_inertia(&m->points, m->tree, m->k, m->k, &inertia);
	us_report_int(r, "k", m->k);
	us_report_number(r, "height_low", low);
	us_report_number(r, "height_high", high);
	us_report_number(r, "silhouette", silhouette);
	us_report_number(r, "inertia", inertia);
	weights = us_report_add_array(r, "weights");
	for (int i = 0; i < m->k; i++)
		us_report_number(weights, NULL, m->weight[i]);
}

static void *
cut(const void *model, int k, UsFitResult *result)
{
	UsHierarchicalModel *m = (UsHierarchicalModel *) palloc(sizeof(UsHierarchicalModel));
	UsTreePoints sample;
	double		silhouette = NAN;

	memcpy(m, model, sizeof(UsHierarchicalModel));
	m->k = k;
	make_cut(m);
	sample = us_hierarchy_sample(&m->points, m->silhouette_rows);
	if (m->silhouette_rows > 0)
		us_tree_silhouettes(m->tree, &sample, k, k, &silhouette);
	memset(result, 0, sizeof(UsFitResult));
	result->model = m;
	result->task = US_TASK_CLUSTERING;
	result->n_labels = k;
	result->metric = "silhouette";
	result->metric_value = silhouette;
	result->converged = true;
	result->details = us_report_object();
	us_hierarchical_report_cut(m, silhouette, result->details);
	return m;
}

const UsAlgorithmTree us_hierarchical_tree = {
	.branches = branches,
	.branch_labels = branch_labels,
	.branch_block = us_hierarchical_branch_block,
	.tree = tree_of,
	.leaf_labels = leaf_labels,
	.leaf_weights = leaf_weights,
	.cut = cut,
};

UsReport *
us_hierarchical_describe(const void *model)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	UsReport   *r = us_report_object();

	us_report_text(r, "linkage", us_linkage_name(m->linkage));
	us_report_text(r, "metric", us_metric_name(m->points.metric));
	us_report_bool(r, "exact", m->points.exact);
	us_report_int(r, "points", m->points.n);
	us_report_int(r, "max_cut", m->branches);
	us_hierarchical_report_cut(m, NAN, r);
	return r;
}

/* ---- stored form ---- */

/*
 * u8 version, u8 linkage, u8 metric, u8 flags, u32 width, u32 points, u32 k, u32 branches, u32 silhouette_rows,
 * i32 exponent, f64 own, then for each point f64 x[dim], f64 weight, f64 within if flagged, for each
 * merge u32 a, u32 b, f64 height; then from version 2 on u32 components, and if flagged the cells (prototype_cells.c).
 */
void
us_hierarchical_write(const void *model, UsWriter *w)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	const UsHierarchyPoints *p = &m->points;

	us_write_u8(w, FORMAT_VERSION);
	us_write_u8(w, m->linkage);
	us_write_u8(w, p->metric);
	us_write_u8(w, (p->exact ? FLAG_EXACT : 0) | (p->within ? FLAG_WITHIN : 0) | (p->cells ? FLAG_CELLS : 0));
	us_write_u32(w, p->width);
	us_write_u32(w, p->n);
	us_write_u32(w, m->k);
	us_write_u32(w, m->branches);
	us_write_u32(w, m->silhouette_rows);
	us_write_i32(w, p->exponent);
	us_write_f64(w, p->own);
	for (int i = 0; i < p->n; i++)
	{
		for (int j = 0; j < p->dim; j++)
			us_write_f64(w, p->x[(Size) i * p->dim + j]);
		us_write_f64(w, p->weight[i]);
		if (p->within)
			us_write_f64(w, p->within[i]);
	}
	for (int i = 0; i < p->n - 1; i++)
	{
		us_write_u32(w, m->merge[i].a);
		us_write_u32(w, m->merge[i].b);
		us_write_f64(w, m->merge[i].height);
	}
	us_write_u32(w, m->components);
	if (p->cells != NULL)
		us_cells_write(p->cells, w);
}

static void
read_points(UsReader *r, UsHierarchyPoints *p, bool within)
{
	double		total = 0;

	p->x = (double *) palloc(sizeof(double) * p->n * p->dim);
	p->weight = (double *) palloc(sizeof(double) * p->n);
	p->within = within ? (double *) palloc(sizeof(double) * p->n) : NULL;
	for (int i = 0; i < p->n; i++)
	{
		for (int j = 0; j < p->dim; j++)
		{
			double		v = us_read_f64(r);

			if (!(fabs(v) <= 2))
				us_corrupt(r, "coordinate %g of point %d", v, i + 1);
			p->x[(Size) i * p->dim + j] = v;
		}
		p->weight[i] = us_read_f64(r);
		if (!(p->weight[i] > 0))
			us_corrupt(r, "weight %g of point %d", p->weight[i], i + 1);
		total += p->weight[i];
		if (within)
		{
			p->within[i] = us_read_f64(r);
			if (!(p->within[i] >= 0) || isinf(p->within[i]))
				us_corrupt(r, "scatter %g of point %d", p->within[i], i + 1);
		}
	}
	if (!isfinite(total))
		us_corrupt(r, "weight %g of all points", total);
}

static void
read_merges(UsReader *r, UsHierarchicalModel *m)
{
	const UsHierarchyPoints *p = &m->points;
	int			n = p->n;

	m->merge = (UsMerge *) palloc0(sizeof(UsMerge) * n);
	for (int i = 0; i < n - 1; i++)
	{
		m->merge[i].a = (int32) us_read_u32(r);
		m->merge[i].b = (int32) us_read_u32(r);
		m->merge[i].height = us_read_f64(r);
	}
	if (!us_tree_valid(m->merge, n))
		us_corrupt(r, "its merges are not a tree of %d points", n);
	for (int i = 0; i < n - 1; i++)
	{
		int			a = m->merge[i].a;
		int			b = m->merge[i].b;

		m->merge[i].size = (a < n ? p->weight[a] : m->merge[a - n].size) +
			(b < n ? p->weight[b] : m->merge[b - n].size);
	}
}

/* A number from 1 on that is not above most. */
static int
read_number(UsReader *r, int least, int most, const char *what)
{
	uint32		value = us_read_u32(r);

	if (value < (uint32) least || value > (uint32) most)
		us_corrupt(r, "%u %s, expected %d to %d", value, what, least, most);
	return (int) value;
}

void *
us_hierarchical_read(UsReader *r, int width, int *n_labels)
{
	UsHierarchicalModel *m = (UsHierarchicalModel *) palloc0(sizeof(UsHierarchicalModel));
	UsHierarchyPoints *p = &m->points;
	int			version = us_read_u8(r);
	int			linkage = us_read_u8(r);
	int			metric = us_read_u8(r);
	int			flags = us_read_u8(r);

	if (version < 1 || version > FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("format %d of a hierarchical model is not known to this version of userseg",
						version)));
	if (linkage >= US_LINKAGE_COUNT)
		us_corrupt(r, "linkage %d", linkage);
	m->linkage = (UsLinkage) linkage;
	if ((metric != US_METRIC_EUCLIDEAN && metric != US_METRIC_COSINE && metric != US_METRIC_MANHATTAN) ||
		(metric != US_METRIC_EUCLIDEAN && us_linkage_is_geometric(m->linkage)))
		us_corrupt(r, "metric %d with linkage %d", metric, linkage);
	p->metric = (UsMetric) metric;
	if ((flags & ~(FLAG_EXACT | FLAG_WITHIN | (version > 1 ? FLAG_CELLS : 0))) != 0)
		us_corrupt(r, "flags %d", flags);
	p->exact = (flags & FLAG_EXACT) != 0;
	p->width = (int) us_read_u32(r);
	if (width < 1 || p->width != width)
		us_corrupt(r, "%u columns, the encoder has %d", (uint32) p->width, width);
	p->dim = width + (metric == US_METRIC_COSINE);
	p->n = (int) us_read_count(r, sizeof(double) * ((Size) p->dim + 1), MOST_POINTS);
	if (p->n < 1)
		us_corrupt(r, "no points");
	m->k = read_number(r, 1, p->n, "segments");
	m->branches = read_number(r, m->k, p->n, "branches");
	m->silhouette_rows = read_number(r, 0, MOST_POINTS, "rows of the silhouette");
	p->exponent = us_read_i32(r);
	if (p->exponent < -MOST_EXPONENT || p->exponent > MOST_EXPONENT / 2)
		us_corrupt(r, "exponent %d", p->exponent);
	p->own = us_read_f64(r);
	if (!(p->own >= 0) || isinf(p->own))
		us_corrupt(r, "weight %g of a row", p->own);
	read_points(r, p, (flags & FLAG_WITHIN) != 0);
	read_merges(r, m);
	if (version > 1)
		m->components = read_number(r, 0, m->branches, "components");
	if (m->components > 0 && p->metric != US_METRIC_EUCLIDEAN)
		us_corrupt(r, "components with metric %d", metric);
	if (flags & FLAG_CELLS)
		p->cells = us_cells_read(r, width, metric == US_METRIC_COSINE, p->n);
	us_hierarchical_prepare(m);
	*n_labels = m->k;
	return m;
}
