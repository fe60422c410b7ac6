/*
 * encode_learn.c
 *	  Learning an encoder: passes over the frame until no part needs another one.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "miscadmin.h"

#include "data/encode_part.h"
#include "data/names.h"
#include "infra/progress.h"
#include "math/select.h"

/*
 * Larger frames than US_SELECT_SMALL are sampled for medians: this many chunks, spread
 * evenly, and rows of each, fewer when there are many columns.
 */
#define SAMPLE_CHUNKS	16
#define SAMPLE_ROWS		512
#define SAMPLE_ROWS_MIN	32
#define SAMPLE_BYTES	(8 * 1024 * 1024)

void
us_encoder_warn(UsEncoder *encoder, const char *fmt,...)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&buf, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&buf, needed);
	}
	if (encoder->warning == NULL)
		encoder->warning = palloc(sizeof(char *));
	else
		encoder->warning = repalloc(encoder->warning, sizeof(char *) * (encoder->nwarnings + 1));
	encoder->warning[encoder->nwarnings++] = buf.data;
}

void
us_encoder_add_column(UsEncoder *encoder, const UsPart *part, const char *name,
					  double mean, double sd, double min, double max)
{
	UsEncodedColumn *column;

	if (encoder->width >= US_MAX_WIDTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d encoded columns", US_MAX_WIDTH),
				 errhint("Lower \"max_categories\" or leave features out.")));
	if (encoder->width == encoder->columns_room)
	{
		encoder->columns_room = Max(16, 2 * encoder->columns_room);
		if (encoder->column == NULL)
			encoder->column = palloc(sizeof(UsEncodedColumn) * encoder->columns_room);
		else
			encoder->column = repalloc(encoder->column,
									   sizeof(UsEncodedColumn) * encoder->columns_room);
	}
	column = &encoder->column[encoder->width++];
	column->name = pstrdup(name);
	column->feature = part->feature;
	column->mean = mean;
	column->sd = sd;
	column->min = min;
	column->max = max;
}

/* No two columns of one name: a category "a=b" and a level "b" of "a" may meet. */
static void
distinguish_columns(UsEncoder *encoder)
{
	char	 ***name = palloc(sizeof(char **) * Max(encoder->width, 1));

	for (int i = 0; i < encoder->width; i++)
		name[i] = &encoder->column[i].name;
	us_names_distinguish(name, encoder->width);
	pfree(name);
}

/* Weights in selections are integers: the largest becomes 2^30, or less in large frames. */
static double
weight_unit(UsFrame *frame)
{
	double		max = 0;
	int			bits = 30;
	int			exponent;

	for (int c = 0; c < frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, c);

		us_progress("preprocessing: weights", c, frame->nchunks);
		for (int i = 0; i < chunk->nrows; i++)
			max = Max(max, chunk->weight[i]);
	}
	while (bits > 0 && ldexp((double) frame->nrows, bits) > 9e15)
		bits--;
	(void) frexp(max, &exponent);
	return ldexp(1.0, Min(bits - exponent, 1020));
}

static void
chunk_weights(UsLearn *learn, const UsChunk *chunk)
{
	learn->chunk_weight = chunk->weight;
	if (chunk->weight == NULL)
		return;
	for (int i = 0; i < chunk->nrows; i++)
		learn->iweight[i] = Max((int64) rint(chunk->weight[i] * learn->weight_unit), 1);
	learn->chunk_iweight = learn->iweight;
}

/* Rows for the brackets of medians, from everywhere in the frame. */
static void
take_sample(UsLearn *learn)
{
	UsFrame    *frame = learn->frame;
	UsEncoder  *encoder = learn->encoder;
	Size		row_bytes = sizeof(double) * SAMPLE_CHUNKS * encoder->nparts;
	int			nrows = (int) (Min(SAMPLE_BYTES, us_budget_left(learn->budget) / 8) / row_bytes);

	if (frame->weighted || frame->nrows <= US_SELECT_SMALL)
		return;
	nrows = Max(Min(nrows, SAMPLE_ROWS), SAMPLE_ROWS_MIN);
	for (int s = 0; s < SAMPLE_CHUNKS; s++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, (int) ((int64) s * frame->nchunks / SAMPLE_CHUNKS));

		CHECK_FOR_INTERRUPTS();
		for (int p = 0; p < encoder->nparts; p++)
			if (encoder->part[p].ops->sample)
				encoder->part[p].ops->sample(&encoder->part[p], learn, chunk, nrows);
	}
}

bool
us_learn_take(UsLearn *learn, Size bytes)
{
	if (us_budget_try(learn->budget, bytes))
		return true;
	if (learn->alone)
		us_budget_take(learn->budget, bytes, "preprocessing");
	return false;
}

