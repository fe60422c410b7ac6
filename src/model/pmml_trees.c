/*
 * pmml_trees.c
 *	  Trees, forests and boosting as TreeModel and MiningModel.
 *
 * A tree splits by predicates on the fields of the source; a missing value goes to the default child.  What is more
 * than one tree is a chain: sums of trees, each a regression, and a RegressionModel that makes the answer of
 * them: of boosting by softmax or exp, of a forest of classes by their shares (simplemax), since leaves
 * have float4 shares, which sum to 1 only nearly.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "learn/tree_condition.h"
#include "learn/tree_learner.h"
#include "model/pmml.h"

/* What leaves of a tree are. */
typedef struct Leaves
{
	bool		distribution;	/* of classes; else a number: */
	int			class;			/* share of this class, or -1: the value */
	double		base;			/* added to the value */
} Leaves;

/* ---- predicates ---- */

static void
simple(UsPmml *p, const char *field, const char *operator, double bound)
{
	us_xml_open(&p->xml, "SimplePredicate");
	us_xml_attribute(&p->xml, "field", field);
	us_xml_attribute(&p->xml, "operator", operator);
	us_xml_number(&p->xml, "value", bound);
	us_xml_close(&p->xml);
}

/* Whether it is missing is all that counts: known says whether a value fulfils it, missing whether NULL does. */
static void
all_or_none(UsPmml *p, int feature, bool known, bool missing)
{
	if (known == missing)
		us_xml_empty(&p->xml, known ? "True" : "False", NULL);
	else
		us_xml_empty(&p->xml, "SimplePredicate", "field", us_encoder_feature(p->artifact->encoder, feature)->name,
					 "operator", missing ? "isMissing" : "isNotMissing", NULL);
}

/* low < v <= high, or its opposite. */
static void
number_predicate(UsPmml *p, const UsCondition *c, bool holds)
{
	const char *field = us_encoder_feature(p->artifact->encoder, c->feature)->name;
	bool		low = !isinf(c->low);
	bool		high = !isinf(c->high);
	bool		none = c->low == INFINITY || c->high == -INFINITY || c->low >= c->high;

	if (none || (!low && !high))
	{
		all_or_none(p, c->feature, none != holds, c->null == holds);
		return;
	}
	if (low && high)
	{
		us_xml_open(&p->xml, "CompoundPredicate");
		us_xml_attribute(&p->xml, "booleanOperator", holds ? "and" : "or");
	}
	if (low)
		simple(p, field, holds ? "greaterThan" : "lessOrEqual", c->low);
	if (high)
		simple(p, field, holds ? "lessOrEqual" : "greaterThan", c->high);
	if (low && high)
		us_xml_close(&p->xml);
}

static void
boolean_predicate(UsPmml *p, const UsCondition *c, bool holds)
{
	bool		no = (c->low < 0 && 0 <= c->high) == holds;
	bool		yes = (c->low < 1 && 1 <= c->high) == holds;

	if (no == yes)
		all_or_none(p, c->feature, no, c->null == holds);
	else
		us_xml_empty(&p->xml, "SimplePredicate", "field", us_encoder_feature(p->artifact->encoder, c->feature)->name,
					 "operator", "equal", "value", yes ? "true" : "false", NULL);
}

/* A value of an array, in quotes. */
static void
append_value(StringInfo list, const char *s)
{
	appendStringInfo(list, "%s\"", list->len > 0 ? " " : "");
	for (; *s; s++)
	{
		if (*s == '"' || *s == '\\')
			appendStringInfoChar(list, '\\');
		appendStringInfoChar(list, *s);
	}
	appendStringInfoChar(list, '"');
}

