/* The plain C loop that training.py is measured against: the same work as the engine's for one
   sigmoid network, written the way one would write it by hand. Built by the benchmark with cc -O3. */
#include <math.h>
#include <string.h>

static void forward(const double *restrict p, const long *sizes, int layers, const double *restrict x,
                    double *restrict a) {
    memcpy(a, x, sizes[0] * sizeof(double));
    for (int layer = 0; layer < layers; layer++) {
        long n = sizes[layer], m = sizes[layer + 1];
        const double *restrict bias = p + n * m;
        double *restrict out = a + n;
        for (long j = 0; j < m; j++) out[j] = bias[j];
        for (long i = 0; i < n; i++)
            for (long j = 0; j < m; j++) out[j] += a[i] * p[i * m + j];
        for (long j = 0; j < m; j++) out[j] = 1.0 / (1.0 + exp(-out[j]));
        p += n * m + m;
        a += n;
    }
}

static void backward(double *restrict p, const long *sizes, int layers, long parameters, long neurons,
                     const double *restrict target, const double *restrict a, double *restrict d, double rate) {
    const double *at = a + neurons - sizes[layers];
    double *dt = d + neurons - sizes[layers];
    for (long j = 0; j < sizes[layers]; j++) dt[j] = (at[j] - target[j]) * at[j] * (1.0 - at[j]);
    p += parameters;
    for (int layer = layers - 1; layer >= 0; layer--) {
        long n = sizes[layer], m = sizes[layer + 1];
        p -= n * m + m;
        const double *before = at - n;
        double *back = dt - n;
        for (long i = 0; i < n; i++) {
            if (layer > 0) {
                double total = 0.0;
                for (long j = 0; j < m; j++) total += p[i * m + j] * dt[j];
                back[i] = total * before[i] * (1.0 - before[i]);
            }
            double step = rate * before[i];
            for (long j = 0; j < m; j++) p[i * m + j] -= step * dt[j];
        }
        for (long j = 0; j < m; j++) p[n * m + j] -= rate * dt[j];
        at = before;
        dt = back;
    }
}

static int judge(const double *o, const double *t, long outputs, double *loss) {
    int right = 1;
    for (long j = 0; j < outputs; j++) {
        *loss += 0.5 * (o[j] - t[j]) * (o[j] - t[j]);
        if (!(t[j] > 0.5 ? o[j] > 0.5 : o[j] < 0.5)) right = 0;
    }
    return right;
}

/* Per epoch: an update for every row in `order`, then loss and number right over the table. */
void train(double *p, const long *sizes, int layers, long rows, const double *inputs, const double *targets,
           const long *order, long epochs, double rate, double *a, double *d, double *loss, long *after,
           unsigned char *presented) {
    long parameters = 0, neurons = sizes[0], in = sizes[0], out = sizes[layers];
    for (int l = 0; l < layers; l++) {
        parameters += sizes[l] * sizes[l + 1] + sizes[l + 1];
        neurons += sizes[l + 1];
    }
    for (long e = 0; e < epochs; e++) {
        double ignored = 0.0, total = 0.0;
        for (long k = 0; k < rows; k++) {
            long row = order[e * rows + k];
            forward(p, sizes, layers, inputs + row * in, a);
            presented[e * rows + row] = judge(a + neurons - out, targets + row * out, out, &ignored);
            backward(p, sizes, layers, parameters, neurons, targets + row * out, a, d, rate);
        }
        after[e] = 0;
        for (long row = 0; row < rows; row++) {
            forward(p, sizes, layers, inputs + row * in, a);
            after[e] += judge(a + neurons - out, targets + row * out, out, &total);
        }
        loss[e] = total / rows;
    }
}
