/** The race: one small network for each scheme, on one draw, one clock and one scale; one of them in full where asked. */
import { rowText } from "../parts/bits.js";
import { lineChart } from "../parts/chart.js";
import { checkbox, choice, number, row as controlRow, tabs } from "../parts/controls.js";
import { describe, writeDescription } from "../parts/describe.js";
import { createDiagram } from "../parts/diagram.js";
import { html, onFrame, onResize, setAttribute, setText, sharpContext, throttle } from "../parts/dom.js";
import { latest } from "../parts/engine.js";
import { formatNumber } from "../parts/format.js";
import { explorable } from "../parts/host.js";
import { createLegend } from "../parts/legend.js";
import { MINIATURE_INKS, miniature, paint } from "../parts/miniature.js";
import { createPlayer } from "../parts/player.js";
import { hideAhead } from "../parts/predictions.js";
import { createReadout } from "../parts/readout.js";
import { train } from "../parts/run.js";
import { gradientRange } from "../parts/scale.js";
import { lookOf, stylesOf, swatch } from "../parts/schemes.js";
import { inks as readInks } from "../parts/theme.js";
import chartCss from "../parts/chart.css";
import controlsCss from "../parts/controls.css";
import diagramCss from "../parts/diagram.css";
import legendCss from "../parts/legend.css";
import playerCss from "../parts/player.css";
import readoutCss from "../parts/readout.css";
import css from "./race.css";
import { createRanking, standings, summary, verdict } from "./race_ranking.js";

const SLOW_STEPS = 10; // before the first has everything correct
const FEWEST = 2;
const MOST = 7;
const RATES = [0.1, 0.3, 1, 3];
const MAX_SEED = 2 ** 32 - 1;
const WORDS_EVERY = 150; // ms: words change slower than pictures, so that they can be read
const TELL_EVERY = 200; // ms between two steps that Python hears of
const PATIENCE = 1000; // ms that Python has to draw weights
const SUPPRESS = { "data-lm-suppress-shortcuts": "true" };
const CHART_HEIGHT = 236; // px
const FULL_HEIGHT = 340;

/** Who takes part, how all learn, and whose gradient is shown. @returns {() => void} draws the controls anew */
function buildControls(root, settings, schemesOf) {
  const who = controlRow(root);
  who.classList.add("lkv-schemes"); // presenter mode presses these with the keys 1 to 7
  setAttribute(who, "role", "group");
  setAttribute(who, "aria-label", "Who takes part");
  const how = controlRow(root);
  const rate = choice(how, {
    label: "Learning rate", options: [], value: null, onchange: (value) => settings.set({ learning_rate: value }),
  });
  const seed = number(how, {
    label: "Seed", min: 0, max: MAX_SEED, whole: true, value: settings.get("seed"),
    title: "Another seed is another draw of all weights, and another order of the examples",
    onchange: (value) => settings.set({ seed: value }),
  });
  const layers = Array.from({ length: settings.get("_data").sizes.length - 1 }, (_, k) => k + 1);
  const layer = choice(how, {
    label: "Gradient of", value: settings.get("layer"), onchange: (value) => settings.set({ layer: value }),
    options: layers.map((k) => ({ value: k, label: `layer ${k}`, title: k === 1 ? "Next to the input" : "" })),
  });
  let boxes = [];
  let rates = "";

  function buildBoxes() {
    const labels = schemesOf().map(({ name, label }) => `${name} ${label}`).join();
    if (who.dataset.labels === labels) return;
    who.dataset.labels = labels;
    who.replaceChildren();
    boxes = schemesOf().map(({ name, label }) => ({ name, box: checkbox(who, { label, onchange: choose }) }));
  }
  function choose() {
    const ticked = boxes.filter(({ box }) => box.value).map(({ name }) => name);
    const before = settings.get("schemes");
    const schemes = [...before.filter((name) => ticked.includes(name)), ...ticked.filter((name) => !before.includes(name))];
    const order = boxes.map(({ name }) => name);
    schemes.sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const chosen = schemes.includes(settings.get("chosen")) ? settings.get("chosen") : "";
    settings.set({ chosen, schemes });
  }
  return () => {
    buildBoxes();
    const taking = settings.get("schemes");
    for (const { name, box } of boxes) {
      box.value = taking.includes(name);
      box.disabled = taking.includes(name) ? taking.length <= FEWEST : taking.length >= MOST;
    }
    const now = settings.get("learning_rate");
    const all = [...new Set([...RATES, now])].sort((a, b) => a - b); // Python may have set another one
    if (rates !== all.join()) {
      rates = all.join();
      rate.options = all.map((value) => ({ value, label: formatNumber(value) }));
    }
    rate.value = now;
    if (seed.value !== settings.get("seed")) seed.value = settings.get("seed");
    layer.value = settings.get("layer");
  };
}

