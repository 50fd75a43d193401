/** Are five seeds enough? Many draws of every scheme, trained in the page, and what rankings from a few are worth. */
import { choice, row, slider } from "../parts/controls.js";
import controlsCss from "../parts/controls.css";
import { lineChart } from "../parts/chart.js";
import chartCss from "../parts/chart.css";
import { html, onFrame, onResize, setText, svg, throttle, whenNear } from "../parts/dom.js";
import { engine } from "../parts/engine.js";
import { explorable } from "../parts/host.js";
import { lookOf, stylesOf, swatch } from "../parts/schemes.js";
import { Study, winners } from "../parts/statistics.js";
import { createWork, inOrder } from "../parts/work.js";
import workCss from "../parts/work.css";
import css from "./five_seeds.css";

const CHUNK = 4; // seeds in a job for the engine
const PAUSE = 500; // milliseconds between two pictures while it works
const [FEW, MANY] = [5, 50]; // seeds whose winners are compared
const CROWD = 4; // a draw of more than a quarter of all seeds is too much like the next one
const COLUMNS = 40; // experiments in the picture at most; the sentence counts all
const HEADER = ["scheme", "solved", "median epoch (95\u00a0%\u00a0sure)", "seeds 1\u00a0to\u00a05", "seeds 6\u00a0to\u00a010", "all seeds"];

const seedsText = (count) => `${count} seed${count === 1 ? "" : "s"}`;

function build({ root, settings, signal }) {
  const data = settings.get("_data");
  const names = data.schemes.map(({ name }) => name);
  const labels = data.schemes.map(({ label }) => label);
  const styles = stylesOf(names);
  const studies = new Map(); // learning rate -> what has been worked out
  let near = false;

  const study = () => {
    const rate = settings.get("learning_rate");
    if (!studies.has(rate)) studies.set(rate, new Study(names, data.table.inputs.length, data.epochs));
    return studies.get(rate);
  };
  const wanted = () => settings.get("seeds");

  // Controls
  const first = row(root);
  const seeds = slider(first, {
    label: "Seeds", stops: data.seeds, value: wanted(), whole: true, title: "How many random draws each scheme gets",
    oninput: (value) => settings.set({ seeds: value }),
  });
  const rate = choice(first, {
    label: "Learning rate", options: data.rates.map((value) => ({ value, label: String(value) })),
    value: settings.get("learning_rate"), onchange: (value) => settings.set({ learning_rate: value }),
  });
  const work = createWork(first, {
    signal, label: "Seeds that are done", title: "Stop training more seeds, or go on",
    progress: () => [Math.min(study().seeds, wanted()), wanted()],
    async work(dropped) {
      const into = study();
      for await (const runs of inOrder(jobs(into.seeds, wanted, settings.get("learning_rate"), data, dropped))) {
        for (let k = 0; k < runs.length; k += names.length) into.add(runs.slice(k, k + names.length));
        work.draw();
        if (into.seeds >= wanted()) drawNow();
        else drawSoon();
      }
    },
    complain(text) {
      setText(complaint, text);
      complaint.hidden = !text;
    },
  });
  const sentence = html("p", { class: "lv-say", role: "status" }, root);
  const complaint = html("p", { class: "lv-complaint", role: "alert", hidden: true }, root);

  // Pictures
  const upper = html("div", { class: "lv-columns" }, root);
  const left = html("div", {}, upper);
  const measure = choice(row(left), {
    label: "Show", options: [{ value: "loss", label: "loss" }, { value: "correct", label: "number correct" }],
    value: settings.get("measure"), onchange: (value) => settings.set({ measure: value }),
  });
  const chart = lineChart(left, { signal, root, label: "Median and middle half of all seeds over the epochs", height: 300 });
  const table = resultTable(html("div", {}, upper), labels, styles, data);
  const lower = html("div", { class: "lv-columns" }, root);
  const middle = html("div", {}, lower);
  const group = choice(row(middle), {
    label: "Seeds in one experiment", options: data.groups.map((value) => ({ value, label: String(value) })),
    value: settings.get("group"), onchange: (value) => settings.set({ group: value }),
  });
  const places = placesChart(middle, labels, styles, signal);
  const wins = winsChart(html("div", {}, lower), labels, styles);

  function draw() {
    const shown = study();
    const total = Math.min(wanted(), shown.seeds);
    root.dataset.seeds = total;
    if (total === 0) return;
    const size = Math.min(settings.get("group"), total);
    const orders = shown.experiments(size, total);
    drawBands(chart, shown, settings.get("measure"), total, labels, styles);
    table(shown, total);
    sayWinners(sentence, orders, size, labels);
    places(orders, size);
    const many = Math.max(1, Math.min(MANY, Math.floor(total / CROWD)));
    const sizes = [...new Set([Math.min(FEW, total), many])].sort((a, b) => a - b);
    wins(sizes.map((few) => ({ few, shares: shown.wins(few, total) })));
  }

  const drawNow = onFrame(draw, signal);
  const drawSoon = throttle(drawNow, PAUSE);
  settings.on("learning_rate", () => near && work.restart());
  settings.on("seeds", () => near && !work.running && work.restart()); // what runs sees it by itself
  settings.on("seeds learning_rate measure group", () => {
    for (const [name, control] of Object.entries({ seeds, learning_rate: rate, measure, group }))
      if (control.value !== settings.get(name)) control.value = settings.get(name);
    work.draw();
    drawNow();
  });
  root.dataset.drawn = "yes";
  whenNear(root, () => {
    near = true;
    work.start();
  }, signal);
}

