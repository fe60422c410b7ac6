/*
 * pmml.c
 *	  A stored model as PMML 4.4: the document, its dictionary, the fields of models.
 */
#include "postgres.h"

#include <math.h>

#include "data/encode_form.h"
#include "model/answer_formula.h"
#include "model/pmml.h"

static bool
has_shape(const UsAlgorithm *algorithm)
{
	return algorithm->shape != US_SHAPE_OTHER;
}

/* ---- fields ---- */

static void
data_field(UsPmml *p, const char *name, const char *optype, const char *type)
{
	us_xml_open(&p->xml, "DataField");
	us_xml_attribute(&p->xml, "name", name);
	us_xml_attribute(&p->xml, "optype", optype);
	us_xml_attribute(&p->xml, "dataType", type);
}

static void
value(UsPmml *p, const char *value)
{
	us_xml_empty(&p->xml, "Value", "value", value, NULL);
}

/* The levels that the training saw, if its columns know them. */
static void
level_values(UsPmml *p, const UsFeature *f)
{
	UsForm		form;

	us_encoder_form(p->artifact->encoder, f->first, &form);
	if (form.kind == US_FORM_LEVELS)
		for (int i = 0; i < form.nlevels; i++)
			value(p, form.level[i]);
}

static void
dictionary(UsPmml *p)
{
	const UsEncoder *encoder = p->artifact->encoder;
	int			n = p->target != NULL ? 1 : 0;

	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
		n += us_encoder_feature(encoder, i)->width > 0;
	us_xml_open(&p->xml, "DataDictionary");
	us_xml_int(&p->xml, "numberOfFields", n);
	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
	{
		const UsFeature *f = us_encoder_feature(encoder, i);

		if (f->width == 0)
			continue;
		if (f->kind == US_KIND_NUMBER)
			data_field(p, f->name, "continuous", "double");
		else if (f->kind == US_KIND_BOOLEAN)
			data_field(p, f->name, "categorical", "boolean");
		else if (f->kind == US_KIND_CATEGORY)
		{
			data_field(p, f->name, "categorical", "string");
			level_values(p, f);
		}
		else
			us_pmml_refuse_feature(p, i);
		us_xml_close(&p->xml);
	}
	if (p->target != NULL)
	{
		bool		classes = p->artifact->n_labels > 0;

		data_field(p, p->target, classes ? "categorical" : "continuous", classes ? "string" : "double");
		for (int k = 0; k < p->artifact->n_labels; k++)
			value(p, p->label[k]);
		us_xml_close(&p->xml);
	}
	us_xml_close(&p->xml);
}

/* The number that NULL of a feature becomes, if its only column begins so; else NaN. */
static double
replacement(const UsPmml *p, const UsFeature *f)
{
	UsForm		form;

	if (f->width != 1 || f->kind != US_KIND_NUMBER)
		return NAN;
	us_encoder_form(p->artifact->encoder, f->first, &form);
	if (form.kind != US_FORM_NUMBER || form.chain->n == 0 || form.chain->step[0].op != US_OP_FILL)
		return NAN;
	return form.chain->step[0].a;
}

static void
mining_field(UsPmml *p, const UsFeature *f)
{
	double		fill = replacement(p, f);
	bool		impute = us_encoder_null_policy(p->artifact->encoder) == US_NULL_IMPUTE;

	us_xml_open(&p->xml, "MiningField");
	us_xml_attribute(&p->xml, "name", f->name);
	us_xml_attribute(&p->xml, "usageType", "active");
	if (impute && !isnan(fill))
		us_xml_number(&p->xml, "missingValueReplacement", fill);
	us_xml_attribute(&p->xml, "missingValueTreatment", !impute ? "returnInvalid" : isnan(fill) ? "asIs" : "asValue");
	us_xml_attribute(&p->xml, "invalidValueTreatment", f->kind == US_KIND_CATEGORY ? "asIs" : "asMissing");
	us_xml_close(&p->xml);
}

void
us_pmml_schema(UsPmml *p, bool target, bool features, char **field, int nfields)
{
	const UsEncoder *encoder = p->artifact->encoder;

	us_xml_open(&p->xml, "MiningSchema");
	for (int i = 0; features && i < us_encoder_nfeatures(encoder); i++)
		if (us_encoder_feature(encoder, i)->width > 0)
			mining_field(p, us_encoder_feature(encoder, i));
	for (int i = 0; i < nfields; i++)
		us_xml_empty(&p->xml, "MiningField", "name", field[i], "usageType", "active", NULL);
	if (target && p->target != NULL)
		us_xml_empty(&p->xml, "MiningField", "name", p->target, "usageType", "target", NULL);
	us_xml_close(&p->xml);
}

void
us_pmml_output_field(UsPmml *p, const char *name, const char *feature, const char *value, const char *type)
{
	us_xml_open(&p->xml, "OutputField");
	us_xml_attribute(&p->xml, "name", name);
	us_xml_attribute(&p->xml, "optype", strcmp(type, "double") == 0 ? "continuous" : "categorical");
	us_xml_attribute(&p->xml, "dataType", type);
	us_xml_attribute(&p->xml, "feature", feature);
	if (value != NULL)
		us_xml_attribute(&p->xml, "value", value);
	us_xml_close(&p->xml);
}

