/*
 * rule.c
 *	  A readable rule for each segment.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "eval/rule.h"
#include "math/hash.h"

#define MAX_BINS	64
#define NO_BIN		255			/* NULL */
#define MAX_NODES	((1 << (US_RULE_DEPTH + 1)) - 1)

/* rows (about) of the sample from which thresholds are taken */
#define THRESHOLD_ROWS	8192

/* cells of the binned sample: rows * candidates */
#define MAX_CELLS	((Size) 24 * 1024 * 1024)

/* cells that are counted for rules that need not be found */
#define MAX_WORK	2e8

/* What a condition can be about: a facet, or whether its column is NULL. */
typedef struct Candidate
{
	int			facet;			/* of the profile */
	bool		is_null;
} Candidate;

typedef struct Sample
{
	int			n;
	int			room;
	int			ncandidates;
	Candidate  *candidate;		/* [ncandidates] */
	int		   *label;			/* [n] */
	bool	   *inner;			/* [n]: thresholds are taken from this row */
	double	   *value;			/* [ncandidates][room] */
	uint8	   *bin;			/* [ncandidates][room] */
	int		   *nbins;			/* [ncandidates] */
	double	   *threshold;		/* [ncandidates][MAX_BINS]: bin b holds values in (t[b-1], t[b]] */
} Sample;

/* A node of the tree in heap order: children of i are 2i + 1 (<=) and 2i + 2 (>). */
typedef struct Node
{
	int			facet;			/* candidate; -1: leaf */
	int			bin;			/* values of bins 0..bin go left */
	int64		n;
	int64		members;
	bool		member;			/* leaf: majority are members */
} Node;

typedef struct Search
{
	const Sample *sample;
	int			lo;				/* members have labels lo .. hi */
	int			hi;
	int		   *row;			/* [n] rows, those of a node side by side */
	Node		node[MAX_NODES];
} Search;

/* The number with the fewest digits in [lo, hi). */
static double
shortest_between(double lo, double hi)
{
	double		mid = lo + (hi - lo) / 2;

	if (lo < 0 && hi > 0)
		return 0;
	for (int digits = 1; digits <= 17; digits++)
	{
		char		text[32];
		double		c;

		snprintf(text, sizeof(text), "%.*e", digits - 1, mid);
		c = strtod(text, NULL);
		if (c >= lo && c < hi)
			return c;
	}
	return lo;
}

