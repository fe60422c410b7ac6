/*
 * boost_grow.c
 *	  Growing the trees of a boosting, one after the other.
 *
 * The leader keeps the sums of the nodes that may still be split: those of one child are
 * made from its rows, those of the other are the difference to their parent.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "infra/progress.h"
#include "learn/boost_grow.h"
#include "math/hash.h"
#include "math/random.h"

#define NUMBER_SALT		UINT64CONST(0x626f6f7374)
#define SHARD_ROWS		8192
#define MAX_SHARDS		32

/* gradients and hessians become integers of at most so many bits */
#define GRADIENT_BITS	30
#define HESSIAN_BITS	17

#define SECONDS_A_STEP		1e-9
#define SECONDS_A_WORKER	0.15

/* A node of the tree that grows. */
typedef struct Node
{
	int64	   *hist;			/* its sums while it may be split; NULL otherwise */
	int64		total[2];
	int			depth;
	double		low;			/* bounds of its value */
	double		high;
	UsSplit		split;
	bool		open;			/* waits for its split */
} Node;

typedef struct Boost
{
	const UsBoostPlan *plan;
	UsBoostArea *area;
	UsTeam	   *team;
	UsSplitRule rule;
	Node	   *node;			/* [max_nodes] */
	UsTreeNode *tree;			/* the same, in the area */
	UsTreeSet  *set;
	int32		n_nodes;
	int			n_sets;
	int			leaves;
	int64	  **spare;			/* sums that are free */
	int			n_spare;
	UsForest   *forest;
	Size		node_room;
	Size		set_room;
} Boost;

/* ---- sums of nodes ---- */

static void
total_of(const Boost *b, const int64 *hist, int64 *total)
{
	const uint16 *chosen = US_BOOST_ARRAY(b->area, uint16, chosen_at);
	const int32 *first = US_BOOST_ARRAY(b->area, int32, place_at);
	const int64 *h = hist + 2 * (Size) first[chosen[0]];

	total[0] = total[1] = 0;
	for (int i = 0; i <= b->plan->column[chosen[0]].nbins; i++)
	{
		total[0] += h[2 * i];
		total[1] += h[2 * i + 1];
	}
}

/* The sums that all members made for split i, into hist. */
static void
collect(Boost *b, int i, int64 *hist)
{
	UsBoostArea *a = b->area;
	Size		n = 2 * (Size) a->hist_size;
	bool		first = true;

	for (int m = 0; m < a->members; m++)
	{
		const int64 *from = us_boost_hist(a, m, i);

		if (!US_BOOST_ARRAY(a, bool, used_at)[m])
			continue;
		if (first)
			memcpy(hist, from, n * sizeof(int64));
		else
			for (Size j = 0; j < n; j++)
				hist[j] += from[j];
		first = false;
	}
}

static void
run_pass(Boost *b, const char *name, UsTaskFunction function)
{
	memset(US_BOOST_ARRAY(b->area, bool, used_at), 0, b->area->members);
	us_team_run(b->team, name, function, b->area->shards);
}

/* ---- nodes ---- */

static void
find_split(Boost *b, int32 i)
{
	Node	   *n = &b->node[i];
	const uint16 *chosen = US_BOOST_ARRAY(b->area, uint16, chosen_at);
	const int32 *first = US_BOOST_ARRAY(b->area, int32, place_at);
	UsSplitNode node = {
		.total = n->total,
		.score = us_split_score(&b->rule, n->total, b->rule.lambda),
		.low = n->low,
		.high = n->high
	};

	CHECK_FOR_INTERRUPTS();
	memset(&n->split, 0, sizeof(UsSplit));
	if (n->depth < b->plan->max_depth)
		for (int c = 0; c < b->area->n_columns; c++)
			us_split_column(&b->rule, &b->plan->column[chosen[c]], chosen[c], &node,
							n->hist + 2 * (Size) first[chosen[c]], NULL, &n->split);
	n->open = n->split.gain > 0;
	if (!n->open)
	{
		b->spare[b->n_spare++] = n->hist;
		n->hist = NULL;
	}
}

