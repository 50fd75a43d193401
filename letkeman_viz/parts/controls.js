/**
 * The controls of all explorables: one look in every host. Each function appends a control to `parent` and gives
 * `{ element, value, disabled }`; setting `value` never calls `onchange`. Those that take text have
 * `complain(sentence)`, too.
 *
 * JupyterLab matches its shortcuts against the focused element itself, so each focusable element has `SUPPRESS`.
 * Listeners are on the control, and no handler looks at `event.target`: a browser's translator wraps texts in elements
 * of its own.
 */
import { html, setAttribute, setText } from "./dom.js";
import { formatNumber } from "./format.js";
import { parseNumber as parse, plainNumber } from "./numbers.js";

const SUPPRESS = { "data-lm-suppress-shortcuts": "true" };
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];
const GAP = 4; // pixels between a control and what opens below it

/** See numbers.js. */
export const parseNumber = parse;

/** Ids are the document's; every explorable on a page has these functions of its own. */
const newId = () => `lv-${Math.random().toString(36).slice(2, 10)}`;

/** A flex line for controls. @returns {HTMLElement} */
export function row(parent) {
  return html("div", { class: "lv-row" }, parent);
}

/** Keys that a control uses itself go no further: hosts have meanings of their own for them. */
function keepKeys(element, keys) {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (keys === "typed" ? event.key !== "Escape" : keys.includes(event.key)) event.stopPropagation();
  });
}

/** A button whose keys are its own. */
function pressable(attributes, parent) {
  const element = html("button", { type: "button", ...SUPPRESS, ...attributes }, parent);
  keepKeys(element, [...ARROWS, " ", "Enter"]);
  return element;
}

/** A control's element, with its visible label in front. */
function field(parent, kind, label, title) {
  const element = html("div", { class: `lv-control lv-${kind}`, title }, parent);
  const id = newId();
  html("span", { class: "lv-label", id, text: label }, element);
  return { element, id };
}

/** Move what lies over the page (absolute, below its control) so that it stays inside the window. */
function keepInside(element) {
  element.style.translate = "";
  const { left, right } = element.getBoundingClientRect();
  const shift = Math.max(Math.min(0, document.documentElement.clientWidth - 8 - right), 8 - left);
  if (shift) element.style.translate = `${shift}px`;
}

/** A sentence that says why an entry was refused; it lies over the page, so that nothing moves. */
function refusal(element, input) {
  const id = newId();
  const box = html("span", { class: "lv-refusal", role: "alert", id, hidden: true }, element);
  return (sentence = "") => {
    box.hidden = !sentence;
    setText(box, sentence);
    input.toggleAttribute("aria-invalid", false);
    input.removeAttribute("aria-describedby");
    if (!sentence) return;
    setAttribute(input, "aria-invalid", "true");
    setAttribute(input, "aria-describedby", id);
    box.style.top = `${element.offsetHeight + GAP}px`;
    keepInside(box);
  };
}

/**
 * A text box for a number. What is refused stays as it was typed, with a sentence; Escape brings back the last good one.
 * @param {HTMLElement} element the control @param {(text: string) => { value?: number, error?: string }} read
 * @param {(value: number) => void} accept called with another number than before
 * @param {number} [by] what the arrow keys up and down add
 */
function numberBox(element, attributes, read, accept, by = 0) {
  const input = html("input", { type: "text", autocomplete: "off", class: "lv-box", ...SUPPRESS, ...attributes }, element);
  const complain = refusal(element, input);
  let value = null;
  const draw = () => {
    input.value = value === null ? "" : plainNumber(value);
    complain();
  };
  function enter(text) {
    const { value: found, error } = read(text);
    if (error) return complain(error);
    const changed = found !== value;
    value = found;
    draw();
    if (changed) accept(value);
  }
  input.addEventListener("change", () => enter(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") draw();
    else if (event.key === "Enter") enter(input.value);
    else if (by && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      add(event.key === "ArrowUp" ? by : -by);
    }
  });
  keepKeys(input, "typed");
  const add = (step) => {
    const { value: now = value } = read(input.value);
    const next = plainNumber((now ?? 0) + step);
    if (!read(next).error) enter(next); // at its end a range just ends
  };
  return {
    input,
    complain,
    add,
    get value() {
      return value;
    },
    set value(number) {
      value = number;
      draw();
    },
  };
}

