/*
 * kmeans_start.h
 *	  What k-means and mini-batch k-means have in common: their parameters of the start, the
 *	  encoded rows, the search for first centres on a sample, details.
 *
 *		us_kmeans_start_open	parameters
 *		us_kmeans_start_load	all rows into the matrix of a run, some into the sample
 *		us_kmeans_start_find	first centres: k and center
 *		...						the algorithm moves them
 *		us_kmeans_start_report	details
 *		us_kmeans_start_result	the model; ends the run
 */
#ifndef US_KMEANS_START_H
#define US_KMEANS_START_H

#include "learn/kmeans_choose.h"
#include "learn/kmeans_model.h"
#include "learn/kmeans_path.h"
#include "learn/kmeans_run.h"
#include "learn/kmeans_sample.h"

#define US_KMEANS_MAX_K			10000

/* Choices of the parameters metric, criterion; of init and search: kmeans_path.h. */
extern const char *const us_kmeans_metrics[];
extern const char *const us_kmeans_criteria[];

/*
 * One training.  The parameters k, metric, init, n_init, search, max_iter, criterion, sample_rows,
 * silhouette_rows and workers must be in the specification of the algorithm.
 */
typedef struct UsKmeansStart
{
	bool		shuffled;		/* the caller's: rows in the order of their hashes */

	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsSpace    *space;
	UsArena    *arena;			/* of points and partitions */
	UsPoints   *points;
	UsScratch  *scratch;
	UsSearchSpace *search_space;	/* NULL with given centres */
	bool		complete;		/* the points are all rows */
	int			lo;				/* candidates for k */
	int			hi;
	double	   *given;			/* centres given by the user, relative, [hi][width]; or NULL */
	UsKmeansRun *run;
	UsChoicePlan plan;
	UsSearchPlan search;
	UsCandidate *candidate;
	int			chosen;
	double	   *center;			/* [k][width], relative to the offsets of the space */
	double	   *count;			/* [k] weight of the rows of the sample that each is the mean of; 0 for given ones */
	int			k;
} UsKmeansStart;

/* Read the parameters; result is cleared.  Raises 22023 for k and init that do not fit together. */
extern void us_kmeans_start_open(UsKmeansStart *s, const UsFitInput *input, UsFitResult *result);

/* Encode all rows, and draw the points.  Raises 22023 when no row has a weight. */
extern void us_kmeans_start_load(UsKmeansStart *s);

/*
 * First centres: given, or from the search; sets k and center.  Raises 22023 for a k above the
 * number of distinct rows.
 */
extern void us_kmeans_start_find(UsKmeansStart *s);

/* Details of start and final centres; sums are of the partition that these make. */
extern void us_kmeans_start_report(UsKmeansStart *s, const UsSums *sums, double inertia);

/* Model, metric and details into the result; end of the run. */
extern void us_kmeans_start_result(UsKmeansStart *s, const UsSums *sums, double inertia);

/* Bytes for n rows of width columns. */
extern uint64 us_kmeans_start_memory(const UsParams *params, int64 nrows, int width);

#endif
