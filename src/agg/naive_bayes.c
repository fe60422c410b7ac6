/*
 * naive_bayes.c
 *	  userseg.naive_bayes_row and userseg.naive_bayes_state: sums by class and column.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "utils/memutils.h"

#include "agg/exact_wire.h"
#include "agg/naive_bayes.h"
#include "math/clones.h"
#include "math/double_double.h"

#define ROW_NAME	"userseg.naive_bayes_row"
#define STATE_NAME	"userseg.naive_bayes_state"

/* values that are added at once, and fewest */
#define BLOCK		1024
#define FEW			64

int
us_nb_sums(const int32 *levels, int columns)
{
	int			n = 1;

	for (int j = 0; j < columns; j++)
		n += levels[j] > 0 ? levels[j] : US_NB_NUMBER_SUMS;
	return n;
}

/* ---- sums ---- */

/* One value; cell[]: the sums of the column and class. */
static inline void
add_value(UsExactSum *cell, int levels, double x, double w)
{
	UsDouble2	wx;
	UsDouble2	wxx;

	if (isnan(x))
	{
		if (levels == 0)
			us_exact_add(&cell[0], w);
		return;
	}
	if (levels > 0)
	{
		us_exact_add(&cell[us_nb_level(x, levels)], w);
		return;
	}
	wx = w == 1 ? (UsDouble2) {x, 0} : us_two_product(w, x);
	wxx = us_two_product(wx.hi, x);
	us_exact_add(&cell[2], wxx.hi);	/* the largest first: it tells an overflow */
	if (wxx.lo != 0)
		us_exact_add(&cell[2], wxx.lo);
	us_exact_add(&cell[1], wx.hi);
	if (wx.lo != 0)
	{
		us_exact_add(&cell[2], wx.lo * x);
		us_exact_add(&cell[1], wx.lo);
	}
}

/* hi[i] + lo[i] = a[i] b[i] */
US_CLONES_FMA static void
multiply(const double *a, const double *b, int n, double *hi, double *lo)
{
	for (int i = 0; i < n; i++)
	{
		hi[i] = a[i] * b[i];
		lo[i] = fma(a[i], b[i], -hi[i]);
	}
}

/* What add_value() adds for n values of a column of numbers, w NULL: weights 1. */
static void
add_numbers(UsExactSum *cell, const double *x, const double *w, int n)
{
	double		wx[BLOCK];
	double		hi[BLOCK];
	double		lo[BLOCK];
	const double *first = x;
	int			added;

	if (w != NULL)
	{
		multiply(w, x, n, wx, lo);
		us_exact_add_array(&cell[1], lo, n);
		for (int i = 0; i < n; i++)
			lo[i] *= x[i];
		us_exact_add_array(&cell[2], lo, n);
		first = wx;
	}
	multiply(first, x, n, hi, lo);
	us_exact_add_array(&cell[2], hi, n);
	us_exact_add_array(&cell[2], lo, n);
	added = us_exact_add_array(&cell[1], first, n);
	if (w == NULL && added < n)
		us_exact_add(&cell[0], n - added);
	for (int i = 0; i < n && w != NULL && added < n; i++)
		if (isnan(x[i]))
			us_exact_add(&cell[0], w[i]);
}

/* The same for one of categories, no more than BLOCK levels, weights 1. */
static void
count_levels(UsExactSum *cell, int levels, const double *x, int n)
{
	int			count[BLOCK] = {0};

	for (int i = 0; i < n; i++)
		if (!isnan(x[i]))
			count[us_nb_level(x[i], levels)]++;
	for (int l = 0; l < levels; l++)
		if (count[l] > 0)
			us_exact_add(&cell[l], count[l]);
}

void
us_nb_add_column(UsExactSum *cell, int levels, const double *x, const double *w, const int *row, int n)
{
	double		value[BLOCK];
	double		weight[BLOCK];

	for (int first = 0; first < n; first += BLOCK)
	{
		int			size = Min(BLOCK, n - first);

		for (int i = 0; i < size; i++)
			value[i] = x[row[first + i]];
		for (int i = 0; i < size && w != NULL; i++)
			weight[i] = w[row[first + i]];
		if (levels == 0 && size >= FEW)
			add_numbers(cell, value, w != NULL ? weight : NULL, size);
		else if (levels > 0 && levels <= size && w == NULL)
			count_levels(cell, levels, value, size);
		else
			for (int i = 0; i < size; i++)
				add_value(cell, levels, value[i], w != NULL ? weight[i] : 1);
	}
}

/* ---- rows ---- */

static Size
row_size(int columns)
{
	return offsetof(UsNbRow, x) + (sizeof(double) + sizeof(int32)) * (Size) columns;
}

