/**
 * Line charts on a canvas. A chart has two canvases: below, axes and the whole run, faint; above, the
 * same lines, strong, cut off at the play head. Moving the head moves that cut and paints nothing anew.
 */
import { FRAME, linearAxis, logAxis, spread, TICK, tickText, ZERO_SLOT } from "./axes.js";
import { barChart as bars } from "./bars.js";
import { html, onFrame, onResize, setAttribute, setText, sharpContext, svg } from "./dom.js";
import { formatNumber } from "./format.js";
import { inks } from "./theme.js";

const FAINT = 0.32;
const LABEL = 15; // px from one name to the next
const TEXT = 11.5; // px, its size
const MARKS = 4; // on a line
const FEW = 30; // points of a line that are all seen as dots

/** See bars.js. */
export const barChart = bars;

/**
 * @typedef {object} Line
 * @property {string} name @property {string} color name of a CSS variable, such as "--lv-layer-1"
 * @property {number[]} [dash] @property {string} [mark] an SVG path around (0, 0) @property {number} [width] px
 * @property {ArrayLike<number>} [x] ascending; 0, 1, 2 … where there is none
 * @property {ArrayLike<number>} y NaN and infinity are gaps
 * @property {{ low: ArrayLike<number>, high: ArrayLike<number> }} [band]
 *
 * @typedef {object} Drawing
 * @property {string} [title] above the chart
 * @property {Line[]} lines
 * @property {number} xMax the axis begins at 0 @property {string} xLabel what x counts, in the singular: "epoch"
 * @property {{ log?: boolean, range: [number, number], ticks?: number[], whole?: boolean }} y `range` is in decades
 *   (powers of ten) where `log`, as of `gradientRange`; below it lies a place for exact zeros. `whole`: counts, no ticks between them
 * @property {boolean} [legend] name the lines: at their ends where there is room for it, else above
 */

/**
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {AbortSignal} options.signal @param {HTMLElement} options.root of the explorable
 * @param {string} options.label what the chart shows, for those who do not see it
 * @param {number} [options.height] px of the plot, with its axes but without title and legend
 * @param {(step: number) => void} [options.onscrub] the reader asks for this step by pressing, dragging or a key
 * @returns {{ element: HTMLElement, draw: (drawing: Drawing) => void, head: (step: number | null) => void }}
 *   before the first call of `head`, and after `head(null)`, all is strong
 */
