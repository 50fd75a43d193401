/** The playground: whatever is set, all networks are trained anew, and every curve and picture follows. */
import { createAnswers } from "../parts/answers.js";
import { lineChart } from "../parts/chart.js";
import { tabs } from "../parts/controls.js";
import { describe, writeDescription } from "../parts/describe.js";
import { createDiagram } from "../parts/diagram.js";
import { html, onFrame, onResize, setAttribute, setText, sharpContext, throttle } from "../parts/dom.js";
import { latest } from "../parts/engine.js";
import { formatNumber, niceCeiling } from "../parts/format.js";
import { explorable } from "../parts/host.js";
import { createLegend } from "../parts/legend.js";
import { MINIATURE_INKS, miniature, paint } from "../parts/miniature.js";
import { createPlayer } from "../parts/player.js";
import { createReadout } from "../parts/readout.js";
import { gradientRange } from "../parts/scale.js";
import { lookOf, stylesOf, swatch } from "../parts/schemes.js";
import { inks as readInks } from "../parts/theme.js";
import answersCss from "../parts/answers.css";
import chartCss from "../parts/chart.css";
import controlsCss from "../parts/controls.css";
import diagramCss from "../parts/diagram.css";
import legendCss from "../parts/legend.css";
import playerCss from "../parts/player.css";
import readoutCss from "../parts/readout.css";
import css from "./playground.css";
import { createControls } from "./playground_controls.js";
import { createEditor, withEdit } from "./playground_edit.js";
import { animationHtml, createFiles, pythonScript } from "./playground_files.js";
import { check, prepare, readLink, same, settle, trainAll, writeLink } from "./playground_settings.js";
import { copyField, createAddress, createShare } from "./playground_share.js";

const TELL_EVERY = 200; // ms between two steps that Python hears of
const BUSY_AFTER = 600; // ms of training until its progress is shown
const SLOW_STEPS = 10; // before everything is correct for the first time
const FULL_EVERY = 120; // ms between two pictures of the network in full while something is dragged
const CHART_HEIGHT = 206;
const SUPPRESS = { "data-lm-suppress-shortcuts": "true" };
/** Settings that change what is seen of the runs, but not the runs. */
const VIEWS = ["shown", "hide", "fix"];

/** The small networks: one for each scheme; pressing one shows it in full. */
function createPanels(parent, { root, signal, redraw, onpress }) {
  const list = html("ul", { class: "lv-pg-panels", "aria-label": "The networks; press one to see it in full" }, parent);
  let panels = [];
  let runs = [];
  let lineUp = "";
  let inks = null; // read once the page has its styles
  root.addEventListener("lv:theme", () => {
    inks = null;
    redraw();
  }, { signal });
  onResize(list, () => {
    panels.forEach((panel) => (panel.place = null));
    redraw();
  }, signal);

  function add(run, style) {
    const item = html("li", {}, list);
    const button = html("button", { type: "button", class: "lv-pg-panel lkv-lane-name", ...SUPPRESS }, item);
    button.style.setProperty("--lane", `var(${lookOf(style).color})`);
    const head = html("span", { class: "lv-pg-panel-name" }, button);
    swatch(head, style);
    html("span", { text: run.label }, head);
    const canvas = html("canvas", { "aria-hidden": "true" }, button);
    const score = html("span", { class: "lv-pg-score" }, button);
    const panel = { button, canvas, context: canvas.getContext("2d"), correct: html("b", {}, score), loss: html("span", {}, score), place: null };
    button.addEventListener("click", () => onpress(run.name));
    return panel;
  }
  /** As many pixels as the screen has where the canvas lies. */
  function fit(panel, { sizes }) {
    const { clientWidth: width, clientHeight: height } = panel.canvas;
    if (width === 0) return;
    panel.context = sharpContext(panel.canvas);
    panel.place = miniature(sizes, width, height);
  }
  return {
    load(next, styles) {
      const shape = (all) => all.map(({ sizes }) => sizes.join()).join(";");
      if (shape(runs) !== shape(next)) panels.forEach((panel) => (panel.place = null));
      runs = next;
      const now = runs.map(({ name, label }) => `${name} ${label}`).join();
      if (lineUp === now) return;
      lineUp = now;
      list.replaceChildren();
      panels = runs.map((run, k) => add(run, styles[k]));
    },
    draw(step, row, shown) {
      inks ??= readInks(root, MINIATURE_INKS);
      runs.forEach((run, k) => {
        const panel = panels[k];
        if (!panel.place) fit(panel, run);
        const now = Math.min(step, run.last);
        if (panel.place) paint(panel.context, panel.place, run, run.look(now, row), inks);
        setText(panel.correct, `${run.correct[now]}/${run.rows}`);
        setText(panel.loss, formatNumber(run.loss[now]));
        panel.correct.classList.toggle("lv-pg-all", run.correct[now] === run.rows);
        setAttribute(panel.button, "aria-pressed", String(run.name === shown));
      });
    },
  };
}

