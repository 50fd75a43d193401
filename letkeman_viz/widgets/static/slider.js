// Slider: a range input over a list of labels, some of them marked by name.
import { begin, html, setText, throttle } from "./stage.js";

const TELL_KERNEL_EVERY = 33; // ms

export default {
  render({ model, el }) {
    begin(el, "lkv-slider");
    const label = html("label", {}, el);
    const name = html("span", {}, label);
    const track = html("span", { class: "lkv-track" }, label);
    const input = html("input", { type: "range", min: 0, step: 1 }, track);
    const marks = html("span", { class: "lkv-marks", "aria-hidden": "true" }, track);
    const shown = html("span", { class: "lkv-slider-value" }, label);
    const tell = throttle(() => model.save_changes(), TELL_KERNEL_EVERY);
    function draw() {
      const labels = model.get("_labels");
      const index = model.get("_index");
      const mark = model.get("_marks").find(([at]) => at === index);
      const text = mark ? `${labels[index]}, ${mark[1]}` : labels[index];
      setText(name, model.get("description"));
      input.max = String(labels.length - 1);
      input.value = String(index);
      input.disabled = model.get("disabled");
      input.setAttribute("aria-label", model.get("description"));
      input.setAttribute("aria-valuetext", text);
      setText(shown, text);
    }
    function drawMarks() {
      const last = Math.max(model.get("_labels").length - 1, 1);
      marks.replaceChildren();
      for (const [at] of model.get("_marks")) html("i", { style: `--at: ${at / last}` }, marks);
    }
    input.addEventListener("input", () => {
      model.set("_index", Number(input.value));
      tell();
    });
    model.on("change:_index change:_labels change:description change:disabled change:_marks", draw);
    model.on("change:_marks change:_labels", drawMarks);
    draw();
    drawMarks();
  },
};
