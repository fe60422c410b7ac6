/*
 * test_tree_hostile.c
 *	  Stored trees that somebody made up: refused one by one, each for what is wrong with it.  Single trees, forests and boosting
 *	  share their stored form; isolation forests have their own.
 */
#include "postgres.h"

#include <math.h>

#include "learn/isolation_tree.h"
#include "learn/tree_learner.h"
#include "unit.h"
#include "unit_forest.h"

#define CORRUPT	ERRCODE_INVALID_BINARY_REPRESENTATION

static UsReader
reader_of(UsWriter *w)
{
	bytea	   *stored = us_writer_varlena(w);
	UsReader	r;

	us_reader_init(&r, VARDATA(stored), VARSIZE(stored) - VARHDRSZ, "test");
	return r;
}

/* ---- single trees, forests, boosting ---- */

static void
read_forest(const UsForest *f)
{
	UsWriter	w;
	UsReader	r;

	us_writer_init(&w);
	us_forest_write(f, &w);
	r = reader_of(&w);
	(void) us_forest_read(&r, f->width);
	us_reader_end(&r);
}

/* Read with one member of it changed, and with the old value again. */
#define REFUSED(read, f, member, value, message) \
	do { \
		__typeof__(member) unit_old = (member); \
		(member) = (value); \
		UNIT_ERROR(read(f), CORRUPT, message); \
		(member) = unit_old; \
	} while (0)

static UsTreeNode *
find_node(const UsForest *f, bool leaf, bool set)
{
	for (int32 i = 1; i < f->root[f->n_trees]; i++)
		if ((f->node[i].left == 0) == leaf && (leaf || ((f->node[i].flags & US_NODE_SET) != 0) == set))
			return &f->node[i];
	elog(ERROR, "no such node");
}

static UsForest *
forest_to_spoil(int n_classes)
{
	UsRandom	random;
	UsForest   *f;

	us_random_init(&random, 7, (uint64) n_classes);
	f = unit_forest(&random, 4, 5, n_classes, n_classes == 0, false, UNIT_BINS);
	for (int c = 0; c < f->width; c++)
	{
		f->column[c].threshold = palloc(sizeof(double) * UNIT_BINS);
		for (int b = 0; b < UNIT_BINS; b++)
			f->column[c].threshold[b] = b;
	}
	read_forest(f);
	return f;
}

UNIT_TEST(hostile_trees)
{
	UsForest   *f = forest_to_spoil(0);
	UsTreeNode *split = find_node(f, false, false);
	UsTreeNode *set = find_node(f, false, true);
	UsTreeNode *leaf = find_node(f, true, false);

	/* cycles: a node as its own child, a child of two parents, a way back; children that are not there */
	REFUSED(read_forest, f, split->left, 1, "has children at 1");
	REFUSED(read_forest, f, split->left, split->left + 2, "has children at");
	REFUSED(read_forest, f, split->left, -1, "has children at -1");
	REFUSED(read_forest, f, split->left, PG_INT32_MAX, "has children at 2147483647");
	REFUSED(read_forest, f, split->left, PG_INT32_MIN, "has children at -2147483648");
	REFUSED(read_forest, f, f->root[4], f->root[4] - 1, "");
	/* what a split looks at */
	REFUSED(read_forest, f, split->column, UNIT_COLUMNS, "splits column 7");
	REFUSED(read_forest, f, split->column, 2, "splits column 3");
	REFUSED(read_forest, f, split->bin, UNIT_BINS, "at bin 5");
	REFUSED(read_forest, f, split->flags, 4, "splits column");
	REFUSED(read_forest, f, split->gain, NAN, "splits column");
	REFUSED(read_forest, f, split->cover, NAN, "cover");
	REFUSED(read_forest, f, split->cover, -1, "cover -1");
	REFUSED(read_forest, f, set->u.place, f->n_sets, "node with set");
	REFUSED(read_forest, f, leaf->u.value, NAN, "leaf without a finite value");
	REFUSED(read_forest, f, leaf->u.value, INFINITY, "leaf without a finite value");
	/* columns */
	REFUSED(read_forest, f, f->column[0].threshold[1], NAN, "thresholds of column 1 do not ascend");
	REFUSED(read_forest, f, f->column[0].threshold[1], INFINITY, "thresholds of column 1 do not ascend");
	REFUSED(read_forest, f, f->column[1].threshold[1], 0, "thresholds of column 2 do not ascend");
	REFUSED(read_forest, f, f->column[0].nbins, 0, "column 1 of 0 bins");
	REFUSED(read_forest, f, f->n_scores, 0, "trees of 0 classes and 0 scores");
}

UNIT_TEST(hostile_trees_of_classes)
{
	UsForest   *f = forest_to_spoil(3);
	UsTreeNode *leaf = find_node(f, true, false);

	REFUSED(read_forest, f, leaf->u.place, f->n_places, "leaf with distribution");
	REFUSED(read_forest, f, f->place[4], NAN, "probability");
	REFUSED(read_forest, f, f->place[4], -0.5f, "probability -0.5");
	REFUSED(read_forest, f, f->place[4], f->place[4] / 2, "probabilities that sum to");
}

