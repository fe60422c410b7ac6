/*
 * forest_grow.c
 *	  Many trees on bootstrap samples of the same rows, by a team of workers.
 *
 * Bins, items and keys of all rows are in the area of the team.  Trees are grown some at
 * a time, each by one member into its slot of the area; the leader copies them out.  Then
 * the rows that a tree did not see go through it, chunk by chunk, tree after tree.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/forest_grow.h"
#include "math/hash.h"

/* rows of a chunk of out-of-bag answers */
#define OOB_ROWS		4096

#define TREE_SALT		UINT64CONST(0x74726565)
#define LEAF_SALT		UINT64CONST(0x6c656166)

/* nanoseconds of one row, column and level; work of so many seconds is worth a worker */
#define SECONDS_A_STEP		3e-9
#define SECONDS_A_WORKER	0.15

/* Everything that members need to know; offsets are from the area. */
typedef struct Area
{
	UsGrowPlan	grow;			/* pointers are set by each member */
	UsSplitRule rule;
	int64		n;
	int			width;
	bool		bootstrap;
	int			n_samples;
	uint64		seed;
	double		poisson[US_TREE_MOST_DRAWN];	/* P(count <= i) */
	int			first_tree;		/* of this round */
	int			n_slots;
	Size		bin_at;			/* [n][width] */
	Size		item_at;		/* [n] */
	Size		key_at;			/* [n] */
	Size		column_at;		/* [width] UsTreeColumn; thresholds are behind one another: */
	Size		threshold_at;
	Size		sum_at;			/* out of bag */
	Size		count_at;
	Size		slot_at;
	Size		slot_bytes;
	int64		most_nodes;
} Area;

/* What stands in a slot. */
typedef struct Slot
{
	int32		n;
	int32		n_sets;
	int32		n_places;
	Size		set_at;			/* nodes come first, then sets, places and steps */
	Size		place_at;
	Size		step_at;
	Size		sample_at;
} Slot;

#define SLOT_HEADER	TYPEALIGN(64, sizeof(Slot))

extern PGDLLEXPORT void us_task_forest_grow(UsTeamTask *task);
extern PGDLLEXPORT void us_task_forest_oob(UsTeamTask *task);

static Slot *
slot_of(Area *a, int i)
{
	return (Slot *) ((char *) a + a->slot_at + a->slot_bytes * i);
}

static UsTreeNode *
slot_nodes(Slot *s)
{
	return (UsTreeNode *) ((char *) s + SLOT_HEADER);
}

/* How often tree t has a row. */
static inline int
times_drawn(const Area *a, int t, uint64 key)
{
	double		u;
	int			n = 0;

	if (!a->bootstrap)
		return 1;
	u = us_uniform(a->seed ^ (TREE_SALT * (uint64) (t + 1)), key);
	while (n < US_TREE_MOST_DRAWN - 1 && u > a->poisson[n])
		n++;
	return n;
}

/* The items of tree t. */
static int64
draw(Area *a, int t, UsTreeItem *item)
{
	const UsTreeItem *all = (UsTreeItem *) ((char *) a + a->item_at);
	const uint64 *key = (uint64 *) ((char *) a + a->key_at);
	bool		values = us_split_of_values(&a->rule);
	bool		absolute = a->rule.kind == US_SPLIT_ABSOLUTE;
	int64		n = 0;

	for (int64 i = 0; i < a->n; i++)
	{
		int			times = times_drawn(a, t, key[i]);

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (times == 0)
			continue;
		item[n] = all[i];
		if (!absolute)
			item[n].a *= times;
		if (values)
			item[n].b *= times;
		n++;
	}
	return n;
}

/* The columns, with pointers of this process. */
static UsTreeColumn *
local_columns(Area *a)
{
	UsTreeColumn *column = palloc(sizeof(UsTreeColumn) * Max(a->width, 1));
	double	   *threshold = (double *) ((char *) a + a->threshold_at);

	memcpy(column, (char *) a + a->column_at, sizeof(UsTreeColumn) * a->width);
	for (int c = 0; c < a->width; c++)
	{
		column[c].threshold = column[c].native ? NULL : threshold;
		threshold += column[c].native ? 0 : column[c].nbins - 1;
	}
	return column;
}

/* Columns and rows of the area, with pointers of this process. */
static void
localise(Area *a, UsGrowPlan *plan, UsTreeRows *rows, UsSplitRule *rule)
{
	*plan = a->grow;
	*rule = a->rule;
	rows->n = a->n;
	rows->width = a->width;
	rows->bin = NULL;
	rows->row_bin = (uint8 *) a + a->bin_at;
	plan->rows = rows;
	plan->rule = rule;
	plan->column = local_columns(a);
}

