/*
 * recipe.h
 *	  Everything that a fit needs but the rows: a hold-out, the folds of a
 *	  cross-validation and the final model are the same recipe on different rows.
 */
#ifndef US_RECIPE_H
#define US_RECIPE_H

#include "data/transform.h"
#include "learn/algorithm.h"

typedef struct UsRecipe
{
	const UsAlgorithm *algorithm;
	UsTask		task;
	const UsParams *params;
	const UsTransform *transform;	/* or NULL */
	UsNullPolicy null_policy;
	uint64		seed;
} UsRecipe;

/* What came of it. */
typedef struct UsFitted
{
	const UsRecipe *recipe;
	UsEncoder  *encoder;		/* as learned: for the rows of the fit */
	UsTarget   *target;			/* NULL: clustering */
	UsFitResult result;
	const struct UsCalibrator *calibrator;	/* of probabilities (stat/calibration.h); NULL: none */
} UsFitted;

/*
 * A recipe but for its task.  params and transform are objects, NULL: {} (params NULL in recipe: to be filled in).  Raises as
 * us_params_parse() and us_transform_parse().
 */
extern void us_recipe_make(UsRecipe *recipe, const UsAlgorithm *algorithm, const UsParams *params, Jsonb *transform,
						   UsNullPolicy null_policy, uint64 seed);

/*
 * What the algorithm shall do with the target of a frame (CLUSTERING for an algorithm without one): params
 * {"task"} if given; else by the type of the target, or what the algorithm can, where it can only
 * one of both (a number is taken as classes then when it has at most US_FEW_CLASSES whole ones).  Raises 22023
 * for what the algorithm or the target cannot.
 */
extern UsTask us_recipe_task(const UsAlgorithm *algorithm, const UsParams *params, UsFrame *frame);

#define US_FEW_CLASSES	20

/* What a regression of this recipe minimises; squared error without parameters, and for classes. */
extern UsLoss us_recipe_loss(const UsRecipe *recipe);

/* The target of these rows, with positive class and class weights by the parameters.  Raises as us_target_create(). */
extern UsTarget *us_recipe_target(const UsRecipe *recipe, UsFrame *frame);

/* The encoder of these rows. */
extern UsEncoder *us_recipe_encode(const UsRecipe *recipe, UsFrame *frame, UsBudget *budget);

/*
 * Learn target and encoder of these rows (NULL: the encoder is given, learned on them) and fit.  Everything in
 * the current memory context.
 */
extern void us_recipe_fit(const UsRecipe *recipe, UsFrame *frame, UsEncoder *encoder,
						  const UsSqlStep *sql_step, UsBudget *budget, UsFitted *fitted);

#endif
