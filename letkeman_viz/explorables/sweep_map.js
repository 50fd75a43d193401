/** Where learning works: a map over gain and learning rate, or gain and depth, that the page works out, coarse first. */
import { button, choice, row } from "../parts/controls.js";
import controlsCss from "../parts/controls.css";
import { html, onFrame, setText, throttle, whenNear } from "../parts/dom.js";
import { engine } from "../parts/engine.js";
import { formatNumber } from "../parts/format.js";
import { heatMap } from "../parts/heatmap.js";
import heatmapCss from "../parts/heatmap.css";
import { explorable } from "../parts/host.js";
import { parameterCount } from "../parts/run.js";
import { median } from "../parts/statistics.js";
import { createWork, inOrder } from "../parts/work.js";
import workCss from "../parts/work.css";
import { same, settle, taskOf } from "./playground_settings.js";
import css from "./sweep_map.css";

const KINDS = [
  { value: "rate", label: "learning rate, gain", name: "learning rate" },
  { value: "depth", label: "depth, gain", name: "hidden layers" },
];
const STRIDES = [4, 2, 1]; // of the rounds: every fourth cell of every fourth row, then those between them
const CHUNK = 8; // cells in a job for the engine, where they are as small as in a 5-8-8-5 network
const USUAL_COST = 165 * 32; // parameters times rows of that network
const PAUSE = 100; // milliseconds between two pictures
const MAX_SCHEMES = 4; // in the playground once a cell is opened

/**
 * What a map is of, and what is known of it.
 *
 * @typedef {object} Sweep
 * @property {string} kind "rate" or "depth"
 * @property {Record<string, any>} base the counted settings of the playground when it was begun
 * @property {{ inputs: number[][], targets: number[][] }} table
 * @property {number[]} values of the rows
 * @property {{ row: number, column: number, stride: number }[]} order in which cells are worked out
 * @property {number} done how many of them are
 * @property {(Float64Array | undefined)[][]} epochs for each row and column: until all rows are correct, for each seed
 */

/** All cells in rounds, each of which halves the distance between those that are known. */
function roughFirst(rows, columns) {
  const seen = new Set();
  const order = [];
  for (const stride of STRIDES)
    for (let row = 0; row < rows; row += stride)
      for (let column = 0; column < columns; column += stride) {
        if (seen.has(row * columns + column)) continue;
        seen.add(row * columns + column);
        order.push({ row, column, stride });
      }
  return order;
}

/** The sizes of all layers of the networks in a row. */
function sizesAt({ kind, base, table, values }, row) {
  const hidden = kind === "depth" ? new Array(values[row]).fill(Math.max(...base.hidden)) : base.hidden;
  return [table.inputs[0].length, ...hidden, table.targets[0].length];
}

/** Jobs for the engine that work out the cells that are missing; each resolves to [cells, their runs]. */
function* jobs(sweep, { gains, bounds, seeds, epochs }, signal) {
  const { kind, base, table, values, order } = sweep;
  const [inputs, targets] = [table.inputs.flat(), table.targets.flat()];
  for (let at = sweep.done; at < order.length; ) {
    const sizes = sizesAt(sweep, order[at].row);
    const cost = (parameterCount(sizes) * table.inputs.length) / USUAL_COST;
    const most = Math.min(Math.max(Math.round(CHUNK / cost), 1), CHUNK);
    const cells = [];
    // One job is of one shape.
    const fits = ({ row: across }) => kind === "rate" || cells.length === 0 || across === cells[0].row;
    while (cells.length < most && at < order.length && fits(order[at])) cells.push(order[at++]);
    const runs = cells.flatMap(({ row, column }) =>
      Array.from({ length: seeds }, (_, k) => ({
        seed: k + 1, learningRate: kind === "rate" ? values[row] : base.rate, kind: "uniform",
        scales: sizes.slice(0, -1).map((fanIn) => bounds[column][fanIn - 1]),
      })),
    );
    const settings = {
      layerSizes: sizes, activation: base.activation, inputs, targets, epochs, maxFrames: 0,
      shuffle: base.order === "shuffled", stopWhenSolved: true, bias: base.bias, runs,
    };
    yield engine().train(settings, { signal }).then((found) => [cells, found]);
  }
}

