/*
 * registry.c
 *	  What is known of algorithms and models, as rows.
 */
#include "postgres.h"

#include "model/portable.h"
#include "verbs/registry.h"

/* What a node of the encoder's report, one a feature, says of its encoding; or NULL. */
static const UsReport *
encoding(const UsReport *feature)
{
	for (const UsReport *node = feature ? feature->first : NULL; node; node = node->next)
		if (node->name && strcmp(node->name, "encoding") == 0)
			return node;
	return NULL;
}

UsFeatureInfo *
us_registry_features(const UsModel *model, int *n)
{
	const UsEncoder *encoder = model->artifact->encoder;
	const UsReport *report = us_encoder_report(encoder)->first;
	UsFeatureInfo *info;

	*n = us_encoder_nfeatures(encoder);
	info = palloc0(sizeof(UsFeatureInfo) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		const UsFeature *feature = us_encoder_feature(encoder, i);

		info[i].name = feature->name;
		info[i].type = feature->type_name;
		info[i].used = feature->width > 0;
		info[i].weight = feature->weight;
		info[i].n_encoded = feature->width;
		info[i].encoded = palloc(sizeof(char *) * Max(feature->width, 1));
		for (int j = 0; j < feature->width; j++)
			info[i].encoded[j] = us_encoder_column(encoder, feature->first + j)->name;
		info[i].details = encoding(report);
		report = report ? report->next : NULL;
	}
	return info;
}

bytea *
us_registry_portable(const UsModel *model)
{
	size_t		len;
	void	   *data = us_catalog_artifact(&model->info, &len);
	bytea	   *payload = us_portable_write(model, data, len);

	pfree(data);
	return payload;
}
