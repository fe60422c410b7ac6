/*
 * to_pmml.h
 *	  A model as PMML.
 */
#ifndef US_TO_PMML_H
#define US_TO_PMML_H

/*
 * The document, palloc'd, in the server encoding.  For whoever may use the model.  Raises 22023 for max_length
 * out of range, and what us_pmml() raises (model/pmml.h).
 */
extern char *us_to_pmml(const char *reference, int max_length);

#endif
