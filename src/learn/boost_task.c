/*
 * boost_task.c
 *	  The passes of boosting over the rows of a team's area.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/boost_task.h"
#include "math/hash.h"

/* rows between two looks for interrupts */
#define STRETCH		16384

/* rows that are fetched before their turn */
#define AHEAD		24

/* columns whose sums are made at a time: their addresses are at hand */
#define GROUP		32

static Size
place(Size *at, Size bytes)
{
	Size		here = TYPEALIGN(64, *at);

	*at = here + bytes;
	return here;
}

Size
us_boost_layout(UsBoostArea *a)
{
	Size		n = (Size) a->n;
	Size		at = sizeof(UsBoostArea);

	a->bin_at = place(&at, n * a->width + 64);
	a->column_bin_at = a->by_column ? place(&at, n * a->width) : 0;
	a->gh_at = place(&at, n * 8);
	a->score_at = place(&at, n * sizeof(double) * a->objective.n_scores);
	a->y_at = place(&at, n * sizeof(float));
	a->weight_at = a->weighted ? place(&at, n * sizeof(float)) : 0;
	a->number_at = place(&at, n * sizeof(uint32));
	a->index_at = place(&at, n * sizeof(uint32));
	a->spare_at = place(&at, n * sizeof(uint32));
	a->column_at = place(&at, sizeof(UsTreeColumn) * (Size) a->width);
	a->place_at = place(&at, sizeof(int32) * (Size) a->width);
	a->chosen_at = place(&at, sizeof(uint16) * (Size) a->width);
	a->range_at = place(&at, sizeof(int64) * 2 * (Size) a->shards * a->max_nodes);
	a->node_at = place(&at, sizeof(UsTreeNode) * (Size) a->max_nodes);
	a->set_at = place(&at, sizeof(UsTreeSet) * (Size) a->max_nodes);
	a->largest_at = place(&at, sizeof(double) * 3 * a->shards);
	a->loss_at = place(&at, sizeof(UsExactSum) * 2 * a->shards);
	a->mass_at = place(&at, sizeof(UsExactSum) * 2 * a->shards);
	a->used_at = place(&at, a->members);
	a->hist_at = place(&at, sizeof(int64) * 2 * (Size) a->hist_size * US_BOOST_BATCH * a->members);
	a->packed_at = place(&at, sizeof(int64) * (Size) a->hist_size * US_BOOST_BATCH * a->members);
	return at;
}

int64 *
us_boost_hist(UsBoostArea *a, int member, int i)
{
	return US_BOOST_ARRAY(a, int64, hist_at) + 2 * (Size) a->hist_size * ((Size) member * US_BOOST_BATCH + i);
}

static inline int64
shard_begin(const UsBoostArea *a, int64 shard)
{
	return a->n * shard / a->shards;
}

static inline int64 *
range_of(UsBoostArea *a, int64 shard, int32 node)
{
	return US_BOOST_ARRAY(a, int64, range_at) + 2 * ((Size) shard * a->max_nodes + node);
}

static inline bool
is_valid(const UsBoostArea *a, uint32 number)
{
	return number < a->valid_limit;
}

/* Is a training row in the sample of the tree? */
static inline bool
is_sampled(const UsBoostArea *a, uint32 number)
{
	return a->sample_limit == PG_UINT32_MAX ||
		(uint32) us_hash64(a->tree_seed ^ number) < a->sample_limit;
}

/* ---- gradients ---- */

/* The value of the last tree for a row, by its bins. */
static double
walk(UsBoostArea *a, const uint8 *bin)
{
	const UsTreeNode *tree = US_BOOST_ARRAY(a, UsTreeNode, node_at);
	const UsTreeNode *node = tree;
	const UsTreeColumn *column = US_BOOST_ARRAY(a, UsTreeColumn, column_at);
	const UsTreeSet *set = US_BOOST_ARRAY(a, UsTreeSet, set_at);

	while (node->left != 0)
		node = tree + node->left + (us_node_left(node, set, bin[node->column], (uint8) column[node->column].nbins) ? 0 : 1);
	return node->u.value;
}

