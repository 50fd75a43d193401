// What is going on at a frame, in plain words, from the numbers.
import { bitIsRight, isRight } from "./bits.js";
import { formatNumber, layerName, listLayers } from "./format.js";

const SATURATED_SLOPE = 0.02; // of at most 0.25
const UNEVEN = 1000; // between the first and the last layer's gradient

const mean = (values) => values.reduce((sum, v) => sum + Math.abs(v), 0) / values.length;

/** Hidden layers whose neurons all have the same weights, coming in and going out, and bias. @returns {number[]} */
export function identicalLayers(layers) {
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

function broken(layers) {
  const bad = layers.findIndex(({ weights, biases }) => ![...weights, ...biases].every(Number.isFinite));
  if (bad < 0) return null;
  return `Overflow: layer ${bad + 1} holds weights that are no longer numbers (NaN or infinity). Training stops here.`;
}

function stuckAtZero(gradient, layers) {
  const zero = gradient.flatMap((g, k) => (g === 0 ? [k + 1] : []));
  if (zero.length === 0) return null;
  if (zero.length === gradient.length) return "No gradient: it is exactly 0 for the weights of every layer.";
  const others = listLayers(gradient.flatMap((g, k) => (g === 0 ? [] : [k + 1])));
  const wall = layers.slice(zero.at(-1)).some(({ weights }) => weights.every((w) => w === 0));
  const reason = wall ? ", because no error comes back through weights that are all 0" : "";
  return `Vanished: the weights of ${listLayers(zero)} get a gradient of exactly 0${reason}. Only those of ${others} learn.`;
}

/** The slopes that matter: an output that is right may well be flat; that is success, not trouble. */
function slopesThatMatter(run, look, row) {
  const last = run.sizes.length - 1;
  const [outputs, target] = [look.activations[last], run.targets(row)];
  return look.slopes.map((values, k) => values?.filter((_, j) => k < last || !bitIsRight(outputs[j], target[j])));
}

function saturated(run, look, row) {
  if (isRight(look.activations.at(-1), run.targets(row))) return null;
  const slopes = slopesThatMatter(run, look, row).map((values, k) => ({ k, slope: values?.length ? mean(values) : 1 }));
  const flattest = slopes.reduce((low, s) => (s.slope < low.slope ? s : low));
  if (flattest.slope >= SATURATED_SLOPE) return null;
  const name = layerName(flattest.k, run.sizes);
  if (run.activation === "relu" && flattest.k < run.sizes.length - 1)
    return flattest.slope === 0 ? `Dead: every neuron of ${name} gives 0, and its slope there is 0.` : null;
  const which = flattest.k === run.sizes.length - 1 ? "the wrong outputs" : `the neurons of ${name}`;
  return `Saturated: ${which} sit where the slope is only ${formatNumber(flattest.slope)}, so almost no error gets through.`;
}

function uneven(gradient) {
  const [first, last] = [gradient[0], gradient.at(-1)];
  if (!(first > 0 && last > 0)) return null;
  const ratio = last / first;
  const times = formatNumber(ratio > 1 ? ratio : 1 / ratio);
  if (ratio > UNEVEN) return `Vanishing: layer 1's gradient is ${times} times smaller than layer ${gradient.length}'s.`;
  if (ratio < 1 / UNEVEN) return `Exploding: layer 1's gradient is ${times} times larger than layer ${gradient.length}'s.`;
  return null;
}

function symmetric(run, look) {
  const same = identicalLayers(look.layers);
  if (same.length === 0) return null;
  const names = same.map((k) => `the ${run.sizes[k]} neurons of ${layerName(k, run.sizes)}`).join(" are identical, and so are ");
  return `Symmetric: ${names}${same.length === 1 ? " are identical" : ""}; what is identical gets the same gradient and stays identical.`;
}

function progress(run, frame) {
  const step = run.step[frame];
  const loss = formatNumber(run.loss[frame]);
  if (run.one_example) {
    if (run.correctAfter[frame] === run.rows) return `Right after ${step} update${step === 1 ? "" : "s"}. Loss ${loss}.`;
    return `Not right yet. Loss ${loss}.`;
  }
  return `${run.correctAfter[frame]} of ${run.rows} right. Loss ${loss}.`;
}

/**
 * Sentences about a frame: how far it is, then what is wrong (two things at most), worst first.
 * @param {object} run @param {object} look for the `row` on show @param {number} frame @returns {string[]}
 */
export function narrate(run, look, frame, row) {
  const overflow = broken(look.layers);
  if (overflow) return [overflow];
  const gradient = Array.from(run.gradient(frame));
  const troubles = [stuckAtZero(gradient, look.layers), saturated(run, look, row), uneven(gradient), symmetric(run, look)];
  const found = troubles.filter(Boolean);
  if (found.length > 2) found.splice(1, found.length - 2); // the first trouble, and the symmetry
  if (found.length === 0) found.push("Every layer gets a gradient.");
  return [progress(run, frame), ...found];
}
