/*
 * formula_sql.c
 *	  Formulas as SQL.
 *
 * exp() of PostgreSQL raises errors where the result would be 0 or infinite, so its arguments are kept away
 * from there.  The arms of a tree are written as one CASE for each path that goes to the larger side, so that
 * they are nested no deeper than the logarithm of their number.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"

#include "model/formula_sql.h"
#include "stat/normal.h"

/*
 * Up to so many terms of a sum stand side by side, added from left to right as the model does; more are
 * nested, since the depth of an expression is limited.
 */
#define CHUNK			500

void
us_sql_open(UsSqlWriter *w, const UsEncoder *encoder, const char *prefix, const char *subject, int limit)
{
	memset(w, 0, sizeof(UsSqlWriter));
	initStringInfo(&w->text);
	w->encoder = encoder;
	w->prefix = prefix;
	w->subject = subject;
	w->limit = limit;
}

void
us_sql_check(const UsSqlWriter *w)
{
	CHECK_FOR_INTERRUPTS();
	if (w->text.len > w->limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s needs more than %d characters of SQL", w->subject, w->limit),
				 w->shared ?
				 errhint("Raise max_length, or train a smaller model: fewer trees, leaves, features or levels of categories.") :
				 errhint("Raise max_length, use subselect => true, or train a smaller model: fewer trees, leaves, features or levels of categories.")));
}

/* ---- functions ---- */

static void
say(UsSqlWriter *w, const char *text)
{
	appendStringInfoString(&w->text, text);
}

/* Append before, the argument, after. */
static void
around(UsSqlWriter *w, const char *before, UsFormula *x, const char *after)
{
	say(w, before);
	us_sql_formula(w, x);
	say(w, after);
}

static void
joined(UsSqlWriter *w, UsFormula *const *arg, int n, const char *between)
{
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			say(w, between);
		us_sql_formula(w, arg[i]);
	}
}

static void
sum(UsSqlWriter *w, UsFormula *const *arg, int n)
{
	int			size = CHUNK;

	say(w, "(");
	if (n <= CHUNK)
		joined(w, arg, n, " + ");
	else
	{
		while (size * CHUNK < n)
			size *= CHUNK;
		for (int i = 0; i < n; i += size)
		{
			if (i > 0)
				say(w, " + ");
			sum(w, arg + i, Min(size, n - i));
		}
	}
	say(w, ")");
}

static void
clip(UsSqlWriter *w, const UsFormula *f)
{
	bool		low = f->number > -US_ENCODED_MAX;
	bool		high = f->other < US_ENCODED_MAX;

	if (f->arg[0]->may_miss)
	{
		/* NULL stays */
		say(w, "CASE");
		if (low)
		{
			around(w, " WHEN ", f->arg[0], " < ");
			us_sql_number(w, f->number);
			say(w, " THEN ");
			us_sql_number(w, f->number);
		}
		if (high || !low)
		{
			around(w, " WHEN ", f->arg[0], " > ");
			us_sql_number(w, f->other);
			say(w, " THEN ");
			us_sql_number(w, f->other);
		}
		around(w, " ELSE ", f->arg[0], " END");
		return;
	}
	say(w, high ? "least(" : "");
	say(w, low ? "greatest(" : "");
	us_sql_formula(w, f->arg[0]);
	if (low)
	{
		say(w, ", ");
		us_sql_number(w, f->number);
		say(w, ")");
	}
	if (high)
	{
		say(w, ", ");
		us_sql_number(w, f->other);
		say(w, ")");
	}
}

/*
 * log(1 + x) of x > -1.  Fine: asinh(x (x + 2) / (2 (1 + x))) is the same without loss for small x.
 */