/* A forest of one tree of so many nodes, in a few bytes. */
static void
check_number_of_nodes(uint32 n)
{
	UsWriter	w;
	UsReader	r;

	us_writer_init(&w);
	us_write_u8(&w, 2);
	us_write_u32(&w, 0);
	us_write_u32(&w, 0);
	us_write_u32(&w, 1);
	us_write_u32(&w, 1);
	us_write_u32(&w, n);
	for (int k = 0; k < 10; k++)
		us_write_u32(&w, 0);
	r = reader_of(&w);
	UNIT_ERROR(us_forest_read(&r, 0), CORRUPT, "trees of");
}

/* 2^31 nodes and more are refused before anything is allocated, and so is a tree that is too deep to be walked. */
UNIT_TEST(hostile_numbers_of_nodes)
{
	static const uint32 numbers[] = {0, 0x7fffffff, 0x80000000u, 0xffffffffu};
	int32		n = 2 * (US_TREE_DEPTH + 1) + 1;
	UsTreeColumn column = {.nbins = 3, .threshold = (double[]) {1, 2}};
	int32		root[2] = {0, n};
	UsForest	chain = {.width = 1, .column = &column, .n_scores = 1, .n_trees = 1, .root = root};

	for (int i = 0; i < lengthof(numbers); i++)
		check_number_of_nodes(numbers[i]);
	chain.node = palloc0(sizeof(UsTreeNode) * n);
	for (int32 i = 0; i < n - 1; i += 2)
		chain.node[i].left = i + 1;
	UNIT_ERROR(read_forest(&chain), CORRUPT, "tree of more than 1000 levels");
	root[1] = n - 2;
	chain.node[n - 3].left = 0;
	read_forest(&chain);
}

/* What surrounds the trees, for averages (single trees, forests) and boosting. */
static void
check_model(const UsForest *f, int kind, int labels, double base, bool fits)
{
	UsTreeModel m = {.forest = unconstify(UsForest *, f), .base = &base, .kind = (UsTreeModelKind) kind, .n_labels = labels};
	UsWriter	w;
	UsReader	r;
	int			n_labels = -1;

	us_writer_init(&w);
	us_tree_model_write(&m, &w);
	r = reader_of(&w);
	if (fits)
	{
		(void) us_tree_model_read(&r, UNIT_COLUMNS, &n_labels);
		UNIT_CHECK(n_labels == labels);
	}
	else
		UNIT_ERROR(us_tree_model_read(&r, UNIT_COLUMNS, &n_labels), CORRUPT, "");
}

UNIT_TEST(hostile_models_of_trees)
{
	UsForest   *f = forest_to_spoil(0);

	for (int labels = 0; labels <= 3; labels++)
	{
		check_model(f, US_TREES_AVERAGE, labels, 1, labels == 0);
		check_model(f, US_TREES_BOOSTED, labels, 1, labels == 0 || labels == 2);
		check_model(f, US_TREES_BOOSTED + 1, labels, 1, false);
		check_model(f, US_TREES_AVERAGE, labels, NAN, false);
		check_model(f, US_TREES_BOOSTED, labels, INFINITY, false);
	}
}

/* ---- isolation forests ---- */

static void
read_isolation(const UsIsolationForest *f)
{
	UsWriter	w;
	UsReader	r;

	us_writer_init(&w);
	us_isolation_write(f, &w);
	r = reader_of(&w);
	(void) us_isolation_read(&r, 2);
	us_reader_end(&r);
}

UNIT_TEST(hostile_isolation_trees)
{
	const int	levels[2] = {0, 4};
	const int	n[2] = {32, 32};
	double	   *x = palloc(sizeof(double) * 2 * 32 * 2);
	UsRandom	random;
	UsIsolationForest *f;
	UsIsolationNode *split = NULL;
	UsIsolationNode *set = NULL;
	int32		leaf = 0;

	us_random_init(&random, 3, 0);
	for (int i = 0; i < 2 * 32; i++)
	{
		x[2 * i] = us_random_normal(&random);
		x[2 * i + 1] = us_random_below(&random, 4);
	}
	f = us_isolation_grow(x, n, 2, 32, 2, levels, 1);
	read_isolation(f);
	for (int32 i = 1; i < f->root[2]; i++)
	{
		if (f->node[i].left == 0)
			leaf = i;
		else if (f->node[i].flags & US_ISOLATION_SET)
			set = &f->node[i];
		else
			split = &f->node[i];
	}
	REFUSED(read_isolation, f, split->left, 1, "has children at 1");
	REFUSED(read_isolation, f, split->left, split->left + 2, "has children at");
	REFUSED(read_isolation, f, split->left, -1, "has children at -1");
	REFUSED(read_isolation, f, split->left, PG_INT32_MAX, "has children at 2147483647");
	REFUSED(read_isolation, f, split->column, 2, "splits column 3");
	REFUSED(read_isolation, f, split->flags, 4, "splits column");
	REFUSED(read_isolation, f, split->u.threshold, NAN, "without a threshold");
	REFUSED(read_isolation, f, set->u.set, f->n_sets, "node with set");
	REFUSED(read_isolation, f, f->size[leaf], 33, "leaf of 33 of 32 rows");
	REFUSED(read_isolation, f, f->size[leaf], 0, "tree of");
	REFUSED(read_isolation, f, f->sample, 0, "");
	REFUSED(read_isolation, f, f->root[1], PG_INT32_MAX, "");
}
