/** PageTools: the colours of the page, presenting it, and its keys. Nothing here needs the kernel. */
import { html, setText } from "../parts/dom.js";
import { explorable } from "../parts/host.js";
import { followTheme } from "../parts/theme.js";
import { patchAccessibility } from "./accessibility_patch.js";
import css from "./page_tools.css";
import { KEYS, isTypedInto, presenter } from "./presenter.js";

const MEMORY = "letkeman_viz.palette"; // site.js has the same
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

/** The colours of all explorables depend on this attribute; see theme.css. */
function paint(name) {
  if (name === "blue") document.documentElement.dataset.lkvPalette = "blue";
  else delete document.documentElement.dataset.lkvPalette;
}

const painted = () => document.documentElement.dataset.lkvPalette ?? "green";

function palettes(root, announce, signal) {
  const group = html("div", { class: "lkv-palettes", role: "radiogroup", "aria-label": "Colours of the page" }, root);
  html("span", { text: "Colours:" }, group);
  const name = `lkv-palette-${Math.random()}`; // the views of two notebooks are two groups
  const choices = PALETTES.map(([value, text]) => {
    const label = html("label", {}, group);
    const input = html("input", { type: "radio", name, value, "data-lm-suppress-shortcuts": "true" }, label);
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

/** The keys, in a modal dialog, which the browser closes with Escape and which gives the focus back. */
function showKeys(home) {
  if (document.querySelector(".lkv-keys")) return;
  const scope = new AbortController();
  const dialog = html("dialog", { class: "lv lkv-keys", "aria-labelledby": "lkv-keys-title", "data-lm-suppress-shortcuts": "true" }, home);
  followTheme(dialog, scope.signal);
  html("h2", { id: "lkv-keys-title", text: "Keys" }, dialog);
  html("p", { text: "Press Present first: then these keys drive what is on the stage. “?” shows them at any time." }, dialog);
  const list = html("dl", {}, dialog);
  for (const [keys, meaning] of KEYS) {
    const names = html("dt", {}, list);
    keys.forEach((key) => html("kbd", { text: key }, names));
    html("dd", { text: meaning }, list);
  }
  const close = html("button", { type: "button", class: "lkv-tool", text: "Close", "data-lm-suppress-shortcuts": "true" }, dialog);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the host's shortcuts rest while the dialog is open
    if (event.key === "?" && !event.repeat) dialog.close();
  });
  dialog.addEventListener("close", () => {
    scope.abort();
    dialog.remove();
  });
  dialog.showModal();
}

/** "?" opens the keys wherever nothing is typed; on the stage, where all keys are the presenter's, it does so there. */
function openWithKey(root, open, signal) {
  addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.repeat || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isTypedInto(event.composedPath()[0]) || !root.getClientRects().length) return;
    event.preventDefault();
    open();
  }, { signal });
}

function build({ root, signal }) {
  paint(remembered() ?? painted());
  root.classList.remove("lkv-explorable"); // the tools of a page are nothing to present
  root.classList.add("lkv-tools");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Page");
  const status = html("span", { class: "lv-unseen", role: "status" });
  const announce = (text) => setText(status, text);
  palettes(root, announce, signal);
  const button = (text) => html("button", { type: "button", class: "lkv-tool", text, "data-lm-suppress-shortcuts": "true" }, root);
  const present = button("Present");
  const keys = button("Keys");
  html("kbd", { text: "?", "aria-hidden": "true" }, keys);
  root.append(status);
  // Where the style sheet is: a host may draw its widgets in shadow roots (marimo).
  const open = () => showKeys(root.getRootNode() instanceof ShadowRoot ? root : document.body);
  const home = root.closest(".jp-Notebook") ?? document.body; // JupyterLab may have several open
  const stage = presenter(home, open);
  present.addEventListener("click", () => {
    if (!stage.enter()) announce("There is nothing to present on this page yet.");
  });
  keys.addEventListener("click", open);
  openWithKey(root, open, signal);
  signal.addEventListener("abort", stage.leave);
  patchAccessibility(home, (text) => stage.announce(text, true) || announce(text), signal);
  root.dataset.drawn = "yes";
}

export default explorable("page_tools", build, [css]);
