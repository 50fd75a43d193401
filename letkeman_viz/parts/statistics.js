/**
 * What many runs of several schemes say: the twin of `Study` in study.py, which has the same medians, quantiles and
 * rankings to the bit. A bootstrap draws other samples than Python's, so its shares agree within sampling error only.
 */

const CAPACITY = 500; // seeds

/** The runs of S schemes with the seeds 1, 2, ... so far, and their curves at P steps. */
export class Study {
  /**
   * @param {string[]} schemes names @param {number} rows of the task @param {number} epochs
   * @param {number} [points] of a curve, at most
   */
  constructor(schemes, rows, epochs, points = 201) {
    this.schemes = schemes;
    this.rows = rows;
    this.epochs = epochs;
    const count = Math.min(points, epochs + 1);
    /** (P,): evenly spaced from 0 to `epochs`. */
    this.steps = Int32Array.from({ length: count }, (_, k) => Math.round((k * epochs) / (count - 1)));
    /** How many seeds are done. */
    this.seeds = 0;
    /** For each scheme (seeds, P); NaN and 0 once a run overflowed. */
    this.loss = schemes.map(() => new Float32Array(CAPACITY * count));
    this.correct = schemes.map(() => new Int16Array(CAPACITY * count));
    /** For each scheme (seeds,): the first epoch after which all rows are correct; infinity if none is. */
    this.solved = schemes.map(() => new Float64Array(CAPACITY));
    /** For each scheme (seeds,): loss after the last epoch; infinity where the run overflowed. */
    this.final = schemes.map(() => new Float64Array(CAPACITY));
  }

  /** Add the next seed. @param {{ loss: Float64Array, correct: Int32Array }[]} runs one for each scheme */
  add(runs) {
    const [seed, points] = [this.seeds++, this.steps.length];
    runs.forEach(({ loss, correct }, k) => {
      this.steps.forEach((step, p) => {
        this.loss[k][seed * points + p] = step < loss.length ? loss[step] : NaN;
        this.correct[k][seed * points + p] = step < correct.length ? correct[step] : 0;
      });
      const first = correct.indexOf(this.rows);
      this.solved[k][seed] = first < 0 ? Infinity : first;
      this.final[k][seed] = orInfinity(this.loss[k][(seed + 1) * points - 1]);
    });
  }

  /**
   * Quantiles over the first `count` seeds, at each step.
   * @param {"loss" | "correct"} measure @param {number} scheme @param {number[]} quantiles @returns {Float64Array[]} each (P,)
   */
  band(measure, scheme, count, quantiles = [0.25, 0.5, 0.75]) {
    const points = this.steps.length;
    const found = quantiles.map(() => new Float64Array(points));
    const column = new Float64Array(count);
    for (let p = 0; p < points; p++) {
      for (let seed = 0; seed < count; seed++) column[seed] = orInfinity(this[measure][scheme][seed * points + p]);
      column.sort();
      quantiles.forEach((q, k) => (found[k][p] = quantile(column, q)));
    }
    return found;
  }

  /** Share of the first `count` seeds with which a scheme got all rows right. */
  shareSolved(scheme, count) {
    return this.solved[scheme].subarray(0, count).filter(Number.isFinite).length / count;
  }

  /** Median epoch over the first `count` seeds at which all rows were right; never counts as infinity. */
  medianSolved(scheme, count) {
    return median(this.solved[scheme].subarray(0, count));
  }

  /** See `medianInterval`. @returns {[number, number] | null} */
  intervalSolved(scheme, count) {
    return medianInterval(this.solved[scheme].subarray(0, count));
  }

  /**
   * Schemes from best to worst, by the seeds from `from` to `to` (without it): the smallest median epoch at which all
   * rows were right, among equals the larger share of seeds that got there, then the smaller median loss at the end.
   * @returns {number[]}
   */
  ranking(from, to) {
    const part = (values) => values.map((one) => one.subarray(from, to));
    const [solved, final] = [part(this.solved), part(this.final)];
    return rank(this.schemes.length, (k) => summary(solved[k]), (k) => median(final[k]));
  }

  /** The rankings of experiments of `size` seeds each, one after another: as many as fit in `count` seeds. */
  experiments(size, count) {
    return Array.from({ length: Math.floor(count / size) }, (_, k) => this.ranking(k * size, (k + 1) * size));
  }

