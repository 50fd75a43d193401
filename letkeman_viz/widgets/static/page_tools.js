// PageTools: the colours of the page, presenting it, and its keys. Nothing here needs the kernel.
import { KEYS, presenter } from "./presenter.js";
import { mend } from "./mend.js";
import { begin, html, setText } from "./stage.js";

const MEMORY = "letkeman_viz.palette";
const PALETTES = [["green", "green / red"], ["blue", "blue / vermillion"]];

/** What the browser remembers; null where it refuses to. */
function remembered() {
  try {
    return localStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}

function remember(name) {
  try {
    localStorage.setItem(MEMORY, name);
  } catch {
    // Storage can be forbidden; then the choice holds until the page is left.
    console.info("This browser does not let the page remember its colours.");
  }
}

/** Every widget's colours are style sheet variables, and those depend on this attribute. */
function paint(name) {
  if (name === "blue") document.documentElement.dataset.lkvPalette = "blue";
  else delete document.documentElement.dataset.lkvPalette;
}

const painted = () => document.documentElement.dataset.lkvPalette ?? "green";

function palettes(el, announce, signal) {
  const group = html("div", { class: "lkv-palettes", role: "radiogroup", "aria-label": "Colours of the page" }, el);
  html("span", { text: "Colours:" }, group);
  const name = `lkv-palette-${Math.random()}`; // the views of two notebooks are two groups
  const choices = PALETTES.map(([value, text]) => {
    const label = html("label", { "data-lkv-sample": value }, group);
    const input = html("input", { type: "radio", name, value }, label);
    label.append(text);
    input.addEventListener("change", () => {
      paint(value);
      remember(value);
      announce(`Colours: ${text}`);
    });
    return input;
  });
  const draw = () => choices.forEach((input) => (input.checked = input.value === painted()));
  // Two views of one page, and two tabs of one browser, agree.
  const others = new MutationObserver(draw);
  others.observe(document.documentElement, { attributeFilter: ["data-lkv-palette"] });
  signal.addEventListener("abort", () => others.disconnect());
  addEventListener("storage", ({ key, newValue }) => key === MEMORY && paint(newValue), { signal });
  draw();
}

/** The keys, in a dialog of the browser's own: it keeps the focus, closes with Escape and gives the focus back. */
function showKeys() {
  const dialog = html("dialog", { "aria-labelledby": "lkv-keys-title" }, document.body);
  begin(dialog, "lkv-keys");
  html("h2", { id: "lkv-keys-title", text: "Keys while presenting" }, dialog);
  const list = html("dl", {}, dialog);
  for (const [keys, meaning] of KEYS) {
    const names = html("dt", {}, list);
    keys.forEach((key) => html("kbd", { text: key }, names));
    html("dd", { text: meaning }, list);
  }
  html("p", { text: "Press Present first. Without it these keys do what they always do on a page." }, dialog);
  const close = html("button", { type: "button", class: "lkv-tool", text: "Close" }, dialog);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", ({ key, repeat }) => key === "?" && !repeat && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

export default {
  initialize() {
    paint(remembered());
  },
  render({ el, signal }) {
    begin(el, "lkv-tools");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", "Page");
    const said = html("span", { class: "lkv-unseen", role: "status" });
    const announce = (text) => setText(said, text);
    palettes(el, announce, signal);
    const present = html("button", { type: "button", class: "lkv-tool", text: "Present" }, el);
    const keys = html("button", { type: "button", class: "lkv-tool", text: "Keys" }, el);
    html("kbd", { text: "?", "aria-hidden": "true" }, keys);
    el.append(said);
    const home = el.closest(".jp-Notebook") ?? document.body; // JupyterLab may have several open
    const show = presenter(home, showKeys);
    present.addEventListener("click", () => {
      if (!show.enter()) announce("There is nothing to present on this page yet.");
    });
    keys.addEventListener("click", showKeys);
    signal.addEventListener("abort", show.leave);
    mend(home, (text) => show.announce(text, true) || announce(text), signal);
  },
};
