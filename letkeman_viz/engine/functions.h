/* Functions of numbers, two at a time. */

INLINE i64 bits_of(double x) { return ((union { double d; i64 i; }){x}).i; }
INLINE double double_of(i64 bits) { return ((union { i64 i; double d; }){bits}).d; }
INLINE v2 splat(double x) { return (v2){x, x}; }
INLINE v2 choose(i2 mask, v2 yes, v2 no) { return (v2)((mask & (i2)yes) | (~mask & (i2)no)); }
INLINE v2 absolute(v2 x) { return (v2)((i2)x & 0x7fffffffffffffff); }
INLINE v2 clip(v2 x, double limit) { /* NaN stays NaN */
    return __builtin_wasm_pmin_f64x2(__builtin_wasm_pmax_f64x2(x, splat(-limit)), splat(limit));
}

/* exp(-x) = scale (q + p) / (q - p) for |x| <= 708: 2**k exp(r), |r| <= ln(2) / 2, and a rational form of exp(r).
   In two steps, for many numbers one after the other: the steps of several numbers then overlap. */
INLINE v2 reduce(v2 x, v2 *scale) {
    v2 shifted = 0x1.8p52 - x * 1.4426950408889634; /* has k in its lowest bits */
    v2 k = shifted - 0x1.8p52;
    *scale = (v2)(((i2)shifted << 52) + (i2)splat(1.0));
    return x + k * 6.93145751953125e-1 + k * 1.42860682030941723212e-6;
}

INLINE void rational(v2 r, v2 *q, v2 *p) {
    v2 s = r * r;
    v2 odd = 1.26177193074810590878e-4 * s + 3.02994407707441961300e-2;
    v2 even = 3.00198505138664455042e-6 * s + 2.52448340349684104192e-3;
    *p = r * (odd * s + 1.0);
    *q = (even * s + 2.27265548208155028766e-1) * s + 2.0;
}

enum { CHUNK = 32 };

static void sigmoid(v2 *z, int count) {
    v2 scale[CHUNK], q, p;
    for (int k = 0; k < count; k++) z[k] = reduce(clip(z[k], 700.0), scale + k);
    for (int k = 0; k < count; k++) {
        rational(z[k], &q, &p);
        z[k] = (q + p) / ((q + p) + scale[k] * (q - p));
    }
}

static void hyperbolic_tangent(v2 *z, int count) {
    v2 scale[CHUNK], q, p;
    for (int k = 0; k < count; k++) z[k] = reduce(clip(z[k] + z[k], 80.0), scale + k);
    for (int k = 0; k < count; k++) {
        rational(z[k], &q, &p);
        v2 more = 1.0 + scale[k], less = 1.0 - scale[k];
        z[k] = (less * q + more * p) / (more * q + less * p);
    }
}

/* Put the activations of weighted sums in their place */
static void activate(int activation, v2 *z, int count) {
    for (int n; count > 0; z += n, count -= n) {
        n = count < CHUNK ? count : CHUNK;
        if (activation == SIGMOID) sigmoid(z, n);
        else if (activation == TANH) hyperbolic_tangent(z, n);
        else if (activation == RELU)
            for (int k = 0; k < n; k++) z[k] = choose(z[k] < 0.0, splat(0.0), z[k]); /* NaN stays NaN */
    }
}

/* Multiply `d` by the derivatives of an activation whose outputs are `a` */
static void derive(int activation, const v2 *a, v2 *d, int count) {
    if (activation == SIGMOID)
        for (int k = 0; k < count; k++) d[k] *= a[k] * (1.0 - a[k]);
    else if (activation == TANH)
        for (int k = 0; k < count; k++) d[k] *= 1.0 - a[k] * a[k];
    else if (activation == RELU)
        for (int k = 0; k < count; k++) d[k] *= choose(a[k] > 0.0, splat(1.0), splat(0.0));
}

/* a + b, and what rounding took from it */
static double two_sum(double a, double b, double *error) {
    double sum = a + b, part = sum - a;
    *error = (a - (sum - part)) + (b - part);
    return sum;
}

