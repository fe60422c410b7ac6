/*
 * pmml_scorecard.c
 *	  Scorecards as Scorecard: points by bin, and in the Output what follows from them.
 *
 * A PMML scorecard is a regression: it predicts the points.  The label and the probabilities are computed from
 * them in the Output.  Reason codes are the names of the columns.
 */
#include "postgres.h"

#include <math.h>

#include "learn/scorecard_model.h"
#include "learn/tree_rules.h"
#include "model/pmml.h"

/* ---- the answers ---- */

static void
open_transformed(UsPmml *p, const char *name, const char *type)
{
	us_xml_open(&p->xml, "OutputField");
	us_xml_attribute(&p->xml, "name", name);
	us_xml_attribute(&p->xml, "optype", strcmp(type, "double") == 0 ? "continuous" : "categorical");
	us_xml_attribute(&p->xml, "dataType", type);
	us_xml_attribute(&p->xml, "feature", "transformedValue");
}

static void
label_constant(UsPmml *p, int k)
{
	us_xml_open(&p->xml, "Constant");
	us_xml_attribute(&p->xml, "dataType", "string");
	us_xml_text(&p->xml, p->label[k]);
	us_xml_close(&p->xml);
}

/* Fewer points than those of even odds mean the bad class. */
static void
label_output(UsPmml *p, const UsScorecard *m, const char *points, double even)
{
	open_transformed(p, "label", "string");
	us_xml_open(&p->xml, "Apply");
	us_xml_attribute(&p->xml, "function", "if");
	us_xml_open(&p->xml, "Apply");
	us_xml_attribute(&p->xml, "function", "lessThan");
	us_xml_empty(&p->xml, "FieldRef", "field", points, NULL);
	us_pmml_expression(p, us_formula_constant(even));
	us_xml_close(&p->xml);
	label_constant(p, m->bad_class);
	label_constant(p, 1 - m->bad_class);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

/* The points, the label, and the probabilities: logistic in the points beyond those of even odds. */
static void
output(UsPmml *p, const UsScorecard *m)
{
	char	   *points = us_pmml_new_name(p, "points");
	double		unit = M_LN2 / m->points_to_double;
	double		even = m->base_score - log(m->base_odds) / unit;
	UsFormula  *field = us_formula_new(US_F_FIELD, 0, NULL);

	field->text = points;
	us_xml_open(&p->xml, "Output");
	us_pmml_output_field(p, points, "predictedValue", NULL, "double");
	if (p->raw == NULL)
		label_output(p, m, points, even);
	for (int k = 0; k < 2; k++)
	{
		open_transformed(p, p->raw != NULL ? p->raw[k] : psprintf("probability(%s)", p->label[k]), "double");
		us_pmml_expression(p, us_formula_one(US_F_LOGISTIC, us_formula_affine(field, even, k == m->bad_class ? -unit : unit)));
		us_xml_close(&p->xml);
	}
	us_xml_close(&p->xml);
}

/* ---- the bins ---- */

/* A condition that holds for NULL too, where that is one of its rows. */
static void
part_predicate(UsPmml *p, const UsRulePart *part)
{
	const UsCondition *c = &part->condition;
	bool		missing = c->kind != US_CONDITION_NULL && c->null == part->holds;

	if (missing)
	{
		us_xml_open(&p->xml, "CompoundPredicate");
		us_xml_attribute(&p->xml, "booleanOperator", "or");
		us_xml_empty(&p->xml, "SimplePredicate", "field", us_encoder_feature(p->artifact->encoder, c->feature)->name,
					 "operator", "isMissing", NULL);
	}
	us_pmml_predicate(p, c, part->holds);
	if (missing)
		us_xml_close(&p->xml);
}

/* Bin b of column j; the one past that of missing values has what no other has. */
static void
bin(UsPmml *p, const UsScorecard *m, int j, int b)
{
	UsRulePart	part[2];
	int			n = b > m->column[j].nbins ? 0 : us_scorecard_conditions(m, p->artifact->encoder, j, b, part);

	us_xml_open(&p->xml, "Attribute");
	us_xml_number(&p->xml, "partialScore", us_scorecard_bin_points(m, j, b));
	if (n == 0)
		us_xml_empty(&p->xml, "True", NULL);
	if (n > 1)
	{
		us_xml_open(&p->xml, "CompoundPredicate");
		us_xml_attribute(&p->xml, "booleanOperator", "and");
	}
	for (int i = 0; i < n; i++)
		part_predicate(p, &part[i]);
	if (n > 1)
		us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

/* Missing values first, since a number that is not known is in none of the other bins. */
static void
characteristic(UsPmml *p, const UsScorecard *m, int j)
{
	const UsCardColumn *c = &m->column[j];
	const char *name = us_encoder_column(p->artifact->encoder, j)->name;
	double		base = us_scorecard_bin_points(m, j, 0) - (c->value[0] - (m->from_mean ? c->mean : c->most)) * m->points_to_double / M_LN2;

	us_xml_open(&p->xml, "Characteristic");
	us_xml_attribute(&p->xml, "name", p->derived[j]);
	us_xml_attribute(&p->xml, "reasonCode", name);
	us_xml_number(&p->xml, "baselineScore", base);
	bin(p, m, j, c->nbins);
	for (int b = 0; b < c->nbins; b++)
		bin(p, m, j, b);
	bin(p, m, j, c->nbins + 1);
	us_xml_close(&p->xml);
}

void
us_pmml_scorecard(UsPmml *p)
{
	const UsScorecard *m = p->artifact->model;

	us_pmml_open_model(p, "Scorecard", "regression");
	us_xml_number(&p->xml, "initialScore", 0);
	us_xml_attribute(&p->xml, "useReasonCodes", "true");
	us_xml_attribute(&p->xml, "reasonCodeAlgorithm", "pointsBelow");
	us_xml_attribute(&p->xml, "baselineMethod", m->from_mean ? "mean" : "max");
	us_pmml_schema(p, false, true, NULL, 0);
	output(p, m);
	us_xml_open(&p->xml, "Characteristics");
	for (int j = 0; j < m->width; j++)
		if (m->column[j].status == US_CARD_USED)
			characteristic(p, m, j);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}