function build({ root, settings, shared, signal }) {
  const data = settings.get("_data");
  /** The settings of the linked playground, if it is on the page. */
  const playground = () => shared.others().find((other) => other.get("hidden") !== undefined);
  let sweep = begin();
  let near = false;
  let note = ""; // what was opened last

  /** What a map would be of now. */
  function wanted() {
    const kind = settings.get("kind");
    const counted = data.counted.filter((name) => name !== "rate" || kind === "depth");
    const some = (values) => Object.fromEntries(counted.map((name) => [name, values[name]]));
    const play = playground();
    if (!play) return { kind, base: some(data.usual), table: data.table };
    const known = play.get("_data");
    const values = settle(Object.fromEntries(known.fields.map(({ name }) => [name, play.get(name)])), known);
    return { kind, base: some(values), table: taskOf(values, known) };
  }

  /** A map of that, without a cell. @returns {Sweep} */
  function begin() {
    const what = wanted();
    const values = what.kind === "depth" ? data.depths : data.rates;
    const order = roughFirst(values.length, data.gains.length);
    return { ...what, values, order, done: 0, epochs: values.map(() => []) };
  }

  const isOutdated = () => !same(sweep.base, wanted().base);

  // Controls
  const line = row(root);
  const kind = choice(line, {
    label: "Map of", options: KINDS, value: settings.get("kind"), onchange: (value) => settings.set({ kind: value }),
  });
  const again = button(line, {
    label: "Draw it for these settings", primary: true, onpress: restart,
    title: "The playground has changed since the map was drawn: draw it anew for what it shows now",
  });
  const work = createWork(line, {
    signal, label: "Cells that are done", title: "Stop working out more cells, or go on", unit: "cells",
    progress: () => [sweep.done, sweep.order.length],
    async work(dropped) {
      const into = sweep;
      for await (const [cells, runs] of inOrder(jobs(into, data, dropped))) {
        cells.forEach(({ row: across, column }, k) => {
          const own = runs.slice(k * data.seeds, (k + 1) * data.seeds);
          into.epochs[across][column] = Float64Array.from(own, ({ correct }) => {
            const first = correct.indexOf(into.table.inputs.length);
            return first < 0 ? Infinity : first;
          });
        });
        into.done += cells.length;
        work.draw();
        drawSoon();
      }
    },
    complain(text) {
      setText(complaint, text);
      complaint.hidden = !text;
    },
  });
  const best = button(line, {
    label: "Open the soonest", title: "Show its network in the playground", onpress: () => open(soonest(sweep)),
  });
  const sentence = html("p", { class: "lv-say", role: "status" }, root);
  const complaint = html("p", { class: "lv-complaint", role: "alert", hidden: true }, root);
  const map = heatMap(root, {
    signal, height: 330, label: "Epochs until all rows are correct, over two settings",
    onpress: (across, column) => open({ row: across, column }),
  });

  /** Show a cell's network in the playground. */
  function open(cell) {
    const play = playground();
    if (!play || !cell) return;
    const { base, values } = sweep;
    const gain = data.gains[cell.column];
    const schemes = [...play.get("schemes").filter((name) => name !== "scaled"), "scaled"].slice(-MAX_SCHEMES);
    const value = values[cell.row];
    const side = sweep.kind === "depth" ? { hidden: new Array(value).fill(Math.max(...base.hidden)) } : { rate: value };
    const all = { ...base, ...side, gain, schemes, shown: "scaled", mode: "table", epochs: data.epochs, noise: 0, edits: [] };
    const locked = [...play.get("hide"), ...play.get("fix")]; // by a link for a class
    const kept = locked.filter((name) => name in all && !same(all[name], play.get(name)));
    if (kept.length) {
      note = ` The link of this page fixes ${kept.join(", ")}: the cell cannot be opened in the playground.`;
      return draw();
    }
    play.set(all);
    if (sweep.kind === "depth") sweep.base = { ...base, hidden: all.hidden }; // a map over depths has the same cells for it
    note = ` Opened in the playground: ${nameOf(sweep, cell, data)}.`;
    draw();
  }

  function drawButtons() {
    again.element.hidden = best.element.hidden = !playground();
    again.disabled = !isOutdated();
    best.disabled = !soonest(sweep);
  }

  function draw() {
    work.draw();
    drawButtons();
    setText(sentence, describe(sweep, data) + note);
    const { name } = KINDS.find(({ value }) => value === sweep.kind);
    map.draw({
      rows: sweep.values.map((value) => ({ value, label: formatNumber(value) })),
      columns: data.gains.map((value) => ({ value, label: formatNumber(value) })),
      cells: coloursOf(sweep, data.gains.length),
      text: (across, column) => cellText(sweep, { row: across, column }, data),
      flags: data.named.map(([value, label]) => ({ value, label })),
      range: [0, data.epochs], unit: "epochs", up: name, across: "gain: std · √fan_in", never: `not within ${data.epochs}`,
    });
    root.dataset.cells = sweep.done;
  }
  const drawNow = onFrame(draw, signal);
  const drawSoon = throttle(drawNow, PAUSE);

  function restart() {
    sweep = begin();
    note = "";
    drawNow();
    if (near) work.restart();
  }

  const heard = new WeakSet();
  /** Listen to the playground, which may come to the page after the map. */
  function follow() {
    const play = playground();
    if (!play || heard.has(play)) return;
    heard.add(play);
    play.on(data.counted.join(" "), onFrame(drawButtons, signal), signal);
    drawButtons();
  }
  settings.on("kind", () => {
    if (kind.value !== settings.get("kind")) kind.value = settings.get("kind");
    restart();
  });
  shared.on("step", follow);
  for (const event of ["pointerenter", "focusin"]) root.addEventListener(event, follow, { signal });
  draw();
  root.dataset.drawn = "yes";
  whenNear(root, () => {
    near = true;
    follow();
    if (sweep.done === 0 && isOutdated()) sweep = begin();
    work.start();
  }, signal);
}

