/*
 * algorithm.h
 *	  What an algorithm is: one const table of functions, exported by its file and
 *	  listed in learn/registry.c.
 *
 * Learners are plain C: they see a Frame, an Encoder and parameters, and give
 * back a model of their own, a Report and figures.  They know nothing of SQL; an
 * iteration that runs as an SQL aggregate comes to them as a callback.
 */
#ifndef US_ALGORITHM_H
#define US_ALGORITHM_H

#include "data/encode.h"
#include "data/formula.h"
#include "data/frame.h"
#include "data/params.h"
#include "data/target.h"
#include "infra/arena.h"
#include "infra/buffer.h"
#include "infra/report.h"
#include "stat/losses.h"

/* One pass over the source as one SQL aggregate: argument and result are flat varlenas of our types. */
typedef struct UsSqlStep
{
	struct varlena *(*run) (void *context, const struct varlena *argument);
	void	   *context;
} UsSqlStep;

typedef struct UsFitInput
{
	UsTask		task;
	UsFrame    *frame;			/* or a view (data/frame_view.h): rows to learn from, none with a NULL target */
	const UsTarget *target;		/* of frame; NULL for clustering */
	const UsEncoder *encoder;	/* learned on frame */
	const UsParams *params;
	uint64		seed;
	UsBudget   *budget;			/* memory of this training */
	const UsSqlStep *sql_step;	/* NULL: local strategy */
} UsFitInput;

/* What a model is continued with (userseg.partial_train). */
typedef struct UsPartialInput
{
	UsFitInput	fit;			/* the new rows; the encoder is that of the model, bound to them */
	const void *model;
	double		decay;			/* 0 .. 1: the rows of the model count this much */
	const double *min;			/* [width] range of the encoded new rows */
	const double *max;
} UsPartialInput;

typedef struct UsFitResult
{
	void	   *model;			/* of the algorithm, in the context current at fit */
	UsTask		task;
	int			n_labels;		/* clusters or classes (those of the target); 0 for a regressor */
	const char *metric;			/* clustering: "inertia", ...; the others are measured from outside: NULL, NaN */
	double		metric_value;
	bool		converged;
	int			iterations;
	int			n_warnings;
	char	  **warnings;
	UsReport   *details;		/* object */

	/*
	 * For clustering, what label_block (with a tree: branch_block) would say of the training rows,
	 * less 1, if the fit knows it anyway: [nchunks][US_CHUNK_ROWS], taken from the budget; or NULL.
	 */
	const uint16 *labels;
} UsFitResult;

/*
 * The answer for one row.  Class index k of the target is label k + 1.
 */
typedef struct UsScore
{
	int			label;			/* 1.., or 0: none; of equally probable classes the first */
	int			runner_up;		/* second label, or 0 */
	double		value;			/* regression: the prediction; two classes: the probability of the second one, to its
								 * last digit where it is small; else NaN.  (Another positive class is seen to by
								 * model/answer.h.) */
	double		probability;	/* of label; NaN: none */
	double		margin;			/* how far the runner-up is, in the unit of the algorithm (classes: difference of
								 * probabilities); NaN: none */
	double		distance;		/* to the chosen centroid, encoded units; NaN: none */
} UsScore;

/* learn/pathway.h */
struct UsPathway;

/* How a term of a linear predictor came by its coefficient; stored. */
typedef enum UsTermStatus
{
	US_TERM_FITTED,
	US_TERM_ALIASED,			/* no coefficient: a combination of terms before it */
	US_TERM_REFERENCE,			/* no coefficient: the level that the others are compared with */
	US_TERM_ZERO,				/* 0, by a penalty */
	US_TERM_ABSENT,				/* no intercept */
	US_TERM_OFFSET				/* given: 1 */
} UsTermStatus;

typedef struct UsCoefficient
{
	double		estimate;		/* in units of the source */
	double		std_error;		/* the same; NaN: none */
	double		encoded;		/* for the encoded column */
	uint8		status;			/* UsTermStatus */
} UsCoefficient;

/* Trained models that are more than a void pointer to those who export them. */
typedef enum UsModelShape
{
	US_SHAPE_OTHER = 0,
	US_SHAPE_LINEAR,			/* UsLinearModel */
	US_SHAPE_CENTRES,			/* UsKmeansModel */
	US_SHAPE_TREES,				/* UsTreeModel */
	US_SHAPE_SCORECARD,			/* UsScorecard */
	US_SHAPE_SCORES				/* anything that can say US_WANT_SCORES, or US_WANT_VALUE of a regression */
} UsModelShape;

