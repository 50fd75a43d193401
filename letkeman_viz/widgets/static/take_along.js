// TakeAlong: files for the reader. The picture is made here, everything else in Python.
import { asPng, asSvg } from "./picture.js";
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
    const picture = () => el.closest(".lkv-explorable")?.querySelector(".lkv-picture");
    async function save(name, make) {
      const found = picture();
      if (!found) return setText(said, "There is no diagram to save yet.");
      try {
        give(name, await make(found));
        setText(said, `${name} saved`);
      } catch (error) {
        setText(said, `${name} could not be made: ${error.message}`);
      }
    }
    if (model.get("picture")) {
      add("Diagram, SVG", () => save("network.svg", (found) => new Blob([asSvg(found)], { type: "image/svg+xml" })));
      add("Diagram, PNG", () => save("network.png", asPng));
    }
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
