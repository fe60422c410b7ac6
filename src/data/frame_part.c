/*
 * frame_part.c
 *	  Rows of a Frame that other processes write: giving them away, and adding them.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "data/frame_part.h"
#include "data/frame_writer.h"
#include "infra/compat.h"
#include "infra/progress.h"

/* Room in a part for strings that are new in dictionaries. */
#define STRING_BYTES	((Size) 512 * 1024)

/* What a part brings for the dictionary of a column. */
typedef struct UsPartStrings
{
	int32		n;				/* strings, whose codes follow those before */
	int32		anew;			/* those before are forgotten: codes start with 0 */
} UsPartStrings;

struct UsFramePart
{
	int32		nrows;
	bool		sealed;			/* a full chunk: keys are set, and it is in the totals */
	UsPartStrings strings[FLEXIBLE_ARRAY_MEMBER];	/* [ncolumns] */
	/* then the hashes of the rows, the block, and the strings: length and bytes, column by column */
};

typedef struct UsPartWriter
{
	UsPartExchange exchange;
	void	   *arg;
	Size		dictionary_limit;
	UsFramePart *open;			/* NULL: no more rows are wanted */
	Size	   *bytes;			/* [ncolumns]: of the dictionary, at the last part */
	int		   *sent;			/* [ncolumns]: strings of it that were given away */
	bool	   *anew;
	bool		categories;		/* are there any? */
} UsPartWriter;

struct UsPartCodes
{
	UsBudget   *budget;
	MemoryContext context;
	int			ncolumns;
	int32	  **code;			/* [ncolumns][n] */
	int		   *n;
	int		   *room;
};

/* ---- where things stand in a part ---- */

static Size
hash_at(const UsFrame *frame)
{
	return US_FRAME_ROUND(offsetof(UsFramePart, strings) + sizeof(UsPartStrings) * frame->store->nplaces);
}

static Size
block_at(const UsFrame *frame)
{
	return hash_at(frame) + US_FRAME_ROUND(sizeof(uint64) * US_CHUNK_ROWS);
}

static Size
strings_at(const UsFrame *frame)
{
	return block_at(frame) + frame->store->fixed_size;
}

static bool
has_categories(const UsFrame *frame)
{
	for (int j = 0; j < frame->store->nplaces; j++)
		if (frame->store->place[j].kind == US_KIND_CATEGORY)
			return true;
	return false;
}

bool
us_frame_has_parts(const UsFrame *frame)
{
	return frame->store->nvariable == 0;
}

Size
us_frame_part_bytes(const UsFrame *frame)
{
	return US_FRAME_ROUND(strings_at(frame) + (has_categories(frame) ? STRING_BYTES : 0));
}

/* ---- the process that writes ---- */

/* Direct the builder at an empty part. */
static void
open_part(UsFrameBuilder *builder, UsFramePart *part)
{
	builder->part->open = part;
	if (part != NULL)
		us_frame_open_block((UsFrameWriter *) builder, (char *) part + block_at(builder->frame));
	builder->row = 0;
}

UsFrameBuilder *
us_frame_begin_parts(const UsColumn *column, int ncolumns, bool weighted, bool keyed, UsBudget *budget,
					 Size dictionary_limit, UsPartExchange exchange, void *arg)
{
	UsFrameWriter *writer = us_frame_writer_create(column, ncolumns, weighted, keyed, budget);
	UsFrameBuilder *builder = &writer->public;
	MemoryContext old = MemoryContextSwitchTo(builder->frame->store->context);
	UsPartWriter *p = palloc0(sizeof(UsPartWriter));

	p->exchange = exchange;
	p->arg = arg;
	p->dictionary_limit = dictionary_limit;
	p->categories = has_categories(builder->frame);
	p->bytes = palloc0(Max(ncolumns, 1) * sizeof(Size));
	p->sent = palloc0(Max(ncolumns, 1) * sizeof(int));
	p->anew = palloc0(Max(ncolumns, 1) * sizeof(bool));
	builder->part = p;
	open_part(builder, exchange(arg, NULL, true));
	MemoryContextSwitchTo(old);
	return builder;
}

bool
us_frame_parts_ended(const UsFrameBuilder *builder)
{
	return builder->part->open == NULL;
}

void
us_frame_check_part(UsFrameBuilder *builder)
{
	const UsFrame *frame = builder->frame;
	Size		bytes = 0;

	for (int j = 0; builder->part->categories && j < frame->ncolumns; j++)
		if (frame->column[j].dictionary != NULL)
			bytes += us_dictionary_bytes(frame->column[j].dictionary) - builder->part->bytes[j];
	if (bytes > STRING_BYTES / 2 && builder->row > 0)
		us_frame_hand_over(builder, true);
}