export function lineChart(parent, { signal, root, label, height = 180, onscrub }) {
  const element = html("figure", { class: "lv-chart", role: "group", "aria-label": label }, parent);
  const top = html("div", { class: "lv-chart-head" }, element);
  const title = html("span", { class: "lv-chart-title" }, top);
  const legend = html("span", { class: "lv-chart-legend", "aria-hidden": "true" }, top);
  const reach = { tabindex: "0", role: "slider", "aria-label": label, "data-lm-suppress-shortcuts": "true" };
  const plot = html("div", { class: onscrub ? "lv-plot lv-scrubs" : "lv-plot", ...reach }, element);
  plot.style.height = `${height}px`;
  const [below, above] = [html("canvas", {}, plot), html("canvas", {}, plot)];
  const line = html("div", { class: "lv-head" }, plot);
  const tip = html("div", { class: "lv-tip", "aria-hidden": "true", hidden: true }, plot);
  const summary = html("figcaption", { class: "lv-unseen" }, element);

  let drawing = null;
  let axes = null; // of what is on the screen
  let headAt = null;
  let pointed = null; // the step of the tooltip

  function paint() {
    if (!drawing || plot.clientWidth === 0) return;
    const names = drawing.legend ? drawing.lines.filter(({ name }) => name) : [];
    axes = layout(below.getContext("2d"), drawing, plot.clientWidth, height, names.length > 0);
    const colours = inks(root, ["ink", "quiet", "line", "page", ...drawing.lines.map(({ color }) => color.slice(5))]);
    const curves = drawing.lines.map((each, k) => curveOf(each, axes, (k + 0.5) / drawing.lines.length));
    paintLines(fresh(above, axes), drawing, curves, axes, colours);
    paintAxes(fresh(below, axes), drawing, curves, axes, colours, root.dataset.ahead === "hidden" ? null : above);
    drawLegend(axes.names ? [] : names);
    setText(title, drawing.title ?? "");
    top.hidden = !drawing.title && !legend.children.length;
    setText(summary, summaryOf(drawing));
    setAttribute(plot, "aria-valuemin", "0");
    setAttribute(plot, "aria-valuemax", String(drawing.xMax));
    state(now());
    line.style.top = `${axes.box.top}px`;
    line.style.height = `${axes.box.bottom - axes.box.top}px`;
    place();
    if (!tip.hidden) showTip(pointed);
  }
  let named = "";
  function drawLegend(lines) {
    const now = JSON.stringify(lines.map(({ name, color, dash, mark }) => [name, color, dash, mark]));
    if (now === named) return;
    named = now;
    legend.replaceChildren();
    for (const each of lines) {
      const entry = html("span", {}, legend);
      sample(entry, each);
      entry.append(each.name);
    }
  }
  /** Put the head, and the end of what is strong, where the step is. */
  function place() {
    if (!axes) return;
    line.hidden = headAt === null;
    const x = headAt === null ? axes.width : axes.x.place(headAt);
    line.style.transform = `translateX(${x.toFixed(1)}px)`;
    above.style.clipPath = headAt === null ? "" : `inset(0 ${Math.max(axes.width - x - 0.5, 0).toFixed(1)}px 0 0)`;
  }
  const soon = onFrame(paint, signal);
  onResize(plot, soon, signal);
  addEventListener("resize", soon, { signal }); // zooming changes the resolution
  addEventListener("beforeprint", paint, { signal });
  for (const change of ["lv:theme", "lv:ahead"]) root.addEventListener(change, soon, { signal });

  function showTip(step) {
    pointed = step;
    tip.hidden = step === null || !axes;
    if (tip.hidden) return;
    tip.replaceChildren();
    html("b", { text: `${drawing.xLabel} ${formatNumber(step)}` }, tip);
    const all = drawing.lines.map((each) => ({ each, value: valueAt(each, step) }));
    for (const { each, value } of all) {
      const row = html("span", {}, tip);
      sample(row, each);
      html("span", { text: each.name }, row);
      html("span", { text: value }, row);
    }
    const x = axes.x.place(step);
    const left = x > axes.width / 2 ? x - tip.offsetWidth - 10 : x + 10;
    tip.style.translate = `${Math.min(Math.max(left, 0), Math.max(axes.width - tip.offsetWidth, 0)).toFixed(0)}px 4px`;
  }
  function describe(step) {
    const values = drawing.lines.map((each) => `${each.name} ${valueAt(each, step)}`);
    return `${drawing.xLabel} ${formatNumber(step)}: ${values.join(", ")}`;
  }
  const now = () => Math.min(headAt ?? pointed ?? 0, drawing.xMax);
  /** For those who do not see it; not at every step, since it would be read aloud while the run plays. */
  function state(step) {
    setAttribute(plot, "aria-valuenow", String(step));
    setAttribute(plot, "aria-valuetext", describe(step));
  }
  function point(step) {
    showTip(step);
    state(step);
  }
  plot.addEventListener("focus", () => axes && state(now()));
  listen(plot, {
    stepAt: (left) => Math.round(Math.min(Math.max(axes.x.value(left), 0), drawing.xMax)),
    ready: () => axes !== null,
    now,
    last: () => drawing.xMax,
    point, hide: () => showTip(null), onscrub,
  });
  return {
    element,
    draw(next) {
      drawing = next;
      soon();
    },
    head(step) {
      headAt = step;
      place();
    },
  };
}

/** The reader's pointer and keys on a plot. */
function listen(plot, { stepAt, ready, now, last, point, hide, onscrub }) {
  let press = null; // {x, y, from, moved}
  /** The step under a pointer; on the stage the plot is magnified. */
  const stepOf = (event) => {
    const { left, width } = plot.getBoundingClientRect();
    return stepAt(((event.clientX - left) * plot.offsetWidth) / width);
  };
  function scrub(event) {
    press.moved = true;
    const step = stepOf(event);
    onscrub?.(step);
    point(step);
  }
  plot.addEventListener("pointerdown", (event) => {
    if (!ready() || event.button !== 0) return;
    press = { x: event.clientX, from: now(), moved: false };
    if (event.pointerType !== "mouse") return;
    plot.setPointerCapture(event.pointerId);
    scrub(event);
  });
  plot.addEventListener("pointermove", (event) => {
    if (!ready()) return;
    // A finger may be about to scroll the page: only one that moves sideways scrubs.
    if (press && (press.moved || Math.abs(event.clientX - press.x) > 6)) scrub(event);
    else if (!press && event.pointerType === "mouse") point(stepOf(event));
  });
  plot.addEventListener("pointerup", (event) => {
    if (press && event.pointerType !== "mouse") scrub(event);
    press = null;
  });
  plot.addEventListener("pointercancel", () => {
    if (press?.moved) onscrub?.(press.from);
    press = null;
    hide();
  });
  plot.addEventListener("pointerleave", () => !press && hide());
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    if (!ready() || event.altKey || event.ctrlKey || event.metaKey) return;
    const jump = Math.max(1, Math.round(last() / 10));
    const arrows = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    const ways = { ...arrows, PageUp: jump, PageDown: -jump, Home: -Infinity, End: Infinity };
    if (!(event.key in ways)) return;
    event.preventDefault();
    event.stopPropagation();
    const step = Math.min(Math.max(now() + ways[event.key], 0), last());
    onscrub?.(step);
    point(step);
  });
}

