/** What lines, outlines and fills of a network stand for: one line with samples, the rest behind an (i). */
import { choice, info } from "./controls.js";
import { html, setText, svg } from "./dom.js";
import { formatNumber } from "./format.js";
import { biasWidth, lineWidth, SAMPLES, signOf, WIDEST } from "./scale.js";

const MODES = [
  { value: "fixed", label: "Fixed", title: "One law for every scheme, seed and step" },
  { value: "layer", label: "Per layer", title: "Relative to the largest weight of the layer in the whole run" },
  { value: "frame", label: "Per frame", title: "Relative to the largest weight at this step" },
];
const RELATIVE = {
  layer: "relative to the largest of its layer",
  frame: "relative to the largest now",
};
const RANGES = { sigmoid: ["0", "1"], tanh: ["−1", "1"], relu: ["0", "large"] };

const LAW =
  "As wide as the weight is large, up to 1; above 1 with the cube root, so that large weights stay lines: 8 is twice " +
  "as wide as 1, and 27 and more three times. The law is the same for every scheme, every seed and every step, so widths can be compared.";
const SIGNS = "Solid: positive. Dashed: negative. Dotted: exactly 0.";
const BIAS = "Solid: positive. Dashed: negative. White: exactly 0. The thicker, the larger.";
const FILLS = {
  sigmoid: "Empty is 0, full is 1.",
  tanh: "Empty is −1, half full is 0, full is 1. Inputs and outputs go from 0 to 1.",
  relu: "Empty is 0, half full is 1, nearly full is large. Inputs and outputs go from 0 to 1.",
};

function lineSample(parent, weight, widest) {
  const item = html("span", { class: "lv-key-item" }, parent);
  const picture = svg("svg", { width: 16, height: 10, "aria-hidden": "true" }, item);
  const name = `lv-sample lv-${signOf(weight)}`;
  svg("line", { x1: 0, x2: 16, y1: 5, y2: 5, class: name, "stroke-width": lineWidth(weight, widest) }, picture);
  item.append(formatNumber(weight));
}

function ringSample(parent, bias, name) {
  const item = html("span", { class: "lv-key-item" }, parent);
  const picture = svg("svg", { width: 18, height: 18, "aria-hidden": "true" }, item);
  svg("circle", { cx: 9, cy: 9, r: 8, class: "lv-sample-rim" }, picture);
  svg("circle", { cx: 9, cy: 9, r: 6, class: `lv-sample lv-${signOf(bias)}`, "stroke-width": biasWidth(bias) }, picture);
  item.append(name);
}

function paragraph(parent, name) {
  const line = html("p", {}, parent);
  html("b", { text: `${name} ` }, line);
  return html("span", {}, line);
}

/**
 * @param {HTMLElement} parent
 * @param {object} [options] besides `onscale`, what `draw` takes
 * @param {(mode: import("./scale.js").ScaleMode) => void} [options.onscale] the reader has chosen; without it there is no choice
 */
export function createLegend(parent, { onscale, ...first } = {}) {
  const element = html("div", { class: "lv-legend" }, parent);
  const key = html("div", { class: "lv-key" }, element);
  const more = html("div", { class: "lv-legend-more" });
  const law = paragraph(more, "Line: weight.");
  paragraph(more, "Ring: bias.").textContent = BIAS;
  const fill = paragraph(more, "Fill: activation.");
  const modes = onscale && choice(more, { label: "Width of the lines", options: MODES, value: "fixed", onchange: onscale });
  info(element, { label: "Legend", content: more });
  let now = {};

  function drawKey({ scale, widest, activation }) {
    key.replaceChildren();
    const lines = html("span", {}, key);
    html("b", { text: "Line: weight" }, lines);
    if (scale === "fixed") for (const weight of [...SAMPLES, -1, 0]) lineSample(lines, weight, widest);
    else html("span", { text: RELATIVE[scale] }, lines);
    const rings = html("span", {}, key);
    html("b", { text: "Ring: bias" }, rings);
    ringSample(rings, 1, "+");
    ringSample(rings, -1, "−");
    const fills = html("span", {}, key);
    html("b", { text: "Fill: activation" }, fills);
    const ramp = html("span", { class: "lv-key-item" }, fills);
    const [low, high] = RANGES[activation];
    ramp.append(low, html("i", { class: "lv-ramp" }), high);
  }
  /** @param {{ scale?: string, widest?: number, activation?: string }} changes what the diagram shows now */
  function draw(changes) {
    const next = { ...now, ...changes };
    if (Object.keys(next).every((name) => next[name] === now[name])) return;
    now = next;
    drawKey(now);
    const whole = now.scale === "layer" ? " in the whole run" : "";
    setText(law, `${now.scale === "fixed" ? LAW : `As wide as the weight is large, ${RELATIVE[now.scale]}${whole}.`} ${SIGNS}`);
    setText(fill, FILLS[now.activation]);
    if (modes) modes.value = now.scale;
  }
  draw({ scale: "fixed", widest: WIDEST, activation: "sigmoid", ...first });
  return {
    element,
    draw,
    set scale(mode) {
      draw({ scale: mode });
    },
  };
}
