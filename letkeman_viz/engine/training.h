/* Training: per-example SGD, up to eight runs side by side.

   Two runs share a vector; every two runs are a `part`. Arrays of all runs have the parts of a layer one behind the
   other, each as its units: a layer of all runs is worked on before the next layer, so that the processor always has
   something to do that does not depend on its last result. Parameters of a part are laid out as in network.py: layer by layer the weights, row-major (fan_in,
   fan_out), then the biases. Where weights do not change, several rows of the table go together, and a part of a
   layer has the units of each row. Deltas are derivatives of the loss by a unit's weighted sum. */

/* What rows are shown for: after each epoch, and before the first, the whole table to be EVALUATEd; in an epoch to be
   learned; in the end, again and again, for the gradients at every frame */
enum { EVALUATE, LEARN, MEASURE };

static struct {
    int layers, activation, rows, runs, parts, epochs, max_frames, shuffle, stop_when_solved;
    int parameters, units, outputs;
    double bias;
    /* (rows, inputs) and (rows, outputs); for each run: */
    double *inputs, *targets;
    u32 *seeds;
    double *rates, *noise, *scales, *start; /* scales (runs, layers), start (runs, parameters) where GIVEN */
    int *kinds;
    /* Results of each run; `counts` (runs, 4): epochs, frames, ended, epochs between frames */
    int *counts, *correct, *steps;           /* correct (runs, epochs + 1), steps (runs, max_frames) */
    double *loss, *frames, *gradient;      /* (runs, epochs + 1), (runs, max_frames, parameters or layers) */
    u8 *presented;                         /* (runs, epochs, rows): correct before its update? */
    /* State */
    v2 *p, *a, *d, *target, *rate, *sum;   /* of all parts; sum: losses and numbers correct, or gradients */
    Pcg *streams;
    int *order;                            /* (2 parts, rows) */
    int phase, epoch, row, frame, all_frames, one_order;
    double done;                           /* rows shown */
} t;

enum { EPOCHS, FRAMES, ENDED, STRIDE, COUNTS };

#define ADDRESS(name) EXPORT(training_##name) void *training_##name(void) { return t.name; }
ADDRESS(inputs) ADDRESS(targets) ADDRESS(seeds) ADDRESS(rates) ADDRESS(noise) ADDRESS(scales) ADDRESS(start)
ADDRESS(kinds) ADDRESS(counts) ADDRESS(correct) ADDRESS(steps) ADDRESS(loss) ADDRESS(frames) ADDRESS(gradient)
ADDRESS(presented)
#undef ADDRESS

enum { BLOCK = 4, AT_ONCE = 8 }; /* sums at a time, so that none waits for its last addition; rows evaluated at a time */

/* `count` weighted sums of n inputs, for `rows` rows. `w` are the weights of the first sum, m to the next input;
   `bias` is its bias; `z` of a row lie m behind those of the last one */
INLINE void sum_block(int count, int rows, int n, int m, const v2 *w, const v2 *bias, const v2 *x, v2 *z) {
    v2 sum[2 * BLOCK];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < count; c++) sum[r * count + c] = bias[c];
    for (int i = 0; i < n; i++, w += m)
        for (int c = 0; c < count; c++) {
            v2 value = w[c];
            for (int r = 0; r < rows; r++) sum[r * count + c] += x[r * n + i] * value;
        }
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < count; c++) z[r * m + c] = sum[r * count + c];
}

INLINE void sum_layer(int rows, int n, int m, const v2 *w, const v2 *x, v2 *z) {
    int j = 0;
    for (; j + BLOCK <= m; j += BLOCK) sum_block(BLOCK, rows, n, m, w + j, w + n * m + j, x, z + j);
    for (; j < m; j++) sum_block(1, rows, n, m, w + j, w + n * m + j, x, z + j);
}

/* Fill in the activations behind those of the inputs of so many rows */
static void forward(int rows) {
    const v2 *weights = t.p;
    v2 *x = t.a;
    for (int layer = 0; layer < t.layers; layer++) {
        int n = sizes[layer], m = sizes[layer + 1];
        v2 *z = x + t.parts * rows * n, *here = z;
        for (int part = 0; part < t.parts; part++) {
            const v2 *w = weights + part * t.parameters;
            int row = 0;
            for (; row + 2 <= rows; row += 2, x += 2 * n, z += 2 * m) sum_layer(2, n, m, w, x, z);
            if (row < rows) sum_layer(1, n, m, w, x, z), x += n, z += m;
        }
        activate(layer == t.layers - 1 ? SIGMOID : t.activation, here, t.parts * rows * m);
        weights += (n + 1) * m;
    }
}

