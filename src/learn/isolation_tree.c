/*
 * isolation_tree.c
 *	  Isolation trees: growing, walking, storing.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "learn/isolation_tree.h"
#include "math/hash.h"
#include "math/random.h"

#define FORMAT	1

/* rows that walk a tree side by side */
#define ABREAST		8

/* most of each when a stored model is read */
#define MAX_TREES	10000
#define MAX_SAMPLE	1000000

/* most splits from the root: log2(MAX_SAMPLE), rounded up */
#define MAX_DEPTH	20

#define EULER	0.57721566490153286

double
us_isolation_usual(double n)
{
	if (n <= 1)
		return 0;
	if (n <= 2)
		return 1;
	return 2 * (log(n - 1) + EULER) - 2 * (n - 1) / n;
}

double
us_isolation_score(const UsIsolationForest *f, double length)
{
	return f->usual > 0 ? exp2(-length / f->usual) : 0.5;
}

/* ---- growing ---- */

/* Nodes that wait: their rows, and where the children will stand. */
typedef struct Waiting
{
	int32		node;			/* in the forest */
	int			begin;
	int			end;
	int			depth;
} Waiting;

typedef struct Grower
{
	UsIsolationForest *f;
	const int  *levels;
	const double *x;			/* [n][width] rows of the tree */
	int		   *row;			/* order of its rows */
	int		   *spare;
	int		   *column;			/* [width] scratch */
	UsRandom	random;
	int			max_depth;
	int64		set_room;
} Grower;

static inline bool
has_bit(const uint64 *bit, int i)
{
	return (bit[i >> 6] >> (i & 63)) & 1;
}

static inline void
add_bit(uint64 *bit, int i)
{
	bit[i >> 6] |= UINT64CONST(1) << (i & 63);
}

/* The level of a category, or -1. */
static inline int
level_of(double x)
{
	return x >= 0 && x < US_ISOLATION_LEVELS ? (int) x : -1;
}

/* The values of a column in a node: their range and levels, and whether one is missing. */
typedef struct Extent
{
	double		low;
	double		high;
	bool		missing;
	uint64		known[US_ISOLATION_LEVELS / 64];
	int			n_levels;
} Extent;

static void
measure(const Grower *g, const Waiting *w, int c, Extent *e)
{
	memset(e, 0, sizeof(Extent));
	e->low = INFINITY;
	e->high = -INFINITY;
	for (int i = w->begin; i < w->end; i++)
	{
		double		v = g->x[(Size) g->row[i] * g->f->width + c];
		int			level;

		if (g->levels[c] == 0)
		{
			e->missing |= v != v;
			e->low = v < e->low ? v : e->low;
			e->high = v > e->high ? v : e->high;
			continue;
		}
		level = level_of(v);
		e->missing |= level < 0;
		if (level >= 0)
			add_bit(e->known, level);
	}
	for (int k = 0; k < lengthof(e->known); k++)
		e->n_levels += pg_popcount64(e->known[k]);
}

/* Can the column part the rows of the node? */
static bool
can_split(const Grower *g, int c, const Extent *e)
{
	if (g->levels[c] > 0)
		return e->n_levels + e->missing > 1;
	return e->low < e->high || (e->low == e->high && e->missing);
}

/* A proper subset of the levels, evenly drawn; missing values are one more level. */
static void
draw_set(Grower *g, const Extent *e, UsIsolationNode *node)
{
	UsIsolationForest *f = g->f;
	UsIsolationSet *set;
	int			n = e->n_levels + e->missing;
	int			left;

	if (f->n_sets == g->set_room)
	{
		g->set_room = Max(2 * g->set_room, 64);
		f->set = f->set ? repalloc_huge(f->set, sizeof(UsIsolationSet) * g->set_room) :
			palloc(sizeof(UsIsolationSet) * g->set_room);
	}
	node->flags = US_ISOLATION_SET;
	node->u.set = f->n_sets;
	set = &f->set[f->n_sets++];
	memcpy(set->known, e->known, sizeof(set->known));
	do
	{
		bool		missing_left = e->missing && us_random_below(&g->random, 2) == 0;

		left = missing_left;
		memset(set->left, 0, sizeof(set->left));
		for (int i = 0; i < US_ISOLATION_LEVELS; i++)
			if (has_bit(e->known, i) && us_random_below(&g->random, 2) == 0)
			{
				add_bit(set->left, i);
				left++;
			}
		node->flags = US_ISOLATION_SET | (missing_left ? US_ISOLATION_MISSING_LEFT : 0);
	} while (left == 0 || left == n);
}

