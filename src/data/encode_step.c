/*
 * encode_step.c
 *	  Arithmetic of the steps that take one number to one number.
 */
#include "postgres.h"

#include "math/simd.h"
#include "stat/normal.h"

#include "data/encode_part.h"

#define US_MAX_CHAIN	32
#define US_MAX_BREAKS	100000

/* shares nearer to 0 or 1 have no finite normal quantile: the bound of scikit-learn */
#define SHARE_MARGIN	1e-7

typedef int64 Lanes64 __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));
typedef double Lanes __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));

#define SELECT(mask, a, b)	((Lanes) (((mask) & (Lanes64) (a)) | (~(mask) & (Lanes64) (b))))

/* ---- forward ---- */

/*
 * I.-K. Yeo and R. A. Johnson, "A New Family of Power Transformations to Improve
 * Normality or Symmetry", Biometrika 87 (2000), equation 2.1, with powers written as
 * ((1+x)^p - 1) / p = expm1(p log1p(x)) / p.
 */
double
us_yeo_johnson(double x, double lambda)
{
	double		p = x >= 0 ? lambda : 2 - lambda;
	double		l = log1p(fabs(x));
	double		y = p == 0 ? l : expm1(p * l) / p;

	return x >= 0 ? y : -y;
}

double
us_yeo_johnson_inverse(double y, double lambda)
{
	double		p = y >= 0 ? lambda : 2 - lambda;
	double		t = fabs(y);
	double		x;

	if (p == 0)
		x = expm1(t);
	else if (p * t <= -1)
		x = INFINITY;			/* beyond the values that the transform reaches */
	else
		x = expm1(log1p(p * t) / p);
	return y >= 0 ? x : -x;
}

double
us_breaks_share(const double *breaks, int n, double x)
{
	int			first = 0;		/* first break >= x */
	int			end = n;		/* first break > x */
	int			hi = n;

	while (first < hi)
	{
		int			mid = (first + hi) / 2;

		if (breaks[mid] < x)
			first = mid + 1;
		else
			hi = mid;
	}
	if (first == n)
		return 1;
	if (breaks[first] != x)
	{
		if (first == 0)
			return 0;
		return (first - 1 + (x - breaks[first - 1]) / (breaks[first] - breaks[first - 1])) / (n - 1);
	}
	hi = first;
	while (hi < end)
	{
		int			mid = (hi + end) / 2;

		if (breaks[mid] > x)
			end = mid;
		else
			hi = mid + 1;
	}
	return 0.5 * (first + hi - 1) / (n - 1);
}

static inline double
op_log1p(double x, double least)
{
	return log1p(x <= -1 ? least : x);
}

static inline double
op_signed_log1p(double x)
{
	return x < 0 ? -log1p(-x) : log1p(x);
}

static inline double
op_clip(double x, double lo, double hi)
{
	return x < lo ? lo : (x > hi ? hi : x);
}

static double
op_normal(const UsStep *step, double x)
{
	double		share = us_breaks_share(step->breaks, step->nbreaks, x);

	return us_normal_quantile(op_clip(share, SHARE_MARGIN, 1 - SHARE_MARGIN));
}

double
us_step_apply(const UsStep *step, double x)
{
	if (x != x)
		return step->op == US_OP_FILL ? step->a : x;
	switch (step->op)
	{
		case US_OP_FILL:
		case US_OP_KEEP:
			return x;
		case US_OP_AFFINE:
			return us_op_affine(x, step->a, step->b);
		case US_OP_CLIP:
			return op_clip(x, step->a, step->b);
		case US_OP_LOG1P:
			return op_log1p(x, step->a);
		case US_OP_SIGNED_LOG1P:
			return op_signed_log1p(x);
		case US_OP_POWER:
			return us_yeo_johnson(x, step->a);
		case US_OP_UNIFORM:
			return us_breaks_share(step->breaks, step->nbreaks, x);
		case US_OP_NORMAL:
			return op_normal(step, x);
	}
	return x;
}

bool
us_chain_apply_row(const UsChain *chain, double value, double *x)
{
	bool		clamped = false;

	for (int i = 0; i < chain->n; i++)
	{
		const UsStep *step = &chain->step[i];

		if (step->op == US_OP_LOG1P && value <= -1)
			clamped = true;
		value = us_step_apply(step, value);
	}
	*x = us_encoded_limit(value);
	return clamped;
}

