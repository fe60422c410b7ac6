/*
 * select.c
 *	  Exact medians and quantiles.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "math/select.h"
#include "math/simd.h"


typedef struct Kept
{
	double		x;
	int64		w;
} Kept;

/* sorts that can be cancelled */
#define ST_SORT sort_doubles
#define ST_ELEMENT_TYPE double
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_kept
#define ST_ELEMENT_TYPE Kept
#define ST_COMPARE(a, b) (((a)->x > (b)->x) - ((a)->x < (b)->x))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* By C. A. R. Hoare's FIND with medians of three. */
double
us_kth(double *x, int n, int k)
{
	int			left = 0;
	int			right = n - 1;

	while (left < right)
	{
		double		a = x[left];
		double		b = x[left + (right - left) / 2];
		double		c = x[right];
		double		pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
		int			i = left;
		int			j = right;

		CHECK_FOR_INTERRUPTS();
		while (i <= j)
		{
			while (x[i] < pivot)
				i++;
			while (x[j] > pivot)
				j--;
			if (i <= j)
			{
				double		t = x[i];

				x[i++] = x[j];
				x[j--] = t;
			}
		}
		if (k <= j)
			right = j;
		else if (k >= i)
			left = i;
		else
			break;
	}
	return x[k];
}

/* ---- ranks ---- */

/* digits of the radix selection: few ranks 4 of 16 bits, many ranks 6 of 11 */
#define FEW			8
#define FEW_BITS	16
#define MANY_BITS	11

/* values that are kept after the first digit instead of looking for more digits */
#define NARROW		(2 * US_SELECT_SMALL)

/* Values that share the digits found so far, and where the ranks among them are. */
typedef struct Group
{
	uint64		prefix;			/* the digits, at the right end */
	int64		before;			/* weight of all values before the group */
	int			first;			/* its ranks: rank[first .. last) */
	int			last;
	int64	   *count;			/* weight by next digit */
} Group;

struct UsSelect
{
	int			m;
	int64	   *rank;
	double	   *value;
	bool		weighted;
	/* keeping */
	double	   *kept;
	Kept	   *kept_weighted;
	int64		n;
	int64		capacity;
	/* radix */
	int			bits;			/* of a digit */
	int			done;			/* bits found */
	Group	   *group;
	int			ngroups;
	Group	   *next;
	int64	   *counts;
	int32	   *members;		/* number of values by first digit, few ranks only */
	uint8	   *wanted;			/* after the first digit: digits whose values are kept, or NULL */
};

/* Bits of a double whose order as an integer is that of the values; -0 is 0. */
static inline uint64
sortable(double x)
{
	uint64		bits;

	x += 0.0;
	memcpy(&bits, &x, sizeof(bits));
	return bits ^ ((uint64) ((int64) bits >> 63) | UINT64CONST(0x8000000000000000));
}

