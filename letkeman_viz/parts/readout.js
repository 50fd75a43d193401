/** What is going on at a step, in one or two plain sentences made from the numbers. */
import { bitIsRight, isRight } from "./bits.js";
import { html, setText, throttle } from "./dom.js";
import { formatNumber, layerName, listLayers } from "./format.js";

const SATURATED = 0.02; // a mean slope of the sigmoid, which is 0.25 at most
const VANISHING = 1000; // between the first and the last layer's gradient
const UNEVEN = 10; // between any two layers' gradients
const UPDATE_EVERY = 150; // ms: text changes slower than pictures, so that it can be read
const REST = 1200; // ms without a new step until the text is read out: playing never gets there

const mean = (values) => values.reduce((sum, v) => sum + Math.abs(v), 0) / values.length;

/** Hidden layers whose neurons all have the same weights, coming in and going out, and bias. @returns {number[]} */
function identicalLayers(layers) {
  const same = (a, b) => a === b || Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
  return layers.slice(0, -1).flatMap(({ weights, biases, fanIn, fanOut }, k) => {
    if (fanOut < 2) return [];
    const rowIsOne = (i) => {
      const row = weights.subarray(i * fanOut, (i + 1) * fanOut);
      return row.every((w) => same(w, row[0]));
    };
    const isOne = biases.every((b) => same(b, biases[0])) && Array.from({ length: fanIn }, (_, i) => i).every(rowIsOne);
    const out = layers[k + 1];
    const leavesAlike = out.weights.every((w, at) => same(w, out.weights[at % out.fanOut]));
    return isOne && leavesAlike ? [k + 1] : [];
  });
}

function overflow(layers) {
  const bad = layers.findIndex(({ weights, biases }) => !weights.every(Number.isFinite) || !biases.every(Number.isFinite));
  if (bad < 0) return null;
  return `Overflow: layer ${bad + 1} holds weights that are no longer numbers (NaN or infinity). Training stops here.`;
}

function exactlyZero(gradient, layers) {
  const zero = gradient.flatMap((g, k) => (g === 0 ? [k + 1] : []));
  if (zero.length === 0) return null;
  if (zero.length === gradient.length) return "No gradient: it is exactly 0 for the weights of every layer.";
  const others = gradient.flatMap((g, k) => (g === 0 ? [] : [k + 1]));
  const wall = layers.slice(zero.at(-1)).some(({ weights }) => weights.every((w) => w === 0));
  const reason = wall ? ", as no error comes back through weights of 0" : "";
  const one = (layers) => (layers.length === 1 ? "s" : "");
  return `Vanished: ${listLayers(zero)} get${one(zero)} a gradient of exactly 0${reason}. Only ${listLayers(others)} learn${one(others)}.`;
}

/** The slopes that matter: an output that is correct may well be flat; that is success, not trouble. */
function slopesThatMatter(run, look, row) {
  const last = run.sizes.length - 1;
  const [outputs, target] = [look.activations[last], run.targets[row]];
  return look.derivatives.map((values, k) => values?.filter((_, j) => k < last || !bitIsRight(outputs[j], target[j])));
}

function saturated(run, look, row) {
  if (isRight(look.activations.at(-1), run.targets[row])) return null;
  const slopes = slopesThatMatter(run, look, row).map((values, k) => ({ k, slope: values?.length ? mean(values) : 1 }));
  const flattest = slopes.reduce((low, s) => (s.slope < low.slope ? s : low));
  if (flattest.slope >= SATURATED) return null;
  const name = layerName(flattest.k, run.sizes);
  if (run.activation === "relu" && flattest.k < run.sizes.length - 1)
    return flattest.slope === 0 ? `Dead: every neuron of ${name} gives 0, and its slope there is 0.` : null;
  const which = flattest.k === run.sizes.length - 1 ? "the wrong outputs" : `the neurons of ${name}`;
  return `Saturated: ${which} sit where the slope is only ${formatNumber(flattest.slope)}, so almost no error gets through.`;
}

/** "1/130 of layer 3's", "14 times layer 3's". */
function timesLayer(ratio, layer) {
  const few = (x) => formatNumber(Number(x.toPrecision(2)));
  if (ratio >= 1 || ratio < 1e-4) return `${few(ratio)} times layer ${layer}'s`;
  return ratio > 1 / 1.5 ? `${few(ratio)} of layer ${layer}'s` : `1/${few(1 / ratio)} of layer ${layer}'s`;
}

