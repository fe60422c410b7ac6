/*
 * pmml_scores.c
 *	  Models that are formulas, as a RegressionModel over derived fields; and the calibration of probabilities.
 *
 * What decides between the classes is a derived field for each of them, in a table of its own; softmax makes
 * probabilities of it, or, where it only ranks the classes, they are formulas in the Output.
 */
#include "postgres.h"

#include "model/answer_formula.h"
#include "model/pmml.h"

/* A formula that is a field of the document. */
static UsFormula *
field(const char *name)
{
	UsFormula  *f = us_formula_new(US_F_FIELD, 0, NULL);

	f->text = name;
	return f;
}

/*
 * The encoded columns: their derived fields.  Native ones may be missing, and a model maps their levels, so they are
 * formulas over the source.
 */
static UsFormula **
columns(const UsPmml *p)
{
	const UsEncoder *encoder = p->artifact->encoder;
	int			width = us_encoder_width(encoder);
	UsFormula **column = palloc(sizeof(UsFormula *) * Max(width, 1));

	for (int j = 0; j < width; j++)
		column[j] = p->artifact->algorithm->native ? us_encoder_formula(encoder, j) : field(p->derived[j]);
	return column;
}

/* What occurs several times in a formula. */
typedef struct Parts
{
	int			n;
	UsFormula **part;
} Parts;

/* Name the parts of f: from now on they are written as these names. */
static Parts
name_parts(UsPmml *p, UsFormula *f)
{
	Parts		parts;
	int		   *level;

	parts.n = us_formula_parts(f, &parts.part, &level);
	p->part = palloc(sizeof(char *) * Max(parts.n, 1));
	for (int i = 0; i < parts.n; i++)
		p->part[i] = us_pmml_new_name(p, psprintf("part(%d)", i + 1));
	return parts;
}

/* LocalTransformations: columns if asked for, parts, and a field for each of the first n of all. */
static void
transformations(UsPmml *p, bool encoded, const Parts *parts, UsFormula *all, int n, char **name)
{
	us_xml_open(&p->xml, "LocalTransformations");
	if (encoded)
		us_pmml_transformations(p);
	for (int i = 0; i < parts->n; i++)
	{
		UsFormula  *f = parts->part[i];
		int			mark = f->mark;

		f->mark = 0;
		us_pmml_derived(p, p->part[i], f);
		f->mark = mark;
	}
	for (int i = 0; i < n; i++)
		us_pmml_derived(p, name[i], all->arg[i]);
	us_xml_close(&p->xml);
}

static char **
names(const UsPmml *p, const char *format, int n)
{
	char	  **name = palloc(sizeof(char *) * n);

	for (int i = 0; i < n; i++)
		name[i] = us_pmml_new_name(p, psprintf("%s(%d)", format, i + 1));
	return name;
}

/* Tables of the classes: one field each, or one of the second class of two. */
static void
class_tables(UsPmml *p, int n, char **name)
{
	if (n == 1)
		us_pmml_simple_table(p, p->label[0], 0, NULL);
	for (int k = 0; k < n; k++)
		us_pmml_simple_table(p, p->label[n == 1 ? 1 : k], 0, name[k]);
}

void
us_pmml_scores(UsPmml *p)
{
	const UsArtifact *a = p->artifact;
	bool		regression = a->task == US_TASK_REGRESSION;
	UsFormulaRequest request = {.encoder = a->encoder, .column = columns(p), .most_nodes = p->xml.limit,
	.want = regression ? US_WANT_VALUE : US_WANT_SCORES};
	UsFormula  *f = a->algorithm->formula(a->model, &request);
	bool		ranks;
	Parts		parts;
	char	  **name;
	int			n;

	if (regression)
		f = us_formula_new(US_F_SCORES, 1, &f);
	ranks = f->number != 0;
	n = ranks ? f->n - a->n_labels : f->n;
	name = names(p, "score", n);
	parts = name_parts(p, f);
	us_pmml_open_model(p, "RegressionModel", regression ? "regression" : "classification");
	us_xml_attribute(&p->xml, "normalizationMethod", regression || ranks ? "none" : "softmax");
	us_pmml_schema(p, true, true, NULL, 0);
	p->scores = f;
	us_pmml_class_output(p);
	p->scores = NULL;
	transformations(p, !a->algorithm->native, &parts, f, n, name);
	if (regression)
		us_pmml_simple_table(p, NULL, 0, name[0]);
	else
		class_tables(p, n, name);
	us_xml_close(&p->xml);
}

void
us_pmml_calibrated(UsPmml *p)
{
	const UsArtifact *a = p->artifact;
	int			n = a->n_labels;
	UsFormula **raw = palloc(sizeof(UsFormula *) * n);
	UsFormula  *all;
	Parts		parts;
	char	  **name = names(p, "calibrated", n);
	char	  **uncalibrated = names(p, "uncalibrated", n);

	us_pmml_open_model(p, "MiningModel", "classification");
	us_pmml_schema(p, true, true, NULL, 0);
	us_pmml_class_output(p);
	us_xml_open(&p->xml, "Segmentation");
	us_xml_attribute(&p->xml, "multipleModelMethod", "modelChain");
	us_pmml_open_segment(p, 1);
	p->raw = uncalibrated;
	us_pmml_model(p);
	p->raw = NULL;
	us_xml_close(&p->xml);
	us_pmml_open_segment(p, 2);
	us_pmml_open_model(p, "RegressionModel", "classification");
	us_xml_attribute(&p->xml, "normalizationMethod", "simplemax");
	us_pmml_schema(p, true, false, uncalibrated, n);
	us_pmml_class_output(p);
	for (int k = 0; k < n; k++)
		raw[k] = field(uncalibrated[k]);
	all = us_formula_new(US_F_SCORES, n, us_calibrated_formulas(a, raw));
	parts = name_parts(p, all);
	transformations(p, false, &parts, all, n, name);
	class_tables(p, n, name);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}
