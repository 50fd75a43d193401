/** Where the parts of a network diagram lie, in pixels, and what lies under a pointer. No DOM here. */
import { WIDEST } from "./scale.js";

/**
 * @typedef {{ kind: "neuron", layer: number, index: number } | { kind: "edge", layer: number, from: number, to: number }} Part
 *   a neuron (layer 0 is the input), or the weight from neuron `from` of the layer before to neuron `to`
 */

const NARROW = 520; // pixels
const NARROW_HEIGHT = 300;
const [HEAD, FOOT] = [34, 30]; // names of the layers; numbers that the bits read as

/**
 * Columns of neurons, input left and output right, centred on one line.
 * @param {number[]} sizes @param {number} width of the whole picture @param {number} most height of it
 */
export function layout(sizes, width, most) {
  const narrow = width < NARROW;
  const height = narrow ? Math.min(most, NARROW_HEIGHT) : most;
  const tallest = Math.max(...sizes);
  const gap = Math.min((height - HEAD - FOOT) / tallest, 72);
  const radius = Math.min(narrow ? 11 : 15, gap * 0.36);
  const left = (narrow ? 46 : 54) + radius;
  const right = (narrow ? 104 : 150) + radius;
  const between = (width - left - right) / (sizes.length - 1);
  const middle = HEAD + (height - HEAD - FOOT) / 2;
  const neurons = sizes.map((count, k) =>
    Array.from({ length: count }, (_, i) => ({ x: left + k * between, y: middle + (i - (count - 1) / 2) * gap })),
  );
  // Thinner where there is little room, so that lines do not merge into a block.
  const widest = Math.max(WIDEST * Math.min(gap / 44, between / 75, 1) ** 1.5, 2.4);
  return { neurons, radius, narrow, widest, between, tight: between < 62, width, height, sizes };
}

/** Whether a network of these sizes has this part. @param {number[]} sizes @param {Part} part */
export function hasPart(sizes, { layer, index, from, to }) {
  if (layer >= sizes.length || (index ?? to) >= sizes[layer]) return false;
  return from === undefined || (layer > 0 && from < sizes[layer - 1]);
}

/** A neuron [layer, index] or a weight [layer, from, to] as a part; null for anything else. @returns {Part | null} */
export function partOf(numbers) {
  const [layer, a, b] = numbers;
  if (numbers.length === 2) return { kind: "neuron", layer, index: a };
  return numbers.length === 3 ? { kind: "edge", layer, from: a, to: b } : null;
}

/** A part as the numbers that `partOf` reads; [] for null. @param {Part | null} part */
export function numbersOf(part) {
  if (part === null) return [];
  return part.kind === "neuron" ? [part.layer, part.index] : [part.layer, part.from, part.to];
}

/** Whether two parts, or nulls, are the same. */
export const samePart = (a, b) => String(numbersOf(a)) === String(numbersOf(b));

/** The neurons at the ends of a part: [layer, index] each. */
const endsOf = (part) =>
  part.kind === "neuron" ? [[part.layer, part.index]] : [[part.layer - 1, part.from], [part.layer, part.to]];

/** Whether a part of the network is, or touches, the one in focus. @param {Part} focus @param {Part} part */
export function isNear(focus, part) {
  if (focus.kind === "neuron" && part.kind === "neuron" && Math.abs(focus.layer - part.layer) === 1) return true;
  const [few, many] = focus.kind === "edge" ? [endsOf(part), endsOf(focus)] : [endsOf(focus), endsOf(part)];
  return few.every((end) => many.some((other) => String(other) === String(end)));
}

/** Distance of point p from the segment a-b. */
function distanceToSegment(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/** What a pointer at `p` is on: a neuron, else the nearest weight within reach, else null. @returns {Part | null} */
export function pick({ neurons, radius }, p, reach = 7) {
  for (let layer = 0; layer < neurons.length; layer++) {
    const index = neurons[layer].findIndex((n) => Math.hypot(n.x - p.x, n.y - p.y) <= radius + 3);
    if (index >= 0) return { kind: "neuron", layer, index };
  }
  const layer = neurons.findIndex((column) => column[0].x > p.x);
  if (layer < 1) return null;
  let [best, least] = [null, reach];
  neurons[layer - 1].forEach((a, from) =>
    neurons[layer].forEach((b, to) => {
      const distance = distanceToSegment(p, a, b);
      if (distance <= least) [best, least] = [{ kind: "edge", layer, from, to }, distance];
    }),
  );
  return best;
}

/** The neuron that an arrow key leads to; null for any other key. @param {number[]} sizes @param {Part} at */
export function walk(sizes, at, key) {
  if (!key.startsWith("Arrow")) return null;
  const layer = at.layer + ({ ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0);
  const index = (at.index ?? at.to) + ({ ArrowDown: 1, ArrowUp: -1 }[key] ?? 0);
  const inside = Math.min(Math.max(layer, 0), sizes.length - 1);
  return { kind: "neuron", layer: inside, index: Math.min(Math.max(index, 0), sizes[inside] - 1) };
}

/** The next (or previous) of the weights into the neuron where we stand. @param {number[]} sizes @param {Part} at */
export function walkEdges(sizes, at, direction) {
  if (at.layer === 0) return at;
  const to = at.index ?? at.to;
  const count = sizes[at.layer - 1];
  const from = at.kind === "edge" ? (at.from + direction + count) % count : direction > 0 ? 0 : count - 1;
  return { kind: "edge", layer: at.layer, from, to };
}
