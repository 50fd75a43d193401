/** A neuron or a weight in words and numbers: the sums of the network with real values in them. */
import { html, setText } from "./dom.js";
import { formatNumber, layerName } from "./format.js";

/** @typedef {import("./geometry.js").Part} Part */

const nameOf = (run, layer, index) => `${layerName(layer, run.sizes)}, neuron ${index + 1}`;

const factor = (w) => (w < 0 ? `(${formatNumber(w)})` : formatNumber(w));

const SYMBOLS = { sigmoid: "σ", tanh: "tanh", relu: "ReLU" };

const sumOf = (terms) => terms.map(([a, b]) => `${factor(a)}·${factor(b)}`).join(" + ");

/** What a weight or a bias is called. @param {import("./run.js").Run} run @param {Part} part */
export function placeOf(run, part) {
  if (part.kind === "neuron") return `bias of ${nameOf(run, part.layer, part.index)}`;
  return `weight from ${nameOf(run, part.layer - 1, part.from)} to ${nameOf(run, part.layer, part.to)}`;
}

/** The parameter of a part; undefined where there is none. @param {import("./run.js").Look} look @param {Part} part */
function valueOf(look, part) {
  const layer = look.layers[part.layer - 1];
  return part.kind === "neuron" ? layer?.biases[part.index] : layer?.weights[part.from * layer.fanOut + part.to];
}

function describeInput(run, look, { index }) {
  const value = look.activations[0][index];
  const isBit = value === 0 || value === 1;
  const worth = isBit ? `; in the number, this bit counts ${2 ** (run.sizes[0] - 1 - index)}` : "";
  return { title: isBit ? `input, bit ${index + 1}` : `input ${index + 1}`, lines: [`value ${formatNumber(value)}${worth}`] };
}

/** How a neuron's error comes about. */
function errorLine(run, look, layer, index, row) {
  const [a, slope, error] = [look.activations, look.derivatives, look.deltas].map((values) => values[layer][index]);
  if (layer === run.sizes.length - 1) {
    const target = run.targets[row][index];
    const difference = `${formatNumber(a)} − ${formatNumber(target)}`;
    return `error = slope × (activation − target) = ${formatNumber(slope)} × (${difference}) = ${formatNumber(error)}`;
  }
  const { weights, fanOut } = look.layers[layer];
  const back = Array.from(look.deltas[layer + 1], (delta, j) => [weights[index * fanOut + j], delta]);
  const meaning = back.length > 1 ? "(weight × error + …)" : "(weight × error)";
  return `error = slope × ${meaning} = ${formatNumber(slope)} × (${sumOf(back)}) = ${formatNumber(error)}`;
}

function describeNeuron(run, look, { layer, index }, row) {
  const { weights, biases, fanOut } = look.layers[layer - 1];
  const into = Array.from(look.activations[layer - 1], (a, i) => [a, weights[i * fanOut + index]]);
  const all = [look.sums, look.activations, look.derivatives, look.deltas];
  const [sum, a, slope, error] = all.map((values) => formatNumber(values[layer][index]));
  const symbol = layer === run.sizes.length - 1 ? "σ" : SYMBOLS[run.activation];
  return {
    title: nameOf(run, layer, index),
    lines: [
      `sum = bias ${formatNumber(biases[index])} + ${sumOf(into)} = ${sum}`,
      `activation = ${symbol}(sum) = ${symbol}(${sum}) = ${a}; slope there ${slope}`,
      errorLine(run, look, layer, index, row),
      `gradient of the bias = error = ${error}`,
    ],
  };
}

function describeEdge(run, look, part, row) {
  const { layer, from, to } = part;
  const [weight, input, error] = [valueOf(look, part), look.activations[layer - 1][from], look.deltas[layer][to]];
  const added = `${formatNumber(input)} × ${factor(weight)} = ${formatNumber(input * weight)}`;
  return {
    title: placeOf(run, part),
    lines: [
      `weight ${formatNumber(weight)}; it adds input × weight = ${added} to the sum of ${nameOf(run, layer, to)}`,
      `gradient = input × error = ${formatNumber(input)} × ${factor(error)} = ${formatNumber(input * error)}`,
      `where ${errorLine(run, look, layer, to, row)}`,
    ],
  };
}

/**
 * @param {import("./run.js").Run} run
 * @param {import("./run.js").Look} look of this run
 * @param {Part} part
 * @param {number} [row] of the table that `look` is of; by default that of the run's latest look
 * @returns {{ title: string, lines: string[] }}
 */
export function describe(run, look, part, row = run.latest.row) {
  if (part.kind === "edge") return describeEdge(run, look, part, row);
  return part.layer === 0 ? describeInput(run, look, part) : describeNeuron(run, look, part, row);
}

/**
 * Write a description into an element: a line each, the title strong.
 * @param {HTMLElement} box @param {{ title: string, lines: string[] } | null} description
 */
export function writeDescription(box, description) {
  const lines = description ? [description.title, ...description.lines] : [];
  while (box.children.length > lines.length) box.lastChild.remove();
  const newLine = (k) => html("p", { class: k ? "lv-term" : "lv-term lv-term-title" }, box);
  lines.forEach((line, k) => setText(box.children[k] ?? newLine(k), line));
}
