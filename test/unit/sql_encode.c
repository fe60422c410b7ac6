/*
 * sql_encode.c
 *	  SQL functions over the encoders, for test/sql/encode.sql, test/golden/encode.sql
 *	  and measurements.
 */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

#include "data/record.h"
#include "data/source.h"
#include "data/transform.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(unit_encode);
PG_FUNCTION_INFO_V1(unit_encode_columns);
PG_FUNCTION_INFO_V1(unit_encode_time);

/* What the functions read from (source, transform jsonb, target, weight, id, memory_kb). */
typedef struct Task
{
	UsFrame    *frame;
	UsBudget   *budget;
	UsTransform *transform;
	UsEncoder  *encoder;
} Task;

static void
read_task(FunctionCallInfo fcinfo, Task *task)
{
	UsSource   *source = us_source_open(US_ARG_CSTRING(0, "source"));
	UsSourceSpec spec = {.all_features = true};

	spec.target = US_ARG_CSTRING_OR_NULL(2);
	spec.weight = US_ARG_CSTRING_OR_NULL(3);
	spec.id = US_ARG_CSTRING_OR_NULL(4);
	task->budget = us_budget_create((Size) US_ARG_INT32_OR(5, 256 * 1024) * 1024);
	task->transform = us_transform_parse(PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1));
	task->frame = us_source_read(source, &spec, task->budget, us_source_columns(source, &spec));
	task->encoder = us_encoder_learn(task->frame, task->transform, US_NULL_IMPUTE, 42, task->budget);
}

/* The encoder after a trip through its stored form. */
static UsEncoder *
stored(const UsEncoder *encoder)
{
	UsEncoder  *back;
	UsWriter	w;
	UsReader	r;
	bytea	   *bytes;

	us_writer_init(&w);
	us_encoder_write(encoder, &w);
	bytes = us_writer_varlena(&w);
	us_reader_init(&r, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ, "encoder");
	back = us_encoder_read(&r);
	us_reader_end(&r);
	return back;
}

/* unit_encode(...) → setof float8[]: the rows of the source, encoded, in its order. */
Datum
unit_encode(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Task		task;
	int			width;
	double	   *block;
	Datum	   *row;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	read_task(fcinfo, &task);
	width = us_encoder_width(task.encoder);
	block = palloc(sizeof(double) * US_CHUNK_ROWS * width);
	row = palloc(sizeof(Datum) * width);
	for (int c = 0; c < task.frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(task.frame, c);

		us_encoder_apply_chunk(task.encoder, chunk, block, US_CHUNK_ROWS);
		for (int i = 0; i < chunk->nrows; i++)
		{
			Datum		value;
			bool		null = false;

			for (int j = 0; j < width; j++)
				row[j] = Float8GetDatum(block[(Size) j * US_CHUNK_ROWS + i]);
			value = PointerGetDatum(construct_array(row, width, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &null);
			pfree(DatumGetPointer(value));
		}
	}
	us_frame_free(task.frame);
	return (Datum) 0;
}

/*
 * unit_encode_columns(...) → setof text: the encoded columns with their statistics as the
 * encoder states them, and whether counting over the encoded rows gives the same; then the warnings.
 */
Datum
unit_encode_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Task		task;
	UsEncoder  *bound;
	int			width;
	double	   *block;
	double	   *block2;
	double	   *sum;
	double		weight = 0;
	bool		equal = true;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	read_task(fcinfo, &task);
	width = us_encoder_width(task.encoder);
	bound = us_encoder_bind(stored(task.encoder), task.frame);
	block = palloc(sizeof(double) * US_CHUNK_ROWS * width);
	block2 = palloc(sizeof(double) * US_CHUNK_ROWS * width);
	sum = palloc0(sizeof(double) * 4 * width);
	for (int j = 0; j < width; j++)
	{
		sum[4 * j + 2] = INFINITY;
		sum[4 * j + 3] = -INFINITY;
	}
	for (int c = 0; c < task.frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(task.frame, c);

		us_encoder_apply_chunk(task.encoder, chunk, block, US_CHUNK_ROWS);
		us_encoder_apply_chunk(bound, chunk, block2, US_CHUNK_ROWS);
		for (int i = 0; i < chunk->nrows; i++)
		{
			double		w = chunk->weight ? chunk->weight[i] : 1;

			weight += w;
			for (int j = 0; j < width; j++)
			{
				double		x = block[(Size) j * US_CHUNK_ROWS + i];

				if (memcmp(&x, &block2[(Size) j * US_CHUNK_ROWS + i], sizeof(x)) != 0)
					equal = false;
				sum[4 * j] += w * x;
				sum[4 * j + 1] += w * x * x;
				sum[4 * j + 2] = fmin(sum[4 * j + 2], x);
				sum[4 * j + 3] = fmax(sum[4 * j + 3], x);
			}
		}
	}
	for (int j = 0; j < width + us_encoder_nwarnings(task.encoder) + 1; j++)
	{
		Datum		value;
		bool		null = false;

		if (j < width)
		{
			const UsEncodedColumn *column = us_encoder_column(task.encoder, j);
			double		mean = sum[4 * j] / weight;
			double		sd = sqrt(fmax(sum[4 * j + 1] / weight - mean * mean, 0));
			bool		right = fabs(column->mean - mean) < 1e-7 * fmax(column->sd, 1e-300) &&
				fabs(column->sd - sd) < 1e-6 * column->sd &&
				column->min == sum[4 * j + 2] && column->max == sum[4 * j + 3];

			value = CStringGetTextDatum(psprintf("%s: mean %.6g sd %.6g min %.6g max %.6g%s", column->name,
												 fabs(column->mean) < 1e-12 ? 0 : column->mean, column->sd,
												 column->min, column->max,
												 right ? "" : psprintf(" but found mean %.17g sd %.17g min %.17g max %.17g",
																	   mean, sd, sum[4 * j + 2], sum[4 * j + 3])));
		}
		else if (j == width)
		{
			if (equal)
				continue;
			value = CStringGetTextDatum("the stored encoder gives other values");
		}
		else
			value = CStringGetTextDatum(psprintf("warning: %s", us_encoder_warning(task.encoder, j - width - 1)));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &null);
	}
	us_frame_free(task.frame);
	return (Datum) 0;
}

