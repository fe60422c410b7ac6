/*
 * sql_source.c
 *	  SQL functions over the data layer, for test/sql/source.sql.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "data/frame.h"
#include "data/key.h"
#include "data/source.h"
#include "infra/args.h"
#include "math/hash.h"

PG_FUNCTION_INFO_V1(unit_source);
PG_FUNCTION_INFO_V1(unit_source_plan);
PG_FUNCTION_INFO_V1(unit_source_count);
PG_FUNCTION_INFO_V1(unit_row_key);

static UsNullPolicy
null_policy(const char *name)
{
	if (strcmp(name, "error") == 0)
		return US_NULL_ERROR;
	return strcmp(name, "skip") == 0 ? US_NULL_SKIP : US_NULL_IMPUTE;
}

/* (source, target, id, weight, time_column, features, null_policy) */
static void
spec_from_args(FunctionCallInfo fcinfo, UsSourceSpec *spec)
{
	memset(spec, 0, sizeof(*spec));
	spec->target = US_ARG_CSTRING_OR_NULL(1);
	spec->id = US_ARG_CSTRING_OR_NULL(2);
	spec->weight = US_ARG_CSTRING_OR_NULL(3);
	spec->time_column = US_ARG_CSTRING_OR_NULL(4);
	spec->all_features = PG_ARGISNULL(5);
	if (!spec->all_features)
		spec->features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(5), "features",
										   &spec->n_features);
	spec->null_policy = null_policy(PG_ARGISNULL(6) ? "impute" : US_ARG_CSTRING_OR_NULL(6));
}

static const char *
role_name(UsRole role)
{
	static const char *const names[] = {"feature", "target", "weight", "time"};

	return names[role];
}

/* Values of a column over all chunks: count, mean of numbers, or the dictionary's use. */
static void
show_values(StringInfo out, UsFrame *frame, int j)
{
	const UsColumn *column = &frame->column[j];
	int64		n = 0;
	double		sum = 0;
	int64		items = 0;

	for (int c = 0; c < frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, c);
		const UsChunkColumn *v = &chunk->column[j];

		for (int r = 0; r < chunk->nrows; r++)
		{
			switch (column->kind)
			{
				case US_KIND_CATEGORY:
					n += v->code[r] >= 0;
					break;
				case US_KIND_TAGS:
					n += !v->tag_null[r];
					items += v->tag_start[r + 1] - v->tag_start[r];
					break;
				case US_KIND_VECTOR:
					if (column->dim == 0 || isnan(v->vector[(Size) r * column->dim]))
						break;
					n++;
					for (int i = 0; i < column->dim; i++)
						sum += v->vector[(Size) r * column->dim + i];
					break;
				default:
					if (isnan(v->number[r]))
						break;
					n++;
					sum += v->number[r];
					break;
			}
		}
	}
	appendStringInfo(out, " n=" INT64_FORMAT " nulls=" INT64_FORMAT, n, column->n_null);
	if (column->kind == US_KIND_VECTOR)
		appendStringInfo(out, " dim=%d", column->dim);
	if (column->kind == US_KIND_TAGS)
		appendStringInfo(out, " tags=" INT64_FORMAT, items);
	if (column->dictionary == NULL)
		appendStringInfo(out, " sum=%.15g", sum);
	else
	{
		appendStringInfo(out, " distinct=%d", us_dictionary_size(column->dictionary));
		for (int code = 0; code < Min(us_dictionary_size(column->dictionary), 4); code++)
		{
			int			len;
			const char *bytes = us_dictionary_get(column->dictionary, code, &len);

			appendStringInfo(out, " [%.*s]", len, bytes);
		}
	}
}

/* Hash of all that is stored, order of rows and codes included, as if read back. */
static uint64
content_hash(UsFrame *frame)
{
	uint64		h = 0;

	for (int c = 0; c < frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, c);
		int			n = chunk->nrows;

		h = us_hash_bytes(chunk->key, n * sizeof(uint64), h);
		if (chunk->weight != NULL)
			h = us_hash_bytes(chunk->weight, n * sizeof(double), h);
		for (int j = 0; j < frame->ncolumns; j++)
		{
			const UsChunkColumn *v = &chunk->column[j];

			switch (frame->column[j].kind)
			{
				case US_KIND_CATEGORY:
					h = us_hash_bytes(v->code, n * sizeof(int32), h);
					break;
				case US_KIND_TAGS:
					h = us_hash_bytes(v->tag_start, (n + 1) * sizeof(int32), h);
					h = us_hash_bytes(v->tag_null, n * sizeof(bool), h);
					h = us_hash_bytes(v->tag_code, v->tag_start[n] * sizeof(int32), h);
					break;
				case US_KIND_VECTOR:
					h = us_hash_bytes(v->vector,
									  (Size) n * frame->column[j].dim * sizeof(double), h);
					break;
				default:
					h = us_hash_bytes(v->number, n * sizeof(double), h);
					break;
			}
		}
	}
	return h;
}

