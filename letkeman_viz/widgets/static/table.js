// Table: rows of text, and buttons that copy one column's text.
import { begin, html } from "./stage.js";
import { want } from "./want.js";

/** Copy where the browser allows it: the clipboard needs a secure page, the old way only a selection. */
async function copy(text, cell) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const selection = getSelection();
    selection.selectAllChildren(cell.querySelector("code"));
    return document.execCommand("copy");
  }
}

function copyButton(cell, text) {
  const button = html("button", { type: "button", class: "lkv-copy" }, cell);
  const say = (word) => {
    button.textContent = word;
    button.setAttribute("aria-label", `${word} ${text}`);
  };
  button.addEventListener("click", async () => {
    say((await copy(text, cell)) ? "Copied" : "Press Ctrl+C for");
    setTimeout(() => say("Copy"), 1500);
  });
  say("Copy");
}

export default {
  render({ model, el, signal }) {
    begin(el, "lkv-table-box");
    el.setAttribute("role", "group");
    const table = html("table", { class: "lkv-table" }, el);
    function draw() {
      table.replaceChildren();
      if (model.get("caption")) html("caption", { text: model.get("caption") }, table);
      const head = html("tr", {}, html("thead", {}, table));
      model.get("header").forEach((text, column) => {
        html("th", { scope: "col", text, class: column === model.get("copied") ? "lkv-code" : "" }, head);
      });
      const body = html("tbody", {}, table);
      model.get("rows").forEach((row, k) => {
        const line = html("tr", model.get("marked").includes(k) ? { class: "lkv-marked" } : {}, body);
        row.forEach((text, column) => {
          if (column === 0) html("th", { scope: "row", text }, line);
          else if (column !== model.get("copied")) html("td", { text }, line);
          else {
            const cell = html("td", { class: "lkv-code" }, line);
            html("code", { text }, cell);
            copyButton(cell, text);
          }
        });
      });
    }
    // Where the table is wider than the page, its box scrolls, and the keyboard must be able to scroll it.
    const resized = new ResizeObserver(() => {
      if (el.scrollWidth > el.clientWidth) el.tabIndex = 0;
      else el.removeAttribute("tabindex");
      el.setAttribute("aria-label", model.get("caption") || "Table");
    });
    for (const box of [el, table]) resized.observe(box);
    signal.addEventListener("abort", () => resized.disconnect());
    model.on("change:rows change:header change:caption change:marked", draw);
    draw();
    want(model, el, signal);
  },
};
