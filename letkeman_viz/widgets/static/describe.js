// A neuron or a weight in words and numbers: the sums of the network with real values in them.
import { formatNumber, layerName } from "./format.js";

const nameOf = (run, layer, index) => `${layerName(layer, run.sizes)}, neuron ${index + 1}`;

function sumOf(terms) {
  return terms.map(([x, w]) => `${formatNumber(x)}·${w < 0 ? `(${formatNumber(w)})` : formatNumber(w)}`).join(" + ");
}

function describeInput(run, look, { index }) {
  const place = 2 ** (run.sizes[0] - 1 - index);
  return {
    title: `input, bit ${index + 1}`,
    lines: [
      `value ${formatNumber(look.activations[0][index])}; in the number this bit counts ${place}`,
      ...(run.rows > 1 ? ["press it, or Enter, to flip it"] : []),
    ],
  };
}

function describeNeuron(run, look, { layer, index }) {
  const { weights, biases, fanIn, fanOut } = look.layers[layer - 1];
  const into = Array.from({ length: fanIn }, (_, i) => [look.activations[layer - 1][i], weights[i * fanOut + index]]);
  const [a, slope, error] = [look.activations, look.slopes, look.errors].map((values) => values[layer][index]);
  const isOutput = layer === run.sizes.length - 1;
  const symbol = isOutput || run.activation === "sigmoid" ? "σ" : run.activation;
  const lines = [
    `sum = bias ${formatNumber(biases[index])} + ${sumOf(into)} = ${formatNumber(look.sums[layer][index])}`,
    `activation = ${symbol}(${formatNumber(look.sums[layer][index])}) = ${formatNumber(a)}, slope there ${formatNumber(slope)}`,
  ];
  if (isOutput) {
    const wanted = run.targets(run.shownRow)[index];
    lines.push(`error = (${formatNumber(a)} − wanted ${formatNumber(wanted)}) × slope ${formatNumber(slope)} = ${formatNumber(error)}`);
  } else {
    const next = look.layers[layer];
    const back = Array.from({ length: next.fanOut }, (_, j) => [
      next.weights[index * next.fanOut + j],
      look.errors[layer + 1][j],
    ]);
    lines.push(`error = slope ${formatNumber(slope)} × (${sumOf(back)}) = ${formatNumber(error)}`);
  }
  lines.push(`gradient of the bias = error = ${formatNumber(error)}`);
  return { title: nameOf(run, layer, index), lines };
}

/** What a weight or a bias is called. */
export function placeOf(run, part) {
  if (part.kind === "neuron") return `bias of ${nameOf(run, part.layer, part.index)}`;
  return `weight from ${nameOf(run, part.layer - 1, part.from)} to ${nameOf(run, part.layer, part.to)}`;
}

function describeEdge(run, look, { layer, from, to }) {
  const { weights, fanOut } = look.layers[layer - 1];
  const weight = weights[from * fanOut + to];
  const input = look.activations[layer - 1][from];
  const error = look.errors[layer][to];
  return {
    title: placeOf(run, { kind: "edge", layer, from, to }),
    lines: [
      `weight ${formatNumber(weight)}; it adds ${formatNumber(input)} × ${formatNumber(weight)} = ${formatNumber(input * weight)} to the sum`,
      `gradient = input ${formatNumber(input)} × error ${formatNumber(error)} = ${formatNumber(input * error)}`,
    ],
  };
}

/** @param {object} run decoded, with the row on show in `shownRow` @returns {{title: string, lines: string[]}} */
export function describe(run, look, picked) {
  if (picked.kind === "edge") return describeEdge(run, look, picked);
  return picked.layer === 0 ? describeInput(run, look, picked) : describeNeuron(run, look, picked);
}
