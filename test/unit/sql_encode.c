/*
 * sql_encode.c
 *	  SQL functions over the encoders, for test/sql/encode.sql, test/golden/encode.sql
 *	  and measurements.
 */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "catalog/pg_type.h"
#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "data/record.h"
#include "data/source.h"
#include "data/transform.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(unit_encode);
PG_FUNCTION_INFO_V1(unit_encode_columns);
PG_FUNCTION_INFO_V1(unit_encode_stored);
PG_FUNCTION_INFO_V1(unit_encode_read);
PG_FUNCTION_INFO_V1(unit_encode_time);
PG_FUNCTION_INFO_V1(unit_record_time);

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

/* ---- what the encoder says of itself against counting ---- */

/* The value of a cell of the frame, as a row to be scored would have it. */
static void
cell_value(const UsFrame *frame, const UsChunk *chunk, int column, int row, UsValue *value)
{
	const UsColumn *c = &frame->column[column];
	const UsChunkColumn *v = &chunk->column[column];

	memset(value, 0, sizeof(UsValue));
	switch (c->kind)
	{
		case US_KIND_CATEGORY:
			value->isnull = v->code[row] < 0;
			if (!value->isnull)
				value->text = us_dictionary_get(c->dictionary, v->code[row], &value->len);
			break;
		case US_KIND_TAGS:
			{
				int			n = v->tag_start[row + 1] - v->tag_start[row];
				const char **item = palloc(sizeof(char *) * Max(n, 1));
				int		   *len = palloc(sizeof(int) * Max(n, 1));

				for (int k = 0; k < n; k++)
					item[k] = us_dictionary_get(c->dictionary, v->tag_code[v->tag_start[row] + k], &len[k]);
				value->isnull = v->tag_null[row];
				value->n = n;
				value->item = item;
				value->item_len = len;
				break;
			}
		case US_KIND_VECTOR:
			value->vector = v->vector + (Size) row * c->dim;
			value->n = c->dim;
			value->isnull = c->dim == 0 || isnan(value->vector[0]);
			break;
		default:
			value->number = v->number[row];
			value->isnull = isnan(value->number);
	}
}

/* Sums over the encoded rows of one column. */
typedef struct Count
{
	double		sum1;
	double		sum2;
	double		min;
	double		max;
} Count;

typedef struct Comparison
{
	double		weight;
	Count	   *count;			/* [width] */
	int64		differ_stored;	/* rows that the stored encoder encodes otherwise, by chunk */
	int64		differ_row;		/* ... by row */
} Comparison;

static void
compare_rows(const Task *task, Comparison *result)
{
	const UsFrame *frame = task->frame;
	int			width = us_encoder_width(task->encoder);
	UsEncoder  *back = stored(task->encoder);
	UsEncoder  *bound = us_encoder_bind(back, frame);
	double	   *block = palloc(sizeof(double) * US_CHUNK_ROWS * width);
	double	   *again = palloc(sizeof(double) * US_CHUNK_ROWS * width);
	double	   *x = palloc(sizeof(double) * width);
	UsValue    *value = palloc(sizeof(UsValue) * frame->ncolumns);

	for (int j = 0; j < width; j++)
		result->count[j] = (Count) {0, 0, INFINITY, -INFINITY};
	for (int c = 0; c < frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(task->frame, c);

		us_encoder_apply_chunk(task->encoder, chunk, block, US_CHUNK_ROWS);
		us_encoder_apply_chunk(bound, chunk, again, US_CHUNK_ROWS);
		for (int i = 0; i < chunk->nrows; i++)
		{
			double		w = chunk->weight ? chunk->weight[i] : 1;
			bool		equal_stored = true;
			bool		equal_row = true;
			UsRowNotes	notes = {0};
			int			f = 0;

			for (int j = 0; j < frame->ncolumns; j++)
				if (frame->column[j].role == US_ROLE_FEATURE)
					cell_value(frame, chunk, j, i, &value[f++]);
			us_encoder_apply_row(back, value, x, &notes);
			result->weight += w;
			for (int j = 0; j < width; j++)
			{
				double		y = block[(Size) j * US_CHUNK_ROWS + i];
				Count	   *count = &result->count[j];

				equal_stored &= memcmp(&y, &again[(Size) j * US_CHUNK_ROWS + i], sizeof(y)) == 0;
				equal_row &= memcmp(&x[j], &again[(Size) j * US_CHUNK_ROWS + i], sizeof(y)) == 0;
				count->sum1 += w * y;
				count->sum2 += w * y * y;
				count->min = fmin(count->min, y);
				count->max = fmax(count->max, y);
			}
			result->differ_stored += !equal_stored;
			result->differ_row += !equal_row || notes.n_unseen > 0;
		}
	}
}

static void
put_line(ReturnSetInfo *rsinfo, const char *line)
{
	Datum		value = CStringGetTextDatum(line);
	bool		null = false;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &null);
}

/*
 * unit_encode_columns(...) → setof text: the encoded columns with their statistics as the
 * encoder states them, and whether counting over the encoded rows gives others; whether
 * the stored encoder, by chunk and by row, gives other bits; then the warnings.
 */
