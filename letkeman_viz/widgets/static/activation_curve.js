// ActivationCurve: the activation function above, its slope below, each neuron a dot on both.
import { activate, slope } from "./activation.js";
import { formatNumber, layerName, niceCeiling } from "./format.js";
import { begin, follow, html, setText, svg } from "./stage.js";

const SHAPES = [ // one shape a layer, so that colour is not the only difference
  (x, y) => `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0`,
  (x, y) => `M${x - 5} ${y - 5}h10v10h-10z`,
  (x, y) => `M${x} ${y - 6}L${x + 6} ${y + 5}H${x - 6}z`,
];

/** How far the axis must reach for every pre-activation of a few frames spread over the run. */
function reach(run, row) {
  let far = 6;
  for (let k = 0; k <= 40; k++) {
    const { sums } = run.look(Math.round((k / 40) * (run.frames - 1)), row);
    for (const layer of sums) for (const z of layer ?? []) if (Number.isFinite(z)) far = Math.max(far, Math.abs(z));
  }
  return niceCeiling(Math.min(far, 200));
}

function panel(root, { x, y, width, height, top, low, name, ticks, far }) {
  const px = (z) => x + ((z + far) / (2 * far)) * width;
  const py = (v) => y + height - ((v - low) / (top - low)) * height;
  for (const tick of ticks) {
    svg("line", { x1: x, x2: x + width, y1: py(tick), y2: py(tick), class: "lkv-gridline" }, root);
    svg("text", { x: x - 6, y: py(tick) + 4, class: "lkv-tick lkv-end" }, root).textContent = formatNumber(tick);
  }
  svg("line", { x1: px(0), x2: px(0), y1: y, y2: y + height, class: "lkv-gridline" }, root);
  svg("text", { x, y: y - 8, class: "lkv-panel-name" }, root).textContent = name;
  return { px, py };
}

function curve(root, { px, py }, far, f) {
  const points = Array.from({ length: 201 }, (_, k) => -far + (k / 100) * far);
  svg("path", { d: "M" + points.map((z) => `${px(z).toFixed(1)} ${py(f(z)).toFixed(1)}`).join("L"), class: "lkv-curve" }, root);
}

export default {
  async render({ model, el, host, signal }) {
    begin(el, "lkv-activation");
    const legend = html("div", { class: "lkv-legend-row" }, el);
    const root = svg("svg", { class: "lkv-picture", role: "img" }, el);
    const summary = html("p", { class: "lkv-summary" }, el);
    let parts = null;

    function rebuild(run, row) {
      const width = Math.max(root.clientWidth, 300);
      const far = reach(run, row);
      const name = run.activation;
      const [x, across] = [44, width - 56];
      root.replaceChildren();
      root.setAttribute("viewBox", `0 0 ${width} 380`);
      root.setAttribute("height", 380);
      root.setAttribute("aria-label", `The ${name} function and its slope, with the neurons of the network on them`);
      const upper = panel(root, { x, y: 26, width: across, height: 150, low: 0, top: 1, far, ticks: [0, 0.5, 1], name: `${name} σ(z): what the neuron gives` });
      const lower = panel(root, { x, y: 216, width: across, height: 120, low: 0, top: 0.25, far, ticks: [0, 0.125, 0.25], name: "slope σ′(z): how much error it lets back" });
      curve(root, upper, far, (z) => activate(name, z));
      curve(root, lower, far, (z) => slope(name, activate(name, z)));
      for (const z of [-far, -far / 2, 0, far / 2, far])
        svg("text", { x: upper.px(z), y: 354, class: "lkv-tick lkv-mid" }, root).textContent = formatNumber(z);
      svg("text", { x: x + across / 2, y: 374, class: "lkv-tick lkv-mid" }, root).textContent = "sum of weighted inputs z";
      const layers = run.sizes.slice(1).map((count, k) => {
        const style = `fill: var(--lkv-layer-${(k % 6) + 1})`;
        return Array.from({ length: count }, () => [upper, lower].map((on) => ({ on, dot: svg("path", { class: "lkv-dot", style }, root) })));
      });
      parts = { layers, far };
      legend.innerHTML = run.sizes.slice(1).map((count, k) =>
        `<span><svg width="14" height="14" aria-hidden="true"><path d="${SHAPES[k % 3](7, 7)}" style="fill: var(--lkv-layer-${(k % 6) + 1})"/></svg> ${layerName(k + 1, run.sizes)} (${count})</span>`).join("");
    }
    function draw(run, frame, row) {
      const look = run.look(frame, row);
      const { far } = parts;
      const report = parts.layers.map((dots, k) => {
        const [sums, values, slopes] = [look.sums[k + 1], look.activations[k + 1], look.slopes[k + 1]];
        dots.forEach((pair, j) => {
          const z = Math.min(Math.max(sums[j], -far), far);
          pair.forEach(({ on, dot }, which) => {
            const height = which === 0 ? values[j] : slopes[j];
            dot.setAttribute("d", Number.isNaN(z) ? "" : SHAPES[k % 3](on.px(z), on.py(height)));
          });
        });
        const mean = slopes.reduce((sum, s) => sum + s, 0) / slopes.length;
        return `${layerName(k + 1, run.sizes)} ${formatNumber(mean)}`;
      });
      setText(summary, `Mean slope: ${report.join(", ")}; at most 0.25.`);
    }
    await follow({ model, el, host, signal }, { rebuild, draw });
  },
};
