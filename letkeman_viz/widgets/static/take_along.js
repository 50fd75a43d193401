// TakeAlong: files for the reader, made in Python.
import { begin, html, setText } from "./stage.js";

function give(name, blob) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export default {
  render({ model, el, signal }) {
    begin(el, "lkv-take");
    const bar = html("div", { class: "lkv-take-bar", role: "group", "aria-label": "Take it along" }, el);
    const said = html("span", { role: "status" }, el);
    const add = (label, press) => html("button", { type: "button", text: label }, bar).addEventListener("click", press);
    for (const label of model.get("labels"))
      add(label, () => {
        setText(said, "…");
        model.send({ type: "make", label });
      });
    function onMessage(message, buffers) {
      if (message?.type === "file") {
        give(message.name, new Blob([buffers[0]]));
        setText(said, `${message.name} saved`);
      } else if (message?.type === "failed") setText(said, `${message.label}: ${message.text}`);
    }
    model.on("msg:custom", onMessage);
    signal.addEventListener("abort", () => model.off("msg:custom", onMessage));
  },
};
