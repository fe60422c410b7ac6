/*
 * facet.c
 *	  Reading the facets of a profile out of chunks of a frame.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "data/names.h"
#include "eval/facet.h"

/* of a level that no row has; -1 is NULL */
#define NO_CODE	(-2)

typedef struct LevelCount
{
	int			code;
	int			len;
	const char *bytes;
	int64		n;
} LevelCount;

/* By falling count, then by bytes: independent of the codes. */
static int
compare_levels(const void *a, const void *b)
{
	const LevelCount *x = a;
	const LevelCount *y = b;
	int			c;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	c = memcmp(x->bytes, y->bytes, Min(x->len, y->len));
	return c ? c : x->len - y->len;
}

/* Rows (or, for tags, occurrences) of every dictionary entry of a column. */
static int64 *
count_levels(UsFrame *frame, int column)
{
	int			size = us_dictionary_size(frame->column[column].dictionary);
	int64	   *n = MemoryContextAllocExtended(CurrentMemoryContext, Max(size, 1) * sizeof(int64),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const UsChunkColumn *c = &chunk->column[column];

		CHECK_FOR_INTERRUPTS();
		if (frame->column[column].kind == US_KIND_CATEGORY)
		{
			for (int r = 0; r < chunk->nrows; r++)
				if (c->code[r] >= 0)
					n[c->code[r]]++;
		}
		else
			for (int t = 0; t < c->tag_start[chunk->nrows]; t++)
				n[c->tag_code[t]]++;
	}
	return n;
}

static int
find_column(const UsFrame *frame, const char *name)
{
	for (int i = 0; i < frame->ncolumns; i++)
		if (frame->column[i].role == US_ROLE_FEATURE && strcmp(frame->column[i].name, name) == 0)
			return i;
	elog(ERROR, "feature \"%s\" is not in the frame", name);
	return -1;
}

/* Facets in the making. */
typedef struct Facets
{
	UsProfile  *profile;
	UsFacetSource *source;		/* [room] */
	int			room;
	UsBudget   *budget;			/* NULL: none */
} Facets;

static void
begin_facets(Facets *b, UsProfile *profile, int n_labels, int room, UsBudget *budget)
{
	profile->n_labels = n_labels;
	profile->nfacets = 0;
	profile->facet = palloc(room * sizeof(UsFacet));
	b->profile = profile;
	b->source = palloc(room * sizeof(UsFacetSource));
	b->room = room;
	b->budget = budget;
}

static void
take(UsBudget *budget, Size bytes)
{
	if (budget)
		us_budget_take(budget, bytes, "description of the segments");
}

/* The figures of every facet are taken from the budget, and stay taken as long as the profile lives. */
static void
add_facet(Facets *b, int feature, char *name, char *level, int element, UsFacetSource where)
{
	UsProfile  *profile = b->profile;
	UsFacet    *f;

	take(b->budget, sizeof(UsFacet) + 2 * sizeof(double) * (Size) profile->n_labels);
	if (profile->nfacets == b->room)
	{
		b->room *= 2;
		profile->facet = repalloc(profile->facet, b->room * sizeof(UsFacet));
		b->source = repalloc(b->source, b->room * sizeof(UsFacetSource));
	}
	f = &profile->facet[profile->nfacets];
	f->feature = feature;
	f->name = name;
	f->level = level;
	f->element = element;
	f->mean = f->sd = NAN;
	f->segment_mean = palloc(profile->n_labels * sizeof(double));
	f->segment_weight = palloc0(profile->n_labels * sizeof(double));
	for (int k = 0; k < profile->n_labels; k++)
		f->segment_mean[k] = NAN;
	b->source[profile->nfacets++] = where;
}

static void
add_levels(Facets *b, UsFrame *frame, int feature, int column)
{
	const UsColumn *c = &frame->column[column];
	int			size = us_dictionary_size(c->dictionary);
	Size		bytes = Max(size, 1) * (sizeof(int64) + sizeof(LevelCount));
	int64	   *n;
	LevelCount *level;

	take(b->budget, bytes);
	n = count_levels(frame, column);
	level = MemoryContextAllocHuge(CurrentMemoryContext, Max(size, 1) * sizeof(LevelCount));
	for (int i = 0; i < size; i++)
	{
		level[i].code = i;
		level[i].n = n[i];
		level[i].bytes = us_dictionary_get(c->dictionary, i, &level[i].len);
	}
	qsort(level, size, sizeof(LevelCount), compare_levels);
	for (int i = 0; i < Min(size, US_PROFILE_LEVELS) && level[i].n > 0; i++)
	{
		char	   *text = pnstrdup(level[i].bytes, level[i].len);

		add_facet(b, feature,
				  psprintf(c->kind == US_KIND_TAGS ? "%s:%s" : "%s=%s", c->name, text),
				  text, 0, (UsFacetSource) {column, level[i].code});
	}
	pfree(level);
	pfree(n);
	if (b->budget)
		us_budget_release(b->budget, bytes);
}