/* Draw a split for a node; false: all its rows are alike. */
static bool
draw_split(Grower *g, const Waiting *w, UsIsolationNode *node, bool *any_missing)
{
	int			width = g->f->width;
	Extent		e;

	for (int c = 0; c < width; c++)
		g->column[c] = c;
	for (int k = 0; k < width; k++)
	{
		int			j = k + (int) us_random_below(&g->random, width - k);
		int			c = g->column[j];
		double		t;

		g->column[j] = g->column[k];
		measure(g, w, c, &e);
		if (!can_split(g, c, &e))
			continue;
		node->column = (uint16) c;
		*any_missing = e.missing;
		if (g->levels[c] > 0)
		{
			draw_set(g, &e, node);
			return true;
		}
		/* low < t <= high; without a range, values go left and missing ones right */
		t = e.low + (e.high - e.low) * us_random_double(&g->random);
		if (!isfinite(t))
			t = e.low / 2 + e.high / 2;
		node->u.threshold = e.low == e.high ? nextafter(e.low, INFINITY) :
			t > e.low ? Min(t, e.high) : e.high;
		node->flags = e.missing && e.low < e.high && us_random_below(&g->random, 2) == 0 ?
			US_ISOLATION_MISSING_LEFT : 0;
		return true;
	}
	return false;
}

static inline bool
goes_left(const UsIsolationForest *f, const UsIsolationNode *node, const double *x)
{
	double		v = x[node->column];

	if (node->flags & US_ISOLATION_SET)
	{
		const UsIsolationSet *set = &f->set[node->u.set];
		int			level = level_of(v);

		if (level >= 0 && has_bit(set->known, level))
			return has_bit(set->left, level);
		return (node->flags & US_ISOLATION_MISSING_LEFT) != 0;
	}
	if (v != v)
		return (node->flags & US_ISOLATION_MISSING_LEFT) != 0;
	return v < node->u.threshold;
}

/* Rows that go left first; returns where the others begin. */
static int
part_rows(Grower *g, const Waiting *w, const UsIsolationNode *node)
{
	int			left = w->begin;
	int			right = 0;

	for (int i = w->begin; i < w->end; i++)
	{
		int			r = g->row[i];

		if (goes_left(g->f, node, g->x + (Size) r * g->f->width))
			g->row[left++] = r;
		else
			g->spare[right++] = r;
	}
	memcpy(g->row + left, g->spare, sizeof(int) * right);
	return left;
}

/* One tree of n rows; waiting has room for 2 n nodes.  Children stand in the order of their parents. */
static void
grow_tree(Grower *g, int t, int n, Waiting *waiting)
{
	UsIsolationForest *f = g->f;
	int32		first = f->root[t];
	int			made = 1;

	waiting[0] = (Waiting) {first, 0, n, 0};
	for (int i = 0; i < n; i++)
		g->row[i] = i;
	for (int i = 0; i < made; i++)
	{
		Waiting    *w = &waiting[i];
		UsIsolationNode *node = &f->node[w->node];
		bool		any_missing = false;
		int			at;

		memset(node, 0, sizeof(UsIsolationNode));
		f->size[w->node] = w->end - w->begin;
		if (w->depth >= g->max_depth || w->end - w->begin <= 1 || !draw_split(g, w, node, &any_missing))
			continue;
		at = part_rows(g, w, node);
		/* what the node did not see goes with the most */
		if (!any_missing && 2 * (at - w->begin) > w->end - w->begin)
			node->flags |= US_ISOLATION_MISSING_LEFT;
		node->left = made;
		waiting[made] = (Waiting) {first + made, w->begin, at, w->depth + 1};
		waiting[made + 1] = (Waiting) {first + made + 1, at, w->end, w->depth + 1};
		made += 2;
	}
	f->root[t + 1] = first + made;
}

