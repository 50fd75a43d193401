// Share: the address of the page holds its state; a link, two pieces of Python, and links for a class.
import { begin, html, setText, throttle } from "./stage.js";

const ADDRESS_EVERY = 400; // ms; browsers refuse an address that changes too often

// What other programs put into an address is theirs.
const THEIRS = /^(token|_xsrf|urlpath|reset|voila-.*)$/;

/** Whether the page's address is ours to write: a Voila page's is, that of an editor or of a recorded page is not. */
const ownsAddress = (el, host) => !host?.recorded && !el.closest(".jp-NotebookPanel");

/** The query of an address, split into what is ours and what is others'. @returns {[URLSearchParams, URLSearchParams]} */
export function split(search) {
  const [ours, theirs] = [new URLSearchParams(), new URLSearchParams()];
  for (const [name, value] of new URLSearchParams(search)) (THEIRS.test(name) ? theirs : ours).append(name, value);
  return [ours, theirs];
}

/** `query` with the controls of a class added: [[name, "hide" or "fix"], ...]. */
export function forClass(query, choices) {
  const parts = query.split("&").filter((part) => part && !/^(hide|fix)=/.test(part));
  for (const way of ["hide", "fix"]) {
    const names = choices.filter(([, chosen]) => chosen === way).map(([name]) => name);
    if (names.length) parts.push(`${way}=${names.join(",")}`);
  }
  return parts.join("&");
}

function copyField(parent, name, multiline = false) {
  const box = html("div", { class: "lkv-copy" }, parent);
  const label = html("label", { text: `${name} ` }, box);
  const field = html(multiline ? "textarea" : "input", { readonly: "", spellcheck: "false", rows: 10 }, label);
  const button = html("button", { type: "button", text: "Copy", "aria-label": `Copy ${name.toLowerCase()}` }, box);
  const said = html("span", { role: "status" }, box);
  button.addEventListener("click", async () => {
    field.select();
    const done = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    setText(said, done ? "copied" : "selected: press Ctrl+C");
  });
  return field;
}

export default {
  render({ model, el, host }) {
    begin(el, "lkv-share");
    const owns = ownsAddress(el, host);
    const base = owns ? location.origin + location.pathname : null;
    const link = base && copyField(el, "Link to exactly this");
    const call = copyField(el, "In a notebook");
    const fold = html("details", {}, el);
    html("summary", { text: "The run in Python" }, fold);
    const code = copyField(fold, "Python code of the run shown", true);
    const choices = new Map(); // a link for a class that was made from one keeps what that had locked
    for (const [way, names] of new URLSearchParams(model.get("query"))) {
      if (way === "hide" || way === "fix") names.split(",").forEach((name) => choices.set(name, way));
    }
    let classLink = null;
    if (base && model.get("controls").length) {
      const lesson = html("details", {}, el);
      html("summary", { text: "A link for a class" }, lesson);
      html("p", { text: "Your class opens the page as it is now. Decide what they can change." }, lesson);
      const list = html("div", { class: "lkv-class" }, lesson);
      for (const [name, title] of model.get("controls")) {
        const label = html("label", { text: `${title} ` }, list);
        const choice = html("select", {}, label);
        for (const way of ["free", "fix", "hide"]) html("option", { value: way, text: { free: "can be changed", fix: "fixed", hide: "hidden" }[way] }, choice);
        choice.value = choices.get(name) ?? "free";
        choice.addEventListener("change", () => {
          choices.set(name, choice.value);
          draw();
        });
      }
      classLink = copyField(lesson, "Link for the class");
    }
    const address = (query) => (query ? `${base}?${query}` : base);
    const write = throttle(() => {
      const theirs = split(location.search)[1].toString();
      const query = [model.get("query"), theirs].filter(Boolean).join("&");
      history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
    }, ADDRESS_EVERY);
    function draw() {
      if (link) link.value = address(model.get("query"));
      if (classLink) classLink.value = address(forClass(model.get("query"), [...choices]));
      call.value = model.get("call");
      code.value = model.get("code");
    }
    model.on("change:query change:call change:code", draw);
    if (owns) model.on("change:query", write);
    draw();
    if (model.get("asked") !== null) return; // shown a second time: the page has had its say
    model.set("asked", owns ? split(location.search)[0].toString() : "");
    model.save_changes();
  },
};
