/** The activation function and its slope, with every neuron of the network on both. */
import { html, onResize, setText, svg } from "../parts/dom.js";
import { formatNumber, layerName, niceCeiling } from "../parts/format.js";
import { explorable } from "../parts/host.js";
import { activate, derivative } from "../parts/run.js";
import { chooseRun, STYLES } from "./single_network.js";
import css from "./sigmoid.css";

const HEIGHT = 380;
const LEAST_REACH = 6;
const MOST_REACH = 200; // of the axis, in pre-activations
const LOOKS = 40; // at a run, spread over it

const SHAPES = [ // one shape a layer, so that colour is not the only difference
  (x, y) => `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0`,
  (x, y) => `M${x - 5} ${y - 5}h10v10h-10z`,
  (x, y) => `M${x} ${y - 6}L${x + 6} ${y + 5}H${x - 6}z`,
];
const shapeOf = (k) => SHAPES[k % SHAPES.length];
const fillOf = (k) => `fill: var(--lv-layer-${(k % 6) + 1})`;

/** How far the axis must reach for all pre-activations, at steps spread over the run. */
function reach(run) {
  let far = LEAST_REACH;
  for (let k = 0; k <= LOOKS; k++)
    for (const row of [0, run.rows - 1])
      for (const layer of run.look(Math.round((k / LOOKS) * run.last), row).sums)
        for (const z of layer ?? []) if (Number.isFinite(z)) far = Math.max(far, Math.abs(z));
  return niceCeiling(Math.min(far, MOST_REACH));
}

/** One of the two panels: its frame and its curve. @returns {(z: number, value: number) => [number, number]} */
function panel(root, { left, y, width, height, top, name, ticks, far, curve }) {
  const place = (z, value) => [left + ((z + far) / (2 * far)) * width, y + height - (value / top) * height];
  for (const tick of ticks) {
    const at = place(0, tick)[1];
    svg("line", { x1: left, x2: left + width, y1: at, y2: at, class: "lv-gridline" }, root);
    svg("text", { x: left - 6, y: at + 4, class: "lv-tick lv-end" }, root).textContent = formatNumber(tick);
  }
  const [middle] = place(0, 0);
  svg("line", { x1: middle, x2: middle, y1: y, y2: y + height, class: "lv-gridline" }, root);
  svg("text", { x: left, y: y - 8, class: "lv-panel-name" }, root).textContent = name;
  const points = Array.from({ length: 201 }, (_, k) => -far + (k / 100) * far).map((z) => place(z, curve(z)));
  svg("path", { d: `M${points.map(([x, at]) => `${x.toFixed(1)} ${at.toFixed(1)}`).join("L")}`, class: "lv-curve" }, root);
  return place;
}

function sigmoidPicture(parent, { signal }) {
  const box = html("div", { class: "lv-activation" }, parent);
  const legend = html("div", { class: "lv-activation-legend" }, box);
  const root = svg("svg", { class: "lv-activation-picture", role: "img" }, box);
  const summary = html("p", { class: "lv-activation-summary" }, box);
  let run = null;
  let far = LEAST_REACH; // only ever grows: choosing another scheme does not change the axis under the reader's eyes
  let dots = []; // of each layer, of each neuron: one on each panel
  let last = [0, 0];

  function build() {
    const width = Math.max(root.clientWidth, 280);
    const name = run.activation;
    const [left, across] = [44, width - 56];
    root.replaceChildren();
    root.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    root.setAttribute("height", HEIGHT);
    root.setAttribute("aria-label", `The ${name} function and its slope, with the neurons of the network on them`);
    const frame = { left, width: across, far };
    const upper = panel(root, {
      ...frame, y: 26, height: 150, top: 1, ticks: [0, 0.5, 1],
      name: `${name} σ(z): what the neuron gives`, curve: (z) => activate(name, z),
    });
    const lower = panel(root, {
      ...frame, y: 216, height: 120, top: 0.25, ticks: [0, 0.125, 0.25], name: "slope σ′(z): how much error it lets back",
      curve: (z) => derivative(name, activate(name, z)),
    });
    for (const z of [-far, -far / 2, 0, far / 2, far])
      svg("text", { x: upper(z, 0)[0], y: 354, class: "lv-tick lv-mid" }, root).textContent = formatNumber(z);
    svg("text", { x: left + across / 2, y: 374, class: "lv-tick lv-mid" }, root).textContent = "sum of weighted inputs z";
    const dotOn = (place, k) => ({ place, dot: svg("path", { class: "lv-dot", style: fillOf(k) }, root) });
    dots = run.sizes.slice(1).map((count, k) =>
      Array.from({ length: count }, () => [dotOn(upper, k), dotOn(lower, k)]),
    );
    legend.replaceChildren();
    run.sizes.slice(1).forEach((count, k) => {
      const entry = html("span", {}, legend);
      svg("path", { d: shapeOf(k)(7, 7), style: fillOf(k) }, svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, entry));
      entry.append(`${layerName(k + 1, run.sizes)} (${count})`);
    });
  }
  function draw(step, row) {
    last = [step, row];
    const look = run.look(step, row);
    const means = dots.map((layer, k) => {
      const [sums, values, slopes] = [look.sums[k + 1], look.activations[k + 1], look.derivatives[k + 1]];
      layer.forEach((pair, j) => {
        const z = Math.min(Math.max(sums[j], -far), far);
        pair.forEach(({ place, dot }, which) => {
          dot.setAttribute("d", Number.isNaN(z) ? "" : shapeOf(k)(...place(z, which === 0 ? values[j] : slopes[j])));
        });
      });
      const mean = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
      return `${layerName(k + 1, run.sizes)} ${formatNumber(mean)}`;
    });
    setText(summary, `Mean slope: ${means.join(", ")}; at most 0.25.`);
  }
  onResize(root, () => {
    if (!run) return;
    build();
    draw(...last);
  }, signal);
  return {
    load(next) {
      run = next;
      far = Math.max(far, reach(run));
      build();
    },
    draw,
  };
}

export default explorable("sigmoid", (stage) => chooseRun(stage, sigmoidPicture), [...STYLES, css]);
