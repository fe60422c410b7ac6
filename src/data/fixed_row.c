/*
 * fixed_row.c
 *	  Where the columns of a stored row stand when all have a fixed width.
 */
#include "postgres.h"

#include "access/tupmacs.h"

#include "data/fixed_row.h"

void
us_fixed_row_init(UsFixedRow *f, int natts)
{
	f->natts = natts;
	f->desc = NULL;
	f->fixed = false;
	f->offset = palloc(Max(natts, 1) * sizeof(int));
}

void
us_fixed_row_learn(UsFixedRow *f, TupleDesc desc)
{
	uintptr_t	at = 0;

	f->desc = desc;
	f->fixed = desc->natts >= f->natts;
	for (int i = 0; i < f->natts && f->fixed; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attlen <= 0)
			f->fixed = false;
		else
		{
			at = att_align_nominal(at, attribute->attalign);
			f->offset[i] = (int) at;
			at += attribute->attlen;
		}
	}
}