/* Levels without rows in the node go where missing values go. */
static void
complete_set(Boost *b, const Node *n, UsSplit *split)
{
	const int32 *first = US_BOOST_ARRAY(b->area, int32, place_at);
	const int64 *h = n->hist + 2 * (Size) first[split->column];

	if ((split->flags & US_NODE_MISSING_LEFT) == 0)
		return;
	for (int i = 0; i < b->plan->column[split->column].nbins; i++)
		if (h[2 * i + 1] == 0)
			split->set.bit[i >> 6] |= UINT64CONST(1) << (i & 63);
}

/* Prepare the split of node i as number j of the pass: the children exist from now on. */
static void
plan_split(Boost *b, int32 i, int j)
{
	Node	   *n = &b->node[i];
	UsBoostSplit *s = &b->area->split[j];
	UsTreeNode *t = &b->tree[i];
	int			monotone = b->rule.monotone ? b->rule.monotone[n->split.column] : 0;
	double		middle = (n->split.left_value + n->split.right_value) / 2;
	int32		left = b->n_nodes;

	if (n->split.flags & US_NODE_SET)
		complete_set(b, n, &n->split);
	b->n_nodes += 2;
	b->leaves++;
	memset(&b->node[left], 0, 2 * sizeof(Node));
	memset(&b->tree[left], 0, 2 * sizeof(UsTreeNode));
	for (int k = 0; k < 2; k++)
	{
		b->node[left + k].depth = n->depth + 1;
		b->node[left + k].low = n->low;
		b->node[left + k].high = n->high;
	}
	if (monotone != 0)
	{
		*(monotone > 0 ? &b->node[left].high : &b->node[left].low) = middle;
		*(monotone > 0 ? &b->node[left + 1].low : &b->node[left + 1].high) = middle;
	}
	t->left = left;
	t->column = (uint16) n->split.column;
	t->bin = n->split.bin;
	t->flags = n->split.flags;
	t->gain = (float) Min(n->split.gain, FLT_MAX);
	if (t->flags & US_NODE_SET)
	{
		b->set[b->n_sets] = n->split.set;
		t->u.place = b->n_sets++;
	}
	s->node = i;
	s->left = left;
	s->column = t->column;
	s->bin = t->bin;
	s->flags = t->flags;
	s->set = n->split.set;
	n->open = false;
}

/* Sums of the left side of a split of node i, from its own. */
static void
left_total(const Boost *b, const Node *n, int64 *left)
{
	const UsSplit *s = &n->split;
	const UsTreeColumn *column = &b->plan->column[s->column];
	const int64 *h = n->hist + 2 * (Size) US_BOOST_ARRAY(b->area, int32, place_at)[s->column];

	left[0] = left[1] = 0;
	for (int i = 0; i <= column->nbins; i++)
	{
		bool		goes = i == column->nbins ? (s->flags & US_NODE_MISSING_LEFT) != 0 :
			(s->flags & US_NODE_SET) ? (s->set.bit[i >> 6] >> (i & 63)) & 1 : i <= s->bin;

		if (!goes)
			continue;
		left[0] += h[2 * i];
		left[1] += h[2 * i + 1];
	}
}