/** Jobs for the engine that train seeds, a few in each, until there are `wanted()`, which may change meanwhile. */
function* jobs(done, wanted, learningRate, { schemes, sizes, table, epochs }, signal) {
  const task = {
    layerSizes: sizes, activation: "sigmoid", inputs: table.inputs.flat(), targets: table.targets.flat(), epochs,
    maxFrames: 0, shuffle: true, stopWhenSolved: false, bias: 0,
  };
  while (done < wanted()) {
    const seeds = Array.from({ length: Math.min(CHUNK, wanted() - done) }, (_, k) => done + k + 1);
    const runs = seeds.flatMap((seed) => schemes.map(({ kind, scales }) => ({ seed, learningRate, kind, scales })));
    yield engine().train({ ...task, runs }, { signal });
    done += seeds.length;
  }
}

function sayWinners(sentence, orders, size, labels) {
  const counted = winners(orders);
  const each = counted.map(([scheme, times]) => `${labels[scheme]} ${times}`).join(", ");
  const different = `${counted.length} different winner${counted.length === 1 ? "" : "s"}`;
  const text = `${orders.length} experiment${orders.length === 1 ? "" : "s"} of ${seedsText(size)} each: ${different} (${each}).`;
  if (sentence.textContent === text) return; // a screen reader would read it again
  const [before, after] = text.split(different);
  sentence.replaceChildren(before, html("b", { text: different }), after);
}

function drawBands(chart, study, measure, count, labels, styles) {
  const lines = labels.map((name, k) => {
    const [low, y, high] = study.band(measure, k, count);
    return { name, ...lookOf(styles[k]), x: study.steps, y, band: { low, high } };
  });
  const log = measure === "loss";
  chart.draw({
    title: `${log ? "Loss" : `Number correct, of ${study.rows}`}: median of ${seedsText(count)}, band 25 to 75 %`,
    lines,
    xMax: study.epochs,
    xLabel: "epoch",
    y: log ? { log, range: lossRange(lines) } : { range: [-0.9, study.rows + 0.9], ticks: [0, 8, 16, 24, 32] },
    legend: false,
  });
}

/** Decades around all that is drawn. */
function lossRange(lines) {
  let [low, high] = [Infinity, 0];
  for (const { band } of lines) {
    for (const value of band.low) if (value > 0 && value < low) low = value;
    for (const value of band.high) if (value < Infinity && value > high) high = value;
  }
  return low < Infinity ? [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))] : [-2, 1];
}

/** A table with one row for each scheme, best first. @returns {(study: Study, count: number) => void} fills it */
function resultTable(parent, labels, styles, { table: { inputs }, epochs }) {
  const table = html("table", { class: "lv-results" }, parent);
  html("caption", { text: `Solved: all ${inputs.length} correct within ${epochs} epochs` }, table);
  const head = html("tr", {}, html("thead", {}, table));
  for (const text of HEADER) html("th", { scope: "col", text }, head);
  const body = html("tbody", {}, table);
  const rows = labels.map(() => {
    const line = html("tr", {}, body);
    const name = html("th", { scope: "row" }, line);
    return { name, cells: HEADER.slice(1).map(() => html("td", {}, line)) };
  });

  return (study, count) => {
    const place = (from, to) => (to > count ? null : study.ranking(from, to));
    const orders = [place(0, FEW), place(FEW, 2 * FEW), place(0, count)];
    orders[2].forEach((scheme, k) => {
      const { name, cells } = rows[k];
      if (name.dataset.scheme !== String(scheme)) {
        name.dataset.scheme = scheme;
        name.replaceChildren();
        swatch(name, styles[scheme]);
        html("span", { text: labels[scheme] }, name);
      }
      const texts = [
        `${Math.round(100 * study.shareSolved(scheme, count))} %`,
        medianText(study, scheme, count),
        ...orders.map((order) => (order ? `${order.indexOf(scheme) + 1}.` : "–")),
      ];
      texts.forEach((text, column) => setText(cells[column], text));
    });
  };
}

function medianText(study, scheme, count) {
  const epoch = (value) => (Number.isFinite(value) ? String(value) : `over ${study.epochs}`);
  const interval = study.intervalSolved(scheme, count);
  const median = study.medianSolved(scheme, count);
  if (!Number.isFinite(interval ? interval[0] : median)) return "not reached";
  return interval ? `${epoch(median)} (${interval.map(epoch).join(" to ").replaceAll(" ", "\u00a0")})` : epoch(median);
}