/* Processor time of this process, so that others do not disturb. */
static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* unit_encode_time(...) → text: best of five of learning, encoding by chunk and by row. */
Datum
unit_encode_time(PG_FUNCTION_ARGS)
{
	Task		task;
	double		learn = INFINITY;
	double		apply = INFINITY;
	double		rows = INFINITY;
	int			width;
	double	   *block;
	UsValue    *value;
	int			nfeatures;
	UsEncoder  *reader;

	read_task(fcinfo, &task);
	width = us_encoder_width(task.encoder);
	nfeatures = us_encoder_nfeatures(task.encoder);
	reader = stored(task.encoder);
	block = palloc(sizeof(double) * US_CHUNK_ROWS * width);
	value = palloc0(sizeof(UsValue) * nfeatures);
	for (int t = 0; t < 5; t++)
	{
		double		start;
		UsRowNotes	notes = {0};

		start = cpu_ms();
		us_encoder_learn(task.frame, task.transform, US_NULL_IMPUTE, 42, task.budget);
		learn = fmin(learn, cpu_ms() - start);

		start = cpu_ms();
		for (int c = 0; c < task.frame->nchunks; c++)
			us_encoder_apply_chunk(task.encoder, us_frame_chunk(task.frame, c), block, US_CHUNK_ROWS);
		apply = fmin(apply, cpu_ms() - start);

		start = cpu_ms();
		for (int c = 0; c < task.frame->nchunks; c++)
		{
			const UsChunk *chunk = us_frame_chunk(task.frame, c);

			for (int i = 0; i < chunk->nrows; i++)
			{
				for (int f = 0; f < nfeatures; f++)
				{
					const UsColumn *column = &task.frame->column[f];

					if (column->kind == US_KIND_CATEGORY)
					{
						value[f].isnull = chunk->column[f].code[i] < 0;
						if (!value[f].isnull)
							value[f].text = us_dictionary_get(column->dictionary, chunk->column[f].code[i],
															  &value[f].len);
					}
					else if (chunk->column[f].number)
						value[f].number = chunk->column[f].number[i];
				}
				us_encoder_apply_row(reader, value, block, &notes);
			}
		}
		rows = fmin(rows, cpu_ms() - start);
	}
	us_frame_free(task.frame);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("rows " INT64_FORMAT " features %d width %d: learn %.2f ms, chunks %.3f ns a value, rows %.2f ns a row",
											  task.frame->nrows, nfeatures, width, learn,
											  apply * 1e6 / ((double) task.frame->nrows * width),
											  rows * 1e6 / (double) task.frame->nrows)));
}