  /**
   * How often each scheme comes first in experiments of `size` seeds drawn from the first `count` without
   * replacement, the same seeds for all schemes. @returns {number[]} a share for each scheme; the same at every call
   */
  wins(size, count, draws = 2000) {
    const chosen = new Uint8Array(count);
    const sorted = (values) => values.map((one) => sampler(one.subarray(0, count), chosen, size));
    const [solved, final] = [sorted(this.solved), sorted(this.final)];
    const random = generator(size);
    const seeds = Uint16Array.from({ length: count }, (_, k) => k);
    const first = new Array(this.schemes.length).fill(0);
    for (let draw = 0; draw < draws; draw++) {
      chosen.fill(0);
      for (let k = 0; k < size; k++) {
        const other = k + Math.floor(random() * (count - k));
        [seeds[k], seeds[other]] = [seeds[other], seeds[k]];
        chosen[seeds[k]] = 1;
      }
      first[rank(first.length, (k) => solved[k](), (k) => final[k]().median)[0]]++;
    }
    return first.map((times) => times / draws);
  }
}

/** @param {ArrayLike<number>} values at least one, without NaN; the mean of the middle two of an even number */
export function median(values) {
  const ordered = Float64Array.from(values).sort();
  const middle = ordered.length >> 1;
  return ordered.length % 2 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
}

/** @param {Float64Array} ordered @param {number} q 0 to 1 @returns {number} between two values in proportion */
export function quantile(ordered, q) {
  const place = q * (ordered.length - 1);
  const low = Math.floor(place);
  const part = place - low;
  return part === 0 ? ordered[low] : (1 - part) * ordered[low] + part * ordered[low + 1];
}

/**
 * Two of the values between which the true median lies with 95 % confidence: how many of n values lie below it is
 * binomial with 1/2, whatever their distribution (W. Conover, *Practical Nonparametric Statistics*).
 * @param {ArrayLike<number>} values @returns {[number, number] | null} null where there are too few to say
 */
function medianInterval(values) {
  const ordered = Float64Array.from(values).sort();
  const spread = 0.98 * Math.sqrt(ordered.length);
  const low = Math.round(ordered.length / 2 - spread) - 1;
  const high = Math.round(ordered.length / 2 + spread);
  return low < 0 || high >= ordered.length ? null : [ordered[low], ordered[high]];
}

/** How often each winner won, most often first. @param {number[][]} orders @returns {[number, number][]} (scheme, times) */
export function winners(orders) {
  const times = new Map();
  for (const [first] of orders) times.set(first, (times.get(first) ?? 0) + 1);
  return [...times].sort(([a, m], [b, n]) => n - m || b - a);
}

const orInfinity = (value) => (Number.isNaN(value) ? Infinity : value);

const summary = (solved) => ({ median: median(solved), reached: solved.filter(Number.isFinite).length });

/** Infinity minus infinity is NaN, so that a difference would not do. */
const compare = (a, b) => (a < b ? -1 : Number(a > b));

/** Indices from best to worst; the loss is asked for only among equals. */
function rank(count, solved, loss) {
  const found = Array.from({ length: count }, (_, k) => solved(k));
  const losses = [];
  const lossOf = (k) => (losses[k] ??= loss(k));
  return found
    .map((_, k) => k)
    .sort(
      (a, b) =>
        compare(found[a].median, found[b].median) ||
        found[b].reached - found[a].reached ||
        compare(lossOf(a), lossOf(b)) ||
        a - b,
    );
}

/** The summary of those of the values that are `chosen` (`size` of them), without sorting anew for each draw. */
function sampler(values, chosen, size) {
  const order = Uint16Array.from(values, (_, k) => k).sort((a, b) => compare(values[a], values[b]) || a - b);
  const ordered = Float64Array.from(order, (k) => values[k]);
  const firstInfinite = ordered.indexOf(Infinity);
  const finite = firstInfinite < 0 ? ordered.length : firstInfinite;
  return () => {
    let [seen, reached, low, high] = [0, 0, 0, 0];
    for (let k = 0; seen < size; k++) {
      if (!chosen[order[k]]) continue;
      if (seen === (size - 1) >> 1) low = ordered[k];
      if (seen === size >> 1) high = ordered[k];
      seen++;
      if (k < finite) reached++;
    }
    return { median: size % 2 ? low : (low + high) / 2, reached };
  };
}

/** Numbers in [0, 1), the same ones for the same seed (mulberry32, by Tommy Ettinger; public domain). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
