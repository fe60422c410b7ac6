/*
 * glm_course.h
 *	  The course of a training with one linear predictor, as logistic and glm share it: penalty, fit, terms, figures.
 */
#ifndef US_GLM_COURSE_H
#define US_GLM_COURSE_H

#include "learn/glm_fit.h"
#include "learn/linear_model.h"
#include "learn/penalty.h"

typedef struct UsGlmCourse
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsGlmProblem problem;
	UsPenalty	penalty;
	UsGlmFit   *fit;
	UsLinearModel *model;
} UsGlmCourse;

/* Read the parameters that both have; family, start and mean are the caller's to set. */
extern void us_glm_course_begin(UsGlmCourse *c, const UsFitInput *input, UsFitResult *result);

/* Choose lambda if need be, and fit. */
extern void us_glm_course_fit(UsGlmCourse *c);

/* Terms of the model from the fit, with errors times the root of dispersion, and warnings. */
extern void us_glm_course_terms(UsGlmCourse *c, double dispersion);

/* Close; details, and the fields of the result that are always the same. */
extern void us_glm_course_end(UsGlmCourse *c);

#endif