/** The curves: gradients of the network in full, loss and correct rows of all. */
function createCharts(parent, { root, signal, onscrub }) {
  const holder = html("div", { class: "lv-pg-charts" }, parent);
  const labels = { gradient: "Gradient of each layer", loss: "Loss of every scheme", correct: "Rows that every scheme has correct" };
  const [gradient, loss, correct] = Object.values(labels).map((label) =>
    lineChart(holder, { root, signal, onscrub, label, height: CHART_HEIGHT }),
  );
  tabs(holder, [["Gradient", gradient], ["Loss", loss], ["Correct", correct]].map(([label, { element }]) => ({ label, element })));
  let range; // of the gradients: it never shrinks, or curves could not be compared while something is dragged
  let highest = 1;
  return {
    draw(runs, styles, shown) {
      range = gradientRange(runs, range);
      const { rows, unit } = runs[0];
      const axes = { xMax: Math.max(1, ...runs.map((run) => run.last)), xLabel: unit };
      const lines = (curve) => runs.map((run, k) => ({ name: run.label, ...lookOf(styles[k]), y: curve(run) }));
      gradient.draw({
        ...axes, title: `Gradient, ${shown.label}`, legend: true, y: { log: true, range },
        lines: Array.from({ length: shown.layerCount }, (_, k) => ({
          name: `layer ${k + 1}`, color: `--lv-layer-${(k % 6) + 1}`, dash: k < 6 ? [] : [6, 4], x: shown.steps, y: shown.gradientCurve(k),
        })),
      });
      highest = Math.max(highest, ...runs.map(({ loss }) => niceCeiling(loss.reduce((most, x) => (x > most ? x : most), 0))));
      loss.draw({ ...axes, title: "Loss", lines: lines((run) => run.loss), y: { range: [0, highest] } });
      const ticks = rows >= 4 ? [0, 1, 2, 3, 4].map((k) => Math.round((k * rows) / 4)) : [0, rows];
      correct.draw({ ...axes, title: rows > 1 ? `Correct, of ${rows}` : "Correct", lines: lines((run) => run.correct), y: { range: [0, rows], ticks } });
    },
    head: (step) => [gradient, loss, correct].forEach((chart) => chart.head(step)),
  };
}

/** The network in full: sentence, diagram, what is pointed at, rows. */
function createFull(parent, { root, signal, redraw, onrow, onpin = () => {}, onedit }) {
  const element = html("section", { class: "lv-pg-full", "aria-label": "The network in full" }, parent);
  const heading = html("p", { class: "lv-pg-heading" }, element);
  const readout = createReadout(element, { signal });
  const legend = createLegend(element, {
    onscale(scale) {
      diagram.scale = scale;
      legend.draw({ scale });
    },
  });
  const body = html("div", { class: "lv-pg-body" }, element);
  const left = html("div", {}, body);
  const side = html("div", { class: "lv-pg-side" }, body);
  let [pointed, pinned, complaint, loaded] = [null, null, "", null];
  const diagram = createDiagram(left, {
    root, signal, onrow, onedit, onfit: (widest) => legend.draw({ widest }),
    onpin(part) {
      pinned = part;
      onpin(part);
      redraw();
    },
    onpoint(part) {
      pointed = part;
      redraw();
    },
    complain(text) {
      complaint = text;
      redraw();
    },
  });
  const answers = createAnswers(side, { signal, onrow });
  const detail = html("div", { class: "lv-detail" }, side);
  return {
    element, left, diagram,
    picture: () => diagram.element.querySelector("svg"),
    get pinned() { return pinned; },
    draw(run, step, row, title) {
      const now = Math.min(step, run.last);
      setText(heading, title);
      readout.draw(run, now, row);
      if (run !== loaded) {
        diagram.load((loaded = run));
        legend.draw({ activation: run.activation });
      }
      diagram.draw(now, row);
      answers.element.hidden = run.oneExample;
      if (!run.oneExample) answers.draw(run, now, row);
      const part = pointed ?? pinned;
      const about = part ? describe(run, run.look(now, row), part, row) : { title: "", lines: ["Point at a line or a neuron to see its numbers; press it to keep them."] };
      writeDescription(detail, { ...about, lines: complaint ? [...about.lines, complaint] : about.lines });
    },
  };
}