static void
log1p_text(UsSqlWriter *w, UsFormula *x, bool absolute, bool fine)
{
	const char *open = absolute ? "abs(" : "";
	const char *close = absolute ? ")" : "";

	if (!fine)
	{
		appendStringInfo(&w->text, "ln(1 + %s", open);
		us_sql_formula(w, x);
		appendStringInfo(&w->text, "%s)", close);
		return;
	}
	appendStringInfo(&w->text, "asinh(%s", open);
	us_sql_formula(w, x);
	appendStringInfo(&w->text, "%s / (1 + %s", close, open);
	us_sql_formula(w, x);
	appendStringInfo(&w->text, "%s) * (%s", close, open);
	us_sql_formula(w, x);
	appendStringInfo(&w->text, "%s + 2) / 2)", close);
}

/* ((1 + |x|)^p - 1) / p, through 2 sinh(z / 2) exp(z / 2) = exp(z) - 1 where that loses nothing. */
static void
power_text(UsSqlWriter *w, UsFormula *x, double p, bool fine)
{
	if (p == 0)
	{
		log1p_text(w, x, true, fine);
		return;
	}
	if (fine || fabs(p) < 0.01)
	{
		for (int i = 0; i < 2; i++)
		{
			say(w, i == 0 ? "2 * sinh(greatest(least(" : " * exp(greatest(least(");
			us_sql_number(w, p / 2);
			say(w, " * ");
			log1p_text(w, x, true, true);
			say(w, ", 350), -350))");
		}
	}
	else
	{
		say(w, "(exp(greatest(least(");
		us_sql_number(w, p);
		say(w, " * ");
		log1p_text(w, x, true, false);
		say(w, ", 700), -700)) - 1)");
	}
	say(w, " / ");
	us_sql_number(w, p);
}

static void
yeo_johnson(UsSqlWriter *w, const UsFormula *f)
{
	bool		fine = f->other != 0;

	around(w, "CASE WHEN ", f->arg[0], " >= 0 THEN ");
	power_text(w, f->arg[0], f->number, fine);
	around(w, " WHEN ", f->arg[0], " < 0 THEN -(");
	power_text(w, f->arg[0], 2 - f->number, fine);
	say(w, ") END");
}

/* The function between points lo - 1 and hi, x[lo - 1] <= x < x[hi]; 0 .. n - 1 stand inside. */
static void
pieces(UsSqlWriter *w, const UsFormula *f, int lo, int hi)
{
	const UsPiece *p = f->piece;
	int			n = f->nlevels;

	us_sql_check(w);
	if (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		around(w, "CASE WHEN ", f->arg[0], " < ");
		us_sql_number(w, p[mid].x);
		say(w, " THEN ");
		pieces(w, f, lo, mid);
		if (p[mid].at != p[mid].behind)
		{
			around(w, " WHEN ", f->arg[0], " = ");
			us_sql_number(w, p[mid].x);
			say(w, " THEN ");
			us_sql_number(w, p[mid].at);
		}
		say(w, " ELSE ");
		pieces(w, f, mid + 1, hi);
		say(w, " END");
	}
	else if (lo == 0 || lo == n)
		us_sql_number(w, lo == 0 ? p[0].before : p[n - 1].behind);
	else if (p[lo - 1].behind == p[lo].before)
		us_sql_number(w, p[lo].before);
	else
	{
		us_sql_number(w, p[lo - 1].behind);
		around(w, " + (", f->arg[0], " - ");
		us_sql_number(w, p[lo - 1].x);
		say(w, ") / ");
		us_sql_number(w, p[lo].x - p[lo - 1].x);
		say(w, " * ");
		us_sql_number(w, p[lo].before - p[lo - 1].behind);
	}
}

/* A ratio of polynomials at what is between open and close around x. */
static void
ratio(UsSqlWriter *w, const double coefficient[2][8], UsFormula *x, const char *open, const char *close)
{
	for (int k = 0; k < 2; k++)
	{
		say(w, k == 0 ? "(" : " / (");
		for (int i = 0; i < 7; i++)
		{
			us_sql_number(w, coefficient[k][i]);
			around(w, open, x, close);
			say(w, i < 6 ? " * (" : " * ");
		}
		us_sql_number(w, coefficient[k][7]);
		say(w, ")))))))");
	}
}

