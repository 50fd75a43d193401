// Slider: a range input over a list of numbers.
import { begin, html, setText, throttle } from "./stage.js";

const TELL_KERNEL_EVERY = 33; // ms

export default {
  render({ model, el }) {
    begin(el, "lkv-slider");
    const label = html("label", {}, el);
    const name = html("span", {}, label);
    const input = html("input", { type: "range", min: 0, step: 1 }, label);
    const shown = html("span", { class: "lkv-slider-value" }, label);
    const tell = throttle(() => model.save_changes(), TELL_KERNEL_EVERY);
    function draw() {
      const options = model.get("options");
      const value = model.get("value");
      setText(name, model.get("description"));
      input.max = String(options.length - 1);
      input.value = String(options.indexOf(value));
      input.setAttribute("aria-label", model.get("description"));
      input.setAttribute("aria-valuetext", String(value));
      setText(shown, value.toLocaleString("en"));
    }
    input.addEventListener("input", () => {
      model.set("value", model.get("options")[Number(input.value)]);
      tell();
    });
    model.on("change:value change:options change:description", draw);
    draw();
  },
};
