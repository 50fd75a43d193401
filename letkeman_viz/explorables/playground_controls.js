/** The controls of the playground: one or more for every setting, in groups; what is rarely used is folded. */
import { button, checkbox, choice, number, row, select, slider, textarea } from "../parts/controls.js";
import { html, onResize, setText } from "../parts/dom.js";
import { stylesOf, swatch } from "../parts/schemes.js";
import { MAX_TEXT, taskFromCsv } from "../parts/tasks.js";
import { sizesOf, same } from "./playground_settings.js";

const XOR = "in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n";
const ACTIVATIONS = { sigmoid: "Sigmoid", tanh: "tanh", relu: "ReLU" };
const SUPPRESS = { "data-lm-suppress-shortcuts": "true" };

/**
 * @typedef {(wish: Record<string, any>, final?: boolean) => void} Change asks for other values; while something is
 *   dragged, `final` is false
 */

/**
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {HTMLElement} options.root @param {import("./playground_settings.js").Data} options.data
 * @param {AbortSignal} options.signal @param {Change} options.change
 * @returns {{ element: HTMLElement, write: (values: Record<string, any>) => void }} `write` sets all controls; nobody is told
 */
export function createControls(parent, { root, data, signal, change }) {
  const element = html("div", { class: "lv-pg-controls", role: "group", "aria-label": "Settings" }, parent);
  const groups = [];
  const parts = new Map(data.controls.map(([name]) => [name, []])); // the controls of each setting
  let values = {};
  let text = XOR; // of the table of one's own, kept while another task is on

  function group(title, isOpen) {
    const fold = html("details", { class: "lv-pg-group", open: isOpen }, element);
    const summary = html("summary", { ...SUPPRESS }, fold);
    html("b", { text: title }, summary);
    const note = html("span", {}, summary);
    const inside = html("div", { class: "lv-pg-inside" }, fold);
    groups.push({ fold, inside, note });
    return { inside, note };
  }
  /** Note a control as one of a setting's. */
  function add(name, control) {
    parts.get(name).push(control);
    return control;
  }
  const field = (name) => data.field.get(name);
  function slide(parent, name, label, options = {}) {
    const { stops, kind } = field(name);
    return add(name, slider(parent, {
      label, stops, value: field(name).default, whole: kind === "whole",
      oninput: (value) => change({ [name]: value }, false),
      onchange: (value) => change({ [name]: value }),
      ...options,
    }));
  }

  const who = group("Schemes", true);
  const boxes = createBoxes(who.inside, data, () => values, change, add);
  const marks = data.gains.map(([value, name]) => ({ value, label: `as ${name}` }));
  const gain = slide(who.inside, "gain", "Free gain", { marks });
  const draw = row(who.inside);
  const { low, high } = field("seed");
  const seed = add("seed", number(draw, {
    label: "Seed", min: low, max: high, whole: true, value: field("seed").default,
    title: "Another seed is another draw of all weights, and another order of the rows",
    onchange: (value) => change({ seed: value }),
  }));
  add("seed", button(draw, { label: "New draw", title: "The next seed", onpress: () => change({ seed: (values.seed + 1) % (high + 1) }) }));

  const learning = group("Training", true);
  const rate = slide(learning.inside, "rate", "Learning rate");
  const epochs = slide(learning.inside, "epochs", "Epochs");
  const order = add("order", checkbox(learning.inside, {
    label: "Shuffle the rows every epoch", onchange: (on) => change({ order: on ? "shuffled" : "fixed" }),
  }));

  const start = group("Start", true);
  const noise = slide(start.inside, "noise", "Noise on top", { title: "Each weight and bias is changed by at most this much" });
  const bias = slide(start.inside, "bias", "All biases");

  const what = group("Task", false);
  const tasks = [...data.tasks.map(({ name, label }) => ({ value: name, label })), { value: "own", label: "Your own table" }];
  const task = add("task", select(what.inside, {
    label: "Task", options: tasks, onchange: (value) => change(value === "own" ? { task: value, table: text } : { task: value }),
  }));
  const bits = slide(what.inside, "bits", "Bits", { whole: true, onlyStops: true });
  const table = add("table", textarea(what.inside, { label: "Table", value: XOR, rows: 6, max: MAX_TEXT, onchange: take }));
  add("table", createUpload(what.inside, take));
  const mode = add("mode", choice(what.inside, {
    label: "Learn", options: [{ value: "table", label: "Whole table" }, { value: "one", label: "One example" }],
    onchange: (value) => change({ mode: value }),
  }));
  const shown = add("number", number(what.inside, {
    label: "Row shown", min: 0, max: field("number").high, whole: true, value: 0, onchange: (value) => change({ number: value }),
  }));
  /** A table of one's own that somebody has written or uploaded: one that cannot be read changes nothing. */
  function take(entered) {
    try {
      taskFromCsv(entered);
    } catch (error) {
      if (table.value !== entered) table.value = entered.slice(0, MAX_TEXT);
      table.complain(`This table cannot be read: ${error.message}.`);
      return;
    }
    table.complain("");
    text = entered;
    change({ task: "own", table: entered });
  }

  const shape = group("Network", false);
  const activation = add("activation", select(shape.inside, {
    label: "Activation", options: field("activation").allowed.map((value) => ({ value, label: ACTIVATIONS[value] ?? value })),
    onchange: (value) => change({ activation: value }),
  }));
  const { layers, neurons } = field("hidden");
  const upTo = (count) => Array.from({ length: count }, (_, k) => k + 1);
  const resize = (count) => upTo(count).map((k) => values.hidden[k - 1] ?? values.hidden.at(-1));
  const whole = { whole: true, onlyStops: true };
  const depth = add("hidden", slider(shape.inside, {
    ...whole, label: "Hidden layers", stops: upTo(layers), value: 2,
    oninput: (count) => change({ hidden: resize(count) }, false), onchange: (count) => change({ hidden: resize(count) }),
  }));
  const widths = upTo(layers).map((layer) => {
    const sized = (size) => values.hidden.map((old, k) => (k === layer - 1 ? size : old));
    return add("hidden", slider(shape.inside, {
      ...whole, label: `Neurons in hidden ${layer}`, stops: upTo(neurons), value: 8,
      oninput: (size) => change({ hidden: sized(size) }, false), onchange: (size) => change({ hidden: sized(size) }),
    }));
  });

  // On a phone, what the controls change should be in sight: all groups begin folded.
  let narrow = null;
  onResize(root, (width) => {
    if (narrow === null && width <= 520) for (const { fold } of groups) fold.open = false;
    narrow = width <= 520;
  }, signal);

  /** Show the controls that mean something now, but for those that a link hides. */
  function arrange() {
    const { task: asked, mode: how, hide, fix, hidden, schemes } = values;
    const isDrawn = schemes.some((name) => !["zeros", "ones"].includes(name));
    const useless = {
      seed: how === "one" && !isDrawn && !values.noise, // nothing is drawn, and there is no order to shuffle
      table: asked !== "own", bits: asked === "own", gain: !schemes.includes("scaled"), epochs: how === "one", order: how === "one",
    };
    for (const [name, controls] of parts)
      controls.forEach((control, k) => {
        const spare = name === "hidden" && k > hidden.length;
        const away = name === "schemes" && boxes.isAway(k, fix.includes(name));
        control.element.hidden = hide.includes(name) || Boolean(useless[name]) || spare || away;
        control.disabled = fix.includes(name) || (name === "schemes" && boxes.isFull(k));
      });
    for (const { fold, inside } of groups) fold.hidden = !inside.querySelector(".lv-control:not([hidden])");
  }
  const put = (control, value) => {
    if (!same(control.value, value)) control.value = value; // what somebody is typing stays
  };
  return {
    element,
    write(now) {
      values = now;
      boxes.write(values.schemes);
      for (const [control, value] of [
        [gain, values.gain], [seed, values.seed], [rate, values.rate], [epochs, values.epochs], [noise, values.noise],
        [bias, values.bias], [order, values.order === "shuffled"], [task, values.task], [bits, values.bits], [mode, values.mode],
        [shown, values.number], [activation, values.activation], [depth, values.hidden.length],
        ...values.hidden.map((size, k) => [widths[k], size]),
      ]) put(control, value);
      if (values.table && values.table !== text) table.value = text = values.table;
      const name = tasks.find(({ value }) => value === values.task).label;
      setText(what.note, values.task === "own" ? name : `${name}, ${values.bits} bits`);
      setText(shape.note, `${sizesOf(values, data).join("-")}, ${ACTIVATIONS[values.activation] ?? values.activation}`);
      setText(learning.note, values.mode === "one" ? `rate ${values.rate}` : `rate ${values.rate}, ${values.epochs} epochs`);
      setText(who.note, `${values.schemes.length} of them, seed ${values.seed}`);
      setText(start.note, `noise ${values.noise}, biases ${values.bias}`.replace("-", "−"));
      arrange();
    },
  };
}