/* Split n_split nodes in one pass. */
static void
expand(Boost *b, const int32 *which, int n_split)
{
	UsBoostArea *a = b->area;
	Size		size = 2 * (Size) a->hist_size;

	a->n_split = n_split;
	for (int j = 0; j < n_split; j++)
	{
		int64		left[2];
		Node	   *n = &b->node[which[j]];

		plan_split(b, which[j], j);
		left_total(b, n, left);
		a->split[j].build_left = 2 * left[1] <= n->total[1];
	}
	run_pass(b, "us_task_boost_expand", us_task_boost_expand);
	for (int j = 0; j < n_split; j++)
	{
		const UsBoostSplit *s = &a->split[j];
		Node	   *n = &b->node[which[j]];
		Node	   *made = &b->node[s->left + (s->build_left ? 0 : 1)];
		Node	   *rest = &b->node[s->left + (s->build_left ? 1 : 0)];

		made->hist = b->spare[--b->n_spare];
		collect(b, j, made->hist);
		rest->hist = n->hist;
		n->hist = NULL;
		for (Size k = 0; k < size; k++)
			rest->hist[k] -= made->hist[k];
		for (int k = 0; k < 2; k++)
		{
			total_of(b, b->node[s->left + k].hist, b->node[s->left + k].total);
			find_split(b, s->left + k);
		}
	}
}

/* The nodes that are split next: all that are open, or the one of the largest gain; their number. */
static int
choose_nodes(const Boost *b, int32 *which)
{
	int			n = 0;
	int			room = Min(US_BOOST_BATCH, b->plan->max_leaves - b->leaves);

	for (int32 i = 0; i < b->n_nodes && n < room; i++)
	{
		if (!b->node[i].open)
			continue;
		if (!b->plan->leaf_wise)
			which[n++] = i;
		else if (n == 0 || b->node[i].split.gain > b->node[which[0]].split.gain)
		{
			which[0] = i;
			n = 1;
			room = US_BOOST_BATCH;
		}
	}
	return n;
}

/* ---- values of leaves ---- */

/* Residuals of a leaf's rows, and the weighted quantile of them. */
static double
leaf_quantile(Boost *b, int32 leaf, double probability)
{
	UsBoostArea *a = b->area;
	const uint32 *index = US_BOOST_ARRAY(a, uint32, index_at);
	const double *score = US_BOOST_ARRAY(a, double, score_at);
	const float *y = US_BOOST_ARRAY(a, float, y_at);
	const float *weight = US_BOOST_ARRAY(a, float, weight_at);
	const int64 *range = US_BOOST_ARRAY(a, int64, range_at);
	int64		n = 0;
	double	   *x;
	double	   *w;
	double		result;

	for (int s = 0; s < a->shards; s++)
	{
		const int64 *r = range + 2 * ((Size) s * a->max_nodes + leaf);

		n += r[1] - r[0];
	}
	x = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max(n, 1));
	w = a->weighted ? MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max(n, 1)) : NULL;
	n = 0;
	for (int s = 0; s < a->shards; s++)
	{
		const int64 *r = range + 2 * ((Size) s * a->max_nodes + leaf);

		CHECK_FOR_INTERRUPTS();
		for (int64 i = r[0]; i < r[1]; i++, n++)
		{
			x[n] = y[index[i]] - score[index[i]];
			if (w)
				w[n] = weight[index[i]];
		}
	}
	result = n > 0 ? us_objective_quantile_of(x, w, n, probability) : 0;
	pfree(x);
	if (w)
		pfree(w);
	return result;
}

static void
set_values(Boost *b)
{
	double		probability;
	bool		quantile = us_objective_quantile(&b->plan->objective, &probability);

	for (int32 i = 0; i < b->n_nodes; i++)
	{
		Node	   *n = &b->node[i];
		double		value;

		b->tree[i].cover = (float) us_split_weight(&b->rule, n->total);
		if (b->tree[i].left != 0)
			continue;
		value = quantile ? leaf_quantile(b, i, probability) : us_split_value(&b->rule, n->total);
		b->tree[i].u.value = b->plan->learning_rate * fmin(fmax(value, n->low), n->high);
	}
}

/* ---- one tree ---- */

