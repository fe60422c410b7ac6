/*
 * pmml_clusters.c
 *	  Centres as a ClusteringModel.
 */
#include "postgres.h"

#include "common/shortest_dec.h"

#include "learn/kmeans_model.h"
#include "model/pmml.h"

/* Cosine: derived fields of unit length, named behind the encoded columns; their names. */
static char **
unit_fields(const UsPmml *p, int width)
{
	char	  **field = palloc(sizeof(char *) * width);

	for (int j = 0; j < width; j++)
		field[j] = psprintf("%s/length", p->derived[j]);
	return field;
}

static void
derived_field(UsPmml *p, const char *name)
{
	us_xml_open(&p->xml, "DerivedField");
	us_xml_attribute(&p->xml, "name", name);
	us_xml_attribute(&p->xml, "optype", "continuous");
	us_xml_attribute(&p->xml, "dataType", "double");
}

static void
apply(UsPmml *p, const char *function)
{
	us_xml_open(&p->xml, "Apply");
	us_xml_attribute(&p->xml, "function", function);
}

static void
number(UsPmml *p, const char *x)
{
	us_xml_open(&p->xml, "Constant");
	us_xml_attribute(&p->xml, "dataType", "double");
	us_xml_text(&p->xml, x);
	us_xml_close(&p->xml);
}

/* The length of the vector, and its columns divided by it; 0 of a vector without direction. */
static void
unit_transformations(UsPmml *p, char **field, int width)
{
	const char *length = psprintf("%s/all", p->derived[0]);

	derived_field(p, length);
	apply(p, "sqrt");
	apply(p, "sum");
	for (int j = 0; j < width; j++)
	{
		apply(p, "pow");
		us_xml_empty(&p->xml, "FieldRef", "field", p->derived[j], NULL);
		number(p, "2");
		us_xml_close(&p->xml);
	}
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
	for (int j = 0; j < width; j++)
	{
		derived_field(p, field[j]);
		apply(p, "if");
		apply(p, "greaterThan");
		us_xml_empty(&p->xml, "FieldRef", "field", length, NULL);
		number(p, "0");
		us_xml_close(&p->xml);
		apply(p, "/");
		us_xml_empty(&p->xml, "FieldRef", "field", p->derived[j], NULL);
		us_xml_empty(&p->xml, "FieldRef", "field", length, NULL);
		us_xml_close(&p->xml);
		number(p, "0");
		us_xml_close(&p->xml);
		us_xml_close(&p->xml);
	}
}

static void
cluster(UsPmml *p, const UsKmeansModel *m, int i, double *center)
{
	StringInfoData list;

	initStringInfo(&list);
	us_kmeans_model_center(m, i + 1, center);
	for (int j = 0; j < m->width; j++)
		appendStringInfo(&list, "%s%s", j > 0 ? " " : "", double_to_shortest_decimal(center[j]));
	us_xml_open(&p->xml, "Cluster");
	us_xml_int(&p->xml, "id", p->label_id[i]);
	us_xml_attribute(&p->xml, "name", p->label[i]);
	us_xml_int(&p->xml, "size", m->rows[i]);
	us_xml_open(&p->xml, "Array");
	us_xml_int(&p->xml, "n", m->width);
	us_xml_attribute(&p->xml, "type", "real");
	us_xml_text(&p->xml, list.data);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

void
us_pmml_clusters(UsPmml *p)
{
	const UsKmeansModel *m = p->artifact->model;
	char	  **field = m->unit ? unit_fields(p, m->width) : p->derived;
	double	   *center = palloc(sizeof(double) * m->width);

	us_pmml_open_model(p, "ClusteringModel", "clustering");
	us_xml_attribute(&p->xml, "modelClass", "centerBased");
	us_xml_int(&p->xml, "numberOfClusters", m->k);
	us_pmml_schema(p, false, true, NULL, 0);
	us_xml_open(&p->xml, "Output");
	us_pmml_output_field(p, "segment_id", "predictedValue", NULL, "string");
	us_pmml_output_field(p, "segment", "predictedDisplayValue", NULL, "string");
	us_pmml_output_field(p, "distance", "affinity", NULL, "double");
	us_xml_close(&p->xml);
	us_xml_open(&p->xml, "LocalTransformations");
	us_pmml_transformations(p);
	if (m->unit)
		unit_transformations(p, field, m->width);
	us_xml_close(&p->xml);
	us_xml_open(&p->xml, "ComparisonMeasure");
	us_xml_attribute(&p->xml, "kind", "distance");
	us_xml_attribute(&p->xml, "compareFunction", "absDiff");
	us_xml_empty(&p->xml, "squaredEuclidean", NULL);
	us_xml_close(&p->xml);
	for (int j = 0; j < m->width; j++)
		us_xml_empty(&p->xml, "ClusteringField", "field", field[j], NULL);
	for (int i = 0; i < m->k; i++)
		cluster(p, m, i, center);
	us_xml_close(&p->xml);
}