/** The value of a line at the point nearest to a step, as text. */
function valueAt({ x, y }, step) {
  const at = x ? nearest(x, step) : Math.round(step);
  return at < y.length ? formatNumber(y[at]) : "–";
}

/** The index of the value nearest to `step` in ascending ones. */
function nearest(x, step) {
  let [low, high] = [0, x.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= step) low = middle;
    else high = middle;
  }
  return Math.abs(x[high] - step) < Math.abs(x[low] - step) ? high : low;
}

/** The chart in words: where each line begins and ends. */
function summaryOf({ title, lines, xLabel }) {
  const ends = lines.filter(({ y }) => y.length).map(({ name, x, y }) => {
    const at = (k) => `${formatNumber(y[k])} at ${xLabel} ${x ? x[k] : k}`;
    const first = Array.prototype.findIndex.call(y, (value) => !Number.isNaN(value));
    return `${name}: ${first < 0 ? "no numbers" : `${at(first)}, ${at(y.length - 1)}`}`;
  });
  return [title, ...ends].filter(Boolean).join("; ");
}

/** A piece of a line with its dash and mark. */
function sample(parent, { color, dash = [], mark }) {
  const picture = svg("svg", { viewBox: "-13 -6 26 12", width: 26, height: 12, class: "lv-chart-sample" }, parent);
  picture.style.color = `var(${color})`;
  picture.style.forcedColorAdjust = "none";
  const stroke = { stroke: "currentColor", "stroke-width": 2.5, "stroke-dasharray": dash.join(" ") };
  svg("path", { d: "M-13 0H13", ...stroke }, picture);
  if (mark) svg("path", { d: mark, fill: "currentColor" }, picture);
}

/** A canvas that is empty and as sharp as the screen. */
function fresh(canvas, { width, height }) {
  const context = sharpContext(canvas, width, height);
  context.clearRect(0, 0, width, height);
  return context;
}

const font = () => `${TEXT}px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif`;

/** Where everything lies: both axes, the box between them, and room for names at the right where they fit. */
function layout(context, { lines, xMax, xLabel, y }, width, height, named) {
  context.font = font();
  const wide = (text) => context.measureText(text).width;
  const bottom = height - FRAME.bottom;
  const [make, lowest] = y.log ? [logAxis, bottom - ZERO_SLOT / 2] : [linearAxis, bottom - 1];
  const upright = make(y.range, lowest, FRAME.top, TICK, { ticks: y.ticks, whole: y.whole });
  const left = Math.ceil(Math.max(wide(xLabel) + 4, ...upright.ticks.map(({ text }) => wide(text)))) + FRAME.left;
  const right = named ? Math.max(...lines.map(({ name }) => wide(name))) + 14 : 0;
  const names = named && right <= width * 0.3 && lines.length * LABEL <= bottom - FRAME.top;
  const box = { left, top: FRAME.top - 4, right: width - Math.max(names ? right : 0, wide(tickText(xMax)) / 2), bottom };
  const gap = wide(tickText(xMax)) + 18;
  const x = linearAxis([0, xMax], left + 5, box.right - 5, gap, { whole: true });
  return { x, y: upright, box, names, width, height };
}

/**
 * A line as paths. Where many points share a column of pixels, its lowest and highest stand for all of them.
 * @param {number} phase 0 to 1: where in its part of the line a mark stands, so that those of several lines do not meet
 * @returns {{ path: Path2D, band: Path2D | null, marks: number[][], dots: number[][], end: number }} places of marks and
 *   dots as [x, y]; `end` is the y of the last point
 */
function curveOf({ x, y, band, mark }, axes, phase) {
  const across = (k) => axes.x.place(x ? x[k] : k);
  const path = new Path2D();
  const points = [];
  let isOpen = false;
  let end = NaN;
  const add = (left, top) => {
    if (isOpen) path.lineTo(left, top);
    else path.moveTo(left, top);
    isOpen = true;
  };
  for (let k = 0; k < y.length; ) {
    const first = across(k);
    const column = Math.floor(first);
    const [from, start] = [k, axes.y.place(y[k])];
    let [least, most, latest] = [start, start, start];
    for (k++; k < y.length && Math.floor(across(k)) === column && !Number.isNaN(latest); k++) {
      const top = axes.y.place(y[k]);
      if (Number.isNaN(top)) break;
      if (top < least) least = top;
      if (top > most) most = top;
      latest = top;
    }
    if (Number.isNaN(start)) {
      isOpen = false;
      continue;
    }
    const single = !isOpen && !(k < y.length && !Number.isNaN(axes.y.place(y[k])));
    add(first, start);
    if (k - from > 1) for (const top of latest === least ? [most, least] : [least, most, latest]) path.lineTo(first, top);
    else if (single) path.arc(first, start, 0.5, 0, 7); // a point alone is a dot
    end = latest;
    points.push([first, latest]);
  }
  const count = mark ? Math.min(MARKS, points.length) : 0;
  const marks = Array.from({ length: count }, (_, k) => points[Math.floor(((k + phase) * points.length) / count)]);
  const dots = y.length <= FEW && !mark ? points : [];
  return { path, band: band ? bandOf(band, y.length, across, axes) : null, marks, dots, end };
}