/* What every part wants of the next pass; true if one has to read. */
static bool
begin_pass(UsLearn *learn, UsPass *want)
{
	UsEncoder  *encoder = learn->encoder;
	bool		reading = false;

	for (int p = 0; p < encoder->nparts; p++)
	{
		if (want[p] != US_PASS_NONE)
			want[p] = encoder->part[p].ops->begin(&encoder->part[p], learn);
		reading |= want[p] == US_PASS_READ;
	}
	return reading;
}

/* Passes for all parts together until they have learned. */
static void
learn_parts(UsLearn *learn)
{
	UsEncoder  *encoder = learn->encoder;
	UsFrame    *frame = learn->frame;
	UsPass	   *want = palloc(sizeof(UsPass) * encoder->nparts);
	bool		waiting = true;

	for (int p = 0; p < encoder->nparts; p++)
		want[p] = US_PASS_READ;
	while (begin_pass(learn, want) || waiting)
	{
		waiting = false;
		for (int p = 0; p < encoder->nparts; p++)
			waiting |= want[p] == US_PASS_WAIT;
		learn->alone = true;
		for (int p = 0; p < encoder->nparts; p++)
			learn->alone &= want[p] != US_PASS_READ;
		for (int c = 0; !learn->alone && c < frame->nchunks; c++)
		{
			const UsChunk *chunk = us_frame_chunk(frame, c);

			us_progress("preprocessing", c, frame->nchunks);
			chunk_weights(learn, chunk);
			for (int p = 0; p < encoder->nparts; p++)
				if (want[p] == US_PASS_READ)
					encoder->part[p].ops->consume(&encoder->part[p], learn, chunk);
		}
	}
	pfree(want);
}

/* One warning about features that have no column, which are so many of these names. */
static void
warn_dropped(UsEncoder *encoder, int n, const char *names, const char *why)
{
	if (n == 1)
		us_encoder_warn(encoder, "feature %s is %s and was dropped", names, why);
	else if (n > 1)
		us_encoder_warn(encoder, "%d features are %s and were dropped: %s", n, why, names);
}

static void
add_name(StringInfo names, const char *name)
{
	appendStringInfo(names, "%s\"%s\"", names->len > 0 ? ", " : "", name);
}

/* Columns of the parts in order; parts without one go, features without one are told. */
static void
finish(UsLearn *learn)
{
	UsEncoder  *encoder = learn->encoder;
	const UsFrame *frame = learn->frame;
	StringInfoData constant;
	StringInfoData null;
	int			n_constant = 0;
	int			n_null = 0;
	int			kept = 0;

	initStringInfo(&constant);
	initStringInfo(&null);

	for (int p = 0; p < encoder->nparts; p++)
	{
		UsPart	   *part = &encoder->part[p];
		UsFeature  *feature = &encoder->feature[part->feature];
		int			first = encoder->width;

		part->ops->finish(part, learn);
		if (encoder->width - first != part->width)
			elog(ERROR, "part of width %d with %d columns", part->width, encoder->width - first);
		feature->width += part->width;
		if (part->width > 0)
			encoder->part[kept++] = *part;
		else if (feature->width == 0 &&
				 (p + 1 == encoder->nparts || encoder->part[p + 1].feature != part->feature))
		{
			bool		all_null = frame->column[part->column].n_null == frame->nrows;

			n_null += all_null;
			n_constant += !all_null;
			add_name(all_null ? &null : &constant, feature->name);
		}
	}
	encoder->nparts = kept;
	warn_dropped(encoder, n_constant, constant.data, "constant");
	warn_dropped(encoder, n_null, null.data, "NULL in every row");
}

UsEncoder *
us_encoder_learn(UsFrame *frame, const UsTransform *transform,
				 UsNullPolicy policy, uint64 seed, UsBudget *budget)
{
	UsEncoder  *encoder = palloc0(sizeof(UsEncoder));
	UsLearn		learn = {0};

	if (frame->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no rows to train on")));
	encoder->policy = policy;
	us_plan_encoder(encoder, frame, transform);
	if (encoder->nfeatures == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no features to train on")));

	learn.encoder = encoder;
	learn.frame = frame;
	learn.seed = seed;
	learn.budget = budget;
	learn.scratch = palloc(sizeof(double) * US_CHUNK_ROWS);
	learn.scratch2 = palloc(sizeof(double) * US_CHUNK_ROWS);
	learn.iweight = palloc(sizeof(int64) * US_CHUNK_ROWS);
	if (frame->weighted)
		learn.weight_unit = weight_unit(frame);

	take_sample(&learn);
	learn_parts(&learn);
	finish(&learn);
	if (encoder->width == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("nothing to train on: every feature is constant or NULL"),
				 errdetail("%d features over " INT64_FORMAT " rows.",
						   encoder->nfeatures, frame->nrows),
				 errhint("A feature needs two different values. Numbers are read as double precision, which rounds whole numbers beyond 2^53.")));
	distinguish_columns(encoder);
	us_encoder_prepare(encoder);
	pfree(learn.scratch);
	pfree(learn.scratch2);
	pfree(learn.iweight);
	return encoder;
}
