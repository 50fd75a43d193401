/**
 * Training runs as a page has them: from the engine, or from a recording made in Python.
 *
 * @typedef {object} Look everything about one step and one row of the table
 * @property {{weights: Float64Array, biases: Float64Array, fanIn: number, fanOut: number}[]} layers
 * @property {Float64Array[]} activations of every layer, the input first
 * @property {(Float64Array | null)[]} sums the pre-activations; null for the input
 * @property {(Float64Array | null)[]} deltas dL/d(sum); null for the input
 * @property {(Float64Array | null)[]} derivatives of the activation function; null for the input
 *
 * @typedef {object} Scheme how weights begin, as `scheme_data` (explorable.py) gives it
 * @property {string} name @property {string} label @property {string} kind @property {number[]} scales
 * @property {number[]} [parameters] with kind "given"
 */
import { engine } from "./engine.js";

/** Frames that are kept of a run at most; a run with more steps has a frame for some of them only. */
const MAX_FRAMES = 2000;

/** @param {string} name @param {number} z */
export function activate(name, z) {
  if (name === "tanh") return Math.tanh(z);
  return name === "relu" ? (z < 0 ? 0 : z) : 1 / (1 + Math.exp(-z));
}

/** The activation's derivative from its output. @param {string} name @param {number} a */
export function derivative(name, a) {
  if (name === "tanh") return 1 - a * a;
  return name === "relu" ? (a > 0 ? 1 : 0) : a * (1 - a);
}

/** Views of a flat parameter vector, layer by layer: weights (fanIn x fanOut, row-major), then biases. */
export function layersOf(parameters, sizes) {
  const layers = [];
  let at = 0;
  for (let k = 0; k + 1 < sizes.length; k++) {
    const [fanIn, fanOut] = [sizes[k], sizes[k + 1]];
    const biases = at + fanIn * fanOut;
    layers.push({ weights: parameters.subarray(at, biases), biases: parameters.subarray(biases, biases + fanOut), fanIn, fanOut });
    at = biases + fanOut;
  }
  return layers;
}

/** The number of parameters of a network. */
export const parameterCount = (sizes) => sizes.slice(1).reduce((sum, fanOut, k) => sum + (sizes[k] + 1) * fanOut, 0);

/** The output is always read as bits, so it is always a sigmoid. */
const functionOf = (layer, layers, activation) => (layer === layers.length ? "sigmoid" : activation);

function forward(layers, activation, input) {
  const activations = [Float64Array.from(input)];
  const sums = [null];
  layers.forEach(({ weights, biases, fanOut, fanIn }, k) => {
    const z = Float64Array.from(biases);
    for (let i = 0; i < fanIn; i++)
      for (let j = 0; j < fanOut; j++) z[j] += activations[k][i] * weights[i * fanOut + j];
    sums.push(z);
    activations.push(z.map((value) => activate(functionOf(k + 1, layers, activation), value)));
  });
  return { activations, sums };
}

/** Forward and back through the network for one row. @returns {Look} */
function lookAt(parameters, sizes, activation, input, target) {
  const layers = layersOf(parameters, sizes);
  const last = layers.length;
  const { activations, sums } = forward(layers, activation, input);
  const derivatives = activations.map((values, k) =>
    k === 0 ? null : values.map((value) => derivative(functionOf(k, layers, activation), value)),
  );
  const deltas = new Array(last + 1).fill(null);
  deltas[last] = activations[last].map((o, j) => (o - target[j]) * derivatives[last][j]);
  for (let k = last - 1; k > 0; k--) {
    const { weights, fanOut } = layers[k];
    deltas[k] = derivatives[k].map((slope, i) => {
      let total = 0;
      for (let j = 0; j < fanOut; j++) total += weights[i * fanOut + j] * deltas[k + 1][j];
      return total * slope;
    });
  }
  return { layers, activations, sums, deltas, derivatives };
}

