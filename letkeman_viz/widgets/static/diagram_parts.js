// The parts of a network diagram: what is built once for a shape and a width, and the legend.
import { formatNumber, layerName } from "./format.js";
import { edgeWidth } from "./geometry.js";
import { svg } from "./stage.js";

function text(parent, x, y, content, cls) {
  const element = svg("text", { x, y, class: cls }, parent);
  element.textContent = content;
  return element;
}

/** One line a weight: [layer][from][to]. */
export function buildEdges(root, place) {
  const group = svg("g", { class: "lkv-edges" }, root);
  return place.neurons.slice(1).map((column, k) =>
    place.neurons[k].map((a) =>
      column.map((b) => svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: "zero" }, group)),
    ),
  );
}

/** Rings and fills: [layer][index]. */
export function buildNeurons(root, place) {
  const r = place.radius;
  return place.neurons.map((column, k) =>
    column.map(({ x, y }) => {
      const group = svg("g", { class: "lkv-neuron" }, root);
      svg("circle", { cx: x, cy: y, r: r + 1, class: "lkv-rim" }, group);
      const ring = k > 0 && svg("circle", { cx: x, cy: y, r: r - 2, class: "zero" }, group);
      svg("circle", { cx: x, cy: y, r: r - 4, class: "lkv-empty" }, group);
      const fill = svg("circle", { cx: x, cy: y, r: r - 4, class: "lkv-fill" }, group);
      return { group, ring, fill };
    }),
  );
}

/** Bits at the inputs; numbers, bits and what is wanted at the outputs. */
export function buildLabels(root, run, place) {
  const { neurons, radius, width, narrow } = place;
  const inner = (k) => place.tight && k > 0 && k < neurons.length - 1;
  neurons.forEach((column, k) => text(root, column[0].x, 16, inner(k) ? `h${k}` : layerName(k, run.sizes), "lkv-head"));
  const inputs = neurons[0].map(({ x, y }, i) => {
    if (!narrow) text(root, x - radius - 34, y + 4, String(2 ** (run.sizes[0] - 1 - i)), "lkv-place");
    return text(root, x - radius - 12, y + 5, "", "lkv-bit");
  });
  const columns = narrow ? [width - 74, width - 44, width - 17] : [width - 108, width - 64, width - 24];
  ["", "bit", narrow ? "want" : "wanted"].forEach((name, k) => text(root, columns[k], 16, name, "lkv-head"));
  const outputs = neurons.at(-1).map(({ y }) => ({
    value: text(root, columns[0], y + 4, "", "lkv-value"),
    bit: text(root, columns[1], y + 5, "", "lkv-bit"),
    wanted: text(root, columns[2], y + 5, "", "lkv-bit"),
  }));
  return { inputs, outputs };
}

/** A bar for the gradient of each layer of weights. */
export function buildMeters(root, run, place) {
  const y = place.meters;
  const length = Math.min(place.between * 0.8, 150);
  const meters = place.neurons.slice(1).map((column, k) => {
    const middle = (place.neurons[k][0].x + column[0].x) / 2;
    const x = middle - length / 2;
    text(root, middle, y, place.tight ? String(k + 1) : `layer ${k + 1}`, "lkv-head");
    svg("rect", { x, y: y + 6, width: length, height: 8, rx: 2, class: "lkv-meter" }, root);
    const style = `fill: var(--lkv-layer-${(k % 6) + 1})`;
    const bar = svg("rect", { x, y: y + 6, width: 0, height: 8, rx: 2, style }, root);
    return { bar, length, number: place.tight ? null : text(root, middle, y + 31, "", "lkv-number") };
  });
  if (!place.narrow) text(root, 2, y + 14, "gradient", "lkv-side");
  return meters;
}

/** What lines, outlines, fills and bars stand for, in numbers. */
export function drawLegend(legend, top, scale, rows, widest) {
  const line = (cls, value) =>
    `<span><svg width="34" height="10" aria-hidden="true"><line x1="1" x2="33" y1="5" y2="5" class="${cls}" ` +
    `stroke-width="${edgeWidth(value, top, widest)}"/></svg> ${formatNumber(value)}</span>`;
  const ring = (cls, word) =>
    `<span><svg width="18" height="18" aria-hidden="true"><circle cx="9" cy="9" r="8" class="lkv-rim"/>` +
    `<circle cx="9" cy="9" r="5.5" class="${cls} lkv-sample"/></svg> ${word}</span>`;
  const lines = scale === "layer" ? "<span>widest: the layer's largest</span>" :
    line("positive", top) + line("positive", top / 2) + line("negative", -top / 2) + line("negative", -top) + line("zero", 0);
  legend.innerHTML =
    `<div><b>Line: weight</b> ${lines}</div>` +
    `<div><b>Outline: bias</b> ${ring("zero", "0")}${ring("positive", "positive")}${ring("negative", "negative")}` +
    `<b class="lkv-gap">Fill: activation</b> <span>0 <i class="lkv-ramp"></i> 1</span></div>` +
    `<div><b>Bar: gradient</b> <span>mean |dL/dw| of the layer${rows > 1 ? ` over all ${rows} examples` : ""}, log scale</span></div>`;
}