/* Wichura's algorithm, as stat/normal.c has it. */
static void
normal_quantile(UsSqlWriter *w, UsFormula *x)
{
	around(w, "CASE WHEN abs(", x, " - 0.5) <= 0.425 THEN ");
	around(w, "(", x, " - 0.5) * ");
	ratio(w, us_normal_centre, x, " + (0.180625 - (", " - 0.5) ^ 2)");
	around(w, " ELSE sign(", x, " - 0.5) * ");
	ratio(w, us_normal_middle, x, " + (sqrt(-ln(0.5 - abs(", " - 0.5))) - 1.6)");
	say(w, " END");
}

/* ---- choices ---- */

/* A tree, the larger sides one after the other in one CASE. */
static void
branch(UsSqlWriter *w, UsFormula *f)
{
	check_stack_depth();
	say(w, "CASE");
	while (f->kind == US_F_BRANCH && f->mark == 0)
	{
		bool		left = f->arg[0]->size <= f->arg[1]->size;

		say(w, " WHEN ");
		us_sql_condition(w, f->condition, left);
		say(w, " THEN ");
		us_sql_formula(w, f->arg[left ? 0 : 1]);
		f = f->arg[left ? 1 : 0];
	}
	around(w, " ELSE ", f, " END");
}

static void
pick(UsSqlWriter *w, const UsFormula *f)
{
	say(w, f->number < 0 ? "CASE least(" : "CASE greatest(");
	joined(w, f->arg, f->n / 2, ", ");
	say(w, ")");
	for (int i = 0; i < f->n / 2 - 1; i++)
	{
		around(w, " WHEN ", f->arg[i], " THEN ");
		us_sql_formula(w, f->arg[f->n / 2 + i]);
	}
	around(w, " ELSE ", f->arg[f->n - 1], " END");
}

static void
real_number(UsSqlWriter *w, double x)
{
	char		text[FLOAT_SHORTEST_DECIMAL_LEN];

	float_to_shortest_decimal_buf((float) x, text);
	appendStringInfo(&w->text, x < 0 ? "'%s'::real" : "%s::real", text);
}

/* float4 terms, in their order. */
static void
real_sum(UsSqlWriter *w, const UsFormula *f)
{
	say(w, "(");
	for (int i = 0; i < f->n; i++)
	{
		bool		real = f->arg[i]->kind == US_F_REAL || f->arg[i]->kind == US_F_REAL_SQUARE;

		say(w, i > 0 ? " + " : "");
		around(w, real ? "" : "(", f->arg[i], real ? "" : ")::real");
	}
	say(w, ")");
}

/* ---- all of them ---- */

static void
operation(UsSqlWriter *w, UsFormula *f)
{
	switch (f->kind)
	{
		case US_F_SUB:
			around(w, "(", f->arg[0], " - ");
			around(w, "", f->arg[1], ")");
			break;
		case US_F_MUL:
			around(w, "(", f->arg[0], " * ");
			around(w, "", f->arg[1], ")");
			break;
		case US_F_DIV:
			around(w, "(", f->arg[0], " / ");
			around(w, "", f->arg[1], ")");
			break;
		case US_F_ABS:
			around(w, "abs(", f->arg[0], ")");
			break;
		case US_F_SQRT:
			around(w, "sqrt(", f->arg[0], ")");
			break;
		case US_F_EXP:
			around(w, "exp(greatest(least(", f->arg[0], f->number == 0 ? ", 709), -700))" : ", 700), -700))");
			break;
		case US_F_EXP2:
			around(w, "(2 ^ ", f->arg[0], ")");
			break;
		case US_F_LN:
			around(w, "ln(", f->arg[0], ")");
			break;
		case US_F_TANH:
			around(w, "tanh(", f->arg[0], ")");
			break;
		case US_F_LOG1P:
			around(w, "CASE WHEN ", f->arg[0], " <= -1 THEN ");
			us_sql_number(w, log1p(f->number));
			say(w, " ELSE ");
			log1p_text(w, f->arg[0], false, f->other != 0);
			say(w, " END");
			break;
		case US_F_SIGNED_LOG1P:
			around(w, "(sign(", f->arg[0], ") * ");
			log1p_text(w, f->arg[0], true, f->other != 0);
			say(w, ")");
			break;
		case US_F_SIN:
		case US_F_COS:
			say(w, f->kind == US_F_SIN ? "sin(" : "cos(");
			us_sql_number(w, 2 * M_PI);
			around(w, " * ", f->arg[0], ")");
			break;
		case US_F_LOGISTIC:
			around(w, "(1 / (1 + exp(greatest(least(-(", f->arg[0], "), 700), -700))))");
			break;
		case US_F_ROUND:
			around(w, "round(", f->arg[0], ")");
			break;
		case US_F_REAL:
			around(w, "(", f->arg[0], ")::real");
			break;
		case US_F_SQUARE:
			around(w, "((", f->arg[0], " - ");
			us_sql_number(w, f->number);
			say(w, ") ^ 2)");
			break;
		case US_F_REAL_SQUARE:
			around(w, "((", f->arg[0], " - ");
			real_number(w, f->number);
			say(w, ") ^ 2)::real");
			break;
		default:
			elog(ERROR, "formula of kind %d", (int) f->kind);
	}
}

