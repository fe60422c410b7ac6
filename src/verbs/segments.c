/*
 * segments.c
 *	  What the segments of a model are: centroids, cards.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "model/artifact.h"
#include "model/catalog.h"
#include "verbs/segments.h"

/* |z| below which a feature does not tell a segment from the others */
#define TOP_Z	0.1

/* seconds from 1970-01-01 to 2000-01-01 */
#define EPOCH_SHIFT ((double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

UsSegmentedModel
us_segments_open(const char *reference)
{
	UsSegmentedModel m;
	UsReader	r;
	void	   *data;
	size_t		len;

	m.model = us_model_open(reference, US_PRIVILEGE_USAGE);
	data = us_catalog_artifact(&m.model->info, &len);
	if (m.model->info.task != US_TASK_CLUSTERING
		|| !us_artifact_section(data, len, US_SECTION_PROFILE, &r))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d has no segments",
						m.model->info.model, m.model->info.version),
				 errdetail("It is a %s model of algorithm \"%s\".",
						   us_task_name(m.model->info.task), m.model->info.algorithm),
				 errhint("Segments come from clustering, such as algorithm \"kmeans\".")));
	m.profile = us_profile_read(&r, m.model->artifact->encoder, m.model->n_labels);
	m.rest = palloc(Max(m.profile->nfacets, 1) * sizeof(double *));
	for (int f = 0; f < m.profile->nfacets; f++)
	{
		CHECK_FOR_INTERRUPTS();
		m.rest[f] = palloc(Max(m.profile->n_labels, 1) * sizeof(double));
		us_facet_rest_means(&m.profile->facet[f], m.profile->n_labels, m.rest[f]);
	}
	return m;
}

UsArtifactSection
us_segments_section(uint32 type, const UsProfile *profile)
{
	UsArtifactSection section = {type};
	UsWriter	w;

	us_writer_init(&w);
	us_profile_write(profile, &w);
	section.data = w.buf.data + VARHDRSZ;
	section.len = w.buf.len - VARHDRSZ;
	return section;
}

UsArtifactSection
us_rules_section(const UsRangeRule *range, int n)
{
	UsArtifactSection section = {US_SECTION_RULES};
	UsWriter	w;

	us_writer_init(&w);
	us_range_rules_write(range, n, &w);
	section.data = w.buf.data + VARHDRSZ;
	section.len = w.buf.len - VARHDRSZ;
	return section;
}

/* The lines of one label in the units of the source. */
static int
original_lines(const UsSegmentedModel *m, int label, UsCentroidLine *line)
{
	for (int f = 0; f < m->profile->nfacets; f++)
	{
		const UsFacet *facet = &m->profile->facet[f];
		const UsFeature *feature = us_encoder_feature(m->model->artifact->encoder, facet->feature);
		double		mean = facet->segment_mean[label - 1];
		double		rest = m->rest[f][label - 1];

		CHECK_FOR_INTERRUPTS();
		line[f].label = label;
		line[f].feature = facet->name;
		line[f].value = feature->kind == US_KIND_TIME ? mean + EPOCH_SHIFT : mean;
		line[f].z = us_facet_z(facet, label);
		line[f].lift = mean >= 0 && rest > 0 && feature->kind != US_KIND_TIME ? mean / rest : NAN;
	}
	return m->profile->nfacets;
}

/* The lines of one label in encoded units. */
static int
encoded_lines(const UsSegmentedModel *m, int label, UsCentroidLine *line)
{
	const UsArtifact *artifact = m->model->artifact;
	int			width = us_encoder_width(artifact->encoder);
	double	   *center = palloc(Max(width, 1) * sizeof(double));

	if (artifact->algorithm->center == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("algorithm \"%s\" has no centroids in encoded units", artifact->algorithm->name),
				 errhint("Use userseg.centroids(model), in the units of the source.")));
	artifact->algorithm->center(artifact->model, label, center);
	for (int j = 0; j < width; j++)
	{
		const UsEncodedColumn *column = us_encoder_column(artifact->encoder, j);

		line[j].label = label;
		line[j].feature = column->name;
		line[j].value = center[j];
		line[j].z = column->sd > 0 ? (center[j] - column->mean) / column->sd : 0;
		line[j].lift = NAN;
	}
	pfree(center);
	return width;
}

UsCentroidLine *
us_segments_centroids(const UsSegmentedModel *m, bool encoded, int *n)
{
	int			per_label = encoded ? us_encoder_width(m->model->artifact->encoder)
		: m->profile->nfacets;
	UsCentroidLine *line = MemoryContextAllocHuge(CurrentMemoryContext,
												  (Size) Max(per_label, 1) * m->model->n_labels
												  * sizeof(UsCentroidLine));

	*n = 0;
	for (int label = 1; label <= m->model->n_labels; label++)
		*n += (encoded ? encoded_lines : original_lines) (m, label, line + *n);
	return line;
}

UsReport *
us_segments_top(const UsSegmentedModel *m, int label)
{
	UsReport   *top = us_report_array();
	int		   *index = palloc(Max(m->profile->nfacets, 1) * sizeof(int));
	int			n = us_profile_order(m->profile, label, index);

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < Min(n, US_TOP_FEATURES); i++)
	{
		const UsFacet *facet = &m->profile->facet[index[i]];
		double		z = us_facet_z(facet, label);
		double		mean = facet->segment_mean[label - 1];
		double		rest = m->rest[index[i]][label - 1];
		UsReport   *o;

		if (fabs(z) < TOP_Z)
			break;
		o = us_report_add_object(top, NULL);
		us_report_text(o, "feature", facet->name);
		us_report_text(o, "direction", z > 0 ? "high" : "low");
		us_report_number(o, "z", z);
		us_report_number(o, "value", mean);
		us_report_number(o, "overall", facet->mean);
		us_report_number(o, "lift", mean >= 0 && rest > 0 ? mean / rest : NAN);
	}
	pfree(index);
	return top;
}