/* Columns of the tree, ascending. */
static void
choose_columns(Boost *b, uint64 seed)
{
	UsBoostArea *a = b->area;
	uint16	   *chosen = US_BOOST_ARRAY(a, uint16, chosen_at);
	UsRandom	random;
	int			taken = 0;

	a->n_columns = b->plan->n_columns;
	us_random_init(&random, seed, 1);
	for (int c = 0; c < a->width; c++)	/* Knuth, TAOCP 2, 3.4.2, algorithm S */
		if (us_random_below(&random, a->width - c) < (uint32) (a->n_columns - taken))
			chosen[taken++] = (uint16) c;
}

/* Units of gradients and hessians, from their largest: equal hessians need one bit. */
static void
set_units(Boost *b)
{
	UsBoostArea *a = b->area;
	const double *largest = US_BOOST_ARRAY(a, double, largest_at);
	double		g = 0;
	double		h = 0;
	double		least = INFINITY;
	int			bits_g;

	for (int s = 0; s < a->shards; s++)
	{
		g = fmax(g, largest[3 * s]);
		h = fmax(h, largest[3 * s + 1]);
		least = fmin(least, largest[3 * s + 2]);
	}
	a->bits_h = least == h ? 1 : HESSIAN_BITS;
	bits_g = Min(US_BOOST_BITS - a->bits_h, GRADIENT_BITS);
	a->shift = a->bits_h + pg_leftmost_one_pos32(US_BOOST_PACKED);
	b->rule.unit_g = g > 0 ? g / (double) ((INT64CONST(1) << bits_g) - 1) : 1;
	b->rule.unit_h = h > 0 ? h / (double) ((INT64CONST(1) << a->bits_h) - 1) : 1;
	a->per_unit_g = 1 / b->rule.unit_g;
	a->per_unit_h = 1 / b->rule.unit_h;
}

/* Append the tree to the forest, children in the order of their parents. */
static void
keep_tree(Boost *b)
{
	UsForest   *f = b->forest;
	int32		first = f->root[f->n_trees];
	UsTreeNode *out;
	int32		n = 1;

	if ((Size) first + b->n_nodes > b->node_room)
	{
		b->node_room = Max(b->node_room * 2, (Size) first + b->n_nodes);
		f->node = f->node ? repalloc_huge(f->node, sizeof(UsTreeNode) * b->node_room) :
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeNode) * b->node_room);
	}
	if ((Size) f->n_sets + b->n_sets > b->set_room)
	{
		b->set_room = Max(b->set_room * 2, (Size) f->n_sets + b->n_sets);
		f->set = f->set ? repalloc_huge(f->set, sizeof(UsTreeSet) * b->set_room) :
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsTreeSet) * b->set_room);
	}
	out = f->node + first;
	out[0] = b->tree[0];
	for (int32 i = 0; i < n; i++)
	{
		int32		left = out[i].left;

		if (left == 0)
			continue;
		if (out[i].flags & US_NODE_SET)
			out[i].u.place += f->n_sets;
		out[n] = b->tree[left];
		out[n + 1] = b->tree[left + 1];
		out[i].left = n;
		n += 2;
	}
	if (b->n_sets > 0)
		memcpy(f->set + f->n_sets, b->set, sizeof(UsTreeSet) * (Size) b->n_sets);
	f->n_sets += b->n_sets;
	f->root[++f->n_trees] = first + n;
}

static void
grow_tree(Boost *b, uint64 seed)
{
	UsBoostArea *a = b->area;
	int32		which[US_BOOST_BATCH];
	int			n;

	choose_columns(b, seed);
	set_units(b);
	a->tree_seed = seed;
	a->n_split = 1;
	b->n_nodes = 1;
	b->n_sets = 0;
	b->leaves = 1;
	memset(b->node, 0, sizeof(Node));
	memset(b->tree, 0, sizeof(UsTreeNode));
	b->node[0].low = -INFINITY;
	b->node[0].high = INFINITY;
	run_pass(b, "us_task_boost_root", us_task_boost_root);
	b->node[0].hist = b->spare[--b->n_spare];
	collect(b, 0, b->node[0].hist);
	total_of(b, b->node[0].hist, b->node[0].total);
	find_split(b, 0);
	while (b->leaves < b->plan->max_leaves && (n = choose_nodes(b, which)) > 0)
		expand(b, which, n);
	for (int32 i = 0; i < b->n_nodes; i++)
		if (b->node[i].hist)
		{
			b->spare[b->n_spare++] = b->node[i].hist;
			b->node[i].hist = NULL;
		}
	set_values(b);
	keep_tree(b);
	a->has_tree = true;
	a->tree_nodes = b->n_nodes;
}