/* What comes back to `count` units from the deltas of the next layer; with `move` their weights change, too */
INLINE void back_block(int count, int back, int move, v2 rate, int m, v2 *w, const v2 *a, const v2 *next, v2 *d) {
    v2 sum[BLOCK], step[BLOCK];
    for (int c = 0; c < count; c++) sum[c] = splat(0.0), step[c] = rate * a[c];
    for (int j = 0; j < m; j++) {
        v2 delta = next[j];
        for (int c = 0; c < count; c++) {
            v2 value = w[c * m + j];
            if (back) sum[c] += value * delta;
            if (move) w[c * m + j] = value - step[c] * delta;
        }
    }
    if (back)
        for (int c = 0; c < count; c++) d[c] = sum[c];
}

INLINE void back_layer(int back, int move, v2 rate, int n, int m, v2 *w, const v2 *a, const v2 *next, v2 *d) {
    int i = 0;
    for (; i + BLOCK <= n; i += BLOCK) back_block(BLOCK, back, move, rate, m, w + i * m, a + i, next, d + i);
    for (; i < n; i++) back_block(1, back, move, rate, m, w + i * m, a + i, next, d + i);
    if (move)
        for (int j = 0; j < m; j++) w[n * m + j] -= rate * next[j];
}

/* Deltas of all layers but the input, for so many rows; `move` is a step down the gradient of a single one */
static void backward(int rows, int move) {
    int columns = t.parts * rows, place = (t.units - t.outputs) * columns;
    v2 *weights = t.p + t.parameters;
    for (int k = 0; k < t.outputs * columns; k++) {
        v2 output = t.a[place + k];
        t.d[place + k] = (output - t.target[k]) * output * (1.0 - output);
    }
    for (int layer = t.layers - 1; layer >= 0; layer--) {
        int n = sizes[layer], m = sizes[layer + 1];
        const v2 *next = t.d + place;
        place -= n * columns;
        weights -= (n + 1) * m;
        const v2 *a = t.a + place;
        v2 *d = t.d + place;
        for (int column = 0; column < columns; column++, a += n, d += n, next += m) {
            v2 *w = weights + column / rows * t.parameters, rate = t.rate[column / rows];
            if (layer > 0 && move) back_layer(1, 1, rate, n, m, w, a, next, d);
            else if (layer > 0) back_layer(1, 0, rate, n, m, w, a, next, d);
            else if (move) back_layer(0, 1, rate, n, m, w, a, next, d);
        }
        if (layer > 0) derive(t.activation, t.a + place, t.d + place, n * columns);
    }
}

/* Number k of a run, in an array that has `count` numbers of each */
static double *number(v2 *values, int count, int k, int run) {
    return (double *)(values + (run / 2) * count + k) + run % 2;
}

/* Show `rows` rows of the table, from `first` on, to all runs */
static void show(int first, int rows) {
    v2 *a = t.a, *target = t.target;
    for (int part = 0; part < t.parts; part++) {
        for (int i = 0; i < rows * sizes[0]; i++) *a++ = splat(t.inputs[first * sizes[0] + i]);
        for (int j = 0; j < rows * t.outputs; j++) *target++ = splat(t.targets[first * t.outputs + j]);
    }
}

/* Show every run the row that is next in its order */
static void show_in_order(int k) {
    if (t.one_order) {
        show(t.order[k], 1);
        return;
    }
    v2 *a = t.a, *target = t.target;
    for (int part = 0; part < t.parts; part++) {
        int first = t.order[2 * part * t.rows + k], second = t.order[(2 * part + 1) * t.rows + k];
        const double *x = t.inputs + first * sizes[0], *x2 = t.inputs + second * sizes[0];
        const double *y = t.targets + first * t.outputs, *y2 = t.targets + second * t.outputs;
        for (int i = 0; i < sizes[0]; i++) *a++ = (v2){x[i], x2[i]};
        for (int j = 0; j < t.outputs; j++) *target++ = (v2){y[j], y2[j]};
    }
}

