/**
 * How wide a weight and a bias are drawn, and the axis of the gradients: fixed laws, so that pictures can be compared
 * across schemes, seeds and steps.
 *
 * A line is linear in |weight| up to 1, where initial weights lie, and goes with the cube root above, where trained
 * ones lie: they stay lines, and 8 is still twice as wide as 1.
 */

/** @typedef {"fixed" | "layer" | "frame"} ScaleMode what the width of a line is relative to */

/** Pixels of the widest line, that of |weight| = 27 and more. */
export const WIDEST = 8;

/** Weights that a legend shows. */
export const SAMPLES = [0.25, 1, 8];

const TOP = 27; // a weight from which on lines get no wider: the cube of 3
const THINNEST = 0.4; // pixels; still seen
const NOTHING = 0.8; // pixels of the dots that stand for a weight of exactly 0
const RELATIVE = 2 / 3; // of the widest line: the largest weight where widths are relative
const LEAST_RANGE = [-8, 0];
const FURTHEST_RANGE = [-30, 12]; // an axis that shows 1e-300 shows nothing else

/** 0 to 1 at a weight of 0 to 1, 3 at 27. */
const law = (size) => (size <= 1 ? size : Math.cbrt(Math.min(size, TOP)));

/**
 * Pixels of the line of a weight.
 *
 * @param {number} weight
 * @param {number} [widest] of all lines, in pixels: less than `WIDEST` in small pictures and crowded networks
 */
export function lineWidth(weight, widest = WIDEST) {
  if (!Number.isFinite(weight)) return widest / 3;
  if (weight === 0) return NOTHING;
  return Math.max((law(Math.abs(weight)) * widest) / 3, THINNEST);
}

/** Pixels of the outline of a neuron with this bias; of a picture in which the widest line has `widest`. */
export function biasWidth(bias, widest = WIDEST) {
  const size = Number.isFinite(bias) ? law(Math.abs(bias)) : 1;
  return Math.max((1.6 + 0.8 * size) * Math.min(widest / WIDEST, 1), 1);
}

/** @returns {"positive" | "negative" | "zero" | "broken"} how a weight or a bias is drawn */
export function signOf(value) {
  if (!Number.isFinite(value)) return "broken";
  return value > 0 ? "positive" : value < 0 ? "negative" : "zero";
}

/** How full a neuron is drawn, 0 to 1; NaN stays NaN. @param {number} layer 0 is the input */
export function fullness(run, layer, activation) {
  const isSigmoid = layer === 0 || layer === run.sizes.length - 1 || run.activation === "sigmoid";
  if (!isSigmoid && run.activation === "relu") // it has no largest value
    return activation === Infinity ? 1 : activation / (1 + activation);
  return Math.min(Math.max(isSigmoid ? activation : (activation + 1) / 2, 0), 1);
}

const larger = (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most);

const LARGEST = new WeakMap(); // of a run: the largest |weight| of each layer, over all frames

function largestOf(run) {
  if (!LARGEST.has(run)) {
    const most = new Array(run.layerCount).fill(0);
    for (let frame = 0; frame < run.frames; frame++) {
      const parameters = run.parameters(run.steps[frame]);
      let at = 0;
      for (let k = 0; k < run.layerCount; k++) {
        const end = at + run.sizes[k] * run.sizes[k + 1];
        for (; at < end; at++) if (Math.abs(parameters[at]) > most[k]) most[k] = larger(most[k], parameters[at]);
        at += run.sizes[k + 1];
      }
    }
    LARGEST.set(run, most);
  }
  return LARGEST.get(run);
}

/**
 * The law of widths as the reader has chosen it.
 *
 * @param {ScaleMode} mode "fixed": `lineWidth`; "layer": relative to the largest |weight| of a layer in all frames;
 *   "frame": relative to the largest |weight| that the network has now
 * @param {import("./run.js").Run} run @param {import("./run.js").Look} look @param {number} [widest]
 * @returns {(weight: number, layer: number) => number} pixels; `layer` counts the layers of weights from 0
 */
export function widthLaw(mode, run, look, widest = WIDEST) {
  if (mode !== "layer" && mode !== "frame") return (weight) => lineWidth(weight, widest);
  const now = () => Math.max(...look.layers.map(({ weights }) => weights.reduce(larger, 0)));
  const tops = mode === "layer" ? largestOf(run) : new Array(run.layerCount).fill(now());
  return (weight, layer) => {
    if (weight === 0 || !Number.isFinite(weight)) return lineWidth(weight, widest);
    return Math.max((Math.abs(weight) / tops[layer]) * widest * RELATIVE, THINNEST);
  };
}

/**
 * Decades [low, high] of one fixed logarithmic axis for the gradients of these runs, over all layers and frames.
 * Exact zeros, NaN and infinity do not count.
 *
 * @param {import("./run.js").Run[]} runs
 * @param {[number, number]} [least] what the axis has at least; give the last result, and it never shrinks
 * @returns {[number, number]}
 */
export function gradientRange(runs, least = LEAST_RANGE) {
  let [smallest, largest] = [Infinity, 0];
  for (const { trained } of runs)
    for (const g of trained.gradient) {
      if (!(g > 0 && g < Infinity)) continue;
      if (g < smallest) smallest = g;
      if (g > largest) largest = g;
    }
  if (largest === 0) return [...least];
  const low = Math.max(Math.floor(Math.log10(smallest)), FURTHEST_RANGE[0]);
  const high = Math.min(Math.ceil(Math.log10(largest)), FURTHEST_RANGE[1]);
  return [Math.min(least[0], low), Math.max(least[1], high)];
}
