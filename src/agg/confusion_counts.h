/*
 * confusion_counts.h
 *	  The state of userseg.confusion_agg: the weight of rows by actual and predicted label.
 *
 * A state is one flat varlena, changed in place while an aggregate runs.  Labels stand in order of
 * appearance and are put into the order of their bytes when they are told.  Weights are
 * exact sums, the same in any order.
 */
#ifndef US_CONFUSION_COUNTS_H
#define US_CONFUSION_COUNTS_H

#include "infra/buffer.h"
#include "infra/report.h"

#define US_CONFUSION_VERSION	1
#define US_CONFUSION_LABELS		500
#define US_CONFUSION_LABEL_LEN	1000

typedef struct UsConfusionCounts
{
	int32		vl_len_;
	uint8		version;
	uint8		unused;
	uint16		n;				/* labels */
	uint16		room;			/* labels that there is room for */
	uint16		unused2;
	uint32		text_used;		/* bytes of labels */
	uint32		text_room;
	int64		rows;
	/* then int128 cell[room][room] by actual and predicted label, uint32 start[room + 1], uint16 order[room], char text[text_room] */
} UsConfusionCounts;

/* A state without rows. */
extern UsConfusionCounts *us_confusion_new(void);

/*
 * Take in a row: labels of so many bytes, weight as in agg/score_counts.h; s may be returned anew.  54000 for more than
 * US_CONFUSION_LABELS labels or a longer one, 22003 when the sum of weights leaves its range.
 */
extern UsConfusionCounts *us_confusion_add(UsConfusionCounts *s, const char *predicted, int predicted_len,
										   const char *actual, int actual_len, double weight);
extern UsConfusionCounts *us_confusion_merge(UsConfusionCounts *s, const UsConfusionCounts *other);

/* Matrix and measures as an object; NULL without rows. */
extern UsReport *us_confusion_report(const UsConfusionCounts *s);

/* The payload that is sent and printed. */
extern void us_confusion_write(const UsConfusionCounts *s, UsWriter *w);
extern UsConfusionCounts *us_confusion_read(UsReader *r);

#endif