UsNbRow *
us_nb_row_new(int columns)
{
	UsNbRow    *row = (UsNbRow *) palloc0(row_size(columns));

	SET_VARSIZE(row, row_size(columns));
	row->version = US_NB_STATE_VERSION;
	row->columns = columns;
	return row;
}

int32 *
us_nb_row_levels(const UsNbRow *row)
{
	return (int32 *) (row->x + row->columns);
}

void
us_nb_check_levels(const int32 *levels, int columns)
{
	if (columns < 1 || columns > US_NB_MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("x has %d values", columns),
				 errhint("Pass 1 to %d values.", US_NB_MAX_COLUMNS)));
	for (int j = 0; j < columns; j++)
		if (levels[j] != 0 && (levels[j] < 2 || levels[j] > US_NB_MAX_LEVELS))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value %d of levels is %d", j + 1, levels[j]),
					 errhint("It is 0 for a column of numbers, 2 to %d for one of categories.", US_NB_MAX_LEVELS)));
}

/* ---- states ---- */

static Size
levels_size(int columns)
{
	return TYPEALIGN(sizeof(int64), sizeof(int32) * (Size) columns);
}

const int32 *
us_nb_levels(const UsNbState *s)
{
	return (const int32 *) s->data;
}

UsExactSum *
us_nb_class(const UsNbState *s, int k)
{
	return (UsExactSum *) ((char *) s->data + levels_size(s->columns)) + (Size) k * s->per_class;
}

static UsNbState *
state_new(const int32 *levels, int columns, int classes)
{
	int			per_class = us_nb_sums(levels, columns);
	Size		size = offsetof(UsNbState, data) + levels_size(columns) + sizeof(UsExactSum) * (Size) per_class * classes;
	UsNbState  *s;

	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d classes of %d sums are too many for one state", classes, per_class),
				 errdetail("They take %.0f MB, 1024 MB is the limit.", (double) size / (1024.0 * 1024.0))));
	s = (UsNbState *) palloc0(size);
	SET_VARSIZE(s, size);
	s->version = US_NB_STATE_VERSION;
	s->columns = columns;
	s->classes = classes;
	s->per_class = per_class;
	memcpy(s->data, levels, sizeof(int32) * columns);
	return s;
}

/* s with room for so many classes. */
static UsNbState *
widen(UsNbState *s, int classes)
{
	UsNbState  *wide;

	if (classes <= s->classes)
		return s;
	wide = state_new(us_nb_levels(s), s->columns, classes);
	wide->rows = s->rows;
	memcpy(us_nb_class(wide, 0), us_nb_class(s, 0), sizeof(UsExactSum) * (Size) s->per_class * s->classes);
	return wide;
}

static void
check_alike(const UsNbState *s, int columns, const int32 *levels)
{
	if (s->columns != columns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows of %d columns and of %d", Min(s->columns, columns), Max(s->columns, columns)),
				 errhint("All rows of a state have the same columns.")));
	for (int j = 0; j < columns; j++)
		if (levels[j] != us_nb_levels(s)[j])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column %d has %d levels in some rows and %d in others", j + 1,
							Min(levels[j], us_nb_levels(s)[j]), Max(levels[j], us_nb_levels(s)[j])),
					 errhint("Pass the same levels for every row.")));
}

UsNbState *
us_nb_add(UsNbState *s, const UsNbRow *row)
{
	const int32 *levels = us_nb_row_levels(row);
	UsExactSum *cell;

	if (s == NULL)
		s = state_new(levels, row->columns, row->label);
	else
	{
		check_alike(s, row->columns, levels);
		s = widen(s, row->label);
	}
	s->rows++;
	cell = us_nb_class(s, row->label - 1);
	us_exact_add(cell++, row->weight);
	for (int j = 0; j < row->columns; j++)
	{
		add_value(cell, levels[j], row->x[j], row->weight);
		cell += levels[j] > 0 ? levels[j] : US_NB_NUMBER_SUMS;
	}
	return s;
}

UsNbState *
us_nb_merge(UsNbState *s, const UsNbState *other)
{
	check_alike(s, other->columns, us_nb_levels(other));
	s = widen(s, other->classes);
	if (pg_add_s64_overflow(s->rows, other->rows, &s->rows))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of rows is out of range")));
	for (Size i = 0; i < (Size) other->classes * s->per_class; i++)
		us_exact_merge(us_nb_class(s, 0) + i, us_nb_class(other, 0) + i);
	return s;
}

UsNbState *
us_nb_seal(const UsNbState *s)
{
	UsNbState  *sealed = state_new(us_nb_levels(s), s->columns, s->classes);
	UsExactWords words;

	sealed->rows = s->rows;
	for (Size i = 0; i < (Size) s->classes * s->per_class; i++)
	{
		us_exact_pack(us_nb_class(s, 0) + i, &words);
		(void) us_exact_unpack(&words, us_nb_class(sealed, 0) + i);
	}
	return sealed;
}