/** The place of each scheme in one experiment after another. @returns {(orders: number[][], size: number) => void} draws it */
function placesChart(parent, labels, styles, signal) {
  const [left, right, top, step, bottom] = [26, 10, 8, 26, 34];
  const title = html("p", { class: "lv-title", text: "Place in each experiment" }, parent);
  const height = top + step * labels.length + bottom;
  const picture = svg("svg", { class: "lv-places", role: "img", height }, parent);
  let drawn = null;

  function draw() {
    if (!drawn || !picture.clientWidth) return;
    const { orders, size } = drawn;
    const width = picture.clientWidth;
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("aria-label", placesText(orders, size, labels));
    picture.replaceChildren();
    const across = (k) => left + ((k + 0.5) * (width - left - right)) / orders.length;
    const down = (place) => top + (place + 0.5) * step;
    labels.forEach((_, place) => {
      svg("path", { class: "lv-grid", d: `M${left} ${down(place)}H${width - right}` }, picture);
      svg("text", { x: left - 6, y: down(place) + 4, "text-anchor": "end" }, picture).textContent = `${place + 1}.`;
    });
    const every = Math.ceil(orders.length / Math.max(2, (width - left) / 44)); // numbers need room
    const base = height - bottom + 16;
    for (let k = every > 1 ? every - 1 : 0; k < orders.length; k += every)
      svg("text", { x: across(k), y: base, "text-anchor": "middle" }, picture).textContent = k + 1;
    const label = size > 1 ? `experiment, each of ${size} other seeds` : "seed";
    svg("text", { x: (left + width - right) / 2, y: height - 2, "text-anchor": "middle" }, picture).textContent = label;
    const scale = Math.min(1, Math.max(0.55, (width - left) / orders.length / 16)); // marks must not run together
    for (const [scheme, style] of styles.entries()) {
      const { color, dash, mark } = lookOf(style);
      const line = svg("g", { style: `color: var(${color})` }, picture);
      const points = orders.map((order, k) => [across(k), down(order.indexOf(scheme))]);
      svg("path", { class: "lv-course", d: `M${points.join("L")}`, "stroke-dasharray": dash.join(" ") }, line);
      points.forEach(([x, y], k) => {
        const place = svg("path", { class: "lv-mark", d: mark, transform: `translate(${x} ${y}) scale(${scale})` }, line);
        const seeds = size > 1 ? `experiment ${k + 1}, seeds ${k * size + 1} to ${(k + 1) * size}` : `seed ${k + 1}`;
        svg("title", {}, place).textContent = `${labels[scheme]}: place ${orders[k].indexOf(scheme) + 1} (${seeds})`;
      });
    }
  }
  onResize(picture, draw, signal);
  return (all, size) => {
    const orders = all.slice(0, COLUMNS);
    const some = orders.length < all.length ? `each of the first ${orders.length} experiments` : "each experiment";
    setText(title, `Place in ${some}`);
    drawn = { orders, size };
    draw();
  };
}

function placesText(orders, size, labels) {
  const first = orders.map(([scheme], k) => `${k + 1} ${labels[scheme]}`).join(", ");
  return `Place of every scheme in ${orders.length} experiments of ${seedsText(size)} each. The winners: ${first}.`;
}

/** How often each scheme comes first. @returns {(found: { few: number, shares: number[] }[]) => void} draws it */
function winsChart(parent, labels, styles) {
  const title = html("p", { class: "lv-title", text: "How often it comes first" }, parent);
  const keys = html("p", { class: "lv-keys" }, parent);
  const table = html("table", { class: "lv-wins" }, parent);
  const cells = labels.map((label, k) => {
    const line = html("tr", {}, table);
    const name = html("th", { scope: "row" }, line);
    swatch(name, styles[k]);
    html("span", { text: label }, name);
    const cell = html("td", {}, line);
    return [0, 1].map((which) => {
      const bar = html("div", { class: `lv-win lv-win-${which}` }, cell);
      return { line: bar, bar: html("i", {}, bar), text: html("span", {}, bar) };
    });
  });
  title.append(" when so many seeds are drawn at random");

  return (found) => {
    keys.replaceChildren();
    found.forEach(({ few }, which) => {
      const key = html("span", { class: `lv-win-${which}` }, keys);
      html("i", {}, key);
      key.append(` ${seedsText(few)}`);
    });
    const most = Math.max(...found.flatMap(({ shares }) => shares));
    cells.forEach((bars, scheme) =>
      bars.forEach(({ line, bar, text }, which) => {
        line.hidden = which >= found.length;
        if (line.hidden) return;
        const share = found[which].shares[scheme];
        bar.style.width = `${(72 * share) / most}%`;
        setText(text, share === 0 ? "never" : share < 0.005 ? "under 1 %" : `${Math.round(100 * share)} %`);
      }),
    );
  };
}

export default explorable("five_seeds", build, [controlsCss, chartCss, workCss, css]);
