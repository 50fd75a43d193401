/** The address of the page holds its settings; a link to them, one for a class, and the same in Python. */
import { button } from "../parts/controls.js";
import { html, setText, throttle } from "../parts/dom.js";
import { isOurs, others, writeLink } from "./playground_settings.js";

const ADDRESS_EVERY = 400; // ms; browsers refuse an address that changes too often
const SUPPRESS = { "data-lm-suppress-shortcuts": "true" };
// Every bundle is a module of its own; the address is the page's.
const OWNER = Symbol.for("letkeman_viz.address");
const WAS_READ = Symbol.for("letkeman_viz.address.read");

/** Whether the address of the page is the page's own: an editor's is not. */
function isOwn(root) {
  const isMarimo = root.getRootNode().host?.localName.startsWith("marimo-") || document.querySelector("marimo-filename");
  return !isMarimo && !root.closest(".jp-NotebookPanel");
}

/**
 * The page's address, for the first playground of a page.
 * @returns {{ asked: string, base: string | null, write: (query: string) => void }} `asked` is the part behind the question
 *   mark that the page was opened with, "" where it has nothing of ours; `base` is null where the address is not ours
 */
export function createAddress(root, data, signal) {
  const owns = isOwn(root) && !globalThis[OWNER];
  if (!owns) return { asked: "", base: null, write() {} };
  globalThis[OWNER] = root;
  signal.addEventListener("abort", () => delete globalThis[OWNER]);
  const isAsked = !globalThis[WAS_READ] && isOurs(location.search, data); // a page that is drawn again has moved on
  globalThis[WAS_READ] = true;
  let query = null;
  const write = throttle(() => {
    if (signal.aborted) return;
    const search = [query, others(location.search, data)].filter(Boolean).join("&");
    try {
      history.replaceState(history.state, "", (search ? `?${search}` : location.pathname) + location.hash);
    } catch {
      // a page opened from a disk may not change its address
    }
  }, ADDRESS_EVERY);
  return {
    asked: isAsked ? location.search : "",
    base: location.href.replace(/[?#].*$/, ""),
    write(now) {
      const first = query === null;
      const changed = now !== query;
      query = now;
      if (changed && !(first && !isOurs(location.search, data) && !now)) write();
    },
  };
}

/** Settings that a class gets: `values` with the choices of a teacher. @param {Map<string, string>} choices "hide" or "fix" by name */
function forClass(values, choices) {
  const named = (way) => [...choices].filter(([, chosen]) => chosen === way).map(([name]) => name);
  return { ...values, hide: named("hide"), fix: named("fix") };
}

/** A text to copy. */
export function copyField(parent, name, { rows = 0 } = {}) {
  const box = html("div", { class: "lv-pg-copy" }, parent);
  const label = html("label", { text: name }, box);
  const field = html(rows ? "textarea" : "input", { readonly: true, spellcheck: "false", rows: rows || null, ...SUPPRESS }, label);
  const copy = button(box, {
    label: "Copy",
    async onpress() {
      field.select();
      const done = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
      setText(status, done ? "copied" : "selected: press Ctrl+C");
    },
  });
  copy.element.setAttribute("aria-label", `Copy ${name.toLowerCase()}`);
  const status = html("span", { role: "status" }, box);
  return field;
}

/**
 * What hands the state of the page on.
 * @returns {{ write: (values: import("./playground_settings.js").Values) => void }}
 */
export function createShare(parent, { data, base, hide, fix }) {
  const element = html("div", { class: "lv-pg-share" }, parent);
  const link = base && copyField(element, "Link to exactly this");
  const call = copyField(element, "In a notebook");
  // A link for a class that is made from one begins with what that has locked.
  const choices = new Map(data.controls.map(([name]) => [name, hide.includes(name) ? "hide" : fix.includes(name) ? "fix" : "free"]));
  let values = null;
  let classLink = null;
  if (base) {
    const fold = html("details", {}, element);
    html("summary", { text: "A link for a class", ...SUPPRESS }, fold);
    html("p", { text: "Your class opens the page as it is now. Decide what they can change." }, fold);
    const list = html("div", { class: "lv-pg-class" }, fold);
    for (const [name, title] of data.controls) {
      const choose = html("select", { "aria-label": title, ...SUPPRESS }, html("label", { text: title }, list));
      for (const [value, text] of [["free", "can be changed"], ["fix", "fixed"], ["hide", "hidden"]]) html("option", { value, text }, choose);
      choose.value = choices.get(name);
      choose.addEventListener("change", () => {
        choices.set(name, choose.value);
        draw();
      });
    }
    classLink = copyField(fold, "Link for the class");
  }
  const address = (query) => (query ? `${base}?${query}` : base);
  function draw() {
    const query = writeLink(values, data);
    if (link) link.value = address(query);
    if (classLink) classLink.value = address(writeLink(forClass(values, choices), data));
    call.value = query ? `Playground.from_link(${JSON.stringify(query)})` : "Playground()";
  }
  return {
    write(now) {
      values = now;
      draw();
    },
  };
}
