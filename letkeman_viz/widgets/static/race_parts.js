// The parts of a race on the page: panels and their legend.
import { formatNumber } from "./format.js";
import { edgeWidth } from "./geometry.js";
import { html, svg } from "./stage.js";

/** Dash and mark of the eight styles: what tells them apart where colours do not. */
const LOOKS = [
  ["2 3", "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z"], // disc
  ["9 3 2 3", "M-3.6-3.6H3.6V3.6H-3.6Z"], // square
  ["", "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z"],
  ["6 4", "M0-5L5 0L0 5L-5 0Z"], // diamond
  ["11 4", "M0-5L5 4H-5Z"], // triangle
  ["6 3 2 3", "M0 5L5-4H-5Z"], // triangle on its point
  ["8 3 2 3 2 3", "M-1.6-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z"], // cross
  ["4 2", "M0-6L1.6-2L6-2L2.4.8L3.8 5L0 2.4L-3.8 5L-2.4.8L-6-2L-1.6-2Z"], // star
];

/** A sample of a style: its line with its mark. */
export function swatch(parent, style) {
  const [dash, mark] = LOOKS[style - 1];
  const picture = svg("svg", { viewBox: "-17 -7 34 14", width: 34, height: 14, "aria-hidden": "true" }, parent);
  picture.style.color = `var(--lkv-scheme-${style})`;
  svg("path", { d: "M-17 0H17", "stroke-dasharray": dash, stroke: "currentColor", "stroke-width": 2.5 }, picture);
  svg("path", { d: mark, fill: "currentColor", stroke: "var(--lkv-panel)", "stroke-width": 1.2 }, picture);
  return picture;
}

/** One run's panel, drawn into later. */
export function buildLane(list, name, style) {
  const item = html("li", { class: "lkv-lane" }, list);
  item.style.setProperty("--lkv-lane", `var(--lkv-scheme-${style})`);
  const button = html("button", { type: "button", class: "lkv-lane-name" }, item);
  swatch(button, style);
  html("span", { text: name }, button);
  const score = html("p", { class: "lkv-lane-score" }, item);
  const right = html("b", {}, score);
  const loss = html("span", {}, score);
  const canvas = html("canvas", { "aria-hidden": "true" }, item);
  const words = html("p", { class: "lkv-lane-words" }, item);
  return { item, button, right, loss, canvas, words, context: canvas.getContext("2d"), place: null };
}

/** What the widest line stands for, now that this is `top`. */
export function drawLegend(legend, top, widest, row) {
  const line = (sign, value) =>
    `<span><svg width="34" height="10" aria-hidden="true"><line x1="1" x2="33" y1="5" y2="5" class="${sign}" ` +
    `stroke-width="${edgeWidth(value, top, widest).toFixed(2)}"/></svg> ${formatNumber(value)}</span>`;
  legend.innerHTML =
    `<b>Line: weight, one scale for all panels</b><div>${line("positive", top)}${line("positive", top / 4)}` +
    `${line("negative", -top / 4)}${line("negative", -top)}</div><b>Outline: bias</b><div>` +
    `<span><i class="lkv-dot positive"></i> positive</span><span><i class="lkv-dot negative"></i> negative</span></div>` +
    `<b>Fill: activation</b><div><span>0 <i class="lkv-ramp"></i> 1</span><span>${row}</span></div>`;
}