/* Path lengths expected in all nodes, from the leaves up. */
static void
fill_lengths(UsIsolationForest *f)
{
	int			depth_room = 0;
	uint8	   *depth = NULL;

	f->length = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) Max(f->root[f->n_trees], 1));
	for (int t = 0; t < f->n_trees; t++)
	{
		const UsIsolationNode *node = f->node + f->root[t];
		const int32 *size = f->size + f->root[t];
		double	   *length = f->length + f->root[t];
		int			n = f->root[t + 1] - f->root[t];

		if (n > depth_room)
		{
			depth_room = n;
			depth = depth ? repalloc(depth, n) : palloc(n);
		}
		depth[0] = 0;
		for (int i = 0; i < n; i++)
			if (node[i].left != 0)
				depth[node[i].left] = depth[node[i].left + 1] = depth[i] + 1;
			else
				length[i] = depth[i] + us_isolation_usual(size[i]);
		for (int i = n - 1; i >= 0; i--)
			if (node[i].left != 0)
			{
				int			l = node[i].left;

				length[i] = ((double) size[l] * length[l] + (double) size[l + 1] * length[l + 1]) / size[i];
			}
	}
	if (depth)
		pfree(depth);
}

Size
us_isolation_bytes(int n_trees, int sample)
{
	return (Size) n_trees * (2 * (Size) sample - 1) * (sizeof(UsIsolationNode) + sizeof(int32) + sizeof(double)) +
		(Size) sample * 2 * (sizeof(Waiting) + sizeof(int));
}

UsIsolationForest *
us_isolation_grow(const double *x, const int *n, int n_trees, int sample, int width, const int *levels,
				  uint64 seed)
{
	UsIsolationForest *f = palloc0(sizeof(UsIsolationForest));
	Grower		g = {.f = f, .levels = levels};
	Waiting    *waiting = palloc(sizeof(Waiting) * 2 * (Size) sample);
	Size		room = (Size) n_trees * (2 * (Size) sample - 1);

	f->width = width;
	f->sample = sample;
	f->n_trees = n_trees;
	f->root = palloc0(sizeof(int32) * (n_trees + 1));
	f->node = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsIsolationNode) * room);
	f->size = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * room);
	g.row = palloc(sizeof(int) * sample);
	g.spare = palloc(sizeof(int) * sample);
	g.column = palloc(sizeof(int) * width);
	g.max_depth = sample > 2 ? pg_ceil_log2_32(sample) : 1;
	for (int t = 0; t < n_trees; t++)
	{
		CHECK_FOR_INTERRUPTS();
		us_random_init(&g.random, seed, t);
		g.x = x + (Size) t * sample * width;
		grow_tree(&g, t, n[t], waiting);
	}
	f->usual = us_isolation_usual(sample);
	fill_lengths(f);
	pfree(waiting);
	pfree(g.row);
	pfree(g.spare);
	pfree(g.column);
	return f;
}

/* ---- walking ---- */

double
us_isolation_length(const UsIsolationForest *f, const double *x)
{
	double		sum = 0;

	for (int t = 0; t < f->n_trees; t++)
	{
		const UsIsolationNode *tree = f->node + f->root[t];
		int32		i = 0;

		while (tree[i].left != 0)
			i = tree[i].left + (goes_left(f, &tree[i], x) ? 0 : 1);
		sum += f->length[f->root[t] + i];
	}
	return sum / f->n_trees;
}