/** One run's panel. */
function createPanel(list, label, style, press) {
  const item = html("li", { class: "lv-lane" }, list);
  item.style.setProperty("--lane", `var(${lookOf(style).color})`);
  const title = "Show this network in full, or small again";
  const button = html("button", { type: "button", class: "lv-lane-name lkv-lane-name", title, "aria-expanded": "false", ...SUPPRESS }, item);
  swatch(button, style);
  html("span", { text: label }, button);
  const score = html("p", { class: "lv-lane-score" }, item);
  const correct = html("b", {}, score);
  const loss = html("span", {}, score);
  const canvas = html("canvas", { "aria-hidden": "true" }, item);
  const words = html("p", { class: "lv-lane-words" }, item);
  const context = canvas.getContext("2d");
  const panel = { item, button, correct, loss, words, context, place: null };
  item.addEventListener("click", (event) => event.composedPath().some((one) => one.classList?.contains("lv-full")) || press());
  /** As many pixels as the screen has where the canvas lies. */
  panel.fit = (sizes) => {
    const { clientWidth: width, clientHeight: height } = canvas;
    panel.place = null; // not on the screen
    if (width === 0) return;
    sharpContext(canvas);
    panel.place = miniature(sizes, width, height);
  };
  return panel;
}

/** A network in full, in the panel that was pressed: made when the first one is. */
function createFull({ root, signal, onrow, redraw }) {
  const element = html("div", { class: "lv-full" });
  let [part, run, mode, complaint] = [null, null, null, ""];
  const diagram = createDiagram(element, {
    root, signal, onrow, height: FULL_HEIGHT,
    onpoint: (now) => redraw((part = now)),
    complain: (sentence) => redraw((complaint = sentence)),
  });
  const below = html("div", { class: "lv-full-text" }, element);
  const readout = createReadout(below, { signal });
  const detail = html("div", { class: "lv-full-detail" }, below);
  return {
    element,
    get widest() {
      return diagram.widest;
    },
    draw(next, step, row, scale) {
      if (scale !== mode) diagram.scale = mode = scale;
      if (next !== run) diagram.load((run = next));
      diagram.draw(step, row);
      readout.draw(run, step, row);
      below.classList.toggle("lv-full-described", part !== null || complaint !== "");
      const { title, lines } = part ? describe(run, run.look(Math.min(step, run.last), row), part, row) : { title: "", lines: [] };
      writeDescription(detail, { title, lines: complaint ? [...lines, complaint] : lines });
    },
  };
}

/** Decades of the losses, never fewer than `least`; exact zeros, NaN and infinity do not count. */
function lossRange(runs, least) {
  let [low, high] = least.map((power) => 10 ** power);
  for (const { loss } of runs)
    for (const value of loss) if (value > 0 && value < Infinity) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [Math.max(Math.floor(Math.log10(low) + 1e-9), -30), Math.min(Math.ceil(Math.log10(high) - 1e-9), 12)];
}