/* ---- the boosting ---- */

static double
mean_loss(const UsBoostArea *a, int which)
{
	UsExactSum	loss = {0};
	UsExactSum	mass = {0};

	for (int s = 0; s < a->shards; s++)
	{
		us_exact_merge(&loss, &US_BOOST_ARRAY(a, UsExactSum, loss_at)[2 * s + which]);
		us_exact_merge(&mass, &US_BOOST_ARRAY(a, UsExactSum, mass_at)[2 * s + which]);
	}
	return us_exact_round(&loss) / us_exact_round(&mass);
}

/* All rounds; where the loss on the validation rows was least. */
static void
run_rounds(Boost *b, UsBoostResult *result)
{
	const UsBoostPlan *plan = b->plan;
	UsBoostArea *a = b->area;
	int			ns = plan->objective.n_scores;
	double		best = INFINITY;
	int			best_round = 0;

	for (int round = 0; round <= plan->n_rounds; round++)
	{
		us_progress("boost", round, plan->n_rounds);
		for (int k = 0; k < ns; k++)
		{
			a->k = k;
			us_team_run(b->team, "us_task_boost_gradient", us_task_boost_gradient, a->shards);
			a->has_tree = false;
			if (k == 0 && a->valid_limit > 0)
			{
				double		loss = mean_loss(a, 1);

				us_progress_note("round %d: loss %.6g, on validation rows %.6g", round, mean_loss(a, 0), loss);
				if (loss < best)
				{
					best = loss;
					best_round = round;
					result->train_loss = mean_loss(a, 0);
				}
			}
			if (round == plan->n_rounds)
				break;
			a->tree_k = k;
			grow_tree(b, us_mix64(plan->seed, (uint64) round * ns + k));
		}
		if (a->valid_limit > 0 && plan->patience > 0 && round - best_round >= plan->patience)
		{
			result->stopped = true;
			break;
		}
	}
	result->rounds = a->valid_limit > 0 ? best_round : plan->n_rounds;
	result->valid_loss = a->valid_limit > 0 ? best : NAN;
	b->forest->n_trees = result->rounds * ns;
}

static int
choose_workers(const UsBoostPlan *plan, int64 n)
{
	double		seconds = (double) n * plan->n_columns * plan->n_rounds * plan->objective.n_scores *
		(1 + 0.5 * plan->max_depth) * SECONDS_A_STEP;

	if (plan->workers >= 0)
		return plan->workers;
	return (int) Min(seconds / SECONDS_A_WORKER, (double) us_team_workers_allowed());
}

/* Fill what does not change. */
static void
fill_area(Boost *b, const UsFitInput *input, const float *y, const float *weight, const uint64 *key,
		  const double *base)
{
	UsBoostArea *a = b->area;
	uint32	   *number = US_BOOST_ARRAY(a, uint32, number_at);
	double	   *score = US_BOOST_ARRAY(a, double, score_at);
	int32	   *first = US_BOOST_ARRAY(a, int32, place_at);
	UsTreeRows	rows = {.n = a->n, .width = a->width, .row_bin = US_BOOST_ARRAY(a, uint8, bin_at)};
	int32		at = 0;

	memcpy(US_BOOST_ARRAY(a, float, y_at), y, sizeof(float) * (Size) a->n);
	if (weight)
		memcpy(US_BOOST_ARRAY(a, float, weight_at), weight, sizeof(float) * (Size) a->n);
	memcpy(US_BOOST_ARRAY(a, UsTreeColumn, column_at), b->plan->column, sizeof(UsTreeColumn) * (Size) a->width);
	for (int c = 0; c < a->width; c++)
	{
		first[c] = at;
		at += b->plan->column[c].nbins + 1;
	}
	for (int64 i = 0; i < a->n; i++)
	{
		number[i] = (uint32) us_mix64(b->plan->seed ^ NUMBER_SALT, key[i]);
		for (int k = 0; k < a->objective.n_scores; k++)
			score[i * a->objective.n_scores + k] = base[k];
	}
	if (a->column_bin_at)
		rows.bin = US_BOOST_ARRAY(a, uint8, column_bin_at);
	us_tree_bin_rows(input, b->plan->column, &rows);
}

