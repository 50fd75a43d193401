// A host for our widgets where there is no Jupyter: their models live in the page, and what a kernel would
// answer comes from recordings (replay.js). ipywidgets' own controls are drawn by controls.js.
import { controls } from "./controls.js";
import { replayer } from "./replay.js";
import { html } from "./stage.js";

/**
 * What a widget's code knows of its model: values, and who listens to them.
 * `hear.changed(model, names)` is told what the page has set and saved, `hear.message(model, content)` what it sends.
 */
export function makeModel(id, values, hear) {
  const listeners = new Map();
  const unsaved = new Set();
  const listening = (name) => [...(listeners.get(name) ?? [])];
  function assign(changes) {
    const changed = Object.keys(changes).filter((key) => values[key] !== changes[key]);
    Object.assign(values, changes);
    for (const key of changed) for (const listen of listening(`change:${key}`)) listen();
    return changed;
  }
  return {
    id,
    get: (name) => values[name],
    set(name, value) {
      assign(typeof name === "string" ? { [name]: value } : name).forEach((key) => unsaved.add(key));
    },
    /** As `set`, from the other side: what the kernel would have sent. */
    receive(changes) {
      assign(changes);
      for (const key of Object.keys(changes)) unsaved.delete(key);
    },
    /** A message from the other side. */
    tell(content, buffers = []) {
      for (const listen of listening("msg:custom")) listen(content, buffers);
    },
    on(names, listen) {
      for (const name of names.split(" ")) listeners.set(name, [...(listeners.get(name) ?? []), listen]);
    },
    off(name, listen) {
      listeners.set(name, (listeners.get(name) ?? []).filter((other) => other !== listen));
    },
    save_changes() {
      const names = [...unsaved];
      unsaved.clear();
      if (names.length) hear.changed(this, names);
    },
    send(content) {
      hear.message(this, content);
    },
  };
}

const bare = (address) => address.replace(/^anywidget:/, "");

/** A module from its text, each text once. */
function moduleLoader() {
  const loaded = new Map();
  return (text) => {
    if (!loaded.has(text)) {
      const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      loaded.set(text, import(address).finally(() => URL.revokeObjectURL(address)).then((module) => module.default));
    }
    return loaded.get(text);
  };
}

const LENGTHS = { width: "width", height: "height", display: "display", max_width: "maxWidth", min_width: "minWidth" };

/** Classes and layout of a widget, which ipywidgets keeps in a model of its own. */
function dress(el, model, layout, signal) {
  el.classList.add(...(model.get("_dom_classes") ?? []));
  if (!layout) return;
  const draw = () => {
    for (const [name, property] of Object.entries(LENGTHS)) el.style[property] = layout.get(name) ?? "";
  };
  const names = Object.keys(LENGTHS).map((name) => `change:${name}`);
  layout.on(names.join(" "), draw);
  signal.addEventListener("abort", () => names.forEach((name) => layout.off(name, draw)));
  draw();
}

/** Where a message about a widget belongs: behind the part of its explorable that holds it. */
function noteFor(el) {
  const home = el?.closest(".lkv-explorable");
  if (!home) return null;
  let part = el;
  while (part.parentElement !== home) part = part.parentElement;
  home.querySelectorAll(":scope > .lkv-offline").forEach((other) => other.previousSibling !== part && other.remove());
  const found = part.nextElementSibling;
  if (found?.matches(".lkv-offline")) return found;
  const note = html("p", { class: "lkv-offline", role: "status" });
  part.after(note);
  return note;
}

/** Say next to a widget what cannot be done here, and where to read how it can. */
function say(el, text, howto) {
  const note = noteFor(el);
  if (!note) return;
  note.replaceChildren(html("span", { text: `${text} ` }));
  if (howto) html("a", { href: howto, text: "How to run it with Python" }, note);
}

function hush(el) {
  el?.closest(".lkv-explorable")?.querySelectorAll(":scope > .lkv-offline").forEach((note) => note.remove());
}

/** Let the browser draw, and answer whoever uses the page, before the next piece of work. */
const breathe = () => new Promise((go) => setTimeout(go));

/**
 * Show the views of a page, view `k` in `elements[k]`, those on the screen first.
 *
 * `page` is what `recorder.Page.data()` (Python) gives; `page.howto`, if it is there, the address of the page
 * that tells how to run the explorables with Python. Resolved once all is shown.
 */
export async function show(page, elements) {
  const { signal } = new AbortController();
  const loadModule = moduleLoader();
  const loaded = new Map();
  const shownIn = new Map(); // model id -> the element that was drawn last for it
  const styled = new Set();
  const answers = replayer(page, {
    model: (id) => models.get(id),
    refuse: (id, text) => say(shownIn.get(id), text, page.howto),
    accept: (id) => hush(shownIn.get(id)),
  });
  const models = new Map(Object.keys(page.models).map((id) => [id, makeModel(id, answers.stateOf(id), answers)]));

  function load(address) {
    const id = bare(address);
    if (!models.has(id)) return Promise.reject(new Error(`this page has no widget ${id}`));
    if (!loaded.has(id)) loaded.set(id, start(id));
    return loaded.get(id);
  }
  async function start(id) {
    const { code, style, control } = page.models[id];
    const model = models.get(id);
    const widget = control ? controls[control] : await loadModule(page.codes[code]);
    if (!widget) throw new Error(`${control} cannot be drawn without Jupyter`);
    if (style && !styled.has(style)) {
      styled.add(style);
      document.head.append(Object.assign(document.createElement("style"), { textContent: page.styles[style] }));
    }
    return { model, widget, exports: widget.initialize?.({ model, host, signal }) };
  }
  const host = {
    recorded: true, // nobody would read an address that a widget writes
    getWidget: async (address) => ({ exports: (await load(address)).exports }),
    getModel: async (address) => models.get(bare(address)),
    /** Draw another widget in `parent`, until `until` is aborted. */
    async draw(address, parent, until = signal) {
      const { tag = "div" } = controls[page.models[bare(address)].control] ?? {};
      const el = parent.appendChild(document.createElement(tag)); // at once: what is drawn later keeps its place
      const { model, widget } = await load(address);
      if (until.aborted) return;
      shownIn.set(model.id, el);
      dress(el, model, model.get("layout") && models.get(bare(model.get("layout"))), until);
      await widget.render({ model, el, host, signal: until });
    },
  };

  const waiting = page.views.map((id, k) => ({ id, el: elements[k] }));
  while (waiting.length) {
    const seen = waiting.findIndex(({ el }) => {
      const { top, bottom } = el.getBoundingClientRect();
      return bottom >= 0 && top <= innerHeight;
    });
    const [{ id, el }] = waiting.splice(Math.max(seen, 0), 1);
    await host.draw(id, el);
    el.dataset.drawn = "yes";
    await breathe();
  }
}
