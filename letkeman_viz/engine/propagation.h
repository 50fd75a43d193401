/* Propagation: signals forward and gradients back through deep random networks, one after the other.

   Weights of the uniform and the normal kind are one of 32,768 evenly spaced quantiles, from the 16 bits of which a
   random word has four: as whole numbers, whose unit is multiplied in after the product. Weights of any other kind come
   from the host, layer by layer, twice a network: `advance` answers NEEDS_WEIGHTS. Networks are done from the last to
   the first, so that the activations of the first are what is left. Units of a layer are padded with zeros to a
   multiple of 4, and inputs too: a row of a matrix is an input's activations. */

enum { SLICE = 2000000 }; /* nanoseconds, about, that a product is worked on at a time */
enum { MEAN, MAGNITUDE, SQUARE, VARIANCE, INACTIVE, GRADIENT, GRADIENT_SQUARE, DELTA, DELTA_SQUARE, WEIGHT_GRADIENT,
       MEASURES };

static struct {
    int layers, activation, inputs, rows, kind, format, networks, first;
    u32 seed;
    double *scales;       /* of each layer: a constant, a bound or a standard deviation */
    double *given;        /* a layer's weights from the host, (fan_in, fan_out) */
    double *weights;      /* the same, padded */
    double *activations[MAX_SIZES];
    double *delta, *next; /* (rows, units) */
    double *magnitude;    /* (layers + 1, inputs): mean |activation| of each input */
    double *measures;     /* (networks, MEASURES, layers + 1) */
    int network, layer, back, supplied;
    int row, some;        /* of a product: the row that is next, and how many are done at a time */
    double factor;        /* what a product with the weights lacks */
    double done;
} net;

EXPORT(propagation_scales) void *propagation_scales(void) { return net.scales; }
EXPORT(propagation_given) void *propagation_given(void) { return net.given; }
EXPORT(propagation_measures) void *propagation_measures(void) { return net.measures; }
EXPORT(propagation_network) int propagation_network(void) { return net.first + net.network; }
EXPORT(propagation_layer) int propagation_layer(void) { return net.layer; }
EXPORT(propagation_activations) void *propagation_activations(int layer) { return net.activations[layer]; }

INLINE int padded(int count) { return (count + 3) & ~3; }

static double *measure(int which, int layer) {
    return net.measures + (net.network * MEASURES + which) * (net.layers + 1) + layer;
}

static i16 normal_units[32768]; /* standard normal quantiles, the largest as 32767 */
static double normal_unit;      /* the standard deviation of all of them */

static void fill_normal_units(void) {
    double largest = normal_quantile(65535.0 / 65536.0), squares = 0.0;
    for (int k = 0; k < 32768; k++) {
        normal_units[k] = (i16)__builtin_rint(normal_quantile((2 * k + 1) / 65536.0) * (32767.0 / largest));
        squares += (double)normal_units[k] * normal_units[k];
    }
    normal_unit = __builtin_sqrt(squares / 32768.0);
}

/* Put the weights of the layer in their place */
static void draw_weights(int n, int m) {
    int width = padded(m);
    Sfc sfc = sfc_seeded((u32[]){net.seed, (u32)(net.first + net.network), (u32)net.layer}, 3);
    u64 word = 0;
    double scale = net.scales[net.layer - 1], *w = net.weights;
    for (int i = 0, k = 0; i < n; i++, w += width) {
        for (int j = 0; j < m; j++, k++) {
            if (net.kind == GIVEN) w[j] = net.given[k];
            else if (net.kind == CONSTANT) w[j] = scale;
            else {
                word = k % 4 ? word >> 16 : sfc_next(&sfc);
                u32 odd = (word & 0xffff) | 1;
                w[j] = net.kind == UNIFORM ? (double)(i16)odd : (double)normal_units[(odd ^ 0x8000) >> 1];
            }
        }
        for (int j = m; j < width; j++) w[j] = 0.0;
    }
    for (int k = 0; k < (padded(n) - n) * width; k++) w[k] = 0.0;
    net.factor = net.kind == UNIFORM ? scale / 32768.0 : net.kind == NORMAL ? scale / normal_unit : 1.0;
}

/* z (rows, m) = x (rows, n) w (n, m), times a factor, for the rows that are next; four rows and four columns at a time */
static void product(const double *x, const double *w, double *z, int n, int m) {
    int from = padded(n), width = padded(m);
    for (int j = 0; j < width; j += 4)
        for (int row = net.row; row < net.row + net.some; row += 4) {
            const double *a = x + row * from, *column = w + j;
            v2 sum[4][2] = {{{0}}};
            for (int i = 0; i < n; i++, column += width) {
                v2 left = *(v2 *)column, right = *(v2 *)(column + 2);
                for (int r = 0; r < 4; r++) {
                    v2 value = splat(a[r * from + i]);
                    sum[r][0] += value * left;
                    sum[r][1] += value * right;
                }
            }
            for (int r = 0; r < 4; r++)
                for (int c = 0; c < 2; c++) *(v2 *)(z + (row + r) * width + j + 2 * c) = sum[r][c] * net.factor;
        }
}