/* No two facets of one name. */
static void
distinguish_facets(UsProfile *profile)
{
	char	 ***name = palloc(sizeof(char **) * Max(profile->nfacets, 1));

	for (int f = 0; f < profile->nfacets; f++)
		name[f] = &profile->facet[f].name;
	us_names_distinguish(name, profile->nfacets);
	pfree(name);
}

void
us_facets_make(UsFrame *frame, const UsEncoder *encoder, int n_labels,
			   UsBudget *budget, UsProfile *profile, UsFacetSource **source)
{
	Facets		b;

	begin_facets(&b, profile, n_labels, 16, budget);
	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
	{
		const UsFeature *feature = us_encoder_feature(encoder, i);
		int			column;

		if (feature->width == 0)
			continue;
		column = find_column(frame, feature->name);
		switch (feature->kind)
		{
			case US_KIND_NUMBER:
			case US_KIND_BOOLEAN:
			case US_KIND_TIME:
			case US_KIND_DURATION:
				add_facet(&b, i, pstrdup(feature->name), NULL, 0,
						  (UsFacetSource) {column, 0});
				break;
			case US_KIND_CATEGORY:
			case US_KIND_TAGS:
				add_levels(&b, frame, i, column);
				break;
			case US_KIND_VECTOR:
				for (int e = 1; e <= Min(feature->dim, US_PROFILE_ELEMENTS); e++)
					add_facet(&b, i, psprintf("%s[%d]", feature->name, e),
							  NULL, e, (UsFacetSource) {column, 0});
				break;
		}
	}
	distinguish_facets(profile);
	*source = b.source;
}

/* The code of a level in the dictionary of a column, or one that no row has. */
static int
find_level(const UsColumn *column, const char *level)
{
	int			size = us_dictionary_size(column->dictionary);
	int			n = (int) strlen(level);

	for (int code = 0; code < size; code++)
	{
		int			len;
		const char *bytes = us_dictionary_get(column->dictionary, code, &len);

		if (len == n && memcmp(bytes, level, len) == 0)
			return code;
	}
	return NO_CODE;
}

void
us_facets_make_like(const UsProfile *like, const UsFrame *frame, const UsEncoder *encoder,
					UsBudget *budget, UsProfile *profile, UsFacetSource **source)
{
	Facets		b;

	begin_facets(&b, profile, like->n_labels, Max(like->nfacets, 1), budget);
	for (int i = 0; i < like->nfacets; i++)
	{
		const UsFacet *f = &like->facet[i];
		int			column = find_column(frame, us_encoder_feature(encoder, f->feature)->name);

		CHECK_FOR_INTERRUPTS();
		add_facet(&b, f->feature, pstrdup(f->name),
				  f->level ? pstrdup(f->level) : NULL, f->element,
				  (UsFacetSource) {column, f->level ? find_level(&frame->column[column], f->level) : 0});
	}
	*source = b.source;
}

void
us_facet_values(const UsFrame *frame, const UsFacet *facet, UsFacetSource source,
				const UsChunk *chunk, const int *row, int n, double *out)
{
	const UsChunkColumn *c = &chunk->column[source.column];

#define ROW(i)	(row ? row[i] : (i))
	switch (frame->column[source.column].kind)
	{
		case US_KIND_NUMBER:
		case US_KIND_BOOLEAN:
		case US_KIND_TIME:
		case US_KIND_DURATION:
			if (row == NULL)
				memcpy(out, c->number, n * sizeof(double));
			else
				for (int i = 0; i < n; i++)
					out[i] = c->number[row[i]];
			break;
		case US_KIND_CATEGORY:
			for (int i = 0; i < n; i++)
				out[i] = c->code[ROW(i)] < 0 ? NAN : (c->code[ROW(i)] == source.code ? 1 : 0);
			break;
		case US_KIND_TAGS:
			for (int i = 0; i < n; i++)
			{
				int			r = ROW(i);

				out[i] = c->tag_null[r] ? NAN : 0;
				for (int t = c->tag_start[r]; t < c->tag_start[r + 1]; t++)
					if (c->tag_code[t] == source.code)
						out[i] = 1;
			}
			break;
		case US_KIND_VECTOR:
			{
				int			dim = frame->column[source.column].dim;

				for (int i = 0; i < n; i++)
				{
					const double *vector = c->vector + (Size) ROW(i) * dim;

					out[i] = facet->element > dim || isnan(vector[0]) ? NAN : vector[facet->element - 1];
				}
				break;
			}
	}
#undef ROW
}