/* Add the last tree to the scores of a shard: rows of its leaves, and by walking those that it did not learn from. */
static void
add_tree(UsBoostArea *a, int64 shard)
{
	const UsTreeNode *node = US_BOOST_ARRAY(a, UsTreeNode, node_at);
	const uint32 *index = US_BOOST_ARRAY(a, uint32, index_at);
	const uint32 *number = US_BOOST_ARRAY(a, uint32, number_at);
	const uint8 *bin = US_BOOST_ARRAY(a, uint8, bin_at);
	double	   *score = US_BOOST_ARRAY(a, double, score_at) + a->tree_k;
	int			ns = a->objective.n_scores;

	for (int32 i = 0; i < a->tree_nodes; i++)
	{
		const int64 *range = range_of(a, shard, i);

		if (node[i].left != 0)
			continue;
		for (int64 r = range[0]; r < range[1]; r++)
			score[(Size) index[r] * ns] += node[i].u.value;
	}
	if (a->valid_limit == 0 && a->sample_limit == PG_UINT32_MAX)
		return;
	for (int64 r = shard_begin(a, shard); r < shard_begin(a, shard + 1); r++)
		if (is_valid(a, number[r]) || !is_sampled(a, number[r]))
			score[(Size) r * ns] += walk(a, bin + (Size) r * a->width);
}

/* Losses of a shard, training and validation. */
static void
sum_losses(UsBoostArea *a, int64 shard)
{
	const uint32 *number = US_BOOST_ARRAY(a, uint32, number_at);
	const float *y = US_BOOST_ARRAY(a, float, y_at);
	const float *weight = US_BOOST_ARRAY(a, float, weight_at);
	const double *score = US_BOOST_ARRAY(a, double, score_at);
	UsExactSum *loss = US_BOOST_ARRAY(a, UsExactSum, loss_at) + 2 * shard;
	UsExactSum *mass = US_BOOST_ARRAY(a, UsExactSum, mass_at) + 2 * shard;

	memset(loss, 0, 2 * sizeof(UsExactSum));
	memset(mass, 0, 2 * sizeof(UsExactSum));
	for (int64 r = shard_begin(a, shard); r < shard_begin(a, shard + 1); r++)
	{
		int			which = is_valid(a, number[r]);
		double		w = a->weighted ? weight[r] : 1;

		us_exact_add(&loss[which], w * us_objective_loss(&a->objective, y[r], score + (Size) r * a->objective.n_scores));
		us_exact_add(&mass[which], w);
	}
}

void
us_task_boost_gradient(UsTeamTask *task)
{
	UsBoostArea *a = (UsBoostArea *) task->area;
	const float *y = US_BOOST_ARRAY(a, float, y_at);
	const float *weight = a->weighted ? US_BOOST_ARRAY(a, float, weight_at) : NULL;
	const double *score = US_BOOST_ARRAY(a, double, score_at);
	float	   *gh = US_BOOST_ARRAY(a, float, gh_at);
	double	   *largest = US_BOOST_ARRAY(a, double, largest_at);
	int64		shard;

	while (us_team_next(task, &shard))
	{
		float		g = 0;
		float		h = 0;
		float		least = INFINITY;

		CHECK_FOR_INTERRUPTS();
		if (a->has_tree)
			add_tree(a, shard);
		if (a->valid_limit > 0 && a->k == 0)
			sum_losses(a, shard);
		for (int64 r = shard_begin(a, shard); r < shard_begin(a, shard + 1); r += STRETCH)
		{
			int			n = (int) Min(STRETCH, shard_begin(a, shard + 1) - r);

			CHECK_FOR_INTERRUPTS();
			us_objective_gradients(&a->objective, y + r, weight ? weight + r : NULL,
								   score + (Size) r * a->objective.n_scores, n, a->k, gh + 2 * r);
			for (int64 i = r; i < r + n; i++)
			{
				float		size = fabsf(gh[2 * i]);

				g = size > g ? size : g;
				h = gh[2 * i + 1] > h ? gh[2 * i + 1] : h;
				least = gh[2 * i + 1] < least ? gh[2 * i + 1] : least;
			}
		}
		largest[3 * shard] = g;
		largest[3 * shard + 1] = h;
		largest[3 * shard + 2] = least;
	}
}

/* ---- sums ---- */

/*
 * The sums that a member makes in a pass: gradients and hessians of up to US_BOOST_PACKED rows of a split are
 * added as one number, half the memory and the work, before they go to the sums of both.
 */