/* Add up the losses of the rows shown, and how many have every output on the right side of a half, for two runs */
static void evaluate(int part, int rows, v2 *loss, v2 *correct) {
    const v2 *a = t.a + ((t.units - t.outputs) * t.parts + part * t.outputs) * rows;
    const v2 *target = t.target + part * t.outputs * rows;
    for (int row = 0; row < rows; row++) {
        v2 sum = splat(0.0);
        i2 good = {-1, -1};
        for (int j = 0; j < t.outputs; j++) {
            v2 output = *a++, y = *target++;
            i2 above = y > 0.5;
            sum += 0.5 * (output - y) * (output - y);
            good &= (above & (output > 0.5)) | (~above & (output < 0.5));
        }
        *loss += sum;
        *correct += choose(good, splat(1.0), splat(0.0));
    }
}

/* No more frames fit: drop every second one and double the stride. So a run of any length leaves at most max_frames
   evenly spaced frames, and the one where it ended. */
static void thin_frames(int run) {
    int *counts = t.counts + run * COUNTS, *steps = t.steps + run * t.max_frames;
    double *frames = t.frames + (u32)run * t.max_frames * t.parameters;
    counts[FRAMES] = (t.max_frames + 1) / 2;
    counts[STRIDE] *= 2;
    for (int k = 0; k < counts[FRAMES]; k++) {
        steps[k] = steps[2 * k];
        for (int i = 0; i < t.parameters; i++) frames[k * t.parameters + i] = frames[2 * k * t.parameters + i];
    }
}

static void record_frame(int run) {
    int *counts = t.counts + run * COUNTS;
    if (counts[FRAMES] == t.max_frames) thin_frames(run);
    if (counts[EPOCHS] % counts[STRIDE] != 0 && !counts[ENDED]) return;
    t.steps[run * t.max_frames + counts[FRAMES]] = counts[EPOCHS];
    double *frame = t.frames + ((u32)run * t.max_frames + counts[FRAMES]) * t.parameters;
    const double *p = number(t.p, t.parameters, 0, run);
    for (int k = 0; k < t.parameters; k++) frame[k] = p[2 * k];
    counts[FRAMES]++;
}

/* Note what the table looks like to every run after an epoch; whether any goes on */
static int end_epoch(void) {
    v2 finite[MAX_RUNS / 2];
    for (int part = 0; part < t.parts; part++) {
        const v2 *p = t.p + part * t.parameters;
        v2 sum = splat(0.0);
        for (int k = 0; k < t.parameters; k++) sum += 0.0 * p[k];
        finite[part] = sum; /* NaN if a parameter is not finite */
    }
    int running = 0;
    for (int run = 0; run < t.runs; run++) {
        int *counts = t.counts + run * COUNTS, place = run * (t.epochs + 1) + t.epoch;
        if (counts[ENDED]) continue;
        counts[EPOCHS] = t.epoch;
        t.loss[place] = ((double *)t.sum)[run] / t.rows;
        t.correct[place] = (int)((double *)t.sum)[2 * t.parts + run];
        if (t.epoch > 0 && ((double *)finite)[run] != 0.0) counts[ENDED] = DIVERGED;
        else if (t.stop_when_solved && t.correct[place] == t.rows) counts[ENDED] = SOLVED;
        else if (t.epoch == t.epochs) counts[ENDED] = FINISHED;
        if (t.max_frames && (counts[EPOCHS] % counts[STRIDE] == 0 || counts[ENDED])) record_frame(run);
        running += !counts[ENDED];
    }
    return running;
}

/* Every run's order of the rows; that of a seed is drawn once */
static void begin_epoch(void) {
    for (int lane = 0; lane < 2 * t.parts && t.shuffle; lane++) {
        int *order = t.order + lane * t.rows;
        if (lane > 0 && (lane >= t.runs || t.seeds[lane] == t.seeds[lane - 1]))
            __builtin_memcpy(order, order - t.rows, (u32)t.rows * sizeof(int));
        else permute(t.streams + lane, order, t.rows);
    }
}

static void clear(v2 *values, int count) {
    for (int k = 0; k < count; k++) values[k] = splat(0.0);
}