/* For times: the roundest instant in [lo, hi). */
static double
roundest_instant(double lo, double hi)
{
	static const double unit[] = {86400, 3600, 60, 1};

	for (int i = 0; i < lengthof(unit); i++)
	{
		double		c = ceil(lo / unit[i]) * unit[i];

		if (c < hi)
			return c;
	}
	return lo;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Thresholds of a facet: at most MAX_BINS - 1 quantiles, each between two distinct values. */
static void
make_thresholds(Sample *s, int f, UsKind kind, double *scratch)
{
	const double *x = s->value + (Size) f * s->room;
	double	   *t = s->threshold + (Size) f * MAX_BINS;
	int			n = 0;
	int			nt = 0;

	for (int i = 0; i < s->n; i++)
		if (s->inner[i] && !isnan(x[i]))
			scratch[n++] = x[i];
	qsort(scratch, n, sizeof(double), compare_doubles);
	for (int b = 1; b < MAX_BINS && n > 0; b++)
	{
		int			i = (int) ((int64) n * b / MAX_BINS);
		double		lo = scratch[Max(i - 1, 0)];
		double		cut;

		while (i < n && scratch[i] == lo)
			i++;
		if (i == n)
			break;
		cut = kind == US_KIND_TIME ? roundest_instant(lo, scratch[i]) : shortest_between(lo, scratch[i]);
		if (nt == 0 || cut > t[nt - 1])
			t[nt++] = cut;
	}
	s->nbins[f] = nt + 1;
}

static void
bin_facet(Sample *s, int f)
{
	const double *x = s->value + (Size) f * s->room;
	const double *t = s->threshold + (Size) f * MAX_BINS;
	uint8	   *bin = s->bin + (Size) f * s->room;

	for (int i = 0; i < s->n; i++)
	{
		int			lo = 0;

		/* without branches that would be guessed wrongly half the time */
		for (int rest = s->nbins[f] - 1; rest > 0; rest /= 2)
		{
			int			half = (rest + 1) / 2;

			lo += half & -(int) (x[i] > t[lo + half - 1]);
		}
		bin[i] = isnan(x[i]) ? NO_BIN : lo;
	}
}

/* The sample: rows whose hash falls below a limit, so that it does not depend on their order. */
static void
take_sample(Sample *s, UsFrame *frame, const UsProfile *profile, const UsFacetSource *source,
			UsLabelChunk labels, void *context, uint64 seed)
{
	double		want = Min((double) US_RULE_SAMPLE, (double) MAX_CELLS / Max(s->ncandidates, 1));
	double		share = frame->nrows > want ? want / frame->nrows : 1;
	uint64		limit = share < 1 ? (uint64) (share * 18446744073709551615.0) : PG_UINT64_MAX;
	double		inner = Min(1, (double) THRESHOLD_ROWS / Max(frame->nrows, 1));
	uint64		inner_limit = inner < 1 ? (uint64) (inner * 18446744073709551615.0) : PG_UINT64_MAX;
	int		   *row = palloc(US_CHUNK_ROWS * sizeof(int));

	for (int i = 0; i < frame->nchunks && s->n < s->room; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const int32 *label;
		int			n;

		CHECK_FOR_INTERRUPTS();
		n = Min(us_hash_select(seed, chunk->key, chunk->nrows, limit, row), s->room - s->n);
		label = labels(context, i, chunk);
		for (int j = 0; j < n; j++)
		{
			s->label[s->n + j] = label[row[j]];
			s->inner[s->n + j] = us_mix64(seed, chunk->key[row[j]]) <= inner_limit;
		}
		for (int c = 0; c < s->ncandidates; c++)
		{
			int			f = s->candidate[c].facet;
			double	   *out = s->value + (Size) c * s->room + s->n;

			us_facet_values(frame, &profile->facet[f], source[f], chunk, row, n, out);
			if (s->candidate[c].is_null)
				for (int j = 0; j < n; j++)
					out[j] = isnan(out[j]) ? 1 : 0;
		}
		s->n += n;
	}
}

static inline bool
is_member(const Search *search, int row)
{
	int			label = search->sample->label[row];

	return label >= search->lo && label <= search->hi;
}

/* n * impurity for a group of n rows with m members, up to a factor. */
static inline double
gini(int64 n, int64 m)
{
	return n > 0 ? (double) m * (n - m) / n : 0;
}

/* The best split of rows[0..n): lowest total impurity; false if none improves. */
static bool
best_split(const Search *search, const int *row, int n, Node *node)
{
	const Sample *s = search->sample;
	double		best = gini(node->n, node->members) * (1 - 1e-9);
	bool		found = false;

	for (int f = 0; f < s->ncandidates; f++)
	{
		const uint8 *bin = s->bin + (Size) f * s->room;
		int			count[256] = {0};
		int			members[256] = {0};
		int64		ln = 0;
		int64		lm = 0;
		int64		n_all,
					m_all;

		if (s->nbins[f] < 2)
			continue;
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
		{
			count[bin[row[i]]]++;
			members[bin[row[i]]] += is_member(search, row[i]);
		}
		n_all = n - count[NO_BIN];
		m_all = node->members - members[NO_BIN];
		for (int b = 0; b < s->nbins[f] - 1; b++)
		{
			double		g;

			ln += count[b];
			lm += members[b];
			if (ln == 0 || ln == n_all)
				continue;
			/* rows with a NULL fulfil neither condition: their members are lost */
			g = gini(ln, lm) + gini(n_all - ln, m_all - lm) + members[NO_BIN];
			if (g < best)
			{
				best = g;
				node->facet = f;
				node->bin = b;
				found = true;
			}
		}
	}
	return found;
}

/* Grow node i over rows[0..n); depth levels are left. */
static void
grow(Search *search, int i, int *row, int n, int depth)
{
	const Sample *s = search->sample;
	Node	   *node = &search->node[i];
	const uint8 *bin;
	int			nl = 0;
	int			nr;

	node->facet = -1;
	node->n = n;
	node->members = 0;
	for (int r = 0; r < n; r++)
		node->members += is_member(search, row[r]);
	node->member = 2 * node->members > node->n;
	if (depth == 0 || node->members == 0 || node->members == node->n
		|| !best_split(search, row, n, node))
		return;

	bin = s->bin + (Size) node->facet * s->room;
	for (int r = 0; r < n; r++)	/* left rows to the front */
		if (bin[row[r]] <= node->bin)
		{
			int			t = row[nl];

			row[nl++] = row[r];
			row[r] = t;
		}
	nr = nl;
	for (int r = nl; r < n; r++)	/* then those to the right; NULLs stay behind */
		if (bin[row[r]] != NO_BIN)
		{
			int			t = row[nr];

			row[nr++] = row[r];
			row[r] = t;
		}
	grow(search, 2 * i + 1, row, nl, depth - 1);
	grow(search, 2 * i + 2, row + nl, nr - nl, depth - 1);
}

/* Branches that end alike become one leaf; without any member leaf, the best leaf is one. */
static void
prune(Search *search)
{
	int			best = -1;
	bool		any = false;

	for (int i = MAX_NODES / 2 - 1; i >= 0; i--)
	{
		Node	   *node = &search->node[i];
		Node	   *l = &search->node[2 * i + 1];
		Node	   *r = &search->node[2 * i + 2];

		if (node->n > 0 && node->facet >= 0 && l->facet < 0 && r->facet < 0
			&& l->member == r->member && l->n + r->n == node->n)
			*node = (Node) {-1, 0, node->n, node->members, l->member};
	}
	/* leaves below a pruned node stay in the array, so walk from the root */
	for (int i = 0; i < MAX_NODES; i++)
	{
		bool		live = search->node[i].n > 0 && search->node[i].facet < 0;

		for (int p = i; p > 0 && live; p = (p - 1) / 2)
			live = search->node[(p - 1) / 2].facet >= 0;
		if (!live)
			continue;
		any |= search->node[i].member;
		/* F1 = 2 TP / (members + predicted) */
		if (best < 0 || search->node[i].members * (double) (search->node[0].members + search->node[best].n)
			> search->node[best].members * (double) (search->node[0].members + search->node[i].n))
			best = i;
	}
	if (!any && best > 0)
		search->node[best].member = true;
}

/* Whether the rule holds for a row: the path that its values take ends in a member leaf. */
static bool
holds(const Search *search, int row)
{
	const Sample *s = search->sample;
	int			i = 0;

	while (search->node[i].facet >= 0)
	{
		uint8		bin = s->bin[(Size) search->node[i].facet * s->room + row];

		if (bin == NO_BIN)
			return false;
		i = 2 * i + (bin <= search->node[i].bin ? 1 : 2);
	}
	return search->node[i].member;
}

/* The conditions of one branch, the narrowest bounds of each facet. */
static void
append_branch(StringInfo out, const Search *search, const UsProfile *profile,
			  const UsEncoder *encoder, int leaf)
{
	int			facet[US_RULE_DEPTH];
	int			bin[US_RULE_DEPTH];
	bool		above[US_RULE_DEPTH];
	int			n = 0;
	int			written = 0;

	for (int i = leaf; i > 0; i = (i - 1) / 2)
	{
		const Node *parent = &search->node[(i - 1) / 2];
		bool		up = i % 2 == 0;
		bool		seen = false;

		for (int j = 0; j < n; j++)	/* a deeper node is the narrower one */
			seen |= facet[j] == parent->facet && above[j] == up;
		if (seen)
			continue;
		facet[n] = parent->facet;
		bin[n] = parent->bin;
		above[n++] = up;
	}
	while (n-- > 0)				/* from the root down */
	{
		const Candidate *c = &search->sample->candidate[facet[n]];
		const UsFacet *f = &profile->facet[c->facet];
		const UsFeature *feature = us_encoder_feature(encoder, f->feature);

		appendStringInfoString(out, written++ ? " AND " : "");
		appendStringInfoString(out, c->is_null ? us_rule_null_condition(feature, above[n]) :
							   us_rule_condition(feature, f,
												 search->sample->threshold[(Size) facet[n] * MAX_BINS + bin[n]],
												 above[n]));
	}
}

static void
append_rule(StringInfo out, const Search *search, const UsProfile *profile,
			const UsEncoder *encoder, int i, int *branches)
{
	if (search->node[i].facet >= 0)
	{
		append_rule(out, search, profile, encoder, 2 * i + 1, branches);
		append_rule(out, search, profile, encoder, 2 * i + 2, branches);
	}
	else if (search->node[i].member && i > 0)
	{
		appendStringInfoString(out, (*branches)++ ? " OR " : "");
		append_branch(out, search, profile, encoder, i);
	}
}

static void
find_rule(Search *search, const UsProfile *profile, const UsEncoder *encoder, UsSegmentRule *rule)
{
	const Sample *s = search->sample;
	StringInfoData text;
	int64		both = 0;
	int64		agree = 0;
	int64		predicted = 0;
	int			branches = 0;

	memset(search->node, 0, sizeof(search->node));
	for (int i = 0; i < MAX_NODES; i++)
		search->node[i].facet = -1;
	for (int i = 0; i < s->n; i++)
		search->row[i] = i;
	grow(search, 0, search->row, s->n, US_RULE_DEPTH);
	prune(search);

	initStringInfo(&text);
	append_rule(&text, search, profile, encoder, 0, &branches);
	rule->condition = branches ? text.data : NULL;
	rule->fidelity = rule->precision = rule->recall = NAN;
	if (branches == 0 || s->n == 0)
		return;
	for (int i = 0; i < s->n; i++)
	{
		bool		member = is_member(search, i);
		bool		rule_says = holds(search, i);

		predicted += rule_says;
		both += member && rule_says;
		agree += member == rule_says;
	}
	rule->fidelity = (double) agree / s->n;
	if (predicted > 0)
		rule->precision = (double) both / predicted;
	if (search->node[0].members > 0)
		rule->recall = (double) both / search->node[0].members;
}

/* Every facet, and NULL or not for every feature that is NULL somewhere. */
static void
make_candidates(Sample *s, const UsFrame *frame, const UsProfile *profile,
				const UsFacetSource *source)
{
	s->candidate = palloc(Max(2 * profile->nfacets, 1) * sizeof(Candidate));
	for (int f = 0; f < profile->nfacets; f++)
		s->candidate[s->ncandidates++] = (Candidate) {f, false};
	for (int f = 0; f < profile->nfacets; f++)
		if ((f == 0 || profile->facet[f].feature != profile->facet[f - 1].feature)
			&& frame->column[source[f].column].n_null > 0)
			s->candidate[s->ncandidates++] = (Candidate) {f, true};
}

int
us_rules_find(UsFrame *frame, const UsEncoder *encoder, const UsProfile *profile,
			  const UsFacetSource *source, UsLabelChunk labels, void *context,
			  UsBudget *budget, uint64 seed, UsRangeRule *range, int n, int least)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	Sample		s = {0};
	Search		search;
	double	   *scratch;
	double		work = 0;
	int			found = 0;

	make_candidates(&s, frame, profile, source);
	s.room = (int) Min((int64) (1.1 * US_RULE_SAMPLE), Max(frame->nrows, 1));
	s.room = (int) Min((Size) s.room, MAX_CELLS / Max(s.ncandidates, 1) + 1);
	s.label = us_arena_array(arena, s.room, sizeof(int));
	s.inner = us_arena_array(arena, s.room, sizeof(bool));
	s.value = us_arena_array(arena, (Size) Max(s.ncandidates, 1) * s.room, sizeof(double));
	s.bin = us_arena_array(arena, (Size) Max(s.ncandidates, 1) * s.room, sizeof(uint8));
	s.nbins = us_arena_array(arena, Max(s.ncandidates, 1), sizeof(int));
	s.threshold = us_arena_array(arena, (Size) Max(s.ncandidates, 1) * MAX_BINS, sizeof(double));
	search.sample = &s;
	search.row = us_arena_array(arena, s.room, sizeof(int));
	scratch = us_arena_array(arena, s.room, sizeof(double));

	take_sample(&s, frame, profile, source, labels, context, seed);
	for (int f = 0; f < s.ncandidates; f++)
	{
		CHECK_FOR_INTERRUPTS();
		make_thresholds(&s, f, us_encoder_feature(encoder, profile->facet[s.candidate[f].facet].feature)->kind, scratch);
		bin_facet(&s, f);
	}
	for (; found < n && (found < least || work < MAX_WORK); found++)
	{
		search.lo = range[found].lo;
		search.hi = range[found].hi;
		find_rule(&search, profile, encoder, &range[found].rule);
		work += (double) s.n * s.ncandidates * US_RULE_DEPTH;
	}
	us_arena_reset(arena);
	return found;
}