/* The leaf that a training row falls into. */
static int32
leaf_of(const UsGrowPlan *plan, const UsGrownTree *tree, uint32 row)
{
	const uint8 *bin = plan->rows->row_bin + (Size) row * plan->rows->width;
	int32		i = 0;

	while (tree->node[i].left != 0)
	{
		const UsTreeNode *node = &tree->node[i];

		i = node->left + (us_node_left(node, tree->set, bin[node->column], (uint8) plan->column[node->column].nbins) ? 0 : 1);
	}
	return i;
}

/*
 * Targets of rows drawn in each leaf, n_samples of them with replacement: each draw is the row of the least
 * exponential variable over its weight, a function of seed, tree, draw and row key (P. S. Efraimidis and P. G. Spirakis, 2006).
 */
static void
sample_leaves(Area *a, const UsGrowPlan *plan, const UsGrownTree *tree, int t, const UsTreeItem *item, int64 n,
			  float *sample)
{
	const uint64 *key = (uint64 *) ((char *) a + a->key_at);
	int32	   *number = palloc(sizeof(int32) * (Size) tree->n);
	int32		leaves = 0;
	double	   *least;
	Size		places;

	for (int32 i = 0; i < tree->n; i++)
	{
		number[i] = leaves;
		leaves += tree->node[i].left == 0;
	}
	places = (Size) leaves * a->n_samples;
	least = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * places);
	for (Size i = 0; i < places; i++)
		least[i] = INFINITY;
	for (int64 i = 0; i < n; i++)
	{
		const UsTreeItem *it = &item[i];
		float		y = (float) us_tree_item_value(plan->rule, it);
		Size		at = (Size) number[leaf_of(plan, tree, it->row)] * a->n_samples;

		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < a->n_samples; k++)
		{
			double		u = us_uniform(a->seed ^ (LEAF_SALT * (uint64) (t + 1)) ^ (uint64) k, key[it->row]);
			double		rank = -log(u) / it->b;

			/* of equal ranks, as equal keys have, the smaller target */
			if (rank < least[at + k] || (rank == least[at + k] && y < sample[at + k]))
			{
				least[at + k] = rank;
				sample[at + k] = y;
			}
		}
	}
	pfree(least);
	pfree(number);
}