/* The strings of a column that were not given away yet, to p; returns its new value. */
static char *
write_strings(UsFrameBuilder *builder, int j, char *p, const char *end)
{
	const UsColumn *column = &builder->frame->column[j];
	int			n = us_dictionary_size(column->dictionary);

	for (int code = builder->part->sent[j]; code < n; code++)
	{
		int32		len;
		const char *bytes = us_dictionary_get(column->dictionary, code, &len);

		if (p + sizeof(len) + len > end)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("values of column \"%s\" are too long to be handed over", column->name)));
		memcpy(p, &len, sizeof(len));
		memcpy(p + sizeof(len), bytes, len);
		p += sizeof(len) + len;
	}
	return p;
}

/* What the dictionaries have entered goes with the part. */
static void
hand_over_strings(UsFrameBuilder *builder, UsFramePart *part)
{
	UsFrame    *frame = builder->frame;
	UsPartWriter *w = builder->part;
	char	   *p = (char *) part + strings_at(frame);
	const char *end = p + STRING_BYTES;

	for (int j = 0; j < frame->ncolumns; j++)
	{
		UsColumn   *column = &frame->column[j];

		part->strings[j] = (UsPartStrings) {.anew = w->anew[j]};
		w->anew[j] = false;
		if (column->dictionary == NULL)
			continue;
		p = write_strings(builder, j, p, end);
		part->strings[j].n = us_dictionary_size(column->dictionary) - w->sent[j];
		w->sent[j] += part->strings[j].n;
		w->bytes[j] = us_dictionary_bytes(column->dictionary);
		if (w->bytes[j] <= w->dictionary_limit)
			continue;
		us_dictionary_free(column->dictionary);
		column->dictionary = us_dictionary_create(column->name, builder->budget);
		w->sent[j] = 0;
		w->bytes[j] = 0;
		w->anew[j] = true;
		builder->generation++;
	}
}

void
us_frame_hand_over(UsFrameBuilder *builder, bool more)
{
	UsFrame    *frame = builder->frame;
	UsPartWriter *w = builder->part;
	UsFramePart *part = w->open;
	MemoryContext old = MemoryContextSwitchTo(frame->store->context);
	char	   *block = (char *) part + block_at(frame);

	part->nrows = builder->row;
	part->sealed = builder->row == US_CHUNK_ROWS;
	((UsBlockHeader *) block)->nrows = builder->row;
	if (part->sealed)
		us_frame_complete_rows((UsFrameWriter *) builder, builder->row);
	else
		memcpy((char *) part + hash_at(frame), builder->hash, sizeof(uint64) * builder->row);
	hand_over_strings(builder, part);
	open_part(builder, w->exchange(w->arg, part, more));
	builder->hash[0] = 0;
	MemoryContextSwitchTo(old);
}

void
us_frame_part_totals(const UsFrameBuilder *builder, UsPartTotals *totals)
{
	const UsFrameWriter *writer = (const UsFrameWriter *) builder;

	totals->sum_low = writer->sum_low;
	totals->sum_high = writer->sum_high;
	for (int j = 0; j < builder->frame->ncolumns; j++)
		totals->n_null[j] = builder->frame->column[j].n_null;
}

/* ---- the process that has the frame ---- */

UsPartCodes *
us_part_codes_create(UsFrameBuilder *builder)
{
	UsPartCodes *codes = palloc0(sizeof(UsPartCodes));
	int			n = Max(builder->frame->ncolumns, 1);

	codes->budget = builder->budget;
	codes->context = CurrentMemoryContext;
	codes->ncolumns = builder->frame->ncolumns;
	codes->code = palloc0(n * sizeof(int32 *));
	codes->n = palloc0(n * sizeof(int));
	codes->room = palloc0(n * sizeof(int));
	return codes;
}

void
us_part_codes_free(UsPartCodes *codes)
{
	for (int j = 0; j < codes->ncolumns; j++)
	{
		if (codes->code[j] == NULL)
			continue;
		pfree(codes->code[j]);
		us_budget_release(codes->budget, codes->room[j] * sizeof(int32));
	}
	pfree(codes->code);
	pfree(codes->n);
	pfree(codes->room);
	pfree(codes);
}