/* What a model knows of the worth of its columns without any row. */
typedef enum UsImportanceKind
{
	US_IMPORTANCE_GAIN,			/* together of all splits */
	US_IMPORTANCE_SPLITS		/* number of splits */
} UsImportanceKind;

struct UsForest;				/* learn/tree.h */

/* What a value in a leaf means. */
typedef struct UsTreeMeaning
{
	bool		boosted;		/* a part of a score; else what the tree predicts, but for base */
	double		base;
} UsTreeMeaning;

struct UsTree;					/* stat/linkage_tree.h */

/*
 * A clustering that was cut from a tree, and can be cut again.  The finest cut that can be made has
 * the "branches" as its clusters; every other joins branches.
 */
typedef struct UsAlgorithmTree
{
	/* Number of branches, and the label 1.. of each of them in the present cut. */
	int			(*branches) (const void *model);
	const int32 *(*branch_labels) (const void *model);

	/* As label_block: the branches 1.. of a block of rows. */
	void		(*branch_block) (const void *model, const double *x, int stride, int nrows, int32 *branch);

	/* The tree, the label and the weight of each leaf. */
	const struct UsTree *(*tree) (const void *model);
	const int32 *(*leaf_labels) (const void *model);
	const double *(*leaf_weights) (const void *model);

	/*
	 * The model of the cut into k clusters, 1 .. branches, in the current context; it shares what it
	 * can with model, which must live as long.  result: n_labels, metric and details of it.
	 */
	void	   *(*cut) (const void *model, int k, UsFitResult *result);
} UsAlgorithmTree;

typedef struct UsAlgorithm
{
	const char *name;			/* as the field names it */
	const char *task;			/* 'clustering', 'classification', 'regression', 'classification, regression' */
	const char *description;	/* one sentence */
	const char *sql_aggregate;	/* the step it can iterate, for strategy sql; or NULL */
	const char *sql_argument;	/* type of the state that steers the step, as "centroid_set" */
	bool		native;			/* handles missing values and native categories (us_transform_native) */
	bool		streams;		/* fit keeps little beside the rows as read: they may have most of the memory */
	bool		needs_target;	/* supervised: has the parameters us_supervised_params or us_classifier_params too */
	bool		gives_value;	/* clustering: UsScore.value means something, as a density */
	const char *const *label_names; /* clustering whose labels always mean the same: their names, ended by NULL */
	const UsParamSpec *params;

	/* Train.  Raises the errors of the interface; never half a model. */
	void		(*fit) (const UsFitInput *input, UsFitResult *result);

	/*
	 * Continue a model with new rows: a new model whose label i is that of label i before.
	 * partial_params[], ended by NULL, are the parameters that can be given anew; the others
	 * stand as they were.  Both NULL: the algorithm cannot be continued.
	 */
	void		(*partial_fit) (const UsPartialInput *input, UsFitResult *result);
	const char *const *partial_params;

	/* Memory that fit would like to have for n rows and width columns, in bytes (explain_train). */
	uint64		(*memory) (const UsParams *params, int64 nrows, int width);

	/* Score one row: x[width].  No allocation. */
	void		(*score) (const void *model, const double *x, UsScore *score);

	/* Only the label of one row: the fast path of predict_id. */
	int			(*label) (const void *model, const double *x);

	/* Only the labels of a block: label[nrows].  Equal to label(). */
	void		(*label_block) (const void *model, const double *x, int stride, int nrows, int32 *label);

	/* Score a block: x is [width][stride], column-major; out[nrows].  Equal to score() bit for bit. */
	void		(*score_block) (const void *model, const double *x, int stride, int nrows, UsScore *out);

	/* Probabilities p[n_labels] of one row; NULL for an algorithm of regressions only. */
	void		(*proba) (const void *model, const double *x, double *p);

	/*
	 * Additive contributions c[width] of the encoded columns to the choice of label, or to the
	 * value of a regression; or NULL.
	 */
	void		(*explain) (const void *model, const double *x, const UsScore *score, double *c);

	/* What the contributions to the answer for x are added to: with them it is the predictor that they explain; or NULL. */
	double		(*base) (const void *model, const double *x, const UsScore *score);

	/* What training says of the encoded columns: value[width]; false: nothing of that kind.  Or NULL. */
	bool		(*importance) (const void *model, UsImportanceKind kind, double *value);

	/*
	 * Coefficients of linear predictors: [outputs][terms], the intercept first, then the encoded columns;
	 * outputs is 1, or the number of classes.  *df of their t distribution, infinite: normal.  NULL for a
	 * model that has none.  Or NULL.
	 */
	const UsCoefficient *(*coefficients) (const void *model, int *outputs, int *terms, double *df);

	/* What a regression with these parameters minimises, and so is judged by; NULL: squared error. */
	void		(*loss) (const UsParams *params, UsLoss *loss);

	/* The position of a row among others, as the model sees it: code[embed_width()] of a row x; or both NULL. */
	int			(*embed_width) (const void *model);
	void		(*embed) (const void *model, const double *x, double *code);

	/* For a regression: quantile 0 <= p <= 1 of the targets of rows like x; NaN: trained without; or NULL. */
	double		(*quantile) (const void *model, const double *x, double p);

	/* The trees of a model that is made of trees, and what their leaves mean; or NULL. */
	const struct UsForest *(*trees) (const void *model, UsTreeMeaning *meaning);

	/* For clustering: the centre of label 1..n in encoded units, c[width]; or NULL. */
	void		(*center) (const void *model, int label, double *c);

	/*
	 * What the model answers as a formula over the encoded columns, for export as SQL; equal to score() and
	 * proba() but for the rounding of sums.  Raises 0A000 for a model that has none, 54000 beyond
	 * most_nodes.  NULL: none of its models has one.
	 */
	UsFormula  *(*formula) (const void *model, const UsFormulaRequest *request);

	/* What the model is to exporters that know such models (model/pmml.h). */
	UsModelShape shape;

	/* For a clustering that can be cut again; or NULL. */
	const UsAlgorithmTree *tree;

	/* Parameters and statistics of a stored model. */
	UsReport   *(*describe) (const void *model);

	/* Stored form.  read validates everything (22P03) and checks against the width of the encoder. */
	void		(*write) (const void *model, UsWriter *w);
	void	   *(*read) (UsReader *r, int width, int *n_labels);

	/* For clustering: partitions of the same rows into several numbers of clusters, for select_k; or NULL. */
	const struct UsPathway *pathway;
} UsAlgorithm;

