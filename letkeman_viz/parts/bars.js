/** Bars on a logarithmic axis: upright, on the same axis as a line chart beside them, or lying where that is too narrow. */
import { FRAME, logAxis, TICK, ZERO_SLOT } from "./axes.js";
import { html, onResize, setText } from "./dom.js";
import { formatNumber } from "./format.js";

const UPRIGHT = 62; // px that an upright bar needs for its number
const AXIS = 44; // px of the axis beside upright bars
const LEAST = 0.01; // of the axis: the bar of a number below its range is still seen

/**
 * @typedef {object} BarDrawing
 * @property {string} [title]
 * @property {{ name: string, value: number, color: string }[]} bars
 * @property {[number, number]} range of the axis in decades, as of `gradientRange`
 *
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {AbortSignal} options.signal @param {string} options.label what is shown
 * @param {number} [options.height] px, as of the line chart beside it; without it the bars always lie
 * @returns {{ element: HTMLElement, draw: (drawing: BarDrawing) => void }}
 */
export function barChart(parent, { signal, label, height }) {
  const element = html("figure", { class: "lv-chart", role: "group", "aria-label": label }, parent);
  const title = html("div", { class: "lv-chart-head lv-chart-title", hidden: true }, element);
  const plot = html("div", {}, element);
  if (height) plot.style.height = `${height}px`;
  let rows = []; // of elements, a row for each bar
  let show = null; // (row, value): give a bar its length
  let built = "";
  let drawing = null;

  function build(upright) {
    plot.replaceChildren();
    plot.className = upright ? "lv-bars lv-upright" : "lv-bars";
    const { bars, range } = drawing;
    const grid = html("div", { class: "lv-bar-grid", "aria-hidden": "true" }, plot);
    const list = upright ? html("div", { class: "lv-bar-columns", style: `left: ${AXIS}px` }, plot) : plot;
    rows = bars.map(({ name, color }) => {
      const row = html("div", { class: "lv-bar", style: `--lv-bar: var(${color})` }, list);
      html("span", { class: "lv-bar-name", text: name }, row);
      const track = html("span", { class: "lv-bar-track", "aria-hidden": "true" }, row);
      return { fill: html("span", { class: "lv-bar-fill" }, track), number: html("span", { class: "lv-bar-value" }, row) };
    });
    if (upright) buildUpright(grid, range);
    else buildLying(grid, range);
  }
  /** The frame of a line chart of the same height. */
  function buildUpright(grid, range) {
    const bottom = height - FRAME.bottom;
    const axis = logAxis(range, bottom - ZERO_SLOT / 2, FRAME.top, TICK);
    const start = bottom - 1.5 * ZERO_SLOT;
    grid.style.left = `${AXIS}px`;
    for (const { at, text } of axis.ticks) html("span", { text }, html("i", { style: `top: ${at}px` }, grid));
    html("b", { style: `top: ${bottom}px` }, grid);
    for (const { fill } of rows) Object.assign(fill.style, { top: `${FRAME.top}px`, height: `${start - FRAME.top}px` });
    show = ({ fill, number }, value) => {
      const top = value === Infinity ? FRAME.top : axis.place(value);
      const share = value > 0 ? Math.max((start - top) / (start - FRAME.top), LEAST) : 0;
      fill.style.transform = `scaleY(${share.toFixed(4)})`;
      number.style.transform = `translateY(${(value > 0 ? Math.max(top - 19, 0) : bottom - 19).toFixed(1)}px)`;
    };
  }
  function buildLying(grid, range) {
    plot.append(grid); // below the bars
    const width = grid.clientWidth || 120;
    const axis = logAxis(range, 0, width, 46, { zero: false });
    for (const { at, text } of axis.ticks) html("i", { style: `left: ${(100 * at) / width}%`, text }, grid);
    show = ({ fill }, value) => {
      const share = value === Infinity ? 1 : value > 0 ? Math.max(axis.place(value) / width, LEAST) : 0;
      fill.style.transform = `scaleX(${share.toFixed(4)})`;
    };
  }
  function draw(next) {
    drawing = next;
    const layout = JSON.stringify([next.bars.map(({ name, color }) => [name, color]), next.range, plot.clientWidth]);
    if (layout !== built) build(Boolean(height) && plot.clientWidth >= AXIS + UPRIGHT * next.bars.length);
    built = layout;
    setText(title, next.title ?? "");
    title.hidden = !next.title;
    next.bars.forEach(({ value }, k) => {
      show(rows[k], value);
      setText(rows[k].number, value === 0 ? "exactly 0" : formatNumber(value));
    });
  }
  onResize(plot, () => drawing && draw(drawing), signal);
  return { element, draw };
}
