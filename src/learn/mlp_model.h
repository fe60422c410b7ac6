/*
 * mlp_model.h
 *	  A trained network: scored, explained, stored; of algorithms mlp and autoencoder.
 */
#ifndef US_MLP_MODEL_H
#define US_MLP_MODEL_H

#include "learn/algorithm.h"
#include "learn/mlp_net.h"

typedef struct UsMlpModel
{
	UsMlpNet	net;
	double	   *w;				/* [net.n] */
	int			n_labels;		/* classes; 0: regression; 2: normal and anomaly */
	int			code;			/* the layer whose values are the embedding, 1 .. net.layers - 1 */
	double		centre;			/* regression: the output is (y - centre) / scale */
	double		scale;
	double	   *mean;			/* [width] the average row, from which contributions are counted */
	double		threshold;		/* autoencoder: the least error of an anomaly */
	double		error;			/* autoencoder: mean error of the training rows */
	double		loss;			/* of training */

	/* scratch of scoring */
	UsMlpWork  *work;
} UsMlpModel;

/* inputs beyond are taken as that, so that nothing is infinite */
#define US_MLP_MOST_INPUT	1e30

/* Rows that go through a network at a time. */
#define US_MLP_TILE		64

/* A model with a network and weights w[net->n], which it keeps; the rest is 0. */
extern UsMlpModel *us_mlp_model_create(const UsMlpNet *net, double *w, const UsEncoder *encoder);

/* The errors of reconstruction of a block of rows: mean squared differences of encoded values. */
extern void us_mlp_errors(const UsMlpModel *m, const double *x, int stride, int nrows, double *error);

/* Functions of the vtable. */
extern void us_mlp_score(const void *model, const double *x, UsScore *score);
extern int	us_mlp_label(const void *model, const double *x);
extern void us_mlp_label_block(const void *model, const double *x, int stride, int nrows, int32 *label);
extern void us_mlp_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out);
extern void us_mlp_proba(const void *model, const double *x, double *p);
extern void us_mlp_explain(const void *model, const double *x, const UsScore *score, double *c);
extern double us_mlp_base(const void *model, const double *x, const UsScore *score);
extern int	us_mlp_embed_width(const void *model);
extern void us_mlp_embed(const void *model, const double *x, double *code);
extern UsFormula *us_mlp_formula(const void *model, const UsFormulaRequest *request);
extern UsReport *us_mlp_describe(const void *model);
extern void us_mlp_write(const void *model, UsWriter *w);
extern void *us_mlp_read(UsReader *r, int width, int *n_labels);

#endif