/* Room for n more codes of column j. */
static void
reserve_codes(UsPartCodes *codes, int j, int n)
{
	int			room = Max(codes->n[j] + n, 2 * codes->room[j]);

	if (codes->n[j] + n <= codes->room[j])
		return;
	us_budget_take(codes->budget, (room - codes->room[j]) * sizeof(int32), "codes of categories");
	codes->code[j] = codes->code[j] == NULL ?
		MemoryContextAllocHuge(codes->context, room * sizeof(int32)) :
		repalloc_huge(codes->code[j], room * sizeof(int32));
	codes->room[j] = room;
}

/* The strings of a part into the dictionaries of the frame, and what their codes are there. */
static void
take_strings(UsFrameBuilder *builder, UsPartCodes *codes, const Size *limit, const UsFramePart *part)
{
	const UsFrame *frame = builder->frame;
	const char *p = (const char *) part + strings_at(frame);

	for (int j = 0; j < frame->ncolumns; j++)
	{
		UsDictionary *dictionary = frame->column[j].dictionary;
		int			n = part->strings[j].n;

		if (part->strings[j].anew)
			codes->n[j] = 0;
		reserve_codes(codes, j, n);
		for (int i = 0; i < n; i++)
		{
			int32		len;

			memcpy(&len, p, sizeof(len));
			p += sizeof(len);
			if (dictionary != NULL && limit[j] > 0 && us_dictionary_bytes(dictionary) > limit[j])
				dictionary = NULL;
			codes->code[j][codes->n[j]++] = dictionary ? us_dictionary_intern(dictionary, p, len) : -1;
			p += len;
		}
	}
}

/* n codes of a writer to those of the frame; from and to may be the same. */
static void
translate(const UsPartCodes *codes, int j, const int32 *from, int32 *to, int n)
{
	const int32 *code = codes->code[j];

	for (int r = 0; r < n; r++)
		to[r] = from[r] < 0 ? -1 : code[from[r]];
}

/* Rows of a part that is no full chunk, to the end of the open chunk. */
static void
append_rows(UsFrameBuilder *builder, const UsPartCodes *codes, const UsFramePart *part)
{
	const UsFrame *frame = builder->frame;
	const UsFrameStore *store = frame->store;
	const char *block = (const char *) part + block_at(frame);
	const uint64 *hash = (const uint64 *) ((const char *) part + hash_at(frame));

	for (int done = 0; done < part->nrows;)
	{
		int			row = builder->row;
		int			n = Min(part->nrows - done, US_CHUNK_ROWS - row);

		memcpy(builder->hash + row, hash + done, n * sizeof(uint64));
		if (builder->keyed)
			memcpy(builder->key + row, (const uint64 *) (block + store->key_at) + done, n * sizeof(uint64));
		if (builder->weight != NULL)
			memcpy(builder->weight + row, (const double *) (block + store->weight_at) + done, n * sizeof(double));
		for (int j = 0; j < frame->ncolumns; j++)
		{
			const char *values = block + store->place[j].at;

			if (store->place[j].kind == US_KIND_CATEGORY)
				translate(codes, j, (const int32 *) values + done, builder->code[j] + row, n);
			else
				memcpy(builder->number[j] + row, (const double *) values + done, n * sizeof(double));
		}
		done += n;
		builder->row += n;
		if (builder->row == US_CHUNK_ROWS)
			us_frame_seal(builder);
		builder->hash[builder->row] = 0;
	}
}

void
us_frame_add_part(UsFrameBuilder *builder, UsPartCodes *codes, const Size *limit, UsFramePart *part)
{
	UsFrame    *frame = builder->frame;
	const UsFrameStore *store = frame->store;
	MemoryContext old = MemoryContextSwitchTo(store->context);
	char	   *block = (char *) part + block_at(frame);

	take_strings(builder, codes, limit, part);
	if (!part->sealed)
		append_rows(builder, codes, part);
	else
	{
		for (int j = 0; j < frame->ncolumns; j++)
		{
			int32	   *code = (int32 *) (block + store->place[j].at);

			if (store->place[j].kind == US_KIND_CATEGORY)
				translate(codes, j, code, code, part->nrows);
		}
		us_frame_add_block((UsFrameWriter *) builder, block);
		frame->nrows += part->nrows;
		us_progress("read the source", (uint64) frame->nrows, 0);
	}
	MemoryContextSwitchTo(old);
}

void
us_frame_add_totals(UsFrameBuilder *builder, const UsPartTotals *totals)
{
	UsFrameWriter *writer = (UsFrameWriter *) builder;

	writer->sum_low += totals->sum_low;
	writer->sum_high += totals->sum_high + (writer->sum_low < totals->sum_low);
	for (int j = 0; j < builder->frame->ncolumns; j++)
		builder->frame->column[j].n_null += totals->n_null[j];
}