/*
 * unit_source(source, target, id, weight, time_column, features text[], null_policy text,
 *			   memory_kb int, show text) → setof-like text: what the frame holds.
 * show: 'columns' (default), 'checksum', 'content', 'memory'
 */
Datum
unit_source(PG_FUNCTION_ARGS)
{
	UsSource   *source = us_source_open(US_ARG_CSTRING(0, "source"));
	UsSourceSpec spec;
	UsSourceInfo *info;
	UsBudget   *budget;
	UsFrame    *frame;
	StringInfoData out;
	const char *show = PG_ARGISNULL(8) ? "columns" : US_ARG_CSTRING_OR_NULL(8);
	ListCell   *lc;

	spec_from_args(fcinfo, &spec);
	budget = us_budget_create((Size) (PG_ARGISNULL(7) ? 64 * 1024 : PG_GETARG_INT32(7)) * 1024);
	info = us_source_columns(source, &spec);
	frame = us_source_read(source, &spec, budget, info);

	initStringInfo(&out);
	if (strcmp(show, "checksum") == 0)
		appendStringInfo(&out, "%016llx%016llx", (unsigned long long) frame->checksum[1],
						 (unsigned long long) frame->checksum[0]);
	else if (strcmp(show, "content") == 0)
		appendStringInfo(&out, "%s %016llx", frame->spilled ? "spilled" : "in memory",
						 (unsigned long long) content_hash(frame));
	else if (strcmp(show, "memory") == 0)
		appendStringInfo(&out, "%s, rows " INT64_FORMAT ", peak %.1f MB, now %.1f MB",
						 frame->spilled ? "spilled" : "in memory", frame->nrows,
						 us_budget_peak(budget) / 1048576.0, us_budget_used(budget) / 1048576.0);
	else
	{
		appendStringInfo(&out, "rows=" INT64_FORMAT " skipped=" INT64_FORMAT " chunks=%d%s%s",
						 frame->nrows, frame->n_skipped, frame->nchunks,
						 frame->weighted ? " weighted" : "", frame->spilled ? " spilled" : "");
		for (int j = 0; j < frame->ncolumns; j++)
		{
			const UsColumn *column = &frame->column[j];

			appendStringInfo(&out, "\n%s %s: %s, %s%s", role_name(column->role), column->name,
							 column->type_name, us_kind_name(column->kind),
							 column->zoned ? " zoned" : "");
			show_values(&out, frame, j);
		}
		foreach(lc, info->warnings)
			appendStringInfo(&out, "\nwarning: %s", (char *) lfirst(lc));
	}
	us_frame_free(frame);
	if (us_budget_used(budget) != 0)
		elog(ERROR, "%zu bytes of the budget were not given back", us_budget_used(budget));
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

/* unit_source_plan(source, ... as above) → text: decisions about columns, nothing executed. */
Datum
unit_source_plan(PG_FUNCTION_ARGS)
{
	UsSource   *source = us_source_open(US_ARG_CSTRING(0, "source"));
	UsSourceSpec spec;
	UsSourceInfo *info;
	UsSourceEstimate estimate;
	StringInfoData out;
	static const char *const uses[] = {"-", "feature", "target", "weight", "time", "id"};

	spec_from_args(fcinfo, &spec);
	info = us_source_columns(source, &spec);
	us_source_estimate(source, &estimate);
	initStringInfo(&out);
	appendStringInfo(&out, "from %s, relation %s, rows %s, cost %s", us_source_from(source),
					 OidIsValid(us_source_relation(source)) ? "yes" : "no",
					 estimate.rows > 0 ? "> 0" : "0", estimate.cost > 0 ? "> 0" : "0");
	for (int i = 0; i < info->ncolumns; i++)
	{
		const UsSourceColumn *column = &info->column[i];

		appendStringInfo(&out, "\n%s %s %s %s", column->name, column->type_name,
						 column->usable ? us_kind_name(column->type.kind) : "(none)",
						 uses[column->use]);
		if (column->reason != NULL)
			appendStringInfo(&out, " (%s)", column->reason);
	}
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

static bool
count_row(TupleTableSlot *slot, void *arg)
{
	int64	   *left = (int64 *) arg;

	return --*left > 0;
}

/* unit_source_count(source, stop_after bigint) → rows received. */
Datum
unit_source_count(PG_FUNCTION_ARGS)
{
	UsSource   *source = us_source_open(US_ARG_CSTRING(0, "source"));
	int64		left = PG_GETARG_INT64(1);

	PG_RETURN_INT64(us_source_each(source, count_row, &left));
}

/* unit_row_key(anyelement) → bigint: the key of a row with this id. */
Datum
unit_row_key(PG_FUNCTION_ARGS)
{
	UsKeyReader reader;

	if (!us_key_reader_init(&reader, get_fn_expr_argtype(fcinfo->flinfo, 0)))
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) us_row_key(&reader, PG_GETARG_DATUM(0)));
}
