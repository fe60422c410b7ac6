/*
 * kmeans_state.h
 *	  userseg.kmeans_state: what one pass over rows knows of their clusters.
 *
 * For each cluster the state has the number of its rows and sums of weighted values,
 * one for each column, of weights and of weighted costs.  The sums are exact: each
 * is a window of the chunks of math/exact_sum.h, the same window for all, which
 * grows with the values that arrive.  So states of the same rows are equal
 * whatever the order and grouping of the rows.
 *
 * A state is one flat varlena, changed in place while an aggregate runs.  A state
 * that leaves an aggregate is sealed: carried, its window as small as the sums allow,
 * hence equal bytes for equal sums.
 */
#ifndef US_KMEANS_STATE_H
#define US_KMEANS_STATE_H

#include "agg/kmeans_point.h"
#include "math/exact_sum.h"
#include "math/sums.h"

#define US_KMEANS_STATE_VERSION	1

/* Rows that one state can count: keeps all chunks inside 64 bits. */
#define US_KMEANS_MAX_ROWS	(INT64CONST(1) << 40)

/* The numbers are stored in data: they never change. */
typedef enum UsKmeansKind
{
	US_KMEANS_CLUSTERS = 1,		/* kmeans_agg, kmeans_step: sums of values, weights, costs */
	US_KMEANS_MEAN = 2,			/* centroid_agg: the same of one cluster, without a set */
	US_KMEANS_INERTIA = 3,		/* inertia_agg: weights and costs only */
	US_KMEANS_SILHOUETTE = 4,	/* silhouette_agg: weights, and silhouettes instead of costs */
	US_KMEANS_FEATURE = 5		/* cf_agg: as the mean, with w |x|^2 as costs; type userseg.cf (agg/cf.h) */
} UsKmeansKind;

typedef struct UsKmeansState
{
	int32		vl_len_;
	uint8		version;		/* US_KMEANS_STATE_VERSION */
	uint8		kind;			/* UsKmeansKind */
	uint8		metric;			/* these as in the points */
	bool		gridded;
	uint8		unused[4];		/* 0 */
	int32		k;
	int32		d;
	int32		weight_exponent;
	int32		low;			/* first chunk of the window */
	int32		chunks;			/* its length, with one chunk above the largest value */
	uint32		set_size;		/* bytes of the set, 0: none */
	uint32		assigner_size;	/* bytes of the assigner, 0: none */
	uint64		fingerprint;	/* of the set; 0 without one */

	/*
	 * The set and the assigner, when there, then int64 rows[k], int64 pending[k] (rows
	 * since the last carry), and the sums of each cluster: of values [columns], weights,
	 * costs.
	 */
	char		data[FLEXIBLE_ARRAY_MEMBER];
} UsKmeansState;

StaticAssertDecl(offsetof(UsKmeansState, data) == 48, "header of userseg.kmeans_state has padding");

/* Columns whose sums a state has. */
static inline int
us_kmeans_columns(const UsKmeansState *s)
{
	return s->kind == US_KMEANS_INERTIA || s->kind == US_KMEANS_SILHOUETTE ? 0 : s->d;
}

/* Sums of one cluster; the sum of weights comes after the columns, that of costs last. */
static inline int
us_kmeans_width(const UsKmeansState *s)
{
	return us_kmeans_columns(s) + 2;
}

/* The set and the assigner inside a state, or NULL. */
static inline const UsCentroidSet *
us_kmeans_set(const UsKmeansState *s)
{
	return s->set_size > 0 ? (const UsCentroidSet *) s->data : NULL;
}

static inline const UsAssigner *
us_kmeans_assigner(const UsKmeansState *s)
{
	return s->assigner_size > 0 ? (const UsAssigner *) (s->data + s->set_size) : NULL;
}

/* Rows of each cluster. */
static inline int64 *
us_kmeans_rows(const UsKmeansState *s)
{
	return (int64 *) (s->data + s->set_size + s->assigner_size);
}

/* ---- kmeans_state.c: building ---- */

/*
 * Empty states: for rows to be assigned to a set, which is copied into the state; for
 * points like p; for the mean or the clustering feature of rows of d columns.  54000 if the state were larger
 * than 1 GB.
 */
