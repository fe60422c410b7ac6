/*
 * pmml.h
 *	  A stored model as PMML 4.4 (Data Mining Group, 2019).
 *
 * The order of elements and attributes follows the published schema (pmml-4-4.xsd): it is
 * checked in the tests by a grammar of the part of it that is used here.
 */
#ifndef US_PMML_H
#define US_PMML_H

#include "model/artifact.h"
#include "model/xml.h"

typedef struct UsPmml
{
	UsXml		xml;
	const UsArtifact *artifact;
	const char *model_name;
	const char *target;			/* name of its field; NULL: clusters */
	char	  **label;			/* [n_labels] */
	const int  *label_id;		/* of segments */
	char	  **derived;		/* [width]: name of the derived field of an encoded column */
	char	  **part;			/* names of what occurs several times in a formula, by its mark */
	char	  **raw;			/* [n_labels] names of probabilities before they are calibrated, while that model is written; else NULL */
	UsFormula *scores;			/* while a model of US_SHAPE_SCORES is written, whose probabilities are formulas; else NULL */
} UsPmml;

/*
 * The document.  Raises 0A000 for algorithms, steps and kinds of features that have no PMML here, 22023 for
 * control characters, 54000 beyond limit bytes.
 */
extern char *us_pmml(const UsArtifact *artifact, const char *model_name, int version, const char *target,
					 char **label, const int *label_id, int limit);

/* ---- parts, each in its file ---- */

/* A formula as an EXPRESSION element. */
extern void us_pmml_expression(UsPmml *p, const UsFormula *f);

/* Raise 0A000: the feature cannot be said in PMML. */
pg_noreturn extern void us_pmml_refuse_feature(const UsPmml *p, int feature);

/* A condition, or its opposite, as a PREDICATE, which does not hold for missing values. */
extern void us_pmml_predicate(UsPmml *p, const UsCondition *c, bool holds);

/* MiningSchema with the features, further fields, and the target. */
extern void us_pmml_schema(UsPmml *p, bool target, bool features, char **field, int nfields);

/* An OutputField; value (or NULL) is the class whose probability it is.  And the whole Output of a model that predicts the target. */
extern void us_pmml_output_field(UsPmml *p, const char *name, const char *feature, const char *value,
								 const char *type);
extern void us_pmml_class_output(UsPmml *p);

/* The DerivedFields of all encoded columns. */
extern void us_pmml_transformations(UsPmml *p);

/* Open a model element with functionName and algorithmName. */
extern void us_pmml_open_model(UsPmml *p, const char *element, const char *function);

/* The model element of each shape. */
extern void us_pmml_linear(UsPmml *p);
extern void us_pmml_clusters(UsPmml *p);
extern void us_pmml_trees(UsPmml *p);
extern void us_pmml_scores(UsPmml *p);
extern void us_pmml_scorecard(UsPmml *p);

/* Any of them; of calibrated probabilities the chain of the model and the calibration. */
extern void us_pmml_model(UsPmml *p);
extern void us_pmml_calibrated(UsPmml *p);

/* A name that no feature, target or column has: the given one, or something longer. */
extern char *us_pmml_new_name(const UsPmml *p, char *name);

/* A segment of a chain that is always used; close it. */
extern void us_pmml_open_segment(UsPmml *p, int id);

/* A DerivedField that is a formula. */
extern void us_pmml_derived(UsPmml *p, const char *name, const UsFormula *f);

/* A RegressionTable with one predictor, or none (field NULL): intercept + field. */
extern void us_pmml_simple_table(UsPmml *p, const char *category, double intercept, const char *field);

#endif