/* The algorithm of that name, or NULL; the i-th of them, or NULL past the end. */
extern const UsAlgorithm *us_algorithm_find(const char *name);
extern const UsAlgorithm *us_algorithm_get(int i);

/* Whether an algorithm can do a task. */
extern bool us_algorithm_can(const UsAlgorithm *algorithm, UsTask task);

/* The parameters that it has in common with others: us_common_params, ... (data/params.h). */
extern const UsParamSpec *us_algorithm_common_params(const UsAlgorithm *algorithm);

/* 'clustering', 'classification', 'regression'; and back: false for another text. */
extern const char *us_task_name(UsTask task);
extern bool us_task_parse(const char *name, UsTask *task);

/* Add a warning (palloc'd) to those of a fit. */
extern void us_fit_warn(UsFitResult *result, char *text);

/* The algorithms, each in its file; registry.c lists them. */
extern const UsAlgorithm us_algorithm_gmm;
extern const UsAlgorithm us_algorithm_hierarchical;
extern const UsAlgorithm us_algorithm_isolation_forest;
extern const UsAlgorithm us_algorithm_kmeans;
extern const UsAlgorithm us_algorithm_minibatch_kmeans;
extern const UsAlgorithm us_algorithm_linear;
extern const UsAlgorithm us_algorithm_logistic;
extern const UsAlgorithm us_algorithm_glm;
extern const UsAlgorithm us_algorithm_decision_tree;
extern const UsAlgorithm us_algorithm_gradient_boosting;
extern const UsAlgorithm us_algorithm_autoencoder;
extern const UsAlgorithm us_algorithm_mlp;
extern const UsAlgorithm us_algorithm_naive_bayes;
extern const UsAlgorithm us_algorithm_random_forest;
extern const UsAlgorithm us_algorithm_scorecard;
extern const UsAlgorithm us_algorithm_svm;

#endif