void
us_step_apply_array(const UsStep *step, double *x, int n)
{
	double		a = step->a;
	double		b = step->b;

	switch (step->op)
	{
			/* NaN falls through the comparisons and the arithmetic of these */
		case US_OP_FILL:
			for (int i = 0; i < n; i++)
				x[i] = us_op_fill(x[i], a);
			break;
		case US_OP_KEEP:
			break;
		case US_OP_AFFINE:
			for (int i = 0; i < n; i++)
				x[i] = us_op_affine(x[i], a, b);
			break;
		case US_OP_CLIP:
			for (int i = 0; i < n; i++)
				x[i] = op_clip(x[i], a, b);
			break;
		default:
			for (int i = 0; i < n; i++)
				x[i] = us_step_apply(step, x[i]);
	}
}

/* out = limit(((x or fill) - a) * b), as us_op_fill, us_op_affine and us_encoded_limit do it. */
US_CLONES static void
affine_array(const double *x, double *out, int n, double fill, double a, double b)
{
	const Lanes fills = fill - (Lanes) {0};
	const Lanes top = US_ENCODED_MAX - (Lanes) {0};
	const Lanes bottom = -US_ENCODED_MAX - (Lanes) {0};
	int			i = 0;

	for (; i + US_HALF_LANES <= n; i += US_HALF_LANES)
	{
		Lanes		v = *(const Lanes *) (x + i);

		v = SELECT(v != v, fills, v);
		v = (v - a) * b;
		v = SELECT(v > top, top, v);
		v = SELECT(v < bottom, bottom, v);
		*(Lanes *) (out + i) = v;
	}
	for (; i < n; i++)
		out[i] = us_encoded_limit(us_op_affine(us_op_fill(x[i], fill), a, b));
}

void
us_chain_apply_array(const UsChain *chain, const double *x, double *out, int n)
{
	double		fill;
	double		a;
	double		b;

	if (us_chain_is_affine(chain, &fill, &a, &b))
	{
		affine_array(x, out, n, fill, a, b);
		return;
	}
	if (out != x)
		memcpy(out, x, sizeof(double) * n);
	for (int s = 0; s < chain->n; s++)
		us_step_apply_array(&chain->step[s], out, n);
	for (int i = 0; i < n; i++)
		out[i] = us_encoded_limit(out[i]);
}

bool
us_chain_is_affine(const UsChain *chain, double *fill, double *a, double *b)
{
	if (chain->n < 1 || chain->n > 2 || chain->step[0].op != US_OP_FILL ||
		(chain->n == 2 && chain->step[1].op != US_OP_AFFINE))
		return false;
	*fill = chain->step[0].a;
	*a = chain->n == 2 ? chain->step[1].a : 0;
	*b = chain->n == 2 ? chain->step[1].b : 1;
	return true;
}

/* ---- backward ---- */

/* The value at a share: inverse of us_breaks_share where it has one. */
static double
value_at_share(const double *breaks, int n, double share)
{
	double		h = op_clip(share, 0, 1) * (n - 1);
	int			i = (int) floor(h);

	if (i >= n - 1)
		return breaks[n - 1];
	return breaks[i] + (h - i) * (breaks[i + 1] - breaks[i]);
}

double
us_chain_invert(const UsChain *chain, double y)
{
	for (int i = chain->n - 1; i >= 0; i--)
	{
		const UsStep *step = &chain->step[i];

		switch (step->op)
		{
			case US_OP_FILL:
			case US_OP_KEEP:
			case US_OP_CLIP:
				break;
			case US_OP_AFFINE:
				y = y / step->b + step->a;
				break;
			case US_OP_LOG1P:
				y = expm1(y);
				break;
			case US_OP_SIGNED_LOG1P:
				y = y < 0 ? -expm1(-y) : expm1(y);
				break;
			case US_OP_POWER:
				y = us_yeo_johnson_inverse(y, step->a);
				break;
			case US_OP_UNIFORM:
				y = value_at_share(step->breaks, step->nbreaks, y);
				break;
			case US_OP_NORMAL:
				y = value_at_share(step->breaks, step->nbreaks, us_normal_cdf(y));
				break;
		}
	}
	return us_encoded_limit(y);
}

/* ---- stored form ---- */

/* names of steps, as stored: the position is the code; never change the order */
static const char *const step_names[] = {
	"impute", "standard", "minmax", "robust", "weight", "clip", "log1p", "power", "quantile"
};

