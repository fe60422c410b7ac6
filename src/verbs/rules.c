/*
 * rules.c
 *	  The leaves of trees as rules.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "model/cache.h"
#include "verbs/rules.h"

/* characters of one rule */
#define MOST_CHARACTERS	(16 * 1024 * 1024)

typedef struct Work
{
	const UsModel *m;
	const UsForest *f;
	UsTreeMeaning meaning;
} Work;

static char *
rule_text(const Work *w, const UsTreeRule *rule)
{
	UsSqlWriter sql;
	bool		any = false;

	us_sql_open(&sql, w->m->artifact->encoder, "", psprintf("model \"%s\" version %d", w->m->info.model, w->m->info.version),
				MOST_CHARACTERS);
	for (int i = 0; i < rule->n; i++)
	{
		int			before = sql.text.len;

		if (any)
			appendStringInfoString(&sql.text, " AND ");
		if (us_rule_part_text(&sql, &rule->part[i]))
			any = true;
		else
		{
			sql.text.len = before;
			sql.text.data[before] = '\0';
		}
	}
	return any ? sql.text.data : "true";
}

/* The class whose probability a leaf tells: the positive one of two, else its most probable one. */
static int
class_of(const Work *w, const float *p)
{
	int			best = 0;

	for (int k = 1; k < w->f->n_classes; k++)
		if (p[k] > p[best])
			best = k;
	return best;
}

/* Class k of leaf i, or its value. */
static double
value_of(const Work *w, const UsTreeRule *rule, int k)
{
	if (w->f->n_classes > 0)
		return w->f->place[rule->node->u.place * w->f->n_classes + k];
	return w->meaning.base + rule->node->u.value;
}

/* Mean over the training rows of class k, or of the value. */
static double
mean_of(const Work *w, const UsTreeRule *rule, int n, int k, double weight)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += rule[i].weight * value_of(w, &rule[i], k);
	return weight > 0 ? sum / weight : NAN;
}

static void
tell_tree(const Work *w, int t, UsRuleSink sink, void *context)
{
	UsTreeRule *rule;
	int			n = us_tree_rules(w->m->artifact->encoder, w->f, t, &rule);
	int			n_means = Max(w->f->n_classes, 1);
	double	   *mean = palloc(sizeof(double) * n_means);
	double		weight = 0;

	for (int i = 0; i < n; i++)
		weight += rule[i].weight;
	for (int k = 0; k < n_means; k++)
		mean[k] = mean_of(w, rule, n, k, weight);
	for (int i = 0; i < n; i++)
	{
		UsRuleLine	line = {.tree = t + 1, .leaf = rule[i].leaf, .depth = rule[i].depth, .n = rule[i].weight};
		int			k = 0;

		line.rule = rule_text(w, &rule[i]);
		line.share = weight > 0 ? rule[i].weight / weight : NAN;
		if (w->f->n_classes > 0)
		{
			int			best = class_of(w, w->f->place + rule[i].node->u.place * w->f->n_classes);

			line.label = w->m->label_name[best];
			k = w->m->artifact->positive >= 0 ? w->m->artifact->positive : best;
		}
		else if (w->f->n_scores > 1)
			line.label = w->m->label_name[t % w->f->n_scores];
		line.value = value_of(w, &rule[i], k);
		line.lift = !w->meaning.boosted && mean[k] > 0 && line.value >= 0 ? line.value / mean[k] : NAN;
		sink(context, &line);
	}
}

void
us_rules(const char *reference, const int *tree, UsRuleSink sink, void *context)
{
	Work		w = {.m = us_model_open(reference, US_PRIVILEGE_USAGE)};
	const UsArtifact *a = w.m->artifact;
	MemoryContext each;

	if (a->algorithm->trees == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d has no trees", w.m->info.model, w.m->info.version),
				 errdetail("It is a model of algorithm \"%s\".", w.m->info.algorithm),
				 errhint("Rules come from trees, such as algorithms \"decision_tree\" and \"random_forest\".")));
	w.f = a->algorithm->trees(a->model, &w.meaning);
	if (tree != NULL && (*tree < 1 || *tree > w.f->n_trees))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tree_number is %d, outside of 1 .. %d", *tree, w.f->n_trees),
				 errhint("Trees are numbered in the order of their training; without a number, the rules of all are given.")));
	each = AllocSetContextCreate(CurrentMemoryContext, "rules of a tree", ALLOCSET_DEFAULT_SIZES);
	for (int t = tree ? *tree - 1 : 0; t < (tree ? *tree : w.f->n_trees); t++)
	{
		MemoryContext old = MemoryContextSwitchTo(each);

		tell_tree(&w, t, sink, context);
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
}
