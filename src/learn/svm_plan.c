/*
 * svm_plan.c
 *	  Parameters of support vector machines, and by which method they are trained.
 */
#include "postgres.h"

#include <math.h>

#include "learn/svm_features.h"
#include "learn/svm_model.h"
#include "learn/svm_newton.h"
#include "learn/svm_plan.h"
#include "learn/svm_smo.h"
#include "stat/calibration.h"

/* with a kernel that is not linear */
#define MOST_KERNEL_ROWS	100000

/* exact machines are chosen while this share of the kernel matrix can be kept */
#define KEPT_SHARE	20

/* landmarks that are chosen, and columns up to which Newton's method is */
#define USUAL_LANDMARKS	512
#define LEAST_LANDMARKS	16
#define NEWTON_COLUMNS	512

static const char *const solvers[] = {"auto", "newton", "descent", NULL};
static const char *const approximations[] = {"auto", "none", "nystroem", NULL};

static const char *const losses[] = {"hinge", "squared_hinge", "epsilon_insensitive", "squared_epsilon_insensitive", NULL};

const UsParamSpec us_svm_params[] = {
	{"C", US_PARAM_NUMBER, "1", 1e-10, 1e12, NULL,
	"what the loss of a row counts beside half the squared length of the weights"},
	{"loss", US_PARAM_CHOICE, NULL, 0, 0, losses,
	"of one row; default hinge for classes, epsilon_insensitive for numbers"},
	{"kernel", US_PARAM_CHOICE, "\"linear\"", 0, 0, us_svm_kernel_names,
	"in whose space rows are kept apart"},
	{"kernel_approximation", US_PARAM_CHOICE, "\"auto\"", 0, 0, approximations,
	"kernels other than linear by their values with some rows (nystroem) or exactly (none); auto: exactly while a twentieth of the kernel matrix fits into memory"},
	{"components", US_PARAM_INT, NULL, 1, US_SVM_MOST_LANDMARKS, NULL,
	"rows that an approximated kernel is made of; default 512, fewer where memory is short"},
	{"gamma", US_PARAM_NUMBER, NULL, 1e-100, 1e100, NULL,
	"scale of the kernels rbf and polynomial; default 1 / (columns * mean variance of the encoded columns)"},
	{"degree", US_PARAM_INT, "3", 1, US_SVM_MOST_DEGREE, NULL,
	"of the polynomial kernel"},
	{"coef0", US_PARAM_NUMBER, "1", -1e100, 1e100, NULL,
	"constant of the polynomial kernel"},
	{"epsilon", US_PARAM_NUMBER, "0.1", 0, 1e100, NULL,
	"regression: errors up to this, in units of the target, cost nothing"},
	{"intercept", US_PARAM_BOOL, "true", 0, 0, NULL,
	"false: the decision value of a row of zeros is 0"},
	{"penalise_intercept", US_PARAM_BOOL, "false", 0, 0, NULL,
	"true: the intercept is kept small as the other weights are, as liblinear does"},
	{"solver", US_PARAM_CHOICE, "\"auto\"", 0, 0, solvers,
	"linear kernel: newton, or dual coordinate descent; auto: newton for up to 512 encoded columns"},
	{"tolerance", US_PARAM_NUMBER, NULL, 1e-10, 0.1, NULL,
	"the training ends when the objective is proven to be within this share of the smallest one; default 1e-6 with the linear kernel and solver newton, else 1e-4"},
	{"max_iter", US_PARAM_INT, "10000", 1, 100000000, NULL,
	"most passes over the rows, for one decision function"},
	{"probability", US_PARAM_BOOL, "true", 0, 0, NULL,
	"classes: calibrate probabilities by Platt scaling, which costs a training for each fold"},
	{"folds", US_PARAM_INT, "5", 2, 50, NULL,
	"of the calibration"},
	{NULL}
};

int
us_svm_outputs(const UsTarget *t)
{
	return t->task == US_TASK_REGRESSION || t->n_classes == 2 ? 1 : t->n_classes;
}

/* As scikit-learn's "scale": the variance of all values of the encoded columns. */
static double
default_gamma(const UsEncoder *encoder)
{
	int			width = us_encoder_width(encoder);
	double		sum = 0;
	double		squares = 0;

	for (int j = 0; j < width; j++)
	{
		const UsEncodedColumn *column = us_encoder_column(encoder, j);

		sum += column->mean;
		squares += column->sd * column->sd + column->mean * column->mean;
	}
	return 1 / fmax(squares - sum * sum / width, 1e-100);
}

