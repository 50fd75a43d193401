/* Sums of the uniform weights of many layers, along either side: the article's magnitude experiments.

   A weight is one of 65,536 evenly spaced values, as a whole number: sums are exact until they are scaled. Layers lie
   side by side along the last axis and come in bands of some of their inputs; the random words are NumPy's SFC64(seed),
   a new one at the start of each band. The layers of one `begin_sums` follow those of the last one. */

enum { BAND = 1 << 21, FLUSH = 65536 }; /* weights in memory at once; additions of 16 bits that fit 32 */

static struct {
    int fan_in, fan_out, both, layers, input;
    double bound;
    Sfc sfc;
    u16 *weights;
    u32 *partial;
    double *forward, *backward; /* (fan_out, layers); (fan_in, layers) where `both` */
} sums;

EXPORT(sums_forward) void *sums_forward(void) { return sums.forward; }
EXPORT(sums_backward) void *sums_backward(void) { return sums.backward; }

static void flush(double *totals, int count) {
    for (int k = 0; k < count; k++) totals[k] += sums.partial[k], sums.partial[k] = 0;
}

/* Add the weights of some inputs to the outputs' sums */
static void add_forward(const u16 *weights, int inputs) {
    int count = sums.fan_out * sums.layers;
    for (int i = 0; i < inputs; i++, weights += count) {
        for (int k = 0; k < count; k++) sums.partial[k] += weights[k];
        if (i % FLUSH == FLUSH - 1) flush(sums.forward, count);
    }
    flush(sums.forward, count);
}

/* Sum the weights of an input over the outputs */
static void add_backward(const u16 *weights, double *totals) {
    for (int k = 0; k < sums.layers; k++) totals[k] = 0.0;
    for (int j = 0; j < sums.fan_out; j += FLUSH) {
        int end = sums.fan_out - j < FLUSH ? sums.fan_out - j : FLUSH;
        if (sums.layers == 1) {
            u32 sum = 0;
            for (int k = 0; k < end; k++) sum += weights[k];
            totals[0] += sum;
        } else {
            for (int k = 0; k < end * sums.layers; k += sums.layers)
                for (int c = 0; c < sums.layers; c++) sums.partial[c] += weights[k + c];
            flush(totals, sums.layers);
        }
        weights += end * sums.layers;
    }
}

static void scale_sums(double *totals, int count, int terms) {
    double step = sums.bound / 32768.0;
    for (int k = 0; k < count; k++) totals[k] = totals[k] * step - 32767.5 * terms * step;
}

static int advance_sums(double work) {
    int count = sums.fan_out * sums.layers, band = BAND / count < 1 ? 1 : BAND / count;
    for (; sums.input < sums.fan_in && work > 0.0; work -= (double)band * count) {
        int inputs = sums.fan_in - sums.input < band ? sums.fan_in - sums.input : band;
        for (int k = 0; k < inputs * count; k += 4) *(u64 *)(sums.weights + k) = sfc_next(&sums.sfc);
        add_forward(sums.weights, inputs);
        for (int i = 0; i < inputs && sums.both; i++)
            add_backward(sums.weights + i * count, sums.backward + (sums.input + i) * sums.layers);
        sums.input += inputs;
    }
    if (sums.input < sums.fan_in) return RUNNING;
    scale_sums(sums.forward, count, sums.fan_in);
    if (sums.both) scale_sums(sums.backward, sums.fan_in * sums.layers, sums.fan_out);
    return DONE;
}

static double sums_progress(void) { return (double)sums.input / sums.fan_in; }

/* Lay out sums of at most `layers` layers at a time. Whether there is memory for them. */
EXPORT(prepare_sums)
int prepare_sums(int fan_in, int fan_out, int both, int layers, double bound, u32 seed) {
    release_all();
    u64 count = (u64)fan_out * layers, most = count > (u64)layers ? count : (u64)layers;
    sums.fan_in = fan_in, sums.fan_out = fan_out, sums.both = both, sums.bound = bound, sums.sfc = sfc_seeded(&seed, 1);
    sums.weights = NEW(u16, (count > BAND ? count : BAND) + 4), sums.partial = NEW(u32, most);
    sums.forward = NEW(double, count), sums.backward = NEW(double, both ? (u64)fan_in * layers : 0);
    if (!reserved_all()) return 0;
    for (u64 k = 0; k < most; k++) sums.partial[k] = 0;
    advance_job = advance_sums, job_progress = sums_progress;
    return 1;
}

/* Start with the next so many layers */
EXPORT(begin_sums)
void begin_sums(int layers) {
    sums.layers = layers;
    sums.input = 0;
    for (int k = 0; k < sums.fan_out * layers; k++) sums.forward[k] = 0.0;
}