void
us_isolation_length_block(const UsIsolationForest *f, const double *x, int nrows, double *out)
{
	memset(out, 0, sizeof(double) * nrows);
	for (int t = 0; t < f->n_trees; t++)
	{
		const UsIsolationNode *tree = f->node + f->root[t];
		const double *length = f->length + f->root[t];

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < nrows; r += ABREAST)
		{
			int32		at[ABREAST] = {0};
			int			n = Min(ABREAST, nrows - r);
			bool		any;

			do
			{
				any = false;
				for (int i = 0; i < n; i++)
				{
					const UsIsolationNode *node = &tree[at[i]];

					if (node->left == 0)
						continue;
					at[i] = node->left + (goes_left(f, node, x + (Size) (r + i) * f->width) ? 0 : 1);
					any = true;
				}
			} while (any);
			for (int i = 0; i < n; i++)
				out[r + i] += length[at[i]];
		}
	}
	for (int r = 0; r < nrows; r++)
		out[r] /= f->n_trees;
}

void
us_isolation_explain(const UsIsolationForest *f, const double *x, double *c)
{
	memset(c, 0, sizeof(double) * f->width);
	for (int t = 0; t < f->n_trees; t++)
	{
		const UsIsolationNode *tree = f->node + f->root[t];
		const double *length = f->length + f->root[t];
		int32		i = 0;

		while (tree[i].left != 0)
		{
			int32		next = tree[i].left + (goes_left(f, &tree[i], x) ? 0 : 1);

			c[tree[i].column] += length[i] - length[next];
			i = next;
		}
	}
	for (int j = 0; j < f->width; j++)
		c[j] /= f->n_trees;
}

double
us_isolation_mean_length(const UsIsolationForest *f)
{
	double		sum = 0;

	for (int t = 0; t < f->n_trees; t++)
		sum += f->length[f->root[t]];
	return sum / f->n_trees;
}

/* ---- stored form ---- */

void
us_isolation_write(const UsIsolationForest *f, UsWriter *w)
{
	us_write_u8(w, FORMAT);
	us_write_u32(w, f->width);
	us_write_u32(w, f->sample);
	us_write_u32(w, f->n_trees);
	us_write_u32(w, f->n_sets);
	for (int t = 0; t < f->n_trees; t++)
		us_write_u32(w, f->root[t + 1] - f->root[t]);
	for (int32 i = 0; i < f->root[f->n_trees]; i++)
	{
		const UsIsolationNode *node = &f->node[i];

		us_write_i32(w, node->left);
		if (node->left == 0)
		{
			us_write_u32(w, f->size[i]);
			continue;
		}
		us_write_u16(w, node->column);
		us_write_u8(w, node->flags);
		if (node->flags & US_ISOLATION_SET)
			us_write_u32(w, node->u.set);
		else
			us_write_f64(w, node->u.threshold);
	}
	for (int64 i = 0; i < f->n_sets; i++)
		for (int k = 0; k < US_ISOLATION_LEVELS / 64; k++)
		{
			us_write_u64(w, f->set[i].left[k]);
			us_write_u64(w, f->set[i].known[k]);
		}
}

/* Node i of a tree of n; next is the first node that no parent has claimed yet. */
static void
read_node(UsReader *r, const UsIsolationForest *f, UsIsolationNode *node, int32 *size, int32 i, int32 n,
		  int32 *next)
{
	node->left = us_read_i32(r);
	if (node->left == 0)
	{
		uint32		rows = us_read_u32(r);

		if (rows > f->sample)
			us_corrupt(r, "leaf of %u of %d rows", rows, f->sample);
		*size = rows;
		return;
	}
	if (node->left != *next || node->left > n - 2)
		us_corrupt(r, "node %d of %d has children at %d", i, n, node->left);
	*next += 2;
	node->column = us_read_u16(r);
	node->flags = us_read_u8(r);
	if (node->column >= f->width || node->flags > (US_ISOLATION_MISSING_LEFT | US_ISOLATION_SET))
		us_corrupt(r, "node %d splits column %d", i, node->column + 1);
	if (node->flags & US_ISOLATION_SET)
	{
		node->u.set = us_read_u32(r);
		if (node->u.set >= f->n_sets)
			us_corrupt(r, "node with set " INT64_FORMAT " of " INT64_FORMAT, node->u.set, f->n_sets);
		return;
	}
	node->u.threshold = us_read_f64(r);
	if (isnan(node->u.threshold))
		us_corrupt(r, "node %d without a threshold", i);
}