void
us_task_forest_grow(UsTeamTask *task)
{
	Area	   *a = (Area *) task->area;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "tree", ALLOCSET_DEFAULT_SIZES);
	UsGrowPlan	plan;
	UsTreeRows	rows;
	UsSplitRule rule;
	int64		i;
	MemoryContext old;

	localise(a, &plan, &rows, &rule);
	old = MemoryContextSwitchTo(context);
	while (us_team_next(task, &i))
	{
		Slot	   *s = slot_of(a, (int) i);
		UsTreeItem *item = MemoryContextAllocHuge(context, sizeof(UsTreeItem) * (Size) Max(a->n, 1));
		int			t = a->first_tree + (int) i;
		int64		n = draw(a, t, item);
		UsGrownTree *tree = us_grow_tree(&plan, item, n, us_mix64(a->seed, t));

		s->n = tree->n;
		s->n_sets = tree->n_sets;
		s->n_places = tree->n_places;
		s->set_at = SLOT_HEADER + sizeof(UsTreeNode) * (Size) tree->n;
		s->place_at = s->set_at + sizeof(UsTreeSet) * (Size) tree->n_sets;
		s->step_at = TYPEALIGN(8, s->place_at + sizeof(float) * (Size) tree->n_places * rule.nstats);
		s->sample_at = s->step_at + sizeof(UsTreeStep) * (Size) tree->n;
		if (tree->n > a->most_nodes ||
			s->sample_at + sizeof(float) * a->n_samples * (Size) us_tree_leaves(tree->node, tree->n) > a->slot_bytes)
			elog(ERROR, "tree of %d nodes is larger than its slot", tree->n);
		memcpy(slot_nodes(s), tree->node, sizeof(UsTreeNode) * (Size) tree->n);
		if (tree->n_sets > 0)
			memcpy((char *) s + s->set_at, tree->set, sizeof(UsTreeSet) * (Size) tree->n_sets);
		if (tree->n_places > 0)
			memcpy((char *) s + s->place_at, tree->place, sizeof(float) * (Size) tree->n_places * rule.nstats);
		us_tree_steps(tree->node, tree->n, 0, (UsTreeStep *) ((char *) s + s->step_at));
		if (a->n_samples > 0)
			sample_leaves(a, &plan, tree, t, item, n, (float *) ((char *) s + s->sample_at));
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* A tree in a slot as a forest of one. */
static void
forest_of_slot(const Area *a, Slot *s, const UsTreeColumn *column, UsForest *f)
{
	memset(f, 0, sizeof(UsForest));
	f->width = a->width;
	f->column = unconstify(UsTreeColumn *, column);
	f->n_classes = us_split_of_values(&a->rule) ? 0 : a->rule.nstats;
	f->n_scores = f->n_classes == 0;
	f->node = slot_nodes(s);
	f->n_sets = s->n_sets;
	f->set = (UsTreeSet *) ((char *) s + s->set_at);
	f->place = (float *) ((char *) s + s->place_at);
	f->step = (UsTreeStep *) ((char *) s + s->step_at);
}

/* The bins of rows begin .. end, with the missing values of scoring. */
static void
scoring_bins(const Area *a, const UsTreeColumn *column, int64 begin, int64 end, uint8 *bin)
{
	Size		n = (Size) (end - begin) * a->width;

	memcpy(bin, (const uint8 *) a + a->bin_at + (Size) begin * a->width, n);
	for (int c = 0; c < a->width; c++)
	{
		uint8		missing = (uint8) column[c].nbins;

		for (Size i = c; i < n; i += a->width)
			bin[i] = bin[i] == missing ? US_TREE_MISSING : bin[i];
	}
}

void
us_task_forest_oob(UsTeamTask *task)
{
	Area	   *a = (Area *) task->area;
	const UsTreeColumn *column = (UsTreeColumn *) ((char *) a + a->column_at);
	const uint64 *key = (uint64 *) ((char *) a + a->key_at);
	double	   *sum = (double *) ((char *) a + a->sum_at);
	uint32	   *count = (uint32 *) ((char *) a + a->count_at);
	uint8	   *bin = MemoryContextAllocHuge(CurrentMemoryContext, (Size) OOB_ROWS * Max(a->width, 1));
	int			row[OOB_ROWS];
	int32		leaf[OOB_ROWS];
	int64		chunk;

	while (us_team_next(task, &chunk))
	{
		int64		begin = chunk * OOB_ROWS;
		int64		end = Min(begin + OOB_ROWS, a->n);

		scoring_bins(a, column, begin, end, bin);
		for (int s = 0; s < a->n_slots; s++)
		{
			UsForest	f;
			int32		root[2] = {0};
			int			n = 0;
			int			nsums;

			CHECK_FOR_INTERRUPTS();
			forest_of_slot(a, slot_of(a, s), column, &f);
			f.root = root;
			nsums = us_forest_sums(&f);
			for (int64 i = begin; i < end; i++)
				if (times_drawn(a, a->first_tree + s, key[i]) == 0)
					row[n++] = (int) (i - begin);
			us_forest_leaves(&f, 0, bin, row, n, leaf);
			for (int i = 0; i < n; i++)
			{
				count[begin + row[i]]++;
				us_forest_add_leaf(&f, 0, leaf[i], sum + (begin + row[i]) * nsums);
			}
		}
	}
	pfree(bin);
}

/* ---- the leader ---- */

/* Room of the arrays of a forest. */
typedef struct Room
{
	Size		nodes;
	Size		sets;
	Size		places;
	Size		samples;
	int32		leaves;			/* so far */
} Room;

/* Enlarge an array of the forest to hold more; its bytes are taken from the budget. */
static void *
enlarge(UsBudget *budget, void *array, Size *room, Size needed, Size size)
{
	Size		wanted = Max(*room + *room / 2, needed);

	if (needed <= *room)
		return array;
	if (!us_budget_try(budget, (wanted - *room) * size))
	{
		wanted = needed;
		if (!us_budget_try(budget, (wanted - *room) * size))
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("trees of %zu nodes need more memory than the %zu MB that are left",
							needed, us_budget_left(budget) / (1024 * 1024)),
					 errhint("Use a larger min_leaf, fewer trees or max_leaves, or raise userseg.max_memory.")));
	}
	*room = wanted;
	return array ? repalloc_huge(array, wanted * size) :
		MemoryContextAllocHuge(CurrentMemoryContext, wanted * size);
}