/** Where the clock of a run stands, and Python's `step`: -1 is the end. */
function createClock(parent, { root, settings, signal, ondraw }) {
  let last = 0;
  let began = false;
  const tell = throttle(() => signal.aborted || settings.set({ step: player.step === last ? -1 : player.step }), TELL_EVERY);
  const player = createPlayer(parent, {
    root, signal, unit: "epoch", speed: 100,
    onstep() {
      ondraw();
      if (began) tell();
    },
  });
  const follow = () => {
    const step = settings.get("step");
    player.goto(step < 0 ? last : Math.min(step, last));
  };
  settings.on("step", () => began && !player.playing && follow());
  return {
    player,
    load(runs, shown) {
      last = Math.max(...runs.map((run) => run.last));
      const { solvedAt } = shown;
      player.load({ last, unit: shown.unit, slow: solvedAt > 0 ? [Math.max(solvedAt - SLOW_STEPS, 0), solvedAt] : null, keep: true });
      if (!began) follow();
      began = true;
    },
  };
}

function build(stage) {
  const data = prepare(stage.settings.get("_data"));
  return stage.settings.get("_data").animation ? buildAnimation(stage, data) : buildPlayground(stage, data);
}

/** One network and its clock: the file that a reader can download. */
async function buildAnimation({ root, settings, signal }, data) {
  const values = settle(Object.fromEntries(data.names.map((name) => [name, settings.get(name)])), data);
  let row = values.mode === "one" ? 0 : values.number;
  const [run] = await trainAll(values, data, { signal });
  const draw = onFrame(() => full.draw(run, clock.player.step, row, run.label), signal);
  const clock = createClock(root, { root, settings, signal, ondraw: draw });
  const onrow = (other) => draw((row = other));
  const full = createFull(root, { root, signal, redraw: draw, onrow });
  clock.load([run], run);
  clock.player.goto(0);
  root.dataset.drawn = "yes";
}

