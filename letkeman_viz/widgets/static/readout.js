// Readout: counter, prediction against what is wanted, and the sentence.
import { bitOf, isRight, rowText } from "./bits.js";
import { formatNumber } from "./format.js";
import { narrate } from "./narrate.js";
import { begin, follow, html, setText, throttle } from "./stage.js";

const text = (values) => rowText(values, formatNumber);

function cell(parent, name) {
  const box = html("div", { class: "lkv-cell" }, parent);
  html("span", { class: "lkv-name", text: name }, box);
  return html("span", { class: "lkv-big" }, box);
}

export default {
  async render({ model, el, host, signal }) {
    begin(el, "lkv-readout");
    const numbers = html("div", { class: "lkv-numbers" }, el);
    const counter = cell(numbers, "");
    const counterName = counter.previousSibling;
    const [input, says, wanted] = ["shown", "network says", "wanted"].map((name) => cell(numbers, name));
    const sentence = html("p", { class: "lkv-sentence" }, el);
    let said = [];
    // Words change slower than pictures, so that they can be read.
    const say = throttle(() => setText(sentence, narrate(...said).join(" ")), 150);

    function draw(run, frame, row) {
      const look = run.look(frame, row);
      const [outputs, target] = [look.activations.at(-1), run.targets(row)];
      const right = isRight(outputs, target);
      setText(counterName, run.one_example ? "update" : "epoch");
      setText(counter, String(run.step[frame]));
      setText(input, text(run.inputs(row)));
      setText(says, text(Array.from(outputs, bitOf)));
      setText(wanted, `${text(target)} ${right ? "✓" : "✗"}`);
      wanted.classList.toggle("lkv-ok", right);
      said = [run, look, frame, row];
      say();
    }
    const { clock } = await follow({ model, el, host, signal }, { rebuild: () => {}, draw });
    // Said aloud where it comes to rest, not at every frame.
    const hush = () => sentence.setAttribute("aria-live", clock.get("playing") ? "off" : "polite");
    if (signal.aborted) return;
    clock.on("change:playing", hush);
    hush();
  },
};