typedef struct Sums
{
	UsBoostArea *area;
	int			member;
	int			pending[US_BOOST_BATCH];	/* rows in the packed sums of each split */
} Sums;

static int64 *
packed_of(const Sums *s, int i)
{
	return US_BOOST_ARRAY(s->area, int64, packed_at) +
		(Size) s->area->hist_size * ((Size) s->member * US_BOOST_BATCH + i);
}

/* The sums of this member for the pass, zeroed when it begins. */
static void
begin_sums(Sums *s, UsBoostArea *a, const UsTeamTask *task)
{
	Size		n = (Size) a->hist_size * Max(a->n_split, 1);

	s->area = a;
	s->member = task->member;
	memset(s->pending, 0, sizeof(s->pending));
	US_BOOST_ARRAY(a, bool, used_at)[task->member] = true;
	memset(us_boost_hist(a, task->member, 0), 0, sizeof(int64) * 2 * n);
	memset(packed_of(s, 0), 0, sizeof(int64) * n);
}

/* Packed sums to those of both. */
static void
flush_sums(Sums *s, int i)
{
	const UsBoostArea *a = s->area;
	int64	   *packed = packed_of(s, i);
	int64	   *hist = us_boost_hist(s->area, s->member, i);
	int			shift = a->shift;
	int64		mask = (INT64CONST(1) << shift) - 1;

	for (int64 k = 0; k < a->hist_size; k++)
	{
		hist[2 * k] += packed[k] >> shift;
		hist[2 * k + 1] += packed[k] & mask;
		packed[k] = 0;
	}
	s->pending[i] = 0;
}

static void
end_sums(Sums *s)
{
	for (int i = 0; i < Max(s->area->n_split, 1); i++)
		if (s->pending[i] > 0)
			flush_sums(s, i);
}

/* Add rows index[n] to packed sums of the columns of the tree. */
static void
add_rows(UsBoostArea *a, const uint32 *index, int64 n, int64 *packed)
{
	const int64 *gh = US_BOOST_ARRAY(a, int64, gh_at);
	const uint8 *bins = US_BOOST_ARRAY(a, uint8, bin_at);
	const uint16 *chosen = US_BOOST_ARRAY(a, uint16, chosen_at);
	const int32 *first = US_BOOST_ARRAY(a, int32, place_at);
	int64	   *column[GROUP];
	int			width = a->width;

	for (int c = 0; c < a->n_columns; c += GROUP)
	{
		int			m = Min(GROUP, a->n_columns - c);
		bool		dense = chosen[c + m - 1] - chosen[c] == m - 1;

		for (int j = 0; j < m; j++)
			column[j] = packed + first[chosen[c + j]];
		for (int64 i = 0; i < n; i++)
		{
			uint32		row = index[i];
			const uint8 *bin = bins + (Size) row * width;
			int64		s = gh[row];

			if (i + AHEAD < n)
			{
				const uint8 *next = bins + (Size) index[i + AHEAD] * width;

				/* a row may lie on two lines of the cache */
				__builtin_prefetch(next + chosen[c]);
				__builtin_prefetch(next + chosen[c + m - 1]);
				__builtin_prefetch(gh + index[i + AHEAD]);
			}
			if (dense)
			{
				const uint8 *b = bin + chosen[c];
				int			j = 0;

				for (; j + 4 <= m; j += 4)
				{
					column[j][b[j]] += s;
					column[j + 1][b[j + 1]] += s;
					column[j + 2][b[j + 2]] += s;
					column[j + 3][b[j + 3]] += s;
				}
				for (; j < m; j++)
					column[j][b[j]] += s;
			}
			else
				for (int j = 0; j < m; j++)
					column[j][bin[chosen[c + j]]] += s;
		}
	}
}

/* Add a range of rows to the sums of split i. */
static void
add_range(Sums *s, const int64 *range, int i)
{
	const uint32 *index = US_BOOST_ARRAY(s->area, uint32, index_at);
	int64		n;

	for (int64 r = range[0]; r < range[1]; r += n)
	{
		CHECK_FOR_INTERRUPTS();
		if (s->pending[i] == US_BOOST_PACKED)
			flush_sums(s, i);
		n = Min(US_BOOST_PACKED - s->pending[i], range[1] - r);
		add_rows(s->area, index + r, n, packed_of(s, i));
		s->pending[i] += (int) n;
	}
}