void
us_chain_write(const UsChain *chain, UsWriter *w)
{
	us_write_u8(w, (uint8) chain->n);
	for (int i = 0; i < chain->n; i++)
	{
		const UsStep *step = &chain->step[i];
		uint8		code = 0;

		while (strcmp(step_names[code], step->name) != 0)
			code++;
		us_write_u8(w, (uint8) step->op);
		us_write_u8(w, code);
		us_write_f64(w, step->a);
		us_write_f64(w, step->b);
		us_write_u32(w, (uint32) step->nbreaks);
		for (int k = 0; k < step->nbreaks; k++)
			us_write_f64(w, step->breaks[k]);
	}
}

static void
read_step(UsStep *step, UsReader *r)
{
	uint8		op = us_read_u8(r);
	uint8		code = us_read_u8(r);
	bool		ranked = op == US_OP_UNIFORM || op == US_OP_NORMAL;

	if (op < US_OP_FILL || op > US_OP_KEEP || code >= lengthof(step_names))
		us_corrupt(r, "unknown step %u of name %u before byte %zu", op, code, r->pos);
	step->op = (UsStepOp) op;
	step->name = step_names[code];
	step->a = us_read_finite(r);
	step->b = us_read_finite(r);
	step->nbreaks = (int) us_read_count(r, sizeof(double), US_MAX_BREAKS);
	if (ranked ? step->nbreaks < 2 : step->nbreaks != 0)
		us_corrupt(r, "step %u with %d breaks before byte %zu", op, step->nbreaks, r->pos);
	if ((op == US_OP_AFFINE && step->b <= 0) || (op == US_OP_CLIP && step->a > step->b) ||
		(op == US_OP_LOG1P && step->a <= -1))
		us_corrupt(r, "step %u with constants %g, %g before byte %zu", op, step->a, step->b, r->pos);
	if (ranked)
		step->breaks = palloc(sizeof(double) * step->nbreaks);
	for (int k = 0; k < step->nbreaks; k++)
	{
		step->breaks[k] = us_read_finite(r);
		if (k > 0 && step->breaks[k] < step->breaks[k - 1])
			us_corrupt(r, "breaks that do not ascend before byte %zu", r->pos);
	}
	if (ranked && !(step->breaks[0] < step->breaks[step->nbreaks - 1]))
		us_corrupt(r, "breaks without a range before byte %zu", r->pos);
}

void
us_chain_read(UsChain *chain, UsReader *r)
{
	bool		filled = false;

	chain->n = us_read_u8(r);
	if (chain->n > US_MAX_CHAIN)
		us_corrupt(r, "chain of %d steps before byte %zu", chain->n, r->pos);
	chain->step = palloc0(sizeof(UsStep) * Max(chain->n, 1));
	for (int i = 0; i < chain->n; i++)
	{
		read_step(&chain->step[i], r);
		filled |= chain->step[i].op == US_OP_FILL || chain->step[i].op == US_OP_KEEP;
	}
	if (!filled)
		us_corrupt(r, "chain without a value for NULL before byte %zu", r->pos);
}

void
us_chain_report(const UsChain *chain, UsReport *object)
{
	UsReport   *list = us_report_add_array(object, "steps");

	for (int i = 0; i < chain->n; i++)
	{
		const UsStep *step = &chain->step[i];
		UsReport   *item = us_report_add_object(list, NULL);

		us_report_text(item, "step", step->name);
		switch (step->op)
		{
			case US_OP_FILL:
				us_report_number(item, "value", step->a);
				break;
			case US_OP_KEEP:
				us_report_null(item, "value");
				break;
			case US_OP_AFFINE:
				us_report_number(item, "center", step->a);
				us_report_number(item, "scale", 1 / step->b);
				break;
			case US_OP_CLIP:
				us_report_number(item, "lo", step->a > -US_ENCODED_MAX ? step->a : -INFINITY);
				us_report_number(item, "hi", step->b < US_ENCODED_MAX ? step->b : INFINITY);
				break;
			case US_OP_LOG1P:
				us_report_number(item, "min", step->a);
				break;
			case US_OP_SIGNED_LOG1P:
				us_report_bool(item, "signed", true);
				break;
			case US_OP_POWER:
				us_report_number(item, "lambda", step->a);
				break;
			case US_OP_UNIFORM:
			case US_OP_NORMAL:
				us_report_text(item, "output", step->op == US_OP_NORMAL ? "normal" : "uniform");
				us_report_int(item, "breaks", step->nbreaks);
				us_report_number(item, "min", step->breaks[0]);
				us_report_number(item, "median",
								 value_at_share(step->breaks, step->nbreaks, 0.5));
				us_report_number(item, "max", step->breaks[step->nbreaks - 1]);
				break;
		}
	}
}