/**
 * A slider over stops, with a box for any number between the first and the last of them.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {number[]} options.stops rising
 * @param {number} options.value
 * @param {(value: number) => string} [options.format] for those who cannot see the slider
 * @param {string} [options.title]
 * @param {boolean} [options.whole] whether the box refuses fractions
 * @param {boolean} [options.onlyStops] whether the box refuses all but the stops
 * @param {{ value: number, label: string }[]} [options.marks] stops that have a name: it stands
 *   under the track when its stop is chosen
 * @param {(value: number) => void} [options.oninput] while it is dragged
 * @param {(value: number) => void} [options.onchange] once it is let go
 */
export function slider(parent, options) {
  const { label, stops, format = formatNumber, title, whole = false, onlyStops = false, marks = [] } = options;
  const { oninput = () => {}, onchange = () => {} } = options;
  const { element, id } = field(parent, "slider", label, title);
  const track = html("span", { class: "lv-track" }, element);
  const name = marks.length ? html("span", { class: "lv-mark-name" }, track) : null;
  const attributes = { type: "range", min: 0, max: stops.length - 1, step: 1, "aria-labelledby": id, ...SUPPRESS };
  const input = html("input", attributes, track);
  for (const { value: at } of marks)
    html("i", { style: `--at: ${stops.indexOf(at) / Math.max(stops.length - 1, 1)}`, "aria-hidden": "true" }, track);
  let value; // on the screen
  let settled; // the last that `onchange` or the owner has
  const box = numberBox(
    element,
    { inputmode: whole ? "numeric" : "decimal", "aria-label": `${label}, as a number` },
    (text) => parse(text, { label, min: stops[0], max: stops.at(-1), whole, among: onlyStops ? stops : null }),
    (number) => {
      show(number);
      oninput(number);
      settle();
    },
    0,
  );
  const distance = (k) => Math.abs(stops[k] - value);
  const nearest = () => stops.reduce((best, _, k) => (distance(k) < distance(best) ? k : best), 0);
  function show(number) {
    value = number;
    input.value = String(nearest());
    box.value = number;
    const mark = marks.find((one) => one.value === number)?.label ?? "";
    if (name) setText(name, mark);
    setAttribute(input, "aria-valuetext", mark ? `${format(number)}, ${mark}` : format(number));
  }
  function settle() {
    if (value === settled) return;
    settled = value;
    onchange(value);
  }
  input.addEventListener("input", () => {
    show(stops[Number(input.value)]);
    oninput(value);
  });
  input.addEventListener("change", settle);
  // A finger that began on the slider and then scrolls the page has not meant the slider.
  let before;
  input.addEventListener("pointerdown", () => (before = value));
  input.addEventListener("pointercancel", () => {
    if (value === before) return;
    show(before);
    oninput(value);
  });
  keepKeys(input, ARROWS);
  settled = options.value;
  show(options.value);
  return {
    element,
    complain: box.complain,
    get value() {
      return value;
    },
    set value(number) {
      settled = number;
      show(number);
    },
    get disabled() {
      return input.disabled;
    },
    set disabled(off) {
      input.disabled = box.input.disabled = off;
    },
  };
}

/**
 * One of a few, as a row of buttons.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {{ value: any, label: string, title?: string, icon?: Element }[]} options.options
 * @param {any} options.value one of the values, or null for none
 * @param {boolean} [options.unseenLabel] whether the label is only for screen readers
 * @param {(value: any) => void} [options.onchange]
 */