async function buildPlayground({ root, settings, shared, signal, code }, data) {
  const status = html("div", { class: "lv-pg-status", role: "status" }, root);
  const desk = html("div", { class: "lv-pg-desk" }, root);
  const controls = createControls(desk, { root, data, signal, change });
  const stage = html("div", { class: "lv-pg-stage" }, desk);
  const busy = html("span", { class: "lv-pg-busy", hidden: true }, stage);
  const draw = onFrame(drawNow, signal);
  const panels = createPanels(stage, { root, signal, redraw: draw, onpress: (shown) => change({ shown }) });
  const clock = createClock(stage, {
    root, settings, signal,
    ondraw() {
      draw();
      shared.post("step", clock.player.step);
    },
  });
  const charts = createCharts(stage, { root, signal, onscrub: (step) => clock.player.goto(step) });
  const onrow = (number) => values.mode === "table" && change({ number });
  const full = createFull(stage, { root, signal, redraw: draw, onrow, onedit: () => editor.focus() });
  const editor = createEditor(full.left, {
    largest: data.field.get("edits").largest,
    onedit: (place, value, final) => change({ edits: withEdit(read().edits, values.shown, place, value, data.field.get("edits").most) }, final),
    onundo: (count) => change({ edits: values.edits.slice(0, -count) }),
  });
  const take = html("section", { class: "lv-pg-take lkv-minor", "aria-label": "Download and share" }, stage);

  const read = () => Object.fromEntries(data.names.map((name) => [name, settings.get(name)]));
  let values = settle(read(), data); // what is asked for
  let requested = null; // what was last asked to be trained: { values, quick }
  let shown = null; // what is on the screen: { values, runs, styles }
  let complaints = [];
  let failure = "";
  let isSeen = true; // the network in full
  let isFullDrawn = false;

  // --- What is asked for

  /** Ask for other values. While something is dragged (not `final`), only the picture follows. */
  function change(wish, final = true) {
    const locked = [...values.hide, ...values.fix];
    const free = Object.fromEntries(Object.entries(wish).filter(([name]) => !locked.includes(name)));
    if (final) {
      complaints = [];
      put(free);
      refresh(); // even if nothing is new: a control may stand where it may not
      return;
    }
    values = settle({ ...read(), ...free }, data);
    const isBack = same(values, settle(read(), data)); // a slider that is let go there says nothing more
    request(!isBack);
  }
  /** Set what differs, for Python and for those linked. */
  function put(wish) {
    const news = Object.entries(wish).filter(([name, value]) => !same(value, settings.get(name)));
    if (news.length) settings.set(Object.fromEntries(news.map(([name, value]) => [name, check(name, value, data)])));
  }
  /** Follow the settings. @returns {Promise<void> | undefined} */
  function refresh() {
    if (signal.aborted) return undefined;
    values = settle(read(), data);
    controls.write(values);
    address.write(writeLink(values, data));
    share.write(values);
    script.value = pythonScript(values, data);
    showStatus();
    const views = values.mode === "table" ? [...VIEWS, "number"] : VIEWS;
    const essence = (of) => data.names.map((name) => (views.includes(name) ? null : of[name]));
    if (!requested || requested.quick || !same(essence(requested.values), essence(values))) return request(false);
    if (shown) view();
    return undefined;
  }
  /** Have the runs of `values` trained. */
  function request(quick) {
    requested = { values, quick };
    return compute(requested);
  }
  let waiting = false;
  settings.on("_data", () => Object.assign(data, prepare(settings.get("_data"))));
  settings.on(data.names.join(" "), () => {
    if (waiting) return;
    waiting = true; // for the other settings of the same change
    queueMicrotask(() => {
      waiting = false;
      refresh();
    });
  });

  // --- What comes of it

  const compute = latest(
    async ({ values: asked, quick }, abort) => {
      const began = performance.now();
      const onProgress = (share) => {
        busy.hidden = performance.now() - began < BUSY_AFTER;
        setText(busy, `Training: ${Math.round(100 * share)} %`);
      };
      const runs = await trainAll(asked, data, { quick, signal: abort, onProgress }).finally(() => (busy.hidden = true));
      if (signal.aborted) return;
      failure = "";
      shown = { values: asked, runs, quick, styles: stylesOf(runs.map(({ name }) => name)) };
      panels.load(runs, shown.styles);
      clock.load(runs, runShown());
      view();
      root.dataset.runs = String(Number(root.dataset.runs ?? 0) + 1);
      root.dataset.drawn = "yes";
    },
    (error) => {
      requested = null;
      failure = `The networks could not be trained: ${error.message}`;
      showStatus();
    },
    signal,
  );
  const runShown = () => shown.runs.find(({ name }) => name === values.shown) ?? shown.runs.find(({ name }) => name === shown.values.shown);
  const rowShown = () => (shown.values.mode === "one" ? 0 : Math.min(values.number, shown.runs[0].rows - 1));
  // Charts paint in the frame after they are told: networks and curves share the work between two frames.
  const drawCharts = onFrame(() => charts.draw(shown.runs, shown.styles, runShown()), signal);
  function view() {
    drawCharts();
    draw();
  }
  function drawNow() {
    if (!shown) return;
    const { step } = clock.player;
    const run = runShown();
    panels.draw(step, rowShown(), run.name);
    charts.head(step);
    if (!isSeen && isFullDrawn) return;
    if (shown.quick) drawFullSoon();
    else drawFull();
  }
  // While something is dragged, the small networks come first; the large one costs more than all of them.
  const drawFullSoon = throttle(() => !signal.aborted && drawFull(), FULL_EVERY);
  function drawFull() {
    isFullDrawn = true;
    const { step } = clock.player;
    const run = runShown();
    const others = shown.runs.length > 1 ? " Press another network above to see that one." : "";
    const gain = run.name === "scaled" ? `, ${formatNumber(shown.values.gain)}` : "";
    full.draw(run, step, rowShown(), `${run.label}${gain}, in full.${others}`);
    editor.element.hidden = values.hide.includes("edits");
    editor.draw(run, Math.min(step, run.last), full.pinned, values.edits, values.fix.includes("edits"));
  }
  const seen = new IntersectionObserver((entries) => {
    isSeen = entries.at(-1).isIntersecting;
    if (isSeen) draw();
  }, { rootMargin: "100px" });
  seen.observe(full.element);
  addEventListener("beforeprint", () => shown && drawFull(), { signal });
  signal.addEventListener("abort", () => seen.disconnect());
  function showStatus() {
    const texts = [...complaints, failure].filter(Boolean);
    status.replaceChildren(...texts.map((text) => html("p", { text })));
  }

  // --- What hands it on

  /** The settings of the run in full. */
  const valuesShown = () => {
    const number = shown.values.mode === "one" ? shown.values.number : values.number;
    return { ...shown.values, number, shown: runShown().name };
  };
  createFiles(take, {
    data,
    now: () => ({ values: valuesShown(), run: runShown(), picture: full.picture() }),
    animation() {
      const { name, label, seed } = runShown();
      const state = { ...valuesShown(), schemes: [name], step: 0, _channel: "", _data: { ...settings.get("_data"), animation: true } };
      return animationHtml(`${label}, seed ${seed}`, state, code);
    },
  });
  const address = createAddress(root, data, signal);
  if (address.asked) {
    const link = readLink(address.asked, data);
    put(link.values);
    complaints = link.complaints;
  }
  const opened = settle(read(), data);
  const share = createShare(take, { data, base: address.base, hide: opened.hide, fix: opened.fix });
  const fold = html("details", {}, take);
  html("summary", { text: "The run in Python", ...SUPPRESS }, fold);
  const script = copyField(fold, "Python code of the run shown", { rows: 10 });
  await refresh();
}

export default explorable("playground", build, [
  answersCss, chartCss, controlsCss, diagramCss, legendCss, playerCss, readoutCss, css,
]);
