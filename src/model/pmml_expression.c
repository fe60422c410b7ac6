/*
 * pmml_expression.c
 *	  Formulas of encoded columns as expressions of PMML.
 *
 * A missing input makes the result of most functions missing, as NULL does in the encoder; FILL says otherwise by
 * mapMissingTo.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"

#include "data/kind.h"
#include "model/formula_sql.h"
#include "model/pmml.h"

void
us_pmml_refuse_feature(const UsPmml *p, int feature)
{
	const UsFeature *f = us_encoder_feature(p->artifact->encoder, feature);

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("feature \"%s\" of kind %s cannot be exported as PMML", f->name, us_kind_name(f->kind)),
			 errhint("Train on a source that has it as a number or category, or leave it out; userseg.to_sql takes it.")));
}

static void
constant(UsPmml *p, double x)
{
	us_xml_open(&p->xml, "Constant");
	us_xml_attribute(&p->xml, "dataType", "double");
	us_xml_text(&p->xml, double_to_shortest_decimal(x));
	us_xml_close(&p->xml);
}

static void
apply(UsPmml *p, const char *function)
{
	us_xml_open(&p->xml, "Apply");
	us_xml_attribute(&p->xml, "function", function);
}

static const char *
field_name(const UsPmml *p, int feature)
{
	return us_encoder_feature(p->artifact->encoder, feature)->name;
}

/* A column, with a value for missing ones unless that is NaN. */
static void
column(UsPmml *p, const UsFormula *f, double missing)
{
	UsKind		kind = us_encoder_feature(p->artifact->encoder, f->feature)->kind;

	if (kind != US_KIND_NUMBER && kind != US_KIND_BOOLEAN)
		us_pmml_refuse_feature(p, f->feature);
	us_xml_open(&p->xml, kind == US_KIND_BOOLEAN ? "NormDiscrete" : "FieldRef");
	us_xml_attribute(&p->xml, "field", field_name(p, f->feature));
	if (kind == US_KIND_BOOLEAN)
		us_xml_attribute(&p->xml, "value", "true");
	if (!isnan(missing))
		us_xml_number(&p->xml, "mapMissingTo", missing);
	us_xml_close(&p->xml);
}

/* One level has its own value, the others and NULL are 0. */
static bool
only_level(const UsFormula *f)
{
	return f->value == NULL && f->rest == 0 && f->nspecial == 1 && f->place[0] < f->nlevels;
}