/* How many landmarks: what is asked for, or what memory has room for. */
static int
landmarks(const UsFitInput *input)
{
	const UsParam *param = us_params_get(input->params, "components");
	int64		n = input->frame->nrows;
	int			p = (int) Min(n, param->is_null ? USUAL_LANDMARKS : param->integer);
	int			width = us_encoder_width(input->encoder);

	while (param->is_null && p > LEAST_LANDMARKS &&
		   us_svm_landmarks_bytes(n, width, p) + us_svm_newton_bytes(0, p) > us_budget_left(input->budget) / 2)
		p /= 2;
	return p;
}

/* Whether the kernel is approximated, and by how many rows. */
static void
read_approximation(const UsFitInput *input, UsFitResult *result, UsReport *details, UsSvmPlan *plan)
{
	const char *approximation = us_params_get(input->params, "kernel_approximation")->text;
	int64		n = input->frame->nrows;
	double		share = (double) n * n * sizeof(double) / KEPT_SHARE;
	double		left = (double) us_budget_left(input->budget);
	bool		approximate = strcmp(approximation, "nystroem") == 0;

	if (strcmp(approximation, "auto") == 0 && (share > left || n > MOST_KERNEL_ROWS))
	{
		approximate = true;
		us_fit_warn(result, psprintf("kernel \"%s\" is approximated by its values with up to %d of %lld rows: the exact machine wants a twentieth of the kernel matrix, "
										"%.0f MB, in memory, %.0f are left; raise components or userseg.max_memory for a closer one, "
										"kernel_approximation none trains up to %d rows exactly",
										us_svm_kernel_names[plan->kernel.kind], landmarks(input), (long long) n, share / (1024 * 1024),
										left / (1024 * 1024), MOST_KERNEL_ROWS));
	}
	if (approximate)
		plan->components = landmarks(input);
	else if (us_params_get(input->params, "components")->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"components\" is for approximated kernels"),
				 errhint("Leave it out, or set kernel_approximation to \"nystroem\".")));
	plan->method = approximate ? US_SVM_BY_LANDMARKS : US_SVM_BY_PAIRS;
	us_report_text(details, "kernel_approximation", approximate ? "nystroem" : "none");
}

static void
read_kernel(const UsFitInput *input, UsFitResult *result, UsReport *details, UsSvmPlan *plan)
{
	const UsParams *params = input->params;
	const char *name = us_params_get(params, "kernel")->text;
	const UsParam *gamma = us_params_get(params, "gamma");
	const char *solver = us_params_get(params, "solver")->text;

	while (strcmp(us_svm_kernel_names[plan->kernel.kind], name) != 0)
		plan->kernel.kind++;
	us_report_text(details, "kernel", name);
	plan->kernel.gamma = gamma->is_null ? default_gamma(input->encoder) : gamma->number;
	plan->kernel.degree = (int) us_params_get(params, "degree")->integer;
	plan->kernel.coef0 = us_params_get(params, "coef0")->number;
	if (plan->kernel.kind == US_SVM_LINEAR)
	{
		bool		newton = strcmp(solver, "newton") == 0 ||
			(strcmp(solver, "auto") == 0 && us_encoder_width(input->encoder) <= NEWTON_COLUMNS);

		plan->method = newton ? US_SVM_BY_NEWTON : US_SVM_BY_DESCENT;
		us_report_text(details, "solver", newton ? "newton" : "descent");
		if (us_params_get(params, "kernel_approximation")->given || us_params_get(params, "components")->given)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("parameters \"kernel_approximation\" and \"components\" are for kernels other than \"linear\""),
					 errhint("Leave them out.")));
		return;
	}
	if (strcmp(solver, "auto") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"solver\" is for kernel \"linear\""),
				 errhint("Leave it out.")));
	us_report_number(details, "gamma", plan->kernel.gamma);
	read_approximation(input, result, details, plan);
	if (plan->method == US_SVM_BY_LANDMARKS)
		return;
	if (input->frame->nrows > MOST_KERNEL_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("kernel \"%s\" is trained exactly on at most %d rows, there are %lld",
						name, MOST_KERNEL_ROWS, (long long) input->frame->nrows),
				 errdetail("The time grows faster than the square of the rows."),
				 errhint("Leave out kernel_approximation \"none\", or train on a part of the rows.")));
	if (plan->problem.intercept != US_SVM_FREE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" has an intercept that is not penalised", name),
				 errhint("Leave out \"intercept\" and \"penalise_intercept\", or use kernel \"linear\" or kernel_approximation \"nystroem\".")));
}