/** One finished run. */
export class Run {
  /**
   * @param {object} about `name`, `label` of the scheme; `seed`; `sizes` of all layers; `activation`; `inputs` and
   *   `targets`, arrays of rows; `oneExample`: whether a step is an update rather than an epoch
   * @param {object} trained as the engine gives it, with frames
   */
  constructor(about, trained) {
    Object.assign(this, about);
    /** @type {"finished" | "solved" | "diverged"} */
    this.ended = trained.ended;
    /** The last step. */
    this.last = trained.epochs;
    /** (last + 1,): index = step. */
    this.loss = trained.loss;
    /** (last + 1,): rows predicted correctly. */
    this.correct = trained.correct;
    /** (frames,): the step of each frame. */
    this.steps = trained.steps;
    this.rows = this.inputs.length;
    this.unit = this.oneExample ? "update" : "epoch";
    const first = trained.correct.indexOf(this.rows);
    /** The first step after which every row is right, or null. */
    this.solvedAt = first < 0 ? null : first;
    this.frames = trained.steps.length;
    this.layerCount = this.sizes.length - 1;
    this.trained = trained;
    this.latest = { frame: -1, row: -1, look: null };
  }

  /** The last frame that is not after `step`; the first if all are. */
  frameAt(step) {
    let [low, high] = [0, this.frames - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.steps[middle] <= step) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** All parameters at a step. @returns {Float64Array} */
  parameters(step) {
    const count = parameterCount(this.sizes);
    const frame = this.frameAt(step);
    return this.trained.parameters.subarray(frame * count, (frame + 1) * count);
  }

  /** Mean |dL/dw| of every layer of weights over the whole table, at a step. @returns {Float64Array} */
  gradient(step) {
    const frame = this.frameAt(step);
    return this.trained.gradient.subarray(frame * this.layerCount, (frame + 1) * this.layerCount);
  }

  /** The gradient of layer k (from 0) at each frame. @returns {Float64Array} */
  gradientCurve(k) {
    return Float64Array.from({ length: this.frames }, (_, f) => this.trained.gradient[f * this.layerCount + k]);
  }

  /** How many rows were right as they were presented in epoch `step` (from 1). */
  presented(step) {
    let sum = 0;
    for (let row = 0; row < this.rows; row++) sum += this.trained.presented[(step - 1) * this.rows + row];
    return sum;
  }

  /** Whether a row was right when it was presented in epoch `step` (from 1). */
  wasRight(step, row) {
    return this.trained.presented[(step - 1) * this.rows + row] === 1;
  }

  /** @returns {Look} */
  look(step, row) {
    const frame = this.frameAt(step);
    if (this.latest.frame !== frame || this.latest.row !== row) {
      const look = lookAt(this.parameters(step), this.sizes, this.activation, this.inputs[row], this.targets[row]);
      this.latest = { frame, row, look }; // diagram and readout ask for the same one
    }
    return this.latest.look;
  }

  /** What the network answers to a row. @returns {Float64Array} */
  outputs(step, row) {
    return forward(layersOf(this.parameters(step), this.sizes), this.activation, this.inputs[row]).activations.at(-1);
  }
}

/**
 * Train one run for each scheme, all with the same seed, on the same examples in the same order.
 *
 * @param {object} task
 * @param {Scheme[]} task.schemes
 * @param {number} task.seed
 * @param {number} task.learningRate
 * @param {number[]} task.sizes @param {string} [task.activation]
 * @param {number[][]} task.inputs @param {number[][]} task.targets rows
 * @param {number} task.epochs at most; updates where `oneExample`
 * @param {boolean} [task.oneExample] stop as soon as everything is right
 * @param {boolean} [task.shuffle] @param {number} [task.bias] @param {number} [task.noise]
 * @param {number} [task.maxFrames]
 * @param {{ signal?: AbortSignal, onProgress?: (share: number) => void }} [options]
 * @returns {Promise<Run[]>} in the order of the schemes
 */
export async function train(task, options = {}) {
  const { schemes, seed, learningRate, sizes, activation = "sigmoid", inputs, targets, epochs } = task;
  const { oneExample = false, shuffle = true, bias = 0, noise = 0, maxFrames = MAX_FRAMES } = task;
  const trained = await engine().train(
    {
      layerSizes: sizes, activation, inputs: inputs.flat(), targets: targets.flat(), epochs,
      maxFrames: Math.max(3, Math.min(maxFrames, epochs + 1)), shuffle, stopWhenSolved: oneExample, bias,
      runs: schemes.map(({ kind, scales, parameters }) =>
        kind === "given" ? { seed, learningRate, noise, parameters } : { seed, learningRate, noise, kind, scales },
      ),
    },
    options,
  );
  return trained.map((run, k) => {
    const { name, label } = schemes[k];
    return new Run({ name, label, seed, learningRate, sizes, activation, inputs, targets, oneExample }, run);
  });
}