/* log(16 / j) for j from 11 to 23, in two parts; the first are multiples of 2**-32 */
static const double LOGARITHMS[][2] = {
    {0.3746934493537992, 8.76114697071436e-11}, {0.28768207249231637, -4.053543780278539e-11},
    {0.20763936475850642, 1.9738084340965946e-11}, {0.13353139255195856, 7.25640622027401e-11},
    {0.0645385212264955, -8.892433270634855e-11}, {0.0, 0.0}, {-0.0606246218085289, -7.905942434121756e-12},
    {-0.11778303561732173, -3.906172487875993e-11}, {-0.17185025685466826, -7.199096271943244e-11},
    {-0.22314355126582086, -4.838889490356316e-11}, {-0.27193371555767953, 7.403777512676557e-11},
    {-0.3184537310153246, -1.0321002321991519e-10}, {-0.3629054937046021, 1.5233669168999384e-11}};

/* log(x) of a positive normal number: x = 2**k m with m from sqrt(1/2) to sqrt(2), and m = 16 / j (1 + f) with |f| below
   0.05; by s = f / (2 + f), log(1 + f) = f - f*f/2 + s (f*f/2 + 2/3 s**2 + 2/5 s**4 + ...). Nearly always the double
   that is nearest: quantiles amplify an error. */
static double logarithm(double x) {
    i64 k = (bits_of(x) - 0x3fe6a09e667f3bcd) >> 52;
    double m = double_of(bits_of(x) - (k << 52)), high = double_of(bits_of(m) & ~0x7ffffffll);
    int j = (int)(16.0 / m + 0.5);
    double error, error2, error3; /* of the sums; all products here are exact */
    double f = two_sum(high * (j / 16.0) - 1.0, (m - high) * (j / 16.0), &error);
    double s = f / (f + 2.0), z = s * s, series = 2.0 / 13.0;
    for (int i = 11; i >= 3; i -= 2) series = series * z + 2.0 / i;
    double half = 0.5 * f * f, top = double_of(bits_of(f) & ~0x7ffffffll), rest = f - top;
    double half_error = 0.5 * (top * top - 2.0 * half + 2.0 * top * rest + rest * rest);
    double sum = two_sum((double)k * 6.93147180369123816490e-01 + LOGARITHMS[j - 11][0], f, &error2);
    sum = two_sum(sum, -half, &error3);
    return sum + (s * (half + z * series) + (double)k * 1.90821492927058770002e-10 + LOGARITHMS[j - 11][1] +
                  (error + error2 + error3 - half_error));
}

/* The standard normal quantile of 0 < p < 1 */
static double normal_quantile(double p) {
    double q = p - 0.5, r;
    if (__builtin_fabs(q) <= 0.425) {
        r = 0.180625 - q * q;
        double above = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r +
                           45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r +
                        133.14166789178437745) * r + 3.387132872796366608;
        double below = ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r +
                           21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r +
                        42.313330701600911252) * r + 1.0;
        return q * above / below;
    }
    r = __builtin_sqrt(-logarithm(q < 0.0 ? p : 1.0 - p));
    double above, below;
    if (r <= 5.0) {
        r -= 1.6;
        above = ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r +
                    1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r +
                 4.6303378461565452959) * r + 1.42343711074968357734;
        below = ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r +
                    0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r +
                 2.05319162663775882187) * r + 1.0;
    } else {
        r -= 5.0;
        above = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r +
                    0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r +
                 5.4637849111641143699) * r + 6.6579046435011037772;
        below = ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r +
                    7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r +
                 0.59983220655588793769) * r + 1.0;
    }
    return q < 0.0 ? -above / below : above / below;
}

/* A weight from a uniform number in [0, 1), which can be exactly 0, whose normal quantile is infinite */
static double weight(int kind, double scale, double u) {
    if (kind == CONSTANT) return scale;
    if (kind == UNIFORM) return (2.0 * u - 1.0) * scale;
    return normal_quantile(u < 0x1p-54 ? 0x1p-54 : u) * scale;
}
