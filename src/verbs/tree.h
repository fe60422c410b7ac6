/*
 * tree.h
 *	  Models that were cut from a tree: userseg.cut, userseg.dendrogram.
 */
#ifndef US_TREE_H
#define US_TREE_H

#include "utils/jsonb.h"

#include "model/cache.h"
#include "stat/linkage_tree.h"

/* A model and its tree. */
typedef struct UsTreeModel
{
	UsModel    *model;
	const UsAlgorithmTree *functions;
	const UsTree *tree;
} UsTreeModel;

/* Open a model for its tree: 42501 without the privilege, 42809 when it has none. */
extern UsTreeModel us_tree_open(const char *reference, UsPrivilege privilege);

typedef struct UsCutResult
{
	const char *model;
	int			version;
	int			k;
	double		low;			/* the heights between which the cut is */
	double		high;			/* infinite for one segment */
	const char *metric;
	double		metric_value;	/* NaN: none */
	Jsonb	   *details;
} UsCutResult;

/*
 * Cut the tree of a version at a height, or (NULL) into k segments, and store that as the next version, in
 * the caller's transaction.  Segments keep the numbers of those that they have most rows in
 * common with.  alias (NULL: none) is moved to it.  The current user owns the model (42501).  Raises
 * 22023 unless k is between 1 and the number of branches, 55000 when the version has no
 * profile of its branches, and what us_catalog_add_version() raises.
 */
extern void us_tree_cut_again(const char *reference, int k, const double *height, const char *alias,
							  UsCutResult *result);

#endif