/* The frames whose gradients come next, each in the place of a run. Frames are counted through all runs. */
static void load_frames(void) {
    int run = 0, frame = t.frame;
    for (int lane = 0; lane < 2 * t.parts; lane++, frame++) {
        if (t.frame + lane >= t.all_frames) frame--;
        while (frame >= t.counts[run * COUNTS + FRAMES]) frame -= t.counts[run++ * COUNTS + FRAMES];
        const double *from = t.frames + ((u32)run * t.max_frames + frame) * t.parameters;
        for (int k = 0; k < t.parameters; k++) *number(t.p, t.parameters, k, lane) = from[k];
    }
    clear(t.sum, t.layers * t.parts);
}

static void store_gradients(void) {
    int run = 0, frame = t.frame;
    for (int lane = 0; lane < 2 * t.parts && t.frame + lane < t.all_frames; lane++, frame++) {
        while (frame >= t.counts[run * COUNTS + FRAMES]) frame -= t.counts[run++ * COUNTS + FRAMES];
        double *to = t.gradient + ((u32)run * t.max_frames + frame) * t.layers;
        for (int layer = 0; layer < t.layers; layer++) to[layer] = *number(t.sum, t.layers, layer, lane);
    }
}

static v2 mean_magnitude(const v2 *values, int count) {
    v2 sum = splat(0.0);
    for (int k = 0; k < count; k++) sum += absolute(values[k]);
    return sum / (double)count;
}

/* Add the rows' mean |dL/dw| of every layer: mean |input| times mean |delta|, so no gradient need be formed */
static void add_gradients(int rows) {
    const v2 *a = t.a, *d = t.d + sizes[0] * t.parts * rows;
    for (int layer = 0; layer < t.layers; layer++)
        for (int column = 0; column < t.parts * rows; column++, a += sizes[layer], d += sizes[layer + 1])
            t.sum[column / rows * t.layers + layer] +=
                mean_magnitude(a, sizes[layer]) * mean_magnitude(d, sizes[layer + 1]) / (double)t.rows;
}

/* Show the row that is next to every run, and move down its gradient */
static void present(void) {
    if (t.row == 0) begin_epoch();
    show_in_order(t.row);
    forward(1);
    for (int part = 0; part < t.parts && t.max_frames; part++) {
        v2 loss = splat(0.0), correct = splat(0.0);
        evaluate(part, 1, &loss, &correct);
        for (int run = 2 * part; run < t.runs && run < 2 * part + 2; run++)
            if (!t.counts[run * COUNTS + ENDED])
                t.presented[((u32)run * t.epochs + t.epoch) * t.rows + t.order[run * t.rows + t.row]] =
                    correct[run % 2] > 0.0;
    }
    backward(1, 1);
}

/* Do what is next with some rows, and what is due after the table's last; whether there is more to do */
static int train_rows(void) {
    int rows = t.phase == LEARN ? 1 : t.rows - t.row < AT_ONCE ? t.rows - t.row : AT_ONCE;
    int last = t.row + rows == t.rows;
    t.done += rows;
    if (t.phase == LEARN) {
        present();
        if (last) t.phase = EVALUATE, t.epoch++, clear(t.sum, 2 * t.parts);
    } else if (t.phase == EVALUATE) {
        show(t.row, rows);
        forward(rows);
        for (int part = 0; part < t.parts; part++) evaluate(part, rows, t.sum + part, t.sum + t.parts + part);
        if (last) {
            if (end_epoch()) t.phase = LEARN;
            else if (t.max_frames == 0) return 0;
            else {
                for (int run = 0; run < t.runs; run++) t.all_frames += t.counts[run * COUNTS + FRAMES];
                t.phase = MEASURE;
            }
        }
    } else {
        if (t.row == 0) load_frames();
        show(t.row, rows);
        forward(rows);
        backward(rows, 0);
        add_gradients(rows);
        if (last) {
            store_gradients();
            t.frame += 2 * t.parts;
            if (t.frame >= t.all_frames) return 0;
        }
    }
    t.row = last ? 0 : t.row + rows;
    return 1;
}