/** The three charts: one line for each run, on axes that never shrink. */
function createCharts(parent, { root, signal, onscrub }) {
  const holder = html("div", { class: "lv-thirds" }, parent);
  const labels = ["Gradient", "Loss", "Correct"];
  const spoken = ["Mean gradient of one layer", "Loss", "How many of the 32 are correct"];
  const charts = labels.map((_, k) =>
    lineChart(holder, { root, signal, onscrub, height: CHART_HEIGHT, label: `${spoken[k]}, for every scheme over the race` }),
  );
  tabs(holder, charts.map(({ element }, k) => ({ label: labels[k], element })));
  let ranges = { gradient: undefined, loss: [-4, 1] };
  return {
    draw(runs, styles, layer) {
      ranges = { gradient: gradientRange(runs, ranges.gradient), loss: lossRange(runs, ranges.loss) };
      const xMax = Math.max(...runs.map((run) => run.last));
      const { rows } = runs[0];
      const lines = (curve) => runs.map((run, k) => ({ name: run.label, ...lookOf(styles[k]), ...curve(run) }));
      const axes = { xMax, xLabel: "epoch", legend: false }; // the panels are the legend
      charts[0].draw({
        ...axes, title: `Gradient of layer ${layer}: mean |dL/dw|`, y: { log: true, range: ranges.gradient },
        lines: lines((run) => ({ x: run.steps, y: run.gradientCurve(layer - 1) })),
      });
      charts[1].draw({ ...axes, title: "Loss", y: { log: true, range: ranges.loss }, lines: lines((run) => ({ y: run.loss })) });
      charts[2].draw({
        ...axes, title: `Correct, of ${rows}`, lines: lines((run) => ({ y: run.correct })),
        y: { log: false, range: [0, rows], ticks: [0, 1, 2, 3, 4].map((k) => Math.round((k * rows) / 4)) },
      });
    },
    head: (step) => charts.forEach((chart) => chart.head(step)),
  };
}

/** The panels of the runs, and the one that is shown in full. */
function createPanels(parent, { root, settings, signal, redraw, onfit }) {
  const list = html("ul", { class: "lv-lanes", "aria-label": "The networks that race; press one to see it in full" }, parent);
  let panels = [];
  let full = null;
  let inks = null; // read once the page has its styles
  let runs = [];
  const choose = (name) => settings.set({ chosen: settings.get("chosen") === name ? "" : name });
  function fit() {
    panels.forEach((panel) => panel.fit(settings.get("_data").sizes));
    const widest = full?.element.isConnected ? full.widest : panels.find(({ place }) => place)?.place.widest;
    if (widest) onfit(widest);
  }

  function mark() {
    const chosen = runs.findIndex((run) => run.name === settings.get("chosen"));
    panels.forEach(({ item, button }, k) => {
      item.classList.toggle("lv-lane-full", k === chosen);
      setAttribute(button, "aria-expanded", String(k === chosen));
    });
    list.classList.toggle("lv-one-full", chosen >= 0);
    // The others two to a column, at both sides of the one in full.
    const columns = new Array(Math.ceil((runs.length - 1) / 2)).fill("minmax(0, 1fr)");
    const before = Math.round((Math.max(chosen, 0) * columns.length) / (runs.length - 1));
    list.style.setProperty("--columns", columns.toSpliced(before, 0, "minmax(0, 4.4fr)").join(" "));
    list.style.setProperty("--before", before);
    if (chosen >= 0) {
      full ??= createFull({ root, signal, redraw, onrow: (row) => settings.set({ row }) });
      panels[chosen].item.append(full.element);
    } else full?.element.remove();
    fit();
  }
  root.addEventListener("keydown", (event) => {
    const name = settings.get("chosen");
    if (event.key !== "Escape" || name === "" || event.defaultPrevented) return;
    event.stopPropagation(); // in presenter mode it would leave the stage
    panels[runs.findIndex((run) => run.name === name)]?.button.focus({ preventScroll: true });
    choose(name);
  }, { signal });
  root.addEventListener("lv:theme", () => {
    inks = null;
    redraw();
  }, { signal });
  onResize(list, () => {
    fit();
    redraw();
  }, signal);
  const words = throttle(() => {
    if (signal.aborted) return;
    const [placed, step, last] = words.now;
    for (const one of placed) {
      const { item, correct, loss, words: says } = panels[one.index];
      setText(correct, `${one.correct}/${runs[one.index].rows}`);
      setText(loss, `loss ${formatNumber(one.loss)}`);
      setText(says, verdict(runs[one.index], one, step, last));
      item.classList.toggle("lv-lane-won", one.solvedAt !== null);
    }
  }, WORDS_EVERY);
  return {
    mark,
    load(newRuns, styles) {
      runs = newRuns;
      list.style.setProperty("--count", runs.length);
      const all = JSON.stringify([runs.map(({ name, label }) => [name, label]), styles]);
      if (list.dataset.lanes !== all) {
        list.dataset.lanes = all;
        list.replaceChildren();
        panels = runs.map(({ name, label }, k) => createPanel(list, label, styles[k], () => choose(name)));
      }
      mark();
    },
    draw(placed, step, last) {
      inks ??= readInks(root, MINIATURE_INKS);
      const [row, scale] = [settings.get("row"), settings.get("scale")];
      runs.forEach((run, k) => {
        const { place, context, item } = panels[k];
        if (place) paint(context, place, run, run.look(step, row), inks, scale);
        if (item.classList.contains("lv-lane-full")) full.draw(run, step, row, scale);
      });
      words.now = [placed, step, last];
      words();
    },
  };
}

