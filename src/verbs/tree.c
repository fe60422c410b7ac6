/*
 * tree.c
 *	  Models that were cut from a tree: cutting them again.
 *
 * Nothing is trained and no row is read: the model keeps its points and their tree, and beside it stands the
 * profile of the branches, the clusters of the finest cut, whose sums make the profile of any other cut.
 * Rules that imitate a segment need the rows, so those of the segments of all coarse cuts were found
 * at training: a segment of a cut is a range of branches, and there are only two new ones for each cut.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "eval/profile.h"
#include "math/assignment.h"
#include "model/artifact.h"
#include "model/report_json.h"
#include "verbs/segments.h"
#include "verbs/tree.h"
#include "verbs/tree_rules.h"

UsTreeModel
us_tree_open(const char *reference, UsPrivilege privilege)
{
	UsTreeModel m;

	m.model = us_model_open(reference, privilege);
	m.functions = m.model->artifact->algorithm->tree;
	if (m.functions == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d has no tree", m.model->info.model, m.model->info.version),
				 errdetail("It is a %s model of algorithm \"%s\".",
						   us_task_name(m.model->info.task), m.model->info.algorithm),
				 errhint("Trees come from algorithm \"hierarchical\".")));
	m.tree = m.functions->tree(m.model->artifact->model);
	return m;
}

/* How many segments are asked for. */
static int
segments_wanted(const UsTreeModel *m, int k, const double *height)
{
	int			most = m->functions->branches(m->model->artifact->model);

	if (height)
	{
		if (isnan(*height) || *height < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("height is %g, it must be 0 or more", *height)));
		k = us_tree_clusters_at(m->tree, *height);
		if (k > most)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a cut at height %g makes %d segments, this model can be cut into at most %d", *height, k, most),
					 errhint("Cut higher, or train with a larger parameter \"max_cut\".")));
		return k;
	}
	if (k < 1 || k > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k is %d, this model can be cut into 1 to %d segments", k, most),
				 errhint("More can be had by training with a larger parameter \"max_cut\", as far as there are distinct points.")));
	return k;
}

/* The profile of the branches that the version was stored with. */
static UsProfile *
branch_profile(const UsTreeModel *m)
{
	const UsArtifact *artifact = m->model->artifact;
	UsReader	r;
	void	   *data;
	size_t		len;

	data = us_catalog_artifact(&m->model->info, &len);
	if (!us_artifact_section(data, len, US_SECTION_BRANCHES, &r))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" was stored without the profile of its branches",
						m->model->info.version, m->model->info.model),
				 errhint("Train again with a larger userseg.max_memory, or a smaller parameter \"max_cut\".")));
	return us_profile_read(&r, artifact->encoder, m->functions->branches(artifact->model));
}

/* The rules that the version was stored with; *n is 0 when there are none. */
static UsRangeRule *
stored_rules(const UsTreeModel *m, int *n)
{
	UsReader	r;
	size_t		len;
	void	   *data = us_catalog_artifact(&m->model->info, &len);

	*n = 0;
	if (!us_artifact_section(data, len, US_SECTION_RULES, &r))
		return NULL;
	return us_range_rules_read(&r, m->functions->branches(m->model->artifact->model), n);
}

/* Numbers of the new segments: those of the old ones with which they share most rows.  Returns the share of rows that keep theirs. */
static double
keep_numbers(const UsTreeModel *m, const UsProfile *branches, const int32 *new_label, int k, int *segment_ids)
{
	const int32 *old_label = m->functions->branch_labels(m->model->artifact->model);
	double	   *rows = palloc0((Size) k * m->model->n_labels * sizeof(double));
	int		   *match = palloc(k * sizeof(int));
	double		kept = 0;

	for (int b = 0; b < branches->n_labels; b++)
		rows[(Size) (new_label[b] - 1) * m->model->n_labels + old_label[b] - 1] += branches->n[b];
	us_assignment(rows, k, m->model->n_labels, match);
	for (int i = 0; i < k; i++)
	{
		double		both = match[i] < 0 ? 0 : rows[(Size) i * m->model->n_labels + match[i]];

		segment_ids[i] = both > 0 ? m->model->label_id[match[i]] : 0;
		kept += both;
	}
	pfree(rows);
	pfree(match);
	return kept / Max(branches->nrows, 1);
}

