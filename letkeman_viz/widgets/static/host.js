// A host for our widgets where there is no Jupyter: models that live in the page, and nobody to tell.

function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.base64 === "string") {
    return new DataView(Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part)]));
}

/** What a widget's code knows of its model: values, and who listens to them. */
function makeModel(state) {
  const listeners = new Map();
  const values = unpack(state);
  const model = {
    get: (name) => values[name],
    set(name, value) {
      const changes = typeof name === "string" ? { [name]: value } : name;
      const changed = Object.keys(changes).filter((key) => values[key] !== changes[key]);
      Object.assign(values, changes);
      for (const key of changed) for (const listen of [...(listeners.get(`change:${key}`) ?? [])]) listen();
    },
    on(names, listen) {
      for (const name of names.split(" ")) listeners.set(name, [...(listeners.get(name) ?? []), listen]);
    },
    off(name, listen) {
      listeners.set(name, (listeners.get(name) ?? []).filter((other) => other !== listen));
    },
    save_changes() {}, // there is no kernel to save them for
    send() {},
  };
  return model;
}

/** Show the widgets of a page: `{models: {id: {code, style, state}}, views: [id, ...]}`. */
export async function show({ models, views }, parent) {
  const { signal } = new AbortController();
  const loaded = new Map();
  const load = (id) => {
    if (!loaded.has(id)) loaded.set(id, start(models[id]));
    return loaded.get(id);
  };
  const host = {
    getWidget: async (name) => ({ exports: (await load(name.replace("anywidget:", ""))).exports }),
    getModel: async (name) => (await load(name.replace("anywidget:", ""))).model,
  };
  async function start({ code, style, state }) {
    const model = makeModel(state);
    const module = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const widget = (await import(module)).default;
    URL.revokeObjectURL(module);
    if (style) document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
    const exports = widget.initialize?.({ model, host, signal });
    return { model, widget, exports };
  }
  for (const id of views) {
    const el = parent.appendChild(document.createElement("div"));
    const { model, widget } = await load(id);
    await widget.render({ model, el, host, signal });
  }
}
