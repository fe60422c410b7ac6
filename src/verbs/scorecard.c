/*
 * scorecard.c
 *	  The bins of a scorecard as rows.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "learn/scorecard_model.h"
#include "model/cache.h"
#include "verbs/rules.h"
#include "verbs/score.h"
#include "verbs/scorecard.h"

/* characters of one condition */
#define MOST_CHARACTERS	(16 * 1024 * 1024)

typedef struct Order
{
	int			column;
	double		iv;
} Order;

static int
compare(const void *a, const void *b)
{
	const Order *x = a;
	const Order *y = b;

	if (x->iv != y->iv)
		return x->iv > y->iv ? -1 : 1;
	return x->column - y->column;
}

static char *
condition_text(const UsModel *model, const UsScorecard *m, int j, int b)
{
	UsRulePart	part[2];
	int			n = us_scorecard_conditions(m, model->artifact->encoder, j, b, part);
	UsSqlWriter sql;
	bool		any = false;

	us_sql_open(&sql, model->artifact->encoder, "", psprintf("model \"%s\" version %d", model->info.model, model->info.version),
				MOST_CHARACTERS);
	for (int i = 0; i < n; i++)
	{
		int			before = sql.text.len;

		if (any)
			appendStringInfoString(&sql.text, " AND ");
		if (us_rule_part_text(&sql, &part[i]))
			any = true;
		else
		{
			sql.text.len = before;
			sql.text.data[before] = '\0';
		}
	}
	return any ? sql.text.data : "true";
}

static void
tell_column(const UsModel *model, const UsScorecard *m, int j, UsScorecardSink sink, void *context)
{
	static const char *const status[] = {"used", "weak", "negative", "aliased"};
	const UsCardColumn *c = &m->column[j];
	double		all = 0;

	for (int b = 0; b <= c->nbins; b++)
		all += c->good[b] + c->bad[b];
	for (int b = 0; b <= c->nbins; b++)
	{
		UsScorecardLine line = {.feature = us_encoder_column(model->artifact->encoder, j)->name, .status = status[c->status]};

		line.n = c->good[b] + c->bad[b];
		if (!(line.n > 0))
			continue;
		line.bin = b + 1;
		line.condition = condition_text(model, m, j, b);
		line.share = line.n / all;
		line.event_rate = c->bad[b] / line.n;
		line.woe = c->woe[b];
		line.iv = c->part[b];
		line.points = c->status == US_CARD_USED ? us_scorecard_bin_points(m, j, b) : NAN;
		sink(context, &line);
	}
}

void
us_scorecard_lines(const char *reference, UsScorecardSink sink, void *context)
{
	UsModel    *model = us_model_open(reference, US_PRIVILEGE_USAGE);
	const UsScorecard *m;
	Order	   *order;
	MemoryContext each;

	us_scorer_require_points(model);
	m = model->artifact->model;
	order = palloc(sizeof(Order) * Max(m->width, 1));
	for (int j = 0; j < m->width; j++)
		order[j] = (Order) {j, m->column[j].iv};
	qsort(order, m->width, sizeof(Order), compare);
	each = AllocSetContextCreate(CurrentMemoryContext, "bins of a column", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < m->width; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(each);

		tell_column(model, m, order[i].column, sink, context);
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
}
