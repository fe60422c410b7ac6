/*
 * confusion_counts.c
 *	  The state of userseg.confusion_agg.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "agg/confusion_counts.h"
#include "agg/weight_units.h"
#include "infra/utf8.h"
#include "stat/confusion.h"

#define FIRST_ROOM		4
#define FIRST_TEXT		64

/* ---- layout ---- */

static Size
size_for(Size room, Size text_room)
{
	return sizeof(UsConfusionCounts) + room * room * sizeof(int128) + (room + 1) * sizeof(uint32) +
		room * sizeof(uint16) + text_room;
}

static int128 *
cells(const UsConfusionCounts *s)
{
	return (int128 *) ((char *) s + sizeof(UsConfusionCounts));
}

static uint32 *
starts(const UsConfusionCounts *s)
{
	return (uint32 *) (cells(s) + (Size) s->room * s->room);
}

/* Indices of the labels in the order of their bytes. */
static uint16 *
order(const UsConfusionCounts *s)
{
	return (uint16 *) (starts(s) + s->room + 1);
}

static char *
texts(const UsConfusionCounts *s)
{
	return (char *) (order(s) + s->room);
}

static UsConfusionCounts *
make(Size room, Size text_room)
{
	Size		size = size_for(room, text_room);
	UsConfusionCounts *s = (UsConfusionCounts *) palloc0(size);

	SET_VARSIZE(s, size);
	s->version = US_CONFUSION_VERSION;
	s->room = room;
	s->text_room = text_room;
	return s;
}

UsConfusionCounts *
us_confusion_new(void)
{
	return make(FIRST_ROOM, FIRST_TEXT);
}

/* Room for one more label of len bytes. */
static UsConfusionCounts *
make_room(UsConfusionCounts *s, int len)
{
	Size		room = s->n < s->room ? s->room : Min(2 * s->room, US_CONFUSION_LABELS);
	Size		text_room = s->text_room;
	UsConfusionCounts *larger;

	while (text_room < (Size) s->text_used + len)
		text_room *= 2;
	if (room == s->room && text_room == s->text_room)
		return s;
	larger = make(room, text_room);
	larger->n = s->n;
	larger->rows = s->rows;
	larger->text_used = s->text_used;
	for (int i = 0; i < s->n; i++)
		memcpy(cells(larger) + (Size) i * room, cells(s) + (Size) i * s->room, s->n * sizeof(int128));
	memcpy(starts(larger), starts(s), (s->n + 1) * sizeof(uint32));
	memcpy(order(larger), order(s), s->n * sizeof(uint16));
	memcpy(texts(larger), texts(s), s->text_used);
	return larger;
}

/* ---- labels ---- */

static int
compare_label(const UsConfusionCounts *s, int i, const char *text, int len)
{
	const char *label = texts(s) + starts(s)[i];
	int			label_len = starts(s)[i + 1] - starts(s)[i];
	int			c = memcmp(label, text, Min(label_len, len));

	return c != 0 ? c : label_len - len;
}

static UsConfusionCounts *
insert_label(UsConfusionCounts *s, int place, const char *text, int len)
{
	if (s->n == US_CONFUSION_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are more than %d different labels", US_CONFUSION_LABELS),
				 errhint("A confusion matrix is for classes; numbers want rmse_agg, mae_agg or r2_agg.")));
	if (len > US_CONFUSION_LABEL_LEN)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a label has %d bytes, more than %d", len, US_CONFUSION_LABEL_LEN),
				 errhint("A confusion matrix is for classes; use a short name for each.")));
	s = make_room(s, len);
	memmove(order(s) + place + 1, order(s) + place, (s->n - place) * sizeof(uint16));
	order(s)[place] = s->n;
	memcpy(texts(s) + s->text_used, text, len);
	starts(s)[s->n] = s->text_used;
	s->text_used += len;
	starts(s)[++s->n] = s->text_used;
	return s;
}