Datum
unit_encode_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Task		task;
	Comparison	found = {0};
	int			width;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	read_task(fcinfo, &task);
	width = us_encoder_width(task.encoder);
	found.count = palloc(sizeof(Count) * width);
	compare_rows(&task, &found);
	for (int j = 0; j < width; j++)
	{
		const UsEncodedColumn *column = us_encoder_column(task.encoder, j);
		const Count *count = &found.count[j];
		double		mean = count->sum1 / found.weight;
		double		sd = sqrt(fmax(count->sum2 / found.weight - mean * mean, 0));
		bool		right = fabs(column->mean - mean) <= 1e-9 * fmax(fabs(mean), column->sd) &&
			fabs(column->sd - sd) <= 1e-6 * fmax(fabs(mean), sd) &&
			column->min == count->min && column->max == count->max;

		put_line(rsinfo, psprintf("%s: mean %.5g sd %.5g min %.5g max %.5g%s", column->name,
								  fabs(column->mean) < 1e-12 * column->sd ? 0 : column->mean,
								  column->sd, column->min, column->max,
								  right ? "" : psprintf(" but counted mean %.17g sd %.17g min %.17g max %.17g",
														mean, sd, count->min, count->max)));
	}
	if (found.differ_stored > 0)
		put_line(rsinfo, psprintf(INT64_FORMAT " rows differ in training", found.differ_stored));
	if (found.differ_row > 0)
		put_line(rsinfo, psprintf(INT64_FORMAT " rows differ between chunk and row", found.differ_row));
	for (int i = 0; i < us_encoder_nwarnings(task.encoder); i++)
		put_line(rsinfo, psprintf("warning: %s", us_encoder_warning(task.encoder, i)));
	us_frame_free(task.frame);
	if (us_budget_used(task.budget) != 0)
		elog(ERROR, "%zu bytes of the budget were not given back", us_budget_used(task.budget));
	return (Datum) 0;
}

/*
 * unit_encode_stored(...) → bytea: the stored form, the same for any order of the rows.
 */
Datum
unit_encode_stored(PG_FUNCTION_ARGS)
{
	Task		task;
	UsWriter	w;

	read_task(fcinfo, &task);
	us_writer_init(&w);
	us_encoder_write(task.encoder, &w);
	us_frame_free(task.frame);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/*
 * unit_encode_read(bytea, row record) → float8[]: a stored encoder applied to a row; what may
 * go wrong with a forged one goes wrong here.
 */
Datum
unit_encode_read(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	HeapTupleHeader tuple = PG_GETARG_HEAPTUPLEHEADER(1);
	UsReader	r;
	UsEncoder  *encoder;
	UsRecordMap *map;
	TupleDesc	tupdesc;
	UsValue    *value;
	double	   *x;
	Datum	   *row;
	int			width;

	us_reader_init(&r, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), "encoder");
	encoder = us_encoder_read(&r);
	us_reader_end(&r);
	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(tuple), HeapTupleHeaderGetTypMod(tuple));
	map = us_record_map(encoder, tupdesc, CurrentMemoryContext);
	ReleaseTupleDesc(tupdesc);
	value = palloc0(sizeof(UsValue) * us_encoder_nfeatures(encoder));
	width = us_encoder_width(encoder);
	x = palloc(sizeof(double) * width);
	us_record_deform(map, tuple, value);
	us_encoder_apply_row(encoder, value, x, NULL);
	row = palloc(sizeof(Datum) * width);
	for (int j = 0; j < width; j++)
	{
		(void) us_encoder_invert(encoder, j, x[j]);
		row[j] = Float8GetDatum(x[j]);
	}
	(void) us_encoder_report(encoder);
	PG_RETURN_ARRAYTYPE_P(construct_array(row, width, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
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
					if (chunk->column[f].number)
						value[f].number = chunk->column[f].number[i];
					else
						cell_value(task.frame, chunk, f, i, &value[f]);
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

/*
 * unit_record_time(encoder bytea, features record, n int) → text: a row taken apart, and
 * encoded, n times.
 */
Datum
unit_record_time(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	HeapTupleHeader tuple = PG_GETARG_HEAPTUPLEHEADER(1);
	int			n = PG_GETARG_INT32(2);
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(tuple),
												 HeapTupleHeaderGetTypMod(tuple));
	UsReader	r;
	UsEncoder  *encoder;
	UsRecordMap *map;
	UsValue    *value;
	UsRowNotes	notes = {0};
	double	   *x;
	double		start;
	double		deform;

	us_reader_init(&r, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), "encoder");
	encoder = us_encoder_read(&r);
	map = us_record_map(encoder, tupdesc, CurrentMemoryContext);
	ReleaseTupleDesc(tupdesc);
	value = palloc0(sizeof(UsValue) * us_encoder_nfeatures(encoder));
	x = palloc(sizeof(double) * us_encoder_width(encoder));
	start = cpu_ms();
	for (int i = 0; i < n; i++)
		us_record_deform(map, tuple, value);
	deform = cpu_ms() - start;
	start = cpu_ms();
	for (int i = 0; i < n; i++)
		us_encoder_apply_row(encoder, value, x, &notes);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%d features: take apart %.1f ns, encode %.1f ns",
											  us_encoder_nfeatures(encoder),
											  deform * 1e6 / n, (cpu_ms() - start) * 1e6 / n)));
}
