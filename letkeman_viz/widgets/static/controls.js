// ipywidgets' controls, drawn as native HTML with the class names that our style sheets know. Only for pages
// without Jupyter (host.js), and only those that the explorables use.
import { html } from "./stage.js";

let count = 0;

/** Call `draw` now and whenever one of the traits changes. */
function keep(model, names, draw, signal) {
  const events = names.split(" ").map((name) => `change:${name}`);
  model.on(events.join(" "), draw);
  signal.addEventListener("abort", () => events.forEach((event) => model.off(event, draw)));
  draw();
}

/** What a reader has done: into the model, and to whoever answers. */
function commit(model, changes) {
  model.set(changes);
  model.save_changes();
}

/** The start of most controls: their classes, and a label in front. @returns {string} the id that the label is for */
function field(el, kind, { model, host, signal }) {
  el.classList.add("jupyter-widgets", "widget-inline-hbox", kind);
  const id = `lkv-control-${++count}`;
  const label = html("label", { class: "widget-label", for: id }, el);
  const draw = () => {
    label.textContent = model.get("description") ?? "";
    label.style.display = label.textContent ? "" : "none";
    el.title = model.get("tooltip") ?? "";
  };
  keep(model, "description tooltip", draw, signal);
  styleOf(model, host).then((style) => (label.style.width = style?.get("description_width") ? "auto" : ""));
  return id;
}

const styleOf = async (model, host) => (model.get("style") ? host.getModel(model.get("style")) : null);

function box(kind) {
  return {
    async render({ model, el, host, signal }) {
      el.classList.add("jupyter-widgets", "widget-box", kind);
      let scope = null; // ends when there are other children
      let drawn = null;
      function draw() {
        scope?.abort();
        scope = new AbortController();
        el.replaceChildren();
        const { signal: until } = scope;
        drawn = Promise.all((model.get("children") ?? []).map((child) => host.draw(child, el, until)));
      }
      signal.addEventListener("abort", () => scope?.abort());
      keep(model, "children", draw, signal);
      await drawn;
    },
  };
}

const toggleButtons = {
  render({ model, el, host, signal }) {
    field(el, "widget-toggle-buttons", { model, host, signal });
    const group = html("div", {}, el);
    const draw = async () => {
      const style = await styleOf(model, host);
      const labels = model.get("_options_labels");
      if (group.childElementCount !== labels.length) group.replaceChildren(...labels.map(() => makeButton()));
      [...group.children].forEach((button, k) => {
        button.textContent = labels[k];
        button.style.width = style?.get("button_width") ?? "";
        button.disabled = Boolean(model.get("disabled"));
        button.classList.toggle("mod-active", k === model.get("index"));
        button.setAttribute("aria-pressed", String(k === model.get("index")));
      });
    };
    function makeButton() {
      const button = html("button", { type: "button", class: "jupyter-button widget-toggle-button" });
      button.addEventListener("click", () => commit(model, { index: [...group.children].indexOf(button) }));
      return button;
    }
    keep(model, "_options_labels index disabled", draw, signal);
  },
};

const dropdown = {
  render({ model, el, host, signal }) {
    const id = field(el, "widget-dropdown", { model, host, signal });
    const select = html("select", { id }, el);
    const draw = () => {
      const labels = model.get("_options_labels");
      if ([...select.options].map((option) => option.text).join("\n") !== labels.join("\n"))
        select.replaceChildren(...labels.map((text) => html("option", { text })));
      select.selectedIndex = model.get("index") ?? -1;
      select.disabled = Boolean(model.get("disabled"));
    };
    select.addEventListener("change", () => {
      commit(model, { index: select.selectedIndex });
      draw(); // a choice that was refused goes back
    });
    keep(model, "_options_labels index disabled", draw, signal);
  },
};

const radioButtons = {
  render({ model, el, host, signal }) {
    const name = field(el, "widget-radio", { model, host, signal });
    const group = html("div", { class: "widget-radio-box", role: "radiogroup", "aria-label": model.get("description") }, el);
    const inputs = model.get("_options_labels").map((text, k) => {
      const label = html("label", { text }, group);
      const input = html("input", { type: "radio", name }, label);
      input.addEventListener("change", () => {
        commit(model, { index: k });
        draw();
      });
      return input;
    });
    const draw = () =>
      inputs.forEach((input, k) => {
        input.checked = k === model.get("index");
        input.disabled = Boolean(model.get("disabled"));
      });
    keep(model, "index disabled", draw, signal);
  },
};