const medianAt = ({ epochs }, { row: across, column }) => (epochs[across][column] ? median(epochs[across][column]) : NaN);

/** The cell with the smallest median; undefined where none is known to get there. */
function soonest(sweep) {
  return sweep.order
    .filter((cell) => Number.isFinite(medianAt(sweep, cell)))
    .sort((a, b) => medianAt(sweep, a) - medianAt(sweep, b) || a.row - b.row || a.column - b.column)[0];
}

/** The median of each cell, row by row; where it is missing, that of the nearest cell of a coarser round. */
function coloursOf(sweep, columns) {
  return sweep.values.flatMap((_, across) =>
    Array.from({ length: columns }, (_, column) => {
      for (const stride of [...STRIDES].reverse()) {
        const found = medianAt(sweep, { row: across - (across % stride), column: column - (column % stride) });
        if (!Number.isNaN(found)) return found;
      }
      return NaN;
    }),
  );
}

function nameOf({ kind, values }, { row: across, column }, { gains }) {
  const value = values[across];
  const place = kind === "depth" ? `${value} hidden layer${value === 1 ? "" : "s"}` : `learning rate ${formatNumber(value)}`;
  return `${place}, gain ${formatNumber(gains[column])}`;
}

/** What a cell holds. */
function cellText(sweep, cell, data) {
  const found = sweep.epochs[cell.row][cell.column];
  if (!found) return `${nameOf(sweep, cell, data)}: not run yet`;
  const middle = median(found);
  const when = `median ${Number.isFinite(middle) ? formatNumber(middle) : `over ${formatNumber(data.epochs)}`} epochs`;
  return `${nameOf(sweep, cell, data)}: ${when}, ${found.filter(Number.isFinite).length} of ${found.length} seeds solved it`;
}

function describe(sweep, data) {
  if (sweep.done === 0) return "Nothing has been run yet.";
  const solved = sweep.order.filter((cell) => Number.isFinite(medianAt(sweep, cell))).length;
  const cells = sweep.done < sweep.order.length ? `the ${sweep.done} cells run so far` : `${sweep.done} cells`;
  const count = `${solved} of ${cells} have all rows correct within ${formatNumber(data.epochs)} epochs.`;
  const best = soonest(sweep);
  if (!best) return count;
  const when = `after ${formatNumber(medianAt(sweep, best))} epochs (median of ${data.seeds} seeds)`;
  return `${count} The soonest: ${nameOf(sweep, best, data)}, ${when}.`;
}

export default explorable("sweep_map", build, [controlsCss, heatmapCss, workCss, css]);
