/*
 * linkage.c
 *	  Agglomerative hierarchical clustering: which engine, the chain of nearest
 *	  neighbours, and the numbers of clusters.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "stat/linkage_work.h"

static const char *const linkage_names[US_LINKAGE_COUNT] = {
	"ward", "complete", "average", "single", "weighted", "centroid", "median"
};

bool
us_linkage_find(const char *name, UsLinkage *linkage)
{
	for (int i = 0; i < US_LINKAGE_COUNT; i++)
	{
		if (strcmp(name, linkage_names[i]) == 0)
		{
			*linkage = (UsLinkage) i;
			return true;
		}
	}
	return false;
}

const char *
us_linkage_name(UsLinkage linkage)
{
	return linkage_names[linkage];
}

bool
us_linkage_is_geometric(UsLinkage linkage)
{
	return linkage == US_LINKAGE_WARD || linkage == US_LINKAGE_CENTROID || linkage == US_LINKAGE_MEDIAN;
}

bool
us_linkage_is_monotone(UsLinkage linkage)
{
	return linkage != US_LINKAGE_CENTROID && linkage != US_LINKAGE_MEDIAN;
}

bool
us_linkage_can(UsLinkage linkage, UsLinkageStorage storage)
{
	switch (linkage)
	{
		case US_LINKAGE_WARD:
			return true;
		case US_LINKAGE_COMPLETE:
		case US_LINKAGE_AVERAGE:
		case US_LINKAGE_WEIGHTED:
			return storage != US_LINKAGE_NO_MATRIX;
		default:
			return storage == US_LINKAGE_NO_MATRIX;
	}
}

/* ---- points as blocks ---- */

void
us_linkage_blocks(const double *point, int n, int width, double *x)
{
	for (int i = 0; i < us_half_blocks(n) * US_HALF_LANES; i++)
	{
		double	   *to = us_block_of(x, width, i);

		for (int j = 0; j < width; j++)
			to[j * US_HALF_LANES] = i < n ? point[(Size) i * width + j] : INFINITY;
	}
}

/* ---- the chain ---- */

Size
us_chain_bytes(int n)
{
	return US_PLACE(4 * sizeof(int32) * n);
}

char *
us_chain_place(UsChain *chain, int n, char *memory)
{
	chain->n = n;
	chain->chain = (int32 *) memory;
	chain->where = chain->chain + n;
	chain->place = chain->where + n;
	chain->point = chain->place + n;
	return memory + us_chain_bytes(n);
}

/* Places have new numbers. */
static void
renumber(UsChain *c, int length, int taken)
{
	for (int i = 0; i < length; i++)
		c->chain[i] = c->place[c->chain[i]];
	/* places only move down, so this can be done in place */
	for (int i = 0; i < taken; i++)
	{
		int			to = c->place[i];

		if (to >= 0)
			c->point[to] = c->point[i];
	}
	memset(c->where, 0, sizeof(int32) * c->n);
	for (int i = 0; i < length; i++)
		c->where[c->chain[i]] = i + 1;
}

/*
 * where[] holds for each place its position in the chain + 1, or 0.  Distances along the chain
 * fall, so the nearest of its last link cannot be an earlier one but the last but one;
 * rounding may pretend so, and then the chain is cut back to that link.
 */
void
us_chain_run(UsChain *c, UsMerge *merge)
{
	int			length = 0;
	int			taken = c->n;	/* places that have a number */

	memset(c->where, 0, sizeof(int32) * c->n);
	for (int i = 0; i < c->n; i++)
		c->point[i] = i;
	for (int k = 0; k < c->n - 1; k++)
	{
		double		distance;
		int			x;
		int			y;

		for (;;)
		{
			CHECK_FOR_INTERRUPTS();
			if (length == 0)
			{
				c->chain[length++] = c->first(c->context);
				c->where[c->chain[0]] = 1;
			}
			x = c->chain[length - 1];
			y = c->nearest(c->context, x, length > 1 ? c->chain[length - 2] : -1, &distance);
			if (length > 1 && y == c->chain[length - 2])
				break;
			if (c->where[y] > 0)
			{
				while (length > c->where[y])
					c->where[c->chain[--length]] = 0;
				continue;
			}
			c->chain[length++] = y;
			c->where[y] = length;
		}
		length -= 2;
		c->where[x] = c->where[y] = 0;
		merge[k].a = c->point[Min(x, y)];
		merge[k].b = c->point[Max(x, y)];
		merge[k].height = distance;
		c->merge(c->context, Min(x, y), Max(x, y), distance);
		if (c->compact != NULL && c->compact(c->context, c->place))
		{
			renumber(c, length, taken);
			taken = c->n - 1 - k;
		}
	}
}