/* Parameters before training */
static void draw_start(int lane) {
    int run = lane < t.runs ? lane : 0, kind = t.kinds[run];
    Pcg weights = pcg_seeded(t.seeds[run], 0), noise = pcg_seeded(t.seeds[run], 2);
    t.streams[lane] = pcg_seeded(t.seeds[run], 1);
    ((double *)t.rate)[lane] = t.rates[run];
    for (int k = 0; k < t.rows; k++) t.order[lane * t.rows + k] = k;
    for (int layer = 0, k = 0; layer < t.layers; layer++) {
        int count = sizes[layer] * sizes[layer + 1];
        for (int i = 0; i < count + sizes[layer + 1]; i++, k++) {
            double value = t.bias;
            if (kind == GIVEN) value = t.start[run * t.parameters + k];
            else if (i < count) value = weight(kind, t.scales[run * t.layers + layer], uniform(pcg_next(&weights)));
            *number(t.p, t.parameters, k, lane) = value;
        }
    }
    if (t.noise[run] != 0.0)
        for (int k = 0; k < t.parameters; k++)
            *number(t.p, t.parameters, k, lane) += t.noise[run] * (-1.0 + 2.0 * uniform(pcg_next(&noise)));
}

static int advance_training(double work) {
    if (t.done == 0.0) {
        t.one_order = 1;
        for (int run = 1; run < t.runs; run++) t.one_order &= !t.shuffle || t.seeds[run] == t.seeds[0];
        for (int lane = 0; lane < 2 * t.parts; lane++) draw_start(lane);
    }
    double end = t.done + work / (t.parts * (0.6 * t.parameters + 4.0 * t.units));
    do
        if (!train_rows()) return DONE;
    while (t.done < end);
    return RUNNING;
}

static double training_progress(void) {
    double groups = (t.phase == MEASURE ? t.all_frames : t.runs * (double)t.max_frames) / (2 * t.parts);
    double total = ((t.phase == MEASURE ? t.epoch : t.epochs) * 2.0 + 1.0 + groups) * t.rows;
    return t.done < total ? t.done / total : 1.0;
}

/* Lay out a training job; `sizes` has been written before. `max_frames` is 0, at least 3, or epochs + 1. Whether there
   is memory for it. */
EXPORT(prepare_training)
int prepare_training(int layers, int activation, int rows, int runs, int epochs, int max_frames, int shuffle,
                     int stop_when_solved, double bias) {
    release_all();
    int parts = (runs + 1) / 2;
    __builtin_memset(&t, 0, sizeof t);
    t.layers = layers, t.activation = activation, t.rows = rows, t.runs = runs, t.parts = parts, t.epochs = epochs;
    t.max_frames = max_frames, t.shuffle = shuffle, t.stop_when_solved = stop_when_solved, t.bias = bias;
    t.outputs = sizes[layers], t.units = sizes[0];
    for (int layer = 0; layer < layers; layer++) {
        t.parameters += (sizes[layer] + 1) * sizes[layer + 1];
        t.units += sizes[layer + 1];
    }
    u64 frames = (u64)runs * max_frames, points = (u64)runs * (epochs + 1);
    /* What every example touches first, close together. */
    t.a = NEW(v2, (u64)t.units * parts * AT_ONCE), t.d = NEW(v2, (u64)t.units * parts * AT_ONCE);
    t.target = NEW(v2, (u64)t.outputs * parts * AT_ONCE);
    t.rate = NEW(v2, parts), t.sum = NEW(v2, (layers < 2 ? 2 : layers) * parts), t.p = NEW(v2, (u64)t.parameters * parts);
    t.order = NEW(int, (u64)2 * parts * rows), t.streams = NEW(Pcg, 2 * parts);
    t.inputs = NEW(double, (u64)rows * sizes[0]), t.targets = NEW(double, (u64)rows * t.outputs);
    t.seeds = NEW(u32, runs), t.rates = NEW(double, runs), t.noise = NEW(double, runs), t.kinds = NEW(int, runs);
    t.scales = NEW(double, runs * layers), t.start = NEW(double, (u64)runs * t.parameters);
    t.counts = NEW(int, runs * COUNTS), t.correct = NEW(int, points), t.loss = NEW(double, points);
    t.steps = NEW(int, frames), t.frames = NEW(double, frames * t.parameters), t.gradient = NEW(double, frames * layers);
    t.presented = NEW(u8, max_frames ? (u64)runs * epochs * rows : 0);
    if (!reserved_all()) return 0;
    clear(t.sum, 2 * parts);
    for (int run = 0; run < runs; run++) {
        int *counts = t.counts + run * COUNTS;
        counts[EPOCHS] = counts[FRAMES] = counts[ENDED] = 0, counts[STRIDE] = 1;
    }
    advance_job = advance_training, job_progress = training_progress;
    return 1;
}