/* The area that the budget allows: as many members as fit. */
static int
plan_area(UsBoostArea *a, const UsBoostPlan *plan, UsBudget *budget, int64 n, int width, bool weighted)
{
	int			workers = choose_workers(plan, n);
	Size		hists;

	memset(a, 0, sizeof(UsBoostArea));
	a->n = n;
	a->width = width;
	a->shards = (int) Min(Max(n / SHARD_ROWS, 1), MAX_SHARDS);
	a->objective = plan->objective;
	a->max_nodes = 2 * plan->max_leaves;
	a->weighted = weighted;
	a->by_column = true;
	a->valid_limit = plan->valid_share > 0 ? (uint32) (plan->valid_share * 4294967295.0) : 0;
	a->sample_limit = plan->sample_share < 1 ? (uint32) (plan->sample_share * 4294967295.0) : PG_UINT32_MAX;
	for (int c = 0; c < width; c++)
		a->hist_size += plan->column[c].nbins + 1;
	hists = sizeof(int64) * 2 * (Size) a->hist_size * (plan->max_leaves + 2);
	for (;;)
	{
		a->members = workers + 1;
		if (us_boost_layout(a) + hists < us_budget_left(budget) || (workers == 0 && !a->by_column))
			break;
		if (a->by_column)
			a->by_column = false;
		else
			workers--;
	}
	return workers;
}

void
us_boost(const UsFitInput *input, const UsBoostPlan *plan, int64 n, const float *y,
		 const float *weight, const uint64 *key, UsBoostResult *result)
{
	Boost		b = {.plan = plan, .rule = plan->rule};
	int			width = us_encoder_width(input->encoder);
	UsBoostArea layout;
	int			workers = plan_area(&layout, plan, input->budget, n, width, weight != NULL);
	int			hists = plan->max_leaves + 2;
	UsArena    *arena = us_arena_create(CurrentMemoryContext, input->budget);

	b.team = us_team_create(us_boost_layout(&layout), workers, plan->workers > 0, input->budget);
	b.area = us_team_area(b.team);
	*b.area = layout;
	b.tree = US_BOOST_ARRAY(b.area, UsTreeNode, node_at);
	b.set = US_BOOST_ARRAY(b.area, UsTreeSet, set_at);
	b.node = us_arena_array(arena, layout.max_nodes, sizeof(Node));
	b.spare = us_arena_array(arena, hists, sizeof(int64 *));
	for (int i = 0; i < hists; i++)
		b.spare[b.n_spare++] = us_arena_array(arena, 2 * (Size) layout.hist_size, sizeof(int64));
	b.forest = palloc0(sizeof(UsForest));
	b.forest->width = width;
	b.forest->column = unconstify(UsTreeColumn *, plan->column);
	b.forest->n_scores = plan->objective.n_scores;
	b.forest->root = palloc0(sizeof(int32) * ((Size) plan->n_rounds * plan->objective.n_scores + 1));
	fill_area(&b, input, y, weight, key, result->base);
	result->train_loss = NAN;
	run_rounds(&b, result);
	result->forest = b.forest;
	result->workers = us_team_joined(b.team);
	us_team_end(b.team);
	us_arena_reset(arena);
}