/* The parameters of the old version, with the new number of segments. */
static Jsonb *
params_of_cut(const Jsonb *params, int k)
{
	UsReport   *change = us_report_object();

	us_report_int(change, "k", k);
	us_report_null(change, "height");
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(params),
											  JsonbPGetDatum(us_report_to_jsonb(change))));
}

static bytea *
artifact_of_cut(const UsArtifact *old, const UsFitResult *fit, const UsProfile *profile,
				const UsProfile *branches, const UsRangeRule *rule, int n_rules)
{
	UsArtifact	artifact = *old;
	UsArtifactSection section[3];

	artifact.model = fit->model;
	artifact.n_labels = fit->n_labels;
	section[0] = us_segments_section(US_SECTION_PROFILE, profile);
	section[1] = us_segments_section(US_SECTION_BRANCHES, branches);
	section[2] = us_rules_section(rule, n_rules);
	return us_artifact_write(&artifact, section, 3);
}

/* Store the new version; returns its number. */
static int
store_cut(const UsTreeModel *m, const UsFitResult *fit, bytea *artifact, const int *segment_ids,
		  const char *alias, Jsonb *details, TimestampTz started)
{
	const UsVersionInfo *info = &m->model->info;
	UsVersionLineage *l = us_catalog_lineage(info);
	UsNewVersion v = {0};
	UsRun		run = {0};

	v.model = info->model;
	v.artifact = artifact;
	v.algorithm = info->algorithm;
	v.task = info->task;
	v.n_labels = fit->n_labels;
	v.segment_ids = segment_ids;
	v.n_rows = info->n_rows;
	v.n_features = info->n_features;
	v.metric = fit->metric;
	v.metric_value = fit->metric_value;
	v.converged = true;
	v.details = details;
	v.source = l->source;
	v.target = l->target;
	v.id = l->id;
	v.weight = l->weight;
	v.time_column = l->time_column;
	v.n_columns = l->n_columns;
	v.columns = l->columns;
	v.transform = l->transform;
	v.params = params_of_cut(l->params, fit->n_labels);
	v.null_policy = l->null_policy;
	v.holdout = l->holdout;
	v.seed = l->seed;
	v.data_checksum = l->data_checksum;
	v.parent = info->version;
	v.alias = alias;
	v.duration_us = GetCurrentTimestamp() - started;
	run.kind = "cut";
	run.model = info->model;
	run.version = us_catalog_add_version(&v);
	run.ok = true;
	run.started_at = started;
	run.n_rows = -1;
	us_catalog_log_run(&run);
	return run.version;
}

void
us_tree_cut_again(const char *reference, int k, const double *height, const char *alias, UsCutResult *result)
{
	TimestampTz started = GetCurrentTimestamp();
	UsTreeModel m;
	UsProfile  *branches;
	UsProfile  *profile;
	UsRangeRule *rule;
	int			n_rules;
	int			unknown;
	UsFitResult fit;
	UsReport   *r;
	const int32 *label;
	int		   *segment_ids;

	PreventCommandIfReadOnly("userseg.cut()");
	PreventCommandIfParallelMode("userseg.cut()");
	if (alias)
		us_reference_check_name(alias, "alias");
	m = us_tree_open(reference, US_PRIVILEGE_OWNER);
	k = segments_wanted(&m, k, height);
	branches = branch_profile(&m);
	m.functions->cut(m.model->artifact->model, k, &fit);
	label = m.functions->branch_labels(fit.model);
	profile = us_profile_join(branches, label, k);
	rule = stored_rules(&m, &n_rules);
	unknown = us_tree_take_rules(profile, rule, n_rules, label, branches->n_labels);
	segment_ids = palloc(k * sizeof(int));
	us_report_int(fit.details, "cut_of_version", m.model->info.version);
	r = us_report_add_object(fit.details, "alignment");
	us_report_text(r, "method", "membership");
	us_report_int(r, "version", m.model->info.version);
	us_report_number(r, "share_kept", keep_numbers(&m, branches, label, k, segment_ids));
	us_report_int(fit.details, "segments_without_rule", unknown);
	result->details = us_report_to_jsonb(fit.details);
	result->version = store_cut(&m, &fit, artifact_of_cut(m.model->artifact, &fit, profile, branches, rule, n_rules),
								segment_ids, alias, result->details, started);
	result->model = m.model->info.model;
	result->k = k;
	us_tree_interval(m.tree, k, &result->low, &result->high);
	result->metric = fit.metric;
	result->metric_value = fit.metric_value;
}
