/** A map: a cell for every pair of two settings, coloured by a number. A grid that can be walked by keyboard. */
import { html, onResize, setAttribute, setText } from "./dom.js";
import { formatNumber } from "./format.js";

/** Light to dark in even steps of lightness; neither end is white or black, which would vanish in one of the themes. */
const LIGHT_TO_DARK = ["#fde725", "#6ccd5a", "#1f9a8a", "#33638d", "#482173"];
const LETTER = 7; // px, about, of a letter at 12 px
const FLAG = 16; // px from the name of one flag to the next

/** @typedef {{ value: number, label: string }} Stop one row or column */

/**
 * @typedef {object} HeatDrawing
 * @property {Stop[]} rows the first is lowest @property {Stop[]} columns
 * @property {ArrayLike<number>} cells row by row; NaN: not known yet, Infinity: never
 * @property {(row: number, column: number) => string} text of a cell's tooltip
 * @property {Stop[]} [flags] values of the columns' axis that have a name
 * @property {string[]} [colours] hexadecimal, from the lowest number to the highest
 * @property {string} unit of the cells' numbers, in the plural
 * @property {[number, number]} [range] of the colours; from 0 to the highest number where it is not given
 * @property {string} [up] what the rows are @property {string} [across] what the columns are
 * @property {string} [never] what Infinity means
 */

/**
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {AbortSignal} options.signal @param {string} options.label @param {number} [options.height] px of all cells
 * @param {(row: number, column: number) => void} [options.onpress]
 * @returns {{ element: HTMLElement, draw: (drawing: HeatDrawing) => void }}
 */
export function heatMap(parent, { signal, label, height = 300, onpress }) {
  const element = html("figure", { class: onpress ? "lv-heat lv-pressed" : "lv-heat" }, parent);
  const up = html("div", { class: "lv-heat-name", "aria-hidden": "true" }, element);
  const map = html("div", { class: "lv-heat-map" }, element);
  const flags = html("div", { class: "lv-heat-flags" }, map);
  const rowNames = html("div", { class: "lv-heat-up", "aria-hidden": "true" }, map);
  const grid = html("div", { class: "lv-heat-grid", role: "grid", "aria-label": label }, map);
  const columnNames = html("div", { class: "lv-heat-across", "aria-hidden": "true" }, map);
  const across = html("div", { class: "lv-heat-name lv-heat-name-across", "aria-hidden": "true" }, map);
  const below = html("figcaption", { class: "lv-heat-below" }, element);
  const tip = html("div", { class: "lv-heat-tip", "aria-hidden": "true", hidden: true }, element);
  grid.style.height = `${height}px`;

  let drawing = null;
  let cells = []; // elements, in the order of the numbers
  let shape = "";
  let [row, column] = [0, 0]; // where the keyboard is
  let shown = null; // the cell of the tooltip

  function build({ rows, columns }) {
    const hadFocus = grid.contains(grid.getRootNode().activeElement);
    grid.replaceChildren();
    tip.hidden = true;
    cells = new Array(rows.length * columns.length);
    for (let r = rows.length - 1; r >= 0; r--) {
      const line = html("div", { class: "lv-heat-row", role: "row" }, grid);
      for (let c = 0; c < columns.length; c++) cells[r * columns.length + c] = cell(line, r, c);
    }
    [row, column] = [Math.min(row, rows.length - 1), Math.min(column, columns.length - 1)];
    at(row, column).tabIndex = 0;
    if (hadFocus) at(row, column).focus({ preventScroll: true });
  }
  const at = (r, c) => cells[r * drawing.columns.length + c];
  function cell(line, r, c) {
    const reach = { role: "gridcell", tabindex: "-1", "data-lm-suppress-shortcuts": "true" };
    const made = html("div", { class: "lv-heat-cell", ...reach }, line);
    made.addEventListener("pointerenter", () => showTip(r, c));
    made.addEventListener("pointerleave", () => (tip.hidden = true));
    made.addEventListener("focus", () => {
      at(row, column).tabIndex = -1;
      [row, column] = [r, c];
      made.tabIndex = 0;
      if (made.matches(":focus-visible")) showTip(r, c);
    });
    made.addEventListener("blur", () => (tip.hidden = true));
    made.addEventListener("click", () => onpress?.(r, c));
    return made;
  }
  grid.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || !drawing) return;
    const [lastRow, lastColumn] = [drawing.rows.length - 1, drawing.columns.length - 1];
    const ways = {
      ArrowUp: [row + 1, column], ArrowDown: [row - 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [lastRow, column], PageDown: [0, column],
      Home: [event.ctrlKey ? lastRow : row, 0], End: [event.ctrlKey ? 0 : row, lastColumn],
    };
    const [r, c] = ways[event.key] ?? [];
    if (event.key === "Enter" || event.key === " ") onpress?.(row, column);
    else if (r === undefined) return;
    else at(Math.min(Math.max(r, 0), lastRow), Math.min(Math.max(c, 0), lastColumn)).focus();
    event.preventDefault();
    event.stopPropagation();
  });
  function showTip(r, c) {
    shown = [r, c];
    setText(tip, drawing.text(r, c));
    tip.hidden = false;
    const [box, home] = [at(r, c).getBoundingClientRect(), element.getBoundingClientRect()];
    const left = box.left + box.width / 2 - home.left - tip.offsetWidth / 2;
    const top = box.top - home.top - tip.offsetHeight - 6;
    const x = Math.min(Math.max(left, 0), home.width - tip.offsetWidth);
    tip.style.translate = `${x}px ${top < 0 ? box.bottom - home.top + 6 : top}px`;
  }

  function draw(next) {
    drawing = next;
    const { rows, columns, colours = LIGHT_TO_DARK, range = rangeOf(next.cells) } = next;
    const now = JSON.stringify([rows, columns]);
    if (now !== shape) build(next);
    shape = now;
    cells.forEach((each, k) => {
      const value = next.cells[k];
      const kind = Number.isNaN(value) ? "unknown" : value === Infinity ? "never" : "known";
      setAttribute(each, "data-kind", kind);
      const share = (value - range[0]) / (range[1] - range[0]);
      if (kind === "known") each.style.setProperty("--lv-heat", colourAt(colours, share));
      setAttribute(each, "aria-label", next.text(Math.floor(k / columns.length), k % columns.length));
    });
    if (!tip.hidden) showTip(...shown);
    drawBelow(next, colours, range);
    setText(up, next.up ?? "");
    setText(across, next.across ?? "");
    drawNames();
  }
  function drawBelow({ unit, never = "never" }, colours, [low, high]) {
    below.replaceChildren();
    const bar = html("span", { text: formatNumber(low) }, below);
    html("i", { class: "lv-heat-bar", style: `background: linear-gradient(to right, ${colours.join(", ")})` }, bar);
    bar.append(`${formatNumber(high)} ${unit}`);
    html("i", { class: "lv-heat-never" }, html("span", {}, below)).after(never);
    html("i", { class: "lv-heat-blank" }, html("span", {}, below)).after("not known yet");
  }
  /** Names of rows, columns and flags, as many as there is room for. */
  function drawNames() {
    const { rows, columns, flags: named = [] } = drawing;
    const width = grid.clientWidth;
    if (width === 0) return;
    const longest = (stops) => Math.max(...stops.map(({ label: text }) => text.length)) * LETTER;
    const every = Math.ceil((longest(columns) + 4) / (width / columns.length));
    columnNames.replaceChildren();
    columns.forEach(({ label: text }, k) => {
      if (k % every === 0) html("span", { text, style: `left: ${(100 * (k + 0.5)) / columns.length}%` }, columnNames);
    });
    const everyRow = Math.ceil(15 / (height / rows.length));
    rowNames.replaceChildren();
    rowNames.style.width = `${longest(rows)}px`;
    rows.forEach(({ label: text }, k) => {
      if (k % everyRow === 0) html("span", { text, style: `top: ${100 - (100 * (k + 0.5)) / rows.length}%` }, rowNames);
    });
    const placed = placeFlags(named, columns, width);
    flags.replaceChildren();
    const levels = Math.max(0, ...placed.map(({ level }) => level + 1));
    flags.style.height = `${levels * FLAG}px`;
    for (const { label: text, left, start, level } of placed) {
      const top = (levels - 1 - level) * FLAG;
      html("span", { text, style: `left: ${start}px; top: ${top}px` }, flags);
      const from = start === left + 4 ? top + 2 : top + FLAG; // below a name that had to move to the left
      html("i", { style: `left: ${left}px; top: ${from}px; height: ${levels * FLAG + height - from}px` }, flags);
    }
  }
  onResize(grid, () => drawing && drawNames(), signal);
  return { element, draw };
}