function bandOf({ low, high }, count, across, axes) {
  const path = new Path2D();
  let from = 0;
  for (let k = 0; k <= count; k++) {
    const isGap = k === count || Number.isNaN(axes.y.place(low[k])) || Number.isNaN(axes.y.place(high[k]));
    if (!isGap) continue;
    for (let i = from; i < k; i++) path.lineTo(across(i), axes.y.place(high[i]));
    for (let i = k - 1; i >= from; i--) path.lineTo(across(i), axes.y.place(low[i]));
    if (k > from) path.closePath();
    from = k + 1;
  }
  return path;
}

const colourOf = (colours, { color }) => colours[color.slice(5)];

function paintLines(context, { lines }, curves, { box }, colours) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top - 4, box.right - box.left + 6, box.bottom - box.top + 4);
  context.clip();
  context.lineJoin = "round";
  lines.forEach((line, k) => {
    if (!curves[k].band) return;
    context.fillStyle = colourOf(colours, line);
    context.globalAlpha = 0.18;
    context.fill(curves[k].band);
  });
  context.globalAlpha = 1;
  lines.forEach((line, k) => {
    context.strokeStyle = context.fillStyle = colourOf(colours, line);
    context.lineWidth = line.width ?? 2;
    context.lineCap = line.dash?.length ? "butt" : "round";
    context.setLineDash(line.dash ?? []);
    context.stroke(curves[k].path);
    context.beginPath();
    for (const [left, top] of curves[k].dots) {
      context.moveTo(left, top);
      context.arc(left, top, 3, 0, 7);
    }
    context.fill();
  });
  context.setLineDash([]);
  lines.forEach((line, k) => {
    const mark = curves[k].marks.length && new Path2D(line.mark);
    for (const [left, top] of curves[k].marks) {
      context.save();
      context.translate(left, top);
      context.fillStyle = colourOf(colours, line);
      context.strokeStyle = colours.page;
      context.lineWidth = 1.5;
      context.stroke(mark);
      context.fill(mark);
      context.restore();
    }
  });
  context.restore();
}

function paintAxes(context, { lines, xLabel }, curves, axes, colours, above) {
  const { box, x, y, width, height } = axes;
  context.font = font();
  context.lineWidth = 1;
  const rule = (fromX, fromY, toX, toY, color) => {
    context.strokeStyle = color;
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  };
  const half = (at) => Math.round(at) + 0.5;
  context.fillStyle = colours.quiet;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { at, text } of y.ticks) {
    rule(box.left, half(at), box.right, half(at), colours.line);
    context.fillText(text, box.left - 5, at);
  }
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  for (const { at, text } of x.ticks) {
    rule(half(at), box.bottom, half(at), box.bottom + 3, colours.quiet);
    context.fillText(text, at, height - 5);
  }
  context.textAlign = "right";
  context.fillText(xLabel, box.left - 5, height - 5);
  rule(box.left, half(box.bottom), box.right, half(box.bottom), colours.quiet);
  rule(half(box.left), box.top, half(box.left), box.bottom, colours.quiet);
  if (above) {
    context.globalAlpha = FAINT;
    context.drawImage(above, 0, 0, width, height);
    context.globalAlpha = 1;
  } else {
    context.fillStyle = colours.quiet;
    context.textAlign = "center";
    context.fillText("appears as you play", (box.left + box.right) / 2, (box.top + box.bottom) / 2);
  }
  if (axes.names) paintNames(context, lines, curves, axes, colours);
}

/** The names of the lines at their right ends, pushed apart where they would touch, each in line with its own sample. */
function paintNames(context, lines, curves, { box }, colours) {
  context.textBaseline = "middle";
  context.textAlign = "left";
  const ends = curves.map(({ end }) => (Number.isNaN(end) ? box.bottom : end));
  const places = spread(ends, LABEL, box.top + 5, box.bottom - 5);
  lines.forEach((line, k) => {
    context.strokeStyle = colourOf(colours, line);
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(box.right + 1, ends[k]);
    context.lineTo(box.right + 9, places[k]);
    context.stroke();
    context.fillStyle = colours.ink;
    context.fillText(line.name, box.right + 12, places[k]);
  });
}