/* x (rows, n) = d (rows, m) w' (m, n), times a factor, for the rows that are next */
static void product_back(const double *d, const double *w, double *x, int n, int m) {
    int to = padded(n), width = padded(m);
    for (int i = 0; i < to; i += 2)
        for (int row = net.row; row < net.row + net.some; row += 4) {
            const double *delta = d + row * width, *first = w + i * width, *second = first + width;
            v2 sum[4][2] = {{{0}}};
            for (int j = 0; j < width; j += 2) {
                v2 up = *(v2 *)(first + j), low = *(v2 *)(second + j);
                for (int r = 0; r < 4; r++) {
                    v2 value = *(v2 *)(delta + r * width + j);
                    sum[r][0] += value * up;
                    sum[r][1] += value * low;
                }
            }
            for (int r = 0; r < 4; r++)
                for (int c = 0; c < 2; c++) x[(row + r) * to + i + c] = (sum[r][c][0] + sum[r][c][1]) * net.factor;
        }
}

/* Make numbers what they would be in the format they are stored in, to the nearest and of two to the even one */
static void round_to_format(double *values, int count) {
    if (net.format == FLOAT32)
        for (int k = 0; k < count; k++) values[k] = (double)(float)values[k];
    if (net.format == FLOAT16)
        for (int k = 0; k < count; k++) {
            double x = values[k], size = __builtin_fabs(x);
            if (size >= 65520.0) values[k] = __builtin_copysign(__builtin_inf(), x);
            if (!(size < 65520.0)) continue; /* NaN stays NaN */
            /* 2**e of a float16's exponent e, at least -14; numbers near 1.5 2**(e + 42) are 2**(e - 10) apart. */
            double power = double_of(bits_of(size) & 0x7ff0000000000000);
            double shift = (power < 0x1p-14 ? 0x1p-14 : power) * 0x1.8p42;
            values[k] = (x + shift) - shift;
        }
}

static void clear_padding(double *values, int units) {
    for (int row = 0; row < net.rows; row++)
        for (int k = row < net.inputs ? units : 0; k < padded(units); k++) values[row * padded(units) + k] = 0.0;
}

static double mean_square(const double *values, int units) {
    v2 sum = splat(0.0);
    for (int k = 0; k < net.inputs * padded(units); k += 2) sum += *(v2 *)(values + k) * *(v2 *)(values + k);
    return (sum[0] + sum[1]) / ((double)net.inputs * units);
}

/* The mean |value| of each input; and of all */
static double magnitudes(const double *values, int units, double *of_inputs) {
    double total = 0.0;
    for (int row = 0; row < net.inputs; row++, values += padded(units)) {
        v2 sum = splat(0.0);
        for (int k = 0; k < padded(units); k += 2) sum += absolute(*(v2 *)(values + k));
        of_inputs[row] = (sum[0] + sum[1]) / units;
        total += of_inputs[row];
    }
    return total / net.inputs;
}

static void measure_activations(int layer) {
    const double *a = net.activations[layer];
    int units = sizes[layer];
    double sum = 0.0;
    for (int k = 0; k < net.inputs * padded(units); k++) sum += a[k];
    *measure(MEAN, layer) = sum / ((double)net.inputs * units);
    *measure(MAGNITUDE, layer) = magnitudes(a, units, net.magnitude + layer * net.inputs);
    *measure(SQUARE, layer) = mean_square(a, units);
}

/* The share of units that pass nothing back: whose derivative is below a tenth of the largest, or which are 0 for all
   inputs (ReLU) */
static double inactive(int layer) {
    const double *a = net.activations[layer];
    int units = sizes[layer], width = padded(units), count = 0;
    double least = net.activation == TANH ? 0.1 : 0.025;
    if (net.activation == LINEAR) return __builtin_nan("");
    if (net.activation == RELU) {
        for (int k = 0; k < units; k++) {
            int row = 0;
            while (row < net.inputs && a[row * width + k] <= 0.0) row++;
            count += row == net.inputs;
        }
        return (double)count / units;
    }
    for (int row = 0; row < net.inputs; row++)
        for (int k = 0; k < units; k++) {
            double value = a[row * width + k];
            count += (net.activation == TANH ? 1.0 - value * value : value * (1.0 - value)) < least;
        }
    return (double)count / ((double)net.inputs * units);
}

/* Standard normal numbers, (inputs, units): the inputs (end 0) or the gradients that are sent back (1) */
static void draw_signal(double *values, int units, int end) {
    Sfc sfc = sfc_seeded((u32[]){net.seed, (u32)(net.first + net.network), 0, (u32)end}, 4);
    for (int row = 0; row < net.inputs; row++)
        for (int k = 0; k < units; k++)
            values[row * padded(units) + k] = weight(NORMAL, 1.0, uniform(sfc_next(&sfc)));
    clear_padding(values, units);
}

