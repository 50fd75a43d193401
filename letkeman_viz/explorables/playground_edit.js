/** Changes by hand: the weight or bias that is pinned in the diagram, as it is before training. */
import { button, number, row, slider } from "../parts/controls.js";
import { placeOf as nameOf } from "../parts/describe.js";
import { html, setText } from "../parts/dom.js";
import { formatNumber } from "../parts/format.js";
import { layersOf } from "../parts/run.js";

const STOPS = Array.from({ length: 601 }, (_, k) => (k - 300) / 100); // of the slider
const NOTHING = "Press a line or a neuron of the network to change its weight or bias here.";

/** Where a part of the diagram is, as a change by hand names it; null for a neuron of the input. */
function placeOf(part) {
  if (!part) return null;
  if (part.index === undefined) return [part.layer, part.from, part.to];
  return part.layer > 0 ? [part.layer, part.index] : null;
}

/** The weight or bias at a place, at a step; undefined where the network has none. @param {number[]} place */
function valueAt(run, step, [layer, a, b]) {
  const { weights, biases, fanOut } = layersOf(run.parameters(step), run.sizes)[layer - 1] ?? {};
  if (!weights) return undefined;
  return b === undefined ? biases[a] : b < fanOut ? weights[a * fanOut + b] : undefined;
}

/**
 * The changes with another one. Changes of one place in a row count as one, so that a drag is undone at once.
 * @param {[string, number[], number][]} edits @param {number} most of them that are kept
 */
export function withEdit(edits, scheme, place, value, most) {
  const last = edits.at(-1);
  const again = last && last[0] === scheme && String(last[1]) === String(place);
  return [...(again ? edits.slice(0, -1) : edits), [scheme, place, Math.round(value * 1e4) / 1e4 + 0]].slice(-most);
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/**
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {number} options.largest |value|
 * @param {(place: number[], value: number, final: boolean) => void} options.onedit [] for all weights
 * @param {(count: number) => void} options.onundo take back so many changes
 */
export function createEditor(parent, { largest, onedit, onundo }) {
  const element = html("div", { class: "lv-pg-edit lkv-minor" }, parent);
  const name = html("p", { class: "lv-pg-edit-name", text: NOTHING }, element);
  const line = row(element);
  const stops = [-largest, ...STOPS, largest];
  let place = null;
  const value = slider(line, {
    label: "Before training", stops, value: 0,
    oninput: (now) => place && onedit(place, now, false),
    onchange: (now) => place && onedit(place, now, true),
  });
  const now = html("span", { class: "lv-pg-quiet" }, line);
  const tools = row(element);
  const undo = button(tools, { label: "Undo", onpress: () => onundo(1) });
  const undoAll = button(tools, { label: "Undo all changes", onpress: () => onundo(Infinity) });
  const level = number(tools, { label: "All weights", min: -largest, max: largest, value: 0.5, onchange: () => {} });
  const equal = button(tools, {
    label: "Set all equal",
    onpress() {
      const { value: asked } = level.read();
      if (asked !== undefined) onedit([], asked, true);
    },
  });
  return {
    element,
    /** Go on with the keyboard. */
    focus: () => value.element.querySelector("input").focus(),
    /** @param {import("../parts/run.js").Run} run @param {object | null} part of the diagram that is pinned */
    draw(run, step, part, edits, isFixed) {
      const start = placeOf(part) && valueAt(run, 0, placeOf(part));
      place = start === null || start === undefined ? null : placeOf(part);
      setText(name, place ? capital(nameOf(run, part)) : NOTHING);
      const shown = place ? Number(start.toPrecision(4)) : 0;
      if (value.value !== shown && !value.element.matches(":active")) value.value = shown; // not while it is dragged
      setText(now, place && step > 0 ? `now ${formatNumber(valueAt(run, step, place))}` : "");
      value.disabled = isFixed || !place;
      undo.disabled = undoAll.disabled = isFixed || edits.length === 0;
      level.disabled = equal.disabled = isFixed;
    },
  };
}