void
us_sql_formula(UsSqlWriter *w, UsFormula *f)
{
	us_sql_check(w);
	if (f->mark > 0)
	{
		appendStringInfo(&w->text, "%s%d", w->stem, f->mark);
		return;
	}
	switch (f->kind)
	{
		case US_F_CONSTANT:
			us_sql_number(w, f->number);
			break;
		case US_F_LABEL:
			say(w, w->label[(int) f->number - 1]);
			break;
		case US_F_COLUMN:
			us_sql_value(w, f, NAN);
			break;
		case US_F_PHASE:
			us_sql_phase(w, f);
			break;
		case US_F_LEVELS:
			us_sql_levels(w, f);
			break;
		case US_F_TAG:
			us_sql_tag(w, f);
			break;
		case US_F_KNOWN:
			say(w, "CASE WHEN ");
			us_sql_known(w, f->feature);
			say(w, " THEN ");
			us_sql_number(w, f->number);
			say(w, " ELSE ");
			us_sql_number(w, f->other);
			say(w, " END");
			break;
		case US_F_FILL:
			if (f->arg[0]->kind == US_F_COLUMN && f->arg[0]->mark == 0)
				us_sql_value(w, f->arg[0], f->number);
			else
			{
				around(w, "coalesce(", f->arg[0], ", ");
				us_sql_number(w, f->number);
				say(w, ")");
			}
			break;
		case US_F_SUM:
			sum(w, f->arg, f->n);
			break;
		case US_F_CLIP:
			clip(w, f);
			break;
		case US_F_YEO_JOHNSON:
			yeo_johnson(w, f);
			break;
		case US_F_PIECES:
			if (f->arg[0]->may_miss)
				around(w, "CASE WHEN ", f->arg[0], " IS NOT NULL THEN ");
			pieces(w, f, 0, f->nlevels);
			if (f->arg[0]->may_miss)
				say(w, " END");
			break;
		case US_F_NORMAL_QUANTILE:
			normal_quantile(w, f->arg[0]);
			break;
		case US_F_REAL_SUM:
			real_sum(w, f);
			break;
		case US_F_LARGEST:
			say(w, "greatest(");
			joined(w, f->arg, f->n, ", ");
			say(w, ")");
			break;
		case US_F_PICK:
			pick(w, f);
			break;
		case US_F_BRANCH:
			branch(w, f);
			break;
		case US_F_ABOVE:
			around(w, "CASE WHEN ", f->arg[0], " > ");
			around(w, "", f->arg[1], " THEN ");
			around(w, "", f->arg[2], " ELSE ");
			around(w, "", f->arg[3], " END");
			break;
		default:
			operation(w, f);
	}
}