static inline double
unsortable(uint64 key)
{
	uint64		bits = key ^ (((key >> 63) - 1) | UINT64CONST(0x8000000000000000));
	double		x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static Size
kept_bytes(int64 n, bool weighted)
{
	return (Size) n * (weighted ? sizeof(Kept) : sizeof(double));
}

static bool
keeps(int64 n, bool weighted, int m, Size limit)
{
	return kept_bytes(n, weighted) <= limit && (n <= US_SELECT_SMALL || m > FEW);
}

Size
us_select_memory(int64 n, bool weighted, int m, Size limit)
{
	if (keeps(n, weighted, m, limit))
		return kept_bytes(n, weighted);
	return (Size) m * (2 * sizeof(Group) +
					   sizeof(int64) * ((Size) 1 << (m <= FEW ? FEW_BITS : MANY_BITS))) +
		(m <= FEW ? (sizeof(int32) + 1) * ((Size) 1 << FEW_BITS) + kept_bytes(NARROW, weighted) : 0);
}

UsSelect *
us_select_create(int64 n, bool weighted, const int64 *rank, int m, Size limit)
{
	UsSelect   *select = palloc0(sizeof(UsSelect));
	MemoryContext context = CurrentMemoryContext;

	select->m = m;
	select->weighted = weighted;
	select->rank = palloc(sizeof(int64) * m);
	memcpy(select->rank, rank, sizeof(int64) * m);
	select->value = palloc0(sizeof(double) * m);
	if (keeps(n, weighted, m, limit))
	{
		void	   *kept = MemoryContextAllocHuge(context, Max(kept_bytes(n, weighted), 1));

		select->capacity = n;
		if (weighted)
			select->kept_weighted = kept;
		else
			select->kept = kept;
		return select;
	}
	select->bits = m <= FEW ? FEW_BITS : MANY_BITS;
	select->group = palloc0(sizeof(Group) * m);
	select->next = palloc0(sizeof(Group) * m);
	select->counts = MemoryContextAllocHuge(context, sizeof(int64) * m << select->bits);
	memset(select->counts, 0, sizeof(int64) << select->bits);
	select->ngroups = 1;
	select->group[0].last = m;
	select->group[0].count = select->counts;
	if (m <= FEW)
		select->members = palloc0(sizeof(int32) << FEW_BITS);
	return select;
}

static Group *
find_group(UsSelect *select, uint64 prefix)
{
	int			lo = 0;
	int			hi = select->ngroups;

	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (select->group[mid].prefix < prefix)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < select->ngroups && select->group[lo].prefix == prefix ? &select->group[lo] : NULL;
}

/* The first digit of every value, few ranks. */
static void
count_first(UsSelect *select, const double *x, const int64 *w, int n)
{
	for (int i = 0; i < n; i++)
	{
		uint64		digit;

		if (x[i] != x[i])
			continue;
		digit = sortable(x[i]) >> (64 - FEW_BITS);
		select->members[digit]++;
		if (w)
			select->counts[digit] += w[i];
	}
}

static void
count_digits(UsSelect *select, const double *x, const int64 *w, int n)
{
	int			width = Min(select->bits, 64 - select->done);
	int			shift = 64 - select->done - width;
	uint64		mask = (UINT64CONST(1) << width) - 1;

	for (int i = 0; i < n; i++)
	{
		uint64		key;
		Group	   *group = select->group;

		if (x[i] != x[i])
			continue;
		key = sortable(x[i]);
		if (select->done > 0)
			group = find_group(select, key >> (64 - select->done));
		if (group)
			group->count[(key >> shift) & mask] += w ? w[i] : 1;
	}
}

void
us_select_add(UsSelect *select, const double *x, const int64 *w, int n)
{
	if (select->bits > 0)
	{
		if (select->members)
			count_first(select, x, w, n);
		else
			count_digits(select, x, w, n);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		if (x[i] != x[i])
			continue;
		if (select->wanted && !select->wanted[sortable(x[i]) >> (64 - FEW_BITS)])
			continue;
		if (select->n >= select->capacity)
			elog(ERROR, "more values than announced to a selection");
		if (select->weighted)
		{
			select->kept_weighted[select->n].x = x[i];
			select->kept_weighted[select->n++].w = w ? w[i] : 1;
		}
		else
			select->kept[select->n++] = x[i];
	}
}

/*
 * The values of all groups are here: sort them; a group's ranks count from what is
 * before it.
 */
static void
finish_narrow(UsSelect *select)
{
	int64		i = 0;

	if (select->weighted)
		sort_kept(select->kept_weighted, select->n);
	else
		sort_doubles(select->kept, select->n);
	for (int g = 0; g < select->ngroups; g++)
	{
		const Group *group = &select->group[g];
		int64		before = group->before;

		for (int r = group->first; r < group->last; r++)
		{
			while (before + (select->weighted ? select->kept_weighted[i].w : 1) < select->rank[r])
				before += select->weighted ? select->kept_weighted[i++].w : (i++, 1);
			select->value[r] = select->weighted ? select->kept_weighted[i].x : select->kept[i];
		}
		/* on to the next group */
		while (i < select->n &&
			   sortable(select->weighted ? select->kept_weighted[i].x : select->kept[i]) >>
			   (64 - FEW_BITS) == group->prefix)
			i++;
	}
}

/* After the first digit: if the groups hold few values, keep these in the next pass. */
static void
try_narrow(UsSelect *select)
{
	int64		n = 0;

	for (int g = 0; g < select->ngroups; g++)
		n += select->members[select->group[g].prefix];
	if (n <= NARROW)
	{
		select->wanted = palloc0((Size) 1 << FEW_BITS);
		for (int g = 0; g < select->ngroups; g++)
			select->wanted[select->group[g].prefix] = 1;
		select->bits = 0;
		select->capacity = n;
		if (select->weighted)
			select->kept_weighted = palloc(sizeof(Kept) * n);
		else
			select->kept = palloc(sizeof(double) * n);
	}
	pfree(select->members);
	select->members = NULL;
}

/* All values are here: sort, or for a few ranks select. */
static void
finish_kept(UsSelect *select)
{
	int64		before = 0;
	int64		i = 0;

	if (!select->weighted)
	{
		if (select->m <= FEW && select->n < INT_MAX)
		{
			for (int r = 0; r < select->m; r++)
				select->value[r] = us_kth(select->kept, (int) select->n, (int) select->rank[r] - 1);
			return;
		}
		sort_doubles(select->kept, select->n);
		for (int r = 0; r < select->m; r++)
			select->value[r] = select->kept[select->rank[r] - 1];
		return;
	}
	sort_kept(select->kept_weighted, select->n);
	for (int r = 0; r < select->m; r++)
	{
		while (before + select->kept_weighted[i].w < select->rank[r])
			before += select->kept_weighted[i++].w;
		select->value[r] = select->kept_weighted[i].x;
	}
}

/* One more digit of every group is counted: split the groups by it. */
static bool
split_groups(UsSelect *select)
{
	int			width = Min(select->bits, 64 - select->done);
	int			nnext = 0;
	Group	   *swap;

	for (int g = 0; g < select->ngroups; g++)
	{
		Group	   *group = &select->group[g];
		int64		before = group->before;
		uint64		digit = 0;

		for (int r = group->first; r < group->last; r++)
		{
			uint64		prefix;

			while (before + group->count[digit] < select->rank[r])
				before += group->count[digit++];
			prefix = (select->done > 0 ? group->prefix << width : 0) | digit;
			if (nnext == 0 || select->next[nnext - 1].prefix != prefix)
			{
				select->next[nnext].prefix = prefix;
				select->next[nnext].before = before;
				select->next[nnext++].first = r;
			}
			select->next[nnext - 1].last = r + 1;
		}
	}
	select->done += width;
	swap = select->group;
	select->group = select->next;
	select->next = swap;
	select->ngroups = nnext;
	memset(select->counts, 0, (sizeof(int64) << select->bits) * nnext);
	for (int g = 0; g < nnext; g++)
		select->group[g].count = select->counts + ((Size) g << select->bits);
	if (select->done < 64)
		return false;
	for (int g = 0; g < nnext; g++)
		for (int r = select->group[g].first; r < select->group[g].last; r++)
			select->value[r] = unsortable(select->group[g].prefix);
	return true;
}

bool
us_select_end_pass(UsSelect *select)
{
	if (select->bits > 0)
	{
		bool		first = select->members != NULL;

		if (first && !select->weighted)
			for (int digit = 0; digit < 1 << FEW_BITS; digit++)
				select->counts[digit] = select->members[digit];
		if (split_groups(select))
			return true;
		if (first)
			try_narrow(select);
		return false;
	}
	if (select->wanted)
		finish_narrow(select);
	else
		finish_kept(select);
	return true;
}

double
us_select_value(const UsSelect *select, int64 rank)
{
	int			lo = 0;
	int			hi = select->m - 1;

	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (select->rank[mid] < rank)
			lo = mid + 1;
		else
			hi = mid;
	}
	Assert(select->rank[lo] == rank);
	return select->value[lo];
}

void
us_select_free(UsSelect *select)
{
	pfree(select->rank);
	pfree(select->value);
	if (select->kept)
		pfree(select->kept);
	if (select->kept_weighted)
		pfree(select->kept_weighted);
	if (select->wanted)
		pfree(select->wanted);
	if (select->group)
	{
		pfree(select->group);
		pfree(select->next);
		pfree(select->counts);
	}
	pfree(select);
}

void
us_quantile_ranks(double p, int64 weight, bool weighted,
				  int64 *lower, int64 *upper, double *fraction)
{
	double		h;

	if (weighted)
	{
		h = p * (double) weight;
		*lower = (int64) ceil(h);
		*upper = (int64) floor(h) + 1;
		*fraction = 0.5;
	}
	else
	{
		h = p * (double) (weight - 1);
		*lower = (int64) floor(h) + 1;
		*upper = *lower + 1;
		*fraction = h - floor(h);
	}
	*lower = Max(Min(*lower, weight), 1);
	*upper = Max(Min(*upper, weight), 1);
}