/* ---- payloads ---- */

static void
write_levels(UsWriter *w, const int32 *levels, int columns)
{
	us_write_u32(w, columns);
	for (int j = 0; j < columns; j++)
		us_write_u16(w, (uint16) levels[j]);
}

static int32 *
read_levels(UsReader *r, int *columns)
{
	int32	   *levels;

	*columns = (int) us_read_count(r, sizeof(uint16), US_NB_MAX_COLUMNS);
	if (*columns == 0)
		us_corrupt(r, "no columns");
	levels = (int32 *) palloc(sizeof(int32) * *columns);
	for (int j = 0; j < *columns; j++)
	{
		levels[j] = us_read_u16(r);
		if (levels[j] == 1 || levels[j] > US_NB_MAX_LEVELS)
			us_corrupt(r, "column of %d levels", levels[j]);
	}
	return levels;
}

/* u8 version, u32 label, f64 weight, u32 columns, u16 levels[columns], f64 x[columns]. */
void
us_nb_row_write(const UsNbRow *row, UsWriter *w)
{
	us_write_u8(w, row->version);
	us_write_u32(w, row->label);
	us_write_f64(w, row->weight);
	write_levels(w, us_nb_row_levels(row), row->columns);
	for (int j = 0; j < row->columns; j++)
		us_write_f64(w, row->x[j]);
}

UsNbRow *
us_nb_row_read(UsReader *r)
{
	int			version = us_read_u8(r);
	uint32		label = us_read_u32(r);
	double		weight = us_read_f64(r);
	int			columns;
	int32	   *levels;
	UsNbRow    *row;

	us_check_version(ROW_NAME, version, US_NB_STATE_VERSION);
	if (label < 1 || label > US_NB_MAX_CLASSES)
		us_corrupt(r, "class %u", label);
	if (!(weight > 0) || isinf(weight))
		us_corrupt(r, "weight %g", weight);
	levels = read_levels(r, &columns);
	row = us_nb_row_new(columns);
	row->label = (int32) label;
	row->weight = weight;
	memcpy(us_nb_row_levels(row), levels, sizeof(int32) * columns);
	for (int j = 0; j < columns; j++)
	{
		double		x = us_read_f64(r);

		if (isinf(x) || (levels[j] > 0 && (x < 0 || x >= levels[j] || x != rint(x)) && !isnan(x)))
			us_corrupt(r, "value %g of a column of %d levels", x, levels[j]);
		row->x[j] = isnan(x) ? NAN : x;
	}
	return row;
}

/* One that is finite, and not negative unless it may be. */
static void
read_sum(UsReader *r, UsExactSum *sum, bool negative_too)
{
	double		value;

	us_read_exact(r, sum);
	value = us_exact_round(sum);
	if (isinf(value) || (value < 0 && !negative_too))
		us_corrupt(r, "a sum is %g", value);
}

/* u8 version, i64 rows, u32 columns, u16 levels[columns], u32 classes, the sums of each class. */
void
us_nb_state_write(const UsNbState *s, UsWriter *w)
{
	us_write_u8(w, s->version);
	us_write_i64(w, s->rows);
	write_levels(w, us_nb_levels(s), s->columns);
	us_write_u32(w, s->classes);
	for (Size i = 0; i < (Size) s->classes * s->per_class; i++)
		us_write_exact(w, us_nb_class(s, 0) + i);
}

/* The sums of a class. */
static void
read_class(UsReader *r, const UsNbState *s, int k)
{
	const int32 *levels = us_nb_levels(s);
	UsExactSum *cell = us_nb_class(s, k);

	read_sum(r, cell++, false);
	for (int j = 0; j < s->columns; j++)
		for (int i = 0; i < (levels[j] > 0 ? levels[j] : US_NB_NUMBER_SUMS); i++)
			read_sum(r, cell++, levels[j] == 0 && i == 1);
}

UsNbState *
us_nb_state_read(UsReader *r)
{
	int			version = us_read_u8(r);
	int64		rows = us_read_i64(r);
	int			columns;
	int32	   *levels;
	uint32		classes;
	UsNbState  *s;

	us_check_version(STATE_NAME, version, US_NB_STATE_VERSION);
	if (rows < 1)
		us_corrupt(r, INT64_FORMAT " rows", rows);
	levels = read_levels(r, &columns);
	classes = us_read_u32(r);
	if (classes < 1 || classes > US_NB_MAX_CLASSES ||
		(Size) classes * us_nb_sums(levels, columns) * 3 > r->len - r->pos)
		us_corrupt(r, "%u classes of %d sums in %zu bytes", classes, us_nb_sums(levels, columns), r->len - r->pos);
	s = state_new(levels, columns, (int) classes);
	s->rows = rows;
	for (int k = 0; k < s->classes; k++)
		read_class(r, s, k);
	return s;
}