/** A box for each scheme that is offered, or that takes part. */
function createBoxes(parent, data, valuesOf, change, add) {
  const holder = html("div", { class: "lv-pg-schemes lkv-schemes", role: "group", "aria-label": "Schemes" }, parent);
  const { low, high } = data.field.get("schemes");
  const styles = stylesOf(data.offered);
  const boxes = new Map();
  const ticked = () => [...boxes.keys()].filter((name) => boxes.get(name).value);
  function choose() {
    const schemes = data.schemes.map(({ name }) => name).filter((name) => boxes.get(name).value);
    if (schemes.length >= low && schemes.length <= high) change({ schemes });
    else write(valuesOf().schemes); // one has to stay
  }
  function build() {
    for (const { name, label } of data.schemes) {
      if (boxes.has(name)) continue; // a scheme can be registered at any time
      const icon = html("span", { class: "lv-pg-swatch" });
      const style = styles[data.offered.indexOf(name)];
      if (style) swatch(icon, style);
      boxes.set(name, add("schemes", checkbox(holder, { label, icon, onchange: choose })));
    }
  }
  function write(schemes) {
    build();
    for (const [name, box] of boxes) box.value = schemes.includes(name);
  }
  build();
  const nameOf = (k) => [...boxes.keys()][k];
  return {
    write,
    /** Whether a box has no place: its scheme is neither offered nor takes part, or takes no part and cannot. */
    isAway: (k, isFixed) => !boxes.get(nameOf(k)).value && (isFixed || !data.offered.includes(nameOf(k))),
    /** Whether as many take part as can, and this one does not. */
    isFull: (k) => !boxes.get(nameOf(k)).value && ticked().length >= high,
  };
}

/** A button that reads a file. */
function createUpload(parent, take) {
  const element = html("div", { class: "lv-control" }, parent);
  const input = html("input", { type: "file", accept: ".csv,.txt,.tsv", hidden: true, tabindex: -1, "aria-hidden": "true" }, element);
  const press = button(element, { label: "Load a CSV file", onpress: () => input.click() });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file) take(await file.slice(0, 4 * MAX_TEXT).text());
    input.value = "";
  });
  return { element, value: null, set disabled(off) { press.disabled = off; } };
}