/* The probability of class k; of scores that only rank the classes it is a formula. */
static void
probability_output(UsPmml *p, const char *name, int k)
{
	if (p->scores == NULL || p->scores->number == 0)
	{
		us_pmml_output_field(p, name, "probability", p->label[k], "double");
		return;
	}
	us_xml_open(&p->xml, "OutputField");
	us_xml_attribute(&p->xml, "name", name);
	us_xml_attribute(&p->xml, "optype", "continuous");
	us_xml_attribute(&p->xml, "dataType", "double");
	us_xml_attribute(&p->xml, "feature", "transformedValue");
	us_pmml_expression(p, p->scores->arg[p->scores->n - p->artifact->n_labels + k]);
	us_xml_close(&p->xml);
}

void
us_pmml_class_output(UsPmml *p)
{
	us_xml_open(&p->xml, "Output");
	if (p->raw != NULL)
	{
		for (int k = 0; k < p->artifact->n_labels; k++)
			probability_output(p, p->raw[k], k);
		us_xml_close(&p->xml);
		return;
	}
	us_pmml_output_field(p, p->artifact->n_labels > 0 ? "label" : "value", "predictedValue", NULL,
						 p->artifact->n_labels > 0 ? "string" : "double");
	for (int k = 0; k < p->artifact->n_labels; k++)
		probability_output(p, psprintf("probability(%s)", p->label[k]), k);
	us_xml_close(&p->xml);
}

void
us_pmml_open_model(UsPmml *p, const char *element, const char *function)
{
	us_xml_open(&p->xml, element);
	us_xml_attribute(&p->xml, "functionName", function);
	us_xml_attribute(&p->xml, "algorithmName", p->artifact->algorithm->name);
}

/* ---- encoded columns ---- */

/* Whether a name is that of a field. */
static bool
is_taken(const UsPmml *p, const char *name)
{
	const UsEncoder *encoder = p->artifact->encoder;

	if (p->target != NULL && strcmp(p->target, name) == 0)
		return true;
	for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
		if (strcmp(us_encoder_feature(encoder, f)->name, name) == 0)
			return true;
	return false;
}

char *
us_pmml_new_name(const UsPmml *p, char *name)
{
	while (is_taken(p, name))
		name = psprintf("%s'", name);
	return name;
}

/* "x1:spend", numbered, so that two columns never have the same. */
static void
name_columns(UsPmml *p)
{
	int			width = us_encoder_width(p->artifact->encoder);

	p->derived = palloc(sizeof(char *) * Max(width, 1));
	for (int j = 0; j < width; j++)
	{
		char	   *name = psprintf("x%d:%s", j + 1, us_encoder_column(p->artifact->encoder, j)->name);

		while (is_taken(p, name))
			name = psprintf("x%s", name);
		p->derived[j] = name;
	}
}

void
us_pmml_derived(UsPmml *p, const char *name, const UsFormula *f)
{
	us_xml_open(&p->xml, "DerivedField");
	us_xml_attribute(&p->xml, "name", name);
	us_xml_attribute(&p->xml, "optype", "continuous");
	us_xml_attribute(&p->xml, "dataType", "double");
	us_pmml_expression(p, f);
	us_xml_close(&p->xml);
}

void
us_pmml_transformations(UsPmml *p)
{
	for (int j = 0; j < us_encoder_width(p->artifact->encoder); j++)
		us_pmml_derived(p, p->derived[j], us_encoder_formula(p->artifact->encoder, j));
}

/* ---- the document ---- */

static void
header(UsPmml *p, int version)
{
	us_xml_open(&p->xml, "Header");
	us_xml_attribute(&p->xml, "description", psprintf("model %s version %d", p->model_name, version));
	us_xml_empty(&p->xml, "Application", "name", "userseg", NULL);
	us_xml_close(&p->xml);
}

void
us_pmml_model(UsPmml *p)
{
	switch (p->artifact->algorithm->shape)
	{
		case US_SHAPE_LINEAR:
			us_pmml_linear(p);
			break;
		case US_SHAPE_CENTRES:
			us_pmml_clusters(p);
			break;
		case US_SHAPE_TREES:
			us_pmml_trees(p);
			break;
		case US_SHAPE_SCORES:
			us_pmml_scores(p);
			break;
		case US_SHAPE_SCORECARD:
			us_pmml_scorecard(p);
			break;
		case US_SHAPE_OTHER:
			break;
	}
}

char *
us_pmml(const UsArtifact *artifact, const char *model_name, int version, const char *target,
		char **label, const int *label_id, int limit)
{
	UsPmml		p = {.artifact = artifact, .model_name = model_name, .target = target, .label = label, .label_id = label_id};

	if (!has_shape(artifact->algorithm))
		us_export_refuse(artifact, "PMML", has_shape);
	us_xml_init(&p.xml, psprintf("model \"%s\" version %d", model_name, version), limit);
	if (artifact->algorithm->shape != US_SHAPE_TREES)
		name_columns(&p);
	us_xml_open(&p.xml, "PMML");
	us_xml_attribute(&p.xml, "xmlns", "http://www.dmg.org/PMML-4_4");
	us_xml_attribute(&p.xml, "version", "4.4");
	header(&p, version);
	dictionary(&p);
	if (artifact->calibrator != NULL)
		us_pmml_calibrated(&p);
	else
		us_pmml_model(&p);
	us_xml_close(&p.xml);
	if (p.xml.text.len > limit)
		us_xml_open(&p.xml, "PMML");	/* raises the error */
	return p.xml.text.data;
}