static void
take_tree(UsForest *f, Room *room, Slot *s, UsBudget *budget)
{
	int32		first = f->root[f->n_trees];
	UsTreeNode *node;

	if ((int64) first + s->n > PG_INT32_MAX / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the forest has more than %d nodes", PG_INT32_MAX / 4),
				 errhint("Use a larger min_leaf or fewer trees.")));
	f->node = enlarge(budget, f->node, &room->nodes, (Size) first + s->n, sizeof(UsTreeNode));
	f->set = enlarge(budget, f->set, &room->sets, (Size) f->n_sets + s->n_sets, sizeof(UsTreeSet));
	f->place = enlarge(budget, f->place, &room->places, (Size) f->n_places + s->n_places,
					   sizeof(float) * Max(f->n_classes, 1));
	node = f->node + first;
	memcpy(node, slot_nodes(s), sizeof(UsTreeNode) * (Size) s->n);
	for (int32 i = 0; i < s->n; i++)
	{
		if (node[i].left != 0 && (node[i].flags & US_NODE_SET))
			node[i].u.place += f->n_sets;
		else if (node[i].left == 0 && f->n_classes > 0)
			node[i].u.place += f->n_places;
	}
	if (s->n_sets > 0)
		memcpy(f->set + f->n_sets, (char *) s + s->set_at, sizeof(UsTreeSet) * (Size) s->n_sets);
	if (s->n_places > 0)
		memcpy(f->place + f->n_places * f->n_classes, (char *) s + s->place_at,
			   sizeof(float) * (Size) s->n_places * f->n_classes);
	if (f->n_samples > 0)
	{
		int32		leaves = us_tree_leaves(slot_nodes(s), s->n);

		f->sample = enlarge(budget, f->sample, &room->samples, ((Size) room->leaves + leaves) * f->n_samples, sizeof(float));
		memcpy(f->sample + (Size) room->leaves * f->n_samples, (char *) s + s->sample_at,
			   sizeof(float) * (Size) leaves * f->n_samples);
		room->leaves += leaves;
	}
	f->n_sets += s->n_sets;
	f->n_places += s->n_places;
	f->root[++f->n_trees] = first + s->n;
}

static Size
place_array(Size *at, Size bytes)
{
	Size		here = TYPEALIGN(64, *at);

	*at = here + bytes;
	return here;
}

/* Lay out the area for that many slots; returns its bytes. */
static Size
lay_out(Area *a, const UsForestPlan *plan, bool sets)
{
	int			nstats = a->rule.nstats;
	int64		leaves = (a->most_nodes + 1) / 2;
	Size		at = sizeof(Area);

	a->bin_at = place_array(&at, (Size) a->width * a->n);
	a->item_at = place_array(&at, sizeof(UsTreeItem) * (Size) a->n);
	a->key_at = place_array(&at, sizeof(uint64) * (Size) a->n);
	a->column_at = place_array(&at, sizeof(UsTreeColumn) * (Size) a->width);
	a->threshold_at = place_array(&at, sizeof(double) * US_TREE_BINS * (Size) a->width);
	if (plan->oob)
	{
		a->sum_at = place_array(&at, sizeof(double) * (Size) a->n *
								(us_split_of_values(&a->rule) ? 1 : nstats));
		a->count_at = place_array(&at, sizeof(uint32) * (Size) a->n);
	}
	a->slot_bytes = TYPEALIGN(64, SLOT_HEADER + (sizeof(UsTreeNode) + sizeof(UsTreeStep)) * (Size) a->most_nodes + 8 +
							  (sets ? sizeof(UsTreeSet) * (Size) leaves : 0) +
							  sizeof(float) * (Size) leaves * a->n_samples +
							  (us_split_of_values(&a->rule) ? 0 : sizeof(float) * (Size) leaves * nstats));
	a->slot_at = place_array(&at, a->slot_bytes * a->n_slots);
	return at;
}

static void
fill_poisson(double mean, double *below)
{
	double		p = exp(-mean);
	double		sum = 0;

	for (int i = 0; i < US_TREE_MOST_DRAWN; i++)
	{
		sum += p;
		below[i] = sum;
		p *= mean / (i + 1);
	}
}

/* The most weight that a bootstrap sample can have. */
static double
most_weight(const UsForestPlan *plan, const UsTreeStats *stats)
{
	if (!plan->bootstrap)
		return stats->weight;
	return stats->weight * plan->share * 1.1 + 100 * plan->grow.rule->min_weight;
}