void
us_task_boost_root(UsTeamTask *task)
{
	UsBoostArea *a = (UsBoostArea *) task->area;
	const uint32 *number = US_BOOST_ARRAY(a, uint32, number_at);
	uint32	   *index = US_BOOST_ARRAY(a, uint32, index_at);
	int64	   *packed = US_BOOST_ARRAY(a, int64, gh_at);
	double		most = (double) ((INT64CONST(1) << a->bits_h) - 1);
	int64		shard;
	Sums		sums;

	begin_sums(&sums, a, task);
	while (us_team_next(task, &shard))
	{
		int64	   *range = range_of(a, shard, 0);

		CHECK_FOR_INTERRUPTS();
		range[0] = range[1] = shard_begin(a, shard);
		for (int64 r = range[0]; r < shard_begin(a, shard + 1); r++)
		{
			float		pair[2];
			double		u;
			double		h;

			if (is_valid(a, number[r]) || !is_sampled(a, number[r]))
				continue;
			memcpy(pair, &packed[r], sizeof(pair));
			/* weights make most rows small against the largest: rounded by chance they keep their sum */
			u = a->weighted ? (us_hash64(a->tree_seed + number[r]) >> 11) * 0x1p-53 : 0.5;
			h = floor(pair[1] * a->per_unit_h + u);
			h = h < 1 ? 1 : h > most ? most : h;
			packed[r] = ((int64) floor(pair[0] * a->per_unit_g + u) << a->shift) + (int64) h;
			index[range[1]++] = (uint32) r;
		}
		add_range(&sums, range, 0);
	}
	end_sums(&sums);
}

/* ---- splits ---- */

/* Rows of a node in a shard to its children, in their order. */
static void
part_rows(UsBoostArea *a, int64 shard, const UsBoostSplit *s)
{
	const UsTreeColumn *column = US_BOOST_ARRAY(a, UsTreeColumn, column_at) + s->column;
	const uint8 *bin = a->column_bin_at ? US_BOOST_ARRAY(a, uint8, column_bin_at) + (Size) s->column * a->n :
		US_BOOST_ARRAY(a, uint8, bin_at) + s->column;
	Size		step = a->column_bin_at ? 1 : a->width;
	uint32	   *index = US_BOOST_ARRAY(a, uint32, index_at);
	uint32	   *spare = US_BOOST_ARRAY(a, uint32, spare_at);
	const int64 *range = range_of(a, shard, s->node);
	int64	   *left = range_of(a, shard, s->left);
	int64	   *right = range_of(a, shard, s->left + 1);
	uint8		goes[US_TREE_BINS + 1];
	int64		l = range[0];
	int64		r = range[0];

	for (int b = 0; b <= US_TREE_BINS; b++)
		goes[b] = (s->flags & US_NODE_SET) ? (s->set.bit[b >> 6] >> (b & 63)) & 1 : b <= s->bin;
	goes[column->nbins] = (s->flags & US_NODE_MISSING_LEFT) != 0;
	for (int64 i = range[0]; i < range[1]; i++)
	{
		uint32		row = index[i];
		uint8		g = goes[bin[row * step]];

		if (i + AHEAD < range[1])
			__builtin_prefetch(bin + index[i + AHEAD] * step);
		index[l] = row;
		spare[r] = row;
		l += g;
		r += 1 - g;
	}
	memcpy(index + l, spare + range[0], sizeof(uint32) * (r - range[0]));
	left[0] = range[0];
	left[1] = right[0] = l;
	right[1] = range[1];
}

void
us_task_boost_expand(UsTeamTask *task)
{
	UsBoostArea *a = (UsBoostArea *) task->area;
	int64		shard;
	Sums		sums;

	begin_sums(&sums, a, task);
	while (us_team_next(task, &shard))
		for (int i = 0; i < a->n_split; i++)
		{
			const UsBoostSplit *s = &a->split[i];

			CHECK_FOR_INTERRUPTS();
			part_rows(a, shard, s);
			add_range(&sums, range_of(a, shard, s->left + (s->build_left ? 0 : 1)), i);
		}
	end_sums(&sums);
}