const checkbox = {
  render({ model, el, signal }) {
    el.classList.add("jupyter-widgets", "widget-inline-hbox", "widget-checkbox");
    const label = html("label", { class: "widget-label-basic" }, el);
    const input = html("input", { type: "checkbox" }, label);
    const text = html("span", {}, label);
    const draw = () => {
      input.checked = Boolean(model.get("value"));
      input.disabled = Boolean(model.get("disabled"));
      text.textContent = model.get("description") ?? "";
      el.title = model.get("tooltip") ?? "";
    };
    input.addEventListener("change", () => {
      commit(model, { value: input.checked });
      draw();
    });
    keep(model, "value disabled description", draw, signal);
  },
};

/** A number within its bounds, as ipywidgets keeps it. */
function bounded(number, low, high, whole) {
  const kept = Math.min(Math.max(number, low ?? -Infinity), high ?? Infinity);
  return whole ? Math.round(kept) : kept;
}

function numberField(whole) {
  return {
    render({ model, el, host, signal }) {
      const id = field(el, "widget-text", { model, host, signal });
      const input = html("input", { type: "number", id, step: model.get("step") ?? (whole ? 1 : "any") }, el);
      for (const name of ["min", "max"]) if (model.get(name) !== undefined) input[name] = model.get(name);
      const draw = () => {
        input.value = String(model.get("value"));
        input.disabled = Boolean(model.get("disabled"));
      };
      input.addEventListener("change", () => {
        const number = input.valueAsNumber;
        if (Number.isFinite(number)) commit(model, { value: bounded(number, model.get("min"), model.get("max"), whole) });
        draw();
      });
      keep(model, "value disabled", draw, signal);
    },
  };
}

const textarea = {
  render({ model, el, host, signal }) {
    const id = field(el, "widget-textarea", { model, host, signal });
    const area = html("textarea", { id, rows: model.get("rows") ?? 3 }, el);
    const draw = () => {
      area.value = model.get("value") ?? "";
      area.disabled = Boolean(model.get("disabled"));
    };
    area.addEventListener("change", () => {
      commit(model, { value: area.value });
      draw();
    });
    keep(model, "value disabled", draw, signal);
  },
};

/** Also for FileUpload, of which only the button can be offered without Python. */
const button = {
  tag: "button",
  render({ model, el, signal }) {
    el.type = "button";
    el.classList.add("jupyter-widgets", "jupyter-button", "widget-button");
    const draw = () => {
      el.textContent = model.get("description") ?? "";
      el.title = model.get("tooltip") ?? "";
      el.disabled = Boolean(model.get("disabled"));
      for (const look of ["primary", "success", "info", "warning", "danger"])
        el.classList.toggle(`mod-${look}`, model.get("button_style") === look);
    };
    el.addEventListener("click", () => model.send({ event: "click" }));
    keep(model, "description tooltip disabled button_style", draw, signal);
  },
};

/** Text that Python has written; markup in it is ours. */
const htmlText = {
  render({ model, el, host, signal }) {
    field(el, "widget-html", { model, host, signal });
    const content = html("div", { class: "widget-html-content" }, el);
    keep(model, "value", () => (content.innerHTML = model.get("value") ?? ""), signal);
  },
};

const progress = {
  render({ model, el, host, signal }) {
    const id = field(el, "widget-hprogress", { model, host, signal });
    const bar = html("progress", { id }, el);
    const draw = () => {
      const low = model.get("min") ?? 0;
      bar.max = Math.max((model.get("max") ?? 1) - low, Number.MIN_VALUE);
      bar.value = (model.get("value") ?? 0) - low;
      if (!model.get("description")) bar.setAttribute("aria-label", "Progress");
    };
    keep(model, "value min max", draw, signal);
  },
};

/** By the name of ipywidgets' model. */
export const controls = {
  BoxModel: box("widget-hbox"),
  HBoxModel: box("widget-hbox"),
  VBoxModel: box("widget-vbox"),
  ToggleButtonsModel: toggleButtons,
  DropdownModel: dropdown,
  RadioButtonsModel: radioButtons,
  CheckboxModel: checkbox,
  BoundedIntTextModel: numberField(true),
  IntTextModel: numberField(true),
  BoundedFloatTextModel: numberField(false),
  FloatTextModel: numberField(false),
  TextareaModel: textarea,
  ButtonModel: button,
  FileUploadModel: button,
  HTMLModel: htmlText,
  IntProgressModel: progress,
  FloatProgressModel: progress,
};