static void
levels_predicate(UsPmml *p, const UsCondition *c, bool holds)
{
	bool		other = c->holds[c->nlevels] == holds;	/* other levels are wanted: list those that are not */
	StringInfoData list;
	int			n = 0;

	initStringInfo(&list);
	for (int i = 0; i < c->nlevels; i++)
	{
		if (c->holds[i] == (other ? !holds : holds))
		{
			append_value(&list, c->level[i]);
			n++;
		}
	}
	if (n == 0)
	{
		all_or_none(p, c->feature, other, c->null == holds);
		return;
	}
	us_xml_open(&p->xml, "SimpleSetPredicate");
	us_xml_attribute(&p->xml, "field", us_encoder_feature(p->artifact->encoder, c->feature)->name);
	us_xml_attribute(&p->xml, "booleanOperator", other ? "isNotIn" : "isIn");
	us_xml_open(&p->xml, "Array");
	us_xml_int(&p->xml, "n", n);
	us_xml_attribute(&p->xml, "type", "string");
	us_xml_text(&p->xml, list.data);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

void
us_pmml_predicate(UsPmml *p, const UsCondition *c, bool holds)
{
	const UsFeature *f = us_encoder_feature(p->artifact->encoder, c->feature);

	if (f->kind != US_KIND_NUMBER && f->kind != US_KIND_BOOLEAN && f->kind != US_KIND_CATEGORY)
		us_pmml_refuse_feature(p, c->feature);
	switch (c->kind)
	{
		case US_CONDITION_NUMBER:
			if (f->kind == US_KIND_BOOLEAN)
				boolean_predicate(p, c, holds);
			else
				number_predicate(p, c, holds);
			break;
		case US_CONDITION_LEVELS:
			levels_predicate(p, c, holds);
			break;
		case US_CONDITION_NULL:
			all_or_none(p, c->feature, c->null != holds, c->null == holds);
			break;
		default:
			us_pmml_refuse_feature(p, c->feature);
	}
}

/* ---- one tree ---- */

static void
leaf_attributes(UsPmml *p, const UsForest *f, const UsTreeNode *node, const Leaves *leaves)
{
	const float *share = f->n_classes > 0 ? f->place + node->u.place * f->n_classes : NULL;
	int			best = 0;

	if (!leaves->distribution)
	{
		us_xml_number(&p->xml, "score", leaves->class < 0 ? leaves->base + node->u.value : (double) share[leaves->class]);
		return;
	}
	for (int k = 1; k < f->n_classes; k++)
		if (share[k] > share[best])
			best = k;
	us_xml_attribute(&p->xml, "score", p->label[best]);
}

static void
leaf_distribution(UsPmml *p, const UsForest *f, const UsTreeNode *node)
{
	const float *share = f->place + node->u.place * f->n_classes;
	double		total = 0;

	for (int k = 0; k < f->n_classes; k++)
		total += share[k];
	for (int k = 0; k < f->n_classes; k++)
	{
		us_xml_open(&p->xml, "ScoreDistribution");
		us_xml_attribute(&p->xml, "value", p->label[k]);
		us_xml_number(&p->xml, "recordCount", share[k] / total * node->cover);
		us_xml_number(&p->xml, "probability", share[k] / total);
		us_xml_close(&p->xml);
	}
}

/* Node i of a tree under the condition of its parent, or of everything (NULL). */
static void
tree_node(UsPmml *p, const UsForest *f, int t, int i, const Leaves *leaves, const UsCondition *c, bool holds)
{
	const UsTreeNode *tree = f->node + f->root[t];
	const UsTreeNode *node = &tree[i];
	UsCondition own;

	check_stack_depth();
	us_xml_open(&p->xml, "Node");
	us_xml_int(&p->xml, "id", i);
	if (node->left == 0)
		leaf_attributes(p, f, node, leaves);
	us_xml_number(&p->xml, "recordCount", node->cover);
	if (node->left != 0)
	{
		us_tree_condition(p->artifact->encoder, f, node, &own);
		us_xml_int(&p->xml, "defaultChild", node->left + (own.null ? 0 : 1));
	}
	if (c == NULL)
		us_xml_empty(&p->xml, "True", NULL);
	else
		us_pmml_predicate(p, c, holds);
	if (node->left != 0)
	{
		tree_node(p, f, t, node->left, leaves, &own, true);
		tree_node(p, f, t, node->left + 1, leaves, &own, false);
	}
	else if (leaves->distribution)
		leaf_distribution(p, f, node);
	us_xml_close(&p->xml);
	if (node->left != 0 && own.holds != NULL)
		pfree(own.holds);
}

static void
tree_attributes(UsPmml *p)
{
	us_xml_attribute(&p->xml, "missingValueStrategy", "defaultChild");
	us_xml_attribute(&p->xml, "splitCharacteristic", "binarySplit");
}

/* ---- many trees ---- */

void
us_pmml_open_segment(UsPmml *p, int id)
{
	us_xml_open(&p->xml, "Segment");
	us_xml_int(&p->xml, "id", id);
	us_xml_empty(&p->xml, "True", NULL);
}

/* The sum or mean of trees k, k + step, ...; field: name of its output, or NULL: it is the answer. */
static void
tree_sum(UsPmml *p, int k, int step, const Leaves *leaves, bool mean, const char *field, double base)
{
	const UsTreeModel *m = p->artifact->model;
	const UsForest *f = m->forest;

	us_pmml_open_model(p, "MiningModel", "regression");
	us_pmml_schema(p, field == NULL, true, NULL, 0);
	us_xml_open(&p->xml, "Output");
	us_pmml_output_field(p, field ? field : "value", "predictedValue", NULL, "double");
	us_xml_close(&p->xml);
	if (base != 0)
	{
		us_xml_open(&p->xml, "Targets");
		us_xml_open(&p->xml, "Target");
		if (field == NULL)
			us_xml_attribute(&p->xml, "field", p->target);
		us_xml_number(&p->xml, "rescaleConstant", base);
		us_xml_close(&p->xml);
		us_xml_close(&p->xml);
	}
	us_xml_open(&p->xml, "Segmentation");
	us_xml_attribute(&p->xml, "multipleModelMethod", mean ? "average" : "sum");
	for (int t = k; t < f->n_trees; t += step)
	{
		us_pmml_open_segment(p, t + 1);
		us_pmml_open_model(p, "TreeModel", "regression");
		tree_attributes(p);
		us_pmml_schema(p, false, true, NULL, 0);
		tree_node(p, f, t, 0, leaves, NULL, true);
		us_xml_close(&p->xml);
		us_xml_close(&p->xml);
	}
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

/* The last segment of a chain: classes from fields; two classes have one if there is one. */
static void
answer_of_sums(UsPmml *p, char **field, int nfields, const double *base, const char *normalization)
{
	bool		classes = p->artifact->n_labels > 0;

	us_pmml_open_model(p, "RegressionModel", classes ? "classification" : "regression");
	us_xml_attribute(&p->xml, "normalizationMethod", normalization);
	us_pmml_schema(p, true, false, field, nfields);
	us_pmml_class_output(p);
	if (!classes)
		us_pmml_simple_table(p, NULL, base[0], field[0]);
	else if (nfields == 1)
	{
		us_pmml_simple_table(p, p->label[0], 0, NULL);
		us_pmml_simple_table(p, p->label[1], base[0], field[0]);
	}
	else
		for (int k = 0; k < nfields; k++)
			us_pmml_simple_table(p, p->label[k], base ? base[k] : 0, field[k]);
	us_xml_close(&p->xml);
}

/* Sums of trees, then what makes the answer of them. */
static void
chain(UsPmml *p, int nsums, bool shares, const double *base, const char *normalization)
{
	char	  **field = palloc(sizeof(char *) * nsums);

	us_pmml_open_model(p, "MiningModel", p->artifact->n_labels > 0 ? "classification" : "regression");
	us_pmml_schema(p, true, true, NULL, 0);
	us_pmml_class_output(p);
	us_xml_open(&p->xml, "Segmentation");
	us_xml_attribute(&p->xml, "multipleModelMethod", "modelChain");
	for (int k = 0; k < nsums; k++)
	{
		Leaves		leaves = {false, shares ? k : -1, 0};

		field[k] = us_pmml_new_name(p, psprintf("sum(%d)", k + 1));
		us_pmml_open_segment(p, k + 1);
		tree_sum(p, shares ? 0 : k, shares ? 1 : nsums, &leaves, false, field[k], 0);
		us_xml_close(&p->xml);
	}
	us_pmml_open_segment(p, nsums + 1);
	answer_of_sums(p, field, nsums, base, normalization);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

/* A single tree. */
static void
one_tree(UsPmml *p, const UsTreeModel *m)
{
	bool		classes = m->n_labels > 0;
	Leaves		leaves = {classes, -1, classes ? 0 : m->base[0]};

	us_pmml_open_model(p, "TreeModel", classes ? "classification" : "regression");
	tree_attributes(p);
	us_pmml_schema(p, true, true, NULL, 0);
	us_pmml_class_output(p);
	tree_node(p, m->forest, 0, 0, &leaves, NULL, true);
	us_xml_close(&p->xml);
}

void
us_pmml_trees(UsPmml *p)
{
	const UsTreeModel *m = p->artifact->model;
	Leaves		leaves = {false, -1, 0};
	bool		log_link = m->objective.kind == US_OBJECTIVE_POISSON || m->objective.kind == US_OBJECTIVE_TWEEDIE;

	if (m->kind == US_TREES_AVERAGE && m->forest->n_trees == 1)
		one_tree(p, m);
	else if (m->kind == US_TREES_AVERAGE && m->n_labels > 0)
		chain(p, m->n_labels, true, NULL, "simplemax");
	else if (m->kind == US_TREES_AVERAGE)
		tree_sum(p, 0, 1, &leaves, true, NULL, m->base[0]);
	else if (m->n_labels > 0)
		chain(p, m->forest->n_scores, false, m->base, "softmax");
	else if (log_link)
		chain(p, 1, false, m->base, "exp");
	else
		tree_sum(p, 0, 1, &leaves, false, NULL, m->base[0]);
}
