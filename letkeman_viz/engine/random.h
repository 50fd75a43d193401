/* Random streams: NumPy's, number by number. */

typedef struct { u64 high, low; } u128;
typedef struct { u128 state, increment; u32 half; int has_half; } Pcg;
typedef struct { u64 a, b, c, counter; } Sfc;

/* numpy.random.SeedSequence(words).generate_state(count, uint64), with at most 4 words */
static void seed_sequence(const u32 *words, int given, u64 *state, int count) {
    u32 pool[4], hash = 0x43b0d7e5, output = 0x8b51f9dd;
    for (int k = 0; k < 4; k++) {
        u32 value = (k < given ? words[k] : 0) ^ hash;
        hash *= 0x931e8875;
        value *= hash;
        pool[k] = value ^ value >> 16;
    }
    for (int from = 0; from < 4; from++)
        for (int to = 0; to < 4; to++)
            if (from != to) {
                u32 value = pool[from] ^ hash;
                hash *= 0x931e8875;
                value *= hash;
                value ^= value >> 16;
                value = 0xca01f9dd * pool[to] - 0x4973f715 * value;
                pool[to] = value ^ value >> 16;
            }
    for (int k = 0; k < 2 * count; k++) {
        u32 value = pool[k % 4] ^ output;
        output *= 0x58f38ded;
        value *= output;
        value ^= value >> 16;
        state[k / 2] = k % 2 ? state[k / 2] | (u64)value << 32 : value;
    }
}

static u128 add(u128 a, u128 b) {
    u64 low = a.low + b.low;
    return (u128){a.high + b.high + (low < a.low), low};
}

static u128 multiply(u128 a, u128 b) {
    u64 a0 = (u32)a.low, a1 = a.low >> 32, b0 = (u32)b.low, b1 = b.low >> 32;
    u64 middle = a1 * b0 + (a0 * b0 >> 32), cross = (u32)middle + a0 * b1;
    return (u128){a1 * b1 + (middle >> 32) + (cross >> 32) + a.high * b.low + a.low * b.high,
                  cross << 32 | (u32)(a0 * b0)};
}

static u64 pcg_next(Pcg *pcg) {
    pcg->state = add(multiply(pcg->state, (u128){0x2360ed051fc65da4, 0x4385df649fccf645}), pcg->increment);
    u64 value = pcg->state.high ^ pcg->state.low, rotation = pcg->state.high >> 58;
    return value >> rotation | value << (-rotation & 63);
}

/* numpy.random.PCG64([seed, stream]) */
static Pcg pcg_seeded(u32 seed, u32 stream) {
    u64 s[4];
    seed_sequence((u32[]){seed, stream}, 2, s, 4);
    Pcg pcg = {{0, 0}, {s[2] << 1 | s[3] >> 63, s[3] << 1 | 1}, 0, 0};
    pcg.state = add(pcg.increment, (u128){s[0], s[1]});
    pcg_next(&pcg);
    return pcg;
}

static double uniform(u64 bits) { return (double)(bits >> 11) * 0x1p-53; }

static u32 pcg_next32(Pcg *pcg) {
    if ((pcg->has_half = !pcg->has_half)) {
        u64 value = pcg_next(pcg);
        pcg->half = (u32)(value >> 32);
        return (u32)value;
    }
    return pcg->half;
}

/* Generator.permuted of 0, 1, ..., count - 1 */
static void permute(Pcg *pcg, int *order, int count) {
    for (int k = 0; k < count; k++) order[k] = k;
    for (u32 k = (u32)count - 1; k > 0; k--) {
        u32 mask = 0xffffffffu >> __builtin_clz(k), chosen;
        while ((chosen = pcg_next32(pcg) & mask) > k) {}
        int other = order[chosen];
        order[chosen] = order[k];
        order[k] = other;
    }
}

static u64 sfc_next(Sfc *sfc) {
    u64 value = sfc->a + sfc->b + sfc->counter++;
    sfc->a = sfc->b ^ sfc->b >> 11;
    sfc->b = sfc->c + (sfc->c << 3);
    sfc->c = (sfc->c << 24 | sfc->c >> 40) + value;
    return value;
}

/* numpy.random.SFC64(words) */
static Sfc sfc_seeded(const u32 *words, int given) {
    u64 s[3];
    seed_sequence(words, given, s, 3);
    Sfc sfc = {s[0], s[1], s[2], 1};
    for (int k = 0; k < 12; k++) sfc_next(&sfc);
    return sfc;
}