/* ---- numbers of clusters ---- */

typedef struct Rank
{
	double		height;
	int32		at;
} Rank;

static inline int
compare_ranks(const Rank *a, const Rank *b)
{
	if (a->height != b->height)
		return a->height < b->height ? -1 : 1;
	return a->at < b->at ? -1 : (a->at > b->at ? 1 : 0);
}

#define ST_SORT sort_ranks
#define ST_ELEMENT_TYPE Rank
#define ST_COMPARE(a, b) compare_ranks(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

Size
us_finish_bytes(int n)
{
	return US_PLACE(n * (sizeof(Rank) + sizeof(UsMerge))) + US_PLACE(2 * sizeof(int32) * n);
}

static void
sort_merges(UsMerge *merge, int n, char *memory)
{
	Rank	   *rank = (Rank *) memory;
	UsMerge    *copy = (UsMerge *) (rank + n);

	for (int i = 0; i < n; i++)
	{
		rank[i].height = merge[i].height;
		rank[i].at = i;
	}
	sort_ranks(rank, n);
	memcpy(copy, merge, sizeof(UsMerge) * n);
	for (int i = 0; i < n; i++)
		merge[i] = copy[rank[i].at];
}

/* The set that a point is in now, by the smallest... by its root; paths are halved. */
static int
find_root(int32 *parent, int i)
{
	while (parent[i] != i)
	{
		parent[i] = parent[parent[i]];
		i = parent[i];
	}
	return i;
}

void
us_linkage_finish(UsMerge *merge, int n, const double *weight, bool sort, void *memory)
{
	int32	   *parent = (int32 *) ((char *) memory + US_PLACE(n * (sizeof(Rank) + sizeof(UsMerge))));
	int32	   *cluster = parent + n;	/* number of the cluster of a root */

	if (sort)
		sort_merges(merge, n - 1, (char *) memory);
	for (int i = 0; i < n; i++)
		parent[i] = cluster[i] = i;
	for (int k = 0; k < n - 1; k++)
	{
		int			a = find_root(parent, merge[k].a);
		int			b = find_root(parent, merge[k].b);
		int			first = Min(cluster[a], cluster[b]);
		int			second = Max(cluster[a], cluster[b]);

		merge[k].a = first;
		merge[k].b = second;
		merge[k].size = (first < n ? (weight ? weight[first] : 1.0) : merge[first - n].size) +
			(second < n ? (weight ? weight[second] : 1.0) : merge[second - n].size);
		parent[a] = b;
		cluster[b] = n + k;
	}
}

/* ---- all together ---- */

static Size
engine_bytes(UsLinkage linkage, UsLinkageStorage storage, int n, int width)
{
	if (storage != US_LINKAGE_NO_MATRIX)
		return us_linkage_matrix_bytes(storage, n, width);
	switch (linkage)
	{
		case US_LINKAGE_WARD:
			return us_linkage_ward_bytes(n, width);
		case US_LINKAGE_SINGLE:
			return us_linkage_single_bytes(n, width);
		default:
			return us_linkage_geometric_bytes(n, width);
	}
}

Size
us_linkage_bytes(UsLinkage linkage, UsLinkageStorage storage, int n, int width)
{
	return Max(engine_bytes(linkage, storage, n, width), us_finish_bytes(n));
}

void
us_linkage(const UsLinkageInput *input, void *memory, UsMerge *merge)
{
	Assert(us_linkage_can(input->linkage, input->storage));
	Assert(input->metric == US_METRIC_EUCLIDEAN || !us_linkage_is_geometric(input->linkage));
	if (input->n < 2)
		return;
	if (input->storage != US_LINKAGE_NO_MATRIX)
		us_linkage_matrix(input, (char *) memory, merge);
	else if (input->linkage == US_LINKAGE_WARD)
		us_linkage_ward(input, (char *) memory, merge);
	else if (input->linkage == US_LINKAGE_SINGLE)
		us_linkage_single(input, (char *) memory, merge);
	else
		us_linkage_geometric(input, (char *) memory, merge);
	us_linkage_finish(merge, input->n, input->weight, us_linkage_is_monotone(input->linkage), memory);
}