void
us_svm_plan(const UsFitInput *input, UsFitResult *result, UsReport *details, UsSvmPlan *plan)
{
	const UsParams *params = input->params;
	const UsParam *loss = us_params_get(params, "loss");
	const UsParam *tolerance = us_params_get(params, "tolerance");
	UsSvmProblem *p = &plan->problem;
	const char *name;

	p->regression = input->task == US_TASK_REGRESSION;
	name = loss->text != NULL ? loss->text : losses[p->regression ? 2 : 0];
	if ((strstr(name, "epsilon") != NULL) != p->regression)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("loss \"%s\" is not one of a %s", name, us_task_name(input->task)),
				 errhint("Use \"%s\" or \"%s\".", losses[p->regression ? 2 : 0], losses[p->regression ? 3 : 1])));
	if (!p->regression && us_params_get(params, "epsilon")->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"epsilon\" is for regression"),
				 errhint("Leave it out.")));
	p->squared = strncmp(name, "squared", 7) == 0;
	p->C = us_params_get(params, "C")->number;
	p->epsilon = us_params_get(params, "epsilon")->number;
	p->max_iter = us_params_get(params, "max_iter")->integer;
	p->seed = input->seed;
	p->intercept = !us_params_get(params, "intercept")->boolean ? US_SVM_ABSENT :
		us_params_get(params, "penalise_intercept")->boolean ? US_SVM_PENALISED : US_SVM_FREE;
	plan->calibrate = !p->regression && us_params_get(params, "probability")->boolean;
	plan->folds = (int) us_params_get(params, "folds")->integer;
	read_kernel(input, result, details, plan);
	p->tolerance = tolerance->is_null ? (plan->method == US_SVM_BY_NEWTON ? 1e-6 : 1e-4) : tolerance->number;
	us_report_text(details, "loss", name);
}

Size
us_svm_plan_bytes(const UsSvmPlan *plan, int64 n, int width, int outputs, bool useful)
{
	Size		bytes = us_svm_rows_bytes(n, width) + n * sizeof(double) * 2;

	if (plan->method == US_SVM_BY_DESCENT)
		bytes += us_svm_descent_bytes(n, width);
	else if (plan->method == US_SVM_BY_PAIRS)
		bytes += us_svm_smo_bytes(n, useful) + n * sizeof(double) * (outputs + 1);
	else
		bytes += us_svm_newton_bytes(n, plan->method == US_SVM_BY_NEWTON ? width : plan->components);
	if (plan->method == US_SVM_BY_LANDMARKS)
		bytes += us_svm_landmarks_bytes(n, width, plan->components) + (useful ? n * sizeof(double) * plan->components : 0);
	if (plan->calibrate)
		bytes += n * (3 * sizeof(double) + 2) + us_calibrator_memory(n);
	return bytes;
}

uint64
us_svm_memory(const UsParams *params, int64 nrows, int width)
{
	const char *approximation = us_params_get(params, "kernel_approximation")->text;
	const UsParam *components = us_params_get(params, "components");
	UsSvmPlan	plan = {0};

	plan.method = width <= NEWTON_COLUMNS ? US_SVM_BY_NEWTON : US_SVM_BY_DESCENT;
	if (strcmp(us_params_get(params, "kernel")->text, "linear") != 0)
		plan.method = strcmp(approximation, "nystroem") == 0 || (strcmp(approximation, "auto") == 0 && nrows > MOST_KERNEL_ROWS) ?
			US_SVM_BY_LANDMARKS : US_SVM_BY_PAIRS;
	plan.components = (int) Min(nrows, components->is_null ? USUAL_LANDMARKS : components->integer);
	plan.calibrate = us_params_get(params, "probability")->boolean;
	return us_svm_plan_bytes(&plan, nrows, width, 1, true);
}
