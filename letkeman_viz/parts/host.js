/**
 * Explorables in their hosts. `explorable(name, build)` makes the default export of an explorable's module: Jupyter,
 * Voila and marimo call its `render` (as an anywidget's), a page without a kernel its `show`.
 *
 * @typedef {object} Settings the traits of the explorable, and those who listen
 * @property {(name: string) => any} get
 * @property {(values: Record<string, any>) => void} set tells Python too, where there is one
 * @property {(names: string, act: () => void, until?: AbortSignal) => void} on names with spaces between; ends with the explorable,
 *   and with `until`, which another explorable that listens gives
 * @property {(content: object) => void} send a message to Python; nothing where there is none
 * @property {boolean} alive whether a Python was there when the page was drawn
 *
 * @typedef {object} Stage what `build` is given
 * @property {HTMLElement} root empty, in the document, with the class `lv-{name}`
 * @property {Settings} settings
 * @property {AbortSignal} signal aborted when the explorable goes
 * @property {Shared} shared the explorables of this page that are linked with it (`of=` in Python)
 * @property {string} code the packed code of the bundle, for files that the page makes
 */
import { html } from "./dom.js";
import { followTheme } from "./theme.js";
import base from "./theme.css";

/**
 * @typedef {object} Shared settings of linked explorables are kept equal by themselves; the rest goes through this
 * @property {(name: string, value: any) => void} post tell the others something that is no setting, such as a step
 * @property {(name: string, act: (value: any) => void) => void} on
 * @property {() => Settings[]} others
 */

const STYLES = Symbol.for("letkeman_viz.styles"); // texts that a document or a shadow root has already

/** Put a style sheet where `el` is drawn, once. */
function addStyle(el, text) {
  const root = el.getRootNode();
  const home = root instanceof ShadowRoot ? root : document.head;
  const known = (home[STYLES] ??= new Set());
  if (known.has(text)) return;
  known.add(text);
  home.append(Object.assign(document.createElement("style"), { textContent: text }));
}

/** The settings of an anywidget's model. */
function settingsOf(model, signal) {
  return {
    get: (name) => model.get(name),
    set(values) {
      let changed = false;
      for (const [name, value] of Object.entries(values)) {
        if (model.get(name) === value) continue;
        model.set(name, value);
        changed = true;
      }
      if (changed) model.save_changes();
    },
    on(names, act, until = signal) {
      for (const name of names.split(" ")) {
        model.on(`change:${name}`, act);
        const off = () => model.off(`change:${name}`, act);
        signal.addEventListener("abort", off, { signal: until });
        until.addEventListener("abort", off);
      }
    },
    send: (content) => model.send?.(content),
    alive: !model.isPlain,
  };
}

/** A model for a page without a kernel. */
function plainModel(state) {
  const values = { ...state };
  for (const [name, value] of Object.entries(values)) if (value?.base64) values[name] = bytes(value.base64);
  const listeners = new Map();
  return {
    isPlain: true,
    get: (name) => values[name],
    set(name, value) {
      values[name] = value;
      for (const act of [...(listeners.get(`change:${name}`) ?? [])]) act();
    },
    save_changes() {},
    on: (event, act) => listeners.set(event, [...(listeners.get(event) ?? []), act]),
    off: (event, act) => listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== act)),
  };
}

const CHANNELS = Symbol.for("letkeman_viz.channels"); // every bundle is a module of its own

/** Join the explorables of this page that have the same `_channel`: their settings stay equal from now on. */
function join(model, settings, signal) {
  const name = model.get("_channel");
  const all = (globalThis[CHANNELS] ??= new Map());
  const members = name ? (all.get(name) ?? new Set()) : new Set();
  if (name) all.set(name, members);
  const listeners = new Map();
  const me = { settings, hear: (event, value) => (listeners.get(event) ?? []).forEach((act) => act(value)) };
  const others = () => [...members].filter((member) => member !== me);
  members.add(me);
  signal.addEventListener("abort", () => {
    members.delete(me);
    if (members.size === 0 && all.get(name) === members) all.delete(name);
  });
  const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
  for (const setting of model.get("_data")?.linked ?? []) {
    const from = others().map((other) => other.settings.get(setting)).find((value) => value !== undefined);
    if (from !== undefined && !same(from, settings.get(setting))) settings.set({ [setting]: from });
    settings.on(setting, () => {
      for (const other of others()) {
        const now = other.settings.get(setting);
        if (now !== undefined && !same(now, settings.get(setting))) other.settings.set({ [setting]: settings.get(setting) });
      }
    });
  }
  return {
    post: (event, value) => others().forEach((other) => other.hear(event, value)),
    on: (event, act) => listeners.set(event, [...(listeners.get(event) ?? []), act]),
    others: () => others().map((other) => other.settings),
  };
}

/** Bytes from base64, as a trait of bytes arrives from Python. */
const bytes = (base64) => new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);

/**
 * @param {string} name @param {(stage: Stage) => void | Promise<void>} build
 * @param {string[]} styles style sheets, besides the theme's
 */
export function explorable(name, build, styles = []) {
  async function render({ model, el, code, signal: outer }) {
    const scope = new AbortController();
    outer?.addEventListener("abort", () => scope.abort());
    for (const text of new Set([base, ...styles])) addStyle(el, text);
    const root = html("div", { class: `lv lkv-explorable lv-${name}`, "data-lm-suppress-shortcuts": "true" }, el);
    scope.signal.addEventListener("abort", () => root.remove());
    followTheme(root, scope.signal);
    const settings = settingsOf(model, scope.signal);
    const shared = join(model, settings, scope.signal);
    await build({ root, settings, shared, signal: scope.signal, code });
    return () => scope.abort();
  }
  return { render, show: ({ state, el, code }) => render({ model: plainModel(state), el, code }) };
}
