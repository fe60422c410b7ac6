/*
 * isolation_tree.h
 *	  Isolation trees: random splits until every row is alone.
 *
 * F. T. Liu, K. M. Ting and Z.-H. Zhou, "Isolation Forest", ICDM 2008; "Isolation-Based Anomaly
 * Detection", ACM TKDD 6 (2012).  A row that few random splits suffice to part from the others is
 * an anomaly.
 */
#ifndef US_ISOLATION_TREE_H
#define US_ISOLATION_TREE_H

#include "data/formula.h"
#include "infra/buffer.h"

/* Bits of UsIsolationNode.flags. */
#define US_ISOLATION_MISSING_LEFT	1	/* also levels that no training row of the node has */
#define US_ISOLATION_SET			2	/* a category: a set of levels goes left */

/* Levels of a category that are told apart; further ones count as missing. */
#define US_ISOLATION_LEVELS	256

/* A node.  Children stand side by side and behind their parent: left, left + 1, within the tree. */
typedef struct UsIsolationNode
{
	int32		left;			/* 0: a leaf */
	uint16		column;
	uint8		flags;
	union
	{
		double		threshold;	/* values below it go left */
		int64		set;		/* number of the set of levels */
	}			u;
} UsIsolationNode;

/* Levels of a category in a node: those that go left, and those that are there. */
typedef struct UsIsolationSet
{
	uint64		left[US_ISOLATION_LEVELS / 64];
	uint64		known[US_ISOLATION_LEVELS / 64];
} UsIsolationSet;

typedef struct UsIsolationForest
{
	int			width;
	int			sample;			/* rows of each tree */
	int			n_trees;
	int32	   *root;			/* [n_trees + 1] first node of each tree */
	UsIsolationNode *node;		/* [root[n_trees]] */
	int32	   *size;			/* [same] training rows of the node */
	double	   *length;			/* [same] path length expected of a row in the node; of a leaf its depth and what
								 * would follow for its rows */
	int64		n_sets;
	UsIsolationSet *set;
	double		usual;			/* path length of an average row: us_isolation_usual(sample) */
} UsIsolationForest;

/*
 * The mean path length of an unsuccessful search in a binary search tree of n keys, 2 H(n - 1) - 2 (n - 1) / n with
 * H(i) = ln i + 0.5772...; 1 for two, 0 for less.  Liu, Ting and Zhou 2008, equation 1.
 */
extern double us_isolation_usual(double n);

/* Bytes of a forest, at most, and of what growing it takes. */
extern Size us_isolation_bytes(int n_trees, int sample);

/*
 * Grow a forest on x[n_trees][sample][width], rows of which the tree t has n[t]; levels[width] is 0 for a number,
 * else how many levels the category has.  A tree ends at a depth of log2(sample), rounded up.  A
 * column is drawn of those that are not constant in the node, a threshold evenly between its least
 * and largest value, or an even subset of its levels; NaN goes to a side that is drawn.  The order of
 * the rows of a tree does not matter.  In the current memory context.
 */
extern UsIsolationForest *us_isolation_grow(const double *x, const int *n, int n_trees, int sample,
											int width, const int *levels, uint64 seed);

/* Mean path length over the trees of one row x[width]. */
extern double us_isolation_length(const UsIsolationForest *f, const double *x);

/* The same for a block x[nrows][width], row after row: out[nrows], equal bit for bit. */
extern void us_isolation_length_block(const UsIsolationForest *f, const double *x, int nrows,
									  double *out);

/*
 * How much each column shortens the path of a row against the mean of all rows of the trees, c[width]: at
 * each split the expected path length falls or rises, and that is put down to its column.  The c add
 * up to the mean path length of the training rows less that of the row.
 */
extern void us_isolation_explain(const UsIsolationForest *f, const double *x, double *c);

/* 2^-(length / usual): near 1 anomalous, below 0.5 normal.  Liu, Ting and Zhou 2008, equation 2. */
extern double us_isolation_score(const UsIsolationForest *f, double length);

/* The path length expected of a training row, the mean over the trees. */
extern double us_isolation_mean_length(const UsIsolationForest *f);

/* The mean path length as a formula. */
extern UsFormula *us_isolation_formula(const UsIsolationForest *f, const UsFormulaRequest *request);

/* Stored form; read checks everything (22P03). */
extern void us_isolation_write(const UsIsolationForest *f, UsWriter *w);
extern UsIsolationForest *us_isolation_read(UsReader *r, int width);

#endif
