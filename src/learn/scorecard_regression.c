/*
 * scorecard_regression.c
 *	  The logistic regression of a scorecard: rows become rows of weights of evidence, and these a logistic regression
 *	  of the good class (glm_fit.c).
 *
 * With weights of evidence as columns a single one has the coefficient 1; one below 0 would turn the meaning of its
 * bins round (N. Siddiqi, Credit Risk Scorecards, 2006, chapter 6).
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "data/frame_build.h"
#include "infra/progress.h"
#include "learn/glm_course.h"
#include "learn/gram_pass.h"
#include "learn/scorecard_regression.h"

#define MAX_ITERATIONS	100
#define TOLERANCE		1e-8

/* Columns of the frame of weights of evidence; its target is the last one. */
typedef struct Work
{
	const UsFitInput *input;
	UsScorecard *m;
	int			n;
	int		   *column;			/* [n] of the scorecard */
} Work;

static void
choose_columns(Work *w)
{
	w->n = 0;
	for (int j = 0; j < w->m->width; j++)
		if (w->m->column[j].status == US_CARD_USED)
			w->column[w->n++] = j;
	if (w->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no feature is left for the scorecard"),
				 errdetail("Each of %d columns has too little information or a coefficient below 0 beside the others.", w->m->width),
				 errhint("Lower \"min_iv\", or give features that tell the classes apart.")));
}

static UsFrame *
make_frame(const Work *w)
{
	const UsFitInput *input = w->input;
	UsFrame    *frame = input->frame;
	int			width = us_encoder_width(input->encoder);
	UsColumn   *column = (UsColumn *) palloc0(sizeof(UsColumn) * (w->n + 1));
	double	   *x = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) width * US_CHUNK_ROWS);
	double	   *y = (double *) palloc(sizeof(double) * US_CHUNK_ROWS);
	UsFrameBuilder *builder;
	UsFrame    *made;

	for (int i = 0; i < w->n; i++)
		column[i] = (UsColumn) {.name = us_encoder_column(input->encoder, w->column[i])->name,
			.type_name = "double precision", .kind = US_KIND_NUMBER, .role = US_ROLE_FEATURE};
	column[w->n] = (UsColumn) {.name = "good", .type_name = "boolean", .kind = US_KIND_BOOLEAN, .role = US_ROLE_TARGET};
	builder = us_frame_begin(column, w->n + 1, frame->weighted, true, input->budget);
	for (int c = 0; c < frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, c);

		us_progress("weights of evidence", c, frame->nchunks);
		us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
		us_target_chunk(input->target, chunk, y);
		for (int r = 0; r < chunk->nrows; r++)
		{
			if (r % 64 == 0)
				CHECK_FOR_INTERRUPTS();
			builder->key[builder->row] = chunk->key[r];
			if (frame->weighted)
				builder->weight[builder->row] = chunk->weight[r];
			for (int i = 0; i < w->n; i++)
			{
				const UsCardColumn *card = &w->m->column[w->column[i]];
				int			b = us_card_bin(card, x[(Size) w->column[i] * US_CHUNK_ROWS + r]);

				us_frame_put_number(builder, i, b <= card->nbins ? card->woe[b] : 0);
			}
			us_frame_put_number(builder, w->n, (int) y[r] != w->m->bad_class);
			us_frame_end_row(builder);
		}
	}
	made = us_frame_finish(builder, NULL);
	made->by_id = frame->by_id;
	pfree(x);
	pfree(y);
	return made;
}

static UsTarget *
make_target(const Work *w, UsFrame *frame)
{
	const UsTarget *given = w->input->target;
	UsTarget   *t = us_target_create(frame, US_TASK_CLASSIFICATION);

	t->factored = given->factored;
	t->class_factor[0] = given->class_factor[w->m->bad_class];
	t->class_factor[1] = given->class_factor[1 - w->m->bad_class];
	return t;
}

/*
 * Of the columns with a coefficient that is not above 0 the lowest one is left out, or the lowest eighth where they are
 * many: each round costs a regression.  Returns their number.
 */
static int
leave_out_negative(Work *w, int negative)
{
	int			left_out = negative == 0 ? 0 : Max(negative / 8, 1);

	for (int n = 0; n < left_out; n++)
	{
		UsCardColumn *worst = NULL;

		for (int i = 0; i < w->n; i++)
		{
			UsCardColumn *c = &w->m->column[w->column[i]];

			if (c->status == US_CARD_USED && !(c->coef > 0) && (worst == NULL || c->coef < worst->coef))
				worst = c;
		}
		worst->status = US_CARD_NEGATIVE;
	}
	return left_out;
}

