// Race: several runs as small networks, on one clock and one scale.
import { formatNumber, niceCeiling } from "./format.js";
import { miniature, paint } from "./race_canvas.js";
import { followRace } from "./race_entries.js";
import { buildLane, drawLegend } from "./race_parts.js";
import { ordinal, standings, tell, verdict } from "./race_standings.js";
import { begin, html, setText, throttle } from "./stage.js";
import { want } from "./want.js";

const WORDS_EVERY = 150; // ms: words change slower than pictures, so that they can be read
const SCALES = { fixed: "same at all times", frame: "rescaled every frame" };

/** The colours of the style sheet, as a canvas takes them. */
function readInk(el) {
  const style = getComputedStyle(el);
  const read = (name) => style.getPropertyValue(`--lkv-${name}`).trim();
  const [positive, negative, zero, broken] = ["positive", "negative", "zero", "ink"].map(read);
  return { positive, negative, zero, broken, rim: zero, page: read("page"), fill: read("fill") };
}

/** The largest finite size, 1 where there is none. */
const largestOf = (values) => Math.max(0, ...values.filter(Number.isFinite)) || 1;

/** What the widest line and outline stand for over all frames of all runs. */
function wholeScale(runs) {
  const weights = runs.flatMap((run) => run.largest.weight);
  return { top: niceCeiling(largestOf(weights)), biasTop: largestOf(runs.map((run) => run.largest.bias)) };
}

/** ... and what they stand for at the moment. */
function scaleNow(looks) {
  const layers = looks.flatMap((look) => look.layers);
  const largest = (part) => largestOf(layers.map((layer) => largestOf(Array.from(layer[part], Math.abs))));
  return { top: niceCeiling(largest("weights")), biasTop: largest("biases") };
}

/** A canvas with as many pixels as the screen has where it lies. */
function fit(lane, sizes) {
  const ratio = globalThis.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = lane.canvas;
  if (width === 0) return;
  [lane.canvas.width, lane.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  lane.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  lane.place = miniature(sizes, width, height);
}

function buildStage(el) {
  begin(el, "lkv-race");
  const grid = html("div", { class: "lkv-lanes" }, el);
  const list = html("ul", { "aria-label": "The networks that race; press one to see it in full" }, grid);
  const key = html("div", { class: "lkv-lane lkv-lane-key" }, grid);
  const legend = html("div", {}, key);
  const label = html("label", { class: "lkv-scale", text: "Scale: " }, key);
  const scale = html("select", {}, label);
  for (const [value, text] of Object.entries(SCALES)) html("option", { value, text }, scale);
  return { grid, list, legend, scale, sentence: html("p", { class: "lkv-sentence" }, el) };
}

export default {
  async render({ model, el, host, signal }) {
    const stage = buildStage(el);
    let lanes = [];
    let ink = null; // read once the page has its styles
    let whole = null;
    let legendSays = "";
    let said = null;

    const say = throttle(() => {
      if (signal.aborted) return;
      const [runs, placed, step, last] = said;
      for (const one of placed) {
        const { right, loss, words, item } = lanes[one.index];
        setText(right, `${one.right}/${runs[one.index].rows}`);
        setText(loss, `loss ${formatNumber(one.loss)}`);
        const place = one.solvedAt === null ? "" : `${ordinal(one.place)}: `;
        setText(words, place + verdict(runs[one.index], one, step, last));
        item.classList.toggle("lkv-lane-won", one.solvedAt !== null);
      }
      setText(stage.sentence, tell(placed, runs, step));
    }, WORDS_EVERY);

    function drawKey(run, row, top) {
      const shown = Array.from(run.inputs(row), formatNumber).join(" ");
      const widest = lanes[0].place.widest;
      const now = [shown, top, widest].join();
      if (legendSays !== now) drawLegend(stage.legend, top, widest, `shown: ${shown}`);
      legendSays = now;
    }
    function draw(runs, step, last) {
      if (!lanes.every((lane) => lane.place)) return; // not on the screen
      ink ??= readInk(el);
      const placed = standings(runs, step);
      const looks = [];
      for (const { index, frame } of placed) looks[index] = runs[index].look(frame, race.exampleOf(index));
      const scale = model.get("scale") === "fixed" ? whole : scaleNow(looks);
      looks.forEach((look, k) => paint(lanes[k].context, lanes[k].place, look, runs[k], scale, ink));
      drawKey(runs[0], race.exampleOf(0), scale.top);
      said = [runs, placed, step, last];
      say();
    }
    function press(k) {
      model.set("chosen", model.get("chosen") === k ? -1 : k);
      model.save_changes();
    }
    function mark() {
      lanes.forEach(({ item, button }, k) => {
        const isChosen = model.get("chosen") === k;
        item.classList.toggle("lkv-lane-chosen", isChosen);
        button.setAttribute("aria-pressed", String(isChosen));
      });
    }
    function rebuild(runs, styles) {
      const names = runs.map((run) => run.label);
      const all = [...names, ...styles].join();
      if (stage.list.dataset.lanes !== all) {
        stage.list.dataset.lanes = all;
        stage.list.replaceChildren();
        lanes = runs.map((_, k) => buildLane(stage.list, names[k], styles[k]));
        lanes.forEach(({ item }, k) => item.addEventListener("click", () => press(k)));
      }
      lanes.forEach((lane, k) => fit(lane, runs[k].sizes));
      whole = wholeScale(runs);
      mark();
      el.dataset.drawn = "yes";
    }
    const race = await followRace({ model, host, signal }, { rebuild, draw });
    if (signal.aborted) return;

    stage.scale.addEventListener("change", () => {
      model.set("scale", stage.scale.value);
      model.save_changes();
    });
    const rescale = () => {
      stage.scale.value = model.get("scale");
      race.drawNow();
    };
    const recolour = () => {
      ink = null;
      race.drawNow();
    };
    const hush = () => stage.sentence.setAttribute("aria-live", race.clock.get("playing") ? "off" : "polite");
    model.on("change:chosen", mark);
    model.on("change:scale", rescale);
    race.clock.on("change:playing", hush);
    const resized = new ResizeObserver(race.rebuildNow);
    resized.observe(stage.grid);
    const themes = new MutationObserver(recolour);
    themes.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    themes.observe(document.documentElement, { attributeFilter: ["data-lkv-palette"] });
    signal.addEventListener("abort", () => {
      resized.disconnect();
      themes.disconnect();
    });
    hush();
    rescale();
    // Only once this is on the screen: computing must not hold up the first picture.
    requestAnimationFrame(() => setTimeout(() => want(model, el, signal)));
  },
};
