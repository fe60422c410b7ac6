/*
 * source_read.c
 *	  From the rows of a source to a Frame.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "data/source_reader.h"
#include "data/source_scan.h"
#include "data/source_text.h"
#include "infra/compat.h"

/* chunks of all columns for which memory is left beside the rows */
#define CHUNKS_BESIDE	8

/* Begin a frame of these columns. */
static void
begin_frame(UsFrameReader *reader, const UsColumn *columns, UsBudget *budget)
{
	UsSourceInfo *info = reader->info;

	reader->dictionary_limit = us_budget_left(budget) / 8;
	reader->builder = us_frame_begin(columns, info->nused, reader->weight != NULL,
									 info->id >= 0, budget);
	if (reader->spec->share > 0)
	{
		Size		left = us_budget_left(budget);
		Size		others = (Size) CHUNKS_BESIDE * info->nused * US_CHUNK_ROWS * sizeof(double);

		/* what follows has some chunks in its hands: with many columns they are large */
		reader->builder->share = Max(left / 2, Min((Size) (left * reader->spec->share), left - Min(others, left)));
	}
}

/* Does this column turn out to be useless?  The reason, or NULL. */
static const char *
useless(const UsReadColumn *column, const UsFrame *frame)
{
	const UsColumn *c = &frame->column[column->j];

	if (column->dropped)
		return column->source->reason;
	if (!column->may_drop || frame->nrows == 0)
		return NULL;
	if (c->n_null == frame->nrows)
		return "it is NULL in every row";
	if (c->kind == US_KIND_CATEGORY)
	{
		int			distinct = us_dictionary_size(c->dictionary);

		if (distinct > US_ID_LIKE_MIN && distinct > (frame->nrows - c->n_null) / 2)
			return psprintf("it identifies rows: %d distinct values in " INT64_FORMAT " rows",
							distinct, frame->nrows - c->n_null);
	}
	return NULL;
}

static void
warn(UsSourceInfo *info, char *warning)
{
	info->warnings = lappend(info->warnings, warning);
}

/* Warnings about rows that were left out. */
static void
warn_rows(const UsFrameReader *reader)
{
	UsSourceInfo *info = reader->info;

	if (info->n_null > 0)
		warn(info, psprintf(INT64_FORMAT " of " INT64_FORMAT " rows left out: a feature is NULL",
							info->n_null, info->n_read));
	for (int i = 0; i < reader->nfeatures; i++)
		if (info->n_null > 0 && reader->feature[i].n_null == info->n_null)
			warn(info, psprintf("in all of these rows \"%s\" is NULL",
								reader->feature[i].source->name));
	if (info->n_unlabelled > 0)
		warn(info, psprintf(INT64_FORMAT " of " INT64_FORMAT " rows left out: the %s is NULL",
							info->n_unlabelled, info->n_read,
							reader->target == NULL ? "time column" :
							reader->time == NULL ? "target" : "target or the time column"));
	if (info->n_weightless > 0)
		warn(info, psprintf(INT64_FORMAT " of " INT64_FORMAT " rows left out: the weight is 0",
							info->n_weightless, info->n_read));
}

/* End the frame without the columns that turned out to be useless. */
static UsFrame *
finish_reader(UsFrameReader *reader)
{
	UsSourceInfo *info = reader->info;
	UsFrame    *frame = us_frame_complete(reader->builder);
	bool	   *drop = palloc0(info->nused * sizeof(bool));
	int			n = 0;

	for (int j = 0; j < info->nused; j++)
	{
		UsReadColumn *column = &reader->feature[j];
		const char *reason = useless(column, frame);

		drop[j] = reason != NULL;
		if (!drop[j])
		{
			info->used[n++] = info->used[j];
			continue;
		}
		column->source->use = US_USE_NONE;
		column->source->reason = reason;
		warn(info, psprintf("column \"%s\" is not used: %s", column->source->name, reason));
	}
	info->nused = n;
	if (n == 0 || info->column[info->used[0]].use != US_USE_FEATURE)
		us_source_no_feature(info);
	frame = us_frame_finish(reader->builder, drop);
	frame->n_skipped = info->n_null + info->n_unlabelled + info->n_weightless;
	warn_rows(reader);
	return frame;
}

/* Workers had to give up: everything from the beginning. */
static void
start_again(UsFrameReader *reader, const UsColumn *columns, UsBudget *budget)
{
	UsSourceInfo *info = reader->info;

	us_frame_free(reader->builder->frame);
	reader->generation = -1;	/* codes of enums are forgotten */
	info->n_read = info->n_null = info->n_unlabelled = info->n_weightless = 0;
	for (int j = 0; j < info->nused; j++)
	{
		UsReadColumn *column = &reader->feature[j];

		if (column->dropped)
			column->source->reason = NULL;
		column->dropped = false;
		column->n_null = 0;
	}
	begin_frame(reader, columns, budget);
}

UsFrame *
us_source_read(UsSource *source, const UsSourceSpec *spec, UsBudget *budget, UsSourceInfo *info)
{
	UsFrameReader reader = {.info = info, .spec = spec};
	UsColumn   *columns = us_row_reader_init(&reader);
	UsFrame    *frame;
	UsScanEnd	end;

	begin_frame(&reader, columns, budget);
	end = us_source_scan(source, &reader, columns);
	if (end == US_SCAN_GAVE_UP)
		start_again(&reader, columns, budget);
	if (end != US_SCAN_DONE)
		us_source_each(source, us_row_reader_put, &reader);
	frame = finish_reader(&reader);
	MemoryContextDelete(reader.row_context);
	return frame;
}