export function choice(parent, { label, options, value, unseenLabel = false, onchange = () => {} }) {
  const { element, id } = field(parent, "choice", label);
  element.querySelector(".lv-label").classList.toggle("lv-unseen", unseenLabel);
  const group = html("div", { class: "lv-choices", role: "radiogroup", "aria-labelledby": id }, element);
  let buttons = [];
  let off = false;
  function draw() {
    const chosen = options.findIndex((option) => option.value === value);
    buttons.forEach((button, k) => {
      setAttribute(button, "aria-checked", String(k === chosen));
      button.tabIndex = k === Math.max(chosen, 0) ? 0 : -1;
      button.disabled = off;
    });
  }
  function choose(k) {
    if (options[k].value === value) return;
    value = options[k].value;
    draw();
    onchange(value);
  }
  function build() {
    group.replaceChildren();
    buttons = options.map(({ label: text, title, icon }, k) => {
      const button = pressable({ role: "radio", class: "lv-option", title }, group);
      if (icon) button.append(icon);
      html("span", { text }, button);
      button.addEventListener("click", () => choose(k));
      button.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
        const { length } = options;
        const to = { Home: 0, End: length - 1 }[event.key] ?? (step && (k + step + length) % length);
        if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        choose(to);
        buttons[to].focus();
      });
      return button;
    });
    draw();
  }
  build();
  return {
    element,
    get value() {
      return value;
    },
    set value(one) {
      value = one;
      draw();
    },
    get disabled() {
      return off;
    },
    set disabled(now) {
      off = now;
      draw();
    },
    set options(all) {
      options = all;
      build();
    },
  };
}

/** One of many. Options and values as for `choice`. */
export function select(parent, { label, options, value, title, onchange = () => {} }) {
  const { element, id } = field(parent, "select", label, title);
  const input = html("select", { "aria-labelledby": id, ...SUPPRESS }, html("span", { class: "lv-arrow" }, element));
  const draw = () => (input.selectedIndex = options.findIndex((option) => option.value === value));
  const build = () => {
    input.replaceChildren(...options.map((option) => html("option", { text: option.label, title: option.title })));
    draw();
  };
  input.addEventListener("change", () => {
    value = options[input.selectedIndex].value;
    onchange(value);
  });
  keepKeys(input, "typed"); // letters choose
  build();
  return {
    element,
    get value() {
      return value;
    },
    set value(one) {
      value = one;
      draw();
    },
    get disabled() {
      return input.disabled;
    },
    set disabled(off) {
      input.disabled = off;
    },
    set options(all) {
      options = all;
      build();
    },
  };
}

/** Yes or no. `icon` is an element in front of the label. */
export function checkbox(parent, { label, value = false, title, icon, onchange = () => {} }) {
  const element = html("label", { class: "lv-control lv-checkbox", title }, parent);
  const input = html("input", { type: "checkbox", ...SUPPRESS }, element);
  if (icon) element.append(icon);
  html("span", { text: label }, element);
  input.checked = value;
  input.addEventListener("change", () => onchange(input.checked));
  keepKeys(input, [" "]);
  return {
    element,
    get value() {
      return input.checked;
    },
    set value(on) {
      input.checked = on;
    },
    get disabled() {
      return input.disabled;
    },
    set disabled(off) {
      input.disabled = off;
    },
  };
}

/**
 * A number from `min` to `max`. A whole one has buttons for one less and one more.
 *
 * @param {object} options
 * @param {string} options.label @param {number} options.min @param {number} options.max
 * @param {boolean} [options.whole]
 * @param {number | null} options.value null for an empty box
 * @param {string} [options.unit] behind the box
 * @param {string} [options.title]
 * @param {(value: number) => void} [options.onchange]
 */
export function number(parent, { label, min, max, whole = false, value, unit, title, onchange = () => {} }) {
  const { element, id } = field(parent, "number", label, title);
  const line = html("span", { class: "lv-spin" }, element);
  const step = (by, text, name) => {
    const one = pressable({ class: "lv-step", tabindex: -1, text, "aria-label": `${label}: ${name}` }, line);
    one.addEventListener("click", () => box.add(by));
    return one;
  };
  const before = whole ? [step(-1, "−", "one less")] : [];
  const attributes = { inputmode: whole ? "numeric" : "decimal", "aria-labelledby": id };
  const box = numberBox(element, attributes, (text) => parse(text, { label, min, max, whole }), onchange, whole ? 1 : 0);
  line.append(box.input);
  const buttons = whole ? [...before, step(1, "+", "one more")] : [];
  if (unit) html("span", { class: "lv-unit", text: unit }, element);
  box.value = value;
  return {
    element,
    complain: box.complain,
    /** What is in the box, entered or not: `{ value }` or `{ error }`. */
    read: () => parse(box.input.value, { label, min, max, whole }),
    get value() {
      return box.value;
    },
    set value(one) {
      box.value = one;
    },
    get disabled() {
      return box.input.disabled;
    },
    set disabled(off) {
      for (const part of [box.input, ...buttons]) part.disabled = off;
    },
  };
}

