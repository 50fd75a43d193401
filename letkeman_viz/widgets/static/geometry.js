// Where the parts of a network diagram lie, in pixels, and what lies under a pointer. No DOM here.

/**
 * Columns of neurons, input left and output right, centred on one line.
 * @param {number[]} sizes @param {number} width of the whole picture
 */
export function layout(sizes, width) {
  const narrow = width < 520;
  const most = Math.max(...sizes);
  const gap = Math.max(26, Math.min(narrow ? 40 : 46, 460 / most));
  const radius = Math.min(narrow ? 11 : 14, gap * 0.36);
  const left = (narrow ? 34 : 52) + radius;
  const right = (narrow ? 92 : 138) + radius;
  const top = 34 + radius;
  const between = (width - left - right) / (sizes.length - 1);
  const middle = top + ((most - 1) * gap) / 2;
  const neurons = sizes.map((count, k) =>
    Array.from({ length: count }, (_, i) => ({ x: left + k * between, y: middle + (i - (count - 1) / 2) * gap })),
  );
  const bottom = top + (most - 1) * gap + radius;
  const crowded = Math.max(1, most / 10);
  const widest = (narrow ? 2.5 : 5) / crowded; // pixels of the widest line; thicker ones would merge into a block
  const has = ({ layer, index, from, to }) =>
    layer < sizes.length && (index ?? to) < sizes[layer] && (from ?? 0) < (sizes[layer - 1] ?? 1);
  return { neurons, radius, narrow, widest, between, tight: between < 62, bottom, meters: bottom + 20, height: bottom + 66, width, has };
}

/** A neuron [layer, index] or a weight [layer, from, to] as `pick` would give it; null for anything else. */
export function partOf(numbers) {
  const [layer, a, b] = numbers;
  if (numbers.length === 2) return { kind: "neuron", layer, index: a };
  return numbers.length === 3 ? { kind: "edge", layer, from: a, to: b } : null;
}

/** Whether a part of the network is, or touches, the one in focus. */
export function isNear(focus, part) {
  const ends = (p) => (p.kind === "neuron" ? [[p.layer, p.index]] : [[p.layer - 1, p.from], [p.layer, p.to]]);
  const touches = ([layer, index]) => ends(part).some(([l, i]) => l === layer && i === index);
  if (focus.kind === "edge") return part.kind === "neuron" ? ends(focus).some((e) => ends(part)[0].every((v, k) => v === e[k])) : ends(focus).every(touches);
  if (part.kind === "edge") return touches([focus.layer, focus.index]);
  return Math.abs(part.layer - focus.layer) === 1 || touches([focus.layer, focus.index]);
}

/** Distance of point p from the segment a-b. */
export function distanceToSegment(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/** What a pointer at `p` is on: a neuron, else the nearest edge within reach, else null. */
export function pick({ neurons, radius }, p, reach = 7) {
  for (let layer = 0; layer < neurons.length; layer++) {
    const index = neurons[layer].findIndex((n) => Math.hypot(n.x - p.x, n.y - p.y) <= radius + 3);
    if (index >= 0) return { kind: "neuron", layer, index };
  }
  let best = null;
  for (let layer = 1; layer < neurons.length; layer++) {
    neurons[layer - 1].forEach((a, from) =>
      neurons[layer].forEach((b, to) => {
        const distance = distanceToSegment(p, a, b);
        if (distance <= reach && distance < (best?.distance ?? Infinity))
          best = { kind: "edge", layer, from, to, distance };
      }),
    );
  }
  return best && { kind: "edge", layer: best.layer, from: best.from, to: best.to };
}

/** The neuron that an arrow key leads to; null for any other key. */
export function walk(sizes, at, key) {
  const layer = at.layer + ({ ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0);
  const index = (at.index ?? at.to) + ({ ArrowDown: 1, ArrowUp: -1 }[key] ?? 0);
  if (!key.startsWith("Arrow")) return null;
  const inside = Math.min(Math.max(layer, 0), sizes.length - 1);
  return { kind: "neuron", layer: inside, index: Math.min(Math.max(index, 0), sizes[inside] - 1) };
}

/** The next (or previous) of the edges that lead into the neuron where we stand. */
export function walkEdges(sizes, at, direction) {
  if (at.layer === 0) return at;
  const to = at.index ?? at.to;
  const count = sizes[at.layer - 1];
  const from = at.kind === "edge" ? (at.from + direction + count) % count : direction > 0 ? 0 : count - 1;
  return { kind: "edge", layer: at.layer, from, to };
}

/** Pixels of an edge: proportional to |weight|, `top` being as wide as an edge gets. */
export function edgeWidth(weight, top, widest = 5) {
  if (!Number.isFinite(weight)) return widest;
  return Math.max(Math.min(Math.abs(weight) / top, 1) * widest, weight === 0 ? 0.8 : 0.4);
}

/** @returns {"positive" | "negative" | "zero" | "broken"} how a weight or a bias is drawn */
export function signOf(value) {
  if (!Number.isFinite(value)) return "broken";
  return value > 0 ? "positive" : value < 0 ? "negative" : "zero";
}

/** The decades that a log scale must span for these values: [lowest, highest]; zeros do not count. */
export function decades(values) {
  const seen = values.filter((v) => v > 0 && Number.isFinite(v));
  if (seen.length === 0) return [-1, 0];
  const high = Math.ceil(Math.log10(Math.max(...seen)));
  return [Math.min(Math.floor(Math.log10(Math.min(...seen))), high - 1), high];
}

/** Where a magnitude lies on a log scale, 0 to 1; zero (and nothing else) is at 0, NaN and infinity at 1. */
export function onLog(value, [low, high]) {
  if (!Number.isFinite(value)) return 1;
  if (value <= 0) return 0;
  return Math.min(Math.max((Math.log10(value) - low) / (high - low), 0.02), 1);
}