extern UsKmeansState *us_kmeans_new(UsKmeansKind kind, const UsCentroidSet *c);
extern UsKmeansState *us_kmeans_new_for_point(const UsKmeansPoint *p);
extern UsKmeansState *us_kmeans_new_mean(int d);
extern UsKmeansState *us_kmeans_new_feature(int d);

/* 22023 if a state is of another kind. */
extern void us_kmeans_check_kind(const UsKmeansState *s, UsKmeansKind kind);

/*
 * The state, made ready to assign rows to set c: with c and its assigner inside.  A larger copy
 * where they were missing (a state that was stored); 22023 if it is a state of another set.
 */
extern UsKmeansState *us_kmeans_prepare(UsKmeansState *s, UsKmeansKind kind, const UsCentroidSet *c);

/*
 * Add a point; a row of the mean (finite, w > 0); a figure y of a row that is nearest to
 * centre label (US_KMEANS_INERTIA, US_KMEANS_SILHOUETTE).  The state is changed in place
 * and returned, or a larger copy of it in the current memory context.  22023 if the
 * point was made from another set than those before, if the mean has another number of
 * columns, if the state is of another kind.
 */
extern UsKmeansState *us_kmeans_add(UsKmeansState *s, const UsKmeansPoint *p);
extern UsKmeansState *us_kmeans_add_mean(UsKmeansState *s, const double *x, int d, double w);
extern UsKmeansState *us_kmeans_add_feature(UsKmeansState *s, const double *x, int d, double w);
extern UsKmeansState *us_kmeans_add_figure(UsKmeansState *s, UsKmeansKind kind, int label, double y);

/*
 * Add another state: s is changed and returned, or a larger copy.  22023 if the
 * two are not of the same kind and set; 22003 if they count too many rows.
 */
extern UsKmeansState *us_kmeans_merge(UsKmeansState *s, const UsKmeansState *other);

/* Does a state of this kind belong to no centroid set? */
static inline bool
us_kmeans_has_no_set(UsKmeansKind kind)
{
	return kind == US_KMEANS_MEAN || kind == US_KMEANS_FEATURE;
}

/* A copy for storage: canonical, without the assigner. */
extern UsKmeansState *us_kmeans_seal(const UsKmeansState *s);

/*
 * A state of no rows yet with the shape of header, holding a copy of c (or none: NULL), and
 * with a window of chunks; for those who build states.
 */
extern UsKmeansState *us_kmeans_build(const UsKmeansState *header, const UsCentroidSet *c,
									  bool with_assigner, int low, int chunks);

/* Chunks of sum j (of us_kmeans_width) of cluster i. */
extern int64 *us_kmeans_chunks(const UsKmeansState *s, int i, int j);

/* ---- kmeans_read.c: what the sums tell ---- */

/* Sum j of cluster i, as above. */
extern void us_kmeans_sum(const UsKmeansState *s, int i, int j, UsExactSum *sum);

/* Weight of cluster i, and its cost (inertia), in the user's units of weight. */
extern double us_kmeans_weight(const UsKmeansState *s, int i);
extern double us_kmeans_cost(const UsKmeansState *s, int i);

/* The same of all clusters together: summed exactly, rounded once. */
extern double us_kmeans_total_weight(const UsKmeansState *s);
extern double us_kmeans_total_cost(const UsKmeansState *s);

/*
 * The sums of a gridded state of US_KMEANS_CLUSTERS as the trainer has them, into a
 * UsSums of the same k and width.  22003 if a sum is beyond 126 bits.
 */
extern void us_kmeans_get_sums(const UsKmeansState *s, UsSums *sums);

/*
 * The set of the means of the clusters, weights included; for plain cosine sets of
 * their directions.  A cluster without rows (or, for cosine, without a mean direction)
 * keeps its centre of set c, or of the set inside the state when c is NULL; 22023 if there is
 * neither (always needed for a gridded state), or c is another set than the state's.
 * c may be NULL for US_KMEANS_MEAN.
 */
extern UsCentroidSet *us_kmeans_next(const UsKmeansState *s, const UsCentroidSet *c);

/* ---- kmeans_wire.c: the payload that is sent and printed ---- */

extern void us_kmeans_write(const UsKmeansState *s, UsWriter *w);
extern UsKmeansState *us_kmeans_read(UsReader *r);

#endif
