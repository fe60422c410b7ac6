/*
 * encode_form.h
 *	  What an encoded column is, spelled out for those who say it in other words: as a
 *	  condition on the source, as SQL, as PMML.
 */
#ifndef US_ENCODE_FORM_H
#define US_ENCODE_FORM_H

#include "data/encode.h"
#include "data/encode_step.h"

typedef enum UsFormKind
{
	US_FORM_NUMBER,				/* the chain of a number, boolean, duration */
	US_FORM_AGE,				/* the chain of (reference - seconds) / unit */
	US_FORM_ELEMENT,			/* of a vector: (v[element] - a) * b */
	US_FORM_CIRCLE,				/* of a time: scale times sin or cos of 2 pi times the share of a period */
	US_FORM_LEVELS,				/* of a category: one value a level */
	US_FORM_TAG,				/* scale where a tag is in the set, else 0 */
	US_FORM_NULL				/* scale where the feature is NULL, else 0 */
} UsFormKind;

typedef struct UsForm
{
	UsFormKind	kind;
	int			feature;
	const UsChain *chain;		/* NUMBER, AGE */
	double		reference;		/* AGE: seconds since 2000-01-01 */
	double		unit;			/* AGE: seconds */
	int			element;		/* ELEMENT: from 1 */
	double		a;				/* ELEMENT */
	double		b;
	const char *period;			/* CIRCLE: "hour", "dow", "day", "doy", "month" */
	const char *zone;			/* CIRCLE: time zone, or NULL */
	bool		cosine;			/* CIRCLE */
	double		scale;			/* CIRCLE, TAG, NULL, LEVELS without values */
	double		fill;			/* ELEMENT, CIRCLE: the encoded value of NULL */
	int			nlevels;		/* LEVELS, TAG */
	char	  **level;			/* [nlevels] */
	double	   *value;			/* LEVELS: [nlevels + 2], then of NULL and of all others; NaN: missing; or NULL: */
	int			slot;			/* ... scale for the level of this number, 0 for the others */
	int			null_slot;		/* ... the number that NULL counts as, or -1 */
	int			other_slot;		/* ... the number that other levels count as, or -1 */
	int			tag;			/* TAG: its number; nlevels: any tag that is not in level */
} UsForm;

/* Places behind the levels. */
#define US_FORM_PLACE_NULL(form)	((form)->nlevels)
#define US_FORM_PLACE_OTHER(form)	((form)->nlevels + 1)

/* The encoded value of a category at a place 0 .. nlevels + 1; NaN: missing. */
static inline double
us_form_value(const UsForm *form, int place)
{
	if (form->value != NULL)
		return form->value[place];
	if (place >= form->nlevels)
		place = place == form->nlevels ? form->null_slot : form->other_slot;
	return place == form->slot ? form->scale : 0;
}

/* The form of encoded column j; what it points to is the encoder's or palloc'd. */
extern void us_encoder_form(const UsEncoder *encoder, int j, UsForm *form);

#endif