static void
levels(UsPmml *p, const UsFormula *f)
{
	double		null = us_formula_level(f, f->nlevels);
	double		other = us_formula_level(f, f->nlevels + 1);
	const char *field = field_name(p, f->feature);

	if (only_level(f))
	{
		if (f->special[0] != 1)
			apply(p, "*");
		us_xml_empty(&p->xml, "NormDiscrete", "field", field, "value", f->level[f->place[0]], "mapMissingTo", "0", NULL);
		if (f->special[0] != 1)
		{
			constant(p, f->special[0]);
			us_xml_close(&p->xml);
		}
		return;
	}
	us_xml_open(&p->xml, "MapValues");
	if (!isnan(null))
		us_xml_number(&p->xml, "mapMissingTo", null);
	if (!isnan(other))
		us_xml_number(&p->xml, "defaultValue", other);
	us_xml_attribute(&p->xml, "outputColumn", "value");
	us_xml_attribute(&p->xml, "dataType", "double");
	us_xml_empty(&p->xml, "FieldColumnPair", "field", field, "column", "level", NULL);
	us_xml_open(&p->xml, "InlineTable");
	for (int i = 0; i < f->nlevels; i++)
	{
		double		v = us_formula_level(f, i);

		if (v == other || isnan(v))
			continue;
		us_xml_open(&p->xml, "row");
		us_xml_open(&p->xml, "level");
		us_xml_text(&p->xml, f->level[i]);
		us_xml_close(&p->xml);
		us_xml_open(&p->xml, "value");
		us_xml_text(&p->xml, double_to_shortest_decimal(v));
		us_xml_close(&p->xml);
		us_xml_close(&p->xml);
	}
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

/* function(x, constant) */
static void
with_constant(UsPmml *p, const char *function, const UsFormula *x, double c)
{
	apply(p, function);
	us_pmml_expression(p, x);
	constant(p, c);
	us_xml_close(&p->xml);
}

/* A missing value stays: bounds only of those that are there. */
static void
clip(UsPmml *p, const UsFormula *f)
{
	bool		guard = f->arg[0]->may_miss;

	if (guard)
	{
		apply(p, "if");
		apply(p, "isNotMissing");
		us_pmml_expression(p, f->arg[0]);
		us_xml_close(&p->xml);
	}
	if (!isinf(f->other))
		apply(p, "min");
	with_constant(p, "max", f->arg[0], f->number);
	if (!isinf(f->other))
	{
		constant(p, f->other);
		us_xml_close(&p->xml);
	}
	if (guard)
		us_xml_close(&p->xml);
}

/* ln1p(x), or of -x. */
static void
log1p_of(UsPmml *p, const UsFormula *x, bool minus)
{
	apply(p, "ln1p");
	if (minus)
		with_constant(p, "*", x, -1);
	else
		us_pmml_expression(p, x);
	us_xml_close(&p->xml);
}

/* ((1 + |x|)^q - 1) / q, with the sign of x. */
static void
power_of(UsPmml *p, const UsFormula *x, double q, bool minus)
{
	double		sign = minus ? -1 : 1;

	apply(p, "/");
	if (q == 0)
	{
		log1p_of(p, x, minus);
		constant(p, sign);
		us_xml_close(&p->xml);
		return;
	}
	apply(p, "expm1");
	apply(p, "*");
	log1p_of(p, x, minus);
	constant(p, q);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
	constant(p, sign * q);
	us_xml_close(&p->xml);
}

/* if x < 0 then ... else ... */
static void
if_negative(UsPmml *p, const UsFormula *x)
{
	apply(p, "if");
	with_constant(p, "lessThan", x, 0);
}

/* As pieces() of formula_sql.c. */
static void
pieces(UsPmml *p, const UsFormula *f, int lo, int hi)
{
	const UsPiece *q = f->piece;

	if (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		apply(p, "if");
		with_constant(p, "lessThan", f->arg[0], q[mid].x);
		pieces(p, f, lo, mid);
		if (q[mid].at != q[mid].behind)
		{
			apply(p, "if");
			with_constant(p, "equal", f->arg[0], q[mid].x);
			constant(p, q[mid].at);
		}
		pieces(p, f, mid + 1, hi);
		if (q[mid].at != q[mid].behind)
			us_xml_close(&p->xml);
		us_xml_close(&p->xml);
	}
	else if (lo == 0 || lo == f->nlevels)
		constant(p, lo == 0 ? q[0].before : q[f->nlevels - 1].behind);
	else
	{
		apply(p, "+");
		apply(p, "*");
		with_constant(p, "-", f->arg[0], q[lo - 1].x);
		constant(p, (q[lo].before - q[lo - 1].behind) / (q[lo].x - q[lo - 1].x));
		us_xml_close(&p->xml);
		constant(p, q[lo - 1].behind);
		us_xml_close(&p->xml);
	}
}

static void
function_of(UsPmml *p, const char *function, const UsFormula *f)
{
	apply(p, function);
	for (int i = 0; i < f->n; i++)
		us_pmml_expression(p, f->arg[i]);
	us_xml_close(&p->xml);
}

static void
if_missing(UsPmml *p, const UsFormula *f)
{
	apply(p, "if");
	function_of(p, "isMissing", f);
	constant(p, f->number);
	us_pmml_expression(p, f->arg[0]);
	us_xml_close(&p->xml);
}

static void
known(UsPmml *p, const UsFormula *f)
{
	apply(p, "if");
	apply(p, "isMissing");
	us_xml_empty(&p->xml, "FieldRef", "field", field_name(p, f->feature), NULL);
	us_xml_close(&p->xml);
	constant(p, f->other);
	constant(p, f->number);
	us_xml_close(&p->xml);
}

static void
of_sign(UsPmml *p, const UsFormula *f)
{
	const UsFormula *x = f->arg[0];
	bool		power = f->kind == US_F_YEO_JOHNSON;

	if_negative(p, x);
	for (int minus = 1; minus >= 0; minus--)
		power_of(p, x, !power ? 0 : minus ? 2 - f->number : f->number, minus == 1);
	us_xml_close(&p->xml);
}

/* 1 / (1 + exp(-x)) */
static void
logistic(UsPmml *p, const UsFormula *f)
{
	apply(p, "/");
	constant(p, 1);
	apply(p, "+");
	constant(p, 1);
	apply(p, "exp");
	with_constant(p, "*", f->arg[0], -1);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
	us_xml_close(&p->xml);
}

static void
above(UsPmml *p, const UsFormula *f)
{
	apply(p, "if");
	apply(p, "greaterThan");
	us_pmml_expression(p, f->arg[0]);
	us_pmml_expression(p, f->arg[1]);
	us_xml_close(&p->xml);
	us_pmml_expression(p, f->arg[2]);
	us_pmml_expression(p, f->arg[3]);
	us_xml_close(&p->xml);
}

/* The function of PMML that is the formula of its arguments and nothing else; NULL: there is none. */
static const char *
function_named(UsFormulaKind kind)
{
	switch (kind)
	{
		case US_F_SUM:
			return "sum";
		case US_F_SUB:
			return "-";
		case US_F_MUL:
			return "*";
		case US_F_DIV:
			return "/";
		case US_F_SQRT:
			return "sqrt";
		case US_F_EXP:
			return "exp";
		case US_F_LN:
			return "ln";
		case US_F_TANH:
			return "tanh";
		case US_F_NORMAL_QUANTILE:
			return "stdNormalIDF";
		default:
			return NULL;
	}
}

void
us_pmml_expression(UsPmml *p, const UsFormula *f)
{
	const char *function = function_named(f->kind);

	check_stack_depth();
	if (f->mark > 0)
	{
		us_xml_empty(&p->xml, "FieldRef", "field", p->part[f->mark - 1], NULL);
		return;
	}
	if (function != NULL)
	{
		function_of(p, function, f);
		return;
	}
	switch (f->kind)
	{
		case US_F_CONSTANT:
			constant(p, f->number);
			break;
		case US_F_COLUMN:
			column(p, f, NAN);
			break;
		case US_F_LEVELS:
			levels(p, f);
			break;
		case US_F_KNOWN:
			known(p, f);
			break;
		case US_F_FILL:
			if (f->arg[0]->kind == US_F_COLUMN)
				column(p, f->arg[0], f->number);
			else
				if_missing(p, f);
			break;
		case US_F_CLIP:
			clip(p, f);
			break;
		case US_F_SQUARE:
			apply(p, "pow");
			if (f->number == 0)
				us_pmml_expression(p, f->arg[0]);
			else
				with_constant(p, "-", f->arg[0], f->number);
			constant(p, 2);
			us_xml_close(&p->xml);
			break;
		case US_F_LOGISTIC:
			logistic(p, f);
			break;
		case US_F_ABOVE:
			above(p, f);
			break;
		case US_F_FIELD:
			us_xml_empty(&p->xml, "FieldRef", "field", f->text, NULL);
			break;
		case US_F_LOG1P:
			apply(p, "if");
			with_constant(p, "lessOrEqual", f->arg[0], -1);
			constant(p, log1p(f->number));
			log1p_of(p, f->arg[0], false);
			us_xml_close(&p->xml);
			break;
		case US_F_SIGNED_LOG1P:
		case US_F_YEO_JOHNSON:
			of_sign(p, f);
			break;
		case US_F_PIECES:
			pieces(p, f, 0, f->nlevels);
			break;
		case US_F_PHASE:
		case US_F_TAG:
			us_pmml_refuse_feature(p, f->feature);
			break;
		case US_F_SIN:
		case US_F_COS:
			us_pmml_expression(p, f->arg[0]);
			break;
		default:
			elog(ERROR, "formula of kind %d", (int) f->kind);
	}
}