/* Coefficients of the model into the scorecard; the number of columns whose status changed. */
static int
take_terms(Work *w, const UsLinearModel *model)
{
	int			negative = 0;
	int			changed = 0;

	w->m->intercept = model->term[0].estimate;
	for (int i = 0; i < w->n; i++)
	{
		UsCardColumn *c = &w->m->column[w->column[i]];

		c->coef = 0;
		if (model->term[1 + i].status == US_TERM_FITTED)
			c->coef = model->term[1 + i].estimate;
		else
		{
			c->status = US_CARD_ALIASED;
			changed++;
			continue;
		}
		negative += !(c->coef > 0);
	}
	changed += leave_out_negative(w, negative);
	for (int j = 0; j < w->m->width; j++)
		if (w->m->column[j].status != US_CARD_USED)
			w->m->column[j].coef = 0;
	return changed;
}

/* One regression. */
static bool
regress(Work *w, double lambda, UsFitResult *result, UsCardFit *fit)
{
	UsFitInput	sub = {.task = US_TASK_CLASSIFICATION, .seed = w->input->seed, .budget = w->input->budget};
	UsGlmCourse c = {.input = &sub, .result = result};
	bool		changed;
	double		mass[2];
	bool	   *last;
	int		   *run;
	int			nwarnings = result->n_warnings;

	choose_columns(w);
	sub.frame = make_frame(w);
	sub.encoder = us_encoder_learn(sub.frame, NULL, US_NULL_IMPUTE, sub.seed, sub.budget);
	if (us_encoder_width(sub.encoder) != w->n)
		elog(ERROR, "weights of evidence of a column are constant");
	sub.target = make_target(w, sub.frame);
	for (int k = 0; k < 2; k++)
		mass[k] = sub.target->class_mass[k] * sub.target->class_factor[k];
	last = (bool *) palloc(sizeof(bool) * w->n);
	run = (int *) palloc(sizeof(int) * w->n);
	us_linear_references(sub.encoder, last, run);
	c.penalty.on = lambda > 0;
	c.penalty.lambda = lambda;
	c.problem = (UsGlmProblem) {
		.input = &sub, .family = US_FAMILY_BINOMIAL, .intercept = true, .penalised = lambda > 0, .lambda = lambda,
		.max_iter = MAX_ITERATIONS, .tolerance = TOLERANCE, .workers = us_workers_read(w->input->params), .offset = -1,
		.centre = us_gram_centres(&sub, true), .largest_weight = us_gram_largest_weight(&sub),
		.mean = mass[1] / (mass[0] + mass[1]), .start = log(mass[1] / mass[0]), .last = last, .run = run
	};
	c.fit = us_glm_open(&c.problem);
	us_glm_minimise(&c.problem, c.fit);
	us_glm_finish(&c.problem, c.fit);
	c.model = us_linear_model_create(US_LINK_LOGIT, 2, sub.encoder);
	us_glm_course_terms(&c, 1);
	fit->converged = c.fit->converged && !c.fit->separated;
	fit->iterations = c.fit->iterations;
	fit->regressions++;
	fit->design = us_report_object();
	us_design_report(c.fit->design, fit->design);
	changed = take_terms(w, c.model) > 0;
	result->n_warnings = nwarnings;	/* they speak of other parameters than a scorecard has */
	if (!changed && c.fit->separated)
		us_fit_warn(result, psprintf("separation: the likelihood of the regression has no finite maximum, since some rows are predicted "
									 "without any doubt by %s; use a \"lambda\" above 0, or leave that out",
									 us_linear_moving_columns(sub.encoder, c.fit->direction + 1)));
	us_glm_close(&c.problem, c.fit);
	us_frame_free(sub.frame);
	return changed;
}

void
us_scorecard_regression(const UsFitInput *input, UsScorecard *m, double lambda, UsFitResult *result, UsCardFit *fit)
{
	Work		w = {.input = input, .m = m};

	memset(fit, 0, sizeof(UsCardFit));
	w.column = (int *) palloc(sizeof(int) * Max(m->width, 1));
	while (regress(&w, lambda, result, fit))
		CHECK_FOR_INTERRUPTS();
	pfree(w.column);
}