static void end_forward(int m) {
    int count = net.rows * padded(m);
    double *z = net.activations[net.layer];
    clear_padding(z, m);
    *measure(VARIANCE, net.layer) = mean_square(z, m);
    activate(net.activation, (v2 *)z, count / 2);
    round_to_format(z, count);
    clear_padding(z, m);
    measure_activations(net.layer);
}

static void measure_gradient(int which, const double *values, int layer) {
    double *of_inputs = net.magnitude + (net.layers + 1) * net.inputs;
    *measure(which, layer) = magnitudes(values, sizes[layer], of_inputs);
    *measure(which + 1, layer) = mean_square(values, sizes[layer]);
    if (which != DELTA) return;
    double sum = 0.0;
    for (int row = 0; row < net.inputs; row++) sum += net.magnitude[(layer - 1) * net.inputs + row] * of_inputs[row];
    *measure(WEIGHT_GRADIENT, layer) = sum / net.inputs;
}

static void begin_back(int m) {
    int count = net.rows * padded(m);
    *measure(INACTIVE, net.layer) = inactive(net.layer);
    derive(net.activation, (v2 *)net.activations[net.layer], (v2 *)net.delta, count / 2);
    round_to_format(net.delta, count);
    clear_padding(net.delta, m);
    measure_gradient(DELTA, net.delta, net.layer);
}

static void end_back(int n) {
    double *gradient = net.next;
    round_to_format(gradient, net.rows * padded(n));
    clear_padding(gradient, n);
    net.next = net.delta;
    net.delta = gradient;
    measure_gradient(GRADIENT, gradient, net.layer - 1);
}

static void begin_network(void) {
    for (int k = 0; k < MEASURES * (net.layers + 1); k++) measure(0, 0)[k] = __builtin_nan("");
    draw_signal(net.activations[0], sizes[0], 0);
    measure_activations(0);
    net.layer = 1;
    net.back = 0;
}

/* Do some rows of a layer's product, and what is due before and after it; whether weights are missing */
static int send_rows(void) {
    int n = sizes[net.layer - 1], m = sizes[net.layer];
    if (net.row == 0) {
        if (net.kind == GIVEN && !net.supplied) return net.supplied = 1;
        net.supplied = 0;
        draw_weights(n, m);
        if (net.back) begin_back(m);
    }
    net.some = (int)(SLICE / (0.11 * padded(n) * padded(m))) / 4 * 4 + 4;
    if (net.some > net.rows - net.row) net.some = net.rows - net.row;
    if (net.back) product_back(net.delta, net.weights, net.next, n, m);
    else product(net.activations[net.layer - 1], net.weights, net.activations[net.layer], n, m);
    net.row += net.some;
    if (net.row < net.rows) return 0;
    net.row = 0;
    net.done++;
    if (net.back) {
        end_back(n);
        net.layer--;
    } else {
        end_forward(m);
        if (net.layer < net.layers) net.layer++;
        else {
            net.back = 1;
            draw_signal(net.delta, sizes[net.layers], 1);
            measure_gradient(GRADIENT, net.delta, net.layers);
        }
    }
    return 0;
}

static int advance_propagation(double work) {
    while (work > 0.0) {
        if (net.layer == 0) begin_network();
        if (send_rows()) return NEEDS_WEIGHTS;
        if (net.layer == 0 && --net.network < 0) return DONE;
        work -= 0.11 * net.some * padded(sizes[net.layer]) * padded(sizes[net.layer ? net.layer - 1 : 0]) + 1e4;
    }
    return RUNNING;
}

static double propagation_progress(void) { return net.done / (2.0 * net.networks * net.layers); }

/* Lay out the networks `first` to `first + networks - 1` of a seed. Whether there is memory for them. */
EXPORT(prepare_propagation)
int prepare_propagation(int layers, int activation, int inputs, int kind, int format, int networks, int first, u32 seed) {
    release_all();
    u64 widest = 0, largest = 0;
    for (int k = 0; k <= layers; k++) {
        if ((u64)padded(sizes[k]) > widest) widest = padded(sizes[k]);
        u64 count = k < layers ? (u64)padded(sizes[k]) * padded(sizes[k + 1]) : 0;
        if (count > largest) largest = count;
    }
    __builtin_memset(&net, 0, sizeof net);
    net.layers = layers, net.activation = activation, net.inputs = inputs, net.rows = padded(inputs), net.kind = kind;
    net.format = format, net.networks = networks, net.first = first, net.seed = seed, net.network = networks - 1;
    net.scales = NEW(double, layers), net.measures = NEW(double, (u64)networks * MEASURES * (layers + 1));
    net.magnitude = NEW(double, (u64)(layers + 2) * inputs);
    net.given = NEW(double, kind == GIVEN ? largest : 0), net.weights = NEW(double, largest);
    net.delta = NEW(double, widest * net.rows), net.next = NEW(double, widest * net.rows);
    for (int k = 0; k <= layers; k++) net.activations[k] = NEW(double, (u64)padded(sizes[k]) * net.rows);
    if (!reserved_all()) return 0;
    if (kind == NORMAL && normal_unit == 0.0) fill_normal_units();
    advance_job = advance_propagation, job_progress = propagation_progress;
    return 1;
}