const noPython = ({ label }, asked, shown) =>
  `Only Python can draw ${label} for seed ${asked}; it is not running. Seed ${shown} is still shown; without ${label} the others race with seed ${asked}.`;

/** The ten epochs before the first network has every row correct; null where none ever has. */
function firstCorrect(runs) {
  const solved = runs.map(({ solvedAt }) => solvedAt).filter((at) => at > 0);
  const first = Math.min(...solved);
  return solved.length ? [Math.max(first - SLOW_STEPS, 0), first] : null;
}

async function build({ root, settings, signal }) {
  const schemesOf = () => settings.get("_data").schemes;
  const drawControls = buildControls(root, settings, schemesOf);
  const notice = html("p", { class: "lv-notice", role: "status" }, root);
  let runs = [];
  let styles = [];
  let last = 0;
  let placed = [];
  const draw = onFrame(() => {
    if (runs.length === 0) return;
    const { step } = player;
    placed = standings(runs, step);
    panels.draw(placed, step, last);
    charts.head(step);
    if (ranking.element.parentElement.open) ranking.draw(runs, styles, placed, step, last);
    say();
  }, signal);
  const say = throttle(() => signal.aborted || setText(sentence, summary(placed, runs, player.step)), WORDS_EVERY);
  let told = settings.get("step"); // by this page
  const tell = throttle(() => {
    if (signal.aborted) return;
    told = player.step;
    settings.set({ step: told });
  }, TELL_EVERY);
  const moved = hideAhead(root, signal);
  const player = createPlayer(root, {
    root, signal, unit: "epoch", speed: 30,
    onstep(step) {
      if (step > 0) moved();
      draw();
      tell();
    },
  });
  const sentence = html("p", { class: "lv-race-sentence" }, root);
  const panels = createPanels(root, {
    root, settings, signal, redraw: draw, onfit: (widest) => legend.draw({ widest, scale: settings.get("scale") }),
  });
  const legendLine = html("div", { class: "lv-race-legend" }, root);
  const legend = createLegend(legendLine, { onscale: (scale) => settings.set({ scale }) });
  const shown = html("span", { class: "lv-race-shown" }, legendLine);
  const charts = createCharts(root, { root, signal, onscrub: (step) => player.goto(step) });
  const more = html("details", { class: "lv-race-more" }, root);
  html("summary", { text: "Ranking", ...SUPPRESS }, more);
  const ranking = createRanking(more, { signal });
  more.addEventListener("toggle", draw);
  player.onplaying((playing) => sentence.setAttribute("aria-live", playing ? "off" : "polite")); // read out at rest
  sentence.setAttribute("aria-live", "polite");

  const finished = new Map(); // runs by all that they depend on
  let waiting = 0;
  signal.addEventListener("abort", () => clearTimeout(waiting));
  async function work(_, abort) {
    clearTimeout(waiting);
    const [asked, learningRate, epochs] = ["seed", "learning_rate", "epochs"].map(settings.get);
    const schemes = settings.get("schemes").map((name) => schemesOf().find((one) => one.name === name)).filter(Boolean);
    if (schemes.length < settings.get("schemes").length) return; // the data of the others is on its way
    const undrawn = schemes.find((one) => one.kind === "given" && one.seed !== asked);
    if (undrawn) {
      waiting = setTimeout(() => setText(notice, noPython(undrawn, asked, runs[0]?.seed ?? undrawn.seed)), settings.alive ? PATIENCE : 0);
      if (runs.length > 0) return;
    }
    const seed = undrawn ? undrawn.seed : asked;
    const keys = schemes.map((scheme) => JSON.stringify([seed, learningRate, epochs, scheme]));
    const missing = schemes.filter((_, k) => !finished.has(keys[k]));
    const { sizes, table } = settings.get("_data");
    const trained = missing.length
      ? await train({ schemes: missing, seed, learningRate, epochs, sizes, inputs: table.inputs, targets: table.targets }, { signal: abort })
      : [];
    if (signal.aborted) return;
    if (!undrawn) setText(notice, "");
    const known = schemes.map((scheme, k) => finished.get(keys[k]) ?? trained[missing.indexOf(scheme)]);
    const start = JSON.stringify([seed, learningRate, epochs]).slice(0, -1);
    for (const key of finished.keys()) if (!key.startsWith(start)) finished.delete(key);
    known.forEach((run, k) => finished.set(keys[k], run));
    show(known);
  }
  function show(known) {
    const first = runs.length === 0;
    runs = known;
    styles = stylesOf(runs.map((run) => run.name));
    last = Math.max(...runs.map((run) => run.last));
    panels.load(runs, styles);
    charts.draw(runs, styles, settings.get("layer"));
    const step = first ? settings.get("step") : player.step;
    player.load({ last, unit: "epoch", slow: firstCorrect(runs), keep: true });
    if (first) player.goto(Math.min(step, last));
    setText(sentence, summary(standings(runs, player.step), runs, player.step));
    drawShown();
    root.dataset.drawn = "yes";
  }
  function drawShown() {
    setText(shown, runs.length ? `shown: ${rowText(runs[0].inputs[settings.get("row")], formatNumber)}` : "");
  }
  const fail = (error) => setText(notice, `The networks could not be trained: ${error.message}`);
  const refresh = latest(work, fail, signal);

  settings.on("schemes seed learning_rate epochs _data", () => {
    drawControls();
    refresh();
  });
  settings.on("layer", () => {
    drawControls();
    if (runs.length) charts.draw(runs, styles, settings.get("layer"));
    draw();
  });
  settings.on("chosen", () => {
    panels.mark();
    draw();
  });
  settings.on("row", () => {
    drawShown();
    draw();
  });
  settings.on("scale", () => {
    legend.draw({ scale: settings.get("scale") });
    draw();
  });
  settings.on("step", () => settings.get("step") !== told && player.goto(Math.min(settings.get("step"), last)));
  drawControls();
  await refresh();
}

export default explorable("race", build, [css, chartCss, controlsCss, diagramCss, legendCss, playerCss, readoutCss]);