function uneven(gradient) {
  const [first, last] = [gradient[0], gradient.at(-1)];
  const count = gradient.length;
  if (first > 0 && last / first > VANISHING) return `Vanishing: layer 1's gradient is only ${timesLayer(first / last, count)}.`;
  if (last > 0 && first / last > VANISHING) return `Exploding: layer 1's gradient is ${timesLayer(first / last, count)}.`;
  return null;
}

/** How the layers' gradients compare where nothing is wrong with them. */
function compared(gradient) {
  const [low, high] = [Math.min(...gradient), Math.max(...gradient)];
  if (!(low > 0 && high < Infinity)) return null;
  const [weakest, strongest] = [gradient.indexOf(low) + 1, gradient.indexOf(high) + 1];
  if (weakest === strongest) return "Every layer gets a gradient.";
  const ratio = timesLayer(low / high, strongest);
  if (high / low >= UNEVEN) return `Layer ${weakest}'s gradient is ${ratio}.`;
  return `Every layer gets a gradient; the weakest, layer ${weakest}'s, is ${ratio}.`;
}

function symmetric(run, look) {
  const same = identicalLayers(look.layers);
  if (same.length === 0) return null;
  const one = `the ${run.sizes[same[0]]} neurons of ${layerName(same[0], run.sizes)}`;
  const whole = same.length === 1 ? one : `the neurons within ${nameLayers(same)}`;
  return `Symmetric: ${whole} are identical, get equal gradients and stay identical.`;
}

/** "hidden 1 and 2", "hidden 1 to 6". @param {number[]} layers two or more */
function nameLayers(layers) {
  const [first, last] = [layers[0], layers.at(-1)];
  if (layers.length > 2 && last - first === layers.length - 1) return `hidden ${first} to ${last}`;
  return listLayers(layers).replace("layers", "hidden");
}

function progress(run, step) {
  const loss = formatNumber(run.loss[step]);
  if (!run.oneExample) return `${run.correct[step]} of ${run.rows} correct. Loss ${loss}.`;
  if (run.correct[step] < run.rows) return `Not correct yet. Loss ${loss}.`;
  return `Correct after ${step} update${step === 1 ? "" : "s"}. Loss ${loss}.`;
}

/**
 * Sentences about a step: how far it is, then what is wrong (two things at most), the worst first.
 *
 * @param {import("./run.js").Run} run
 * @param {number} step a later one than the run's last is taken for the last
 * @param {number} row of the table, the one on show
 * @returns {string[]}
 */
export function narrate(run, step, row) {
  const now = Math.min(step, run.last);
  const look = run.look(now, row);
  const broken = overflow(look.layers);
  if (broken) return [broken];
  const gradient = Array.from(run.gradient(now));
  const troubles = [exactlyZero(gradient, look.layers), saturated(run, look, row), uneven(gradient), symmetric(run, look)];
  const found = troubles.filter(Boolean);
  if (found.length > 2) found.splice(1, found.length - 2); // the first trouble, and the symmetry
  if (found.length === 0) found.push(compared(gradient));
  return [progress(run, now), ...found.filter(Boolean)];
}

/**
 * The sentences on a page, in a box whose height does not depend on them.
 *
 * @param {HTMLElement} parent @param {{ signal: AbortSignal }} options
 * @returns {{ element: HTMLElement, draw: (run: import("./run.js").Run, step: number, row: number) => void }}
 */
export function createReadout(parent, { signal }) {
  const element = html("p", { class: "lv-sentence", "aria-live": "off" }, parent);
  let shown = null;
  let resting = 0;
  const write = () => signal.aborted || setText(element, narrate(...shown).join(" "));
  const writeSoon = throttle(write, UPDATE_EVERY);
  /** Screen readers read a text out when it is put into a live element: it is put there again. */
  function readOut() {
    element.setAttribute("aria-live", "polite");
    element.textContent = narrate(...shown).join(" ");
  }
  signal.addEventListener("abort", () => clearTimeout(resting));
  return {
    element,
    draw(run, step, row) {
      const first = shown === null;
      shown = [run, step, row];
      clearTimeout(resting);
      if (first) return write();
      element.setAttribute("aria-live", "off");
      resting = setTimeout(readOut, REST);
      writeSoon();
    },
  };
}