/* Sizes of the inner nodes of a tree, and its depth. */
static void
check_tree(UsReader *r, const UsIsolationForest *f, int t)
{
	const UsIsolationNode *node = f->node + f->root[t];
	int32	   *size = f->size + f->root[t];
	int			n = f->root[t + 1] - f->root[t];
	int64		total = 0;
	uint8	   *depth = palloc0(n);

	for (int i = 0; i < n; i++)
		if (node[i].left != 0)
		{
			if (depth[i] == MAX_DEPTH)
				us_corrupt(r, "tree of more than %d levels", MAX_DEPTH);
			depth[node[i].left] = depth[node[i].left + 1] = depth[i] + 1;
		}
		else
		{
			total += size[i];
			if (size[i] < 1 || total > f->sample)
				us_corrupt(r, "tree of " INT64_FORMAT " of %d rows", total, f->sample);
		}
	for (int i = n - 1; i >= 0; i--)
		if (node[i].left != 0)
			size[i] = size[node[i].left] + size[node[i].left + 1];
	pfree(depth);
}

UsIsolationForest *
us_isolation_read(UsReader *r, int width)
{
	UsIsolationForest *f = palloc0(sizeof(UsIsolationForest));
	uint64		total = 0;

	us_check_version("isolation forest", us_read_u8(r), FORMAT);
	f->width = us_read_u32(r);
	f->sample = us_read_count(r, 0, MAX_SAMPLE);
	f->n_trees = us_read_count(r, sizeof(uint32), MAX_TREES);
	f->n_sets = us_read_count(r, sizeof(UsIsolationSet), PG_INT32_MAX);
	if (f->width != width || f->sample < 1 || f->n_trees < 1)
		us_corrupt(r, "%d trees of %d rows and %d columns for %d columns", f->n_trees, f->sample, f->width, width);
	f->root = palloc0(sizeof(int32) * (f->n_trees + 1));
	for (int t = 0; t < f->n_trees; t++)
	{
		uint32		n = us_read_u32(r);

		/* a node has at least eight bytes */
		total += n;
		if (n < 1 || n > 2 * (uint32) f->sample || total > (uint64) (r->len - r->pos) / 8)
			us_corrupt(r, "tree of %u nodes", n);
		f->root[t + 1] = (int32) total;
	}
	f->node = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(UsIsolationNode) * total,
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	f->size = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(int32) * total,
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int t = 0; t < f->n_trees; t++)
	{
		int32		n = f->root[t + 1] - f->root[t];
		int32		next = 1;

		CHECK_FOR_INTERRUPTS();
		for (int32 i = 0; i < n; i++)
			read_node(r, f, f->node + f->root[t] + i, f->size + f->root[t] + i, i, n, &next);
		if (next != n)
			us_corrupt(r, "tree with %d of %d nodes", next, n);
		check_tree(r, f, t);
	}
	f->set = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsIsolationSet) * (Size) Max(f->n_sets, 1));
	for (int64 i = 0; i < f->n_sets; i++)
		for (int k = 0; k < US_ISOLATION_LEVELS / 64; k++)
		{
			f->set[i].left[k] = us_read_u64(r);
			f->set[i].known[k] = us_read_u64(r);
		}
	f->usual = us_isolation_usual(f->sample);
	fill_lengths(f);
	return f;
}
