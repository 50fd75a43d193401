/** What the explorables of one run share: the choice of a run, and its clock. */
import { choice, number, row } from "../parts/controls.js";
import { html, setText, throttle } from "../parts/dom.js";
import { latest } from "../parts/engine.js";
import { createPlayer } from "../parts/player.js";
import { hideAhead } from "../parts/predictions.js";
import { createReadout } from "../parts/readout.js";
import { train } from "../parts/run.js";
import controlsCss from "../parts/controls.css";
import playerCss from "../parts/player.css";
import readoutCss from "../parts/readout.css";
import css from "./single_network.css";

/** The style sheets of everything here. */
export const STYLES = [controlsCss, playerCss, readoutCss, css];

const MAX_SEED = 2 ** 32 - 1;
const TOLD_EVERY = 200; // ms between two steps that Python hears of
const PATIENCE = 1000; // ms in which Python has to draw what only it can draw
const SLOW_STEPS = 10; // before everything is right for the first time

/**
 * @typedef {object} Picture what shows a run
 * @property {(run: import("../parts/run.js").Run) => void} load
 * @property {(step: number, row: number) => void} draw
 * @property {(runs: import("../parts/run.js").Run[]) => void} [fit] runs that may come: axes are to fit them, too
 */

/**
 * A run and its clock: player, sentence, picture. The run comes with `load`.
 *
 * @param {import("../parts/host.js").Stage} stage
 * @param {(parent: HTMLElement, clock: { goto: (step: number) => void, signal: AbortSignal }) => Picture} makePicture
 */
export function playRun({ root, settings, shared, signal }, makePicture) {
  let run = null;
  let expected = null; // the step to begin with, once the run is there
  let waiting = true; // for a run
  let hearing = false; // of a linked explorable's step
  const rowNow = () => Math.min(settings.get("row") ?? 0, run.rows - 1);

  const moved = hideAhead(root, signal);
  const player = createPlayer(root, {
    signal, root, unit: "step", speed: 30,
    onstep(step) {
      if (step > 0) moved();
      drawStep(step);
    },
  });
  const said = html("div", { class: "lv-said" }, root);
  const readout = createReadout(said, { signal });
  const trouble = html("p", { class: "lv-trouble", role: "status", hidden: true }, said);
  const picture = makePicture(root, { goto: (step) => player.goto(step), signal });

  const tell = () => !signal.aborted && run && settings.set({ step: player.step });
  const tellSoon = throttle(tell, TOLD_EVERY);
  function draw() {
    if (!run) return;
    readout.draw(run, player.step, rowNow());
    picture.draw(player.step, rowNow());
  }
  function drawStep(step) {
    draw();
    tellSoon();
    if (!hearing) shared.post("step", step);
  }
  /** A sentence in the place of the one about the run; "" takes it away. */
  function say(text) {
    trouble.hidden = !text;
    setText(trouble, text);
  }
  function goto(step) {
    if (waiting) expected = step;
    else player.goto(step);
  }
  player.onplaying((playing) => (playing ? shared.post("plays") : tell()));
  settings.on("step", () => settings.get("step") !== player.step && goto(settings.get("step")));
  settings.on("row", draw);
  shared.on("step", (step) => {
    hearing = true;
    goto(step);
    hearing = false;
  });
  shared.on("plays", () => player.pause()); // one clock at a time
  shared.on("asks for the step", () => run && shared.post("step", player.step));
  expected = settings.get("step");
  shared.post("asks for the step");

  return {
    picture,
    /** Another run is on its way: a step that is asked for now is one of that run. */
    expect: () => (waiting = true),
    /** @param {import("../parts/run.js").Run} next @param {boolean} keep whether the clock stays where it is */
    load(next, keep) {
      run = next;
      waiting = false;
      const { last, unit, solvedAt } = run;
      picture.load(run);
      player.load({ last, unit, slow: solvedAt === null ? null : [solvedAt - SLOW_STEPS, solvedAt], keep });
      if (expected !== null) player.goto(expected);
      expected = null;
      root.dataset.drawn = "yes";
    },
    say,
    /** No run comes; the one on the screen stays. */
    fail(text) {
      say(text);
      waiting = false;
      expected = null;
      root.dataset.drawn = "yes"; // all there will be
    },
  };
}

/**
 * An explorable whose reader chooses a run by its scheme and seed; it is trained here.
 *
 * @param {import("../parts/host.js").Stage} stage
 * @param {Parameters<typeof playRun>[1]} makePicture
 */