static int
choose_workers(const UsForestPlan *plan, int64 n)
{
	double		seconds = (double) n * plan->grow.try * plan->n_trees * log2((double) n + 2) * SECONDS_A_STEP;

	if (plan->workers >= 0)
		return plan->workers;
	return (int) Min(Min(seconds / SECONDS_A_WORKER, (double) us_team_workers_allowed()), plan->n_trees - 1);
}

UsForest *
us_forest_grow(const UsFitInput *input, const UsForestPlan *plan, UsTreeStats *stats,
			   UsForestOob *oob, UsReport *details)
{
	int			width = us_encoder_width(input->encoder);
	int			workers = choose_workers(plan, stats->n);
	UsForest   *f = palloc0(sizeof(UsForest));
	Room		room = {0};
	Area		layout = {0};
	Area	   *a;
	UsTeam	   *team;
	UsTreeRows	rows = {.n = stats->n, .width = width};
	Size		scratch;
	double	   *threshold;
	bool		sets = false;

	layout.grow = plan->grow;
	layout.rule = *plan->grow.rule;
	layout.n = stats->n;
	layout.width = width;
	layout.bootstrap = plan->bootstrap;
	layout.n_samples = plan->n_samples;
	layout.seed = plan->seed;
	fill_poisson(plan->share, layout.poisson);
	layout.most_nodes = us_grow_most_nodes(&plan->grow, stats->n, most_weight(plan, stats));
	for (int c = 0; c < width; c++)
		sets |= plan->grow.column[c].native;
	scratch = us_grow_bytes(&plan->grow, stats->n, most_weight(plan, stats));
	while (workers > 0)
	{
		/* every member needs its scratch and a slot beside the trees */
		layout.n_slots = Min((workers + 1) * 2, plan->n_trees);
		if (lay_out(&layout, plan, sets) + scratch * (workers + 1) < us_budget_left(input->budget) / 2)
			break;
		workers--;
	}
	layout.n_slots = Min((workers + 1) * 2, plan->n_trees);
	us_budget_take(input->budget, scratch * (workers + 1), "growing trees");
	team = us_team_create(lay_out(&layout, plan, sets), workers, plan->workers > 0, input->budget);
	a = us_team_area(team);
	*a = layout;
	memcpy((char *) a + a->item_at, stats->item, sizeof(UsTreeItem) * (Size) a->n);
	memcpy((char *) a + a->key_at, stats->key, sizeof(uint64) * (Size) a->n);
	memcpy((char *) a + a->column_at, plan->grow.column, sizeof(UsTreeColumn) * (Size) width);
	threshold = (double *) ((char *) a + a->threshold_at);
	for (int c = 0; c < width; c++)
		if (!plan->grow.column[c].native)
		{
			memcpy(threshold, plan->grow.column[c].threshold, sizeof(double) * (plan->grow.column[c].nbins - 1));
			threshold += plan->grow.column[c].nbins - 1;
		}
	rows.row_bin = (uint8 *) a + a->bin_at;
	us_tree_bin_rows(input, plan->grow.column, &rows);

	f->width = width;
	f->column = unconstify(UsTreeColumn *, plan->grow.column);
	f->n_classes = us_split_of_values(&a->rule) ? 0 : a->rule.nstats;
	f->n_scores = f->n_classes == 0;
	f->n_samples = plan->n_samples;
	f->root = palloc0((plan->n_trees + 1) * sizeof(int32));
	while (f->n_trees < plan->n_trees)
	{
		us_progress("grow trees", f->n_trees, plan->n_trees);
		a->first_tree = f->n_trees;
		a->n_slots = Min(layout.n_slots, plan->n_trees - f->n_trees);
		us_team_run(team, "us_task_forest_grow", us_task_forest_grow, a->n_slots);
		if (plan->oob)
			us_team_run(team, "us_task_forest_oob", us_task_forest_oob, (a->n + OOB_ROWS - 1) / OOB_ROWS);
		for (int s = 0; s < a->n_slots; s++)
			take_tree(f, &room, slot_of(a, s), input->budget);
	}
	if (plan->oob)
	{
		Size		sums = sizeof(double) * (Size) a->n * us_forest_sums(f);

		oob->sum = MemoryContextAllocHuge(CurrentMemoryContext, sums);
		memcpy(oob->sum, (char *) a + a->sum_at, sums);
		oob->n = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (Size) a->n);
		memcpy(oob->n, (char *) a + a->count_at, sizeof(uint32) * (Size) a->n);
	}
	us_report_int(details, "workers", us_team_joined(team));
	us_team_end(team);
	us_budget_release(input->budget, scratch * (workers + 1));
	return f;
}