/* The index of a label, which is entered if it is new. */
static int
label_index(UsConfusionCounts **s, const char *text, int len)
{
	int			lo = 0;
	int			hi = (*s)->n;

	while (lo < hi)
	{
		int			middle = (lo + hi) / 2;
		int			c = compare_label(*s, order(*s)[middle], text, len);

		if (c == 0)
			return order(*s)[middle];
		if (c < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	*s = insert_label(*s, lo, text, len);
	return (*s)->n - 1;
}

static UsConfusionCounts *
add_units(UsConfusionCounts *s, const char *predicted, int predicted_len,
		  const char *actual, int actual_len, int128 units)
{
	int			p = label_index(&s, predicted, predicted_len);
	int			a = label_index(&s, actual, actual_len);
	int128	   *cell = cells(s) + (Size) a * s->room + p;

	*cell = us_weight_add(*cell, units);
	return s;
}

UsConfusionCounts *
us_confusion_add(UsConfusionCounts *s, const char *predicted, int predicted_len,
				 const char *actual, int actual_len, double weight)
{
	s = add_units(s, predicted, predicted_len, actual, actual_len, us_weight_units(weight));
	s->rows++;
	return s;
}

UsConfusionCounts *
us_confusion_merge(UsConfusionCounts *s, const UsConfusionCounts *other)
{
	for (int a = 0; a < other->n; a++)
		for (int p = 0; p < other->n; p++)
		{
			int128		units = cells(other)[(Size) a * other->room + p];

			if (units > 0)
				s = add_units(s, texts(other) + starts(other)[p], starts(other)[p + 1] - starts(other)[p],
							  texts(other) + starts(other)[a], starts(other)[a + 1] - starts(other)[a],
							  units);
		}
	s->rows += other->rows;
	return s;
}

/* ---- results ---- */

static char *
label_text(const UsConfusionCounts *s, int place)
{
	int			i = order(s)[place];

	return pnstrdup(texts(s) + starts(s)[i], starts(s)[i + 1] - starts(s)[i]);
}

static int128
cell_at(const UsConfusionCounts *s, int actual, int predicted)
{
	return cells(s)[(Size) order(s)[actual] * s->room + order(s)[predicted]];
}

UsReport *
us_confusion_report(const UsConfusionCounts *s)
{
	int			k = s->n;
	double	   *cell = (double *) palloc(sizeof(double) * Max(k, 1) * Max(k, 1));
	UsClassMeasures *each = (UsClassMeasures *) palloc(sizeof(UsClassMeasures) * Max(k, 1));
	UsConfusionMeasures all;
	UsReport   *report = us_report_object();
	UsReport   *list;

	if (s->rows == 0)
		return NULL;
	for (int i = 0; i < k * k; i++)
		cell[i] = us_weight_value(cell_at(s, i / k, i % k));
	us_confusion_measures(cell, k, &all, each);
	us_report_int(report, "n", s->rows);
	us_report_number(report, "weight", all.weight);
	us_report_number(report, "accuracy", all.accuracy);
	us_report_number(report, "balanced_accuracy", all.balanced_accuracy);
	us_report_number(report, "mcc", all.mcc);
	us_report_number(report, "kappa", all.kappa);
	us_report_number(report, "precision_macro", all.precision_macro);
	us_report_number(report, "recall_macro", all.recall_macro);
	us_report_number(report, "f1_macro", all.f1_macro);
	us_report_number(report, "precision_weighted", all.precision_weighted);
	us_report_number(report, "recall_weighted", all.recall_weighted);
	us_report_number(report, "f1_weighted", all.f1_weighted);
	list = us_report_add_array(report, "classes");
	for (int i = 0; i < k; i++)
	{
		UsReport   *o = us_report_add_object(list, NULL);

		us_report_text(o, "class", label_text(s, i));
		us_report_number(o, "actual", each[i].support);
		us_report_number(o, "predicted", each[i].predicted);
		us_report_number(o, "precision", each[i].precision);
		us_report_number(o, "recall", each[i].recall);
		us_report_number(o, "f1", each[i].f1);
	}
	list = us_report_add_array(report, "cells");
	for (int i = 0; i < k * k; i++)
		if (cell[i] > 0)
		{
			UsReport   *o = us_report_add_object(list, NULL);

			us_report_text(o, "actual", label_text(s, i / k));
			us_report_text(o, "predicted", label_text(s, i % k));
			us_report_number(o, "weight", cell[i]);
		}
	CHECK_FOR_INTERRUPTS();
	return report;
}

/* ---- payload ---- */

void
us_confusion_write(const UsConfusionCounts *s, UsWriter *w)
{
	uint32		n_cells = 0;

	us_write_u8(w, s->version);
	us_write_i64(w, s->rows);
	us_write_u32(w, s->n);
	for (int i = 0; i < s->n; i++)
		us_write_utf8(w, label_text(s, i));
	for (int i = 0; i < s->n * s->n; i++)
		n_cells += cell_at(s, i / s->n, i % s->n) > 0;
	us_write_u32(w, n_cells);
	for (int i = 0; i < s->n * s->n; i++)
	{
		int128		units = cell_at(s, i / s->n, i % s->n);

		if (units == 0)
			continue;
		us_write_u32(w, i);
		us_write_units(w, units);
	}
}

UsConfusionCounts *
us_confusion_read(UsReader *r)
{
	uint8		version = us_read_u8(r);
	int64		rows = us_read_i64(r);
	uint32		n = us_read_count(r, 4, US_CONFUSION_LABELS);
	char	  **label = (char **) palloc(sizeof(char *) * Max(n, 1));
	UsConfusionCounts *s = us_confusion_new();
	uint32		n_cells;
	int64		last = -1;

	if (version != US_CONFUSION_VERSION)
		us_corrupt(r, "version %u", version);
	if (rows < 0 || rows > INT64CONST(1) << 60)
		us_corrupt(r, INT64_FORMAT " rows", rows);
	for (uint32 i = 0; i < n; i++)
	{
		label[i] = us_read_utf8(r);
		if (strlen(label[i]) > US_CONFUSION_LABEL_LEN)
			us_corrupt(r, "a label of %zu bytes", strlen(label[i]));
		if (label_index(&s, label[i], strlen(label[i])) != i)
			us_corrupt(r, "a label that is there twice");
	}
	n_cells = us_read_count(r, 20, n * n);
	if ((rows > 0) != (n_cells > 0))
		us_corrupt(r, INT64_FORMAT " rows in %u cells", rows, n_cells);
	for (uint32 c = 0; c < n_cells; c++)
	{
		uint32		i = us_read_u32(r);
		int128		units = us_read_units(r);

		if (i >= n * n || (int64) i <= last)
			us_corrupt(r, "cell %u", i);
		if (units <= 0 || units >= US_WEIGHT_MOST)
			us_corrupt(r, "weight of cell %u is out of range", i);
		last = i;
		s = add_units(s, label[i % n], strlen(label[i % n]), label[i / n], strlen(label[i / n]), units);
	}
	s->rows = rows;
	return s;
}