export function chooseRun(stage, makePicture) {
  const { root, settings, signal } = stage;
  const data = () => settings.get("_data");
  const chosen = () => data().schemes.find(({ name }) => name === settings.get("initializer")) ?? data().schemes[0];
  const options = () => data().schemes.map(({ name, label }) => ({ value: name, label }));

  const line = row(root);
  line.classList.add("lv-choose");
  const schemes = choice(line, {
    label: "Start from", options: options(), value: chosen().name, onchange: (name) => settings.set({ initializer: name }),
  });
  schemes.element.classList.add("lkv-schemes"); // whose buttons the keys 1 to 7 press
  const seed = number(line, {
    label: "Seed", min: 0, max: MAX_SEED, whole: true, value: settings.get("seed"),
    title: "The random draw: the same seed gives the same run again.", onchange: (value) => settings.set({ seed: value }),
  });
  seed.element.classList.add("lkv-minor");
  const stepped = playRun(stage, makePicture);
  const pool = runPool(settings, signal, (runs) => stepped.picture.fit?.(runs));

  let shown = null; // {task, rate} of the run on the screen
  const choose = latest(
    async (_, dropped) => {
      const scheme = chosen();
      if (onlyPythonCan(scheme)) return askPython(scheme);
      const task = `${scheme.name} ${settings.get("seed")} ${data().inputs}`;
      const run = await pool.get(scheme, dropped, (share) => stepped.say(`Training: ${Math.round(100 * share)} %`));
      if (dropped.aborted) return;
      stepped.say("");
      stepped.load(run, shown === task);
      shown = task;
      pool.fill(data().schemes.filter((other) => !onlyPythonCan(other)));
    },
    (error) => stepped.fail(`This run could not be trained: ${error.message}`),
    signal,
  );
  const onlyPythonCan = ({ kind, seed: drawn }) => kind === "given" && drawn !== settings.get("seed");
  /** The weights come with `_data`, and so with another call of `choose`. */
  function askPython({ label }) {
    const wanted = settings.get("seed");
    const complain = () => {
      if (signal.aborted || !onlyPythonCan(chosen()) || settings.get("seed") !== wanted) return;
      stepped.fail(`Only Python can draw ${label} for seed ${wanted}; it is not running.`);
    };
    if (settings.alive) setTimeout(complain, PATIENCE);
    else complain();
  }
  function change() {
    schemes.value = chosen().name;
    if (seed.value !== settings.get("seed")) seed.value = settings.get("seed");
    // Where all weights are equal and there is one example, a seed changes nothing.
    seed.element.style.visibility = data().oneExample && chosen().kind === "constant" ? "hidden" : "";
    stepped.expect();
    choose();
  }
  settings.on("_data", () => {
    schemes.options = options();
    change();
  });
  settings.on("initializer seed learning_rate", change);
  change();
}

/**
 * The runs of all schemes with the settings as they are. After the one that is on the screen the others are
 * trained, too: so axes can fit all of them, and choosing another scheme takes no time.
 *
 * @param {(runs: import("../parts/run.js").Run[]) => void} onruns called with runs that were trained
 */
function runPool(settings, signal, onruns) {
  let key = "";
  let runs = new Map();
  let filling = null;
  signal.addEventListener("abort", () => filling?.abort());

  async function trainAll(schemes, options) {
    const { sizes, activation, inputs, targets, epochs, oneExample } = settings.get("_data");
    const [seed, learningRate] = [settings.get("seed"), settings.get("learning_rate")];
    const mine = runs;
    const task = { schemes, seed, learningRate, sizes, activation, inputs, targets, epochs, oneExample };
    const trained = await train(task, options);
    schemes.forEach(({ name }, k) => mine.set(name, trained[k]));
    if (mine === runs && !options.signal.aborted) onruns(trained);
  }
  return {
    async get(scheme, dropped, onProgress) {
      filling?.abort();
      const now = JSON.stringify([settings.get("_data"), settings.get("seed"), settings.get("learning_rate")]);
      if (now !== key) [key, runs] = [now, new Map()];
      const mine = runs;
      const begun = performance.now();
      const progress = (share) => performance.now() - begun > 300 && !dropped.aborted && onProgress(share);
      if (!mine.has(scheme.name)) await trainAll([scheme], { signal: dropped, onProgress: progress });
      return mine.get(scheme.name);
    },
    fill(schemes) {
      const missing = schemes.filter(({ name }) => !runs.has(name));
      if (missing.length === 0) return;
      filling = new AbortController();
      trainAll(missing, { signal: filling.signal }).catch(() => {}); // dropped, or it fails again where it is seen
    },
  };
}
