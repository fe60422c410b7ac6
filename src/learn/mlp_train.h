/*
 * mlp_train.h
 *	  Training of a network: Adam on mini-batches, early stopping.
 */
#ifndef US_MLP_TRAIN_H
#define US_MLP_TRAIN_H

#include "learn/mlp_net.h"
#include "learn/mlp_rows.h"

typedef struct UsMlpPlan
{
	double		learning_rate;
	int			batch;			/* rows */
	int			epochs;			/* most */
	int			patience;		/* epochs without a better loss, after which it ends; 0: never */
	double		tolerance;		/* what is better: by this share of the loss */
	double		share;			/* of the rows, kept back to measure the loss on; 0: that of training */
	double		dropout;
	double		l2;
	uint64		seed;
} UsMlpPlan;

typedef struct UsMlpTraining
{
	double	   *w;				/* [net->n] the best ones, each a number of single precision */
	int			epochs;			/* gone through */
	int			best_epoch;
	int64		steps;
	double		loss;			/* mean of the training rows in the best epoch */
	double		validation_loss;	/* of the rows kept back; NaN without them */
	int64		validation_rows;
	bool		stopped;		/* before the last epoch */
} UsMlpTraining;

/* The parameters of a training in common: an array of UsParamSpec without end. */
#define US_MLP_TRAINING_SPECS(epochs) \
	{"dropout", US_PARAM_NUMBER, "0", 0, 0.9, NULL, \
	"share of the hidden units that are left out in each step, by chance"}, \
	{"l2", US_PARAM_NUMBER, "1e-4", 0, 1e6, NULL, \
	"half this times the sum of the squared weights is added to the mean loss"}, \
	{"learning_rate", US_PARAM_NUMBER, "0.001", 1e-8, 10, NULL, \
	"step size of Adam"}, \
	{"batch_size", US_PARAM_INT, NULL, 1, 65536, NULL, \
	"rows of a step; default a fiftieth of the rows, but 16 to 256"}, \
	{"max_epochs", US_PARAM_INT, epochs, 1, 1000000, NULL, \
	"most passes over the rows"}, \
	{"early_stopping", US_PARAM_INT, "10", 0, 1000000, NULL, \
	"ends after so many epochs without a better loss, and keeps the best weights; 0: never"}, \
	{"tolerance", US_PARAM_NUMBER, "1e-4", 0, 1, NULL, \
	"a loss is better when it is lower by this share"}, \
	{"validation_share", US_PARAM_NUMBER, "0.1", 0, 0.5, NULL, \
	"share of the rows, by hash of the id, that are kept back to measure the loss on; 0: the loss of training is used"}

/* Parameter "hidden", checked: layers, of which there must be so many at least (22023); parameter "activation". */
extern void us_mlp_check_hidden(const UsParam *hidden, int least);
extern UsMlpActivation us_mlp_activation(const UsParams *params);

/* Read them. */
extern UsMlpPlan us_mlp_plan(const UsFitInput *input);

/* Bytes of a training beside the rows. */
extern Size us_mlp_train_bytes(const UsMlpNet *net, const UsMlpPlan *plan, int64 n);

/* Train; the result is in the current memory context, all else from the arena. */
extern UsMlpTraining *us_mlp_train(const UsMlpNet *net, const UsMlpPlan *plan, const UsMlpRows *rows, UsArena *arena);

/* What was done, for details. */
extern void us_mlp_report(const UsMlpTraining *t, const UsMlpPlan *plan, UsReport *details);

#endif
