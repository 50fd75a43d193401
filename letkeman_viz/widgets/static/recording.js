// A recording as Recording.to_wire (Python) packs it, and the network's calculus on its frames.
import { activate, slope } from "./activation.js";
import { frameAt } from "./steps.js";

/**
 * @typedef {object} Look everything about one frame and one row of the table
 * @property {{weights: Float32Array, biases: Float32Array, fanIn: number, fanOut: number}[]} layers
 * @property {Float64Array[]} activations of every layer, the input first
 * @property {(Float64Array | null)[]} sums the pre-activations; null for the input
 * @property {(Float64Array | null)[]} errors dL/d(sum); null for the input
 * @property {(Float64Array | null)[]} slopes of the activation function; null for the input
 */

/** Views of a flat parameter vector, layer by layer: weights (fanIn x fanOut, row-major), then biases. */
export function layersOf(parameters, sizes) {
  const layers = [];
  let at = 0;
  for (let k = 0; k + 1 < sizes.length; k++) {
    const [fanIn, fanOut] = [sizes[k], sizes[k + 1]];
    const biases = at + fanIn * fanOut;
    const end = biases + fanOut;
    layers.push({ weights: parameters.subarray(at, biases), biases: parameters.subarray(biases, end), fanIn, fanOut });
    at = end;
  }
  return layers;
}

/** The output is always read as bits, so it is always a sigmoid. */
const functionOf = (layer, layers, activation) => (layer === layers.length ? "sigmoid" : activation);

/** Through the network for one row: [activations of every layer, the input first; the sums behind them]. */
function forward(layers, activation, input) {
  const activations = [Float64Array.from(input)];
  const sums = [null];
  layers.forEach(({ weights, biases, fanIn, fanOut }, k) => {
    const z = Float64Array.from(biases);
    for (let i = 0; i < fanIn; i++)
      for (let j = 0; j < fanOut; j++) z[j] += activations[k][i] * weights[i * fanOut + j];
    sums.push(z);
    activations.push(z.map((value) => activate(functionOf(k + 1, layers, activation), value)));
  });
  return [activations, sums];
}

/** Forward and back through the network for one row. @returns {Look} */
export function lookAt(parameters, sizes, activation, input, target) {
  const layers = layersOf(parameters, sizes);
  const last = layers.length;
  const [activations, sums] = forward(layers, activation, input);
  const slopes = activations.map((values, k) =>
    k === 0 ? null : values.map((value) => slope(functionOf(k, layers, activation), value)),
  );
  const errors = new Array(last + 1).fill(null);
  errors[last] = activations[last].map((o, j) => (o - target[j]) * slopes[last][j]);
  for (let k = last - 1; k > 0; k--) {
    const { weights, fanOut } = layers[k];
    errors[k] = slopes[k].map((s, i) => {
      let total = 0;
      for (let j = 0; j < fanOut; j++) total += weights[i * fanOut + j] * errors[k + 1][j];
      return total * s;
    });
  }
  return { layers, activations, sums, errors, slopes };
}

/** The largest finite |weight| of each layer, and the largest |bias| of all, over all frames. */
function extremes(frames, parametersOf, sizes) {
  const weight = new Array(sizes.length - 1).fill(0);
  let bias = 0;
  const larger = (before, value) => (Number.isFinite(value) ? Math.max(before, Math.abs(value)) : before);
  for (let f = 0; f < frames; f++)
    layersOf(parametersOf(f), sizes).forEach(({ weights, biases }, k) => {
      weight[k] = weights.reduce(larger, weight[k]);
      bias = biases.reduce(larger, bias);
    });
  return { weight, bias };
}

/**
 * A recording's fields as arrays, and `look(frame, row)`.
 * @param {object} header see Recording.to_wire @param {ArrayBuffer} buffer float32, little-endian
 */
export function decode(header, buffer) {
  const fields = {};
  let at = 0;
  for (const [name, shape] of Object.entries(header.fields)) {
    const length = shape.reduce((product, n) => product * n, 1);
    fields[name] = new Float32Array(buffer, 4 * at, length);
    at += length;
  }
  const sizes = header.layer_sizes;
  const width = (name) => header.fields[name][1];
  const rowOf = (name) => (k) => fields[name].subarray(k * width(name), (k + 1) * width(name));
  const [parameters, gradient, presented] = ["parameters", "gradient", "presented"].map(rowOf);
  const [inputs, targets] = ["inputs", "targets"].map(rowOf);
  const frames = fields.step.length;
  let latest = { frame: -1, row: -1, look: null }; // diagram, readout and curve ask for the same one
  const look = (frame, row) => {
    if (latest.frame !== frame || latest.row !== row) {
      const found = lookAt(parameters(frame), sizes, header.activation, inputs(row), targets(row));
      latest = { frame, row, look: found };
    }
    return latest.look;
  };
  const outputs = (frame, row) =>
    forward(layersOf(parameters(frame), sizes), header.activation, inputs(row))[0].at(-1);
  const rows = header.fields.inputs[0];
  const clampRow = (row) => Math.min(Math.max(row, 0), rows - 1);
  return {
    ...header, sizes, frames, rows, clampRow, look, outputs,
    step: fields.step, frameAt: (step) => frameAt(fields.step, step), loss: fields.loss, correctAfter: fields.correct_after,
    parameters, gradient, presented, inputs, targets,
    largest: extremes(frames, parameters, sizes),
  };
}
