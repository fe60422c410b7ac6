/*
 * pmml_linear.c
 *	  Linear predictors as a RegressionModel.
 */
#include "postgres.h"

#include "learn/linear_model.h"
#include "model/pmml.h"

void
us_pmml_simple_table(UsPmml *p, const char *category, double intercept, const char *field)
{
	us_xml_open(&p->xml, "RegressionTable");
	us_xml_number(&p->xml, "intercept", intercept);
	if (category != NULL)
		us_xml_attribute(&p->xml, "targetCategory", category);
	if (field != NULL)
		us_xml_empty(&p->xml, "NumericPredictor", "name", field, "coefficient", "1", NULL);
	us_xml_close(&p->xml);
}

static void
table(UsPmml *p, const UsLinearModel *m, int o, const char *category)
{
	us_xml_open(&p->xml, "RegressionTable");
	us_xml_number(&p->xml, "intercept", m->intercept[o]);
	if (category != NULL)
		us_xml_attribute(&p->xml, "targetCategory", category);
	for (int j = 0; j < m->width; j++)
	{
		if (m->coef[(Size) o * m->width + j] == 0)
			continue;
		us_xml_open(&p->xml, "NumericPredictor");
		us_xml_attribute(&p->xml, "name", p->derived[j]);
		us_xml_number(&p->xml, "coefficient", m->coef[(Size) o * m->width + j]);
		us_xml_close(&p->xml);
	}
	us_xml_close(&p->xml);
}

void
us_pmml_linear(UsPmml *p)
{
	const UsLinearModel *m = p->artifact->model;
	bool		classes = m->classes > 0;

	us_pmml_open_model(p, "RegressionModel", classes ? "classification" : "regression");
	us_xml_attribute(&p->xml, "normalizationMethod",
					 classes ? "softmax" : m->link == US_LINK_LOG ? "exp" : "none");
	us_pmml_schema(p, true, true, NULL, 0);
	us_pmml_class_output(p);
	us_xml_open(&p->xml, "LocalTransformations");
	us_pmml_transformations(p);
	us_xml_close(&p->xml);
	if (!classes)
		table(p, m, 0, NULL);
	else if (m->link == US_LINK_LOGIT)
	{
		/* log odds of the second class, 0 of the first */
		us_pmml_simple_table(p, p->label[0], 0, NULL);
		table(p, m, 0, p->label[1]);
	}
	else
		for (int k = 0; k < m->classes; k++)
			table(p, m, k, p->label[k]);
	us_xml_close(&p->xml);
}
