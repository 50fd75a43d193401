/* The engine: every run that a page shows or Python asks for, to the same bit in both.

   Compiled to WebAssembly without a C library, by compile.py. Its host (engine.py, engine.js) checks
   the settings, lets a `prepare_...` function lay out the memory, writes settings to the addresses that functions named
   after them return, and calls `advance` until it answers DONE. An instance has one job at a time, and preparing
   another one drops it. Addresses hold until the next `prepare_...`.

   Doubles are IEEE 754 without contraction or reordering, exponential and logarithm are written out, and no run depends
   on what else is in its job: so the bits are the same on every machine.

   Sources: M. O'Neill, "PCG", 2014; C. Doty-Humphrey's SFC64 (PractRand); NumPy's SeedSequence (after O'Neill's
   seed_seq) and bounded integers; M. Wichura, algorithm AS 241, 1988; S. Moshier, Cephes, 1984 (exponential). */

typedef unsigned char u8;
typedef unsigned short u16;
typedef short i16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;
typedef double v2 __attribute__((vector_size(16)));
typedef long long i2 __attribute__((vector_size(16)));

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

enum { MAX_SIZES = 51, MAX_RUNS = 8, PAGE = 65536 };
enum { RUNNING, DONE, NEEDS_WEIGHTS };    /* what `advance` answers */
enum { SIGMOID, TANH, RELU, LINEAR };     /* activations */
enum { GIVEN, CONSTANT, UNIFORM, NORMAL }; /* where weights come from */
enum { FINISHED = 1, SOLVED, DIVERGED };  /* how a run ended; 0 while it runs */
enum { FLOAT64, FLOAT32, FLOAT16 };       /* how activations are stored between layers */

static int sizes[MAX_SIZES]; /* units of each layer, from input to output */
static int (*advance_job)(double work);
static double (*job_progress)(void);

EXPORT(sizes) int *sizes_address(void) { return sizes; }

/* Go on with the job for about `work` nanoseconds of a usual processor: RUNNING, DONE or NEEDS_WEIGHTS */
EXPORT(advance) int advance(double work) { return advance_job(work); }

/* How much of the job is done, 0 to 1 */
EXPORT(progress) double progress(void) { return job_progress(); }

/* Memory: every job lays out its arrays anew, one behind the other. */

extern u8 __heap_base;
static u64 heap_end; /* of what has been reserved; beyond the memory's end where that could not grow */

static void release_all(void) { heap_end = (u64)(u32)&__heap_base; }

static void *reserve(u64 count, u64 size) {
    u64 start = (heap_end + 63) & ~63ull, available = (u64)__builtin_wasm_memory_size(0) * PAGE;
    heap_end = start + count * size;
    if (heap_end > available && heap_end < 1ull << 32)
        __builtin_wasm_memory_grow(0, (heap_end - available + PAGE - 1) / PAGE);
    return (void *)(u32)start;
}

static int reserved_all(void) { return heap_end <= (u64)__builtin_wasm_memory_size(0) * PAGE; }

#define NEW(type, count) (type *)reserve(count, sizeof(type))

#include "random.h"
#include "functions.h"
#include "training.h"
#include "propagation.h"
#include "sums.h"

/* Single functions, on an array of numbers. */

static double *numbers;

EXPORT(numbers) double *numbers_address(void) { return numbers; }

/* Lay out `count` numbers. Whether there is memory for them. */
EXPORT(prepare_numbers)
int prepare_numbers(int count) {
    release_all();
    numbers = NEW(double, (u64)count);
    return reserved_all();
}

/* numpy.random.default_rng([seed, stream]).random(count) */
EXPORT(fill_uniform)
void fill_uniform(u32 seed, u32 stream, int count) {
    Pcg pcg = pcg_seeded(seed, stream);
    for (int k = 0; k < count; k++) numbers[k] = uniform(pcg_next(&pcg));
}

/* The orders in which `epochs` epochs present the rows of a table, one after the other */
EXPORT(fill_orders)
void fill_orders(u32 seed, int rows, int epochs) {
    Pcg pcg = pcg_seeded(seed, 1);
    int *order = (int *)numbers;
    for (int epoch = 0; epoch < epochs; epoch++) {
        permute(&pcg, order, rows);
        order += rows;
    }
}

/* Put the standard normal quantiles of numbers in [0, 1) in their place */
EXPORT(to_normal)
void to_normal(int count) {
    for (int k = 0; k < count; k++) numbers[k] = weight(NORMAL, 1.0, numbers[k]);
}