/** A button; its `value` is its label. `primary` is for the one that matters most. */
export function button(parent, { label, title, primary = false, onpress }) {
  const element = pressable({ class: `lv-button${primary ? " lv-primary" : ""}`, title, text: label }, parent);
  element.addEventListener("click", () => onpress());
  return {
    element,
    get value() {
      return label;
    },
    set value(text) {
      label = text;
      setText(element, text);
    },
    get disabled() {
      return element.disabled;
    },
    set disabled(off) {
      element.disabled = off;
    },
  };
}

/** Text of more than one line, at most `max` characters. */
export function textarea(parent, { label, value = "", rows = 3, max = Infinity, title, placeholder, onchange = () => {} }) {
  const { element, id } = field(parent, "textarea", label, title);
  const input = html("textarea", { rows, placeholder, "aria-labelledby": id, ...SUPPRESS }, element);
  const complain = refusal(element, input);
  let accepted = value;
  input.value = value;
  function read() {
    const { length } = input.value;
    if (length > max) return { error: `${label} takes at most ${max} characters; here are ${length}.` };
    return { value: input.value };
  }
  input.addEventListener("change", () => {
    const { value: text, error } = read();
    complain(error);
    if (error || text === accepted) return;
    accepted = text;
    onchange(accepted);
  });
  keepKeys(input, "typed");
  return {
    element,
    complain,
    /** What is in the box, entered or not: `{ value }` or `{ error }`. */
    read,
    get value() {
      return accepted;
    },
    set value(text) {
      accepted = input.value = text;
      complain();
    },
    get disabled() {
      return input.disabled;
    },
    set disabled(off) {
      input.disabled = off;
    },
  };
}

/**
 * An (i) that opens more about something.
 * @param {{ label: string, content: Element | string }} options `label` says what it is about, such as "Legend"
 */
export function info(parent, { label, content }) {
  const element = html("span", { class: "lv-info" }, parent);
  const id = newId();
  const named = { "aria-label": label, title: label };
  const opener = pressable({ class: "lv-i", "aria-expanded": "false", "aria-controls": id, ...named }, element);
  html("span", { text: "i", "aria-hidden": "true", translate: "no" }, opener);
  const panel = html("div", { class: "lv-popover", role: "region", "aria-label": label, id, hidden: true }, element);
  panel.append(content);
  let opened = null;
  function open(on) {
    if (on === Boolean(opened)) return;
    opened?.abort();
    opened = on ? new AbortController() : null;
    panel.hidden = !on;
    setAttribute(opener, "aria-expanded", String(on));
    if (!on) return;
    keepInside(panel);
    const outside = (event) => event.composedPath().includes(element) || open(false);
    document.addEventListener("pointerdown", outside, { signal: opened.signal });
  }
  opener.addEventListener("click", () => open(!opened));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !opened) return;
    event.stopPropagation();
    open(false);
    opener.focus();
  });
  return { element, open };
}

/**
 * Several elements, of which one is shown at a time; with `narrowOnly` all of them where there is room (over 520
 * pixels), laid out as children of `parent` would be.
 *
 * @param {{ label: string, element: HTMLElement }[]} parts
 * @returns {{ element: HTMLElement, value: number }} `value` is the index of the one shown
 */
export function tabs(parent, parts, { narrowOnly = true } = {}) {
  const element = html("div", { class: `lv-tabs${narrowOnly ? " lv-narrow-only" : ""}` }, parent);
  const list = html("div", { class: "lv-tablist", role: "tablist" }, element);
  let value = 0;
  const buttons = parts.map(({ label, element: part }, k) => {
    part.id ||= newId();
    const one = pressable({ role: "tab", class: "lv-tab", "aria-controls": part.id, text: label }, list);
    one.addEventListener("click", () => show(k));
    one.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show((k + step + parts.length) % parts.length);
      buttons[value].focus();
    });
    element.append(part);
    return one;
  });
  function show(k) {
    value = k;
    buttons.forEach((one, j) => {
      setAttribute(one, "aria-selected", String(j === k));
      one.tabIndex = j === k ? 0 : -1;
      parts[j].element.classList.toggle("lv-tab-away", j !== k);
    });
  }
  show(0);
  return {
    element,
    get value() {
      return value;
    },
    set value(k) {
      show(k);
    },
  };
}