function rangeOf(cells) {
  const high = Array.prototype.reduce.call(cells, (most, value) => (value > most && value < Infinity ? value : most), 0);
  return [0, high || 1];
}

/** A colour between neighbours of a list; `share` 0 to 1. */
function colourAt(colours, share) {
  const place = Math.min(Math.max(share, 0), 1) * (colours.length - 1);
  const k = Math.min(Math.floor(place), colours.length - 2);
  const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const [from, to] = [parts(colours[k]), parts(colours[k + 1])];
  return `rgb(${from.map((one, i) => Math.round(one + (to[i] - one) * (place - k))).join(" ")})`;
}

/**
 * Where flags stand above a map: each has a pole at its value and its name to the right of it. Where a name would
 * reach the next flag, it stands higher than that one, so that neither names nor poles meet a name.
 *
 * @param {Stop[]} flags @param {Stop[]} columns ascending values @param {number} width px
 * @returns {{ label: string, left: number, start: number, level: number }[]} px of the pole and of the name, and the
 *   line of the name, counted from below
 */
function placeFlags(flags, columns, width) {
  const size = columns.every(({ value }) => value > 0) ? Math.log : (value) => value;
  const at = ({ value }) => {
    const right = Math.min(Math.max(columns.findIndex((column) => column.value >= value), 1), columns.length - 1);
    const [low, high] = [size(columns[right - 1].value), size(columns[right].value)];
    return ((right - 0.5 + (size(value) - low) / (high - low)) / columns.length) * width;
  };
  const within = flags.filter(({ value }) => value >= columns[0].value && value <= columns.at(-1).value);
  const placed = [];
  for (const { label, value } of [...within].sort((a, b) => b.value - a.value)) {
    const left = at({ value });
    const reach = label.length * LETTER + 8;
    const start = Math.min(left + 4, Math.max(width - reach, 0));
    const met = placed.filter((other) => Math.min(other.left, other.start) < start + reach);
    placed.push({ label, left, start, level: Math.max(-1, ...met.map(({ level }) => level)) + 1 });
  }
  return placed.reverse();
}
